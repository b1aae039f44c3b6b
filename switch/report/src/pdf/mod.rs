//! Statements as PDF, for merchants, residents and cities: a letterhead, facts and the report's tables on A4, with page numbers and a
//! header that repeats. Text can be selected and searched; only the glyphs that are used are embedded. The same report, letter and font
//! give the same bytes on every machine.
//!
//! pdf-writer writes the objects, subsetter cuts the font, read-fonts reads its metrics (the crates below Typst and Google Fonts);
//! layout is here, because a statement is a few blocks and one table. Shaping is not needed: Japanese in horizontal lines is one
//! glyph a character.

mod canvas;
mod face;
mod file;
pub mod font;
mod grid;
pub mod letter;
mod lines;
#[cfg(test)]
mod tests;

pub use font::{Font, FontError};
pub use letter::{Honorific, Letter, Party};

use super::Report;
use canvas::{Canvas, Masthead};
use face::Face;
use grid::Grid;

/// Pages of a statement; longer tables are for CSV and Excel.
pub const MAX_PAGES: usize = 3_000;

/// A finished statement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pdf {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its pages.
    pub pages: usize,
    /// Characters that the font does not have, each once; 〓 stands in their place.
    pub missing: Vec<char>,
}

/// Why a statement was not made.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PdfError {
    /// The font cannot be used.
    #[error(transparent)]
    Font(#[from] FontError),
    /// The subset of the font could not be made.
    #[error("the font cannot be cut to the glyphs in use: {0}")]
    Subset(String),
    /// A text of the letter is empty, too long or in several lines.
    #[error("{what} must be 1 to {most} characters without control characters, got {length}")]
    Line {
        /// Which text it is.
        what: &'static str,
        /// How many characters it may have.
        most: usize,
        /// Its characters.
        length: usize,
    },
    /// Too many lines of one block of the letter.
    #[error("a letter has at most {most} {what}, got {lines}")]
    Lines {
        /// Which block it is.
        what: &'static str,
        /// How many it may have.
        most: usize,
        /// How many it has.
        lines: usize,
    },
    /// The columns do not fit on a page.
    #[error("sheet {sheet:?} is too wide for A4 landscape at {} points", grid::SMALLEST)]
    Wide {
        /// The sheet.
        sheet: String,
    },
    /// A row does not fit on a page.
    #[error("sheet {sheet:?} row {row} is higher than a page")]
    High {
        /// The sheet.
        sheet: String,
        /// The row, from 1.
        row: usize,
    },
    /// More pages than a statement may have.
    #[error("the statement has more than {MAX_PAGES} pages; use CSV or Excel for tables of this size")]
    Long,
}

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
