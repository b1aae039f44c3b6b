//! Tables that people bring: merchants, links, applications for relief, detail files, payees. One reader for all of them, so that what
//! a spreadsheet in Japan writes is read everywhere alike, and no row is lost anywhere.
//!
//! Read are CSV (comma or tab; UTF-8, UTF-16 as Excel's "Unicode text", Shift_JIS of Windows; lines that end with CR LF, CR or LF; line
//! breaks within quotes) and `.xlsx`. What comes out is rows by column name. Each row of the file comes out once: as a row, or as one
//! that cannot be used and why; empty ones are counted. A row bears the line on which it begins, for a workbook the sheet's row.
//!
//! Nothing here knows what a value means. Amounts and dates are read by [`kazasu_schemas::typed`].

mod characters;
mod found;
mod lines;
mod refused;
#[cfg(test)]
mod tests;
mod workbook;

pub use characters::Format;
pub use characters::text_of;
pub use refused::{BEGINNING, Refused, refused_csv};

use found::Found;
use kazasu_schemas::guard::unguarded;
use kazasu_text::tables::{CellFault, TableText};
use kazasu_text::{Quoted, Said};
use lines::Lines;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;

/// A column: its name, and other names for it.
pub type Column = (&'static str, &'static [&'static str]);

/// The columns of a kind of file.
#[derive(Clone, Copy)]
pub struct Columns {
    /// Those that are read.
    pub known: &'static [Column],
    /// Those without which a file says nothing.
    pub needed: &'static [&'static str],
    /// Those that hold dates: elsewhere a date is what a spreadsheet made of something else.
    pub dates: &'static [&'static str],
}

/// The way in which a file is read.
#[derive(Clone, Copy, Default)]
pub struct How<'a> {
    /// The characters, where a contract says.
    pub format: Option<Format>,
    /// The workbook's sheet; the first that is shown when none is named.
    pub sheet: Option<&'a str>,
}

/// Columns of files of refused rows, which may be read in again.
const OURS: [&str; 10] =
    ["行line", "列column", "値value", "理由reason", "表の行row", "line", "column", "value", "reason", "problem"];
/// The largest file.
const MOST_BYTES: usize = 512 * 1024 * 1024;
/// Characters of a value that are shown.
const SHOWN: usize = 64;

/// The place of each known column in the file.
type Places = Arc<[Option<usize>]>;

/// A file that is being read.
pub struct Table<'a> {
    columns: Columns,
    format: Format,
    sheet: Option<String>,
    header: Vec<String>,
    places: Places,
    ignored: Vec<String>,
    source: Source<'a>,
    blank: u64,
    /// It is a file of refused rows: cells that a spreadsheet would calculate have an apostrophe before them.
    guarded: bool,
}

enum Source<'a> {
    Lines(Lines<'a>),
    Sheet(std::vec::IntoIter<Found>, u64, u64),
}

/// The fault of a row, and its column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The column, or empty when it is the row as a whole.
    pub column: &'static str,
    /// The value that came.
    pub value: String,
    /// The fault.
    pub problem: Said,
}

/// A row.
pub struct Row {
    /// The line of the file on which it begins, the first being 1; the sheet's row for a workbook.
    pub line: u64,
    /// The spreadsheet's row where that is another number: cells with line breaks stand before it.
    pub row: Option<u64>,
    /// All its cells as they are, in the file's order.
    pub cells: Vec<String>,
    /// Bytes that it takes, its line end not counted; 0 for a workbook's.
    pub bytes: usize,
    /// The fault, where it cannot be used.
    pub fault: Option<Fault>,
    /// The row as it stands in the file, where it is refused as a whole: its cells may be other ones than its columns' own.
    whole: Option<String>,
    known: &'static [Column],
    places: Places,
}

impl Row {
    /// A value without the spaces around it; empty when its column is absent.
    pub fn get(&self, column: &str) -> &str {
        let at = self.known.iter().position(|(name, _)| *name == column);
        let cell = at.and_then(|at| self.places[at]).and_then(|place| self.cells.get(place));
        cell.map_or("", |text| text.trim())
    }

    /// The cells that a file of refused rows repeats. A row that is refused as a whole stands in one cell, behind a mark that is refused
    /// when it is read: its pieces would stand under columns that they may not belong to, and a copy of the file would be taken.
    pub fn into_refused(self) -> Vec<String> {
        match self.whole {
            Some(text) => vec![refused::marked(&text)],
            None => self.cells,
        }
    }
}

