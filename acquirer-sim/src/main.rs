//! `acquirer-sim`: plays acquirers and their terminals. `run` plays scenarios and reports differences, `load` measures.
//!
//! Exit codes: 0 everything as expected, 1 differences or errors under load, 2 usage, files, no connection, or output that cannot be
//! written, 141 output that its reader closed.

use anyhow::Context;
use clap::{Args, Parser, Subcommand, ValueEnum};
use kazasu_acquirer_sim::config::{AcquirerConfig, TlsFile};
use kazasu_acquirer_sim::load::{self, Fleet, Length, LoadPlan, Mix, Peer, Progress};
use kazasu_acquirer_sim::scenario::{Outcome, Scenario, play};
use kazasu_console::logs::Format;
use kazasu_console::{print_text, say};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Plays acquirers and their terminals against a payment switch, over ISO 8583.
#[derive(Parser)]
#[command(name = "acquirer-sim", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Plays scenarios and reports every difference between expected and received answers.
    Run {
        /// Scenario files, or folders of them.
        #[arg(required = true)]
        scenarios: Vec<PathBuf>,
        /// How the acquirer reaches the switch.
        #[arg(long, default_value = "acquirer.toml")]
        config: PathBuf,
        #[command(flatten)]
        tls: Tls,
        /// Print one JSON object a scenario.
        #[arg(long)]
        json: bool,
    },
    /// Sends taps at a fixed rate, also when no answer comes, and measures from the intended moment of sending.
    Load {
        /// How the acquirer reaches the switch.
        #[arg(long, default_value = "acquirer.toml")]
        config: PathBuf,
        #[command(flatten)]
        tls: Tls,
        /// Messages a second.
        #[arg(long, default_value_t = 100.0)]
        rate: f64,
        /// How long.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
        /// TCP connections: 1, 2, 4, 5, 8 or 10.
        #[arg(long, alias = "links", default_value_t = 2)]
        connections: u32,
        /// Which messages.
        #[arg(long, value_enum, default_value = "realistic")]
        mix: MixArg,
        /// The same seed makes the same traffic.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Write a line for every answer into this file: type, RRN, code, amount, kind, STAN, time, terminal.
        #[arg(long)]
        log: Option<PathBuf>,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
}

/// TLS with client certificates, instead of the configuration's `tls`.
#[derive(Args)]
struct Tls {
    /// Authorities of the switch's certificate (PEM).
    #[arg(long, value_name = "FILE", requires_all = ["tls_cert", "tls_key"])]
    tls_ca: Option<PathBuf>,
    /// The acquirer's certificate chain (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_ca")]
    tls_cert: Option<PathBuf>,
    /// Its private key (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_ca")]
    tls_key: Option<PathBuf>,
    /// The name that the switch's certificate has; the host of the address when it is left out.
    #[arg(long, value_name = "NAME", requires = "tls_ca")]
    tls_name: Option<String>,
}

/// The configuration file, with the command line's TLS options.
fn acquirer(path: &Path, tls: Tls) -> anyhow::Result<AcquirerConfig> {
    let mut config = AcquirerConfig::load(path)?;
    if let (Some(ca), Some(certificates), Some(key)) = (tls.tls_ca, tls.tls_cert, tls.tls_key) {
        let file = TlsFile { ca, certificates, key, name: tls.tls_name };
        config.tls = Some(file.client(Path::new(""), &config.addr)?);
    }
    Ok(config)
}

#[derive(Clone, Copy, ValueEnum)]
enum MixArg {
    /// Payments with refunds, reversals, repeats and completed authorizations; amounts by trade; hot merchants.
    Realistic,
    /// Purchases of one yen.
    Purchases,
}

fn main() -> ExitCode {
    let cli: Cli = match kazasu_console::command_line("acquirer-sim") {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    kazasu_console::logs::start(Format::Text, "warn");
    kazasu_console::end("acquirer-sim", run(cli.command).map(|good| u8::from(!good)), |_| 2)
}

fn run(command: Command) -> anyhow::Result<bool> {
    match command {
        Command::Run { scenarios, config, tls, json } => run_scenarios(&scenarios, &acquirer(&config, tls)?, json),
        Command::Load { config, tls, rate, seconds, connections, mix, seed, log, json } => {
            let acquirer = acquirer(&config, tls)?;
            let cards = acquirer.residents().context("load taps with the cards of cards_file")?;
            let plan = LoadPlan {
                fleet: Arc::new(Fleet::new(&acquirer, cards)),
                acquirer,
                rate,
                length: Length::Time(Duration::from_secs(seconds)),
                connections,
                mix: match mix {
                    MixArg::Realistic => Mix::Realistic,
                    MixArg::Purchases => Mix::Purchases,
                },
                seed,
                log,
                peer: Peer::Switch,
                drain: Duration::from_secs(10),
                window: None,
            };
            let report = load::run(&plan, &Arc::new(Progress::default()), &Arc::new(AtomicBool::new(false)))?;
            if json {
                say!("{}", report.json());
            } else {
                print_text!("{}", report.text());
            }
            Ok(report.error_count() == 0)
        }
    }
}

fn run_scenarios(paths: &[PathBuf], config: &AcquirerConfig, json: bool) -> anyhow::Result<bool> {
    let mut scenarios = Vec::new();
    for path in files(paths)? {
        scenarios.push((Scenario::load(&path)?, path));
    }
    let (mut good, mut bad, mut skipped) = (0, 0, 0);
    for (scenario, path) in scenarios {
        let outcome = play(&scenario, config).with_context(|| path.display().to_string())?;
        match (&outcome.skipped, outcome.differences.is_empty()) {
            (Some(_), _) => skipped += 1,
            (None, true) => good += 1,
            (None, false) => bad += 1,
        }
        if json {
            let mut value = serde_json::to_value(&outcome)?;
            value["file"] = path.display().to_string().into();
            say!("{value}");
        } else {
            print_outcome(&outcome, &path);
        }
    }
    if !json {
        say!("\n{good} as expected, {bad} different, {skipped} not for {}", config.dialect.name);
    }
    Ok(bad == 0)
}

fn print_outcome(outcome: &Outcome, path: &Path) {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    if let Some(why) = &outcome.skipped {
        say!("–  {name}  {} ({why})", outcome.title);
        return;
    }
    let mark = if outcome.differences.is_empty() { "✓" } else { "✗" };
    say!("{mark}  {name}  {} ({} steps, {} ms)", outcome.title, outcome.steps, outcome.millis);
    for d in &outcome.differences {
        say!("     step {} {}: {} expected {}, got {}", d.step, d.what, d.field, d.expected, d.got);
    }
}

/// The files of folders in order of their names.
fn files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut out = Vec::new();
    for path in paths {
        if !path.is_dir() {
            out.push(path.clone());
            continue;
        }
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))? {
            let file = entry?.path();
            if file.extension().is_some_and(|e| e == "toml") {
                inside.push(file);
            }
        }
        anyhow::ensure!(!inside.is_empty(), "{} holds no scenario (*.toml)", path.display());
        inside.sort();
        out.extend(inside);
    }
    Ok(out)
}
