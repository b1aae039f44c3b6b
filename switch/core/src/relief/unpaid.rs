//! The payees of a batch who get nothing of it, as things are, with reasons: shown at every step, so that it is not found out at the counter.

use super::super::money::plus;
use super::super::state::State;
use super::{Batch, Row, RowState};
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::{Step, issue};
use std::collections::BTreeMap;

/// Rows that are named for each reason.
const NAMED: usize = 20;

/// Rows of a batch that are not paid.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Unpaid {
    /// Rows.
    pub count: u32,
    /// Their sum, yen.
    pub total: Yen,
    /// The reasons, by name. A row may have several.
    pub why: BTreeMap<&'static str, Why>,
}

/// Rows that are not paid for one reason.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Why {
    /// Rows.
    pub count: u32,
    /// Their sum, yen.
    pub total: Yen,
    /// The first of them.
    pub rows: Vec<u32>,
    /// Of rows that another was preferred to: those for whose household's event no row stands any more. Nothing in this batch brings them
    /// back; they are to be read in again.
    pub alone: u32,
}

impl Batch {
    /// Does it pay nothing for this row, as things are?
    pub(super) fn is_unpaid(&self, row: &Row, at: u32) -> bool {
        match row.state {
            RowState::Credited(_) | RowState::Sent => false,
            RowState::Excluded | RowState::Returned | RowState::Withheld => true,
            RowState::Waiting if self.step == Some(Step::Cancelled) => true,
            RowState::Waiting if self.is_open() => !row.is_payable(),
            RowState::Waiting => self.granted.binary_search(&at).is_err(),
        }
    }
}

impl State {
    /// The row that stands for the household's event of a row that another was preferred to.
    pub(super) fn instead(&self, programme: u16, row: &Row) -> Option<(u32, u32)> {
        let beaten = row.issues & (issue::DUPLICATE | issue::SMALLER) != 0;
        self.relief.dedup.get(&(programme, row.dedup)).filter(|_| beaten).copied()
    }

    /// The payees of a batch who are not paid, with reasons. Rows that the next decision or release would leave out are among them.
    #[must_use]
    pub fn relief_unpaid(&self, number: u32) -> Option<Unpaid> {
        let batch = self.relief.batch(number).ok()?;
        let mut out = Unpaid::default();
        let left_out = if batch.step < Some(Step::Released) { self.above_ceiling(batch) } else { Vec::new() };
        for (row, at) in batch.rows.iter().zip(0_u32..) {
            let above = left_out.binary_search(&at).is_ok();
            if !above && !batch.is_unpaid(row, at) {
                continue;
            }
            out.count += 1;
            out.total = plus(out.total, row.amount);
            let alone = self.instead(batch.programme, row).is_none();
            let mut say = |name: &'static str, alone: bool| {
                let why = out.why.entry(name).or_default();
                why.count += 1;
                why.total = plus(why.total, row.amount);
                why.alone += u32::from(alone);
                if why.rows.len() < NAMED {
                    why.rows.push(at);
                }
            };
            let open = row.open_issues() | if above { issue::ABOVE_CEILING } else { 0 };
            match row.state {
                RowState::Excluded => say("excluded", false),
                RowState::Returned => say("returned", false),
                RowState::Waiting if batch.step == Some(Step::Cancelled) => say("cancelled", false),
                RowState::Waiting | RowState::Withheld if open != 0 => {
                    for bit in (0..issue::NAMES.len()).filter(|bit| open & (1 << bit) != 0) {
                        let beaten = (1 << bit) & (issue::DUPLICATE | issue::SMALLER) != 0;
                        say(issue::NAMES[bit], beaten && alone);
                    }
                }
                // Accepted or mended after the decision left it out: nothing is open about it, and it was not granted.
                RowState::Waiting | RowState::Withheld | RowState::Credited(_) | RowState::Sent => {
                    say(word(batch, row, at), false);
                }
            }
        }
        Some(out)
    }
}

/// The state of a row, in one word.
pub(super) fn word(batch: &Batch, row: &Row, number: u32) -> &'static str {
    match row.state {
        RowState::Excluded => "excluded",
        RowState::Credited(_) | RowState::Sent if row.claimed > row.repaid => "claimed",
        RowState::Credited(_) | RowState::Sent if row.claimed.is_positive() => "adjusted",
        RowState::Credited(_) => "credited",
        RowState::Sent => "sent",
        RowState::Returned => "returned",
        RowState::Withheld => "withheld",
        RowState::Waiting => match batch.step {
            None | Some(Step::Applied | Step::Assessed) if row.is_payable() => batch.step.map_or("applied", Step::name),
            None | Some(Step::Applied | Step::Assessed) if row.issues & issue::NEVER != 0 => "refused",
            None | Some(Step::Applied | Step::Assessed) => "waiting",
            Some(Step::Cancelled) => "cancelled",
            Some(step) if batch.granted.binary_search(&number).is_ok() => step.name(),
            Some(_) if row.issues & issue::NEVER != 0 => "refused",
            Some(_) => "not_granted",
        },
    }
}
