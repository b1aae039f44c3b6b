//! Days on which Japanese banks work: neither Saturday nor Sunday, nor a national holiday, nor December 31 to January
//! 3.
//!
//! Source of the rule: Banking Act article 15 with its Order article 5; the holidays are those of the Act on National
//! Holidays, substitute holidays and the days between two holidays included. They come from a file, because they are
//! announced each February for the next year (the equinoxes of later years are computed) and the Diet moves them at
//! times. The file that is built in is schemas/data/bank-holidays.csv; an operator can give another one
//! ([`Calendar::parse`]).
//!
//! A day beyond the file is an error and never a guess, except that weekends are known for all time.

use crate::jst::BusinessDay;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

/// The largest file of holidays that is read, in bytes (1 MiB).
pub const MAX_FILE_BYTES: usize = 1024 * 1024;

/// The file that is built in.
const BUILT_IN: &str = include_str!("../data/bank-holidays.csv");

/// The weekdays that are holidays of banks, in a span of whole years.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Calendar {
    holidays: BTreeMap<BusinessDay, String>,
    first: BusinessDay,
    last: BusinessDay,
}

/// A day of which the calendar does not know whether banks work on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "whether {day} is a bank holiday is not known: expected {first} to {last}; extend the file of bank holidays \
     (schemas/data/bank-holidays.csv, or the one that the operator gave)"
)]
pub struct Beyond {
    /// The day.
    pub day: BusinessDay,
    /// The first day that the calendar knows.
    pub first: BusinessDay,
    /// The last one.
    pub last: BusinessDay,
}

/// A file of holidays that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("bank holidays, line {line}: expected {expected}, got {got:?}")]
pub struct CalendarError {
    /// The line, from 1; the last one for what the file as a whole lacks.
    pub line: usize,
    /// The expected content.
    pub expected: String,
    /// The content that came.
    pub got: String,
}

/// First lines: of this program's files, of the Cabinet Office's.
const HEADERS: [&str; 2] = ["date,name", "国民の祝日・休日月日,国民の祝日・休日名称"];

