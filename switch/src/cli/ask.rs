//! What portals and operators ask for, from the command line: through the running switch when there is one, else into its
//! journal.

use super::import::{self, ImportArgs, Place, What};
use super::{Found, NONE};
use crate::admin::{Ask, AskError};
use crate::client::{Refused, Switch, encoded};
use crate::config::Config;
use crate::json::Said;
use anyhow::Context;
use clap::{Args, Subcommand};
use kazasu_console::{print_text, say, tell};
use kazasu_ledger::record::LinkOrigin;
use kazasu_report::table::{Align, Lines};
use serde_json::Value;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use unicode_width::UnicodeWidthStr;

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
        LinkCommand::Import(args) => import::run(args, What::Links).await,
        LinkCommand::Set { ppid, kind, pin_verified, from, common } => {
            one(Ask::Link { ppid, kind, number: number()?, pin_verified, from }, &common).await
        }
        LinkCommand::Remove { ppid, pin_verified, from, common } => {
            one(Ask::Unlink { ppid, pin_verified, from }, &common).await
        }
        LinkCommand::Show { ppid, common } => look(Look::Resident(ppid), &common).await,
        LinkCommand::Broken { common } => look(Look::Broken, &common).await,
        LinkCommand::Shared { common } => look(Look::Shared, &common).await,
        LinkCommand::Break { ppid, why, common } => one(Ask::BreakLink { ppid, why }, &common).await,
        LinkCommand::Propose { ppid, kind, common } => {
            one(Ask::ProposeRetarget { ppid, kind, number: number()? }, &common).await
        }
        LinkCommand::Decide { ppid, approve, why, common } => {
            one(Ask::DecideRetarget { ppid, approve, why }, &common).await
        }
        LinkCommand::Rotate { common } => one(Ask::RotateSeals {}, &common).await,
    }
}

pub(super) async fn card(command: CardCommand) -> anyhow::Result<()> {
    match command {
        CardCommand::Status { ppid, status, why, common } => one(Ask::SetCard { ppid, status, why }, &common).await,
        CardCommand::Bind { ppid, serial, issuer, last_day, common } => {
            one(Ask::BindCertificate { ppid, serial, issuer, last_day }, &common).await
        }
        CardCommand::List { file, common } => {
            let bytes = kazasu_security::files::read(&file)?;
            one(Ask::ApplyList { list: hex::encode(bytes) }, &common).await
        }
        CardCommand::Temporary { ppid, until, common } => one(Ask::IssueTemporary { ppid, until }, &common).await,
        CardCommand::Merge { from, into, common } => one(Ask::Merge { from, into }, &common).await,
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
            one(Ask::SetLimits { ppid, tap, day, month, decline }, &common).await
        }
        LimitsCommand::Spendable { ppid, income, household, housing, debts, decline, common } => {
            one(Ask::SetSpendable { ppid, income, household, housing, debts, decline }, &common).await
        }
    }
}

pub(super) async fn purse(command: PurseCommand) -> anyhow::Result<()> {
    match command {
        PurseCommand::Fund { programme, amount, reference, common } => {
            one(Ask::FundProgramme { programme, amount, reference }, &common).await
        }
        PurseCommand::Credit { ppid, programme, amount, reference, common } => {
            one(Ask::CreditPurse { ppid, programme, amount, reference }, &common).await
        }
    }
}

pub(super) async fn advice(command: AdviceCommand) -> anyhow::Result<()> {
    match command {
        AdviceCommand::List { common } => look(Look::Advices, &common).await,
        AdviceCommand::Decide { record, accept, why, common } => {
            one(Ask::DecideAdvice { record, accept, why }, &common).await
        }
    }
}

pub(super) async fn notice(command: NoticeCommand) -> anyhow::Result<()> {
    match command {
        NoticeCommand::List { common } => look(Look::Notices, &common).await,
        NoticeCommand::Retry { notice, common } => one(Ask::RetryNotice { notice }, &common).await,
    }
}

