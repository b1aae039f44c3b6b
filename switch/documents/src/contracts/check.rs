//! Contracts that contradict themselves or each other. Tables with values that could not be read are left alone here.

use super::convert::{Place, Places};
use super::page::{At, Page};
use kazasu_schemas::canonical::{canonical, same, same_or_neither};
use kazasu_schemas::contract::{Contract, Contracts, FeeRule, Prefixes, Schedule, Scope, Tender};
use kazasu_schemas::ids::{InstitutionId, Mcc, MerchantId};
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::MccRanges;
use kazasu_text::documents::{ContractProblem, KeyProblem, OtherContract, PlaceText, PolicyProblem};
use kazasu_text::{Quoted, Said};
use std::collections::{BTreeMap, BTreeSet};

/// The most of each that a file has.
const MOST_CONTRACTS: usize = 5_000;
const MOST_RULES: usize = 100;
const MOST_LISTS: usize = 200;
const MOST_SCHEDULES: usize = 100;
/// A settlement moves each of them, and a record has room for so many transfers.
const MOST_FUNDED: usize = 10;

pub(super) fn check(contracts: &Contracts, places: &Places, page: &mut Page<'_>) {
    prefixes("brands", &contracts.brands, &places.brands, page);
    prefixes("products", &contracts.products, &places.products, page);
    let mut names = BTreeSet::new();
    for (nth, (schedule, place)) in contracts.interchange.iter().zip(&places.interchange).enumerate() {
        let mut at = page.at(place.start, &PlaceText::Interchange { name: Quoted(&schedule.name) });
        if nth == MOST_SCHEDULES {
            at.unfit(&ContractProblem::MostSchedules { most: MOST_SCHEDULES.into() });
        }
        if !names.insert(canonical(&schedule.name)) {
            at.wrong("name", &ContractProblem::NameTwice);
        }
        if place.is_sound {
            rows(schedule, place, contracts, page);
        }
    }
    let mut last = 0;
    for (nth, (contract, place)) in contracts.contracts.iter().zip(&places.contracts).enumerate() {
        let mut at = page.at(place.start, &place_of(contract));
        if nth == MOST_CONTRACTS {
            at.unfit(&ContractProblem::MostContracts { most: MOST_CONTRACTS.into() });
            return;
        }
        if place.is_sound {
            if contract.number <= last {
                at.wrong("number", &ContractProblem::NumberAscends { last });
            }
            last = contract.number;
            terms(contract, contracts, &mut at);
            rules(contract, place, contracts, page);
        }
    }
    for_one_merchant(contracts, places, page);
    one_funder(contracts, places, page);
}

/// A point programme has one funder at a time, and it is one merchant.
fn one_funder(contracts: &Contracts, places: &Places, page: &mut Page<'_>) {
    let mut funders: BTreeMap<u16, Vec<&Contract>> = BTreeMap::new();
    for (contract, place) in contracts.contracts.iter().zip(&places.contracts).filter(|(_, place)| place.is_sound) {
        let mut at = page.at(place.start, &place_of(contract));
        let is_one = matches!(&contract.scope, Scope::Merchants(list) if list.len() == 1);
        if !contract.funds_points.is_empty() && !is_one {
            at.wrong("funds_points", &ContractProblem::OneFunder);
        }
        if contract.funds_points.len() > MOST_FUNDED {
            at.wrong("funds_points", &ContractProblem::MostFunded { most: MOST_FUNDED.into() });
        }
        for programme in &contract.funds_points {
            let others = funders.entry(*programme).or_default();
            if others.iter().any(|other| other.number == contract.number) {
                at.wrong("funds_points", &ContractProblem::FundedTwice { programme: *programme });
            } else if let Some(other) = others.iter().find(|other| overlap(other, contract)) {
                let problem = ContractProblem::FundedByOther { programme: *programme, contract: other.number };
                at.wrong("funds_points", &problem);
            }
            others.push(contract);
        }
    }
}

