//! The command line: `kazasu demo`, `serve`, `init`, `config`, `key`, `ledger`, `store`, `node`; the actions of
//! portals and operators: `link`, `card`, `limits`, `purse`, `notice`, `policy`, `points`, `merchant`, `apply`; those
//! of finance staff, cities and people.
//!
//! `--json` prints one JSON object on standard output and nothing else. Exit codes: 0 done, 1 refused (a request, a row, a file
//! as a whole), or the check or job found something wrong, 2 usage, configuration, connection, a file that cannot be read, or
//! output that cannot be written, 141 output that its reader closed.

mod approval;
mod audit;
mod backend;
mod clock;
mod closing;
mod common;
mod facts;
mod help;
mod import;
mod key;
mod ledger;
mod list;
mod merchant;
mod node;
mod payee;
mod payment;
mod person;
mod place;
mod policy;
mod portal;
mod proof;
mod provider;
pub(crate) mod relief;
mod report;
mod requests;
mod resident;
mod serve;
mod settlement;
mod sign_in;
mod spending;
mod statement;
mod store;
mod webhook;

use crate::language::{is_chosen, language, refused, shown, spoken};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use common::{CheckFailed, Common, amount};
use kazasu_api::client::Refused;
use kazasu_console::logs::Format;
use kazasu_console::say;
use kazasu_text::cli::CliText;
use kazasu_text::help::HelpText;
#[cfg(feature = "demo")]
use kazasu_text::keys::InitText;
use kazasu_text::keys::KeyText;
use kazasu_text::usage::UsageText;
use kazasu_text::{Count, Language, Text, errors};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Card-linked cashless payments: hold the card to the reader and you have paid.
#[derive(Parser)]
#[command(name = "kazasu", version, arg_required_else_help = true, max_term_width = 80)]
struct Cli {
    /// The form of log lines on standard error; with `json`, `serve` prints JSON on standard output too.
    #[arg(long, global = true, value_enum, default_value = "text")]
    log: Format,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[cfg(feature = "demo")]
    /// Plays a whole town on this machine: issuers, merchants, residents, taps, over real sockets.
    Demo(kazasu_demo::DemoArgs),
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
        /// The first access administrator's name.
        #[arg(long, default_value = "administrator")]
        administrator: String,
        /// Let the town's people join now, and write their passwords, codes and sessions into the folder `people`: for
        /// trials only.
        #[arg(long)]
        people: bool,
    },
    /// Looks at the configuration.
    Config {
        #[command(subcommand)]
        what: ConfigCommand,
    },
    /// Keys: made, exchanged, changed and ended. Every action is in the key log.
    Key {
        #[command(subcommand)]
        what: key::KeyCommand,
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
        what: requests::LinkCommand,
    },
    /// Residents' cards: status, certificates, status lists, temporary IDs.
    Card {
        #[command(subcommand)]
        what: requests::CardCommand,
    },
    /// The desk of a call centre: one resident at a time.
    Resident {
        #[command(subcommand)]
        what: resident::ResidentCommand,
    },
    /// Residents' own limits.
    Limits {
        #[command(subcommand)]
        what: requests::LimitsCommand,
    },
    /// Purse programmes' money.
    Purse {
        #[command(subcommand)]
        what: requests::PurseCommand,
    },
    /// Offline payments above a floor limit, which wait for a person.
    Advice {
        #[command(subcommand)]
        what: requests::AdviceCommand,
    },
    /// The deciding clock, and its confirmation by a person.
    Clock {
        #[command(subcommand)]
        what: clock::ClockCommand,
    },
    /// Notices to residents.
    Notice {
        #[command(subcommand)]
        what: requests::NoticeCommand,
    },
    /// The rules of a tap.
    Policy {
        #[command(subcommand)]
        what: policy::PolicyCommand,
    },
    /// Point programmes.
    Points {
        #[command(subcommand)]
        what: policy::PointsCommand,
    },
    /// Business days: their states, and closing them.
    Day {
        #[command(subcommand)]
        what: closing::DayCommand,
    },
    /// Contracts with merchants.
    Contract {
        #[command(subcommand)]
        what: closing::ContractCommand,
    },
    /// Requests that two people decide: the inbox of all kinds, and decisions.
    Approval {
        #[command(subcommand)]
        what: approval::ApprovalCommand,
    },
    /// Settlements; or books a payment of an issuer or a funder.
    Settle {
        /// The payer: `issuer 1` or `funder 1`.
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
        /// The reason why it is another payment than an existing one of this payer and sum.
        #[arg(long, requires = "received_from")]
        another: Option<String>,
        #[command(flatten)]
        list: list::ListArgs,
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
    /// Statistics of what residents spent, of groups of ten people or more.
    Spending {
        #[command(subcommand)]
        what: spending::SpendingCommand,
    },
    /// A resident's statement.
    Statement(closing::StatementArgs),
    /// Relief money of cities.
    Relief {
        #[command(subcommand)]
        what: relief::ReliefCommand,
    },
    /// Carries out a file of actions, one JSON object a line.
    Apply {
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        common: Common,
    },
    /// Signs you in: password and second factor, or a program's key.
    Login(sign_in::LoginArgs),
    /// Ends your session.
    Logout {
        #[command(flatten)]
        common: Common,
    },
    /// Your name and your roles.
    Whoami {
        #[command(flatten)]
        common: Common,
    },
    /// People and their rights.
    Person {
        #[command(subcommand)]
        what: person::PersonCommand,
    },
    /// Programs' keys.
    KeyProgram {
        #[command(subcommand)]
        what: person::KeyCommand,
    },
    /// Portals' keys for statements, and statements to try.
    Portal {
        #[command(subcommand)]
        what: portal::PortalCommand,
    },
    /// Sessions of people.
    Session {
        #[command(subcommand)]
        what: person::SessionCommand,
    },
    /// Passkeys.
    Passkey {
        #[command(subcommand)]
        what: person::PasskeyCommand,
    },
    /// The table of rights.
    Access {
        #[command(subcommand)]
        what: person::AccessCommand,
    },
    /// The HTTP API.
    Api {
        #[command(subcommand)]
        what: person::ApiCommand,
    },
    /// The security log: callers, operations and residents.
    Audit {
        #[command(subcommand)]
        what: audit::AuditCommand,
    },
    /// Payees' accounts.
    Payee {
        #[command(subcommand)]
        what: payee::PayeeCommand,
    },
    /// Payments.
    Payment {
        #[command(subcommand)]
        what: payment::PaymentCommand,
    },
    /// Settlements of shops, and the reason for each of their amounts.
    Settlement {
        #[command(subcommand)]
        what: settlement::SettlementCommand,
    },
    /// Endpoints that events are sent to.
    Webhook {
        #[command(subcommand)]
        what: webhook::WebhookCommand,
    },
    /// Merchants and their terminals.
    Merchant {
        #[command(subcommand)]
        what: merchant::MerchantCommand,
    },
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Reads the configuration and every file that it names, and reports mistakes.
    Check {
        /// The configuration file.
        #[arg(long, default_value = "kazasu.toml")]
        config: PathBuf,
    },
}

