//! Putting the switch together: lock, store, engine, other nodes, issuer connections, listeners, HTTP, the clock's tick; and taking it apart
//! again in the right order.

mod running;

use crate::acquirer::{Acquirers, Listener, ListenerConfig, ListenerContext};
use crate::admission::{Bounds, Gate, Port, Ports, share_descriptors};
use crate::checkpoint::Checkpoints;
use crate::cluster::{ClusterKey, LeaderForwarder, Peers, Target, Timing, Watched, Watcher, able, hand_over};
use crate::config::Config;
use crate::http::Api;
use crate::issuers::Issuers;
use anyhow::Context;
use kazasu_core::Command;
use kazasu_engine::tasks::Tasks;
use kazasu_engine::{Engine, EngineConfig, Forwarder, Health, NoForwarder, Role};
use kazasu_services::import::LinkImport;
use kazasu_services::{Services, Source};
use kazasu_store::{Node, Store};
use running::Running;
use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

/// The lock on a data folder: one process writes a journal.
#[derive(Debug)]
pub struct DataLock(#[allow(dead_code, reason = "the lock lives as long as the file is open")] File);

/// Another process holds the data folder.
#[derive(Debug, thiserror::Error)]
#[error("{0} is in use by another kazasu process")]
pub struct InUse(String);

/// Creates the data folder if need be and takes its lock.
pub fn lock(data_dir: &Path) -> anyhow::Result<DataLock> {
    kazasu_security::files::private_folder(data_dir)?;
    let path = data_dir.join("lock");
    let file = kazasu_security::files::open_private(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(DataLock(file)),
        Err(TryLockError::WouldBlock) => Err(InUse(data_dir.display().to_string()).into()),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
    }
}

/// A running switch.
pub struct Switch {
    /// The core's handle.
    pub engine: Engine,
    /// What portals and people ask.
    pub services: Services,
    /// Where acquirers connect, in the order of the configuration.
    pub listening: Vec<SocketAddr>,
    /// Where health, metrics and the API are.
    pub http: SocketAddr,
    /// The issuer connections.
    pub issuers: Arc<Issuers>,
    /// Who this process is.
    pub node: Node,
    store: Arc<dyn Store>,
    /// Acquirers' connections, to the last answer.
    open: TaskTracker,
    ending: Ending,
    core: std::thread::JoinHandle<()>,
    _lock: DataLock,
}

/// What ends the parts, in this order.
struct Ending {
    shutdown: watch::Sender<bool>,
    /// Signs the last record.
    checkpoints: Option<Checkpoints>,
    /// Ends the watch over the store: last, so that others see this node until it is gone.
    unwatch: watch::Sender<bool>,
}

/// Who works on a journal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sharing {
    /// This process alone.
    Alone,
    /// Several nodes, of which one leads.
    Shared,
}

/// The engine's settings from the configuration. `expected` is the epoch after which it may lead.
#[must_use]
pub fn engine_config(config: &Config, node: Node, sharing: Sharing, expected: Option<u64>) -> EngineConfig {
    let acquirers = config.acquirers.iter();
    let acquirers = acquirers.map(|a| Command::RegisterAcquirer { acquirer: a.id, name: a.name.clone() });
    let issuers = config.issuers.iter();
    let issuers = issuers.map(|i| Command::RegisterIssuer { issuer: i.file.number, name: i.file.name.clone() });
    let policy = config.policy.iter().flatten().map(|(policy, source)| Command::ActivatePolicy {
        policy: Box::new(policy.clone()),
        source: source.clone(),
        by: "configuration".into(),
        why: "the first policy of the book".into(),
        first: true,
    });
    EngineConfig {
        book: config.file.book.clone(),
        own_id: config.file.id,
        max_queued: config.file.limits.max_queued,
        max_batch: config.file.limits.max_batch,
        keep_days: config.file.keep_days,
        clock: kazasu_engine::clock::reading,
        clock_rules: config.file.clock.rules(),
        transmission_window: config.file.clock.transmission_window(),
        node,
        shared: sharing == Sharing::Shared,
        expected,
        registrations: acquirers.chain(issuers).chain(policy).collect(),
    }
}

