//! Writes a detail file as a stream: for clearing files that go out, and for tests.

use super::columns::Row;
use super::{COLUMNS, MAX_ROWS};
use kazasu_schemas::guard::guarded;
use kazasu_schemas::money::{MAX_WIRE_AMOUNT, Yen};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::{self, Write};

/// Writes rows, and the total at the end.
pub struct Writer<W> {
    out: W,
    hash: Sha256,
    line: String,
    rows: u64,
    sum: i64,
}

/// The counts of what was written.
#[derive(Debug)]
pub struct Written<W> {
    /// The target.
    pub out: W,
    /// Rows, header and total not counted.
    pub rows: u64,
    /// Sum of their amounts.
    pub sum: Yen,
    /// SHA-256 of the whole content.
    pub sha256: [u8; 32],
}

impl<W: Write> Writer<W> {
    /// Begins a file with its header.
    ///
    /// # Errors
    /// Those of the writer below.
    pub fn new(out: W) -> io::Result<Self> {
        let mut writer = Writer { out, hash: Sha256::new(), line: String::new(), rows: 0, sum: 0 };
        writer.line.push_str(&COLUMNS.join(","));
        writer.put()?;
        Ok(writer)
    }

    /// Writes a row.
    ///
    /// # Errors
    /// `InvalidInput` for what the format cannot carry: an amount beyond twelve digits, a control character, a currency
    /// beyond three digits, too many rows. Otherwise those of the writer below.
    pub fn row(&mut self, row: &Row) -> io::Result<()> {
        let invalid = |what: &'static str| Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        if self.rows == MAX_ROWS {
            return invalid("too many rows for a detail file");
        }
        if row.amount.get().unsigned_abs() > MAX_WIRE_AMOUNT.unsigned_abs() || row.currency > 999 {
            return invalid("a detail file has amounts of twelve digits and currencies of three");
        }
        if [&row.external_reference, &row.batch].iter().any(|text| text.chars().any(char::is_control)) {
            return invalid("a detail file has no control characters");
        }
        self.line.clear();
        self.line.push_str(row.kind.as_str());
        self.shown(row.reference);
        self.text(&row.external_reference);
        self.text(row.acquirer.as_ref().map_or("", |id| id.as_str()));
        self.text(row.merchant.as_ref().map_or("", |id| id.as_str()));
        self.text(row.terminal.as_ref().map_or("", |id| id.as_str()));
        self.shown(row.stan.map(|stan| format_args!("{:06}", stan.get()).to_string()));
        self.text(row.rrn.as_ref().map_or("", |id| id.as_str()));
        self.text(row.approval.as_ref().map_or("", |id| id.as_str()));
        self.shown(Some(row.amount.get()));
        self.shown(Some(format_args!("{:03}", row.currency).to_string()));
        self.shown(Some(row.day));
        self.text(&row.batch);
        self.rows += 1;
        self.sum += row.amount.get();
        self.put()
    }

    /// Writes the total and flushes.
    ///
    /// # Errors
    /// Those of the writer below.
    pub fn finish(mut self) -> io::Result<Written<W>> {
        self.line.clear();
        write!(self.line, "total,{},{}", self.rows, self.sum).expect("a String takes everything");
        self.put()?;
        self.out.flush()?;
        let sum = Yen::new(self.sum);
        Ok(Written { out: self.out, rows: self.rows, sum, sha256: self.hash.finalize().into() })
    }

    fn shown(&mut self, value: Option<impl std::fmt::Display>) {
        self.line.push(',');
        if let Some(value) = value {
            write!(self.line, "{value}").expect("a String takes everything");
        }
    }

    fn text(&mut self, value: &str) {
        self.line.push(',');
        // People open these files in spreadsheets too. The reader takes the mark off again.
        let value = &*guarded(value);
        if value.contains([',', '"']) {
            self.line.push('"');
            self.line.push_str(&value.replace('"', "\"\""));
            self.line.push('"');
        } else {
            self.line.push_str(value);
        }
    }

    fn put(&mut self) -> io::Result<()> {
        self.line.push_str("\r\n");
        self.hash.update(self.line.as_bytes());
        self.out.write_all(self.line.as_bytes())
    }
}
