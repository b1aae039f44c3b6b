//! Money: whole units in an `i64`, never a float.
//!
//! The Japanese yen has no minor unit, so ISO 8583's twelve digits `000000001280` are ¥1,280 and nothing is ever scaled.

use std::fmt;

/// The unit of an amount. Amounts of different units never meet in one transfer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Unit {
    /// Japanese yen, ISO 4217 numeric code 392.
    Jpy,
    /// Points of one programme, by the programme's number.
    Points(u32),
    /// Yen of an authority's budget: what may be spent, not money itself.
    Budget,
}

impl Unit {
    /// The unit's stable number in the journal: 0 is yen, a point programme `n` is `n + 1`, budgets are 2^40.
    #[must_use]
    pub fn number(self) -> u64 {
        match self {
            Unit::Jpy => 0,
            Unit::Points(programme) => u64::from(programme) + 1,
            Unit::Budget => BUDGET,
        }
    }

    /// The inverse of [`Unit::number`]; `None` when the number is outside the programme range.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        match number {
            0 => Some(Unit::Jpy),
            BUDGET => Some(Unit::Budget),
            n => u32::try_from(n - 1).ok().map(Unit::Points),
        }
    }
}

/// Above every programme's.
const BUDGET: u64 = 1 << 40;

/// ISO 4217 numeric code of the yen, as it stands in DE49.
pub const JPY_NUMERIC: u16 = 392;

/// The largest amount that DE4 (n12) can carry: 999,999,999,999.
pub const MAX_WIRE_AMOUNT: i64 = 999_999_999_999;

/// An amount of whole yen. It may be negative where a balance may be (a merchant's payable after refunds).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Yen(i64);

impl Yen {
    /// Nothing.
    pub const ZERO: Yen = Yen(0);

    /// An amount of `yen` whole yen.
    #[must_use]
    pub const fn new(yen: i64) -> Self {
        Yen(yen)
    }

    /// The number of whole yen.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// True above zero.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Sum, or `None` on overflow.
    #[must_use]
    pub const fn checked_add(self, other: Yen) -> Option<Yen> {
        match self.0.checked_add(other.0) {
            Some(yen) => Some(Yen(yen)),
            None => None,
        }
    }

    /// ReconException, or `None` on overflow.
    #[must_use]
    pub const fn checked_sub(self, other: Yen) -> Option<Yen> {
        match self.0.checked_sub(other.0) {
            Some(yen) => Some(Yen(yen)),
            None => None,
        }
    }
}

impl fmt::Debug for Yen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `¥1,280`, with the sign before the symbol: `-¥1,280`.
impl fmt::Display for Yen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.unsigned_abs().to_string();
        let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 4);
        if self.0 < 0 {
            text.push('-');
        }
        text.push('¥');
        for (i, c) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                text.push(',');
            }
            text.push(c);
        }
        f.pad(&text)
    }
}

impl<C> minicbor::Encode<C> for Yen {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.i64(self.0)?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for Yen {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        d.i64().map(Yen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yen_reads_as_people_write_it() {
        assert_eq!(Yen::new(1_280).to_string(), "¥1,280");
        assert_eq!(Yen::new(0).to_string(), "¥0");
        assert_eq!(Yen::new(-1_234_567).to_string(), "-¥1,234,567");
        assert_eq!(format!("{:>8}", Yen::new(155)), "    ¥155");
        assert_eq!(Yen::new(i64::MIN).to_string(), "-¥9,223,372,036,854,775,808");
    }

    #[test]
    fn sums_refuse_to_wrap() {
        assert_eq!(Yen::new(i64::MAX).checked_add(Yen::new(1)), None);
        assert_eq!(Yen::new(i64::MIN).checked_sub(Yen::new(1)), None);
        assert_eq!(Yen::new(5).checked_sub(Yen::new(7)), Some(Yen::new(-2)));
    }

    #[test]
    fn units_keep_their_numbers() {
        for unit in [Unit::Jpy, Unit::Points(0), Unit::Points(u32::MAX), Unit::Budget] {
            assert_eq!(Unit::from_number(unit.number()), Some(unit));
        }
        assert_eq!(Unit::from_number(u64::MAX), None);
    }
}