/// What importing links needs, from the configuration.
#[must_use]
pub fn link_import(config: &Config) -> LinkImport {
    LinkImport { vault: config.vault.clone(), routes: Arc::new(config.routes.clone()) }
}

/// A book without a policy must not go on because its first one cannot be read or was refused; once there is one, the file says
/// nothing any more.
async fn first_policy(config: &Config, engine: &Engine) -> anyhow::Result<()> {
    let wanted = !matches!(config.policy, Ok(None));
    let leads = engine.health().role() == Role::Leading;
    if !wanted || !leads || engine.query(|state| state.policy().0).await.unwrap_or(0) > 0 {
        if let Err(problem) = &config.policy {
            tracing::warn!(%problem, "the policy file cannot be read; the policy in force is the journal's");
        }
        return Ok(());
    }
    let why = config.policy.as_ref().err().cloned();
    let why = why.unwrap_or_else(|| "the ledger refused it; the log says why".into());
    anyhow::bail!("the book has no policy yet, and policy_file cannot be activated: {why}")
}

/// Where messages go while another node leads.
fn forwarder(
    key: Option<ClusterKey>,
    node: &str,
    (target, health): (watch::Receiver<Option<Target>>, &Arc<Health>),
) -> Arc<dyn Forwarder> {
    match key {
        Some(key) => Arc::new(LeaderForwarder::start(node, key, target, health.clone())),
        None => Arc::new(NoForwarder),
    }
}

/// The services, from the configuration.
#[must_use]
pub fn services(config: &Config, source: Source, store: Arc<dyn Store>) -> Services {
    Services {
        source,
        imports: link_import(config),
        list_authorities: config.list_authorities(),
        cities: Arc::new(config.file.cities.clone()),
        finance: Arc::new(config.file.finance.clone()),
        calendar: config.calendar.clone(),
        keep_days: config.file.keep_days,
        closing: Some(config.closing(store)),
    }
}

/// This process as a node of the store.
fn node(config: &Config, peers: Option<SocketAddr>, http: SocketAddr) -> anyhow::Result<Node> {
    let incarnation = kazasu_engine::clock::random_bytes(8)?.try_into().map(u64::from_be_bytes);
    let incarnation = incarnation.map_err(|_| anyhow::anyhow!("eight random bytes"))?;
    let Some(cluster) = &config.file.cluster else {
        return Ok(Node { name: "alone".into(), address: String::new(), http: http.to_string(), incarnation });
    };
    let address = cluster.advertise.clone().or_else(|| peers.map(|addr| addr.to_string())).unwrap_or_default();
    let http = cluster.advertise_http.clone().unwrap_or_else(|| http.to_string());
    Ok(Node { name: cluster.node.clone(), address, http, incarnation })
}

/// The port for other nodes, with the key that they share, when there are several.
async fn bind_peers(config: &Config, bounds: Option<Bounds>) -> anyhow::Result<Option<(Peers, ClusterKey)>> {
    match (&config.file.cluster, &config.cluster_key, bounds) {
        (Some(cluster), Some(key), Some(bounds)) => {
            let peers = Peers::bind(&cluster.listen, key.clone(), Gate::new(Port::Nodes, bounds)).await?;
            Ok(Some((peers, key.clone())))
        }
        _ => Ok(None),
    }
}

/// What every port may take, within the descriptors that this process may have.
fn ports(config: &Config) -> anyhow::Result<Ports> {
    let limits = &config.file.limits;
    share_descriptors(Ports {
        listeners: vec![limits.listener(); config.file.listeners.len()],
        http: limits.http(),
        nodes: config.file.cluster.as_ref().map(|_| limits.nodes()),
    })
}

