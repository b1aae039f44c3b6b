//! A sentence of the catalogue with the error that led to it.

use crate::Said;
use std::error::Error;
use std::fmt;

/// A fault in the words of the catalogue, and its cause. [`chain`](crate::errors::chain) shows both to the reader.
#[derive(Debug)]
pub struct Caused {
    said: Said,
    cause: anyhow::Error,
}

impl Caused {
    /// The sentence.
    #[must_use]
    pub fn said(&self) -> &Said {
        &self.said
    }
}

impl fmt::Display for Caused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.said.fmt(f)
    }
}

impl Error for Caused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.cause.as_ref())
    }
}

/// Says an error with a sentence of the catalogue before it.
pub trait Because<T> {
    /// The sentence, and the error as its cause.
    fn because(self, said: impl FnOnce() -> Said) -> Result<T, Caused>;
}

impl<T, E: Into<anyhow::Error>> Because<T> for Result<T, E> {
    fn because(self, said: impl FnOnce() -> Said) -> Result<T, Caused> {
        self.map_err(|cause| Caused { said: said(), cause: cause.into() })
    }
}
