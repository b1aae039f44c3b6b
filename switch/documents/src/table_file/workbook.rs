//! Rows from a workbook (`.xlsx`). Cells are read one by one as the sheet has them, so that a cell in a far corner costs nothing, and
//! how much a file unfolds to is measured before, so that a small file cannot fill the memory.
//!
//! A spreadsheet keeps numbers as doubles, of which it shows fifteen figures. They become text with as many, and the text is what is
//! read; nothing is calculated with them.

use super::found::Found;
use calamine::{DataRef, DataType, ExcelDateTime, Reader, SheetVisible, Xlsx};
use kazasu_text::tables::{CellFault, DamageText, TableText};
use kazasu_text::{Count, Quoted, Said};
use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Bytes that a workbook may unfold to.
const MOST_UNFOLDED: u64 = 1024 * 1024 * 1024;
/// Cells of a sheet that are read.
const MOST_CELLS: usize = 16_000_000;
/// Rows without a cell between two rows of one table.
const FAR: u64 = 10_000;
/// Rows and columns that a sheet has at most (Excel's own bounds). Rows that are left out between two cells are kept as empty ones, so without
/// a last row a small file could fill the memory.
const LAST_ROW: u64 = 1_048_576;
const LAST_COLUMN: usize = 16_384;
/// Above, a spreadsheet does not keep every figure.
const EXACT: f64 = 1e15;

/// The sheet's name and its rows, those between them that are empty included.
pub(super) fn read(bytes: &[u8], wanted: Option<&str>) -> Result<(String, Vec<Found>), Said> {
    unfolds(bytes)?;
    // What a reader of foreign files did not foresee is an error of the file, not of this program.
    let read = catch_unwind(AssertUnwindSafe(|| rows(bytes, wanted)));
    read.map_err(|_| damaged(DamageText::Inside))?
}

/// A workbook that cannot be read.
fn damaged(why: DamageText<'_>) -> Said {
    Said::of(&TableText::Workbook { why })
}

/// The same, in the words of the library that reads it.
fn broken(why: impl std::fmt::Display) -> Said {
    damaged(DamageText::Library { why: &why.to_string() })
}

fn unfolds(bytes: &[u8]) -> Result<(), Said> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    let mut left = MOST_UNFOLDED;
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(broken)?;
        let mut part = part.take(left);
        let size = std::io::copy(&mut part, &mut std::io::sink()).map_err(broken)?;
        left -= size;
        if left == 0 {
            return Err(damaged(DamageText::Unfolds { most: Count(MOST_UNFOLDED) }));
        }
    }
    Ok(())
}

fn rows(bytes: &[u8], wanted: Option<&str>) -> Result<(String, Vec<Found>), Said> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(broken)?;
    let shown = |sheet: &&calamine::Sheet| sheet.visible == SheetVisible::Visible;
    let sheets = book.sheets_metadata();
    let sheet = match wanted {
        None => sheets.iter().find(shown).or(sheets.first()),
        Some(name) => sheets.iter().find(|sheet| sheet.name.trim() == name.trim()),
    };
    let Some(name) = sheet.map(|sheet| sheet.name.clone()) else {
        let names: Vec<String> = sheets.iter().map(|sheet| format!("{:?}", sheet.name)).collect();
        let sheet = Quoted(wanted.unwrap_or(""));
        return Err(Said::of(&TableText::NoSheet { sheet, sheets: &names.join(", ") }));
    };
    let mut cells = book.worksheet_cells_reader(&name).map_err(broken)?;
    let mut out: Vec<Found> = Vec::new();
    let mut taken = 0_usize;
    while let Some(cell) = cells.next_cell().map_err(broken)? {
        if cell.get_value().is_empty() {
            continue;
        }
        taken += 1;
        if taken > MOST_CELLS {
            return Err(Said::of(&TableText::ManyCells { sheet: Quoted(&name), most: MOST_CELLS.into() }));
        }
        let (row, column) = cell.get_position();
        let (row, column) = (u64::from(row) + 1, usize::try_from(column).map_err(broken)?);
        put(&mut out, row, column, cell.get_value())?;
    }
    Ok((name, out))
}

/// Puts a cell to its row; the rows before it are there, empty or not.
fn put(out: &mut Vec<Found>, row: u64, column: usize, value: &DataRef<'_>) -> Result<(), Said> {
    if row > LAST_ROW || column >= LAST_COLUMN {
        let (last_row, last_column) = (Count(LAST_ROW), LAST_COLUMN.into());
        let (row, column) = (Count(row), (column + 1).into());
        return Err(damaged(DamageText::Corner { row, column, last_row, last_column }));
    }
    let last = out.last().map_or(0, |found| found.line);
    if row < last {
        return Err(damaged(DamageText::Order { row, last }));
    }
    // What lies far below the table is no gap of the table.
    if row.saturating_sub(last) <= FAR {
        out.extend((last + 1..row).map(|empty| Found { line: empty, row: empty, ..Found::default() }));
    }
    if row > last {
        out.push(Found { line: row, row, ..Found::default() });
    }
    let found = out.last_mut().ok_or_else(|| damaged(DamageText::NoRow))?;
    if found.cells.len() <= column {
        found.cells.resize(column + 1, String::new());
    }
    match text(value) {
        Text::Plain(text) => found.cells[column] = text,
        Text::Date(text) => {
            found.cells[column] = text;
            found.dates.push(column);
        }
        Text::Fault(text, problem) => {
            found.cells[column] = text;
            found.faults.push((column, problem));
        }
    }
    Ok(())
}

enum Text {
    Plain(String),
    Date(String),
    Fault(String, CellFault<'static>),
}

fn text(value: &DataRef<'_>) -> Text {
    match value {
        DataRef::Empty => Text::Plain(String::new()),
        DataRef::String(text) => Text::Plain(text.clone()),
        DataRef::SharedString(text) => Text::Plain((*text).to_owned()),
        DataRef::Int(n) => Text::Plain(n.to_string()),
        DataRef::Float(n) => number(*n),
        DataRef::Bool(true) => Text::Plain("yes".into()),
        DataRef::Bool(false) => Text::Plain("no".into()),
        DataRef::DateTime(at) => date(at),
        DataRef::DateTimeIso(text) => Text::Date(text.strip_suffix("T00:00:00").unwrap_or(text).to_owned()),
        DataRef::DurationIso(text) => Text::Fault(text.clone(), CellFault::Duration),
        DataRef::Error(error) => Text::Fault(error.to_string(), CellFault::SheetError),
    }
}

fn number(n: f64) -> Text {
    if !n.is_finite() {
        return Text::Fault(n.to_string(), CellFault::NoNumber);
    }
    if n.abs() >= EXACT {
        return Text::Fault(format!("{n:.0}"), CellFault::FifteenFigures);
    }
    // What a spreadsheet shows: fifteen figures, so that 1100.0000000000002 is 1100.
    let shown: f64 = format!("{n:.14e}").parse().unwrap_or(n);
    Text::Plain(if shown == 0.0 { "0".into() } else { shown.to_string() })
}

fn date(at: &ExcelDateTime) -> Text {
    if at.is_duration() {
        return Text::Fault(at.as_f64().to_string(), CellFault::Duration);
    }
    let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    match (hour, minute, second) {
        (0, 0, 0) => Text::Date(date),
        _ => Text::Date(format!("{date}T{hour:02}:{minute:02}:{second:02}+09:00")),
    }
}
