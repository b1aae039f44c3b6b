//! Statements as PDF, for merchants, residents and cities: a letterhead, facts and the report's tables on A4, with page numbers and a
//! header that repeats. Text can be selected and searched; only the glyphs that are used are embedded. The same report, letter and font
//! give the same bytes on every machine.
//!
//! pdf-writer writes the objects, subsetter cuts the font, read-fonts reads its metrics (the crates below Typst and Google Fonts);
//! layout is here, because a statement is a few blocks and one table. Shaping is not needed: Japanese in horizontal lines is one
//! glyph a character.

mod canvas;
mod error;
mod face;
mod file;
pub mod font;
mod font_file;
mod grid;
pub mod letter;
mod lines;
#[cfg(test)]
mod tests;
mod used;

pub use error::{MAX_PAGES, PdfError};
pub use file::Pdf;
pub use font::{Font, FontError};
pub use letter::{Honorific, Letter, Party};

use super::Report;
use canvas::{Canvas, Masthead};
use face::Face;
use grid::Grid;

/// Lays out the report under the letter's head.
pub fn statement(report: &Report, letter: &Letter, font: &Font) -> Result<Pdf, PdfError> {
    letter.check()?;
    let face = Face::new(font)?;
    let grid = Grid::plan(&face, report.sheets())?;
    let masthead = Masthead {
        left: format!("{}  {}", report.title(), letter.addressed()),
        right: letter.number_text().unwrap_or_default().to_owned(),
    };
    let mut canvas = Canvas::new(&face, grid.paper, masthead);
    letter::draw(&mut canvas, report, letter)?;
    grid.draw(&mut canvas, report.sheets())?;
    file::write(report, font, canvas.finish())
}
