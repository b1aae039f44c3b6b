//! The ceiling of a payee, looked at again: after a file was read in, people may have become one, or the ceiling another.

use super::super::index::position;
use super::super::money::{minus, plus};
use super::super::refusal::Refusal;
use super::super::state::State;
use super::{Batch, Payee, Row, Share};
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::SealedAccount;
use std::collections::HashMap;

impl State {
    /// The payee of a row: the person that a temporary ID became, or the account.
    pub(in super::super) fn payee(&self, ppid: Option<&Ppid>, account: Option<&SealedAccount>) -> Option<Payee> {
        match (ppid, account) {
            (Some(ppid), _) => {
                let root = self.people.residents.get(ppid).map(|at| self.holder(self.root(*at)).ppid);
                Some(*root.unwrap_or(*ppid).bytes())
            }
            (None, Some(account)) => Some(account.token),
            (None, None) => None,
        }
    }

    /// The amount that a row's payee is to get of its programme.
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
        let decided = !batch.is_open();
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
        self.above_of(&[*ppid])
    }

    /// The same, as it would be if two people became one.
    #[must_use]
    pub fn relief_above_together(&self, from: &Ppid, into: &Ppid) -> Vec<(u16, Yen, Yen, Yen)> {
        self.above_of(&[*from, *into])
    }

    fn above_of(&self, ppids: &[Ppid]) -> Vec<(u16, Yen, Yen, Yen)> {
        let mut payees: Vec<Payee> = ppids.iter().filter_map(|ppid| self.payee(Some(ppid), None)).collect();
        payees.dedup();
        let each = self.relief.programmes.iter().filter_map(|(number, programme)| {
            let shares = payees.iter().filter_map(|payee| self.relief.payees.get(&(*number, *payee)));
            let (due, released) = shares.fold((Yen::ZERO, Yen::ZERO), |(due, released), share| {
                (plus(due, share.due), plus(released, share.released))
            });
            let ceiling = programme.terms.ceiling;
            (due > ceiling).then_some((*number, due, released, ceiling))
        });
        each.collect()
    }
}
