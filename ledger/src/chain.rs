//! The hash chain: each record's hash covers the one before it, so that no record can be changed, inserted or taken out
//! without every later hash changing.

pub use crate::head::{GENESIS, Hash};

use crate::entry::{Entry, Seq};
use crate::record::{Place, Record};
use sha2::{Digest, Sha256};

/// SHA-256 over the previous hash, then sequence (8 bytes), time in milliseconds (8), day (4), kind (1), all big-endian,
/// then the body's bytes.
#[must_use]
pub fn link(before: &Hash, place: Place, kind: u8, body: &[u8]) -> Hash {
    let Place { seq, at, day } = place;
    let mut head = [0_u8; 53];
    head[..32].copy_from_slice(before);
    head[32..40].copy_from_slice(&seq.to_be_bytes());
    head[40..48].copy_from_slice(&at.0.to_be_bytes());
    head[48..52].copy_from_slice(&day.0.to_be_bytes());
    head[52] = kind;
    let mut hash = Sha256::new();
    hash.update(head);
    hash.update(body);
    hash.finalize().into()
}

/// Gives records their places: numbers, bytes, hashes. It holds the head of the chain and nothing else.
#[derive(Clone, Debug)]
pub struct Sealer {
    next: Seq,
    head: Hash,
}

impl Sealer {
    /// Continues behind `head` with record `next`.
    #[must_use]
    pub fn new(next: Seq, head: Hash) -> Self {
        Sealer { next, head }
    }

    /// The number the next record gets.
    #[must_use]
    pub fn next(&self) -> Seq {
        self.next
    }

    /// The hash of the last record sealed.
    #[must_use]
    pub fn head(&self) -> Hash {
        self.head
    }

    /// Turns a record into a journal entry.
    #[must_use]
    pub fn seal(&mut self, record: &Record) -> Entry {
        let mut body = Vec::with_capacity(192);
        record.body.write(&mut body);
        let kind = record.body.kind();
        let seq = self.next;
        let place = Place { seq, at: record.at, day: record.day };
        let hash = link(&self.head, place, kind, &body);
        self.next += 1;
        self.head = hash;
        let transfers = record.body.transfers().into();
        Entry { seq, at: record.at, day: record.day, kind, body, hash, signature: None, transfers }
    }
}
