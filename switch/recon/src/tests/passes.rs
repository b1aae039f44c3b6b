//! Keys in order of trust: a more trusted one decides, a weaker one finds what is left, and never against a more trusted one.

use super::*;
use crate::keys::Basis;
use crate::result::Verdict;
use kazasu_schemas::closing::{Finding, JoinedBy};

fn bases(outcome: &Outcome) -> Vec<Option<Basis>> {
    let basis = |verdict: &Verdict| match verdict {
        Verdict::Pair { basis, .. } => Some(*basis),
        Verdict::Alone { .. } | Verdict::Group { .. } | Verdict::Repeat { .. } => None,
    };
    outcome.left.iter().map(basis).collect()
}

fn only(keep: Basis, item: Item) -> Item {
    let bare = Item { own: None, external: Reference::NONE, by_rrn: Trace::NONE, by_stan: Trace::NONE, ..item };
    match keep {
        Basis::OwnReference => Item { own: item.own, ..bare },
        Basis::ExternalReference => Item { external: item.external, ..bare },
        Basis::Rrn | Basis::RrnOtherDay => Item { by_rrn: item.by_rrn, ..bare },
        Basis::Stan | Basis::StanOtherDay => Item { by_stan: item.by_stan, ..bare },
        Basis::Batch | Basis::AmountAndDay | Basis::Sum => bare,
    }
}

#[test]
fn each_key_finds_a_line_by_itself() {
    for basis in [Basis::OwnReference, Basis::ExternalReference, Basis::Rrn, Basis::Stan, Basis::AmountAndDay] {
        let outcome = run(&[ours(1, 100)], &[only(basis, theirs(1, 100))], &details());
        assert_eq!(bases(&outcome), [Some(basis)]);
        assert_eq!(outcome.matched_yen, Yen::new(100));
    }
}

#[test]
fn references_find_a_line_whatever_its_amount_but_an_amount_does_not() {
    for basis in [Basis::OwnReference, Basis::ExternalReference, Basis::Rrn, Basis::Stan] {
        let outcome = run(&[ours(1, 100)], &[only(basis, theirs(1, 130))], &details());
        assert_eq!((bases(&outcome)[0], statuses(&outcome).0[0]), (Some(basis), Status::AmountOver));
    }
    let outcome = run(&[ours(1, 100)], &[only(Basis::AmountAndDay, theirs(1, 130))], &details());
    assert_eq!(statuses(&outcome), (vec![Status::Missing], vec![Status::Unexpected]));
}

#[test]
fn the_more_trusted_key_decides() {
    // The first line has the external reference and the traces of the second, and our reference of the first.
    let mixed = Item { own: own(1), line: 1, ..theirs(2, 100) };
    let other = Item { own: own(2), line: 2, ..theirs(1, 100) };
    let outcome = run(&[ours(1, 100), ours(2, 100)], &[mixed, other], &details());
    assert_eq!(bases(&outcome), [Some(Basis::OwnReference); 2]);
    assert_eq!(statuses(&outcome).0, [Status::DataMismatch; 2], "their external references are exchanged");
    let [first, second] = [mixed, other].map(|item| Item { own: None, ..item });
    let outcome = run(&[ours(1, 100), ours(2, 100)], &[first, second], &details());
    assert_eq!(outcome.left[0], Verdict::Pair { with: 1, status: Status::Matched, basis: Basis::ExternalReference });
}

#[test]
fn a_weaker_key_joins_against_a_trusted_one_only_what_is_unique() {
    // Our reference is wrong there, and everything else says that it is the same line.
    let misread = Item { own: own(77), ..theirs(1, 100) };
    let outcome = run(&[ours(1, 100)], &[misread], &details());
    assert_eq!(bases(&outcome), [Some(Basis::ExternalReference)]);
    assert_eq!(statuses(&outcome).0, [Status::DataMismatch]);
    // Where others share the weaker key, it proves nothing.
    let same =
        |item: Item| Item { external: Reference::new("CONSTANT"), by_rrn: Trace::NONE, by_stan: Trace::NONE, ..item };
    let left = [same(ours(1, 100)), same(ours(2, 100))];
    let right = [same(theirs(1, 100)), Item { own: own(77), ..same(theirs(2, 100)) }];
    let outcome = run(&left, &right, &details());
    assert_eq!(outcome.counts.of(Status::Unexpected).right, 1);
    assert_eq!(outcome.counts.of(Status::Matched).left, 1);
    // The amount of a stranger proves less.
    let left = Item { external: Reference::NONE, by_rrn: Trace::NONE, by_stan: Trace::NONE, ..ours(1, 155) };
    let right =
        Item { own: own(77), external: Reference::NONE, by_rrn: Trace::NONE, by_stan: Trace::NONE, ..theirs(2, 155) };
    assert_eq!(statuses(&run(&[left], &[right], &details())), (vec![Status::Missing], vec![Status::Unexpected]));
}

