//! The place where a command is carried out: the running switch, or its journal here.

use crate::language::{refused, shown};
use kazasu_api::client::{Listens, listens};
use kazasu_connections::issuers::Issuers;
use kazasu_console::tell;
use kazasu_core::State;
use kazasu_engine::{Engine, Health, NoForwarder, Surroundings};
use kazasu_ledger::Record;
use kazasu_serve::config::Config;
use kazasu_serve::{DataLock, InUse, Sharing, engine_config, lock};
use kazasu_store::Node;
use kazasu_store::records::{Placed, Records};
use kazasu_text::cli::CliText;
use kazasu_text::stores::StoreText;
use kazasu_text::usage::UsageText;
use kazasu_text::{Because, Said, errors};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// The place where a command is carried out.
pub(super) enum Place {
    /// By the switch that runs there.
    Running(String),
    /// By this process: no other process works on the journal.
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

/// A node of the store that runs.
pub(super) struct RunningNode {
    /// Its name.
    pub(super) node: String,
    /// The address of its API.
    pub(super) http: String,
}

/// Every node that runs. One that has been silent counts as long as something answers at its address: it may be cut off from the
/// store, and its connections stand.
pub(super) async fn running_nodes(config: &Config) -> anyhow::Result<Vec<RunningNode>> {
    let store = config.store();
    let Some(shared) = store.shared() else {
        let alone = running(config).await?.map(|http| RunningNode { node: "alone".to_owned(), http });
        return Ok(alone.into_iter().collect());
    };
    let mut watch = shared.watch(Node { name: "import".into(), ..Node::alone() }).await?;
    let mut out = Vec::new();
    for status in watch.nodes().await? {
        let is_silent = status.silent_seconds >= SILENT;
        let Node { name: node, http, .. } = status.node;
        if !is_silent || matches!(listens(&http, config.http_client()).await, Listens::Switch) {
            out.push(RunningNode { node, http });
        }
    }
    Ok(out)
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
                Listens::Nothing => {
                    Ok(Err(error).because(|| Said::of(&StoreText::Working { addr: &config.file.http }))?)
                }
                Listens::Other(what) => Ok(Err(error).because(|| what)?),
            },
            Err(error) => Err(error),
        },
    }
}

/// A node that has not reported for so many seconds is not running.
const SILENT: f64 = 5.0;

/// The nodes of a store.
enum Nodes {
    /// One leads, and takes imports here.
    Leader(String),
    /// None is running. The store's epoch, where the store can be shared at all.
    None { epoch: Option<u64> },
}

/// The nodes that an import would disturb if it took the lead itself.
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
    anyhow::ensure!(running.is_empty(), shown(&UsageText::NoLeader));
    Ok(Nodes::None { epoch: Some(lead.epoch) })
}

/// The engine on a journal that no other process works on.
pub(super) async fn open(config: &Config, epoch: Option<u64>) -> anyhow::Result<(Engine, std::thread::JoinHandle<()>)> {
    let issuers = Issuers::without_connections(config.vault.clone(), config.file.id);
    let settings = engine_config(config, Node { name: "import".into(), ..Node::alone() }, Sharing::Alone, epoch);
    let (forwarder, health) = (Arc::new(NoForwarder), Arc::new(Health::default()));
    let around = Surroundings { store: config.store(), issuers, forwarder, health };
    let (engine, core) = Engine::start(settings, around).await?;
    if let Some(suspect) = engine.health().clock_suspect() {
        tell!("{}", shown(&CliText::Note { note: &suspect.to_string() }));
    }
    tokio::spawn(stop_without_room(engine.clone()));
    Ok((engine, core))
}

/// The pause between two looks at the ledger.
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
            tell!("{}", shown(&CliText::WaitingForLedger { why: &shown(&errors::foreign(&why.to_string())) }));
            told = true;
        }
        if halted >= GIVES_UP_AFTER {
            tell!("{}", shown(&CliText::GivingUp));
            engine.stop();
        }
    }
}

pub(super) async fn close(engine: Engine, core: std::thread::JoinHandle<()>) -> anyhow::Result<()> {
    engine.stop();
    tokio::task::spawn_blocking(move || core.join()).await?.map_err(|_| refused(&UsageText::CoreEnded))
}

/// The state that a journal adds up to; it is only read.
pub(super) async fn fold(config: &Config) -> anyhow::Result<State> {
    let mut state = State::new();
    let mut reader = config.store().reader().await?;
    let mut records = Records::from(reader.as_mut(), 1);
    while let Some(page) = records.page().await? {
        for Placed { entry, body } in page {
            state.apply(entry.seq, &Record { at: entry.at, day: entry.day, body })?;
        }
    }
    Ok(state)
}
