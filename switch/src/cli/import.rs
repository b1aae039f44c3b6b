//! `kazasu link import` and `kazasu merchant import`: into the running switch when there is one, else into its data folder.

use super::Found;
use crate::config::Config;
use crate::engine::{Engine, Health, Nowhere};
use crate::import::{self, ImportReport};
use crate::issuers::Issuers;
use crate::report::guard::guarded;
use crate::serve::{DataLock, InUse, engine_config, link_import, lock};
use anyhow::Context;
use clap::Subcommand;
use kazasu_console::say;
use kazasu_ledger::Node;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// `kazasu merchant`.
#[derive(Subcommand)]
pub(super) enum ImportCommand {
    /// Imports a CSV file; bad rows are reported by line and never block the others.
    Import {
        /// The CSV file.
        file: PathBuf,
        /// The configuration file.
        #[arg(long, default_value = "kazasu.toml")]
        config: PathBuf,
        /// Write the bad rows to this CSV file.
        #[arg(long)]
        bad_rows: Option<PathBuf>,
        /// Print the report as one JSON object.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Links,
    Merchants,
}

pub(super) async fn run(command: ImportCommand, what: What) -> anyhow::Result<()> {
    let ImportCommand::Import { file, config, bad_rows, json } = command;
    let bytes = crate::files::read(&file)?;
    let config = Config::load(&config)?;
    let report = match place(&config).await? {
        Place::Running(http) => online(&config, &http, bytes, what).await?,
        Place::Here { epoch, _lock } => offline(&config, &bytes, what, epoch).await?,
    };
    if let Some(path) = bad_rows {
        write_bad_rows(&path, &report)?;
    }
    if json {
        say!("{}", serde_json::to_string(&report)?);
    } else {
        print(&file, &report);
    }
    if report.bad > 0 {
        return Err(Found(format!("{} of {} rows were not imported", report.bad, report.rows)).into());
    }
    Ok(())
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
        _lock: DataLock,
    },
}

/// The address of a running switch's API; `None` when none runs.
pub(super) async fn running(config: &Config) -> anyhow::Result<Option<String>> {
    match nodes(config).await? {
        Nodes::Leader(http) => Ok(Some(http)),
        Nodes::None { .. } if config.store().shared().is_some() => Ok(None),
        Nodes::None { .. } => Ok(answers(&config.file.http).await.then(|| config.file.http.clone())),
    }
}

/// Is a switch running?
pub(super) async fn place(config: &Config) -> anyhow::Result<Place> {
    let mut running = nodes(config).await?;
    if let Nodes::Leader(http) = &running
        && !answers(http).await
    {
        // It may have ended a moment ago.
        tokio::time::sleep(Duration::from_secs_f64(SILENT + 0.5)).await;
        running = nodes(config).await?;
    }
    match running {
        Nodes::Leader(http) => Ok(Place::Running(http)),
        Nodes::None { epoch } => match lock(&config.data_dir) {
            Ok(lock) => Ok(Place::Here { epoch, _lock: lock }),
            Err(error) if error.is::<InUse>() && answers(&config.file.http).await => {
                Ok(Place::Running(config.file.http.clone()))
            }
            Err(error) if error.is::<InUse>() => Err(error.context(format!(
                "another kazasu command is working on it (nothing answers at {}); try again",
                config.file.http
            ))),
            Err(error) => Err(error),
        },
    }
}

/// A node that has not reported for so many seconds is not running.
const SILENT: f64 = 5.0;

/// Does anyone listen there?
async fn answers(http: &str) -> bool {
    let connecting = tokio::net::TcpStream::connect(http);
    tokio::time::timeout(Duration::from_secs(2), connecting).await.is_ok_and(|socket| socket.is_ok())
}

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

async fn offline(config: &Config, bytes: &[u8], what: What, epoch: Option<u64>) -> anyhow::Result<ImportReport> {
    let (engine, core) = open(config, epoch).await?;
    let report = match what {
        What::Links => import::links(&engine, bytes, &link_import(config)).await,
        What::Merchants => import::merchants(&engine, bytes).await,
    };
    close(engine, core).await?;
    report
}

/// The engine on a journal that nobody else works on.
pub(super) async fn open(config: &Config, epoch: Option<u64>) -> anyhow::Result<(Engine, std::thread::JoinHandle<()>)> {
    let issuers = Issuers::new(Vec::new(), config.vault.clone(), config.file.id);
    let settings = engine_config(config, Node { name: "import".into(), ..Node::alone() }, false, epoch);
    let (nowhere, health) = (Arc::new(Nowhere), Arc::new(Health::default()));
    Engine::start(settings, config.store(), issuers, nowhere, health).await
}

pub(super) async fn close(engine: Engine, core: std::thread::JoinHandle<()>) -> anyhow::Result<()> {
    engine.stop();
    tokio::task::spawn_blocking(move || core.join()).await?.map_err(|_| anyhow::anyhow!("the core panicked"))
}

/// A switch is running: it imports.
async fn online(config: &Config, http: &str, bytes: Vec<u8>, what: What) -> anyhow::Result<ImportReport> {
    let path = if what == What::Links { "links" } else { "merchants" };
    // A file may be large; what has stopped altogether shows in the connection.
    let (status, body) = super::call(http, &format!("/v1/import/{path}"), &config.token, Some(bytes), None).await?;
    anyhow::ensure!(status == 200, "the running switch refused the import ({status}): {body}");
    serde_json::from_str(&body).context("the running switch's answer")
}

fn write_bad_rows(path: &Path, report: &ImportReport) -> anyhow::Result<()> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(["line", "column", "value", "problem"])?;
    for row in &report.bad_rows {
        let [column, value, problem] = [&row.column, &row.value, &row.problem].map(|text| guarded(text));
        out.write_record([&*row.line.to_string(), &*column, &*value, &*problem])?;
    }
    // A row that is refused may name a person and hold a card number.
    crate::files::write_private(path, &out.into_inner().map_err(|e| anyhow::anyhow!("{e}"))?)
}

fn print(file: &Path, report: &ImportReport) {
    say!(
        "{}: {} rows: {} recorded, {} unchanged, {} refused",
        file.display(),
        report.rows,
        report.recorded,
        report.unchanged,
        report.bad
    );
    if report.without_route > 0 {
        say!("  {} cards belong to no configured issuer and will be refused with 92", report.without_route);
    }
    for row in report.bad_rows.iter().take(20) {
        let column = if row.column.is_empty() { String::new() } else { format!(", {} {:?}", row.column, row.value) };
        say!("  line {}{column}: {}", row.line, row.problem);
    }
    if report.bad > 20 {
        say!("  … and {} more (--bad-rows FILE writes them)", report.bad - 20);
    }
}