/// No card may be of two brands or products.
fn prefixes(name: &str, lists: &[Prefixes], places: &[usize], page: &mut Page<'_>) {
    let what = &PlaceText::Table { name };
    if let Some(start) = places.get(MOST_LISTS) {
        let problem = ContractProblem::MostLists { most: MOST_LISTS.into() };
        page.at(*start, what).wrong(&lists[MOST_LISTS].name, &problem);
    }
    let mut ranges: Vec<(u32, u32, usize)> = Vec::new();
    let mut names = BTreeSet::new();
    for (nth, list) in lists.iter().enumerate() {
        if !names.insert(canonical(&list.name)) {
            page.at(places[nth], what).wrong(&list.name, &KeyProblem::SpeltTwice);
        }
        ranges.extend(list.ranges.iter().map(|(low, high)| (*low, *high, nth)));
    }
    ranges.sort_unstable();
    // Of ranges in ascending order, the one that reaches furthest meets the next if any does.
    let mut furthest: Option<(u32, usize)> = None;
    for (low, high, nth) in ranges {
        match furthest {
            Some((end, other)) if low <= end => {
                let (other, from) = (Quoted(&lists[other].name), &format!("{low:08}"));
                page.at(places[nth], what).wrong(&lists[nth].name, &ContractProblem::Overlaps { other, from });
            }
            Some(_) | None => (),
        }
        if furthest.is_none_or(|(end, _)| end < high) {
            furthest = Some((high, nth));
        }
    }
}

fn rows(schedule: &Schedule, place: &Place, contracts: &Contracts, page: &mut Page<'_>) {
    if schedule.rows.is_empty() {
        page.at(place.start, &PlaceText::Interchange { name: Quoted(&schedule.name) })
            .wrong("rows", &ContractProblem::NoRows);
    }
    let mut brands = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for (row, start) in schedule.rows.iter().zip(&place.parts) {
        let mut at = page.at(*start, &PlaceText::Interchange { name: Quoted(&schedule.name) });
        if contracts.brand(&row.brand).is_none() {
            at.wrong("brand", &no_brand(&row.brand, &contracts.brands));
        }
        let (brand, product) = (canonical(&row.brand), canonical(&row.product));
        let is_first = brands.insert(brand.clone());
        if !seen.insert((brand, product)) {
            at.wrong("product", &ContractProblem::TwoRows { product: Quoted(&row.product), brand: Quoted(&row.brand) });
        } else if !is_first && contracts.product(&row.product).is_none() {
            let (name, known) = (Quoted(&row.product), &names(&contracts.products));
            at.wrong("product", &ContractProblem::NoProductList { name, known });
        }
    }
}

fn no_brand(name: &str, lists: &[Prefixes]) -> Said {
    Said::of(&ContractProblem::NoList { name: Quoted(name), table: "brands", known: &names(lists) })
}

fn names(lists: &[Prefixes]) -> String {
    lists.iter().map(|list| list.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn place_of(contract: &Contract) -> PlaceText<'static> {
    PlaceText::Numbered { name: "contract", number: contract.number.into() }
}

/// A rule of a contract, by its place from 0.
fn rule_of(contract: &Contract, nth: usize) -> PlaceText<'static> {
    PlaceText::Rule { contract: contract.number.into(), rule: (nth + 1).into() }
}

fn terms(contract: &Contract, contracts: &Contracts, at: &mut At<'_, '_>) {
    if let Some(until) = contract.until.filter(|until| *until < contract.from) {
        at.wrong("until", &PolicyProblem::BeforeFrom { until, from: contract.from });
    }
    if let Some(name) = &contract.interchange
        && !contracts.interchange.iter().any(|schedule| same(&schedule.name, name))
    {
        at.wrong("interchange", &ContractProblem::NoSchedule { name: Quoted(name) });
    }
}

fn rules(contract: &Contract, place: &Place, contracts: &Contracts, page: &mut Page<'_>) {
    match (contract.rules.last(), place.parts.last()) {
        (Some(last), Some(start)) if !last.takes_everything() => {
            page.at(*start, &rule_of(contract, contract.rules.len() - 1)).unfit(&ContractProblem::LastTakesAll);
        }
        (Some(_), _) => (),
        (None, _) => {
            page.at(place.start, &place_of(contract)).unfit(&ContractProblem::NoRule);
        }
    }
    if contract.rules.len() > MOST_RULES {
        let problem = ContractProblem::MostRules { most: MOST_RULES.into() };
        page.at(place.parts[MOST_RULES], &rule_of(contract, MOST_RULES)).unfit(&problem);
        return;
    }
    for (nth, (rule, start)) in contract.rules.iter().zip(&place.parts).enumerate() {
        let mut at = page.at(*start, &rule_of(contract, nth));
        if let Some(name) = &rule.brand {
            if contracts.brand(name).is_none() {
                at.wrong("brand", &no_brand(name, &contracts.brands));
            }
            if !rule.tenders.has(Tender::Credit) && !rule.tenders.has(Tender::Debit) {
                at.wrong("brand", &ContractProblem::BrandOfCards);
            }
        }
        if rule.minimum > Yen::ZERO && rule.minimum <= rule.fixed {
            at.wrong("minimum", &ContractProblem::BelowFixed { minimum: rule.minimum, fixed: rule.fixed });
        }
        if let Some(other) = contract.rules[..nth].iter().position(|earlier| covers(earlier, rule)) {
            at.unfit(&ContractProblem::NeverCounts { rule: (other + 1).into() });
        }
    }
}

