//! Reads a detail file as a stream: good rows are handed over one by one, bad ones are listed.

use super::columns::{Problem, Row, amount};
use super::fields::Fields;
use super::lines::{Encoding, Lines, Next};
use super::{BadRow, COLUMNS, FileError, FileReport, LISTED, MAX_LINE, MAX_ROWS, Total};
use crate::recon::item::Kind;
use crate::recon::mask::masked;
use kazasu_schemas::ids::digits;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use std::io::BufRead;

/// Columns without which a file says nothing.
const NEEDED: [&str; 4] = ["kind", "amount", "currency", "day"];
/// The word that begins the last line.
const TOTAL: &str = "total";
/// Characters of a wrong value that are shown.
const SHOWN: usize = 64;

/// Reads a file and hands each good row to `each`, with its line number. `encoding` is what the contract fixes, or
/// [`Encoding::Ascii`] to find out. The input is read to its end, so that the digest is of all of it.
///
/// # Errors
/// When the input cannot be read, the header cannot be used, or there are more than [`MAX_ROWS`] rows. Rows that were handed
/// over before that are not to be used.
pub fn read(input: impl BufRead, encoding: Encoding, mut each: impl FnMut(u64, &Row)) -> Result<FileReport, FileError> {
    let mut reader = Reader {
        lines: Lines::new(input, encoding),
        fields: Fields::default(),
        places: [None; COLUMNS.len()],
        columns: 0,
        row: Row::new(Kind::Purchase, Yen::ZERO, BusinessDay(0)),
        report: FileReport {
            sha256: [0; 32],
            encoding,
            rows: 0,
            good: 0,
            bad: 0,
            bad_rows: Vec::new(),
            sum: 0,
            total: Total::Absent,
        },
        ended: false,
    };
    reader.header()?;
    loop {
        match reader.lines.advance()? {
            Next::End => break,
            Next::TooLong => reader.too_long()?,
            Next::Line => reader.line(&mut each)?,
        }
    }
    let mut report = reader.report;
    report.encoding = reader.lines.encoding();
    report.sha256 = reader.lines.digest();
    Ok(report)
}

struct Reader<R> {
    lines: Lines<R>,
    fields: Fields,
    /// Where each of [`COLUMNS`] stands.
    places: [Option<usize>; COLUMNS.len()],
    /// How many columns the header has.
    columns: usize,
    row: Row,
    report: FileReport,
    /// The total has come.
    ended: bool,
}

impl<R: BufRead> Reader<R> {
    fn header(&mut self) -> Result<(), FileError> {
        let wrong = |problem: &str| FileError::Header(problem.to_owned());
        match self.lines.advance()? {
            Next::Line => {}
            Next::End => return Err(wrong("the file is empty")),
            Next::TooLong => return Err(wrong("the header is too long; is this a detail file?")),
        }
        if self.lines.bytes().contains(&0) {
            return Err(wrong("the file is not text in UTF-8 or Shift_JIS (UTF-16?)"));
        }
        let text = self.lines.text().ok_or_else(|| wrong("the characters are neither UTF-8 nor Shift_JIS"))?;
        self.fields.split(&text).map_err(wrong)?;
        self.columns = self.fields.len();
        for at in 0..self.columns {
            let name = self.fields.get(at).to_lowercase();
            let Some(column) = COLUMNS.iter().position(|column| *column == name) else {
                let known = COLUMNS.join(", ");
                return Err(FileError::Header(format!("unknown column {:?}; known are {known}", shown(&name))));
            };
            if self.places[column].replace(at).is_some() {
                return Err(FileError::Header(format!("the column {name:?} stands there twice")));
            }
        }
        for name in NEEDED {
            if self.place(name).is_none() {
                return Err(FileError::Header(format!(
                    "the header has no column {name:?}; needed are {}",
                    NEEDED.join(", ")
                )));
            }
        }
        Ok(())
    }

