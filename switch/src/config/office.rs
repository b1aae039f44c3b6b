//! Who closes days and gives relief, where merchants are paid from, and on which days banks work.

use super::{Caller, ConfigFile, only_owner_reads};
use anyhow::{Context, bail, ensure};
use kazasu_schemas::calendar::Calendar;
use kazasu_schemas::canonical::same;
use kazasu_schemas::ids::InstitutionId;
use kazasu_services::closing::FinanceFile;
use kazasu_services::relief::CityFile;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// `[payout]`: the operator's account, as the bank's transfer file names it.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct PayoutFile {
    /// Merchants' accounts (CSV), readable by its owner only; relative to this file.
    pub payees_file: PathBuf,
    /// 10 digits, given by the bank.
    pub client_code: String,
    /// In kana.
    pub client_name: String,
    /// 4 digits.
    pub bank: String,
    /// In kana.
    pub bank_name: String,
    /// 3 digits.
    pub branch: String,
    /// In kana.
    pub branch_name: String,
    /// ordinary, current, savings or other.
    pub kind: String,
    /// 7 digits.
    pub account: String,
    /// Transfers that the bank takes in one file.
    #[serde(default = "default_most_in_file")]
    pub most_in_file: u32,
    /// What the bank keeps of a payment that it sends back, yen: each of these is taken for its fee.
    #[serde(default)]
    pub return_fees: Vec<u32>,
    /// Who pays in.
    #[serde(default, rename = "payer")]
    pub payers: Vec<PayerFile>,
}

fn default_most_in_file() -> u32 {
    10_000
}

/// `[[payout.payer]]`: who pays into the operator's account, as the bank's statement names it.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct PayerFile {
    /// The payer's name in kana, as the statement has it.
    pub name: String,
    /// `issuer N`, or `funder N` of point programme N.
    pub from: String,
}

pub(super) fn payout(file: &ConfigFile, base: &Path) -> anyhow::Result<Option<kazasu_services::closing::PayoutConfig>> {
    let Some(p) = &file.payout else { return Ok(None) };
    let path = base.join(&p.payees_file);
    only_owner_reads(&path)?;
    let bytes = kazasu_security::files::read(&path)?;
    let payees = kazasu_services::closing::PayoutConfig::payees(&bytes).with_context(|| path.display().to_string())?;
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
    Ok(Some(kazasu_services::closing::PayoutConfig { funding, payees, payers, return_fees }))
}

/// Days on which banks work.
pub(super) fn calendar(file: &ConfigFile, base: &Path) -> anyhow::Result<Arc<Calendar>> {
    let Some(path) = &file.bank_holidays_file else { return Ok(Arc::new(Calendar::built_in().clone())) };
    let path = base.join(path);
    let bytes = kazasu_security::files::read(&path)?;
    // The Cabinet Office's own file is in Shift_JIS.
    let (text, _) = kazasu_documents::table_file::text_of(&bytes, None).map_err(anyhow::Error::msg)?;
    Ok(Arc::new(Calendar::parse(&text).with_context(|| path.display().to_string())?))
}

/// The most that a tolerance lets pass, and the most that is written off, yen.
const MOST_TOLERATED: u32 = 10_000;

/// Everybody it names is somebody, and deciding is possible.
pub(super) fn finance(finance: &FinanceFile, callers: &[Caller]) -> anyhow::Result<()> {
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
    for (what, list) in [("staff", &finance.staff), ("approvers", &finance.approvers)] {
        for name in list {
            let known = callers.iter().any(|c| same(&c.name, name) && !c.portal && c.name != "operator");
            ensure!(known, "{what} names {name:?}, who is nobody of [http.people] in the key file");
        }
    }
    let alone = |name: &&String| finance.approvers.iter().all(|other| same(other, name));
    if let Some(name) = finance.staff.iter().chain(&finance.approvers).find(alone) {
        bail!("what {name} proposes could be decided by nobody else; approvers must name another person");
    }
    Ok(())
}

/// Every city has people in each role, and nobody has two.
pub(super) fn cities(cities: &[CityFile], callers: &[Caller]) -> anyhow::Result<()> {
    for (at, city) in cities.iter().enumerate() {
        let code = &city.code;
        ensure!(
            code.len() == 5 && code.bytes().all(|b| b.is_ascii_digit()),
            "code must be a municipality's 5 digits, got {code:?}"
        );
        ensure!(!cities[..at].iter().any(|other| same(&other.code, code)), "{code} is there twice");
        let lists = [("officers", &city.officers), ("approvers", &city.approvers), ("treasurers", &city.treasurers)];
        for (what, list) in lists {
            ensure!(!list.is_empty(), "{code}: {what} must name at least one person of [http.people] in the key file");
            for name in list {
                let known = callers.iter().any(|c| same(&c.name, name) && !c.portal && c.name != "operator");
                ensure!(known, "{code}: {what} names {name:?}, who is nobody of [http.people] in the key file");
                let roles = lists.iter().filter(|(_, list)| list.iter().any(|other| same(other, name))).count();
                ensure!(
                    roles == 1,
                    "{code}: {name} has {roles} roles; officers, approvers and treasurers are different people"
                );
            }
        }
    }
    Ok(())
}
