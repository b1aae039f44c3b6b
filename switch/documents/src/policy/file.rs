//! Reading the file. Every problem is found, not only the first, and each names its line.

pub use super::values::{date, one_of, region, title, whole, yen};
use super::values::{kinds, liable, per, ranges, rate, rounding, weekday, window, word};
use kazasu_schemas::canonical::{canonical, is_blank};
use kazasu_schemas::ids::{InstitutionId, MerchantId};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::{MAX_WIRE_AMOUNT, Yen};
use kazasu_schemas::policy::{
    Floor, Kinds, LiableParty, Limit, MccRanges, Offline, Per, Place, PointProgramme, Policy, PurseProgramme, Rate,
    Rounding, StandIn, Validity, Window,
};
use kazasu_text::documents::{KeyProblem, PlaceText, SourceText, WrittenAs};
use kazasu_text::{Language, Quoted, Said, Text};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use toml::Spanned;

/// The largest policy file.
const MOST_BYTES: usize = 256 * 1024;

/// Something wrong with a policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line, from 1.
    pub line: usize,
    /// The problem, the expected value and the value that came.
    pub text: Said,
}

/// With its line.
impl Text for Problem {
    fn in_language(&self, language: Language) -> Cow<'static, str> {
        PlaceText::Line { line: u64::try_from(self.line).unwrap_or(u64::MAX), problem: &self.text }
            .in_language(language)
    }
}

/// In English.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.en())
    }
}

/// The problem of a file that is longer than any should be.
pub fn too_long(bytes: usize, most: usize) -> Said {
    Said::of(&SourceText::Bytes { bytes: bytes.into(), most: most.into() })
}

/// The TOML reader's error. Its own words stand where the catalogue has none.
pub fn grammar(error: &toml::de::Error) -> Said {
    let why = error.message().trim();
    let quoted = |rest: &str| rest.split('`').skip(1).step_by(2).collect::<Vec<&str>>().join(", ");
    let behind = |begins: &str| why.strip_prefix(begins);
    let of_key = |begins: &str| behind(begins)?.split_once('`');
    if let Some((key, rest)) = of_key("unknown field `") {
        return Said::exactly(&SourceText::UnknownKey { key, known: &quoted(rest) }, why);
    }
    if let Some((key, _)) = of_key("missing field `") {
        return Said::exactly(&SourceText::MissingKey { key }, why);
    }
    if let Some((got, rest)) = of_key("unknown variant `") {
        return Said::exactly(&SourceText::UnknownValue { got: Quoted(got), known: &quoted(rest) }, why);
    }
    let types = |rest: &str| rest.split_once(", expected ").map(|(got, expected)| [got, expected].map(written));
    if let Some([Some(got), Some(expected)]) = behind("invalid type: ").and_then(types) {
        return Said::exactly(&SourceText::WrongType { got, expected }, why);
    }
    Said::exactly(if why.starts_with("invalid value") { &SourceText::Value } else { &SourceText::Syntax }, why)
}

