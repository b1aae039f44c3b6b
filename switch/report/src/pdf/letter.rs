//! The head of a statement: title, whom it is for, who sends it, the amount in one line, and facts as a small table.

use super::canvas::{Align, Area, Canvas, Strip, bold, grey, leading, plain};
use super::error::PdfError;
use super::lines::wrap;
use crate::{Cell, Report};
use kazasu_schemas::money::Yen;
use kazasu_text::Text;
use kazasu_text::reports::Furniture;

/// Characters of a fact, of the opening and of labels.
pub const MAX_LINE: usize = 200;
/// Characters of an address line and of the number: with [`MAX_LINES`] of them and the names the parties always fit on one page.
pub const MAX_ADDRESS: usize = 80;
/// Characters of a name, as many as a merchant's has.
pub const MAX_NAME: usize = 100;
/// Address lines of a party.
pub const MAX_LINES: usize = 10;
/// Facts of a letter.
pub const MAX_FACTS: usize = 40;
/// With more facts than this they stand two in a row.
const FACTS_IN_ONE_ROW: usize = 4;

/// The honorific of an addressee.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Honorific {
    /// 御中: a company, a city, a department.
    Onchu,
    /// 様: a person.
    Sama,
    /// Nothing.
    Without,
}

impl Honorific {
    fn text(self) -> &'static str {
        match self {
            Honorific::Onchu => " 御中",
            Honorific::Sama => " 様",
            Honorific::Without => "",
        }
    }
}

/// A sender or an addressee.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Party {
    name: String,
    lines: Vec<String>,
}

impl Party {
    /// A name, and the lines of its address (for an issuer also its registration number and telephone).
    #[must_use]
    pub fn new(name: &str, lines: &[&str]) -> Self {
        Party { name: name.to_owned(), lines: lines.iter().map(|line| (*line).to_owned()).collect() }
    }
}

/// The texts of a statement around its tables.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Letter {
    issuer: Party,
    addressee: Party,
    honorific: Honorific,
    number: Option<String>,
    opening: Option<String>,
    amount: Option<(String, Yen)>,
    facts: Vec<(String, Cell)>,
}

impl Letter {
    /// A letter from `issuer` to `addressee`.
    #[must_use]
    pub fn new(issuer: Party, addressee: Party, honorific: Honorific) -> Self {
        Letter { issuer, addressee, honorific, number: None, opening: None, amount: None, facts: Vec::new() }
    }

    /// The same with a document number.
    #[must_use]
    pub fn number(mut self, number: &str) -> Self {
        self.number = Some(number.to_owned());
        self
    }

    /// The same with a sentence above the amount: 下記のとおり精算いたします。
    #[must_use]
    pub fn opening(mut self, text: &str) -> Self {
        self.opening = Some(text.to_owned());
        self
    }

    /// The same with one amount in large print.
    #[must_use]
    pub fn amount(mut self, label: &str, amount: Yen) -> Self {
        self.amount = Some((label.to_owned(), amount));
        self
    }

    /// The same with one more fact: a label and its value.
    #[must_use]
    pub fn fact(mut self, label: &str, value: impl Into<Cell>) -> Self {
        self.facts.push((label.to_owned(), value.into()));
        self
    }

    /// The addressee as a line.
    pub(super) fn addressed(&self) -> String {
        format!("{}{}", self.addressee.name, self.honorific.text())
    }

    pub(super) fn number_text(&self) -> Option<&str> {
        self.number.as_deref()
    }

