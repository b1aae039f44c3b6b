//! How long a switch needs to start on a journal that is there, and how much memory; measured in a process of its own.

use super::stand::{Store, import, other_store, town};
use crate::server::Server;
use anyhow::Context;
use clap::Args;
use kazasu_console::say;
use kazasu_demo::sample::Mix as Residents;
use kazasu_serve::Switch;
use kazasu_serve::config::{Config, StoreConfig};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;

/// `perf residents`.
#[derive(Args, Clone)]
pub(crate) struct ResidentsArgs {
    /// How many residents.
    #[arg(long, default_value_t = 1_000_000)]
    residents: u64,
    /// Where the ledger is kept.
    #[arg(long, value_enum, default_value = "sqlite")]
    store: Store,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Resident memory of this process in bytes.
fn memory() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1024)
}

/// Measures it.
pub(crate) async fn residents(args: ResidentsArgs) -> anyhow::Result<()> {
    let ResidentsArgs { residents: n, store, json } = args;
    let dir = tempfile::Builder::new().prefix("kazasu-perf").tempdir_in(".")?;
    let town_dir = dir.path().join("town");
    town(&town_dir, n, Residents::OnUs)?;
    let config = Config::load(&town_dir.join("kazasu.toml"))?;
    let imports = kazasu_serve::link_import(&config);
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
    if json {
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
pub(super) fn start_again(town_dir: &Path, server: Option<&Server>) -> anyhow::Result<Value> {
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
