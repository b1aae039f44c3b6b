//! Each status, both ways: what has it, and what just has not.

use super::*;
use crate::keys::Basis;
use crate::result::{Exception, Proposal, Verdict};
use kazasu_schemas::closing::{Difference, Finding, ListedLine, Money};

fn one(left: &[Item], right: &[Item], rules: &Rules) -> (Status, Option<Exception>) {
    let outcome = run(left, right, rules);
    let (lefts, rights) = statuses(&outcome);
    assert!(outcome.exceptions.len() <= 1);
    let status = *lefts.iter().chain(&rights).next().unwrap();
    (status, outcome.exceptions.into_iter().next())
}

#[test]
fn the_same_line_is_matched() {
    let outcome = run(&[ours(1, 1_280)], &[theirs(1, 1_280)], &details());
    let pair = Verdict::Pair { with: 0, status: Status::Matched, basis: Basis::OwnReference };
    assert_eq!((outcome.left[0], outcome.right[0]), (pair, pair));
    assert_eq!(outcome.matched_yen, Yen::new(1_280));
    assert_eq!(outcome.exceptions, []);
    assert_eq!((outcome.tolerated, outcome.tolerated_yen), (0, Yen::ZERO));
}

#[test]
fn nothing_against_nothing_is_nothing() {
    let outcome = run(&[], &[], &details());
    assert_eq!(outcome.counts, Default::default());
}

#[test]
fn expected_turns_missing_the_day_after_it_is_due() {
    let rules = Rules { due_days: 3, ..details() };
    let due_today = Item { day: day(-3), ..ours(1, 100) };
    assert_eq!(one(&[due_today], &[], &rules), (Status::Expected, None));
    let overdue = Item { day: day(-4), ..ours(1, 100) };
    let (status, exception) = one(&[overdue], &[], &rules);
    let exception = exception.unwrap();
    assert_eq!((status, exception.status, exception.days), (Status::Missing, Status::Missing, 1));
    assert_eq!((exception.side, exception.line, exception.own), (Side::Ledger, 1, own(1)));
    assert_eq!(exception.proposal, Proposal::Ask(Side::Acquirer));
    let due = day(-1);
    let money = Money { amount: Yen::new(100), currency: 392 };
    let line = ListedLine { kind: "purchase".into(), money, party: "SHOP".into() };
    let by = Side::Acquirer;
    assert_eq!(
        exception.finding,
        Finding::NotListed { line, day: overdue.day, by, due, ambiguous: None, may_be_sum: false }
    );
}

#[test]
fn what_was_not_expected_is_waited_for_and_then_asked_about() {
    for (days, proposal) in
        [(0, Proposal::WaitUntil(day(3))), (-3, Proposal::WaitUntil(TODAY)), (-4, Proposal::Ask(Side::Acquirer))]
    {
        let (status, exception) = one(&[], &[Item { day: day(days), ..theirs(1, 100) }], &details());
        assert_eq!((status, exception.unwrap().proposal), (Status::Unexpected, proposal));
    }
    let (status, exception) = one(&[], &[theirs(1, 100)], &details());
    let exception = exception.unwrap();
    assert_eq!((status, exception.proposal), (Status::Unexpected, Proposal::Ask(Side::Acquirer)));
    assert_eq!((exception.side, exception.line), (Side::Acquirer, 101));
}

#[test]
fn amounts_are_over_or_under_beyond_the_tolerance() {
    let yen = Rules { tolerance_yen: 10, ..details() };
    let share = Rules { tolerance_per_mille: 5, ..details() };
    let both = Rules { tolerance_yen: 10, tolerance_per_mille: 5, ..details() };
    for (rules, expected, came, status) in [
        (details(), 1_000, 1_000, Status::Matched),
        (details(), 1_000, 1_001, Status::AmountOver),
        (details(), 1_000, 999, Status::AmountUnder),
        (yen, 1_000, 1_010, Status::Matched),
        (yen, 1_000, 1_011, Status::AmountOver),
        (yen, 1_000, 990, Status::Matched),
        (yen, 1_000, 989, Status::AmountUnder),
        // 5 ‰ of 1,999 is 9.995: nine whole yen.
        (share, 1_999, 2_008, Status::Matched),
        (share, 1_999, 2_009, Status::AmountOver),
        (share, -1_999, -2_008, Status::Matched),
        (share, -1_999, -2_009, Status::AmountUnder),
        (share, -1_999, -1_989, Status::AmountOver),
        // The larger of the two counts.
        (both, 1_000, 1_010, Status::Matched),
        (both, 10_000, 10_050, Status::Matched),
        (both, 10_000, 10_051, Status::AmountOver),
        (yen, 0, 10, Status::Matched),
        (yen, -5, 5, Status::Matched),
    ] {
        assert_eq!(one(&[ours(1, expected)], &[theirs(1, came)], &rules).0, status, "{expected} and {came}");
    }
}

