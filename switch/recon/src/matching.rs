//! Compares two lists of lines: passes of decreasing trust, each over what the ones before it left open, then groups.
//!
//! A pass joins what is unique at its key. What is equal several times is joined in order where everything else is equal,
//! and what one side has more of is a duplicate. Two lines that both name a more trusted key, and name different ones, are
//! never joined by a weaker key, except that a key which exactly one line on each side has joins them and says that the
//! data differ.
//!
//! Every pass sorts 16-byte entries by a fingerprint of the key, so time is n log n and memory is linear in the number of
//! lines, for all lines. The order of the input decides between equals and nothing else.

use super::item::{Item, Side};
use super::keys::Basis;
use super::result::{Counts, Outcome, Status};
use super::rules::Rules;
use super::work::{At, Hand, Work};
use super::{batches, explain, nearby, references, repeats, sums};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::{JPY_NUMERIC, MAX_WIRE_AMOUNT, Yen};

/// Lines a side may have. Sums of so many amounts stay below 2^63.
pub const MAX_ITEMS: usize = 5_000_000;

/// The error of two lists that cannot be compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CannotCompare {
    /// Too many lines.
    #[error("{side} has {lines} lines; at most {MAX_ITEMS} are compared at a time")]
    TooMany {
        /// Whose.
        side: Side,
        /// The number.
        lines: usize,
    },
    /// A line of another side stands among these.
    #[error("line {line} belongs to {found}, not to {side}")]
    WrongSide {
        /// Whose list.
        side: Side,
        /// Its line.
        line: u64,
        /// Whose line.
        found: Side,
    },
    /// An amount that no message and no file can carry (n12).
    #[error("line {line} of {side}: the amount is beyond twelve digits")]
    Amount {
        /// Whose.
        side: Side,
        /// Its line.
        line: u64,
    },
}

/// Compares `left` (what is expected) with `right` (what came) as it stands at the end of the day `as_of`.
///
/// # Errors
/// Nothing is compared when a list is too long, holds another side's line, or an amount beyond twelve digits.
pub fn compare(left: &[Item], right: &[Item], as_of: BusinessDay, rules: &Rules) -> Result<Outcome, CannotCompare> {
    check(left, rules.left)?;
    check(right, rules.right)?;
    let right = repeats::without_repeats(left, right);
    let mut work = Work::new(left, &right, as_of, rules);
    for basis in Basis::ALL {
        match basis {
            Basis::OwnReference
            | Basis::ExternalReference
            | Basis::Rrn
            | Basis::Stan
            | Basis::RrnOtherDay
            | Basis::StanOtherDay => references::pass(&mut work, basis),
            Basis::Batch => batches::pass(&mut work),
            Basis::AmountAndDay => nearby::pass(&mut work),
            Basis::Sum => sums::pass(&mut work),
        }
    }
    Ok(outcome(work))
}

fn check(items: &[Item], side: Side) -> Result<(), CannotCompare> {
    if items.len() > MAX_ITEMS {
        return Err(CannotCompare::TooMany { side, lines: items.len() });
    }
    for item in items {
        if item.side != side {
            return Err(CannotCompare::WrongSide { side, line: item.line, found: item.side });
        }
        if item.amount.get().unsigned_abs() > MAX_WIRE_AMOUNT.unsigned_abs() {
            return Err(CannotCompare::Amount { side, line: item.line });
        }
    }
    Ok(())
}

/// The outcome of a comparison.
fn outcome(work: Work<'_>) -> Outcome {
    let (exceptions, unlisted) = explain::exceptions(&work);
    let mut counts = Counts::default();
    for hand in Hand::BOTH {
        for (index, item) in work.items(hand).iter().enumerate() {
            let tally = counts.of_mut(work.verdict(At::new(hand, index)).status());
            let yen = if item.currency == JPY_NUMERIC { item.amount.get() } else { 0 };
            let (lines, sum) = match hand {
                Hand::Left => (&mut tally.left, &mut tally.left_yen),
                Hand::Right => (&mut tally.right, &mut tally.right_yen),
            };
            *lines += 1;
            *sum += yen;
        }
    }
    let (tolerated, tolerated_yen) = work.tolerated();
    let verdicts = |hand: Hand| {
        let places = 0..work.items(hand).len();
        places.map(|index| work.verdict(At::new(hand, index))).collect::<Vec<_>>()
    };
    Outcome {
        counts,
        matched_yen: Yen::new(counts.of(Status::Matched).left_yen),
        tolerated,
        tolerated_yen,
        exceptions,
        unlisted,
        left: verdicts(Hand::Left),
        right: verdicts(Hand::Right),
        groups: work.groups,
    }
}
