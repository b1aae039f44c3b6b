//! Putting the switch together: lock, store, engine, other nodes, issuer connections, listeners, HTTP, the clock's tick; and taking it apart
//! again in the right order.

mod hooks;
mod logged;
mod running;

use crate::config::Config;
use crate::lock::{DataLock, lock};
use anyhow::Context;
use kazasu_api::http::{Api, Onces};
use kazasu_checkpoint::Checkpoints;
use kazasu_connections::acquirer::{Acquirers, Listener, ListenerConfig, ListenerContext};
use kazasu_connections::admission::{Bounds, Gate, Port, Ports, share_descriptors};
use kazasu_connections::certificates::Certificates;
use kazasu_connections::cluster::{
    ClusterKey, LeaderForwarder, Peers, Target, Timing, Watched, Watcher, able, hand_over,
};
use kazasu_connections::issuers::Issuers;
use kazasu_connections::keys::Keys;
use kazasu_core::Command;
use kazasu_engine::tasks::Tasks;
use kazasu_engine::{Engine, EngineConfig, Forwarder, Health, NoForwarder, Role, Surroundings};
use kazasu_pages::SignInLinks;
use kazasu_schemas::attribution::{Attribution, Via};
use kazasu_services::import::LinkImport;
use kazasu_services::payees::Taken;
use kazasu_services::people::VaultSeal;
use kazasu_services::{Services, Source, Watch};
use kazasu_sign_in::SignIns;
use kazasu_store::side_rows::SideRows;
use kazasu_store::{Node, Store};
use kazasu_text::configuration::ConfigText;
use kazasu_text::{Because, Said};
use logged::Logged;
use running::{Running, Ticking};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

/// A running switch.
pub struct Switch {
    /// The core's handle.
    pub engine: Engine,
    /// The services for portals and people.
    pub services: Services,
    /// Links that sign people in once; none but those that a demonstration adds.
    pub sign_in_links: SignInLinks,
    /// The acquirers' addresses, in the order of the configuration.
    pub listening: Vec<SocketAddr>,
    /// The address of health, metrics, the API and the pages.
    pub http: SocketAddr,
    /// The issuer connections.
    pub issuers: Arc<Issuers>,
    /// Certificates, keys and revocation lists of all connections.
    pub certificates: Arc<Certificates>,
    /// All keys.
    pub keys: Arc<Keys>,
    /// This process's name.
    pub node: Node,
    store: Arc<dyn Store>,
    /// Acquirers' connections, to the last answer.
    open: TaskTracker,
    ending: Ending,
    core: std::thread::JoinHandle<()>,
    _lock: DataLock,
}

/// The ends of the parts, in this order.
struct Ending {
    shutdown: watch::Sender<bool>,
    /// Signs the last record.
    checkpoints: Option<Checkpoints>,
    /// Ends the watch over the store: last, so that others see this node until it is gone.
    unwatch: watch::Sender<bool>,
    /// Its last line says that the switch ended in good order.
    logged: Logged,
}

