//! Policies that contradict themselves.

use super::table::Table;
use kazasu_schemas::canonical::same_or_neither;
use kazasu_schemas::policy::{Limit, Policy, Rounding, Window, in_ranges};
use kazasu_text::documents::PolicyProblem;
use std::collections::BTreeSet;

type Tell<'a> = &'a mut dyn FnMut(Table, &str, PolicyProblem<'static>);

pub(super) fn check(policy: &Policy, tell: Tell<'_>) {
    limits(policy, tell);
    if let Some(v) = policy.validity
        && v.fresh_hours > v.stale_hours
    {
        let problem = PolicyProblem::BelowFresh { stale: v.stale_hours.into(), fresh: v.fresh_hours.into() };
        tell(Table::Validity, "stale_hours", problem);
    }
    if policy.alerts.len() > 8 || policy.alerts.windows(2).any(|w| w[0] >= w[1]) {
        tell(Table::Alerts, "at", PolicyProblem::Alerts);
    }
    purses(policy, tell);
    points(policy, tell);
    let mut issuers = BTreeSet::new();
    for (at, rule) in policy.stand_in.iter().enumerate() {
        if !issuers.insert(rule.issuer) {
            tell(Table::StandIn(at), "issuer", PolicyProblem::TwoTables { issuer: rule.issuer });
        }
        if rule.tap > rule.resident_day {
            let problem = PolicyProblem::AboveKey { value: rule.tap, key: "resident_day", most: rule.resident_day };
            tell(Table::StandIn(at), "tap", problem);
        }
        if rule.resident_day > rule.issuer_day {
            let (value, most) = (rule.resident_day, rule.issuer_day);
            tell(Table::StandIn(at), "resident_day", PolicyProblem::AboveKey { value, key: "issuer_day", most });
        }
    }
}

/// The length of a window in days, for comparing.
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
            tell(table, "number", PolicyProblem::UsedTwice { number: limit.number });
        }
        if at > 0 && policy.limits[at - 1].number > limit.number {
            tell(table, "number", PolicyProblem::Ascend);
        }
        if limit.amount.is_none() && limit.count.is_none() {
            tell(table, "amount", PolicyProblem::AmountOrCount);
        }
        if limit.window == Window::Tap && limit.count.is_some() {
            tell(table, "count", PolicyProblem::CountOfTap);
        }
        for other in policy.limits.iter().take(at).chain(policy.limits.iter().skip(at + 1)) {
            let (Some(mine), Some(theirs)) = (limit.amount, other.amount) else { continue };
            if same_scope(limit, other) && span(limit.window) < span(other.window) && mine > theirs {
                let problem = PolicyProblem::NeverReached { amount: mine, limit: other.number, longer: theirs };
                tell(table, "amount", problem);
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
        let problem = PolicyProblem::MostPurses { most: MOST_PROGRAMMES.into() };
        tell(Table::Purse(MOST_PROGRAMMES), "number", problem);
    }
    for (at, purse) in policy.purses.iter().enumerate() {
        let table = Table::Purse(at);
        if at > 0 && policy.purses[at - 1].number >= purse.number {
            tell(table, "number", PolicyProblem::AscendOnce);
        }
        if let (Some(from), Some(until)) = (purse.from, purse.until)
            && from > until
        {
            tell(table, "until", PolicyProblem::BeforeFrom { until, from });
        }
        nothing_left(&purse.place, table, tell);
    }
}

fn nothing_left(place: &kazasu_schemas::policy::Place, table: Table, tell: Tell<'_>) {
    let excluded = |(low, high): &(_, _)| {
        in_ranges(&place.not_mcc, *low) && place.not_mcc.iter().any(|(a, b)| a <= low && high <= b)
    };
    if !place.mcc.is_empty() && place.mcc.iter().all(excluded) {
        tell(table, "not_mcc", PolicyProblem::ExcludesAll);
    }
}

fn points(policy: &Policy, tell: Tell<'_>) {
    if policy.points.len() > MOST_BUDGETS {
        let problem = PolicyProblem::MostPoints { most: MOST_BUDGETS.into() };
        tell(Table::Points(MOST_BUDGETS), "number", problem);
    }
    for (at, p) in policy.points.iter().enumerate() {
        let table = Table::Points(at);
        if at > 0 && policy.points[at - 1].number >= p.number {
            tell(table, "number", PolicyProblem::AscendOnce);
        }
        if p.from > p.until {
            tell(table, "until", PolicyProblem::BeforeFrom { until: p.until, from: p.from });
        }
        if let Some(expires) = p.expires.filter(|day| *day < p.until) {
            tell(table, "expires", PolicyProblem::LapsesEarly { expires, until: p.until });
        }
        for (key, small, big) in [("cap_tap", p.cap_tap, p.cap_month), ("cap_month", p.cap_month, p.cap_life)] {
            if let (Some(small), Some(big)) = (small, big)
                && small > big
            {
                tell(table, key, PolicyProblem::AboveNextCap { cap: small, next: big });
            }
        }
        if let (Some(tap), None, Some(life)) = (p.cap_tap, p.cap_month, p.cap_life)
            && tap > life
        {
            tell(table, "cap_tap", PolicyProblem::AboveLife { cap: tap, life });
        }
        let caps = [p.cap_tap, p.cap_month, p.cap_life].into_iter().flatten();
        if let Some(cap) = caps.min().filter(|cap| *cap > p.budget) {
            tell(table, "budget", PolicyProblem::BelowCap { budget: p.budget, cap });
        }
        let bonus = !p.bonus_days.is_empty() || p.bonus_weekdays != 0;
        if bonus != (p.bonus_rate.0 > 0) {
            tell(table, "bonus_rate", PolicyProblem::BonusAlone);
        }
        if bonus && p.rounding == Rounding::Month {
            tell(table, "rounding", PolicyProblem::MonthOneRate);
        }
        if let Some(day) = p.bonus_days.iter().find(|day| **day < p.from || **day > p.until) {
            tell(table, "bonus_days", PolicyProblem::OutsidePeriod { day: *day });
        }
        nothing_left(&p.place, table, tell);
    }
}
