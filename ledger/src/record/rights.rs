//! Records that change a right: policies, cards, limits, programmes, queues, notices.

use super::instrument::sealed_bytes;
use super::*;
use kazasu_schemas::attribution::Via;

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
    /// The person who activated it.
    #[n(3)]
    pub by: String,
    /// The reason.
    #[n(4)]
    pub why: String,
    /// Accounts of new programmes.
    #[n(5)]
    pub opens: Vec<Opening>,
    /// Point budgets made, raised or lowered.
    #[cbor(n(6), with = "crate::transfer::list")]
    pub transfers: Transfers,
    /// Through what it was said; absent in records of before.
    #[n(7)]
    pub via: Option<Via>,
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
    /// Its issuer.
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
    /// The person or program that found out that they are one person.
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
    /// The person or program that said so.
    #[n(2)]
    pub by: String,
    /// The reason.
    #[n(3)]
    pub why: String,
    /// Through what it was said; absent in records of before.
    #[n(4)]
    pub via: Option<Via>,
    /// The statement that the portal signed, where one asked for it; older records have none.
    #[n(5)]
    pub proof: Option<Box<PortalProof>>,
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
    /// The person or program that said so.
    #[n(3)]
    pub by: String,
    /// Its issuer, in the form in which equal names are equal; records of before name none.
    #[n(4)]
    pub issuer: Option<String>,
}

/// The reason why a certificate is on a card status list.
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
    /// The time at which the authority issued it.
    #[n(1)]
    pub issued: Millis,
    /// Certificates that were not on the list before, or for another reason.
    #[n(2)]
    pub added: Vec<(Serial, ListReason)>,
    /// Certificates that are not on it any more.
    #[n(3)]
    pub removed: Vec<Serial>,
    /// The list's subject: its authority and, where an authority gives several lists, which of them.
    #[n(4)]
    pub scope: String,
    /// The person or program that brought it.
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
    /// The person or program that said so.
    #[n(2)]
    pub by: String,
    /// The statement that the portal signed, where one asked for it; older records have none.
    #[n(3)]
    pub proof: Option<Box<PortalProof>>,
    /// One of them is lower than before; older records do not say it.
    #[n(4)]
    pub lowered: Option<bool>,
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
    /// The person or program that said so.
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
    /// The person or program that said so.
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
    /// The number of the programme's accounts that have been looked at now, in the order of opening.
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
    /// The event: closed, merged into another account, holder deceased, …
    #[n(2)]
    pub why: String,
    /// The person or program that said so.
    #[n(3)]
    pub by: String,
    /// Through what it was said; absent in records of before.
    #[n(4)]
    pub via: Option<Via>,
}

/// See [`super::Body::RetargetProposed`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct RetargetProposed {
    /// The person.
    #[n(0)]
    pub ppid: Ppid,
    /// The instrument that the link gets.
    #[n(1)]
    pub instrument: Instrument,
    /// The requester.
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
    /// The decider, who is not the requester.
    #[n(2)]
    pub by: String,
    /// The reason.
    #[n(3)]
    pub why: String,
    /// Through what it was said; absent in records of before.
    #[n(4)]
    pub via: Option<Via>,
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
    /// The number's hash under a newer lookup key, by which the card is found from then on; its token stays what it is.
    #[n(3)]
    pub alias: Option<CardHash>,
}

/// A card number's keyed hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Encode, Decode)]
#[cbor(transparent)]
pub struct CardHash(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 8]);

/// See [`super::Body::KeyDestroyed`]. What was sealed under the version stays closed for ever, in every copy of the journal.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct KeyDestroyed {
    /// The key's name: `vault.cards`.
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
    /// The person who destroyed it.
    #[n(4)]
    pub by: String,
    /// The reason.
    #[n(5)]
    pub why: String,
    /// Through what it came.
    #[n(6)]
    pub via: Option<Via>,
    /// The request that two people made and approved; records of before name none.
    #[n(7)]
    pub approval: Option<u64>,
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
    /// The liable party, should the issuer refuse.
    #[n(4)]
    pub liable: LiableParty,
    /// The facts of the answer for the receipt, and alerts.
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
    /// The liable party.
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
    /// False: dead-lettered, until a person retries it.
    #[n(1)]
    pub delivered: bool,
    /// The number of attempts.
    #[n(2)]
    pub attempts: u32,
    /// The last error.
    #[n(3)]
    pub problem: Option<String>,
}
