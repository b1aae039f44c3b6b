//! `kazasu relief`: a city's officers, approvers and treasurers at the command line, through the running switch when there is one,
//! else into its journal.

mod commands;

pub(super) use commands::{FileFormat, ReliefCommand};

use super::backend::{Backend, Journal, one, query, show};
use super::common::{CheckFailed, Common};
use super::list::list;
use super::place;
use super::report::Output;
use crate::language::{language, shown};
use anyhow::Context;
use commands::ProgrammeCommand;
use kazasu_api::client::{CallError, Switch};
use kazasu_console::{progress, say, tell};
use kazasu_schemas::text::thousands;
use kazasu_serve::config::Config;
use kazasu_services::relief::{
    BookRepaid, BookReturned, BookSent, ChangeRow, FundRelief, ImportApplications, Imported, ListProgrammes, ListRows,
    MakeTransferFiles, Progress, ProposeClaim, ProposeProgramme, ProposeReliefUndo, ProposeReturn, ReliefReport,
    ShowBatch, ShowProgramme, ShowProgress, TakeStep, UnpaidView,
};
use kazasu_services::statement::ReadReliefStatement;
use kazasu_services::{MadeFiles, Outcome};
use kazasu_text::Count;
use kazasu_text::cli::CliText;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};

pub(super) async fn run(command: ReliefCommand) -> anyhow::Result<()> {
    use ReliefCommand as C;
    let step = |batch, step: &str, why| TakeStep { batch, step: step.to_owned(), value_date: None, why };
    match command {
        C::Programme { what } => programme(what).await,
        C::Fund { programme, amount, reference, why, common } => {
            one(FundRelief { programme, amount, reference, why }, &common).await
        }
        C::Import { programme, file, why, sheet, bad_rows, common } => {
            import(Applications { programme, file, sheet, bad_rows, why }, &common).await
        }
        C::Preview { batch, common } => query(ShowBatch { batch }, &common).await,
        C::Rows { batch, only, from, list: args } => list(ListRows { batch, only, from }, &args).await,
        C::Row { batch, row, change, ppid, amount, why, common } => {
            one(ChangeRow { batch, row, change, ppid, amount, why }, &common).await
        }
        C::Assess { batch, why, common } => one(step(batch, "assessed", why), &common).await,
        C::Approve { batch, step: Some(name), why, common } => one(step(batch, &name, why), &common).await,
        C::Approve { batch, step: None, why, common } => {
            let steps = ["decided", "committed", "ordered"];
            many(steps.map(|name| step(batch, name, why.clone())).to_vec(), &common).await
        }
        C::Release { batch, value_date, why, common } => {
            release(TakeStep { batch, step: "released".into(), value_date, why }, &common).await
        }
        C::Cancel { batch, why, common } => one(step(batch, "cancelled", why), &common).await,
        C::TransferFile { batch, format, out, why, common } => {
            let ask = MakeTransferFiles { batch, format: format.into(), why: Some(why) };
            transfer_file(ask, &out, &common).await
        }
        C::Statement { file, how, row, common } => {
            let is = row.map(|row| format!("row {row}"));
            super::statement::read(&file, (how, is), ReadReliefStatement, &common).await
        }
        C::Undo { line, why, common } => one(ProposeReliefUndo { line, why }, &common).await,
        C::Returned { batch, row, reference, common } => one(BookReturned { batch, row, reference }, &common).await,
        C::Sent { batch, file, reference, common } => one(BookSent { batch, file, reference }, &common).await,
        C::Claim { batch, row, right, why, common } => one(ProposeClaim { batch, row, right, why }, &common).await,
        C::Repaid { batch, row, amount, from_purse, reference, common } => {
            one(BookRepaid { batch, row, amount, from_purse, reference }, &common).await
        }
        C::ReturnFunds { programme, amount, reference, why, common } => {
            one(ProposeReturn { programme, amount, reference, why }, &common).await
        }
        C::Status { batch: Some(batch), list: args } => query(ShowBatch { batch }, &args.common).await,
        C::Status { batch: None, list: args } => list(ListProgrammes {}, &args).await,
        C::Report { programme, why, out, shift_jis, common } => {
            report(ReliefReport { programme, why: Some(why) }, out, shift_jis, &common).await
        }
        C::Close { batch, why, common } => one(step(batch, "reported", why), &common).await,
    }
}

