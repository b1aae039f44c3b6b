//! Import of merchants and links from CSV or a workbook. A bad row is reported by line, column, value and reason, and never blocks the
//! others; importing the same file again changes nothing. A look at a file (dry run) says what it would change and changes nothing.

mod links;
mod look;
mod merchants;
mod operations;
#[cfg(test)]
mod tests;

pub(crate) use links::instrument;
pub use links::links;
pub use look::Ground;
pub use merchants::merchants;
pub use operations::{ImportFile, ImportLinks, ImportMerchants};

use kazasu_core::{Command, Done};
use kazasu_documents::table_file::{Columns, How, Refused, Row, Table, refused_csv};
use kazasu_engine::CommandError;
use kazasu_issuer_adapter::routing::RoutingTable;
use kazasu_security::vault::Vault;
use look::Opening;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Bad rows and changes that are listed in full; more are only counted.
const LISTED: usize = 10_000;
/// Who links, as the records keep it.
const IMPORT: &str = "import";
/// Commands under way at one time.
const WINDOW: usize = 8_192;

/// A row that was not imported.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadRow {
    /// Line in the file on which the row begins, the first being 1; in a workbook the sheet's row.
    pub line: u64,
    /// The row that a spreadsheet shows, where that is another number: cells with line breaks stand before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
    /// The column, or empty when the row as a whole is wrong.
    pub column: String,
    /// What stands there; card numbers are not repeated.
    pub value: String,
    /// What is wrong and what was expected.
    pub problem: String,
    /// The row's own cells, in the file's order; card numbers are not repeated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<String>,
}

impl BadRow {
    /// Line, column and reason on one line.
    #[must_use]
    pub fn told(&self) -> String {
        let row = self.row.map_or(String::new(), |row| format!(" (row {row} in a spreadsheet)"));
        let column = if self.column.is_empty() { String::new() } else { format!(", {} {:?}", self.column, self.value) };
        format!("line {}{row}{column}: {}", self.line, self.problem)
    }
}

/// Refused rows as a file that is mended and read in again.
pub fn bad_rows_csv(header: &[String], rows: &[BadRow]) -> anyhow::Result<Vec<u8>> {
    let refused = rows.iter().map(|row| Refused {
        line: row.line,
        column: &row.column,
        problem: &row.problem,
        cells: &row.cells,
    });
    refused_csv(header, refused)
}

/// A field that a row changes, or would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The row's line.
    pub line: u64,
    /// The merchant, as acquirer and ID, or the person.
    pub of: String,
    /// The field, by its column's name.
    pub field: String,
    /// What is there; `None` when it is new.
    pub before: Option<String>,
    /// What would be there.
    pub after: String,
}

/// How a file is imported.
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// The workbook's sheet; the first that is shown when none is named.
    pub sheet: Option<String>,
    /// Whether anything is carried out.
    pub mode: Mode,
}

/// Whether anything is carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Rows become records.
    #[default]
    CarryOut,
    /// Nothing is recorded: the report says what would be.
    Look,
}

/// What an import did, or would do.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportReport {
    /// Nothing was recorded: it was a look.
    pub dry_run: bool,
    /// How the file's characters are written: `utf-8`, `shift_jis`, `utf-16`, `ascii` or `xlsx`.
    pub encoding: String,
    /// The workbook's sheet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Rows read, the header and empty rows not counted: recorded, unchanged and bad ones.
    pub rows: u64,
    /// Empty rows.
    pub blank: u64,
    /// Rows that made at least one record.
    pub recorded: u64,
    /// Rows that changed nothing because everything was as they say.
    pub unchanged: u64,
    /// Cards whose number no configured issuer claims: linked, but refused with 92 until one does and they are linked again.
    pub without_route: u64,
    /// Rows that were refused.
    pub bad: u64,
    /// The first of them.
    pub bad_rows: Vec<BadRow>,
    /// The file's header.
    pub header: Vec<String>,
    /// Columns that are not known and were passed over.
    pub ignored_columns: Vec<String>,
    /// Fields that would change.
    pub changed_fields: u64,
    /// The first of them.
    pub changes: Vec<FieldChange>,
    /// Opening balances that were not booked, because another sum was paid in before; the first of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<FieldChange>,
}

impl ImportReport {
    fn refuse(&mut self, row: BadRow) {
        self.bad += 1;
        if self.bad_rows.len() < LISTED {
            self.bad_rows.push(row);
        }
    }
}

/// What importing links needs besides the file.
#[derive(Clone)]
pub struct LinkImport {
    /// Seals card numbers.
    pub vault: Arc<Vault>,
    /// Finds issuers.
    pub routes: Arc<RoutingTable>,
}

