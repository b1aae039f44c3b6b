//! `kazasu day`, `settle`, `payout`, `recon`, `report` and `contract`: finance staff at the command line.

use super::ask::Common;
use super::counter::{Counter, caller, folded, show};
use super::import::running;
use super::{Found, NONE};
use crate::admin::Desk;
use crate::client::{Refused, Switch, encoded};
use crate::closing::{About, ClosingAsk, CompareWith, ReportKind, clearing_file};
use crate::config::Config;
use crate::statement::Reader;
use anyhow::Context;
use clap::Subcommand;
use kazasu_console::{print_text, say, tell};
use kazasu_report::Report;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::relief::Format;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    /// Open differences, or all.
    Exceptions {
        /// Those that are resolved too.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Looks after a difference, or writes down what was found out.
    Note {
        /// The difference, or the beginning of its number.
        difference: String,
        /// What was found out.
        note: String,
        /// Who looks after it from here on.
        #[arg(long)]
        owner: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Proposes how a difference is resolved; another person decides.
    Resolve {
        /// The difference, or the beginning of its number.
        difference: String,
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

#[derive(clap::Args)]
pub(super) struct ReportArgs {
    /// Which.
    #[arg(value_enum)]
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
        DayCommand::Status { common } => look("days", &common).await,
        DayCommand::Close { day, cut_over, why, without, common } => {
            close(day, cut_over, (why, without), &common).await
        }
    }
}

/// Steps that are behind a day are skipped; the first that is refused ends it.
async fn close(
    day: Option<String>,
    cut_over: bool,
    (why, without): (String, Vec<String>),
    common: &Common,
) -> anyhow::Result<()> {
    let config = Config::load(&common.config)?;
    let mut counter = Counter::open(&config, &common.by).await?;
    let result = async {
        let mut steps: Vec<Value> = Vec::new();
        let days = look_with(&mut counter, "days").await?;
        let list = || days.as_array().into_iter().flatten();
        let open = list().find(|d| d["state"] == "open").and_then(|d| d["day"].as_str()).map(str::to_owned);
        // A day that ended and is not signed comes first: running it again ends no second day.
        let waits = list().any(|d| d["state"] != "open" && d["state"] != "signed");
        if let Some(open) = open.filter(|open| cut_over && (day.as_ref() == Some(open) || (day.is_none() && !waits))) {
            steps.push(carry_out(&mut counter, ClosingAsk::CutOver { day: open, why: why.clone() }).await?);
        }
        let days = look_with(&mut counter, "days").await?;
        let unsigned = days.as_array().into_iter().flatten().rev();
        let unsigned =
            unsigned.filter(|d| d["state"] != "open" && d["state"] != "signed").find_map(|d| d["day"].as_str());
        let day = day.clone().or_else(|| unsigned.map(str::to_owned));
        let day = day.ok_or_else(|| Refused::No("every business day that ended is signed".into()))?;
        steps.push(carry_out(&mut counter, ClosingAsk::Reconciled { day: day.clone(), why, without }).await?);
        steps.push(carry_out(&mut counter, ClosingAsk::Settle { day: day.clone() }).await?);
        steps.push(carry_out(&mut counter, ClosingAsk::Sign { day: day.clone() }).await?);
        Ok(serde_json::json!({ "day": day, "steps": steps }))
    }
    .await;
    counter.close().await?;
    show(result, common)
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
                Err(Found(format!("{} problems", problems.len())).into())
            }
        },
        ContractCommand::Sample => {
            print_text!("{}", kazasu_documents::contracts::SAMPLE);
            Ok(())
        }
        ContractCommand::Propose { file, why, common } => {
            one(ClosingAsk::Contracts { source: text(&file)?, why }, &common).await
        }
        ContractCommand::Show { common } => match looked("contracts", &common).await? {
            // Before the first contracts are in force, there is no file to show either.
            Ok(none) if !common.json && none["version"] == 0 => {
                say!("{NONE}");
                Ok(())
            }
            result => show(result, &common),
        },
    }
}

pub(super) async fn decide(proposal: u64, approve: bool, why: String, common: &Common) -> anyhow::Result<()> {
    one(ClosingAsk::Decide { proposal, approve, why }, common).await
}

pub(super) async fn settle(received: Option<ClosingAsk>, common: &Common) -> anyhow::Result<()> {
    match received {
        Some(received) => one(received, common).await,
        None => look("settlements", common).await,
    }
}

