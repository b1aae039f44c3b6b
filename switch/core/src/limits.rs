//! A change of a resident's own limits. A limit that is not named stays: taking one away is explicit.

use kazasu_ledger::record::OwnLimits;
use kazasu_schemas::money::Yen;

/// The change of one limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum LimitChange {
    /// It stays as it is.
    #[default]
    Keep,
    /// There is none any more.
    Remove,
    /// It is this.
    To(Yen),
}

impl LimitChange {
    fn apply(self, before: Option<Yen>) -> Option<Yen> {
        match self {
            LimitChange::Keep => before,
            LimitChange::Remove => None,
            LimitChange::To(yen) => Some(yen),
        }
    }
}

/// The change of a resident's own limits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LimitsChange {
    /// Of one tap.
    pub tap: LimitChange,
    /// Of one day.
    pub day: LimitChange,
    /// Of one month.
    pub month: LimitChange,
    /// Whether taps beyond the month's are declined; as it is when absent.
    pub decline: Option<bool>,
}

impl LimitsChange {
    /// The limits after the change.
    #[must_use]
    pub fn apply(self, before: OwnLimits) -> OwnLimits {
        OwnLimits {
            tap: self.tap.apply(before.tap),
            day: self.day.apply(before.day),
            month: self.month.apply(before.month),
            decline: self.decline.unwrap_or(before.decline),
        }
    }
}
