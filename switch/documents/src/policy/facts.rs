//! A policy as short statements, so that two can be compared.

use kazasu_schemas::policy::{Bearer, Kind, Kinds, MccRanges, Per, Place, Policy, Rate, Rounding, Window};
use serde::Serialize;
use std::collections::BTreeMap;

/// What differs between two policies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What it is about, for example `limit 1 amount`.
    pub what: String,
    /// As it was; absent when new.
    pub before: Option<String>,
    /// As it would be; absent when gone.
    pub after: Option<String>,
}

/// What changes from `before` to `after`, sorted.
#[must_use]
pub fn differences(before: &Policy, after: &Policy) -> Vec<Difference> {
    let (before, after) = (facts(before), facts(after));
    let keys: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let pairs = keys.into_iter().map(|what| (what, before.get(what), after.get(what)));
    pairs
        .filter(|(_, a, b)| a != b)
        .map(|(what, a, b)| Difference { what: what.clone(), before: a.cloned(), after: b.cloned() })
        .collect()
}

fn facts(policy: &Policy) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let mut say = |what: String, value: Option<String>| {
        if let Some(value) = value {
            out.insert(what, value);
        }
    };
    say("name".into(), Some(policy.name.clone()));
    say("ceilings no_pin".into(), policy.no_pin.map(|yen| yen.to_string()));
    if let Some(v) = policy.validity {
        say("validity fresh_hours".into(), Some(v.fresh_hours.to_string()));
        say("validity stale_hours".into(), Some(v.stale_hours.to_string()));
        say("validity stale_cap".into(), Some(v.stale_cap.to_string()));
    }
    for l in &policy.limits {
        let at = |key: &str| format!("limit {:02} {key}", l.number);
        say(at("name"), Some(l.name.clone()));
        say(at("window"), Some(window(l.window)));
        say(at("amount"), l.amount.map(|yen| yen.to_string()));
        say(at("count"), l.count.map(|n| n.to_string()));
        say(at("per"), Some(if l.per == Per::Resident { "resident" } else { "instrument" }.into()));
        say(at("group"), l.mcc.as_ref().map(ranges));
        say(at("class"), l.class.clone());
        say(at("instruments"), kinds(l.instruments));
        say(at("without_pin"), l.without_pin.then(|| "true".into()));
    }
    if !policy.alerts.is_empty() {
        let at: Vec<String> = policy.alerts.iter().map(|p| format!("{p}%")).collect();
        say("alerts at".into(), Some(at.join(", ")));
    }
    for p in &policy.purses {
        let at = |key: &str| format!("purse {:05} {key}", p.number);
        say(at("name"), Some(p.name.clone()));
        say(at("funder"), Some(p.funder.clone()));
        say(at("from"), p.from.map(|d| d.to_string()));
        say(at("until"), p.until.map(|d| d.to_string()));
        place(&p.place, &at, &mut say);
    }
    for p in &policy.points {
        let at = |key: &str| format!("points {:05} {key}", p.number);
        say(at("name"), Some(p.name.clone()));
        say(at("funder"), Some(p.funder.clone()));
        say(at("budget_line"), p.budget_line.clone());
        say(at("from"), Some(p.from.to_string()));
        say(at("until"), Some(p.until.to_string()));
        say(at("rate"), Some(rate(p.rate)));
        say(at("minimum"), p.minimum.is_positive().then(|| p.minimum.to_string()));
        say(at("cap_tap"), p.cap_tap.map(|n| n.to_string()));
        say(at("cap_month"), p.cap_month.map(|n| n.to_string()));
        say(at("cap_life"), p.cap_life.map(|n| n.to_string()));
        say(at("budget"), Some(p.budget.to_string()));
        say(at("rounding"), Some(if p.rounding == Rounding::Tap { "tap" } else { "month" }.into()));
        let days: Vec<String> = p.bonus_days.iter().map(ToString::to_string).collect();
        say(at("bonus_days"), (!days.is_empty()).then(|| days.join(", ")));
        say(at("bonus_weekdays"), (p.bonus_weekdays != 0).then(|| format!("{:07b} (Sunday first)", p.bonus_weekdays)));
        say(at("bonus_rate"), (p.bonus_rate.0 > 0).then(|| rate(p.bonus_rate)));
        say(at("expires"), p.expires.map(|d| d.to_string()));
        say(at("redeemable"), p.redeemable.then(|| "true".into()));
        say(at("one_of"), p.one_of.clone());
        say(at("instruments"), kinds(p.instruments));
        place(&p.place, &at, &mut say);
    }
    for s in &policy.stand_in {
        let at = |key: &str| format!("stand_in of issuer {:05} {key}", s.issuer);
        say(at("tap"), Some(s.tap.to_string()));
        say(at("issuer_day"), Some(s.issuer_day.to_string()));
        say(at("resident_day"), Some(s.resident_day.to_string()));
        say(at("bearer"), Some(bearer(s.bearer)));
    }
    if let Some(o) = &policy.offline {
        say("offline resident_day".into(), Some(o.resident_day.to_string()));
        say("offline bearer".into(), Some(bearer(o.bearer)));
        let floor = o.floor.clone().unwrap_or_default();
        say("offline floor".into(), floor.otherwise.map(|most| most.to_string()));
        for (class, most) in &floor.classes {
            say(format!("offline floor of class {class}"), Some(most.to_string()));
        }
    }
    out
}

fn place(place: &Place, at: &dyn Fn(&str) -> String, say: &mut dyn FnMut(String, Option<String>)) {
    let list = |items: &[String]| (!items.is_empty()).then(|| items.join(", "));
    say(at("tags"), list(&place.tags));
    say(at("mcc"), (!place.mcc.is_empty()).then(|| ranges(&place.mcc)));
    say(at("not_mcc"), (!place.not_mcc.is_empty()).then(|| ranges(&place.not_mcc)));
    say(at("regions"), list(&place.regions));
    let merchants: Vec<String> = place.merchants.iter().map(|(a, m)| format!("{a}/{m}")).collect();
    say(at("merchants"), list(&merchants));
}

fn window(window: Window) -> String {
    match window {
        Window::Tap => "tap".into(),
        Window::Day => "day".into(),
        Window::Month => "month".into(),
        Window::Days(n) => format!("days:{n}"),
    }
}

fn ranges(ranges: &MccRanges) -> String {
    let one = |(low, high): &(kazasu_schemas::ids::Mcc, kazasu_schemas::ids::Mcc)| {
        if low == high { low.to_string() } else { format!("{low}-{high}") }
    };
    ranges.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn kinds(kinds: Kinds) -> Option<String> {
    let names: Vec<&str> = Kind::ALL.into_iter().filter(|k| kinds.has(*k)).map(Kind::name).collect();
    (kinds != Kinds::ALL).then(|| names.join(", "))
}

fn rate(rate: Rate) -> String {
    let (whole, fraction) = (rate.0 / 10_000, rate.0 % 10_000);
    let fraction = format!("{fraction:04}");
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { format!("{whole}%") } else { format!("{whole}.{fraction}%") }
}

fn bearer(bearer: Bearer) -> String {
    match bearer {
        Bearer::Operator => "operator",
        Bearer::Merchant => "merchant",
        Bearer::Issuer => "issuer",
    }
    .into()
}
