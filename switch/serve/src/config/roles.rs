//! Reads the sections of finance, cities and payouts, and the calendar of banks.

use super::file::ConfigFile;
use anyhow::{Context, bail, ensure};
use kazasu_schemas::calendar::Calendar;
use kazasu_schemas::canonical::same;
use kazasu_schemas::identity::{Name, NameKey};
use kazasu_schemas::ids::InstitutionId;
use kazasu_services::closing::FinanceFile;
use kazasu_services::relief::CityFile;
use kazasu_text::configuration::ConfigText;
use kazasu_text::{Quoted, Said, names, readings};
use std::path::Path;
use std::sync::Arc;

pub(super) fn payout(file: &ConfigFile) -> anyhow::Result<Option<kazasu_services::closing::PayoutConfig>> {
    let Some(p) = &file.payout else { return Ok(None) };
    let digits = |what: &str, text: &str, len: usize| {
        ensure!(
            text.len() == len && text.bytes().all(|b| b.is_ascii_digit()),
            Said::of(&ConfigText::Digits { key: what, digits: len.into(), got: Quoted(text) })
        );
        anyhow::Ok(text.to_owned())
    };
    let got = u64::from(p.most_in_file);
    let range = ConfigText::Range { key: "most_in_file", least: 1, most: 999_999, got };
    ensure!((1..=999_999).contains(&got), Said::of(&range));
    let kana = |what: &str, text: &str, charset| {
        use kazasu_schemas::zengin::kana::{decode, normalize};
        match normalize(text, charset) {
            Ok(name) => Ok(decode(name.as_bytes())),
            Err(e) => Err(Said::of(&ConfigText::Of { key: what, problem: &readings::kana(&e) })),
        }
    };
    use kazasu_schemas::zengin::kana::Charset;
    let mut payers = Vec::new();
    for payer in &p.payers {
        let name = kazasu_services::name_at_the_bank(&payer.name);
        let name = name.ok_or_else(|| Said::of(&ConfigText::PayerName { got: Quoted(&payer.name) }))?;
        let from = kazasu_services::payer(&payer.from);
        let from = from.ok_or_else(|| Said::of(&ConfigText::PayerFrom { got: Quoted(&payer.from) }))?;
        if let kazasu_ledger::record::Payer::Issuer(issuer) = from {
            let is_known = file.issuers.iter().any(|i| i.number == issuer);
            ensure!(is_known, Said::of(&ConfigText::PayerIssuer { issuer }));
        }
        let is_twice = payers.iter().any(|(known, _)| *known == name);
        ensure!(!is_twice, Said::of(&ConfigText::PayerTwice { name: Quoted(&payer.name) }));
        payers.push((name, from));
    }
    let funding = kazasu_schemas::relief::Funding {
        client_code: digits("client_code", &p.client_code, 10)?,
        client_name: kana("client_name", &p.client_name, Charset::Name)?,
        bank: digits("bank", &p.bank, 4)?,
        bank_name: kana("bank_name", &p.bank_name, Charset::Bank)?,
        branch: digits("branch", &p.branch, 3)?,
        branch_name: kana("branch_name", &p.branch_name, Charset::Bank)?,
        kind: kazasu_services::ordering_kind(&p.kind)
            .map_err(|problem| Said::of(&ConfigText::Of { key: "kind", problem: &problem }))?,
        account: digits("account", &p.account, 7)?,
        most: p.most_in_file,
    };
    let mut return_fees = Vec::new();
    for fee in &p.return_fees {
        let fee = kazasu_schemas::money::Yen::new(i64::from(*fee));
        let most = kazasu_core::MOST_BANK_FEE;
        ensure!(fee.is_positive() && fee <= most, Said::of(&ConfigText::ReturnFee { most, got: fee }));
        return_fees.push(fee);
    }
    Ok(Some(kazasu_services::closing::PayoutConfig { funding, payers, return_fees }))
}

