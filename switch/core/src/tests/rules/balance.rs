//! A person has one balance of a programme, however many accounts merges gave them.

use super::*;
use kazasu_schemas::wire::Options;
use proptest::prelude::*;

/// Two temporary IDs that pay from held accounts of their own, as persons 51 and 52.
fn town() -> Town {
    let mut town = town_with(policy());
    for (who, number) in [(51_u8, 51_u64), (52, 52)] {
        ask(&mut town, Command::IssueTemporary { ppid: person(who), until: None, by: "city".into() }).unwrap();
        ask(&mut town, Command::OpenDeposit { number, maker: None }).unwrap();
        ask(&mut town, Command::Fund { number, amount: Yen::new(10_000), reference: "t".into(), maker: None }).unwrap();
        let origin = LinkOrigin::Import;
        ask(
            &mut town,
            Command::Link { ppid: person(who), from: None, to: Link::Deposit(number), origin, by: "t".into() },
        )
        .unwrap();
    }
    town
}

fn merge(town: &mut Town, from: u8) {
    ask(town, Command::Merge { from: person(from), into: person(1), by: "city".into() }).unwrap();
}

fn with_points(town: &mut Town, who: u8, yen: i64) -> Request {
    let mut request = town.request(Operation::Purchase, who, yen);
    request.options = Options::USE_POINTS;
    request
}

fn owed_by_the_funder(town: &Town) -> i64 {
    balance(town, |k| matches!(k, AccountKey::FunderReceivable(1)))
}

#[test]
fn what_one_account_owes_the_others_do_not_pay_with() {
    let mut town = town();
    // The temporary ID earns 100 points, pays with them, and the payment that earned them is refunded: -100.
    let (earned, _) = town.purchase(51, 1_000);
    let spend = with_points(&mut town, 51, 100);
    assert_eq!(town.code(&spend), "00");
    let refund = town.about(Operation::Refund, &earned, 1_000);
    assert_eq!(town.code(&refund), "00");
    town.purchase(1, 1_000);
    assert_eq!(owed_by_the_funder(&town), 100);
    merge(&mut town, 51);
    let day = town.state.day;
    assert_eq!(town.state.resident(&person(1), day).unwrap().points[0].available, 0);
    let before = town.available(1);
    let spend = with_points(&mut town, 1, 100);
    let answer = answer(&town.send(&spend)).unwrap();
    assert_eq!(town.available(1), before - 100, "the instrument paid: there are no points");
    assert_eq!(owed_by_the_funder(&town), 100);
    assert_eq!(answer.receipt.points, Some(10), "earned by this payment");
    // Ten points are there to spend, and no more; what expires is what is left.
    let spend = with_points(&mut town, 1, 50);
    assert_eq!(town.code(&spend), "00");
    assert_eq!(owed_by_the_funder(&town), 110);
    let left = town.state.resident(&person(1), day).unwrap().points[0].available;
    pass_to(&mut town, "2027-02-01");
    assert_eq!(balance(&town, |k| matches!(k, AccountKey::PointsExpired(1))), left);
    assert_eq!(balance(&town, |k| matches!(k, AccountKey::Points(..))), 0);
    town.check_replay();
}

#[test]
fn points_of_three_accounts_pay_for_one_tap() {
    let mut town = town();
    for who in [1, 51, 52] {
        town.purchase(who, 400);
    }
    merge(&mut town, 51);
    merge(&mut town, 52);
    let spend = with_points(&mut town, 1, 120);
    let before = town.available(1);
    assert_eq!(town.code(&spend), "00");
    assert_eq!((town.available(1), owed_by_the_funder(&town)), (before, 120));
    let reversal = town.about(Operation::Reversal, &spend, 120);
    assert_eq!(town.code(&reversal), "00");
    assert_eq!(owed_by_the_funder(&town), 0);
    town.check_replay();
}

#[derive(Clone, Debug)]
enum Does {
    Pay(u8, i64),
    PayWithPoints(u8, i64),
    Refund(usize),
    Merge(u8),
}

