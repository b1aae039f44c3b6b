//! Calendar arithmetic on plain integers: instants in milliseconds since 1970 (UTC), business days in Japan Standard Time.
//!
//! Japan has had no daylight-saving time since 1952, so JST is UTC + 9 h, always. No clock is read here.

use std::fmt;
use time::{Date, Month, OffsetDateTime, UtcOffset};

/// Milliseconds in a day.
pub const DAY_MS: i64 = 86_400_000;
const JST_OFFSET_MS: i64 = 9 * 3_600_000;

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, minicbor::Encode, minicbor::Decode)]
#[cbor(transparent)]
pub struct Millis(#[n(0)] pub i64);

impl Millis {
    /// The calendar date in Japan at this instant.
    #[must_use]
    pub fn jst_day(self) -> BusinessDay {
        let days = (self.0 + JST_OFFSET_MS).div_euclid(DAY_MS);
        BusinessDay(i32::try_from(days).expect("an instant within five million years of 1970"))
    }

    /// From `2026-12-01` (midnight in Japan) or `2026-12-01T09:00:00+09:00` (RFC 3339).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let date = time::macros::format_description!("[year]-[month]-[day]");
        let at = match time::Date::parse(text, &date) {
            Ok(date) => date.midnight().assume_offset(UtcOffset::from_hms(9, 0, 0).ok()?),
            Err(_) => OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()?,
        };
        i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok().map(Millis)
    }

    /// `2026-11-23T20:15:30.123+09:00`, for people and logs.
    #[must_use]
    pub fn jst_text(self) -> String {
        match OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000) {
            Ok(t) => {
                let t = t.to_offset(UtcOffset::from_hms(9, 0, 0).expect("nine hours is an offset"));
                format!(
                    "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}+09:00",
                    t.year(),
                    u8::from(t.month()),
                    t.day(),
                    t.hour(),
                    t.minute(),
                    t.second(),
                    t.millisecond()
                )
            }
            Err(_) => format!("{} ms", self.0),
        }
    }

    /// This instant as DE7 carries it: month, day and time of day in UTC (ISO 8583: "GMT").
    #[must_use]
    pub fn transmission(self) -> TransmissionTime {
        let t = OffsetDateTime::from_unix_timestamp(self.0.div_euclid(1000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let n = ((u32::from(u8::from(t.month())) * 100 + u32::from(t.day())) * 100 + u32::from(t.hour())) * 10_000
            + u32::from(t.minute()) * 100
            + u32::from(t.second());
        TransmissionTime(n)
    }

    /// Local (JST) time hhmmss and date MMDD, as DE12 and DE13 carry them.
    #[must_use]
    pub fn local(self) -> (u32, u16) {
        let jst = Millis(self.0 + JST_OFFSET_MS).transmission().0;
        (jst % 1_000_000, u16::try_from(jst / 1_000_000).expect("MMDD"))
    }
}

/// The largest distance of a date without a year from the day that it is read on. At most 182 days, so that no two dates fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Within(u16);

impl Within {
    /// So many days before or after.
    ///
    /// # Panics
    /// Above 182: then a date could be that of two years.
    #[must_use]
    pub const fn days(n: u16) -> Self {
        assert!(n <= 182, "beyond half a year a date without a year could be that of two years");
        Within(n)
    }
}

/// A business day: days since 1970-01-01 of its calendar date in Japan.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, minicbor::Encode, minicbor::Decode)]
#[cbor(transparent)]
pub struct BusinessDay(#[n(0)] pub i32);

impl BusinessDay {
    /// The first instant of the calendar date in Japan.
    #[must_use]
    pub fn start(self) -> Millis {
        Millis(i64::from(self.0) * DAY_MS - JST_OFFSET_MS)
    }

    /// The day after.
    #[must_use]
    pub fn next(self) -> BusinessDay {
        BusinessDay(self.0 + 1)
    }

    /// Month and day, MMDD, as DE13, DE15 and DE17 carry dates.
    #[must_use]
    pub fn mmdd(self) -> u16 {
        self.start().local().1
    }

    /// The business day with this MMDD that is nearest to `self` (DE13 and DE15 carry no year). `None` when there is none within
    /// the distance: an impossible date, and 29 February unless a leap year's is near.
    #[must_use]
    pub fn nearest(self, mmdd: u16, within: Within) -> Option<BusinessDay> {
        let year = self.date()?.year();
        let distance = |day: &BusinessDay| (i64::from(day.0) - i64::from(self.0)).abs();
        (year - 1..=year + 1)
            .filter_map(|y| {
                let month = Month::try_from(u8::try_from(mmdd / 100).ok()?).ok()?;
                let date = Date::from_calendar_date(y, month, u8::try_from(mmdd % 100).ok()?).ok()?;
                Some(BusinessDay(date.to_julian_day() - EPOCH_JULIAN))
            })
            .filter(|day| distance(day) <= i64::from(within.0))
            .min_by_key(distance)
    }

    /// The day of the week; 0 is Monday.
    #[must_use]
    pub fn weekday(self) -> u8 {
        // 1970-01-01 was a Thursday.
        u8::try_from((i64::from(self.0) + 3).rem_euclid(7)).expect("below 7")
    }

    /// The calendar month: months since January of year 0.
    #[must_use]
    pub fn month(self) -> i32 {
        self.date().map_or(0, |d| d.year() * 12 + i32::from(u8::from(d.month())) - 1)
    }

    /// From `2026-12-01`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let format = time::macros::format_description!("[year]-[month]-[day]");
        Date::parse(text, &format).ok().map(|date| BusinessDay(date.to_julian_day() - EPOCH_JULIAN))
    }

    fn date(self) -> Option<Date> {
        Date::from_julian_day(self.0.checked_add(EPOCH_JULIAN)?).ok()
    }
}

const EPOCH_JULIAN: i32 = 2_440_588;

impl fmt::Display for BusinessDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.date() {
            Some(d) => write!(f, "{:04}-{:02}-{:02}", d.year(), u8::from(d.month()), d.day()),
            None => write!(f, "day {}", self.0),
        }
    }
}

