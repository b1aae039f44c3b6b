//! Pages being drawn: text, rules and grounds, a cursor that moves down, and what every page bears (a line with title and addressee from
//! the second page on, the page number). Knows nothing of reports.

use super::error::{MAX_PAGES, PdfError};
use super::face::Face;
use super::lines::wrap;
use super::used::Used;
use crate::kana::composed;
use pdf_writer::types::TextRenderingMode;
use pdf_writer::{Content, Name, Str};

/// Space around a page's content, in points (15 mm).
pub(super) const MARGIN: f32 = 42.5;
/// Room for the page number above the lower margin.
const FOOT: f32 = 14.0;
/// The resource name of the one font.
pub(super) const FONT: Name<'static> = Name(b"F");

/// A page's width and height in points.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Paper {
    pub(super) width: f32,
    pub(super) height: f32,
}

/// A4 upright.
pub(super) const PORTRAIT: Paper = Paper { width: 595.28, height: 841.89 };
/// A4 on its side.
pub(super) const LANDSCAPE: Paper = Paper { width: 841.89, height: 595.28 };

impl Paper {
    /// The width between the margins.
    pub(super) fn inner_width(self) -> f32 {
        self.width - 2.0 * MARGIN
    }
}

/// The alignment of a text at its `x`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Align {
    Left,
    Center,
    Right,
}

/// The colour of a text.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Ink {
    Black,
    Grey,
    Red,
}

/// The look of a text, and the side of its `x` on which it stands.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Style {
    /// Points.
    pub(super) size: f32,
    pub(super) weight: Weight,
    pub(super) ink: Ink,
    pub(super) align: Align,
}

impl Style {
    /// The same on another side.
    pub(super) fn aligned(self, align: Align) -> Style {
        Style { align, ..self }
    }
}

/// The beginning of a paragraph's lines, and their largest width.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Strip {
    pub(super) x: f32,
    pub(super) width: f32,
}

/// A rectangle, by its upper left corner.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Area {
    pub(super) x: f32,
    pub(super) top: f32,
    pub(super) width: f32,
    pub(super) height: f32,
}

/// The place of a line of text.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Spot {
    /// The page, from 0.
    page: usize,
    x: f32,
    baseline: f32,
}

/// Plain or bold. There is one font; bold is its outline drawn with a line.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Weight {
    Plain,
    Bold,
}

/// Black text of this size.
pub(super) fn plain(size: f32) -> Style {
    Style { size, weight: Weight::Plain, ink: Ink::Black, align: Align::Left }
}

/// Black bold text of this size.
pub(super) fn bold(size: f32) -> Style {
    Style { weight: Weight::Bold, ..plain(size) }
}

/// Grey text of this size.
pub(super) fn grey(size: f32) -> Style {
    Style { ink: Ink::Grey, ..plain(size) }
}

/// The height of a line of text.
pub(super) fn leading(size: f32) -> f32 {
    size * 1.45
}

/// The head of the second and further pages.
pub(super) struct Masthead {
    pub(super) left: String,
    pub(super) right: String,
}

/// Pages that are done.
pub(super) struct Drawn<'f> {
    pub(super) face: &'f Face<'f>,
    pub(super) paper: Paper,
    pub(super) pages: Vec<Content>,
    pub(super) used: Used,
}

/// The pages so far.
pub(super) struct Canvas<'f> {
    pub(super) face: &'f Face<'f>,
    pub(super) paper: Paper,
    /// The top of what is drawn next, from the lower edge of the page.
    pub(super) y: f32,
    masthead: Masthead,
    pages: Vec<Content>,
    used: Used,
}

impl<'f> Canvas<'f> {
    /// The first page, empty.
    pub(super) fn new(face: &'f Face<'f>, paper: Paper, masthead: Masthead) -> Self {
        let y = paper.height - MARGIN;
        Canvas { face, paper, y, masthead, pages: vec![Content::new()], used: Used::default() }
    }

    /// The left edge of the content.
    pub(super) fn left(&self) -> f32 {
        MARGIN
    }

    /// The right edge of the content.
    pub(super) fn right(&self) -> f32 {
        self.paper.width - MARGIN
    }

    /// The height that a page has for content below its masthead.
    pub(super) fn page_room(&self) -> f32 {
        self.paper.height - 2.0 * MARGIN - FOOT - leading(8.0) - 6.0
    }

    /// True where this height is left on the page.
    pub(super) fn has_room(&self, height: f32) -> bool {
        self.y - height >= MARGIN + FOOT
    }

