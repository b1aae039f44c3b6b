//! Folding relief's records into the state.

use super::super::index::position;
use super::super::money::{minus, plus};
use super::super::state::{PurseBook, State, Sweep};
use super::freed::Freed;
use super::{Accounts, Batch, Counted, Programme, Row, RowState};
use kazasu_ledger::record::{
    ApprovalDecided, ReliefBatchOpened, ReliefCredited, ReliefFileMade, ReliefRepaid, ReliefRowSet, ReliefRowsAdded,
    ReliefStepTaken,
};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::canonical::canonical;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::{Application, Method, Role, RowChange, Step, Terms, issue};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A person's name as it is compared.
fn person(by: &str) -> String {
    canonical(by).into_owned()
}

impl super::ReliefState {
    /// A temporary ID's share is the person's from here on.
    pub(in super::super) fn merged(&mut self, from: &[u8; 16], into: &[u8; 16]) {
        for (number, programme) in &mut self.programmes {
            let number = *number;
            if let Some(share) = self.payees.remove(&(number, *from)) {
                let joined = self.payees.entry((number, *into)).or_default();
                joined.join(share);
                programme.crowded |= joined.due > programme.terms.ceiling;
            }
            if let Some(rows) = self.above.remove(&(number, *from)) {
                self.above.entry((number, *into)).or_default().extend(rows);
            }
        }
    }
}

impl State {
    /// A payee owes what was not theirs.
    pub(in super::super) fn claim_decided(&mut self, batch: u32, row: u32, right: Yen) {
        let row = self.relief_row(batch, row);
        row.claimed = minus(row.amount, right);
    }

    pub(in super::super) fn funds_returned(&mut self, programme: u16, reference: &str, amount: Yen) {
        self.references.insert(super::returned_key(programme, reference), amount);
    }

    pub(in super::super) fn programme_set(&mut self, terms: Terms, source: String, r: &ApprovalDecided) {
        let number = terms.number;
        if let Some(first) = r.opens.first() {
            let nth = |n: u32| kazasu_ledger::AccountId(first.account.0 + n);
            let accounts = Accounts {
                fund: nth(0),
                budgeted: nth(1),
                budget: nth(2),
                committed: nth(3),
                executed: nth(4),
                transit: nth(5),
                receivable: nth(6),
                claims: nth(7),
            };
            self.programmes.purses.insert(number, PurseBook::new(accounts.fund));
            let programme = Programme { terms: Arc::new(terms), version: 1, source, accounts, crowded: false };
            self.relief.programmes.insert(number, programme);
        } else if let Some(programme) = self.relief.programmes.get_mut(&number) {
            programme.crowded |= terms.ceiling < programme.terms.ceiling;
            programme.terms = Arc::new(terms);
            programme.version += 1;
            programme.source = source;
            if let Some(book) = self.programmes.purses.get_mut(&number) {
                book.sweep = Sweep::default();
            }
        }
        self.prepare_rules();
    }

    pub(in super::super) fn relief_batch_opened(&mut self, at: Millis, r: &ReliefBatchOpened) {
        self.relief.files.insert((r.programme, r.digest), r.batch);
        self.relief.batches.push(Batch {
            programme: r.programme,
            name: r.name.clone(),
            digest: r.digest,
            opened: at,
            step: None,
            rows: Vec::new(),
            people: BTreeMap::from([(person(&r.by), Role::Officer)]),
            steps: Vec::new(),
            refused: 0,
            granted: Vec::new(),
            total: Yen::ZERO,
            value_date: None,
            funding: None,
            ceiling: Yen::ZERO,
            withheld: 0,
            through: 0,
            file: None,
            sent: BTreeSet::new(),
        });
    }

    pub(in super::super) fn relief_rows_added(&mut self, r: &ReliefRowsAdded) {
        let programme = self.relief.batches[position(r.batch)].programme;
        let mut freed = Freed::default();
        for (application, at) in r.rows.iter().zip(r.first..) {
            if let Some(beaten) = self.relief_row_added(r.batch, at, application) {
                freed.row(beaten);
            }
        }
        if r.reconsiders {
            self.reconsider(programme, freed);
        }
    }

