//! Settlements: cases by hand, and what must hold for all.

use super::*;
use proptest::prelude::*;

const NOVEMBER: [&str; 2] = ["2026-11-16", "2026-11-30"];

fn period() -> Period {
    Period { from: day(NOVEMBER[0]), until: day(NOVEMBER[1]) }
}

/// A day of credit cards.
fn totals(on: &str, credit: i64, refunds: i64, fee: i64) -> DayTotals {
    DayTotals {
        day: day(on),
        gross: ByTender { credit: Yen::new(credit), ..ByTender::default() },
        refunds: ByTender { credit: Yen::new(refunds), ..ByTender::default() },
        fee: Yen::new(fee),
        ..DayTotals::default()
    }
}

fn settle(contract: &Contract, days: &[DayTotals], carried: i64, released: i64) -> Settlement {
    let opening = Opening { carried: Yen::new(carried), released: Yen::new(released) };
    Settlement::of(contract, period(), days, opening).unwrap()
}

#[test]
fn a_period_by_hand() {
    let contract = Contract {
        tax: Tax::Taxable { rate: Rate(100_000), rounding: Rounding::Down },
        reserve: Some(Reserve { rate: Rate(50_000), days: 30 }),
        minimum_payout: Yen::new(1_000),
        ..contract()
    };
    let days = [
        DayTotals {
            gross: ByTender { credit: Yen::new(60_000), purse: Yen::new(40_000), ..ByTender::default() },
            ..totals("2026-11-16", 0, 0, 1_944)
        },
        DayTotals {
            chargebacks: Yen::new(3_000),
            chargeback_cases: 1,
            points_funding: Yen::new(250),
            adjustments: Yen::new(-20),
            ..totals("2026-11-30", 10_000, 2_001, 259)
        },
    ];
    let s = settle(&contract, &days, 500, 700);
    assert_eq!(
        (s.gross.credit, s.gross.purse, s.refunds.credit),
        (Yen::new(70_000), Yen::new(40_000), Yen::new(2_001))
    );
    assert_eq!((s.fee, s.chargeback_fee, s.tax), (Yen::new(2_203), Yen::new(1_500), Yen::new(370)));
    assert_eq!((s.reserved, s.held_until), (Yen::new(5_399), Some(day("2026-12-30"))), "5 % of ¥107,999");
    // 110,000 - 2,001 - 20 + 500 + 700 - 2,203 - 1,500 - 370 - 250 - 3,000 - 5,399
    assert_eq!((s.paid, s.carried_forward), (Yen::new(96_457), Yen::ZERO));
    let bytes = minicbor::to_vec(s).unwrap();
    assert_eq!(minicbor::decode::<Settlement>(&bytes).unwrap(), s);
}

#[test]
fn what_is_small_or_below_zero_is_carried() {
    let contract = Contract { minimum_payout: Yen::new(1_000), ..contract() };
    let day = |credit, refunds| [totals("2026-11-20", credit, refunds, 0)];
    for (credit, refunds, carried, paid, forward) in [
        (1_000, 0, 0, 1_000, 0),
        (999, 0, 0, 0, 999),
        (999, 0, 1, 1_000, 0),
        (0, 5_000, 0, 0, -5_000),
        (6_500, 0, -5_000, 1_500, 0),
        (0, 0, 0, 0, 0),
    ] {
        let s = settle(&contract, &day(credit, refunds), carried, 0);
        assert_eq!((s.paid.get(), s.carried_forward.get()), (paid, forward));
    }
    let nothing = Contract { minimum_payout: Yen::ZERO, ..contract.clone() };
    assert_eq!(settle(&nothing, &[], 0, 0).paid, Yen::ZERO);
    assert_eq!(settle(&nothing, &[], 1, 0).paid, Yen::new(1));
    let below = Contract { minimum_payout: Yen::new(-10), ..contract };
    assert_eq!(settle(&below, &[], -5, 0).carried_forward, Yen::new(-5));
}

#[test]
fn nothing_is_kept_back_that_is_not_there() {
    let contract = Contract { reserve: Some(Reserve { rate: Rate(500_000), days: 7 }), ..contract() };
    let days = [totals("2026-11-20", 10_000, 0, 300)];
    assert_eq!(settle(&contract, &days, 0, 0).reserved, Yen::new(5_000));
    let s = settle(&contract, &days, -6_000, 0);
    assert_eq!((s.reserved, s.paid, s.carried_forward), (Yen::new(3_700), Yen::ZERO, Yen::ZERO));
    let s = settle(&contract, &days, -20_000, 0);
    assert_eq!((s.reserved, s.held_until, s.carried_forward), (Yen::ZERO, None, Yen::new(-10_300)));
}

