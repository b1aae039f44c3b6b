//! Relief: programmes, batches of applications, and how their money reaches people. `docs/operations/relief.md` explains it.
//!
//! A batch is read in row by row, looked at, granted, committed against the budget, ordered, and released; each step is a record
//! and each role another person. What was released goes on by itself, also after a restart: the state says what is left.

mod apply;
mod ceiling;
mod checks;
mod counts;
mod credit;
mod decide;
mod freed;
mod rows;
mod steps;
mod unpaid;
mod view;

pub(super) use checks::{released_by_transfer, role};
pub(super) use credit::carry_on;
pub(super) use decide::{command, effect_of};
pub use unpaid::{Unpaid, Why};
pub(super) use view::issue_names;
pub use view::{BatchView, Distribution, FilesView, MadeFiles, ProgrammeView, RowView, TransferRow};

use super::index::position;
use super::money::plus;
use super::refusal::Refusal;
use kazasu_ledger::record::MadeFile;
use kazasu_ledger::{AccountId, AccountKey};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::{Application, Format, Funding, Role, RowChange, SealedAccount, Step, Terms, issue};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Commands about relief.
#[derive(Clone, Debug)]
pub enum Relief {
    /// Begin to read a file in. Nothing happens when the same file of the programme is known.
    OpenBatch {
        /// The programme.
        programme: u16,
        /// The file's name.
        name: String,
        /// SHA-256 of the file.
        digest: [u8; 32],
        /// The person or program.
        by: String,
    },
    /// The next rows of it; at most [`crate::ROWS_AT_ONCE`]. Rows that are there already are left as they are.
    AddRows {
        /// The batch.
        batch: u32,
        /// The first row's place.
        first: u32,
        /// The rows; what is found about them is found here.
        rows: Vec<Application>,
    },
    /// Say something about a row.
    SetRow {
        /// The batch.
        batch: u32,
        /// The row.
        row: u32,
        /// What.
        change: RowChange,
        /// The person or program, the reason and the channel.
        said: Attribution,
    },
    /// Take a batch a step further.
    Step {
        /// The batch.
        batch: u32,
        /// The step.
        step: Step,
        /// The bank's day, of a release by transfer.
        value_date: Option<BusinessDay>,
        /// Of the first step: rows of the file that were refused.
        refused: u32,
        /// The person or program, the reason and the channel.
        said: Attribution,
    },
    /// The transfer file was made.
    FileMade {
        /// The batch.
        batch: u32,
        /// Its form.
        format: Format,
        /// Its content.
        files: Vec<MadeFile>,
        /// The person or program.
        by: String,
    },
    /// The bank took a file's money.
    Sent {
        /// The batch.
        batch: u32,
        /// The file, from 0.
        file: u16,
        /// The statement's line.
        reference: String,
        /// The person or program, and the channel; no reason is asked for.
        said: Attribution,
    },
    /// A transfer came back.
    Returned {
        /// The batch.
        batch: u32,
        /// The row.
        row: u32,
        /// The statement's line.
        reference: String,
        /// The person or program, and the channel; no reason is asked for.
        said: Attribution,
    },
    /// A payee gave back what was not theirs.
    Repaid {
        /// The batch.
        batch: u32,
        /// The row.
        row: u32,
        /// Yen.
        amount: Yen,
        /// Out of the purse.
        from_purse: bool,
        /// The payment's own reference.
        reference: String,
        /// The person or program.
        by: String,
    },
    /// Credit what has been released and not credited yet.
    CarryOn,
}

/// A new programme's accounts, in the order of opening.
pub(super) const RELIEF_ACCOUNTS: [fn(u16) -> AccountKey; 8] = [
    AccountKey::PurseFund,
    AccountKey::ReliefBudgeted,
    AccountKey::ReliefBudget,
    AccountKey::ReliefCommitted,
    AccountKey::ReliefExecuted,
    AccountKey::ReliefTransit,
    AccountKey::ReliefReceivable,
    AccountKey::ReliefClaims,
];