fn does() -> impl Strategy<Value = Does> {
    let who = prop::sample::select(vec![1_u8, 51, 52]);
    prop_oneof![
        3 => (who.clone(), 1_i64..1_500).prop_map(|(who, yen)| Does::Pay(who, yen)),
        3 => (who, 1_i64..200).prop_map(|(who, yen)| Does::PayWithPoints(who, yen)),
        3 => (0_usize..20).prop_map(Does::Refund),
        1 => prop::sample::select(vec![51_u8, 52]).prop_map(Does::Merge),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    /// In every order of earning, claw-back and merges: what pays is what the person has in all, and never below zero.
    #[test]
    fn what_can_be_spent_is_the_sum_and_never_less_than_nothing(steps in prop::collection::vec(does(), 1..40)) {
        let mut town = town();
        let day = town.state.day;
        let mut merged = std::collections::BTreeSet::new();
        let mut paid: Vec<(Request, i64)> = Vec::new();
        let have = |town: &Town, who: u8| {
            let points = town.state.resident(&person(who), day).map_or_else(Vec::new, |r| r.points);
            points.first().map_or(0, |p| p.available)
        };
        for step in steps {
            match step {
                Does::Pay(who, _) | Does::PayWithPoints(who, _) if merged.contains(&who) => {}
                Does::Pay(who, yen) => {
                    let (request, code) = town.purchase(who, yen);
                    if code == "00" {
                        paid.push((request, yen));
                    }
                }
                Does::PayWithPoints(who, yen) => {
                    let (before, owed) = (have(&town, who), owed_by_the_funder(&town));
                    let request = with_points(&mut town, who, yen);
                    if town.code(&request) == "00" {
                        prop_assert_eq!(owed_by_the_funder(&town) - owed, yen.min(before.max(0)));
                        paid.push((request, yen));
                    }
                }
                Does::Refund(_) if paid.is_empty() => {}
                Does::Refund(nth) => {
                    let (request, yen) = paid.swap_remove(nth % paid.len());
                    let refund = town.about(Operation::Refund, &request, yen);
                    prop_assert_eq!(town.code(&refund), "00");
                }
                Does::Merge(who) => {
                    if merged.insert(who) {
                        let sum = have(&town, 1) + have(&town, who);
                        merge(&mut town, who);
                        prop_assert_eq!(have(&town, 1), sum);
                    }
                }
            }
        }
        let left: i64 = [1_u8, 51, 52].iter().filter(|who| !merged.contains(who)).map(|who| have(&town, *who).max(0)).sum();
        pass_to(&mut town, "2027-02-01");
        prop_assert_eq!(balance(&town, |k| matches!(k, AccountKey::PointsExpired(1))), left);
        town.check_replay();
    }
}

#[test]
fn an_undone_refund_is_taken_out_of_all_purses_of_the_programme() {
    let purses = |town: &Town| -> i64 {
        town.state.resident(&person(1), town.state.day).unwrap().purses.iter().map(|purse| purse.available).sum()
    };
    let shortfall = |town: &Town| balance(town, |key| matches!(key, AccountKey::AdviceShortfall(_)));
    // The purse of the temporary ID has ¥400, the person's own ¥200, of which some is spent before the refund is undone.
    for (spent, uncovered) in [(0, 0), (100, 0), (200, 0), (250, 50), (600, 400)] {
        let mut town = town();
        credit(&mut town, 51, 500, "temporary").unwrap();
        credit(&mut town, 1, 200, "own").unwrap();
        let (paid, _) = town.purchase(51, 500);
        let refund = town.about(Operation::Refund, &paid, 400);
        assert_eq!(town.code(&refund), "00");
        merge(&mut town, 51);
        assert_eq!(purses(&town), 600);
        // The person pays with what is there: the own purse first.
        if spent > 0 {
            assert_eq!(town.purchase(1, spent).1, "00");
        }
        let before = (purses(&town), town.payable("SHOP"), shortfall(&town));
        let mut undo = town.about(Operation::Reversal, &refund, 400);
        undo.ppid = Some(person(1));
        assert_eq!(town.code(&undo), "00");
        let after = (purses(&town), town.payable("SHOP"), shortfall(&town));
        assert_eq!((before.0 - after.0, after.1 - before.1), (400 - uncovered, 400), "¥{spent} spent");
        assert_eq!(after.2 - before.2, uncovered, "¥{spent} spent: the acquirer owes what no purse has");
        // The purchase stands whole again, and can be given back whole.
        let again = town.about(Operation::Refund, &paid, 500);
        assert_eq!(town.code(&again), "00", "¥{spent} spent");
        assert_eq!(shortfall(&town), before.2, "what no account paid goes back first");
        town.check_replay();
    }
}
