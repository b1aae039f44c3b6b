//! End to end: generator, sockets, MACs, core, ledger, answers; on-us, or off-us through real issuer connections.

mod policy;
mod restart;
mod rules;
mod show;
mod stand;

pub(crate) use restart::{ResidentsArgs, residents, restart};
pub(crate) use stand::{Store, TapsArgs, fire, import, merchants, other_store, town};

use crate::baseline_sql;
use crate::cpu::Cpu;
use crate::server::Server;
use anyhow::Context;
use kazasu_acquirer_sim::load::{self, Length, LoadPlan, LoadReport, Peer};
use kazasu_console::tell;
use restart::start_again;
use rules::under_rules;
use serde_json::Value;
use show::{Alone, Cost, Found, Usual};
use stand::{Policy, Stand};
use std::path::Path;
use std::time::Duration;

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
