//! The issuers' simulator: several issuers in one process, with accounts, real decisions and scripted misbehaviour, and a
//! journal of its own, so that both sides of the wire can be compared afterwards.

mod book;
mod config;
mod effective;
mod server;

pub use book::Book;
pub use config::{AccountFile, IssuerSimFile, Script, SimConfig};
pub use effective::effective;
pub use server::{RunningIssuer, Sim};

use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;

/// Plays issuers over ISO 8583 for tests and demonstrations.
#[derive(Parser)]
#[command(name = "issuer-sim", version, about)]
struct Cli {
    /// The issuers and their accounts, TOML.
    #[arg(long)]
    config: PathBuf,
    /// Where the issuers keep their own journal; it is read again at the next start.
    #[arg(long)]
    journal: Option<PathBuf>,
    /// Print one JSON object with the addresses when ready.
    #[arg(long)]
    json: bool,
}

/// Runs the program until interrupted. Exit code 2 for a configuration that cannot be used.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("issuer-sim: cannot start: {error}");
            return ExitCode::from(2);
        }
    };
    match runtime.block_on(run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("issuer-sim: {error:#}");
            ExitCode::from(2)
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    let config = SimConfig::load(&cli.config)?;
    let sim = Sim::start(config, cli.journal.as_deref()).await?;
    if cli.json {
        let issuers: Vec<_> = sim
            .issuers()
            .iter()
            .map(|i| serde_json::json!({ "name": i.name, "addr": i.addr.to_string() }))
            .collect();
        println!("{}", serde_json::json!({ "ready": true, "pid": std::process::id(), "issuers": issuers }));
    } else {
        println!("issuer-sim is ready. 発行者シミュレータを開始しました。");
        for issuer in sim.issuers() {
            println!("  {}  {}", issuer.addr, issuer.name);
        }
    }
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result?,
        _ = terminate.recv() => {}
    }
    sim.stop().await;
    Ok(())
}
