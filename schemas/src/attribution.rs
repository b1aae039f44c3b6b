//! A person or program, a reason and a channel as one value, so that two texts are never taken for each other.

pub use crate::identity::Via;

/// The person or program that says something, the reason and the channel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attribution {
    /// The person or program, by the name that records keep.
    pub by: String,
    /// The reason; empty where none is asked for.
    pub why: String,
    /// Through what it came; `None` in records that were written before this was kept.
    pub via: Option<Via>,
}

impl Attribution {
    /// The attribution of a caller with this reason and channel.
    #[must_use]
    pub fn new(by: impl Into<String>, why: impl Into<String>, via: Via) -> Attribution {
        Attribution { by: by.into(), why: why.into(), via: Some(via) }
    }
}
