//! Relief as people may see it: no account number, no name.

use super::super::index::position;
use super::super::state::State;
use super::unpaid::word;
use super::{Batch, Row, RowState};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::{Format, Funding, SealedAccount, Step, Terms, issue};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A programme and where its money is.
#[derive(Clone, Debug)]
pub struct ProgrammeView {
    /// The city's terms.
    pub terms: Arc<Terms>,
    /// 1, 2, 3, …: how often it was decided.
    pub version: u32,
    /// The file in force.
    pub source: String,
    /// Money that can be released.
    pub fund: Yen,
    /// Budget that can be committed.
    pub budget_left: Yen,
    /// Committed and not paid.
    pub committed: Yen,
    /// Paid.
    pub executed: Yen,
    /// Released and not arrived.
    pub transit: Yen,
    /// The amount that payees must give back.
    pub receivable: Yen,
    /// The amount in purses now.
    pub in_purses: Yen,
    /// Numbers of its batches.
    pub batches: Vec<u32>,
}

/// A transfer file's form, and each file's number of transfers and sum, and whether the bank took it.
pub type MadeFiles = (Format, Vec<(u32, Yen, bool)>);

/// A batch, as the people who decide see it.
#[derive(Clone, Debug)]
pub struct BatchView {
    /// Its number.
    pub number: u32,
    /// The programme.
    pub programme: u16,
    /// The programme's city.
    pub city: String,
    /// The file's name.
    pub name: String,
    /// SHA-256 of the file.
    pub digest: [u8; 32],
    /// The time at which reading began.
    pub opened: Millis,
    /// The last step.
    pub step: Option<Step>,
    /// Every step with when, who and why.
    pub steps: Vec<(Step, Millis, Attribution)>,
    /// Rows that were taken in.
    pub rows: u32,
    /// Rows of the file that were refused.
    pub refused: u32,
    /// Rows that would be paid, or were granted.
    pub count: u32,
    /// Their sum.
    pub total: Yen,
    /// Amounts among them and how often each comes, largest first.
    pub distribution: Vec<Distribution>,
    /// Rows with each issue that is open, in the order of the bits, and their sums.
    pub issues: Vec<(usize, u32, Yen)>,
    /// Rows by where they are.
    pub states: BTreeMap<&'static str, (u32, Yen)>,
    /// The amount that payees owe.
    pub owed: Yen,
    /// The bank's day.
    pub value_date: Option<BusinessDay>,
    /// The account that its transfers are ordered from, as it was at the release.
    pub funding: Option<Funding>,
    /// The transfer files, when they were made.
    pub files: Option<MadeFiles>,
}

/// An amount and how many rows have it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Distribution {
    /// Yen.
    pub amount: Yen,
    /// Rows.
    pub count: u32,
}

/// A row.
#[derive(Clone, Debug)]
pub struct RowView {
    /// Its place in the batch, from 0.
    pub row: u32,
    /// Its line in the file.
    pub line: u32,
    /// The person.
    pub ppid: Option<Ppid>,
    /// Yen.
    pub amount: Yen,
    /// The damage.
    pub damage: String,
    /// The open matters about it.
    pub issues: u16,
    /// Its place.
    pub state: &'static str,
    /// The amounts of it that the payee owes, and gave back.
    pub claimed: Yen,
    /// See `claimed`.
    pub repaid: Yen,
    /// More for an earlier one.
    pub supplement: bool,
    /// Of a row that another was preferred to: the batch and row that stand for its household's event; nothing when none does.
    pub instead: Option<(u32, u32)>,
}

/// A row that is transferred.
#[derive(Clone, Debug)]
pub struct TransferRow {
    /// Its place in the batch.
    pub row: u32,
    /// The payee for whom the account was sealed.
    pub dedup: [u8; 16],
    /// The account.
    pub account: SealedAccount,
    /// Yen.
    pub amount: Yen,
    /// Its place.
    pub state: RowState,
}

