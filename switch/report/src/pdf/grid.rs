//! A report's table on pages: how wide columns are, which way the paper lies, rows with a header that repeats, totals and notes.

use super::canvas::{
    Align, Area, Canvas, Ink, LANDSCAPE, PORTRAIT, Paper, Strip, Style, Weight, bold, grey, leading, plain,
};
use super::error::{PdfError, SMALLEST};
use super::face::Face;
use super::letter::height_of;
use super::lines::wrap;
use crate::kana::composed;
use crate::sheet::{Sheet, total_label};
use crate::{Cell, Column, Kind};
use std::borrow::Cow;

/// The measures that are tried in turn until everything fits.
const TRIES: [(Paper, f32); 7] = [
    (PORTRAIT, 9.0),
    (PORTRAIT, 8.0),
    (LANDSCAPE, 9.0),
    (LANDSCAPE, 8.0),
    (LANDSCAPE, 7.0),
    (LANDSCAPE, 6.0),
    (LANDSCAPE, SMALLEST),
];
/// Space on either side of a cell's text, in ems.
const PAD: f32 = 0.4;
/// Space above and below a cell's text, in ems.
const PAD_ABOVE: f32 = 0.25;
/// Text columns may be wrapped to this many ems before the print is made smaller.
const TEXT_AT_LEAST: f32 = 14.0;
/// Headers are wrapped to this many ems.
const HEADER_AT_LEAST: f32 = 5.0;
/// English headers are smaller than Japanese ones.
const ENGLISH: f32 = 0.75;

/// The layout of all tables of a report.
pub(super) struct Grid {
    pub(super) paper: Paper,
    /// Points.
    size: f32,
    /// By sheet and column, in points.
    widths: Vec<Vec<f32>>,
}

/// The width that a column wants, in ems.
struct Want {
    least: f32,
    natural: f32,
    wraps: bool,
}

impl Grid {
    /// The largest print on which every sheet fits, upright if it can be.
    pub(super) fn plan(face: &Face<'_>, sheets: &[Sheet]) -> Result<Self, PdfError> {
        let wants: Vec<Vec<Want>> = sheets.iter().map(|sheet| wants(face, sheet)).collect();
        let mut too_wide = "";
        for (paper, size) in TRIES {
            let ems = paper.inner_width() / size;
            let wide = wants.iter().zip(sheets).find(|(wants, _)| wants.iter().map(|w| w.least).sum::<f32>() > ems);
            match wide {
                Some((_, sheet)) => too_wide = sheet.name(),
                None => {
                    let widths = wants.iter().map(|wants| shared(wants, ems).iter().map(|w| w * size).collect());
                    return Ok(Grid { paper, size, widths: widths.collect() });
                }
            }
        }
        Err(PdfError::Wide { sheet: too_wide.to_owned() })
    }

    /// Draws the tables. Where there are several, each has its sheet's name above it.
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, sheets: &[Sheet]) -> Result<(), PdfError> {
        let size = self.size;
        for (sheet, widths) in sheets.iter().zip(&self.widths) {
            let heading = if sheets.len() > 1 { Some(sheet.name()) } else { None };
            let table = Table { sheet, widths, size, pad: PAD * size, above: PAD_ABOVE * size };
            table.draw(canvas, heading)?;
        }
        Ok(())
    }
}

fn wants(face: &Face<'_>, sheet: &Sheet) -> Vec<Want> {
    let mut wants: Vec<Want> = Vec::with_capacity(sheet.columns().len());
    for (at, column) in sheet.columns().iter().enumerate() {
        let header = face.width(column.name()).max(face.width(column.name_en()) * ENGLISH);
        let mut body = face.width(&shown(&sheet.totals()[at]));
        for row in sheet.rows() {
            body = shown(&row[at]).split('\n').map(|line| face.width(line)).fold(body, f32::max);
        }
        let wraps = column.kind() == Kind::Text;
        if sheet.has_totals() && sheet.label_column() == Some(at) {
            body = body.max(face.width(&total_label()));
        }
        let body_least = if wraps { body.min(TEXT_AT_LEAST) } else { body };
        let pad = 2.0 * PAD;
        wants.push(Want {
            least: body_least.max(header.min(HEADER_AT_LEAST)) + pad,
            natural: body.max(header) + pad,
            wraps,
        });
    }
    wants
}