    fn place(&self, name: &str) -> Option<usize> {
        COLUMNS.iter().position(|column| *column == name).and_then(|column| self.places[column])
    }

    fn too_long(&mut self) -> Result<(), FileError> {
        self.count()?;
        self.refuse("", String::new(), &format!("the line has more than {MAX_LINE} bytes"));
        Ok(())
    }

    fn count(&mut self) -> Result<(), FileError> {
        if self.report.rows == MAX_ROWS && !self.ended {
            return Err(FileError::TooManyRows);
        }
        self.report.rows += u64::from(!self.ended);
        Ok(())
    }

    fn refuse(&mut self, column: &'static str, value: String, problem: &str) {
        self.report.bad += 1;
        if self.report.bad_rows.len() < LISTED {
            let line = self.lines.number();
            let problem = problem.to_owned();
            self.report.bad_rows.push(BadRow { line, column: column.to_owned(), value, problem });
        }
    }

    fn line(&mut self, each: &mut impl FnMut(u64, &Row)) -> Result<(), FileError> {
        if self.lines.bytes().trim_ascii().is_empty() {
            return Ok(());
        }
        let split = match self.lines.text() {
            None => Err("the characters are not those of the file's encoding"),
            Some(text) if text.contains(char::is_control) => Err("control characters"),
            Some(text) => self.fields.split(&text),
        };
        if self.ended {
            self.refuse("", String::new(), "stands after the total");
            return Ok(());
        }
        if split.is_ok() && self.fields.get(0).eq_ignore_ascii_case(TOTAL) && self.only_three() {
            self.total();
            return Ok(());
        }
        self.count()?;
        if let Err(problem) = split {
            self.refuse("", String::new(), problem);
            return Ok(());
        }
        self.add_amount();
        if self.fields.len() != self.columns {
            let problem = format!("has {} values, the header has {} columns", self.fields.len(), self.columns);
            self.refuse("", String::new(), &problem);
            return Ok(());
        }
        let (fields, places) = (&self.fields, &self.places);
        let get = |name: &'static str| {
            let column = COLUMNS.iter().position(|column| *column == name);
            column.and_then(|column| places[column]).map_or("", |at| fields.get(at))
        };
        match self.row.fill(get) {
            Ok(()) => {
                self.report.good += 1;
                each(self.lines.number(), &self.row);
            }
            Err(Problem { column, problem }) => {
                let value = shown(get(column));
                self.refuse(column, value, problem);
            }
        }
        Ok(())
    }

    /// The amount counts for the total, whatever else is wrong with the row.
    fn add_amount(&mut self) {
        let Some(place) = self.place("amount").filter(|_| self.fields.len() == self.columns) else { return };
        if let Ok(amount) = amount(self.fields.get(place)) {
            self.report.sum += amount.get();
        }
    }

    /// A spreadsheet fills the last line up with empty values.
    fn only_three(&self) -> bool {
        self.fields.len() == 3
            || (self.fields.len() == self.columns && (3..self.columns).all(|at| self.fields.get(at).is_empty()))
    }

    fn total(&mut self) {
        self.ended = true;
        let count = digits(self.fields.get(1).as_bytes());
        let sum = self.fields.get(2);
        let figures = sum.strip_prefix('-').unwrap_or(sum);
        let Some((count, figures)) = count.zip(digits(figures.as_bytes()).and_then(|n| i64::try_from(n).ok())) else {
            let value = shown(&format!("{},{sum}", self.fields.get(1)));
            self.refuse("", value, "a total has the number of rows and their sum, in digits");
            return;
        };
        let sum = if sum.starts_with('-') { -figures } else { figures };
        let agrees = count == self.report.rows && sum == self.report.sum;
        self.report.total = if agrees { Total::Agrees } else { Total::Differs { count, sum } };
    }
}

/// The start of a value, without what may be a card number. Masked first: a number that is cut is still a number.
fn shown(value: &str) -> String {
    masked(value).chars().take(SHOWN).collect()
}
