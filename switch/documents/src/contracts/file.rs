//! The file's tables, and reading them. Every problem is found, not only the first, and each names its line.

use super::page::Page;
use super::{check, convert};
use crate::policy::Problem;
use kazasu_schemas::contract::Contracts;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// The largest contract file.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// A file that shows every key.
pub const SAMPLE: &str = include_str!("sample.toml");

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

/// Reads a contract file; all its problems when it has any.
pub fn read(source: &str) -> Result<Contracts, Vec<Problem>> {
    let mut page = Page::new(source);
    if source.len() > MOST_BYTES {
        page.tell(0, format!("the file has {} bytes, at most {MOST_BYTES} are read", source.len()));
        return Err(page.problems());
    }
    let file: File = match toml::from_str(source) {
        Ok(file) => file,
        Err(error) => {
            page.tell(error.span().map_or(0, |span| span.start), error.message().trim().to_owned());
            return Err(page.problems());
        }
    };
    let (contracts, places) = convert::convert(file, &mut page);
    check::check(&contracts, &places, &mut page);
    let problems = page.problems();
    if problems.is_empty() { Ok(contracts) } else { Err(problems) }
}
