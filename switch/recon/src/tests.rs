//! The comparison: each status both ways, passes in order, groups, a naive oracle, planted errors.

mod groups;
mod oracle;
mod passes;
mod planted;
mod statuses;

use super::item::{Item, Kind, Side};
use super::keys::{Own, Party, Reference, Trace};
use super::mask::masked;
use super::matching::{CannotCompare, compare};
use super::result::{Outcome, Status};
use super::rules::Rules;
use kazasu_schemas::ids::{InstitutionId, Stan, TerminalId};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::{JPY_NUMERIC, Yen};
use std::num::NonZeroU64;

pub(super) const TODAY: BusinessDay = BusinessDay(20_000);

pub(super) fn day(offset: i32) -> BusinessDay {
    BusinessDay(TODAY.0 + offset)
}

pub(super) fn own(number: u64) -> Own {
    NonZeroU64::new(number)
}

pub(super) fn party(name: &str) -> Party {
    Party::merchant(&name.parse().unwrap())
}

pub(super) fn acquirer() -> InstitutionId {
    "27000001".parse().unwrap()
}

pub(super) fn terminal() -> TerminalId {
    "T1".parse().unwrap()
}

pub(super) fn by_rrn(rrn: &str) -> Trace {
    Trace::by_rrn(&acquirer(), &terminal(), &rrn.parse().unwrap())
}

pub(super) fn by_stan(stan: u64) -> Trace {
    Trace::by_stan(&acquirer(), &terminal(), Stan::wrapping(stan))
}

/// A purchase at SHOP ten days ago, without references.
pub(super) fn plain(side: Side, line: u64, yen: i64) -> Item {
    let bare = Item::bare(side, line, Kind::Purchase, day(-10));
    Item { amount: Yen::new(yen), party: party("SHOP"), ..bare }
}

/// A record of ours with all its keys, as number `n`.
pub(super) fn ours(n: u64, yen: i64) -> Item {
    Item {
        own: own(n),
        external: Reference::new(&format!("E{n}")),
        by_rrn: by_rrn(&n.to_string()),
        by_stan: by_stan(n),
        ..plain(Side::Ledger, n, yen)
    }
}

/// The acquirer's line for it, on line 100 + `n`.
pub(super) fn theirs(n: u64, yen: i64) -> Item {
    Item { side: Side::Acquirer, line: 100 + n, ..ours(n, yen) }
}

pub(super) fn details() -> Rules {
    Rules::between(Side::Ledger, Side::Acquirer)
}

/// Compares, and checks what must hold of every comparison.
pub(super) fn run(left: &[Item], right: &[Item], rules: &Rules) -> Outcome {
    let outcome = compare(left, right, TODAY, rules).unwrap();
    consistent(left, right, &outcome);
    outcome
}

/// Every line has one verdict, verdicts of two sides agree with each other, and no yen is lost.
pub(super) fn consistent(left: &[Item], right: &[Item], outcome: &Outcome) {
    use super::result::Verdict;
    assert_eq!((outcome.left.len(), outcome.right.len()), (left.len(), right.len()));
    let tallies = Status::ALL.map(|status| outcome.counts.of(status));
    assert_eq!(tallies.iter().map(|t| t.left).sum::<u64>(), u64::try_from(left.len()).unwrap());
    assert_eq!(tallies.iter().map(|t| t.right).sum::<u64>(), u64::try_from(right.len()).unwrap());
    let yen = |items: &[Item]| items.iter().filter(|i| i.currency == JPY_NUMERIC).map(|i| i.amount.get()).sum::<i64>();
    assert_eq!(tallies.iter().map(|t| t.left_yen).sum::<i64>(), yen(left));
    assert_eq!(tallies.iter().map(|t| t.right_yen).sum::<i64>(), yen(right));
    let mut members = vec![[0_u32; 2]; outcome.groups.len()];
    for (hand, (mine, other)) in
        [(&outcome.left, &outcome.right), (&outcome.right, &outcome.left)].into_iter().enumerate()
    {
        for (index, verdict) in mine.iter().enumerate() {
            match *verdict {
                Verdict::Alone { status } => {
                    let fits: &[Status] =
                        if hand == 0 { &[Status::Expected, Status::Missing] } else { &[Status::Unexpected] };
                    assert!(fits.contains(&status));
                }
                Verdict::Pair { with, status, basis } => {
                    let back = Verdict::Pair { with: u32::try_from(index).unwrap(), status, basis };
                    assert_eq!(other[usize::try_from(with).unwrap()], back, "a pair is one from both sides");
                }
                Verdict::Group { group, status } => {
                    let group = usize::try_from(group).unwrap();
                    assert_eq!(outcome.groups[group].status, status);
                    members[group][hand] += 1;
                }
                Verdict::Repeat { of } => {
                    let original = mine[usize::try_from(of).unwrap()];
                    assert!(matches!(original, Verdict::Pair { .. } | Verdict::Group { .. }), "{original:?}");
                }
            }
        }
    }
    for (group, lines) in outcome.groups.iter().zip(members) {
        assert_eq!(group.lines, lines);
    }
    let ids: std::collections::HashSet<_> = outcome.exceptions.iter().map(|e| e.id).collect();
    assert_eq!(ids.len(), outcome.exceptions.len(), "each exception has an identity of its own");
}

