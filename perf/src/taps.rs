//! End to end: generator, sockets, MACs, core, ledger, answers; on-us, or off-us through real issuer connections.

mod restart;
mod rules;
mod show;

pub(crate) use restart::{ResidentsArgs, residents, restart};

use crate::baseline_sql;
use crate::cpu::Cpu;
use crate::server::Server;
use anyhow::Context;
use clap::{Args, ValueEnum};
use kazasu::config::Config;
use kazasu::sample::{self, Mix as Residents, Ports, Town, Transport};
use kazasu::serve::Switch;
use kazasu_acquirer_sim::config::{AcquirerConfig, Merchant};
use kazasu_acquirer_sim::load::{self, Fleet, Length, LoadPlan, LoadReport, Mix, Peer, Progress};
use kazasu_console::tell;
use kazasu_engine::Engine;
use kazasu_issuer_adapter::sim::{Sim, SimConfig};
use kazasu_schemas::ids::Mcc;
use kazasu_store::memory::MemoryStore;
use restart::start_again;
use rules::{add_rules, under_rules, wealth};
use serde_json::Value;
use show::{Found, Usual};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// `perf taps`.
#[derive(Args, Clone)]
pub(crate) struct TapsArgs {
    /// Where the ledger is kept.
    #[arg(long, value_enum, default_value = "sqlite")]
    store: Store,
    /// Taps a second; 0 searches for the highest rate at which p99 stays under 20 ms without an error.
    #[arg(long, default_value_t = 20_000.0)]
    rate: f64,
    /// Seconds at that rate.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Connections: 1, 2, 4, 5, 8 or 10.
    #[arg(long, alias = "links", default_value_t = 2)]
    connections: u32,
    /// Pay from accounts in this ledger, or at an issuer behind a connection.
    #[arg(long, value_enum, default_value = "on-us")]
    path: PathKind,
    /// Residents.
    #[arg(long, default_value_t = 100_000)]
    residents: u64,
    /// Only 0200 purchases, or a realistic mixture.
    #[arg(long)]
    realistic: bool,
    /// Merchants of the first acquirer: 1 for a single hot one, more than 19 adds to the sample's.
    #[arg(long, default_value_t = 19, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    merchants: u32,
    /// Acquirers and issuers are connected over TLS with certificates on both sides.
    #[arg(long)]
    tls: bool,
    /// Leave the echo ceiling out.
    #[arg(long)]
    no_echo: bool,
    /// Measure the same again under a policy with limits, purses, points and alerts, and put both side by side.
    #[arg(long)]
    with_rules: bool,
    /// Measure under that policy only.
    #[arg(long, conflicts_with = "with_rules")]
    rules: bool,
    /// With a PostgreSQL store: leave out the highest rate and the usual design on the same server.
    #[arg(long)]
    no_baseline: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Where the ledger is kept.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Store {
    /// NoForwarder durable.
    Memory,
    /// A file.
    Sqlite,
    /// A PostgreSQL server that is started for the run.
    Postgres,
}

impl Store {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Store::Memory => "memory",
            Store::Sqlite => "sqlite",
            Store::Postgres => "postgres",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PathKind {
    OnUs,
    OffUs,
}

/// A port that was free a moment ago.
fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// The sample town on free ports, without TLS.
pub(crate) fn town(dir: &Path, residents: u64, mix: Residents) -> anyhow::Result<()> {
    town_over(dir, residents, mix, Transport::Plain)
}

/// The sample town on free ports.
fn town_over(dir: &Path, residents: u64, mix: Residents, transport: Transport) -> anyhow::Result<()> {
    let mut ports = Ports { http: free_port()?, ..Ports::default() };
    for port in ports.acquirers.iter_mut().chain(ports.issuers.iter_mut()) {
        *port = free_port()?;
    }
    let town = Town {
        residents,
        seed: 1,
        balance: 1_000_000_000,
        mix,
        ports,
        issuer_timeout_ms: 5_000,
        policy: false,
        transport,
    };
    sample::write(dir, &town)
}

/// The store, where it is not the file that the configuration names.
pub(crate) async fn other_store(
    store: Store,
    server: Option<&Server>,
) -> anyhow::Result<Option<Arc<dyn kazasu_store::Store>>> {
    Ok(match (store, server) {
        (Store::Memory, _) => Some(Arc::new(MemoryStore::default())),
        (Store::Postgres, Some(server)) => Some(Arc::new(server.store().await?)),
        (Store::Sqlite, _) | (Store::Postgres, None) => None,
    })
}

/// Keeps `n` of the sample's merchants, or adds to them.
pub(crate) fn merchants(dir: &Path, acquirer: &mut AcquirerConfig, n: u32) -> anyhow::Result<()> {
    use std::io::Write;
    acquirer.merchants.retain(|m| !matches!(m.alias.as_deref(), Some("closed" | "arcade")));
    let there = u32::try_from(acquirer.merchants.len())?;
    let mut file = std::fs::OpenOptions::new().append(true).open(dir.join("merchants.csv"))?;
    for number in 1_001..=1_000 + n.saturating_sub(there) {
        let (merchant, terminal) = (format!("M1{number:013}"), format!("S1{number:06}"));
        writeln!(file, "{merchant},店 Shop {number},5411,{},{terminal},no,small,local,13361", acquirer.id)?;
        acquirer.merchants.push(Merchant {
            id: merchant.parse()?,
            mcc: Mcc::new(5411)?,
            terminals: vec![terminal.parse()?],
            alias: None,
        });
    }
    acquirer.merchants.truncate(usize::try_from(n)?);
    Ok(())
}

pub(crate) async fn import(
    dir: &Path,
    engine: &Engine,
    imports: &kazasu_services::import::LinkImport,
) -> anyhow::Result<()> {
    let order = kazasu_services::import::Order::default();
    let merchants =
        kazasu_services::import::merchants(engine, std::fs::read(dir.join("merchants.csv"))?, &order).await?;
    let links = kazasu_services::import::links(engine, std::fs::read(dir.join("links.csv"))?, imports, &order).await?;
    anyhow::ensure!(
        merchants.bad + links.bad == 0,
        "sample rows refused: {:?} {:?}",
        merchants.bad_rows,
        links.bad_rows
    );
    Ok(())
}

pub(crate) async fn fire(plan: LoadPlan) -> anyhow::Result<LoadReport> {
    let stop = Arc::new(AtomicBool::new(false));
    tokio::task::spawn_blocking(move || load::run(&plan, &Arc::new(Progress::default()), &stop)).await?
}

/// Measures it.
pub(crate) async fn run(args: TapsArgs) -> anyhow::Result<()> {
    let dir = tempfile::Builder::new().prefix("kazasu-perf").tempdir_in(".")?;
    let town_dir = dir.path().join("town");
    let policy = if args.rules { Policy::Measured } else { Policy::None };
    let stand = Stand::put_up(&town_dir, &args, policy).await?;
    let plan = stand.plan(&args, args.rate, Duration::from_secs(args.seconds))?;
    let alone = alone(&plan, dir.path()).await?;
    let (report, mut cost) = measured(&args, &plan, stand.server.as_ref()).await?;
    let peak = match &stand.server {
        Some(_) if !args.no_baseline && args.rate > 0.0 => Some(highest(&plan, args.store, args.json, 8).await?.tps()),
        Some(_) if !args.no_baseline => Some(report.tps()),
        _ => None,
    };
    let records = stand.records().await?;
    let echo = if args.no_echo { None } else { Some(echo_ceiling(&plan, report.rate).await?) };
    let server = stand.take_down().await?;
    if args.store != Store::Memory {
        cost.again = start_again(&town_dir, server.as_ref())?;
    }
    let ruled = match args.with_rules {
        true => Some(under_rules(&args, dir.path()).await?),
        false => None,
    };
    let usual = match (&server, peak) {
        (Some(server), Some(peak)) => {
            let many = baseline_sql::measure(server, 1_000, 5).await?;
            Some(Usual { peak, many, hot: baseline_sql::measure(server, 1, 5).await? })
        }
        _ => None,
    };
    Found { report, alone, cost, echo, usual, ruled, records }.print(&args);
    Ok(())
}

/// The policy of a town.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Policy {
    /// It has none.
    None,
    /// The one that is measured.
    Measured,
}

/// A town that runs: issuers, a database server if it needs one, and the switch with everybody in it.
struct Stand {
    acquirer: AcquirerConfig,
    server: Option<Server>,
    switch: Switch,
    sim: Sim,
}

impl Stand {
    async fn put_up(town_dir: &Path, args: &TapsArgs, policy: Policy) -> anyhow::Result<Stand> {
        let mix = if args.path == PathKind::OnUs { Residents::Held } else { Residents::Credit };
        let transport = if args.tls { Transport::Tls } else { Transport::Plain };
        town_over(town_dir, args.residents, mix, transport)?;
        if policy == Policy::Measured {
            add_rules(town_dir)?;
        }
        let config = Config::load(&town_dir.join("kazasu.toml"))?;
        let imports = kazasu::serve::link_import(&config);
        let sim = Sim::start(SimConfig::load(&town_dir.join("issuers.toml"))?).await?;
        let mut acquirer = AcquirerConfig::load(&town_dir.join("acquirer-27000001.toml"))?;
        merchants(town_dir, &mut acquirer, args.merchants)?;
        let server = (args.store == Store::Postgres).then(Server::start).transpose()?;
        let switch = Switch::start(config, other_store(args.store, server.as_ref()).await?).await?;
        import(town_dir, &switch.engine, &imports).await?;
        if policy == Policy::Measured {
            wealth(&switch.engine, args.residents).await?;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        Ok(Stand { acquirer, server, switch, sim })
    }

    /// Load on it.
    fn plan(&self, args: &TapsArgs, rate: f64, time: Duration) -> anyhow::Result<LoadPlan> {
        let acquirer = self.acquirer.clone();
        Ok(LoadPlan {
            fleet: Arc::new(Fleet::new(&acquirer, acquirer.residents()?)),
            acquirer,
            rate,
            length: Length::Time(time),
            connections: args.connections,
            mix: if args.realistic { Mix::Realistic } else { Mix::Purchases },
            seed: 1,
            log: None,
            peer: Peer::Switch,
            drain: Duration::from_secs(10),
            window: None,
        })
    }

    /// How many records the journal has. The book must balance.
    async fn records(&self) -> anyhow::Result<u64> {
        let (balanced, records) =
            self.switch.engine.query(|s| (s.book.is_balanced(), s.seq)).await.context("the core is gone")?;
        anyhow::ensure!(balanced, "the book does not balance after the run");
        Ok(records)
    }

    /// Ends everything but the database server.
    async fn take_down(self) -> anyhow::Result<Option<Server>> {
        self.switch.stop().await?;
        self.sim.stop().await;
        Ok(self.server)
    }
}

/// The run itself, and what it took.
async fn measured(args: &TapsArgs, plan: &LoadPlan, server: Option<&Server>) -> anyhow::Result<(LoadReport, Cost)> {
    let processes = || server.map(Server::processes).unwrap_or_default();
    let bytes = || server.map(Server::bytes).transpose();
    let (cpu, size) = (Cpu::now(&processes()), bytes()?);
    let report =
        if args.rate > 0.0 { fire(plan.clone()).await? } else { highest(plan, args.store, args.json, 8).await? };
    let cost = Cost {
        again: Value::Null,
        cpu: Cpu::now(&processes()).per(&cpu, report.answered),
        bytes: size.zip(bytes()?).map(|((wal0, db0), (wal1, db1))| {
            ((wal1 - wal0) / report.answered.max(1), (db1 - db0) / report.answered.max(1))
        }),
    };
    Ok((report, cost))
}

/// Medians in microseconds of one tap at a time and of the disk's fdatasync: back to back, and with a pause, since an idle
/// machine and its disk need time to wake.
struct Alone {
    tap: u64,
    fdatasync: f64,
    tap_paced: u64,
    fdatasync_paced: f64,
}

/// What a tap costs: processor time by part in microseconds, and with a database server bytes of its log and on its disk.
struct Cost {
    cpu: BTreeMap<String, f64>,
    bytes: Option<(u64, u64)>,
    /// Seconds to start on the journal that the run left, and memory after it.
    again: Value,
}

const PACE: Duration = Duration::from_millis(10);

async fn alone(plan: &LoadPlan, dir: &Path) -> anyhow::Result<Alone> {
    let (plan, dir) = (plan.clone(), dir.to_owned());
    tokio::task::spawn_blocking(move || {
        let median = |pause| anyhow::Ok(load::one_by_one(&plan, 500, pause)?.value_at_percentile(50.0));
        Ok(Alone {
            tap: median(Duration::ZERO)?,
            fdatasync: crate::micro::fdatasync_us(&dir, Duration::ZERO)?,
            tap_paced: median(PACE)?,
            fdatasync_paced: crate::micro::fdatasync_us(&dir, PACE)?,
        })
    })
    .await?
}

/// Raises the rate until p99 reaches the limit or something goes wrong; the last good report.
async fn highest(plan: &LoadPlan, store: Store, quiet: bool, seconds: u64) -> anyhow::Result<LoadReport> {
    // What is asked of each store.
    let limit = if store == Store::Postgres { 25_000 } else { 20_000 };
    let mut best = None;
    let mut rate = plan.rate.max(10_000.0);
    let mut failed = 0;
    let mut halved = false;
    loop {
        let report =
            fire(LoadPlan { rate, length: Length::Time(Duration::from_secs(seconds)), ..plan.clone() }).await?;
        let good = report.percentile(99.0) < limit && report.error_count() == 0 && report.tps() > rate * 0.97;
        if !quiet {
            tell!("{rate:>8.0}/s  p99 {:>7} µs  {}", report.percentile(99.0), if good { "good" } else { "too much" });
        }
        if good {
            (best, failed) = (Some(report), 0);
            if halved {
                return best.context("it was found just now");
            }
            rate *= 1.25;
            continue;
        }
        // Shared machines stall now and then, for a quarter of a second or more: a rate has failed when it has failed thrice.
        failed += 1;
        if failed == 3 {
            // Once more, halfway between the last good rate and this one.
            let good = best.as_ref().map_or(0.0, LoadReport::tps);
            if halved || good == 0.0 {
                return best.context("even the lowest rate is too much");
            }
            (halved, failed, rate) = (true, 0, f64::midpoint(good, rate));
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
}

/// The highest rate at which the echo keeps up: doubled from the measured rate until it does not, then bisected twice.
async fn echo_ceiling(plan: &LoadPlan, from: f64) -> anyhow::Result<f64> {
    let addr = crate::echo::start().await?.to_string();
    let mut acquirer = plan.acquirer.clone();
    acquirer.addr = addr;
    // The echo server speaks none.
    acquirer.tls = None;
    let keeps_up = async |rate: f64| -> anyhow::Result<Option<f64>> {
        let length = Length::Time(Duration::from_secs(2));
        let plan = LoadPlan { acquirer: acquirer.clone(), rate, length, peer: Peer::Echo, ..plan.clone() };
        let report = fire(plan).await?;
        let good = report.percentile(99.0) < 20_000 && report.error_count() == 0 && report.tps() > rate * 0.97;
        Ok(good.then(|| report.tps()))
    };
    let (mut best, mut low, mut high) = (0.0, 0.0, from.max(20_000.0));
    while let Some(tps) = keeps_up(high).await? {
        (best, low, high) = (tps, high, high * 2.0);
    }
    for _ in 0..2 {
        let middle = f64::midpoint(low, high);
        match keeps_up(middle).await? {
            Some(tps) => (best, low) = (tps, middle),
            None => high = middle,
        }
    }
    Ok(best)
}