/// Carries out a file of asks. A line that is refused is told and does not stop the others.
pub(super) async fn apply(file: &Path, common: Common) -> anyhow::Result<()> {
    let text = kazasu_security::files::read_text(file)?;
    let config = Config::load(&common.config)?;
    let mut desk = Counter::open(&config, &common.by).await?;
    let (mut recorded, mut unchanged, mut refused) = (0_u64, 0_u64, 0_u64);
    // An object has no raw line break inside, whichever kind a program ends its lines with.
    for (line, n) in text.replace("\r\n", "\n").split(['\n', '\r']).zip(1..) {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let result = match crate::json::read::<Ask>(line.as_bytes()) {
            Ok(ask) => desk.carry_out(&ask).await,
            Err(error) => Err(Refused::No(format!("cannot be read: {error}"))),
        };
        match result {
            Ok(value) if value["result"] == "unchanged" => unchanged += 1,
            Ok(value) => {
                recorded += 1;
                // An ID that was made here is known nowhere else.
                if let Some(made) = value["ppid"].as_str().filter(|_| !line.contains("\"ppid\"")) {
                    tell!("{} line {n}: {made}", file.display());
                }
            }
            Err(Refused::No(why)) => {
                refused += 1;
                tell!("{} line {n}: {why}", file.display());
            }
            Err(Refused::Broken(error)) => {
                desk.close().await?;
                return Err(error);
            }
        }
    }
    desk.close().await?;
    if common.json {
        say!("{}", serde_json::json!({ "recorded": recorded, "unchanged": unchanged, "refused": refused }));
    } else {
        say!("{}: {recorded} recorded, {unchanged} unchanged, {refused} refused", file.display());
    }
    if refused > 0 {
        return Err(Found(format!("{refused} asks were refused")).into());
    }
    Ok(())
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

pub(super) fn caller<'a>(config: &'a Config, by: &str) -> anyhow::Result<&'a crate::config::Caller> {
    let caller =
        config.callers.iter().find(|caller| kazasu_schemas::canonical::same(&caller.name, by) && !caller.portal);
    caller.with_context(|| {
        let names: Vec<&str> = config.callers.iter().filter(|c| !c.portal).map(|c| c.name.as_str()).collect();
        format!("--by {by:?} is nobody in the key file; known are {}", names.join(", "))
    })
}

impl From<AskError> for Refused {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Other(_) => Refused::Broken(error.into()),
            AskError::Command(kazasu_engine::CommandError::Rejected(_))
            | AskError::Value { .. }
            | AskError::Pin
            | AskError::Forbidden(_)
            | AskError::Policy(_) => Refused::No(error.to_string()),
            AskError::Command(_) => Refused::Broken(error.into()),
        }
    }
}

/// A desk on a journal that was read: it can be looked at.
pub(super) fn folded(config: &Config, state: std::sync::Arc<kazasu_core::State>) -> crate::admin::Desk {
    crate::admin::Desk {
        source: crate::admin::Source::Folded(state),
        imports: crate::serve::link_import(config),
        list_authorities: None,
        cities: std::sync::Arc::new(config.file.cities.clone()),
        finance: std::sync::Arc::new(config.file.finance.clone()),
        calendar: config.calendar.clone(),
        keep_days: config.file.keep_days,
        office: Some(config.office(config.store())),
    }
}

/// Where asks are carried out.
pub(super) enum Counter {
    /// At a running switch.
    Running(Switch),
    /// Here.
    Here {
        desk: Box<crate::admin::Desk>,
        engine: kazasu_engine::Engine,
        core: std::thread::JoinHandle<()>,
        by: String,
        _lock: crate::serve::DataLock,
    },
}

impl Counter {
    pub(super) async fn open(config: &Config, by: &str) -> anyhow::Result<Counter> {
        let caller = caller(config, by)?;
        Ok(match import::place(config).await? {
            Place::Running(http) => Counter::Running(Switch::new(&http, &caller.token)),
            Place::Here { epoch, _lock } => {
                let (engine, core) = import::open(config, epoch).await?;
                Counter::Here {
                    desk: Box::new(crate::serve::desk(config, engine.clone(), config.store())),
                    engine,
                    core,
                    by: caller.name.clone(),
                    _lock,
                }
            }
        })
    }

    async fn carry_out(&mut self, ask: &Ask) -> Result<Value, Refused> {
        match self {
            Counter::Running(switch) => switch.ask("/v1/ask", ask).await,
            Counter::Here { desk, by, .. } => {
                desk.carry_out(ask.clone(), by, LinkOrigin::Counter).await.map_err(Refused::from)
            }
        }
    }

    pub(super) async fn close(self) -> anyhow::Result<()> {
        match self {
            Counter::Running(_) => Ok(()),
            Counter::Here { engine, core, .. } => import::close(engine, core).await,
        }
    }
}

