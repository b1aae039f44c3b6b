//! Policies that contradict themselves.

use super::file::Table;
use kazasu_schemas::canonical::same_or_neither;
use kazasu_schemas::policy::{Limit, Policy, Rounding, Window, in_ranges};
use std::collections::BTreeSet;

type Tell<'a> = &'a mut dyn FnMut(Table, &str, String);

pub(super) fn check(policy: &Policy, tell: Tell<'_>) {
    limits(policy, tell);
    if let Some(v) = policy.validity
        && v.fresh_hours > v.stale_hours
    {
        let text = format!("({}) is below fresh_hours ({})", v.stale_hours, v.fresh_hours);
        tell(Table::Validity, "stale_hours", text);
    }
    if policy.alerts.len() > 8 || policy.alerts.windows(2).any(|w| w[0] >= w[1]) {
        tell(Table::Alerts, "at", "must be at most 8 percentages in ascending order, each once".into());
    }
    purses(policy, tell);
    points(policy, tell);
    let mut issuers = BTreeSet::new();
    for (at, rule) in policy.stand_in.iter().enumerate() {
        if !issuers.insert(rule.issuer) {
            tell(Table::StandIn(at), "issuer", format!("{} has two tables", rule.issuer));
        }
        if rule.tap > rule.resident_day {
            let text = format!("({}) is above resident_day ({})", rule.tap, rule.resident_day);
            tell(Table::StandIn(at), "tap", text);
        }
        if rule.resident_day > rule.issuer_day {
            let text = format!("({}) is above issuer_day ({})", rule.resident_day, rule.issuer_day);
            tell(Table::StandIn(at), "resident_day", text);
        }
    }
}

/// How long a window is, for comparing.
fn span(window: Window) -> u8 {
    match window {
        Window::Tap => 0,
        Window::Day => 1,
        Window::Days(n) => n,
        // No month is longer, and a window of 31 days covers any of it.
        Window::Month => 31,
    }
}

fn limits(policy: &Policy, tell: Tell<'_>) {
    let mut numbers = BTreeSet::new();
    for (at, limit) in policy.limits.iter().enumerate() {
        let table = Table::Limit(at);
        if !numbers.insert(limit.number) {
            tell(table, "number", format!("{} is used twice", limit.number));
        }
        if at > 0 && policy.limits[at - 1].number > limit.number {
            tell(table, "number", "must ascend from table to table".into());
        }
        if limit.amount.is_none() && limit.count.is_none() {
            tell(table, "amount", "or count is needed".into());
        }
        if limit.window == Window::Tap && limit.count.is_some() {
            tell(table, "count", "has no meaning where each tap is looked at by itself".into());
        }
        for other in policy.limits.iter().take(at).chain(policy.limits.iter().skip(at + 1)) {
            let (Some(mine), Some(theirs)) = (limit.amount, other.amount) else { continue };
            if same_scope(limit, other) && span(limit.window) < span(other.window) && mine > theirs {
                let text =
                    format!("({mine}) can never be reached: limit {} allows {theirs} over a longer time", other.number);
                tell(table, "amount", text);
            }
        }
    }
}

fn same_scope(a: &Limit, b: &Limit) -> bool {
    a.per == b.per
        && a.mcc == b.mcc
        && same_or_neither(a.class.as_deref(), b.class.as_deref())
        && a.instruments == b.instruments
        && a.without_pin == b.without_pin
}

/// Programmes of each kind that a policy can have, and budgets that one activation can open.
const MOST_PROGRAMMES: usize = 64;
const MOST_BUDGETS: usize = 32;

fn purses(policy: &Policy, tell: Tell<'_>) {
    if policy.purses.len() > MOST_PROGRAMMES {
        tell(
            Table::Purse(MOST_PROGRAMMES),
            "number",
            format!("a policy has at most {MOST_PROGRAMMES} purse programmes"),
        );
    }
    for (at, purse) in policy.purses.iter().enumerate() {
        let table = Table::Purse(at);
        if at > 0 && policy.purses[at - 1].number >= purse.number {
            tell(table, "number", "must ascend from table to table, each once".into());
        }
        if let (Some(from), Some(until)) = (purse.from, purse.until)
            && from > until
        {
            tell(table, "until", format!("({until}) is before from ({from})"));
        }
        nothing_left(&purse.place, table, tell);
    }
}

fn nothing_left(place: &kazasu_schemas::policy::Place, table: Table, tell: Tell<'_>) {
    let excluded = |(low, high): &(_, _)| {
        in_ranges(&place.not_mcc, *low) && place.not_mcc.iter().any(|(a, b)| a <= low && high <= b)
    };
    if !place.mcc.is_empty() && place.mcc.iter().all(excluded) {
        tell(table, "not_mcc", "excludes everything that mcc allows".into());
    }
}

fn points(policy: &Policy, tell: Tell<'_>) {
    if policy.points.len() > MOST_BUDGETS {
        let text = format!("a policy has at most {MOST_BUDGETS} point programmes");
        tell(Table::Points(MOST_BUDGETS), "number", text);
    }
    for (at, p) in policy.points.iter().enumerate() {
        let table = Table::Points(at);
        if at > 0 && policy.points[at - 1].number >= p.number {
            tell(table, "number", "must ascend from table to table, each once".into());
        }
        if p.from > p.until {
            tell(table, "until", format!("({}) is before from ({})", p.until, p.from));
        }
        if let Some(expires) = p.expires.filter(|day| *day < p.until) {
            tell(
                table,
                "expires",
                format!("({expires}) is before until ({}): points would lapse while they are earned", p.until),
            );
        }
        for (key, small, big) in [("cap_tap", p.cap_tap, p.cap_month), ("cap_month", p.cap_month, p.cap_life)] {
            if let (Some(small), Some(big)) = (small, big)
                && small > big
            {
                tell(table, key, format!("({small}) is above the next larger cap ({big})"));
            }
        }
        if let (Some(tap), None, Some(life)) = (p.cap_tap, p.cap_month, p.cap_life)
            && tap > life
        {
            tell(table, "cap_tap", format!("({tap}) is above cap_life ({life})"));
        }
        let caps = [p.cap_tap, p.cap_month, p.cap_life].into_iter().flatten();
        if let Some(cap) = caps.min().filter(|cap| *cap > p.budget) {
            tell(table, "budget", format!("({}) is below a cap ({cap})", p.budget));
        }
        let bonus = !p.bonus_days.is_empty() || p.bonus_weekdays != 0;
        if bonus != (p.bonus_rate.0 > 0) {
            tell(table, "bonus_rate", "belongs to bonus_days or bonus_weekdays: one without the other".into());
        }
        if bonus && p.rounding == Rounding::Month {
            tell(
                table,
                "rounding",
                "\"month\" needs one rate for the whole month, so there can be no bonus days".into(),
            );
        }
        if let Some(day) = p.bonus_days.iter().find(|day| **day < p.from || **day > p.until) {
            tell(table, "bonus_days", format!("has {day}, outside of the period"));
        }
        nothing_left(&p.place, table, tell);
    }
}