/// When this node tries to lead.
fn timing(config: &Config) -> Timing {
    let takeover = config.file.cluster.as_ref().map(|c| Duration::from_millis(c.takeover_ms));
    takeover.map_or_else(Timing::default, |takeover| Timing { takeover, ..Timing::default() })
}

/// What signs checkpoints, where there is a key.
fn checkpoints(config: &Config, store: &Arc<dyn Store>) -> anyhow::Result<Option<Checkpoints>> {
    let Some(signers) = &config.signers else { return Ok(None) };
    let settings = config.checkpoints.clone();
    Checkpoints::new(store.clone(), signers.heads.clone(), settings).context("[audit]").map(Some)
}

/// The connections to issuers, and the notices to residents that leave beside them.
fn issuer_connections(config: &Config, tasks: &Tasks) -> anyhow::Result<Arc<Issuers>> {
    let issuers = Issuers::new(config.issuers.clone(), config.vault.clone(), config.file.id);
    match &config.outbox {
        Some(outbox) => issuers.deliver_notices(outbox.clone(), tasks).context("[outbox]")?,
        None => issuers.give_notices_up(),
    }
    Ok(issuers)
}

/// Binds every port for acquirers.
async fn bind_listeners(config: &Config, bounds: &[Bounds]) -> anyhow::Result<Vec<Listener>> {
    let mut listeners = Vec::new();
    for (l, bounds) in config.file.listeners.iter().zip(bounds) {
        let bound = Listener::bind(ListenerConfig {
            addr: l.addr.clone(),
            port_in_use: config.file.port_in_use,
            dialect: config.dialect(&l.dialect),
            tls: config.tls(l),
            gate: Gate::new(Port::Acquirers, *bounds),
            limits: config.connection_limits(),
        });
        listeners.push(bound.await?);
    }
    Ok(listeners)
}

impl Switch {
    /// Starts everything; returns when taps are accepted. `store` is another one than the configuration names.
    pub async fn start(config: Config, store: Option<Arc<dyn Store>>) -> anyhow::Result<Switch> {
        let lock = lock(&config.data_dir)?;
        let prometheus = crate::telemetry::prometheus();
        let store = store.map_or_else(|| config.store(), |store| config.signed(store));
        let checkpoints = checkpoints(&config, &store)?;
        let ports = ports(&config)?;
        let web = crate::http::bind(&config.file.http, config.file.port_in_use).await?;
        let http = web.local_addr()?;
        let peers = bind_peers(&config, ports.nodes).await?;
        let node = node(&config, peers.as_ref().map(|(peers, _)| peers.addr()).transpose()?, http)?;
        let health = Arc::new(Health::default());
        let (target, seen) = watch::channel(None);
        let key = peers.as_ref().map(|(_, key)| key.clone());
        let forwarder = forwarder(key, &node.name, (seen, &health));
        let issuers = issuer_connections(&config, &health.tasks)?;
        let sharing = if store.shared().is_some() { Sharing::Shared } else { Sharing::Alone };
        let settings = engine_config(&config, node.clone(), sharing, None);
        let (engine, core) = Engine::start(settings, store.clone(), issuers.clone(), forwarder, health).await?;
        first_policy(&config, &engine).await?;
        let (shutdown, signal) = watch::channel(false);
        let (unwatch, watching) = watch::channel(false);
        let running = Running { engine: engine.clone(), signal: signal.clone() };
        if store.shared().is_some() {
            let watched = Watched { store: store.clone(), node: node.clone(), timing: timing(&config) };
            let watcher = Watcher::new(watched, engine.clone(), target);
            running.watch_store(watcher, watching);
            ready(&engine).await;
        }
        if let Some((peers, _)) = peers {
            running.accept_peers(peers);
        }
        let services = services(&config, Source::Engine(engine.clone()), store.clone());
        let callers = Arc::new(config.callers.clone());
        let api = Api {
            engine: engine.clone(),
            services: services.clone(),
            limits: config.file.limits.http_requests(),
            bodies: crate::http::Bodies::new(&config.callers, &config.file.limits.http_requests()),
            callers,
            prometheus,
            issuers: issuers.clone(),
            node: node.clone(),
            store: store.clone(),
            checkpoints: checkpoints.as_ref().map(Checkpoints::status),
        };
        running.keep_checkpoints(checkpoints.as_ref());
        let listeners = bind_listeners(&config, &ports.listeners).await?;
        if let Some(closing) = &services.closing {
            running.keep_statements(closing.statements.clone());
        }
        let gate = Gate::new(Port::Http, ports.http);
        crate::http::serve(web, gate, api, signal.clone());
        running.keep_metrics_small();
        let open = TaskTracker::new();
        let (day, open_day) = watch::channel(engine.query(|state| state.day).await.unwrap_or_default());
        let acquirers = Arc::new(Acquirers::new(config.acquirers));
        let listening = listeners.iter().map(Listener::addr).collect::<std::io::Result<Vec<_>>>()?;
        let (connections_open, shut) = (open.clone(), signal);
        let context =
            ListenerContext { acquirers, engine: engine.clone(), shutdown: shut, day: open_day, connections_open };
        running.accept_acquirers(listeners, &context)?;
        running.keep_ticking(day, issuers.clone());
        let ending = Ending { shutdown, checkpoints, unwatch };
        Ok(Switch { engine, services, listening, http, issuers, node, store, open, ending, core, _lock: lock })
    }