    fn relief_row_added(&mut self, batch: u32, at: u32, a: &Application) -> Option<Counted> {
        let row = Row {
            line: a.line,
            ppid: a.ppid,
            dedup: a.dedup,
            amount: a.amount,
            damage: a.damage.as_str().into(),
            account: a.account.clone().map(Box::new),
            supplement: a.supplement,
            issues: a.issues,
            accepted: 0,
            state: RowState::Waiting,
            claimed: Yen::ZERO,
            repaid: Yen::ZERO,
        };
        let programme = self.relief.batches[position(batch)].programme;
        self.relief.batches[position(batch)].rows.push(row);
        if let (Some(account), Some(payee)) = (&a.account, self.payee(a.ppid.as_ref(), a.account.as_ref())) {
            let first = *self.relief.accounts.entry((programme, account.token)).or_insert((payee, batch, at));
            if first.0 != payee && self.relief.batch(first.1).is_ok_and(Batch::can_change) {
                self.relief_row(first.1, first.2).issues |= issue::SHARED_ACCOUNT;
            }
        }
        if a.issues & issue::NEVER == 0 {
            return self.counts(batch, at);
        }
        self.remember_refused(batch, at);
        None
    }

    /// Rows are left out, because their payees would get more than the ceiling.
    fn withhold(&mut self, batch: u32, rows: &[u32]) -> Freed {
        let mut freed = Freed::default();
        for at in rows {
            freed.row(self.counts_no_more(batch, *at));
            let row = self.relief_row(batch, *at);
            row.state = RowState::Withheld;
            row.issues |= issue::ABOVE_CEILING;
        }
        freed
    }

    /// When the row that stood for a household's event is out, the largest of those that it beat in its own batch stands for it. Records of
    /// before freed no others.
    fn next_stands(&mut self, batch: u32, out: u32) {
        let there = &self.relief.batches[position(batch)];
        let (programme, dedup) = (there.programme, there.rows[position(out)].dedup);
        if self.relief.dedup.contains_key(&(programme, dedup)) {
            return;
        }
        let beaten = there.rows.iter().zip(0_u32..).filter(|(row, n)| {
            *n != out
                && row.dedup == dedup
                && row.state == RowState::Waiting
                && row.issues & issue::NEVER == issue::SMALLER
        });
        if let Some((_, at)) = beaten.max_by_key(|(row, n)| (row.amount, std::cmp::Reverse(*n))) {
            self.relief_row(batch, at).issues &= !issue::SMALLER;
            self.counts(batch, at);
        }
    }

    pub(in super::super) fn relief_row_set(&mut self, r: &ReliefRowSet) {
        self.relief.batches[position(r.batch)].people.insert(person(&r.by), Role::Officer);
        let counted = |row: &Row| row.state == RowState::Waiting && row.issues & issue::NEVER == 0;
        let mut freed = Freed::default();
        if counted(self.relief_row(r.batch, r.row)) && !matches!(r.change, RowChange::Accept) {
            freed.row(self.counts_no_more(r.batch, r.row));
        }
        let row = self.relief_row(r.batch, r.row);
        match &r.change {
            RowChange::Exclude => row.state = RowState::Excluded,
            RowChange::Include => row.state = RowState::Waiting,
            RowChange::Accept => row.accepted |= row.issues & issue::MANUAL,
            RowChange::Assign(ppid) => {
                row.ppid = Some(*ppid);
                row.accepted = 0;
            }
            RowChange::Amount(amount) => row.amount = *amount,
        }
        row.issues = r.issues;
        if counted(self.relief_row(r.batch, r.row)) && !matches!(r.change, RowChange::Accept) {
            if let Some(beaten) = self.counts(r.batch, r.row) {
                freed.row(beaten);
            }
        } else {
            self.remember_refused(r.batch, r.row);
        }
        if r.reconsiders {
            let programme = self.relief.batches[position(r.batch)].programme;
            self.reconsider(programme, freed);
        } else if matches!(r.change, RowChange::Exclude) {
            self.next_stands(r.batch, r.row);
        }
    }

