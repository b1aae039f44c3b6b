//! What staff mend for people with another person's consent: payments that are given back, for merchants that cannot use their terminal, and cards.

use super::*;

/// What a correction is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum CorrectionKind {
    /// The merchant gives back, as with a refund of its terminal.
    #[n(0)]
    Refund,
    /// The amount was wrong: the merchant gives back what is too much.
    #[n(1)]
    Reduction,
    /// The resident gets it back, and the operator bears it: the merchant keeps what it has.
    #[n(2)]
    WriteOff,
}

impl CorrectionKind {
    /// Every kind.
    pub const ALL: [CorrectionKind; 3] = [CorrectionKind::Refund, CorrectionKind::Reduction, CorrectionKind::WriteOff];

    /// Its name for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            CorrectionKind::Refund => "refund",
            CorrectionKind::Reduction => "reduction",
            CorrectionKind::WriteOff => "write_off",
        }
    }
}

/// A payment that is to be corrected.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Correction {
    /// The payment's record.
    #[n(0)]
    pub payment: u64,
    /// What is to happen.
    #[n(1)]
    pub kind: CorrectionKind,
    /// Yen that are given back.
    #[n(2)]
    pub amount: Yen,
    /// Yen that could be given back when it was asked for. A payment of which something else was given back meanwhile is another
    /// one than the people looked at.
    #[n(3)]
    pub left: Yen,
}

/// A refund that staff made: who asked for it, and the request that another person approved.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct ByStaff {
    /// What it is.
    #[n(0)]
    pub kind: CorrectionKind,
    /// The number of the request.
    #[n(1)]
    pub approval: u64,
    /// Who asked for it; the decision around it says who approved it.
    #[n(2)]
    pub by: String,
    /// Why.
    #[n(3)]
    pub why: String,
    /// Through what it was said.
    #[n(4)]
    pub via: Option<Via>,
}

/// A change of a resident's card that takes two people.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum CardChange {
    /// A card that people suspended or revoked may be used again.
    #[n(0)]
    Lift {
        /// The person.
        #[n(0)]
        ppid: Ppid,
        /// What is lifted, where it is a revocation; absent of a suspension.
        #[n(1)]
        of: Option<CardStatus>,
    },
    /// The person has another card: its certificate belongs to them from now on.
    #[n(1)]
    Bind {
        /// The person.
        #[n(0)]
        ppid: Ppid,
        /// The certificate.
        #[n(1)]
        serial: Serial,
        /// Its issuer, in the form in which equal names are equal; absent when it is not known.
        #[n(2)]
        issuer: Option<String>,
        /// Its last day.
        #[n(3)]
        last_day: BusinessDay,
    },
}

impl CardChange {
    /// The person.
    #[must_use]
    pub fn ppid(&self) -> Ppid {
        match self {
            CardChange::Lift { ppid, .. } | CardChange::Bind { ppid, .. } => *ppid,
        }
    }
}
