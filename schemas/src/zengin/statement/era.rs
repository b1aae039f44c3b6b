//! Dates in Japanese eras, YYMMDD without the era's name: Reiwa 1 is 2019, Heisei 1 was 1989.
//!
//! The same digits may be a date of either era, 26 years apart. The decision: years 01 to 30 are Reiwa's and year 31 is
//! Heisei's, unless the statement's period says otherwise. It does when its first day read as Reiwa's lies after its
//! last (300401 to 310331), and then the first day is Heisei's; a posting date is the reading that lies in the period,
//! other dates are the reading nearest to it. Eras began and ended within a year, and banks' systems kept writing
//! Heisei 31 after April 2019: either year is taken over all its months. From 2049 (Reiwa 31) this rule needs another
//! year.

use crate::jst::BusinessDay;

/// First and last year of Reiwa that is taken for meant, and what makes it a year of our calendar.
const REIWA: (u64, u64, u64) = (1, 30, 2018);
const HEISEI: (u64, u64, u64) = (1, 31, 1988);

/// The dates that six digits can mean, the preferred reading first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Readings {
    reiwa: Option<BusinessDay>,
    heisei: Option<BusinessDay>,
}

impl Readings {
    /// `None` when it is a date in neither era.
    pub(super) fn of(yymmdd: u64) -> Option<Self> {
        let (year, month, day) = (yymmdd / 10_000, yymmdd / 100 % 100, yymmdd % 100);
        let in_era = |(first, last, before): (u64, u64, u64)| {
            let calendar_year = (first..=last).contains(&year).then_some(before + year)?;
            BusinessDay::parse(&format!("{calendar_year:04}-{month:02}-{day:02}"))
        };
        let readings = Readings { reiwa: in_era(REIWA), heisei: in_era(HEISEI) };
        (readings.reiwa.is_some() || readings.heisei.is_some()).then_some(readings)
    }

    /// The reading without anything to compare with.
    pub(super) fn alone(self) -> BusinessDay {
        self.reiwa.or(self.heisei).expect("a date in one of them")
    }

    /// The reading nearest to a day.
    pub(super) fn nearest(self, to: BusinessDay) -> BusinessDay {
        let far = |day: &BusinessDay| (i64::from(day.0) - i64::from(to.0)).abs();
        [self.reiwa, self.heisei].into_iter().flatten().min_by_key(far).expect("a date in one of them")
    }

    /// The last reading that is not after a day; [`Readings::alone`] when all are.
    pub(super) fn not_after(self, last: BusinessDay) -> BusinessDay {
        [self.reiwa, self.heisei].into_iter().flatten().find(|day| *day <= last).unwrap_or_else(|| self.alone())
    }

    /// The reading within a period, or else the nearest to its end.
    pub(super) fn within(self, from: BusinessDay, to: BusinessDay) -> BusinessDay {
        let inside = |day: &BusinessDay| (from..=to).contains(day);
        [self.reiwa, self.heisei].into_iter().flatten().find(inside).unwrap_or_else(|| self.nearest(to))
    }
}

/// The six digits of a day from May 2019 (Reiwa) to 2048, as a number. `None` outside: it would not read back as
/// itself.
pub(super) fn reiwa_digits(day: BusinessDay) -> Option<u64> {
    let first = BusinessDay::parse("2019-05-01").expect("a date");
    let year = u64::try_from(day.month().div_euclid(12)).ok()?.checked_sub(REIWA.2)?;
    (day >= first && year <= REIWA.1).then(|| year * 10_000 + u64::from(day.mmdd()))
}
