//! The keys by which lines are recognised, in fixed sizes, and the order in which they are trusted.
//!
//! A short text is kept as it is; a longer one as the first 120 bits of its SHA-256, so that two texts of one run share a key
//! with a probability below 2^-77 (two million texts). Traces are 64 bits (below 2^-23 for a million against a million), and
//! what they find is verified by amount or party before it counts. Keys say who may be the same; whether two lines agree is
//! judged in [`super::rules`].

use super::identifiers::word;
pub use super::identifiers::{Basis, Own, Party, Reference, Trace};
use super::item::Item;
use super::rules::{BatchScope, External, Rules};
use kazasu_schemas::closing::JoinedBy;

impl From<Basis> for JoinedBy {
    fn from(basis: Basis) -> Self {
        match basis {
            Basis::OwnReference => JoinedBy::OwnReference,
            Basis::ExternalReference => JoinedBy::ExternalReference,
            Basis::Rrn => JoinedBy::Rrn,
            Basis::Stan => JoinedBy::Stan,
            Basis::RrnOtherDay => JoinedBy::RrnOtherDay,
            Basis::StanOtherDay => JoinedBy::StanOtherDay,
            Basis::Batch => JoinedBy::Batch,
            Basis::AmountAndDay => JoinedBy::AmountAndDay,
            Basis::Sum => JoinedBy::Sum,
        }
    }
}

/// A key's words; unused ones are zero.
pub(crate) type Key = [u64; 5];

impl Basis {
    /// Every basis, in the order in which they are tried.
    pub const ALL: [Basis; 9] = [
        Basis::OwnReference,
        Basis::ExternalReference,
        Basis::Rrn,
        Basis::Stan,
        Basis::RrnOtherDay,
        Basis::StanOtherDay,
        Basis::Batch,
        Basis::AmountAndDay,
        Basis::Sum,
    ];

    /// The key of an item; lines with the same key may be the same. `None` when it lacks what the key is made of.
    pub(crate) fn key(self, item: &Item, rules: &Rules) -> Option<Key> {
        let [p0, p1] = [word(&item.party.bytes()[..8]), word(&item.party.bytes()[8..])];
        let amount = item.amount.get().cast_unsigned();
        let sort = u64::from(item.currency) << 8 | u64::from(item.kind.number());
        let day = u64::from(item.day.0.cast_unsigned());
        let words = |reference: &Reference| [word(&reference.bytes()[..8]), word(&reference.bytes()[8..])];
        match self {
            Basis::OwnReference => item.own.map(|own| [own.get(), 0, 0, 0, 0]),
            Basis::ExternalReference => match rules.external {
                External::Shared if !item.external.is_none() && !item.party.is_none() => {
                    let [e0, e1] = words(&item.external);
                    Some([e0, e1, p0, p1, 0])
                }
                External::Shared | External::TheirOwn => None,
            },
            Basis::Rrn => (!item.by_rrn.is_none()).then_some([item.by_rrn.get(), day, 0, 0, 0]),
            Basis::Stan => (!item.by_stan.is_none()).then_some([item.by_stan.get(), day, 0, 0, 0]),
            Basis::RrnOtherDay => (!item.by_rrn.is_none()).then_some([item.by_rrn.get(), amount, sort, 0, 0]),
            Basis::StanOtherDay => (!item.by_stan.is_none()).then_some([item.by_stan.get(), amount, sort, 0, 0]),
            Basis::Batch => {
                let [b0, b1] = words(&item.batch);
                let currency = u64::from(item.currency);
                match rules.batches {
                    _ if item.batch.is_none() => None,
                    BatchScope::Everywhere => Some([b0, b1, 0, 0, currency]),
                    BatchScope::Party => (!item.party.is_none()).then_some([b0, b1, p0, p1, currency]),
                }
            }
            Basis::AmountAndDay => (!item.party.is_none()).then_some([p0, p1, amount, sort, 0]),
            Basis::Sum => (!item.party.is_none()).then_some([p0, p1, u64::from(item.currency), 0, 0]),
        }
    }

    /// The keys that are trusted more: two lines that both have one of them, and differ in it, are not the same.
    pub(crate) fn trusted_more(self) -> Shape {
        match self {
            Basis::OwnReference => Shape::NOTHING,
            Basis::ExternalReference => Shape::OWN,
            Basis::Rrn | Basis::RrnOtherDay => Shape(Shape::OWN.0 | Shape::EXTERNAL.0),
            Basis::Stan | Basis::StanOtherDay => Shape(Shape::OWN.0 | Shape::EXTERNAL.0 | Shape::RRN.0),
            Basis::Batch | Basis::AmountAndDay | Basis::Sum => Shape(0xff),
        }
    }
}

/// The keys of a line, one bit each. Two lines that share a bit at a later pass have different values there (or an
/// earlier pass had found them), so sharing none is what makes them compatible.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Shape(pub(crate) u8);

impl Shape {
    /// No key at all.
    pub(crate) const NOTHING: Shape = Shape(0);
    const OWN: Shape = Shape(1);
    const EXTERNAL: Shape = Shape(2);
    const RRN: Shape = Shape(4);
    const STAN: Shape = Shape(8);
    const BATCH: Shape = Shape(16);
    /// Shapes are below this.
    pub(crate) const COUNT: u8 = 32;

    /// The keys of an item that may be compared under the rules.
    pub(crate) fn of(item: &Item, rules: &Rules) -> Shape {
        let external = match rules.external {
            External::Shared => !item.external.is_none(),
            External::TheirOwn => false,
        };
        let bit = |present: bool, shape: Shape| if present { shape.0 } else { 0 };
        Shape(
            bit(item.own.is_some(), Shape::OWN)
                | bit(external, Shape::EXTERNAL)
                | bit(!item.by_rrn.is_none(), Shape::RRN)
                | bit(!item.by_stan.is_none(), Shape::STAN)
                | bit(rules.grouping.by_batch() && !item.batch.is_none(), Shape::BATCH),
        )
    }

    /// Only those of `mask`.
    pub(crate) fn within(self, mask: Shape) -> Shape {
        Shape(self.0 & mask.0)
    }

    /// True when no key is present in both.
    pub(crate) fn disjoint(self, other: Shape) -> bool {
        self.0 & other.0 == 0
    }
}

/// A key in one word, to sort by; equal keys give equal words, different ones nearly always different words.
pub(crate) fn fingerprint(key: &Key) -> u64 {
    key.iter().fold(0, |hash: u64, word| {
        // Fibonacci hashing: 2^64 divided by the golden ratio, then the high bits folded in.
        let mixed = (hash.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ (mixed >> 29)
    })
}
