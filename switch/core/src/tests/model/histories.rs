//! Policies and histories at random.

use super::*;

fn yen(range: std::ops::Range<i64>) -> impl Strategy<Value = Yen> {
    range.prop_map(Yen::new)
}

fn place() -> BoxedStrategy<Place> {
    let mcc = |code: u16| Mcc::new(code).unwrap();
    let all = Just(Place::default());
    let tags = Just(Place { tags: vec!["local".into()], ..Place::default() });
    let only = Just(Place { mcc: vec![(mcc(5400), mcc(5499))], ..Place::default() });
    let never = Just(Place { not_mcc: vec![(mcc(7990), mcc(7999))], ..Place::default() });
    let region = Just(Place { regions: vec!["131".into()], ..Place::default() });
    let one = Just(Place { merchants: vec![(acquirer(), "GROCER".parse().unwrap())], ..Place::default() });
    prop_oneof![4 => all, 1 => tags, 1 => only, 1 => never, 1 => region, 1 => one].boxed()
}

fn kinds() -> BoxedStrategy<Kinds> {
    prop_oneof![3 => Just(Kinds::ALL), 1 => Just(Kinds::of(&[Kind::Credit])), 1 => Just(Kinds::of(&[Kind::OnUs, Kind::Bank]))].boxed()
}

fn day(from: BusinessDay, range: std::ops::Range<i32>) -> impl Strategy<Value = BusinessDay> {
    range.prop_map(move |n| BusinessDay(from.0 + n))
}

/// A limit's meaning follows from its number, so that every policy may follow every other.
fn limit(number: u8) -> BoxedStrategy<Limit> {
    let window = match number % 5 {
        0 => Window::Tap,
        1 | 4 => Window::Day,
        2 => Window::Month,
        _ => Window::Days(31),
    };
    let mcc = (number == 4).then(|| vec![(Mcc::new(5900).unwrap(), Mcc::new(7999).unwrap())]);
    let class = (number == 6).then(|| "small".to_owned());
    let per = if number.is_multiple_of(2) { Per::Instrument } else { Per::Resident };
    let instruments = if number == 7 { Kinds::of(&[Kind::Credit, Kind::OnUs]) } else { Kinds::ALL };
    (prop::option::weighted(0.8, yen(500..9_000)), prop::option::weighted(0.4, 1..5_u32))
        .prop_map(move |(amount, count)| Limit {
            number,
            name: format!("limit {number}"),
            window,
            amount,
            count: if amount.is_none() { Some(count.unwrap_or(3)) } else { count },
            per,
            mcc: mcc.clone(),
            class: class.clone(),
            instruments,
            without_pin: number == 8,
        })
        .boxed()
}

fn purse(number: u16, start: BusinessDay) -> BoxedStrategy<PurseProgramme> {
    // A programme's end is not reached here: lapses have a test of their own.
    let until = prop::option::of(day(start, 400..430));
    (until, prop::option::weighted(0.2, day(start, 0..3)), place())
        .prop_map(move |(until, from, place)| PurseProgramme {
            number,
            name: format!("purse {number}"),
            funder: "city".into(),
            from,
            until,
            place,
            closes: None,
        })
        .boxed()
}

fn points(number: u16, start: BusinessDay) -> BoxedStrategy<PointProgramme> {
    let caps = (
        prop::option::of(1..400_i64),
        prop::option::of(1..800_i64),
        prop::option::of(1..900_i64),
        prop_oneof![1 => 50..500_i64, 2 => Just(1_000_000_i64)],
    );
    let when = (day(start, -3..2), day(start, 3..80), prop::option::of(day(start, 400..410)));
    let rules = (10_000..300_000_u32, prop_oneof![Just(0_i64), 1..900_i64], any::<bool>(), any::<bool>());
    (caps, when, rules, kinds(), place(), day(start, 0..4))
        .prop_map(
            move |(
                (cap_tap, cap_month, cap_life, budget),
                (from, until, expires),
                rules,
                instruments,
                place,
                bonus,
            )| {
                let (rate, minimum, redeemable, word) = rules;
                // A programme never changes its rounding.
                let month = number == 2;
                PointProgramme {
                    number,
                    name: format!("points {number}"),
                    funder: "city".into(),
                    from,
                    until,
                    rate: Rate(rate),
                    minimum: Yen::new(minimum),
                    cap_tap,
                    cap_month,
                    cap_life,
                    budget,
                    rounding: if month { Rounding::Month } else { Rounding::Tap },
                    bonus_days: if month { Vec::new() } else { vec![bonus] },
                    bonus_weekdays: if month { 0 } else { 0b0110_0000 },
                    bonus_rate: Rate(400_000),
                    expires,
                    redeemable,
                    one_of: word.then(|| "national".to_owned()),
                    instruments,
                    place,
                    budget_line: None,
                }
            },
        )
        .boxed()
}

