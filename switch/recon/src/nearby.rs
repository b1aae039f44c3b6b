//! The pass over lines without a common reference: the same party, kind and amount, on the same day or near it.
//!
//! Such lines are interchangeable, so it does not matter which is joined with which, only how many. The same day comes
//! first; then the earliest left line takes the earliest right one within the window, which joins as many as can be joined.

use super::keys::Basis;
use super::references::{Sides, for_each_shapes, in_order, twins};
use super::work::{Among, At, Hand, Work};

const BASIS: Basis = Basis::AmountAndDay;

/// Joins what party, kind, amount and day recognise.
pub(super) fn pass(work: &mut Work<'_>) {
    let entries = work.entries(BASIS, Among::Open);
    let mut lists = [Vec::new(), Vec::new()];
    let mut start = 0;
    while start < entries.len() {
        let end = work.run_end(BASIS, &entries, start);
        for hand in Hand::BOTH {
            let list: &mut Vec<At> = &mut lists[hand.index()];
            list.clear();
            list.extend(entries[start..end].iter().map(|entry| entry.at).filter(|at| at.hand() == hand));
            list.sort_unstable_by_key(|at| (work.item(*at).day, *at));
        }
        if !lists.iter().any(Vec::is_empty) {
            same_day(work, [&lists[0], &lists[1]]);
            within_window(work, [&lists[0], &lists[1]]);
            for list in &mut lists {
                if list.iter().any(|at| work.is_open(*at)) {
                    twins(work, BASIS, list);
                }
            }
        }
        start = end;
    }
}

/// Both lists are in the order of days.
fn same_day(work: &mut Work<'_>, [lefts, rights]: Sides<'_>) {
    let (mut l, mut r) = (0, 0);
    while l < lefts.len() && r < rights.len() {
        let (left, right) = (work.item(lefts[l]).day, work.item(rights[r]).day);
        match left.cmp(&right) {
            std::cmp::Ordering::Less => l += 1,
            std::cmp::Ordering::Greater => r += 1,
            std::cmp::Ordering::Equal => {
                let this_day = |at: &&At| work.item(**at).day == left;
                let (l_end, r_end) = (
                    l + lefts[l..].iter().take_while(this_day).count(),
                    r + rights[r..].iter().take_while(this_day).count(),
                );
                in_order(work, BASIS, [&lefts[l..l_end], &rights[r..r_end]]);
                (l, r) = (l_end, r_end);
            }
        }
    }
}

/// Both lists are in the order of days.
fn within_window(work: &mut Work<'_>, sides: Sides<'_>) {
    let [lefts, rights] = sides;
    for_each_shapes(work, BASIS, sides, |work, shapes| {
        let window = i64::from(work.rules.window_days);
        let (mut l, mut r) = (0, 0);
        while l < lefts.len() && r < rights.len() {
            let days = |at: At| i64::from(work.item(at).day.0);
            let later = days(rights[r]) - days(lefts[l]);
            if !shapes.left(work, lefts[l]) || later > window {
                l += 1;
            } else if !shapes.right(work, rights[r]) || later < -window {
                r += 1;
            } else {
                work.pair(lefts[l], rights[r], BASIS);
                (l, r) = (l + 1, r + 1);
            }
        }
    });
}
