//! What changes a right: policies, cards, limits, programmes, queues, notices.

use super::instrument::sealed_bytes;
use super::*;

/// See [`super::Body::PolicyActivated`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct PolicyActivated {
    /// 1, 2, 3, …
    #[n(0)]
    pub version: u32,
    /// The rules.
    #[n(1)]
    pub policy: Policy,
    /// The file as it was read, for people.
    #[n(2)]
    pub source: String,
    /// Who activated it.
    #[n(3)]
    pub by: String,
    /// Why.
    #[n(4)]
    pub why: String,
    /// Accounts of new programmes.
    #[n(5)]
    pub opens: Vec<Opening>,
    /// Point budgets made, raised or lowered.
    #[cbor(n(6), with = "crate::transfer::list")]
    pub transfers: Transfers,
}

/// See [`super::Body::TemporaryIssued`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct TemporaryIssued {
    /// The temporary ID, of the form of a PPID.
    #[n(0)]
    pub ppid: Ppid,
    /// Its last day.
    #[n(1)]
    pub until: Option<BusinessDay>,
    /// Who issued it.
    #[n(2)]
    pub by: String,
}

/// See [`super::Body::Merged`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct Merged {
    /// The temporary ID.
    #[n(0)]
    pub from: Ppid,
    /// The person's PPID.
    #[n(1)]
    pub into: Ppid,
    /// Who found out that they are one person.
    #[n(2)]
    pub by: String,
}

/// Whether a card may be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode)]
#[cbor(index_only)]
pub enum CardStatus {
    /// It may.
    #[n(0)]
    #[default]
    Good,
    /// Suspended, for example by telephone after a loss.
    #[n(1)]
    Suspended,
    /// Not any more.
    #[n(2)]
    Revoked,
}

/// See [`super::Body::CardStatusSet`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct CardStatusSet {
    /// The person.
    #[n(0)]
    pub ppid: Ppid,
    /// From here on.
    #[n(1)]
    pub status: CardStatus,
    /// Who said so.
    #[n(2)]
    pub by: String,
    /// Why.
    #[n(3)]
    pub why: String,
}

/// See [`super::Body::CertificateBound`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct CertificateBound {
    /// The person.
    #[n(0)]
    pub ppid: Ppid,
    /// The certificate: its number with its issuer.
    #[n(1)]
    pub serial: Serial,
    /// Its last day.
    #[n(2)]
    pub last_day: BusinessDay,
    /// Who said so.
    #[n(3)]
    pub by: String,
    /// Its issuer, in the form in which equal names are equal; records of before name none.
    #[n(4)]
    pub issuer: Option<String>,
}

/// Why a certificate is on a card status list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum ListReason {
    /// certificateHold.
    #[n(0)]
    Hold,
    /// Anything else.
    #[n(1)]
    Revoked,
}

/// See [`super::Body::ListApplied`]. A list is recorded as what differs from the one before it.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ListApplied {
    /// The authority's number of the list.
    #[n(0)]
    pub number: u64,
    /// When the authority issued it.
    #[n(1)]
    pub issued: Millis,
    /// Certificates that were not on the list before, or for another reason.
    #[n(2)]
    pub added: Vec<(Serial, ListReason)>,
    /// Certificates that are not on it any more.
    #[n(3)]
    pub removed: Vec<Serial>,
    /// What the list is about: its authority and, where an authority gives several lists, which of them.
    #[n(4)]
    pub scope: String,
    /// Who brought it.
    #[n(5)]
    pub by: String,
    /// Its authority, in the form in which equal names are equal; records of before name none.
    #[n(6)]
    pub issuer: Option<String>,
}

/// See [`super::Body::OwnLimitsSet`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct OwnLimitsSet {
    /// The person.
    #[n(0)]
    pub ppid: Ppid,
    /// The limits: what is lower holds at once, what is higher from the next day.
    #[n(1)]
    pub limits: OwnLimits,
    /// Who said so.
    #[n(2)]
    pub by: String,
}

/// A resident's own limits on what the linked instrument pays; yen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct OwnLimits {
    /// Per tap.
    #[n(0)]
    pub tap: Option<Yen>,
    /// Per calendar day.
    #[n(1)]
    pub day: Option<Yen>,
    /// Per calendar month: the resident is told when it is nearly used up.
    #[n(2)]
    pub month: Option<Yen>,
    /// True: beyond the month's limit taps are declined.
    #[n(3)]
    pub decline: bool,
}

