//! The same load under a policy, beside the load without one.

use super::{Policy, Stand, TapsArgs, fire};
use crate::cpu::Cpu;
use anyhow::Context;
use kazasu_acquirer_sim::load::{self, Length, LoadPlan, LoadReport};
use kazasu_console::tell;
use kazasu_engine::Engine;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// Turns with rules and without, one after the other, of which the median counts.
pub(super) const TURNS: usize = 3;
/// Messages under way on each link while the machine is kept as busy as it can be.
pub(super) const WINDOW: u64 = 2_000;

/// Taps a second when the machine does nothing else: with so many under way that nobody ever waits for one.
async fn most(plan: &LoadPlan) -> anyhow::Result<f64> {
    let length = Length::Time(Duration::from_secs(6));
    let begin = Instant::now();
    let report = fire(LoadPlan { rate: 1_000_000.0, length, window: Some(WINDOW), ..plan.clone() }).await?;
    anyhow::ensure!(report.error_count() == 0, "answers are missing or wrong:\n{}", report.text());
    let end = report.last_answer.context("nothing was answered")?;
    Ok(f64::from(u32::try_from(report.answered)?) / end.duration_since(begin).as_secs_f64())
}

/// The same load under a policy.
pub(super) struct Ruled {
    /// At the rate that was asked for.
    pub(super) same: LoadReport,
    pub(super) cpu: BTreeMap<String, f64>,
    /// Most taps a second in each turn.
    pub(super) without: [f64; TURNS],
    pub(super) with: [f64; TURNS],
}

/// The middle one.
pub(super) fn median(turns: [f64; TURNS]) -> f64 {
    let mut turns = turns;
    turns.sort_by(f64::total_cmp);
    turns[TURNS / 2]
}

/// Every tap meets five limits and a no-PIN ceiling, and is granted points; every tenth resident has a purse, every fifth limits of
/// their own with alerts. So every tap has two transfers or three instead of one.
const RULES: &str = r#"
name = "perf"
[ceilings]
no_pin = 15_000
[groups]
shops = ["4000-5999"]
[[limit]]
number = 1
name = "tap"
window = "tap"
amount = 100_000
[[limit]]
number = 2
name = "day"
window = "day"
amount = 100_000_000
count = 1_000_000
[[limit]]
number = 3
name = "month"
window = "month"
amount = 900_000_000
group = "shops"
[[limit]]
number = 4
name = "31 days"
window = "days:31"
amount = 900_000_000
[[limit]]
number = 5
name = "instrument"
window = "month"
amount = 900_000_000
per = "instrument"
[alerts]
at = [50, 80, 100]
[[purse]]
number = 1
name = "relief"
funder = "city"
[[points]]
number = 1
name = "nation"
funder = "nation"
from = "2020-01-01"
until = "2098-12-31"
rate = "100%"
cap_month = 100_000_000
budget = 900_000_000_000
"#;

/// Gives a town the policy that is measured.
pub(super) fn add_rules(town_dir: &Path) -> anyhow::Result<()> {
    std::fs::write(town_dir.join("policy.toml"), RULES)?;
    let config = town_dir.join("kazasu.toml");
    let text = std::fs::read_to_string(&config)?;
    std::fs::write(&config, text.replacen("keep_days", "policy_file = \"policy.toml\"\nkeep_days", 1))?;
    Ok(())
}

/// Measures with rules and without, in turns.
pub(super) async fn under_rules(args: &TapsArgs, dir: &Path) -> anyhow::Result<Ruled> {
    let mut found = [[0.0_f64; TURNS]; 2];
    let mut same = None;
    let mut cpu = BTreeMap::new();
    for turn in 0..2 * TURNS {
        let policy = if turn % 2 == 1 { Policy::Measured } else { Policy::None };
        let stand = Stand::put_up(&dir.join(format!("turn-{turn}")), args, policy).await?;
        let rate = if args.rate > 0.0 { args.rate } else { 20_000.0 };
        let plan = stand.plan(args, rate, Duration::from_secs(args.seconds.min(10)))?;
        if policy == Policy::Measured && same.is_none() {
            let before = Cpu::now(&[]);
            let report = fire(plan.clone()).await?;
            cpu = Cpu::now(&[]).per(&before, report.answered);
            same = Some(report);
        }
        let tps = most(&plan).await?;
        found[turn % 2][turn / 2] = tps;
        if !args.json {
            let what = if policy == Policy::Measured { "with rules" } else { "without rules" };
            tell!("{what:<14} {tps:>9.0}/s");
        }
        stand.records().await?;
        stand.take_down().await?;
    }
    let [without, with] = found;
    Ok(Ruled { same: same.context("the second turn was with rules")?, cpu, without, with })
}

/// Purses and limits of their own for some residents.
pub(super) async fn wealth(engine: &Engine, residents: u64) -> anyhow::Result<()> {
    use kazasu_core::Command;
    use kazasu_schemas::money::Yen;
    let (by, reference) = ("perf".to_owned(), "perf".to_owned());
    let amount = Yen::new(900_000_000_000);
    engine
        .command(Command::FundProgramme { programme: 1, amount, reference: reference.clone(), by: by.clone() })
        .await?;
    let mut answers = Vec::new();
    for n in (0..residents).step_by(5) {
        let ppid = load::sample_ppid(1, n);
        let month = Some(Yen::new(800_000_000));
        let limits = kazasu_ledger::record::OwnLimits { month, decline: true, ..Default::default() };
        answers.push(engine.command_later(Command::SetOwnLimits { ppid, limits, by: by.clone() }));
        if n % 10 == 0 {
            let (amount, reference, by) = (Yen::new(100), reference.clone(), by.clone());
            answers.push(engine.command_later(Command::CreditPurse { ppid, programme: 1, amount, reference, by }));
        }
    }
    for answer in answers {
        answer.await??;
    }
    Ok(())
}
