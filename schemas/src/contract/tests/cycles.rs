//! Periods and value dates.

use super::*;
use proptest::prelude::*;

fn period(cycle: Cycle, on: &str) -> String {
    let Period { from, until } = cycle.period(day(on));
    format!("{from} {until}")
}

/// Banks are closed on Saturdays, Sundays, from 31 December to 3 January, and here on one holiday.
fn open(day: BusinessDay) -> bool {
    let closed = [101, 102, 103, 1231, 1123].contains(&day.mmdd());
    day.weekday() < 5 && !closed
}

#[test]
fn periods_end_where_the_contract_says() {
    const FRIDAY: Cycle = Cycle::Weekly(4);
    for (cycle, on, is) in [
        (Cycle::Daily, "2026-11-24", "2026-11-24 2026-11-24"),
        (FRIDAY, "2026-11-24", "2026-11-21 2026-11-27"),
        (FRIDAY, "2026-11-27", "2026-11-21 2026-11-27"),
        (FRIDAY, "2026-11-28", "2026-11-28 2026-12-04"),
        (FRIDAY, "2026-12-31", "2026-12-26 2027-01-01"),
        (FRIDAY, "2027-01-01", "2026-12-26 2027-01-01"),
        (Cycle::TwiceAMonth, "2026-11-01", "2026-11-01 2026-11-15"),
        (Cycle::TwiceAMonth, "2026-11-15", "2026-11-01 2026-11-15"),
        (Cycle::TwiceAMonth, "2026-11-16", "2026-11-16 2026-11-30"),
        (Cycle::TwiceAMonth, "2028-02-29", "2028-02-16 2028-02-29"),
        (Cycle::TwiceAMonth, "2027-02-16", "2027-02-16 2027-02-28"),
        (Cycle::MonthEnd, "2026-12-31", "2026-12-01 2026-12-31"),
        (Cycle::MonthEnd, "2028-02-01", "2028-02-01 2028-02-29"),
        (Cycle::MonthEnd, "2100-02-10", "2100-02-01 2100-02-28"),
    ] {
        assert_eq!(period(cycle, on), is, "{cycle:?} on {on}");
    }
}

#[test]
fn a_contract_cuts_the_periods_that_it_begins_and_ends_in() {
    let contract = Contract { from: day("2026-04-10"), until: Some(day("2026-05-20")), ..contract() };
    let cut = |on: &str| contract.period(day(on)).map(|p| format!("{} {}", p.from, p.until));
    assert_eq!(cut("2026-04-09"), None);
    assert_eq!(cut("2026-04-12").unwrap(), "2026-04-10 2026-04-15");
    assert_eq!(cut("2026-04-30").unwrap(), "2026-04-16 2026-04-30");
    assert_eq!(cut("2026-05-16").unwrap(), "2026-05-16 2026-05-20");
    assert_eq!(cut("2026-05-21"), None);
}

#[test]
fn merchants_are_paid_on_bank_business_days() {
    for (last, delay, is) in [
        ("2026-11-30", 0, "2026-11-30"),
        ("2026-11-28", 0, "2026-11-30"),
        ("2026-11-27", 1, "2026-11-30"),
        ("2026-11-20", 1, "2026-11-24"),
        ("2026-11-20", 3, "2026-11-26"),
        ("2026-12-30", 1, "2027-01-04"),
        ("2026-12-31", 3, "2027-01-06"),
    ] {
        assert_eq!(value_date(day(last), delay, open).unwrap(), day(is), "{delay} after {last}");
    }
    let period = Period { from: day("2026-11-16"), until: day("2026-11-30") };
    assert_eq!(contract().value_date(period, open).unwrap(), day("2026-12-03"));
    let error = value_date(day("2026-11-20"), 2, |day| day.to_string() == "2026-11-21").unwrap_err();
    assert_eq!(error.to_string(), "the calendar has no bank business day from 2026-11-22 on for 31 days");
    assert!(value_date(day("2026-11-20"), 255, open).is_ok());
}

fn cycles() -> impl Strategy<Value = Cycle> {
    prop_oneof![Just(Cycle::Daily), (0..7_u8).prop_map(Cycle::Weekly), Just(Cycle::TwiceAMonth), Just(Cycle::MonthEnd)]
}

proptest! {
    /// Each day lies in its period, all days of a period have the same one, and the next begins on the day after.
    #[test]
    fn cycles_partition_the_calendar(cycle in cycles(), start in -800_000..3_000_000_i32) {
        let period = cycle.period(BusinessDay(start));
        prop_assert!(period.has(BusinessDay(start)));
        prop_assert!(period.until.0 - period.from.0 < 31);
        for day in period.from.0..=period.until.0 {
            prop_assert_eq!(cycle.period(BusinessDay(day)), period);
        }
        prop_assert_eq!(cycle.period(period.until.next()).from, period.until.next());
        prop_assert_eq!(cycle.period(BusinessDay(period.from.0 - 1)).until.next(), period.from);
    }

    /// So it is with contracts that follow one another, with any cycles.
    #[test]
    fn contracts_partition_their_time(first in cycles(), second in cycles(), change in 20_600..21_000_i32) {
        let change = BusinessDay(change);
        let before = Contract { until: Some(change), cycle: first, ..contract() };
        let after = Contract { from: change.next(), cycle: second, ..contract() };
        let of = |day| before.period(day).or(after.period(day));
        let mut day = before.from;
        while day.0 < 21_400 {
            let period = of(day).unwrap();
            prop_assert_eq!(period.from, day);
            prop_assert!(period.until <= change || period.from > change);
            day = period.until.next();
        }
    }

    /// As many bank business days lie between as the contract says, and it is one itself.
    #[test]
    fn value_dates_count_bank_business_days(last in 20_000..24_000_i32, delay in 1..20_u8) {
        let paid = value_date(BusinessDay(last), delay, open).unwrap();
        prop_assert!(open(paid));
        let counted = (last + 1..=paid.0).filter(|day| open(BusinessDay(*day))).count();
        prop_assert_eq!(counted, usize::from(delay));
    }

    #[test]
    fn no_day_is_too_far(cycle in cycles(), day in any::<i32>()) {
        prop_assert!(cycle.period(BusinessDay(day)).has(BusinessDay(day)));
    }
}
