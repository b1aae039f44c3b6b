//! Relief: programmes, batches of applications, and how their money reaches people. `docs/operations/relief.md` explains it.
//!
//! A batch is read in row by row, looked at, granted, committed against the budget, ordered, and released; each step is a record
//! and each role another person. What was released goes on by itself, also after a restart: the state says what is left.

mod apply;
mod ceiling;
mod credit;
mod decide;
mod freed;
mod look;
mod rows;
mod steps;
mod unpaid;

pub(super) use apply::RELIEF_ACCOUNTS;
pub(super) use credit::carry_on;
pub(super) use decide::{command, effect_of, released_by_transfer, role};
pub(super) use look::issue_names;
pub use look::{BatchView, Distribution, FilesView, MadeFiles, ProgrammeView, RowView, TransferRow};
pub use unpaid::{Unpaid, Why};

use super::state::State;
use kazasu_ledger::AccountId;
use kazasu_ledger::record::MadeFile;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::{Application, Format, Funding, Role, RowChange, SealedAccount, Step, Terms, issue};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// What people ask for about relief.
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
        /// Who.
        by: String,
    },
    /// The next rows of it; at most [`ROWS_AT_ONCE`]. Rows that are there already are left as they are.
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
        /// Who.
        by: String,
        /// Why.
        why: String,
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
        /// Who.
        by: String,
        /// Why.
        why: String,
    },
    /// The transfer file was made.
    FileMade {
        /// The batch.
        batch: u32,
        /// Its form.
        format: Format,
        /// What is in it.
        files: Vec<MadeFile>,
        /// Who.
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
        /// Who.
        by: String,
    },
    /// A transfer came back.
    Returned {
        /// The batch.
        batch: u32,
        /// The row.
        row: u32,
        /// The statement's line.
        reference: String,
        /// Who.
        by: String,
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
        /// Who.
        by: String,
    },
    /// Credit what has been released and not credited yet.
    CarryOn,
}

/// Rows of one record.
pub const ROWS_AT_ONCE: usize = 256;
/// Transfer files of one batch.
pub(super) const MOST_FILES: usize = 1_000;
/// Rows of one batch.
pub const MOST_ROWS: u32 = 2_000_000;

