//! The command line: `kazasu demo`, `serve`, `init`, `config`, `ledger`, `store`, `node`, and what
//! portals and operators ask: `link`, `card`, `limits`, `purse`, `notice`, `policy`, `points`, `merchant`, `apply`.
//!
//! `--json` prints one JSON object on standard output and nothing else. Exit codes: 0 done, 1 refused (an ask, a row, a file
//! as a whole), or the check or job found something wrong, 2 usage, configuration, connection, a file that cannot be read, or
//! output that cannot be written, 141 output that its reader closed.

mod ask;
mod backend;
mod clock;
mod closing;
mod facts;
mod import;
mod ledger;
mod merchant;
mod node;
mod policy;
pub(crate) mod relief;
mod report;
mod serve;
mod statement;
mod store;

use clap::{Parser, Subcommand};
use kazasu_console::logs::Format;
use kazasu_console::say;
use std::path::PathBuf;
use std::process::ExitCode;

/// Card-linked cashless payments: hold the card to the reader and you have paid. かざすだけの決済スイッチ。
#[derive(Parser)]
#[command(name = "kazasu", version, about, arg_required_else_help = true, max_term_width = 80)]
struct Cli {
    /// How log lines on standard error are written; with `json`, `serve` prints JSON on standard output too.
    #[arg(long, global = true, value_enum, default_value = "text")]
    log: Format,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[cfg(feature = "demo")]
    /// Plays a whole town on this machine: issuers, merchants, residents, taps, over real sockets.
    Demo(crate::demo::DemoArgs),
    /// Runs the switch.
    Serve {
        /// The configuration file.
        #[arg(long, default_value = "kazasu.toml")]
        config: PathBuf,
        /// Print one JSON object with the addresses when ready.
        #[arg(long)]
        json: bool,
    },
    #[cfg(feature = "demo")]
    /// Writes a complete sample configuration with fresh keys into a new folder.
    Init {
        /// The folder; it must be empty or absent.
        dir: PathBuf,
        /// Sample residents.
        #[arg(long, default_value_t = 1_000)]
        residents: u64,
        /// Move every port by this much.
        #[arg(long, default_value_t = 0)]
        port_offset: u16,
    },
    /// Looks at the configuration.
    Config {
        #[command(subcommand)]
        what: ConfigCommand,
    },
    /// Looks at a journal, also of a copy or while a switch is running.
    Ledger {
        #[command(subcommand)]
        what: ledger::LedgerCommand,
    },
    /// Sets a PostgreSQL store up, looks at it, and moves journals between stores.
    Store {
        #[command(subcommand)]
        what: store::StoreCommand,
    },
    /// The nodes that share a store.
    Node {
        #[command(subcommand)]
        what: node::NodeCommand,
    },
    /// Links of residents to cards and accounts.
    Link {
        #[command(subcommand)]
        what: ask::LinkCommand,
    },
    /// Residents' cards: status, certificates, status lists, temporary IDs.
    Card {
        #[command(subcommand)]
        what: ask::CardCommand,
    },
    /// Residents' own limits.
    Limits {
        #[command(subcommand)]
        what: ask::LimitsCommand,
    },
    /// Purse programmes' money.
    Purse {
        #[command(subcommand)]
        what: ask::PurseCommand,
    },
    /// Offline payments above a floor limit, which wait for a person.
    Advice {
        #[command(subcommand)]
        what: ask::AdviceCommand,
    },
    /// The clock that decides, and a person's word about it.
    Clock {
        #[command(subcommand)]
        what: clock::ClockCommand,
    },
    /// Notices to residents.
    Notice {
        #[command(subcommand)]
        what: ask::NoticeCommand,
    },
    /// What a tap may do.
    Policy {
        #[command(subcommand)]
        what: policy::PolicyCommand,
    },
    /// Point programmes.
    Points {
        #[command(subcommand)]
        what: policy::PointsCommand,
    },
    /// Business days: how far they have come, and closing them.
    Day {
        #[command(subcommand)]
        what: closing::DayCommand,
    },
    /// Contracts with merchants.
    Contract {
        #[command(subcommand)]
        what: closing::ContractCommand,
    },
    /// Decides a proposal of contracts, payouts or resolutions: another person than who proposed.
    Decide {
        /// Its number.
        proposal: u64,
        /// Approve it; turned down when absent.
        #[arg(long)]
        approve: bool,
        /// Why.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: ask::Common,
    },
    /// Settlements; or books what an issuer or a funder paid.
    Settle {
        /// `issuer 1` or `funder 1`: who paid.
        #[arg(long, requires_all = ["amount", "reference"])]
        received_from: Option<String>,
        /// Yen.
        #[arg(long, value_parser = amount, requires = "received_from")]
        amount: Option<i64>,
        /// The payment's own: it is booked once.
        #[arg(long, requires = "received_from")]
        reference: Option<String>,
        /// The day on which it was paid; today when absent.
        #[arg(long, requires = "received_from")]
        day: Option<String>,
        /// Why it is another payment than one of this payer and sum that stands already.
        #[arg(long, requires = "received_from")]
        another: Option<String>,
        #[command(flatten)]
        common: ask::Common,
    },
    /// Paying merchants.
    Payout {
        #[command(subcommand)]
        what: closing::PayoutCommand,
    },
    /// Comparing with acquirers and issuers.
    Recon {
        #[command(subcommand)]
        what: closing::ReconCommand,
    },
    /// Reports of finance staff.
    Report(closing::ReportArgs),
    /// A resident's statement.
    Statement(closing::StatementArgs),
    /// Relief money of cities.
    Relief {
        #[command(subcommand)]
        what: relief::ReliefCommand,
    },
    /// Carries out a file of asks, one JSON object a line.
    Apply {
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        common: ask::Common,
    },
    /// Merchants and their terminals.
    Merchant {
        #[command(subcommand)]
        what: merchant::MerchantCommand,
    },
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Reads the configuration and every file it names, and says what is wrong.
    Check {
        /// The configuration file.
        #[arg(long, default_value = "kazasu.toml")]
        config: PathBuf,
    },
}

