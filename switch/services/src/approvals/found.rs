//! What a request would change, as the state says it.

use super::differences::Difference;
use kazasu_core::{SettlementView, State};
use kazasu_ledger::record::{Instrument, Payee};
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::SealedAccount;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a request would change if it were approved now.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ApprovalEffect {
    /// Yen that it moves or binds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yen: Option<i64>,
    /// How many things it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
    /// Values before and after.
    pub changes: Vec<Difference>,
    /// Who is paid, on which account, with only its last digits; the largest where there are very many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payees: Vec<PayeeShown>,
    /// The first, the last and the largest of many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RowShown>,
    /// The file that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FileShown>,
}

/// Who is paid.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PayeeShown {
    /// The settlement.
    pub settlement: u32,
    /// The merchant, with its acquirer.
    pub merchant: String,
    /// Its name.
    pub name: String,
    /// Bank, branch and the last digits of the account, and its holder; absent where none is on file.
    pub account: Option<String>,
    /// Yen.
    pub yen: i64,
}

/// One of many.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RowShown {
    /// `first`, `last` or `largest`.
    pub which: String,
    /// What it is.
    pub row: String,
    /// Yen.
    pub yen: i64,
}

/// A file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FileShown {
    /// Its name; empty when it was not given.
    pub name: String,
    /// SHA-256 of its text.
    pub sha256: String,
    /// Its length.
    pub bytes: usize,
}

/// What the state says about a proposal.
#[derive(Default)]
pub(super) struct Found {
    pub(super) effect: ApprovalEffect,
    /// The file in force that this one would follow.
    pub(super) in_force: Option<String>,
    pub(super) settlements: Vec<SettlementView>,
    /// Payees' accounts in force.
    pub(super) accounts: BTreeMap<Payee, SealedAccount>,
    /// The hash of the accounts of the settlements.
    pub(super) digest: Option<[u8; 32]>,
    /// The instrument that a link has now, with the number of an account that this ledger holds.
    pub(super) instrument: Option<(Ppid, Instrument, Option<u64>)>,
}

pub(super) fn yen(amount: Yen) -> Option<i64> {
    Some(amount.get())
}

impl Found {
    /// What the link has now.
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