/// The processes that share a journal.
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
    let issuers = issuers.map(|i| Command::RegisterIssuer { issuer: i.number, name: i.name.clone() });
    let policy = config.policy.iter().flatten().map(|(policy, source)| Command::ActivatePolicy {
        policy: Box::new(policy.clone()),
        source: source.clone(),
        said: Attribution::new("configuration", "the first policy of the book", Via::Configuration),
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

/// The settings for importing links, from the configuration.
#[must_use]
pub fn link_import(config: &Config) -> LinkImport {
    LinkImport { vault: config.vault.clone(), routes: Arc::new(config.routes.clone()) }
}

/// Refuses a start when the book has no policy and its first one is unreadable or refused. Once the book has a policy, the file
/// has no effect any more.
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
    let why = &why.unwrap_or_else(|| Said::of(&ConfigText::PolicyRefused));
    anyhow::bail!(Said::of(&ConfigText::NoPolicy { why }))
}

/// The way of messages while another node leads.
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

/// The sign-ins of people, from the configuration.
fn sign_ins(config: &Config, store: Arc<dyn Store>) -> SignIns {
    let draw = |n| kazasu_engine::clock::random_bytes(n).ok();
    let sign_ins = SignIns::new(store, Arc::new(VaultSeal(config.vault.clone())), (draw, config.file.sign_in.rules()));
    sign_ins.with_passkeys(config.sign_in.passkeys.clone())
}

/// The services, from the configuration. Must be called within a tokio runtime.
#[must_use]
pub fn services(config: &Config, source: Source, store: Arc<dyn Store>, watch: Watch) -> Services {
    let sign_ins = matches!(source, Source::Engine(_)).then(|| sign_ins(config, store.clone()));
    let hooks = hooks::hooks(config, &source, store.clone());
    Services {
        source,
        sign_ins,
        providers: config.sign_in.providers.clone(),
        watch,
        imports: link_import(config),
        list_authorities: config.list_authorities(),
        cities: Arc::new(config.file.cities.clone()),
        finance: Arc::new(config.file.finance.clone()),
        calendar: config.calendar.clone(),
        keep_days: config.file.keep_days,
        most_open: config.file.limits.max_open_requests_per_portal,
        hooks,
        closing: Some(config.closing(store)),
    }
}

/// Takes the accounts of `payees_file` into the ledger, once: when this node leads at once. The same file again, after a crash or on another
/// node, is no reason not to start; another file is.
async fn take_payees(services: &Services, config: &Config) -> anyhow::Result<()> {
    let Some(path) = config.payees_file() else { return Ok(()) };
    let shown = path.display().to_string();
    let read = kazasu_security::files::only_owner_reads(&path).and_then(|()| kazasu_security::files::read(&path));
    let file = read.because(|| Said::of(&ConfigText::PayeesFileUnread { path: &shown }))?;
    let leads = services.engine().is_ok_and(|engine| engine.health().role() == Role::Leading);
    let taken = services.query(|state| state.payees_taken()).await?.is_some();
    if !leads && !taken {
        tracing::warn!(file = %shown, "another node leads: payees_file is taken into the ledger when this node starts as the leader");
        return Ok(());
    }
    match services.take_payees(file).await.because(|| Said::of(&ConfigText::PayeesFile { path: &shown }))? {
        Taken::Now => {
            tracing::warn!(file = %shown, "payees_file is in the ledger now: take the setting out, and put the file away")
        }
        Taken::Before => {
            tracing::warn!(file = %shown, "payees_file says nothing any more: take the setting out, and put the file away")
        }
    }
    Ok(())
}

/// Takes over the people and programs of `keys_file` and the configuration, when this node leads at once; when it leads later, a task
/// does.
async fn adopt(services: &Services, config: &Config) -> anyhow::Result<()> {
    if services.engine().is_ok_and(|engine| engine.health().role() != Role::Leading) {
        return Ok(());
    }
    let adopted = services.adopt(&config.callers).await.because(|| Said::of(&ConfigText::OldPeople))?;
    tracing::debug!(?adopted, "people and programs of the configuration");
    Ok(())
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

/// The port for other nodes, with the shared key, when there are several nodes.
async fn bind_peers(config: &Config, bounds: Option<Bounds>) -> anyhow::Result<Option<(Peers, ClusterKey)>> {
    match (&config.file.cluster, &config.cluster_key, bounds) {
        (Some(cluster), Some(key), Some(bounds)) => {
            let peers = Peers::bind(&cluster.listen, key.clone(), Gate::new(Port::Nodes, bounds)).await?;
            Ok(Some((peers, key.clone())))
        }
        _ => Ok(None),
    }
}

/// The bounds of every port, within the process's file descriptors.
fn ports(config: &Config) -> anyhow::Result<Ports> {
    let limits = &config.file.limits;
    share_descriptors(Ports {
        listeners: vec![limits.listener(); config.file.listeners.len()],
        http: limits.http(),
        nodes: config.file.cluster.as_ref().map(|_| limits.nodes()),
    })
}

/// The rule for trying to lead.
fn timing(config: &Config) -> Timing {
    let takeover = config.file.cluster.as_ref().map(|c| Duration::from_millis(c.takeover_ms));
    takeover.map_or_else(Timing::default, |takeover| Timing { takeover, ..Timing::default() })
}

/// The signer of checkpoints, if there is a key.
fn checkpoints(config: &Config, store: &Arc<dyn Store>) -> anyhow::Result<Option<Checkpoints>> {
    let Some(signers) = &config.signers else { return Ok(None) };
    let settings = config.checkpoints.clone();
    Checkpoints::new(store.clone(), signers.heads.clone(), settings).context("[audit]").map(Some)
}

/// The connections to issuers, and the notices to residents that leave beside them.
fn issuer_connections(config: &Config, certificates: &Certificates, tasks: &Tasks) -> anyhow::Result<Arc<Issuers>> {
    let issuers = Issuers::new(config.issuers.clone(), certificates, config.vault.clone(), config.file.id);
    match &config.outbox {
        Some(outbox) => issuers.deliver_notices(outbox.clone(), tasks).context("[outbox]")?,
        None => issuers.give_notices_up(),
    }
    Ok(issuers)
}

/// Binds every port for acquirers.
async fn bind_listeners(
    config: &Config,
    certificates: &Certificates,
    bounds: &[Bounds],
) -> anyhow::Result<Vec<Listener>> {
    let mut listeners = Vec::new();
    for (at, (l, bounds)) in config.file.listeners.iter().zip(bounds).enumerate() {
        let bound = Listener::bind(ListenerConfig {
            addr: l.addr.clone(),
            port_in_use: config.file.port_in_use,
            dialect: config.dialect(&l.dialect),
            tls: certificates.listener(at),
            gate: Gate::new(Port::Acquirers, *bounds),
            limits: config.connection_limits(),
        });
        listeners.push(bound.await?);
    }
    Ok(listeners)
}

fn tell_notes(config: &Config) {
    for note in config.notes() {
        tracing::warn!(%note, "the configuration is allowed, and to be known");
    }
}

impl Switch {
    /// Starts everything; returns when taps are accepted. `store` is another one than the configuration names.
    #[allow(clippy::too_many_lines, reason = "the parts in the order in which they start, a line or a struct for each")]
    pub async fn start(config: Config, store: Option<Arc<dyn Store>>) -> anyhow::Result<Switch> {
        let lock = lock(&config.data_dir)?;
        let prometheus = crate::telemetry::prometheus();
        config.hsm.iter().for_each(kazasu_hsm::Token::publish);
        let store = store.map_or_else(|| config.store(), |store| config.signed(store));
        let checkpoints = checkpoints(&config, &store)?;
        let certificates = Arc::new(Certificates::load(config.certificate_files()?)?);
        let keys = config.keys.clone();
        tell_notes(&config);
        let ports = ports(&config)?;
        let web = kazasu_api::http::bind(&config.file.http, config.file.port_in_use).await?;
        let http = web.local_addr()?;
        let peers = bind_peers(&config, ports.nodes).await?;
        let node = node(&config, peers.as_ref().map(|(peers, _)| peers.addr()).transpose()?, http)?;
        let health = Arc::new(Health::default());
        let logged = Logged::start(&config, &node.name).await?;
        let (target, seen) = watch::channel(None);
        let key = peers.as_ref().map(|(_, key)| key.clone());
        let forwarder = forwarder(key, &node.name, (seen, &health));
        let issuers = issuer_connections(&config, &certificates, &health.tasks)?;
        let sharing = if store.shared().is_some() { Sharing::Shared } else { Sharing::Alone };
        let settings = engine_config(&config, node.clone(), sharing, None);
        let around = Surroundings { store: store.clone(), issuers: issuers.clone(), forwarder, health };
        let (engine, core) = Engine::start(settings, around).await?;
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
        let services = services(&config, Source::Engine(engine.clone()), store.clone(), logged.watch.clone());
        take_payees(&services, &config).await?;
        adopt(&services, &config).await?;
        let api = Api {
            engine: engine.clone(),
            services: services.clone(),
            limits: config.file.limits.http_requests(),
            onces: Onces::of(SideRows::of(store.clone()))?,
            bodies: kazasu_api::http::Bodies::new(&config.file.limits.http_requests()),
            budgets: kazasu_api::http::Budgets::new(config.file.limits.http.max_requests_per_caller),
            prometheus,
            issuers: issuers.clone(),
            certificates: certificates.clone(),
            keys: keys.clone(),
            node: node.clone(),
            store: store.clone(),
            edge: logged.edge.clone(),
            front: config.front.clone(),
            checkpoints: checkpoints.as_ref().map(Checkpoints::status),
        };
        running.keep_checkpoints(checkpoints.as_ref());
        let listeners = bind_listeners(&config, &certificates, &ports.listeners).await?;
        if let Some(closing) = &services.closing {
            running.keep_statements(closing.statements.clone());
            running.keep_transactions(closing.transactions.clone());
        }
        let gate = Gate::behind(Port::Http, ports.http, config.front.proxies.networks().clone());
        let sign_in_links = SignInLinks::default();
        let pages = kazasu_pages::pages(&api, sign_in_links.clone());
        kazasu_api::http::serve(web, gate, (api, pages), signal.clone());
        running.deliver_events(&services, config.webhooks.clone(), &logged)?;
        running.keep_metrics_small();
        running.keep_certificates(&certificates);
        running.keep_access(&services, config.callers.clone());
        running.keep_keys(&keys);
        let open = TaskTracker::new();
        let (day, open_day) = watch::channel(engine.query(|state| state.day).await.unwrap_or_default());
        let acquirers = Arc::new(Acquirers::new(config.acquirers));
        let listening = listeners.iter().map(Listener::addr).collect::<std::io::Result<Vec<_>>>()?;
        let (connections_open, shut) = (open.clone(), signal);
        let context =
            ListenerContext { acquirers, engine: engine.clone(), shutdown: shut, day: open_day, connections_open };
        running.accept_acquirers(listeners, &context)?;
        running.keep_ticking(Ticking::new(day, &issuers, &certificates, &logged));
        let ending = Ending { shutdown, checkpoints, unwatch, logged };
        let _lock = lock;
        Ok(Switch {
            engine,
            services,
            sign_in_links,
            listening,
            http,
            issuers,
            certificates,
            keys,
            node,
            store,
            open,
            ending,
            core,
            _lock,
        })
    }

    /// Hands the lead over if another node can take it, stops taking messages, finishes what was admitted, and closes the
    /// journal.
    pub async fn stop(self) -> anyhow::Result<()> {
        let left = tokio::time::timeout(LEAVING, self.leave()).await;
        if let Err(why) = left.unwrap_or_else(|_| Err(Said::plain(format!("not within {LEAVING:?}")))) {
            tracing::warn!(%why, "the lead was not handed over; another node takes it when this one is silent");
        }
        self.ending.shutdown.send_replace(true);
        // Connections stop reading at once; messages that reached the core, or that the core forwarded, are decided and
        // answered.
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
        // The connections have the answers by now; this time lets the answers reach the peers.
        self.open.close();
        if tokio::time::timeout(Duration::from_secs(5), self.open.wait()).await.is_err() {
            tracing::warn!("some peers did not take their last answers");
        }
        self.ending.logged.stop().await;
        joined.map_err(|_| anyhow::anyhow!("the core panicked; see the log above"))
    }

    /// Lets another node lead before this one ends, if there is one that can.
    async fn leave(&self) -> Result<(), Said> {
        let health = self.engine.health();
        if health.role() != Role::Leading || self.node.address.is_empty() || health.halted().is_some() {
            return Ok(());
        }
        // Having no node to hand it to is no failure here.
        if able(self.store.as_ref(), &self.node, "").await.is_err() {
            return Ok(());
        }
        hand_over(&self.engine, &self.node.name, String::new()).await.map(drop)
    }
}

/// The longest time of a stopping node's hand-over.
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
