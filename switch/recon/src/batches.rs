//! The pass over batch numbers: what one side has of a batch against what the other has, however many lines each needs
//! (a payout for many settlements, a batch paid in several lines).

use super::keys::Basis;
use super::result::{Group, Status};
use super::rules::Rules;
use super::work::{Among, At, Hand, Work};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;

/// Joins what batch numbers recognise.
pub(super) fn pass(work: &mut Work<'_>) {
    if !work.rules.grouping.by_batch() {
        return;
    }
    let entries = work.entries(Basis::Batch, Among::Open);
    let mut members = Vec::new();
    let mut start = 0;
    while start < entries.len() {
        let end = work.run_end(Basis::Batch, &entries, start);
        members.clear();
        members.extend(entries[start..end].iter().map(|entry| entry.at));
        if let Some(mut group) = collect(work, Basis::Batch, &members) {
            group.status = judge(work.rules, work.as_of, &group);
            work.group(&members, group);
        }
        start = end;
    }
}

/// The group that these lines make; `None` unless both sides have one. The status is still open.
pub(super) fn collect(work: &Work<'_>, basis: Basis, members: &[At]) -> Option<Group> {
    let side = |hand: Hand| members.iter().copied().filter(move |at| at.hand() == hand);
    let count = |hand| u32::try_from(side(hand).count()).expect("at most MAX_ITEMS");
    let sum = |hand| Yen::new(side(hand).map(|at| work.item(at).amount.get()).sum());
    let last = |hand| side(hand).map(|at| work.item(at).day).max().unwrap_or(BusinessDay(0));
    let [left, right] = Hand::BOTH;
    let first = [side(left).min()?.place(), side(right).min()?.place()];
    Some(Group {
        status: Status::Matched,
        basis,
        lines: [count(left), count(right)],
        sums: [sum(left), sum(right)],
        days: [last(left), last(right)],
        first,
    })
}

/// Less than was expected is partly matched as long as the rest is not overdue, and an amount under after that.
pub(super) fn judge(rules: &Rules, as_of: BusinessDay, group: &Group) -> Status {
    let [expected, came] = group.sums;
    let part =
        came.get().signum() * expected.get().signum() > 0 && came.get().unsigned_abs() < expected.get().unsigned_abs();
    match rules.judge_amount(expected, came) {
        Status::Matched if !Rules::near(group.days[0], group.days[1], rules.tolerance_days) => Status::DateMismatch,
        Status::AmountOver | Status::AmountUnder if part && as_of <= rules.due(group.days[0]) => Status::PartlyMatched,
        other => other,
    }
}
