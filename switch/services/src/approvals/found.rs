//! The effect of a request, and the values of the state that it is computed from.

use super::differences::Difference;
use kazasu_core::{SettlementView, State};
use kazasu_ledger::record::{Instrument, Payee};
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::SealedAccount;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The changes that an approval would make now.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ApprovalEffect {
    /// The amount that it moves or commits, in yen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yen: Option<i64>,
    /// The number of settlements, rows, contracts or other items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
    /// Values before and after.
    pub changes: Vec<Difference>,
    /// The payees with their masked accounts; the payees with the largest amounts where there are more than one answer holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payees: Vec<PayeeShown>,
    /// The first, the last and the largest row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RowShown>,
    /// The file of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FileShown>,
}

/// A payee.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PayeeShown {
    /// The settlement.
    pub settlement: u32,
    /// The merchant, as `acquirer/merchant`.
    pub merchant: String,
    /// Its name.
    pub name: String,
    /// Bank, branch, the last digits of the account, and its holder; absent where the configuration has no account.
    pub account: Option<String>,
    /// Yen.
    pub yen: i64,
}

/// One of many rows.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RowShown {
    /// `first`, `last` or `largest`.
    pub which: String,
    /// The row in words.
    pub row: String,
    /// Yen.
    pub yen: i64,
}

/// A file.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FileShown {
    /// Its name; empty when it was not given.
    pub name: String,
    /// SHA-256 of its text.
    pub sha256: String,
    /// Its length.
    pub bytes: usize,
}

/// The values of the state for a proposal.
#[derive(Default)]
pub(super) struct Found {
    pub(super) effect: ApprovalEffect,
    /// The text of the file in force that the request would replace.
    pub(super) in_force: Option<String>,
    pub(super) settlements: Vec<SettlementView>,
    /// Payees' accounts in force.
    pub(super) accounts: BTreeMap<Payee, SealedAccount>,
    /// The hash of the accounts of the settlements.
    pub(super) digest: Option<[u8; 32]>,
    /// The present instrument of a link, with the number of the on-us account.
    pub(super) instrument: Option<(Ppid, Instrument, Option<u64>)>,
}

pub(super) fn yen(amount: Yen) -> Option<i64> {
    Some(amount.get())
}

impl Found {
    /// The present instrument of the link.
    pub(super) fn of_link(state: &State, ppid: Ppid) -> Found {
        let newest = state.link_versions(&ppid).next().and_then(|version| version.instrument.clone());
        let instrument = newest.map(|now| {
            let here = crate::residents::deposit(state, &now);
            (ppid, now, here)
        });
        Found { instrument, ..Found::default() }
    }

    pub(super) fn plain(yen: Option<i64>, changes: Vec<Difference>) -> Found {
        Found { effect: ApprovalEffect { yen, changes, ..ApprovalEffect::default() }, ..Found::default() }
    }
}
