//! Faults of a report before any format sees it.

use super::cell::Kind;
use super::sheet::{
    MAX_COLUMNS, MAX_NOTES, MAX_NUMBER, MAX_ROWS, MAX_SHEET_NAME, MAX_SHEETS, MAX_SUBTITLES, MAX_TEXT, MAX_TITLE,
};

/// The error of a report that was refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReportError {
    /// A title, a column's name or another short text is empty or too long.
    #[error("{what} must be 1 to {MAX_TITLE} characters without control characters, got {text:?}")]
    Short {
        /// The text.
        what: &'static str,
        /// The first characters of it.
        text: String,
    },
    /// A subtitle or a note is too long.
    #[error("{what} must be at most {MAX_TEXT} characters, got {length}")]
    Long {
        /// The text.
        what: &'static str,
        /// Its characters.
        length: usize,
    },
    /// More subtitle lines than a title block holds.
    #[error("a report has at most {MAX_SUBTITLES} subtitle lines")]
    Subtitles,
    /// No sheet, or too many.
    #[error("a report has 1 to {MAX_SHEETS} sheets, got {0}")]
    Sheets(usize),
    /// A name that Excel does not take.
    #[error(
        "sheet name {0:?} must be 1 to {MAX_SHEET_NAME} UTF-16 units, without [ ] : * ? / \\ and control characters, and may not begin or end with an apostrophe"
    )]
    SheetName(String),
    /// Two sheets of one name; Excel does not tell upper from lower case.
    #[error("two sheets are named {0:?}")]
    SheetTwice(String),
    /// A column, row or note came before any sheet.
    #[error("{0} came before the first sheet")]
    NoSheet(&'static str),
    /// A column came after the first row.
    #[error("sheet {sheet:?}: column {column:?} came after the first row")]
    LateColumn {
        /// The sheet.
        sheet: String,
        /// The column.
        column: String,
    },
    /// No column, or too many.
    #[error("sheet {sheet:?} must have 1 to {MAX_COLUMNS} columns, got {columns}")]
    Columns {
        /// The sheet.
        sheet: String,
        /// Its columns.
        columns: usize,
    },
    /// Two columns of one English name, which is the key in JSON.
    #[error("sheet {sheet:?}: two columns are named {column:?}")]
    ColumnTwice {
        /// The sheet.
        sheet: String,
        /// The English name.
        column: String,
    },
    /// A total over what cannot be summed.
    #[error("sheet {sheet:?}: column {column:?} is {kind:?} and has no total")]
    NoTotal {
        /// The sheet.
        sheet: String,
        /// The column's English name.
        column: String,
        /// The kind of its values.
        kind: Kind,
    },
    /// More notes than a sheet holds.
    #[error("sheet {0:?} has more than {MAX_NOTES} notes")]
    Notes(String),
    /// More rows than a sheet holds.
    #[error("sheet {0:?} has more than {MAX_ROWS} rows")]
    Rows(String),
    /// A row of another width than the header.
    #[error("sheet {sheet:?} row {row}: {cells} cells, the header has {columns}")]
    Width {
        /// The sheet.
        sheet: String,
        /// The row, from 1.
        row: usize,
        /// Cells in the row.
        cells: usize,
        /// Columns of the sheet.
        columns: usize,
    },
    /// A value that its column does not take.
    #[error("sheet {sheet:?} row {row} column {column:?}: {problem}")]
    Value {
        /// The sheet.
        sheet: String,
        /// The row, from 1.
        row: usize,
        /// The column's English name.
        column: String,
        /// The fault.
        problem: ValueError,
    },
}

/// The fault of one value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ValueError {
    /// A value of another kind.
    #[error("the column holds {0:?}, the value is something else")]
    Kind(Kind),
    /// Beyond what a spreadsheet keeps exactly (2^53).
    #[error("{0} is beyond ±{MAX_NUMBER}, above which a spreadsheet rounds")]
    Large(i64),
    /// The column's total is beyond the same bound.
    #[error("the column's total is beyond ±{MAX_NUMBER}, above which a spreadsheet rounds")]
    Total,
    /// A text beyond the bound.
    #[error("{0} characters, at most {MAX_TEXT} are taken")]
    Text(usize),
}
