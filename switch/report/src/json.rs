//! A report as JSON: rows are objects whose keys are the columns' English names. Whole numbers are JSON numbers, rates are
//! strings of exact digits, dates and times are strings in Japan Standard Time.

use super::Report;
use super::cell::Cell;
use super::sheet::Sheet;
use serde_json::{Map, Value, json};

/// The whole report.
#[must_use]
pub fn value(report: &Report) -> Value {
    json!({
        "title": report.title(),
        "title_en": report.title_en(),
        "subtitles": report.subtitles(),
        "made_at": report.made_at().jst_text(),
        "sheets": report.sheets().iter().map(sheet).collect::<Vec<_>>(),
    })
}

/// One table: `name`, `rows`, `totals` (only the columns that have one) and `notes`.
#[must_use]
pub fn sheet(sheet: &Sheet) -> Value {
    let object = |cells: &[Cell], keep: &dyn Fn(&Cell) -> bool| -> Map<String, Value> {
        let named = sheet.columns().iter().zip(cells);
        named.filter(|(_, cell)| keep(cell)).map(|(c, cell)| (c.name_en().to_owned(), cell_value(cell))).collect()
    };
    json!({
        "name": sheet.name(),
        "rows": sheet.rows().iter().map(|row| Value::Object(object(row, &|_| true))).collect::<Vec<_>>(),
        "totals": object(sheet.totals(), &|cell| *cell != Cell::Empty),
        "notes": sheet.notes(),
    })
}

/// One value; what is empty is `null`.
#[must_use]
pub fn cell_value(cell: &Cell) -> Value {
    match cell {
        Cell::Empty => Value::Null,
        Cell::Yen(yen) => yen.get().into(),
        Cell::Count(n) | Cell::Points(n) => (*n).into(),
        Cell::Time(at) => at.jst_text().into(),
        Cell::Text(_) | Cell::Percent(_) | Cell::Date(_) => cell.plain().into(),
    }
}
