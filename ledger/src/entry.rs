//! A record in its place in the journal.

pub use crate::head::{Head, Seq};

use crate::head::Hash;
use crate::record::Place;
use crate::signed::Signature;
use crate::transfer::Transfers;
use kazasu_schemas::jst::{BusinessDay, Millis};

/// A sealed record.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// Its place.
    pub seq: Seq,
    /// The time of the decision.
    pub at: Millis,
    /// The business day it belongs to.
    pub day: BusinessDay,
    /// The kind's number.
    pub kind: u8,
    /// The record, CBOR.
    pub body: Vec<u8>,
    /// Covers the entry and the hash before it.
    pub hash: Hash,
    /// On the last record of a commit batch: the node's signature over [`crate::signed::batch_text`]. `None` on the others, and in books
    /// whose nodes have no key to sign with.
    pub signature: Option<Signature>,
    /// The body's transfers, for the SQL table beside the journal; empty when read back.
    pub transfers: Transfers,
}

impl Entry {
    /// Its place in the journal.
    #[must_use]
    pub fn place(&self) -> Place {
        Place { seq: self.seq, at: self.at, day: self.day }
    }
}