impl<'a> Table<'a> {
    /// Reads the header. The error says what is wrong with it or with the file.
    pub fn open(bytes: &'a [u8], columns: Columns, how: How<'_>) -> Result<Self, Said> {
        if bytes.len() > MOST_BYTES {
            return Err(Said::of(&TableText::Bytes { bytes: bytes.len().into(), most: MOST_BYTES.into() }));
        }
        if bytes.starts_with(b"\xd0\xcf\x11\xe0") {
            return Err(Said::of(&TableText::OldWorkbook));
        }
        let (source, format, sheet) = if bytes.starts_with(b"PK\x03\x04") {
            let (sheet, rows) = workbook::read(bytes, how.sheet)?;
            let of = u64::try_from(rows.len()).unwrap_or(u64::MAX);
            (Source::Sheet(rows.into_iter(), of, 0), Format::Xlsx, Some(sheet))
        } else if let Some(sheet) = how.sheet {
            return Err(Said::of(&TableText::NoWorkbook { sheet: Quoted(sheet) }));
        } else {
            let (text, format) = text_of(bytes, how.format)?;
            (Source::Lines(Lines::new(text)), format, None)
        };
        let places: Places = Arc::new([]);
        let (header, ignored) = (Vec::new(), Vec::new());
        let mut table = Table { columns, format, sheet, header, places, ignored, source, blank: 0, guarded: false };
        table.read_header()?;
        Ok(table)
    }

    fn read_header(&mut self) -> Result<(), Said> {
        let found = loop {
            match self.next_found() {
                None => return Err(Said::of(&TableText::Empty)),
                Some(found) if found.is_blank() => {}
                Some(found) => break found,
            }
        };
        let line = found.line;
        if let Some(fault) = found.broken.or(found.faults.first().map(|(_, fault)| *fault)) {
            return Err(Said::of(&TableText::Header { line, fault }));
        }
        let mut places: Vec<Option<usize>> = vec![None; self.columns.known.len()];
        for (at, text) in found.cells.iter().enumerate() {
            if text.contains('\u{0}') {
                return Err(Said::of(&TableText::NoText { line }));
            }
            let name = plain_name(text);
            let known = |(english, others): &Column| {
                plain_name(english) == name || others.iter().any(|other| plain_name(other) == name)
            };
            let Some(column) = self.columns.known.iter().position(known) else {
                self.guarded |= name == OURS[0];
                if !name.is_empty() && !OURS.contains(&name.as_str()) {
                    self.ignored.push(shown(text));
                }
                continue;
            };
            if places[column].replace(at).is_some() {
                let column = Quoted(self.columns.known[column].0);
                return Err(Said::of(&TableText::ColumnTwice { line, column }));
            }
        }
        for needed in self.columns.needed {
            let column = self.columns.known.iter().position(|(name, _)| name == needed);
            if column.is_some_and(|column| places[column].is_none()) {
                let there: BTreeSet<String> = self.ignored.iter().cloned().collect();
                let (column, needed, unknown) = (Quoted(needed), &self.columns.needed.join(", "), &joined(&there));
                return Err(if there.is_empty() {
                    Said::of(&TableText::NoColumn { line, column, needed })
                } else {
                    Said::of(&TableText::NoColumnUnknown { line, column, needed, unknown })
                });
            }
        }
        self.places = places.into();
        self.header = found.cells;
        while self.header.last().is_some_and(|name| name.trim().is_empty()) && self.format == Format::Xlsx {
            self.header.pop();
        }
        if let Source::Lines(lines) = &mut self.source {
            lines.expect(self.header.len());
        }
        Ok(())
    }

    fn next_found(&mut self) -> Option<Found> {
        match &mut self.source {
            Source::Lines(lines) => lines.next(),
            Source::Sheet(rows, _, taken) => {
                let found = rows.next()?;
                *taken += 1;
                Some(found)
            }
        }
    }

    /// The next row that is not empty.
    pub fn next_row(&mut self) -> Option<Row> {
        loop {
            let found = self.next_found()?;
            if found.is_blank() {
                self.blank += 1;
                continue;
            }
            return Some(self.row(found));
        }
    }

    fn row(&self, found: Found) -> Row {
        let Found { line, row, mut cells, text, bytes, faults, dates, broken } = found;
        let whole = |fault: CellFault<'_>| Fault { column: "", value: String::new(), problem: Said::of(&fault) };
        let mut fault = broken.map(whole);
        if fault.is_none() && self.format != Format::Xlsx && cells.len() != self.header.len() {
            let (cells, columns) = (cells.len().into(), self.header.len().into());
            fault = Some(whole(CellFault::OtherCells { cells, columns }));
        }
        if self.format == Format::Xlsx {
            cells.resize(self.header.len().max(cells.len()), String::new());
        }
        for cell in cells.iter_mut().filter(|_| self.guarded) {
            *cell = unguarded(cell).to_owned();
        }
        // Its cells are what they were, and are repeated as they are.
        let kept = fault.is_none() && cells.iter().any(|cell| refused::is_marked(cell));
        if kept {
            fault = Some(whole(refused::STILL_WHOLE));
        }
        if fault.is_none() && cells.iter().any(|cell| cell.contains('\u{0}')) {
            fault = Some(whole(CellFault::Zero));
        }
        let text = (fault.is_some() && !kept).then(|| if text.is_empty() { cells.join("\t") } else { text });
        for ((name, _), place) in self.columns.known.iter().zip(self.places.iter()) {
            let (None, Some(place)) = (&fault, place) else { continue };
            let problem = faults.iter().find(|(at, _)| at == place).map(|(_, fault)| Said::of(fault));
            let problem = problem.or_else(|| {
                let dated = dates.contains(place) && !self.columns.dates.contains(name);
                dated.then(|| Said::of(&CellFault::Date))
            });
            let problem = problem.or_else(|| shortened(&cells[*place])).or_else(|| unreadable(&cells[*place]));
            fault = problem.map(|problem| Fault { column: name, value: shown(&cells[*place]), problem });
        }
        let row = (row != line).then_some(row);
        Row { line, row, cells, bytes, fault, whole: text, known: self.columns.known, places: self.places.clone() }
    }

