//! Credits a city's residents while terminals tap: the time until all residents can spend the money, and the effect
//! on the taps.

use crate::server::Server;
use crate::taps::{self, Store};
use anyhow::Context;
use clap::Args;
use kazasu_acquirer_sim::config::AcquirerConfig;
use kazasu_acquirer_sim::load::{Fleet, Length, LoadPlan, LoadReport, Mix, Peer, sample_ppid};
use kazasu_console::say;
use kazasu_issuer_adapter::sim::{Sim, SimConfig};
use kazasu_serve::Switch;
use kazasu_serve::config::Config;
use kazasu_services::approvals::ApproveRequest;
use kazasu_services::relief::{FundRelief, ImportApplications, Progress, ProposeProgramme, TakeStep};
use kazasu_services::{Operation, Services, Source};
use serde_json::json;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// `perf relief`.
#[derive(Args, Clone)]
pub(crate) struct ReliefArgs {
    /// Where the ledger is kept.
    #[arg(long, value_enum, default_value = "sqlite")]
    store: Store,
    /// Residents who are credited.
    #[arg(long, default_value_t = 100_000)]
    residents: u64,
    /// Taps a second meanwhile.
    #[arg(long, default_value_t = 5_000.0)]
    rate: f64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Measures it.
pub(crate) async fn run(args: ReliefArgs) -> anyhow::Result<()> {
    let dir = tempfile::Builder::new().prefix("kazasu-perf").tempdir_in(".")?;
    let town_dir = dir.path().join("town");
    taps::town(&town_dir, args.residents, kazasu_demo::sample::Mix::OnUs)?;
    let config = Config::load(&town_dir.join("kazasu.toml"))?;
    let imports = kazasu_serve::link_import(&config);
    let sim = Sim::start(SimConfig::load(&town_dir.join("issuers.toml"))?).await?;
    let acquirer = AcquirerConfig::load(&town_dir.join("acquirer-27000001.toml"))?;
    let server = (args.store == Store::Postgres).then(Server::start).transpose()?;
    let other = taps::other_store(args.store, server.as_ref()).await?;
    let switch = Switch::start(Config::load(&town_dir.join("kazasu.toml"))?, other).await?;
    taps::import(&town_dir, &switch.engine, &imports).await?;
    let watch = switch.services.watch.clone();
    let services = kazasu_serve::services(&config, Source::Engine(switch.engine.clone()), config.store(), watch);

    let file = applications(args.residents);
    propose(&services, args.residents).await?;
    let begin = Instant::now();
    let batch = take_in(&services, file, args.residents).await?;
    let import_s = begin.elapsed().as_secs_f64();
    for (name, person) in [("assessed", "sato"), ("decided", "suzuki"), ("committed", "suzuki"), ("ordered", "suzuki")]
    {
        by(&services, person, step(batch, name)).await?;
    }
    let plan = plan(&args, acquirer)?;
    // The same load before, so that the release's share can be seen.
    let quiet = taps::fire(plan.clone()).await?;
    let load = tokio::spawn(taps::fire(LoadPlan { seed: 2, ..plan }));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let begin = Instant::now();
    by(&services, "tanaka", step(batch, "released")).await?;
    let progress = || switch.engine.query(move |s| s.relief_progress(batch));
    while progress().await.flatten().is_some_and(|(done, all)| done < all) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let credited_s = begin.elapsed().as_secs_f64();
    let report = load.await??;
    let balanced = switch.engine.query(|s| s.book.is_balanced()).await.context("the core is gone")?;
    anyhow::ensure!(balanced, "the book does not balance after the run");
    switch.stop().await?;
    sim.stop().await;
    print(&args, &Found { import_s, credited_s, quiet, report })
}

/// Carries an operation out for a person of the town.
async fn by<O: Operation>(services: &Services, name: &str, operation: O) -> anyhow::Result<O::Answer> {
    let who = services.in_process(name).await?;
    Ok(services.call(operation, &who).await?)
}

fn why() -> String {
    "perf".to_owned()
}

fn step(batch: u32, name: &str) -> TakeStep {
    TakeStep { batch, step: name.into(), value_date: None, why: why() }
}

/// A programme with money for all residents.
async fn propose(services: &Services, residents: u64) -> anyhow::Result<()> {
    let source = format!(
        "number = 101\nname = \"perf\"\ncity = \"13361\"\nlegal_basis = \"perf\"\nbudget = {}\nceiling = 100_000\nmethod = \"purse\"\n\
         until = \"2098-12-31\"\n",
        residents * 10_000
    );
    let proposed = by(services, "sato", ProposeProgramme { source, file: None, why: why() }).await?;
    let (approval, fingerprint) = proposed.proposal.zip(proposed.fingerprint).context("a request")?;
    by(services, "suzuki", ApproveRequest { approval, fingerprint, why: why(), signature: None }).await?;
    let amount = i64::try_from(residents * 10_000)?;
    let fund = FundRelief { programme: 101, amount, reference: why(), why: why() };
    let asked = by(services, "tanaka", fund).await?.requested;
    let (approval, fingerprint) = asked.proposal.zip(asked.fingerprint).context("a request")?;
    by(services, "suzuki", ApproveRequest { approval, fingerprint, why: why(), signature: None }).await?;
    Ok(())
}

/// Reads the applications in; the batch's number.
async fn take_in(services: &Services, file: Vec<u8>, residents: u64) -> anyhow::Result<u32> {
    let (name, file, progress) = ("perf.csv".to_owned(), file.into(), Progress::default());
    let import = ImportApplications { programme: 101, name, why: why(), sheet: None, file, progress };
    let imported = by(services, "sato", import).await?;
    anyhow::ensure!(imported.taken == residents && imported.bad == 0, "rows were refused");
    Ok(imported.batch)
}

fn plan(args: &ReliefArgs, acquirer: AcquirerConfig) -> anyhow::Result<LoadPlan> {
    Ok(LoadPlan {
        fleet: Arc::new(Fleet::new(&acquirer, acquirer.residents()?)),
        acquirer,
        rate: args.rate,
        length: Length::Time(Duration::from_secs(12)),
        connections: 2,
        mix: Mix::Purchases,
        seed: 1,
        log: None,
        peer: Peer::Switch,
        drain: Duration::from_secs(10),
        window: None,
    })
}

/// What a run found.
struct Found {
    import_s: f64,
    credited_s: f64,
    /// Taps without a release.
    quiet: LoadReport,
    /// Taps while one went on.
    report: LoadReport,
}

/// Prints it. An error when taps went wrong.
fn print(args: &ReliefArgs, found: &Found) -> anyhow::Result<()> {
    let Found { import_s, credited_s, quiet, report } = found;
    let ms = |report: &LoadReport| f64::from(u32::try_from(report.percentile(99.0)).unwrap_or(u32::MAX)) / 1e3;
    if args.json {
        say!(
            "{}",
            json!({ "residents": args.residents, "import_s": import_s, "credited_s": credited_s, "rate": args.rate,
                "p99_ms": ms(report), "p99_ms_before": ms(quiet), "errors": report.error_count() })
        );
    } else {
        say!("{} applications read in within {import_s:.1} s", args.residents);
        say!(
            "{} purses credited within {credited_s:.1} s while {:.0} taps a second went on",
            args.residents,
            args.rate
        );
        say!(
            "p99 of the taps {:.1} ms (without a release {:.1} ms), {} errors",
            ms(report),
            ms(quiet),
            report.error_count()
        );
    }
    anyhow::ensure!(report.error_count() == 0, "taps went wrong:\n{}", report.text());
    Ok(())
}

fn applications(residents: u64) -> Vec<u8> {
    let mut out = String::from("ppid,household,event,amount\n");
    for n in 0..residents {
        let _ = writeln!(out, "{},H{n},flood,10000", sample_ppid(1, n));
    }
    out.into_bytes()
}
