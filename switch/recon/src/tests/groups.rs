//! Groups: a batch against its payout, in one line or several, and sums where no batch number says so.

use super::*;
use crate::keys::Basis;
use crate::result::{Proposal, Verdict};
use crate::rules::{BatchScope, Grouping};
use crate::subset::{Search, Solution};
use kazasu_schemas::closing::{Finding, JoinedBy};
use proptest::prelude::*;

fn bank() -> Rules {
    Rules { due_days: 12, ..Rules::between(Side::Ledger, Side::Bank) }
}

fn owed(line: u64, batch: &str, yen: i64) -> Item {
    let kind = if yen < 0 { Kind::Refund } else { Kind::Purchase };
    Item { own: own(line), batch: Reference::new(batch), kind, ..plain(Side::Ledger, line, yen) }
}

fn paid(line: u64, batch: &str, yen: i64) -> Item {
    Item { kind: Kind::Payout, batch: Reference::new(batch), day: day(-8), ..plain(Side::Bank, line, yen) }
}

#[test]
fn a_payout_for_many_settlements() {
    let left = [owed(1, "B1", 500), owed(2, "B1", 700), owed(3, "B1", -200), owed(4, "B2", 1_000)];
    let outcome = run(&left, &[paid(1, "B1", 1_000)], &bank());
    assert_eq!(statuses(&outcome).0[..3], [Status::Matched; 3]);
    assert_eq!(statuses(&outcome).0[3], Status::Expected, "the same sum, but another batch");
    let group = outcome.groups[0];
    assert_eq!((group.basis, group.lines, group.sums), (Basis::Batch, [3, 1], [Yen::new(1_000); 2]));
    assert_eq!(outcome.matched_yen, Yen::new(1_000));
    assert_eq!(outcome.exceptions, []);
}

#[test]
fn a_batch_in_several_lines_and_in_another_amount() {
    let left = [owed(1, "B1", 500), owed(2, "B1", 700), owed(3, "B2", 100), owed(4, "B2", 200)];
    let right = [paid(1, "B1", 900), paid(2, "B1", 300), paid(3, "B2", 250), paid(4, "B2", 60)];
    let outcome = run(&left, &right, &bank());
    assert_eq!(statuses(&outcome).0, [Status::Matched, Status::Matched, Status::AmountOver, Status::AmountOver]);
    assert_eq!(outcome.exceptions.len(), 1, "one for the group");
    let exception = &outcome.exceptions[0];
    assert_eq!((exception.line, exception.other_line), (3, Some(3)));
    assert_eq!(exception.proposal, Proposal::BookDifference(Yen::new(10)));
    let Finding::GroupDiffers { by: JoinedBy::Batch, batch: Some(batch), expected, .. } = &exception.finding else {
        panic!("{exception:?}");
    };
    assert_eq!((batch.as_str(), expected.sum, expected.lines), ("B2", Yen::new(300), 2));
}

#[test]
fn a_batch_paid_in_part_is_waited_for_until_it_is_due() {
    let left = [owed(1, "B1", 500), owed(2, "B1", 700)];
    let right = [paid(1, "B1", 700)];
    let due = Rules { due_days: 10, ..bank() };
    let outcome = run(&left, &right, &due);
    assert_eq!(statuses(&outcome), (vec![Status::PartlyMatched; 2], vec![Status::PartlyMatched]));
    assert_eq!(outcome.exceptions[0].proposal, Proposal::WaitUntil(TODAY));
    let id = outcome.exceptions[0].id;
    let overdue = Rules { due_days: 9, ..bank() };
    let outcome = run(&left, &right, &overdue);
    assert_eq!(statuses(&outcome).0, [Status::AmountUnder; 2]);
    assert_eq!(outcome.exceptions[0].proposal, Proposal::BookDifference(Yen::new(-500)));
    assert_eq!(outcome.exceptions[0].id, id, "the same exception, a day later");
    let more = [paid(7, "B1", 100), paid(1, "B1", 700)];
    assert_eq!(run(&left, &more, &overdue).exceptions[0].id, id, "the same, although more has come");
    // What was to be paid and came in is no part.
    let outcome = run(&left, &[paid(1, "B1", -700)], &due);
    assert_eq!(statuses(&outcome).0, [Status::AmountUnder; 2]);
    let outcome = run(&left, &[paid(1, "B1", 0)], &due);
    assert_eq!(statuses(&outcome).0, [Status::AmountUnder; 2]);
}

