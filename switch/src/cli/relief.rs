//! `kazasu relief`: a city's officers, approvers and treasurers at the command line, through the running switch when there is one,
//! else into its journal.

mod commands;

pub(super) use commands::{FileFormat, ReliefCommand};

use super::CheckFailed;
use super::ask::Common;
use super::backend::{Backend, Journal, look, one, show};
use crate::client::{CallError, Switch};
use crate::config::Config;
use anyhow::Context;
use commands::ProgrammeCommand;
use kazasu_console::{progress, say, tell};
use kazasu_schemas::text::thousands;
use kazasu_services::relief::{
    BookRepaid, BookReturned, BookSent, ChangeRow, DecideRelief, FundRelief, ImportApplications, Imported,
    ListProgrammes, ListProposals, ListRows, MakeTransferFiles, Progress, ProposeClaim, ProposeProgramme,
    ProposeReliefUndo, ProposeReturn, ReliefReport, ShowBatch, ShowProgramme, ShowProgress, TakeStep, UnpaidView,
};
use kazasu_services::statement::ReadReliefStatement;
use kazasu_services::{MadeFiles, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) async fn run(command: ReliefCommand) -> anyhow::Result<()> {
    use ReliefCommand as C;
    let step = |batch, step: &str, why| TakeStep { batch, step: step.to_owned(), value_date: None, why };
    match command {
        C::Programme { what } => programme(what).await,
        C::Proposals { common } => look(ListProposals {}, &common).await,
        C::Decide { proposal, approve, why, common } => one(DecideRelief { proposal, approve, why }, &common).await,
        C::Fund { programme, amount, reference, common } => {
            one(FundRelief { programme, amount, reference }, &common).await
        }
        C::Import { programme, file, why, sheet, bad_rows, common } => {
            import(programme, &file, (why, sheet), bad_rows, &common).await
        }
        C::Preview { batch, common } => look(ShowBatch { batch }, &common).await,
        C::Rows { batch, only, from, common } => look(ListRows { batch, only, from }, &common).await,
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
        C::TransferFile { batch, format, out, common } => {
            transfer_file(MakeTransferFiles { batch, format: format.into() }, &out, &common).await
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
        C::Status { batch: Some(batch), common } => look(ShowBatch { batch }, &common).await,
        C::Status { batch: None, common } => look(ListProgrammes {}, &common).await,
        C::Report { programme, out, shift_jis, common } => report(programme, out, shift_jis, &common).await,
        C::Close { batch, why, common } => one(step(batch, "reported", why), &common).await,
    }
}

async fn programme(command: ProgrammeCommand) -> anyhow::Result<()> {
    use kazasu_security::files::read_text as text;
    match command {
        ProgrammeCommand::Check { file } => match kazasu_services::relief::read_terms(&text(&file)?) {
            Ok(terms) => {
                say!(
                    "{}: good. {} {}, {} by {}",
                    file.display(),
                    terms.number,
                    terms.name,
                    terms.budget,
                    terms.method.name()
                );
                Ok(())
            }
            Err(problems) => {
                problems.iter().for_each(|p| tell!("{}: {p}", file.display()));
                Err(CheckFailed(format!("{} problems", problems.len())).into())
            }
        },
        ProgrammeCommand::Propose { file, why, common } => {
            one(ProposeProgramme { source: text(&file)?, why }, &common).await
        }
        ProgrammeCommand::List { common } => look(ListProgrammes {}, &common).await,
        ProgrammeCommand::Show { programme, common } => look(ShowProgramme { programme }, &common).await,
    }
}

/// One after the other, until one is refused; the last answer is shown.
async fn many(steps: Vec<TakeStep>, common: &Common) -> anyhow::Result<()> {
    let config = Config::load(&common.config)?;
    let backend = Backend::commands(&config, &common.by).await?;
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
    let backend = Backend::commands(&config, &common.by).await?;
    let batch = step.batch;
    let result = match backend.call(step).await {
        Ok(taken) => credited(&backend, (batch, taken.result), common).await,
        Err(error) => Err(error),
    };
    backend.close().await?;
    show(result, common)
}

async fn credited(backend: &Backend, (batch, result): (u32, Outcome), common: &Common) -> Result<Released, CallError> {
    let bar = Bar::new("入金 credited", common.json);
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
        // Between the release and a purse people may have become one.
        let unpaid = backend.call(ShowBatch { batch }).await?.unpaid;
        return Ok(Released { result, batch, credited_rows, total_yen: view.total_yen, unpaid });
    }
}