pub(super) async fn payout(command: PayoutCommand) -> anyhow::Result<()> {
    match command {
        PayoutCommand::Propose { value_date, settlement, why, common } => {
            let settlements = (!settlement.is_empty()).then_some(settlement);
            one(ClosingAsk::Payout { value_date, settlements, why }, &common).await
        }
        PayoutCommand::Cancel { payout, why, common } => one(ClosingAsk::CancelPayout { payout, why }, &common).await,
        PayoutCommand::List { common } => look("payouts", &common).await,
        PayoutCommand::File { payout, format, out, common } => {
            let format = match format {
                super::relief::FileFormat::Zengin => Format::Zengin,
                super::relief::FileFormat::Pain001 => Format::Pain001,
            };
            let config = Config::load(&common.config)?;
            let mut counter = Counter::open(&config, &common.by).await?;
            let result = match &mut counter {
                Counter::Running(switch) => {
                    let path = format!("/v1/closing/payouts/{payout}/file?format={}", format.name());
                    switch.ask(&path, &serde_json::json!({})).await
                }
                Counter::Here { desk, by, .. } => {
                    let files = desk.payout_files(payout, format, by).await;
                    files.map(|files| crate::relief::files_json(&files)).map_err(Refused::from)
                }
            };
            counter.close().await?;
            show(super::relief::written(result, &out)?, &common)
        }
        PayoutCommand::Statement { file, how, settlement, received_from, another, common } => {
            let mut said = vec![settlement.map(|s| format!("settlement {s}"))];
            said.push(received_from.map(|from| format!("received {from}")));
            said.push(another.then(|| "another".to_owned()));
            let is = said.into_iter().flatten().next();
            super::statement::read(&file, &how, is, Reader::Payouts, &common).await
        }
        PayoutCommand::Undo { line, received_from, why, common } => {
            one(ClosingAsk::Undo { line, from: received_from, why }, &common).await
        }
    }
}