    pub(super) fn check(&self) -> Result<(), PdfError> {
        line("the issuer's name", MAX_NAME, &self.issuer.name)?;
        line("the addressee's name", MAX_NAME, &self.addressee.name)?;
        for (what, texts) in
            [("lines of the issuer", &self.issuer.lines), ("lines of the addressee", &self.addressee.lines)]
        {
            at_most(what, MAX_LINES, texts.len())?;
            texts.iter().try_for_each(|text| line("an address line", MAX_ADDRESS, text))?;
        }
        self.number.iter().try_for_each(|text| line("the number", MAX_ADDRESS, text))?;
        self.opening.iter().try_for_each(|text| line("the opening", MAX_LINE, text))?;
        self.amount.iter().try_for_each(|(label, _)| line("the amount's label", MAX_LINE, label))?;
        at_most("facts", MAX_FACTS, self.facts.len())?;
        self.facts.iter().try_for_each(|(label, value)| {
            line("a fact's label", MAX_LINE, label)?;
            if *value == Cell::Empty { Ok(()) } else { line("a fact's value", MAX_LINE, &fact_text(value)) }
        })
    }
}

fn line(what: &'static str, most: usize, text: &str) -> Result<(), PdfError> {
    let length = text.chars().count();
    let good = (1..=most).contains(&length) && !text.contains(char::is_control);
    if good { Ok(()) } else { Err(PdfError::Line { what, most, length }) }
}

fn at_most(what: &'static str, most: usize, lines: usize) -> Result<(), PdfError> {
    if lines <= most { Ok(()) } else { Err(PdfError::Lines { what, most, lines }) }
}

/// Amounts in facts bear their sign ¥: no column header says what they are.
fn fact_text(value: &Cell) -> String {
    if let Cell::Yen(yen) = value { yen.to_string() } else { value.shown() }
}

/// Draws the head on the first page.
pub(super) fn draw(canvas: &mut Canvas<'_>, report: &Report, letter: &Letter) -> Result<(), PdfError> {
    let (middle, width) = (canvas.paper.width / 2.0, canvas.paper.inner_width());
    let title = bold(canvas.fitting(report.title(), 16.0, width)).aligned(Align::Center);
    canvas.line(middle, report.title(), title);
    canvas.y -= leading(16.0);
    let title_en = grey(canvas.fitting(report.title_en(), 9.0, width)).aligned(Align::Center);
    canvas.line(middle, report.title_en(), title_en);
    canvas.y -= leading(9.0) + 14.0;
    parties(canvas, report, letter)?;
    let whole = Strip { x: canvas.left(), width };
    if let Some(opening) = &letter.opening {
        canvas.paragraph(whole, opening, plain(9.5))?;
        canvas.y -= 6.0;
    }
    if let Some((label, amount)) = &letter.amount {
        amount_line(canvas, label, *amount)?;
    }
    for line in report.subtitles() {
        canvas.paragraph(whole, line, plain(9.0))?;
    }
    canvas.y -= 4.0;
    facts(canvas, &letter.facts)
}

/// The addressee to the left; number, date and issuer to the right.
fn parties(canvas: &mut Canvas<'_>, report: &Report, letter: &Letter) -> Result<(), PdfError> {
    let top = canvas.y;
    let (left, right) = (canvas.left(), canvas.right());
    let width = canvas.paper.inner_width();
    let addressee = Strip { x: left, width: width * 0.5 };
    for text in &letter.addressee.lines {
        canvas.paragraph(addressee, text, plain(9.0))?;
    }
    canvas.y -= 2.0;
    canvas.paragraph(addressee, &letter.addressed(), bold(12.5))?;
    canvas.y -= 1.0;
    canvas.rule(left, left + width * 0.5, 0.8);
    let below_left = canvas.y;

    canvas.y = top;
    if let Some(number) = &letter.number {
        let text = format!("{} {number}", Furniture::LetterNumber.both());
        let style = plain(canvas.fitting(&text, 9.0, width * 0.45)).aligned(Align::Right);
        canvas.line(right, &text, style);
        canvas.y -= leading(9.0);
    }
    let made = format!("{} {}", Furniture::LetterDate.both(), report.made_at().jst_day());
    canvas.line(right, &made, plain(9.0).aligned(Align::Right));
    canvas.y -= leading(9.0) + 8.0;
    let issuer_width = width * 0.4;
    let issuer = Strip { x: right - issuer_width, width: issuer_width };
    canvas.paragraph(issuer, &letter.issuer.name, bold(10.5))?;
    for text in &letter.issuer.lines {
        canvas.paragraph(issuer, text, plain(8.5))?;
    }
    canvas.y = canvas.y.min(below_left) - 16.0;
    Ok(())
}

