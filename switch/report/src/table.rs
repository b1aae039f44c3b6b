//! A report for a terminal of 80 columns: columns aligned by East Asian width, numbers to the right with separators, header in both
//! languages. Where a table is wider, text is broken into several lines in its column; where that is not enough, the columns that have no room
//! stand on further lines of their row. Numbers and codes are never cut. Text that would steer the terminal is never passed on.
//! [`Lines`] are the same columns for what is no report.

use super::Report;
use super::cell::{Cell, Kind};
use super::sheet::{Sheet, total_label};
use std::fmt::Display;
use std::ops::Range;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns of the terminal.
const SCREEN: usize = 80;
/// The widest column; longer text goes on in the next line.
const MAX_WIDTH: usize = 60;
/// Text is not made narrower than this.
const NARROWEST: usize = 12;
/// The indent of further lines of a row.
const INDENT: usize = 4;
const GAP: &str = "  ";

/// The whole report as text.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    paragraph(&format!("{}  {}", report.title(), report.title_en()), &mut out);
    for line in report.subtitles() {
        paragraph(line, &mut out);
    }
    out.push_str(&report.made_line());
    out.push('\n');
    for sheet in report.sheets() {
        out.push('\n');
        if report.sheets().len() > 1 {
            out.push_str(&format!("■ {}\n", sheet.name()));
        }
        table(sheet, &mut out);
    }
    out
}

/// On which side a column is aligned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Align {
    /// Words, which go on in the next line where there is no room.
    Left,
    /// Numbers, which are never cut.
    Right,
}

/// Lines in columns without a header: the facts that a command has found. The columns of all rows stand below each other.
#[derive(Clone, Debug)]
pub struct Lines<const N: usize> {
    indent: usize,
    columns: [Align; N],
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
enum Line {
    Words(String),
    Row(Vec<String>),
}

impl<const N: usize> Lines<N> {
    /// No lines yet; rows will stand in by `indent`.
    #[must_use]
    pub fn new(indent: usize, columns: [Align; N]) -> Self {
        Lines { indent, columns, lines: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: [&dyn Display; N]) {
        self.lines.push(Line::Row(cells.iter().map(|cell| safe(&cell.to_string())).collect()));
    }

    /// Adds a line of words, which keeps to no column: a heading, a remark, an empty line.
    pub fn words(&mut self, text: impl Display) {
        self.lines.push(Line::Words(text.to_string()));
    }

    /// The lines as text.
    #[must_use]
    pub fn text(&self) -> String {
        let kind = |align: &Align| match align {
            Align::Left => Kind::Text,
            Align::Right => Kind::Count,
        };
        let row = |line: &Line| match line {
            Line::Words(_) => None,
            Line::Row(cells) => Some(cells.clone()),
        };
        let rows: Vec<Vec<String>> = self.lines.iter().filter_map(row).collect();
        let layout = Layout::new(self.columns.iter().map(kind).collect(), &[["", ""]; N], &rows, self.indent);
        let mut out = String::new();
        for line in &self.lines {
            match line {
                Line::Words(text) => paragraph(text, &mut out),
                Line::Row(cells) => layout.row(cells, &mut out),
            }
        }
        out
    }
}

fn table(sheet: &Sheet, out: &mut String) {
    let layout = Layout::of(sheet);
    let japanese: Vec<String> = sheet.columns().iter().map(|c| c.name().to_owned()).collect();
    let english: Vec<String> = sheet.columns().iter().map(|c| c.name_en().to_owned()).collect();
    layout.row(&japanese, out);
    if english != japanese {
        layout.row(&english, out);
    }
    layout.rule(out);
    for row in sheet.rows() {
        layout.row(&row.iter().map(shown).collect::<Vec<_>>(), out);
    }
    if sheet.has_totals() {
        layout.rule(out);
        layout.row(&totals(sheet), out);
    }
    for note in sheet.notes() {
        paragraph(note, out);
    }
}

fn totals(sheet: &Sheet) -> Vec<String> {
    let mut totals: Vec<String> = sheet.totals().iter().map(shown).collect();
    if let Some(at) = sheet.label_column() {
        totals[at] = total_label();
    }
    totals
}

/// The width of each column, and its line in a row.
struct Layout {
    indent: usize,
    kinds: Vec<Kind>,
    widths: Vec<usize>,
    lines: Vec<Range<usize>>,
}

impl Layout {
    fn of(sheet: &Sheet) -> Layout {
        let kinds: Vec<Kind> = sheet.columns().iter().map(|c| c.kind()).collect();
        let mut rows: Vec<Vec<String>> = Vec::new();
        if sheet.has_totals() {
            rows.push(totals(sheet));
        }
        rows.extend(sheet.rows().iter().map(|row| row.iter().map(shown).collect()));
        let names: Vec<[&str; 2]> = sheet.columns().iter().map(|c| [c.name(), c.name_en()]).collect();
        Layout::new(kinds, &names, &rows, 0)
    }

