//! Approvals: one person requests a change, another decides it.

use super::*;
use kazasu_schemas::relief::Terms;
use sha2::{Digest, Sha256};

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
        /// The amount that the payee should have got, in yen.
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
    /// An exception with another party's lines is resolved.
    #[n(5)]
    Resolve {
        /// The exception.
        #[cbor(n(0), with = "minicbor::bytes")]
        id: [u8; 16],
        /// The resolution.
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
        /// The instrument that the link gets.
        #[n(1)]
        instrument: Box<Instrument>,
    },
    /// Undoes a booking for a line of the bank's statement, or by hand for a payer; then it may be booked right.
    #[n(60)]
    UndoBooking {
        /// The line, or the payment's reference.
        #[n(0)]
        reference: String,
        /// Of a payment that was booked by hand: who paid.
        #[n(1)]
        payer: Option<Payer>,
    },
    /// A link to an instrument that another person has linked already: a family's card, or somebody else's account.
    #[n(95)]
    SharedLink(#[n(0)] Box<SharedLink>),
    /// A payment is corrected by staff.
    #[n(96)]
    Correction(#[n(0)] Box<Correction>),
    /// A resident's card is changed by a call centre.
    #[n(97)]
    Card(#[n(0)] Box<CardChange>),
    /// A role is granted, or a program gets a key.
    #[n(80)]
    Rights(#[n(0)] Box<RightsChange>),
    /// A key of the vault is to be destroyed, and what it sealed erased.
    #[n(90)]
    Destruction(#[n(0)] Box<Destruction>),
    /// A change that has a record of its own, which the approval carries.
    #[n(100)]
    Carried(#[n(0)] Box<CarriedChange>),
    /// The rows of a file are recorded.
    #[n(101)]
    File(#[n(0)] Box<FileRequest>),
}

/// A link that waits for staff.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct SharedLink {
    /// The person.
    #[n(0)]
    pub ppid: Ppid,
    /// The instrument that the link shall pay with.
    #[n(1)]
    pub instrument: Instrument,
    /// From when on; from the decision on when it is absent.
    #[n(2)]
    pub from: Option<Millis>,
    /// The statement that the portal signed, where one asked for it.
    #[n(3)]
    pub proof: Option<Box<PortalProof>>,
}

/// A version of a key that is to be destroyed.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Destruction {
    /// The key's name, which says its purpose: `vault.cards`.
    #[n(0)]
    pub key: String,
    /// Its version.
    #[n(1)]
    pub version: u8,
    /// The fiscal year that it sealed in; absent in keys that are older than fiscal years.
    #[n(2)]
    pub fiscal_year: Option<u16>,
    /// Its check value.
    #[n(3)]
    pub kcv: String,
}

/// The kind of an approval request, which decides the deciders and the deadline.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ApprovalKind {
    /// A relief programme's terms.
    Programme,
    /// A payee owes something.
    Claim,
    /// A fund's money goes back.
    ReturnFunds,
    /// A line of a city's bank statement, or a payment, is undone.
    UndoBooking,
    /// All contracts.
    Contracts,
    /// Settlements are paid.
    Payout,
    /// A payout is given up.
    CancelPayout,
    /// An exception is resolved.
    Resolve,
    /// A link gets another instrument.
    Retarget,
    /// A role is granted.
    Grant,
    /// A program gets a key.
    ProgramKey,
    /// A person is invited again.
    Reinvite,
    /// A key of the vault is destroyed.
    Destruction,
    /// A link to an instrument that another person has.
    SharedLink,
    /// A portal gets a key that signs what residents ask for.
    StatementKey,
    /// Money comes into a fund.
    Fund,
    /// A resident gets purse money by hand.
    CreditPurse,
    /// Rules are put into force.
    Policy,
    /// A temporary ID is merged into a PPID.
    Merge,
    /// Staff link a person to an instrument.
    Link,
    /// Merchants are registered, changed, closed or opened again.
    Merchants,
    /// A file of links and opening balances is imported.
    Links,
    /// A payee gets another account, or has none any more.
    Payee,
    /// A file of payees' accounts is imported.
    Payees,
    /// A payment is corrected by staff.
    Correction,
    /// A suspended card may be used again.
    LiftSuspension,
    /// A resident has another card.
    BindCard,
    /// A resident has another card with another PPID.
    Replace,
    /// An organisation gets further shops.
    Shops,
}

impl ApprovalKind {
    /// Every kind.
    pub const ALL: &[ApprovalKind] = &[
        ApprovalKind::Programme,
        ApprovalKind::Claim,
        ApprovalKind::ReturnFunds,
        ApprovalKind::UndoBooking,
        ApprovalKind::Contracts,
        ApprovalKind::Payout,
        ApprovalKind::CancelPayout,
        ApprovalKind::Resolve,
        ApprovalKind::Retarget,
        ApprovalKind::Grant,
        ApprovalKind::ProgramKey,
        ApprovalKind::Reinvite,
        ApprovalKind::Destruction,
        ApprovalKind::SharedLink,
        ApprovalKind::StatementKey,
        ApprovalKind::Fund,
        ApprovalKind::CreditPurse,
        ApprovalKind::Policy,
        ApprovalKind::Merge,
        ApprovalKind::Link,
        ApprovalKind::Merchants,
        ApprovalKind::Links,
        ApprovalKind::Payee,
        ApprovalKind::Payees,
        ApprovalKind::Correction,
        ApprovalKind::LiftSuspension,
        ApprovalKind::BindCard,
        ApprovalKind::Replace,
        ApprovalKind::Shops,
    ];

    /// As programs write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ApprovalKind::Programme => "programme",
            ApprovalKind::Claim => "claim",
            ApprovalKind::ReturnFunds => "return_funds",
            ApprovalKind::UndoBooking => "undo_booking",
            ApprovalKind::Contracts => "contracts",
            ApprovalKind::Payout => "payout",
            ApprovalKind::CancelPayout => "cancel_payout",
            ApprovalKind::Resolve => "resolve",
            ApprovalKind::Retarget => "retarget",
            ApprovalKind::Grant => "grant",
            ApprovalKind::ProgramKey => "program_key",
            ApprovalKind::Reinvite => "reinvite",
            ApprovalKind::Destruction => "destruction",
            ApprovalKind::SharedLink => "shared_link",
            ApprovalKind::StatementKey => "statement_key",
            ApprovalKind::Fund => "fund",
            ApprovalKind::CreditPurse => "credit_purse",
            ApprovalKind::Policy => "policy",
            ApprovalKind::Merge => "merge",
            ApprovalKind::Link => "link",
            ApprovalKind::Merchants => "merchants",
            ApprovalKind::Links => "links",
            ApprovalKind::Payee => "payee",
            ApprovalKind::Payees => "payees",
            ApprovalKind::Correction => "correction",
            ApprovalKind::LiftSuspension => "lift_suspension",
            ApprovalKind::BindCard => "bind_card",
            ApprovalKind::Replace => "replace",
            ApprovalKind::Shops => "shops",
        }
    }

    /// Calendar days in which such a request is decided; the day on which it was made is not counted.
    #[must_use]
    pub fn days(self) -> i32 {
        match self {
            // An assembly, or the other side of a contract, has its say in between.
            ApprovalKind::Programme | ApprovalKind::Contracts | ApprovalKind::Policy => 60,
            ApprovalKind::Claim | ApprovalKind::ReturnFunds | ApprovalKind::Resolve => 30,
            ApprovalKind::UndoBooking
            | ApprovalKind::Payout
            | ApprovalKind::CancelPayout
            | ApprovalKind::Retarget
            | ApprovalKind::SharedLink
            | ApprovalKind::Fund
            | ApprovalKind::CreditPurse
            | ApprovalKind::Merge
            | ApprovalKind::Link
            | ApprovalKind::Merchants
            | ApprovalKind::Links
            | ApprovalKind::Payee
            | ApprovalKind::Payees
            | ApprovalKind::Correction => 14,
            // A resident waits, who cannot pay.
            ApprovalKind::LiftSuspension | ApprovalKind::BindCard | ApprovalKind::Replace => 3,
            ApprovalKind::Grant
            | ApprovalKind::ProgramKey
            | ApprovalKind::Reinvite
            | ApprovalKind::StatementKey
            | ApprovalKind::Shops
            | ApprovalKind::Destruction => 7,
        }
    }
}

impl Proposal {
    /// The subject.
    #[must_use]
    pub fn kind(&self) -> ApprovalKind {
        match self {
            Proposal::Programme(_) => ApprovalKind::Programme,
            Proposal::Claim { .. } => ApprovalKind::Claim,
            Proposal::ReturnFunds { .. } => ApprovalKind::ReturnFunds,
            Proposal::UndoBooking { .. } => ApprovalKind::UndoBooking,
            Proposal::Contracts(_) => ApprovalKind::Contracts,
            Proposal::Payout { .. } => ApprovalKind::Payout,
            Proposal::CancelPayout { .. } => ApprovalKind::CancelPayout,
            Proposal::Resolve { .. } => ApprovalKind::Resolve,
            Proposal::Retarget { .. } => ApprovalKind::Retarget,
            Proposal::Rights(change) => match **change {
                RightsChange::Grant(_) => ApprovalKind::Grant,
                RightsChange::Key(_) => ApprovalKind::ProgramKey,
                RightsChange::Reinvite(_) => ApprovalKind::Reinvite,
                RightsChange::StatementKey(_) => ApprovalKind::StatementKey,
                RightsChange::Shops(_) => ApprovalKind::Shops,
            },
            Proposal::SharedLink(_) => ApprovalKind::SharedLink,
            Proposal::Destruction(_) => ApprovalKind::Destruction,
            Proposal::Carried(change) => match **change {
                CarriedChange::Fund { .. } => ApprovalKind::Fund,
                CarriedChange::Credit { .. } => ApprovalKind::CreditPurse,
                CarriedChange::Policy(_) => ApprovalKind::Policy,
                CarriedChange::Merge { .. } => ApprovalKind::Merge,
                CarriedChange::Link { .. } => ApprovalKind::Link,
                CarriedChange::Replace(_) => ApprovalKind::Replace,
                CarriedChange::Payee(_) => ApprovalKind::Payee,
            },
            Proposal::File(file) => match file.of {
                FileOf::Merchants => ApprovalKind::Merchants,
                FileOf::Links => ApprovalKind::Links,
                FileOf::Payees => ApprovalKind::Payees,
            },
            Proposal::Correction(_) => ApprovalKind::Correction,
            Proposal::Card(change) => match **change {
                CardChange::Lift { .. } => ApprovalKind::LiftSuspension,
                CardChange::Bind { .. } => ApprovalKind::BindCard,
            },
        }
    }
}

/// SHA-256 of a request as the journal has it: its number, its time and its bytes. A decision names the request by it, so that what was
/// looked at is what is decided.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Encode, Decode)]
#[cbor(transparent)]
pub struct Fingerprint(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 32]);

