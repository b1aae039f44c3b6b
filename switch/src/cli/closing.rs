//! `kazasu day`, `settle`, `payout`, `recon`, `report` and `contract`: finance staff at the command line.

use super::backend::{Backend, Journal, one, query, question, refused, show};
use super::common::{CheckFailed, Common, none};
use super::list::{ListArgs, list, walk};
use super::place;
use super::report::Output;
use crate::language::shown;
use clap::Subcommand;
use kazasu_api::client::CallError;
use kazasu_console::{print_text, say, tell};
use kazasu_serve::config::Config;
use kazasu_services::access::{About, Name};
use kazasu_services::closing::{
    AskQuote, BookReceived, CompareFile, CompareWith, CutOver, DayView, Explain, ListDays, ListExceptions, ListPayouts,
    ListRuns, ListSettlements, ListTotals, MakeLetter, MakePayoutFiles, MakeReport, MarkReconciled, NoteException,
    OpenDispute, ProposeCancelPayout, ProposeContracts, ProposePayout, ProposeResolution, ProposeUndo, QuotedPayment,
    ReportKind, ResidentStatement, SettleDay, ShowContracts, SignDay, clearing_file,
};
use kazasu_services::statement::ReadPayoutStatement;
use kazasu_text::cli::CliText;
use kazasu_text::usage::UsageText;
use kazasu_text::{Count, Said, errors};
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub(super) enum DayCommand {
    /// Business days and their states.
    Status {
        #[command(flatten)]
        list: ListArgs,
    },
    /// Closes a day: ends it if it is the open one and you say so, marks it reconciled, settles it, signs it. Finished steps stay;
    /// running it again continues where it stopped.
    Close {
        /// The day; the oldest that is not signed when absent.
        day: Option<String>,
        /// End the open business day first. The day must have begun by the calendar, so it ends at most one day early.
        #[arg(long)]
        cut_over: bool,
        /// The reason for marking it reconciled, and for ending the day by hand; "compared" when absent.
        #[arg(long)]
        why: Option<String>,
        /// A party that had taps and was not compared: `issuer 4`. The reason names it.
        #[arg(long)]
        without: Vec<String>,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Subcommand)]