/// The kind of a value, as the TOML reader's words begin: those of what came, and of what was expected.
fn written(words: &str) -> Option<WrittenAs> {
    const WORDS: [(&str, WrittenAs); 17] = [
        ("string", WrittenAs::Text),
        ("a string", WrittenAs::Text),
        ("integer", WrittenAs::Whole),
        ("u8", WrittenAs::Whole),
        ("u16", WrittenAs::Whole),
        ("u32", WrittenAs::Whole),
        ("u64", WrittenAs::Whole),
        ("i64", WrittenAs::Whole),
        ("usize", WrittenAs::Whole),
        ("floating point", WrittenAs::Decimal),
        ("boolean", WrittenAs::YesOrNo),
        ("a boolean", WrittenAs::YesOrNo),
        ("sequence", WrittenAs::List),
        ("a sequence", WrittenAs::List),
        ("map", WrittenAs::Table),
        ("struct", WrittenAs::Table),
        ("a map", WrittenAs::Table),
    ];
    WORDS.into_iter().find(|(begins, _)| words.starts_with(begins)).map(|(_, kind)| kind)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    #[serde(default)]
    ceilings: Ceilings,
    validity: Option<Spanned<ValidityFile>>,
    #[serde(default)]
    groups: BTreeMap<String, Spanned<Vec<String>>>,
    #[serde(default)]
    limit: Vec<Spanned<LimitFile>>,
    alerts: Option<Spanned<Alerts>>,
    #[serde(default)]
    purse: Vec<Spanned<PurseFile>>,
    #[serde(default)]
    points: Vec<Spanned<PointsFile>>,
    #[serde(default)]
    stand_in: Vec<Spanned<StandInFile>>,
    offline: Option<Spanned<OfflineFile>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Ceilings {
    no_pin: Option<Spanned<i64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ValidityFile {
    fresh_hours: i64,
    stale_hours: i64,
    stale_cap: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitFile {
    number: i64,
    name: String,
    window: String,
    amount: Option<i64>,
    count: Option<i64>,
    per: Option<String>,
    group: Option<String>,
    class: Option<String>,
    instruments: Option<Vec<String>>,
    #[serde(default)]
    without_pin: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Alerts {
    at: Vec<i64>,
}

/// `#[serde(flatten)]` loses spans, so both programmes spell their place out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PurseFile {
    number: i64,
    name: String,
    funder: String,
    from: Option<String>,
    until: Option<String>,
    tags: Option<Vec<String>>,
    mcc: Option<Vec<String>>,
    not_mcc: Option<Vec<String>>,
    regions: Option<Vec<String>>,
    merchants: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PointsFile {
    number: i64,
    name: String,
    funder: String,
    budget_line: Option<String>,
    from: String,
    until: String,
    rate: String,
    minimum: Option<i64>,
    cap_tap: Option<i64>,
    cap_month: Option<i64>,
    cap_life: Option<i64>,
    budget: i64,
    rounding: Option<String>,
    bonus_days: Option<Vec<String>>,
    bonus_weekdays: Option<Vec<String>>,
    bonus_rate: Option<String>,
    expires: Option<String>,
    #[serde(default)]
    redeemable: bool,
    one_of: Option<String>,
    instruments: Option<Vec<String>>,
    tags: Option<Vec<String>>,
    mcc: Option<Vec<String>>,
    not_mcc: Option<Vec<String>>,
    regions: Option<Vec<String>>,
    merchants: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StandInFile {
    issuer: i64,
    tap: i64,
    issuer_day: i64,
    resident_day: i64,
    #[serde(alias = "bearer")]
    liable: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfflineFile {
    resident_day: i64,
    #[serde(alias = "bearer")]
    liable: Option<String>,
    floor: Option<i64>,
    #[serde(default)]
    floor_by_class: BTreeMap<String, i64>,
}

/// A table's place, and the list of its problems.
pub struct At<'a> {
    /// The whole text.
    pub source: &'a str,
    /// The table's bytes in it.
    pub span: Range<usize>,
    /// The table's name for people.
    pub what: Said,
    /// The problems so far.
    pub problems: &'a mut Vec<Problem>,
}

impl At<'_> {
    /// A problem with a key of the table.
    pub fn wrong(&mut self, key: &str, problem: &impl Text) {
        let table = &self.source[self.span.start.min(self.source.len())..];
        let mut offset = 0;
        let mut found = self.span.start;
        for (n, line) in table.split_inclusive('\n').enumerate() {
            if n > 0 && line.trim_start().starts_with('[') {
                break;
            }
            let after = line.trim_start().strip_prefix(key);
            if after.is_some_and(|rest| rest.trim_start().starts_with('=')) {
                found = self.span.start + offset;
                break;
            }
            offset += line.len();
        }
        let line = self.source[..found.min(self.source.len())].lines().count()
            + usize::from(at_line_start(self.source, found));
        let text = PlaceText::Key { table: &self.what, key, problem: &Said::of(problem) };
        self.problems.push(Problem { line: line.max(1), text: Said::of(&text) });
    }

    /// Reads one key; the problem is noted and a stand-in goes on, so that the other keys are looked at too.
    pub fn key<T>(&mut self, key: &str, value: Result<T, Said>, otherwise: T) -> T {
        value.unwrap_or_else(|problem| {
            self.wrong(key, &problem);
            otherwise
        })
    }
}

fn at_line_start(source: &str, at: usize) -> bool {
    at == 0 || source.as_bytes().get(at - 1) == Some(&b'\n')
}

/// Reads a policy file; all its problems when it has any.
pub fn read(source: &str) -> Result<Policy, Vec<Problem>> {
    if source.len() > MOST_BYTES {
        return Err(vec![Problem { line: 1, text: too_long(source.len(), MOST_BYTES) }]);
    }
    let file: File = toml::from_str(source).map_err(|error| {
        let line = error.span().map_or(1, |span| source[..span.start.min(source.len())].matches('\n').count() + 1);
        vec![Problem { line, text: grammar(&error) }]
    })?;
    let mut problems = Vec::new();
    let policy = convert(source, file, &mut problems);
    super::check::check(&policy, &mut |what, key, problem| {
        let span = what.span(source);
        let mut at = At { source, span, what: what.name(), problems: &mut problems };
        at.wrong(key, &problem);
    });
    if problems.is_empty() {
        Ok(policy)
    } else {
        problems.sort_by_key(|problem| problem.line);
        problems.dedup();
        Err(problems)
    }
}

/// The name of a table that a file has once.
pub fn table_name(name: &str) -> Said {
    Said::of(&PlaceText::Table { name })
}

fn numbered(name: &str, number: i64) -> Said {
    Said::of(&PlaceText::Numbered { name, number })
}

fn convert(source: &str, file: File, problems: &mut Vec<Problem>) -> Policy {
    let mut policy = Policy { name: file.name, ..Policy::default() };
    if let Some(no_pin) = file.ceilings.no_pin {
        let mut at = At { source, span: no_pin.span(), what: table_name("ceilings"), problems };
        policy.no_pin = Some(at.key("no_pin", yen(*no_pin.get_ref(), 0), Yen::ZERO));
    }
    if let Some(table) = file.validity {
        let (span, v) = (table.span(), table.into_inner());
        let mut at = At { source, span, what: table_name("validity"), problems };
        policy.validity = Some(Validity {
            fresh_hours: at.key("fresh_hours", whole(v.fresh_hours, 1, 24 * 365), 1),
            stale_hours: at.key("stale_hours", whole(v.stale_hours, 1, 24 * 365), 1),
            stale_cap: at.key("stale_cap", yen(v.stale_cap, 0), Yen::ZERO),
        });
    }
    let groups = groups(source, file.groups, problems);
    for table in file.limit {
        let (span, l) = (table.span(), table.into_inner());
        let mut at = At { source, span, what: numbered("limit", l.number), problems };
        policy.limits.push(limit(&mut at, l, &groups));
    }
    if let Some(table) = file.alerts {
        let (span, a) = (table.span(), table.into_inner());
        let mut at = At { source, span, what: table_name("alerts"), problems };
        for percent in a.at {
            policy.alerts.push(at.key("at", whole(percent, 1, 100), 1));
        }
    }
    for table in file.purse {
        let (span, p) = (table.span(), table.into_inner());
        let mut at = At { source, span, what: numbered("purse", p.number), problems };
        policy.purses.push(purse(&mut at, p));
    }
    for table in file.points {
        let (span, p) = (table.span(), table.into_inner());
        let mut at = At { source, span, what: numbered("points", p.number), problems };
        policy.points.push(points(&mut at, p));
    }
    for table in file.stand_in {
        let (span, s) = (table.span(), table.into_inner());
        let mut at = At { source, span, what: Said::of(&PlaceText::StandIn { issuer: s.issuer }), problems };
        policy.stand_in.push(StandIn {
            issuer: at.key("issuer", whole(s.issuer, 1, 65_535), 1),
            tap: at.key("tap", yen(s.tap, 1), Yen::new(1)),
            issuer_day: at.key("issuer_day", yen(s.issuer_day, 1), Yen::new(1)),
            resident_day: at.key("resident_day", yen(s.resident_day, 1), Yen::new(1)),
            liable: at.key("liable", liable(s.liable.as_deref()), LiableParty::Operator),
        });
    }
    if let Some(table) = file.offline {
        let (span, o) = (table.span(), table.into_inner());
        let mut at = At { source, span, what: table_name("offline"), problems };
        policy.offline = Some(Offline {
            resident_day: at.key("resident_day", yen(o.resident_day, 0), Yen::ZERO),
            liable: at.key("liable", liable(o.liable.as_deref()), LiableParty::Operator),
            floor: floor(&mut at, o.floor, o.floor_by_class),
        });
    }
    policy
}

/// Groups of merchant categories, by canonical names.
fn groups(
    source: &str,
    file: BTreeMap<String, Spanned<Vec<String>>>,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, MccRanges> {
    let mut groups = BTreeMap::new();
    for (name, codes) in file {
        let (span, codes) = (codes.span(), codes.into_inner());
        let mut at = At { source, span, what: table_name("groups"), problems };
        let ranges = at.key(&name, ranges(&codes), Vec::new());
        if is_blank(&name) {
            at.wrong(&name, &KeyProblem::AName);
        }
        if groups.insert(canonical(&name).into_owned(), ranges).is_some() {
            at.wrong(&name, &KeyProblem::SpeltTwice);
        }
    }
    groups
}

/// Floor limits; absent when the table says nothing of them.
fn floor(at: &mut At<'_>, otherwise: Option<i64>, by_class: BTreeMap<String, i64>) -> Option<Floor> {
    let floor = Floor {
        otherwise: otherwise.map(|n| at.key("floor", yen(n, 0), Yen::ZERO)),
        classes: by_class
            .into_iter()
            .map(|(class, n)| {
                let most = at.key("floor_by_class", yen(n, 0), Yen::ZERO);
                (class, most)
            })
            .collect(),
    };
    for (class, _) in &floor.classes {
        let twice = floor.classes.iter().filter(|(other, _)| canonical(other) == canonical(class)).count() > 1;
        let wrong = if is_blank(class) {
            Err(Said::of(&KeyProblem::ClassName))
        } else if twice {
            Err(Said::of(&KeyProblem::ClassTwice { class: Quoted(class) }))
        } else {
            Ok(())
        };
        at.key("floor_by_class", wrong, ());
    }
    (floor != Floor::default()).then_some(floor)
}

fn limit(at: &mut At<'_>, l: LimitFile, groups: &BTreeMap<String, MccRanges>) -> Limit {
    Limit {
        number: at.key("number", whole(l.number, 1, 63), 1),
        window: at.key("window", window(&l.window), Window::Day),
        amount: l.amount.map(|n| at.key("amount", yen(n, 1), Yen::new(1))),
        count: l.count.map(|n| at.key("count", whole(n, 1, 1_000_000), 1)),
        per: at.key("per", per(l.per.as_deref()), Per::Resident),
        mcc: l.group.map(|name| {
            let known = || groups.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            let group = groups.get(&*canonical(&name)).cloned();
            let unknown = || Said::of(&KeyProblem::NoGroup { got: Quoted(&name), known: &known() });
            at.key("group", group.ok_or_else(unknown), Vec::new())
        }),
        class: l.class.map(|text| at.key("class", word(&text), String::new())),
        instruments: at.key("instruments", kinds(l.instruments.as_deref()), Kinds::ALL),
        without_pin: l.without_pin,
        name: at.key("name", title(&l.name), String::new()),
    }
}

fn purse(at: &mut At<'_>, p: PurseFile) -> PurseProgramme {
    PurseProgramme {
        number: at.key("number", whole(p.number, 1, 65_535), 1),
        name: at.key("name", title(&p.name), String::new()),
        funder: at.key("funder", title(&p.funder), String::new()),
        from: p.from.map(|text| at.key("from", date(&text), BusinessDay(0))),
        until: p.until.map(|text| at.key("until", date(&text), BusinessDay(0))),
        place: {
            let (tags, mcc, not_mcc, regions, merchants) = (p.tags, p.mcc, p.not_mcc, p.regions, p.merchants);
            place(at, Lists { tags, mcc, not_mcc, regions, merchants })
        },
        closes: None,
    }
}

fn points(at: &mut At<'_>, p: PointsFile) -> PointProgramme {
    let cap = |at: &mut At<'_>, key: &str, n: Option<i64>| n.map(|n| at.key(key, whole(n, 1, MAX_WIRE_AMOUNT), 1));
    let mut weekdays = 0;
    for text in p.bonus_weekdays.iter().flatten() {
        weekdays |= at.key("bonus_weekdays", weekday(text).map(|n| 1 << n), 0_u8);
    }
    PointProgramme {
        number: at.key("number", whole(p.number, 1, 65_535), 1),
        name: at.key("name", title(&p.name), String::new()),
        funder: at.key("funder", title(&p.funder), String::new()),
        from: at.key("from", date(&p.from), BusinessDay(0)),
        until: at.key("until", date(&p.until), BusinessDay(0)),
        rate: at.key("rate", rate(&p.rate), Rate(1)),
        minimum: at.key("minimum", yen(p.minimum.unwrap_or(0), 0), Yen::ZERO),
        cap_tap: cap(at, "cap_tap", p.cap_tap),
        cap_month: cap(at, "cap_month", p.cap_month),
        cap_life: cap(at, "cap_life", p.cap_life),
        budget: at.key("budget", whole(p.budget, 1, MAX_WIRE_AMOUNT), 1),
        rounding: at.key("rounding", rounding(p.rounding.as_deref()), Rounding::Tap),
        bonus_days: p
            .bonus_days
            .iter()
            .flatten()
            .map(|text| at.key("bonus_days", date(text), BusinessDay(0)))
            .collect(),
        bonus_weekdays: weekdays,
        bonus_rate: p.bonus_rate.map_or(Rate(0), |text| at.key("bonus_rate", rate(&text), Rate(1))),
        expires: p.expires.map(|text| at.key("expires", date(&text), BusinessDay(0))),
        redeemable: p.redeemable,
        one_of: p.one_of.map(|text| at.key("one_of", word(&text), String::new())),
        instruments: at.key("instruments", kinds(p.instruments.as_deref()), Kinds::ALL),
        budget_line: p.budget_line.map(|text| at.key("budget_line", title(&text), String::new())),
        place: {
            let (tags, mcc, not_mcc, regions, merchants) = (p.tags, p.mcc, p.not_mcc, p.regions, p.merchants);
            place(at, Lists { tags, mcc, not_mcc, regions, merchants })
        },
    }
}

/// A list that may be left out.
pub type List = Option<Vec<String>>;

/// The lists of a table that say where something holds.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    /// Tags of merchants.
    pub tags: List,
    /// Categories of merchants.
    pub mcc: List,
    /// Categories that are left out.
    pub not_mcc: List,
    /// Municipality codes or their beginnings.
    pub regions: List,
    /// Single merchants, `acquirer/merchant`.
    pub merchants: List,
}

/// The places where something holds: tags, ranges of merchant categories, regions, merchants, each read and checked.
pub fn place(at: &mut At<'_>, lists: Lists) -> Place {
    let Lists { tags, mcc, not_mcc, regions, merchants } = lists;
    let each = |at: &mut At<'_>, key: &str, list: List, read: &dyn Fn(&str) -> Result<String, Said>| {
        if list.as_ref().is_some_and(Vec::is_empty) {
            at.wrong(key, &KeyProblem::NamesNothing);
        }
        let list = list.unwrap_or_default();
        list.iter().map(|text| at.key(key, read(text), String::new())).collect::<Vec<_>>()
    };
    if merchants.as_ref().is_some_and(Vec::is_empty) {
        at.wrong("merchants", &KeyProblem::NamesNothing);
    }
    let mut named = Vec::new();
    for text in merchants.unwrap_or_default() {
        let ids = text.split_once('/').and_then(|(acquirer, merchant)| {
            Some((acquirer.parse::<InstitutionId>().ok()?, merchant.parse::<MerchantId>().ok()?))
        });
        match ids {
            Some(ids) => named.push(ids),
            None => at.wrong("merchants", &KeyProblem::Merchant { got: Quoted(&text) }),
        }
    }
    Place {
        tags: each(at, "tags", tags, &word),
        mcc: mcc.map_or_else(Vec::new, |list| at.key("mcc", ranges(&list), Vec::new())),
        not_mcc: not_mcc.map_or_else(Vec::new, |list| at.key("not_mcc", ranges(&list), Vec::new())),
        regions: each(at, "regions", regions, &region),
        merchants: named,
    }
}