/// Transmission date and time, DE7 (n10, MMDDhhmmss, UTC). It has no year, so it is a label and never a clock.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, minicbor::Encode, minicbor::Decode)]
#[cbor(transparent)]
pub struct TransmissionTime(#[n(0)] u32);

impl TransmissionTime {
    /// From the field's ten digits; `None` when they are no date and time (February has up to 29 days here).
    #[must_use]
    pub fn from_wire(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != 10 {
            return None;
        }
        let n = u32::try_from(crate::ids::digits(bytes)?).ok()?;
        let mmdd = u16::try_from(n / 1_000_000).ok()?;
        (is_mmdd(mmdd) && is_hhmmss(n % 1_000_000)).then_some(TransmissionTime(n))
    }

    /// The ten digits as a number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }

    /// The instant with this label that is nearest to `at`: within half a year. `None` for 29 February unless a leap year's is near.
    #[must_use]
    pub fn nearest(self, at: Millis) -> Option<Millis> {
        let year = OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1000)).ok()?.year();
        let part = |of: u32| u8::try_from(self.0 / of % 100).ok();
        let (month, day) = (Month::try_from(part(100_000_000)?).ok()?, part(1_000_000)?);
        let (hour, minute, second) = (part(10_000)?, part(100)?, part(1)?);
        let in_year = |y: i32| {
            let date = Date::from_calendar_date(y, month, day).ok()?;
            let instant = Millis(date.with_hms(hour, minute, second).ok()?.assume_utc().unix_timestamp() * 1_000);
            ((instant.0 - at.0).abs() <= 183 * DAY_MS).then_some(instant)
        };
        // Nearly always it is this year's.
        in_year(year).or_else(|| in_year(year - 1)).or_else(|| in_year(year + 1))
    }

    /// The label so many seconds later (below zero: earlier), when this one is of the year in which `near` lies. `None` for a date
    /// that this year does not have.
    #[must_use]
    pub fn moved(self, seconds: i64, near: Millis) -> Option<TransmissionTime> {
        let year = OffsetDateTime::from_unix_timestamp(near.0.div_euclid(1000)).ok()?.year();
        let part = |of: u32| u8::try_from(self.0 / of % 100).ok();
        let date = Date::from_calendar_date(year, Month::try_from(part(100_000_000)?).ok()?, part(1_000_000)?).ok()?;
        let at = date.with_hms(part(10_000)?, part(100)?, part(1)?).ok()?.assume_utc();
        let moved = at.unix_timestamp().checked_add(seconds)?.checked_mul(1_000)?;
        Some(Millis(moved).transmission())
    }

    /// Seconds by which this label lies behind another, the shorter way round the year: below zero when it lies before it. Good for
    /// telling whether two labels contradict each other, no better than a label otherwise.
    #[must_use]
    pub fn seconds_behind(self, other: TransmissionTime) -> i64 {
        const YEAR: i64 = 366 * 86_400;
        let apart = (self.second_of_year() - other.second_of_year()).rem_euclid(YEAR);
        if apart > YEAR / 2 { apart - YEAR } else { apart }
    }

    /// In a year of 366 days.
    fn second_of_year(self) -> i64 {
        const BEFORE: [i64; 12] = [0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335];
        let n = i64::from(self.0);
        let month = usize::try_from(n / 100_000_000 - 1).ok().and_then(|at| BEFORE.get(at)).copied().unwrap_or(0);
        let days = month + n / 1_000_000 % 100 - 1;
        ((days * 24 + n / 10_000 % 100) * 60 + n / 100 % 100) * 60 + n % 100
    }
}