/// The room shared out: what every column needs, then what headers and long texts would like, the rest evenly.
fn shared(wants: &[Want], room: f32) -> Vec<f32> {
    let mut widths: Vec<f32> = wants.iter().map(|want| want.least).collect();
    for wrapping in [false, true] {
        let spare = room - widths.iter().sum::<f32>();
        let lacks: Vec<f32> = wants
            .iter()
            .zip(&widths)
            .map(|(want, width)| if want.wraps == wrapping { want.natural - width } else { 0.0 })
            .collect();
        let lack: f32 = lacks.iter().sum();
        if lack > 0.0 && spare > 0.0 {
            let part = (spare / lack).min(1.0);
            widths.iter_mut().zip(&lacks).for_each(|(width, lack)| *width += lack * part);
        }
    }
    let spare = (room - widths.iter().sum::<f32>()).max(0.0);
    let columns = f32::from(u16::try_from(widths.len()).expect("at most MAX_COLUMNS"));
    widths.iter().map(|width| width + spare / columns).collect()
}

/// A row's cells with their lines of text, by column.
struct Row<'c> {
    cells: &'c [Cell],
    lines: Vec<Vec<String>>,
}

/// The header's lines by column, and its height in points.
struct Header {
    columns: Vec<Vec<(String, Style)>>,
    height: f32,
}

struct Table<'a> {
    sheet: &'a Sheet,
    widths: &'a [f32],
    size: f32,
    pad: f32,
    above: f32,
}

