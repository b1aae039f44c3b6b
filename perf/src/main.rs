//! `perf`: micro benchmarks, end-to-end taps, and the echo ceiling, on one machine with the generator beside the switch.
#![forbid(unsafe_code)]

mod baseline_sql;
mod close;
mod cpu;
mod echo;
mod micro;
mod midnight;
mod payments;
mod people;
mod recon;
mod relief;
mod server;
mod taps;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Measures Kazasu. Figures of one run belong together; machines differ and are noisy, so compare ratios.
#[derive(Parser)]
#[command(name = "perf", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Codec, MAC, deciding, committing: one thing each.
    Micro(micro::MicroArgs),
    /// Taps through sockets, MACs, core and ledger, open loop.
    Taps(taps::TapsArgs),
    /// The usual design on the same PostgreSQL server: one SQL transaction a payment, which locks both balances.
    BaselineSql(baseline_sql::BaselineArgs),
    /// Closes a business day while terminals tap, verifies the journal, asks for resident statements.
    Close(close::CloseArgs),
    /// Credits a city's residents while terminals tap.
    Relief(relief::ReliefArgs),
    /// Reconciliation of a million lines with a million: time and memory.
    Recon(recon::ReconArgs),
    /// The turn of a day with many taps in memory: the longest pause of the thread that decides.
    Midnight(midnight::MidnightArgs),
    /// A book with a hundred thousand people, a security log with a million lines: memory and times.
    People(people::PeopleArgs),
    /// An index of ten million payments: how long it is made, and how long a search takes.
    Payments(payments::PaymentsArgs),
    /// Memory a resident and time to start with many of them.
    Residents(taps::ResidentsArgs),
}

fn main() -> ExitCode {
    let cli: Cli = match kazasu_console::command_line("perf") {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return kazasu_console::end("perf", Err(anyhow::anyhow!("cannot start: {error}")), |_| 2),
    };
    let result = runtime.block_on(async {
        match cli.command {
            Command::Micro(args) => micro::run(&args).await,
            Command::Taps(args) => taps::run(args).await,
            Command::BaselineSql(args) => baseline_sql::run(args).await,
            Command::Close(args) => close::run(args).await,
            Command::Relief(args) => relief::run(args).await,
            Command::Recon(args) => recon::run(&args),
            Command::Midnight(args) => midnight::run(&args),
            Command::People(args) => people::run(&args).await,
            Command::Payments(args) => payments::run(&args).await,
            Command::Residents(args) => match std::env::var_os("KAZASU_PERF_TOWN") {
                Some(town) => taps::restart(town.as_ref()).await,
                None => taps::residents(args).await,
            },
        }
    });
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    kazasu_console::end("perf", result.map(|()| 0), |_| 1)
}