fn covers(earlier: &FeeRule, rule: &FeeRule) -> bool {
    let mcc = |(low, high): &(Mcc, Mcc)| earlier.mcc.iter().any(|(a, b)| a <= low && high <= b);
    earlier.tenders.covers(rule.tenders)
        && (earlier.brand.is_none() || same_or_neither(earlier.brand.as_deref(), rule.brand.as_deref()))
        && (earlier.mcc.is_empty() || !rule.mcc.is_empty() && rule.mcc.iter().all(mcc))
}

/// No merchant may have two contracts of one precedence on one day. Groups must be told apart by class or category,
/// because which tags a merchant gets is not known here.
fn for_one_merchant(contracts: &Contracts, places: &Places, page: &mut Page<'_>) {
    let mut named: BTreeMap<&(InstitutionId, MerchantId), Vec<&Contract>> = BTreeMap::new();
    let mut others: Vec<&Contract> = Vec::new();
    for (contract, place) in contracts.contracts.iter().zip(&places.contracts).filter(|(_, place)| place.is_sound) {
        let mut at = page.at(place.start, &place_of(contract));
        match &contract.scope {
            Scope::Merchants(list) => {
                let clash = list.iter().find_map(|id| {
                    let earlier = named.get(id)?.iter().find(|earlier| overlap(earlier, contract))?;
                    Some((id, *earlier))
                });
                if let Some(((acquirer, merchant), earlier)) = clash {
                    let merchant = &format!("{acquirer}/{merchant}");
                    at.wrong("merchants", &ContractProblem::HasMerchant { merchant, other: has(earlier) });
                }
                for id in list {
                    named.entry(id).or_default().push(contract);
                }
            }
            Scope::Group { .. } | Scope::Default => {
                let clash = others.iter().find(|earlier| overlap(earlier, contract) && may_meet(earlier, contract));
                match (clash, &contract.scope) {
                    (Some(earlier), Scope::Default) => {
                        at.wrong("default", &ContractProblem::IsWhat { other: has(earlier) });
                    }
                    (Some(earlier), Scope::Group { .. } | Scope::Merchants(_)) => {
                        at.unfit(&ContractProblem::TakesMerchants { other: has(earlier) });
                    }
                    (None, _) => (),
                }
                others.push(contract);
            }
        }
    }
}

fn has(contract: &Contract) -> OtherContract {
    let (from, contract, until) = (contract.from, contract.number, contract.until);
    match until {
        None => OtherContract::From { contract, from },
        Some(until) => OtherContract::Between { contract, from, until },
    }
}

/// Are both in force on one day?
fn overlap(a: &Contract, b: &Contract) -> bool {
    b.until.is_none_or(|until| a.from <= until) && a.until.is_none_or(|until| b.from <= until)
}

/// Could one merchant be in both scopes?
fn may_meet(a: &Contract, b: &Contract) -> bool {
    match (&a.scope, &b.scope) {
        (Scope::Default, Scope::Default) => true,
        (Scope::Group { class: class_a, mcc: mcc_a, .. }, Scope::Group { class: class_b, mcc: mcc_b, .. }) => {
            let class =
                class_a.is_none() || class_b.is_none() || same_or_neither(class_a.as_deref(), class_b.as_deref());
            class && meet(mcc_a, mcc_b)
        }
        (Scope::Default | Scope::Group { .. } | Scope::Merchants(_), _) => false,
    }
}

fn meet(a: &MccRanges, b: &MccRanges) -> bool {
    let one = |(low, high): &(Mcc, Mcc)| b.iter().any(|(from, until)| low <= until && from <= high);
    a.is_empty() || b.is_empty() || a.iter().any(one)
}
