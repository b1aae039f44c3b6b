//! A policy as short statements, so that two can be compared.

use kazasu_schemas::policy::{
    Kind, Kinds, LiableParty, Limit, MccRanges, Offline, Per, Place, PointProgramme, Policy, PurseProgramme, Rate,
    Rounding, StandIn, Window,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// The differences between two policies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The subject, for example `limit 1 amount`.
    pub what: String,
    /// As it was; absent when new.
    pub before: Option<String>,
    /// As it would be; absent when gone.
    pub after: Option<String>,
}

/// The changes from `before` to `after`, sorted.
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
    let mut out = Facts::default();
    out.say("name", Some(policy.name.clone()));
    out.say("ceilings no_pin", policy.no_pin.map(|yen| yen.to_string()));
    if let Some(v) = policy.validity {
        out.say("validity fresh_hours", Some(v.fresh_hours.to_string()));
        out.say("validity stale_hours", Some(v.stale_hours.to_string()));
        out.say("validity stale_cap", Some(v.stale_cap.to_string()));
    }
    policy.limits.iter().for_each(|l| out.limit(l));
    if !policy.alerts.is_empty() {
        let at: Vec<String> = policy.alerts.iter().map(|p| format!("{p}%")).collect();
        out.say("alerts at", Some(at.join(", ")));
    }
    policy.purses.iter().for_each(|p| out.purse(p));
    policy.points.iter().for_each(|p| out.points(p));
    policy.stand_in.iter().for_each(|s| out.stand_in(s));
    if let Some(o) = &policy.offline {
        out.offline(o);
    }
    out.0
}

/// Statements by what they are about.
#[derive(Default)]
struct Facts(BTreeMap<String, String>);

impl Facts {
    fn say(&mut self, what: impl Into<String>, value: Option<String>) {
        if let Some(value) = value {
            self.0.insert(what.into(), value);
        }
    }

    fn limit(&mut self, l: &Limit) {
        let at = |key: &str| format!("limit {:02} {key}", l.number);
        self.say(at("name"), Some(l.name.clone()));
        self.say(at("window"), Some(window(l.window)));
        self.say(at("amount"), l.amount.map(|yen| yen.to_string()));
        self.say(at("count"), l.count.map(|n| n.to_string()));
        self.say(at("per"), Some(if l.per == Per::Resident { "resident" } else { "instrument" }.into()));
        self.say(at("group"), l.mcc.as_ref().map(ranges));
        self.say(at("class"), l.class.clone());
        self.say(at("instruments"), kinds(l.instruments));
        self.say(at("without_pin"), l.without_pin.then(|| "true".into()));
    }

    fn purse(&mut self, p: &PurseProgramme) {
        let at = |key: &str| format!("purse {:05} {key}", p.number);
        self.say(at("name"), Some(p.name.clone()));
        self.say(at("funder"), Some(p.funder.clone()));
        self.say(at("from"), p.from.map(|d| d.to_string()));
        self.say(at("until"), p.until.map(|d| d.to_string()));
        self.place(&p.place, &at);
    }

    fn points(&mut self, p: &PointProgramme) {
        let at = |key: &str| format!("points {:05} {key}", p.number);
        self.say(at("name"), Some(p.name.clone()));
        self.say(at("funder"), Some(p.funder.clone()));
        self.say(at("budget_line"), p.budget_line.clone());
        self.say(at("from"), Some(p.from.to_string()));
        self.say(at("until"), Some(p.until.to_string()));
        self.say(at("rate"), Some(rate(p.rate)));
        self.say(at("minimum"), p.minimum.is_positive().then(|| p.minimum.to_string()));
        self.say(at("cap_tap"), p.cap_tap.map(|n| n.to_string()));
        self.say(at("cap_month"), p.cap_month.map(|n| n.to_string()));
        self.say(at("cap_life"), p.cap_life.map(|n| n.to_string()));
        self.say(at("budget"), Some(p.budget.to_string()));
        self.say(at("rounding"), Some(if p.rounding == Rounding::Tap { "tap" } else { "month" }.into()));
        let days: Vec<String> = p.bonus_days.iter().map(ToString::to_string).collect();
        self.say(at("bonus_days"), (!days.is_empty()).then(|| days.join(", ")));
        let weekdays = (p.bonus_weekdays != 0).then(|| format!("{:07b} (Sunday first)", p.bonus_weekdays));
        self.say(at("bonus_weekdays"), weekdays);
        self.say(at("bonus_rate"), (p.bonus_rate.0 > 0).then(|| rate(p.bonus_rate)));
        self.say(at("expires"), p.expires.map(|d| d.to_string()));
        self.say(at("redeemable"), p.redeemable.then(|| "true".into()));
        self.say(at("one_of"), p.one_of.clone());
        self.say(at("instruments"), kinds(p.instruments));
        self.place(&p.place, &at);
    }

    fn stand_in(&mut self, s: &StandIn) {
        let at = |key: &str| format!("stand_in of issuer {:05} {key}", s.issuer);
        self.say(at("tap"), Some(s.tap.to_string()));
        self.say(at("issuer_day"), Some(s.issuer_day.to_string()));
        self.say(at("resident_day"), Some(s.resident_day.to_string()));
        self.say(at("liable"), Some(liable(s.liable)));
    }

    fn offline(&mut self, o: &Offline) {
        self.say("offline resident_day", Some(o.resident_day.to_string()));
        self.say("offline liable", Some(liable(o.liable)));
        let floor = o.floor.clone().unwrap_or_default();
        self.say("offline floor", floor.otherwise.map(|most| most.to_string()));
        for (class, most) in &floor.classes {
            self.say(format!("offline floor of class {class}"), Some(most.to_string()));
        }
    }

    fn place(&mut self, place: &Place, at: &dyn Fn(&str) -> String) {
        let list = |items: &[String]| (!items.is_empty()).then(|| items.join(", "));
        self.say(at("tags"), list(&place.tags));
        self.say(at("mcc"), (!place.mcc.is_empty()).then(|| ranges(&place.mcc)));
        self.say(at("not_mcc"), (!place.not_mcc.is_empty()).then(|| ranges(&place.not_mcc)));
        self.say(at("regions"), list(&place.regions));
        let merchants: Vec<String> = place.merchants.iter().map(|(a, m)| format!("{a}/{m}")).collect();
        self.say(at("merchants"), list(&merchants));
    }
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

fn liable(liable: LiableParty) -> String {
    match liable {
        LiableParty::Operator => "operator",
        LiableParty::Merchant => "merchant",
        LiableParty::Issuer => "issuer",
    }
    .into()
}
