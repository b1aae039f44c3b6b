//! The outcome of a comparison: a verdict on every line, the counts, and the exceptions that a person must look at, each with
//! an identity that stays the same when the comparison runs again.
//!
//! *Resolved by hand* and *written off* (domain.md section 8) are not here: they are people's decisions on exceptions.

use super::item::Side;
use super::keys::{Basis, Own, Party};
use kazasu_schemas::closing::{Finding, Proposed};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use serde::Serialize;
use std::fmt;

/// The verdict on a line.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// On the other side, and the same within the tolerance.
    Matched,
    /// Not on the other side, and not due yet.
    Expected,
    /// Not on the other side, and past its due day.
    Missing,
    /// Came without being expected.
    Unexpected,
    /// More came than was expected.
    AmountOver,
    /// Less came than was expected.
    AmountUnder,
    /// The same line in two currencies.
    CurrencyMismatch,
    /// The same line on days too far apart.
    DateMismatch,
    /// The same line with another kind, party or reference.
    DataMismatch,
    /// Repeats a line of its own side.
    Duplicate,
    /// Part of a group of which less has come than was expected, the rest not being due yet.
    PartlyMatched,
}

impl Status {
    /// Every status, in the order of [`Counts::each`].
    pub const ALL: [Status; 11] = [
        Status::Matched,
        Status::Expected,
        Status::Missing,
        Status::Unexpected,
        Status::AmountOver,
        Status::AmountUnder,
        Status::CurrencyMismatch,
        Status::DateMismatch,
        Status::DataMismatch,
        Status::Duplicate,
        Status::PartlyMatched,
    ];

    /// True for what a person must look at.
    #[must_use]
    pub fn is_exception(self) -> bool {
        match self {
            Status::Matched | Status::Expected => false,
            Status::Missing
            | Status::Unexpected
            | Status::AmountOver
            | Status::AmountUnder
            | Status::CurrencyMismatch
            | Status::DateMismatch
            | Status::DataMismatch
            | Status::Duplicate
            | Status::PartlyMatched => true,
        }
    }
}

/// The outcome of one line. Indexes are places in the compared slices, not line numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Nothing of the other side belongs to it: expected, missing or unexpected.
    Alone {
        /// The kind of reference.
        status: Status,
    },
    /// One line of the other side belongs to it.
    Pair {
        /// That line's index on the other side.
        with: u32,
        /// The verdict on the two.
        status: Status,
        /// The evidence.
        basis: Basis,
    },
    /// It belongs to a group.
    Group {
        /// Index in [`Outcome::groups`].
        group: u32,
        /// The verdict on the group's two sides.
        status: Status,
    },
    /// It repeats a line of its own side.
    Repeat {
        /// That line's index on the same side.
        of: u32,
    },
}

impl Verdict {
    /// The status alone.
    #[must_use]
    pub fn status(self) -> Status {
        match self {
            Verdict::Alone { status } | Verdict::Pair { status, .. } | Verdict::Group { status, .. } => status,
            Verdict::Repeat { .. } => Status::Duplicate,
        }
    }
}

/// Several lines of one side or both that belong together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Group {
    /// The verdict on the sums.
    pub status: Status,
    /// The evidence: the batch number or the sum.
    pub basis: Basis,
    /// Lines on the left and on the right.
    pub lines: [u32; 2],
    /// Their sums.
    pub sums: [Yen; 2],
    /// The last days among them.
    pub days: [BusinessDay; 2],
    /// Index of the first line of each side.
    pub first: [u32; 2],
}

/// Lines and yen of one status.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Tally {
    /// Lines on the left.
    pub left: u64,
    /// Lines on the right.
    pub right: u64,
    /// Yen on the left, signed.
    pub left_yen: i64,
    /// Yen on the right, signed.
    pub right_yen: i64,
}

/// Lines and yen by status. Every line is counted once.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Counts {
    /// In the order of [`Status::ALL`].
    pub each: [Tally; 11],
}

impl Counts {
    /// The lines with this status.
    #[must_use]
    pub fn of(&self, status: Status) -> Tally {
        self.each[Self::place(status)]
    }

    pub(crate) fn of_mut(&mut self, status: Status) -> &mut Tally {
        &mut self.each[Self::place(status)]
    }

