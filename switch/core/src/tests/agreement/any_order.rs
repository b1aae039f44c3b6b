//! Payments, refunds, reversals and issuers' answers in any order.

use super::*;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let pay = prop_oneof![
        4 => Just(Operation::Purchase),
        2 => Just(Operation::PurchaseAdvice),
        1 => Just(Operation::Authorize),
    ];
    let refund = prop_oneof![Just(Operation::Refund), Just(Operation::RefundAdvice)];
    let fate = prop_oneof![
        6 => Just(Fate::Approved),
        3 => Just(Fate::Declined),
        2 => Just(Fate::Late),
        2 => Just(Fate::Lost),
        4 => Just(Fate::NotSent),
        1 => Just(Fate::Restarted),
    ];
    let remains = || prop_oneof![2 => Just(0_i64), 2 => 1..1_000_i64];
    let step = prop_oneof![
        4 => (pay, 1..1_000_i64, any::<bool>()).prop_map(|(o, yen, points)| Step::Pay(o, yen, points)),
        1 => (0..4_usize, 1..1_000_i64).prop_map(|(at, yen)| Step::Complete(at, yen)),
        5 => (refund, 0..4_usize, 1..700_i64).prop_map(|(o, at, yen)| Step::Refund(o, at, yen)),
        4 => (0..4_usize, remains()).prop_map(|(at, yen)| Step::Reverse(at, None, yen)),
        2 => (0..4_usize, 0..3_usize, remains()).prop_map(|(at, back, yen)| Step::Reverse(at, Some(back), yen)),
        1 => (0..20_usize).prop_map(Step::Repeat),
        7 => (0..4_usize, fate).prop_map(|(at, fate)| Step::Ask(at, fate)),
        6 => (0..6_usize, prop::bool::weighted(0.3)).prop_map(|(at, refuses)| Step::Tell(at, refuses)),
    ];
    prop::collection::vec(step, 1..40)
}

/// The number of histories: `KAZASU_MODEL_CASES`, or enough for every test run.
fn cases() -> u32 {
    std::env::var("KAZASU_MODEL_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(5_000)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn in_any_order_the_issuers_book_and_ours_agree(
        steps in steps(),
        picks in prop::collection::vec(0..30_usize, 4..12),
        liable in prop_oneof![
            3 => Just(Some(LiableParty::Operator)),
            2 => Just(Some(LiableParty::Merchant)),
            1 => Just(Some(LiableParty::Issuer)),
            1 => Just(None),
        ],
        stubborn in any::<bool>(),
        purse in prop_oneof![Just(0_i64), 1..1_500_i64],
    ) {
        let mut world = World::where_bears(liable, purse);
        world.issuer.stubborn = stubborn;
        for step in steps {
            world.play(step);
        }
        world.finish(&picks);
        world.check(liable);
        world.town.check_replay();
    }
}