/// Reads the command line. Help and errors are in the reader's language; where none was chosen, the page of help says how to choose.
fn command_line() -> Result<Cli, ExitCode> {
    let read = Cli::try_parse();
    if read.is_ok() {
        return kazasu_console::parsed("kazasu", read, |_| None);
    }
    let again = |command: clap::Command| command.try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    match language() {
        Language::Japanese => {
            kazasu_console::parsed("kazasu", again(help::in_japanese(Cli::command())), help::sentence)
        }
        Language::English if is_chosen() => kazasu_console::parsed("kazasu", read, |_| None),
        Language::English => {
            let hint = format!("{}\n{}", HelpText::OtherLanguage.ja(), HelpText::OtherLanguage.en());
            kazasu_console::parsed("kazasu", again(Cli::command().after_help(hint)), |_| None)
        }
    }
}

/// Runs the program. Output that its reader has closed (`| head`) ends it without a word.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match command_line() {
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
        Err(error) => Err(errors::io(&error).into()),
    };
    let is_refusal = |error: &anyhow::Error| error.is::<CheckFailed>() || error.is::<Refused>();
    let code = if result.as_ref().is_err_and(is_refusal) { 1 } else { 2 };
    kazasu_console::end("kazasu", result.map(|()| 0).map_err(spoken), |_| code)
}