/// The statuses of the two sides' lines.
pub(super) fn statuses(outcome: &Outcome) -> (Vec<Status>, Vec<Status>) {
    let list = |verdicts: &[super::result::Verdict]| verdicts.iter().map(|v| v.status()).collect();
    (list(&outcome.left), list(&outcome.right))
}

#[test]
fn an_item_is_small() {
    assert!(size_of::<Item>() <= 96, "{}", size_of::<Item>());
}

#[test]
fn references_are_kept_short_or_as_a_digest() {
    assert!(Reference::new("  ").is_none());
    assert_eq!(Reference::new(" A-1 "), Reference::new("A-1"));
    assert_ne!(Reference::new("007"), Reference::new("7"));
    assert_eq!(Reference::new("123456789012345").text(), Some("123456789012345"));
    let long = Reference::new("1234567890123456");
    assert_eq!((long.text(), long.is_none()), (None, false));
    assert_ne!(long, Reference::new("1234567890123457"));
    assert_eq!(Reference::new("123456789012345").to_string(), "***********2345", "it may be a card number");
    assert!(long.to_string().starts_with('#'));
    assert_eq!(Reference::NONE.to_string(), "(none)");
    // A text that is as long as a digest, and ends as one, is still a text.
    assert_eq!(Reference::new("売上001234").text(), Some("売上001234"));
}

#[test]
fn traces_know_their_acquirer_with_or_without_zeros() {
    let padded: InstitutionId = "00027000001".parse().unwrap();
    assert_eq!(Trace::by_stan(&padded, &terminal(), Stan::wrapping(7)), by_stan(7));
    assert_ne!(by_stan(7), by_stan(8));
    assert_ne!(by_stan(7), by_rrn("000007"), "a STAN is no retrieval reference number");
    assert_eq!(Party::institution(&padded), Party::institution(&acquirer()));
}

#[test]
fn card_numbers_are_masked() {
    for (text, shown) in [
        ("4900009000000061", "************0061"),
        ("12345678901", "12345678901"),
        ("123456789012", "********9012"),
        ("4900 0090-0000 0061, twice", "**** ****-**** 0061, twice"),
        ("４９００００９０００００００６１", "************００６１"),
        ("ref 12345678901234567890123", "ref *******************0123"),
        ("2026-11-24", "2026-11-24"),
        ("-280", "-280"),
        ("", ""),
    ] {
        assert_eq!(masked(text), shown);
    }
}

#[test]
fn lists_that_cannot_be_compared_are_refused() {
    let stranger = theirs(1, 100);
    let refused = compare(&[ours(1, 100), stranger], &[], TODAY, &details());
    assert_eq!(refused.err(), Some(CannotCompare::WrongSide { side: Side::Ledger, line: 101, found: Side::Acquirer }));
    let huge = theirs(1, 1_000_000_000_000);
    let refused = compare(&[], &[huge], TODAY, &details());
    assert_eq!(refused.err(), Some(CannotCompare::Amount { side: Side::Acquirer, line: 101 }));
    let most = theirs(1, -999_999_999_999);
    assert_eq!(statuses(&run(&[], &[most], &details())).1, [Status::Unexpected]);
}

#[test]
fn a_list_has_the_totals_of_a_0500() {
    use crate::totals::{differences, of_day};
    let line = |kind, yen| Item { kind, ..plain(Side::Acquirer, 1, yen) };
    let mut list = vec![
        line(Kind::Purchase, 500),
        line(Kind::Purchase, 300),
        line(Kind::Refund, -200),
        line(Kind::Reversal, -300),
        line(Kind::Reversal, 200),
        line(Kind::Payout, 9_000),
        Item { day: day(-9), ..line(Kind::Purchase, 7) },
        Item { currency: 840, ..line(Kind::Purchase, 7) },
    ];
    let totals = of_day(&list, day(-10)).unwrap();
    assert_eq!((totals.debits, totals.debit_amount), (2, Yen::new(800)));
    assert_eq!((totals.credits, totals.credit_amount), (1, Yen::new(200)));
    assert_eq!((totals.debit_reversals, totals.debit_reversal_amount), (1, Yen::new(300)));
    assert_eq!((totals.credit_reversals, totals.credit_reversal_amount), (1, Yen::new(200)));
    assert_eq!(totals.net(), Yen::new(-500));
    list.push(line(Kind::Refund, -1));
    let more = of_day(&list, day(-10)).unwrap();
    assert_eq!(differences(&totals, &more), [(74, 1, 2), (86, 200, 201)]);
    assert_eq!(differences(&totals, &totals), []);
    list.push(line(Kind::Purchase, i64::MAX));
    assert_eq!(of_day(&list, day(-10)), None);
}
