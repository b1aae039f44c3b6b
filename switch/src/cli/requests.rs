//! The actions of portals and operators at the command line: through the running switch if there is one, else on its
//! journal.

use super::approval;
use super::backend::{Backend, one, query};
use super::common::{CheckFailed, Common, amount};
use super::import::{self, ImportArgs};
use super::list::{ListArgs, list};
use crate::language::shown;
use anyhow::Context;
use clap::Subcommand;
use kazasu_api::client::CallError;
use kazasu_api::doors;
use kazasu_console::{say, tell};
use kazasu_serve::config::Config;
use kazasu_services::access::Service;
use kazasu_services::approvals::OneDecision;
use kazasu_services::import::{ImportLinks, LookAtLinks};
use kazasu_services::keys::RotateSeals;
use kazasu_services::operators::{DecideAdvice, ListAdvices, ListNotices, RetryNotice};
use kazasu_services::policy::FundProgramme;
use kazasu_services::residents::{
    ApplyStatusList, BindCertificate, BreakLink, CreditPurse, DecideLink, FindResident, IssueTemporary,
    ListBrokenLinks, ListSharedAccounts, ListWaitingLinks, MergePeople, ProposeRetarget, RemoveLink, ReplaceCard,
    SetCard, SetLimits, SetLink, SetSpendable, ShowResident,
};
use kazasu_services::{Outcome, Patch, Recorded};
use kazasu_text::cli::CliText;
use kazasu_text::requests::CallText;
use kazasu_text::usage::UsageText;
use kazasu_text::{Because, Count, Said};
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub(super) enum LinkCommand {
    /// Imports a file (.xlsx or CSV); bad rows are reported by line and never block the others.
    Import(ImportArgs),
    /// Links or relinks a PPID. The number is read from standard input, so that it is in no list of processes.
    Set {
        /// The person.
        ppid: String,
        /// credit, debit, bank or on_us.
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
        /// The reason for your look: the security log keeps it with your name.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// The queue of broken links.
    Broken {
        #[command(flatten)]
        list: ListArgs,
    },
    /// Public-receipt accounts under several PPIDs.
    Shared {
        #[command(flatten)]
        list: ListArgs,
    },
    /// Puts a link into the queue: account closed, merged into another, holder deceased.
    Break {
        /// The person.
        ppid: String,
        /// The event, for example that the account is closed.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Requests approval of a new instrument for a broken link. The number is read from standard input.
    Propose {
        /// The person.
        ppid: String,
        /// credit, debit, bank or on_us.
        #[arg(long)]
        kind: String,
        #[command(flatten)]
        common: Common,
    },
    /// Finds the resident who calls: by the ID that is read out, or by a receipt.
    Find {
        /// A PPID or temporary ID, in any groups.
        #[arg(long, value_name = "PPID")]
        ppid: Option<String>,
        /// The terminal that the receipt names.
        #[arg(long)]
        terminal: Option<String>,
        /// The receipt's day, or its time with the offset.
        #[arg(long)]
        at: Option<String>,
        /// The receipt's amount, yen.
        #[arg(long, value_parser = amount)]
        amount: Option<i64>,
        /// The reason, which the security log keeps with your name.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Lists links that wait for staff: another person has the instrument linked.
    Waiting {
        #[command(flatten)]
        list: ListArgs,
    },
    /// Allows a link that waits for staff; denied when --approve is absent.
    Allow {
        /// Its number.
        proposal: u64,
        /// The fingerprint of what you looked at, as `approval show` prints it; its first twelve characters are enough.
        #[arg(long)]
        fingerprint: String,
        /// Approve it; rejected when absent.
        #[arg(long)]
        approve: bool,
        /// The reason, which the record keeps.
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
    /// Suspends a card or revokes it. Letting it be used again (good) asks for approval: another person decides.
    Status {
        /// The person.
        ppid: String,
        /// good, suspended or revoked.
        status: String,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Asks that a certificate belongs to a person's card from now on; another person decides.
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
        /// The reason, which the record keeps.
        #[arg(long, default_value = "", hide_default_value = true)]
        why: String,
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
    /// Asks to merge a temporary ID into a person's PPID, with all that belongs to it; another person approves it.
    Merge {
        /// The temporary ID.
        from: String,
        /// The person's PPID.
        into: String,
        /// The reason, which the record keeps.
        #[arg(long, default_value = "", hide_default_value = true)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Asks that the PPID of a new card takes the place of the old one's, with link, purses, points, limits and history; another
    /// person approves it, and the old PPID pays no more.
    Replace {
        /// The PPID of the card that was replaced.
        from: String,
        /// The PPID of the new card.
        into: String,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Subcommand)]
pub(super) enum LimitsCommand {
    /// Sets a resident's own limits; omitted ones stay. A lower limit applies at once, a higher one from tomorrow.
    #[command(group(clap::ArgGroup::new("limits").required(true).multiple(true).args(["tap", "day", "month", "decline"])))]
    Set {
        /// The person.
        ppid: String,
        /// Yen per tap; `none` takes the limit away.
        #[arg(long, value_name = "YEN|none", value_parser = limit)]
        tap: Option<Patch<i64>>,
        /// Yen per day; `none` takes the limit away.
        #[arg(long, value_name = "YEN|none", value_parser = limit)]
        day: Option<Patch<i64>>,
        /// Yen per month; `none` takes the limit away.
        #[arg(long, value_name = "YEN|none", value_parser = limit)]
        month: Option<Patch<i64>>,
        /// Decline beyond the month's limit; `--decline=no`: only tell.
        #[arg(long, value_name = "yes|no", num_args = 0..=1, require_equals = true, default_missing_value = "yes", value_parser = yes)]
        decline: Option<bool>,
        #[command(flatten)]
        common: Common,
    },
    /// Sets the month's limit from a household's declaration, which is not kept.
    Spendable {
        /// The person.
        ppid: String,
        /// Income a year, yen.
        #[arg(long, value_parser = super::common::amount)]
        income: i64,
        /// People in the household.
        #[arg(long)]
        household: u32,
        /// It pays rent or a housing loan.
        #[arg(long)]
        housing: bool,
        /// Credit debts to be paid in a year, yen.
        #[arg(long, default_value_t = 0, value_parser = super::common::amount)]
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
    /// Asks to book a payment into a purse programme's fund; another person approves it.
    Fund {
        /// The programme's number.
        programme: u16,
        /// Yen.
        #[arg(value_parser = super::common::amount)]
        amount: i64,
        /// The payment's own: it is booked once.
        #[arg(long)]
        reference: String,
        /// The reason, which the record keeps.
        #[arg(long, default_value = "", hide_default_value = true)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Asks to credit purse money to a resident; once another person has approved it, it can be spent.
    Credit {
        /// The person.
        ppid: String,
        /// The programme's number.
        programme: u16,
        /// Yen.
        #[arg(value_parser = super::common::amount)]
        amount: i64,
        /// The payment's own: it is booked once for the person and programme.
        #[arg(long)]
        reference: String,
        /// The reason, which the record keeps.
        #[arg(long, default_value = "", hide_default_value = true)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Subcommand)]
pub(super) enum AdviceCommand {
    /// Offline payments above the floor limit of their terminal's class that wait for a decision.
    List {
        #[command(flatten)]
        list: ListArgs,
    },
    /// Accepts one, or refuses it.
    Decide {
        /// Its record.
        record: u64,
        /// Accept it: it is posted, and its issuer is notified. Refused when absent: its holds are released.
        #[arg(long)]
        accept: bool,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Subcommand)]
pub(super) enum NoticeCommand {
    /// Owed notices, dead-lettered ones included.
    List {
        #[command(flatten)]
        list: ListArgs,
    },
    /// Tries a dead-lettered notice again.
    Retry {
        /// Its number, like 123-0.
        notice: String,
        #[command(flatten)]
        common: Common,
    },
}

pub(super) async fn link(command: LinkCommand) -> anyhow::Result<()> {
    match command {
        LinkCommand::Import(args) => import::run(args, (ImportLinks, LookAtLinks)).await,
        LinkCommand::Set { ppid, kind, pin_verified, from, common } => {
            one(SetLink { ppid, kind, number: number()?, pin_verified, from }, &common).await
        }
        LinkCommand::Remove { ppid, pin_verified, from, common } => {
            one(RemoveLink { ppid, pin_verified, from }, &common).await
        }
        LinkCommand::Show { ppid, why, common } => query(ShowResident { ppid, why: Some(why) }, &common).await,
        LinkCommand::Broken { list: args } => list(ListBrokenLinks {}, &args).await,
        LinkCommand::Shared { list: args } => list(ListSharedAccounts {}, &args).await,
        LinkCommand::Break { ppid, why, common } => one(BreakLink { ppid, why }, &common).await,
        LinkCommand::Propose { ppid, kind, common } => {
            one(ProposeRetarget { ppid, kind, number: number()? }, &common).await
        }
        LinkCommand::Find { ppid, terminal, at, amount, why, common } => {
            query(FindResident { ppid, terminal, at, amount, why: Some(why) }, &common).await
        }
        LinkCommand::Waiting { list: args } => list(ListWaitingLinks {}, &args).await,
        LinkCommand::Allow { proposal, fingerprint, approve, why, common } => {
            let answer = if approve { "approve" } else { "deny" }.to_owned();
            let decided = OneDecision { approval: proposal, answer, fingerprint, why, signature: None };
            let (decided, common) = (&decided, &common);
            approval::signed_as(decided, common, |OneDecision { approval, fingerprint, why, signature, .. }| {
                DecideLink { proposal: approval, fingerprint, approve, why, signature }
            })
            .await
        }
        LinkCommand::Rotate { common } => one(RotateSeals {}, &common).await,
    }
}

pub(super) async fn card(command: CardCommand) -> anyhow::Result<()> {
    match command {
        CardCommand::Status { ppid, status, why, common } => one(SetCard { ppid, status, why }, &common).await,
        CardCommand::Bind { ppid, serial, issuer, last_day, why, common } => {
            one(BindCertificate { ppid, serial, issuer, last_day, why }, &common).await
        }
        CardCommand::List { file, common } => {
            let bytes = kazasu_security::files::read(&file)?;
            one(ApplyStatusList { list: hex::encode(bytes) }, &common).await
        }
        CardCommand::Temporary { ppid, until, common } => one(IssueTemporary { ppid, until }, &common).await,
        CardCommand::Merge { from, into, why, common } => one(MergePeople { from, into, why }, &common).await,
        CardCommand::Replace { from, into, why, common } => one(ReplaceCard { from, into, why }, &common).await,
    }
}

/// A limit: yen, or none.
fn limit(text: &str) -> Result<Patch<i64>, String> {
    match text {
        "none" => Ok(Patch::Remove),
        yen => super::common::amount(yen).map(Patch::Set).map_err(|e| format!("{e}; or `none`")),
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
        PurseCommand::Fund { programme, amount, reference, why, common } => {
            one(FundProgramme { programme, amount, reference, why }, &common).await
        }
        PurseCommand::Credit { ppid, programme, amount, reference, why, common } => {
            one(CreditPurse { ppid, programme, amount, reference, why }, &common).await
        }
    }
}

pub(super) async fn advice(command: AdviceCommand) -> anyhow::Result<()> {
    match command {
        AdviceCommand::List { list: args } => list(ListAdvices {}, &args).await,
        AdviceCommand::Decide { record, accept, why, common } => {
            one(DecideAdvice { record, accept, why }, &common).await
        }
    }
}

pub(super) async fn notice(command: NoticeCommand) -> anyhow::Result<()> {
    match command {
        NoticeCommand::List { list: args } => list(ListNotices {}, &args).await,
        NoticeCommand::Retry { notice, common } => one(RetryNotice { notice }, &common).await,
    }
}

/// The result of a line of a file, for the file's sums.
#[derive(Default, serde::Deserialize)]
struct LineAnswer {
    #[serde(flatten)]
    recorded: Option<Recorded>,
    /// An ID that was made.
    ppid: Option<String>,
}

/// Carries out a file of operations, one object a line. It reports a refused line and continues.
pub(super) async fn apply(file: &Path, common: Common) -> anyhow::Result<()> {
    let text = kazasu_security::files::read_text(file)?;
    let config = Config::load(&common.config)?;
    let backend = Backend::commands(&config, &common).await?;
    let (mut recorded, mut unchanged, mut refused) = (0_u64, 0_u64, 0_u64);
    let name = file.display().to_string();
    let line_of = |line: u64, text: &str| shown(&CliText::LineOf { file: &name, line, text });
    // An object has no raw line break inside, for each kind of line ending.
    for (line, n) in text.replace("\r\n", "\n").split(['\n', '\r']).zip(1..) {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        match backend.line(line).await {
            Ok(LineAnswer { recorded: Some(Recorded { result: Outcome::Unchanged }), .. }) => unchanged += 1,
            Ok(answer) => {
                recorded += 1;
                // No other place has an ID that was made here.
                if let Some(made) = answer.ppid.filter(|_| !line.contains("\"ppid\"")) {
                    tell!("{}", line_of(n, &made));
                }
            }
            Err(CallError::Rejected(why)) => {
                refused += 1;
                tell!("{}", line_of(n, &why));
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
        let [recorded, unchanged, refused] = [recorded, unchanged, refused].map(Count);
        let text = CliText::Applied { file: &name, recorded, unchanged, refused };
        say!("{}", shown(&text));
    }
    if refused > 0 {
        return Err(CheckFailed(shown(&CliText::OperationsRefused { refused: Count(refused) })).into());
    }
    Ok(())
}

impl Backend {
    /// One line of a file of operations.
    async fn line(&self, line: &str) -> Result<LineAnswer, CallError> {
        let object = kazasu_api::json::object(line.as_bytes());
        let misread = |error: kazasu_api::json::JsonError| {
            CallError::Rejected(shown(&CallText::CannotBeRead { why: &error.said() }))
        };
        let mut object = object.map_err(misread)?;
        let word = doors::word(&mut object).map_err(misread)?;
        let answer = match self {
            Backend::Running(switch) => switch.carry_out(Service::Operations, (&word, object)).await?,
            Backend::Journal(journal) => journal.open((&word, object)).await?,
        };
        // A question's answer may be a list: it says nothing of a record.
        Ok(if answer.is_object() { serde_json::from_value(answer).unwrap_or_default() } else { LineAnswer::default() })
    }
}

/// The longest standard input, bytes.
const MOST_NUMBER: u64 = 4_096;

/// A card or account number from standard input.
fn number() -> anyhow::Result<String> {
    let (mut text, input) = (String::new(), std::io::stdin());
    let read = match input.is_terminal() {
        true => input.read_line(&mut text),
        false => input.lock().take(MOST_NUMBER).read_to_string(&mut text),
    };
    read.because(|| Said::of(&UsageText::StandardInput))?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let number = lines.next().with_context(|| shown(&UsageText::NumberFromInput))?;
    let more = lines.count();
    anyhow::ensure!(more == 0, shown(&UsageText::OneNumber { lines: (more + 1).into() }));
    Ok(number.to_owned())
}
