//! The last pass: a net line without a batch number may be the sum of others of its party, within the window.
//!
//! Summed are *lots*: the open lines of one batch together, or a single line without a batch number. Among few
//! amounts many sums arise by chance, so a sum counts only when it is exact, when no other subset gives it, and when no
//! other line's only solution needs one of its lots. Everything else stays open, with the candidates named.

use super::batches::{collect, judge};
use super::keys::{Basis, Reference};
use super::rules::{Grouping, MAX_CANDIDATES};
use super::subset::{Search, Solution};
use super::work::{Among, At, Hand, Work};
use kazasu_schemas::jst::BusinessDay;

/// Searches in one comparison: some seconds at most.
const SEARCHES: u32 = 100_000;
/// Times that one party's lines are gone through again because some of them were explained.
const ROUNDS: usize = 8;

/// Joins what adds up.
pub(super) fn pass(work: &mut Work<'_>) {
    match work.rules.grouping {
        Grouping::ByBatchThenSum => {}
        Grouping::Off | Grouping::ByBatch => return,
    }
    let mut table = Table { searches: SEARCHES, ..Table::default() };
    for hand in [Hand::Right, Hand::Left] {
        let entries = work.entries(Basis::Sum, Among::Open);
        let mut start = 0;
        while start < entries.len() {
            let end = work.run_end(Basis::Sum, &entries, start);
            let open = entries[start..end].iter().map(|entry| entry.at);
            table.fill(work, hand, open);
            table.explain(work);
            start = end;
        }
    }
    work.candidates.sort_unstable();
}

/// Lines that can only be summed together.
struct Lot {
    sum: i64,
    day: BusinessDay,
    members: std::ops::Range<usize>,
}

/// A line that may be a sum.
struct Target {
    at: At,
    solution: Solution,
    /// Its candidates among the lots, which are in the order of days.
    lots: std::ops::Range<usize>,
}

/// One party's open lines.
#[derive(Default)]
struct Table {
    members: Vec<At>,
    lots: Vec<Lot>,
    targets: Vec<Target>,
    claims: Vec<u32>,
    amounts: Vec<i64>,
    search: Search,
    searches: u32,
}

impl Table {
    /// Takes the lines of one party: those of `hand` that may be sums, and the other hand's lots.
    fn fill(&mut self, work: &Work<'_>, hand: Hand, open: impl Iterator<Item = At>) {
        self.members.clear();
        self.lots.clear();
        self.targets.clear();
        for at in open {
            let item = work.item(at);
            if at.hand() != hand {
                self.members.push(at);
            } else if item.kind.is_net() && item.batch.is_none() {
                self.targets.push(Target { at, solution: Solution::None, lots: 0..0 });
            }
        }
        if self.targets.is_empty() {
            return;
        }
        let batch = |at: &At| work.item(*at).batch;
        self.members.sort_unstable_by_key(|at| (batch(at), *at));
        let mut start = 0;
        while start < self.members.len() {
            let first: Reference = batch(&self.members[start]);
            let rest = self.members[start + 1..].iter();
            let same = rest.take_while(|at| !first.is_none() && batch(at) == first).count();
            let members = start..start + 1 + same;
            start = members.end;
            let lines = || self.members[members.clone()].iter().map(|at| work.item(*at));
            let sum = lines().map(|item| item.amount.get()).sum();
            let day = lines().map(|item| item.day).max().expect("a lot has a line");
            // With a lot of nothing, every sum would have two solutions.
            if sum != 0 {
                self.lots.push(Lot { sum, day, members });
            }
        }
        self.lots.sort_unstable_by_key(|lot| (lot.day, lot.members.start));
    }

    /// Joins what has one explanation, until nothing more comes of it, and names the candidates of what has several.
    fn explain(&mut self, work: &mut Work<'_>) {
        for _ in 0..ROUNDS {
            if self.targets.is_empty() || self.lots.is_empty() {
                return;
            }
            self.solve(work);
            if !self.join(work) {
                break;
            }
        }
        for target in &self.targets {
            let several = match target.solution {
                Solution::One(_) | Solution::Several => true,
                Solution::None => false,
            };
            if several && work.candidates.len() < work.rules.listed {
                let lots = self.lots[target.lots.clone()].iter().take(usize::from(MAX_CANDIDATES));
                let lines = lots.map(|lot| work.item(self.members[lot.members.start]).line).collect();
                work.candidates.push((target.at, lines));
            }
        }
    }

    /// Seeks each target's solutions, and counts for each lot the targets that need it.
    fn solve(&mut self, work: &Work<'_>) {
        self.claims.clear();
        self.claims.resize(self.lots.len(), 0);
        let window = i32::from(work.rules.window_days);
        let bound = usize::from(work.rules.candidates.min(MAX_CANDIDATES));
        for target in &mut self.targets {
            let item = work.item(target.at);
            let from = self.lots.partition_point(|lot| lot.day.0 < item.day.0.saturating_sub(window));
            let to = self.lots.partition_point(|lot| lot.day.0 <= item.day.0.saturating_add(window));
            target.lots = from..to;
            target.solution = if to - from > bound || self.searches == 0 {
                Solution::Several
            } else {
                self.searches -= 1;
                self.amounts.clear();
                self.amounts.extend(self.lots[from..to].iter().map(|lot| lot.sum));
                self.search.solve(&self.amounts, item.amount.get())
            };
            for lot in target.needs() {
                self.claims[lot] += 1;
            }
        }
    }

    /// Joins each target that has one solution of which no other target needs a part. True when there was one.
    fn join(&mut self, work: &mut Work<'_>) -> bool {
        let mut joined = false;
        let mut members = Vec::new();
        for target in &self.targets {
            if target.needs().next().is_none() || target.needs().any(|lot| self.claims[lot] > 1) {
                continue;
            }
            members.clear();
            members.push(target.at);
            members.extend(target.needs().flat_map(|lot| &self.members[self.lots[lot].members.clone()]));
            if let Some(mut group) = collect(work, Basis::Sum, &members) {
                group.status = judge(work.rules, work.as_of, &group);
                work.group(&members, group);
                joined = true;
            }
        }
        self.targets.retain(|target| work.is_open(target.at));
        self.lots.retain(|lot| work.is_open(self.members[lot.members.start]));
        joined
    }
}

impl Target {
    /// The lots that its one solution is made of; nothing unless it has exactly one.
    fn needs(&self) -> impl Iterator<Item = usize> + use<> {
        let mask = match self.solution {
            Solution::One(mask) => mask,
            Solution::None | Solution::Several => 0,
        };
        self.lots.clone().enumerate().filter(move |(bit, _)| mask >> bit & 1 == 1).map(|(_, lot)| lot)
    }
}