    fn place(status: Status) -> usize {
        Status::ALL.iter().position(|s| *s == status).expect("every status is listed")
    }
}

/// The proposed resolution of an exception: people decide.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Proposal {
    /// Nothing before the end of this day: the rest may still come.
    WaitUntil(#[serde(serialize_with = "day")] BusinessDay),
    /// Ask this side for the line, or about the difference.
    Ask(Side),
    /// Money really moved: book the difference (what came less what was expected).
    BookDifference(#[serde(serialize_with = "yen")] Yen),
    /// So small that it may be written off (what came less what was expected).
    WriteOff(#[serde(serialize_with = "yen")] Yen),
    /// This side has a line twice: it takes one back.
    ReverseDuplicate(Side),
    /// Amounts agree: put the data right on the side that is wrong.
    CorrectData,
    /// Several explanations fit: choose among the candidates.
    ChooseCandidate,
}

impl From<Proposal> for Proposed {
    fn from(proposal: Proposal) -> Self {
        match proposal {
            Proposal::WaitUntil(day) => Proposed::WaitUntil(day),
            Proposal::Ask(side) => Proposed::Ask(side),
            Proposal::BookDifference(yen) => Proposed::BookDifference(yen),
            Proposal::WriteOff(yen) => Proposed::WriteOff(yen),
            Proposal::ReverseDuplicate(side) => Proposed::ReverseDuplicate(side),
            Proposal::CorrectData => Proposed::CorrectData,
            Proposal::ChooseCandidate => Proposed::ChooseCandidate,
        }
    }
}

/// The subject of an exception in 16 bytes: the same in every run over the same lines, with any lines around them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExceptionId(pub [u8; 16]);

impl fmt::Display for ExceptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ExceptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExceptionId({self})")
    }
}

/// Something that a person must look at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Exception {
    /// The same in every run.
    #[serde(serialize_with = "text")]
    pub id: ExceptionId,
    /// The fault.
    pub status: Status,
    /// The side that `line` stands on.
    pub side: Side,
    /// The line that it is about, or the first of a group.
    pub line: u64,
    /// The line it is compared with, or the first of the group; for a duplicate, the line of its own side that it repeats.
    pub other_line: Option<u64>,
    /// Our record number, where the line names it.
    pub own: Own,
    /// Whose line it is.
    #[serde(serialize_with = "text")]
    pub party: Party,
    /// The line's amount, or the group's sum.
    #[serde(serialize_with = "yen")]
    pub amount: Yen,
    /// The other's amount or sum.
    #[serde(serialize_with = "some_yen")]
    pub other_amount: Option<Yen>,
    /// By how many days the other is later; what is missing: days past its due day.
    pub days: i32,
    /// The finding.
    #[serde(skip)]
    pub finding: Finding,
    /// The proposed resolution.
    pub proposal: Proposal,
    /// Lines of the other side among which to choose; at most twenty.
    pub candidates: Vec<u64>,
}

/// The outcome of a comparison.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Lines and yen by status.
    pub counts: Counts,
    /// Yen of the left side's matched lines, signed.
    pub matched_yen: Yen,
    /// Matched pairs and groups whose amounts differ within the tolerance.
    pub tolerated: u64,
    /// By how many yen, what came less what was expected.
    pub tolerated_yen: Yen,
    /// The exceptions in the order of the left side's lines, then the groups, then the right side's.
    pub exceptions: Vec<Exception>,
    /// Exceptions beyond those listed.
    pub unlisted: u64,
    /// Groups that were matched, wholly or in part.
    pub groups: Vec<Group>,
    /// A verdict on every left line, in their order.
    pub left: Vec<Verdict>,
    /// A verdict on every right line, in their order.
    pub right: Vec<Verdict>,
}

fn day<S: serde::Serializer>(day: &BusinessDay, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(day)
}

fn yen<S: serde::Serializer>(yen: &Yen, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_i64(yen.get())
}

fn some_yen<S: serde::Serializer>(amount: &Option<Yen>, s: S) -> Result<S::Ok, S::Error> {
    amount.map(Yen::get).serialize(s)
}

fn text<S: serde::Serializer>(value: &impl fmt::Display, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(value)
}
