//! Reads the sections of finance, cities and payouts, and the calendar of banks.

use super::file::ConfigFile;
use anyhow::{Context, bail, ensure};
use kazasu_schemas::calendar::Calendar;
use kazasu_schemas::canonical::same;
use kazasu_schemas::identity::{Name, NameKey};
use kazasu_schemas::ids::InstitutionId;
use kazasu_services::closing::FinanceFile;
use kazasu_services::relief::CityFile;
use std::path::Path;
use std::sync::Arc;

pub(super) fn payout(file: &ConfigFile) -> anyhow::Result<Option<kazasu_services::closing::PayoutConfig>> {
    let Some(p) = &file.payout else { return Ok(None) };
    let digits = |what: &str, text: &str, len: usize| {
        ensure!(
            text.len() == len && text.bytes().all(|b| b.is_ascii_digit()),
            "{what} must be {len} digits, got {text:?}"
        );
        anyhow::Ok(text.to_owned())
    };
    ensure!((1..=999_999).contains(&p.most_in_file), "most_in_file must be 1 to 999999, got {}", p.most_in_file);
    let kana = |what: &str, text: &str, charset| {
        use kazasu_schemas::zengin::kana::{decode, normalize};
        match normalize(text, charset) {
            Ok(name) => Ok(decode(name.as_bytes())),
            Err(e) => Err(anyhow::anyhow!("{what} must be {}; {} is not", e.expected(), e.got())),
        }
    };
    use kazasu_schemas::zengin::kana::Charset;
    let mut payers = Vec::new();
    for payer in &p.payers {
        let name = kazasu_services::name_at_the_bank(&payer.name);
        let name =
            name.with_context(|| format!("payer name must be kana as the bank writes it, got {:?}", payer.name))?;
        let from = kazasu_services::payer(&payer.from);
        let from =
            from.with_context(|| format!("payer from must be `issuer N` or `funder N`, got {:?}", payer.from))?;
        if let kazasu_ledger::record::Payer::Issuer(n) = from {
            ensure!(file.issuers.iter().any(|i| i.number == n), "payer from names issuer {n}, which is not configured");
        }
        ensure!(!payers.iter().any(|(known, _)| *known == name), "payer {:?} is there twice", payer.name);
        payers.push((name, from));
    }
    let funding = kazasu_schemas::relief::Funding {
        client_code: digits("client_code", &p.client_code, 10)?,
        client_name: kana("client_name", &p.client_name, Charset::Name)?,
        bank: digits("bank", &p.bank, 4)?,
        bank_name: kana("bank_name", &p.bank_name, Charset::Bank)?,
        branch: digits("branch", &p.branch, 3)?,
        branch_name: kana("branch_name", &p.branch_name, Charset::Bank)?,
        kind: kazasu_services::ordering_kind(&p.kind).map_err(|e| anyhow::anyhow!("kind {e}"))?,
        account: digits("account", &p.account, 7)?,
        most: p.most_in_file,
    };
    let mut return_fees = Vec::new();
    for fee in &p.return_fees {
        let fee = kazasu_schemas::money::Yen::new(i64::from(*fee));
        let most = kazasu_core::MOST_BANK_FEE;
        ensure!(fee.is_positive() && fee <= most, "return_fees must be ¥1 to {most} each, got {fee}");
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
    text.parse::<Name>().map(drop).with_context(|| format!("{text:?}"))
}

/// Checks the names, the tolerances, and that each request has a possible decider.
pub(super) fn finance(finance: &FinanceFile) -> anyhow::Result<()> {
    for (at, t) in finance.tolerances.iter().enumerate() {
        let known = match t.of.split_once(' ') {
            Some(("issuer", n)) => n.parse::<u16>().is_ok_and(|number| number.to_string() == n),
            Some(("acquirer", id)) => id.parse::<InstitutionId>().is_ok_and(|known| known.to_string() == id),
            _ => false,
        };
        ensure!(known, "tolerance of must be `issuer N` or `acquirer ID`, got {:?}", t.of);
        for (what, yen) in [("yen", t.yen), ("write_off_yen", t.write_off_yen)] {
            ensure!(yen <= MOST_TOLERATED, "tolerance of {}: {what} must be {MOST_TOLERATED} at most, got {yen}", t.of);
        }
        ensure!(
            !finance.tolerances[..at].iter().any(|other| other.of == t.of),
            "tolerance of {:?} is there twice",
            t.of
        );
        ensure!(
            t.per_mille <= 100,
            "tolerance of {}: per_mille must be 100 (a tenth) at most, got {}",
            t.of,
            t.per_mille
        );
        ensure!(t.days <= 30, "tolerance of {}: days must be 30 at most, got {}", t.of, t.days);
    }
    let names = finance.staff.iter().chain(&finance.approvers);
    names.map(|name| is_name(name)).collect::<anyhow::Result<Vec<()>>>()?;
    let alone = |name: &&String| finance.approvers.iter().all(|other| same(other, name));
    if let Some(name) = finance.staff.iter().chain(&finance.approvers).find(alone) {
        bail!("what {name} proposes could be decided by no other person; approvers must name another person");
    }
    Ok(())
}

/// No person has two roles in a city.
pub(super) fn cities(cities: &[CityFile]) -> anyhow::Result<()> {
    for (at, city) in cities.iter().enumerate() {
        let code = &city.code;
        ensure!(
            code.len() == 5 && code.bytes().all(|b| b.is_ascii_digit()),
            "code must be a municipality's 5 digits, got {code:?}"
        );
        ensure!(!cities[..at].iter().any(|other| same(&other.code, code)), "{code} is there twice");
        let lists = [("officers", &city.officers), ("approvers", &city.approvers), ("treasurers", &city.treasurers)];
        for (what, list) in lists {
            for name in list {
                is_name(name).with_context(|| format!("{code}: {what}"))?;
                let is = |other: &String| NameKey::of(other) == NameKey::of(name);
                let roles = lists.iter().filter(|(_, list)| list.iter().any(is)).count();
                ensure!(
                    roles == 1,
                    "{code}: {name} has {roles} roles; officers, approvers and treasurers are different people"
                );
            }
        }
    }
    Ok(())
}