/// An amount as people type it, 1,000 or 1,000円 as well as 1000: whole yen.
fn amount(text: &str) -> Result<i64, kazasu_schemas::typed::AmountError> {
    kazasu_schemas::typed::signed_yen(text).map(kazasu_schemas::money::Yen::get)
}

/// What an empty list says.
const NONE: &str = "なし none";

/// An error whose exit code is not 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct CheckFailed(pub(crate) String);

/// Runs the program. Output that its reader has closed (`| head`) ends it without a word.
#[must_use]
pub fn main() -> ExitCode {
    let cli: Cli = match kazasu_console::command_line("kazasu") {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let level = if matches!(cli.command, Command::Serve { .. }) { "info" } else { "error" };
    kazasu_console::logs::start(cli.log, level);
    let result = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let result = runtime.block_on(run(cli.command, cli.log));
            runtime.shutdown_timeout(std::time::Duration::from_secs(2));
            result
        }
        Err(error) => Err(anyhow::anyhow!("cannot start: {error}")),
    };
    kazasu_console::end("kazasu", result.map(|()| 0), |error| if error.is::<CheckFailed>() { 1 } else { 2 })
}

async fn run(command: Command, log: Format) -> anyhow::Result<()> {
    match command {
        #[cfg(feature = "demo")]
        Command::Demo(args) => crate::demo::run(args).await,
        Command::Serve { config, json } => serve::run(&config, json || log == Format::Json).await,
        #[cfg(feature = "demo")]
        Command::Init { dir, residents, port_offset } => init(&dir, residents, port_offset),
        Command::Config { what: ConfigCommand::Check { config } } => {
            let checked = crate::config::Config::load(&config)?;
            if let Err(problem) = &checked.policy {
                anyhow::bail!("policy_file: {problem}");
            }
            if let Some(path) = checked.list_authorities() {
                std::fs::read(&path).map_err(|e| anyhow::anyhow!("cards.list_authorities {}: {e}", path.display()))?;
            }
            say!(
                "{}: good. {} listeners, {} acquirers, {} issuers, ledger in {}",
                config.display(),
                checked.file.listeners.len(),
                checked.acquirers.len(),
                checked.issuers.len(),
                checked.store().place()
            );
            if let Some(signers) = &checked.signers {
                let keys = [("checkpoints and days", &signers.heads), ("commit batches", &signers.batches)];
                for (what, signer) in keys {
                    say!("  public key of {what}: {}", hex::encode(signer.public()));
                }
            }
            if let crate::config::StoreConfig::Postgres(address) = &checked.store
                && !address.is_verified()
            {
                say!("  note: the connection to the database is not verified; add sslmode=verify-full and sslrootcert");
            }
            Ok(())
        }
        Command::Ledger { what } => ledger::run(what).await,
        Command::Store { what } => store::run(what).await,
        Command::Node { what } => node::run(what).await,
        Command::Link { what } => ask::link(what).await,
        Command::Card { what } => ask::card(what).await,
        Command::Limits { what } => ask::limits(what).await,
        Command::Purse { what } => ask::purse(what).await,
        Command::Advice { what } => ask::advice(what).await,
        Command::Clock { what } => clock::run(what).await,
        Command::Notice { what } => ask::notice(what).await,
        Command::Policy { what } => policy::run(what).await,
        Command::Points { what } => policy::points(what).await,
        Command::Day { what } => closing::day(what).await,
        Command::Contract { what } => closing::contract(what).await,
        Command::Decide { proposal, approve, why, common } => closing::decide(proposal, approve, why, &common).await,
        Command::Settle { received_from, amount, reference, day, another, common } => {
            let received = received_from.map(|from| kazasu_services::closing::BookReceived {
                from,
                amount: amount.unwrap_or(0),
                reference: reference.unwrap_or_default(),
                day,
                another,
            });
            closing::settle(received, &common).await
        }
        Command::Payout { what } => closing::payout(what).await,
        Command::Recon { what } => closing::recon(what).await,
        Command::Report(args) => closing::report(args).await,
        Command::Statement(args) => closing::statement(args).await,
        Command::Relief { what } => relief::run(what).await,
        Command::Apply { file, common } => ask::apply(&file, common).await,
        Command::Merchant { what } => merchant::run(what).await,
    }
}