#[test]
fn a_batch_is_tolerated_as_a_whole_and_on_its_last_day() {
    let rules = Rules { tolerance_yen: 440, ..bank() };
    let left = [owed(1, "B1", 5_000), owed(2, "B1", 7_000)];
    let outcome = run(&left, &[paid(1, "B1", 11_560)], &rules);
    assert_eq!((outcome.tolerated, outcome.tolerated_yen), (1, Yen::new(-440)));
    assert_eq!(statuses(&run(&left, &[paid(1, "B1", 11_559)], &rules)).0, [Status::PartlyMatched; 2]);
    let late = Item { day: day(-6), ..paid(1, "B1", 12_000) };
    assert_eq!(statuses(&run(&left, &[late], &rules)).0, [Status::DateMismatch; 2]);
}

#[test]
fn two_parties_may_use_the_same_batch_number() {
    let other = |item: Item| Item { party: party("OTHER"), ..item };
    let left = [owed(1, "B1", 500), other(owed(2, "B1", 300))];
    let right = [paid(1, "B1", 500), other(paid(2, "B1", 310))];
    let by_party = Rules { batches: BatchScope::Party, ..bank() };
    assert_eq!(statuses(&run(&left, &right, &by_party)).0, [Status::Matched, Status::AmountOver]);
    assert_eq!(statuses(&run(&left, &right, &bank())).0, [Status::AmountOver; 2]);
}

#[test]
fn errors_of_a_detail_file_never_cancel_each_other_in_a_batch() {
    let batch = Reference::new("B1");
    let left = [Item { batch, ..ours(1, 100) }, Item { batch, ..ours(2, 300) }];
    let right = [Item { batch, ..theirs(1, 100) }, Item { batch, ..theirs(3, 300) }];
    let outcome = run(&left, &right, &details());
    assert_eq!(outcome.counts.of(Status::Missing).left, 1);
    assert_eq!(outcome.counts.of(Status::Unexpected).right, 1);
}

#[test]
fn a_sum_that_is_unique_is_found() {
    let left = [owed(1, "", 500), owed(2, "", 700), owed(3, "", 900), owed(4, "", 40)];
    let outcome = run(&left, &[paid(1, "", 1_400)], &bank());
    assert_eq!(statuses(&outcome).0, [Status::Matched, Status::Expected, Status::Matched, Status::Expected]);
    assert_eq!(outcome.groups[0].basis, Basis::Sum);
    // The other way round: one payout of ours, which the bank made in two.
    let ours = Item { kind: Kind::Payout, ..owed(1, "", 1_000) };
    let outcome = run(&[ours], &[paid(1, "", 300), paid(2, "", 700), paid(3, "", 650)], &bank());
    assert_eq!(statuses(&outcome), (vec![Status::Matched], vec![Status::Matched, Status::Matched, Status::Unexpected]));
}

#[test]
fn a_bank_line_without_a_number_may_be_whole_batches() {
    let left = [owed(1, "B1", 500), owed(2, "B1", 700), owed(3, "B2", 900), owed(4, "B3", 1_100)];
    let outcome = run(&left, &[paid(1, "", 2_100)], &bank());
    assert_eq!(statuses(&outcome).0, [Status::Matched, Status::Matched, Status::Matched, Status::Expected]);
    // Nor is a payout of one batch ever taken for that of another, however alike they are.
    let announced = Item { kind: Kind::Payout, ..owed(1, "B1", 500) };
    assert_eq!(statuses(&run(&[announced], &[paid(1, "", 500)], &bank())).1, [Status::Matched]);
    assert_eq!(statuses(&run(&[announced], &[paid(1, "B2", 500)], &bank())).1, [Status::Unexpected]);
    // No party pays a part of a batch.
    assert_eq!(statuses(&run(&left, &[paid(1, "", 700)], &bank())).1, [Status::Unexpected]);
}

