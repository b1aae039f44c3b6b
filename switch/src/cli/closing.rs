//! `kazasu day`, `settle`, `payout`, `recon`, `report` and `contract`: finance staff at the command line.

use super::ask::Common;
use super::backend::{Backend, Journal, ask, caller, look, one, show};
use super::{CheckFailed, NONE};
use crate::client::CallError;
use crate::config::Config;
use anyhow::Context;
use clap::Subcommand;
use kazasu_console::{print_text, say, tell};
use kazasu_services::access::{About, Name};
use kazasu_services::closing::{
    BookReceived, CompareFile, CompareWith, CutOver, DayView, DecideClosing, Explain, ListDays, ListExceptions,
    ListPayouts, ListRuns, ListSettlements, ListTotals, MakeLetter, MakePayoutFiles, MakeReport, MarkReconciled,
    NoteException, OpenDispute, ProposeCancelPayout, ProposeContracts, ProposePayout, ProposeResolution, ProposeUndo,
    ReportKind, ResidentStatement, SettleDay, ShowContracts, SignDay, clearing_file,
};
use kazasu_services::statement::ReadPayoutStatement;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub(super) enum DayCommand {
    /// Business days and how far they have come.
    Status {
        #[command(flatten)]
        common: Common,
    },
    /// Closes a day: ends it if it is the open one and you say so, marks it reconciled, settles it, signs it. What is done stays done;
    /// running it again goes on where it stopped.
    Close {
        /// The day; the oldest that is not signed when absent.
        day: Option<String>,
        /// End the open business day first. A day can be ended that has begun by the calendar, so at most one day early.
        #[arg(long)]
        cut_over: bool,
        /// Why it is reconciled, and why the day is ended by hand.
        #[arg(long, default_value = "照合済 compared")]
        why: String,
        /// A party that had taps and was not compared: `issuer 4`. The reason names it.
        #[arg(long)]
        without: Vec<String>,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Subcommand)]
