//! A programme's file: TOML in, checked terms out. Every problem is found and names its line.

use crate::bank::ordering_kind;
use kazasu_documents::policy::Problem;
use kazasu_documents::policy::file::{
    At, List, Lists, date, grammar, one_of, place, region, table_name, title, too_long, whole, yen,
};
use kazasu_schemas::canonical::same;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::{DuplicateRule, Funding, Method, Terms};
use kazasu_schemas::typed;
use kazasu_schemas::zengin::kana::{Charset, decode, normalize};
use kazasu_text::documents::{BankText, KeyProblem, ProgrammeProblem};
use kazasu_text::readings;
use kazasu_text::{Quoted, Said};
use serde::Deserialize;
use toml::Spanned;

/// The largest programme file.
const MOST_BYTES: usize = 64 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    number: i64,
    name: String,
    city: String,
    legal_basis: String,
    budget_line: Option<String>,
    budget: i64,
    ceiling: i64,
    #[serde(alias = "several")]
    duplicates: Option<String>,
    #[serde(alias = "way")]
    method: String,
    events: Option<Vec<String>>,
    from: Option<String>,
    until: String,
    tags: Option<Vec<String>>,
    mcc: Option<Vec<String>>,
    not_mcc: Option<Vec<String>>,
    regions: Option<Vec<String>>,
    merchants: Option<Vec<String>>,
    funding: Option<Spanned<FundingFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FundingFile {
    client_code: String,
    client_name: String,
    bank: String,
    bank_name: String,
    branch: String,
    branch_name: String,
    kind: String,
    account: String,
    most_in_file: Option<i64>,
}

/// Reads a programme file; all its problems when it has any.
pub fn read(source: &str) -> Result<Terms, Vec<Problem>> {
    if source.len() > MOST_BYTES {
        return Err(vec![Problem { line: 1, text: too_long(source.len(), MOST_BYTES) }]);
    }
    let file: File = toml::from_str(source).map_err(|error| {
        let line = error.span().map_or(1, |span| source[..span.start.min(source.len())].matches('\n').count() + 1);
        vec![Problem { line, text: grammar(&error) }]
    })?;
    let mut problems = Vec::new();
    let terms = convert(source, file, &mut problems);
    if problems.is_empty() {
        Ok(terms)
    } else {
        problems.sort_by_key(|problem| problem.line);
        Err(problems)
    }
}

fn convert(source: &str, file: File, problems: &mut Vec<Problem>) -> Terms {
    let mut at = At { source, span: 0..0, what: table_name("programme"), problems };
    let at = &mut at;
    let (until, closes) = at.key("until", last_moment(&file.until), (BusinessDay(0), None));
    let terms = Terms {
        number: at.key("number", whole(file.number, 1, 65_535), 1),
        name: at.key("name", title(&file.name), String::new()),
        city: at.key("city", city(&file.city), String::new()),
        legal_basis: at.key("legal_basis", title(&file.legal_basis), String::new()),
        budget: at.key("budget", yen(file.budget, 1), Yen::ZERO),
        ceiling: at.key("ceiling", yen(file.ceiling, 1), Yen::ZERO),
        duplicates: at.key("duplicates", duplicates(file.duplicates.as_deref()), DuplicateRule::Largest),
        place: spending(at, &file.method, [file.tags, file.mcc, file.not_mcc, file.regions, file.merchants]),
        from: file.from.map(|text| at.key("from", date(&text), BusinessDay(0))),
        until,
        closes,
        method: at.key("method", method(&file.method), Method::Purse),
        funding: None,
        events: events(at, file.events),
        budget_line: file.budget_line.map(|text| at.key("budget_line", title(&text), String::new())),
    };
    if terms.ceiling > terms.budget {
        at.wrong("ceiling", &ProgrammeProblem::AboveBudget { ceiling: terms.ceiling, budget: terms.budget });
    }
    if terms.from.is_some_and(|from| from > terms.until) {
        at.wrong("until", &ProgrammeProblem::BeforeFirst { until: terms.until });
    }
    if terms.method == Method::Transfer && file.funding.is_none() {
        at.wrong("method", &ProgrammeProblem::NeedsFunding);
    }
    let funding = file.funding.map(|table| {
        let (span, f) = (table.span(), table.into_inner());
        let mut at = At { source, span, what: table_name("funding"), problems: at.problems };
        funding(&mut at, &f)
    });
    Terms { funding, ..terms }
}

