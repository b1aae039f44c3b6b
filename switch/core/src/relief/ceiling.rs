//! The ceiling of a payee, looked at again: after a file was read in, people may have become one, or the ceiling another.

use super::super::money::{minus, plus};
use super::super::state::{State, position};
use super::rows::is_open;
use super::{Batch, Payee, Refusal, Row};
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::money::Yen;
use std::collections::HashMap;

/// What a payee of a programme is to get, yen.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(in super::super) struct Share {
    /// All rows that count: they stand for their household, are granted, or were paid.
    pub(in super::super) due: Yen,
    /// Of them those that were released, and neither withheld nor returned.
    pub(in super::super) released: Yen,
    /// Of those the ones in purses.
    pub(in super::super) credited: Yen,
}

impl Share {
    pub(super) fn join(&mut self, other: Share) {
        self.due = plus(self.due, other.due);
        self.released = plus(self.released, other.released);
        self.credited = plus(self.credited, other.credited);
    }
}

impl State {
    /// What a row's payee is to get of its programme.
    pub(super) fn share(&self, programme: u16, row: &Row) -> Share {
        let payee = self.payee(row.ppid.as_ref(), row.account.as_deref());
        payee.and_then(|payee| self.relief.payees.get(&(programme, payee))).copied().unwrap_or_default()
    }

    /// Rows that would bring their payee above the ceiling, of those that the decision, or else the release, is about. Of a payee's rows
    /// the earlier ones are paid. Before the decision everything else that the payee is to get goes first, and before the release what
    /// was released.
    pub(super) fn above_ceiling(&self, batch: &Batch) -> Vec<u32> {
        let Ok(programme) = self.relief.programme(batch.programme) else { return Vec::new() };
        if !programme.crowded {
            return Vec::new();
        }
        let ceiling = programme.terms.ceiling;
        let mut about: Vec<(u32, Payee, Yen)> = Vec::new();
        let mut others: HashMap<Payee, Yen> = HashMap::new();
        let decided = !is_open(batch);
        let mut look = |at: u32, row: &Row| {
            let Some(payee) = self.payee(row.ppid.as_ref(), row.account.as_deref()) else { return };
            let share = self.relief.payees.get(&(batch.programme, payee)).copied().unwrap_or_default();
            if share.due > ceiling {
                about.push((at, payee, row.amount));
                let others = others.entry(payee).or_insert(if decided { share.released } else { share.due });
                if !decided {
                    *others = minus(*others, row.amount);
                }
            }
        };
        if decided {
            batch.granted.iter().for_each(|at| look(*at, &batch.rows[position(*at)]));
        } else {
            batch.rows.iter().zip(0..).filter(|(row, _)| row.is_payable()).for_each(|(row, at)| look(at, row));
        }
        about.retain(|(_, payee, amount)| {
            let sum = others.entry(*payee).or_default();
            let fits = plus(*sum, *amount) <= ceiling;
            if fits {
                *sum = plus(*sum, *amount);
            }
            !fits
        });
        about.into_iter().map(|(at, ..)| at).collect()
    }

    /// Before the assessment a person says which rows are not granted, so nothing is chosen here.
    pub(super) fn within_ceiling(&self, number: u32, batch: &Batch) -> Result<(), Refusal> {
        let programme = self.relief.programme(batch.programme)?;
        if !programme.crowded {
            return Ok(());
        }
        let ceiling = programme.terms.ceiling;
        for (row, at) in batch.rows.iter().zip(0_u32..).filter(|(row, _)| row.is_payable()) {
            let sum = self.share(batch.programme, row).due.max(row.amount);
            if sum > ceiling {
                return Err(Refusal::Ceiling { batch: number, row: at, sum, ceiling });
            }
        }
        Ok(())
    }

    /// Programmes of which a person is to get, or got, more than their ceiling: a merge may bring that about. Programme, what the person
    /// is to get, what of it was released, and the ceiling.
    #[must_use]
    pub fn relief_above(&self, ppid: &Ppid) -> Vec<(u16, Yen, Yen, Yen)> {
        let Some(payee) = self.payee(Some(ppid), None) else { return Vec::new() };
        let each = self.relief.programmes.iter().filter_map(|(number, programme)| {
            let share = self.relief.payees.get(&(*number, payee))?;
            let ceiling = programme.terms.ceiling;
            (share.due > ceiling).then_some((*number, share.due, share.released, ceiling))
        });
        each.collect()
    }
}
