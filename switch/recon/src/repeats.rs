//! Retrieval reference numbers that repeat. A terminal that sends one number with every message names nothing by it: where the STAN
//! tells such lines apart, it does, and the number is not looked at.

use super::item::Item;
use super::keys::Trace;
use std::borrow::Cow;

/// Acquirer, terminal and number of a day and a kind of line, and the line's STAN.
type Named = (Trace, i32, u8, Trace);

fn named(item: &Item) -> Option<Named> {
    let there = !item.by_rrn.is_none() && !item.by_stan.is_none();
    there.then_some((item.by_rrn, item.day.0, item.kind.number(), item.by_stan))
}

/// Numbers that one side has for several messages of one kind on one day, in ascending order.
fn repeated(items: &[Item], out: &mut Vec<(Trace, i32, u8)>) {
    let mut all: Vec<Named> = items.iter().filter_map(named).collect();
    all.sort_unstable();
    all.dedup();
    let again = all.windows(2).filter(|two| (two[0].0, two[0].1, two[0].2) == (two[1].0, two[1].1, two[1].2));
    out.extend(again.map(|two| (two[0].0, two[0].1, two[0].2)));
}

/// The right side's lines, without numbers that repeat on either side where the line has a STAN. Nothing is copied when none does.
pub(super) fn without_repeats<'a>(left: &[Item], right: &'a [Item]) -> Cow<'a, [Item]> {
    let mut repeating = Vec::new();
    repeated(left, &mut repeating);
    repeated(right, &mut repeating);
    if repeating.is_empty() {
        return Cow::Borrowed(right);
    }
    repeating.sort_unstable();
    repeating.dedup();
    let clean = |item: &Item| {
        let repeats = named(item).is_some_and(|(rrn, day, kind, _)| repeating.binary_search(&(rrn, day, kind)).is_ok());
        if repeats { Item { by_rrn: Trace::NONE, ..*item } } else { *item }
    };
    Cow::Owned(right.iter().map(clean).collect())
}
