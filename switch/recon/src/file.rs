//! The detail file that acquirers and issuers send, and that this switch sends them. Reading and writing are streams over
//! any reader that the caller opened; nothing here opens, keeps or moves a file.
//!
//! The format's documentation follows; it is a file of its own so that it can be handed to each party.
#![doc = include_str!("detail-file.md")]

mod columns;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use columns::Row;
pub use kazasu_documents::table_file::Format;
pub use read::read;
pub use write::{Writer, Written};

use super::item::Mark;
use super::item::Side;
use kazasu_schemas::ids::InstitutionId;
use kazasu_schemas::money::Yen;
use kazasu_text::tables::DetailText;
use kazasu_text::{Count, Said};
use serde::{Deserialize, Serialize};

/// The columns, in the order in which they are written.
pub const COLUMNS: [&str; 13] = [
    "kind",
    "reference",
    "external_reference",
    "acquirer",
    "merchant",
    "terminal",
    "stan",
    "rrn",
    "approval",
    "amount",
    "currency",
    "day",
    "batch",
];

/// Lines of transactions that a file may have.
pub const MAX_ROWS: u64 = 5_000_000;
/// Bytes that a line may have, its end not counted; a workbook's rows are not bounded by it.
pub const MAX_LINE: usize = 2_048;
/// Bad rows that are listed; more are only counted.
pub const LISTED: usize = 10_000;

/// The column with the reference that the other side knows, too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExternalFrom {
    /// `external_reference`.
    Column,
    /// `rrn`.
    Rrn,
    /// `approval`.
    Approval,
}

/// The terms by which rows become [`super::item::Item`]s; from the contract with the file's sender.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Contract {
    /// Whose list it is.
    pub side: Side,
    /// The meaning of an empty `acquirer`.
    pub acquirer: Option<InstitutionId>,
    /// The column with the external reference.
    pub external: ExternalFrom,
    /// Put on every item.
    pub mark: Mark,
}

/// A row that was not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadRow {
    /// Line in the file on which the row begins, the header being 1; a workbook's row.
    pub line: u64,
    /// The row that a spreadsheet shows, where that is another number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
    /// The column, or empty when the row as a whole is wrong.
    pub column: String,
    /// The value that came, at most 64 characters, long runs of digits masked.
    pub value: String,
    /// The problem and the expected value.
    pub problem: String,
    /// The same in Japanese.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub problem_ja: String,
}

/// The file's own total, compared with the rows that were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Total {
    /// It says nothing.
    Absent,
    /// It says what was read.
    Agrees,
    /// It says something else.
    Differs {
        /// Rows it says it has; those read are in the report.
        count: u64,
        /// Their sum, as it says.
        sum: i64,
    },
}

/// The result of reading a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// SHA-256 of the whole content: the same file twice has the same.
    #[serde(serialize_with = "hexadecimal")]
    pub sha256: [u8; 32],
    /// The encoding as which its characters were read.
    pub encoding: Format,
    /// Columns that are not known and were passed over.
    pub ignored_columns: Vec<String>,
    /// Rows of transactions, good and bad.
    pub rows: u64,
    /// Rows that were handed over.
    pub good: u64,
    /// Rows that were refused, and lines after the total.
    pub bad: u64,
    /// The first [`LISTED`] of them.
    pub bad_rows: Vec<BadRow>,
    /// Sum of the amounts that could be read, also in bad rows, in all currencies.
    pub sum: i64,
    /// The total at the end.
    pub total: Total,
}

impl FileReport {
    /// The sum as money, for a file of yen.
    #[must_use]
    pub fn sum_yen(&self) -> Yen {
        Yen::new(self.sum)
    }
}

/// The error of a file that cannot be used at all.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.text())]
pub enum FileError {
    /// Its header says too little or too much to read the rest.
    Header(Said),
    /// It is longer than any file should be.
    TooManyRows,
}

impl FileError {
    /// The same for people.
    #[must_use]
    pub fn text(&self) -> Said {
        match self {
            FileError::Header(problem) => problem.clone(),
            FileError::TooManyRows => Said::of(&DetailText::ManyRows { most: Count(MAX_ROWS) }),
        }
    }
}

fn hexadecimal<S: serde::Serializer>(digest: &[u8; 32], s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(&hex::encode(digest))
}
