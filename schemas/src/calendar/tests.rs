//! The built-in file against the law's rules, computed here once more; counting days; files that are refused.

use super::*;
use std::collections::BTreeSet;

fn day(text: &str) -> BusinessDay {
    BusinessDay::parse(text).unwrap()
}

fn on(year: i32, month_day: &str) -> BusinessDay {
    day(&format!("{year:04}-{month_day}"))
}

/// The `n`-th Monday of a month.
fn monday(year: i32, month: u8, n: i32) -> BusinessDay {
    let first = on(year, &format!("{month:02}-01"));
    BusinessDay(first.0 + (7 - i32::from(first.weekday())) % 7 + 7 * (n - 1))
}

/// The day of an equinox in March or September, by the formula that holds from 1980 to 2099 (in millionths of a day).
fn equinox(year: i32, at_1980: i64) -> String {
    let years = i64::from(year - 1980);
    format!("{:02}", (at_1980 + 242_194 * years) / 1_000_000 - years / 4)
}

/// National holidays of a year: Act on National Holidays, articles 2 and 3, as amended to 2020.
fn national(year: i32) -> BTreeSet<BusinessDay> {
    let mut days: BTreeSet<BusinessDay> =
        ["01-01", "02-11", "02-23", "04-29", "05-03", "05-04", "05-05", "08-11", "11-03", "11-23"]
            .iter()
            .map(|d| on(year, d))
            .collect();
    days.extend([monday(year, 1, 2), monday(year, 7, 3), monday(year, 9, 3), monday(year, 10, 2)]);
    days.insert(on(year, &format!("03-{}", equinox(year, 20_843_100))));
    days.insert(on(year, &format!("09-{}", equinox(year, 23_248_800))));
    let named = days.clone();
    for sunday in named.iter().filter(|d| d.weekday() == 6) {
        // The next day that is no holiday by name takes the place of a holiday on a Sunday.
        let substitute = (1..).map(|n| BusinessDay(sunday.0 + n)).find(|d| !named.contains(d)).unwrap();
        days.insert(substitute);
    }
    // A day between two named holidays.
    days.extend(named.iter().map(|d| BusinessDay(d.0 + 1)).filter(|d| named.contains(&d.next()) && !named.contains(d)));
    days
}

#[test]
fn the_built_in_file_follows_the_law() {
    let calendar = Calendar::built_in();
    assert_eq!(calendar.span(), (day("2024-01-01"), day("2028-12-31")));
    let mut expected = BTreeSet::new();
    for year in 2024..=2028 {
        expected.extend(national(year));
        expected.extend(["01-02", "01-03", "12-31"].map(|d| on(year, d)));
    }
    let found: BTreeSet<BusinessDay> = calendar.holidays.keys().copied().collect();
    let differ: Vec<String> = expected.symmetric_difference(&found).map(ToString::to_string).collect();
    assert_eq!(differ, Vec::<String>::new());
    assert_eq!(calendar.to_string(), "106 bank holidays from 2024-01-01 to 2028-12-31");
}

#[test]
fn well_known_days() {
    let calendar = Calendar::built_in();
    for (date, name) in [
        ("2026-01-01", Some("元日")),
        ("2026-01-02", Some("銀行休業日")),
        ("2026-05-06", Some("振替休日")),
        ("2026-09-22", Some("国民の休日")),
        ("2027-03-21", Some("春分の日")),
        ("2027-03-22", Some("振替休日")),
        ("2024-09-22", Some("秋分の日")),
        ("2028-12-31", Some("銀行休業日")),
        ("2026-12-30", None),
        ("2026-11-24", None),
    ] {
        assert_eq!(calendar.holiday(day(date)), name, "{date}");
    }
    let works = |date| calendar.is_bank_business_day(day(date)).unwrap();
    assert!(works("2026-12-30") && works("2026-01-05") && works("2026-11-24"));
    assert!(!works("2026-12-31") && !works("2026-11-23") && !works("2026-11-22") && !works("2026-11-21"));
    let count =
        (day("2026-01-01").0..=day("2026-12-31").0).filter(|d| calendar.is_bank_business_day(BusinessDay(*d)).unwrap());
    // 261 weekdays, of which 17 of the 18 national holidays, January 2 and December 31 are none of the banks'.
    assert_eq!(count.count(), 242);
}

