//! One line of one side, small enough to keep millions: 96 bytes, nothing on the heap. Where a line comes from and how its
//! columns are read is not known here ([`super::file`] is one source, the ledger's records are another).

use super::keys::{Own, Party, Reference, Trace};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::{JPY_NUMERIC, Yen};
use std::str::FromStr;

/// Whose list a line stands in.
pub use kazasu_schemas::closing::Side;

/// A stable number, for identities that outlive a program version. Never reused.
#[must_use]
pub(crate) fn number(side: Side) -> u8 {
    match side {
        Side::Ledger => 0,
        Side::Acquirer => 1,
        Side::Issuer => 2,
        Side::Bank => 3,
    }
}

/// The kind of a line.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// A payment to a merchant.
    Purchase,
    /// Given back by a new transaction.
    Refund,
    /// Undone as if it had not been.
    Reversal,
    /// Taken back by the issuer after settlement.
    Chargeback,
    /// A fee that a party keeps.
    Fee,
    /// The net of several lines of one batch, as owed.
    Settlement,
    /// The net of several lines of one batch, as paid.
    Payout,
    /// A correction that refers to nothing else.
    Adjustment,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 8] = [
        Kind::Purchase,
        Kind::Refund,
        Kind::Reversal,
        Kind::Chargeback,
        Kind::Fee,
        Kind::Settlement,
        Kind::Payout,
        Kind::Adjustment,
    ];

    /// The word in the `kind` column of files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Purchase => "purchase",
            Kind::Refund => "refund",
            Kind::Reversal => "reversal",
            Kind::Chargeback => "chargeback",
            Kind::Fee => "fee",
            Kind::Settlement => "settlement",
            Kind::Payout => "payout",
            Kind::Adjustment => "adjustment",
        }
    }

    /// A stable number, for identities that outlive a program version. Never reused.
    #[must_use]
    pub(crate) fn number(self) -> u8 {
        match self {
            Kind::Purchase => 0,
            Kind::Refund => 1,
            Kind::Reversal => 2,
            Kind::Chargeback => 3,
            Kind::Fee => 4,
            Kind::Settlement => 5,
            Kind::Payout => 6,
            Kind::Adjustment => 7,
        }
    }

    /// True for a line that stands for several others. Only such a line may be explained as a sum when no batch number says so.
    #[must_use]
    pub fn is_net(self) -> bool {
        match self {
            Kind::Settlement | Kind::Payout => true,
            Kind::Purchase | Kind::Refund | Kind::Reversal | Kind::Chargeback | Kind::Fee | Kind::Adjustment => false,
        }
    }
}

/// Not one of the words of [`Kind::as_str`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", UnknownKind::PROBLEM)]
pub struct UnknownKind;

impl UnknownKind {
    /// The expected value.
    pub const PROBLEM: &str = "must be purchase, refund, reversal, chargeback, fee, settlement, payout or adjustment";
}

impl FromStr for Kind {
    type Err = UnknownKind;
    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownKind)
    }
}

/// The caller's own mark on a line; it is carried along and nothing here reads it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Mark(pub u8);

/// One line of one side.
///
/// Amounts are signed, and **both sides of a comparison use the same sign for the same movement**: a purchase and the payout
/// for it are positive, what goes back (refund, reversal, chargeback, a fee kept) is negative.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Item {
    /// The line or record number in its source.
    pub line: u64,
    /// Our record number, when the line names it.
    pub own: Own,
    /// The other party's reference: retrieval reference number, approval code, acquirer reference number.
    pub external: Reference,
    /// The batch that it was settled or paid in.
    pub batch: Reference,
    /// Acquirer, terminal and retrieval reference number in one.
    pub by_rrn: Trace,
    /// Acquirer, terminal and STAN in one; good only together with the day, because a STAN wraps.
    pub by_stan: Trace,
    /// Whole units of the currency.
    pub amount: Yen,
    /// The business day that its source gives it.
    pub day: BusinessDay,
    /// ISO 4217 numeric code; 392 is the yen.
    pub currency: u16,
    /// The merchant, issuer or acquirer that it belongs to; the same sort on both sides of a comparison.
    pub party: Party,
    /// The subject.
    pub kind: Kind,
    /// Whose list it stands in.
    pub side: Side,
    /// The caller's own.
    pub mark: Mark,
}

/// The largest size of a line: a million of them against a million are to fit into a gibibyte with all that the comparison needs.
const _: () = assert!(size_of::<Item>() <= 96);

impl Item {
    /// A line of ¥0 without any reference.
    #[must_use]
    pub fn bare(side: Side, line: u64, kind: Kind, day: BusinessDay) -> Self {
        Item {
            line,
            own: None,
            external: Reference::NONE,
            batch: Reference::NONE,
            by_rrn: Trace::NONE,
            by_stan: Trace::NONE,
            amount: Yen::ZERO,
            day,
            currency: JPY_NUMERIC,
            party: Party::NONE,
            kind,
            side,
            mark: Mark::default(),
        }
    }
}
