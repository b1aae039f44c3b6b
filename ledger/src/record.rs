//! The record: the closed list of everything that can move money or change a right.
//!
//! A record is written once, as CBOR (RFC 8949) with numbered fields, so that a later version can add fields and an
//! auditor can read old ones in any language. Numbers are never reused. `docs/ARCHITECTURE.md` lists the kinds.

use crate::account::{AccountId, AccountKey};
use crate::transfer::Transfers;
use kazasu_schemas::ids::{ApprovalCode, InstitutionId, Mcc, MerchantId, Ppid, Rrn, Serial, Stan, TerminalId};
use kazasu_schemas::jst::{BusinessDay, Millis, TransmissionTime};
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::{Bearer, Policy};
use kazasu_schemas::wire::issuer::IssuerOperation;
use kazasu_schemas::wire::totals::DayTotals;
use kazasu_schemas::wire::{Receipt, Refusal, ResponseCode};
use minicbor::{Decode, Encode};

/// A record before it has its place in the journal: when, on which business day, and what.
#[derive(Clone, PartialEq, Debug)]
pub struct Record {
    /// When it was decided; never before the record in front of it.
    pub at: Millis,
    /// The business day that it belongs to.
    pub day: BusinessDay,
    /// What happened.
    pub body: Body,
}