pub(super) async fn recon(command: ReconCommand) -> anyhow::Result<()> {
    match command {
        ReconCommand::Run { common } => look("runs", &common).await,
        ReconCommand::Totals { common } => look("totals", &common).await,
        ReconCommand::Dispute { record, amount, reference, why, common } => {
            one(ClosingAsk::Dispute { record, amount, reference, why }, &common).await
        }
        ReconCommand::Exceptions { all, common } => look(if all { "differences" } else { "exceptions" }, &common).await,
        ReconCommand::Note { difference, note, owner, common } => {
            one(ClosingAsk::Note { difference, owner, note }, &common).await
        }
        ReconCommand::Resolve { difference, how, why, common } => {
            one(ClosingAsk::Resolve { difference, how, why }, &common).await
        }
        ReconCommand::Import { file, against, party, from, until, common } => {
            let bytes = kazasu_security::files::read(&file)?;
            let until = until.unwrap_or_else(|| from.clone());
            let config = Config::load(&common.config)?;
            let mut counter = Counter::open(&config, &common.by).await?;
            let result = match &mut counter {
                Counter::Running(switch) => {
                    let [against, party, from, until] = [&against, &party, &from, &until].map(|text| encoded(text));
                    let path = format!("/v1/closing/compare?against={against}&party={party}&from={from}&until={until}");
                    switch.file(&path, bytes).await
                }
                Counter::Here { desk, by, .. } => {
                    compare_here(desk, by, bytes, [&against, &party, &from, &until]).await
                }
            };
            counter.close().await?;
            let found = result.as_ref().ok().map(|r| (r["differences"].as_u64(), r["bad_lines"].as_u64()));
            show(result, &common)?;
            match found {
                Some((Some(0), Some(0))) | None => Ok(()),
                Some((differences, bad)) => {
                    let (differences, bad) = (differences.unwrap_or(0), bad.unwrap_or(0));
                    Err(Found(format!("{differences} differences, {bad} lines that cannot be read")).into())
                }
            }
        }
        ReconCommand::Export { against, party, from, until, out, common } => {
            let config = Config::load(&common.config)?;
            caller(&config, &common.by)?;
            let until = until.unwrap_or_else(|| from.clone());
            let with = CompareWith::new(&against, &party, &from, &until).map_err(|e| Found(e.to_string()))?;
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

async fn compare_here(desk: &Desk, by: &str, bytes: Vec<u8>, with: [&str; 4]) -> Result<Value, Refused> {
    let [against, party, from, until] = with;
    let with = CompareWith::new(against, party, from, until).map_err(Refused::from)?;
    let compared = desk.compare(Arc::new(bytes), with, by).await.map_err(Refused::from)?;
    serde_json::to_value(compared).map_err(|e| Refused::Broken(e.into()))
}

pub(super) async fn report(args: ReportArgs) -> anyhow::Result<()> {
    let day = args.day.as_deref().map(parse_day).transpose()?;
    let about = About { day, seq: args.seq, settlement: args.settlement };
    let config = Config::load(&args.common.config)?;
    caller(&config, &args.common.by)?;
    let state = Arc::new(super::policy::fold(&config).await?);
    let desk = folded(&config, state);
    let made = kazasu_engine::clock::now();
    if args.out.as_ref().is_some_and(|path| path.extension().is_some_and(|e| e == "pdf")) {
        let number = args.settlement.context("--settlement says which letter is wanted")?;
        let pdf = crate::closing::merchant_letter(&desk, number, &config.file.book, made).await;
        return write_pdf(&args.out.unwrap_or_default(), pdf.map_err(|e| Found(e.to_string()))?);
    }
    let report = crate::closing::report(&desk, args.kind, about, made).await.map_err(|e| Found(e.to_string()))?;
    super::report::give(&report, args.out.as_deref(), args.shift_jis, args.common.json)
}

fn write_pdf(path: &Path, pdf: kazasu_report::pdf::Pdf) -> anyhow::Result<()> {
    kazasu_security::files::write_private(path, &pdf.bytes)?;
    say!("{} ({} pages)", path.display(), pdf.pages);
    Ok(())
}

fn parse_day(text: &str) -> anyhow::Result<BusinessDay> {
    kazasu_schemas::typed::day(text).map_err(|e| anyhow::anyhow!("the day {e}, got {text:?}"))
}

pub(super) async fn statement(args: StatementArgs) -> anyhow::Result<()> {
    let config = Config::load(&args.common.config)?;
    caller(&config, &args.common.by)?;
    let person: Ppid = args.ppid.parse().map_err(|_| Found(format!("{:?} is no PPID", args.ppid)))?;
    let (from, until) = (parse_day(&args.from)?, parse_day(&args.until)?);
    // Statements come from their own table; the state is not asked.
    let desk = folded(&config, Arc::new(kazasu_core::State::new()));
    let made = kazasu_engine::clock::now();
    let of = crate::closing::StatementOf { person, from, until };
    let report: Report = crate::closing::resident_statement(&desk, of, made).await.map_err(|e| Found(e.to_string()))?;
    match args.out {
        Some(path) if path.extension().is_some_and(|e| e == "pdf") => {
            let pdf = crate::closing::statement_letter(&report, &config.file.book, &person.to_string()).await;
            write_pdf(&path, pdf.map_err(|e| Found(e.to_string()))?)
        }
        out => super::report::give(&report, out.as_deref(), false, args.common.json),
    }
}

pub(super) async fn explain(record: u64, common: &Common) -> anyhow::Result<()> {
    let config = Config::load(&common.config)?;
    caller(&config, &common.by)?;
    let story = kazasu_projections::explain(config.store().as_ref(), record).await?;
    show(story.ok_or_else(|| Refused::No(format!("record {record} is no tap"))), common)
}

async fn carry_out(counter: &mut Counter, ask: ClosingAsk) -> Result<Value, Refused> {
    let ask = ask.with_plain_parties();
    match counter {
        Counter::Running(switch) => switch.ask("/v1/closing/ask", &ask).await,
        Counter::Here { desk, by, .. } => desk.closing(ask, by).await.map_err(Refused::from),
    }
}

async fn one(ask: ClosingAsk, common: &Common) -> anyhow::Result<()> {
    let config = Config::load(&common.config)?;
    let mut counter = Counter::open(&config, &common.by).await?;
    let result = carry_out(&mut counter, ask).await;
    counter.close().await?;
    show(result, common)
}

async fn of(desk: &Desk, what: &str) -> Result<Value, crate::admin::AskError> {
    match what {
        "days" => desk.days().await,
        "settlements" => desk.settlements().await,
        "payouts" => desk.payouts().await,
        "runs" => desk.runs().await,
        "totals" => desk.totals().await,
        "exceptions" => desk.exceptions(false).await,
        "differences" => desk.exceptions(true).await,
        _ => desk.contracts().await,
    }
}

async fn look_with(counter: &mut Counter, what: &str) -> Result<Value, Refused> {
    match counter {
        Counter::Running(switch) => switch.get(&format!("/v1/closing/{what}")).await,
        Counter::Here { desk, .. } => of(desk, what).await.map_err(Refused::from),
    }
}

async fn look(what: &str, common: &Common) -> anyhow::Result<()> {
    show(looked(what, common).await?, common)
}

async fn looked(what: &str, common: &Common) -> anyhow::Result<Result<Value, Refused>> {
    let config = Config::load(&common.config)?;
    let caller = caller(&config, &common.by)?;
    Ok(match running(&config).await? {
        Some(http) => {
            let switch = Switch::new(&http, config.http_client(), &caller.token);
            switch.get(&format!("/v1/closing/{what}")).await
        }
        None => {
            let desk = folded(&config, Arc::new(super::policy::fold(&config).await?));
            of(&desk, what).await.map_err(Refused::from)
        }
    })
}