/// See [`super::Body::ProgrammeFunded`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ProgrammeFunded {
    /// The purse programme.
    #[n(0)]
    pub programme: u16,
    /// The payment's own reference: it is booked once.
    #[n(1)]
    pub reference: String,
    /// Bank to fund.
    #[cbor(n(2), with = "crate::transfer::list")]
    pub transfers: Transfers,
    /// Who said so.
    #[n(3)]
    pub by: String,
}

/// See [`super::Body::PurseCredited`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct PurseCredited {
    /// The person.
    #[n(0)]
    pub ppid: Ppid,
    /// The purse programme.
    #[n(1)]
    pub programme: u16,
    /// The payment's own reference: it is booked once for a person and programme.
    #[n(2)]
    pub reference: String,
    /// The purse, when the person had none of the programme.
    #[n(3)]
    pub opens: Vec<Opening>,
    /// Fund to purse.
    #[cbor(n(4), with = "crate::transfer::list")]
    pub transfers: Transfers,
    /// Who said so.
    #[n(5)]
    pub by: String,
}

/// See [`super::Body::Lapsed`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct Lapsed {
    /// The programme.
    #[n(0)]
    pub programme: u16,
    /// True for points.
    #[n(1)]
    pub points: bool,
    /// Purses to the fund, or points to the programme's expired points.
    #[cbor(n(2), with = "crate::transfer::list")]
    pub transfers: Transfers,
    /// How many of the programme's accounts have been looked at now, in the order of opening.
    #[n(3)]
    pub through: u32,
}

/// See [`super::Body::LinkBroken`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct LinkBroken {
    /// The person.
    #[n(0)]
    pub ppid: Ppid,
    /// The link's version.
    #[n(1)]
    pub version: u32,
    /// What happened: closed, merged into another account, holder deceased, …
    #[n(2)]
    pub why: String,
    /// Who said so.
    #[n(3)]
    pub by: String,
}

/// See [`super::Body::RetargetProposed`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct RetargetProposed {
    /// The person.
    #[n(0)]
    pub ppid: Ppid,
    /// What the link shall pay with.
    #[n(1)]
    pub instrument: Instrument,
    /// Who proposes it.
    #[n(2)]
    pub by: String,
}

/// See [`super::Body::RetargetDecided`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct RetargetDecided {
    /// The person.
    #[n(0)]
    pub ppid: Ppid,
    /// The new version when it was approved.
    #[n(1)]
    pub link: Option<Linked>,
    /// Who decided: not who proposed.
    #[n(2)]
    pub by: String,
    /// Why.
    #[n(3)]
    pub why: String,
}

/// See [`super::Body::Resealed`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct Resealed {
    /// The person.
    #[n(0)]
    pub ppid: Ppid,
    /// The link's version.
    #[n(1)]
    pub version: u32,
    /// Key version, nonce, ciphertext and tag.
    #[cbor(n(2), with = "sealed_bytes")]
    pub pan: Box<[u8]>,
}

/// See [`super::Body::StoodIn`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct StoodIn {
    /// The pending tap.
    #[n(0)]
    pub tap: u64,
    /// DE38, the switch's own.
    #[n(1)]
    pub approval: ApprovalCode,
    /// Post of the holds.
    #[cbor(n(2), with = "crate::transfer::list")]
    pub transfers: Transfers,
    /// The advice to the issuer.
    #[n(3)]
    pub to_issuer: ToIssuer,
    /// Who bears it should the issuer refuse.
    #[n(4)]
    pub liable: LiableParty,
    /// What the answer tells for the receipt, and alerts.
    #[n(5)]
    pub ruled: Outcome,
}

/// See [`super::Body::LossBooked`]. The advice counts as acknowledged.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct LossBooked {
    /// The record that caused the advice.
    #[n(0)]
    pub message: u64,
    /// DE39 from the issuer.
    #[n(1)]
    pub code: ResponseCode,
    /// Who bears it.
    #[n(2)]
    pub liable: LiableParty,
    /// The loss account, when it is the first.
    #[n(3)]
    pub opens: Vec<Opening>,
    /// The liable party's account to issuer receivable.
    #[cbor(n(4), with = "crate::transfer::list")]
    pub transfers: Transfers,
}

/// See [`super::Body::NoticeEnded`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct NoticeEnded {
    /// The notice: sixteen times the record that caused it, and its place among that record's notices.
    #[n(0)]
    pub notice: u64,
    /// False: given up, until somebody asks for it again.
    #[n(1)]
    pub delivered: bool,
    /// How often it was tried.
    #[n(2)]
    pub attempts: u32,
    /// What went wrong last.
    #[n(3)]
    pub problem: Option<String>,
}
