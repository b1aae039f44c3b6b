//! Settlement periods and value dates. Every day belongs to exactly one period of a cycle; a contract that begins or
//! ends inside one cuts it, so that each settlement follows one contract.

use crate::jst::BusinessDay;
use minicbor::{Decode, Encode};
use time::Date;

/// The rule by which settlement periods end (締め).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Encode, Decode)]
pub enum Cycle {
    /// Every day.
    #[n(0)]
    Daily,
    /// Every week at the end of this weekday; 0 is Monday, as in [`BusinessDay::weekday`].
    #[n(1)]
    Weekly(#[n(0)] u8),
    /// On the 15th and on the month's last day.
    #[n(2)]
    TwiceAMonth,
    /// On the month's last day.
    #[n(3)]
    MonthEnd,
}

/// The days that one settlement covers, both included.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Encode, Decode)]
pub struct Period {
    /// Its first day.
    #[n(0)]
    pub from: BusinessDay,
    /// Its last day.
    #[n(1)]
    pub until: BusinessDay,
}

impl Period {
    /// Does the day belong to it?
    #[must_use]
    pub fn has(self, day: BusinessDay) -> bool {
        self.from <= day && day <= self.until
    }
}

impl Cycle {
    /// The period that a day belongs to. A day before the year -9999 or after 9999 is a period of its own.
    #[must_use]
    pub fn period(self, day: BusinessDay) -> Period {
        match self {
            Cycle::Daily => Period { from: day, until: day },
            Cycle::Weekly(last) => {
                let ahead = (i32::from(last) - i32::from(day.weekday())).rem_euclid(7);
                Period { from: later(day, ahead - 6), until: later(day, ahead) }
            }
            Cycle::TwiceAMonth => {
                let month = month(day);
                let half = later(month.from, 14);
                if month.from == month.until {
                    month
                } else if day <= half {
                    Period { from: month.from, until: half }
                } else {
                    Period { from: half.next(), until: month.until }
                }
            }
            Cycle::MonthEnd => month(day),
        }
    }
}

/// The calendar month of a day.
fn month(day: BusinessDay) -> Period {
    // 2440588 is the Julian day of 1970-01-01.
    let date = day.0.checked_add(2_440_588).and_then(|julian| Date::from_julian_day(julian).ok());
    match date {
        Some(date) => {
            let from = later(day, 1 - i32::from(date.day()));
            Period { from, until: later(from, i32::from(date.month().length(date.year())) - 1) }
        }
        None => Period { from: day, until: day },
    }
}

fn later(day: BusinessDay, days: i32) -> BusinessDay {
    BusinessDay(day.0.saturating_add(days))
}

/// No bank is open for a month: the calendar must be wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the calendar has no bank business day from {from} on for {LONGEST_CLOSURE} days")]
pub struct NoBankDay {
    /// The first closed day.
    pub from: BusinessDay,
}

/// The longest time that banks are believed to be closed, days. Ten in a row happened once, in spring 2019.
const LONGEST_CLOSURE: i32 = 31;

/// The `delay`-th bank business day after `last`; without delay, the first from `last` on.
///
/// [`crate::calendar::Calendar::add_business_days`] counts in the same way.
pub fn value_date(
    last: BusinessDay,
    delay: u8,
    mut is_bank_business_day: impl FnMut(BusinessDay) -> bool,
) -> Result<BusinessDay, NoBankDay> {
    let mut day = if delay == 0 { last } else { last.next() };
    let mut open_days = delay.max(1);
    let mut closed_from = day;
    loop {
        if is_bank_business_day(day) {
            open_days -= 1;
            if open_days == 0 {
                return Ok(day);
            }
            closed_from = day.next();
        } else if day.0 - closed_from.0 >= LONGEST_CLOSURE {
            return Err(NoBankDay { from: closed_from });
        }
        day = day.next();
    }
}
