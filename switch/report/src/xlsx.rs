//! A report as an Excel workbook: real numbers and dates, codes as text, totals as formulas with their values beside them, ready to
//! filter and to print. More rows than a sheet takes go on in another one. No value is calculated here, and the only time in the
//! file is the report's.
//!
//! Excel keeps numbers as doubles. The model takes none beyond ±2^53, so every yen is exact.

use super::Report;
use super::cell::{Cell, Kind};
use super::sheet::{Column, Sheet, Total, total_label};
use kazasu_schemas::guard::is_formula;
use kazasu_schemas::jst::{BusinessDay, DAY_MS, Millis};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Formula, IgnoreError, Workbook, Worksheet,
    XlsxError, cell_range,
};
use std::collections::HashSet;
use unicode_width::UnicodeWidthStr;

/// Rows on one sheet. Excel takes 1,048,576 rows; the title block, totals and notes fit in what is left.
const ROWS_A_SHEET: usize = 1_048_000;
/// Rows whose width decides how wide a column is.
const MEASURED: usize = 1_000;
const FONT: &str = "游ゴシック";
const A4: u8 = 9;
/// Serial number of 1970-01-01: days since 1899-12-30.
const EPOCH_SERIAL: i32 = 25_569;
/// The serial numbers that Excel shows as the dates they are: from 1900-03-01 (it believes in 1900-02-29) to 9999-12-31.
const SERIALS: std::ops::RangeInclusive<i32> = 61..=2_958_465;

/// The report as the bytes of an `.xlsx` file.
///
/// Errors come from the writer alone and would mean that a bound of the model is wrong.
pub fn workbook(report: &Report) -> Result<Vec<u8>, XlsxError> {
    in_parts(report, ROWS_A_SHEET)
}

/// The same with sheets of `rows_a_sheet` rows; tests make it small.
pub(super) fn in_parts(report: &Report, rows_a_sheet: usize) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let made_at = ExcelDateTime::from_timestamp(report.made_at().0.div_euclid(1_000))?;
    let properties = DocProperties::new()
        .set_title(report.title())
        .set_subject(report.title_en())
        .set_author("Kazasu")
        .set_creation_datetime(&made_at);
    book.set_properties(&properties);
    let writer = Writer { report, styles: Styles::new() };
    let mut names: HashSet<String> = report.sheets().iter().map(|sheet| sheet.name().to_lowercase()).collect();
    for sheet in report.sheets() {
        let mut parts: Vec<&[Vec<Cell>]> = sheet.rows().chunks(rows_a_sheet).collect();
        if parts.is_empty() {
            parts.push(&[]);
        }
        let mut written: Vec<Part> = Vec::with_capacity(parts.len());
        let last = parts.len() - 1;
        for (at, rows) in parts.iter().enumerate() {
            let name = if at == 0 { sheet.name().to_owned() } else { free_name(sheet.name(), at + 1, &mut names) };
            let page = book.add_worksheet().set_name(&name)?;
            written.push(writer.part(page, sheet, Piece { name, rows })?);
            if at == last {
                let below = writer.totals(page, sheet, &written)?;
                for (row, note) in (below..).zip(sheet.notes()) {
                    put_text(page, (row, 0), note, &writer.styles.small)?;
                }
            }
        }
    }
    book.save_to_buffer()
}

/// The place of the rows of one part; `None` when there are none.
struct Part {
    name: String,
    header: u32,
    rows: Option<(u32, u32)>,
}

impl Part {
    /// The first row below it.
    fn below(&self) -> u32 {
        self.rows.map_or(self.header, |(_, last)| last) + 1
    }
}

/// Some of a sheet's rows, and the name of the worksheet that takes them.
struct Piece<'a> {
    name: String,
    rows: &'a [Vec<Cell>],
}

/// A row and a column of a worksheet, from 0.
type Place = (u32, u16);

/// The settings of every worksheet of a report.
struct Writer<'a> {
    report: &'a Report,
    styles: Styles,
}

