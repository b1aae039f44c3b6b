//! Rows from the text of a CSV file (RFC 4180, as spreadsheets write it), without losing one where a quotation mark is wrong.
//!
//! A cell in quotation marks may have line breaks. Where such a cell is not closed as it should be, its row is given up at the end of
//! its first line and reading goes on at the next line. It is not closed as it should be when
//! - the file ends before, or more characters follow than a spreadsheet's cell can have,
//! - something else than a separator, spaces or a line's end follows the closing mark,
//! - its lines are rows by their separators: a line within it is a whole row, or lacks one cell of four or more, or the row's first line and the one on which the cell
//!   ends are as long as rows. Then the mark was none that opens, and rows were about to vanish.
//!
//! A mark within a cell that does not begin with one is wrong as well: a spreadsheet never writes it.

use super::found::Found;
use kazasu_text::tables::CellFault;
use std::borrow::Cow;
use std::ops::Range;

/// Characters of a cell, the most that Excel takes.
const MOST_IN_A_CELL: usize = 32_767;
/// Cells of a row, the most that Excel takes.
const MOST_CELLS: usize = 16_384;

/// The rows of a text.
pub(super) struct Lines<'a> {
    text: Cow<'a, str>,
    separator: char,
    /// The beginning of the next row, in bytes.
    at: usize,
    line: u64,
    row: u64,
    /// Cells of the header; 0 before it was read.
    width: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: Cow<'a, str>) -> Self {
        let first = text.split(['\r', '\n']).find(|line| !line.trim().is_empty()).unwrap_or("");
        let count = |c: char| first.matches(c).count();
        let separator = if count('\t') > count(',') { '\t' } else { ',' };
        Lines { text, separator, at: 0, line: 1, row: 1, width: 0 }
    }

    pub(super) fn into_owned(self) -> Lines<'static> {
        let Lines { text, separator, at, line, row, width } = self;
        Lines { text: Cow::Owned(text.into_owned()), separator, at, line, row, width }
    }

    /// Rows should have so many cells.
    pub(super) fn expect(&mut self, width: usize) {
        self.width = width;
    }

    pub(super) fn lines(&self) -> u64 {
        u64::try_from(physical(self.text.trim_end_matches(['\r', '\n'])).count()).unwrap_or(u64::MAX)
    }

    pub(super) fn progress(&self) -> (u64, u64) {
        (u64::try_from(self.at).unwrap_or(0), u64::try_from(self.text.len()).unwrap_or(0))
    }

    pub(super) fn next(&mut self) -> Option<Found> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let (line, row) = (self.line, self.row);
        let split = split_row(rest, self.separator)
            .and_then(|split| if self.swallows(rest, &split) { Err(CellFault::NotClosed) } else { Ok(split) });
        let (cells, end, lines, broken) = match split {
            Ok(split) => (split.cells, split.end, split.lines, None),
            Err(problem) => {
                let end = line_end(rest);
                (rest[..end].split(self.separator).map(str::to_owned).collect::<Vec<_>>(), end, 1, Some(problem))
            }
        };
        // Which cell belongs to which column is known only of a row that was split as it should be.
        let unclear = broken.is_some() || cells.len() != self.width || rest[..end].contains('\u{0}');
        let text = if unclear { rest[..end].to_owned() } else { String::new() };
        self.at += end + break_len(&rest[end..]);
        self.line += lines;
        self.row += 1;
        Some(Found { line, row, cells, text, bytes: end, broken, ..Found::default() })
    }

    /// Has a cell of several lines taken whole rows in? Either a line within it is one for itself, or both the row's line up to the
    /// break and the one that the cell ends on are as long as a row.
    fn swallows(&self, text: &str, split: &Split) -> bool {
        // A file of one column has no separators to tell rows by.
        self.width > 1
            && split.over_lines.iter().any(|(at, raw)| self.is_of_rows(&text[raw.clone()], *at, split.cells.len()))
    }

    fn is_of_rows(&self, cell: &str, at: usize, cells: usize) -> bool {
        let lines: Vec<&str> = physical(cell).collect();
        let [first, between @ .., last] = &lines[..] else { return false };
        let separators = |line: &str| line.matches(self.separator).count();
        let whole = |line: &str| split_row(line, self.separator).is_ok_and(|split| split.cells.len() >= self.width);
        let around = separators(first) > 0 && separators(last) > 0;
        let nearly = |line: &str| around && self.width > 3 && separators(line) + 2 >= self.width;
        between.iter().any(|line| whole(line) || nearly(line))
            || (at + separators(first) + 1 >= self.width && separators(last) + cells - at >= self.width)
    }
}