async fn programme(command: ProgrammeCommand) -> anyhow::Result<()> {
    use kazasu_security::files::read_text as text;
    match command {
        ProgrammeCommand::Check { file } => match kazasu_services::relief::read_terms(&text(&file)?) {
            Ok(terms) => {
                let good = CliText::ProgrammeGood {
                    file: &file.display().to_string(),
                    number: terms.number,
                    name: &terms.name,
                    budget: terms.budget,
                    method: terms.method,
                };
                say!("{}", shown(&good));
                Ok(())
            }
            Err(problems) => {
                problems.iter().for_each(|p| tell!("{}: {}", file.display(), shown(p)));
                Err(CheckFailed(shown(&CliText::Problems { problems: problems.len().into() })).into())
            }
        },
        ProgrammeCommand::Propose { file, why, common } => {
            let (source, file) = (text(&file)?, super::common::file_name(&file));
            one(ProposeProgramme { source, file, why }, &common).await
        }
        ProgrammeCommand::List { list: args } => list(ListProgrammes {}, &args).await,
        ProgrammeCommand::Show { programme, common } => query(ShowProgramme { programme }, &common).await,
    }
}

/// Takes the steps one after the other, until one is refused; shows the last answer.
async fn many(steps: Vec<TakeStep>, common: &Common) -> anyhow::Result<()> {
    let config = Config::load(&common.config)?;
    let backend = Backend::commands(&config, common).await?;
    let mut last = Err(CallError::Rejected("there is nothing to do".into()));
    for step in steps {
        last = backend.call(step).await;
        if last.is_err() {
            break;
        }
    }
    backend.close().await?;
    show(last, common)
}

/// A batch that was released.
#[derive(Serialize)]
struct Released {
    result: Outcome,
    batch: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    credited_rows: Option<u32>,
    total_yen: i64,
    unpaid: Option<UnpaidView>,
}

/// Releases, and waits until every purse is credited.
async fn release(step: TakeStep, common: &Common) -> anyhow::Result<()> {
    let config = Config::load(&common.config)?;
    let backend = Backend::commands(&config, common).await?;
    let batch = step.batch;
    let result = match backend.call(step).await {
        Ok(taken) => credited(&backend, (batch, taken.result), common).await,
        Err(error) => Err(error),
    };
    backend.close().await?;
    show(result, common)
}

async fn credited(backend: &Backend, (batch, result): (u32, Outcome), common: &Common) -> Result<Released, CallError> {
    let bar = Bar::new(CliText::Crediting, common.json);
    loop {
        let view = backend.call(ShowProgress { batch }).await?;
        let to_purses = view.method == "purse";
        if to_purses {
            bar.show(view.credited_rows.into(), view.rows_to_credit.into());
            if view.credited_rows < view.rows_to_credit {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                continue;
            }
        }
        bar.end();
        let credited_rows = to_purses.then_some(view.credited_rows);
        // People may be merged between the release and the credit of a purse.
        let unpaid = backend.call(ShowBatch { batch }).await?.unpaid;
        return Ok(Released { result, batch, credited_rows, total_yen: view.total_yen, unpaid });
    }
}

/// A progress line that is written over; none where standard error is no terminal.
#[derive(Clone, Copy)]
struct Bar {
    what: CliText<'static>,
    live: bool,
}

impl Bar {
    fn new(what: CliText<'static>, quiet: bool) -> Self {
        Bar { what, live: !quiet && kazasu_console::terminal::error_width().is_some() }
    }

    fn show(&self, done: u64, all: u64) {
        if self.live && all > 0 {
            let percent = done.saturating_mul(100) / all;
            let parts = [format!("{percent:>3} %"), format!("{} / {}", thousands(done), thousands(all))];
            let width = kazasu_console::terminal::error_width().unwrap_or(usize::MAX);
            let going = kazasu_console::terminal::Going { what: &shown(&self.what), done, all };
            progress!("\r\x1b[2K{}", kazasu_console::terminal::progress(going, &parts, width));
        }
    }

    fn end(&self) {
        if self.live {
            progress!("\n");
        }
    }
}

/// A file of applications, and the file for refused rows.
struct Applications {
    programme: u16,
    file: PathBuf,
    sheet: Option<String>,
    bad_rows: Option<PathBuf>,
    why: String,
}