impl Writer<'_> {
    fn part(&self, page: &mut Worksheet, sheet: &Sheet, Piece { name, rows }: Piece<'_>) -> Result<Part, XlsxError> {
        let styles = &self.styles;
        let header = self.title_block(page)?;
        let last_column = column_number(sheet.columns().len() - 1);
        for (col, column) in (0..).zip(sheet.columns()) {
            let style = if column.kind().is_number() { &styles.header_right } else { &styles.header };
            put_text(page, (header, col), &header_text(column), style)?;
            page.set_column_width(col, width(column, col, rows, sheet.totals()))?;
        }
        page.set_row_height(header, 32.0)?;
        for (row, cells) in (header + 1..).zip(rows) {
            for ((col, column), cell) in (0..).zip(sheet.columns()).zip(cells) {
                write(page, (row, col), cell, styles.body(column.kind()))?;
            }
        }
        let first = header + 1;
        let range = (!rows.is_empty()).then(|| (first, header + count(rows.len())));
        if let Some((first, last)) = range {
            page.autofilter(header, 0, last, last_column)?;
            for (col, column) in (0..).zip(sheet.columns()) {
                if column.kind() == Kind::Code {
                    page.ignore_error_range(first, col, last, col, IgnoreError::NumberStoredAsText)?;
                }
            }
        }
        page.set_freeze_panes(first, 0)?;
        page.set_paper_size(A4).set_landscape().set_print_fit_to_pages(1, 0);
        page.set_repeat_rows(header, header)?;
        page.set_footer("&L&A&C&P / &N");
        Ok(Part { name, header, rows: range })
    }

    /// The lines above the table; the answer is the row of the header.
    fn title_block(&self, page: &mut Worksheet) -> Result<u32, XlsxError> {
        let Writer { report, styles } = self;
        put_text(page, (0, 0), report.title(), &styles.title)?;
        put_text(page, (1, 0), report.title_en(), &styles.small)?;
        let mut row = 2;
        for line in report.subtitles().iter().map(String::as_str).chain([report.made_line().as_str()]) {
            put_text(page, (row, 0), line, &styles.plain)?;
            row += 1;
        }
        Ok(row + 1)
    }

    /// The totals line, summed over all parts; the answer is the first row below it that is free for notes.
    fn totals(&self, page: &mut Worksheet, sheet: &Sheet, parts: &[Part]) -> Result<u32, XlsxError> {
        let styles = &self.styles;
        let row = parts.last().map_or(0, Part::below);
        if !sheet.has_totals() {
            return Ok(row + 1);
        }
        for ((col, column), total) in (0..).zip(sheet.columns()).zip(sheet.totals()) {
            let style = styles.total(column.kind());
            let function = match column.total_kind() {
                Total::Without => {
                    page.write_blank(row, col, styles.total(Kind::Text))?;
                    continue;
                }
                Total::Sum => "SUM(",
                // 109 sums what a filter shows and no reader has hidden.
                Total::Shown => "SUBTOTAL(109,",
            };
            let ranges = ranges(parts, col);
            if ranges.is_empty() {
                write(page, (row, col), total, style)?;
            } else {
                let value = if let Cell::Percent(rate) = total {
                    fraction(*rate).normalize().to_string()
                } else {
                    total.plain()
                };
                let formula = Formula::new(format!("={function}{})", ranges.join(","))).set_result(value);
                page.write_formula_with_format(row, col, formula, style)?;
            }
        }
        if let Some(at) = sheet.label_column() {
            put_text(page, (row, column_number(at)), &total_label(), styles.total(Kind::Text))?;
        }
        Ok(row + 2)
    }
}

/// The column's cells in every part; those of other sheets with the sheet's name.
fn ranges(parts: &[Part], col: u16) -> Vec<String> {
    let here = parts.len() - 1;
    let with_rows = parts.iter().enumerate().filter_map(|(at, part)| part.rows.map(|rows| (at, part, rows)));
    with_rows
        .map(|(at, part, (first, last))| {
            let range = cell_range(first, col, last, col);
            if at == here { range } else { format!("'{}'!{range}", part.name.replace('\'', "''")) }
        })
        .collect()
}

fn write(page: &mut Worksheet, at: Place, cell: &Cell, style: &Format) -> Result<(), XlsxError> {
    let (row, col) = at;
    match cell {
        Cell::Empty => page.write_blank(row, col, style)?,
        Cell::Text(text) => put_text(page, at, text, style)?,
        Cell::Yen(yen) => page.write_with_format(row, col, yen.get(), style)?,
        Cell::Count(n) | Cell::Points(n) => page.write_with_format(row, col, *n, style)?,
        Cell::Percent(rate) => match fraction(*rate).to_f64() {
            Some(rate) => page.write_number_with_format(row, col, rate, style)?,
            None => put_text(page, at, &cell.shown(), style)?,
        },
        Cell::Date(day) => match serial(*day) {
            Some(serial) => page.write_number_with_format(row, col, serial, style)?,
            None => put_text(page, at, &cell.shown(), style)?,
        },
        Cell::Time(time) => match serial_time(*time) {
            Some(serial) => page.write_number_with_format(row, col, serial, style)?,
            None => put_text(page, at, &cell.shown(), style)?,
        },
    };
    Ok(())
}

/// Writes text as text. What would be calculated as soon as a person edits the cell, or pastes it elsewhere, gets Excel's mark for
/// text; the value stays as it is.
fn put_text<'a>(
    page: &'a mut Worksheet,
    (row, col): Place,
    text: &str,
    style: &Format,
) -> Result<&'a mut Worksheet, XlsxError> {
    if is_formula(text) {
        page.write_string_with_format(row, col, text, &style.clone().set_quote_prefix())
    } else {
        page.write_string_with_format(row, col, text, style)
    }
}

