//! What portals and operators ask for, from the command line: through the running switch when there is one, else into its
//! journal.

use super::CheckFailed;
use super::backend::{Backend, look, one};
use super::import::{self, ImportArgs};
use crate::api::address;
use crate::client::CallError;
use crate::client::Limits;
use crate::config::Config;
use anyhow::Context;
use clap::{Args, Subcommand};
use kazasu_console::{say, tell};
use kazasu_services::access::Service;
use kazasu_services::import::ImportLinks;
use kazasu_services::operators::{DecideAdvice, ListAdvices, ListNotices, RetryNotice, RotateSeals};
use kazasu_services::policy::FundProgramme;
use kazasu_services::residents::{
    ApplyStatusList, BindCertificate, BreakLink, CreditPurse, DecideRetarget, IssueTemporary, ListBrokenLinks,
    ListSharedAccounts, MergePeople, ProposeRetarget, RemoveLink, SetCard, SetLimits, SetLink, SetSpendable,
    ShowResident,
};
use kazasu_services::{Outcome, Recorded, Said};
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

/// What every one of these commands has.
#[derive(Args, Clone)]
pub(super) struct Common {
    /// The configuration file.
    #[arg(long, default_value = "kazasu.toml")]
    pub(super) config: PathBuf,
    /// Who asks, as the records keep it: `operator`, or a name of [http.people] in the key file.
    #[arg(long, default_value = "operator")]
    pub(super) by: String,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Subcommand)]