/// True for a month and day that exist in some year.
#[must_use]
pub fn is_mmdd(mmdd: u16) -> bool {
    let (month, day) = (mmdd / 100, mmdd % 100);
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 29,
        _ => return false,
    };
    (1..=last).contains(&day)
}

/// True for a time of day, 000000 to 235959.
#[must_use]
pub fn is_hhmmss(hhmmss: u32) -> bool {
    hhmmss / 10_000 < 24 && hhmmss / 100 % 100 < 60 && hhmmss % 100 < 60
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_turns_at_midnight_in_japan() {
        // 2026-11-23T14:59:59.999Z is one millisecond before midnight in Tokyo.
        let before = Millis(1_795_445_999_999);
        let after = Millis(before.0 + 1);
        assert_eq!(before.jst_day().to_string(), "2026-11-23");
        assert_eq!(after.jst_day().to_string(), "2026-11-24");
        assert_eq!(after.jst_day().start(), after);
        assert_eq!(after.jst_text(), "2026-11-24T00:00:00.000+09:00");
        assert_eq!(after.local(), (0, 1124));
        assert_eq!(after.transmission().get(), 1_123_150_000);
        assert_eq!(before.jst_day().next(), after.jst_day());
    }

    #[test]
    fn labels_are_compared_round_the_year() {
        let at = |text: &str| TransmissionTime::from_wire(text.as_bytes()).unwrap();
        assert_eq!(at("1123150000").seconds_behind(at("1123145959")), 1);
        assert_eq!(at("1123145959").seconds_behind(at("1123150000")), -1);
        assert_eq!(at("0101000000").seconds_behind(at("1231235959")), 1);
        assert_eq!(at("1231235959").seconds_behind(at("0101000000")), -1);
        assert_eq!(at("0301000000").seconds_behind(at("0228000000")), 2 * 86_400);
        assert_eq!(at("1124000000").seconds_behind(at("1123150000")), 9 * 3_600);
        let in_march = |year: i32| BusinessDay::parse(&format!("{year}-03-01")).unwrap().start();
        for (year, from, hours, to) in [
            (2027, "0301083000", -9, Some("0228233000")),
            (2028, "0301083000", -9, Some("0229233000")),
            (2027, "0228233000", 9, Some("0301083000")),
            (2027, "0229233000", 9, None),
            (2027, "0101083000", -9, Some("1231233000")),
        ] {
            assert_eq!(at(from).moved(hours * 3_600, in_march(year)), to.map(at), "{from} in {year}");
        }
    }

    #[test]
    fn a_label_means_its_nearest_instant() {
        let at = |text: &str| Millis::parse(text).unwrap();
        let label = |text: &[u8]| TransmissionTime::from_wire(text).unwrap();
        for (now, wire, instant) in [
            ("2026-11-23T06:15:30Z", b"1123061510", Some("2026-11-23T06:15:10Z")),
            ("2027-01-01T00:00:05Z", b"1231235959", Some("2026-12-31T23:59:59Z")),
            ("2026-12-31T23:59:59Z", b"0101000005", Some("2027-01-01T00:00:05Z")),
            // A year without 29 February: one day lies between, not two.
            ("2027-03-01T00:05:00Z", b"0228235900", Some("2027-02-28T23:59:00Z")),
            ("2028-03-01T00:05:00Z", b"0229235900", Some("2028-02-29T23:59:00Z")),
            ("2027-03-01T00:05:00Z", b"0229235900", None),
        ] {
            assert_eq!(label(wire).nearest(at(now)), instant.map(at), "{now}");
        }
    }

    #[test]
    fn months_and_weekdays_follow_the_calendar() {
        let day = |text: &str| BusinessDay::parse(text).unwrap();
        assert_eq!(day("2026-11-24").weekday(), 1, "a Tuesday");
        assert_eq!(day("1969-12-28").weekday(), 6, "a Sunday");
        assert_eq!(day("2028-02-29").next(), day("2028-03-01"));
        assert_eq!(day("2028-03-01").month() - day("2028-02-29").month(), 1);
        assert_eq!(day("2027-01-01").month() - day("2026-12-31").month(), 1);
        assert_eq!(day("2026-12-01").month(), day("2026-12-31").month());
        assert_eq!(BusinessDay::parse("2027-02-29"), None);
        assert_eq!(BusinessDay::parse("soon"), None);
    }

    #[test]
    fn a_date_without_a_year_is_the_nearest_one() {
        let new_year = Millis(1_798_729_200_000).jst_day();
        assert_eq!(new_year.to_string(), "2027-01-01");
        let nearest = |mmdd| new_year.nearest(mmdd, Within::days(90));
        assert_eq!(nearest(1231).unwrap().to_string(), "2026-12-31");
        assert_eq!(nearest(102).unwrap().to_string(), "2027-01-02");
        assert_eq!(nearest(231), None);
        assert_eq!(nearest(1300), None);
    }

    #[test]
    fn the_29th_of_february_is_a_leap_years_or_none() {
        let nearest = |day: &str, n| {
            let found = BusinessDay::parse(day).unwrap().nearest(229, Within::days(n));
            found.map(|day| day.to_string())
        };
        let leap = Some("2028-02-29".to_owned());
        assert_eq!(nearest("2028-02-28", 1), leap);
        assert_eq!(nearest("2028-03-01", 1), leap);
        assert_eq!(nearest("2028-03-01", 0), None);
        assert_eq!(nearest("2027-12-01", 90), leap);
        for day in ["2029-02-28", "2029-03-01", "2027-02-28", "2030-03-01", "2100-02-28", "2029-01-15"] {
            assert_eq!(nearest(day, 182), None, "{day}");
        }
    }

    /// Over four years around a leap day, every day of every possible date: what is found has that month and day, is within the
    /// distance, and is the only such day; nothing is found only where there is none.
    #[test]
    fn a_date_is_found_within_its_distance_and_nowhere_else() {
        let first = BusinessDay::parse("2027-01-01").unwrap();
        let days: Vec<(i32, u16)> = (-200..=1_461 + 200).map(|n| (n, BusinessDay(first.0 + n).mmdd())).collect();
        for mmdd in (100..1_300).filter(|mmdd| is_mmdd(*mmdd)).chain([0, 131 + 100, 431, 1_300, 9_999]) {
            let on: Vec<i32> = days.iter().filter(|(_, m)| *m == mmdd).map(|(n, _)| *n).collect();
            for within in [0, 1, 31, 92, 182] {
                for from in (0..1_461).step_by(3) {
                    let wanted: Vec<i32> =
                        on.iter().copied().filter(|n| (n - from).abs() <= i32::from(within)).collect();
                    let found = BusinessDay(first.0 + from).nearest(mmdd, Within::days(within));
                    assert!(wanted.len() <= 1);
                    assert_eq!(
                        found.map(|day| day.0 - first.0),
                        wanted.first().copied(),
                        "{mmdd} from {from} in {within}"
                    );
                }
            }
        }
    }

    #[test]
    fn dates_and_times_are_read_as_japan_writes_them() {
        for (text, back) in [
            ("2026-12-01", "2026-12-01T00:00:00.000+09:00"),
            ("2026-12-01T09:30:00+09:00", "2026-12-01T09:30:00.000+09:00"),
            ("2026-12-01T00:30:00Z", "2026-12-01T09:30:00.000+09:00"),
        ] {
            assert_eq!(Millis::parse(text).unwrap().jst_text(), back);
        }
        for bad in ["", "2026-13-01", "2026-02-30", "tomorrow", "2026-12-01T09:30:00"] {
            assert_eq!(Millis::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn bad_dates_and_times_are_refused() {
        assert!(TransmissionTime::from_wire(b"1123201530").is_some());
        assert!(TransmissionTime::from_wire(b"0229000000").is_some());
        for bad in [&b"1323201530"[..], b"0230000000", b"1123241530", b"1123206030", b"11232015", b"112320153x"] {
            assert_eq!(TransmissionTime::from_wire(bad), None, "{}", String::from_utf8_lossy(bad));
        }
    }
}
