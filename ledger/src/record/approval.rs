//! What takes two people: one proposes, another decides.

use super::*;
use kazasu_schemas::relief::Terms;

/// Something that one person proposes and another decides.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub enum Proposal {
    /// A new relief programme, or new terms of one.
    #[n(0)]
    Programme(#[n(0)] Box<Terms>),
    /// A payee got more than was theirs: they owe the exception.
    #[n(1)]
    Claim {
        /// The batch.
        #[n(0)]
        batch: u32,
        /// The row, from 0.
        #[n(1)]
        row: u32,
        /// What the payee should have got, yen.
        #[n(2)]
        right: Yen,
    },
    /// Money in a programme's fund goes back to its city.
    #[n(2)]
    ReturnFunds {
        /// The programme.
        #[n(0)]
        programme: u16,
        /// Yen.
        #[n(1)]
        amount: Yen,
        /// The payment's own reference: it is booked once.
        #[n(2)]
        reference: String,
    },
    /// Contracts with merchants and interchange schedules: all of them, instead of those before.
    #[n(3)]
    Contracts(#[n(0)] Box<kazasu_schemas::contract::Contracts>),
    /// Settlements are paid out.
    #[n(4)]
    Payout {
        /// Their numbers.
        #[n(0)]
        settlements: Vec<u32>,
        /// Their sum.
        #[n(1)]
        total: Yen,
        /// The bank's day.
        #[n(2)]
        value_date: BusinessDay,
        /// SHA-256 of the accounts that are paid, so that what was approved is what is ordered; zeros when it was not kept.
        #[cbor(n(3), with = "minicbor::bytes", default)]
        payees: [u8; 32],
    },
    /// An exception with somebody else's lines is resolved.
    #[n(5)]
    Resolve {
        /// The exception.
        #[cbor(n(0), with = "minicbor::bytes")]
        id: [u8; 16],
        /// How.
        #[n(1)]
        how: kazasu_schemas::closing::Resolution,
    },
    /// A payout that the bank did not take is given up: its settlements are due again.
    #[n(6)]
    CancelPayout {
        /// The payout.
        #[n(0)]
        payout: u64,
    },
    /// A link that cannot be paid with any more gets another instrument.
    #[n(7)]
    Retarget {
        /// The person.
        #[n(0)]
        ppid: Ppid,
        /// What the link shall pay with.
        #[n(1)]
        instrument: Box<Instrument>,
    },
    /// What was booked for a line of the bank's statement, or by hand for a payer, is undone; then it may be booked right.
    #[n(60)]
    UndoBooking {
        /// The line, or the payment's reference.
        #[n(0)]
        reference: String,
        /// Of a payment that was booked by hand: who paid.
        #[n(1)]
        payer: Option<Payer>,
    },
}

/// See [`Body::ApprovalRequested`]. The proposal's number is the record's.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ApprovalRequested {
    /// What.
    #[n(0)]
    pub proposal: Proposal,
    /// The file that it was read from, for people; empty when there is none.
    #[n(1)]
    pub source: String,
    /// Who proposes it.
    #[n(2)]
    pub by: String,
    /// Why.
    #[n(3)]
    pub why: String,
}

/// See [`Body::ApprovalDecided`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ApprovalDecided {
    /// The proposal.
    #[n(0)]
    pub proposal: u64,
    /// Approved, or turned down.
    #[n(1)]
    pub approved: bool,
    /// Accounts of a new programme.
    #[n(2)]
    pub opens: Vec<Opening>,
    /// What it moves.
    #[cbor(n(3), with = "crate::transfer::list")]
    pub transfers: Transfers,
    /// Who decided: not who proposed.
    #[n(4)]
    pub by: String,
    /// Why.
    #[n(5)]
    pub why: String,
    /// Of a link that gets another instrument: its new version.
    #[n(6)]
    pub link: Option<Linked>,
}
