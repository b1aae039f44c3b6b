//! The reason for refusing a command about relief. The sentences here are for logs; people read those of the catalogue, in their language.

use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::{Format, Method, Role, Step};
use std::fmt;

/// Rows of one record.
pub const ROWS_AT_ONCE: usize = 256;
/// Transfer files of one batch.
pub const MOST_FILES: usize = 1_000;

/// The reason for refusing a command about relief.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// No such programme.
    #[error("relief programme {0} is not known")]
    UnknownProgramme(u16),
    /// The policy has a purse programme of that number.
    #[error("number {0} is a purse programme of the policy; take another")]
    NumberTaken(u16),
    /// The terms that never change.
    #[error("{0} of programme {1} cannot change; make a new programme")]
    Fixed(FixedTerm, u16),
    /// The last day lies in the past.
    #[error("the programme would be over on {0}, which is past")]
    Past(ProgrammeEnd),
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
    #[error("{by} was {} of this batch; another person must be its {}", .was.name(), .wanted.name())]
    TwoRoles {
        /// The person.
        by: String,
        /// The person's role.
        was: Role,
        /// The role that they would have.
        wanted: Role,
    },
    /// The budget does not cover it.
    #[error("programme {programme} has {available} of budget left, {asked} was asked for")]
    Budget {
        /// The programme.
        programme: u16,
        /// The amount that is not committed.
        available: Yen,
        /// The amount that was asked for.
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
        /// The value that came.
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
    #[error(
        "batch {batch} is {}; {step} follows {}", name_of(*.at),
        .needed.map_or("anything before the release", Step::name)
    )]
    StepOrder {
        /// The batch.
        batch: u32,
        /// Its step; none while it is read in.
        at: Option<Step>,
        /// The amount that was asked for.
        step: WantedOfBatch,
        /// The step before that one; none for a cancellation, which may follow each step before the release.
        needed: Option<Step>,
    },
    /// Too late for a change.
    #[error("batch {0} is {is}: rows change only before it is assessed", is = name_of(*.1))]
    Decided(u32, Option<Step>),
    /// Nothing to pay.
    #[error("batch {0} has no row that can be paid")]
    Nothing(u32),
    /// A row that no word makes payable.
    #[error("row {0} of batch {1} cannot be accepted: {issues}", issues = .2.join(", "))]
    NotAcceptable(u32, u32, Vec<&'static str>),
    /// It is excluded.
    #[error("row {0} of batch {1}: it is excluded")]
    Excluded(u32, u32),
    /// The bank needs a day.
    #[error("a release by transfer needs the bank's day, today or later")]
    ValueDate,
    /// The batch does not pay that way.
    #[error("programme {0} pays by {is}", is = .1.name())]
    OtherMethod(u16, Method),
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
        /// The amount that the payee would get.
        sum: Yen,
        /// The ceiling.
        ceiling: Yen,
    },
    /// A file was made already.
    #[error("the transfer file of batch {0} was made as {is}; a batch has one file, in one form", is = .1.name())]
    OtherFile(u32, Format),
    /// No file yet.
    #[error("the transfer file of batch {0} has not been made")]
    NoFile(u32),
    /// No such file.
    #[error("batch {0} has no file {1}")]
    UnknownFile(u32, u16),
    /// The row was not paid.
    #[error("row {1} of batch {0} is {2}")]
    RowState(u32, u32, RowIs),
    /// Something is still under way.
    #[error("batch {0} is still under way: {1}")]
    UnderWay(u32, StillDue),
    /// A right that cannot be.
    #[error("row {row} of batch {batch}: the payee's right must be 0 to {most} and another than now, got {got}")]
    Right {
        /// The batch.
        batch: u32,
        /// The row.
        row: u32,
        /// The most.
        most: Yen,
        /// The value that came.
        got: Yen,
    },
    /// More than is owed.
    #[error("row {row} of batch {batch}: {owed} is owed, got {got}")]
    Owed {
        /// The batch.
        batch: u32,
        /// The row.
        row: u32,
        /// The amount that is owed.
        owed: Yen,
        /// The value that came.
        got: Yen,
    },
}

fn name_of(step: Option<Step>) -> &'static str {
    step.map_or("being read in", Step::name)
}

/// Terms of a programme that never change.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FixedTerm {
    /// The disbursement method.
    #[error("the disbursement method")]
    Method,
    /// The city.
    #[error("the city")]
    City,
    /// The rule for several applications of one household.
    #[error("the duplicate rule")]
    DuplicateRule,
}

/// The time at which a programme would be over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProgrammeEnd {
    /// With this day.
    Day(BusinessDay),
    /// At this time.
    Time(Millis),
}

impl fmt::Display for ProgrammeEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProgrammeEnd::Day(day) => day.fmt(f),
            ProgrammeEnd::Time(time) => f.write_str(&time.jst_text()),
        }
    }
}

/// A person's command about a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WantedOfBatch {
    /// A step.
    Step(Step),
    /// The transfer file.
    TransferFile,
}

impl fmt::Display for WantedOfBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WantedOfBatch::Step(step) => step.name(),
            WantedOfBatch::TransferFile => "the transfer file",
        })
    }
}

/// The state of a row that cannot change as requested.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RowIs {
    /// Before it is paid: it may still be changed.
    #[error("not paid yet; exclude it or change its amount")]
    NotPaid,
    /// Not granted.
    #[error("excluded")]
    Excluded,
    /// It came back.
    #[error("returned")]
    Returned,
    /// Granted, and not paid.
    #[error("withheld")]
    Withheld,
    /// Its money is in no purse.
    #[error("in no purse")]
    InNoPurse,
    /// The bank has not taken it.
    #[error("not sent yet")]
    NotSentYet,
    /// It came back before.
    #[error("returned already")]
    ReturnedBefore,
    /// No transfer left for it.
    #[error("not sent")]
    NotSent,
    /// A part was given back.
    #[error("partly given back already; settle it by hand")]
    PartlyRepaid,
    /// It was paid again.
    #[error("not returned any more")]
    NotReturned,
}

/// The remaining steps of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StillDue {
    /// Purses without their money.
    #[error("{0} purses are not credited yet")]
    Purses(usize),
    /// Files that the bank has not taken.
    #[error("the bank has not taken {0} files")]
    Files(usize),
}
