//! Folding into the state that a row counts, or counts no more, for its household's event and its payee.

use super::super::index::position;
use super::super::money::{minus, plus};
use super::super::state::State;
use super::{Counted, Row, Share};
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::issue;

impl State {
    pub(super) fn relief_row(&mut self, batch: u32, row: u32) -> &mut Row {
        &mut self.relief.batches[position(batch)].rows[position(row)]
    }

    /// A row stands for its household's event from here on, and counts for its payee. The row whose place it takes is given back.
    pub(in super::super) fn counts(&mut self, batch: u32, at: u32) -> Option<Counted> {
        let there = &self.relief.batches[position(batch)];
        let (programme, row) = (there.programme, &there.rows[position(at)]);
        let (dedup, supplement, amount) = (row.dedup, row.supplement, row.amount);
        let payee = self.payee(row.ppid.as_ref(), row.account.as_deref());
        let mut beaten = None;
        if !supplement {
            let before = self.relief.dedup.insert((programme, dedup), (batch, at));
            if let Some((b, r)) = before.filter(|before| *before != (batch, at)) {
                beaten = Some(self.counts_no_more(b, r));
                self.relief_row(b, r).issues |= issue::SMALLER;
                self.remember_refused(b, r);
                self.relief.dedup.insert((programme, dedup), (batch, at));
            }
        }
        if let Some(payee) = payee {
            let share = self.relief.payees.entry((programme, payee)).or_default();
            share.due = plus(share.due, amount);
            let due = share.due;
            // What came back was granted anew, and counts again: more than was looked at when it was decided.
            if let Some(there) = self.relief.programmes.get_mut(&programme) {
                there.crowded |= due > there.terms.ceiling;
            }
        }
        beaten
    }

    /// A row that counted does not any more: its household can apply again.
    pub(in super::super) fn counts_no_more(&mut self, batch: u32, at: u32) -> Counted {
        let there = &self.relief.batches[position(batch)];
        let (programme, row) = (there.programme, &there.rows[position(at)]);
        let (key, amount) = ((programme, row.dedup), row.amount);
        let payee = self.payee(row.ppid.as_ref(), row.account.as_deref());
        if self.relief.dedup.get(&key) == Some(&(batch, at)) {
            self.relief.dedup.remove(&key);
        }
        if let Some(payee) = payee
            && let Some(share) = self.relief.payees.get_mut(&(programme, payee))
        {
            share.due = minus(share.due, amount).max(Yen::ZERO);
        }
        Counted { dedup: key.1, payee }
    }

    /// The change of its payee's share by a row, beside what is due.
    pub(in super::super) fn change_share(&mut self, batch: u32, at: u32, change: impl FnOnce(&mut Share, Yen)) {
        let there = &self.relief.batches[position(batch)];
        let (programme, row) = (there.programme, &there.rows[position(at)]);
        let amount = row.amount;
        if let Some(payee) = self.payee(row.ppid.as_ref(), row.account.as_deref()) {
            change(self.relief.payees.entry((programme, payee)).or_default(), amount);
        }
    }

    /// Remembers a row that is refused because of others, so that it is found when they count no more.
    pub(super) fn remember_refused(&mut self, batch: u32, at: u32) {
        let there = &self.relief.batches[position(batch)];
        let (programme, row) = (there.programme, &there.rows[position(at)]);
        let payee = self.payee(row.ppid.as_ref(), row.account.as_deref());
        let (issues, dedup) = (row.issues, row.dedup);
        if issues & (issue::DUPLICATE | issue::SMALLER) != 0 {
            self.relief.beaten.entry((programme, dedup)).or_default().insert((batch, at));
        }
        if let Some(payee) = payee.filter(|_| issues & issue::ABOVE_CEILING != 0) {
            self.relief.above.entry((programme, payee)).or_default().insert((batch, at));
        }
    }
}
