//! Refused rows as a file that a spreadsheet opens and that is read in again as it is, once it is mended: the line, the reason, and the
//! row's own cells under the file's own header. Its first columns are known to every reader and passed over.

use kazasu_schemas::guard::guarded;

/// A refused row.
pub struct Refused<'a> {
    /// The line of the file.
    pub line: u64,
    /// The column.
    pub column: &'a str,
    /// What is wrong.
    pub problem: &'a str,
    /// The row's own cells.
    pub cells: &'a [String],
}

/// UTF-8 with its mark, lines that end with CR LF.
pub fn refused_csv<'a>(header: &[String], rows: impl Iterator<Item = Refused<'a>>) -> anyhow::Result<Vec<u8>> {
    let out = b"\xef\xbb\xbf".to_vec();
    let mut out = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).flexible(true).from_writer(out);
    let own = ["行 line", "列 column", "理由 reason"].map(str::to_owned);
    out.write_record(own.into_iter().chain(header.iter().map(|name| guarded(name).into_owned())))?;
    for row in rows {
        let facts = [row.line.to_string(), row.column.to_owned(), row.problem.to_owned()];
        // A row with too few cells is filled up, so that it can be read again; one with too many shows them all.
        let lacking = header.len().saturating_sub(row.cells.len());
        let cells = row.cells.iter().cloned().chain(std::iter::repeat_n(String::new(), lacking));
        out.write_record(facts.into_iter().chain(cells).map(|cell| guarded(&cell).into_owned()))?;
    }
    out.into_inner().map_err(|e| anyhow::anyhow!("{e}"))
}