#[test]
fn days_are_counted_over_weekends_and_holidays() {
    let calendar = Calendar::built_in();
    let next = |date| calendar.next_business_day(day(date)).unwrap().to_string();
    assert_eq!(next("2026-11-20"), "2026-11-24", "Friday to Tuesday over Labour Thanksgiving Day");
    assert_eq!(next("2026-12-30"), "2027-01-04");
    assert_eq!(next("2026-05-01"), "2026-05-07", "Golden Week");
    assert_eq!(next("2026-11-21"), "2026-11-24", "from a Saturday");
    let add = |date, n| calendar.add_business_days(day(date), n).unwrap().to_string();
    assert_eq!(add("2026-11-24", 0), "2026-11-24");
    assert_eq!(add("2026-11-21", 0), "2026-11-24", "a day without banks rolls forward");
    assert_eq!(add("2026-11-21", 1), "2026-11-24", "the first business day after it is the same one");
    assert_eq!(add("2026-11-20", 3), "2026-11-26");
    assert_eq!(add("2026-09-18", 1), "2026-09-24", "three holidays in a row");
}

#[test]
fn what_lies_beyond_the_file_is_an_error() {
    let calendar = Calendar::built_in();
    let beyond = calendar.is_bank_business_day(day("2029-01-01")).unwrap_err();
    assert_eq!(
        beyond.to_string(),
        "whether 2029-01-01 is a bank holiday is not known: expected 2024-01-01 to 2028-12-31; extend the file of \
         bank holidays (schemas/data/bank-holidays.csv, or the one that the operator gave)"
    );
    assert!(calendar.is_bank_business_day(day("2023-12-29")).is_err());
    assert_eq!(calendar.is_bank_business_day(day("2099-01-03")), Ok(false), "a Saturday is known for all time");
    assert!(calendar.next_business_day(day("2028-12-29")).is_err(), "it may be January 4, and may not");
    assert!(calendar.add_business_days(day("2026-11-24"), u32::MAX).is_err(), "and does not run for long");
    assert!(calendar.next_business_day(BusinessDay(i32::MAX)).is_err());
}

#[test]
fn an_operators_file_is_read() {
    let banks = "2026-01-01,元日\n2026-01-02,休業\n2026-01-03,休業\n2026-12-31,休業\n";
    let calendar =
        Calendar::parse(&format!("\u{feff}date,name\r\n# comment\r\n\r\n2026/7/1, 市制記念日 \r\n{banks}")).unwrap();
    assert_eq!(calendar.holiday(day("2026-07-01")), Some("市制記念日"));
    assert_eq!(calendar.is_bank_business_day(day("2026-07-01")), Ok(false));
    assert_eq!(calendar.is_bank_business_day(day("2026-05-05")), Ok(true), "only what the file says");
    assert_eq!(calendar.span(), (day("2026-01-01"), day("2026-12-31")));
}

#[test]
fn a_file_that_cannot_be_read_names_line_and_value() {
    let error = |csv: &str| Calendar::parse(csv).unwrap_err().to_string();
    let starts = "bank holidays, line";
    assert_eq!(error(""), format!("{starts} 1: expected at least one holiday, got \"none\""));
    assert_eq!(
        error("date,name\n2026-02-29,x\n"),
        format!("{starts} 2: expected a date like 2026-01-01 or 2026/1/1, got \"2026-02-29,x\"")
    );
    for date in ["2026/13/1", "26/1/1", "2026/1", "2026/1/1/1", "20260101", "2026/001/01", "＋2026/1/1", ""] {
        assert!(error(&format!("{date},x")).contains("expected a date like"), "{date}");
    }
    assert_eq!(error("2026-01-01"), format!("{starts} 1: expected a date, a comma and a name, got \"2026-01-01\""));
    assert_eq!(error("2026-01-01, "), format!("{starts} 1: expected a name after the date, got \"2026-01-01,\""));
    assert_eq!(
        error("2026-01-01,元日\n2026/1/1,元日"),
        format!("{starts} 2: expected a date that no line before has, got \"2026/1/1,元日\"")
    );
    assert_eq!(
        error("2026-01-01,a\n2026-01-02,b\n2026-01-03,c\n"),
        format!("{starts} 3: expected a line for 2026-12-31, got \"none\""),
        "the file was cut off"
    );
    let without_2027 = BUILT_IN.lines().filter(|l| !l.starts_with("2027")).collect::<Vec<_>>().join("\n");
    assert!(error(&without_2027).ends_with("expected a line for 2027-01-01, got \"none\""));
    assert!(error(&"#".repeat(MAX_FILE_BYTES + 1)).contains("expected a file of at most 1048576 bytes"));
}
