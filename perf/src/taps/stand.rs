//! The measured town, its switch, and the load on it.

use super::policy::{add_rules, wealth};
use crate::server::Server;
use anyhow::Context;
use clap::{Args, ValueEnum};
use kazasu_acquirer_sim::config::{AcquirerConfig, Merchant};
use kazasu_acquirer_sim::load::{self, Fleet, Length, LoadPlan, LoadReport, Mix, Peer, Progress};
use kazasu_demo::sample::{self, Mix as Residents, Ports, Town, Transport};
use kazasu_engine::Engine;
use kazasu_issuer_adapter::sim::{Sim, SimConfig};
use kazasu_schemas::ids::Mcc;
use kazasu_serve::Switch;
use kazasu_serve::config::Config;
use kazasu_store::memory::MemoryStore;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// `perf taps`.
#[derive(Args, Clone)]
pub(crate) struct TapsArgs {
    /// Where the ledger is kept.
    #[arg(long, value_enum, default_value = "sqlite")]
    pub(super) store: Store,
    /// Taps a second; 0 searches for the highest rate at which p99 stays under 20 ms without an error.
    #[arg(long, default_value_t = 20_000.0)]
    pub(super) rate: f64,
    /// Seconds at that rate.
    #[arg(long, default_value_t = 30)]
    pub(super) seconds: u64,
    /// Connections: 1, 2, 4, 5, 8 or 10.
    #[arg(long, alias = "links", default_value_t = 2)]
    pub(super) connections: u32,
    /// Pay from accounts in this ledger, or at an issuer behind a connection.
    #[arg(long, value_enum, default_value = "on-us")]
    pub(super) path: PathKind,
    /// Residents.
    #[arg(long, default_value_t = 100_000)]
    pub(super) residents: u64,
    /// Only 0200 purchases, or a realistic mixture.
    #[arg(long)]
    pub(super) realistic: bool,
    /// Merchants of the first acquirer: 1 for a single hot one, more than 19 adds to the sample's.
    #[arg(long, default_value_t = 19, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) merchants: u32,
    /// Acquirers and issuers are connected over TLS with certificates on both sides.
    #[arg(long)]
    pub(super) tls: bool,
    /// Leave the echo ceiling out.
    #[arg(long)]
    pub(super) no_echo: bool,
    /// Measure the same again under a policy with limits, purses, points and alerts, and put both side by side.
    #[arg(long)]
    pub(super) with_rules: bool,
    /// Measure under that policy only.
    #[arg(long, conflicts_with = "with_rules")]
    pub(super) rules: bool,
    /// With a PostgreSQL store: leave out the highest rate and the usual design on the same server.
    #[arg(long)]
    pub(super) no_baseline: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
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
pub(super) enum PathKind {
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
        kazasu_services::import::merchants(engine, std::fs::read(dir.join("merchants.csv"))?.into(), &order).await?;
    let opening = (&*imports.vault, kazasu_services::import::Calls::Opening);
    let payees = std::fs::read(dir.join("payees.csv"))?.into();
    let payees = kazasu_services::import::payees(engine, payees, opening, &order).await?;
    let links =
        kazasu_services::import::links(engine, std::fs::read(dir.join("links.csv"))?.into(), imports, &order).await?;
    anyhow::ensure!(
        merchants.bad + payees.bad + links.bad == 0,
        "sample rows refused: {:?} {:?} {:?}",
        merchants.bad_rows,
        payees.bad_rows,
        links.bad_rows
    );
    Ok(())
}

pub(crate) async fn fire(plan: LoadPlan) -> anyhow::Result<LoadReport> {
    let stop = Arc::new(AtomicBool::new(false));
    tokio::task::spawn_blocking(move || load::run(&plan, &Arc::new(Progress::default()), &stop)).await?
}

/// The policy of a town.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    /// It has none.
    None,
    /// The one that is measured.
    Measured,
}

/// A town that runs: issuers, a database server if it needs one, and the switch with all residents in it.
pub(super) struct Stand {
    pub(super) acquirer: AcquirerConfig,
    pub(super) server: Option<Server>,
    pub(super) switch: Switch,
    pub(super) sim: Sim,
}

impl Stand {
    pub(super) async fn put_up(town_dir: &Path, args: &TapsArgs, policy: Policy) -> anyhow::Result<Stand> {
        let mix = if args.path == PathKind::OnUs { Residents::OnUs } else { Residents::Credit };
        let transport = if args.tls { Transport::Tls } else { Transport::Plain };
        town_over(town_dir, args.residents, mix, transport)?;
        if policy == Policy::Measured {
            add_rules(town_dir)?;
        }
        let config = Config::load(&town_dir.join("kazasu.toml"))?;
        let imports = kazasu_serve::link_import(&config);
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
    pub(super) fn plan(&self, args: &TapsArgs, rate: f64, time: Duration) -> anyhow::Result<LoadPlan> {
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
    pub(super) async fn records(&self) -> anyhow::Result<u64> {
        let (balanced, records) =
            self.switch.engine.query(|s| (s.book.is_balanced(), s.seq)).await.context("the core is gone")?;
        anyhow::ensure!(balanced, "the book does not balance after the run");
        Ok(records)
    }

    /// Ends everything but the database server.
    pub(super) async fn take_down(self) -> anyhow::Result<Option<Server>> {
        self.switch.stop().await?;
        self.sim.stop().await;
        Ok(self.server)
    }
}
