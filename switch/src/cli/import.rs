//! `kazasu link import` and `kazasu merchant import`: into the running switch when there is one, else into its data folder.

use super::CheckFailed;
use super::backend::Backend;
use crate::api::WithFile;
use crate::client::{Listens, listens};
use crate::config::Config;
use crate::issuers::Issuers;
use crate::serve::{DataLock, InUse, Sharing, engine_config, lock};
use anyhow::Context;
use clap::Args;
use kazasu_console::{say, tell};
use kazasu_documents::table_file::BEGINNING;
use kazasu_engine::{Engine, Health, NoForwarder};
use kazasu_services::import::{self, BadRow, ImportFile, ImportReport};
use kazasu_store::Node;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// The operator's token carries imports out.
const OPERATOR: &str = "operator";

/// What importing a file is told.
#[derive(Args)]
pub(super) struct ImportArgs {
    /// The file: .xlsx, or CSV in UTF-8, UTF-16 or Shift_JIS.
    file: PathBuf,
    /// The workbook's sheet; the first that is shown when absent.
    #[arg(long)]
    sheet: Option<String>,
    /// Only show what would change, field by field.
    #[arg(long)]
    dry_run: bool,
    /// The configuration file.
    #[arg(long, default_value = "kazasu.toml")]
    config: PathBuf,
    /// Write the bad rows to this CSV file, to be mended and imported in turn.
    #[arg(long)]
    bad_rows: Option<PathBuf>,
    /// Print the report as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Imports a file: `kind` makes an operation of it.
pub(super) async fn run<O>(args: ImportArgs, kind: impl FnOnce(ImportFile) -> O) -> anyhow::Result<()>
where
    O: WithFile<Answer = ImportReport>,
{
    let ImportArgs { file, sheet, dry_run, config, bad_rows, json } = args;
    if let Some(path) = &bad_rows {
        is_another(&file, path)?;
    }
    let bytes = Arc::new(kazasu_security::files::read(&file)?);
    let config = Config::load(&config)?;
    let operation = kind(ImportFile { sheet, dry_run, file: bytes });
    let backend = match dry_run {
        true => Backend::questions(&config, OPERATOR).await?,
        false => Backend::commands(&config, OPERATOR).await?,
    };
    let report = backend.send(operation).await;
    backend.close().await?;
    let report = report?;
    if let Some(path) = &bad_rows {
        give_bad_rows(path, &report.header, &report.bad_rows)?;
    }
    if json {
        say!("{}", serde_json::to_string(&report)?);
    } else {
        print(&file, &report);
    }
    if report.bad > 0 {
        return Err(CheckFailed(format!("{} of {} rows were not imported", report.bad, report.rows)).into());
    }
    Ok(())
}

/// Refused rows must not take the place of the file that they are from.
pub(super) fn is_another(file: &Path, bad_rows: &Path) -> anyhow::Result<()> {
    let same = kazasu_security::files::is_one(file, bad_rows);
    anyhow::ensure!(
        !same,
        "--bad-rows: {} is the file that is read; name another one, it would be replaced by its refused rows",
        bad_rows.display()
    );
    Ok(())
}

/// Writes the refused rows to their file. Where there are none any more, those of an earlier import go: they would seem to be open.
pub(super) fn give_bad_rows(path: &Path, header: &[String], rows: &[BadRow]) -> anyhow::Result<()> {
    if !rows.is_empty() {
        return kazasu_security::files::write_private(path, &import::bad_rows_csv(header, rows)?);
    }
    if has_refused_rows(path) {
        std::fs::remove_file(path).with_context(|| format!("cannot remove {}", path.display()))?;
        tell!("{}: removed, no row is refused any more", path.display());
    }
    Ok(())
}

/// Is it a file of refused rows as this program writes it? What a person has put there is not touched.
fn has_refused_rows(path: &Path) -> bool {
    if !std::fs::metadata(path).is_ok_and(|there| there.is_file()) {
        return false;
    }
    let mut begin = Vec::new();
    let most = u64::try_from(BEGINNING.len()).unwrap_or(u64::MAX);
    let read = std::fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut begin));
    read.is_ok() && begin == BEGINNING.as_bytes()
}

/// Where a command is carried out.
pub(super) enum Place {
    /// By the switch that runs there.
    Running(String),
    /// By this process: nobody else works on the journal.
    Here {
        /// The store's epoch, where the store can be shared at all.
        epoch: Option<u64>,
        /// Keeps others away.
        lock: DataLock,
    },
}

/// The address of a running switch's API; `None` when none runs.
pub(super) async fn running(config: &Config) -> anyhow::Result<Option<String>> {
    match nodes(config).await? {
        Nodes::Leader(http) => Ok(Some(http)),
        Nodes::None { .. } if config.store().shared().is_some() => Ok(None),
        Nodes::None { .. } => match listens(&config.file.http, config.http_client()).await {
            Listens::Switch => Ok(Some(config.file.http.clone())),
            Listens::Nothing => Ok(None),
            Listens::Other(what) => anyhow::bail!(what),
        },
    }
}

/// Is a switch running?
pub(super) async fn place(config: &Config) -> anyhow::Result<Place> {
    let mut running = nodes(config).await?;
    if let Nodes::Leader(http) = &running
        && !matches!(listens(http, config.http_client()).await, Listens::Switch)
    {
        // It may have ended a moment ago.
        tokio::time::sleep(Duration::from_secs_f64(SILENT + 0.5)).await;
        running = nodes(config).await?;
    }
    match running {
        Nodes::Leader(http) => Ok(Place::Running(http)),
        Nodes::None { epoch } => match lock(&config.data_dir) {
            Ok(lock) => Ok(Place::Here { epoch, lock }),
            Err(error) if error.is::<InUse>() => match listens(&config.file.http, config.http_client()).await {
                Listens::Switch => Ok(Place::Running(config.file.http.clone())),
                Listens::Nothing => Err(error.context(format!(
                    "another kazasu command is working on it (nothing answers at {}); try again",
                    config.file.http
                ))),
                Listens::Other(what) => Err(error.context(what)),
            },
            Err(error) => Err(error),
        },
    }
}

