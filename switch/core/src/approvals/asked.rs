//! What is asked for.

use kazasu_ledger::record::Proposal;
use kazasu_schemas::attribution::Attribution;

/// A text that people wrote, and the name of its file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Document {
    /// The text; empty when there is none.
    pub text: String,
    /// The file's name; empty when it is not known.
    pub name: String,
}

impl From<&str> for Document {
    fn from(text: &str) -> Self {
        Document { text: text.to_owned(), name: String::new() }
    }
}

/// A person's request.
pub(in super::super) struct Requesting {
    pub(in super::super) proposal: Proposal,
    pub(in super::super) source: Document,
    pub(in super::super) said: Attribution,
}
