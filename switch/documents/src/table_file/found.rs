//! A row as a file has it, before its columns are known.

use kazasu_text::tables::CellFault;

/// A row as the file has it.
#[derive(Default)]
pub(super) struct Found {
    /// The line or row on which it begins.
    pub(super) line: u64,
    /// The spreadsheet's row.
    pub(super) row: u64,
    /// Its cells, as far as they can be told apart.
    pub(super) cells: Vec<String>,
    /// The row as it stands in the file, where its cells may be other ones.
    pub(super) text: String,
    /// Bytes, its line end not counted.
    pub(super) bytes: usize,
    /// Cells that cannot be used, by their place.
    pub(super) faults: Vec<(usize, CellFault<'static>)>,
    /// Cells that are dates.
    pub(super) dates: Vec<usize>,
    /// The fault of the row.
    pub(super) broken: Option<CellFault<'static>>,
}

impl Found {
    pub(super) fn is_blank(&self) -> bool {
        self.broken.is_none() && self.faults.is_empty() && self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}
