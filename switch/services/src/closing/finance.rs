//! Who closes days, and what of a party's file may differ: `[finance]` of the configuration.

use kazasu_schemas::canonical::same;
use serde::Deserialize;

/// `[finance]`: who closes days. Names are those of `[http.people]` in the key file.
#[derive(Deserialize, Debug, Clone, Default)]
#[serde(deny_unknown_fields)]
pub struct FinanceFile {
    /// Who compares, settles, looks after exceptions and proposes contracts, payouts and resolutions.
    pub staff: Vec<String>,
    /// Who decides what somebody else proposed.
    pub approvers: Vec<String>,
    /// What of a party's file may differ from the ledger, as its contract says.
    #[serde(default, rename = "tolerance")]
    pub tolerances: Vec<ToleranceFile>,
}

/// `[[finance.tolerance]]`: what of a party's file may differ. What is not said is as without one: no yen, one day.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct ToleranceFile {
    /// `issuer N` or `acquirer ID`.
    pub of: String,
    /// An amount may differ by this many yen …
    #[serde(default)]
    pub yen: u32,
    /// … or by this many thousandths of ours, whichever is more.
    #[serde(default)]
    pub per_mille: u16,
    /// Days by which the two may lie apart.
    #[serde(default = "default_tolerance_days")]
    pub days: u16,
    /// Exceptions up to this many yen are proposed to be written off.
    #[serde(default)]
    pub write_off_yen: u32,
}

fn default_tolerance_days() -> u16 {
    1
}

impl FinanceFile {
    /// Is this one of its staff or approvers?
    #[must_use]
    pub fn names(&self, name: &str) -> bool {
        self.staff.iter().chain(&self.approvers).any(|n| same(n, name))
    }
}
