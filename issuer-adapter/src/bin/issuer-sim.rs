//! `issuer-sim`: several simulated issuers in one process, for demonstrations and tests.

use anyhow::Context;
use clap::Parser;
use kazasu_console::logs::Format;
use kazasu_console::out::OutputError;
use kazasu_console::say;
use kazasu_issuer_adapter::sim::{ConfigError, Sim, SimConfig, SimError};
use std::path::PathBuf;
use std::process::ExitCode;

/// Plays issuers: accounts with balances, scripted misbehaviour, and a journal that survives being killed.
#[derive(Parser)]
#[command(name = "issuer-sim", version)]
struct Args {
    /// The issuers (TOML).
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The journal (JSON lines), instead of the configuration's. It is replayed at the start.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Print one JSON object on stdout when the issuers listen, and nothing else.
    #[arg(long)]
    json: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args: Args = match kazasu_console::command_line("issuer-sim") {
        Ok(args) => args,
        Err(code) => return code,
    };
    kazasu_console::logs::start(Format::Text, "info");
    kazasu_console::end("issuer-sim", run(args).await.map(|()| 0), |error| {
        let usage = matches!(error.downcast_ref(), Some(SimError::Config(_) | SimError::Listen { .. }));
        if usage || error.is::<ConfigError>() { 2 } else { 1 }
    })
}

async fn run(args: Args) -> anyhow::Result<()> {
    let mut config = SimConfig::load(&args.config)?;
    if let Some(journal) = args.journal {
        config.journal = Some(journal);
    }
    let kinds: Vec<_> = config.issuers.iter().map(|issuer| issuer.kind).collect();
    let sim = Sim::start(config).await?;
    announce(&sim, &kinds, args.json)?;
    stopped().await.context("waiting for a signal")?;
    let totals = sim.totals();
    sim.stop().await;
    if !args.json {
        for (name, t) in totals {
            say!(
                "{name}: {} received, {} approved, {} declined, {} repeated, {} refused, {} unanswered, {} rejected",
                t.received,
                t.approved,
                t.declined,
                t.repeated,
                t.refused,
                t.unanswered,
                t.rejected
            );
        }
    }
    Ok(())
}

/// Says where the issuers listen.
fn announce(sim: &Sim, kinds: &[kazasu_issuer_adapter::sim::IssuerKind], json: bool) -> Result<(), OutputError> {
    let addresses = sim.addresses();
    if json {
        let issuers: Vec<_> = addresses
            .iter()
            .zip(kinds)
            .map(|((name, addr), kind)| serde_json::json!({ "name": name, "kind": kind, "address": addr.to_string() }))
            .collect();
        say!("{}", serde_json::json!({ "issuers": issuers, "replayed": sim.replayed() }));
    } else {
        for ((name, addr), kind) in addresses.iter().zip(kinds) {
            let kind = format!("{kind:?}").to_lowercase();
            say!("{name:20} {kind:8} {addr}");
        }
        if sim.replayed() > 0 {
            say!("{} messages replayed from the journal", sim.replayed());
        }
    }
    kazasu_console::out::check()
}

/// Ctrl-C or SIGTERM.
async fn stopped() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}