/// Transfer files of a batch.
#[derive(Clone, Debug)]
pub struct FilesView {
    /// The batch.
    pub batch: u32,
    /// The bank's day.
    pub value_date: BusinessDay,
    /// The account that is paid from.
    pub funding: Funding,
    /// Number of transfers, their sum, and whether the bank took it.
    pub files: Vec<(u32, Yen, bool)>,
}

impl Batch {
    fn files_made(&self) -> Option<MadeFiles> {
        let (format, files) = self.file.as_ref()?;
        let taken = |n: usize| u16::try_from(n).is_ok_and(|n| self.sent.contains(&n));
        Some((*format, files.iter().enumerate().map(|(n, f)| (f.count, f.total, taken(n))).collect()))
    }
}

/// The names of issues.
#[must_use]
pub(crate) fn issue_names(issues: u16) -> Vec<&'static str> {
    issue::NAMES.iter().enumerate().filter(|(bit, _)| issues & (1 << bit) != 0).map(|(_, name)| *name).collect()
}

impl State {
    /// Relief programmes, by number.
    #[must_use]
    pub fn relief_programmes(&self) -> Vec<ProgrammeView> {
        self.relief.programmes.keys().filter_map(|number| self.relief_programme(*number)).collect()
    }

    /// A relief programme.
    #[must_use]
    pub fn relief_programme(&self, number: u16) -> Option<ProgrammeView> {
        let programme = self.relief.programmes.get(&number)?;
        let accounts = &programme.accounts;
        let purses = self.programmes.purses.get(&number).map_or(&[][..], |book| &book.purses);
        // What is held for a tap that waits is still there.
        let there = |id| self.book.account(id).map_or(Yen::ZERO, kazasu_ledger::Account::balance);
        let in_purses = purses.iter().fold(Yen::ZERO, |sum, id| super::super::money::plus(sum, there(*id)));
        let batches = self.relief.batches.iter().zip(0_u32..).filter(|(b, _)| b.programme == number);
        Some(ProgrammeView {
            terms: programme.terms.clone(),
            version: programme.version,
            source: programme.source.clone(),
            fund: self.available(accounts.fund),
            budget_left: self.available(accounts.budget),
            committed: self.available(accounts.committed),
            executed: self.available(accounts.executed),
            transit: self.available(accounts.transit),
            receivable: self.available(accounts.receivable),
            in_purses,
            batches: batches.map(|(_, n)| n).collect(),
        })
    }

    /// The batch that a file of a programme was read into.
    #[must_use]
    pub fn relief_batch_of(&self, programme: u16, digest: &[u8; 32]) -> Option<(u32, u32, bool)> {
        let number = *self.relief.files.get(&(programme, *digest))?;
        let batch = self.relief.batch(number).ok()?;
        Some((number, u32::try_from(batch.rows.len()).unwrap_or(u32::MAX), batch.step.is_some()))
    }

    /// The number of batches.
    #[must_use]
    pub fn relief_batches(&self) -> u32 {
        u32::try_from(self.relief.batches.len()).unwrap_or(u32::MAX)
    }

    /// Rows of a batch that are to be credited, and how many of them have been.
    #[must_use]
    pub fn relief_progress(&self, batch: u32) -> Option<(u32, u32)> {
        let batch = self.relief.batch(batch).ok()?;
        Some((batch.through.saturating_sub(batch.withheld), batch.pays()))
    }

    /// The amounts that a batch's decision granted.
    #[must_use]
    pub fn relief_total(&self, batch: u32) -> Option<Yen> {
        Some(self.relief.batch(batch).ok()?.total)
    }