pub(super) enum LinkCommand {
    /// Imports a file (.xlsx or CSV); bad rows are reported by line and never block the others.
    Import(ImportArgs),
    /// Links or relinks a PPID. The number is read from standard input, so that it is in no list of processes.
    Set {
        /// The person.
        ppid: String,
        /// credit, debit, bank or held.
        #[arg(long)]
        kind: String,
        /// The card's PIN was entered and is right.
        #[arg(long)]
        pin_verified: bool,
        /// A date or time from which the link holds; now when absent.
        #[arg(long)]
        from: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Ends a link.
    Remove {
        /// The person.
        ppid: String,
        /// The card's PIN was entered and is right.
        #[arg(long)]
        pin_verified: bool,
        /// A date or time; now when absent.
        #[arg(long)]
        from: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Shows a person: links, card, purses, points, limits.
    Show {
        /// The person.
        ppid: String,
        #[command(flatten)]
        common: Common,
    },
    /// The queue of broken links.
    Broken {
        #[command(flatten)]
        common: Common,
    },
    /// Public-receipt accounts under several PPIDs.
    Shared {
        #[command(flatten)]
        common: Common,
    },
    /// Puts a link into the queue: account closed, merged into another, holder deceased.
    Break {
        /// The person.
        ppid: String,
        /// What happened.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Proposes a new instrument for a broken link. The number is read from standard input.
    Propose {
        /// The person.
        ppid: String,
        /// credit, debit, bank or held.
        #[arg(long)]
        kind: String,
        #[command(flatten)]
        common: Common,
    },
    /// Approves a proposal, or turns it down; by another person than who proposed.
    Decide {
        /// The person.
        ppid: String,
        /// Approve it; turned down when absent.
        #[arg(long)]
        approve: bool,
        /// Why.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Seals every card number again that is not sealed under the current key; then the older keys can go.
    Rotate {
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Subcommand)]
pub(super) enum CardCommand {
    /// Suspends a card, revokes it, or lets it be used again (good).
    Status {
        /// The person.
        ppid: String,
        /// good, suspended or revoked.
        status: String,
        /// Why.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// A certificate belongs to a person's card from now on.
    Bind {
        /// The person.
        ppid: String,
        /// Serial number, hexadecimal.
        #[arg(long)]
        serial: String,
        /// The authority that issued it, as in "C=JP, O=JPKI, OU=JPKI for user authentication"; needed where several are configured.
        #[arg(long)]
        issuer: Option<String>,
        /// The certificate's last day.
        #[arg(long)]
        last_day: String,
        #[command(flatten)]
        common: Common,
    },
    /// Takes a card status list (X.509 CRL, DER or PEM) over.
    List {
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        common: Common,
    },
    /// Issues a temporary ID.
    Temporary {
        /// The ID; a random one when absent.
        ppid: Option<String>,
        /// Its last day.
        #[arg(long)]
        until: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Merges a temporary ID into a person's PPID, with all that belongs to it.
    Merge {
        /// The temporary ID.
        from: String,
        /// The person's PPID.
        into: String,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Subcommand)]
pub(super) enum LimitsCommand {
    /// Sets a resident's own limits; those that are not named stay. What is lower holds at once, what is higher from tomorrow.
    #[command(group(clap::ArgGroup::new("limits").required(true).multiple(true).args(["tap", "day", "month", "decline"])))]
    Set {
        /// The person.
        ppid: String,
        /// Yen per tap; `none` takes the limit away.
        #[arg(long, value_name = "YEN|none", value_parser = limit)]
        tap: Option<Said<i64>>,
        /// Yen per day; `none` takes the limit away.
        #[arg(long, value_name = "YEN|none", value_parser = limit)]
        day: Option<Said<i64>>,
        /// Yen per month; `none` takes the limit away.
        #[arg(long, value_name = "YEN|none", value_parser = limit)]
        month: Option<Said<i64>>,
        /// Decline beyond the month's limit; `--decline=no`: only tell.
        #[arg(long, value_name = "yes|no", num_args = 0..=1, require_equals = true, default_missing_value = "yes", value_parser = yes)]
        decline: Option<bool>,
        #[command(flatten)]
        common: Common,
    },
    /// Sets the month's limit from what a household declares; the declaration is not kept.
    Spendable {
        /// The person.
        ppid: String,
        /// Income a year, yen.
        #[arg(long, value_parser = super::amount)]
        income: i64,
        /// People in the household.
        #[arg(long)]
        household: u32,
        /// It pays rent or a housing loan.
        #[arg(long)]
        housing: bool,
        /// Credit debts to be paid in a year, yen.
        #[arg(long, default_value_t = 0, value_parser = super::amount)]
        debts: i64,
        /// Decline beyond it; `--decline=no`: only tell. It stays as it is when absent.
        #[arg(long, value_name = "yes|no", num_args = 0..=1, require_equals = true, default_missing_value = "yes", value_parser = yes)]
        decline: Option<bool>,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Subcommand)]
pub(super) enum PurseCommand {
    /// Books a payment into a purse programme's fund.
    Fund {
        /// The programme's number.
        programme: u16,
        /// Yen.
        #[arg(value_parser = super::amount)]
        amount: i64,
        /// The payment's own: it is booked once.
        #[arg(long)]
        reference: String,
        #[command(flatten)]
        common: Common,
    },
    /// Credits purse money to a resident; it can be spent at once.
    Credit {
        /// The person.
        ppid: String,
        /// The programme's number.
        programme: u16,
        /// Yen.
        #[arg(value_parser = super::amount)]
        amount: i64,
        /// The payment's own: it is booked once for the person and programme.
        #[arg(long)]
        reference: String,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Subcommand)]
pub(super) enum AdviceCommand {
    /// Offline payments above the floor limit of their terminal's class that nobody has decided yet.
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Accepts one, or refuses it. By a person, not by `operator`.
    Decide {
        /// Its record.
        record: u64,
        /// Accept it: it is posted, and its issuer is told. Refused when absent: what was reserved is released.
        #[arg(long)]
        accept: bool,
        /// Why.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Subcommand)]
pub(super) enum NoticeCommand {
    /// Notices that are owed, those that were given up included.
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Tries a notice again that was given up.
    Retry {
        /// Its number, like 123-0.
        notice: String,
        #[command(flatten)]
        common: Common,
    },
}

pub(super) async fn link(command: LinkCommand) -> anyhow::Result<()> {
    match command {
        LinkCommand::Import(args) => import::run(args, ImportLinks).await,
        LinkCommand::Set { ppid, kind, pin_verified, from, common } => {
            one(SetLink { ppid, kind, number: number()?, pin_verified, from }, &common).await
        }
        LinkCommand::Remove { ppid, pin_verified, from, common } => {
            one(RemoveLink { ppid, pin_verified, from }, &common).await
        }
        LinkCommand::Show { ppid, common } => look(ShowResident { ppid }, &common).await,
        LinkCommand::Broken { common } => look(ListBrokenLinks {}, &common).await,
        LinkCommand::Shared { common } => look(ListSharedAccounts {}, &common).await,
        LinkCommand::Break { ppid, why, common } => one(BreakLink { ppid, why }, &common).await,
        LinkCommand::Propose { ppid, kind, common } => {
            one(ProposeRetarget { ppid, kind, number: number()? }, &common).await
        }
        LinkCommand::Decide { ppid, approve, why, common } => one(DecideRetarget { ppid, approve, why }, &common).await,
        LinkCommand::Rotate { common } => one(RotateSeals {}, &common).await,
    }
}

pub(super) async fn card(command: CardCommand) -> anyhow::Result<()> {
    match command {
        CardCommand::Status { ppid, status, why, common } => one(SetCard { ppid, status, why }, &common).await,
        CardCommand::Bind { ppid, serial, issuer, last_day, common } => {
            one(BindCertificate { ppid, serial, issuer, last_day }, &common).await
        }
        CardCommand::List { file, common } => {
            let bytes = kazasu_security::files::read(&file)?;
            one(ApplyStatusList { list: hex::encode(bytes) }, &common).await
        }
        CardCommand::Temporary { ppid, until, common } => one(IssueTemporary { ppid, until }, &common).await,
        CardCommand::Merge { from, into, common } => one(MergePeople { from, into }, &common).await,
    }
}

/// A limit: yen, or none.
fn limit(text: &str) -> Result<Said<i64>, String> {
    match text {
        "none" => Ok(Said::Remove),
        yen => super::amount(yen).map(Said::Set).map_err(|e| format!("{e}; or `none`")),
    }
}

fn yes(text: &str) -> Result<bool, String> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("expected `yes` or `no`".to_owned()),
    }
}

pub(super) async fn limits(command: LimitsCommand) -> anyhow::Result<()> {
    match command {
        LimitsCommand::Set { ppid, tap, day, month, decline, common } => {
            let [tap, day, month] = [tap, day, month].map(Option::unwrap_or_default);
            one(SetLimits { ppid, tap, day, month, decline }, &common).await
        }
        LimitsCommand::Spendable { ppid, income, household, housing, debts, decline, common } => {
            one(SetSpendable { ppid, income, household, housing, debts, decline }, &common).await
        }
    }
}

pub(super) async fn purse(command: PurseCommand) -> anyhow::Result<()> {
    match command {
        PurseCommand::Fund { programme, amount, reference, common } => {
            one(FundProgramme { programme, amount, reference }, &common).await
        }
        PurseCommand::Credit { ppid, programme, amount, reference, common } => {
            one(CreditPurse { ppid, programme, amount, reference }, &common).await
        }
    }
}

pub(super) async fn advice(command: AdviceCommand) -> anyhow::Result<()> {
    match command {
        AdviceCommand::List { common } => look(ListAdvices {}, &common).await,
        AdviceCommand::Decide { record, accept, why, common } => {
            one(DecideAdvice { record, accept, why }, &common).await
        }
    }
}

pub(super) async fn notice(command: NoticeCommand) -> anyhow::Result<()> {
    match command {
        NoticeCommand::List { common } => look(ListNotices {}, &common).await,
        NoticeCommand::Retry { notice, common } => one(RetryNotice { notice }, &common).await,
    }
}

/// What a line of a file came to, as far as the file's sums need it.
#[derive(serde::Deserialize)]
struct LineAnswer {
    #[serde(flatten)]
    recorded: Option<Recorded>,
    /// An ID that was made.
    ppid: Option<String>,
}

/// Carries out a file of operations, one object a line. A line that is refused is told and does not stop the others.
pub(super) async fn apply(file: &Path, common: Common) -> anyhow::Result<()> {
    let text = kazasu_security::files::read_text(file)?;
    let config = Config::load(&common.config)?;
    let backend = Backend::commands(&config, &common.by).await?;
    let (mut recorded, mut unchanged, mut refused) = (0_u64, 0_u64, 0_u64);
    // An object has no raw line break inside, whichever kind a program ends its lines with.
    for (line, n) in text.replace("\r\n", "\n").split(['\n', '\r']).zip(1..) {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        match backend.line(line).await {
            Ok(LineAnswer { recorded: Some(Recorded { result: Outcome::Unchanged }), .. }) => unchanged += 1,
            Ok(answer) => {
                recorded += 1;
                // An ID that was made here is known nowhere else.
                if let Some(made) = answer.ppid.filter(|_| !line.contains("\"ppid\"")) {
                    tell!("{} line {n}: {made}", file.display());
                }
            }
            Err(CallError::Rejected(why)) => {
                refused += 1;
                tell!("{} line {n}: {why}", file.display());
            }
            Err(CallError::Failed(error)) => {
                backend.close().await?;
                return Err(error);
            }
        }
    }
    backend.close().await?;
    if common.json {
        say!("{}", serde_json::json!({ "recorded": recorded, "unchanged": unchanged, "refused": refused }));
    } else {
        say!("{}: {recorded} recorded, {unchanged} unchanged, {refused} refused", file.display());
    }
    if refused > 0 {
        return Err(CheckFailed(format!("{refused} operations were refused")).into());
    }
    Ok(())
}

impl Backend {
    /// One line of a file of operations.
    async fn line(&self, line: &str) -> Result<LineAnswer, CallError> {
        let object = crate::json::object(line.as_bytes());
        let object = object.map_err(|error| CallError::Rejected(format!("cannot be read: {error}")))?;
        let answer = match self {
            Backend::Running(switch) => {
                return switch.post(address(Service::Operations), &object, Limits::ASK).await;
            }
            Backend::Journal(journal) => journal.open(object).await?,
        };
        serde_json::from_value(answer).map_err(|error| CallError::Failed(error.into()))
    }
}

/// The most that is read of standard input, bytes.
const MOST_NUMBER: u64 = 4_096;

/// A card or account number from standard input.
fn number() -> anyhow::Result<String> {
    let (mut text, input) = (String::new(), std::io::stdin());
    let read = match input.is_terminal() {
        true => input.read_line(&mut text),
        false => input.lock().take(MOST_NUMBER).read_to_string(&mut text),
    };
    read.context("cannot read the number from standard input")?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let number = lines.next().context("the card or account number is read from standard input, and there is none")?;
    let more = lines.count();
    anyhow::ensure!(
        more == 0,
        "standard input: one card or account number is expected, got {} lines; run the command once for each",
        more + 1
    );
    Ok(number.to_owned())
}
