//! The record: the closed list of everything that can move money or change a right.
//!
//! A record is written once, as CBOR (RFC 8949) with numbered fields, so that a later version can add fields and an
//! auditor can read old ones in any language. Numbers are never reused. `docs/ARCHITECTURE.md` lists the kinds.

use crate::account::AccountId;
use crate::transfer::Transfers;
use kazasu_schemas::ids::{ApprovalCode, InstitutionId, Mcc, MerchantId, Ppid, Rrn, Stan, TerminalId};
use kazasu_schemas::jst::{BusinessDay, Millis, TransmissionTime};
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::issuer::IssuerOperation;
use kazasu_schemas::wire::totals::DayTotals;
use kazasu_schemas::wire::{Refusal, ResponseCode};
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
            | Body::CutOver(_) => &[],
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
pub const KIND_NAMES: [&str; 15] = [
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
    /// Post or void of the hold.
    #[cbor(n(3), with = "crate::transfer::list")]
    pub transfers: Transfers,
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
