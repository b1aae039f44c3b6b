//! `kazasu demo`: a town on this machine. Issuers, switch and acquirers are the real ones and talk over real sockets; only
//! that they share a process is particular.

mod summary;

use crate::config::Config;
use crate::sample::{self, Town};
use crate::serve::Switch;
use crate::text::thousands;
use anyhow::Context;
use clap::Args;
use kazasu_acquirer_sim::config::AcquirerConfig;
use kazasu_acquirer_sim::load::{self, Fleet, Length, LoadPlan, LoadReport, Mix, Peer, Progress};
use kazasu_issuer_adapter::sim::{Sim, SimConfig, effective};
use kazasu_schemas::money::Yen;
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use summary::Summary;

/// `kazasu demo`.
#[derive(Args, Debug, Clone)]
pub struct DemoArgs {
    /// Where configuration, ledger and journals are kept; a folder of an earlier demo is continued.
    #[arg(long, default_value = "kazasu-data/demo")]
    data: PathBuf,
    /// Messages that the terminals send.
    #[arg(long, default_value_t = 3_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    taps: u64,
    /// Messages a second.
    #[arg(long, default_value_t = 150.0, value_parser = rate)]
    rate: f64,
    /// The same seed makes the same residents, places and amounts.
    #[arg(long, default_value_t = 1)]
    seed: u64,
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
    let say = |text: String| {
        if !args.json {
            println!("{text}");
        }
    };
    let continued = args.data.join("kazasu.toml").is_file();
    if !continued {
        sample::write(&args.data, &Town { seed: args.seed, issuer_timeout_ms: 800, ..Town::default() })?;
    }
    let town = open(&args.data).await?;
    let status = format!("http://{}/", town.switch.http);
    say("かざす町のデモ  Kazasu demo town".into());
    say(format!(
        "  町 town        {} ({})",
        args.data.display(),
        if continued { "続きから continued" } else { "新規 new, with fresh keys" }
    ));
    for (addr, dialect) in town.switch.listening.iter().zip(&town.dialects) {
        say(format!("  受付 acquirers  {addr}  {dialect}"));
    }
    for (name, addr) in town.sim.addresses() {
        say(format!("  発行者 issuer   {addr}  {name}"));
    }
    say(format!("  状態 status     {status}\n"));
    let before = town.switch.engine.query(|state| state.seq).await.context("the core is gone")?;

    let stop = Arc::new(AtomicBool::new(false));
    let interrupted = watch_for_interrupt(stop.clone());
    let progress = Arc::new(Progress::default());
    let traffic = traffic(&args, &town, &progress, &stop)?;
    let screen = tokio::spawn(show(progress, args.taps, args.json, stop.clone()));
    let mut report: Option<LoadReport> = None;
    for plan in traffic {
        let part = plan.await??;
        match &mut report {
            Some(report) => report.merge(&part),
            None => report = Some(part),
        }
    }
    let stopped_early = stop.swap(true, Ordering::AcqRel);
    screen.await?;
    drained(&town.switch).await;
    let theirs = effective(args.data.join("issuers.jsonl"))?;
    let report = report.context("there was nothing to send")?;
    let summary = summary::read(&town.journal, before, &theirs, report, stopped_early).await?;
    if args.json {
        println!("{}", summary.json(&status));
    } else {
        print!("{}", summary.text());
    }
    if !args.exit && !args.json && !stopped_early && std::io::stdout().is_terminal() {
        println!("\n状態画面は Ctrl-C まで開いています。The switch stays open until Ctrl-C: {status}");
        stop.store(false, Ordering::Release);
        while !stop.load(Ordering::Acquire) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    interrupted.abort();
    town.close().await?;
    judge(&summary)
}

fn judge(summary: &Summary) -> anyhow::Result<()> {
    if summary.is_good() {
        return Ok(());
    }
    Err(crate::cli::Found("the run left something that does not add up; see the summary".into()).into())
}

/// Everything that runs.
struct OpenTown {
    switch: Switch,
    sim: Sim,
    acquirers: Vec<AcquirerConfig>,
    dialects: Vec<String>,
    journal: PathBuf,
}

impl OpenTown {
    async fn close(self) -> anyhow::Result<()> {
        self.switch.stop().await?;
        self.sim.stop().await;
        Ok(())
    }
}

/// The usual address when it is free, else any.
fn usual_or_free(addr: &str) -> String {
    match TcpListener::bind(addr) {
        Ok(_) => addr.to_owned(),
        Err(_) => "127.0.0.1:0".to_owned(),
    }
}

/// Starts issuers and switch on the usual ports where they are free, and imports merchants and residents.
async fn open(data: &Path) -> anyhow::Result<OpenTown> {
    let mut config = Config::load(&data.join("kazasu.toml"))?;
    let mut issuers = SimConfig::load(&data.join("issuers.toml"))?;
    for issuer in &mut issuers.issuers {
        issuer.listen = usual_or_free(&issuer.listen);
    }
    let sim = Sim::start(issuers).await?;
    for issuer in &mut config.issuers {
        if let Some(addr) = sim.addr(&issuer.file.name) {
            issuer.file.addr = addr.to_string();
        }
    }
    for listener in &mut config.file.listeners {
        listener.addr = usual_or_free(&listener.addr);
    }
    config.file.http = usual_or_free(&config.file.http);
    let dialects: Vec<String> = config.file.listeners.iter().map(|l| l.dialect.clone()).collect();
    let journal = config.journal_path();
    let imports = crate::serve::link_import(&config);
    let switch = Switch::start(config, None).await?;
    let merchants = crate::import::merchants(&switch.engine, &std::fs::read(data.join("merchants.csv"))?).await?;
    let links = crate::import::links(&switch.engine, &std::fs::read(data.join("links.csv"))?, &imports).await?;
    anyhow::ensure!(merchants.bad + links.bad == 0, "rows refused: {:?} {:?}", merchants.bad_rows, links.bad_rows);
    let mut acquirers = Vec::new();
    for ((id, _, _), addr) in SHARES.iter().zip(&switch.listening) {
        let mut acquirer = AcquirerConfig::load(&data.join(format!("acquirer-{id}.toml")))?;
        acquirer.addr = addr.to_string();
        acquirers.push(acquirer);
    }
    let begin = Instant::now();
    let simulated: Vec<String> = sim.addresses().into_iter().map(|(name, _)| name).collect();
    let is_up = || switch.links.iter().filter(|l| simulated.contains(&l.name)).all(|l| l.status.is_up());
    while !is_up() && begin.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    anyhow::ensure!(is_up(), "the issuers did not come up within {PATIENCE:?}");
    Ok(OpenTown { switch, sim, acquirers, dialects, journal })
}

/// The first Ctrl-C or SIGTERM ends the traffic and shows the summary.
fn watch_for_interrupt(stop: Arc<AtomicBool>) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(signal) => signal,
            Err(error) => {
                tracing::error!(%error, "signals cannot be watched");
                return;
            }
        };
        loop {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            stop.store(true, Ordering::Release);
        }
    })
}

