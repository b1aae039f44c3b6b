//! The reasons for not making a statement, and its bounds.

use super::font_file::FontError;

/// Pages of a statement; longer tables are for CSV and Excel.
pub const MAX_PAGES: usize = 3_000;

/// The smallest print, in points.
pub(super) const SMALLEST: f32 = 5.5;

/// The error of a statement that was not made.
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
        /// The text.
        what: &'static str,
        /// The most characters that it may have.
        most: usize,
        /// Its characters.
        length: usize,
    },
    /// Too many lines of one block of the letter.
    #[error("a letter has at most {most} {what}, got {lines}")]
    Lines {
        /// The block.
        what: &'static str,
        /// The most that it may have.
        most: usize,
        /// The number that it has.
        lines: usize,
    },
    /// The columns do not fit on a page.
    #[error("sheet {sheet:?} is too wide for A4 landscape at {} points", SMALLEST)]
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