#[test]
fn a_tolerated_difference_is_counted() {
    let rules = Rules { tolerance_yen: 10, ..details() };
    let left = [ours(1, 1_000), ours(2, 500), ours(3, 7)];
    let right = [theirs(1, 1_004), theirs(2, 499), theirs(3, 7)];
    let outcome = run(&left, &right, &rules);
    assert_eq!((outcome.tolerated, outcome.tolerated_yen), (2, Yen::new(3)));
    assert_eq!(outcome.matched_yen, Yen::new(1_507));
}

#[test]
fn a_difference_is_asked_about_booked_or_written_off() {
    let rules = Rules { write_off_yen: 50, ..details() };
    let proposal = |rules: &Rules, came| {
        let right = Item { side: rules.right, ..theirs(1, came) };
        one(&[ours(1, 1_000)], &[right], rules).1.unwrap().proposal
    };
    assert_eq!(proposal(&rules, 1_050), Proposal::WriteOff(Yen::new(50)));
    assert_eq!(proposal(&rules, 950), Proposal::WriteOff(Yen::new(-50)));
    assert_eq!(proposal(&rules, 1_051), Proposal::Ask(Side::Acquirer));
    let bank = Rules::between(Side::Ledger, Side::Bank);
    assert_eq!(proposal(&bank, 560), Proposal::BookDifference(Yen::new(-440)), "the bank has moved it");
    let issuer = Rules::between(Side::Ledger, Side::Issuer);
    assert_eq!(proposal(&issuer, 560), Proposal::Ask(Side::Issuer));
}

#[test]
fn other_mismatches_the_most_specific_first() {
    let came = theirs(1, 1_000);
    let late = Item { day: day(-8), ..came };
    let yen = |amount| Money { amount: Yen::new(amount), currency: 392 };
    let dollars = Money { currency: 840, ..yen(1_000) };
    for (right, status, first) in [
        (Item { currency: 840, ..late }, Status::CurrencyMismatch, Difference::Currency(yen(1_000), dollars)),
        (
            Item { kind: Kind::Refund, amount: Yen::new(999), ..late },
            Status::DataMismatch,
            Difference::Kind("purchase".into(), "refund".into()),
        ),
        (
            Item { party: party("OTHER"), ..came },
            Status::DataMismatch,
            Difference::Party("SHOP".into(), "OTHER".into()),
        ),
        (
            Item { external: Reference::new("E9"), ..came },
            Status::DataMismatch,
            Difference::ExternalReference(came.external.to_string(), "E9".into()),
        ),
        (
            Item { amount: Yen::new(999), ..late },
            Status::AmountUnder,
            Difference::Amount(yen(1_000), yen(999), Yen::ZERO),
        ),
        (late, Status::DateMismatch, Difference::Day(came.day, late.day)),
    ] {
        let (found, exception) = one(&[ours(1, 1_000)], &[right], &details());
        let exception = exception.unwrap();
        assert_eq!(found, status);
        let Finding::Differs { differences, .. } = &exception.finding else { panic!("{exception:?}") };
        assert_eq!(differences.first(), Some(&first));
        assert_eq!((exception.other_line, exception.other_amount), (Some(101), Some(right.amount)));
        assert_eq!(exception.days, right.day.0 - day(-10).0);
    }
    // What a side does not name cannot differ.
    let silent = Item { party: Party::NONE, external: Reference::NONE, day: day(-9), ..came };
    assert_eq!(one(&[ours(1, 1_000)], &[silent], &details()), (Status::Matched, None));
    let differing = Item { external: Reference::new("BANK-77"), ..came };
    let theirs_alone = Rules { external: crate::rules::External::TheirOwn, ..details() };
    assert_eq!(one(&[ours(1, 1_000)], &[differing], &theirs_alone), (Status::Matched, None));
}

#[test]
fn dates_are_tolerated_either_way_and_not_further() {
    let rules = Rules { tolerance_days: 2, ..details() };
    for (days, status) in [
        (0, Status::Matched),
        (2, Status::Matched),
        (-2, Status::Matched),
        (3, Status::DateMismatch),
        (-3, Status::DateMismatch),
    ] {
        let right = Item { day: day(-10 + days), ..theirs(1, 100) };
        assert_eq!(one(&[ours(1, 100)], &[right], &rules).0, status, "{days}");
    }
}