    /// Hands the lead over if another node can take it, stops taking messages, finishes what was admitted, and closes the
    /// journal.
    pub async fn stop(self) -> anyhow::Result<()> {
        let left = tokio::time::timeout(LEAVING, self.leave()).await;
        if let Err(why) = left.unwrap_or_else(|_| Err(format!("not within {LEAVING:?}"))) {
            tracing::warn!(%why, "the lead was not handed over; another node takes it when this one is silent");
        }
        self.ending.shutdown.send_replace(true);
        // Connections stop reading at once; what they gave to the core, or the core to another node, is decided and answered.
        let begin = std::time::Instant::now();
        tokio::time::sleep(Duration::from_millis(50)).await;
        let health = self.engine.health().clone();
        while health.role() == Role::Following
            && health.queued.load(Ordering::Acquire) > 0
            && begin.elapsed() < Duration::from_secs(10)
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.issuers.stop().await;
        self.engine.stop();
        let (core, led) = (self.core, self.engine.health().role() == Role::Leading);
        let now = self.engine.now();
        let joined = tokio::task::spawn_blocking(move || core.join()).await?;
        if let Some(checkpoints) = self.ending.checkpoints.filter(|_| led) {
            checkpoints.finish(now).await;
        }
        self.ending.unwatch.send_replace(true);
        // Answers are with the connections by now; this is for them to reach the peers.
        self.open.close();
        if tokio::time::timeout(Duration::from_secs(5), self.open.wait()).await.is_err() {
            tracing::warn!("some peers did not take their last answers");
        }
        joined.map_err(|_| anyhow::anyhow!("the core panicked; see the log above"))
    }

    /// Lets another node lead before this one ends, if there is one that can.
    async fn leave(&self) -> Result<(), String> {
        let health = self.engine.health();
        if health.role() != Role::Leading || self.node.address.is_empty() || health.halted().is_some() {
            return Ok(());
        }
        // Nobody to hand it to is no failure here.
        if able(self.store.as_ref(), &self.node, "").await.is_err() {
            return Ok(());
        }
        hand_over(&self.engine, &self.node.name, String::new()).await.map(drop)
    }
}

/// How long a node that stops tries to hand the lead over.
const LEAVING: Duration = Duration::from_secs(45);

/// Waits a while until taps are answered: by this node, or by the leader through it.
async fn ready(engine: &Engine) {
    let begin = std::time::Instant::now();
    while !engine.health().is_ready() {
        if begin.elapsed() > Duration::from_secs(10) {
            tracing::warn!("no node leads yet; taps are refused until one does");
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