async fn import(applications: Applications, common: &Common) -> anyhow::Result<()> {
    let Applications { programme, file, sheet, bad_rows, why } = applications;
    let file = file.as_path();
    let refused_to = bad_rows.unwrap_or_else(|| file.with_extension("refused.csv"));
    super::import::is_another(file, &refused_to)?;
    let bytes = kazasu_security::files::read(file)?;
    let name = file.file_name().map_or_else(|| "file".to_owned(), |n| n.to_string_lossy().into_owned());
    let config = Config::load(&common.config)?;
    let backend = Backend::commands(&config, common).await?;
    let bar = Bar::new(CliText::FileRead, common.json);
    let progress = Progress::to(move |read, of| bar.show(read, of));
    let operation = ImportApplications { programme, name, why, sheet, file: bytes.into(), progress };
    let result = match &backend {
        Backend::Running(switch) => online(switch, operation, bar).await,
        Backend::Journal(journal) => journal.call(operation).await,
    };
    bar.end();
    backend.close().await?;
    let imported = result?;
    super::import::give_bad_rows(&refused_to, &imported.header, &imported.bad_rows)?;
    if common.json {
        say!("{}", serde_json::to_string(&imported)?);
    } else {
        summary(file, &imported, &refused_to);
    }
    if imported.bad > 0 {
        let text = CliText::RowsRefused { bad: Count(imported.bad), rows: Count(imported.rows) };
        return Err(CheckFailed(shown(&text)).into());
    }
    Ok(())
}

fn summary(file: &Path, imported: &Imported, refused_to: &Path) {
    let (file, encoding) = (&file.display().to_string(), imported.encoding.as_str());
    let (rows, taken, refused) = (Count(imported.rows), Count(imported.taken), Count(imported.bad));
    say!(
        "{}",
        shown(&if imported.known {
            CliText::ApplicationsKnown { file, encoding, rows, taken, refused }
        } else {
            CliText::Applications { file, encoding, rows, taken, refused }
        })
    );
    if imported.blank > 0 {
        say!("  {}", shown(&CliText::EmptyRows { rows: Count(imported.blank) }));
    }
    if !imported.ignored_columns.is_empty() {
        say!("  {}", shown(&CliText::UnusedColumns { names: &imported.ignored_columns.join(", ") }));
    }
    say!("  {}", shown(&CliText::BatchPreview { batch: imported.batch }));
    for row in imported.bad_rows.iter().take(10) {
        say!("  {}", row.told(language()));
    }
    if imported.bad > 0 {
        say!("  {}", shown(&CliText::AllRefused { file: &refused_to.display().to_string() }));
    }
}

/// A line of the switch's answer: its progress, or the result.
#[derive(Deserialize)]
struct Line {
    read: Option<u64>,
    of: Option<u64>,
    imported: Option<Imported>,
}

/// The running switch reads the file.
async fn online(switch: &Switch, operation: ImportApplications, bar: Bar) -> Result<Imported, CallError> {
    let take = move |line: &Value| -> anyhow::Result<Option<Imported>> {
        let line = Line::deserialize(line)?;
        if let (Some(read), Some(of)) = (line.read, line.of) {
            bar.show(read, of);
        }
        Ok(line.imported)
    };
    switch.lines(&operation, take).await
}

async fn transfer_file(operation: MakeTransferFiles, out: &Path, common: &Common) -> anyhow::Result<()> {
    let config = Config::load(&common.config)?;
    let backend = Backend::commands(&config, common).await?;
    let files = backend.call(operation).await;
    backend.close().await?;
    show(Ok(written(files?, out)?), common)
}

/// Files for the bank that were written.
#[derive(Serialize)]
pub(super) struct Written {
    files: Vec<WrittenFile>,
}

/// A file for the bank that was written.
#[derive(Serialize)]
struct WrittenFile {
    name: String,
    count: usize,
    yen: i64,
    path: String,
}

/// Writes files for the bank into a folder.
pub(super) fn written(made: MadeFiles, out: &Path) -> anyhow::Result<Written> {
    // Names and accounts of payees.
    kazasu_security::files::private_folder(out)?;
    let mut files = Vec::new();
    for file in made.files {
        let bytes = hex::decode(&file.hex)?;
        let path = out.join(Path::new(&file.name).file_name().context("a file's name")?);
        kazasu_security::files::write_private(&path, &bytes)?;
        let path = path.display().to_string();
        files.push(WrittenFile { name: file.name, count: file.count, yen: file.yen, path });
    }
    Ok(Written { files })
}

async fn report(wanted: ReliefReport, out: Option<PathBuf>, shift_jis: bool, common: &Common) -> anyhow::Result<()> {
    let config = Config::load(&common.config)?;
    let journal = Journal::reading(&config, place::fold(&config).await?).await?;
    let report = journal.call(wanted).await?;
    super::report::give(&report, Output { path: out.as_deref(), shift_jis, json: common.json })
}
