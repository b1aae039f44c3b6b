//! `kazasu demo`: a town on this machine. Issuers, switch and acquirers are the real ones and talk over real sockets; only
//! that they share a process is particular.

mod day;
mod folder;
mod relief;
mod stop;
mod summary;

use crate::cluster::ClusterKey;
use crate::config::{ClusterFile, Config};
use crate::issuers::RunningConnection;
use crate::ports::PortInUse;
use crate::sample::{self, Town, Transport};
use crate::serve::Switch;
use anyhow::Context;
use clap::Args;
use folder::{Folder, Kind};
use kazasu_acquirer_sim::config::AcquirerConfig;
use kazasu_acquirer_sim::load::{self, Fleet, Length, LoadPlan, LoadReport, Mix, Peer, Progress};
use kazasu_console::{print_text, say};
use kazasu_engine::Role;
use kazasu_issuer_adapter::sim::{Sim, SimConfig, SimError, effective};
use kazasu_ledger::Body;
use kazasu_schemas::money::Yen;
use kazasu_schemas::secret::Key;
use kazasu_schemas::text::thousands;
use kazasu_store::Store;
use kazasu_store::postgres::local::LocalServer;
use kazasu_store::postgres::{Address, PostgresStore};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use stop::Stop;
use summary::{HandOver, Run, Summary};

/// `kazasu demo`.
#[derive(Args, Debug, Clone)]
pub struct DemoArgs {
    /// Where configuration, ledger and journals are kept; a folder of an earlier demo of the same kind is continued. Each kind has one
    /// of its own under kazasu-data when this is left out: demo, demo-day, demo-relief, and the same with -postgres.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Messages that the terminals send.
    #[arg(long, default_value_t = 3_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    taps: u64,
    /// Messages a second.
    #[arg(long, default_value_t = 150.0, value_parser = rate)]
    rate: f64,
    /// The same seed makes the same residents, places and amounts: 1, or that of the folder that is continued.
    #[arg(long)]
    seed: Option<u64>,
    /// Where the ledger is kept: `sqlite` for a file in the data folder; `postgres` for a PostgreSQL server that the demo
    /// starts from this machine's binaries and ends again; or the URL of an empty database, as its owner.
    #[arg(long, default_value = "sqlite")]
    store: String,
    /// Nodes that share the store. With more than one, the lead is handed over in the middle of the run.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=3))]
    nodes: u64,
    /// Show a flood instead: a relief programme, residents who spend its money the same second, its end and its report.
    #[arg(long, conflicts_with = "nodes")]
    relief: bool,
    /// Show a business day that is closed: fees, settlements, payouts, files with planted mistakes, and what reconciliation finds.
    #[arg(long, conflicts_with_all = ["nodes", "relief"])]
    day: bool,
    /// End after the summary. Without it, a demo at a terminal keeps the switch open until Ctrl-C.
    #[arg(long)]
    exit: bool,
    /// Print the summary as one JSON object, and nothing else.
    #[arg(long)]
    json: bool,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "must be a number".to_owned())?;
    if rate.is_finite() && (0.1..=1_000_000.0).contains(&rate) {
        Ok(rate)
    } else {
        Err("must be 0.1 to 1000000".into())
    }
}

/// The three acquirers with their shares of the traffic in percent: the first one has all twenty merchants.
const SHARES: [(&str, u64, u32); 3] = [("27000001", 60, 2), ("27000002", 25, 1), ("27000003", 15, 1)];
/// How long issuers get to be connected, and advices to be delivered.
const PATIENCE: Duration = Duration::from_secs(10);

/// Plays the demo.
pub async fn run(args: DemoArgs) -> anyhow::Result<()> {
    anyhow::ensure!(
        args.nodes == 1 || args.store != "sqlite",
        "several nodes need a store that they can share: add --store postgres, or the URL of a PostgreSQL database"
    );
    let folder = Folder::find(&args)?;
    if !folder.continued {
        let residents = if args.relief { relief::RESIDENTS } else { Town::default().residents };
        let transport = Transport::Tls;
        let town = Town { seed: folder.seed, issuer_timeout_ms: 800, residents, transport, ..Town::default() };
        sample::write(&folder.path, &town)?;
        folder.note()?;
    }
    let play = Play { args, data: folder.path, seed: folder.seed };
    let stop = Stop::watch()?;
    let town = open(&play).await?;
    let status = format!("http://{}/", town.switches[0].http);
    play.say("かざす町のデモ  Kazasu demo town");
    play.say(&format!(
        "  町 town        {} ({})",
        play.data.display(),
        if folder.continued { "続きから continued" } else { "新規 new, with fresh keys" }
    ));
    play.say(&format!("  元帳 ledger     {}", town.store.place()));
    for switch in &town.switches {
        let name = if town.switches.len() > 1 { format!("  {}", switch.node.name) } else { String::new() };
        for (addr, dialect) in switch.listening.iter().zip(&town.dialects) {
            play.say(&format!("  受付 acquirers  {addr}  {dialect}{name}"));
        }
    }
    for (name, addr) in town.sim.addresses() {
        play.say(&format!("  発行者 issuer   {addr}  {name}"));
    }
    play.say(&format!("  状態 status     {status}\n"));
    let done = match Kind::of(&play.args) {
        Kind::Relief => relief::play(&play, &town, &stop).await,
        Kind::Day => day::play(&play, &town, &stop).await,
        Kind::Taps => taps(&play, &town, &stop).await,
    };
    town.close().await?;
    done
}