#[test]
fn a_line_that_comes_twice_is_a_duplicate_on_the_side_that_has_more() {
    let (a, b) = (theirs(1, 100), Item { line: 7, ..theirs(1, 100) });
    let outcome = run(&[ours(1, 100)], &[a, b], &details());
    assert_eq!(statuses(&outcome), (vec![Status::Matched], vec![Status::Matched, Status::Duplicate]));
    assert_eq!(outcome.right[1], Verdict::Repeat { of: 0 });
    let exception = &outcome.exceptions[0];
    assert_eq!((exception.side, exception.line, exception.other_line), (Side::Acquirer, 7, Some(101)));
    assert_eq!(exception.proposal, Proposal::ReverseDuplicate(Side::Acquirer));
    // Two of our records for what the acquirer has once.
    let again = Item { own: own(2), line: 2, ..ours(1, 100) };
    let outcome = run(&[ours(1, 100), again], &[theirs(1, 100)], &details());
    assert_eq!(statuses(&outcome).0, [Status::Matched, Status::Duplicate]);
    assert_eq!(outcome.exceptions[0].proposal, Proposal::ReverseDuplicate(Side::Ledger));
    // Twice on both sides is twice.
    let outcome = run(&[ours(1, 100), again], &[Item { own: None, ..a }, Item { own: None, ..b }], &details());
    assert_eq!(outcome.counts.of(Status::Matched).left, 2);
}

#[test]
fn our_reference_twice_with_another_amount_is_a_duplicate_too() {
    let wrong =
        Item { line: 7, external: Reference::NONE, by_rrn: Trace::NONE, by_stan: Trace::NONE, ..theirs(1, 300) };
    let outcome = run(&[ours(1, 100)], &[wrong, theirs(1, 100)], &details());
    assert_eq!(statuses(&outcome), (vec![Status::Matched], vec![Status::Duplicate, Status::Matched]));
    let Finding::Twice { by: Side::Acquirer, other_line: 101, other: Some(other), .. } = &outcome.exceptions[0].finding
    else {
        panic!("{:?}", outcome.exceptions[0]);
    };
    assert_eq!((other.kind.as_str(), other.money.amount), ("purchase", Yen::new(100)));
    // A line with a number that we never gave is not.
    let stranger =
        Item { own: own(99), external: Reference::NONE, by_rrn: Trace::NONE, by_stan: Trace::NONE, ..theirs(1, 100) };
    assert_eq!(
        statuses(&run(&[ours(1, 100)], &[theirs(1, 100), stranger], &details())).1,
        [Status::Matched, Status::Unexpected]
    );
}

#[test]
fn exceptions_beyond_the_limit_are_counted() {
    let rules = Rules { listed: 2, ..details() };
    let left: Vec<Item> = (1..=5).map(|n| ours(n, 100)).collect();
    let outcome = run(&left, &[], &rules);
    assert_eq!((outcome.exceptions.len(), outcome.unlisted), (2, 3));
    assert_eq!(outcome.counts.of(Status::Missing).left, 5);
}

#[test]
fn an_exception_keeps_its_identity() {
    let id = |left: &[Item], right: &[Item]| one(left, right, &details()).1.unwrap().id;
    let missing = id(&[ours(1, 100)], &[]);
    assert_eq!(missing, id(&[Item { line: 44, ..ours(1, 100) }], &[]), "line numbers do not matter");
    assert_eq!(missing, id(&[ours(1, 100)], &[theirs(1, 120)]), "it has come, with another amount");
    assert_ne!(missing, id(&[ours(2, 100)], &[]));
    assert_ne!(missing, id(&[], &[theirs(1, 100)]), "the other side's line is another matter");
    // Equal lines are told apart, and counted from the first again in the next run.
    let bare = |line| plain(Side::Acquirer, line, 100);
    let three = run(&[], &[bare(1), bare(2), bare(3)], &details());
    let two = run(&[], &[bare(8), bare(9)], &details());
    assert_eq!(
        three.exceptions[..2].iter().map(|e| e.id).collect::<Vec<_>>(),
        two.exceptions.iter().map(|e| e.id).collect::<Vec<_>>()
    );
    // It is written down somewhere: the bytes are for ever.
    assert_eq!(missing.to_string(), "b2f5dfef609fa703745cb1b7fa24c220");
}

#[test]
fn results_are_written_as_json() {
    let outcome = run(&[ours(1, 1_000)], &[theirs(1, 1_001)], &details());
    let json = serde_json::to_value(&outcome.exceptions[0]).unwrap();
    assert_eq!(json["status"], "amount_over");
    assert_eq!(json["amount"], 1_000);
    assert_eq!(json["other_amount"], 1_001);
    assert_eq!(json["own"], 1);
    assert_eq!(json["party"], "SHOP");
    assert_eq!(json["proposal"], serde_json::json!({ "ask": "acquirer" }));
    assert_eq!(json["id"].as_str().unwrap().len(), 32);
}
