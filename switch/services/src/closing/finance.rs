//! People who close days, and tolerances for parties' files: `[finance]` of the configuration.

use kazasu_schemas::canonical::same;
use serde::Deserialize;

/// `[finance]`: tolerances, and the people of earlier configurations who close days. Their names are those of
/// `[http.people]` in `keys_file`.
#[derive(Deserialize, Debug, Clone, Default)]
#[serde(deny_unknown_fields)]
pub struct FinanceFile {
    /// People who compare, settle, look after exceptions and request contracts, payouts and resolutions.
    #[serde(default)]
    pub staff: Vec<String>,
    /// People who decide the requests of others.
    #[serde(default)]
    pub approvers: Vec<String>,
    /// Deviations of a party's file that its contract allows.
    #[serde(default, rename = "tolerance")]
    pub tolerances: Vec<ToleranceFile>,
}

/// `[[finance.tolerance]]`: allowed deviations of a party's file. Omitted values are those without a tolerance: no
/// yen, one day.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct ToleranceFile {
    /// `issuer N` or `acquirer ID`.
    pub of: String,
    /// An amount may differ by this many yen …
    #[serde(default)]
    pub yen: u32,
    /// … or by this many thousandths of ours: the larger of the two.
    #[serde(default)]
    pub per_mille: u16,
    /// Days by which the two lines may lie apart.
    #[serde(default = "default_tolerance_days")]
    pub days: u16,
    /// For exceptions up to this many yen a write-off is suggested.
    #[serde(default)]
    pub write_off_yen: u32,
}

fn default_tolerance_days() -> u16 {
    1
}

impl FinanceFile {
    /// Whether this is one of its staff or approvers.
    #[must_use]
    pub fn names(&self, name: &str) -> bool {
        self.staff.iter().chain(&self.approvers).any(|n| same(n, name))
    }
}
