//! Closing a business day: its states, what is wrong with it, and how that is resolved.

mod finding;

pub use finding::{Difference, Finding, Half, JoinedBy, ListedLine, Money, Proposed, Side};

use crate::jst::BusinessDay;
use crate::money::Yen;
use minicbor::{Decode, Encode};

/// The state of a business day. A day never goes back: corrections are records of a later day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum DayState {
    /// It takes taps.
    #[n(0)]
    Open,
    /// It ended.
    #[n(1)]
    CutOver,
    /// It was compared with other parties' lists, and every exception has an owner.
    #[n(2)]
    Reconciled,
    /// Merchants' and issuers' settlements of the periods that ended with it are booked.
    #[n(3)]
    Settled,
    /// Its last record is signed.
    #[n(4)]
    Signed,
}

impl DayState {
    /// In their order.
    pub const ALL: [DayState; 5] =
        [DayState::Open, DayState::CutOver, DayState::Reconciled, DayState::Settled, DayState::Signed];

    /// As programs write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            DayState::Open => "open",
            DayState::CutOver => "cut_over",
            DayState::Reconciled => "reconciled",
            DayState::Settled => "settled",
            DayState::Signed => "signed",
        }
    }
}

/// Whose lines the ledger was compared with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum Against {
    /// An acquirer's detail file.
    #[n(0)]
    Acquirer,
    /// An issuer's detail file.
    #[n(1)]
    Issuer,
    /// The bank's statement.
    #[n(2)]
    Bank,
}

impl Against {
    /// As programs write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Against::Acquirer => "acquirer",
            Against::Issuer => "issuer",
            Against::Bank => "bank",
        }
    }
}

/// An exception that a person must look at.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct ReconException {
    /// The subject, the same in every run: it is raised once.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub id: [u8; 16],
    /// The status, as reconciliation names it: `missing`, `unexpected`, `amount_over`, …
    #[n(1)]
    pub status: String,
    /// The party whose file it was, for people.
    #[n(2)]
    pub party: String,
    /// This ledger's record; 0 when the line is only theirs.
    #[n(3)]
    pub own: u64,
    /// Yen here; zero when only theirs.
    #[n(4)]
    pub ours: Yen,
    /// Yen there; zero when only ours.
    #[n(5)]
    pub theirs: Yen,
    /// The line in their file; 0 when only ours.
    #[n(6)]
    pub line: u64,
    /// The business day that it is about.
    #[n(7)]
    pub day: BusinessDay,
    /// A person's words, of a chargeback; of journals before findings were codes, what was found in words. Else empty.
    #[n(8)]
    pub why: String,
    /// Of such journals: what was proposed, in words. Else empty.
    #[n(9)]
    pub proposal: String,
    /// The finding.
    #[n(10)]
    pub finding: Option<Box<Finding>>,
    /// The proposed resolution.
    #[n(11)]
    pub proposed: Option<Proposed>,
}

/// The resolution of an exception.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum Resolution {
    /// It came right by itself, or was explained: nothing is booked.
    #[n(0)]
    Explained,
    /// The other side is right: the exception is booked against the issuer.
    #[n(1)]
    BookedIssuer,
    /// The other side is right: the exception is booked against the merchant.
    #[n(2)]
    BookedMerchant,
    /// It is too small to be followed up: written off.
    #[n(3)]
    WrittenOff,
}

impl Resolution {
    /// As programs write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Resolution::Explained => "explained",
            Resolution::BookedIssuer => "booked_issuer",
            Resolution::BookedMerchant => "booked_merchant",
            Resolution::WrittenOff => "written_off",
        }
    }

    /// The resolution that a name stands for.
    #[must_use]
    pub fn parse(text: &str) -> Option<Resolution> {
        [Resolution::Explained, Resolution::BookedIssuer, Resolution::BookedMerchant, Resolution::WrittenOff]
            .into_iter()
            .find(|r| r.name() == text)
    }
}
