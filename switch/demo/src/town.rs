//! The town of a demo: issuers, switches and acquirers, which talk over real sockets, and the traffic between them.

use crate::args::DemoArgs;
use crate::language::shown;
use crate::sample;
use crate::stop::{self, Stop};
use anyhow::Context;
use bytes::Bytes;
use kazasu_acquirer_sim::config::AcquirerConfig;
use kazasu_acquirer_sim::load::{self, Fleet, Length, LoadPlan, LoadReport, Mix, Peer, Progress};
use kazasu_connections::cluster::{ClusterKey, NodeKeys, PublicKeys};
use kazasu_connections::issuers::RunningConnection;
use kazasu_connections::ports::PortInUse;
use kazasu_console::say;
use kazasu_engine::{Engine, Role};
use kazasu_issuer_adapter::sim::{Sim, SimConfig, SimError};
use kazasu_ledger::Body;
use kazasu_schemas::secret::Key;
use kazasu_serve::Switch;
use kazasu_serve::config::{ClusterFile, Config};
use kazasu_services::import::LinkImport;
use kazasu_store::Store;
use kazasu_store::postgres::local::LocalServer;
use kazasu_store::postgres::{Address, PostgresStore};
use kazasu_text::Text;
use kazasu_text::demo::DemoLabel;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A demo that found something wrong: what, and where to look.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DoesNotAddUp(pub(crate) String);

/// The three acquirers with their shares of the traffic in percent: the first one has all twenty merchants.
const SHARES: [(&str, u64, u32); 3] = [("27000001", 60, 2), ("27000002", 25, 1), ("27000003", 15, 1)];
/// How long issuers get to be connected, and advices to be delivered.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// A demo that is played.
pub(super) struct Play {
    pub(super) args: DemoArgs,
    /// Its folder.
    pub(super) data: PathBuf,
    pub(super) seed: u64,
}

impl Play {
    pub(super) fn say(&self, text: &str) {
        if !self.args.json {
            say!("{text}");
        }
    }

    /// A fact of the town.
    pub(super) fn fact(&self, label: DemoLabel, text: &str) {
        self.say(&format!("  {}  {text}", shown(&label)));
    }

    /// A sentence of what is played.
    pub(super) fn tell(&self, text: &impl Text) {
        self.say(&format!("   {}", shown(text)));
    }

    /// After the summary.
    pub(super) async fn stay_open(&self, town: &OpenTown, stop: &Stop) {
        if !self.args.exit && !self.args.json {
            stop.stay_open(&format!("http://{}/", town.switches[0].http)).await;
        }
    }
}

/// Ends the traffic when that is asked for, and when it is over what shows it.
pub(super) struct Traffic {
    pub(super) progress: Arc<Progress>,
    pub(super) over: Arc<AtomicBool>,
    pub(super) parts: Vec<Part>,
}

