//! Fees: the published figures and cases by hand.

use super::*;

#[test]
fn the_published_case() {
    // domain.md section 4: 100 times ¥155 at 3.24 % is ¥500 rounded down tap by tap, ¥502 by the day.
    let facts: Vec<TapFact> = (1..=100).map(|seq| paid(seq, Tender::Credit, 155)).collect();
    let by_day = Contract { basis: Basis::DayAndBrand, ..contract() };
    assert_eq!(charge(&contract(), &facts).0.fee, Yen::new(500));
    let (fees, taps) = charge(&by_day, &facts);
    assert_eq!(fees.fee, Yen::new(502));
    assert!(taps[..2].iter().all(|tap| tap.fee == Yen::new(6)), "the two yen go to the first of equal fractions");
    assert!(taps[2..].iter().all(|tap| tap.fee == Yen::new(5)));
    for (rounding, by_tap, day) in [(Rounding::HalfUp, 500, 502), (Rounding::Up, 600, 503)] {
        assert_eq!(charge(&Contract { rounding, ..contract() }, &facts).0.fee, Yen::new(by_tap));
        assert_eq!(charge(&Contract { rounding, ..by_day.clone() }, &facts).0.fee, Yen::new(day));
    }
}

#[test]
fn rounding_looks_at_the_size_and_not_at_the_sign() {
    for (micros, down, half, up) in [
        (0, 0, 0, 0),
        (1, 0, 0, 1),
        (499_999, 0, 0, 1),
        (500_000, 0, 1, 1),
        (1_000_000, 1, 1, 1),
        (10_i128.pow(30) + 500_000, 10_i128.pow(24), 10_i128.pow(24) + 1, 10_i128.pow(24) + 1),
    ] {
        for (mode, yen) in Rounding::ALL.into_iter().zip([down, half, up]) {
            assert_eq!(mode.yen(micros), yen, "{mode:?} of {micros}");
            assert_eq!(mode.yen(-micros), -yen, "{mode:?} of {micros} given back");
        }
    }
}

#[test]
fn the_first_rule_that_takes_a_tap_counts() {
    let rules = vec![
        FeeRule { tenders: Tenders::of(&[Tender::Purse]), ..everything(0) },
        FeeRule { brand: Some("visa".into()), mcc: vec![(mcc(5411), mcc(5499))], ..everything(10_000) },
        FeeRule { brand: Some("visa".into()), fixed: Yen::new(3), ..everything(20_000) },
        FeeRule { minimum: Yen::new(10), ..everything(30_000) },
    ];
    let contract = Contract { rules, ..contract() };
    let visa = contracts().brand("visa").unwrap();
    let facts = [
        paid(1, Tender::Purse, 1_000),
        TapFact { brand: visa, ..paid(2, Tender::Credit, 1_000) },
        TapFact { brand: visa, mcc: mcc(4111), ..paid(3, Tender::Debit, 1_000) },
        paid(4, Tender::Bank, 1_000),
        paid(5, Tender::Bank, 100),
    ];
    let (fees, taps) = charge(&contract, &facts);
    let seen: Vec<(u16, i64)> = taps.iter().map(|tap| (tap.rule, tap.fee.get())).collect();
    assert_eq!(seen, [(0, 0), (1, 10), (2, 23), (3, 30), (3, 10)]);
    assert_eq!(fees.lines.len(), 4);
    assert_eq!((fees.lines[3].count, fees.lines[3].gross, fees.lines[3].fee), (2, Yen::new(1_100), Yen::new(40)));
}

#[test]
fn the_free_allowance_is_consumed_in_order_and_splits_the_tap_that_crosses_it() {
    let rules = vec![FeeRule { fixed: Yen::new(20), ..everything(10_000) }];
    let contract = Contract { free: Yen::new(1_500), rules, ..contract() };
    let facts: Vec<TapFact> = (1..=3).map(|seq| paid(seq, Tender::OnUs, 1_000)).collect();
    let (_, taps) = charge(&contract, &facts);
    let seen: Vec<(i64, i64)> = taps.iter().map(|tap| (tap.free.get(), tap.fee.get())).collect();
    assert_eq!(seen, [(1_000, 0), (500, 15), (0, 30)], "half of ¥10 + ¥20 for the tap that is free by half");
    let mut allowance = Allowance::default();
    let mut out = Vec::new();
    let tariff = tariff(&contract);
    let mut fee = |on: &str, facts: &[TapFact]| {
        tariff.charge(day(on), facts, &mut allowance, &mut out).map(|fees| fees.fee.get())
    };
    assert_eq!(fee("2026-11-24", &facts[..1]), Ok(0));
    assert_eq!(fee("2026-11-30", &facts[1..]), Ok(45));
    assert_eq!(fee("2026-12-01", &facts[..1]), Ok(0), "a new month");
}

