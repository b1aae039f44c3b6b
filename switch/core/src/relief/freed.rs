//! Rows that were refused because of others, which count no more: a batch that is cancelled, a row that is excluded or made smaller,
//! a decision that leaves rows out. They are looked at again as long as their own batch is not decided.

use super::super::index::position;
use super::super::money::{minus, plus};
use super::super::state::State;
use super::{Batch, Counted, Payee, Row, RowSet, RowState};
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::{DuplicateRule, issue};
use std::cmp::Reverse;
use std::collections::VecDeque;

/// Free places.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Room {
    /// No row, or a smaller one, stands for a household's event.
    Household([u8; 16]),
    /// A payee is to get less.
    Payee(Payee),
}

/// Room in the order in which it came about.
#[derive(Default)]
pub(super) struct Freed(VecDeque<Room>);

impl Freed {
    pub(super) fn row(&mut self, counted: Counted) {
        self.0.push_back(Room::Household(counted.dedup));
        self.0.extend(counted.payee.map(Room::Payee));
    }
}

impl State {
    /// A row of this batch counts no more: others are looked at again.
    pub(in super::super) fn has_room_again(&mut self, batch: u32, counted: Counted) {
        let mut freed = Freed::default();
        freed.row(counted);
        self.reconsider(self.relief.batches[position(batch)].programme, freed);
    }

    /// Looks at refused rows again where there is room; what comes in may make room elsewhere. It ends, because a household's event
    /// is only ever taken over by a larger amount.
    pub(super) fn reconsider(&mut self, programme: u16, mut freed: Freed) {
        while let Some(room) = freed.0.pop_front() {
            for (batch, at) in self.candidates(programme, room) {
                let never = self.relief.row(batch, at).map_or(issue::NEVER, |row| self.refusal((batch, at), row));
                let row = self.relief_row(batch, at);
                row.issues = row.issues & !issue::NEVER | never;
                if never == 0 {
                    if let Some(beaten) = self.counts(batch, at) {
                        freed.0.extend(beaten.payee.map(Room::Payee));
                    }
                } else {
                    self.remember_refused(batch, at);
                }
            }
        }
    }

    /// Rows of open batches that are refused for want of this room: the largest first where the largest is given, else the first.
    fn candidates(&mut self, programme: u16, room: Room) -> Vec<(u32, u32)> {
        let there = match room {
            Room::Household(dedup) => self.relief.beaten.get(&(programme, dedup)),
            Room::Payee(payee) => self.relief.above.get(&(programme, payee)),
        };
        let Some(there) = there else { return Vec::new() };
        let is_refused = |(batch, at): &(u32, u32)| {
            self.relief
                .row(*batch, *at)
                .is_ok_and(|row| row.state == RowState::Waiting && row.issues & issue::NEVER != 0)
        };
        let refused: RowSet = there.iter().copied().filter(is_refused).collect();
        let open = |(batch, _): &(u32, u32)| self.relief.batch(*batch).is_ok_and(Batch::is_open);
        let mut rows: Vec<(u32, u32)> = refused.iter().copied().filter(open).collect();
        let largest = self.relief.programme(programme).is_ok_and(|p| p.terms.duplicates == DuplicateRule::Largest);
        if largest {
            let amount = |(batch, at): &(u32, u32)| self.relief.row(*batch, *at).map_or(Yen::ZERO, |row| row.amount);
            rows.sort_by_key(|row| (Reverse(amount(row)), *row));
        }
        match room {
            Room::Household(dedup) => self.relief.beaten.insert((programme, dedup), refused),
            Room::Payee(payee) => self.relief.above.insert((programme, payee), refused),
        };
        rows
    }

    /// The reason why a row would be refused as things are, or as it would be after a change: another row of its household's event, or what
    /// else its payee is to get. What it counts for now is not held against it.
    pub(in super::super) fn refusal(&self, (batch, at): (u32, u32), row: &Row) -> u16 {
        let (Ok(there), Ok(old)) = (self.relief.batch(batch), self.relief.row(batch, at)) else { return issue::NEVER };
        let Ok(programme) = self.relief.programme(there.programme) else { return issue::NEVER };
        let payee_of = |row: &Row| self.payee(row.ppid.as_ref(), row.account.as_deref());
        let payee = payee_of(row);
        let mut due = self.share(there.programme, row).due;
        let counts = old.state == RowState::Waiting && old.issues & issue::NEVER == 0;
        if counts && payee.is_some() && payee_of(old) == payee {
            due = minus(due, old.amount);
        }
        let mut never = 0;
        let stands = self.relief.dedup.get(&(there.programme, row.dedup));
        let stands = stands.filter(|other| !row.supplement && **other != (batch, at));
        if let Some((other, other_at)) = stands
            && let (Ok(batch_of), Ok(standing)) = (self.relief.batch(*other), self.relief.row(*other, *other_at))
        {
            let open = *other == batch || batch_of.can_change();
            match programme.terms.duplicates {
                DuplicateRule::Largest if open && row.amount > standing.amount => {
                    if payee.is_some() && payee_of(standing) == payee {
                        due = minus(due, standing.amount);
                    }
                }
                DuplicateRule::Largest if open => never |= issue::SMALLER,
                DuplicateRule::Largest | DuplicateRule::First => never |= issue::DUPLICATE,
            }
        }
        if plus(due, row.amount) > programme.terms.ceiling {
            never |= issue::ABOVE_CEILING;
        }
        never
    }
}
