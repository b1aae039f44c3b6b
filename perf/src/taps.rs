//! End to end: generator, sockets, MACs, core, ledger, answers; on-us, or off-us through real issuer links.

use crate::baseline_sql::{self, Best};
use crate::cpu::Cpu;
use crate::server::Server;
use anyhow::Context;
use clap::{Args, ValueEnum};
use kazasu::config::{Config, StoreConfig};
use kazasu::sample::{self, Mix as Residents, Ports, Town};
use kazasu::serve::Switch;
use kazasu_acquirer_sim::config::{AcquirerConfig, Merchant};
use kazasu_acquirer_sim::load::{self, Fleet, Length, LoadPlan, LoadReport, Mix, Peer, Progress};
use kazasu_console::{print_text, say, tell};
use kazasu_engine::Engine;
use kazasu_issuer_adapter::sim::{Sim, SimConfig};
use kazasu_report::table::{Align, Lines};
use kazasu_schemas::ids::Mcc;
use kazasu_store::memory::MemoryStore;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

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
    /// Links: 1, 2, 4, 5, 8 or 10.
    #[arg(long, default_value_t = 2)]
    links: u32,
    /// Pay from accounts in this ledger, or at an issuer behind a link.
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
    /// Nowhere durable.
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

/// The sample town on free ports.
pub(crate) fn town(dir: &Path, residents: u64, mix: Residents) -> anyhow::Result<()> {
    let mut ports = Ports { http: free_port()?, ..Ports::default() };
    for port in ports.acquirers.iter_mut().chain(ports.issuers.iter_mut()) {
        *port = free_port()?;
    }
    let town = Town { residents, seed: 1, balance: 1_000_000_000, mix, ports, issuer_timeout_ms: 5_000, policy: false };
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

pub(crate) async fn import(dir: &Path, engine: &Engine, imports: &kazasu::import::LinkImport) -> anyhow::Result<()> {
    let order = kazasu::import::Order::default();
    let merchants = kazasu::import::merchants(engine, std::fs::read(dir.join("merchants.csv"))?, &order).await?;
    let links = kazasu::import::links(engine, std::fs::read(dir.join("links.csv"))?, imports, &order).await?;
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

pub(crate) async fn run(args: TapsArgs) -> anyhow::Result<()> {
    let dir = tempfile::Builder::new().prefix("kazasu-perf").tempdir_in(".")?;
    let mix = if args.path == PathKind::OnUs { Residents::Held } else { Residents::Credit };
    let town_dir = dir.path().join("town");
    town(&town_dir, args.residents, mix)?;
    if args.rules {
        add_rules(&town_dir)?;
    }
    let config = Config::load(&town_dir.join("kazasu.toml"))?;
    let imports = kazasu::serve::link_import(&config);
    let sim = Sim::start(SimConfig::load(&town_dir.join("issuers.toml"))?).await?;
    let mut acquirer = AcquirerConfig::load(&town_dir.join("acquirer-27000001.toml"))?;
    merchants(&town_dir, &mut acquirer, args.merchants)?;
    let server = (args.store == Store::Postgres).then(Server::start).transpose()?;
    let switch = Switch::start(config, other_store(args.store, server.as_ref()).await?).await?;
    import(&town_dir, &switch.engine, &imports).await?;
    if args.rules {
        wealth(&switch.engine, args.residents).await?;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let fleet = Arc::new(Fleet::new(&acquirer, acquirer.residents()?));
    let plan = LoadPlan {
        acquirer,
        fleet,
        rate: args.rate,
        length: Length::Time(Duration::from_secs(args.seconds)),
        links: args.links,
        mix: if args.realistic { Mix::Realistic } else { Mix::Purchases },
        seed: 1,
        log: None,
        peer: Peer::Switch,
        drain: Duration::from_secs(10),
        window: None,
    };
    let alone = alone(&plan, dir.path()).await?;
    let processes = || server.as_ref().map(Server::processes).unwrap_or_default();
    let bytes = || server.as_ref().map(Server::bytes).transpose();
    let (cpu, size) = (Cpu::now(&processes()), bytes()?);
    let report =
        if args.rate > 0.0 { fire(plan.clone()).await? } else { highest(&plan, args.store, args.json, 8).await? };
    let mut cost = Cost {
        again: Value::Null,
        cpu: Cpu::now(&processes()).per(&cpu, report.answered),
        bytes: size.zip(bytes()?).map(|((wal0, db0), (wal1, db1))| {
            ((wal1 - wal0) / report.answered.max(1), (db1 - db0) / report.answered.max(1))
        }),
    };
    let peak = match &server {
        Some(_) if !args.no_baseline && args.rate > 0.0 => Some(highest(&plan, args.store, args.json, 8).await?.tps()),
        Some(_) if !args.no_baseline => Some(report.tps()),
        _ => None,
    };
    let state = switch.engine.query(|s| (s.book.is_balanced(), s.seq)).await.context("the core is gone")?;
    let echo = if args.no_echo { None } else { Some(echo_ceiling(&plan, report.rate).await?) };
    switch.stop().await?;
    sim.stop().await;
    anyhow::ensure!(state.0, "the book does not balance after the run");
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
            Some((peak, many, baseline_sql::measure(server, 1, 5).await?))
        }
        _ => None,
    };
    print(&args, &report, &alone, &cost, echo, usual, ruled, state.1);
    Ok(())
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
    cpu: std::collections::BTreeMap<String, f64>,
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

/// Turns with rules and without, one after the other, of which the median counts.
const TURNS: usize = 3;
/// Messages under way on each link while the machine is kept as busy as it can be.
const WINDOW: u64 = 2_000;

/// Taps a second when the machine does nothing else: with so many under way that nobody ever waits for one.
async fn most(plan: &LoadPlan) -> anyhow::Result<f64> {
    let length = Length::Time(Duration::from_secs(6));
    let begin = Instant::now();
    let report = fire(LoadPlan { rate: 1_000_000.0, length, window: Some(WINDOW), ..plan.clone() }).await?;
    anyhow::ensure!(report.error_count() == 0, "answers are missing or wrong:\n{}", report.text());
    let end = report.last_answer.context("nothing was answered")?;
    Ok(f64::from(u32::try_from(report.answered)?) / end.duration_since(begin).as_secs_f64())
}

/// The same load under a policy.
struct Ruled {
    /// At the rate that was asked for.
    same: LoadReport,
    cpu: std::collections::BTreeMap<String, f64>,
    /// Most taps a second in each turn.
    without: [f64; TURNS],
    with: [f64; TURNS],
}

fn median(turns: [f64; TURNS]) -> f64 {
    let mut turns = turns;
    turns.sort_by(f64::total_cmp);
    turns[TURNS / 2]
}

/// Every tap meets five limits and a no-PIN ceiling, and is granted points; every tenth resident has a purse, every fifth limits of
/// their own with alerts. So every tap has two transfers or three instead of one.
const RULES: &str = r#"
name = "perf"
[ceilings]
no_pin = 15_000
[groups]
shops = ["4000-5999"]
[[limit]]
number = 1
name = "tap"
window = "tap"
amount = 100_000
[[limit]]
number = 2
name = "day"
window = "day"
amount = 100_000_000
count = 1_000_000
[[limit]]
number = 3
name = "month"
window = "month"
amount = 900_000_000
group = "shops"
[[limit]]
number = 4
name = "31 days"
window = "days:31"
amount = 900_000_000
[[limit]]
number = 5
name = "instrument"
window = "month"
amount = 900_000_000
per = "instrument"
[alerts]
at = [50, 80, 100]
[[purse]]
number = 1
name = "relief"
funder = "city"
[[points]]
number = 1
name = "nation"
funder = "nation"
from = "2020-01-01"
until = "2098-12-31"
rate = "100%"
cap_month = 100_000_000
budget = 900_000_000_000
"#;

/// Gives a town the policy that is measured.
fn add_rules(town_dir: &Path) -> anyhow::Result<()> {
    std::fs::write(town_dir.join("policy.toml"), RULES)?;
    let config = town_dir.join("kazasu.toml");
    let text = std::fs::read_to_string(&config)?;
    std::fs::write(&config, text.replacen("keep_days", "policy_file = \"policy.toml\"\nkeep_days", 1))?;
    Ok(())
}

async fn under_rules(args: &TapsArgs, dir: &Path) -> anyhow::Result<Ruled> {
    let mut found = [[0.0_f64; TURNS]; 2];
    let mut same = None;
    let mut cpu = std::collections::BTreeMap::new();
    for turn in 0..2 * TURNS {
        let with = turn % 2 == 1;
        let town_dir = dir.join(format!("turn-{turn}"));
        let mix = if args.path == PathKind::OnUs { Residents::Held } else { Residents::Credit };
        town(&town_dir, args.residents, mix)?;
        if with {
            add_rules(&town_dir)?;
        }
        let config = Config::load(&town_dir.join("kazasu.toml"))?;
        let imports = kazasu::serve::link_import(&config);
        let sim = Sim::start(SimConfig::load(&town_dir.join("issuers.toml"))?).await?;
        let mut acquirer = AcquirerConfig::load(&town_dir.join("acquirer-27000001.toml"))?;
        merchants(&town_dir, &mut acquirer, args.merchants)?;
        let server = (args.store == Store::Postgres).then(Server::start).transpose()?;
        let switch = Switch::start(config, other_store(args.store, server.as_ref()).await?).await?;
        import(&town_dir, &switch.engine, &imports).await?;
        if with {
            wealth(&switch.engine, args.residents).await?;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let fleet = Arc::new(Fleet::new(&acquirer, acquirer.residents()?));
        let plan = LoadPlan {
            acquirer,
            fleet,
            rate: if args.rate > 0.0 { args.rate } else { 20_000.0 },
            length: Length::Time(Duration::from_secs(args.seconds.min(10))),
            links: args.links,
            mix: if args.realistic { Mix::Realistic } else { Mix::Purchases },
            seed: 1,
            log: None,
            peer: Peer::Switch,
            drain: Duration::from_secs(10),
            window: None,
        };
        if with && same.is_none() {
            let before = Cpu::now(&[]);
            let report = fire(plan.clone()).await?;
            cpu = Cpu::now(&[]).per(&before, report.answered);
            same = Some(report);
        }
        let tps = most(&plan).await?;
        found[usize::from(with)][turn / 2] = tps;
        if !args.json {
            tell!("{:<14} {tps:>9.0}/s", if with { "with rules" } else { "without rules" });
        }
        let balanced = switch.engine.query(|s| s.book.is_balanced()).await.context("the core is gone")?;
        anyhow::ensure!(balanced, "the book does not balance after the run");
        switch.stop().await?;
        sim.stop().await;
    }
    let [without, with] = found;
    Ok(Ruled { same: same.context("the second turn was with rules")?, cpu, without, with })
}

/// Purses and limits of their own for some residents.
async fn wealth(engine: &Engine, residents: u64) -> anyhow::Result<()> {
    use kazasu_core::Command;
    use kazasu_schemas::money::Yen;
    let (by, reference) = ("perf".to_owned(), "perf".to_owned());
    let amount = Yen::new(900_000_000_000);
    engine
        .command(Command::FundProgramme { programme: 1, amount, reference: reference.clone(), by: by.clone() })
        .await?;
    let mut answers = Vec::new();
    for n in (0..residents).step_by(5) {
        let ppid = load::sample_ppid(1, n);
        let month = Some(Yen::new(800_000_000));
        let limits = kazasu_ledger::record::OwnLimits { month, decline: true, ..Default::default() };
        answers.push(engine.command_later(Command::SetOwnLimits { ppid, limits, by: by.clone() }));
        if n % 10 == 0 {
            let (amount, reference, by) = (Yen::new(100), reference.clone(), by.clone());
            answers.push(engine.command_later(Command::CreditPurse { ppid, programme: 1, amount, reference, by }));
        }
    }
    for answer in answers {
        answer.await??;
    }
    Ok(())
}

/// The highest rate at which the echo keeps up: doubled from the measured rate until it does not, then bisected twice.
async fn echo_ceiling(plan: &LoadPlan, from: f64) -> anyhow::Result<f64> {
    let addr = crate::echo::start().await?.to_string();
    let mut acquirer = plan.acquirer.clone();
    acquirer.addr = addr;
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

#[allow(clippy::too_many_arguments, reason = "one place that prints everything")]
fn print(
    args: &TapsArgs,
    report: &LoadReport,
    alone: &Alone,
    cost: &Cost,
    echo: Option<f64>,
    usual: Option<(f64, Best, Best)>,
    ruled: Option<Ruled>,
    records: u64,
) {
    let again = &cost.again;
    let mut out = report.json();
    out["store"] = json!(args.store.name());
    out["path"] = json!(if args.path == PathKind::OnUs { "on-us" } else { "off-us" });
    out["links"] = json!(args.links);
    out["residents"] = json!(args.residents);
    out["records"] = json!(records);
    out["merchants"] = json!(args.merchants);
    out["alone_p50_us"] = json!(alone.tap);
    out["fdatasync_us"] = json!(alone.fdatasync.round());
    out["alone_paced_p50_us"] = json!(alone.tap_paced);
    out["fdatasync_paced_us"] = json!(alone.fdatasync_paced.round());
    out["restart_s"] = again["start_s"].clone();
    out["restart_bytes"] = match (again["rss"].as_u64(), again["rss_before"].as_u64()) {
        (Some(after), Some(before)) => json!(after - before),
        _ => Value::Null,
    };
    out["cpu_us_per_tap"] = json!(cost.cpu);
    out["wal_bytes_per_tap"] = json!(cost.bytes.map(|(wal, _)| wal));
    out["stored_bytes_per_tap"] = json!(cost.bytes.map(|(_, stored)| stored));
    out["echo_tps"] = echo.map_or(Value::Null, |tps| json!(tps.round()));
    if let Some((peak, many, hot)) = &usual {
        if let (Value::Object(out), Value::Object(fields)) = (&mut out, baseline_sql::json(many, hot)) {
            out.extend(fields);
        }
        out["highest_tps"] = json!(peak.round());
        out["ratio"] = json!((peak / many.tps * 10.0).round() / 10.0);
        out["ratio_hot"] = json!((peak / hot.tps * 10.0).round() / 10.0);
    }
    if let Some(ruled) = &ruled {
        out["with_rules"] = json!({
            "p50_us": ruled.same.percentile(50.0), "p99_us": ruled.same.percentile(99.0),
            "errors": ruled.same.error_count(), "cpu_us_per_tap": ruled.cpu,
            "most_without": ruled.without.map(f64::round), "most_with": ruled.with.map(f64::round),
            "ratio": ((median(ruled.with) / median(ruled.without) * 1000.0).round() / 1000.0),
        });
    }
    if args.json {
        say!("{out}");
        return;
    }
    print_text!("{}", report.text());
    let Alone { tap, fdatasync, tap_paced, fdatasync_paced } = alone;
    say!("  one tap alone p50 {tap} µs back to back (fdatasync here: {fdatasync:.0} µs)");
    say!("                p50 {tap_paced} µs after 10 ms of silence (fdatasync likewise: {fdatasync_paced:.0} µs)");
    let parts: Vec<String> = cost.cpu.iter().map(|(part, us)| format!("{part} {us} µs")).collect();
    say!("  processor     a tap: {}", parts.join(", "));
    if let Some((wal, stored)) = cost.bytes {
        say!("  database      a tap: {wal} bytes of log, {stored} bytes stored");
    }
    say!("  ledger        {records} records, {}; starts again in {} s", out["store"], out["restart_s"]);
    if let Some((peak, many, hot)) = usual {
        say!("  highest rate  {peak:.0}/s with p99 below the limit and no error");
        for (what, best) in [("1,000 merchants", many), ("one hot merchant", hot)] {
            say!(
                "  usual design  {:>6.0}/s with {what} ({} clients, p99 {:.1} ms): 1/{:.1} of that",
                best.tps,
                best.clients,
                best.p99_ms,
                peak / best.tps
            );
        }
    }
    if let Some(ruled) = ruled {
        let core = |cpu: &std::collections::BTreeMap<String, f64>| cpu.get("core").copied().unwrap_or(0.0);
        let mut lines = Lines::new(2, [Align::Left, Align::Right, Align::Right]);
        lines.row([&"", &"without rules", &"with rules"]);
        let p99 = (report.percentile(99.0), ruled.same.percentile(99.0));
        lines.row([&"p99 at this rate", &format!("{} µs", p99.0), &format!("{} µs", p99.1)]);
        lines.row([&"core a tap", &format!("{} µs", core(&cost.cpu)), &format!("{} µs", core(&ruled.cpu))]);
        let (without, with) = (median(ruled.without), median(ruled.with));
        lines.row([&"most taps", &format!("{without:.0}/s"), &format!("{with:.0}/s")]);
        let (percent, window) = (with / without * 100.0, WINDOW * u64::from(args.links));
        lines.words(format!("  that is {percent:.0} %, medians of {TURNS} turns with {window} under way"));
        print_text!("{}", lines.text());
    }
    if let Some(tps) = echo {
        say!("  echo ceiling  {tps:.0}/s: same generator and framing, no logic");
    }
}

/// Resident memory of this process in bytes.
fn memory() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1024)
}

pub(crate) async fn residents(n: u64, store: Store, as_json: bool) -> anyhow::Result<()> {
    let dir = tempfile::Builder::new().prefix("kazasu-perf").tempdir_in(".")?;
    let town_dir = dir.path().join("town");
    town(&town_dir, n, Residents::Held)?;
    let config = Config::load(&town_dir.join("kazasu.toml"))?;
    let imports = kazasu::serve::link_import(&config);
    let server = (store == Store::Postgres).then(Server::start).transpose()?;
    let begin = Instant::now();
    let switch = Switch::start(config, other_store(store, server.as_ref()).await?).await?;
    import(&town_dir, &switch.engine, &imports).await?;
    let import_s = begin.elapsed().as_secs_f64();
    switch.stop().await?;
    let mut out = start_again(&town_dir, server.as_ref())?;
    out["import_s"] = json!((import_s * 10.0).round() / 10.0);
    out["residents"] = json!(n);
    out["store"] = json!(store.name());
    let bytes = out["rss"].as_u64().unwrap_or(0).saturating_sub(out["rss_before"].as_u64().unwrap_or(0));
    out["bytes_per_resident"] = json!(bytes / n.max(1));
    if as_json {
        say!("{out}");
    } else {
        say!(
            "{n} residents: import {} s, start {} s, {} bytes each",
            out["import_s"],
            out["start_s"],
            out["bytes_per_resident"]
        );
    }
    Ok(())
}

/// Starts a switch on a town's journal in a process of its own, so that nothing of the run before counts: how long it takes,
/// and memory before and after.
fn start_again(town_dir: &Path, server: Option<&Server>) -> anyhow::Result<Value> {
    let child = std::process::Command::new(std::env::current_exe()?)
        .env("KAZASU_PERF_TOWN", town_dir)
        .env("KAZASU_PERF_STORE", server.map(|s| s.url("kazasu")).unwrap_or_default())
        .args(["residents", "--json"])
        .output()?;
    let text = String::from_utf8_lossy(&child.stdout).into_owned();
    anyhow::ensure!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    Ok(serde_json::from_str(text.trim())?)
}

/// The measuring half of [`start_again`]: starts on an existing journal.
pub(crate) async fn restart(town_dir: &Path) -> anyhow::Result<()> {
    let config = Config::load(&town_dir.join("kazasu.toml"))?;
    let url = std::env::var("KAZASU_PERF_STORE").unwrap_or_default();
    let store = (!url.is_empty()).then(|| StoreConfig::parse(&url)).transpose()?.map(|store| store.store());
    let rss_before = memory()?;
    let begin = Instant::now();
    let switch = Switch::start(config, store).await?;
    let start = begin.elapsed().as_secs_f64();
    let rss = memory()?;
    switch.stop().await?;
    say!("{}", json!({ "start_s": (start * 100.0).round() / 100.0, "rss": rss, "rss_before": rss_before }));
    Ok(())
}
