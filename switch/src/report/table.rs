//! A report for a terminal: columns aligned by East Asian width, numbers to the right with separators, header in both languages.
//! Text that would steer the terminal is never passed on.

use super::Report;
use super::cell::{Cell, Kind};
use super::sheet::{Sheet, TOTAL_LABEL};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The widest column, in terminal columns; longer text ends with `…`.
const MAX_WIDTH: usize = 60;
const GAP: &str = "  ";

/// The whole report as text.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut out = format!("{}  {}\n", safe(report.title()), safe(report.title_en()));
    for line in report.subtitles() {
        out.push_str(&safe(line));
        out.push('\n');
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

fn table(sheet: &Sheet, out: &mut String) {
    let widths = widths(sheet);
    let kinds: Vec<Kind> = sheet.columns().iter().map(|c| c.kind()).collect();
    let japanese: Vec<String> = sheet.columns().iter().map(|c| c.name().to_owned()).collect();
    let english: Vec<String> = sheet.columns().iter().map(|c| c.name_en().to_owned()).collect();
    line(&japanese, &kinds, &widths, out);
    if english != japanese {
        line(&english, &kinds, &widths, out);
    }
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    line(&rule, &kinds, &widths, out);
    for row in sheet.rows() {
        line(&row.iter().map(fitted).collect::<Vec<_>>(), &kinds, &widths, out);
    }
    if sheet.has_totals() {
        line(&rule, &kinds, &widths, out);
        line(&totals(sheet), &kinds, &widths, out);
    }
    for note in sheet.notes() {
        out.push_str(&safe(note));
        out.push('\n');
    }
}

fn totals(sheet: &Sheet) -> Vec<String> {
    let mut totals: Vec<String> = sheet.totals().iter().map(fitted).collect();
    if let Some(at) = sheet.label_column() {
        totals[at] = TOTAL_LABEL.to_owned();
    }
    totals
}

fn widths(sheet: &Sheet) -> Vec<usize> {
    let totals = if sheet.has_totals() { totals(sheet) } else { Vec::new() };
    let mut widths: Vec<usize> = sheet.columns().iter().map(|c| c.name().width().max(c.name_en().width())).collect();
    for (width, total) in widths.iter_mut().zip(&totals) {
        *width = (*width).max(total.width());
    }
    for row in sheet.rows() {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(fitted(cell).width());
        }
    }
    widths
}

fn line(cells: &[String], kinds: &[Kind], widths: &[usize], out: &mut String) {
    let mut text = String::new();
    for (at, ((cell, kind), width)) in cells.iter().zip(kinds).zip(widths).enumerate() {
        if at > 0 {
            text.push_str(GAP);
        }
        let space = " ".repeat(width.saturating_sub(cell.width()));
        if kind.is_number() {
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

/// The cell in one line of at most [`MAX_WIDTH`].
fn fitted(cell: &Cell) -> String {
    let text = safe(&cell.shown());
    if text.width() <= MAX_WIDTH {
        return text;
    }
    let mut short = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used >= MAX_WIDTH {
            break;
        }
        short.push(c);
    }
    short.push('…');
    short
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
