//! From the file's tables to contracts: each value by itself. Whether they agree is looked at in `check`.

use super::file::{ContractFile, File, InterchangeFile, RuleFile};
use super::page::{At, Page};
use super::values::{
    any_yen, basis, cycle, date, mcc, merchants, part, prefixes, rate, refund_fee, rounding, tax, tenders, title,
    whole, word, words, yen,
};
use kazasu_schemas::contract::{
    Basis, Contract, Contracts, Cycle, FeeRule, InterchangeRow, MOST_FIXED, Prefixes, RefundFee, Reserve, Rounding,
    Schedule, Scope, Tax, Tenders,
};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::Rate;
use kazasu_text::documents::{ContractProblem, PlaceText};
use kazasu_text::{Count, Quoted};
use std::collections::BTreeMap;
use toml::Spanned;

/// The place of a table, in bytes; its parts; and whether it could be read, because a stand-in contradicts nothing.
pub(super) struct Place {
    pub(super) start: usize,
    pub(super) parts: Vec<usize>,
    pub(super) is_sound: bool,
}

/// The places of all tables, in the order of [`Contracts`].
pub(super) struct Places {
    pub(super) brands: Vec<usize>,
    pub(super) products: Vec<usize>,
    pub(super) interchange: Vec<Place>,
    pub(super) contracts: Vec<Place>,
}

pub(super) fn convert(file: File, page: &mut Page<'_>) -> (Contracts, Places) {
    let mut contracts = Contracts::default();
    let start = file.name.span().start;
    contracts.name = page.at(start, &PlaceText::File).key("name", title(file.name.get_ref()), String::new());
    let brands;
    let products;
    (contracts.brands, brands) = lists("brands", file.brands, page);
    (contracts.products, products) = lists("products", file.products, page);
    let mut places = Places { brands, products, interchange: Vec::new(), contracts: Vec::new() };
    for table in file.interchange {
        let (span, before) = (table.span(), page.count());
        let table = table.into_inner();
        let parts = table.rows.iter().map(|row| row.span().start).collect();
        contracts.interchange.push(schedule(span.start, table, page));
        places.interchange.push(Place { start: span.start, parts, is_sound: before == page.count() });
    }
    for table in file.contract {
        let (span, before) = (table.span(), page.count());
        let table = table.into_inner();
        let parts = table.rule.iter().map(|rule| rule.span().start).collect();
        contracts.contracts.push(contract(span.start, table, page));
        places.contracts.push(Place { start: span.start, parts, is_sound: before == page.count() });
    }
    (contracts, places)
}

type Lists = BTreeMap<String, Spanned<Vec<String>>>;

fn lists(what: &str, lists: Lists, page: &mut Page<'_>) -> (Vec<Prefixes>, Vec<usize>) {
    let mut out = (Vec::new(), Vec::new());
    for (name, list) in lists {
        let start = list.span().start;
        let mut at = page.at(start, &PlaceText::Table { name: what });
        let ranges = at.key(&name, prefixes(list.get_ref()), Vec::new());
        out.0.push(Prefixes { name: at.key(&name, word(&name), String::new()), ranges });
        out.1.push(start);
    }
    out
}

fn schedule(start: usize, table: InterchangeFile, page: &mut Page<'_>) -> Schedule {
    let name = page.at(start, &PlaceText::Table { name: "interchange" }).key("name", title(&table.name), String::new());
    let mut rows = Vec::new();
    for row in table.rows {
        let start = row.span().start;
        let row = row.into_inner();
        let mut at = page.at(start, &PlaceText::Interchange { name: Quoted(&name) });
        rows.push(InterchangeRow {
            brand: at.key("brand", word(&row.brand), String::new()),
            product: at.key("product", word(&row.product), String::new()),
            rate: at.key("rate", rate(&row.rate), Rate(0)),
        });
    }
    Schedule { name, rows }
}