type Part = tokio::task::JoinHandle<anyhow::Result<LoadReport>>;

/// Starts the acquirers' traffic.
fn traffic(
    args: &DemoArgs,
    town: &OpenTown,
    progress: &Arc<Progress>,
    stop: &Arc<AtomicBool>,
) -> anyhow::Result<Vec<Part>> {
    let mut parts = Vec::new();
    let mut left = args.taps;
    for (acquirer, (_, percent, links)) in town.acquirers.iter().zip(SHARES).rev() {
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
            links,
            mix: Mix::Realistic,
            seed: args.seed.wrapping_add(percent),
            log: None,
            peer: Peer::Switch,
            drain: PATIENCE,
        };
        let (progress, stop) = (progress.clone(), stop.clone());
        parts.push(tokio::task::spawn_blocking(move || load::run(&plan, &progress, &stop)));
    }
    Ok(parts)
}

/// Shows what happens while it happens.
async fn show(progress: Arc<Progress>, total: u64, quiet: bool, stop: Arc<AtomicBool>) {
    if quiet {
        return;
    }
    let live = std::io::stdout().is_terminal();
    let mut tick = tokio::time::interval(Duration::from_millis(if live { 100 } else { 2_000 }));
    let begin = Instant::now();
    tick.tick().await;
    while !stop.load(Ordering::Acquire) {
        tick.tick().await;
        let line = line(&progress, total, begin.elapsed());
        let mut out = std::io::stdout().lock();
        let _ = if live { write!(out, "\r\x1b[2K{line}") } else { writeln!(out, "{line}") };
        let _ = out.flush();
    }
    if live {
        println!();
    }
}

fn line(progress: &Progress, total: u64, elapsed: Duration) -> String {
    const WIDTH: u64 = 24;
    let get = |n: &std::sync::atomic::AtomicU64| n.load(Ordering::Relaxed);
    let (sent, answered) = (get(&progress.sent), get(&progress.answered));
    let filled = usize::try_from((sent * WIDTH / total.max(1)).min(WIDTH)).unwrap_or(0);
    let width = usize::try_from(WIDTH).unwrap_or(0);
    let mean = get(&progress.latency_us).checked_div(answered).unwrap_or(0);
    let yen = Yen::new(i64::try_from(get(&progress.yen)).unwrap_or(i64::MAX));
    format!(
        "  {}{}  {:>6.1} s  {} taps  承認 {}  不承認 {}  {yen}  平均 {}.{} ms",
        "█".repeat(filled),
        "░".repeat(width - filled),
        elapsed.as_secs_f64(),
        thousands(answered),
        thousands(get(&progress.approved)),
        thousands(get(&progress.declined)),
        mean / 1_000,
        mean % 1_000 / 100,
    )
}

/// Waits until every issuer has every advice and nothing waits for an issuer.
async fn drained(switch: &Switch) {
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE {
        let open = switch.engine.query(|s| (s.sizes(), s.unacknowledged_by_issuer())).await;
        let down: Vec<u16> = switch.links.iter().filter(|l| !l.status.is_up()).map(|l| l.issuer).collect();
        let Some((sizes, owed)) = open else { return };
        let deliverable: BTreeMap<_, _> = owed.into_iter().filter(|(issuer, _)| !down.contains(issuer)).collect();
        if sizes.pending == 0 && deliverable.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
