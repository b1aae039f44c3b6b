//! Reads a detail file: good rows are handed over one by one, bad ones are listed.

use super::columns::{Problem, amount};
use super::{BadRow, COLUMNS, FileError, FileReport, LISTED, MAX_LINE, MAX_ROWS, Row, Total};
use crate::item::Kind;
use crate::mask::masked;
use kazasu_documents::table_file::{Columns, Format, How, Row as TableRow, Table};
use kazasu_schemas::ids::digits;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_schemas::typed;
use kazasu_text::tables::DetailText;
use kazasu_text::{Said, Text};
use sha2::{Digest, Sha256};

/// The columns, as [`COLUMNS`] has them; without the needed ones a file says nothing.
const TABLE: Columns = Columns {
    known: &[
        ("kind", &["種別", "区分"]),
        ("reference", &[]),
        ("external_reference", &[]),
        ("acquirer", &[]),
        ("merchant", &["加盟店番号"]),
        ("terminal", &["端末番号"]),
        ("stan", &[]),
        ("rrn", &[]),
        ("approval", &["承認番号"]),
        ("amount", &["金額"]),
        ("currency", &["通貨"]),
        ("day", &["日付", "取引日"]),
        ("batch", &[]),
    ],
    needed: &["kind", "amount", "currency", "day"],
    dates: &["day"],
};
/// The word that begins the last line.
const TOTAL: &str = "total";
/// Characters of a wrong value that are shown.
const SHOWN: usize = 64;

/// Reads a file and hands each good row to `each`, with its line number. `format` is what the contract fixes, or nothing to find out.
///
/// # Errors
/// When the header cannot be used, or there are more than [`MAX_ROWS`] rows. Rows that were handed over before that are not to be
/// used.
pub fn read(bytes: &[u8], format: Option<Format>, mut each: impl FnMut(u64, &Row)) -> Result<FileReport, FileError> {
    debug_assert_eq!(TABLE.known.len(), COLUMNS.len());
    let mut table = Table::open(bytes, TABLE, How { format, sheet: None }).map_err(FileError::Header)?;
    let mut reader = Reader {
        columns: table.header().len(),
        row: Row::new(Kind::Purchase, Yen::ZERO, BusinessDay(0)),
        report: FileReport {
            sha256: Sha256::digest(bytes).into(),
            encoding: table.format(),
            ignored_columns: table.ignored().to_vec(),
            rows: 0,
            good: 0,
            bad: 0,
            bad_rows: Vec::new(),
            sum: 0,
            total: Total::Absent,
        },
        ended: false,
    };
    while let Some(row) = table.next_row() {
        reader.line(&row, &mut each)?;
    }
    Ok(reader.report)
}

struct Reader {
    /// The number of columns in the header.
    columns: usize,
    row: Row,
    report: FileReport,
    /// The total has come.
    ended: bool,
}

/// The fault of a row.
struct Fault<'a> {
    /// Empty when it is about the whole row.
    column: &'a str,
    value: String,
    problem: Said,
}

impl Fault<'_> {
    fn of_row(problem: DetailText<'_>) -> Self {
        Fault { column: "", value: String::new(), problem: Said::of(&problem) }
    }
}

impl Reader {
    fn count(&mut self) -> Result<(), FileError> {
        if self.report.rows == MAX_ROWS && !self.ended {
            return Err(FileError::TooManyRows);
        }
        self.report.rows += u64::from(!self.ended);
        Ok(())
    }

    fn refuse(&mut self, row: &TableRow, fault: Fault<'_>) {
        self.report.bad += 1;
        if self.report.bad_rows.len() < LISTED {
            let Fault { column, value, problem } = fault;
            let (line, row, column) = (row.line, row.row, column.to_owned());
            let (problem, problem_ja) = (problem.en().into_owned(), problem.ja().into_owned());
            self.report.bad_rows.push(BadRow { line, row, column, value, problem, problem_ja });
        }
    }

    fn line(&mut self, row: &TableRow, each: &mut impl FnMut(u64, &Row)) -> Result<(), FileError> {
        if self.ended {
            self.refuse(row, Fault::of_row(DetailText::BehindTotal));
            return Ok(());
        }
        if is_total(row) {
            self.total(row);
            return Ok(());
        }
        self.count()?;
        if row.bytes > MAX_LINE {
            self.refuse(row, Fault::of_row(DetailText::LongLine { most: MAX_LINE.into() }));
            return Ok(());
        }
        self.add_amount(row);
        if let Some(fault) = &row.fault {
            let (column, value, problem) = (fault.column, shown(&fault.value), fault.problem.clone());
            self.refuse(row, Fault { column, value, problem });
            return Ok(());
        }
        match self.row.fill(|name| row.get(name)) {
            Ok(()) => {
                self.report.good += 1;
                each(row.line, &self.row);
            }
            Err(Problem { column, problem }) => {
                let value = shown(row.get(column));
                self.refuse(row, Fault { column, value, problem });
            }
        }
        Ok(())
    }

    /// The amount counts for the total, also when other parts of the row are wrong.
    fn add_amount(&mut self, row: &TableRow) {
        if row.cells.len() != self.columns {
            return;
        }
        if let Ok(amount) = amount(row.get("amount")) {
            self.report.sum += amount.get();
        }
    }

    fn total(&mut self, row: &TableRow) {
        self.ended = true;
        let cell = |at: usize| row.cells.get(at).map_or("", |cell| cell.trim());
        let (count, sum) = (digits(cell(1).as_bytes()), typed::signed_yen(cell(2)).ok().map(Yen::get));
        // Sums may have more figures than an amount.
        let sum = sum.or_else(|| plain_sum(cell(2)));
        let Some((count, sum)) = count.zip(sum) else {
            let value = shown(&format!("{},{}", cell(1), cell(2)));
            self.refuse(row, Fault { column: "", value, problem: Said::of(&DetailText::TotalForm) });
            return;
        };
        let agrees = count == self.report.rows && sum == self.report.sum;
        self.report.total = if agrees { Total::Agrees } else { Total::Differs { count, sum } };
    }
}

fn plain_sum(text: &str) -> Option<i64> {
    let figures = digits(text.strip_prefix('-').unwrap_or(text).as_bytes()).and_then(|n| i64::try_from(n).ok())?;
    Some(if text.starts_with('-') { -figures } else { figures })
}

/// A line of a total has three cells; a spreadsheet fills it up with empty ones.
fn is_total(row: &TableRow) -> bool {
    let is = row.cells.first().is_some_and(|cell| cell.trim().eq_ignore_ascii_case(TOTAL));
    is && row.cells.len() >= 3 && row.cells[3..].iter().all(|cell| cell.trim().is_empty())
}

/// The start of a value, without what may be a card number. Masked first: a number that is cut is still a number.
fn shown(value: &str) -> String {
    masked(value).chars().take(SHOWN).collect()
}
