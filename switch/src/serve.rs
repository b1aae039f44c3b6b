//! Putting the switch together: lock, journal, engine, issuer links, listeners, HTTP, the clock's tick; and taking it apart
//! again in the right order.

use crate::acquirer::{Acquirers, Listener, ListenerConfig};
use crate::config::Config;
use crate::core::Command;
use crate::engine::{Engine, EngineConfig, Opener};
use crate::import::LinkImport;
use crate::issuers::{Issuers, RunningLink};
use anyhow::Context;
use kazasu_ledger::sqlite::SqliteJournal;
use kazasu_ledger::{Journal, StoreError};
use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The lock on a data folder: one process writes a journal.
#[derive(Debug)]
pub struct DataLock(#[allow(dead_code, reason = "the lock lives as long as the file is open")] File);

/// Another process holds the data folder.
#[derive(Debug, thiserror::Error)]
#[error("{0} is in use by another kazasu process")]
pub struct InUse(String);

/// Creates the data folder if need be and takes its lock.
pub fn lock(data_dir: &Path) -> anyhow::Result<DataLock> {
    std::fs::create_dir_all(data_dir).with_context(|| format!("cannot create {}", data_dir.display()))?;
    let path = data_dir.join("lock");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(DataLock(file)),
        Err(TryLockError::WouldBlock) => Err(InUse(data_dir.display().to_string()).into()),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
    }
}

/// Opens the SQLite journal of a data folder.
#[must_use]
pub fn sqlite_opener(config: &Config) -> Opener {
    let path = config.journal_path();
    Box::new(move || {
        let path = path.clone();
        Box::pin(async move {
            let journal = SqliteJournal::open(&path).await?;
            Ok::<Box<dyn Journal>, StoreError>(Box::new(journal))
        })
    })
}

/// A running switch.
pub struct Switch {
    /// The core's handle.
    pub engine: Engine,
    /// Where acquirers connect, in the order of the configuration.
    pub listening: Vec<SocketAddr>,
    /// Where health, metrics and the API are.
    pub http: SocketAddr,
    /// The issuer links.
    pub links: Arc<Vec<RunningLink>>,
    issuers: Arc<Issuers>,
    shutdown: watch::Sender<bool>,
    core: std::thread::JoinHandle<()>,
    _lock: DataLock,
}

/// The engine's settings from the configuration.
#[must_use]
pub fn engine_config(config: &Config) -> EngineConfig {
    EngineConfig {
        book: config.file.book.clone(),
        own_id: config.file.id,
        max_queued: config.file.limits.max_queued,
        max_batch: config.file.limits.max_batch,
        keep_days: config.file.keep_days,
        clock: crate::clock::now,
    }
}

/// What importing links needs, from the configuration.
#[must_use]
pub fn link_import(config: &Config) -> LinkImport {
    LinkImport { vault: config.vault.clone(), routes: Arc::new(config.routes.clone()) }
}

/// Makes the book know the configured acquirers and issuers.
pub async fn register(config: &Config, engine: &Engine) -> anyhow::Result<()> {
    for a in &config.acquirers {
        engine.command(Command::RegisterAcquirer { acquirer: a.id, name: a.name.clone() }).await?;
    }
    for i in &config.issuers {
        engine.command(Command::RegisterIssuer { issuer: i.file.number, name: i.file.name.clone() }).await?;
    }
    Ok(())
}

impl Switch {
    /// Starts everything; returns when taps are accepted.
    pub async fn start(config: Config, opener: Option<Opener>) -> anyhow::Result<Switch> {
        let lock = lock(&config.data_dir)?;
        let prometheus = crate::telemetry::prometheus();
        let opener = opener.unwrap_or_else(|| sqlite_opener(&config));
        let issuers = Issuers::new(&config.issuers, config.vault.clone(), config.file.id);
        let (engine, core) = Engine::start(engine_config(&config), opener, issuers.clone()).await?;
        register(&config, &engine).await?;
        let (shutdown, signal) = watch::channel(false);
        let links = Arc::new(issuers.start(&config.issuers, &engine));
        let imports = link_import(&config);
        let api = crate::http::Api {
            engine: engine.clone(),
            imports,
            token: config.token.clone(),
            prometheus,
            links: links.clone(),
        };
        let limits = config.link_limits();
        let mut listeners = Vec::new();
        for l in &config.file.listeners {
            listeners.push(
                Listener::bind(ListenerConfig {
                    addr: l.addr.clone(),
                    dialect: config.dialect(&l.dialect),
                    tls: config.tls(l),
                    max_links: config.file.limits.max_links,
                    limits,
                })
                .await?,
            );
        }
        let http = crate::http::start(&config.file.http, api, signal.clone()).await?;
        let acquirers = Arc::new(Acquirers::new(config.acquirers)?);
        let listening = listeners.iter().map(Listener::addr).collect::<std::io::Result<Vec<_>>>()?;
        for listener in listeners {
            tokio::spawn(listener.run(acquirers.clone(), engine.clone(), signal.clone()));
        }
        tokio::spawn(tick(engine.clone(), signal));
        Ok(Switch { engine, listening, http, links, issuers, shutdown, core, _lock: lock })
    }

    /// Stops taking messages, finishes what was admitted, and closes the journal.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.shutdown.send_replace(true);
        // Links stop reading at once; what they gave to the core is decided, committed and answered.
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.issuers.stop().await;
        self.engine.stop();
        let core = self.core;
        tokio::task::spawn_blocking(move || core.join())
            .await?
            .map_err(|_| anyhow::anyhow!("the core panicked; see the log above"))
    }
}

/// Asks the core once a second whether the business day is over, and publishes the state's sizes.
async fn tick(engine: Engine, mut shutdown: watch::Receiver<bool>) {
    let mut interval = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            _ = interval.tick() => {}
            _ = shutdown.changed() => return,
        }
        engine.tick();
        if let Some(sizes) = engine.query(crate::core::State::sizes).await {
            crate::telemetry::sizes(&sizes, engine.health());
        }
    }
}