/// Looks at something: at a running switch, or by reading the journal, which changes nothing.
pub(super) async fn look_at(config: &Config, by: &str, what: &Look) -> Result<Value, Refused> {
    let caller = caller(config, by).map_err(Refused::Broken)?;
    if let Look::Resident(text) = what
        && let Err(error) = text.parse::<kazasu_schemas::ids::Ppid>()
    {
        return Err(Refused::No(format!("PPID {}, got {:?}", error.problem, kazasu_schemas::text::masked(&error.got))));
    }
    match import::running(config).await.map_err(Refused::Broken)? {
        Some(http) => {
            let path = match what {
                Look::Resident(ppid) => format!("/v1/residents/{ppid}"),
                Look::Broken => "/v1/links/broken".into(),
                Look::Shared => "/v1/links/shared".into(),
                Look::Notices => "/v1/notices".into(),
                Look::Advices => "/v1/advices".into(),
                Look::Policy => "/v1/policy".into(),
                Look::Merchants => "/v1/merchants".into(),
                Look::Merchant(id) => {
                    let parts: Vec<String> = id.split('/').map(encoded).collect();
                    format!("/v1/merchants/{}", parts.join("/"))
                }
            };
            Switch::new(&http, &caller.token).get(&path).await
        }
        None => {
            let state = std::sync::Arc::new(super::policy::fold(config).await.map_err(Refused::Broken)?);
            let desk = folded(config, state);
            let found = match what {
                Look::Resident(ppid) => match desk.resident(ppid).await {
                    Ok(None) => return Err(Refused::No(format!("PPID {ppid} is not known"))),
                    Ok(Some(value)) => Ok(value),
                    Err(error) => Err(error),
                },
                Look::Broken => desk.broken_links().await,
                Look::Shared => desk.shared_accounts().await,
                Look::Notices => desk.notices().await,
                Look::Advices => desk.waiting_advices().await,
                Look::Policy => desk.policy().await,
                Look::Merchants => desk.merchants().await,
                Look::Merchant(id) => match desk.merchant(id).await {
                    Ok(found) if found.as_array().is_some_and(Vec::is_empty) => {
                        return Err(Refused::No(format!(
                            "merchant {} is not registered",
                            kazasu_schemas::text::masked(id)
                        )));
                    }
                    found => found,
                },
            };
            found.map_err(|error| Refused::No(error.to_string()))
        }
    }
}

/// What is looked at.
pub(super) enum Look {
    /// A person.
    Resident(String),
    /// Broken links.
    Broken,
    /// Shared accounts.
    Shared,
    /// Notices.
    Notices,
    /// Offline payments that wait for a person.
    Advices,
    /// The policy in force.
    Policy,
    /// Every merchant.
    Merchants,
    /// One, by its ID, or by its acquirer and ID.
    Merchant(String),
}

/// Carries out one ask and prints what came of it.
pub(super) async fn one(ask: Ask, common: &Common) -> anyhow::Result<()> {
    let config = Config::load(&common.config)?;
    let mut counter = Counter::open(&config, &common.by).await?;
    let result = counter.carry_out(&ask).await;
    counter.close().await?;
    show(result, common)
}

/// Looks at something and prints it.
pub(super) async fn look(what: Look, common: &Common) -> anyhow::Result<()> {
    let config = Config::load(&common.config)?;
    show(look_at(&config, &common.by, &what).await, common)
}

pub(super) fn show(result: Result<Value, Refused>, common: &Common) -> anyhow::Result<()> {
    match result {
        Ok(value) => {
            if common.json {
                say!("{value}");
            } else {
                print(&value, 0);
            }
            Ok(())
        }
        Err(Refused::No(why)) => Err(Found(why).into()),
        Err(Refused::Broken(error)) => Err(error),
    }
}

/// What the keys are called, Japanese first. Others are shown as they are.
const LABELS: [(&str, &str); 73] = [
    ("result", "結果"),
    ("recorded", "記録済み"),
    ("ppid", "利用者"),
    ("ppids", "利用者"),
    ("card", "カード"),
    ("last_day", "有効期限"),
    ("temporary", "仮ID"),
    ("merged", "統合済み"),
    ("links", "紐付け履歴"),
    ("version", "版"),
    ("from", "開始"),
    ("instrument", "支払手段"),
    ("kind", "種別"),
    ("issuer", "発行者"),
    ("number", "番号"),
    ("purses", "給付金"),
    ("points", "ポイント"),
    ("programme", "事業"),
    ("yen", "円"),
    ("limits", "限度額"),
    ("limits_later", "変更予定の限度額"),
    ("tap_yen", "1回"),
    ("day_yen", "1日"),
    ("month_yen", "1か月"),
    ("year_yen", "1年"),
    ("living_yen", "生活維持費"),
    ("estimate_yen", "支払可能見込額"),
    ("decline", "超過時に断る"),
    ("today_yen", "本日の利用"),
    ("this_month_yen", "今月の利用"),
    ("link_broken", "紐付け不良"),
    ("shared_account", "口座の重複"),
    ("why", "理由"),
    ("since", "発生"),
    ("proposal", "変更案"),
    ("open_proposals", "未決の変更案"),
    ("by", "担当"),
    ("notice", "通知"),
    ("percent", "割合"),
    ("month", "月"),
    ("used_yen", "利用額"),
    ("limit_yen", "上限"),
    ("dead_lettered", "配信不能"),
    ("attempts", "試行"),
    ("problem", "原因"),
    ("at", "時刻"),
    ("resealed", "再封印"),
    ("key_version", "鍵の版"),
    ("name", "名称"),
    ("source", "ファイル"),
    ("purse_funds", "給付原資"),
    ("point_budgets", "ポイント予算残"),
    ("card_status_lists", "失効リスト"),
    ("merchant", "加盟店"),
    ("acquirer", "契約会社"),
    ("mcc", "業種"),
    ("terminals", "端末"),
    ("closed", "閉店"),
    ("ended", "終わった差異"),
    ("class", "区分"),
    ("tags", "タグ"),
    ("region", "地域"),
    ("unpaid", "支給されない行"),
    ("row_now", "行の現状"),
    ("issues", "要確認"),
    ("count", "件数"),
    ("why_ja", "理由"),
    ("nothing_else_stands", "代わりの行なし"),
    ("then", "対処"),
    ("above_ceiling", "支給上限超過"),
    ("due_yen", "支給予定額"),
    ("released_yen", "送出済み額"),
    ("ceiling_yen", "支給上限額"),
];