/// Why something about relief was refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// No such programme.
    #[error("relief programme {0} is not known")]
    UnknownProgramme(u16),
    /// The policy has a purse programme of that number.
    #[error("number {0} is a purse programme of the policy; take another")]
    NumberTaken(u16),
    /// What may never change.
    #[error("{0} of programme {1} cannot change; make a new programme")]
    Fixed(&'static str, u16),
    /// The last day lies in the past.
    #[error("the programme would be over on {0}, which is past")]
    Past(String),
    /// The programme is over.
    #[error("programme {0} was over on {1}")]
    Over(u16, BusinessDay),
    /// Too many programmes at one time.
    #[error("at most 64 purse programmes run at one time, those of the policy included")]
    TooMany,
    /// Transfers need an account to be ordered from.
    #[error("programme {0} pays by transfer and names no [funding] account")]
    NoFunding(u16),
    /// One person in two roles.
    #[error("{by} was {was} of this batch; another person must be its {wanted}")]
    TwoRoles {
        /// The person.
        by: String,
        /// What they were.
        was: &'static str,
        /// What they would be.
        wanted: &'static str,
    },
    /// The budget does not cover it.
    #[error("programme {programme} has {available} of budget left, {asked} was asked for")]
    Budget {
        /// The programme.
        programme: u16,
        /// What is not committed.
        available: Yen,
        /// What was asked for.
        asked: Yen,
    },
    /// No such batch.
    #[error("batch {0} is not known")]
    UnknownBatch(u32),
    /// Rows must come in their order.
    #[error("batch {batch} has {there} rows; the next one is row {there}, got {got}")]
    Order {
        /// The batch.
        batch: u32,
        /// Rows that are there.
        there: u32,
        /// What came.
        got: u32,
    },
    /// Too many rows.
    #[error("a batch has at most 2,000,000 rows, and {ROWS_AT_ONCE} are added at one time")]
    Rows,
    /// Everything has been read in.
    #[error("batch {0} takes no more rows")]
    Closed(u32),
    /// No such row.
    #[error("batch {0} has no row {1}")]
    UnknownRow(u32, u32),
    /// The step does not follow.
    #[error("batch {batch} is {at}; {step} follows {needed}")]
    StepOrder {
        /// The batch.
        batch: u32,
        /// Where it is.
        at: &'static str,
        /// What was asked for.
        step: &'static str,
        /// What it follows.
        needed: &'static str,
    },
    /// Too late for a change.
    #[error("batch {0} is {1}: rows change only before it is assessed")]
    Decided(u32, &'static str),
    /// Nothing to pay.
    #[error("batch {0} has no row that can be paid")]
    Nothing(u32),
    /// A row that no word makes payable.
    #[error("row {0} of batch {1} cannot be accepted: {2}")]
    NotAcceptable(u32, u32, String),
    /// The same as before.
    #[error("row {0} of batch {1}: {2}")]
    Row(u32, u32, &'static str),
    /// The bank needs a day.
    #[error("a release by transfer needs the bank's day, today or later")]
    ValueDate,
    /// The batch does not pay that way.
    #[error("programme {0} pays by {1}")]
    OtherMethod(u16, &'static str),
    /// More files than people can look after.
    #[error("batch {batch} would make {files} transfer files, at most {MOST_FILES}: raise most_in_file")]
    TooManyFiles {
        /// The batch.
        batch: u32,
        /// Files.
        files: usize,
    },
    /// A payee would get more than one payee may.
    #[error("row {row} of batch {batch}: its payee would get {sum} of this programme, at most {ceiling}")]
    Ceiling {
        /// The batch.
        batch: u32,
        /// The row.
        row: u32,
        /// What the payee would get.
        sum: Yen,
        /// The ceiling.
        ceiling: Yen,
    },
    /// A file was made already.
    #[error("the transfer file of batch {0} was made as {1}; a batch has one file, in one form")]
    OtherFile(u32, &'static str),
    /// No file yet.
    #[error("the transfer file of batch {0} has not been made")]
    NoFile(u32),
    /// No such file.
    #[error("batch {0} has no file {1}")]
    UnknownFile(u32, u16),
    /// The row was not paid.
    #[error("row {1} of batch {0} is {2}")]
    RowState(u32, u32, &'static str),
    /// Something is still under way.
    #[error("batch {0} is still under way: {1}")]
    UnderWay(u32, String),
    /// A right that cannot be.
    #[error("row {row} of batch {batch}: the payee's right must be 0 to {most} and another than now, got {got}")]
    Right {
        /// The batch.
        batch: u32,
        /// The row.
        row: u32,
        /// The most.
        most: Yen,
        /// What came.
        got: Yen,
    },
    /// More than is owed.
    #[error("row {row} of batch {batch}: {owed} is owed, got {got}")]
    Owed {
        /// The batch.
        batch: u32,
        /// The row.
        row: u32,
        /// What is owed.
        owed: Yen,
        /// What came.
        got: Yen,
    },
}

/// Where a row is.
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
    /// What the payee owes of it, and what of that was given back.
    pub(super) claimed: Yen,
    pub(super) repaid: Yen,
}

impl Row {
    /// Would it be paid as it stands?
    pub(super) fn is_payable(&self) -> bool {
        self.state == RowState::Waiting && self.open_issues() == 0
    }

    /// What keeps it from being paid.
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
    /// Who did what, by names in their canonical form.
    pub(super) people: BTreeMap<String, Role>,
    /// When each step was taken, by whom and why.
    pub(super) steps: Vec<(Step, Millis, String, String)>,
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

/// Who gets the money: a person, or an account where no person is named.
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
    /// What each payee of a programme is to get or got.
    pub(super) payees: HashMap<(u16, Payee), ceiling::Share>,
    /// Rows that were refused because of another of their household's event, and because of what else their payee is to get.
    pub(super) beaten: HashMap<(u16, [u8; 16]), RowSet>,
    /// See `beaten`.
    pub(super) above: HashMap<(u16, Payee), RowSet>,
    /// Whose account it is: the first payee of a programme that named it.
    pub(super) accounts: HashMap<(u16, [u8; 16]), (Payee, u32, u32)>,
    /// Batches that are being credited.
    pub(super) releasing: BTreeSet<u32>,
}

impl ReliefState {
    pub(super) fn programme(&self, number: u16) -> Result<&Programme, Refusal> {
        self.programmes.get(&number).ok_or(Refusal::UnknownProgramme(number))
    }

    pub(super) fn batch(&self, batch: u32) -> Result<&Batch, Refusal> {
        self.batches.get(super::state::position(batch)).ok_or(Refusal::UnknownBatch(batch))
    }

    pub(super) fn row(&self, batch: u32, row: u32) -> Result<&Row, Refusal> {
        self.batch(batch)?.rows.get(super::state::position(row)).ok_or(Refusal::UnknownRow(batch, row))
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
        payable.fold((0, Yen::ZERO), |(n, sum), row| (n + 1, super::money::plus(sum, row.amount)))
    }

    /// The rows of a file that was made.
    pub(super) fn rows_of_file(&self, file: u16) -> &[u32] {
        let files = self.file.as_ref().map_or(&[][..], |(_, files)| files);
        let before = files.iter().take(usize::from(file)).map(|f| super::state::position(f.count)).sum::<usize>();
        let count = files.get(usize::from(file)).map_or(0, |f| super::state::position(f.count));
        let from = before.min(self.granted.len());
        &self.granted[from..(from + count).min(self.granted.len())]
    }
}

impl State {
    /// The payee of a row: the person that a temporary ID became, or the account.
    pub(super) fn payee(&self, ppid: Option<&Ppid>, account: Option<&SealedAccount>) -> Option<Payee> {
        match (ppid, account) {
            (Some(ppid), _) => {
                let root = self.people.residents.get(ppid).map(|at| self.holder(self.root(*at)).ppid);
                Some(*root.unwrap_or(*ppid).bytes())
            }
            (None, Some(account)) => Some(account.token),
            (None, None) => None,
        }
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
