//! `kazasu policy` and `kazasu points`: checking, comparing, activating, and playing history through a draft.

use super::ask::Common;
use super::backend::{look, one};
use super::{CheckFailed, NONE};
use crate::config::{Config, StoreConfig};
use anyhow::Context;
use clap::{Args, Subcommand};
use kazasu_console::{print_text, say};
use kazasu_core::{Replay, State};
use kazasu_documents::policy::{differences, read};
use kazasu_ledger::{Body, Record};
use kazasu_report::table::{Align, Lines};
use kazasu_report::{Cell, Kind, Report, ReportError, cells};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::Policy;
use kazasu_schemas::typed;
use kazasu_services::policy::{ActivatePolicy, ShowPolicy};
use kazasu_store::records::{Placed, Records};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub(super) enum PolicyCommand {
    /// Reads a policy file and names the line of everything that is wrong.
    Check {
        /// The file.
        file: PathBuf,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// What would change against the policy in force.
    Diff {
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        journal: JournalOf,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Puts a policy into force. It is a record of the journal, with a version number.
    Activate {
        /// The file.
        file: PathBuf,
        /// Why.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// The policy in force, with its programmes' money.
    Show {
        #[command(flatten)]
        common: Common,
    },
    /// Plays past taps through a draft and shows which decisions change.
    Replay {
        /// The draft.
        file: PathBuf,
        #[command(flatten)]
        period: Period,
        #[command(flatten)]
        journal: JournalOf,
        /// Changes to list; all are counted.
        #[arg(long, default_value_t = 20)]
        list: usize,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Subcommand)]
pub(super) enum PointsCommand {
    /// Plays past taps through a draft's point programmes: what they would have cost, and who would have won.
    Simulate {
        /// The draft.
        file: PathBuf,
        #[command(flatten)]
        period: Period,
        #[command(flatten)]
        journal: JournalOf,
        /// Write everybody who would have won to this CSV file, which only you may read.
        #[arg(long)]
        winners: Option<PathBuf>,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
}

/// Days in Japan, both included.
#[derive(Args)]
pub(super) struct Period {
    /// First day or moment.
    #[arg(long)]
    from: String,
    /// Last day, or the moment before which it ends; everything when absent.
    #[arg(long)]
    to: Option<String>,
}

impl Period {
    fn read(&self) -> anyhow::Result<(Millis, Millis)> {
        let wrong = |key: &str, text: &str| format!("--{key} must be a date or a time with its offset, got {text:?}");
        let from = typed::moment(&self.from).with_context(|| wrong("from", &self.from))?;
        let to = match &self.to {
            None => Millis(i64::MAX),
            Some(text) => match typed::day(text) {
                Ok(day) => day.next().start(),
                Err(_) => typed::moment(text).with_context(|| wrong("to", text))?,
            },
        };
        anyhow::ensure!(from < to, "--from {} is not before --to {}", self.from, self.to.as_deref().unwrap_or(""));
        Ok((from, to))
    }
}

/// Where the journal is.
#[derive(Args)]
pub(super) struct JournalOf {
    /// The journal of this configuration; it is only read, also while a switch runs.
    #[arg(long, default_value = "kazasu.toml")]
    config: PathBuf,
    /// Another journal: a file, or a PostgreSQL URL.
    #[arg(long)]
    journal: Option<String>,
}

impl JournalOf {
    fn store(&self) -> anyhow::Result<StoreConfig> {
        match &self.journal {
            Some(journal) => StoreConfig::parse(journal),
            None => Ok(Config::load(&self.config)?.store),
        }
    }

    /// Every record in order, until `each` says that it is enough.
    async fn read(&self, mut each: impl FnMut(u64, &Record) -> anyhow::Result<bool>) -> anyhow::Result<()> {
        let mut reader = self.store()?.store().reader().await?;
        let mut records = Records::from(reader.as_mut(), 1);
        while let Some(page) = records.page().await? {
            for Placed { entry, body } in page {
                if !each(entry.seq, &Record { at: entry.at, day: entry.day, body })? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// The state that a journal adds up to; it is only read.
pub(super) async fn fold(config: &Config) -> anyhow::Result<State> {
    let mut state = State::new();
    let mut reader = config.store().reader().await?;
    let mut records = Records::from(reader.as_mut(), 1);
    while let Some(page) = records.page().await? {
        for Placed { entry, body } in page {
            state.apply(entry.seq, &Record { at: entry.at, day: entry.day, body })?;
        }
    }
    Ok(state)
}

/// A file's policy, or all that is wrong with it.
fn load(file: &Path) -> anyhow::Result<Result<(Policy, String), Vec<String>>> {
    let source = kazasu_security::files::read_text(file)?;
    Ok(match read(&source) {
        Ok(policy) => Ok((policy, source)),
        Err(problems) => Err(problems.iter().map(|p| format!("{} {p}", file.display())).collect()),
    })
}

fn good(file: &Path) -> anyhow::Result<(Policy, String)> {
    load(file)?.map_err(|problems| CheckFailed(problems.join("\n")).into())
}

pub(super) async fn run(command: PolicyCommand) -> anyhow::Result<()> {
    match command {
        PolicyCommand::Check { file, json } => check(&file, json),
        PolicyCommand::Diff { file, journal, json } => diff(&file, &journal, json).await,
        PolicyCommand::Activate { file, why, common } => {
            let (_, source) = good(&file)?;
            one(ActivatePolicy { source, why }, &common).await
        }
        PolicyCommand::Show { common } => look(ShowPolicy {}, &common).await,
        PolicyCommand::Replay { file, period, journal, list, json } => {
            let replay = replay(&file, &period, &journal, list).await?;
            show_replay(&file, &replay, json)
        }
    }
}

pub(super) async fn points(command: PointsCommand) -> anyhow::Result<()> {
    let PointsCommand::Simulate { file, period, journal, winners, json } = command;
    let (policy, _) = good(&file)?;
    let replay = replay(&file, &period, &journal, 0).await?;
    if let Some(path) = winners {
        let mut out = csv::Writer::from_writer(Vec::new());
        out.write_record(["programme", "ppid", "points"])?;
        for (programme, cost) in replay.costs() {
            for (ppid, points) in &cost.winners {
                out.write_record([programme.to_string(), ppid.to_string(), points.to_string()])?;
            }
        }
        kazasu_security::files::write_private(&path, &out.into_inner().map_err(|e| anyhow::anyhow!("{e}"))?)?;
    }
    show_costs(&policy, &replay, json);
    Ok(())
}

/// Winners that are shown; all of them go into a file.
const WINNERS: usize = 10;

fn check(file: &Path, json: bool) -> anyhow::Result<()> {
    let result = load(file)?;
    if json {
        let problems = result.as_ref().err();
        say!("{}", json!({ "good": problems.is_none(), "problems": problems }));
    }
    match result {
        Ok((policy, _)) => {
            if !json {
                say!(
                    "{}: 正常 good. {:?}: {} limits, {} purse programmes, {} point programmes",
                    file.display(),
                    policy.name,
                    policy.limits.len(),
                    policy.purses.len(),
                    policy.points.len()
                );
            }
            Ok(())
        }
        Err(problems) => Err(CheckFailed(problems.join("\n")).into()),
    }
}

async fn diff(file: &Path, journal: &JournalOf, json: bool) -> anyhow::Result<()> {
    let (after, _) = good(file)?;
    let (mut version, mut before) = (0, Policy::initial());
    journal
        .read(|_, record| {
            if let Body::PolicyActivated(r) = &record.body {
                (version, before) = (r.version, r.policy.clone());
            }
            Ok(true)
        })
        .await?;
    let found = differences(&before, &after);
    if json {
        say!("{}", json!({ "version": version, "differences": found }));
        return Ok(());
    }
    if found.is_empty() {
        say!("{}: 差分なし the same as version {version}", file.display());
        return Ok(());
    }
    let mut lines = Lines::new(2, [Align::Left; 3]);
    lines.words(format!("変更点 changes against version {version}"));
    for d in &found {
        let (before, after) = (d.before.as_deref().unwrap_or("–"), d.after.as_deref().unwrap_or("–"));
        lines.row([&d.what, &before, &format!("→ {after}")]);
    }
    print_text!("{}", lines.text());
    Ok(())
}

async fn replay(file: &Path, period: &Period, journal: &JournalOf, list: usize) -> anyhow::Result<Replay> {
    let (policy, _) = good(file)?;
    let (from, to) = period.read()?;
    let mut replay = Replay::new(policy, from, to, list);
    journal
        .read(|seq, record| {
            replay.record(seq, record)?;
            Ok(!replay.is_over())
        })
        .await?;
    Ok(replay)
}

/// How many taps are decided differently.
fn changed(replay: &Replay) -> u64 {
    replay.changes.values().map(|(n, _)| n).sum()
}

fn show_replay(file: &Path, replay: &Replay, json: bool) -> anyhow::Result<()> {
    if json {
        let changes: Vec<_> = replay
            .changes
            .iter()
            .map(|((a, b), (n, yen))| json!({ "before": a.name(), "after": b.name(), "taps": n, "yen": yen }))
            .collect();
        let listed: Vec<_> = replay
            .listed
            .iter()
            .map(|c| {
                json!({ "record": c.seq, "at": c.at.jst_text(), "ppid": c.ppid.map(|p| p.to_string()),
                    "merchant": c.merchant.to_string(), "amount_yen": c.amount.get(), "before": c.before.name(), "after": c.after.name() })
            })
            .collect();
        let out = json!({ "taps": replay.taps, "changed": changed(replay), "changes": changes, "listed": listed,
            "assumed_approved_by_issuer": replay.assumed });
        say!("{out}");
        return Ok(());
    }
    super::report::print(&replayed(file, replay, kazasu_engine::clock::now())?);
    Ok(())
}

/// What a replay found, as tables: how often each decision became which other, and the first taps of them.
fn replayed(file: &Path, replay: &Replay, made: Millis) -> Result<Report, ReportError> {
    let thousands = kazasu_schemas::text::thousands;
    let mut report = Report::build("再現", "Replay", made).subtitle(&format!(
        "{}: 再現 {} taps replayed, {} decided differently",
        file.display(),
        thousands(replay.taps),
        thousands(changed(replay))
    ));
    if replay.assumed > 0 {
        report = report.subtitle(&format!(
            "発行者の承認を仮定 {} taps would have asked an issuer that was not asked; it is taken to approve",
            thousands(replay.assumed)
        ));
    }
    report = report
        .sheet("変更")
        .column("変更前", "before", Kind::Code)
        .column("変更後", "after", Kind::Code)
        .column("取引", "taps", Kind::Count)
        .column("金額", "yen", Kind::Yen);
    for ((before, after), (taps, yen)) in &replay.changes {
        report.push(cells![before.name(), after.name(), Cell::count(*taps), Yen::new(*yen)]);
    }
    if !replay.listed.is_empty() {
        report = report
            .sheet("明細")
            .column("記録番号", "record", Kind::Code)
            .column("時刻", "time", Kind::Time)
            .column("加盟店", "merchant", Kind::Code)
            .column("金額", "yen", Kind::Yen)
            .column("変更前", "before", Kind::Code)
            .column("変更後", "after", Kind::Code);
    }
    for c in &replay.listed {
        let (record, merchant) = (c.seq.to_string(), c.merchant.to_string());
        report.push(cells![record, c.at, merchant, c.amount, c.before.name(), c.after.name()]);
    }
    report.finish()
}

fn show_costs(policy: &Policy, replay: &Replay, json: bool) {
    let costs = replay.costs();
    let top = |cost: &kazasu_core::Cost| {
        let mut merchants: Vec<_> = cost.merchants.iter().map(|(m, n)| (*n, m.to_string())).collect();
        merchants.sort_by(|a, b| b.cmp(a));
        merchants.truncate(10);
        merchants
    };
    if json {
        let list: Vec<_> = policy
            .points
            .iter()
            .filter_map(|p| Some((p, costs.get(&p.number)?)))
            .map(|(p, c)| {
                let merchants: Vec<_> = top(c).into_iter().map(|(n, m)| json!({ "merchant": m, "points": n })).collect();
                json!({ "programme": p.number, "name": p.name, "points": c.points, "taps": c.taps, "people": c.winners.len(),
                    "most_per_person": c.most, "budget": p.budget, "budget_left": c.budget_left, "merchants": merchants,
                    "winners": c.winners.iter().take(WINNERS).map(|(ppid, n)| json!({ "ppid": ppid.to_string(), "points": n })).collect::<Vec<_>>() })
            })
            .collect();
        say!("{}", json!({ "taps": replay.taps, "programmes": list }));
        return;
    }
    let thousands = |n: i64| {
        if n < 0 {
            format!("-{}", kazasu_schemas::text::thousands(n.unsigned_abs()))
        } else {
            kazasu_schemas::text::thousands(n.unsigned_abs())
        }
    };
    say!("試算 simulated over {} taps", kazasu_schemas::text::thousands(replay.taps));
    let programmes: Vec<_> = policy.points.iter().filter_map(|p| Some((p, costs.get(&p.number)?))).collect();
    if programmes.is_empty() {
        say!("  {NONE}");
    }
    for (p, c) in programmes {
        let mut lines = Lines::new(2, [Align::Left, Align::Right, Align::Left]);
        lines.words("");
        lines.words(format!("{} {}（原資 funder {}）", p.number, p.name, p.funder));
        lines.row([&"付与 points granted", &thousands(c.points), &""]);
        lines.row([&"対象取引 taps", &kazasu_schemas::text::thousands(c.taps), &""]);
        let people = u64::try_from(c.winners.len()).unwrap_or(0);
        lines.row([&"受給者 people", &kazasu_schemas::text::thousands(people), &""]);
        lines.row([&"最大 most per person", &thousands(c.most), &""]);
        lines.row([&"予算残 budget left", &thousands(c.budget_left), &format!("of {}", thousands(p.budget))]);
        for (ppid, n) in c.winners.iter().take(WINNERS) {
            lines.row([&format!("  {ppid}"), &thousands(*n), &""]);
        }
        if c.winners.len() > WINNERS {
            lines.words("    … --winners FILE writes all");
        }
        lines.words("  加盟店 merchants");
        let merchants = top(c);
        if merchants.is_empty() {
            lines.words(format!("    {NONE}"));
        }
        for (n, merchant) in merchants {
            lines.row([&format!("  {merchant}"), &thousands(n), &""]);
        }
        print_text!("{}", lines.text());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kazasu_core::{Change, Said};
    use kazasu_report::table;
    use kazasu_schemas::wire::Refusal;
    use unicode_width::UnicodeWidthStr;

    const MADE: Millis = Millis(0);

    #[test]
    fn a_replay_is_tables_of_80_columns() {
        let longest = Refusal::ALL.iter().copied().max_by_key(|refusal| refusal.name().len()).unwrap();
        let mut replay = Replay::new(Policy::initial(), Millis(0), Millis(1), 20);
        (replay.taps, replay.assumed) = (12_345_678, 1_234_567);
        for (before, after) in [(Said::Yes, Said::No(longest)), (Said::No(longest), Said::Partly)] {
            replay.changes.insert((before, after), (1_234_567, 1_234_567_890_123));
            replay.listed.push(Change {
                seq: 1_234_567_890,
                at: MADE,
                ppid: None,
                merchant: "M10000000000001".parse().unwrap(),
                amount: Yen::new(999_999_999_999),
                before,
                after,
            });
        }
        let file = Path::new("/srv/kazasu/drafts/of/the/next/fiscal/year/a-long-name-of-a-draft.toml");
        let text = table::text(&replayed(file, &replay, MADE).unwrap());
        assert!(text.lines().all(|line| line.width() <= 80), "{text}");
        for whole in ["approved in part", longest.name(), "1,234,567,890,123", "M10000000000001", "1234567890  1970"] {
            assert!(text.contains(whole), "{whole}: {text}");
        }
        assert_eq!(text.matches("approved in part").count(), 2, "{text}");
    }

    #[test]
    fn a_replay_that_changes_nothing_is_one_empty_table() {
        let replay = Replay::new(Policy::initial(), Millis(0), Millis(1), 20);
        let report = replayed(Path::new("draft.toml"), &replay, MADE).unwrap();
        assert_eq!((report.sheets().len(), report.sheets()[0].rows().len()), (1, 0));
        assert!(table::text(&report).contains("draft.toml: 再現 0 taps replayed, 0 decided differently"));
    }
}