impl Fingerprint {
    /// Characters that people compare, and at least write.
    pub const SHORT: usize = 12;

    /// Of a request in its place.
    #[must_use]
    pub fn of(place: Place, request: &ApprovalRequested) -> Fingerprint {
        let mut bytes = Vec::with_capacity(256);
        minicbor::encode(request, &mut bytes).expect("writing to memory does not fail");
        let mut hash = Sha256::new();
        hash.update(b"kazasu approval request\n");
        // The requester chooses neither, so that a second request with the same first characters cannot be searched for.
        hash.update(place.seq.to_be_bytes());
        hash.update(place.at.0.to_be_bytes());
        hash.update(&bytes);
        Fingerprint(hash.finalize().into())
    }

    /// The first characters, as they are shown and printed.
    #[must_use]
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.truncate(Fingerprint::SHORT);
        text
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// See [`Body::ApprovalRequested`]. The request's number is the record's, and stays when its requester replaces what it asks for.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ApprovalRequested {
    /// The change.
    #[n(0)]
    pub proposal: Proposal,
    /// The file that it was read from, for people; empty when there is none.
    #[n(1)]
    pub source: String,
    /// The requester.
    #[n(2)]
    pub by: String,
    /// The reason.
    #[n(3)]
    pub why: String,
    /// Through what it was said; absent in records of before.
    #[n(4)]
    pub via: Option<Via>,
    /// The open request of the same person that this one takes the place of, under its number.
    #[n(5)]
    pub replaces: Option<u64>,
    /// From this moment on it is not decided any more; records of before name none.
    #[n(6)]
    pub until: Option<Millis>,
    /// The name of the file that `source` is the text of.
    #[n(7)]
    pub file: Option<String>,
    /// The signature of the person who asks; absent in records of before, and in those of programs.
    #[n(8)]
    pub proof: Option<Box<DecisionProof>>,
}