    pub(in super::super) fn relief_step_taken(&mut self, at: Millis, r: &ReliefStepTaken) {
        let left_out = match r.withheld {
            Some(withheld) => {
                let batch = &self.relief.batches[position(r.batch)];
                let rows = self.above_ceiling(batch);
                assert_eq!(batch.sum_of(&rows), withheld.total, "the step left these rows out");
                rows
            }
            None => Vec::new(),
        };
        let mut freed = self.withhold(r.batch, &left_out);
        let batch = &mut self.relief.batches[position(r.batch)];
        let said = Attribution { by: r.by.clone(), why: r.why.clone(), via: r.via };
        batch.steps.push((r.step, at, said));
        batch.people.insert(person(&r.by), r.step.role());
        let programme = batch.programme;
        batch.step = Some(r.step);
        match r.step {
            Step::Applied => batch.refused = r.refused,
            Step::Assessed | Step::Committed | Step::Ordered | Step::Reported => {}
            Step::Decided => {
                let rows = batch.rows.iter().zip(0_u32..);
                batch.granted = rows.filter(|(row, _)| row.is_payable()).map(|(_, n)| n).collect();
                batch.total = batch.sum_of(&batch.granted);
                assert_eq!(batch.total, r.total, "the decision was about these rows");
                self.free(r.batch, false, &mut freed);
            }
            Step::Released => {
                batch.granted.retain(|at| left_out.binary_search(at).is_err());
                batch.total = batch.sum_of(&batch.granted);
                batch.value_date = r.value_date;
                batch.funding = self.relief.programmes.get(&programme).and_then(|p| p.terms.funding.clone());
                let purse = self.relief.programmes.get(&programme).is_some_and(|p| p.terms.method == Method::Purse);
                batch.ceiling = self.relief.programmes.get(&programme).map_or(Yen::ZERO, |p| p.terms.ceiling);
                if purse {
                    self.relief.releasing.insert(r.batch);
                }
                for at in self.relief.batches[position(r.batch)].granted.clone() {
                    self.change_share(r.batch, at, |share, amount| share.released = plus(share.released, amount));
                }
            }
            Step::Cancelled => {
                // The file can be read in again.
                let digest = batch.digest;
                self.relief.files.remove(&(programme, digest));
                self.free(r.batch, true, &mut freed);
            }
        }
        if r.reconsiders {
            self.reconsider(programme, freed);
        }
    }

    /// Rows that were not granted, or all of them, count no more: their households can apply again in another file.
    fn free(&mut self, batch: u32, all: bool, out: &mut Freed) {
        let rows = &self.relief.batches[position(batch)].rows;
        let counted = |row: &Row| row.state == RowState::Waiting && row.issues & issue::NEVER == 0;
        let freed: Vec<u32> = rows
            .iter()
            .zip(0_u32..)
            .filter(|(row, _)| counted(row) && (all || !row.is_payable()))
            .map(|(_, n)| n)
            .collect();
        for at in freed {
            // After the decision only what was granted still counts.
            if all
                && self.relief.batches[position(batch)].total.is_positive()
                && self.relief.batches[position(batch)].granted.binary_search(&at).is_err()
            {
                continue;
            }
            out.row(self.counts_no_more(batch, at));
        }
    }

    pub(in super::super) fn relief_credited(&mut self, r: &ReliefCredited) {
        for at in &r.rows {
            let ppid = self.relief_row(r.batch, *at).ppid.expect("a purse is granted to a person");
            self.people.person(ppid);
        }
        self.opened(&r.opens);
        for (at, transfer) in r.rows.iter().zip(&r.transfers) {
            let row = self.relief_row(r.batch, *at);
            assert_eq!(
                (row.state, row.amount),
                (RowState::Waiting, transfer.amount),
                "a row is credited once, in full"
            );
            row.state = RowState::Credited(transfer.credit);
            self.change_share(r.batch, *at, |share, amount| share.credited = plus(share.credited, amount));
        }
        let freed = self.withhold(r.batch, &r.withheld);
        for at in &r.withheld {
            self.change_share(r.batch, *at, |share, amount| share.released = minus(share.released, amount));
            let amount = self.relief_row(r.batch, *at).amount;
            let batch = &mut self.relief.batches[position(r.batch)];
            batch.total = minus(batch.total, amount);
            batch.withheld += 1;
        }
        // A programme that ended meanwhile takes it back when the day turns.
        self.came_back(&r.transfers);
        let batch = &mut self.relief.batches[position(r.batch)];
        batch.through = r.through;
        if position(batch.through) >= batch.granted.len() {
            self.relief.releasing.remove(&r.batch);
        }
        let programme = batch.programme;
        self.reconsider(programme, freed);
    }

    pub(in super::super) fn relief_file_made(&mut self, r: &ReliefFileMade) {
        let batch = &mut self.relief.batches[position(r.batch)];
        batch.file = Some((r.format, r.files.clone()));
        batch.people.insert(person(&r.by), Role::Treasurer);
    }

    pub(in super::super) fn relief_repaid(&mut self, r: &ReliefRepaid) {
        let programme = self.relief.batches[position(r.batch)].programme;
        self.references.insert(super::repaid_key(programme, r.batch, r.row, &r.reference), r.amount);
        let row = self.relief_row(r.batch, r.row);
        row.repaid = plus(row.repaid, r.amount);
        assert!(row.repaid <= row.claimed, "no more is given back than is owed");
    }
}
