//! Fees of any taps under any contract: they add up, they agree with a plain model, and what is given back cancels.

use super::*;
use proptest::prelude::*;

fn tenders() -> impl Strategy<Value = Tenders> {
    prop::sample::subsequence(Tender::ALL.to_vec(), 1..=6).prop_map(|some| Tenders::of(&some))
}

fn rules() -> impl Strategy<Value = Vec<FeeRule>> {
    let brand = prop_oneof![2 => Just(None), 1 => Just(Some("visa")), 1 => Just(Some("mastercard"))];
    let ranges = prop_oneof![Just(vec![]), Just(vec![(mcc(4000), mcc(4999)), (mcc(5411), mcc(5411))])];
    let yen = || prop_oneof![2 => Just(0), 1 => 0..50_i64];
    let rule = (tenders(), brand, ranges, 0..70_000_u32, yen(), yen()).prop_map(
        |(tenders, brand, mcc, rate, fixed, minimum)| FeeRule {
            tenders,
            brand: brand.map(Into::into),
            mcc,
            rate: Rate(rate),
            fixed: Yen::new(fixed),
            minimum: Yen::new(minimum),
        },
    );
    (prop::collection::vec(rule, 0..4), 0..70_000_u32).prop_map(|(mut rules, rate)| {
        rules.push(everything(rate));
        rules
    })
}

fn any_contract() -> impl Strategy<Value = Contract> {
    let modes = (prop::sample::select(Rounding::ALL.to_vec()), any::<bool>(), any::<bool>(), any::<bool>());
    let free = prop_oneof![Just(0), 0..20_000_i64];
    (rules(), modes, free).prop_map(|(rules, (rounding, by_day, kept, interchange), free)| Contract {
        rules,
        rounding,
        free: Yen::new(free),
        basis: if by_day { Basis::DayAndBrand } else { Basis::Tap },
        refund_fee: if kept { RefundFee::Kept } else { RefundFee::Returned },
        interchange: interchange.then(|| "standard".into()),
        ..contract()
    })
}

fn payment() -> impl Strategy<Value = TapFact> {
    let amount = prop_oneof![8 => 1..3_000_i64, 1 => 1..=999_999_999_999_i64];
    let code = prop::sample::select(vec![5411_u16, 4111, 8062]);
    (prop::sample::select(Tender::ALL.to_vec()), 0..3_u16, 0..4_u16, code, amount).prop_map(
        |(tender, brand, product, code, amount)| TapFact {
            brand: Brand(brand),
            product: Product(product),
            mcc: mcc(code),
            ..paid(0, tender, amount)
        },
    )
}

/// Payments of a day, and refunds of some of them: of which, and what part of what is left, in thousandths.
fn facts() -> impl Strategy<Value = Vec<TapFact>> {
    let refunds = prop::collection::vec((any::<prop::sample::Index>(), 1..=1_000_i64), 0..12);
    (prop::collection::vec(payment(), 1..60), refunds).prop_map(|(mut facts, refunds)| {
        for (seq, fact) in (1..).zip(&mut facts) {
            fact.seq = seq;
        }
        let mut given = vec![0; facts.len()];
        let mut seq = 1_000;
        for (which, part) in refunds {
            let at = which.index(given.len());
            let left = facts[at].amount.get() - given[at];
            let amount = (left * part / 1_000).max(left.min(1));
            if amount > 0 {
                facts.push(back(seq, &facts[at], amount, given[at]));
                given[at] += amount;
                seq += 1;
            }
        }
        facts
    })
}

/// The rule by names, one after another.
fn slow_rule(contract: &Contract, fact: &TapFact) -> usize {
    let book = contracts();
    let name = if fact.tender.is_card() { book.brand_name(fact.brand) } else { None };
    contract.rules.iter().position(|rule| rule.takes(fact.tender, name, fact.mcc)).unwrap()
}

/// Millionths of a yen that a payment costs.
fn slow_fee(rule: &FeeRule, amount: i64, free: i64) -> i128 {
    let by_rate = i128::from(amount) * i128::from(rule.rate.0) + i128::from(rule.fixed.get()) * 1_000_000;
    let full = by_rate.max(i128::from(rule.minimum.get()) * 1_000_000);
    full * i128::from(amount - free) / i128::from(amount)
}

fn yen(rounding: Rounding, micros: i128) -> i128 {
    let size = micros.abs();
    let up = match rounding {
        Rounding::Down => 0,
        Rounding::HalfUp => 500_000,
        Rounding::Up => 999_999,
    };
    (size + up) / 1_000_000 * micros.signum()
}