    /// Columns with these kinds, names and values.
    fn new(kinds: Vec<Kind>, names: &[[&str; 2]], rows: &[Vec<String>], indent: usize) -> Layout {
        let screen = SCREEN - indent;
        let of_values = |at: usize| rows.iter().map(|row| row[at].width()).max().unwrap_or(0);
        let natural = |at: usize| {
            let names = names[at].map(UnicodeWidthStr::width).into_iter().max().unwrap_or(0);
            of_values(at).max(names).clamp(1, MAX_WIDTH)
        };
        let mut widths: Vec<usize> = (0..kinds.len()).map(natural).collect();
        // Headers are broken first, at blanks; then text, in its widest column.
        if total(&widths) > screen {
            for (at, width) in widths.iter_mut().enumerate() {
                let words = names[at].into_iter().flat_map(|name| name.split(' ').map(least).collect::<Vec<_>>());
                let least = words.max().unwrap_or(1).max(of_values(at));
                *width = (*width).min(least).max(1);
            }
        }
        while total(&widths) > screen {
            let texts = (0..kinds.len()).filter(|at| kinds[*at] == Kind::Text && widths[*at] > NARROWEST);
            let Some(widest) = texts.max_by_key(|at| widths[*at]) else { break };
            widths[widest] -= 1;
        }
        let lines = lines(&mut widths, screen);
        Layout { indent, kinds, widths, lines }
    }

    /// A row: as many lines as its longest cell has, for each part of it.
    fn row(&self, cells: &[String], out: &mut String) {
        for (nth, part) in self.lines.iter().enumerate() {
            let broken: Vec<Vec<String>> = part.clone().map(|at| broken(&cells[at], self.widths[at])).collect();
            let height = broken.iter().map(Vec::len).max().unwrap_or(1);
            // A part in which there is nothing is not worth a line.
            if nth > 0 && broken.iter().all(|cell| cell.iter().all(String::is_empty)) {
                continue;
            }
            for n in 0..height {
                let cells: Vec<&str> = broken.iter().map(|cell| cell.get(n).map_or("", String::as_str)).collect();
                self.line(nth, &cells, out);
            }
        }
    }

    fn rule(&self, out: &mut String) {
        for (nth, part) in self.lines.iter().enumerate() {
            let rules: Vec<String> = part.clone().map(|at| "-".repeat(self.widths[at])).collect();
            self.line(nth, &rules.iter().map(String::as_str).collect::<Vec<_>>(), out);
        }
    }

    /// One line of the row's part `nth`.
    fn line(&self, nth: usize, cells: &[&str], out: &mut String) {
        let mut text = " ".repeat(if nth > 0 { self.indent + INDENT } else { self.indent });
        for (at, (cell, column)) in cells.iter().zip(self.lines[nth].clone()).enumerate() {
            if at > 0 {
                text.push_str(GAP);
            }
            let space = " ".repeat(self.widths[column].saturating_sub(cell.width()));
            if self.kinds[column].is_number() {
                text.push_str(&space);
                text.push_str(cell);
            } else {
                text.push_str(cell);
                text.push_str(&space);
            }
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
}

fn total(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1)
}

/// The columns that stand together on a line of this width. One that alone is wider is broken after all.
fn lines(widths: &mut [usize], screen: usize) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut from = 0;
    for at in 0..widths.len() {
        let room = if lines.is_empty() { screen } else { screen - INDENT };
        if at > from && total(&widths[from..=at]) > room {
            lines.push(from..at);
            from = at;
        }
        widths[at] = widths[at].min(screen - INDENT);
    }
    lines.push(from..widths.len());
    lines
}

/// The least width of a word: Japanese can be broken anywhere.
fn least(word: &str) -> usize {
    if word.is_ascii() { word.len() } else { word.width().min(8) }
}

/// The text in lines of at most `width`: at blanks where there are some, else anywhere.
fn broken(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide > width && !line.is_empty() {
            // The last word goes to the next line, if it does not begin this one.
            let rest = match line.rfind(' ') {
                Some(blank) if c != ' ' && blank > 0 => line.split_off(blank + 1),
                Some(_) | None => String::new(),
            };
            lines.push(line.trim_end().to_owned());
            used = rest.width();
            line = rest;
            if c == ' ' && line.is_empty() {
                continue;
            }
        }
        line.push(c);
        used += wide;
    }
    lines.push(line);
    lines
}

/// A line of words outside tables.
fn paragraph(text: &str, out: &mut String) {
    for line in broken(&safe(text), SCREEN) {
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

fn shown(cell: &Cell) -> String {
    safe(&cell.shown())
}

/// Line ends and tabs become spaces; other control characters and those that turn the direction of writing become `�`: a
/// merchant's name must not move the cursor.
fn safe(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => ' ',
            c if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => '\u{fffd}',
            c => c,
        })
        .collect()
}
