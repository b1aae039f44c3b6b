//! The lines of a day's fees: one for each tender, brand and rule, and rounding on the basis of a line.

use super::brand::Brand;
use super::facts::{DayFees, FeeError, FeeLine, TapFact, TapFee};
use super::rounding::{Part, Rounding, share_out};
use super::tender::Tender;
use crate::jst::BusinessDay;
use crate::money::Yen;

/// Lines as they fill up.
pub(super) struct Tally {
    day: BusinessDay,
    lines: Vec<Line>,
    /// Neighbouring taps often fall into the same line.
    last: usize,
}

struct Line {
    tender: Tender,
    brand: Brand,
    rule: u16,
    count: usize,
    refund_count: usize,
    gross: i64,
    refunds: i64,
    free: i64,
    fee: i64,
    interchange: i64,
    /// Exact sums, millionths of a yen.
    exact_fee: i128,
    exact_interchange: i128,
}

impl Tally {
    pub(super) fn new(day: BusinessDay) -> Self {
        Tally { day, lines: Vec::new(), last: 0 }
    }

    /// The line of a tap under a rule.
    pub(super) fn line(&mut self, fact: &TapFact, rule: u16) -> Result<u16, FeeError> {
        let brand = fact.card_brand();
        let is = |line: &Line| line.rule == rule && line.tender == fact.tender && line.brand == brand;
        if !self.lines.get(self.last).is_some_and(is) {
            self.last = self.lines.iter().position(is).unwrap_or(self.lines.len());
            if self.last == self.lines.len() {
                self.lines.push(Line::new(fact.tender, brand, rule));
            }
        }
        u16::try_from(self.last).map_err(|_| FeeError::TooManyLines)
    }

    /// Adds a tap to its line. `exact_interchange` in millionths of a yen.
    pub(super) fn add(&mut self, fact: &TapFact, fee: &TapFee, exact_interchange: i64) {
        let line = &mut self.lines[usize::from(fee.line)];
        // A refund that is undone counts as a payment, so that no sum falls below zero.
        if fact.amount.is_positive() {
            line.count += 1;
            line.gross += fact.amount.get();
        } else {
            line.refund_count += 1;
            line.refunds -= fact.amount.get();
        }
        line.free += fee.free.get();
        line.fee += fee.fee.get();
        line.interchange += fee.interchange.get();
        line.exact_fee += i128::from(fee.exact);
        line.exact_interchange += i128::from(exact_interchange);
    }

    /// Rounds each line and divides it among its taps. `exact_interchange` has a number for each tap.
    pub(super) fn round(&mut self, rounding: Rounding, taps: &mut [TapFee], exact_interchange: &[i64]) {
        let mut parts = self.parts(taps);
        let mut start = 0;
        for line in &mut self.lines {
            let end = start + line.count + line.refund_count;
            let group = &mut parts[start..end];
            start = end;
            line.fee = whole(rounding, line.exact_fee);
            share_out(line.fee, group);
            for part in group.iter_mut() {
                taps[part.at].fee = Yen::new(part.yen);
                part.exact = exact_interchange[part.at];
            }
            line.interchange = whole(Rounding::HalfUp, line.exact_interchange);
            share_out(line.interchange, group);
            for part in group.iter() {
                taps[part.at].interchange = Yen::new(part.yen);
            }
        }
    }

    /// The taps, line by line.
    fn parts(&self, taps: &[TapFee]) -> Vec<Part> {
        let mut next = Vec::with_capacity(self.lines.len());
        let mut start = 0;
        for line in &self.lines {
            next.push(start);
            start += line.count + line.refund_count;
        }
        let mut parts = vec![Part { at: 0, exact: 0, yen: 0 }; taps.len()];
        for (at, tap) in taps.iter().enumerate() {
            let slot = &mut next[usize::from(tap.line)];
            parts[*slot] = Part { at, exact: tap.exact, yen: 0 };
            *slot += 1;
        }
        parts
    }

    /// The day's fees, after checking that lines and taps add up to the same.
    pub(super) fn finish(self, taps: &[TapFee]) -> DayFees {
        let lines: Vec<FeeLine> = self.lines.into_iter().map(Line::finish).collect();
        let fees = DayFees {
            day: self.day,
            fee: Yen::new(lines.iter().map(|line| line.fee.get()).sum()),
            interchange: Yen::new(lines.iter().map(|line| line.interchange.get()).sum()),
            lines,
        };
        fees.assert_adds_up(taps);
        fees
    }
}

fn whole(rounding: Rounding, micros: i128) -> i64 {
    i64::try_from(rounding.yen(micros)).expect("the number and size of taps are bounded")
}

impl Line {
    fn new(tender: Tender, brand: Brand, rule: u16) -> Self {
        Line {
            tender,
            brand,
            rule,
            count: 0,
            refund_count: 0,
            gross: 0,
            refunds: 0,
            free: 0,
            fee: 0,
            interchange: 0,
            exact_fee: 0,
            exact_interchange: 0,
        }
    }

    fn finish(self) -> FeeLine {
        let number = |n: usize| u32::try_from(n).expect("at most MOST_FACTS");
        FeeLine {
            tender: self.tender,
            brand: self.brand,
            rule: self.rule,
            count: number(self.count),
            gross: Yen::new(self.gross),
            refund_count: number(self.refund_count),
            refunds: Yen::new(self.refunds),
            free: Yen::new(self.free),
            fee: Yen::new(self.fee),
            exact: self.exact_fee,
            interchange: Yen::new(self.interchange),
        }
    }
}
