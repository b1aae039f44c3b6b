//! One table of a report: columns, rows, totals and notes, checked as they come, so that no format can fail on a value.

use super::cell::{Cell, Kind};
use super::error::{ReportError, ValueError};
use kazasu_text::Text;
use kazasu_text::reports::Furniture;

/// Columns of a sheet.
pub const MAX_COLUMNS: usize = 100;
/// Rows of a sheet; larger tables are streamed with [`CsvOut`](super::csv::CsvOut).
pub const MAX_ROWS: usize = 3_000_000;
/// Characters of a cell, a subtitle or a note (a spreadsheet's cell holds 32,767 UTF-16 units).
pub const MAX_TEXT: usize = 10_000;
/// Characters of a title or of a column's name.
pub const MAX_TITLE: usize = 100;
/// Sheets of a report.
pub const MAX_SHEETS: usize = 50;
/// UTF-16 units of a sheet's name: Excel takes 31, and a continuation adds its number.
pub const MAX_SHEET_NAME: usize = 26;
/// Subtitle lines of a report.
pub const MAX_SUBTITLES: usize = 20;
/// Notes of a sheet.
pub const MAX_NOTES: usize = 100;
/// The largest whole number that a double, and so a spreadsheet, keeps exactly: 2^53.
pub const MAX_NUMBER: i64 = 9_007_199_254_740_992;

/// The total below a column.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Total {
    /// Nothing.
    #[default]
    Without,
    /// The sum of all rows.
    Sum,
    /// The sum of all rows; in a spreadsheet, of the rows that its filter shows.
    Shown,
}

/// One column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Column {
    name: String,
    name_en: String,
    kind: Kind,
    total: Total,
}

impl Column {
    /// A column with its names in Japanese and in English; the English one is the key in JSON.
    #[must_use]
    pub fn new(name: &str, name_en: &str, kind: Kind) -> Self {
        Column { name: name.to_owned(), name_en: name_en.to_owned(), kind, total: Total::Without }
    }

    /// The same column with a total below it.
    #[must_use]
    pub fn total(mut self, total: Total) -> Self {
        self.total = total;
        self
    }

    /// The name in Japanese.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name in English.
    #[must_use]
    pub fn name_en(&self) -> &str {
        &self.name_en
    }

    /// The kind of its values.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The text below it.
    #[must_use]
    pub fn total_kind(&self) -> Total {
        self.total
    }
}

/// One table of a report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sheet {
    name: String,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
    /// A cell a column: the sum so far, or empty.
    totals: Vec<Cell>,
    notes: Vec<String>,
}

impl Sheet {
    /// An empty table.
    pub fn new(name: &str, columns: Vec<Column>) -> Result<Self, ReportError> {
        check_name(name)?;
        check_columns(name, &columns)?;
        let totals = columns.iter().map(first_total).collect();
        Ok(Sheet { name: name.to_owned(), columns, rows: Vec::new(), totals, notes: Vec::new() })
    }

    /// Adds a row.
    pub fn push(&mut self, row: Vec<Cell>) -> Result<(), ReportError> {
        let number = self.rows.len() + 1;
        if number > MAX_ROWS {
            return Err(ReportError::Rows(self.name.clone()));
        }
        if row.len() != self.columns.len() {
            return Err(ReportError::Width {
                sheet: self.name.clone(),
                row: number,
                cells: row.len(),
                columns: self.columns.len(),
            });
        }
        // Nothing is added before everything is known to be right: a refused row leaves no trace in the totals.
        let mut totals = Vec::with_capacity(row.len());
        for ((cell, column), total) in row.iter().zip(&self.columns).zip(&self.totals) {
            let sum = check_value(cell, column.kind).and_then(|()| added(total, cell));
            totals.push(sum.map_err(|problem| ReportError::Value {
                sheet: self.name.clone(),
                row: number,
                column: column.name_en.clone(),
                problem,
            })?);
        }
        self.totals = totals;
        self.rows.push(row);
        Ok(())
    }

    /// Adds a line below the table.
    pub fn note(&mut self, text: &str) -> Result<(), ReportError> {
        check_long("a note", text)?;
        if self.notes.len() >= MAX_NOTES {
            return Err(ReportError::Notes(self.name.clone()));
        }
        self.notes.push(text.to_owned());
        Ok(())
    }