/// A row that was split.
struct Split {
    cells: Vec<String>,
    /// Its end, before its line break.
    end: usize,
    /// Lines that it takes.
    lines: u64,
    /// Cells with line breaks: their place, and where their text stands between its marks.
    over_lines: Vec<(usize, Range<usize>)>,
}

/// Bytes until the line ends.
fn line_end(text: &str) -> usize {
    text.find(['\r', '\n']).unwrap_or(text.len())
}

/// Bytes of the line break that stands at the beginning of a text.
fn break_len(text: &str) -> usize {
    if text.starts_with("\r\n") { 2 } else { usize::from(text.starts_with(['\r', '\n'])) }
}

/// The lines of a text.
fn physical(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = line_end(text);
        let gap = break_len(&text[end..]);
        rest = (gap > 0).then(|| &text[end + gap..]);
        Some(&text[..end])
    })
}

fn split_row(text: &str, separator: char) -> Result<Split, CellFault<'static>> {
    let mut out = Split { cells: Vec::new(), end: 0, lines: 1, over_lines: Vec::new() };
    let mut at = 0;
    loop {
        let rest = &text[at..];
        // Spaces before an opening mark and behind a closing one are no part of the value.
        let spaces = rest.len() - rest.trim_start_matches([' ', '\u{3000}']).len();
        let (cell, used) = if rest[spaces..].starts_with('"') {
            let begins = at + spaces + 1;
            let Quoted { cell, inner, used, breaks } = quoted(&text[begins..], separator)?;
            if breaks > 0 {
                out.lines += breaks;
                out.over_lines.push((out.cells.len(), begins..begins + inner));
            }
            (cell, spaces + 1 + used)
        } else {
            let end = rest.find([separator, '\r', '\n']).unwrap_or(rest.len());
            if rest[..end].contains('"') {
                return Err(CellFault::Within);
            }
            (rest[..end].to_owned(), end)
        };
        out.cells.push(cell);
        if out.cells.len() > MOST_CELLS {
            return Err(CellFault::TooManyCells);
        }
        at += used;
        match text[at..].strip_prefix(separator) {
            Some(_) => at += separator.len_utf8(),
            None => {
                out.end = at;
                return Ok(out);
            }
        }
    }
}

/// A cell in quotation marks.
struct Quoted {
    /// Its value.
    cell: String,
    /// Bytes up to the closing mark.
    inner: usize,
    /// Bytes up to the separator or line end behind it.
    used: usize,
    /// Line breaks in it.
    breaks: u64,
}

/// The cell behind its opening mark.
fn quoted(text: &str, separator: char) -> Result<Quoted, CellFault<'static>> {
    let mut cell = String::new();
    let (mut at, mut breaks, mut characters) = (0, 0, 0);
    loop {
        let rest = &text[at..];
        let end = rest.find('"').ok_or(CellFault::NotClosed)?;
        characters += rest[..end].chars().take(MOST_IN_A_CELL + 1).count() + 1;
        if characters > MOST_IN_A_CELL {
            return Err(CellFault::NotClosed);
        }
        breaks += u64::try_from(physical(&rest[..end]).count() - 1).unwrap_or(u64::MAX);
        cell.push_str(&rest[..end]);
        at += end + 1;
        if text[at..].starts_with('"') {
            cell.push('"');
            at += 1;
            continue;
        }
        let behind = text[at..].trim_start_matches([' ', '\u{3000}']);
        if behind.is_empty() || behind.starts_with([separator, '\r', '\n']) {
            return Ok(Quoted { cell, inner: at - 1, used: text.len() - behind.len(), breaks });
        }
        return Err(if breaks > 0 { CellFault::NotClosed } else { CellFault::Behind });
    }
}