/// `kazasu config check`.
fn check(config: &Path) -> anyhow::Result<()> {
    let checked = kazasu_serve::config::Config::load(config)?;
    if let Err(problem) = &checked.policy {
        anyhow::bail!(shown(&UsageText::PolicyFile { why: &shown(problem) }));
    }
    if let Some(path) = checked.list_authorities() {
        let unreadable = |error: std::io::Error| {
            let (path, why) = (&path.display().to_string(), &shown(&errors::io(&error)));
            refused(&UsageText::FileUnreadable { key: "cards.list_authorities", path, why })
        };
        std::fs::read(&path).map_err(unreadable)?;
    }
    let certificates = kazasu_connections::certificates::Certificates::load(checked.certificate_files()?)?;
    let good = CliText::ConfigGood {
        file: &config.display().to_string(),
        listeners: checked.file.listeners.len().into(),
        acquirers: checked.acquirers.len().into(),
        issuers: checked.issuers.len().into(),
        ledger: &checked.store().place(),
    };
    say!("{}", shown(&good));
    if let Some(signers) = &checked.signers {
        let [heads, batches] = [&signers.heads, &signers.batches].map(|signer| hex::encode(signer.public()));
        say!("  {}", shown(&CliText::PublicKeyOfHeads { key: &heads }));
        say!("  {}", shown(&CliText::PublicKeyOfBatches { key: &batches }));
    }
    let now = kazasu_engine::clock::now();
    let of_keys: Vec<String> = checked.keys.notes(now).iter().map(|note| shown(&of_key(note))).collect();
    let of_others: Vec<String> = checked.notes().iter().chain(&certificates.notes(now)).map(shown).collect();
    for note in of_others.iter().chain(&of_keys) {
        say!("  {}", shown(&CliText::Note { note }));
    }
    if let kazasu_serve::config::StoreConfig::Postgres(address) = &checked.store
        && !address.is_verified()
    {
        say!("  {}", shown(&CliText::DatabaseNotVerified));
    }
    Ok(())
}

/// A key whose cryptoperiod ends soon, or has ended.
fn of_key(note: &kazasu_connections::keys::KeyNote) -> KeyText<'_> {
    let (key, title, ends) = (&*note.key, &*note.title, note.ends);
    match u64::try_from(note.days) {
        Ok(days) => KeyText::EndsSoon { key, title, ends, days: Count(days) },
        Err(_) => KeyText::Ended { key, title, ends },
    }
}

async fn run(command: Command, log: Format) -> anyhow::Result<()> {
    match command {
        #[cfg(feature = "demo")]
        Command::Demo(args) => demo(args).await,
        Command::Serve { config, json } => serve::run(&config, if json { Format::Json } else { log }).await,
        #[cfg(feature = "demo")]
        Command::Init { dir, residents, port_offset, administrator, people } => {
            init(&dir, (residents, port_offset))?;
            let first = if people { First::Everybody } else { First::Administrator(administrator) };
            begin(&dir, first).await
        }
        Command::Config { what: ConfigCommand::Check { config } } => check(&config),
        Command::Key { what } => key::run(what).await,
        Command::Ledger { what } => ledger::run(what).await,
        Command::Store { what } => store::run(what).await,
        Command::Node { what } => node::run(what).await,
        Command::Link { what } => requests::link(what).await,
        Command::Card { what } => requests::card(what).await,
        Command::Limits { what } => requests::limits(what).await,
        Command::Purse { what } => requests::purse(what).await,
        Command::Advice { what } => requests::advice(what).await,
        Command::Clock { what } => clock::run(what).await,
        Command::Notice { what } => requests::notice(what).await,
        Command::Webhook { what } => webhook::run(what).await,
        Command::Policy { what } => policy::run(what).await,
        Command::Points { what } => policy::points(what).await,
        Command::Day { what } => closing::day(what).await,
        Command::Contract { what } => closing::contract(what).await,
        Command::Approval { what } => approval::run(what).await,
        Command::Resident { what } => resident::run(what).await,
        Command::Settle { received_from, amount, reference, day, another, list } => {
            let received = received_from.map(|from| kazasu_services::closing::BookReceived {
                from,
                amount: amount.unwrap_or(0),
                reference: reference.unwrap_or_default(),
                day,
                another,
            });
            closing::settle(received, &list).await
        }
        Command::Payout { what } => closing::payout(what).await,
        Command::Recon { what } => closing::recon(what).await,
        Command::Report(args) => closing::report(args).await,
        Command::Spending { what } => spending::run(what).await,
        Command::Statement(args) => closing::statement(args).await,
        Command::Relief { what } => relief::run(what).await,
        Command::Apply { file, common } => requests::apply(&file, common).await,
        Command::Login(args) => sign_in::login(args).await,
        Command::Logout { common } => sign_in::logout(common).await,
        Command::Whoami { common } => sign_in::whoami(common).await,
        Command::Person { what } => person::person(what).await,
        Command::KeyProgram { what } => person::key(what).await,
        Command::Portal { what } => portal::run(what).await,
        Command::Session { what } => person::session(what).await,
        Command::Passkey { what } => person::passkey(what).await,
        Command::Access { what } => person::access(&what),
        Command::Api { what } => person::api(&what),
        Command::Audit { what } => audit::run(what).await,
        Command::Merchant { what } => merchant::run(what).await,
        Command::Settlement { what } => settlement::run(what).await,
        Command::Payee { what } => payee::run(what).await,
        Command::Payment { what } => payment::run(what).await,
    }
}

