//! Offline payments above their floor limits: those that a person has to look at, and those that went to an issuer.

use kazasu_ledger::Seq;
use kazasu_schemas::jst::Millis;
use std::collections::{BTreeMap, BTreeSet};

/// Offline payments above their floor limits.
#[derive(Clone, PartialEq, Debug, Default)]
pub(in super::super) struct Offline {
    /// Those that a person has to look at.
    pub(in super::super) waiting: BTreeSet<Seq>,
    /// Those that were accepted and went to an issuer: the record whose message it knows them by, and when.
    pub(in super::super) accepted: BTreeMap<Seq, (Seq, Millis)>,
}