/// Rows of one batch.
pub const MOST_ROWS: u32 = 2_000_000;

/// The state of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RowState {
    /// Before it is paid: the batch's step says how far.
    Waiting,
    /// Not granted, by a person's word.
    Excluded,
    /// In this purse.
    Credited(AccountId),
    /// The bank took it.
    Sent,
    /// It came back.
    Returned,
    /// Granted, and then not paid: its payee would have got more than the ceiling.
    Withheld,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Row {
    pub(super) line: u32,
    pub(super) ppid: Option<Ppid>,
    pub(super) dedup: [u8; 16],
    pub(super) amount: Yen,
    pub(super) damage: Box<str>,
    pub(super) account: Option<Box<SealedAccount>>,
    pub(super) supplement: bool,
    pub(super) issues: u16,
    pub(super) accepted: u16,
    pub(super) state: RowState,
    /// The amount of it that the payee owes, and the part of that that was given back.
    pub(super) claimed: Yen,
    pub(super) repaid: Yen,
}

impl Row {
    /// Would it be paid as it stands?
    pub(super) fn is_payable(&self) -> bool {
        self.state == RowState::Waiting && self.open_issues() == 0
    }

    /// The reason why it is not paid.
    pub(super) fn open_issues(&self) -> u16 {
        self.issues & !(self.accepted & issue::MANUAL)
    }
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Batch {
    pub(super) programme: u16,
    pub(super) name: String,
    pub(super) digest: [u8; 32],
    pub(super) opened: Millis,
    pub(super) step: Option<Step>,
    pub(super) rows: Vec<Row>,
    /// The people of each step, by names in their canonical form.
    pub(super) people: BTreeMap<String, Role>,
    /// The time, person and reason of each step.
    pub(super) steps: Vec<(Step, Millis, Attribution)>,
    /// Rows of the file that were not taken in.
    pub(super) refused: u32,
    /// Rows that the decision granted, in their order, and their sum.
    pub(super) granted: Vec<u32>,
    pub(super) total: Yen,
    pub(super) value_date: Option<BusinessDay>,
    /// The account that its transfers are ordered from, as it was at the release.
    pub(super) funding: Option<Funding>,
    /// The ceiling that it was released under.
    pub(super) ceiling: Yen,
    /// Rows that were released and then withheld.
    pub(super) withheld: u32,
    /// Rows that have been looked at for crediting.
    pub(super) through: u32,
    pub(super) file: Option<(Format, Vec<MadeFile>)>,
    /// Files whose money the bank took.
    pub(super) sent: BTreeSet<u16>,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Programme {
    pub(super) terms: Arc<Terms>,
    pub(super) version: u32,
    pub(super) source: String,
    pub(super) accounts: Accounts,
    /// Somebody may be above the ceiling, because people became one or the ceiling was lowered. Until then nothing need be looked at.
    pub(super) crowded: bool,
}

/// A programme's accounts.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Accounts {
    pub(super) fund: AccountId,
    pub(super) budgeted: AccountId,
    pub(super) budget: AccountId,
    pub(super) committed: AccountId,
    pub(super) executed: AccountId,
    pub(super) transit: AccountId,
    pub(super) receivable: AccountId,
    pub(super) claims: AccountId,
}

/// The payee: a person, or an account where no person is named.
pub(super) type Payee = [u8; 16];

/// Rows by batch and place, in their order.
pub(super) type RowSet = BTreeSet<(u32, u32)>;

/// Everything about relief.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct ReliefState {
    pub(super) programmes: BTreeMap<u16, Programme>,
    pub(super) batches: Vec<Batch>,
    /// Batches by their files.
    pub(super) files: HashMap<(u16, [u8; 32]), u32>,
    /// The row that stands for a household's event.
    pub(super) dedup: HashMap<(u16, [u8; 16]), (u32, u32)>,
    /// The amount that each payee of a programme is to get or got.
    pub(super) payees: HashMap<(u16, Payee), Share>,
    /// Rows that were refused because of another of their household's event, and because of what else their payee is to get.
    pub(super) beaten: HashMap<(u16, [u8; 16]), RowSet>,
    /// See `beaten`.
    pub(super) above: HashMap<(u16, Payee), RowSet>,
    /// Whose account it is: the first payee of a programme that named it.
    pub(super) accounts: HashMap<(u16, [u8; 16]), (Payee, u32, u32)>,
    /// Batches that are being credited.
    pub(super) releasing: BTreeSet<u32>,
}