/// What is wrong with a value, and what was expected.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) column: &'static str,
    pub(crate) value: String,
    pub(crate) problem: String,
}

fn problem(column: &'static str, value: &str, problem: impl ToString) -> Problem {
    // A column that was moved by mistake may hold card numbers.
    let value = kazasu_schemas::text::masked(&value.chars().take(64).collect::<String>());
    Problem { column, value, problem: kazasu_schemas::text::masked(&problem.to_string()) }
}

/// The commands that a row stands for, carried out in order.
struct Planned {
    commands: Vec<Command>,
    without_route: bool,
}

/// A kind of file: its columns, whether its cells may be repeated, and what a row stands for.
struct Kind<'a> {
    columns: Columns,
    cells: Cells,
    plan: &'a (dyn Fn(&Row) -> Result<Planned, Problem> + Sync),
}

/// May a report repeat the cells of a refused row?
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cells {
    Plain,
    /// They may be card numbers.
    Masked,
}

impl Cells {
    fn of(self, row: Row) -> Vec<String> {
        let cells = row.into_refused();
        match self {
            Cells::Plain => cells,
            Cells::Masked => cells.iter().map(|cell| kazasu_schemas::text::masked(cell)).collect(),
        }
    }
}

async fn run(ground: Ground<'_>, file: Vec<u8>, order: &Order, kind: Kind<'_>) -> anyhow::Result<ImportReport> {
    let sheet = order.sheet.clone();
    let columns = kind.columns;
    let open = move || {
        let how = How { sheet: sheet.as_deref(), ..How::default() };
        Table::open(&file, columns, how).map(Table::into_owned)
    };
    let mut table = tokio::task::spawn_blocking(open).await?.map_err(anyhow::Error::msg)?;
    let mut report = ImportReport {
        dry_run: order.mode == Mode::Look,
        encoding: table.format().to_string(),
        sheet: table.sheet().map(str::to_owned),
        header: table.header().to_vec(),
        ignored_columns: table.ignored().to_vec(),
        ..ImportReport::default()
    };
    let mut steps = look::Steps::new(ground, order.mode);
    while let Some(mut row) = table.next_row() {
        report.rows += 1;
        let planned = match row.fault.take() {
            Some(fault) => Err(Problem { column: fault.column, value: fault.value, problem: fault.problem }),
            None => (kind.plan)(&row),
        };
        let told = Told { line: row.line, row: row.row, cells: Vec::new() };
        match planned {
            Err(p) => report.refuse(Told { cells: kind.cells.of(row), ..told }.bad(p.column, p.value, p.problem)),
            Ok(planned) => {
                report.without_route += u64::from(planned.without_route);
                steps.push(Told { cells: kind.cells.of(row), ..told }, planned.commands, &mut report).await?;
            }
        }
    }
    steps.finish(&mut report).await?;
    report.blank = table.blank();
    // What the core refused came later than what could not be read.
    report.bad_rows.sort_by_key(|row| row.line);
    Ok(report)
}

/// What a report says of a row that is refused later.
struct Told {
    line: u64,
    row: Option<u64>,
    cells: Vec<String>,
}

impl Told {
    fn bad(self, column: &str, value: String, problem: String) -> BadRow {
        BadRow { line: self.line, row: self.row, column: column.to_owned(), value, problem, cells: self.cells }
    }
}

/// A row's commands, whose outcomes come together.
struct UnderWay {
    row: Told,
    opening: Option<Opening>,
    answers: SmallVec<[oneshot::Receiver<Result<Done, CommandError>>; 1]>,
}

/// Gives back the opening balance that was not booked because there was money before.
async fn finish(row: UnderWay, report: &mut ImportReport) -> anyhow::Result<Option<Opening>> {
    let (mut changed, mut known) = (false, None);
    for (at, answer) in row.answers.into_iter().enumerate() {
        match answer.await.map_err(|_| CommandError::Stopping)? {
            Ok(done) => {
                changed |= done == Done::Recorded;
                if done == Done::Unchanged {
                    known = known.or(row.opening.filter(|opening| opening.at == at));
                }
            }
            Err(CommandError::Rejected(why)) => {
                report.refuse(row.row.bad("", String::new(), why.to_string()));
                return Ok(None);
            }
            Err(error @ (CommandError::Elsewhere(_) | CommandError::Halted(_) | CommandError::Stopping)) => {
                return Err(error.into());
            }
        }
    }
    report.count(changed);
    Ok(known)
}

impl ImportReport {
    fn count(&mut self, changed: bool) {
        if changed {
            self.recorded += 1;
        } else {
            self.unchanged += 1;
        }
    }
}