impl Table<'_> {
    fn draw(&self, canvas: &mut Canvas<'_>, heading: Option<&str>) -> Result<(), PdfError> {
        let header = self.header(canvas);
        canvas.ensure(leading(11.0) + header.height + leading(self.size) * 2.0)?;
        if let Some(heading) = heading {
            canvas.line(canvas.left(), heading, bold(11.0));
            canvas.y -= leading(11.0) + 2.0;
        }
        self.draw_header(canvas, &header);
        for (at, cells) in self.sheet.rows().iter().enumerate() {
            let row = self.wrap_row(canvas, cells);
            let height = self.height(&row);
            if height + header.height > canvas.page_room() {
                return Err(PdfError::High { sheet: self.sheet.name().to_owned(), row: at + 1 });
            }
            if !canvas.has_room(height) {
                canvas.turn()?;
                self.draw_header(canvas, &header);
            }
            self.draw_row(canvas, &row, Weight::Plain);
            canvas.y -= height;
            canvas.rule(canvas.left(), canvas.right(), 0.3);
        }
        if self.sheet.has_totals() {
            self.draw_totals(canvas, &header)?;
        }
        canvas.y -= 6.0;
        for note in self.sheet.notes() {
            let strip = Strip { x: canvas.left(), width: canvas.paper.inner_width() };
            canvas.paragraph(strip, note, grey(8.5))?;
        }
        canvas.y -= 12.0;
        Ok(())
    }

    fn height(&self, row: &Row<'_>) -> f32 {
        let lines = row.lines.iter().map(Vec::len).max().unwrap_or(1).max(1);
        height_of(lines, self.size) + 2.0 * self.above
    }

    /// The header's lines: Japanese above, English below it where it differs.
    fn header(&self, canvas: &Canvas<'_>) -> Header {
        let english = Style { size: self.size * ENGLISH, ..grey(self.size) };
        let columns = self.sheet.columns().iter().zip(self.widths).map(|(column, width)| {
            let inner = width - 2.0 * self.pad;
            let names = [(column.name(), bold(self.size)), (column.name_en(), english)];
            let shown = if column.name_en() == column.name() { &names[..1] } else { &names[..] };
            let lines = shown.iter().flat_map(|(name, style)| {
                let lines = wrap(canvas.face, name, style.size, inner);
                lines.into_iter().map(|line| (line.to_owned(), *style))
            });
            lines.collect::<Vec<_>>()
        });
        let columns: Vec<Vec<(String, Style)>> = columns.collect();
        let most = columns.iter().map(Vec::len).max().unwrap_or(1);
        Header { columns, height: height_of(most, self.size) + 2.0 * self.above }
    }

    fn draw_header(&self, canvas: &mut Canvas<'_>, header: &Header) {
        let height = header.height;
        let (left, top) = (canvas.left(), canvas.y);
        canvas.ground(Area { x: left, top, width: canvas.paper.inner_width(), height });
        canvas.rule(left, canvas.right(), 0.8);
        let mut x = left;
        for ((lines, column), width) in header.columns.iter().zip(self.sheet.columns()).zip(self.widths) {
            let (at, align) = self.place(x, *width, column.kind());
            let mut line_top = top - self.above;
            for (line, style) in lines {
                canvas.line_at((at, line_top), line, style.aligned(align));
                line_top -= leading(self.size);
            }
            x += width;
        }
        canvas.y -= height;
        canvas.rule(left, canvas.right(), 0.8);
    }

    fn wrap_row<'c>(&self, canvas: &Canvas<'_>, cells: &'c [Cell]) -> Row<'c> {
        let columns = self.sheet.columns().iter().zip(self.widths);
        let cell = |(cell, (column, width)): (&Cell, (&Column, &f32))| match column.kind() {
            Kind::Text => owned(wrap(canvas.face, &shown(cell), self.size, width - 2.0 * self.pad)),
            Kind::Code | Kind::Yen | Kind::Count | Kind::Points | Kind::Percent | Kind::Date | Kind::Time => {
                vec![shown(cell).into_owned()]
            }
        };
        Row { cells, lines: cells.iter().zip(columns).map(cell).collect() }
    }

    fn draw_row(&self, canvas: &mut Canvas<'_>, row: &Row<'_>, weight: Weight) {
        let (mut x, top) = (canvas.left(), canvas.y - self.above);
        let columns = self.sheet.columns().iter().zip(self.widths);
        for ((lines, cell), (column, width)) in row.lines.iter().zip(row.cells).zip(columns) {
            let (at, align) = self.place(x, *width, column.kind());
            let ink = if cell.is_negative() { Ink::Red } else { Ink::Black };
            let mut line_top = top;
            for line in lines {
                canvas.line_at((at, line_top), line, Style { weight, ink, align, ..plain(self.size) });
                line_top -= leading(self.size);
            }
            x += width;
        }
    }

    fn draw_totals(&self, canvas: &mut Canvas<'_>, header: &Header) -> Result<(), PdfError> {
        let mut row = self.wrap_row(canvas, self.sheet.totals());
        let label = self.sheet.label_column();
        if let Some(at) = label {
            row.lines[at] = Vec::new();
        }
        let height = self.height(&row);
        if !canvas.has_room(height) {
            canvas.turn()?;
            self.draw_header(canvas, header);
        }
        canvas.rule(canvas.left(), canvas.right(), 0.8);
        self.draw_row(canvas, &row, Weight::Bold);
        if let Some(at) = label {
            let x = canvas.left() + self.widths[..at].iter().sum::<f32>() + self.pad;
            canvas.line_at((x, canvas.y - self.above), &total_label(), bold(self.size));
        }
        canvas.y -= height;
        canvas.rule(canvas.left(), canvas.right(), 0.8);
        Ok(())
    }

    fn place(&self, x: f32, width: f32, kind: Kind) -> (f32, Align) {
        if kind.is_number() { (x + width - self.pad, Align::Right) } else { (x + self.pad, Align::Left) }
    }
}

fn shown(cell: &Cell) -> Cow<'_, str> {
    if let Cell::Text(text) = cell { composed(text) } else { Cow::Owned(cell.shown()) }
}

fn owned(lines: Vec<&str>) -> Vec<String> {
    lines.into_iter().map(str::to_owned).collect()
}
