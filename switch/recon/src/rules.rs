//! The rules of one comparison: which differences between two lines are tolerated, how far days may lie apart, what may be
//! matched in groups. They come from contracts and configuration; nothing here is read from anywhere.

use super::item::{Item, Side};
use super::keys::Basis;
use super::result::Status;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;

/// The most candidates among which a sum is sought: half of them have 1,024 subsets, which is what one search costs.
pub const MAX_CANDIDATES: u8 = 20;

/// Whether both sides write the same thing as external reference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum External {
    /// They do: it is a key, and two that differ are a difference.
    Shared,
    /// The other side writes a reference of its own that this side never saw: it is not looked at.
    TheirOwn,
}

/// Whether several lines may be matched together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Grouping {
    /// Only line by line. Right for detail files: two errors of one batch must not cancel each other.
    Off,
    /// One side's lines of a batch add up to the other's.
    ByBatch,
    /// By batch, and a net line without a batch number may be the sum of others, if it is so in one way only.
    ByBatchThenSum,
}

impl Grouping {
    pub(crate) fn by_batch(self) -> bool {
        match self {
            Grouping::ByBatch | Grouping::ByBatchThenSum => true,
            Grouping::Off => false,
        }
    }
}

/// Within what a batch number is unique.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BatchScope {
    /// Among all lines that are compared.
    Everywhere,
    /// Among one party's.
    Party,
}

/// The rules of one comparison of two sides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rules {
    /// The side that says what is expected, usually the ledger.
    pub left: Side,
    /// The side that says what came.
    pub right: Side,
    /// An amount may differ by this many yen …
    pub tolerance_yen: u32,
    /// … or by this many thousandths of the expected amount: the larger of the two.
    pub tolerance_per_mille: u16,
    /// Days by which the two may lie apart, either way.
    pub tolerance_days: u16,
    /// Days within which lines without a shared reference are sought, either way.
    pub window_days: u16,
    /// Days after its own day within which an expected line must have come.
    pub due_days: u16,
    /// Differences up to this many yen are proposed to be written off.
    pub write_off_yen: u32,
    /// The content of the external reference.
    pub external: External,
    /// Whether lines are matched in groups.
    pub grouping: Grouping,
    /// Within what a batch number is unique.
    pub batches: BatchScope,
    /// Candidates among which a sum is sought; at most [`MAX_CANDIDATES`].
    pub candidates: u8,
    /// Exceptions that are listed; more are only counted.
    pub listed: usize,
}

impl Rules {
    /// The rules between two sides when no contract says otherwise (our own decision): details agree to the yen, payouts
    /// come within days and in groups.
    #[must_use]
    pub fn between(left: Side, right: Side) -> Self {
        let detail = Rules {
            left,
            right,
            tolerance_yen: 0,
            tolerance_per_mille: 0,
            tolerance_days: 1,
            window_days: 3,
            due_days: 3,
            write_off_yen: 0,
            external: External::Shared,
            grouping: Grouping::Off,
            batches: BatchScope::Everywhere,
            candidates: MAX_CANDIDATES,
            listed: 100_000,
        };
        match (left, right) {
            (_, Side::Bank) | (Side::Bank, _) => Rules {
                tolerance_days: 3,
                window_days: 10,
                external: External::TheirOwn,
                grouping: Grouping::ByBatchThenSum,
                ..detail
            },
            (Side::Ledger | Side::Acquirer | Side::Issuer, Side::Ledger | Side::Acquirer | Side::Issuer) => detail,
        }
    }

    /// By how many units an amount may differ from `expected`.
    #[must_use]
    pub fn allowed(&self, expected: Yen) -> u64 {
        let share = u128::from(expected.get().unsigned_abs()) * u128::from(self.tolerance_per_mille) / 1_000;
        u64::try_from(share).unwrap_or(u64::MAX).max(u64::from(self.tolerance_yen))
    }

    /// The last day on which what belongs to `day` may come without being missing.
    #[must_use]
    pub fn due(&self, day: BusinessDay) -> BusinessDay {
        BusinessDay(day.0.saturating_add(i32::from(self.due_days)))
    }

    /// True when two days lie no further apart than `days`.
    #[must_use]
    pub(crate) fn near(a: BusinessDay, b: BusinessDay, days: u16) -> bool {
        a.0.abs_diff(b.0) <= u32::from(days)
    }

    /// The verdict on two lines that are held to be the same, the most specific difference first: an amount says nothing when
    /// the currency differs, and a day little when the amount does.
    pub(crate) fn judge(&self, left: &Item, right: &Item) -> Status {
        if left.currency != right.currency {
            return Status::CurrencyMismatch;
        }
        if self.data_differs(left, right) {
            return Status::DataMismatch;
        }
        match self.judge_amount(left.amount, right.amount) {
            Status::Matched if !Self::near(left.day, right.day, self.tolerance_days) => Status::DateMismatch,
            other => other,
        }
    }

    /// Matched, over or under. Signed: a refund that is larger than expected is *under*, so that over and under together
    /// are the net difference.
    pub(crate) fn judge_amount(&self, expected: Yen, came: Yen) -> Status {
        let within = expected.get().abs_diff(came.get()) <= self.allowed(expected);
        match came.cmp(&expected) {
            _ if within => Status::Matched,
            std::cmp::Ordering::Greater => Status::AmountOver,
            std::cmp::Ordering::Less | std::cmp::Ordering::Equal => Status::AmountUnder,
        }
    }

    /// True when kinds differ, or both sides name a party or a reference and name different ones.
    pub(crate) fn data_differs(&self, left: &Item, right: &Item) -> bool {
        left.kind != right.kind
            || (!left.party.is_none() && !right.party.is_none() && left.party != right.party)
            || matches!((left.own, right.own), (Some(a), Some(b)) if a != b)
            || self.external_differs(left, right)
    }

    /// True when both sides name an external reference that can be compared, and name different ones.
    pub(crate) fn external_differs(&self, left: &Item, right: &Item) -> bool {
        match self.external {
            External::Shared => {
                !left.external.is_none() && !right.external.is_none() && left.external != right.external
            }
            External::TheirOwn => false,
        }
    }

    /// True when what a weak key found is borne out by something else: the amount or the party.
    pub(crate) fn verified(&self, basis: Basis, left: &Item, right: &Item) -> bool {
        match basis {
            Basis::Rrn | Basis::Stan => {
                left.amount == right.amount || (!left.party.is_none() && left.party == right.party)
            }
            Basis::OwnReference
            | Basis::ExternalReference
            | Basis::RrnOtherDay
            | Basis::StanOtherDay
            | Basis::Batch
            | Basis::AmountAndDay
            | Basis::Sum => true,
        }
    }
}
