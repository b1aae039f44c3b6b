//! Import of merchants and links from CSV or a workbook. A bad row is reported by line, column, value and reason, and never blocks the
//! others; importing the same file again changes nothing. A look at a file (dry run) says what it would change and changes nothing.

mod links;
mod merchants;
mod operations;
mod payees;
mod preview;
mod report;
#[cfg(test)]
mod tests;

pub(crate) use links::instrument;
pub use links::links;
pub use merchants::merchants;
pub use operations::{
    ImportFile, ImportLinks, ImportMerchants, ImportPayees, Imported, LookAtLinks, LookAtMerchants, LookAtPayees,
};
pub use payees::{Calls, payees};
pub use preview::Ground;
pub use report::{BadRow, FieldChange, ImportReport, Mode, Order, bad_rows_csv};

use crate::problem::{Problem, problem};
use bytes::Bytes;
use kazasu_core::Command;
use kazasu_documents::table_file::{Columns, How, Row, Table};
use kazasu_issuer_adapter::routing::RoutingTable;
use kazasu_ledger::record::Maker;
use kazasu_security::vault::Vault;
use report::RowAsRead;
use std::sync::Arc;

/// The author of a link, as records keep it.
const IMPORT: &str = "import";
/// The settings for importing links.
#[derive(Clone)]
pub struct LinkImport {
    /// Seals card numbers.
    pub vault: Arc<Vault>,
    /// Finds issuers.
    pub routes: Arc<RoutingTable>,
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

async fn run(ground: Ground<'_>, file: Bytes, order: &Order, kind: Kind<'_>) -> anyhow::Result<ImportReport> {
    let sheet = order.sheet.clone();
    let columns = kind.columns;
    let open = move || {
        let how = How { sheet: sheet.as_deref(), ..How::default() };
        Table::open(&file, columns, how).map(Table::into_owned)
    };
    let mut table = tokio::task::spawn_blocking(open).await??;
    let mut report = ImportReport {
        dry_run: order.mode == Mode::Look,
        encoding: table.format().to_string(),
        sheet: table.sheet().map(str::to_owned),
        header: table.header().to_vec(),
        ignored_columns: table.ignored().to_vec(),
        ..ImportReport::default()
    };
    let mut steps = preview::Steps::new(ground, order);
    while let Some(mut row) = table.next_row() {
        report.rows += 1;
        let planned = match row.fault.take() {
            Some(fault) => Err(Problem { column: fault.column, value: fault.value, problem: fault.problem }),
            None => (kind.plan)(&row),
        };
        let told = RowAsRead { line: row.line, row: row.row, cells: Vec::new() };
        match planned {
            Err(p) => report.refuse(RowAsRead { cells: kind.cells.of(row), ..told }.bad(p.column, p.value, &p.problem)),
            Ok(planned) => {
                report.without_route += u64::from(planned.without_route);
                let commands =
                    planned.commands.into_iter().map(|command| caused(command, order.maker.as_ref())).collect();
                steps.push(RowAsRead { cells: kind.cells.of(row), ..told }, commands, &mut report).await?;
            }
        }
    }
    steps.finish(&mut report).await?;
    report.blank = table.blank();
    // The core's refusals come after the unreadable rows.
    report.bad_rows.sort_by_key(|row| row.line);
    Ok(report)
}

/// A row's command with the person who imports it, where its record says who caused it.
fn caused(mut command: Command, maker: Option<&Maker>) -> Command {
    if let Command::ChangeMerchant { maker: by, .. }
    | Command::OpenDeposit { maker: by, .. }
    | Command::OpeningBalance { maker: by, .. }
    | Command::SetPayee { maker: by, .. } = &mut command
    {
        *by = maker.cloned();
    }
    command
}