fn amount_line(canvas: &mut Canvas<'_>, label: &str, amount: Yen) -> Result<(), PdfError> {
    const HEIGHT: f32 = 32.0;
    canvas.ensure(HEIGHT)?;
    let (left, top) = (canvas.left(), canvas.y);
    let amount = amount.to_string();
    let amount_width = canvas.face.width(&amount) * 17.0 + 44.0;
    let most = canvas.paper.inner_width();
    let label_size = canvas.fitting(label, 11.0, most - amount_width);
    let width = (most * 0.6).max(canvas.face.width(label) * label_size + amount_width);
    canvas.ground(Area { x: left, top, width, height: HEIGHT });
    canvas.line_at((left + 10.0, top - 10.0), label, bold(label_size));
    canvas.line_at((left + width - 10.0, top - 6.0), &amount, bold(17.0).aligned(Align::Right));
    canvas.y -= HEIGHT + 12.0;
    Ok(())
}

fn facts(canvas: &mut Canvas<'_>, facts: &[(String, Cell)]) -> Result<(), PdfError> {
    const SIZE: f32 = 9.0;
    const PAD: f32 = 4.0;
    if facts.is_empty() {
        return Ok(());
    }
    let in_a_row = if facts.len() > FACTS_IN_ONE_ROW { 2 } else { 1 };
    let pair = if in_a_row == 2 { canvas.paper.inner_width() / 2.0 } else { canvas.paper.inner_width() * 0.6 };
    let (label_width, value_width) = (pair * 0.42, pair * 0.58);
    let across = if in_a_row == 2 { pair * 2.0 } else { pair };
    for row in facts.chunks(in_a_row) {
        let texts: Vec<(String, String, &Cell)> =
            row.iter().map(|(label, value)| (label.clone(), fact_text(value), value)).collect();
        let wrapped = |text: &str, width: f32| -> Vec<String> {
            wrap(canvas.face, text, SIZE, width - 2.0 * PAD).into_iter().map(str::to_owned).collect()
        };
        let lines: Vec<(Vec<String>, Vec<String>)> =
            texts.iter().map(|(label, value, _)| (wrapped(label, label_width), wrapped(value, value_width))).collect();
        let most = lines.iter().map(|(label, value)| label.len().max(value.len())).max().unwrap_or(1);
        let height = height_of(most, SIZE) + 2.0 * PAD;
        canvas.ensure(height)?;
        let (mut x, top) = (canvas.left(), canvas.y);
        for ((label, value), (_, _, cell)) in lines.iter().zip(&texts) {
            canvas.ground(Area { x, top, width: label_width, height });
            block(canvas, (x + PAD, top - PAD), label, Align::Left);
            let (at, align) = if cell.is_number() {
                (x + pair - PAD * 2.0, Align::Right)
            } else {
                (x + label_width + PAD * 2.0, Align::Left)
            };
            block(canvas, (at, top - PAD), value, align);
            x += pair;
        }
        // Rules lie on the grounds.
        canvas.rule(canvas.left(), canvas.left() + across, 0.4);
        canvas.y -= height;
        canvas.rule(canvas.left(), canvas.left() + across, 0.4);
    }
    canvas.y -= 12.0;
    Ok(())
}

fn block(canvas: &mut Canvas<'_>, (x, top): (f32, f32), lines: &[String], align: Align) {
    let mut top = top;
    for line in lines {
        canvas.line_at((x, top), line, plain(9.0).aligned(align));
        top -= leading(9.0);
    }
}

/// The height of this many lines.
pub(super) fn height_of(lines: usize, size: f32) -> f32 {
    f32::from(u16::try_from(lines).unwrap_or(u16::MAX)) * leading(size)
}