/// The amount that a payee of a programme is to get, in yen.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Share {
    /// All rows that count: they stand for their household, are granted, or were paid.
    pub(super) due: Yen,
    /// Of them those that were released, and neither withheld nor returned.
    pub(super) released: Yen,
    /// Of those the ones in purses.
    pub(super) credited: Yen,
}

impl Share {
    pub(super) fn join(&mut self, other: Share) {
        self.due = plus(self.due, other.due);
        self.released = plus(self.released, other.released);
        self.credited = plus(self.credited, other.credited);
    }
}

/// The amount for which a row counted.
pub(super) struct Counted {
    pub(super) dedup: [u8; 16],
    pub(super) payee: Option<Payee>,
}

impl ReliefState {
    pub(super) fn programme(&self, number: u16) -> Result<&Programme, Refusal> {
        self.programmes.get(&number).ok_or(Refusal::UnknownProgramme(number))
    }

    pub(super) fn batch(&self, batch: u32) -> Result<&Batch, Refusal> {
        self.batches.get(position(batch)).ok_or(Refusal::UnknownBatch(batch))
    }

    pub(super) fn row(&self, batch: u32, row: u32) -> Result<&Row, Refusal> {
        self.batch(batch)?.rows.get(position(row)).ok_or(Refusal::UnknownRow(batch, row))
    }
}

impl Batch {
    /// Rows that it pays, by its decision and what was withheld since.
    pub(super) fn pays(&self) -> u32 {
        u32::try_from(self.granted.len()).unwrap_or(u32::MAX).saturating_sub(self.withheld)
    }

    /// Rows that would be paid as they stand, and their sum.
    pub(super) fn payable(&self) -> (u32, Yen) {
        let payable = self.rows.iter().filter(|row| row.is_payable());
        payable.fold((0, Yen::ZERO), |(n, sum), row| (n + 1, plus(sum, row.amount)))
    }

    /// Rows of a batch change until it is assessed: what is approved is what was looked at.
    pub(super) fn can_change(&self) -> bool {
        matches!(self.step, None | Some(Step::Applied))
    }

    /// A refused row comes back until its batch is decided: the decision grants what can be paid then.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.step, None | Some(Step::Applied | Step::Assessed))
    }

    /// The sums of these rows.
    pub(super) fn sum_of(&self, rows: &[u32]) -> Yen {
        rows.iter().fold(Yen::ZERO, |sum, n| plus(sum, self.rows[position(*n)].amount))
    }

    /// The rows of a file that was made.
    pub(super) fn rows_of_file(&self, file: u16) -> &[u32] {
        let files = self.file.as_ref().map_or(&[][..], |(_, files)| files);
        let before = files.iter().take(usize::from(file)).map(|f| position(f.count)).sum::<usize>();
        let count = files.get(usize::from(file)).map_or(0, |f| position(f.count));
        let from = before.min(self.granted.len());
        &self.granted[from..(from + count).min(self.granted.len())]
    }
}

/// A repayment is booked once for its row: two rows may be given back by one payment of the same reference.
pub(super) fn repaid_key(programme: u16, batch: u32, row: u32, reference: &str) -> [u8; 16] {
    super::references::scoped_key(programme, None, &format!("repaid {batch}-{row} "), reference)
}

/// A return of funds has references of its own.
pub(super) fn returned_key(programme: u16, reference: &str) -> [u8; 16] {
    super::references::scoped_key(programme, None, "returned ", reference)
}
