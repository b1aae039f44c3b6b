//! The reasons for not requesting or not deciding an approval. The sentences here are for logs; people read those of the catalogue, in
//! their language.

use kazasu_ledger::record::ApprovalKind;

/// The reason why an approval is not requested, or not decided.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ApprovalRefusal {
    /// A request about the same is open.
    #[error("approval request {0} about the same is open; decide it first")]
    Open(u64),
    /// No such request.
    #[error("approval request {0} is not open")]
    Unknown(u64),
    /// It is over.
    #[error("approval request {0} is over: {1}")]
    Closed(u64, ApprovalEnd),
    /// One person alone.
    #[error("{0} requested it; another person must decide")]
    SamePerson(String),
    /// A program, or work on the journal itself.
    #[error("{0} is no person who signed in; people request and decide, each as themselves")]
    NotPerson(String),
    /// Not what was looked at.
    #[error("approval request {0} was replaced after it was looked at; look at it again")]
    Changed(u64),
    /// It was sent back.
    #[error("approval request {0} was sent back; its requester hands it in again")]
    SentBack(u64),
    /// Another person's.
    #[error("approval request {0} is of {1}, who alone withdraws it")]
    OfAnother(u64, String),
    /// Two people must approve it first.
    #[error("no approved request says that {0} is to be destroyed; request it and let another person decide")]
    NotApproved(String),
    /// One person alone, and without an approval.
    #[error("this takes two people ({}): request it and let another person decide", .0.name())]
    TakesTwo(ApprovalKind),
    /// Rows without an approved file.
    #[error("no approved file {0} waits for its rows")]
    NoFile(u64),
    /// One requester has as many as one may.
    #[error("{by} has {open} open requests, and at most {most} may wait; have them decided, or withdraw some")]
    TooManyOf {
        /// The requester.
        by: String,
        /// The open ones.
        open: usize,
        /// How many may be.
        most: usize,
    },
    /// More than was approved.
    #[error("the rows come to more than approval {0} allows")]
    BeyondFile(u64),
}

/// The end of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ApprovalEnd {
    /// Another person approved it.
    Approved,
    /// Another person denied it.
    Denied,
    /// Its requester withdrew it.
    Withdrawn,
    /// It was not decided in its time.
    Lapsed,
    /// Its subject changed otherwise.
    Superseded,
}

impl ApprovalEnd {
    /// As programs write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ApprovalEnd::Approved => "approved",
            ApprovalEnd::Denied => "denied",
            ApprovalEnd::Withdrawn => "withdrawn",
            ApprovalEnd::Lapsed => "lapsed",
            ApprovalEnd::Superseded => "superseded",
        }
    }
}

impl std::fmt::Display for ApprovalEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
