//! What a store of the journal must do. Engines know no rule and no record: they keep entries, in order, for ever.

use crate::chain::{GENESIS, Hash};
use crate::transfer::Transfers;
use kazasu_schemas::jst::{BusinessDay, Millis};
use std::future::Future;
use std::pin::Pin;

/// A record's place in the journal: 1, 2, 3, … without a gap.
pub type Seq = u64;

/// A sealed record.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// Its place.
    pub seq: Seq,
    /// When it was decided.
    pub at: Millis,
    /// The business day it belongs to.
    pub day: BusinessDay,
    /// The kind's number.
    pub kind: u8,
    /// The record, CBOR.
    pub body: Vec<u8>,
    /// Covers the entry and the hash before it.
    pub hash: Hash,
    /// The body's transfers, for the SQL table beside the journal; empty when read back.
    pub transfers: Transfers,
}

/// Entries that become durable together.
pub type Batch = Vec<Entry>;

/// The last entry's place and hash.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// Its place; 0 for an empty journal.
    pub seq: Seq,
    /// Its hash; zeros for an empty journal.
    pub hash: Hash,
}

impl Head {
    /// Of an empty journal.
    pub const EMPTY: Head = Head { seq: 0, hash: GENESIS };
}

/// Why a batch is not known to be durable.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Certainly nothing of it was kept: another writer has taken the lead.
    #[error("another writer has taken over: this one held epoch {mine}, the journal is at epoch {current}")]
    Fenced {
        /// The epoch this writer held.
        mine: u64,
        /// The journal's.
        current: u64,
    },
    /// Certainly nothing of it was kept.
    #[error("not written: {0}")]
    Refused(String),
    /// It may or may not have been kept: only reading the journal tells.
    #[error("unknown whether it was written: {0}")]
    Unknown(String),
}

/// Reading or opening failed.
#[derive(Debug, thiserror::Error)]
#[error("journal: {0}")]
pub struct StoreError(pub String);

/// A boxed future: one allocation a batch, and engines can be chosen at run time.
pub type Task<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A store of the journal, held by one writer.
///
/// The contract, checked for every engine by one suite (`tests/conformance.rs`):
/// * a batch is kept whole or not at all; when `append` returns `Ok`, it survives the loss of power;
/// * entries must continue the journal (first `seq` is the head's + 1); anything else is refused and changes nothing;
/// * opening for writing raises the epoch; a writer with an older epoch is [`AppendError::Fenced`];
/// * `scan` gives entries in order, byte for byte as they were appended, transfers left out.
pub trait Journal: Send {
    /// Makes a batch durable.
    fn append<'a>(&'a mut self, batch: &'a [Entry]) -> Task<'a, Result<(), AppendError>>;

    /// Up to `limit` entries from `from` on.
    fn scan(&mut self, from: Seq, limit: usize) -> Task<'_, Result<Vec<Entry>, StoreError>>;

    /// The last entry.
    fn head(&mut self) -> Task<'_, Result<Head, StoreError>>;

    /// The epoch that this writer holds.
    fn epoch(&self) -> u64;

    /// Ends writing in good order, so that a copy of the store is complete. What was appended is durable without it too.
    fn close(self: Box<Self>) -> Task<'static, Result<(), StoreError>>;
}

/// Refuses a batch that does not continue the journal: used by every engine before it writes.
pub(crate) fn check_order(head: Seq, batch: &[Entry]) -> Result<(), AppendError> {
    match (head + 1..).zip(batch).find(|(next, entry)| entry.seq != *next) {
        Some((next, entry)) => Err(AppendError::Refused(format!("entry {} where {next} must follow", entry.seq))),
        None => Ok(()),
    }
}