    /// The name, as it stands on a spreadsheet's tab.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The columns.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The rows.
    #[must_use]
    pub fn rows(&self) -> &[Vec<Cell>] {
        &self.rows
    }

    /// A cell a column: its total, or empty where it has none.
    #[must_use]
    pub fn totals(&self) -> &[Cell] {
        &self.totals
    }

    /// The lines below the table.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// True where at least one column has a total.
    pub(super) fn has_totals(&self) -> bool {
        self.columns.iter().any(|column| column.total != Total::Without)
    }

    /// The column in which the totals line says what it is: the first one without a total.
    pub(super) fn label_column(&self) -> Option<usize> {
        self.columns.iter().position(|column| column.total == Total::Without)
    }
}

/// The label of the totals line.
pub(super) fn total_label() -> String {
    Furniture::Total.both()
}

fn first_total(column: &Column) -> Cell {
    match column.total {
        Total::Without => Cell::Empty,
        Total::Sum | Total::Shown => column.kind.zero().unwrap_or_default(),
    }
}

fn added(total: &Cell, cell: &Cell) -> Result<Cell, ValueError> {
    if *total == Cell::Empty {
        return Ok(Cell::Empty);
    }
    let sum = total.plus(cell).ok_or(ValueError::Total)?;
    if sum.integer().is_some_and(is_large) { Err(ValueError::Total) } else { Ok(sum) }
}

fn is_large(n: i64) -> bool {
    n.unsigned_abs() > MAX_NUMBER.unsigned_abs()
}

/// Checks one value against its column's kind and the bounds.
pub(super) fn check_value(cell: &Cell, kind: Kind) -> Result<(), ValueError> {
    if !cell.fits(kind) {
        return Err(ValueError::Kind(kind));
    }
    if let Some(n) = cell.integer().filter(|n| is_large(*n)) {
        return Err(ValueError::Large(n));
    }
    match cell {
        // A text has at most as many characters as bytes; only long ones are counted.
        Cell::Text(text) if text.len() > MAX_TEXT => {
            let length = text.chars().count();
            if length > MAX_TEXT { Err(ValueError::Text(length)) } else { Ok(()) }
        }
        Cell::Text(_)
        | Cell::Empty
        | Cell::Yen(_)
        | Cell::Count(_)
        | Cell::Points(_)
        | Cell::Percent(_)
        | Cell::Date(_)
        | Cell::Time(_) => Ok(()),
    }
}

/// Checks the columns of a sheet, or of a file that is streamed.
pub(super) fn check_columns(sheet: &str, columns: &[Column]) -> Result<(), ReportError> {
    if columns.is_empty() || columns.len() > MAX_COLUMNS {
        return Err(ReportError::Columns { sheet: sheet.to_owned(), columns: columns.len() });
    }
    for (at, column) in columns.iter().enumerate() {
        check_short("a column's name", &column.name)?;
        check_short("a column's English name", &column.name_en)?;
        if columns[..at].iter().any(|before| before.name_en == column.name_en) {
            return Err(ReportError::ColumnTwice { sheet: sheet.to_owned(), column: column.name_en.clone() });
        }
        if column.total != Total::Without && !column.kind.is_number() {
            return Err(ReportError::NoTotal {
                sheet: sheet.to_owned(),
                column: column.name_en.clone(),
                kind: column.kind,
            });
        }
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), ReportError> {
    let length = name.encode_utf16().count();
    let good = (1..=MAX_SHEET_NAME).contains(&length)
        && !name.contains(|c: char| matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\') || c.is_control())
        && !name.starts_with('\'')
        && !name.ends_with('\'')
        // Excel keeps this name for itself.
        && !name.eq_ignore_ascii_case("history");
    if good { Ok(()) } else { Err(ReportError::SheetName(name.chars().take(MAX_TITLE).collect())) }
}

pub(super) fn check_short(what: &'static str, text: &str) -> Result<(), ReportError> {
    let good = (1..=MAX_TITLE).contains(&text.chars().count()) && !text.contains(char::is_control);
    if good { Ok(()) } else { Err(ReportError::Short { what, text: text.chars().take(MAX_TITLE).collect() }) }
}

pub(super) fn check_long(what: &'static str, text: &str) -> Result<(), ReportError> {
    let length = text.chars().count();
    if length > MAX_TEXT { Err(ReportError::Long { what, length }) } else { Ok(()) }
}