    /// A batch.
    #[must_use]
    pub fn relief_batch(&self, number: u32) -> Option<BatchView> {
        let batch = self.relief.batch(number).ok()?;
        let decided = !matches!(batch.step, None | Some(Step::Applied | Step::Assessed));
        let (count, total) = match decided {
            true => (batch.pays(), batch.total),
            false => batch.payable(),
        };
        let mut amounts: BTreeMap<Yen, u32> = BTreeMap::new();
        let mut issues: BTreeMap<usize, (u32, Yen)> = BTreeMap::new();
        let mut states: BTreeMap<&'static str, (u32, Yen)> = BTreeMap::new();
        let mut owed = Yen::ZERO;
        let plus = super::super::money::plus;
        for (row, n) in batch.rows.iter().zip(0_u32..) {
            let paid = if decided { batch.granted.binary_search(&n).is_ok() } else { row.is_payable() };
            if paid && row.state != RowState::Withheld {
                *amounts.entry(row.amount).or_default() += 1;
            }
            let open = row.open_issues();
            for bit in (0..issue::NAMES.len()).filter(|bit| open & (1 << bit) != 0) {
                let sum = issues.entry(bit).or_default();
                *sum = (sum.0 + 1, plus(sum.1, row.amount));
            }
            let sum = states.entry(word(batch, row, n)).or_default();
            *sum = (sum.0 + 1, plus(sum.1, row.amount));
            owed = plus(owed, super::super::money::minus(row.claimed, row.repaid));
        }
        let distribution = amounts.into_iter().rev().map(|(amount, count)| Distribution { amount, count }).collect();
        let files = batch.files_made();
        Some(BatchView {
            number,
            programme: batch.programme,
            city: self.relief.programmes.get(&batch.programme).map_or_else(String::new, |p| p.terms.city.clone()),
            name: batch.name.clone(),
            digest: batch.digest,
            opened: batch.opened,
            step: batch.step,
            steps: batch.steps.clone(),
            rows: u32::try_from(batch.rows.len()).unwrap_or(u32::MAX),
            refused: batch.refused,
            count,
            total,
            distribution,
            issues: issues.into_iter().map(|(bit, (n, sum))| (bit, n, sum)).collect(),
            states,
            owed,
            value_date: batch.value_date,
            funding: batch.funding.clone(),
            files,
        })
    }

    /// Rows of a batch from `from` on, at most `most`: all, or those in a state, or with an issue.
    #[must_use]
    pub fn relief_rows(&self, number: u32, only: Option<&str>, from: u32, most: usize) -> Vec<RowView> {
        let Ok(batch) = self.relief.batch(number) else { return Vec::new() };
        let issue = only.and_then(|only| issue::NAMES.iter().position(|name| *name == only));
        let wanted = |(row, n): &(&Row, u32)| match (only, issue) {
            (None, _) => true,
            (Some("unpaid"), _) => batch.is_unpaid(row, *n),
            (Some(_), Some(bit)) => row.open_issues() & (1 << bit) != 0,
            (Some(state), None) => word(batch, row, *n) == state,
        };
        let rows = batch.rows.iter().zip(0_u32..).skip(position(from)).filter(wanted).take(most);
        rows.map(|(row, n)| RowView {
            row: n,
            line: row.line,
            ppid: row.ppid,
            amount: row.amount,
            damage: row.damage.to_string(),
            issues: row.open_issues(),
            state: word(batch, row, n),
            claimed: row.claimed,
            repaid: row.repaid,
            supplement: row.supplement,
            instead: self.instead(batch.programme, row),
        })
        .collect()
    }

    /// The rows of a batch that are transferred, in their order, for the transfer file.
    #[must_use]
    pub fn relief_transfers(&self, number: u32) -> Vec<TransferRow> {
        let Ok(batch) = self.relief.batch(number) else { return Vec::new() };
        let rows = batch.granted.iter().map(|n| (*n, &batch.rows[position(*n)]));
        let each = rows.filter_map(|(n, row)| {
            let account = row.account.as_deref()?.clone();
            Some(TransferRow { row: n, dedup: row.dedup, account, amount: row.amount, state: row.state })
        });
        each.collect()
    }

