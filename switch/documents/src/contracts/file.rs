//! The file's tables.

use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) name: Spanned<String>,
    #[serde(default)]
    pub(super) brands: BTreeMap<String, Spanned<Vec<String>>>,
    #[serde(default)]
    pub(super) products: BTreeMap<String, Spanned<Vec<String>>>,
    #[serde(default)]
    pub(super) interchange: Vec<Spanned<InterchangeFile>>,
    #[serde(default)]
    pub(super) contract: Vec<Spanned<ContractFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InterchangeFile {
    pub(super) name: String,
    pub(super) rows: Vec<Spanned<RowFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RowFile {
    pub(super) brand: String,
    pub(super) product: String,
    pub(super) rate: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ContractFile {
    pub(super) number: i64,
    pub(super) name: String,
    #[serde(default)]
    pub(super) default: bool,
    pub(super) merchants: Option<Vec<String>>,
    pub(super) class: Option<String>,
    pub(super) tags: Option<Vec<String>>,
    pub(super) mcc: Option<Vec<String>>,
    pub(super) from: String,
    pub(super) until: Option<String>,
    pub(super) free: Option<i64>,
    pub(super) rounding: String,
    pub(super) basis: String,
    pub(super) tax: String,
    pub(super) tax_rounding: Option<String>,
    pub(super) refund_fee: String,
    pub(super) interchange: Option<String>,
    pub(super) cycle: String,
    pub(super) payout_days: i64,
    #[serde(alias = "hold_back")]
    pub(super) reserve: Option<String>,
    #[serde(alias = "hold_back_days")]
    pub(super) reserve_days: Option<i64>,
    pub(super) minimum_payout: Option<i64>,
    pub(super) chargeback_fee: Option<i64>,
    #[serde(default)]
    pub(super) funds_points: Vec<i64>,
    pub(super) own_refunds: Option<i64>,
    #[serde(default)]
    pub(super) rule: Vec<Spanned<RuleFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleFile {
    pub(super) tenders: Option<Vec<String>>,
    pub(super) brand: Option<String>,
    pub(super) mcc: Option<Vec<String>>,
    pub(super) rate: String,
    pub(super) fixed: Option<i64>,
    pub(super) minimum: Option<i64>,
}