impl Calendar {
    /// The calendar of the file that is built in: 2024 to 2028.
    #[must_use]
    pub fn built_in() -> &'static Calendar {
        static CALENDAR: LazyLock<Calendar> =
            LazyLock::new(|| Calendar::parse(BUILT_IN).expect("a test reads the file that is built in"));
        &CALENDAR
    }

    /// From lines `date,name`: the date as `2026-01-01` or, as the Cabinet Office writes it, `2026/1/1`; the name for
    /// people. A first line `date,name` or the Cabinet Office's own, empty lines and lines that begin with `#` are passed over.
    ///
    /// The years from the first to the last date are taken for whole: each must have January 1 to 3 and December 31,
    /// without which the file was cut off or is the Cabinet Office's own, which lacks the banks' days.
    pub fn parse(csv: &str) -> Result<Self, CalendarError> {
        if csv.len() > MAX_FILE_BYTES {
            let expected = format!("a file of at most {MAX_FILE_BYTES} bytes");
            return Err(CalendarError { line: 1, expected, got: format!("{} bytes", csv.len()) });
        }
        let mut holidays = BTreeMap::new();
        let mut lines = 0;
        for (index, row) in csv.trim_start_matches('\u{feff}').lines().enumerate() {
            lines = index + 1;
            let row = row.trim();
            if row.is_empty() || row.starts_with('#') || (lines == 1 && HEADERS.contains(&row)) {
                continue;
            }
            let wrong = |expected: &str| CalendarError {
                line: lines,
                expected: expected.to_owned(),
                got: row.chars().take(80).collect(),
            };
            let (date, name) = row.split_once(',').ok_or_else(|| wrong("a date, a comma and a name"))?;
            let day = date_of(date.trim()).ok_or_else(|| wrong("a date like 2026-01-01 or 2026/1/1"))?;
            let name = name.trim();
            if name.is_empty() {
                return Err(wrong("a name after the date"));
            }
            if holidays.insert(day, name.to_owned()).is_some() {
                return Err(wrong("a date that no line before has"));
            }
        }
        Self::of_whole_years(holidays, lines)
    }

    fn of_whole_years(holidays: BTreeMap<BusinessDay, String>, lines: usize) -> Result<Self, CalendarError> {
        let year = |day: &BusinessDay| day.month().div_euclid(12);
        let lacks = |what: String| CalendarError { line: lines.max(1), expected: what, got: "none".to_owned() };
        let none = || lacks("at least one holiday".to_owned());
        let (first, last) = (holidays.keys().next().ok_or_else(none)?, holidays.keys().next_back().ok_or_else(none)?);
        for year in year(first)..=year(last) {
            for month_day in ["01-01", "01-02", "01-03", "12-31"] {
                let date = format!("{year:04}-{month_day}");
                if !BusinessDay::parse(&date).is_some_and(|day| holidays.contains_key(&day)) {
                    return Err(lacks(format!("a line for {date}")));
                }
            }
        }
        // January 1 and December 31 are there, so they are the span's ends.
        let (first, last) = (*first, *last);
        Ok(Calendar { holidays, first, last })
    }

    /// The first and the last day that the calendar knows.
    #[must_use]
    pub fn span(&self) -> (BusinessDay, BusinessDay) {
        (self.first, self.last)
    }

    /// The holiday's name, if the day is one; weekends are not holidays.
    #[must_use]
    pub fn holiday(&self, day: BusinessDay) -> Option<&str> {
        self.holidays.get(&day).map(String::as_str)
    }

    /// True when banks work on that day. Weekends are known for all time, other days within [`Calendar::span`].
    pub fn is_bank_business_day(&self, day: BusinessDay) -> Result<bool, Beyond> {
        if day.weekday() >= 5 {
            return Ok(false);
        }
        if (self.first..=self.last).contains(&day) {
            Ok(!self.holidays.contains_key(&day))
        } else {
            Err(Beyond { day, first: self.first, last: self.last })
        }
    }

    /// The first day after `day` on which banks work.
    pub fn next_business_day(&self, day: BusinessDay) -> Result<BusinessDay, Beyond> {
        self.on_or_after(self.after(day)?)
    }

    /// The `n`-th day after `day` on which banks work. With `n` = 0 it is `day` itself, or the first one after it when
    /// banks do not work on `day`.
    pub fn add_business_days(&self, day: BusinessDay, n: u32) -> Result<BusinessDay, Beyond> {
        if n == 0 {
            return self.on_or_after(day);
        }
        // The calendar ends, so a large n ends in an error soon.
        (0..n).try_fold(day, |day, _| self.next_business_day(day))
    }

    fn on_or_after(&self, mut day: BusinessDay) -> Result<BusinessDay, Beyond> {
        while !self.is_bank_business_day(day)? {
            day = self.after(day)?;
        }
        Ok(day)
    }

    /// The day after, where time does not end.
    fn after(&self, day: BusinessDay) -> Result<BusinessDay, Beyond> {
        day.0.checked_add(1).map(BusinessDay).ok_or(Beyond { day, first: self.first, last: self.last })
    }
}

/// The span and the number of holidays, for a page or a log.
impl fmt::Display for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bank holidays from {} to {}", self.holidays.len(), self.first, self.last)
    }
}

fn date_of(text: &str) -> Option<BusinessDay> {
    if text.contains('-') {
        return BusinessDay::parse(text);
    }
    let mut parts = text.split('/');
    let mut next = |digits: std::ops::RangeInclusive<usize>| -> Option<u64> {
        let part = parts.next()?;
        digits.contains(&part.len()).then(|| crate::ids::digits(part.as_bytes()))?
    };
    let (year, month, day) = (next(4..=4)?, next(1..=2)?, next(1..=2)?);
    if parts.next().is_some() {
        return None;
    }
    BusinessDay::parse(&format!("{year:04}-{month:02}-{day:02}"))
}

#[cfg(test)]
mod tests;