#[test]
fn a_refund_gives_back_what_was_charged_to_the_yen() {
    let rules = vec![FeeRule { fixed: Yen::new(7), ..everything(32_400) }];
    let contract = Contract { rules, free: Yen::new(100), ..contract() };
    let first = paid(1, Tender::Credit, 1_000);
    let facts = [first, back(2, &first, 333, 0), back(3, &first, 333, 333), back(4, &first, 334, 666)];
    let mut allowance = Allowance::default();
    let mut taps = Vec::new();
    let fees = tariff(&contract).charge(day("2026-11-24"), &facts, &mut allowance, &mut taps).unwrap();
    assert_eq!(taps[0].fee, Yen::new(35), "nine tenths of ¥39.40, rounded down");
    assert_eq!((fees.fee, fees.interchange, allowance.used), (Yen::ZERO, Yen::ZERO, Yen::ZERO));
    assert_eq!((fees.lines[0].refund_count, fees.lines[0].refunds), (3, Yen::new(1_000)));

    // Weeks later, in another month: the fee comes back, that month's allowance stays as it is.
    let charged = taps[0].charged(day("2026-11-24"), &first);
    let later = [charged_before(back(9, &first, 1_000, 0), charged)];
    let mut december = Allowance { month: day("2026-12-01").month(), used: Yen::new(40) };
    let fees = tariff(&contract).charge(day("2026-12-20"), &later, &mut december, &mut taps).unwrap();
    assert_eq!((fees.fee, december.used), (Yen::new(-35), Yen::new(40)));

    let kept = Contract { refund_fee: RefundFee::Kept, ..contract };
    let mut december = Allowance { month: day("2026-12-01").month(), used: Yen::new(40) };
    let fees = tariff(&kept).charge(day("2026-12-20"), &later, &mut december, &mut taps).unwrap();
    assert_eq!((fees.fee, fees.lines[0].refunds, december.used), (Yen::ZERO, Yen::new(1_000), Yen::new(40)));
}

#[test]
fn a_days_yen_go_to_the_largest_fractions() {
    let rules = vec![everything(10_000)];
    let contract = Contract { basis: Basis::DayAndBrand, rules, ..contract() };
    let facts: Vec<TapFact> = (1..).zip([20, 170, 60, 100]).map(|(seq, yen)| paid(seq, Tender::Bank, yen)).collect();
    for (rounding, is) in
        [(Rounding::Down, [0, 2, 0, 1]), (Rounding::HalfUp, [0, 2, 1, 1]), (Rounding::Up, [0, 2, 1, 1])]
    {
        let (_, taps) = charge(&Contract { rounding, ..contract.clone() }, &facts);
        assert_eq!(taps.iter().map(|tap| tap.fee.get()).collect::<Vec<_>>(), is, "of 0.2, 1.7, 0.6 and 1");
    }
}

#[test]
fn the_largest_amounts_fit() {
    let rules = vec![FeeRule { fixed: Yen::new(10_000), minimum: Yen::new(10_000), ..everything(1_000_000) }];
    let most = 999_999_999_999;
    let payments: Vec<TapFact> = (1..=50).map(|seq| paid(seq, Tender::Credit, most)).collect();
    let refunds = payments.iter().map(|fact| back(100 + fact.seq, fact, most, 0));
    let facts: Vec<TapFact> = payments.iter().copied().chain(refunds).collect();
    for basis in [Basis::Tap, Basis::DayAndBrand] {
        let contract = Contract { basis, rules: rules.clone(), free: Yen::new(2), ..contract() };
        assert_eq!(charge(&contract, &payments).0.fee, Yen::new(50 * (most + 10_000) - 3));
        assert_eq!(charge(&contract, &facts).0.fee, Yen::ZERO);
    }
}

#[test]
fn interchange_is_for_credit_cards_and_goes_by_brand_and_product() {
    let contract = Contract { interchange: Some("standard".into()), ..contract() };
    let book = contracts();
    let card = |seq, tender, digits: &[u8]| TapFact {
        brand: book.brand_of(digits),
        product: book.product_of(digits),
        ..paid(seq, tender, 10_000)
    };
    let facts = [
        card(1, Tender::Credit, b"40001234"),
        card(2, Tender::Credit, b"412345"),
        card(3, Tender::Credit, b"41240000"),
        card(4, Tender::Credit, b"51"),
        card(5, Tender::Credit, b"52001111"),
        card(6, Tender::Credit, b"35281111"),
        card(7, Tender::Debit, b"40001234"),
        paid(8, Tender::Bank, 10_000),
    ];
    let (fees, taps) = charge(&contract, &facts);
    let seen: Vec<i64> = taps.iter().map(|tap| tap.interchange.get()).collect();
    assert_eq!(seen, [90, 100, 120, 85, 130, 0, 0, 0]);
    assert_eq!(fees.interchange, Yen::new(525));
    let mut listed_first = contracts();
    listed_first.interchange[0].rows.swap(0, 1);
    let tariff = Tariff::new(&contract, &listed_first).unwrap();
    let mut out = Vec::new();
    tariff.charge(day("2026-11-24"), &facts[..1], &mut Allowance::default(), &mut out).unwrap();
    assert_eq!(out[0].interchange, Yen::new(100), "an unknown product takes the brand's first row");
    assert_eq!(book.brand_name(facts[1].brand), Some("visa"));
    assert_eq!(book.brand_name(facts[5].brand), None);
    assert_eq!(book.brand_of(b"4x"), Brand::NONE);
}