/// A demo that is played.
struct Play {
    args: DemoArgs,
    /// Its folder.
    data: PathBuf,
    seed: u64,
}

impl Play {
    fn say(&self, text: &str) {
        if !self.args.json {
            say!("{text}");
        }
    }

    /// After the summary.
    async fn stay_open(&self, town: &OpenTown, stop: &Stop) {
        if !self.args.exit && !self.args.json {
            stop.stay_open(&format!("http://{}/", town.switches[0].http)).await;
        }
    }
}

/// Ends the traffic when that is asked for, and when it is over what shows it.
struct Traffic {
    progress: Arc<Progress>,
    over: Arc<AtomicBool>,
    parts: Vec<Part>,
}

impl Traffic {
    fn start(play: &Play, town: &OpenTown, stop: &Stop) -> anyhow::Result<Traffic> {
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
    async fn end(self) -> anyhow::Result<LoadReport> {
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

async fn taps(play: &Play, town: &OpenTown, stop: &Stop) -> anyhow::Result<()> {
    let args = &play.args;
    let status = format!("http://{}/", town.switches[0].http);
    let before = town.leader().engine.query(|state| state.seq).await.context("the core is gone")?;

    let traffic = Traffic::start(play, town, stop)?;
    let screen = tokio::spawn(show(traffic.progress.clone(), args.taps, args.json, traffic.over.clone()));
    let handover = hand_over(town, &traffic.progress, args.taps, &traffic.over).await;
    let report = traffic.end().await?;
    let stopped_early = stop.is_asked();
    screen.await?;
    drained(town.leader()).await;
    let theirs = effective(play.data.join("issuers.jsonl"))?;
    let run = Run { before, theirs, report, stopped_early };
    let summary = summary::read(town.store.as_ref(), run).await?;
    let summary = summary.on_nodes(town.switches.len(), handover?);
    if args.json {
        say!("{}", summary.json(&status));
    } else {
        print_text!("{}", summary.text());
    }
    play.stay_open(town, stop).await;
    judge(&summary)
}

fn judge(summary: &Summary) -> anyhow::Result<()> {
    if summary.is_good() {
        return Ok(());
    }
    Err(crate::cli::CheckFailed("the run left something that does not add up; see the summary".into()).into())
}

/// Everything that runs.
struct OpenTown {
    switches: Vec<Switch>,
    sim: Sim,
    acquirers: Vec<AcquirerConfig>,
    dialects: Vec<String>,
    store: Arc<dyn Store>,
}

impl OpenTown {
    fn leader(&self) -> &Switch {
        let leads = |s: &&Switch| s.engine.health().role() == Role::Leading;
        self.switches.iter().find(leads).unwrap_or(&self.switches[0])
    }

    async fn close(self) -> anyhow::Result<()> {
        for switch in self.switches {
            switch.stop().await?;
        }
        self.sim.stop().await;
        stop::end_server();
        Ok(())
    }
}

/// In the middle of the run, the node that leads lets another lead.
async fn hand_over(
    town: &OpenTown,
    progress: &Progress,
    taps: u64,
    stop: &AtomicBool,
) -> anyhow::Result<Option<HandOver>> {
    if town.switches.len() < 2 {
        return Ok(None);
    }
    while progress.sent.load(Ordering::Relaxed) < taps / 2 {
        if stop.load(Ordering::Acquire) {
            return Ok(None);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let from = town.leader().node.name.clone();
    let begin = Instant::now();
    let done = crate::cluster::hand_over(&town.leader().engine, &from, String::new()).await;
    let to = done.map_err(|why| anyhow::anyhow!("the lead could not be handed over: {why}"))?;
    let ms = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Some(HandOver { from, to, ms }))
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
/// for somebody else.
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
struct NodeKeys {
    shared: Key,
    private: Vec<Key>,
    public: BTreeMap<String, String>,
}

impl NodeKeys {
    fn name(number: u64) -> String {
        format!("node-{number}")
    }

    fn new(nodes: u64) -> anyhow::Result<NodeKeys> {
        let (mut made, mut public) = (Vec::new(), BTreeMap::new());
        for number in 1..=nodes {
            let (private, known) = crate::cluster::new_pair()?;
            made.push(Key::from_hex(&private)?);
            public.insert(Self::name(number), known);
        }
        Ok(NodeKeys { shared: Key::new(kazasu_engine::clock::random_bytes(32)?)?, private: made, public })
    }

    fn of(&self, number: u64) -> anyhow::Result<ClusterKey> {
        let at = usize::try_from(number)?.checked_sub(1).context("nodes begin with 1")?;
        let private = self.private.get(at).context("every node has a key")?;
        let shared = ClusterKey::new(self.shared.clone()).context("32 bytes")?;
        shared.with_identity(&Self::name(number), private, &self.public)
    }
}

/// Starts issuers and switches on the usual ports where they are free, and imports merchants and residents.
async fn open(play: &Play) -> anyhow::Result<OpenTown> {
    let (args, data) = (&play.args, play.data.as_path());
    let load = || Config::load(&data.join("kazasu.toml"));
    let sim = issuers(&data.join("issuers.toml")).await?;
    let store = store(play, &load()?).await?;
    keep_up(store.as_ref()).await;
    let keys = NodeKeys::new(args.nodes)?;
    let imports = crate::serve::link_import(&load()?);
    let mut switches: Vec<Switch> = Vec::new();
    let mut dialects = Vec::new();
    for number in 1..=args.nodes {
        let mut config = load()?;
        for issuer in &mut config.issuers {
            if let Some(addr) = sim.addr(&issuer.file.name) {
                issuer.file.addr = addr.to_string();
            }
        }
        config.file.port_in_use = PortInUse::TakeAnother;
        // Its days may be some hours apart and a day long.
        config.file.clock.restart_hours = 240;
        if args.nodes > 1 {
            config.data_dir = config.data_dir.join(format!("node-{number}"));
            config.cluster_key = Some(keys.of(number)?);
            config.file.cluster = Some(ClusterFile {
                node: NodeKeys::name(number),
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
    let order = kazasu_services::import::Order::default();
    let merchants =
        kazasu_services::import::merchants(engine, std::fs::read(data.join("merchants.csv"))?, &order).await?;
    let links =
        kazasu_services::import::links(engine, std::fs::read(data.join("links.csv"))?, &imports, &order).await?;
    anyhow::ensure!(merchants.bad + links.bad == 0, "rows refused: {:?} {:?}", merchants.bad_rows, links.bad_rows);
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

/// Where no terminal says how wide it is, a line has 80 columns at most.
const PIPED: usize = 81;

/// Shows what happens while it happens.
async fn show(progress: Arc<Progress>, total: u64, quiet: bool, stop: Arc<AtomicBool>) {
    if quiet {
        return;
    }
    let live = crate::terminal::output_width().is_some();
    let mut tick = tokio::time::interval(Duration::from_millis(if live { 100 } else { 2_000 }));
    let begin = Instant::now();
    tick.tick().await;
    while !stop.load(Ordering::Acquire) {
        tick.tick().await;
        // The window may have been made narrower meanwhile.
        let width = crate::terminal::output_width().unwrap_or(PIPED);
        let line = line(&progress, total, begin.elapsed(), width);
        let mut out = std::io::stdout().lock();
        let _ = if live { write!(out, "\r\x1b[2K{line}") } else { writeln!(out, "{line}") };
        let _ = out.flush();
    }
    if live {
        say!();
    }
}

fn line(progress: &Progress, total: u64, elapsed: Duration, width: usize) -> String {
    let get = |n: &std::sync::atomic::AtomicU64| n.load(Ordering::Relaxed);
    let (sent, answered) = (get(&progress.sent), get(&progress.answered));
    let mean = get(&progress.latency_us).checked_div(answered).unwrap_or(0);
    let yen = Yen::new(i64::try_from(get(&progress.yen)).unwrap_or(i64::MAX));
    let parts = [
        format!("{:>6.1} s", elapsed.as_secs_f64()),
        format!("{} taps", thousands(answered)),
        format!("承認 {}", thousands(get(&progress.approved))),
        format!("不承認 {}", thousands(get(&progress.declined))),
        yen.to_string(),
        format!("平均 {}.{} ms", mean / 1_000, mean % 1_000 / 100),
    ];
    let going = crate::terminal::Going { what: "", done: sent, all: total };
    crate::terminal::progress(going, &parts, width)
}

/// Waits until every issuer has every advice and nothing waits for an issuer.
async fn drained(switch: &Switch) {
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