/// See [`Body::ApprovalDecided`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ApprovalDecided {
    /// The proposal.
    #[n(0)]
    pub proposal: u64,
    /// Approved, or denied.
    #[n(1)]
    pub approved: bool,
    /// Accounts of a new programme.
    #[n(2)]
    pub opens: Vec<Opening>,
    /// The transfers.
    #[cbor(n(3), with = "crate::transfer::list")]
    pub transfers: Transfers,
    /// The decider, who is not the requester.
    #[n(4)]
    pub by: String,
    /// The reason.
    #[n(5)]
    pub why: String,
    /// Of a link that gets another instrument: its new version.
    #[n(6)]
    pub link: Option<Linked>,
    /// Through what it was said; absent in records of before.
    #[n(7)]
    pub via: Option<Via>,
    /// The fingerprint of what was decided; absent in records of before.
    #[n(8)]
    pub fingerprint: Option<Fingerprint>,
    /// The record that the approval is, where what was asked for has a kind of its own. It happens here and now.
    #[cbor(n(9), with = "carried", has_nil)]
    pub carries: Option<Box<Body>>,
    /// The signature of the person who decided; absent in records of before.
    #[n(10)]
    pub proof: Option<Box<DecisionProof>>,
}

/// A record inside an approval: never another approval, so that no bytes make a reader go deeper and deeper.
mod carried {
    use super::Body;
    use minicbor::decode::{self, Decoder};
    use minicbor::encode::{self, Encoder, Write};