#[test]
fn totals_that_cannot_be_are_refused() {
    let ok = totals("2026-11-20", 100, 0, 3);
    let error = |days: &[DayTotals], released: i64| {
        let opening = Opening { carried: Yen::ZERO, released: Yen::new(released) };
        Settlement::of(&contract(), period(), days, opening).unwrap_err().to_string()
    };
    assert!(error(&[ok, ok], 0).starts_with("2026-11-20 is outside of the period"));
    assert!(error(&[totals("2026-12-01", 1, 0, 0)], 0).starts_with("2026-12-01 is outside"));
    assert_eq!(error(&[totals("2026-11-20", -1, 0, 0)], 0), "payments must not be below zero, got -¥1");
    assert_eq!(error(&[totals("2026-11-20", 1, -2, 0)], 0), "refunds must not be below zero, got -¥2");
    assert_eq!(
        error(&[DayTotals { chargebacks: Yen::new(-3), ..ok }], 0),
        "chargebacks must not be below zero, got -¥3"
    );
    assert_eq!(error(&[ok], -4), "what is released must not be below zero, got -¥4");
    let much = [totals("2026-11-20", i64::MAX, 0, 0), totals("2026-11-21", 1, 0, 0)];
    assert_eq!(error(&much, 0), "the sum of payments is out of range");
    let early = Period { from: day("2026-03-16"), until: day("2026-03-31") };
    assert!(
        Settlement::of(&contract(), early, &[], Opening::default()).unwrap_err().to_string().contains("not in force")
    );
}

#[test]
#[should_panic(expected = "a settlement gives away what comes in")]
fn a_settlement_that_is_off_by_a_yen_is_stopped() {
    let mut s = settle(&contract(), &[totals("2026-11-20", 100, 0, 3)], 0, 0);
    s.paid = Yen::new(s.paid.get() + 1);
    s.assert_balanced();
}

#[test]
fn a_days_fees_become_its_totals() {
    let (first, purse) = (paid(1, Tender::Credit, 1_000), paid(1, Tender::Purse, 500));
    let (fees, _) = charge(&contract(), &[first, purse, paid(2, Tender::Credit, 100), back(3, &first, 400, 0)]);
    let totals = DayTotals::of(&fees);
    assert_eq!((totals.day, totals.fee), (day("2026-11-24"), fees.fee));
    assert_eq!((totals.gross.credit, totals.gross.purse, totals.gross.sum()), (Yen::new(1_100), Yen::new(500), 1_600));
    assert_eq!((totals.refunds.credit, totals.refunds.sum()), (Yen::new(400), 400));
}

const BIG: i64 = 1_000_000_000;

fn any_totals() -> impl Strategy<Value = DayTotals> {
    let tender = || (0..BIG, 0..BIG, 0..BIG, 0..BIG, 0..BIG, 0..BIG);
    let by = |(a, b, c, d, e, f)| ByTender {
        credit: Yen::new(a),
        debit: Yen::new(b),
        bank: Yen::new(c),
        on_us: Yen::new(d),
        purse: Yen::new(e),
        points: Yen::new(f),
    };
    let rest = (-BIG..BIG, -BIG..BIG, -BIG..BIG, -BIG..BIG, 0..BIG, 0..100_u32);
    (tender(), tender(), rest).prop_map(move |(gross, refunds, (fee, interchange, funding, adjust, back, cases))| {
        DayTotals {
            day: BusinessDay::default(),
            gross: by(gross),
            refunds: by(refunds),
            fee: Yen::new(fee),
            interchange: Yen::new(interchange),
            points_funding: Yen::new(funding),
            adjustments: Yen::new(adjust),
            chargebacks: Yen::new(back),
            chargeback_cases: cases,
        }
    })
}

proptest! {
    /// Half-months one after another, each carrying and releasing into the next: every yen is somewhere in the end, and
    /// nothing was ever paid below the minimum.
    #[test]
    fn every_yen_is_somewhere(
        periods in prop::collection::vec(prop::collection::vec(any_totals(), 0..4), 1..6),
        (rate, minimum) in (0..1_000_000_u32, 0..BIG),
        tax in prop::sample::select(Rounding::ALL.to_vec()),
    ) {
        let contract = Contract {
            reserve: Some(Reserve { rate: Rate(rate), days: 15 }),
            minimum_payout: Yen::new(minimum),
            tax: Tax::Taxable { rate: Rate(100_000), rounding: tax },
            ..contract()
        };
        let mut opening = Opening::default();
        let (mut takings, mut gone) = (0, 0);
        let mut on = day("2026-11-01");
        for mut days in periods {
            let period = contract.period(on).unwrap();
            for (after, day) in (0..).zip(&mut days) {
                day.day = BusinessDay(period.from.0 + after);
                takings += day.gross.sum() - day.refunds.sum() + i128::from(day.adjustments.get());
                gone += i128::from(day.fee.get() + day.points_funding.get() + day.chargebacks.get());
                gone += i128::from(day.chargeback_cases) * 1_500;
            }
            let s = Settlement::of(&contract, period, &days, opening).unwrap();
            s.assert_balanced();
            prop_assert!(s.paid == Yen::ZERO || s.paid.get() >= minimum.max(1));
            prop_assert!(s.carried_forward.get() < minimum.max(1));
            prop_assert!(s.reserved == Yen::ZERO || s.carried_forward >= Yen::ZERO, "nothing is kept back of a debt");
            gone += i128::from(s.paid.get() + s.tax.get());
            opening = Opening { carried: s.carried_forward, released: s.reserved };
            on = period.until.next();
        }
        prop_assert_eq!(takings, gone + i128::from(opening.carried.get() + opening.released.get()));
    }
}
