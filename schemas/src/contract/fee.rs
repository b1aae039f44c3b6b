//! The fees of one merchant's taps on one business day, tap by tap and in lines, each adding up to the same yen.
//!
//! It keeps nothing and looks nothing up: what earlier days left behind (the month's free allowance, what was charged
//! for a payment that is given back now) comes in as arguments.

use super::facts::{Allowance, Charged, DayFees, FeeError, MOST_FACTS, Refund, TapFact, TapFee};
use super::rounding::{MICROS, Rounding};
use super::tally::Tally;
use super::tariff::{Price, Tariff};
use super::terms::{Basis, MOST_FIXED, RefundFee};
use crate::jst::BusinessDay;
use crate::money::{MAX_WIRE_AMOUNT, Yen};

impl Tariff {
    /// Charges the taps of one merchant and business day. `out` gets a [`TapFee`] for each fact, in their order; what
    /// it held is dropped, its memory is used again. On an error `out` is empty and `allowance` as it was.
    ///
    /// A merchant's days are charged in their order, each once: `allowance` is what the day before left. To charge a
    /// day again, begin with the same.
    pub fn charge(
        &self,
        day: BusinessDay,
        facts: &[TapFact],
        allowance: &mut Allowance,
        out: &mut Vec<TapFee>,
    ) -> Result<DayFees, FeeError> {
        out.clear();
        if !self.in_force(day) {
            return Err(FeeError::NotInForce(day));
        }
        if allowance.month > day.month() {
            return Err(FeeError::Past(day));
        }
        if facts.len() > MOST_FACTS {
            return Err(FeeError::TooMany(facts.len()));
        }
        out.reserve(facts.len());
        let mut run = Run { tariff: self, day, facts, used: allowance.on(day), tally: Tally::new(day) };
        let fees = run.taps(out).map(|()| run.lines(out));
        match fees {
            Ok(()) => *allowance = run.used,
            Err(_) => out.clear(),
        }
        fees.map(|()| run.tally.finish(out))
    }
}

struct Run<'a> {
    tariff: &'a Tariff,
    day: BusinessDay,
    facts: &'a [TapFact],
    used: Allowance,
    tally: Tally,
}

/// The fee of a fact before lines are considered.
struct Share {
    free: i64,
    exact: i64,
    fee: i64,
    interchange: i64,
}

impl Run<'_> {
    fn taps(&mut self, out: &mut Vec<TapFee>) -> Result<(), FeeError> {
        let facts = self.facts;
        let mut last = None;
        for (at, fact) in facts.iter().enumerate() {
            let key = Some((fact.seq, fact.tender));
            if key <= last {
                return Err(FeeError::Order(fact.seq));
            }
            last = key;
            let amount = fact.amount.get();
            let least = if fact.refund.is_some() { -MAX_WIRE_AMOUNT } else { 1 };
            if amount == 0 || !(least..=MAX_WIRE_AMOUNT).contains(&amount) {
                return Err(FeeError::Amount { seq: fact.seq, amount: fact.amount });
            }
            let (rule, price) = self.tariff.price(fact);
            let share = match fact.refund {
                None => self.payment(fact, price),
                Some(refund) => self.refund(at, refund, out)?,
            };
            let fee = TapFee {
                rule,
                line: self.tally.line(fact, rule)?,
                free: Yen::new(share.free),
                exact: share.exact,
                fee: Yen::new(share.fee),
                interchange: Yen::new(share.interchange),
            };
            self.tally.add(fact, &fee, amount * self.tariff.interchange_rate(fact));
            out.push(fee);
        }
        Ok(())
    }

    fn payment(&mut self, fact: &TapFact, price: &Price) -> Share {
        let amount = fact.amount.get();
        let free = self.tariff.free.saturating_sub(self.used.used.get()).clamp(0, amount);
        self.used.used = Yen::new(self.used.used.get() + free);
        let exact = price.of(amount, free);
        let interchange = rounded(Rounding::HalfUp, amount * self.tariff.interchange_rate(fact));
        Share { free, exact, fee: rounded(self.tariff.rounding, exact), interchange }
    }

    /// Parts of a payment that are given back one after another get the difference of what is left before and after, so
    /// that all together get exactly what was charged. A refund that is undone takes the same way back.
    fn refund(&mut self, at: usize, refund: Refund, out: &[TapFee]) -> Result<Share, FeeError> {
        let fact = &self.facts[at];
        let (before, back) = (refund.before.get(), -fact.amount.get());
        let wrong = FeeError::Original { seq: fact.seq, of: refund.of };
        if !(0..=MAX_WIRE_AMOUNT).contains(&before) || before + back < 0 {
            return Err(wrong);
        }
        let rate = self.tariff.interchange_rate(fact);
        let interchange = rounded(Rounding::HalfUp, before * rate) - rounded(Rounding::HalfUp, (before + back) * rate);
        match self.tariff.refund_fee {
            RefundFee::Kept => Ok(Share { free: 0, exact: 0, fee: 0, interchange }),
            RefundFee::Returned => {
                let paid = self.paid(at, refund, out)?;
                if !is_possible(&paid) || before + back > paid.amount.get() {
                    return Err(wrong);
                }
                let part = |whole: i64| left(whole, &paid, before + back) - left(whole, &paid, before);
                let free = part(paid.free.get());
                if paid.day.month() == self.used.month {
                    self.used.used = Yen::new((self.used.used.get() + free).max(0));
                }
                Ok(Share { free, exact: part(paid.exact), fee: part(paid.fee.get()), interchange })
            }
        }
    }

    /// The fee of the payment that a refund refers to.
    fn paid(&self, at: usize, refund: Refund, out: &[TapFee]) -> Result<Charged, FeeError> {
        let fact = &self.facts[at];
        let earlier = &self.facts[..at];
        let found = || {
            let place = earlier.binary_search_by_key(&(refund.of, fact.tender), |f| (f.seq, f.tender)).ok()?;
            earlier[place].refund.is_none().then(|| out[place].charged(self.day, &earlier[place]))
        };
        refund.charged.or_else(found).ok_or(FeeError::NoOriginal { seq: fact.seq, of: refund.of })
    }

    /// Rounds what is not rounded tap by tap.
    fn lines(&mut self, out: &mut [TapFee]) {
        match self.tariff.basis {
            Basis::Tap => (),
            Basis::DayAndBrand => {
                let exact = |fact: &TapFact| fact.amount.get() * self.tariff.interchange_rate(fact);
                let interchange: Vec<i64> = self.facts.iter().map(exact).collect();
                self.tally.round(self.tariff.rounding, out, &interchange);
            }
        }
    }
}

fn rounded(rounding: Rounding, micros: i64) -> i64 {
    i64::try_from(rounding.yen(i128::from(micros))).expect("less than it came from")
}

/// The part of a whole that is left when so much of the payment was given back; fractions are dropped.
fn left(whole: i64, paid: &Charged, given_back: i64) -> i64 {
    let rest = i128::from(paid.amount.get() - given_back);
    i64::try_from(i128::from(whole) * rest / i128::from(paid.amount.get())).expect("at most the whole")
}

fn is_possible(paid: &Charged) -> bool {
    let most = MAX_WIRE_AMOUNT + MOST_FIXED;
    (1..=MAX_WIRE_AMOUNT).contains(&paid.amount.get())
        && (0..=paid.amount.get()).contains(&paid.free.get())
        && (0..=most).contains(&paid.fee.get())
        && (0..=most * MICROS).contains(&paid.exact)
}