#[test]
fn an_external_reference_is_its_partys_own() {
    let elsewhere = Item { party: party("OTHER"), ..only(Basis::ExternalReference, theirs(1, 100)) };
    assert_eq!(statuses(&run(&[ours(1, 100)], &[elsewhere], &details())).0, [Status::Missing]);
}

#[test]
fn a_trace_alone_must_be_borne_out() {
    let left = only(Basis::Rrn, ours(1, 100));
    let right = Item { party: party("OTHER"), ..only(Basis::Rrn, theirs(1, 130)) };
    assert_eq!(statuses(&run(&[left], &[right], &details())).0, [Status::Missing], "neither amount nor party agree");
    let right = Item { amount: Yen::new(100), ..right };
    assert_eq!(statuses(&run(&[left], &[right], &details())).0, [Status::DataMismatch]);
}

#[test]
fn a_trace_is_good_on_its_day_and_with_the_amount_near_it() {
    for (sort, other_day) in [(Basis::Rrn, Basis::RrnOtherDay), (Basis::Stan, Basis::StanOtherDay)] {
        let at = |days, yen| Item { day: day(-10 + days), ..only(sort, theirs(1, yen)) };
        let found = |right: Item| bases(&run(&[ours(1, 100)], &[right], &details()))[0];
        assert_eq!(found(at(0, 130)), Some(sort));
        assert_eq!(found(at(1, 100)), Some(other_day));
        assert_eq!(found(at(3, 100)), Some(other_day));
        assert_eq!(found(at(4, 100)), None, "beyond the window");
        assert_eq!(found(at(1, 130)), None, "a STAN wraps, and terminals begin anew");
    }
}

#[test]
fn a_stan_that_came_twice_joins_nothing_against_the_retrieval_reference_number() {
    let line = |item: Item, rrn| Item { by_rrn: by_rrn(rrn), ..only(Basis::Stan, item) };
    let left = [line(ours(1, 100), "A"), line(ours(1, 100), "B")];
    let right = [line(theirs(1, 100), "A"), line(theirs(1, 100), "C")];
    let outcome = run(&left, &right, &details());
    assert_eq!(statuses(&outcome), (vec![Status::Matched, Status::Missing], vec![Status::Matched, Status::Unexpected]));
    // Alone on its side, it says that the two are one.
    assert_eq!(bases(&run(&left[1..], &right[1..], &details())), [Some(Basis::Stan)]);
}

/// A's payment and B's have the same number, terminal and amount; the other side has B's alone. What names B is the STAN.
#[test]
fn a_number_of_zeros_or_one_that_repeats_names_nothing() {
    for number in ["000000000000", "0", "A"] {
        for yen in [100, 130] {
            for turned in [false, true] {
                let line =
                    |item: Item, stan| Item { own: None, by_rrn: by_rrn(number), by_stan: by_stan(stan), ..item };
                let bare = |item: Item| Item { external: Reference::NONE, ..item };
                let mut left = [line(bare(ours(1, 100)), 1), line(bare(ours(2, yen)), 2)];
                let b = usize::from(!turned);
                if turned {
                    left.swap(0, 1);
                }
                let outcome = run(&left, &[line(bare(theirs(2, yen)), 2)], &details());
                let mut expected = [Status::Missing; 2];
                expected[b] = Status::Matched;
                assert_eq!(
                    (statuses(&outcome).0, bases(&outcome)[b]),
                    (expected.to_vec(), Some(Basis::Stan)),
                    "{number}"
                );
            }
        }
    }
    // On another day too: a number that comes every day joins nothing that the STAN speaks against.
    let line = |item: Item, stan, at| Item {
        own: None,
        external: Reference::NONE,
        by_rrn: by_rrn("A"),
        by_stan: by_stan(stan),
        day: day(at),
        party: Party::NONE,
        ..item
    };
    let outcome = run(&[line(ours(1, 100), 1, -10)], &[line(theirs(2, 100), 2, -9)], &details());
    assert_eq!(statuses(&outcome), (vec![Status::Missing], vec![Status::Unexpected]));
    assert!(by_stan(1) != by_stan(2) && by_stan(0).is_none());
}