fn label(key: &str) -> String {
    match LABELS.iter().find(|(k, _)| *k == key) {
        Some((_, japanese)) => format!("{japanese} {key}"),
        None => key.to_owned(),
    }
}

/// Is there nothing to show? An object that holds empty lists only is as empty as they are.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.values().all(is_nothing),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Columns of a screen.
const SCREEN: usize = 80;

/// A fact with its label. A value that is too long for the line goes on below its beginning; a text of several lines stays as it is.
fn fact(indent: usize, label: &str, text: &str) -> String {
    if indent + label.width() + 2 + text.width() <= SCREEN || text.contains('\n') {
        return format!("{}{label}  {text}\n", " ".repeat(indent));
    }
    let mut lines = Lines::new(indent, [Align::Left, Align::Left]);
    lines.row([&label, &text]);
    lines.text()
}

/// JSON for people: one fact a line, lists indented.
fn print(value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        nothing if is_nothing(nothing) => say!("{indent}{NONE}"),
        Value::Array(items) => {
            for item in items {
                print(item, depth);
                if depth == 0 {
                    say!();
                }
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    nothing if is_nothing(nothing) => {}
                    Value::Array(items) if items.iter().all(Value::is_number) => {
                        let numbers: Vec<String> = items.iter().map(ToString::to_string).collect();
                        print_text!("{}", fact(indent.len(), &label(key), &numbers.join(", ")));
                    }
                    Value::Object(_) | Value::Array(_) => {
                        say!("{indent}{}", label(key));
                        print(value, depth + 1);
                    }
                    Value::Number(n) if key.ends_with("yen") || key.ends_with("points") => {
                        say!("{indent}{}  {}", label(key), n.as_i64().map_or_else(|| n.to_string(), signed));
                    }
                    Value::String(text) => print_text!("{}", fact(indent.len(), &label(key), text)),
                    Value::Bool(true) => say!("{indent}{}  はい yes", label(key)),
                    Value::Bool(false) => say!("{indent}{}  いいえ no", label(key)),
                    other => say!("{indent}{}  {other}", label(key)),
                }
            }
        }
        Value::String(text) => say!("{indent}{text}"),
        other => say!("{indent}{other}"),
    }
}

fn signed(n: i64) -> String {
    let digits = kazasu_schemas::text::thousands(n.unsigned_abs());
    if n < 0 { format!("-{digits}") } else { digits }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_object_of_empty_lists_is_nothing() {
        for nothing in [json!([]), json!({ "rows": [], "next": null }), json!({}), json!(null)] {
            assert!(is_nothing(&nothing), "{nothing}");
        }
        for something in
            [json!({ "rows": [1], "next": null }), json!({ "rows": [], "next": 5 }), json!(false), json!("")]
        {
            assert!(!is_nothing(&something), "{something}");
        }
    }

    #[test]
    fn a_long_value_goes_on_below_its_beginning() {
        assert_eq!(fact(2, "名称 name", "みどり薬局"), "  名称 name  みどり薬局\n");
        let name = "髙".repeat(100);
        let told = fact(2, "名称 name", &name);
        assert!(told.lines().all(|line| line.width() <= SCREEN), "{told}");
        assert_eq!(told.matches('髙').count(), 100);
        let below = " ".repeat("  名称 name  ".width()) + "髙";
        assert!(told.lines().skip(1).all(|line| line.starts_with(&below)), "{told}");
    }
}