    /// The same, apart from the bytes that it was opened on.
    pub fn into_owned(self) -> Table<'static> {
        let source = match self.source {
            Source::Lines(lines) => Source::Lines(lines.into_owned()),
            Source::Sheet(rows, of, taken) => Source::Sheet(rows, of, taken),
        };
        let Table { columns, format, sheet, header, places, ignored, blank, guarded, .. } = self;
        Table { columns, format, sheet, header, places, ignored, source, blank, guarded }
    }

    /// The encoding of its characters.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The workbook's sheet.
    pub fn sheet(&self) -> Option<&str> {
        self.sheet.as_deref()
    }

    /// The header as it stands in the file.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// Columns that are not known and were passed over.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// Lines of the file, or rows of the sheet: it has no more rows than that.
    pub fn lines(&self) -> u64 {
        match &self.source {
            Source::Lines(lines) => lines.lines(),
            Source::Sheet(_, of, _) => *of,
        }
    }

    /// Empty rows so far.
    pub fn blank(&self) -> u64 {
        self.blank
    }

    /// The part that is read, and the whole: bytes, or rows of a workbook.
    pub fn progress(&self) -> (u64, u64) {
        match &self.source {
            Source::Lines(lines) => lines.progress(),
            Source::Sheet(_, of, taken) => (*taken, *of),
        }
    }
}

fn joined(names: &BTreeSet<String>) -> String {
    names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}

/// A column's name in any width, case and spacing: `Bank Name`, `ＢＡＮＫ＿ＮＡＭＥ` and `bank_name` are one; `金額（円）` is 金額.
fn plain_name(text: &str) -> String {
    let gone = |c: &char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '_' | '-' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
    };
    let name: String = text.nfkc().flat_map(char::to_lowercase).filter(|c| !gone(c) || *c == '\u{0}').collect();
    name.strip_suffix("(円)").map_or(name.clone(), str::to_owned)
}

/// The start of a value, without what may be a card number.
fn shown(text: &str) -> String {
    kazasu_schemas::text::masked(&text.chars().take(SHOWN).collect::<String>())
}

/// A long number as a spreadsheet saves it from a column that is not formatted as text: 1.23457E+11. The
/// figures behind are lost, and many numbers become one.
fn shortened(text: &str) -> Option<Said> {
    let (figures, power) = text.trim().split_once(['E', 'e'])?;
    let figures = figures.strip_prefix('-').unwrap_or(figures);
    let (whole, part) = figures.split_once('.').unwrap_or((figures, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is = whole.len() == 1 && digits(whole) && digits(part) && power.strip_prefix('+').is_some_and(digits);
    is.then(|| Said::of(&CellFault::Shortened))
}

/// The first character that no column may have: a control that is neither a line break nor a tab, or what stands for bytes that are
/// no character.
fn unreadable(text: &str) -> Option<Said> {
    if text.contains(kazasu_schemas::text::NOT_SHOWN) {
        return Some(Said::of(&CellFault::NotRepeated));
    }
    let (at, c) = text.chars().enumerate().find(|(_, c)| {
        (c.is_control() && !matches!(c, '\t' | '\r' | '\n')) || *c == '\u{fffd}' || matches!(c, '\u{fffe}' | '\u{ffff}')
    })?;
    let place = (at + 1).into();
    Some(if c == '\u{fffd}' {
        Said::of(&CellFault::OtherEncoding { place })
    } else {
        Said::of(&CellFault::Control { place, code: &format!("U+{:04X}", u32::from(c)) })
    })
}

/// A code as people type it, in the form in which codes are compared: no width, no spaces around it.
pub fn narrow(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text.trim());
    }
    let seen = |c: &char| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    let text: String = text.nfkc().filter(seen).collect();
    Cow::Owned(text.trim().to_owned())
}

/// A text on one line: line breaks and tabs, with the spaces around them, become one space.
pub fn one_line(text: &str) -> String {
    if !text.contains(['\r', '\n', '\t']) {
        return text.to_owned();
    }
    let parts: Vec<&str> = text.split(['\r', '\n', '\t']).map(str::trim).filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}