/// Changed fields that are shown.
const CHANGES_SHOWN: usize = 200;
/// A node that has not reported for so many seconds is not running.
const SILENT: f64 = 5.0;

/// The nodes of a store.
enum Nodes {
    /// One leads, and takes imports here.
    Leader(String),
    /// None is running. The store's epoch, where the store can be shared at all.
    None { epoch: Option<u64> },
}

/// Who could be disturbed by an import that takes the lead itself?
async fn nodes(config: &Config) -> anyhow::Result<Nodes> {
    let store = config.store();
    let Some(shared) = store.shared() else { return Ok(Nodes::None { epoch: None }) };
    let mut watch = shared.watch(Node { name: "import".into(), ..Node::alone() }).await?;
    let lead = watch.leadership().await?;
    let nodes = watch.nodes().await?;
    let running: Vec<_> = nodes.iter().filter(|n| n.silent_seconds < SILENT).collect();
    if running.iter().any(|n| n.node == lead.leader) && !lead.released {
        return Ok(Nodes::Leader(lead.leader.http));
    }
    anyhow::ensure!(running.is_empty(), "nodes are running but none of them leads at the moment; try again");
    Ok(Nodes::None { epoch: Some(lead.epoch) })
}

/// The engine on a journal that nobody else works on.
pub(super) async fn open(config: &Config, epoch: Option<u64>) -> anyhow::Result<(Engine, std::thread::JoinHandle<()>)> {
    let issuers = Issuers::without_connections(config.vault.clone(), config.file.id);
    let settings = engine_config(config, Node { name: "import".into(), ..Node::alone() }, Sharing::Alone, epoch);
    let (nowhere, health) = (Arc::new(NoForwarder), Arc::new(Health::default()));
    let (engine, core) = Engine::start(settings, config.store(), issuers, nowhere, health).await?;
    if let Some(suspect) = engine.health().clock_suspect() {
        tell!("note: {suspect}");
    }
    tokio::spawn(stop_without_room(engine.clone()));
    Ok((engine, core))
}

/// How often the ledger is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// The ledger may take no records for so long before it is told, and before the command gives up.
const TOLD_AFTER: Duration = Duration::from_secs(1);
const GIVES_UP_AFTER: Duration = Duration::from_secs(10);

/// A command that works on the journal itself has a person who waits for it: a disk that is full is told, and the command does not
/// wait for room without end. What was asked and is not durable is answered with an error.
async fn stop_without_room(engine: Engine) {
    let (mut since, mut told): (Option<Instant>, bool) = (None, false);
    while !engine.health().stopping.load(Ordering::Acquire) {
        tokio::time::sleep(LOOK).await;
        let Some(why) = engine.health().halted() else {
            (since, told) = (None, false);
            continue;
        };
        let halted = since.get_or_insert_with(Instant::now).elapsed();
        if halted >= TOLD_AFTER && !told {
            tell!("waiting: the ledger takes no records at the moment ({why})");
            told = true;
        }
        if halted >= GIVES_UP_AFTER {
            tell!("giving up: what is recorded stays; make room and run the command again, it goes on where it stood");
            engine.stop();
        }
    }
}

pub(super) async fn close(engine: Engine, core: std::thread::JoinHandle<()>) -> anyhow::Result<()> {
    engine.stop();
    tokio::task::spawn_blocking(move || core.join()).await?.map_err(|_| anyhow::anyhow!("the core panicked"))
}

fn print(file: &Path, report: &ImportReport) {
    let done = if report.dry_run { "would be recorded" } else { "recorded" };
    let sheet = report.sheet.as_ref().map_or(String::new(), |sheet| format!(", sheet {sheet}"));
    say!(
        "{} ({}{sheet}): {} rows: {} {done}, {} unchanged, {} refused",
        file.display(),
        report.encoding,
        report.rows,
        report.recorded,
        report.unchanged,
        report.bad
    );
    if report.blank > 0 {
        say!("  {} empty rows", report.blank);
    }
    if !report.ignored_columns.is_empty() {
        say!("  columns that are not used: {}", report.ignored_columns.join(", "));
    }
    if report.without_route > 0 {
        say!("  {} cards belong to no configured issuer and will be refused with 92", report.without_route);
    }
    for change in report.changes.iter().take(CHANGES_SHOWN) {
        let before =
            change.before.as_deref().map_or("(new)", |before| if before.is_empty() { "(none)" } else { before });
        let after = if change.after.is_empty() { "(none)" } else { &change.after };
        say!("  line {}, {} {}: {before} → {after}", change.line, change.of, change.field);
    }
    let shown = u64::try_from(CHANGES_SHOWN).unwrap_or(u64::MAX);
    if report.changed_fields > shown {
        say!("  … and {} fields more (--json lists them)", report.changed_fields - shown);
    }
    for kept in report.kept.iter().take(CHANGES_SHOWN) {
        let before = kept.before.as_deref().unwrap_or("¥0");
        say!(
            "  line {}, {} {}: {before} was paid in before; {} is not booked",
            kept.line,
            kept.of,
            kept.field,
            kept.after
        );
    }
    for row in report.bad_rows.iter().take(20) {
        say!("  {}", row.told());
    }
    if report.bad > 20 {
        say!("  … and {} more (--bad-rows FILE writes them)", report.bad - 20);
    }
}