/// Days on which banks work.
pub(super) fn calendar(file: &ConfigFile, base: &Path) -> anyhow::Result<Arc<Calendar>> {
    let Some(path) = &file.bank_holidays_file else { return Ok(Arc::new(Calendar::built_in().clone())) };
    let path = base.join(path);
    let bytes = kazasu_security::files::read(&path)?;
    // The Cabinet Office's own file is in Shift_JIS.
    let (text, _) = kazasu_documents::table_file::text_of(&bytes, None)?;
    Ok(Arc::new(Calendar::parse(&text).with_context(|| path.display().to_string())?))
}

/// The largest tolerance and the largest write-off, yen.
const MOST_TOLERATED: u32 = 10_000;

/// People of a name each, until they are taken over into the book.
fn is_name(text: &str) -> anyhow::Result<()> {
    let wrong = |error| Said::of(&ConfigText::NameOf { name: Quoted(text), problem: &names::name(&error) });
    Ok(text.parse::<Name>().map(drop).map_err(wrong)?)
}

/// Checks the names, the tolerances, and that each request has a possible decider.
pub(super) fn finance(finance: &FinanceFile) -> anyhow::Result<()> {
    for (at, t) in finance.tolerances.iter().enumerate() {
        let known = match t.of.split_once(' ') {
            Some(("issuer", n)) => n.parse::<u16>().is_ok_and(|number| number.to_string() == n),
            Some(("acquirer", id)) => id.parse::<InstitutionId>().is_ok_and(|known| known.to_string() == id),
            _ => false,
        };
        ensure!(known, Said::of(&ConfigText::ToleranceOf { got: Quoted(&t.of) }));
        let wrong = |text: ConfigText<'_>| Said::of(&ConfigText::Tolerance { of: &t.of, problem: &Said::of(&text) });
        let (most, days) = (MOST_TOLERATED.into(), t.days.into());
        for (key, yen) in [("yen", t.yen), ("write_off_yen", t.write_off_yen)] {
            ensure!(yen <= MOST_TOLERATED, wrong(ConfigText::AtMost { key, most, got: yen.into() }));
        }
        ensure!(
            !finance.tolerances[..at].iter().any(|other| other.of == t.of),
            Said::of(&ConfigText::ToleranceTwice { of: Quoted(&t.of) })
        );
        ensure!(t.per_mille <= 100, wrong(ConfigText::PerMille { got: t.per_mille.into() }));
        ensure!(t.days <= 30, wrong(ConfigText::AtMost { key: "days", most: 30, got: days }));
    }
    let people = finance.staff.iter().chain(&finance.approvers);
    people.map(|name| is_name(name)).collect::<anyhow::Result<Vec<()>>>()?;
    let alone = |name: &&String| finance.approvers.iter().all(|other| same(other, name));
    if let Some(name) = finance.staff.iter().chain(&finance.approvers).find(alone) {
        bail!(Said::of(&ConfigText::DecidedByNoOther { name }));
    }
    Ok(())
}

/// No person has two roles in a city.
pub(super) fn cities(cities: &[CityFile]) -> anyhow::Result<()> {
    for (at, city) in cities.iter().enumerate() {
        let code = &city.code;
        let is_code = code.len() == 5 && code.bytes().all(|b| b.is_ascii_digit());
        ensure!(is_code, Said::of(&ConfigText::City { got: Quoted(code) }));
        let is_twice = cities[..at].iter().any(|other| same(&other.code, code));
        ensure!(!is_twice, Said::of(&ConfigText::Twice { what: code }));
        let lists = [("officers", &city.officers), ("approvers", &city.approvers), ("treasurers", &city.treasurers)];
        for (what, list) in lists {
            for name in list {
                is_name(name).with_context(|| format!("{code}: {what}"))?;
                let is = |other: &String| NameKey::of(other) == NameKey::of(name);
                let roles = lists.iter().filter(|(_, list)| list.iter().any(is)).count();
                ensure!(roles == 1, Said::of(&ConfigText::CityRoles { city: code, name, roles: roles.into() }));
            }
        }
    }
    Ok(())
}