#[test]
fn a_sum_that_is_not_unique_is_left_with_its_candidates() {
    let left = [owed(1, "", 500), owed(2, "", 700), owed(3, "", 400), owed(4, "", 800)];
    let outcome = run(&left, &[paid(9, "", 1_200)], &bank());
    assert_eq!(statuses(&outcome), (vec![Status::Expected; 4], vec![Status::Unexpected]));
    let exception = &outcome.exceptions[0];
    assert_eq!(exception.candidates, [1, 2, 3, 4]);
    assert_eq!(exception.proposal, Proposal::ChooseCandidate);
    // Two payouts that need the same lines.
    let outcome = run(&left[..2], &[paid(8, "", 1_200), paid(9, "", 1_200)], &bank());
    assert_eq!(statuses(&outcome), (vec![Status::Expected; 2], vec![Status::Unexpected; 2]));
    assert_eq!(outcome.exceptions[1].candidates, [1, 2]);
    // One that needs them all makes the other one's explanation certain in the next round.
    let right = [Item { day: day(-15), ..paid(8, "", 1_200) }, paid(9, "", 1_200)];
    let left = [
        owed(1, "", 500),
        owed(2, "", 700),
        Item { day: day(0), ..owed(3, "", 400) },
        Item { day: day(0), ..owed(4, "", 800) },
    ];
    let outcome = run(&left, &right, &Rules { tolerance_days: 20, ..bank() });
    assert_eq!(statuses(&outcome), (vec![Status::Matched; 4], vec![Status::Matched; 2]));
}

#[test]
fn sums_are_bounded() {
    let left = |n: u64| (1..=n).map(|line| owed(line, "", 1 << line)).collect::<Vec<_>>();
    assert_eq!(statuses(&run(&left(20), &[paid(1, "", 6)], &bank())).1, [Status::Matched]);
    let outcome = run(&left(21), &[paid(1, "", 6)], &bank());
    assert_eq!(statuses(&outcome).1, [Status::Unexpected]);
    assert_eq!(outcome.exceptions[0].candidates.len(), 20);
    let fewer = Rules { candidates: 3, ..bank() };
    assert_eq!(statuses(&run(&left(3), &[paid(1, "", 6)], &fewer)).1, [Status::Matched]);
    assert_eq!(statuses(&run(&left(4), &[paid(1, "", 6)], &fewer)).1, [Status::Unexpected]);
    // Only in the window, of the same party and currency, for a line that is a net, and where it is allowed.
    let payout = paid(1, "", 6);
    let two = left(2);
    assert_eq!(statuses(&run(&two, &[payout], &bank())).1, [Status::Matched]);
    for wrong in [
        Item { day: day(1), ..payout },
        Item { party: party("OTHER"), ..payout },
        Item { currency: 840, ..payout },
        Item { kind: Kind::Adjustment, ..payout },
        Item { batch: Reference::new("B9"), ..payout },
    ] {
        assert_eq!(statuses(&run(&two, &[wrong], &bank())).1, [Status::Unexpected], "{wrong:?}");
    }
    let off = Rules { grouping: Grouping::ByBatch, ..bank() };
    assert_eq!(statuses(&run(&two, &[payout], &off)).1, [Status::Unexpected]);
}

#[test]
fn a_zero_line_makes_no_second_solution() {
    let left = [owed(1, "", 500), owed(2, "", 700), owed(3, "", 0)];
    let outcome = run(&left, &[paid(1, "", 1_200)], &bank());
    assert_eq!(statuses(&outcome).0, [Status::Matched, Status::Matched, Status::Expected]);
    assert!(matches!(outcome.left[2], Verdict::Alone { .. }));
}

proptest! {
    #[test]
    fn subsets_are_those_of_brute_force(amounts in prop::collection::vec(-40_i64..40, 0..=12), target in -60_i64..60) {
        let sum = |mask: u32| (0..amounts.len()).filter(|bit| mask >> bit & 1 == 1).map(|bit| amounts[bit]).sum::<i64>();
        let found: Vec<u32> = (1..1_u32 << amounts.len()).filter(|mask| sum(*mask) == target).collect();
        let expected = match found[..] {
            [] => Solution::None,
            [mask] => Solution::One(mask),
            _ => Solution::Several,
        };
        prop_assert_eq!(Search::default().solve(&amounts, target), expected);
    }
}