#[test]
fn a_refund_that_is_undone_is_charged_again() {
    let first = paid(1, Tender::Credit, 1_001);
    let undone = TapFact { seq: 3, amount: Yen::new(600), ..back(2, &first, 600, 600) };
    let facts = [first, back(2, &first, 600, 0), undone];
    for (refund_fee, basis) in [
        (RefundFee::Returned, Basis::Tap),
        (RefundFee::Returned, Basis::DayAndBrand),
        (RefundFee::Kept, Basis::Tap),
        (RefundFee::Kept, Basis::DayAndBrand),
    ] {
        let contract = Contract { refund_fee, basis, free: Yen::new(100), ..contract() };
        let charged = |facts: &[TapFact]| {
            let (mut allowance, mut out) = (Allowance::default(), Vec::new());
            let fees = tariff(&contract).charge(day("2026-11-24"), facts, &mut allowance, &mut out).unwrap();
            fees.assert_adds_up(&out);
            let gross: i64 = fees.lines.iter().map(|l| l.gross.get() - l.refunds.get()).sum();
            assert!(fees.lines.iter().all(|l| l.gross >= Yen::ZERO && l.refunds >= Yen::ZERO));
            (fees.fee, fees.interchange, gross, allowance.used)
        };
        assert_eq!(charged(&facts), charged(&facts[..1]), "{refund_fee:?} {basis:?}");
    }
}

#[test]
fn facts_that_do_not_fit_together_are_refused_and_leave_nothing_behind() {
    let first = paid(1, Tender::Credit, 1_000);
    let charged = Charged { day: day("2026-11-01"), amount: Yen::new(500), free: Yen::ZERO, exact: 0, fee: Yen::ZERO };
    let refund = back(2, &first, 600, 0);
    let contract = Contract { free: Yen::new(100), ..contract() };
    let tariff = tariff(&contract);
    for (facts, error) in [
        (vec![first, first], "record 1 stands behind a later one, or twice with one tender"),
        (vec![paid(2, Tender::OnUs, 1), first], "record 1 stands behind"),
        (vec![paid(1, Tender::OnUs, 1), first], "record 1 stands behind"),
        (vec![paid(1, Tender::Credit, 0)], "got ¥0"),
        (vec![paid(1, Tender::Credit, -5)], "got -¥5"),
        (vec![paid(1, Tender::Credit, 1_000_000_000_000)], "got ¥1,000,000,000,000"),
        (vec![TapFact { amount: Yen::new(i64::MIN), ..refund }], "record 2: the amount must be"),
        (vec![TapFact { amount: Yen::ZERO, ..refund }], "record 2: the amount must be"),
        (vec![TapFact { amount: Yen::new(5), ..refund }], "more than is left of it"),
        (vec![refund], "record 2 gives back of record 1, of which nothing is known here"),
        (vec![paid(1, Tender::Debit, 1_000), refund], "of which nothing is known"),
        (vec![first, back(2, &first, 600, 401)], "more than is left of it"),
        (vec![charged_before(back(2, &first, 1, i64::MAX), charged)], "more than is left of it"),
        (vec![charged_before(back(2, &first, 600, 0), charged)], "more than is left of it"),
        (vec![charged_before(back(2, &first, 6, 0), Charged { free: Yen::new(501), ..charged })], "charged impossibly"),
        (vec![charged_before(back(2, &first, 6, 0), Charged { fee: Yen::new(-1), ..charged })], "charged impossibly"),
        (vec![charged_before(back(2, &first, 6, 0), Charged { exact: i64::MAX, ..charged })], "charged impossibly"),
    ] {
        let before = Allowance { month: day("2026-11-24").month(), used: Yen::new(3) };
        let (mut allowance, mut out) = (before, Vec::new());
        let got = tariff.charge(day("2026-11-24"), &facts, &mut allowance, &mut out).unwrap_err().to_string();
        assert!(got.contains(error), "{got}");
        assert_eq!((allowance, out.len()), (before, 0));
    }
    let (mut allowance, mut out) = (Allowance::default(), Vec::new());
    let error = tariff.charge(day("2026-03-31"), &[first], &mut allowance, &mut out);
    assert_eq!(error, Err(FeeError::NotInForce(day("2026-03-31"))));
    let mut later = Allowance { month: day("2026-12-01").month(), used: Yen::ZERO };
    let error = tariff.charge(day("2026-11-30"), &[first], &mut later, &mut out);
    assert_eq!(error, Err(FeeError::Past(day("2026-11-30"))));
    let none = tariff.charge(day("2026-04-01"), &[], &mut allowance, &mut out).unwrap();
    assert_eq!((none.fee, none.lines.len()), (Yen::ZERO, 0));
}
