//! CSV for spreadsheets and for other systems: UTF-8 with a byte order mark or Shift_JIS, lines that end with CRLF, amounts as plain
//! digits. A file holds one header and rows, nothing else: titles, totals and notes would be read as rows.
//!
//! Text that a spreadsheet would take for a formula gets an apostrophe in front ([`kazasu_schemas::guard`]); numbers are not touched.

use super::cell::Cell;
use super::error::{ReportError, ValueError};
use super::sheet::{Column, Sheet, check_columns, check_value};
use super::shift_jis;
use kazasu_schemas::guard::guarded;
use std::io::{self, Write};

/// The encoding of a file's characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// UTF-8 with a byte order mark, by which Excel knows it.
    Utf8,
    /// Windows' Shift_JIS, for systems that take nothing else.
    ShiftJis,
}

/// The first line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Header {
    /// The columns' names in Japanese.
    Japanese,
    /// The columns' names in English, for programs.
    English,
    /// No first line.
    Without,
}

/// The counts of what was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CsvDone {
    /// Rows, the header not counted.
    pub rows: u64,
    /// Characters that Shift_JIS does not have and that became 〓.
    pub replaced: u64,
}

/// The error of a file that was not written.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    /// The columns are wrong.
    #[error(transparent)]
    Columns(#[from] ReportError),
    /// A row of another width than the header.
    #[error("row {row}: {cells} cells, the header has {columns}")]
    Width {
        /// The row, from 1.
        row: u64,
        /// Cells in the row.
        cells: usize,
        /// Columns of the file.
        columns: usize,
    },
    /// A value that its column does not take.
    #[error("row {row} column {column:?}: {problem}")]
    Value {
        /// The row, from 1.
        row: u64,
        /// The column's English name.
        column: String,
        /// The fault.
        problem: ValueError,
    },
    /// The file could not be written.
    #[error("cannot write the CSV file: {0}")]
    Write(#[from] io::Error),
}

/// A CSV file that takes its rows one by one and keeps none of them.
pub struct CsvOut<W: Write> {
    out: ::csv::Writer<W>,
    encoding: Encoding,
    columns: Vec<Column>,
    record: ::csv::ByteRecord,
    done: CsvDone,
}

impl<W: Write> CsvOut<W> {
    /// Begins a file with its header.
    pub fn new(mut out: W, columns: &[Column], encoding: Encoding, header: Header) -> Result<Self, CsvError> {
        check_columns("CSV", columns)?;
        match encoding {
            Encoding::Utf8 => out.write_all(b"\xef\xbb\xbf")?,
            Encoding::ShiftJis => {}
        }
        let out = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(out);
        let (columns, record) = (columns.to_vec(), ::csv::ByteRecord::new());
        let mut csv = CsvOut { out, encoding, columns, record, done: CsvDone::default() };
        let names: Vec<String> = match header {
            Header::Japanese => csv.columns.iter().map(|c| c.name().to_owned()).collect(),
            Header::English => csv.columns.iter().map(|c| c.name_en().to_owned()).collect(),
            Header::Without => return Ok(csv),
        };
        for name in names {
            csv.field(&guarded(&name));
        }
        csv.end_row()?;
        Ok(csv)
    }

    /// Writes a row.
    pub fn row(&mut self, row: &[Cell]) -> Result<(), CsvError> {
        let number = self.done.rows + 1;
        if row.len() != self.columns.len() {
            return Err(CsvError::Width { row: number, cells: row.len(), columns: self.columns.len() });
        }
        for (cell, column) in row.iter().zip(&self.columns) {
            check_value(cell, column.kind()).map_err(|problem| CsvError::Value {
                row: number,
                column: column.name_en().to_owned(),
                problem,
            })?;
        }
        for cell in row {
            match cell {
                Cell::Text(text) => self.field(&guarded(text)),
                Cell::Empty
                | Cell::Yen(_)
                | Cell::Count(_)
                | Cell::Points(_)
                | Cell::Percent(_)
                | Cell::Date(_)
                | Cell::Time(_) => self.field(&cell.plain()),
            }
        }
        self.end_row()?;
        self.done.rows = number;
        Ok(())
    }

    /// Hands on what was written so far.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Flushes the file and tells what is in it.
    pub fn finish(mut self) -> Result<CsvDone, CsvError> {
        self.out.flush()?;
        Ok(self.done)
    }

    fn field(&mut self, text: &str) {
        match self.encoding {
            Encoding::Utf8 => self.record.push_field(text.as_bytes()),
            // No byte of a two-byte character is a comma, a quote or a line end, so what is encoded can be quoted afterwards.
            Encoding::ShiftJis => {
                let (bytes, replaced) = shift_jis::encode(text);
                self.record.push_field(&bytes);
                self.done.replaced += replaced;
            }
        }
    }

    fn end_row(&mut self) -> io::Result<()> {
        let written = self.out.write_byte_record(&self.record);
        self.record.clear();
        written.map_err(io::Error::from)
    }
}

/// One table of a report as a file.
pub fn sheet(sheet: &Sheet, encoding: Encoding, header: Header) -> Result<(Vec<u8>, CsvDone), CsvError> {
    let mut bytes = Vec::new();
    let mut csv = CsvOut::new(&mut bytes, sheet.columns(), encoding, header)?;
    for row in sheet.rows() {
        csv.row(row)?;
    }
    let done = csv.finish()?;
    Ok((bytes, done))
}
