//! The identity of an exception: a digest of what it is about, so that running a comparison again finds the same exception
//! and does not make a second one.
//!
//! Line numbers, the day of the run and what the exception was found to be are left out: it stays the same exception when a
//! file is sent again in another order, or when a missing line comes with another amount.

use super::item::{Item, Side, number};
use super::keys::{Party, Reference};
use super::result::ExceptionId;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// The subject of an exception.
pub(super) enum Subject<'a> {
    /// A line of the left side, with the lines that it was joined to.
    Expected(&'a Item),
    /// A line of the right side.
    Came(&'a Item),
    /// A batch; the party where batch numbers are a party's own.
    Batch(Reference, Party, u16),
}

/// Gives identities; equal subjects are numbered in the order in which they come.
pub(super) struct Identities {
    sides: [u8; 2],
    seen: HashMap<[u8; 16], u32>,
}

impl Identities {
    pub(super) fn new(left: Side, right: Side) -> Self {
        Identities { sides: [number(left), number(right)], seen: HashMap::new() }
    }

    pub(super) fn of(&mut self, subject: &Subject<'_>) -> ExceptionId {
        let mut hash = Sha256::new();
        hash.update(b"kazasu reconciliation exception 1");
        hash.update(self.sides);
        match subject {
            Subject::Expected(item) => line(&mut hash, b'L', item),
            Subject::Came(item) => line(&mut hash, b'R', item),
            Subject::Batch(batch, party, currency) => {
                hash.update(b"B");
                hash.update(batch.bytes());
                hash.update(party.bytes());
                hash.update(currency.to_be_bytes());
            }
        }
        let times = self.seen.entry(first_half(hash.clone())).or_insert(0);
        hash.update(times.to_be_bytes());
        *times += 1;
        ExceptionId(first_half(hash))
    }
}

fn line(hash: &mut Sha256, sort: u8, item: &Item) {
    hash.update([sort, item.kind.number()]);
    hash.update(item.own.map_or(0, std::num::NonZeroU64::get).to_be_bytes());
    hash.update(item.external.bytes());
    hash.update(item.batch.bytes());
    hash.update(item.by_rrn.get().to_be_bytes());
    hash.update(item.by_stan.get().to_be_bytes());
    hash.update(item.party.bytes());
    hash.update(item.amount.get().to_be_bytes());
    hash.update(item.day.0.to_be_bytes());
    hash.update(item.currency.to_be_bytes());
}

fn first_half(hash: Sha256) -> [u8; 16] {
    hash.finalize()[..16].try_into().expect("SHA-256 has 32 bytes")
}