/// A line that is written over while something goes on; nothing where nobody looks.
#[derive(Clone, Copy)]
struct Bar {
    what: &'static str,
    live: bool,
}

impl Bar {
    fn new(what: &'static str, quiet: bool) -> Self {
        Bar { what, live: !quiet && crate::terminal::error_width().is_some() }
    }

    fn show(&self, done: u64, all: u64) {
        if self.live && all > 0 {
            let percent = done.saturating_mul(100) / all;
            let parts = [format!("{percent:>3} %"), format!("{} / {}", thousands(done), thousands(all))];
            let width = crate::terminal::error_width().unwrap_or(usize::MAX);
            let going = crate::terminal::Going { what: self.what, done, all };
            progress!("\r\x1b[2K{}", crate::terminal::progress(going, &parts, width));
        }
    }

    fn end(&self) {
        if self.live {
            progress!("\n");
        }
    }
}

async fn import(
    programme: u16,
    file: &Path,
    (why, sheet): (String, Option<String>),
    bad_rows: Option<PathBuf>,
    common: &Common,
) -> anyhow::Result<()> {
    let refused_to = bad_rows.unwrap_or_else(|| file.with_extension("refused.csv"));
    super::import::is_another(file, &refused_to)?;
    let bytes = kazasu_security::files::read(file)?;
    let name = file.file_name().map_or_else(|| "file".to_owned(), |n| n.to_string_lossy().into_owned());
    let config = Config::load(&common.config)?;
    let backend = Backend::commands(&config, &common.by).await?;
    let bar = Bar::new("読込 read", common.json);
    let progress = Progress::to(move |read, of| bar.show(read, of));
    let operation = ImportApplications { programme, name, why, sheet, file: Arc::new(bytes), progress };
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
        return Err(CheckFailed(format!("{} of {} rows were refused", imported.bad, imported.rows)).into());
    }
    Ok(())
}

fn summary(file: &Path, imported: &Imported, refused_to: &Path) {
    let known =
        if imported.known { "読込済みの同じファイル the same file as before" } else { "受付 taken in" };
    say!(
        "{} ({}): 申請 rows {}, {known} {}, 不備 refused {}",
        file.display(),
        imported.encoding,
        thousands(imported.rows),
        thousands(imported.taken),
        thousands(imported.bad)
    );
    if imported.blank > 0 {
        say!("  空行 empty rows: {}", thousands(imported.blank));
    }
    if !imported.ignored_columns.is_empty() {
        say!("  使わない列 columns not used: {}", imported.ignored_columns.join(", "));
    }
    say!("  バッチ batch {}: kazasu relief preview {}", imported.batch, imported.batch);
    for row in imported.bad_rows.iter().take(10) {
        say!("  {}", row.told());
    }
    if imported.bad > 0 {
        say!("  不備の一覧 all of them: {}", refused_to.display());
    }
}

/// A line of the switch's answer: how far it has read, or what came of the file.
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
    let backend = Backend::commands(&config, &common.by).await?;
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

async fn report(programme: u16, out: Option<PathBuf>, shift_jis: bool, common: &Common) -> anyhow::Result<()> {
    let config = Config::load(&common.config)?;
    let journal = Journal::reading(&config, &common.by, super::policy::fold(&config).await?)?;
    let report = journal.call(ReliefReport { programme }).await?;
    super::report::give(&report, out.as_deref(), shift_jis, common.json)
}