    /// Goes on on a new page.
    pub(super) fn turn(&mut self) -> Result<(), PdfError> {
        if self.pages.len() >= MAX_PAGES {
            return Err(PdfError::Long);
        }
        self.pages.push(Content::new());
        self.y = self.paper.height - MARGIN;
        let (left, right) = (self.masthead.left.clone(), self.masthead.right.clone());
        let room = self.paper.inner_width() - self.face.width(&right) * 8.0 - 12.0;
        let first = wrap(self.face, &left, 8.0, room).first().copied().unwrap_or_default().to_owned();
        self.line(self.left(), &first, grey(8.0));
        self.line(self.right(), &right, grey(8.0).aligned(Align::Right));
        self.y -= leading(8.0);
        self.rule(self.left(), self.right(), 0.4);
        self.y -= 6.0;
        Ok(())
    }

    /// Turns the page when this height is not left.
    pub(super) fn ensure(&mut self, height: f32) -> Result<(), PdfError> {
        if self.has_room(height) { Ok(()) } else { self.turn() }
    }

    /// `size`, or the smaller size at which the text fits in `width` in one line.
    pub(super) fn fitting(&self, text: &str, size: f32, width: f32) -> f32 {
        let ems = self.face.width(&composed(text));
        if ems * size > width { width / ems } else { size }
    }

    /// One line of text, its top at the cursor. The cursor stays.
    pub(super) fn line(&mut self, x: f32, text: &str, style: Style) {
        self.line_at((x, self.y), text, style);
    }

    /// One line of text with its top at `top`.
    pub(super) fn line_at(&mut self, (x, top): (f32, f32), text: &str, style: Style) {
        let spot = Spot { page: self.pages.len() - 1, x, baseline: top - style.size * 1.1 };
        self.draw_text(spot, text, style);
    }

    /// Text in lines as wide as the strip; the cursor moves below it, over pages if need be.
    pub(super) fn paragraph(&mut self, strip: Strip, text: &str, style: Style) -> Result<(), PdfError> {
        let text = composed(text).into_owned();
        for line in wrap(self.face, &text, style.size, strip.width) {
            self.ensure(leading(style.size))?;
            self.line(strip.x, line, style);
            self.y -= leading(style.size);
        }
        Ok(())
    }

    /// A line across at the cursor: thin ones are light.
    pub(super) fn rule(&mut self, from: f32, to: f32, width: f32) {
        let y = self.y;
        if let Some(page) = self.pages.last_mut() {
            page.set_line_width(width).set_stroke_gray(if width < 0.5 { 0.7 } else { 0.3 });
            page.move_to(round(from), round(y)).line_to(round(to), round(y)).stroke();
        }
    }

    /// A light ground.
    pub(super) fn ground(&mut self, Area { x, top, width, height }: Area) {
        if let Some(page) = self.pages.last_mut() {
            page.set_fill_gray(0.93);
            page.rect(round(x), round(top - height), round(width), round(height)).fill_nonzero();
        }
    }

    /// Numbers the pages and hands them over.
    pub(super) fn finish(mut self) -> Drawn<'f> {
        let all = self.pages.len();
        for page in 0..all {
            let text = format!("{} / {all}", page + 1);
            let spot = Spot { page, x: self.paper.width / 2.0, baseline: MARGIN };
            self.draw_text(spot, &text, grey(8.0).aligned(Align::Center));
        }
        Drawn { face: self.face, paper: self.paper, pages: self.pages, used: self.used }
    }

    fn draw_text(&mut self, Spot { page, x, baseline }: Spot, text: &str, style: Style) {
        let text = composed(text);
        let codes = self.used.encode(self.face, &text);
        if codes.is_empty() {
            return;
        }
        let width = self.face.width(&text) * style.size;
        let x = match style.align {
            Align::Left => x,
            Align::Center => x - width / 2.0,
            Align::Right => x - width,
        };
        let page = &mut self.pages[page];
        match style.ink {
            Ink::Black => page.set_fill_gray(0.0).set_stroke_gray(0.0),
            Ink::Grey => page.set_fill_gray(0.35).set_stroke_gray(0.35),
            Ink::Red => page.set_fill_rgb(0.75, 0.0, 0.0).set_stroke_rgb(0.75, 0.0, 0.0),
        };
        page.begin_text().set_font(FONT, style.size);
        match style.weight {
            Weight::Plain => page.set_text_rendering_mode(TextRenderingMode::Fill),
            Weight::Bold => {
                page.set_line_width(round(style.size * 0.03)).set_text_rendering_mode(TextRenderingMode::FillStroke)
            }
        };
        page.set_text_matrix([1.0, 0.0, 0.0, 1.0, round(x), round(baseline)]);
        page.show(Str(&codes)).end_text();
    }
}

/// To a hundredth of a point: finer is not seen, and files stay small.
fn round(n: f32) -> f32 {
    (n * 100.0).round() / 100.0
}