impl Traffic {
    pub(super) fn start(play: &Play, town: &OpenTown, stop: &Stop) -> anyhow::Result<Traffic> {
        let (progress, over) = (Arc::new(Progress::default()), Arc::new(AtomicBool::new(false)));
        let parts = traffic(play, town, &progress, &over)?;
        let (asked, ends) = (stop.clone(), over.clone());
        tokio::spawn(async move {
            while !ends.load(Ordering::Acquire) {
                ends.fetch_or(asked.is_asked(), Ordering::AcqRel);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        Ok(Traffic { progress, over, parts })
    }

    /// Waits until all is sent and answered, or ended early.
    pub(super) async fn end(self) -> anyhow::Result<LoadReport> {
        let mut report: Option<LoadReport> = None;
        for part in self.parts {
            let part = part.await??;
            match &mut report {
                Some(report) => report.merge(&part),
                None => report = Some(part),
            }
        }
        self.over.store(true, Ordering::Release);
        report.context("there was nothing to send")
    }
}

/// Everything that runs.
pub(super) struct OpenTown {
    pub(super) switches: Vec<Switch>,
    pub(super) sim: Sim,
    pub(super) acquirers: Vec<AcquirerConfig>,
    pub(super) dialects: Vec<String>,
    pub(super) store: Arc<dyn Store>,
}

impl OpenTown {
    pub(super) fn leader(&self) -> &Switch {
        let leads = |s: &&Switch| s.engine.health().role() == Role::Leading;
        self.switches.iter().find(leads).unwrap_or(&self.switches[0])
    }

    pub(super) async fn close(self) -> anyhow::Result<()> {
        for switch in self.switches {
            switch.stop().await?;
        }
        self.sim.stop().await;
        stop::end_server();
        Ok(())
    }
}

/// Where the ledger of this demo is, with its server when the demo has one of its own.
async fn store(play: &Play, config: &Config) -> anyhow::Result<Arc<dyn Store>> {
    let address: Address = match play.args.store.as_str() {
        "sqlite" => return Ok(config.store()),
        "postgres" => {
            let server = own_server(&std::path::absolute(play.data.join("postgres"))?)?;
            // Its owner makes the tables; what plays the town has a node's login.
            let (owner, node) = (server.url("kazasu"), server.node_url("kazasu"));
            stop::keep(Some(server));
            kazasu_store::postgres::migrate(&PostgresStore::new(owner.parse()?)).await?;
            node.parse()?
        }
        url => {
            let address: Address = url.parse()?;
            kazasu_store::postgres::migrate(&PostgresStore::new(address.clone())).await?;
            address
        }
    };
    let store = PostgresStore::new(address);
    let mut reader = store.reader().await?;
    let first = reader.scan(1, 1).await?;
    if let Some(Body::Opened(opened)) = first.first().map(|entry| Body::read(&entry.body)).transpose()? {
        anyhow::ensure!(opened.book == config.file.book, "the database holds another book already: {}", opened.book);
    }
    Ok(Arc::new(store))
}

/// The demo's own PostgreSQL server, new or continued.
fn own_server(dir: &Path) -> anyhow::Result<LocalServer> {
    let file = dir.with_extension("password");
    if let Ok(password) = std::fs::read_to_string(&file) {
        let server = LocalServer::open(dir, password.trim(), &[])?;
        server.make_logins()?;
        return Ok(server);
    }
    let password = hex::encode(kazasu_engine::clock::random_bytes(16)?);
    let server = LocalServer::create(dir, &password, &[])?;
    server.sql("postgres", "CREATE DATABASE kazasu")?;
    sample::secret(&file, &password)?;
    Ok(server)
}

/// Starts the issuers on their usual ports, or on any where one of those is taken. Looking first and listening later would leave a moment
/// for another program.
async fn issuers(path: &Path) -> anyhow::Result<Sim> {
    match Sim::start(SimConfig::load(path)?).await {
        Err(SimError::Listen { error, .. }) if error.kind() == std::io::ErrorKind::AddrInUse => {
            let mut config = SimConfig::load(path)?;
            for issuer in &mut config.issuers {
                issuer.listen = "127.0.0.1:0".into();
            }
            Ok(Sim::start(config).await?)
        }
        started => Ok(started?),
    }
}

/// A day that was ended early has opened the next: it is played as if it had begun.
async fn keep_up(store: &dyn kazasu_store::Store) {
    let Ok(mut reader) = store.reader().await else { return };
    let Ok(head) = reader.head().await else { return };
    if let Ok(last) = reader.scan(head.seq, 1).await
        && let Some(entry) = last.last()
    {
        kazasu_engine::clock::play_ahead_to(entry.day.start().max(entry.at));
    }
}

/// The keys of a demo's nodes, which end with it.
struct DemoKeys {
    shared: Key,
    private: Vec<Key>,
    public: BTreeMap<String, PublicKeys>,
}

impl DemoKeys {
    fn name(number: u64) -> String {
        format!("node-{number}")
    }

    fn new(nodes: u64) -> anyhow::Result<DemoKeys> {
        let (mut made, mut public) = (Vec::new(), BTreeMap::new());
        for number in 1..=nodes {
            let (private, known) = kazasu_connections::cluster::new_pair()?;
            made.push(private);
            public.insert(Self::name(number), PublicKeys::One(hex::encode(known)));
        }
        Ok(DemoKeys { shared: Key::new(kazasu_engine::clock::random_bytes(32)?)?, private: made, public })
    }

    fn of(&self, number: u64) -> anyhow::Result<ClusterKey> {
        let at = usize::try_from(number)?.checked_sub(1).context("nodes begin with 1")?;
        let private = vec![self.private.get(at).context("every node has a key")?.clone()];
        let shared = NodeKeys::shared(vec![self.shared.clone()])?;
        Ok(ClusterKey::new(shared.with_identity(&Self::name(number), private, &self.public)?))
    }
}

/// Starts issuers and switches on the usual ports where they are free, and imports merchants and residents.
pub(super) async fn open(play: &Play) -> anyhow::Result<OpenTown> {
    let (args, data) = (&play.args, play.data.as_path());
    let load = || Config::load(&data.join("kazasu.toml"));
    let sim = issuers(&data.join("issuers.toml")).await?;
    let store = store(play, &load()?).await?;
    keep_up(store.as_ref()).await;
    let keys = DemoKeys::new(args.nodes)?;
    let imports = kazasu_serve::link_import(&load()?);
    let mut switches: Vec<Switch> = Vec::new();
    let mut dialects = Vec::new();
    for number in 1..=args.nodes {
        let mut config = load()?;
        for issuer in &mut config.issuers {
            if let Some(addr) = sim.addr(&issuer.name) {
                issuer.addr = addr.to_string();
            }
        }
        config.file.port_in_use = PortInUse::TakeAnother;
        // Its days may be some hours apart and a day long.
        config.file.clock.restart_hours = 240;
        if args.nodes > 1 {
            config.data_dir = config.data_dir.join(format!("node-{number}"));
            config.cluster_key = Some(keys.of(number)?);
            config.file.cluster = Some(ClusterFile {
                node: DemoKeys::name(number),
                listen: "127.0.0.1:0".into(),
                advertise: None,
                advertise_http: None,
                nodes: keys.public.clone(),
                takeover_ms: 1_500,
            });
        }
        dialects = config.file.listeners.iter().map(|l| l.dialect.clone()).collect();
        switches.push(Switch::start(config, Some(store.clone())).await?);
    }
    let engine = &switches[0].engine;
    // A town that is continued has two administrators, and everything in it already.
    let is_administered = engine.query(|state| state.rights().is_administered()).await.context("the core is gone")?;
    if !is_administered {
        import(engine, data, &imports).await?;
    }
    let mut acquirers = Vec::new();
    for (at, (id, _, _)) in SHARES.iter().enumerate() {
        let mut acquirer = AcquirerConfig::load(&data.join(format!("acquirer-{id}.toml")))?;
        // Acquirers are spread over the nodes.
        acquirer.addr = switches[at % switches.len()].listening[at].to_string();
        // A clock that was put ahead is theirs too: messages of another time are refused.
        acquirer.ahead = kazasu_engine::clock::now().0 - acquirer.now().0;
        acquirers.push(acquirer);
    }
    let begin = Instant::now();
    let simulated: Vec<String> = sim.addresses().into_iter().map(|(name, _)| name).collect();
    let town = OpenTown { switches, sim, acquirers, dialects, store };
    let is_up = || {
        town.leader().issuers.connections().iter().filter(|l| simulated.contains(&l.name)).all(RunningConnection::is_up)
    };
    while !is_up() && begin.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    anyhow::ensure!(is_up(), "the issuers did not come up within {PATIENCE:?}");
    Ok(town)
}

/// Imports merchants, their accounts and the residents' links, as the keeper of a new book.
async fn import(engine: &Engine, data: &Path, imports: &LinkImport) -> anyhow::Result<()> {
    let order = kazasu_services::import::Order::default();
    let read = |name: &str| std::fs::read(data.join(name)).map(Bytes::from);
    let merchants = kazasu_services::import::merchants(engine, read("merchants.csv")?, &order).await?;
    let opening = (&*imports.vault, kazasu_services::import::Calls::Opening);
    let payees = kazasu_services::import::payees(engine, read("payees.csv")?, opening, &order).await?;
    let links = kazasu_services::import::links(engine, read("links.csv")?, imports, &order).await?;
    let bad = [&merchants, &payees, &links].into_iter().flat_map(|report| &report.bad_rows).collect::<Vec<_>>();
    anyhow::ensure!(bad.is_empty(), "rows refused: {bad:?}");
    Ok(())
}

type Part = tokio::task::JoinHandle<anyhow::Result<LoadReport>>;

/// Starts the acquirers' traffic.
fn traffic(
    play: &Play,
    town: &OpenTown,
    progress: &Arc<Progress>,
    stop: &Arc<AtomicBool>,
) -> anyhow::Result<Vec<Part>> {
    let args = &play.args;
    let mut parts = Vec::new();
    let mut left = args.taps;
    for (acquirer, (_, percent, connections)) in town.acquirers.iter().zip(SHARES).rev() {
        // The first acquirer, which comes last, takes what rounding left.
        let taps = if percent == SHARES[0].1 { left } else { args.taps * percent / 100 };
        left -= taps;
        if taps == 0 {
            continue;
        }
        let share = f64::from(u32::try_from(percent).expect("a percentage")) / 100.0;
        let plan = LoadPlan {
            acquirer: acquirer.clone(),
            fleet: Arc::new(Fleet::new(acquirer, acquirer.residents()?)),
            rate: args.rate * share,
            length: Length::Messages(taps),
            connections,
            mix: Mix::Realistic,
            seed: play.seed.wrapping_add(percent),
            log: None,
            peer: Peer::Switch,
            drain: PATIENCE,
            window: None,
        };
        let (progress, stop) = (progress.clone(), stop.clone());
        parts.push(tokio::task::spawn_blocking(move || load::run(&plan, &progress, &stop)));
    }
    Ok(parts)
}

/// Waits until every issuer has every advice and nothing waits for an issuer.
pub(super) async fn drained(switch: &Switch) {
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE {
        let open = switch.engine.query(|s| (s.sizes(), s.unacknowledged_by_issuer())).await;
        let down: Vec<u16> = switch.issuers.connections().iter().filter(|l| !l.is_up()).map(|l| l.issuer).collect();
        let Some((sizes, owed)) = open else { return };
        let deliverable: BTreeMap<_, _> = owed.into_iter().filter(|(issuer, _)| !down.contains(issuer)).collect();
        if sizes.pending == 0 && deliverable.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