fn contract(start: usize, table: ContractFile, page: &mut Page<'_>) -> Contract {
    let number = table.number;
    let mut at = page.at(start, &PlaceText::Numbered { name: "contract", number });
    let scope = scope(&mut at, &table);
    let reserve = reserve(&mut at, &table);
    let tax = taxed(&mut at, &table);
    let mut contract = Contract {
        number: at.key("number", whole(number, 1, i64::from(u32::MAX)), 1),
        name: at.key("name", title(&table.name), String::new()),
        scope,
        from: at.key("from", date(&table.from), BusinessDay(0)),
        until: table.until.map(|text| at.key("until", date(&text), BusinessDay(0))),
        rules: Vec::new(),
        free: at.key("free", any_yen(table.free), Yen::ZERO),
        rounding: at.key("rounding", rounding(&table.rounding), Rounding::Down),
        basis: at.key("basis", basis(&table.basis), Basis::Tap),
        tax,
        refund_fee: at.key("refund_fee", refund_fee(&table.refund_fee), RefundFee::Returned),
        interchange: table.interchange,
        cycle: at.key("cycle", cycle(&table.cycle), Cycle::Daily),
        payout_days: at.key("payout_days", whole(table.payout_days, 0, 90), 0),
        reserve,
        minimum_payout: at.key("minimum_payout", any_yen(table.minimum_payout), Yen::ZERO),
        chargeback_fee: at.key("chargeback_fee", any_yen(table.chargeback_fee), Yen::ZERO),
        funds_points: table.funds_points.iter().map(|n| at.key("funds_points", whole(*n, 1, 65_535), 1)).collect(),
        own_refunds: table.own_refunds.map(|most| at.key("own_refunds", any_yen(Some(most)), Yen::ZERO)),
    };
    for (nth, table) in (1_u64..).zip(table.rule) {
        let start = table.span().start;
        let mut at = page.at(start, &PlaceText::Rule { contract: number, rule: Count(nth) });
        contract.rules.push(rule(&mut at, &table.into_inner()));
    }
    contract
}

fn rule(at: &mut At<'_, '_>, table: &RuleFile) -> FeeRule {
    let name = |text: &String, at: &mut At<'_, '_>| at.key("brand", word(text), String::new());
    FeeRule {
        tenders: at.key("tenders", tenders(table.tenders.as_deref()), Tenders::ALL),
        brand: table.brand.as_ref().map(|text| name(text, at)),
        mcc: at.key("mcc", mcc(table.mcc.as_deref()), Vec::new()),
        rate: at.key("rate", rate(&table.rate), Rate(0)),
        fixed: at.key("fixed", yen(table.fixed, MOST_FIXED), Yen::ZERO),
        minimum: at.key("minimum", yen(table.minimum, MOST_FIXED), Yen::ZERO),
    }
}

/// For whom: in one way only, so that precedence is never in doubt.
fn scope(at: &mut At<'_, '_>, table: &ContractFile) -> Scope {
    let group = table.class.is_some() || table.tags.is_some() || table.mcc.is_some();
    match (table.default, &table.merchants, group) {
        (true, None, false) => Scope::Default,
        (false, Some(list), false) => Scope::Merchants(at.key("merchants", merchants(list), Vec::new())),
        (false, None, true) => Scope::Group {
            class: table.class.as_ref().map(|text| at.key("class", word(text), String::new())),
            tags: table.tags.as_ref().map_or_else(Vec::new, |list| at.key("tags", words(list), Vec::new())),
            mcc: at.key("mcc", mcc(table.mcc.as_deref()), Vec::new()),
        },
        (false, None, false) => {
            at.unfit(&ContractProblem::ForWhom);
            Scope::Default
        }
        (true, _, _) => {
            at.wrong("default", &ContractProblem::DefaultBeside);
            Scope::Default
        }
        (false, Some(_), true) => {
            at.wrong("merchants", &ContractProblem::MerchantsBeside);
            Scope::Default
        }
    }
}

fn taxed(at: &mut At<'_, '_>, table: &ContractFile) -> Tax {
    let mode = table.tax_rounding.as_deref().unwrap_or("down");
    let mode = at.key("tax_rounding", rounding(mode), Rounding::Down);
    let tax = at.key("tax", tax(&table.tax, mode), Tax::Exempt);
    if table.tax == "exempt" && table.tax_rounding.is_some() {
        at.wrong("tax_rounding", &ContractProblem::RoundingOfExempt);
    }
    tax
}

fn reserve(at: &mut At<'_, '_>, table: &ContractFile) -> Option<Reserve> {
    match (&table.reserve, table.reserve_days) {
        (None, None) => None,
        (Some(rate), Some(days)) => Some(Reserve {
            rate: at.key("reserve", part(rate), Rate(1)),
            days: at.key("reserve_days", whole(days, 1, 366), 1),
        }),
        (Some(_), None) => {
            at.wrong("reserve", &ContractProblem::NeedsDays);
            None
        }
        (None, Some(_)) => {
            at.wrong("reserve_days", &ContractProblem::NeedsReserve);
            None
        }
    }
}