proptest! {
    /// Under each rounding mode and basis, taps add up to their line and lines to the day; no tap is a yen or more away
    /// from its exact fee.
    #[test]
    fn the_breakdown_adds_up(contract in any_contract(), facts in facts()) {
        let (fees, taps) = charge(&contract, &facts);
        prop_assert_eq!(taps.len(), facts.len());
        let sum = |of: &dyn Fn(&TapFee) -> Yen| taps.iter().map(|tap| of(tap).get()).sum::<i64>();
        prop_assert_eq!(sum(&|tap| tap.fee), fees.fee.get());
        prop_assert_eq!(sum(&|tap| tap.interchange), fees.interchange.get());
        for (at, line) in (0..).zip(&fees.lines) {
            let same = |other: &&FeeLine| {
                (other.tender, other.brand, other.rule) == (line.tender, line.brand, line.rule)
            };
            prop_assert_eq!(fees.lines.iter().filter(same).count(), 1);
            let mine: Vec<(&TapFact, &TapFee)> = facts.iter().zip(&taps).filter(|(_, tap)| tap.line == at).collect();
            let sum = |of: &dyn Fn(&TapFee) -> Yen| mine.iter().map(|(_, tap)| of(tap).get()).sum::<i64>();
            prop_assert_eq!(sum(&|tap| tap.fee), line.fee.get());
            prop_assert_eq!(sum(&|tap| tap.interchange), line.interchange.get());
            prop_assert_eq!(sum(&|tap| tap.free), line.free.get());
            let net: i64 = mine.iter().map(|(fact, _)| fact.amount.get()).sum();
            prop_assert_eq!(net, line.gross.get() - line.refunds.get());
            prop_assert!(mine.iter().all(|(fact, tap)| fact.tender == line.tender && tap.rule == line.rule));
            let brand = |fact: &TapFact| if fact.tender.is_card() { fact.brand } else { Brand::NONE };
            prop_assert!(mine.iter().all(|(fact, _)| line.brand == brand(fact)));
            if contract.basis == Basis::DayAndBrand {
                let exact: i128 = mine.iter().map(|(_, tap)| i128::from(tap.exact)).sum();
                prop_assert_eq!(i128::from(line.fee.get()), yen(contract.rounding, exact));
            }
        }
        for (fact, tap) in facts.iter().zip(&taps) {
            if fact.refund.is_none() || contract.basis == Basis::DayAndBrand {
                let away = i128::from(tap.fee.get()) * 1_000_000 - i128::from(tap.exact);
                prop_assert!(away.abs() < 1_000_000);
            }
        }
        prop_assert_eq!(DayTotals::of(&fees).gross.sum() - DayTotals::of(&fees).refunds.sum(),
            facts.iter().map(|fact| i128::from(fact.amount.get())).sum::<i128>());
    }

    /// Rules are found by name, the allowance is consumed in order, and each payment costs what the plain model says.
    #[test]
    fn payments_cost_what_a_plain_model_says(contract in any_contract(), facts in facts()) {
        let payments: Vec<TapFact> = facts.into_iter().filter(|fact| fact.refund.is_none()).collect();
        let (_, taps) = charge(&contract, &payments);
        let mut free = contract.free.get();
        for (fact, tap) in payments.iter().zip(&taps) {
            let at = slow_rule(&contract, fact);
            prop_assert_eq!(usize::from(tap.rule), at);
            let part = free.min(fact.amount.get());
            free -= part;
            prop_assert_eq!(tap.free.get(), part);
            let exact = slow_fee(&contract.rules[at], fact.amount.get(), part);
            prop_assert_eq!(i128::from(tap.exact), exact);
            if contract.basis == Basis::Tap {
                prop_assert_eq!(i128::from(tap.fee.get()), yen(contract.rounding, exact));
            }
        }
    }

    /// A payment that is given back in full cancels to the yen, in one piece or several, on the same day or later, with any
    /// rounding of the contract that is then in force.
    #[test]
    fn full_refunds_cancel(
        contract in any_contract(),
        payments in prop::collection::vec(payment(), 1..20),
        cuts in prop::collection::vec(0..1_000_i64, 0..4),
        (later, rounding) in (0..8_i32, prop::sample::select(Rounding::ALL.to_vec())),
    ) {
        let contract = Contract { basis: Basis::Tap, refund_fee: RefundFee::Returned, ..contract };
        let mut payments = payments;
        for (seq, fact) in (1..).zip(&mut payments) {
            fact.seq = seq;
        }
        let (mut allowance, mut taps) = (Allowance::default(), Vec::new());
        let bought = day("2026-11-24");
        let fees = tariff(&contract).charge(bought, &payments, &mut allowance, &mut taps).unwrap();
        let mut refunds = Vec::new();
        for (fact, tap) in payments.iter().zip(&taps) {
            let whole = fact.amount.get();
            let mut ends: Vec<i64> = cuts.iter().map(|cut| whole * cut / 1_000).filter(|end| *end > 0).collect();
            ends.push(whole);
            ends.sort_unstable();
            ends.dedup();
            let mut before = 0;
            for end in ends {
                let seq = 100 + u64::try_from(refunds.len()).unwrap();
                refunds.push(charged_before(back(seq, fact, end - before, before), tap.charged(bought, fact)));
                before = end;
            }
        }
        let then = Contract { rounding, ..contract };
        let back = tariff(&then).charge(BusinessDay(bought.0 + later), &refunds, &mut allowance, &mut taps).unwrap();
        prop_assert_eq!(fees.fee.get() + back.fee.get(), 0);
        prop_assert_eq!(fees.interchange.get() + back.interchange.get(), 0);
        prop_assert_eq!(allowance.used, Yen::ZERO);
    }

    /// A day of payments and a day on which all of them are given back cancel under the daily basis too, line by line.
    #[test]
    fn days_cancel(contract in any_contract(), facts in facts()) {
        let contract =
            Contract { basis: Basis::DayAndBrand, refund_fee: RefundFee::Returned, ..contract };
        let payments: Vec<TapFact> = facts.into_iter().filter(|fact| fact.refund.is_none()).collect();
        let (fees, taps) = charge(&contract, &payments);
        let charged = |fact: &TapFact, tap: &TapFee| tap.charged(day("2026-11-24"), fact);
        let refunds: Vec<TapFact> = (1_000..)
            .zip(payments.iter().zip(&taps))
            .map(|(seq, (fact, tap))| charged_before(back(seq, fact, fact.amount.get(), 0), charged(fact, tap)))
            .collect();
        let (back, _) = charge(&contract, &refunds);
        for (there, here) in fees.lines.iter().zip(&back.lines) {
            prop_assert_eq!(there.fee.get(), -here.fee.get());
            prop_assert_eq!(there.interchange.get(), -here.interchange.get());
        }
        prop_assert_eq!(fees.lines.len(), back.lines.len());
    }
}