#[test]
fn a_purchase_and_its_reversal_share_references() {
    let reversed = |item: Item, yen| Item { kind: Kind::Reversal, amount: Yen::new(yen), own: None, ..item };
    let left = [ours(1, 100), reversed(ours(1, 100), -100)];
    // In another order, and one of them with another amount.
    let right = [reversed(theirs(1, 100), -100), Item { own: None, ..theirs(1, 120) }];
    let outcome = run(&left, &right, &details());
    assert_eq!(statuses(&outcome).0, [Status::AmountOver, Status::Matched]);
    // Both with another amount: the kind tells which is which.
    let right = [reversed(theirs(1, 100), -120), Item { own: None, ..theirs(1, 120) }];
    let outcome = run(&left, &right, &details());
    assert_eq!(statuses(&outcome).0, [Status::AmountOver, Status::AmountUnder]);
}

#[test]
fn several_of_one_key_are_told_apart_by_amount_or_left_alone() {
    let same = |item: Item| Item { external: Reference::new("R"), ..only(Basis::ExternalReference, item) };
    let left = [same(ours(1, 100)), same(ours(2, 200))].map(|item| Item { own: None, ..item });
    let shifted = [same(theirs(2, 200)), same(theirs(1, 100))].map(|item| Item { day: day(-9), ..item });
    assert_eq!(statuses(&run(&left, &shifted, &details())).0, [Status::Matched; 2]);
    // One is exact, so the other two belong together.
    let outcome = run(&left, &[same(theirs(1, 100)), same(theirs(2, 250))], &details());
    assert_eq!(statuses(&outcome).0, [Status::Matched, Status::AmountOver]);
    // Nothing tells which is which.
    let outcome = run(&left, &[same(theirs(1, 110)), same(theirs(2, 210))], &details());
    assert_eq!(statuses(&outcome), (vec![Status::Missing; 2], vec![Status::Unexpected; 2]));
    let Finding::NotListed { ambiguous, .. } = &outcome.exceptions[0].finding else { panic!("{outcome:?}") };
    assert_eq!(*ambiguous, Some(JoinedBy::ExternalReference), "several lines on both sides share it");
}

#[test]
fn equal_lines_without_references_are_joined_as_many_as_there_are() {
    let bare = |side, line, days| Item { day: day(-10 + days), ..plain(side, line, 155) };
    let ledger = |line| Item { own: own(line), ..bare(Side::Ledger, line, 0) };
    let left = [ledger(1), ledger(2), ledger(3)];
    let right = [bare(Side::Acquirer, 1, 0), bare(Side::Acquirer, 2, 0)];
    assert_eq!(statuses(&run(&left, &right, &details())).0, [Status::Matched, Status::Matched, Status::Missing]);
    let right = [0, 0, 0, 0].map(|days| bare(Side::Acquirer, 1, days));
    let outcome = run(&left, &right, &details());
    assert_eq!(statuses(&outcome).1, [Status::Matched, Status::Matched, Status::Matched, Status::Duplicate]);
    // The same day first, then in order within the window.
    let right = [bare(Side::Acquirer, 1, 5), bare(Side::Acquirer, 2, 3), bare(Side::Acquirer, 3, 0)];
    let outcome = run(&left, &right, &details());
    assert_eq!(statuses(&outcome).0, [Status::Matched, Status::DateMismatch, Status::Missing]);
    assert_eq!(outcome.left[1], Verdict::Pair { with: 1, status: Status::DateMismatch, basis: Basis::AmountAndDay });
    assert_eq!(statuses(&outcome).1[0], Status::Unexpected);
}

#[test]
fn no_party_no_match_by_amount() {
    let no_party = Item { party: Party::NONE, ..plain(Side::Acquirer, 1, 100) };
    assert_eq!(statuses(&run(&[ours(1, 100)], &[no_party], &details())).1, [Status::Unexpected]);
}