/// Excel's own percent: 3.25 % is 0.0325.
fn fraction(percent: Decimal) -> Decimal {
    percent.checked_div(Decimal::ONE_HUNDRED).unwrap_or(percent)
}

fn serial(day: BusinessDay) -> Option<i32> {
    day.0.checked_add(EPOCH_SERIAL).filter(|serial| SERIALS.contains(serial))
}

/// Days and the part of the day that has passed in Japan, to the second.
fn serial_time(at: Millis) -> Option<f64> {
    // Beyond a million years there is no calendar day to ask for.
    if at.0.unsigned_abs() > DAY_MS.unsigned_abs() * 365_000_000 {
        return None;
    }
    let day = at.jst_day();
    let second = i32::try_from((at.0 - day.start().0).div_euclid(1_000)).ok()?;
    Some(f64::from(serial(day)?) + f64::from(second) / 86_400.0)
}

fn header_text(column: &Column) -> String {
    if column.name() == column.name_en() {
        return column.name().to_owned();
    }
    format!("{}\n{}", column.name(), column.name_en())
}

/// Wide enough for the header with its filter button, for the first rows and for the word 'total'.
fn width(column: &Column, col: u16, rows: &[Vec<Cell>], totals: &[Cell]) -> f64 {
    let mut widest = column.name().width().max(column.name_en().width()) + 3;
    for row in rows.iter().take(MEASURED).map(Vec::as_slice).chain([totals]) {
        widest = widest.max(row[usize::from(col)].shown().width() + 2);
    }
    f64::from(u32::try_from(widest.clamp(12, 50)).expect("at most 50"))
}

fn free_name(name: &str, number: usize, names: &mut HashSet<String>) -> String {
    let mut number = number;
    loop {
        let candidate = format!("{name} ({number})");
        if names.insert(candidate.to_lowercase()) {
            return candidate;
        }
        number += 1;
    }
}

fn count(rows: usize) -> u32 {
    u32::try_from(rows).expect("at most ROWS_A_SHEET")
}

fn column_number(at: usize) -> u16 {
    u16::try_from(at).expect("at most MAX_COLUMNS")
}

/// The formats of a workbook.
struct Styles {
    title: Format,
    small: Format,
    plain: Format,
    header: Format,
    header_right: Format,
    /// By kind: body and total.
    kinds: Vec<(Kind, Format, Format)>,
}

const KINDS: [Kind; 8] =
    [Kind::Text, Kind::Code, Kind::Yen, Kind::Count, Kind::Points, Kind::Percent, Kind::Date, Kind::Time];

impl Styles {
    fn new() -> Self {
        let plain = Format::new().set_font_name(FONT).set_font_size(10);
        let header = plain
            .clone()
            .set_bold()
            .set_text_wrap()
            .set_align(FormatAlign::VerticalCenter)
            .set_background_color(Color::RGB(0x00E8_EEF4))
            .set_border_top(FormatBorder::Thin)
            .set_border_bottom(FormatBorder::Thin);
        let kinds = KINDS.map(|kind| {
            let body = plain.clone().set_num_format(number_format(kind)).set_align(align(kind));
            let total =
                body.clone().set_bold().set_border_top(FormatBorder::Thin).set_border_bottom(FormatBorder::Double);
            (kind, body, total)
        });
        Styles {
            title: plain.clone().set_bold().set_font_size(14),
            small: plain.clone().set_font_size(9).set_font_color(Color::RGB(0x0055_5555)),
            header_right: header.clone().set_align(FormatAlign::Right),
            header,
            plain,
            kinds: kinds.into(),
        }
    }

    fn of(&self, kind: Kind) -> &(Kind, Format, Format) {
        self.kinds.iter().find(|style| style.0 == kind).expect("KINDS lists every kind")
    }

    fn body(&self, kind: Kind) -> &Format {
        &self.of(kind).1
    }

    fn total(&self, kind: Kind) -> &Format {
        &self.of(kind).2
    }
}

fn number_format(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "General",
        Kind::Code => "@",
        Kind::Yen | Kind::Points => "#,##0;[Red]-#,##0",
        Kind::Count => "#,##0",
        Kind::Percent => "0.00##%",
        Kind::Date => "yyyy-mm-dd",
        Kind::Time => "yyyy-mm-dd hh:mm:ss",
    }
}

fn align(kind: Kind) -> FormatAlign {
    match kind {
        Kind::Yen | Kind::Count | Kind::Points | Kind::Percent => FormatAlign::Right,
        Kind::Text | Kind::Code | Kind::Date | Kind::Time => FormatAlign::Left,
    }
}
