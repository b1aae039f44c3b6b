//! `kazasu policy` and `kazasu points`: checking, comparing, activating, and playing history through a draft.

use super::backend::{one, query};
use super::common::{CheckFailed, Common, none};
use crate::language::shown;
use anyhow::Context;
use clap::{Args, Subcommand};
use kazasu_console::{print_text, say};
use kazasu_core::Replay;
use kazasu_documents::policy::{differences, read};
use kazasu_ledger::{Body, Record};
use kazasu_report::table::{Align, Lines};
use kazasu_report::{Cell, Kind, Report, ReportError, cells};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::Policy;
use kazasu_schemas::typed;
use kazasu_serve::config::{Config, StoreConfig};
use kazasu_services::policy::{ActivatePolicy, ShowPolicy};
use kazasu_store::records::{Placed, Records};
use kazasu_text::cli::{CliLabel, CliText};
use kazasu_text::columns::{ReplayColumn, ReplayedTapColumn};
use kazasu_text::reports::{ReportText, Sheet, Title};
use kazasu_text::usage::UsageText;
use kazasu_text::{Count, Quoted, Text};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub(super) enum PolicyCommand {
    /// Reads a policy file and names the line of every mistake.
    Check {
        /// The file.
        file: PathBuf,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// The changes against the policy in force.
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
        /// The reason, which the record keeps.
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
    /// Plays past taps through a draft's point programmes, and shows their cost and winners.
    Simulate {
        /// The draft.
        file: PathBuf,
        #[command(flatten)]
        period: Period,
        #[command(flatten)]
        journal: JournalOf,
        /// Write all winners to this CSV file, which only you may read.
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
        let wrong = |key: &str, text: &str| shown(&UsageText::PeriodValue { key, got: Quoted(text) });
        let from = typed::moment(&self.from).with_context(|| wrong("from", &self.from))?;
        let to = match &self.to {
            None => Millis(i64::MAX),
            Some(text) => match typed::day(text) {
                Ok(day) => day.next().start(),
                Err(_) => typed::moment(text).with_context(|| wrong("to", text))?,
            },
        };
        let order = || shown(&UsageText::PeriodOrder { from: &self.from, to: self.to.as_deref().unwrap_or("") });
        anyhow::ensure!(from < to, order());
        Ok((from, to))
    }
}

/// The journal to read.
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

/// A file's policy, or all of its mistakes.
fn load(file: &Path) -> anyhow::Result<Result<(Policy, String), Vec<String>>> {
    let source = kazasu_security::files::read_text(file)?;
    Ok(match read(&source) {
        Ok(policy) => Ok((policy, source)),
        Err(problems) => Err(problems.iter().map(|p| format!("{} {}", file.display(), shown(p))).collect()),
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
        PolicyCommand::Show { common } => query(ShowPolicy {}, &common).await,
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
                let good = CliText::PolicyGood {
                    file: &file.display().to_string(),
                    name: &policy.name,
                    limits: policy.limits.len().into(),
                    purses: policy.purses.len().into(),
                    points: policy.points.len().into(),
                };
                say!("{}", shown(&good));
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
            if let Body::PolicyActivated(r) = record.body.carried() {
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
        say!("{}", shown(&CliText::PolicySame { file: &file.display().to_string(), version }));
        return Ok(());
    }
    let mut lines = Lines::new(2, [Align::Left; 3]);
    lines.words(shown(&CliText::PolicyChanges { version }));
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

/// The number of taps with another decision.
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

/// The result of a replay, as tables: the number of taps for each pair of decisions, and the first of them.
fn replayed(file: &Path, replay: &Replay, made: Millis) -> Result<Report, ReportError> {
    let file = &file.display().to_string();
    let replayed = ReportText::Replayed { file, taps: Count(replay.taps), changed: Count(changed(replay)) };
    let mut report = Report::titled(Title::Replay, made).subtitle(&replayed.ja()).subtitle(&replayed.en());
    if replay.assumed > 0 {
        let assumed = ReportText::AssumedApproved { taps: Count(replay.assumed) };
        report = report.subtitle(&assumed.ja()).subtitle(&assumed.en());
    }
    report = report
        .sheet(&Sheet::Changes.ja())
        .labelled(ReplayColumn::Before, Kind::Code)
        .labelled(ReplayColumn::After, Kind::Code)
        .labelled(ReplayColumn::Taps, Kind::Count)
        .labelled(ReplayColumn::Yen, Kind::Yen);
    for ((before, after), (taps, yen)) in &replay.changes {
        report.push(cells![before.name(), after.name(), Cell::count(*taps), Yen::new(*yen)]);
    }
    if !replay.listed.is_empty() {
        report = report
            .sheet(&Sheet::SettledTaps.ja())
            .labelled(ReplayedTapColumn::Record, Kind::Code)
            .labelled(ReplayedTapColumn::Time, Kind::Time)
            .labelled(ReplayedTapColumn::Merchant, Kind::Code)
            .labelled(ReplayedTapColumn::Yen, Kind::Yen)
            .labelled(ReplayedTapColumn::Before, Kind::Code)
            .labelled(ReplayedTapColumn::After, Kind::Code);
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
    say!("{}", shown(&CliText::Simulated { taps: Count(replay.taps) }));
    let programmes: Vec<_> = policy.points.iter().filter_map(|p| Some((p, costs.get(&p.number)?))).collect();
    if programmes.is_empty() {
        say!("  {}", none());
    }
    for (p, c) in programmes {
        let mut lines = Lines::new(2, [Align::Left, Align::Right, Align::Left]);
        lines.words("");
        lines.words(shown(&CliText::Programme { number: p.number, name: &p.name, funder: &p.funder }));
        lines.row([&shown(&CliLabel::PointsGranted), &thousands(c.points), &""]);
        lines.row([&shown(&CliLabel::Taps), &kazasu_schemas::text::thousands(c.taps), &""]);
        let people = u64::try_from(c.winners.len()).unwrap_or(0);
        lines.row([&shown(&CliLabel::People), &kazasu_schemas::text::thousands(people), &""]);
        lines.row([&shown(&CliLabel::MostPerPerson), &thousands(c.most), &""]);
        let of = shown(&CliText::Of { all: &thousands(p.budget) });
        lines.row([&shown(&CliLabel::BudgetLeft), &thousands(c.budget_left), &of]);
        for (ppid, n) in c.winners.iter().take(WINNERS) {
            lines.row([&format!("  {ppid}"), &thousands(*n), &""]);
        }
        if c.winners.len() > WINNERS {
            lines.words(format!("    {}", shown(&CliText::AllWinners)));
        }
        lines.words(format!("  {}", shown(&CliLabel::Merchants)));
        let merchants = top(c);
        if merchants.is_empty() {
            lines.words(format!("    {}", none()));
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
    use kazasu_core::{Change, ReplayedDecision};
    use kazasu_report::table;
    use kazasu_schemas::wire::Refusal;
    use unicode_width::UnicodeWidthStr;

    const MADE: Millis = Millis(0);

    #[test]
    fn a_replay_is_tables_of_80_columns() {
        let longest = Refusal::ALL.iter().copied().max_by_key(|refusal| refusal.name().len()).unwrap();
        let mut replay = Replay::new(Policy::initial(), Millis(0), Millis(1), 20);
        (replay.taps, replay.assumed) = (12_345_678, 1_234_567);
        for (before, after) in [
            (ReplayedDecision::Approved, ReplayedDecision::Refused(longest)),
            (ReplayedDecision::Refused(longest), ReplayedDecision::Partial),
        ] {
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
        assert!(table::text(&report).contains("draft.toml: 0 taps replayed, 0 decided differently"));
    }
}
