//! Dates: `2026-11-29`, `2026/1/1`, `20261129`, `2026年11月29日`, `令和8年11月29日`, `R8.11.29`, full-width or not.

use super::narrow;
use crate::ids::digits;
use crate::jst::{BusinessDay, Millis};

/// The years that a person can mean.
const YEARS: std::ops::RangeInclusive<u64> = 1900..=2199;

/// The eras: their names, the year before the first, their first and last day.
const ERAS: [(&[&str], u64, &str, &str); 5] = [
    (&["令和", "令", "R"], 2018, "2019-05-01", "2199-12-31"),
    (&["平成", "平", "H"], 1988, "1989-01-08", "2019-04-30"),
    (&["昭和", "昭", "S"], 1925, "1926-12-25", "1989-01-07"),
    (&["大正", "大", "T"], 1911, "1912-07-30", "1926-12-24"),
    (&["明治", "明", "M"], 1867, "1900-01-01", "1912-07-29"),
];

/// The error of a text that is no date.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DateError {
    /// It is written in no known way.
    #[error("must be a date, such as 2026-11-29, 2026/11/29 or 令和8年11月29日")]
    NotADate,
    /// Month or day do not exist.
    #[error("must be a date that exists, such as 2026-11-29")]
    NoSuchDay,
    /// Out of the years that are taken.
    #[error("must be a date from 1900 to 2199, its year in four figures or with its era")]
    Year,
    /// Outside the era that it names.
    #[error("must be a date within its era (令和 begins 2019-05-01, 平成 1989-01-08)")]
    Era,
    /// It names another day of the week.
    #[error("must be a date with its own day of the week, or without one")]
    Weekday,
}

/// A calendar date.
pub fn day(text: &str) -> Result<BusinessDay, DateError> {
    let text = narrow(text);
    let (text, weekday) = without_weekday(without_midnight(&text));
    let day = match ERAS.iter().find_map(|era| Some((era, after_era(text, era.0)?))) {
        Some((era, rest)) => in_era(rest, era)?,
        None if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) => {
            calendar_day(&text[..4], &text[4..6], &text[6..])?
        }
        None => {
            let (year, month, day) = parts(text).ok_or(DateError::NotADate)?;
            if year.len() != 4 {
                return Err(if is_short_number(year) { DateError::Year } else { DateError::NotADate });
            }
            calendar_day(year, month, day)?
        }
    };
    match weekday {
        Some(weekday) if weekday != day.weekday() => Err(DateError::Weekday),
        Some(_) | None => Ok(day),
    }
}

/// A date, which is its midnight in Japan, or a time with its offset (RFC 3339).
pub fn moment(text: &str) -> Result<Millis, DateError> {
    let narrow = narrow(text);
    if narrow.contains(['T', 't']) && narrow.contains(':') {
        return Millis::parse(&narrow).ok_or(DateError::NotADate);
    }
    Ok(day(&narrow)?.start())
}

fn is_short_number(text: &str) -> bool {
    (1..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// The time that a spreadsheet adds to a date when its column has times.
fn without_midnight(text: &str) -> &str {
    [" 0:00", " 00:00", " 0:00:00", " 00:00:00"].iter().find_map(|end| text.strip_suffix(end)).unwrap_or(text)
}

/// `(日)` behind a date: the day of the week, 0 is Monday.
fn without_weekday(text: &str) -> (&str, Option<u8>) {
    const DAYS: [&str; 7] = ["(月)", "(火)", "(水)", "(木)", "(金)", "(土)", "(日)"];
    let found = DAYS.iter().zip(0..).find_map(|(name, n)| Some((text.strip_suffix(name)?.trim_end(), n)));
    found.map_or((text, None), |(text, n)| (text, Some(n)))
}

/// The date behind an era's name: `R8.11.29` has letters in either case.
fn after_era<'a>(text: &'a str, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| {
        let rest = text.get(name.len()..).filter(|_| text[..name.len()].eq_ignore_ascii_case(name))?;
        Some(rest.trim_start()).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || c == '元'))
    })
}

fn in_era(rest: &str, (_, before, first, last): &(&[&str], u64, &str, &str)) -> Result<BusinessDay, DateError> {
    let (year, month, day) = parts(rest).ok_or(DateError::NotADate)?;
    let year = match year {
        "元" => 1,
        year if year.len() <= 3 => digits(year.as_bytes()).filter(|n| *n > 0).ok_or(DateError::NotADate)?,
        _ => return Err(DateError::NotADate),
    };
    let day = calendar_day(&format!("{:04}", before + year), month, day)?;
    let bound = |text| BusinessDay::parse(text).expect("a date");
    if (bound(first)..=bound(last)).contains(&day) { Ok(day) } else { Err(DateError::Era) }
}

/// Year, month and day between separators of one kind.
fn parts(text: &str) -> Option<(&str, &str, &str)> {
    if let Some((year, rest)) = text.split_once('年') {
        let (month, rest) = rest.split_once('月')?;
        return Some((year.trim(), month.trim(), rest.strip_suffix('日')?.trim()));
    }
    let separator = text.chars().find(|c| matches!(c, '-' | '/' | '.'))?;
    let mut parts = text.split(separator);
    let three = (parts.next()?, parts.next()?, parts.next()?);
    parts.next().is_none().then_some(three)
}

fn calendar_day(year: &str, month: &str, day: &str) -> Result<BusinessDay, DateError> {
    let number = |text: &str, most: usize| {
        digits(text.as_bytes()).filter(|_| (1..=most).contains(&text.len())).ok_or(DateError::NotADate)
    };
    let (year, month, day) = (number(year, 4)?, number(month, 2)?, number(day, 2)?);
    if !YEARS.contains(&year) {
        return Err(DateError::Year);
    }
    BusinessDay::parse(&format!("{year:04}-{month:02}-{day:02}")).ok_or(DateError::NoSuchDay)
}