/// What happened.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
#[allow(clippy::large_enum_variant, reason = "taps are nearly all records; boxing them would cost an allocation each")]
pub enum Body {
    /// The book was opened.
    #[n(0)]
    Opened(#[n(0)] Opened),
    /// An acquirer may send.
    #[n(1)]
    AcquirerRegistered(#[n(0)] AcquirerRegistered),
    /// An issuer can be asked.
    #[n(2)]
    IssuerRegistered(#[n(0)] IssuerRegistered),
    /// A merchant was registered or changed.
    #[n(3)]
    MerchantRegistered(#[n(0)] MerchantRegistered),
    /// A public-receipt account is held in this ledger.
    #[n(4)]
    DepositOpened(#[n(0)] DepositOpened),
    /// Money came into a deposit from outside.
    #[n(5)]
    Funded(#[n(0)] Funded),
    /// A PPID was linked to an instrument: a new version of its link.
    #[n(6)]
    Linked(#[n(0)] Linked),
    /// A PPID's link ended.
    #[n(7)]
    Unlinked(#[n(0)] Unlinked),
    /// An acquirer's message was decided.
    #[n(8)]
    Tapped(#[n(0)] Tapped),
    /// The issuer answered in time.
    #[n(9)]
    IssuerAnswered(#[n(0)] IssuerAnswered),
    /// The issuer did not answer in time, or was never asked.
    #[n(10)]
    IssuerSilent(#[n(0)] IssuerSilent),
    /// The issuer answered after its outcome had been settled otherwise. Moves nothing.
    #[n(11)]
    IssuerLate(#[n(0)] IssuerLate),
    /// The issuer acknowledged a reversal or an advice.
    #[n(12)]
    IssuerAcknowledged(#[n(0)] IssuerAcknowledged),
    /// An acquirer's totals were compared.
    #[n(13)]
    TotalsCompared(#[n(0)] TotalsCompared),
    /// The business day ended.
    #[n(14)]
    CutOver(#[n(0)] CutOver),
    /// Rules were put into force.
    #[n(15)]
    PolicyActivated(#[n(0)] PolicyActivated),
    /// A temporary ID was issued, to be merged into a PPID later.
    #[n(16)]
    TemporaryIssued(#[n(0)] TemporaryIssued),
    /// A temporary ID was merged into a PPID, with everything that belongs to it.
    #[n(17)]
    Merged(#[n(0)] Merged),
    /// A card was suspended, revoked, or is good again.
    #[n(18)]
    CardStatusSet(#[n(0)] CardStatusSet),
    /// A certificate's serial number and last day belong to a PPID's card from here on.
    #[n(19)]
    CertificateBound(#[n(0)] CertificateBound),
    /// A card status list took effect.
    #[n(20)]
    ListApplied(#[n(0)] ListApplied),
    /// A resident changed their own limits.
    #[n(21)]
    OwnLimitsSet(#[n(0)] OwnLimitsSet),
    /// A purse programme's funder paid in.
    #[n(22)]
    ProgrammeFunded(#[n(0)] ProgrammeFunded),
    /// Purse money was credited to a resident.
    #[n(23)]
    PurseCredited(#[n(0)] PurseCredited),
    /// Purse money or points reached their last day.
    #[n(24)]
    Lapsed(#[n(0)] Lapsed),
    /// A link cannot be paid with any more; a person must look at it.
    #[n(25)]
    LinkBroken(#[n(0)] LinkBroken),
    /// Somebody proposed a new instrument for a broken link.
    #[n(26)]
    RetargetProposed(#[n(0)] RetargetProposed),
    /// Somebody else approved the proposal, or turned it down.
    #[n(27)]
    RetargetDecided(#[n(0)] RetargetDecided),
    /// A card number was sealed again under a newer key.
    #[n(28)]
    Resealed(#[n(0)] Resealed),
    /// The switch approved in an issuer's place.
    #[n(29)]
    StoodIn(#[n(0)] StoodIn),
    /// An issuer refused an advice; somebody bears it.
    #[n(30)]
    LossBooked(#[n(0)] LossBooked),
    /// A notice was acknowledged by its receiver, or given up.
    #[n(31)]
    NoticeSettled(#[n(0)] NoticeSettled),
}

impl Body {
    /// The stable number of the kind, as in the `kind` column.
    #[must_use]
    pub fn kind(&self) -> u8 {
        match self {
            Body::Opened(_) => 0,
            Body::AcquirerRegistered(_) => 1,
            Body::IssuerRegistered(_) => 2,
            Body::MerchantRegistered(_) => 3,
            Body::DepositOpened(_) => 4,
            Body::Funded(_) => 5,
            Body::Linked(_) => 6,
            Body::Unlinked(_) => 7,
            Body::Tapped(_) => 8,
            Body::IssuerAnswered(_) => 9,
            Body::IssuerSilent(_) => 10,
            Body::IssuerLate(_) => 11,
            Body::IssuerAcknowledged(_) => 12,
            Body::TotalsCompared(_) => 13,
            Body::CutOver(_) => 14,
            Body::PolicyActivated(_) => 15,
            Body::TemporaryIssued(_) => 16,
            Body::Merged(_) => 17,
            Body::CardStatusSet(_) => 18,
            Body::CertificateBound(_) => 19,
            Body::ListApplied(_) => 20,
            Body::OwnLimitsSet(_) => 21,
            Body::ProgrammeFunded(_) => 22,
            Body::PurseCredited(_) => 23,
            Body::Lapsed(_) => 24,
            Body::LinkBroken(_) => 25,
            Body::RetargetProposed(_) => 26,
            Body::RetargetDecided(_) => 27,
            Body::Resealed(_) => 28,
            Body::StoodIn(_) => 29,
            Body::LossBooked(_) => 30,
            Body::NoticeSettled(_) => 31,
        }
    }

    /// The transfers that it carries.
    #[must_use]
    pub fn transfers(&self) -> &[crate::transfer::Transfer] {
        match self {
            Body::Funded(r) => &r.transfers,
            Body::Tapped(r) => &r.transfers,
            Body::IssuerAnswered(r) => &r.transfers,
            Body::IssuerSilent(r) => &r.transfers,
            Body::ProgrammeFunded(r) => &r.transfers,
            Body::PurseCredited(r) => &r.transfers,
            Body::PolicyActivated(r) => &r.transfers,
            Body::Lapsed(r) => &r.transfers,
            Body::StoodIn(r) => &r.transfers,
            Body::LossBooked(r) => &r.transfers,
            Body::Opened(_)
            | Body::AcquirerRegistered(_)
            | Body::IssuerRegistered(_)
            | Body::MerchantRegistered(_)
            | Body::DepositOpened(_)
            | Body::Linked(_)
            | Body::Unlinked(_)
            | Body::IssuerLate(_)
            | Body::IssuerAcknowledged(_)
            | Body::TotalsCompared(_)
            | Body::CutOver(_)
            | Body::TemporaryIssued(_)
            | Body::Merged(_)
            | Body::CardStatusSet(_)
            | Body::CertificateBound(_)
            | Body::ListApplied(_)
            | Body::OwnLimitsSet(_)
            | Body::LinkBroken(_)
            | Body::RetargetProposed(_)
            | Body::RetargetDecided(_)
            | Body::Resealed(_)
            | Body::NoticeSettled(_) => &[],
        }
    }

    /// The accounts that it names as opened. A registration that is changed names again what it opened.
    #[must_use]
    pub fn opens(&self) -> smallvec::SmallVec<[Opening; 1]> {
        let one = |account, key| smallvec::smallvec![Opening { account, key }];
        match self {
            Body::Opened(r) => one(r.bank, AccountKey::Bank),
            Body::AcquirerRegistered(r) => one(r.shortfall, AccountKey::AdviceShortfall(r.acquirer)),
            Body::IssuerRegistered(r) => one(r.receivable, AccountKey::IssuerReceivable(r.issuer)),
            Body::MerchantRegistered(r) => one(r.payable, AccountKey::MerchantPayable(r.acquirer, r.merchant)),
            Body::DepositOpened(r) => one(r.account, AccountKey::Deposit(r.number)),
            Body::PolicyActivated(r) => r.opens.as_slice().into(),
            Body::PurseCredited(r) => r.opens.as_slice().into(),
            Body::LossBooked(r) => r.opens.as_slice().into(),
            Body::Tapped(r) => r.ruled.as_ref().map_or_else(Default::default, |ruled| ruled.opens.as_slice().into()),
            Body::Funded(_)
            | Body::Linked(_)
            | Body::Unlinked(_)
            | Body::IssuerAnswered(_)
            | Body::IssuerSilent(_)
            | Body::IssuerLate(_)
            | Body::IssuerAcknowledged(_)
            | Body::TotalsCompared(_)
            | Body::CutOver(_)
            | Body::TemporaryIssued(_)
            | Body::Merged(_)
            | Body::CardStatusSet(_)
            | Body::CertificateBound(_)
            | Body::ListApplied(_)
            | Body::OwnLimitsSet(_)
            | Body::ProgrammeFunded(_)
            | Body::Lapsed(_)
            | Body::LinkBroken(_)
            | Body::RetargetProposed(_)
            | Body::RetargetDecided(_)
            | Body::Resealed(_)
            | Body::StoodIn(_)
            | Body::NoticeSettled(_) => Default::default(),
        }
    }

    /// Appends the record's bytes as the journal keeps them.
    pub fn write(&self, out: &mut Vec<u8>) {
        minicbor::encode(self, out).expect("writing to memory does not fail");
    }

    /// Reads a record's bytes.
    pub fn read(bytes: &[u8]) -> Result<Body, minicbor::decode::Error> {
        let mut decoder = minicbor::Decoder::new(bytes);
        let body = decoder.decode()?;
        if decoder.position() == bytes.len() {
            Ok(body)
        } else {
            Err(minicbor::decode::Error::message("bytes after the record"))
        }
    }
}

/// Names of the kinds by number, for tables and metrics.
pub const KIND_NAMES: [&str; 32] = [
    "opened",
    "acquirer_registered",
    "issuer_registered",
    "merchant_registered",
    "deposit_opened",
    "funded",
    "linked",
    "unlinked",
    "tapped",
    "issuer_answered",
    "issuer_silent",
    "issuer_late",
    "issuer_acknowledged",
    "totals_compared",
    "cut_over",
    "policy_activated",
    "temporary_issued",
    "merged",
    "card_status_set",
    "certificate_bound",
    "list_applied",
    "own_limits_set",
    "programme_funded",
    "purse_credited",
    "lapsed",
    "link_broken",
    "retarget_proposed",
    "retarget_decided",
    "resealed",
    "stood_in",
    "loss_booked",
    "notice_settled",
];

/// See [`Body::Opened`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct Opened {
    /// Version of the record format.
    #[n(0)]
    pub format: u16,
    /// The book's name.
    #[n(1)]
    pub book: String,
    /// The operator's bank account.
    #[n(2)]
    pub bank: AccountId,
}

/// See [`Body::AcquirerRegistered`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct AcquirerRegistered {
    /// DE32.
    #[n(0)]
    pub acquirer: InstitutionId,
    /// Its name.
    #[n(1)]
    pub name: String,
    /// Its advice-shortfall account.
    #[n(2)]
    pub shortfall: AccountId,
}

/// See [`Body::IssuerRegistered`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct IssuerRegistered {
    /// Its number in this book, from configuration.
    #[n(0)]
    pub issuer: u16,
    /// Its name.
    #[n(1)]
    pub name: String,
    /// Its receivable account.
    #[n(2)]
    pub receivable: AccountId,
}

/// See [`Body::MerchantRegistered`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct MerchantRegistered {
    /// The acquirer that brought the merchant.
    #[n(0)]
    pub acquirer: InstitutionId,
    /// DE42.
    #[n(1)]
    pub merchant: MerchantId,
    /// Its name.
    #[n(2)]
    pub name: String,
    /// Its category.
    #[n(3)]
    pub mcc: Mcc,
    /// Every terminal it has now.
    #[n(4)]
    pub terminals: Vec<TerminalId>,
    /// True when it takes no payments any more.
    #[n(5)]
    pub closed: bool,
    /// Its payable account; the same again when the merchant is changed.
    #[n(6)]
    pub payable: AccountId,
    /// What programmes and limits know of it.
    #[n(7)]
    pub traits: Option<MerchantTraits>,
}

/// What programmes and limits know of a merchant besides its category.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct MerchantTraits {
    /// Its class; empty when it has none.
    #[n(0)]
    pub class: String,
    /// Its tags, sorted.
    #[n(1)]
    pub tags: Vec<String>,
    /// Its municipality code; empty when unknown.
    #[n(2)]
    pub region: String,
}

/// See [`Body::DepositOpened`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct DepositOpened {
    /// Branch (3 digits) and account number (7 digits) as one number.
    #[n(0)]
    pub number: u64,
    /// Its account in the book.
    #[n(1)]
    pub account: AccountId,
}

/// See [`Body::Funded`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct Funded {
    /// The deposit's number.
    #[n(0)]
    pub number: u64,
    /// Where the money is said to come from.
    #[n(1)]
    pub reference: String,
    /// Bank to deposit.
    #[cbor(n(2), with = "crate::transfer::list")]
    pub transfers: Transfers,
}

/// The one instrument that a PPID pays with.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Encode, Decode)]
pub enum Instrument {
    /// A credit card.
    #[n(0)]
    CreditCard(#[n(0)] Card),
    /// A debit card.
    #[n(1)]
    DebitCard(#[n(0)] Card),
    /// A public-receipt account at a bank that is asked over its link.
    #[n(2)]
    BankAccount(#[n(0)] BankAccount),
    /// A public-receipt account that this ledger holds itself: payments need nobody else.
    #[n(3)]
    Deposit(#[n(0)] AccountId),
}

impl Instrument {
    /// The issuer to be asked, or `None` when the ledger decides alone.
    #[must_use]
    pub fn issuer(&self) -> Option<u16> {
        match self {
            Instrument::CreditCard(card) | Instrument::DebitCard(card) => Some(card.issuer),
            Instrument::BankAccount(account) => Some(account.issuer),
            Instrument::Deposit(_) => None,
        }
    }

    /// Its kind's name, as import files write it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Instrument::CreditCard(_) => "credit",
            Instrument::DebitCard(_) => "debit",
            Instrument::BankAccount(_) => "bank",
            Instrument::Deposit(_) => "held",
        }
    }
}

/// A card whose number is sealed: unreadable without the vault's key (PCI DSS 3.5.1).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Encode, Decode)]
pub struct Card {
    /// The issuer's number, found by the card number's prefix when the card was linked.
    #[n(0)]
    pub issuer: u16,
    /// Key version, nonce, ciphertext and tag.
    #[cbor(n(1), with = "sealed_bytes")]
    pub pan: Box<[u8]>,
    /// The card number's keyed hash: tells whether two sealed numbers are the same without opening them.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub token: [u8; 8],
}

mod sealed_bytes {
    pub(super) fn encode<C, W: minicbor::encode::Write>(
        bytes: &[u8],
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(bytes)?.ok()
    }

    pub(super) fn decode<C>(d: &mut minicbor::Decoder<'_>, _: &mut C) -> Result<Box<[u8]>, minicbor::decode::Error> {
        Ok(d.bytes()?.into())
    }
}

/// An account at a bank.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Encode, Decode)]
pub struct BankAccount {
    /// The bank's issuer number.
    #[n(0)]
    pub issuer: u16,
    /// Branch (3 digits) and account number (7 digits) as one number.
    #[n(1)]
    pub number: u64,
}

/// See [`Body::Linked`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct Linked {
    /// The person.
    #[n(0)]
    pub ppid: Ppid,
    /// 1 for a person's first link, then one more each.
    #[n(1)]
    pub version: u32,
    /// In force from here until the next version's beginning.
    #[n(2)]
    pub from: Millis,
    /// What it pays with.
    #[n(3)]
    pub instrument: Instrument,
    /// Who made it; absent in records older than the field.
    #[n(4)]
    pub origin: Option<LinkOrigin>,
    /// The caller's name.
    #[n(5)]
    pub by: Option<String>,
}

/// Who made a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum LinkOrigin {
    /// The holder, at the portal, with the card's PIN.
    #[n(0)]
    Holder,
    /// The operator's import.
    #[n(1)]
    Import,
    /// Two people, from the queue of broken links.
    #[n(2)]
    Retarget,
    /// An operator, at the counter: the holder's PIN was checked there.
    #[n(3)]
    Counter,
}

/// See [`Body::Unlinked`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct Unlinked {
    /// The person.
    #[n(0)]
    pub ppid: Ppid,
    /// This end is a version too.
    #[n(1)]
    pub version: u32,
    /// No instrument from here on.
    #[n(2)]
    pub from: Millis,
    /// The caller's name.
    #[n(3)]
    pub by: Option<String>,
}

/// What makes an acquirer's message one of a kind: repeats have the same key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Encode, Decode)]
pub struct TapKey {
    /// DE32.
    #[n(0)]
    pub acquirer: InstitutionId,
    /// DE41.
    #[n(1)]
    pub terminal: TerminalId,
    /// DE11.
    #[n(2)]
    pub stan: Stan,
    /// DE7.
    #[n(3)]
    pub transmission: TransmissionTime,
    /// The message type's class: 1, 2 or 4.
    #[n(4)]
    pub class: u8,
}

/// What was asked, as the journal numbers it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum TapKind {
    /// Reserve.
    #[n(0)]
    Authorize,
    /// Pay.
    #[n(1)]
    Purchase,
    /// Give back.
    #[n(2)]
    Refund,
    /// Ask for a balance.
    #[n(3)]
    BalanceInquiry,
    /// Was reserved without asking.
    #[n(4)]
    AuthorizationAdvice,
    /// Take what was reserved, or less.
    #[n(5)]
    Completion,
    /// Was taken without asking.
    #[n(6)]
    PurchaseAdvice,
    /// Was given back without asking.
    #[n(7)]
    RefundAdvice,
    /// Undo.
    #[n(8)]
    Reversal,
    /// Something that is not served.
    #[n(9)]
    Unsupported,
}

/// How the switch decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Verdict {
    /// Approved, or an advice accepted.
    #[n(0)]
    Approved(#[n(0)] ApprovalCode),
    /// Refused by the switch.
    #[n(1)]
    Refused(#[n(0)] Refusal),
    /// The issuer is being asked; an [`IssuerAnswered`] or [`IssuerSilent`] follows.
    #[n(2)]
    Pending,
}

/// A message that this record causes towards an issuer. It is durable before it is sent; advices are sent until an
/// [`IssuerAcknowledged`] names this record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct ToIssuer {
    /// The issuer.
    #[n(0)]
    pub issuer: u16,
    /// What it is asked or told.
    #[n(1)]
    pub operation: IssuerOperation,
    /// DE4.
    #[n(2)]
    pub amount: Yen,
    /// DE95: what remains after a partial reversal.
    #[n(3)]
    pub remains: Option<Yen>,
    /// The record whose message to the issuer this one is about (DE90).
    #[n(4)]
    pub about: Option<u64>,
    /// The tap whose terminal, merchant and link version the message carries.
    #[n(5)]
    pub tap: u64,
}

/// See [`Body::Tapped`]. Declines are recorded too.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct Tapped {
    /// Idempotency key.
    #[n(0)]
    pub key: TapKey,
    /// Of the content: a repeat has the same.
    #[n(1)]
    pub fingerprint: u64,
    /// What was asked.
    #[n(2)]
    pub kind: TapKind,
    /// DE42.
    #[n(3)]
    pub merchant: MerchantId,
    /// DE37.
    #[n(4)]
    pub rrn: Rrn,
    /// DE4.
    #[n(5)]
    pub amount: Yen,
    /// The person, as the message named them or as the original did.
    #[n(6)]
    pub ppid: Option<Ppid>,
    /// DE22.
    #[n(7)]
    pub entry_mode: u16,
    /// The link version that was used, frozen for everything that follows.
    #[n(8)]
    pub link: Option<u32>,
    /// The record that this one completes, refunds or reverses.
    #[n(9)]
    pub original: Option<u64>,
    /// A reversal of a message that has not arrived: its key, refused from now on.
    #[n(10)]
    pub tombstone: Option<TapKey>,
    /// How the switch decided.
    #[n(11)]
    pub verdict: Verdict,
    /// What moved or was held.
    #[cbor(n(12), with = "crate::transfer::list")]
    pub transfers: Transfers,
    /// What the issuer is to be told.
    #[n(13)]
    pub to_issuer: Option<ToIssuer>,
    /// Balance told in the answer: posted and available.
    #[n(14)]
    pub balance: Option<(Yen, Yen)>,
    /// What the policy had to do with it; absent when version 0 had nothing to say.
    #[n(15)]
    pub ruled: Option<Ruled>,
}

/// What the policy had to do with a tap.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Ruled {
    /// The version it was decided with.
    #[n(0)]
    pub policy: u32,
    /// [`flag`] bits.
    #[n(1)]
    pub flags: u16,
    /// The policy's limits that look at the tap, one bit a number.
    #[n(2)]
    pub limits: u64,
    /// DE39 = 10: what was approved instead of the amount.
    #[n(3)]
    pub approved: Option<Yen>,
    /// What the answer tells for the receipt.
    #[n(4)]
    pub receipt: Receipt,
    /// What the terminal can do and the resident chose, as in the request.
    #[n(5)]
    pub options: u8,
    /// Percentages of the month's limit that the resident is told about.
    #[n(6)]
    pub alerts: Vec<u8>,
    /// Point accounts opened.
    #[n(7)]
    pub opens: Vec<Opening>,
    /// Programmes that round by the month and count this tap.
    #[n(8)]
    pub months: Vec<u16>,
}

/// Bits of [`Ruled::flags`].
pub mod flag {
    /// Decided with a card status list that was not fresh.
    pub const CRL_BASED: u16 = 1;
    /// An advice above a limit.
    pub const OVER_LIMIT: u16 = 2;
    /// An advice above the offline allowance.
    pub const OVER_OFFLINE: u16 = 4;
    /// An advice of a card that is held, revoked, expired or merged.
    pub const CARD_NOT_GOOD: u16 = 8;

    /// Their names.
    pub const NAMES: [(u16, &str); 4] = [
        (CRL_BASED, "crl_based"),
        (OVER_LIMIT, "over_limit"),
        (OVER_OFFLINE, "over_offline"),
        (CARD_NOT_GOOD, "card_not_good"),
    ];
}

/// An account that a record opens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Opening {
    /// Its number: the next free one.
    #[n(0)]
    pub account: AccountId,
    /// What it stands for.
    #[n(1)]
    pub key: AccountKey,
}

/// See [`Body::IssuerAnswered`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct IssuerAnswered {
    /// The pending tap.
    #[n(0)]
    pub tap: u64,
    /// DE39 from the issuer.
    #[n(1)]
    pub code: ResponseCode,
    /// DE38 from the issuer, or the switch's own where the issuer gave none.
    #[n(2)]
    pub approval: Option<ApprovalCode>,
    /// Post or void of the holds.
    #[cbor(n(3), with = "crate::transfer::list")]
    pub transfers: Transfers,
    /// What the policy had to do with the outcome.
    #[n(4)]
    pub ruled: Option<Outcome>,
}

/// What the policy had to do with the outcome of a tap that waited.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Outcome {
    /// The issuer declined its part, and the terminal takes the rest: what was approved.
    #[n(0)]
    pub approved: Option<Yen>,
    /// What the answer tells for the receipt.
    #[n(1)]
    pub receipt: Receipt,
    /// Percentages of the month's limit that the resident is told about.
    #[n(2)]
    pub alerts: Vec<u8>,
}

/// Why an issuer's answer is missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum Silence {
    /// It may have been received: no answer in time, or the connection broke.
    #[n(0)]
    TimedOut,
    /// It certainly was not sent.
    #[n(1)]
    NotSent,
    /// The switch stopped while it waited.
    #[n(2)]
    Restarted,
    /// The switch itself could not make the message: a key is missing, or the issuer is not configured any more.
    #[n(3)]
    Unmakeable,
}

/// See [`Body::IssuerSilent`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct IssuerSilent {
    /// The pending tap.
    #[n(0)]
    pub tap: u64,
    /// Why.
    #[n(1)]
    pub why: Silence,
    /// Void of the hold.
    #[cbor(n(2), with = "crate::transfer::list")]
    pub transfers: Transfers,
    /// The reversal, unless nothing was sent.
    #[n(3)]
    pub to_issuer: Option<ToIssuer>,
}

/// See [`Body::IssuerLate`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct IssuerLate {
    /// The record whose message was answered.
    #[n(0)]
    pub tap: u64,
    /// DE39 from the issuer.
    #[n(1)]
    pub code: ResponseCode,
}

/// See [`Body::IssuerAcknowledged`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct IssuerAcknowledged {
    /// The record that caused the advice.
    #[n(0)]
    pub message: u64,
    /// DE39 from the issuer: anything but 00 needs a person's eye.
    #[n(1)]
    pub code: ResponseCode,
}

/// See [`Body::TotalsCompared`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct TotalsCompared {
    /// DE32.
    #[n(0)]
    pub acquirer: InstitutionId,
    /// The business day asked about.
    #[n(1)]
    pub about: BusinessDay,
    /// The acquirer's totals.
    #[n(2)]
    pub theirs: DayTotals,
    /// This ledger's.
    #[n(3)]
    pub ours: DayTotals,
}

/// See [`Body::CutOver`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct CutOver {
    /// The day that ended.
    #[n(0)]
    pub closed: BusinessDay,
    /// The day that begins with the next record.
    #[n(1)]
    pub opened: BusinessDay,
    /// Settled taps of days before this one leave the memory (never the journal): repeats, refunds and reversals of them
    /// are no longer recognised.
    #[n(2)]
    pub forget_before: BusinessDay,
}

/// See [`Body::PolicyActivated`].
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

/// See [`Body::TemporaryIssued`].
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

/// See [`Body::Merged`].
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
    Held,
    /// Not any more.
    #[n(2)]
    Revoked,
}

/// See [`Body::CardStatusSet`].
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

/// See [`Body::CertificateBound`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct CertificateBound {
    /// The person.
    #[n(0)]
    pub ppid: Ppid,
    /// The certificate.
    #[n(1)]
    pub serial: Serial,
    /// Its last day.
    #[n(2)]
    pub last_day: BusinessDay,
    /// Who said so.
    #[n(3)]
    pub by: String,
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

/// See [`Body::ListApplied`]. A list is recorded as what differs from the one before it.
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
}

/// See [`Body::OwnLimitsSet`].
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

/// See [`Body::ProgrammeFunded`].
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

/// See [`Body::PurseCredited`].
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

/// See [`Body::Lapsed`].
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

/// See [`Body::LinkBroken`].
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

/// See [`Body::RetargetProposed`].
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

/// See [`Body::RetargetDecided`].
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

/// See [`Body::Resealed`].
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

/// See [`Body::StoodIn`].
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
    pub bearer: Bearer,
    /// What the answer tells for the receipt, and alerts.
    #[n(5)]
    pub ruled: Outcome,
}

/// See [`Body::LossBooked`]. The advice counts as acknowledged.
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
    pub bearer: Bearer,
    /// The loss account, when it is the first.
    #[n(3)]
    pub opens: Vec<Opening>,
    /// Bearer's account to issuer receivable.
    #[cbor(n(4), with = "crate::transfer::list")]
    pub transfers: Transfers,
}

/// See [`Body::NoticeSettled`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct NoticeSettled {
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