#[cfg(feature = "demo")]
fn init(dir: &std::path::Path, residents: u64, port_offset: u16) -> anyhow::Result<()> {
    let default = crate::sample::Ports::default();
    let add = |port: u16| {
        port.checked_add(port_offset)
            .ok_or_else(|| anyhow::anyhow!("--port-offset {port_offset} leads beyond port 65535"))
    };
    let mut ports = crate::sample::Ports { http: add(default.http)?, ..default };
    for port in ports.acquirers.iter_mut().chain(ports.issuers.iter_mut()) {
        *port = add(*port)?;
    }
    crate::sample::write(dir, &crate::sample::Town { residents, ports, ..Default::default() })?;
    let dir = dir.display();
    say!(
        "Wrote a sample town with fresh keys to {dir}.\n\n\
         issuer-sim --config {dir}/issuers.toml                      plays the issuers\n\
         kazasu merchant import {dir}/merchants.csv --config {dir}/kazasu.toml\n\
         kazasu link import {dir}/links.csv --config {dir}/kazasu.toml\n\
         kazasu apply {dir}/town.jsonl --config {dir}/kazasu.toml    purses, limits, temporary IDs\n\
         kazasu serve --config {dir}/kazasu.toml                     runs the switch\n\
         acquirer-sim run SCENARIO --config {dir}/acquirer-27000001.toml"
    );
    Ok(())
}