#[cfg(feature = "demo")]
async fn demo(args: kazasu_demo::DemoArgs) -> anyhow::Result<()> {
    kazasu_demo::run(args).await.map_err(|error| match error.downcast::<kazasu_demo::DoesNotAddUp>() {
        Ok(found) => CheckFailed(found.to_string()).into(),
        Err(error) => error,
    })
}

#[cfg(feature = "demo")]
fn init(dir: &Path, (residents, port_offset): (u64, u16)) -> anyhow::Result<()> {
    let default = kazasu_demo::sample::Ports::default();
    let add = |port: u16| {
        let too_high = || refused(&UsageText::PortTooHigh { offset: port_offset });
        port.checked_add(port_offset).ok_or_else(too_high)
    };
    let mut ports = kazasu_demo::sample::Ports { http: add(default.http)?, ..default };
    for port in ports.acquirers.iter_mut().chain(ports.issuers.iter_mut()) {
        *port = add(*port)?;
    }
    let transport = kazasu_demo::sample::Transport::Tls;
    kazasu_demo::sample::write(dir, &kazasu_demo::sample::Town { residents, ports, transport, ..Default::default() })?;
    say!("{}", shown(&InitText::Wrote { dir: &dir.display().to_string() }));
    Ok(())
}

/// The first people who join.
#[cfg(feature = "demo")]
enum First {
    /// The first access administrator, who is invited.
    Administrator(String),
    /// All people of the sample town, at once.
    Everybody,
}

/// Begins the administration of access in a new town.
#[cfg(feature = "demo")]
async fn begin(dir: &Path, first: First) -> anyhow::Result<()> {
    use kazasu_services::people::Found;
    match first {
        First::Everybody => {
            // Merchants, links and money come before anybody has joined: from then on they take two people.
            let common = Common { config: dir.join("kazasu.toml"), session: None, json: false };
            import::sample(dir, &common).await?;
            requests::apply(&dir.join("town.jsonl"), common).await?;
            kazasu_demo::sample::settle(dir).await?;
            say!("\n{}", shown(&InitText::EverybodyJoined { dir: &dir.display().to_string() }));
        }
        First::Administrator(name) => {
            let common = Common { config: dir.join("kazasu.toml"), session: None, json: false };
            let config = kazasu_serve::config::Config::load(&common.config)?;
            let backend = backend::Backend::commands(&config, &common).await?;
            let invited = backend.call(Found { name: name.clone() }).await;
            backend.close().await?;
            let invited = invited?;
            let (until, invitation) = (&*invited.until.to_string(), &*invited.invitation.to_string());
            let dir = &*dir.display().to_string();
            say!("\n{}", shown(&InitText::FirstAdministrator { name: &name, until, invitation, dir }));
        }
    }
    Ok(())
}
