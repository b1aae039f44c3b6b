//! The result of an import or of its preview: refused rows, changed fields, counts.

use kazasu_documents::table_file::{Refused, refused_csv};
use kazasu_ledger::record::{FileRow, Maker};
use kazasu_schemas::money::Yen;
use kazasu_security::vault::Vault;
use kazasu_text::problems::RowText;
use kazasu_text::{Language, Quoted, Said, Text};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Bad rows and changes that are listed in full; more are only counted.
pub(super) const LISTED: usize = 10_000;

/// A field, its value, and its value after the change.
pub(super) type Field = (&'static str, Option<String>, String);

/// What the rows that change something come to, and the first, the last and the largest of them.
#[derive(Clone, Debug, Default)]
pub(super) struct FileSum {
    /// Opening balances that would be booked.
    pub(super) opening: Yen,
    first: Option<FileRow>,
    last: Option<FileRow>,
    largest: Option<FileRow>,
}

impl FileSum {
    /// A row that was looked at.
    pub(super) fn row(&mut self, line: u64, (of, fields): (&str, &[Field]), opening: Yen) {
        if fields.is_empty() {
            return;
        }
        let books = fields.iter().any(|(field, ..)| *field == "balance");
        let yen = if books { opening } else { Yen::ZERO };
        self.opening = Yen::new(self.opening.get().saturating_add(yen.get()));
        let row = |which: &str| FileRow { which: which.to_owned(), line, text: text_of(of, fields), yen };
        self.first.get_or_insert_with(|| row("first"));
        if self.largest.as_ref().is_none_or(|largest| yen > largest.yen) {
            self.largest = Some(row("largest"));
        }
        self.last = Some(row("last"));
    }

    pub(super) fn shown(&self) -> Vec<FileRow> {
        [&self.first, &self.last, &self.largest].into_iter().flatten().cloned().collect()
    }
}

/// A row as the person who decides reads it.
fn text_of(of: &str, fields: &[Field]) -> String {
    let field = |(field, before, after): &Field| match before {
        Some(before) => format!("{field} {before} → {after}"),
        None => format!("{field} {after}"),
    };
    format!("{of}: {}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
}

/// A row that was not imported.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BadRow {
    /// Line in the file on which the row begins, the first being 1; in a workbook the sheet's row.
    pub line: u64,
    /// The row that a spreadsheet shows, where that is another number: cells with line breaks stand before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
    /// The column, or empty when the row as a whole is wrong.
    pub column: String,
    /// The value; card numbers are not repeated.
    pub value: String,
    /// The problem and the expected value.
    pub problem: String,
    /// The same in Japanese.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub problem_ja: String,
    /// The row's own cells, in the file's order; card numbers are not repeated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<String>,
}

impl BadRow {
    /// What is wrong, in a language. An answer of an earlier build has English only.
    #[must_use]
    pub fn problem_in(&self, language: Language) -> &str {
        match language {
            Language::Japanese if !self.problem_ja.is_empty() => &self.problem_ja,
            Language::Japanese | Language::English => &self.problem,
        }
    }

    /// Line, column and reason on one line.
    #[must_use]
    pub fn told(&self, language: Language) -> String {
        let (line, column, value) = (self.line, &*self.column, Quoted(&self.value));
        let problem = self.problem_in(language);
        let text = match (self.row, column) {
            (None, "") => RowText::Row { line, problem },
            (None, column) => RowText::Cell { line, column, value, problem },
            (Some(row), "") => RowText::SheetRow { line, row, problem },
            (Some(row), column) => RowText::SheetCell { line, row, column, value, problem },
        };
        text.in_language(language).into_owned()
    }
}

/// Refused rows as a file that is mended and read in again.
pub fn bad_rows_csv(header: &[String], rows: &[BadRow]) -> anyhow::Result<Vec<u8>> {
    let refused = rows.iter().map(|row| Refused {
        line: row.line,
        column: &row.column,
        problem: &row.problem,
        cells: &row.cells,
    });
    refused_csv(header, refused)
}

/// A field that a row changes, or would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FieldChange {
    /// The row's line.
    pub line: u64,
    /// The merchant, as acquirer and ID, or the person.
    pub of: String,
    /// The field, by its column's name.
    pub field: String,
    /// The present value; `None` when it is new.
    pub before: Option<String>,
    /// The value after the change.
    pub after: String,
}

/// The way of importing a file.
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// The workbook's sheet; the first that is shown when none is named.
    pub sheet: Option<String>,
    /// Whether anything is carried out.
    pub mode: Mode,
    /// The importer; the records of the rows name it.
    pub maker: Option<Maker>,
    /// The approval under which the rows are recorded.
    pub approval: Option<u64>,
    /// Opens payees' accounts for a look, which shows their last digits.
    pub vault: Option<Arc<Vault>>,
}

/// Whether anything is carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Rows become records.
    #[default]
    CarryOut,
    /// Nothing is recorded: the report says what would be.
    Look,
}

/// The result of an import or of its preview.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct ImportReport {
    /// Nothing was recorded: it was a look.
    pub dry_run: bool,
    /// The file's encoding: `utf-8`, `shift_jis`, `utf-16`, `ascii` or `xlsx`.
    pub encoding: String,
    /// The workbook's sheet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Rows read, the header and empty rows not counted: recorded, unchanged and bad ones.
    pub rows: u64,
    /// Empty rows.
    pub blank: u64,
    /// Rows that made at least one record.
    pub recorded: u64,
    /// Rows that changed nothing because everything was as they say.
    pub unchanged: u64,
    /// Cards whose number no configured issuer claims: linked, but refused with 92 until one does and they are linked again.
    pub without_route: u64,
    /// Rows that were refused.
    pub bad: u64,
    /// The first of them.
    pub bad_rows: Vec<BadRow>,
    /// The file's header.
    pub header: Vec<String>,
    /// Columns that are not known and were passed over.
    pub ignored_columns: Vec<String>,
    /// Fields that would change.
    pub changed_fields: u64,
    /// The first of them.
    pub changes: Vec<FieldChange>,
    /// Opening balances that were not booked, because another sum was paid in before; the first of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<FieldChange>,
    /// What the changing rows come to.
    #[serde(skip)]
    pub(super) sum: FileSum,
}

impl ImportReport {
    pub(super) fn refuse(&mut self, row: BadRow) {
        self.bad += 1;
        if self.bad_rows.len() < LISTED {
            self.bad_rows.push(row);
        }
    }
}

/// A report's fields for a row that is refused later.
pub(super) struct RowAsRead {
    pub(super) line: u64,
    pub(super) row: Option<u64>,
    pub(super) cells: Vec<String>,
}

impl RowAsRead {
    pub(super) fn bad(self, column: &str, value: String, problem: &Said) -> BadRow {
        let (problem, problem_ja) = (problem.en().into_owned(), problem.ja().into_owned());
        let column = column.to_owned();
        BadRow { line: self.line, row: self.row, column, value, problem, problem_ja, cells: self.cells }
    }
}

/// The outcome of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Did {
    /// It made a record.
    Record,
    /// All of it was there already.
    Nothing,
}

impl ImportReport {
    pub(super) fn count(&mut self, did: Did) {
        match did {
            Did::Record => self.recorded += 1,
            Did::Nothing => self.unchanged += 1,
        }
    }
}