fn spending(at: &mut At<'_>, method: &str, lists: [List; 5]) -> kazasu_schemas::policy::Place {
    let [tags, mcc, not_mcc, regions, merchants] = lists;
    if method == Method::Transfer.name() {
        for (key, list) in
            [("tags", &tags), ("mcc", &mcc), ("not_mcc", &not_mcc), ("regions", &regions), ("merchants", &merchants)]
        {
            if list.is_some() {
                at.wrong(key, &ProgrammeProblem::NotOfTransfers);
            }
        }
    }
    place(at, Lists { tags, mcc, not_mcc, regions, merchants })
}

fn events(at: &mut At<'_>, list: List) -> Vec<String> {
    let list = list.unwrap_or_default();
    if list.len() > 100 {
        at.wrong("events", &ProgrammeProblem::MostEvents { events: list.len().into() });
    }
    for (nth, text) in list.iter().enumerate() {
        if list[..nth].iter().any(|other| same(other, text)) {
            at.wrong("events", &ProgrammeProblem::EventTwice { event: Quoted(text) });
        }
    }
    list.iter().map(|text| at.key("events", title(text), String::new())).collect()
}

fn funding(at: &mut At<'_>, f: &FundingFile) -> Funding {
    let none = String::new;
    Funding {
        client_code: at.key("client_code", digits(&f.client_code, 10), none()),
        client_name: at.key("client_name", kana(&f.client_name, Charset::Name), none()),
        bank: at.key("bank", digits(&f.bank, 4), none()),
        bank_name: at.key("bank_name", kana(&f.bank_name, Charset::Bank), none()),
        branch: at.key("branch", digits(&f.branch, 3), none()),
        branch_name: at.key("branch_name", kana(&f.branch_name, Charset::Bank), none()),
        kind: at.key("kind", ordering_kind(&f.kind), 1),
        account: at.key("account", digits(&f.account, 7), none()),
        most: at.key("most_in_file", whole(f.most_in_file.unwrap_or(10_000), 1, 999_999), 1),
    }
}

/// A date, whose end is meant, or a moment with its offset.
fn last_moment(text: &str) -> Result<(BusinessDay, Option<Millis>), Said> {
    if let Ok(day) = typed::day(text) {
        return Ok((day, None));
    }
    let wrong = || Said::of(&KeyProblem::DateOrMoment { got: Quoted(text) });
    let moment = typed::moment(text).map_err(|_| wrong())?;
    Ok((moment.jst_day(), Some(moment)))
}

fn city(text: &str) -> Result<String, Said> {
    let city = region(text).ok().filter(|t| t.len() == 5);
    city.ok_or_else(|| Said::of(&KeyProblem::City { got: Quoted(text) }))
}

fn duplicates(text: Option<&str>) -> Result<DuplicateRule, Said> {
    match text {
        None | Some("largest") => Ok(DuplicateRule::Largest),
        Some("first") => Ok(DuplicateRule::First),
        Some(other) => Err(Said::of(&ProgrammeProblem::Duplicates { got: Quoted(other) })),
    }
}

fn method(text: &str) -> Result<Method, Said> {
    match text {
        "purse" => Ok(Method::Purse),
        "transfer" => Ok(Method::Transfer),
        other => Err(one_of(&["purse", "transfer"], other)),
    }
}

pub(super) fn digits(text: &str, len: usize) -> Result<String, Said> {
    if text.len() == len && text.bytes().all(|b| b.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err(Said::of(&KeyProblem::Digits { digits: len.into(), got: Quoted(text) }))
    }
}

/// A name as banks write it, in half-width kana.
pub(super) fn kana(text: &str, charset: Charset) -> Result<String, Said> {
    let name = normalize(text.trim(), charset).map_err(|e| readings::kana(&e))?;
    if name.is_empty() { Err(Said::of(&BankText::NameEmpty)) } else { Ok(decode(name.as_bytes())) }
}