pub(super) enum ContractCommand {
    /// Reads a contracts file and names the line of every mistake.
    Check {
        /// The file.
        file: PathBuf,
    },
    /// Writes a sample.
    Sample,
    /// Requests approval of the contracts of a file; another person decides.
    Propose {
        /// The file.
        file: PathBuf,
        /// The reason, which the record keeps.
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
    /// What payments would cost a shop, and when they would be paid out. It changes nothing.
    Quote {
        /// The shop: ACQUIRER/MERCHANT.
        merchant: String,
        /// Tender and yen, such as credit:3000, and a count where there are several: credit:3000:20. It may be given again.
        #[arg(long = "payment", required = true, value_name = "TENDER:YEN[:COUNT]", value_parser = quoted)]
        payments: Vec<QuotedPayment>,
        /// The business day; today when absent.
        #[arg(long)]
        day: Option<String>,
        /// Another contract's number, to compare; the shop's own when absent.
        #[arg(long)]
        contract: Option<u32>,
        #[command(flatten)]
        common: Common,
    },
}

/// Payments that are alike, as the command line takes them.
fn quoted(text: &str) -> Result<QuotedPayment, String> {
    let wrong = || format!("expected TENDER:YEN or TENDER:YEN:COUNT, such as credit:3000:20, got {text:?}");
    let mut parts = text.splitn(3, ':');
    let tender = parts.next().filter(|tender| !tender.is_empty()).ok_or_else(wrong)?.to_owned();
    let amount = super::common::amount(parts.next().ok_or_else(wrong)?).map_err(|error| error.to_string())?;
    let count = parts.next().map(str::parse).transpose().map_err(|_| wrong())?;
    Ok(QuotedPayment { tender, amount, count, brand: None, mcc: None })
}

#[derive(Subcommand)]
pub(super) enum PayoutCommand {
    /// Requests approval of a payout of all settlements that are due on or before the bank's day.
    Propose {
        /// The bank's day; the next one when absent.
        #[arg(long, alias = "value-day")]
        value_date: Option<String>,
        /// Only these settlements.
        #[arg(long)]
        settlement: Vec<u32>,
        /// The reason, which the record keeps.
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
        /// The folder for the files.
        #[arg(long, default_value = ".")]
        out: PathBuf,
        /// The reason: the file has accounts in full, and the security log keeps it with your name.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Requests approval for cancelling a payout that the bank did not take; its settlements are due again.
    Cancel {
        /// The payout.
        payout: u64,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Reads the bank statement: payouts that the bank took, payments that came back, payments of issuers and
    /// funders.
    Statement {
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        how: super::statement::How,
        /// With --line: the settlement that came back, as PAYOUT/SETTLEMENT.
        #[arg(long, group = "word", requires = "line")]
        settlement: Option<String>,
        /// With --line: the payer, `issuer 1` or `funder 1`.
        #[arg(long, group = "word", requires = "line")]
        received_from: Option<String>,
        /// With --line: it is another payment than one that looks the same.
        #[arg(long, group = "word", requires = "line")]
        another: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Requests approval for undoing the booking of a line of the bank statement, or a booking by hand for a payer.
    Undo {
        /// The line, as `payout statement` names it, or the reference.
        line: String,
        /// Of a payment that was booked by hand: `issuer 1` or `funder 1`.
        #[arg(long)]
        received_from: Option<String>,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Payouts that were approved.
    List {
        #[command(flatten)]
        list: ListArgs,
    },
}

#[derive(Subcommand)]
pub(super) enum ReconCommand {
    /// Compares a detail file with the ledger and opens exceptions.
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
        list: ListArgs,
    },
    /// Totals that acquirers asked about (0500), the last of each of their days.
    Totals {
        #[command(flatten)]
        list: ListArgs,
    },
    /// An issuer takes a payment back (chargeback): it becomes an exception, and two people decide who is liable.
    Dispute {
        /// The payment's record.
        record: u64,
        /// Yen.
        #[arg(long, value_parser = super::common::amount)]
        amount: i64,
        /// The issuer's reference: it is entered once.
        #[arg(long)]
        reference: String,
        /// The issuer's words.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Open exceptions, or all.
    Exceptions {
        /// Also resolved ones.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        list: ListArgs,
    },
    /// Sets the owner of an exception, or adds a note.
    Note {
        /// The exception, or the beginning of its number.
        exception: String,
        /// The note.
        note: String,
        /// Its owner from now on.
        #[arg(long)]
        owner: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Requests approval of an exception's resolution; another person decides.
    Resolve {
        /// The exception, or the beginning of its number.
        exception: String,
        /// explained, booked_issuer, booked_merchant or written_off.
        how: String,
        /// The reason, which the record keeps.
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
        /// The reason, which the security log keeps with your name.
        #[arg(long)]
        why: String,
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
    /// The report.
    #[arg(value_parser = report_kind())]
    kind: ReportKind,
    /// The business day: its lines, or balances at its end.
    #[arg(long)]
    day: Option<String>,
    /// The month, 2026-11, of the report month.
    #[arg(long)]
    month: Option<String>,
    /// Balances after this record.
    #[arg(long)]
    seq: Option<u64>,
    /// The settlement.
    #[arg(long)]
    settlement: Option<u32>,
    /// The reason, which the security log keeps with your name.
    #[arg(long)]
    why: String,
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
    /// The reason for your look: the security log keeps it with your name.
    #[arg(long)]
    why: String,
    /// Write it to this file: .xlsx, .csv or .pdf.
    #[arg(long)]
    out: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn day(command: DayCommand) -> anyhow::Result<()> {
    match command {
        DayCommand::Status { list: args } => list(ListDays {}, &args).await,
        DayCommand::Close { day, cut_over, why, without, common } => {
            let why = why.unwrap_or_else(|| shown(&CliText::Compared));
            close(Close { day, cut_over, why, without }, &common).await
        }
    }
}

/// The result of closing a day, step by step.
#[derive(serde::Serialize)]
struct Closed {
    day: String,
    steps: Vec<serde_json::Value>,
}

/// A day to be closed, and its records' words.
struct Close {
    day: Option<String>,
    cut_over: bool,
    why: String,
    without: Vec<String>,
}

/// Skips the finished steps of a day; the first refusal ends it.
async fn close(close: Close, common: &Common) -> anyhow::Result<()> {
    let config = Config::load(&common.config)?;
    let backend = Backend::commands(&config, common).await?;
    let result = steps(&backend, close).await;
    backend.close().await?;
    show(result, common)
}

async fn steps(backend: &Backend, close: Close) -> Result<Closed, CallError> {
    let Close { day, cut_over, why, without } = close;
    let json = |answer: serde_json::Result<serde_json::Value>| answer.map_err(|e| CallError::Failed(e.into()));
    let mut steps = Vec::new();
    let ended = |d: &&DayView| d.state != "open" && d.state != "signed";
    let days = walk(backend, ListDays {}, None).await?.items;
    let open = days.iter().find(|d| d.state == "open").map(|d| d.day.clone());
    // A day that ended and is not signed comes first: running it again ends no second day.
    let waits = days.iter().any(|d| ended(&d));
    if let Some(open) = open.filter(|open| cut_over && (day.as_ref() == Some(open) || (day.is_none() && !waits))) {
        steps.push(json(serde_json::to_value(backend.call(CutOver { day: open, why: why.clone() }).await?))?);
    }
    let days = walk(backend, ListDays {}, None).await?.items;
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
                let (file, contracts) = (&file.display().to_string(), contracts.contracts.len().into());
                say!("{}", shown(&CliText::ContractsGood { file, contracts }));
                Ok(())
            }
            Err(problems) => {
                problems.iter().for_each(|p| tell!("{}: {}", file.display(), shown(p)));
                Err(CheckFailed(shown(&CliText::Problems { problems: problems.len().into() })).into())
            }
        },
        ContractCommand::Sample => {
            print_text!("{}", kazasu_documents::contracts::SAMPLE);
            Ok(())
        }
        ContractCommand::Propose { file, why, common } => {
            let (source, file) = (text(&file)?, super::common::file_name(&file));
            one(ProposeContracts { source, file, why }, &common).await
        }
        ContractCommand::Quote { merchant, payments, day, contract, common } => {
            query(AskQuote { merchant, day, contract, payments }, &common).await
        }
        ContractCommand::Show { common } => match question(ShowContracts {}, &common).await {
            // Before the first contracts are in force, there is no file to show either.
            Ok(first) if !common.json && first.version == 0 => {
                say!("{}", none());
                Ok(())
            }
            result => show(result, &common),
        },
    }
}

pub(super) async fn settle(received: Option<BookReceived>, args: &ListArgs) -> anyhow::Result<()> {
    match received {
        Some(received) => one(received, &args.common).await,
        None => list(ListSettlements {}, args).await,
    }
}

pub(super) async fn payout(command: PayoutCommand) -> anyhow::Result<()> {
    match command {
        PayoutCommand::Propose { value_date, settlement, why, common } => {
            let settlements = (!settlement.is_empty()).then_some(settlement);
            one(ProposePayout { value_date, settlements, why }, &common).await
        }
        PayoutCommand::Cancel { payout, why, common } => one(ProposeCancelPayout { payout, why }, &common).await,
        PayoutCommand::List { list: args } => list(ListPayouts {}, &args).await,
        PayoutCommand::File { payout, format, out, why, common } => {
            let config = Config::load(&common.config)?;
            let backend = Backend::commands(&config, &common).await?;
            let files = backend.call(MakePayoutFiles { payout, format: format.into(), why: Some(why) }).await;
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
        ReconCommand::Run { list: args } => list(ListRuns {}, &args).await,
        ReconCommand::Totals { list: args } => list(ListTotals {}, &args).await,
        ReconCommand::Dispute { record, amount, reference, why, common } => {
            one(OpenDispute { record, amount, reference, why }, &common).await
        }
        ReconCommand::Exceptions { all, list: args } => list(ListExceptions { all }, &args).await,
        ReconCommand::Note { exception, note, owner, common } => {
            one(NoteException { exception, owner, note }, &common).await
        }
        ReconCommand::Resolve { exception, how, why, common } => {
            one(ProposeResolution { exception, how, why }, &common).await
        }
        ReconCommand::Import { file, against, party, from, until, common } => {
            let file = kazasu_security::files::read(&file)?;
            let config = Config::load(&common.config)?;
            let backend = Backend::commands(&config, &common).await?;
            let result = backend.send(CompareFile { against, party, from, until, file: file.into() }).await;
            backend.close().await?;
            let found = result.as_ref().map_or((0, 0), |compared| (compared.exceptions, compared.bad_lines));
            show(result, &common)?;
            match found {
                (0, 0) => Ok(()),
                (exceptions, lines) => Err(CheckFailed(shown(&UsageText::Found { exceptions, lines })).into()),
            }
        }
        ReconCommand::Export { against, party, from, until, why, out, common } => {
            let config = Config::load(&common.config)?;
            let journal = Journal::reading(&config, kazasu_core::State::new()).await?;
            journal.admit(Name::MakeClearingFile, About::Nothing, Some(&why)).await?;
            let until = until.unwrap_or_else(|| from.clone());
            let with = CompareWith::new(&against, &party, (&from, &until)).map_err(refused)?;
            let mut file = std::io::BufWriter::new(kazasu_security::files::PrivateFile::create(&out)?);
            let (rows, sum) = clearing_file(config.store().as_ref(), &with, &mut file).await?;
            file.into_inner().map_err(|e| errors::unwritable(&out, &e.into_error()))?.finish()?;
            let text = CliText::Clearing { file: &out.display().to_string(), lines: Count(rows), sum };
            say!("{}", shown(&text));
            Ok(())
        }
    }
}

pub(super) async fn report(args: ReportArgs) -> anyhow::Result<()> {
    let ReportArgs { kind, day, month, seq, settlement, why, out, shift_jis, common } = args;
    let why = Some(why);
    let config = Config::load(&common.config)?;
    let journal = Journal::reading(&config, place::fold(&config).await?).await?;
    if out.as_ref().is_some_and(|path| path.extension().is_some_and(|e| e == "pdf")) {
        let settlement = settlement.ok_or_else(|| Said::of(&UsageText::WhichLetter))?;
        return write_pdf(&out.unwrap_or_default(), journal.call(MakeLetter { settlement, why }).await?);
    }
    let report = journal.call(MakeReport { kind, day, month, seq, settlement, why }).await?;
    super::report::give(&report, Output { path: out.as_deref(), shift_jis, json: common.json })
}

fn write_pdf(path: &Path, pdf: kazasu_report::pdf::Pdf) -> anyhow::Result<()> {
    kazasu_security::files::write_private(path, &pdf.bytes)?;
    say!("{}", shown(&CliText::Pages { file: &path.display().to_string(), pages: pdf.pages.into() }));
    Ok(())
}

pub(super) async fn statement(args: StatementArgs) -> anyhow::Result<()> {
    let StatementArgs { ppid, from, until, why, out, common } = args;
    let config = Config::load(&common.config)?;
    // Resident statements come from their own table and need no state.
    let journal = Journal::reading(&config, kazasu_core::State::new()).await?;
    let statement = journal.call(ResidentStatement { ppid, from, until, why: Some(why) }).await?;
    match out {
        Some(path) if path.extension().is_some_and(|e| e == "pdf") => {
            let pdf = statement.letter(&config.file.book).await;
            write_pdf(&path, pdf.map_err(refused)?)
        }
        out => {
            let output = Output { path: out.as_deref(), shift_jis: false, json: common.json };
            super::report::give(&statement.report, output)
        }
    }
}

pub(super) async fn explain(record: u64, why: String, common: &Common) -> anyhow::Result<()> {
    let config = Config::load(&common.config)?;
    let journal = Journal::reading(&config, kazasu_core::State::new()).await?;
    show(journal.call(Explain { record, why: Some(why) }).await, common)
}
