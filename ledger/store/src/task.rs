//! Asynchronous answers of a store, and their error.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// Reading or opening failed. Its `Display` is for logs; people read the sentence that the services make of its [`StoreFault`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("journal: {words}")]
pub struct StoreError {
    words: String,
    fault: StoreFault,
}

/// A fault of a store that people can mend, or one of its database.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StoreFault {
    /// The database's own words, or damage to the journal.
    Database,
    /// The database refuses, and this may help.
    Refused(StoreHint),
    /// There is no journal at this path.
    NotAFile {
        /// The path.
        path: String,
    },
    /// The file cannot be made or opened.
    CannotOpen {
        /// The path.
        path: String,
    },
    /// The SQLite of this program can lose commits.
    OldSqlite {
        /// Its version.
        version: String,
    },
    /// The tables are of another version than this program.
    Tables {
        /// Their version.
        found: i64,
        /// The version that this program needs.
        wanted: i64,
    },
    /// No server of the address takes writes.
    NoPrimary {
        /// The address, without password.
        address: String,
    },
    /// No answer in time.
    Silent {
        /// The time.
        limit: Duration,
    },
    /// The lead was not taken in time.
    LeadSlow {
        /// The address, without password.
        address: String,
        /// The time.
        limit: Duration,
    },
    /// A URL that names no database.
    Url(UrlProblem),
    /// The last record has a signature, and there is no key to go on signing.
    SignedWithoutKey {
        /// The record.
        record: u64,
    },
    /// The last record is signed by a key that is not known.
    SignedByUnknown {
        /// The record.
        record: u64,
        /// The key's version.
        version: u8,
    },
    /// The last record was not written by a node of this book.
    NotOfANode {
        /// The record.
        record: u64,
    },
    /// The store keeps no rows about sign-ins.
    NoSignIns,
}

/// What a database's refusal asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StoreHint {
    /// Its tables and roles must be made.
    NotSetUp,
    /// The login lacks a role.
    NotMember,
    /// The database must be made.
    NoDatabase,
    /// User or password is wrong.
    Login,
}

/// What is wrong with a database's URL.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UrlProblem {
    /// No `://`.
    NoScheme,
    /// Another scheme.
    OtherScheme,
    /// No database.
    NoDatabase,
    /// No host.
    NoHost,
    /// Something else.
    Other,
}

impl StoreError {
    /// The database's own words, or damage to the journal.
    pub fn new(words: impl Into<String>) -> Self {
        StoreError { words: words.into(), fault: StoreFault::Database }
    }

    /// A fault, with exact words for logs.
    pub fn of(fault: StoreFault, words: impl Into<String>) -> Self {
        StoreError { words: words.into(), fault }
    }

    /// The fault.
    #[must_use]
    pub fn fault(&self) -> &StoreFault {
        &self.fault
    }

    /// The words, without a prefix.
    #[must_use]
    pub fn words(&self) -> &str {
        &self.words
    }
}

/// A boxed future: one allocation a batch, and engines can be chosen at run time.
pub type Task<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
