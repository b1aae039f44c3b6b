//! The same load under a policy, beside the load without one.

use super::stand::{Policy, Stand, TapsArgs, fire};
use crate::cpu::Cpu;
use anyhow::Context;
use kazasu_acquirer_sim::load::{Length, LoadPlan, LoadReport};
use kazasu_console::tell;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// Turns with rules and without, one after the other, of which the median counts.
pub(super) const TURNS: usize = 3;
/// Messages under way on each link while the machine is kept as busy as it can be.
pub(super) const WINDOW: u64 = 2_000;

/// Taps a second when the machine does nothing else: with so many under way that no acquirer waits for a free slot.
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