    const DECIDED: u32 = 33;

    pub(super) fn encode<C, W: Write>(
        carries: &Option<Box<Body>>,
        e: &mut Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        minicbor::Encode::encode(carries, e, ctx)
    }

    pub(super) fn is_nil(carries: &Option<Box<Body>>) -> bool {
        carries.is_none()
    }

    #[allow(clippy::unnecessary_wraps, reason = "minicbor asks for an option of the field")]
    pub(super) fn nil() -> Option<Option<Box<Body>>> {
        Some(None)
    }

    pub(super) fn decode<C>(d: &mut Decoder<'_>, ctx: &mut C) -> Result<Option<Box<Body>>, decode::Error> {
        let mut kind = d.probe();
        if kind.datatype()? == minicbor::data::Type::Array {
            kind.array()?;
            if kind.u32()? == DECIDED {
                return Err(decode::Error::message("an approval inside an approval"));
            }
        }
        minicbor::Decode::decode(d, ctx)
    }
}

/// See [`Body::ApprovalSentBack`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ApprovalSentBack {
    /// The request.
    #[n(0)]
    pub proposal: u64,
    /// The fingerprint of what was sent back.
    #[n(1)]
    pub fingerprint: Fingerprint,
    /// Until when the requester may hand it in again.
    #[n(2)]
    pub until: Millis,
    /// The person who sent it back, who is not the requester.
    #[n(3)]
    pub by: String,
    /// The reason, and the change that is wanted.
    #[n(4)]
    pub why: String,
    /// Through what it was said.
    #[n(5)]
    pub via: Option<Via>,
    /// The signature of the person who sent it back; absent in records of before.
    #[n(6)]
    pub proof: Option<Box<DecisionProof>>,
}

/// See [`Body::ApprovalWithdrawn`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ApprovalWithdrawn {
    /// The request.
    #[n(0)]
    pub proposal: u64,
    /// Its requester.
    #[n(1)]
    pub by: String,
    /// The reason.
    #[n(2)]
    pub why: String,
    /// Through what it was said.
    #[n(3)]
    pub via: Option<Via>,
    /// The signature of the person who withdrew it; absent in records of before.
    #[n(4)]
    pub proof: Option<Box<DecisionProof>>,
}

/// See [`Body::ApprovalLapsed`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ApprovalLapsed {
    /// The request.
    #[n(0)]
    pub proposal: u64,
    /// The moment until which it waited.
    #[n(1)]
    pub until: Millis,
}
