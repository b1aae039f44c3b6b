//! Refused rows as a file that a spreadsheet opens and that is read in again as it is, once it is mended: the line, the reason, and the
//! row's own cells under the file's own header. Its first columns are known to every reader and passed over.

use kazasu_schemas::guard::guarded;
use kazasu_text::tables::CellFault;
use std::borrow::Cow;

/// The mark of a row that was refused as a whole. Its characters are also in Shift_JIS, in which a spreadsheet may save the file.
const MARK: &str = "【行全体 whole row】";

/// The problem of a row that still bears the mark.
pub(super) const STILL_WHOLE: CellFault<'static> = CellFault::StillWhole { mark: MARK };

/// Text in one line: arrows for its line breaks.
fn in_one_line(text: &str) -> String {
    text.replace("\r\n", "↓").replace(['\r', '\n'], "↓")
}

/// A cell whose lines could be taken for rows when the file is read again stays one line. What else has line breaks keeps them.
fn not_rows(cell: &str) -> Cow<'_, str> {
    let over_lines = cell.contains(['\r', '\n']) && cell.contains([',', '\t']);
    if over_lines { Cow::Owned(in_one_line(cell)) } else { Cow::Borrowed(cell) }
}

/// A row that was refused as a whole, for one cell. Its line breaks become arrows, so that it stays one line.
pub(super) fn marked(text: &str) -> String {
    let text = in_one_line(text);
    if is_marked(&text) { text } else { format!("{MARK}{text}") }
}

/// Does a cell hold a row that was refused as a whole?
pub(super) fn is_marked(cell: &str) -> bool {
    cell.contains(MARK)
}

/// The beginning of a file of refused rows, as it is written here.
pub const BEGINNING: &str = "\u{feff}行 line,列 column,理由 reason";

/// A refused row.
pub struct Refused<'a> {
    /// The line of the file.
    pub line: u64,
    /// The column.
    pub column: &'a str,
    /// The fault.
    pub problem: &'a str,
    /// The row's own cells, or one with the whole row ([`super::Row::into_refused`]).
    pub cells: &'a [String],
}

/// UTF-8 with its mark, lines that end with CR LF.
pub fn refused_csv<'a>(header: &[String], rows: impl Iterator<Item = Refused<'a>>) -> anyhow::Result<Vec<u8>> {
    let out = b"\xef\xbb\xbf".to_vec();
    let mut out = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).flexible(true).from_writer(out);
    let own = ["行 line", "列 column", "理由 reason"].map(str::to_owned);
    out.write_record(own.into_iter().chain(header.iter().map(|name| guarded(&not_rows(name)).into_owned())))?;
    for row in rows {
        let facts = [row.line.to_string(), row.column.to_owned(), row.problem.to_owned()];
        // Filled up to the header's columns, so that the row can be mended and read again.
        let lacking = header.len().saturating_sub(row.cells.len());
        let cells = row.cells.iter().cloned().chain(std::iter::repeat_n(String::new(), lacking));
        out.write_record(facts.into_iter().chain(cells).map(|cell| guarded(&not_rows(&cell)).into_owned()))?;
    }
    out.into_inner().map_err(|e| anyhow::anyhow!("{e}"))
}