pub(super) enum ContractCommand {
    /// Reads a contracts file and names the line of everything that is wrong.
    Check {
        /// The file.
        file: PathBuf,
    },
    /// Writes a sample.
    Sample,
    /// Proposes the contracts of a file; another person decides.
    Propose {
        /// The file.
        file: PathBuf,
        /// Why.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// The contracts in force.
    Show {
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Subcommand)]
pub(super) enum PayoutCommand {
    /// Proposes to pay what is due on or before the bank's day.
    Propose {
        /// The bank's day; the next one when absent.
        #[arg(long, alias = "value-day")]
        value_date: Option<String>,
        /// Only these settlements.
        #[arg(long)]
        settlement: Vec<u32>,
        /// Why.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Writes the file of an approved payout.
    File {
        /// The payout.
        payout: u64,
        /// The form.
        #[arg(long, value_enum, default_value = "zengin")]
        format: super::relief::FileFormat,
        /// The folder that it is written to.
        #[arg(long, default_value = ".")]
        out: PathBuf,
        #[command(flatten)]
        common: Common,
    },
    /// Proposes to give a payout up that the bank did not take; its settlements are due again.
    Cancel {
        /// The payout.
        payout: u64,
        /// Why.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Reads the bank's statement: payouts that were taken, payments that came back, what issuers and funders paid.
    Statement {
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        how: super::statement::How,
        /// With --line: the settlement that came back, as PAYOUT/SETTLEMENT.
        #[arg(long, group = "word", requires = "line")]
        settlement: Option<String>,
        /// With --line: who paid, `issuer 1` or `funder 1`.
        #[arg(long, group = "word", requires = "line")]
        received_from: Option<String>,
        /// With --line: it is another payment than one that looks the same.
        #[arg(long, group = "word", requires = "line")]
        another: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Proposes to undo what was booked for a line of the bank's statement, or by hand for a payer; then it may be booked right.
    Undo {
        /// The line, as `payout statement` names it, or the reference.
        line: String,
        /// Of a payment that was booked by hand: `issuer 1` or `funder 1`.
        #[arg(long)]
        received_from: Option<String>,
        /// Why.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Payouts that were approved.
    List {
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Subcommand)]
pub(super) enum ReconCommand {
    /// Compares a detail file with the ledger and raises what differs.
    Import {
        /// The detail file.
        file: PathBuf,
        /// acquirer or issuer.
        #[arg(long)]
        against: String,
        /// The acquirer's id or the issuer's number.
        #[arg(long)]
        party: String,
        /// First business day.
        #[arg(long)]
        from: String,
        /// Last business day; the first when absent.
        #[arg(long)]
        until: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Runs so far.
    Run {
        #[command(flatten)]
        common: Common,
    },
    /// Totals that acquirers asked about (0500), the last of each of their days.
    Totals {
        #[command(flatten)]
        common: Common,
    },
    /// An issuer takes a payment back (chargeback): it goes into the queue, and two people decide who bears it.
    Dispute {
        /// The payment's record.
        record: u64,
        /// Yen.
        #[arg(long, value_parser = super::amount)]
        amount: i64,
        /// The issuer's reference: it is raised once.
        #[arg(long)]
        reference: String,
        /// What the issuer says.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Open exceptions, or all.
    Exceptions {
        /// Those that are resolved too.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Looks after an exception, or writes down what was found out.
    Note {
        /// The exception, or the beginning of its number.
        exception: String,
        /// What was found out.
        note: String,
        /// Who looks after it from here on.
        #[arg(long)]
        owner: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Proposes how an exception is resolved; another person decides.
    Resolve {
        /// The exception, or the beginning of its number.
        exception: String,
        /// explained, booked_issuer, booked_merchant or written_off.
        how: String,
        /// Why.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Writes the ledger's lines about a party as a detail file: the clearing file.
    Export {
        /// acquirer or issuer.
        #[arg(long)]
        against: String,
        /// The acquirer's id or the issuer's number.
        #[arg(long)]
        party: String,
        /// First business day.
        #[arg(long)]
        from: String,
        /// Last business day; the first when absent.
        #[arg(long)]
        until: Option<String>,
        /// The file.
        #[arg(long)]
        out: PathBuf,
        #[command(flatten)]
        common: Common,
    },
}

/// The names of reports.
fn report_kind() -> impl clap::builder::TypedValueParser<Value = ReportKind> {
    use clap::builder::{PossibleValuesParser, TypedValueParser};
    let names = PossibleValuesParser::new(ReportKind::ALL.map(ReportKind::name));
    names.map(|name| ReportKind::parse(&name).expect("it is one of the names"))
}

#[derive(clap::Args)]
pub(super) struct ReportArgs {
    /// Which.
    #[arg(value_parser = report_kind())]
    kind: ReportKind,
    /// The business day: of it, or balances at its end.
    #[arg(long)]
    day: Option<String>,
    /// Balances after this record.
    #[arg(long)]
    seq: Option<u64>,
    /// The settlement.
    #[arg(long)]
    settlement: Option<u32>,
    /// Write it to this file: .xlsx, .csv, or .pdf for a settlement's detail.
    #[arg(long)]
    out: Option<PathBuf>,
    /// CSV in Shift_JIS instead of UTF-8.
    #[arg(long)]
    shift_jis: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(clap::Args)]
pub(super) struct StatementArgs {
    /// The person.
    ppid: String,
    /// First day.
    #[arg(long)]
    from: String,
    /// Last day.
    #[arg(long)]
    until: String,
    /// Write it to this file: .xlsx, .csv or .pdf.
    #[arg(long)]
    out: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn day(command: DayCommand) -> anyhow::Result<()> {
    match command {
        DayCommand::Status { common } => look(ListDays {}, &common).await,
        DayCommand::Close { day, cut_over, why, without, common } => {
            close(Close { day, cut_over, why, without }, &common).await
        }
    }
}

/// What closing a day came to, step by step.
#[derive(serde::Serialize)]
struct Closed {
    day: String,
    steps: Vec<serde_json::Value>,
}

/// A day to be closed, and what its records say.
struct Close {
    day: Option<String>,
    cut_over: bool,
    why: String,
    without: Vec<String>,
}

/// Steps that are behind a day are skipped; the first that is refused ends it.
async fn close(close: Close, common: &Common) -> anyhow::Result<()> {
    let config = Config::load(&common.config)?;
    let backend = Backend::commands(&config, &common.by).await?;
    let result = steps(&backend, close).await;
    backend.close().await?;
    show(result, common)
}

async fn steps(backend: &Backend, close: Close) -> Result<Closed, CallError> {
    let Close { day, cut_over, why, without } = close;
    let json = |answer: serde_json::Result<serde_json::Value>| answer.map_err(|e| CallError::Failed(e.into()));
    let mut steps = Vec::new();
    let ended = |d: &&DayView| d.state != "open" && d.state != "signed";
    let days = backend.call(ListDays {}).await?;
    let open = days.iter().find(|d| d.state == "open").map(|d| d.day.clone());
    // A day that ended and is not signed comes first: running it again ends no second day.
    let waits = days.iter().any(|d| ended(&d));
    if let Some(open) = open.filter(|open| cut_over && (day.as_ref() == Some(open) || (day.is_none() && !waits))) {
        steps.push(json(serde_json::to_value(backend.call(CutOver { day: open, why: why.clone() }).await?))?);
    }
    let days = backend.call(ListDays {}).await?;
    let day = day.or_else(|| days.iter().rev().find(ended).map(|d| d.day.clone()));
    let day = day.ok_or_else(|| CallError::Rejected("every business day that ended is signed".into()))?;
    let named = || day.clone();
    steps.push(json(serde_json::to_value(backend.call(MarkReconciled { day: named(), why, without }).await?))?);
    steps.push(json(serde_json::to_value(backend.call(SettleDay { day: named() }).await?))?);
    steps.push(json(serde_json::to_value(backend.call(SignDay { day: named() }).await?))?);
    Ok(Closed { day, steps })
}

pub(super) async fn contract(command: ContractCommand) -> anyhow::Result<()> {
    use kazasu_security::files::read_text as text;
    match command {
        ContractCommand::Check { file } => match kazasu_documents::contracts::read(&text(&file)?) {
            Ok(contracts) => {
                say!("{}: good. {} contracts", file.display(), contracts.contracts.len());
                Ok(())
            }
            Err(problems) => {
                problems.iter().for_each(|p| tell!("{}: {p}", file.display()));
                Err(CheckFailed(format!("{} problems", problems.len())).into())
            }
        },
        ContractCommand::Sample => {
            print_text!("{}", kazasu_documents::contracts::SAMPLE);
            Ok(())
        }
        ContractCommand::Propose { file, why, common } => {
            one(ProposeContracts { source: text(&file)?, why }, &common).await
        }
        ContractCommand::Show { common } => match ask(ShowContracts {}, &common).await {
            // Before the first contracts are in force, there is no file to show either.
            Ok(none) if !common.json && none.version == 0 => {
                say!("{NONE}");
                Ok(())
            }
            result => show(result, &common),
        },
    }
}

pub(super) async fn decide(proposal: u64, approve: bool, why: String, common: &Common) -> anyhow::Result<()> {
    one(DecideClosing { proposal, approve, why }, common).await
}

pub(super) async fn settle(received: Option<BookReceived>, common: &Common) -> anyhow::Result<()> {
    match received {
        Some(received) => one(received, common).await,
        None => look(ListSettlements {}, common).await,
    }
}

pub(super) async fn payout(command: PayoutCommand) -> anyhow::Result<()> {
    match command {
        PayoutCommand::Propose { value_date, settlement, why, common } => {
            let settlements = (!settlement.is_empty()).then_some(settlement);
            one(ProposePayout { value_date, settlements, why }, &common).await
        }
        PayoutCommand::Cancel { payout, why, common } => one(ProposeCancelPayout { payout, why }, &common).await,
        PayoutCommand::List { common } => look(ListPayouts {}, &common).await,
        PayoutCommand::File { payout, format, out, common } => {
            let config = Config::load(&common.config)?;
            let backend = Backend::commands(&config, &common.by).await?;
            let files = backend.call(MakePayoutFiles { payout, format: format.into() }).await;
            backend.close().await?;
            show(Ok(super::relief::written(files?, &out)?), &common)
        }
        PayoutCommand::Statement { file, how, settlement, received_from, another, common } => {
            let mut said = vec![settlement.map(|s| format!("settlement {s}"))];
            said.push(received_from.map(|from| format!("received {from}")));
            said.push(another.then(|| "another".to_owned()));
            let is = said.into_iter().flatten().next();
            super::statement::read(&file, (how, is), ReadPayoutStatement, &common).await
        }
        PayoutCommand::Undo { line, received_from, why, common } => {
            one(ProposeUndo { line, from: received_from, why }, &common).await
        }
    }
}

pub(super) async fn recon(command: ReconCommand) -> anyhow::Result<()> {
    match command {
        ReconCommand::Run { common } => look(ListRuns {}, &common).await,
        ReconCommand::Totals { common } => look(ListTotals {}, &common).await,
        ReconCommand::Dispute { record, amount, reference, why, common } => {
            one(OpenDispute { record, amount, reference, why }, &common).await
        }
        ReconCommand::Exceptions { all, common } => look(ListExceptions { all }, &common).await,
        ReconCommand::Note { exception, note, owner, common } => {
            one(NoteException { exception, owner, note }, &common).await
        }
        ReconCommand::Resolve { exception, how, why, common } => {
            one(ProposeResolution { exception, how, why }, &common).await
        }
        ReconCommand::Import { file, against, party, from, until, common } => {
            let file = std::sync::Arc::new(kazasu_security::files::read(&file)?);
            let config = Config::load(&common.config)?;
            let backend = Backend::commands(&config, &common.by).await?;
            let result = backend.send(CompareFile { against, party, from, until, file }).await;
            backend.close().await?;
            let found = result.as_ref().map_or((0, 0), |compared| (compared.exceptions, compared.bad_lines));
            show(result, &common)?;
            match found {
                (0, 0) => Ok(()),
                (exceptions, bad) => {
                    Err(CheckFailed(format!("{exceptions} exceptions, {bad} lines that cannot be read")).into())
                }
            }
        }
        ReconCommand::Export { against, party, from, until, out, common } => {
            let config = Config::load(&common.config)?;
            let journal = Journal::reading(&config, &common.by, kazasu_core::State::new())?;
            journal.admit(Name::MakeClearingFile, About::Nothing).await?;
            let until = until.unwrap_or_else(|| from.clone());
            let with = CompareWith::new(&against, &party, (&from, &until)).map_err(CallError::from)?;
            let mut file = std::io::BufWriter::new(kazasu_security::files::PrivateFile::create(&out)?);
            let (rows, sum) = clearing_file(config.store().as_ref(), &with, &mut file).await?;
            file.into_inner()
                .map_err(|e| anyhow::Error::from(e.into_error()).context(format!("cannot write {}", out.display())))?
                .finish()?;
            say!("{}: {rows} lines, {sum}", out.display());
            Ok(())
        }
    }
}

pub(super) async fn report(args: ReportArgs) -> anyhow::Result<()> {
    let ReportArgs { kind, day, seq, settlement, out, shift_jis, common } = args;
    let config = Config::load(&common.config)?;
    caller(&config, &common.by)?;
    let journal = Journal::reading(&config, &common.by, super::policy::fold(&config).await?)?;
    if out.as_ref().is_some_and(|path| path.extension().is_some_and(|e| e == "pdf")) {
        let settlement = settlement.context("--settlement says which letter is wanted")?;
        return write_pdf(&out.unwrap_or_default(), journal.call(MakeLetter { settlement }).await?);
    }
    let report = journal.call(MakeReport { kind, day, seq, settlement }).await?;
    super::report::give(&report, out.as_deref(), shift_jis, common.json)
}

fn write_pdf(path: &Path, pdf: kazasu_report::pdf::Pdf) -> anyhow::Result<()> {
    kazasu_security::files::write_private(path, &pdf.bytes)?;
    say!("{} ({} pages)", path.display(), pdf.pages);
    Ok(())
}

pub(super) async fn statement(args: StatementArgs) -> anyhow::Result<()> {
    let StatementArgs { ppid, from, until, out, common } = args;
    let config = Config::load(&common.config)?;
    // Statements come from their own table; the state is not asked.
    let journal = Journal::reading(&config, &common.by, kazasu_core::State::new())?;
    let statement = journal.call(ResidentStatement { ppid, from, until }).await?;
    match out {
        Some(path) if path.extension().is_some_and(|e| e == "pdf") => {
            let pdf = statement.letter(&config.file.book).await;
            write_pdf(&path, pdf.map_err(CallError::from)?)
        }
        out => super::report::give(&statement.report, out.as_deref(), false, common.json),
    }
}

pub(super) async fn explain(record: u64, common: &Common) -> anyhow::Result<()> {
    let config = Config::load(&common.config)?;
    let journal = Journal::reading(&config, &common.by, kazasu_core::State::new())?;
    show(journal.call(Explain { record }).await, common)
}
