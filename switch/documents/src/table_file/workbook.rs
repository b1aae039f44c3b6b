//! Rows from a workbook (`.xlsx`). Cells are read one by one as the sheet has them, so that a cell in a far corner costs nothing, and
//! how much a file unfolds to is measured before, so that a small file cannot fill the memory.
//!
//! A spreadsheet keeps numbers as doubles, of which it shows fifteen figures. They become text with as many, and the text is what is
//! read; nothing is calculated with them.

use super::Found;
use calamine::{DataRef, DataType, ExcelDateTime, Reader, SheetVisible, Xlsx};
use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Bytes that a workbook may unfold to.
const MOST_UNFOLDED: u64 = 1024 * 1024 * 1024;
/// Cells of a sheet that are read.
const MOST_CELLS: usize = 16_000_000;
/// Rows without a cell between two rows of one table.
const FAR: u64 = 10_000;
/// Above, a spreadsheet does not keep every figure.
const EXACT: f64 = 1e15;

/// The sheet's name and its rows, those between them that are empty included.
pub(super) fn read(bytes: &[u8], wanted: Option<&str>) -> Result<(String, Vec<Found>), String> {
    let damaged = |problem: String| format!("the workbook cannot be read ({problem}): open it and save it again");
    unfolds(bytes).map_err(damaged)?;
    // What a reader of foreign files did not foresee is an error of the file, not of this program.
    let read = catch_unwind(AssertUnwindSafe(|| rows(bytes, wanted)));
    read.map_err(|_| damaged("its inside is not as it should be".into()))?
}

fn unfolds(bytes: &[u8]) -> Result<(), String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| e.to_string())?;
    let mut left = MOST_UNFOLDED;
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(|e| e.to_string())?;
        let mut part = part.take(left);
        let size = std::io::copy(&mut part, &mut std::io::sink()).map_err(|e| e.to_string())?;
        left -= size;
        if left == 0 {
            return Err(format!("it unfolds to more than {MOST_UNFOLDED} bytes"));
        }
    }
    Ok(())
}

fn rows(bytes: &[u8], wanted: Option<&str>) -> Result<(String, Vec<Found>), String> {
    let damaged = |problem: String| format!("the workbook cannot be read ({problem}): open it and save it again");
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|e| damaged(e.to_string()))?;
    let shown = |sheet: &&calamine::Sheet| sheet.visible == SheetVisible::Visible;
    let sheets = book.sheets_metadata();
    let sheet = match wanted {
        None => sheets.iter().find(shown).or(sheets.first()),
        Some(name) => sheets.iter().find(|sheet| sheet.name.trim() == name.trim()),
    };
    let Some(name) = sheet.map(|sheet| sheet.name.clone()) else {
        let names: Vec<String> = sheets.iter().map(|sheet| format!("{:?}", sheet.name)).collect();
        return Err(format!("the workbook has no sheet {:?}; it has {}", wanted.unwrap_or(""), names.join(", ")));
    };
    let mut cells = book.worksheet_cells_reader(&name).map_err(|e| damaged(e.to_string()))?;
    let mut out: Vec<Found> = Vec::new();
    let mut taken = 0_usize;
    while let Some(cell) = cells.next_cell().map_err(|e| damaged(e.to_string()))? {
        if cell.get_value().is_empty() {
            continue;
        }
        taken += 1;
        if taken > MOST_CELLS {
            return Err(format!("the sheet {name:?} has more than {MOST_CELLS} cells; split it"));
        }
        let (row, column) = cell.get_position();
        let (row, column) = (u64::from(row) + 1, usize::try_from(column).map_err(|e| damaged(e.to_string()))?);
        put(&mut out, row, column, cell.get_value()).map_err(damaged)?;
    }
    Ok((name, out))
}

/// Puts a cell to its row; the rows before it are there, empty or not.
fn put(out: &mut Vec<Found>, row: u64, column: usize, value: &DataRef<'_>) -> Result<(), String> {
    let last = out.last().map_or(0, |found| found.line);
    if row < last {
        return Err(format!("row {row} stands behind row {last}"));
    }
    // What lies far below the table is no gap of the table.
    if row.saturating_sub(last) <= FAR {
        out.extend((last + 1..row).map(|empty| Found { line: empty, row: empty, ..Found::default() }));
    }
    if row > last {
        out.push(Found { line: row, row, ..Found::default() });
    }
    let found = out.last_mut().ok_or("a row is missing")?;
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
    Fault(String, &'static str),
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
        DataRef::DurationIso(text) => Text::Fault(text.clone(), "is a duration"),
        DataRef::Error(error) => Text::Fault(error.to_string(), "is an error of the spreadsheet's"),
    }
}

fn number(n: f64) -> Text {
    if !n.is_finite() {
        return Text::Fault(n.to_string(), "is no number");
    }
    if n.abs() >= EXACT {
        let problem = "is a number of which a spreadsheet keeps only fifteen figures: write it as text";
        return Text::Fault(format!("{n:.0}"), problem);
    }
    // What a spreadsheet shows: fifteen figures, so that 1100.0000000000002 is 1100.
    let shown: f64 = format!("{n:.14e}").parse().unwrap_or(n);
    Text::Plain(if shown == 0.0 { "0".into() } else { shown.to_string() })
}

fn date(at: &ExcelDateTime) -> Text {
    if at.is_duration() {
        return Text::Fault(at.as_f64().to_string(), "is a duration");
    }
    let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    match (hour, minute, second) {
        (0, 0, 0) => Text::Date(date),
        _ => Text::Date(format!("{date}T{hour:02}:{minute:02}:{second:02}+09:00")),
    }
}