    /// Transfer files that were made, of batches of these cities: what a bank's statement is compared with.
    #[must_use]
    pub fn relief_files(&self, cities: &[String]) -> Vec<FilesView> {
        let batches = self.relief.batches.iter().zip(0_u32..).filter(|(batch, _)| batch.file.is_some());
        batches
            .filter_map(|(batch, number)| {
                let city = &self.relief.programmes.get(&batch.programme)?.terms.city;
                let (_, files) = batch.files_made().filter(|_| cities.contains(city))?;
                let (value_date, funding) = (batch.value_date?, batch.funding.clone()?);
                Some(FilesView { batch: number, value_date, funding, files })
            })
            .collect()
    }

    /// Batches with accounts that are sealed under another key than this one, and may still be needed.
    #[must_use]
    pub fn relief_sealed_otherwise(&self, key: u8) -> Vec<u32> {
        let open = |batch: &Batch| !matches!(batch.step, Some(Step::Reported | Step::Cancelled));
        let other = |row: &Row| row.account.as_ref().is_some_and(|a| a.sealed.first() != Some(&key));
        let batches = self.relief.batches.iter().zip(0_u32..).filter(|(batch, _)| open(batch));
        batches.filter(|(batch, _)| batch.rows.iter().any(other)).map(|(_, n)| n).collect()
    }

    /// Relief batches under way with accounts that are sealed under this version of the vault's keys.
    #[must_use]
    pub fn relief_sealed_under(&self, key: u8) -> Vec<u32> {
        let open = |batch: &Batch| !matches!(batch.step, Some(Step::Reported | Step::Cancelled));
        let under = |row: &Row| row.account.as_ref().is_some_and(|a| a.sealed.first() == Some(&key));
        let batches = self.relief.batches.iter().zip(0_u32..).filter(|(batch, _)| open(batch));
        batches.filter(|(batch, _)| batch.rows.iter().any(under)).map(|(_, n)| n).collect()
    }

    /// Relief programmes that are not over, or have batches under way: households in them are compared by their keyed hashes.
    #[must_use]
    pub fn relief_under_way(&self) -> Vec<u16> {
        let open = |batch: &Batch| !matches!(batch.step, Some(Step::Reported | Step::Cancelled));
        let open: BTreeSet<u16> = self.relief.batches.iter().filter(|b| open(b)).map(|batch| batch.programme).collect();
        let programmes = self.relief.programmes.iter();
        let under_way = programmes.filter(|(n, programme)| !programme.terms.is_over(self.at) || open.contains(n));
        under_way.map(|(n, _)| *n).collect()
    }

    /// For each person's number, that of the person it was merged into.
    #[must_use]
    pub fn holder_roots(&self) -> Vec<u32> {
        (0..u32::try_from(self.people.holders.len()).unwrap_or(u32::MAX)).map(|at| self.root(at)).collect()
    }
}

impl super::ReliefState {
    /// Every yen of each batch is in exactly one place: what was granted is waiting, credited, sent or returned.
    #[cfg(test)]
    pub(in super::super) fn is_complete(&self) -> bool {
        self.batches.iter().all(|batch| {
            let stands = |at: &&u32| batch.rows[position(**at)].state != RowState::Withheld;
            let rows: Vec<u32> = batch.granted.iter().filter(stands).copied().collect();
            batch.sum_of(&rows) == batch.total
        })
    }
}

impl State {
    /// SHA-256 of a batch's file.
    #[must_use]
    pub fn relief_file(&self, batch: u32) -> Option<[u8; 32]> {
        Some(self.relief.batch(batch).ok()?.digest)
    }

    /// The city of a batch.
    #[must_use]
    pub fn relief_city(&self, batch: u32) -> Option<String> {
        self.relief_programme_city(self.relief.batch(batch).ok()?.programme)
    }

    /// The city of a programme.
    #[must_use]
    pub fn relief_programme_city(&self, number: u16) -> Option<String> {
        Some(self.relief.programmes.get(&number)?.terms.city.clone())
    }

    /// The disbursement method of a batch.
    #[must_use]
    pub fn relief_method(&self, batch: u32) -> Option<kazasu_schemas::relief::Method> {
        Some(self.relief.programmes.get(&self.relief.batch(batch).ok()?.programme)?.terms.method)
    }
}