fn policy(start: BusinessDay) -> BoxedStrategy<Policy> {
    let limits = prop::sample::subsequence((0..9_usize).collect::<Vec<_>>(), 0..4);
    let all: Vec<BoxedStrategy<Limit>> = (0..9_u8).map(|n| limit(if n == 0 { 10 } else { n })).collect();
    let purses = (purse(1, start), purse(2, start), purse(5, start));
    let programmes = (points(1, start), points(2, start), points(5, start));
    let validity = (24..30_u32, 48..80_u32, yen(500..3_000))
        .prop_map(|(fresh_hours, stale_hours, stale_cap)| Validity { fresh_hours, stale_hours, stale_cap });
    let stand_in =
        (yen(500..4_000), yen(1_000..9_000), yen(1_000..6_000)).prop_map(|(tap, issuer_day, resident_day)| {
            vec![StandIn { issuer: ISSUER, tap, issuer_day, resident_day, liable: LiableParty::Operator }]
        });
    let offline =
        yen(500..4_000).prop_map(|resident_day| Offline { resident_day, liable: LiableParty::Operator, floor: None });
    (
        prop::option::weighted(0.5, yen(1_000..8_000)),
        prop::option::weighted(0.3, validity),
        limits,
        all,
        purses,
        programmes,
        stand_in,
        prop::option::weighted(0.6, offline),
    )
        .prop_map(|(no_pin, validity, chosen, all, purses, points, stand_in, offline)| {
            let mut limits: Vec<Limit> = chosen.into_iter().map(|at| all[at].clone()).collect();
            limits.sort_by_key(|limit| limit.number);
            Policy {
                name: "random".into(),
                no_pin,
                validity,
                limits,
                alerts: vec![50, 80, 100],
                purses: vec![purses.0, purses.1, purses.2],
                points: vec![points.0, points.1, points.2],
                stand_in,
                offline,
            }
        })
        .boxed()
}

fn own() -> BoxedStrategy<OwnLimits> {
    let limit = || prop::option::weighted(0.6, 500..8_000_i64);
    (limit(), limit(), limit(), any::<bool>())
        .prop_map(|(tap, day, month, month_declines)| OwnLimits { tap, day, month, month_declines })
        .boxed()
}

fn step(start: BusinessDay) -> BoxedStrategy<Step> {
    let tap = (0..PEOPLE, 0..SHOPS.len(), 0..8_u8, 1..5_000_i64, any::<bool>(), any::<bool>(), any::<bool>());
    let clock = prop_oneof![
        3 => 0..3_600_000_i64,
        2 => 0..86_400_000_i64,
        2 => 86_400_000..3 * 86_400_000_i64,
        1 => 86_400_000..40 * 86_400_000_i64,
    ];
    prop_oneof![
        14 => tap.prop_map(|(who, shop, op, yen, pin, partial, points)| Step::Tap { who, shop, op, yen, pin, partial, points }),
        6 => (0..4_usize, prop::bool::weighted(0.6)).prop_map(|(at, yes)| Step::Answer(at, yes)),
        3 => (0..4_usize, any::<bool>()).prop_map(|(at, sent)| Step::Silent(at, sent)),
        3 => (0..30_usize, 1..4_000_i64).prop_map(|(at, yen)| Step::Complete(at, yen)),
        4 => (0..30_usize, 1..3_000_i64).prop_map(|(at, yen)| Step::Refund(at, yen)),
        4 => (0..30_usize, prop_oneof![2 => Just(0_i64), 1 => 1..2_000_i64]).prop_map(|(at, yen)| Step::Reverse(at, yen)),
        6 => (0..PEOPLE, 0..3_usize, 1..2_000_i64).prop_map(|(who, p, yen)| Step::Credit(who, p, yen)),
        1 => (0..PEOPLE - TEMPORARY, 0..8_usize).prop_map(|(who, to)| Step::Relink(who, to)),
        1 => (0..PEOPLE, 0..6_u8).prop_map(|(who, what)| Step::Card(who, what)),
        1 => (0..TEMPORARY, 0..PEOPLE - TEMPORARY).prop_map(|(from, into)| Step::Merge(PEOPLE - TEMPORARY + from, into)),
        2 => (0..PEOPLE, own()).prop_map(|(who, own)| Step::Own(who, own)),
        1 => policy(start).prop_map(|policy| Step::Policy(Box::new(policy))),
        2 => Just(Step::List),
        4 => clock.prop_map(Step::Clock),
    ].boxed()
}

/// Days before which months, years and leap days turn, and any time of the day in Japan.
fn start() -> BoxedStrategy<Millis> {
    let days = ["2028-02-27", "2027-02-27", "2026-12-30", "2026-11-29", "2027-01-30", "2028-02-28", "2026-11-24"];
    (prop::sample::select(days.to_vec()), 0..86_400_000_i64)
        .prop_map(|(day, ms)| Millis(BusinessDay::parse(day).unwrap().start().0 + ms))
        .boxed()
}

/// The number of histories: `KAZASU_MODEL_CASES`, or enough for every test run.
pub(super) fn cases() -> u32 {
    std::env::var("KAZASU_MODEL_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(10_000)
}

pub(super) fn history() -> BoxedStrategy<(Millis, Policy, Vec<Step>)> {
    start()
        .prop_flat_map(|now| {
            let day = now.jst_day();
            (Just(now), policy(day), prop::collection::vec(step(day), 1..60))
        })
        .boxed()
}
