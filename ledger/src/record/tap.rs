//! A tap: what was asked, how it was decided, what its issuer said.

use super::*;

/// The identity of an acquirer's message: repeats have the same key.
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

/// The number of the question in the journal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum TransactionKind {
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

impl TransactionKind {
    /// Its name for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            TransactionKind::Authorize => "authorization",
            TransactionKind::Purchase => "purchase",
            TransactionKind::Refund => "refund",
            TransactionKind::BalanceInquiry => "balance_inquiry",
            TransactionKind::AuthorizationAdvice => "authorization_advice",
            TransactionKind::Completion => "completion",
            TransactionKind::PurchaseAdvice => "purchase_advice",
            TransactionKind::RefundAdvice => "refund_advice",
            TransactionKind::Reversal => "reversal",
            TransactionKind::Unsupported => "unsupported",
        }
    }
}

/// The switch's decision.
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
    /// The operation that it is asked for or notified of.
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

/// See [`super::Body::Transaction`]. Declines are recorded too.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct Transaction {
    /// Idempotency key.
    #[n(0)]
    pub key: TapKey,
    /// Of the content: a repeat has the same.
    #[n(1)]
    pub fingerprint: u64,
    /// The kind of transaction that was asked for.
    #[n(2)]
    pub kind: TransactionKind,
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
    /// The switch's decision.
    #[n(11)]
    pub verdict: Verdict,
    /// The transfers that were posted or held.
    #[cbor(n(12), with = "crate::transfer::list")]
    pub transfers: Transfers,
    /// The message that the issuer is to get.
    #[n(13)]
    pub to_issuer: Option<ToIssuer>,
    /// Balance told in the answer: posted and available.
    #[n(14)]
    pub balance: Option<(Yen, Yen)>,
    /// The policy's part in it; absent when version 0 had nothing to say.
    #[n(15)]
    pub ruled: Option<Ruled>,
    /// An advice that came after its day: the day that it is of (DE13).
    #[n(16)]
    pub own_day: Option<BusinessDay>,
    /// Of a reversal whose original was found: what of it may remain (DE95), zero when all is undone. It holds with any end
    /// of what is pending then.
    #[n(17)]
    pub remains: Option<Yen>,
    /// Of a refund that staff made and no terminal sent: who asked for it, and the approval.
    #[n(18)]
    pub staff: Option<Box<ByStaff>>,
}

/// The policy's part in a tap.
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
    /// The facts of the answer for the receipt.
    #[n(4)]
    pub receipt: Receipt,
    /// The terminal's abilities and the resident's choice, as in the request.
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
    /// A reversal that was answered 00 and not carried out: the record of the tap that its DE90 names.
    #[n(9)]
    pub named: Option<u64>,
    /// Of a tap that is refused because of a limit: which limit, and what was left of it.
    #[n(10)]
    pub beyond: Option<Beyond>,
}

/// A limit that a refused tap was above.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Beyond {
    /// The policy's limit by its number; absent where the resident set it.
    #[n(0)]
    pub limit: Option<u8>,
    /// The time over which it adds up.
    #[n(1)]
    pub window: Window,
    /// What it counts, and how much: the most.
    #[n(2)]
    pub most: LimitOf,
    /// What was left of it.
    #[n(3)]
    pub left: LimitOf,
}

/// Yen, or taps.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum LimitOf {
    /// Yen.
    #[n(0)]
    Yen(#[n(0)] Yen),
    /// Taps.
    #[n(1)]
    Taps(#[n(0)] u32),
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
    /// An offline payment above its terminal's floor limit.
    pub const ABOVE_FLOOR: u16 = 16;
    /// A reversal that names another person than the tap that it names: not carried out.
    pub const OTHER_PERSON: u16 = 64;
    /// A reversal that names a tap of another terminal: not carried out.
    pub const OTHER_TERMINAL: u16 = 128;

    /// Their names.
    pub const NAMES: [(u16, &str); 7] = [
        (CRL_BASED, "crl_based"),
        (OVER_LIMIT, "over_limit"),
        (OVER_OFFLINE, "over_offline"),
        (CARD_NOT_GOOD, "card_not_good"),
        (ABOVE_FLOOR, "above_floor"),
        (OTHER_PERSON, "other_person"),
        (OTHER_TERMINAL, "other_terminal"),
    ];

    /// The names of these flags.
    #[must_use]
    pub fn names(flags: u16) -> Vec<&'static str> {
        NAMES.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| *name).collect()
    }
}

/// The [`TapKey::class`] of what no terminal sent: above every digit, so that no message and no DE90 names it.
pub const CLASS_OF_STAFF: u8 = u8::MAX;

impl Transaction {
    /// True of a refund that the operator bears: no merchant has a part in it.
    #[must_use]
    pub fn is_write_off(&self) -> bool {
        self.staff.as_ref().is_some_and(|staff| staff.kind == CorrectionKind::WriteOff)
    }

    /// True of an offline payment above its floor limit: it is reserved, and a person says what becomes of it.
    #[must_use]
    pub fn waits_for_person(&self) -> bool {
        let payment = match self.kind {
            TransactionKind::PurchaseAdvice | TransactionKind::Completion => true,
            TransactionKind::Authorize
            | TransactionKind::Purchase
            | TransactionKind::Refund
            | TransactionKind::BalanceInquiry
            | TransactionKind::AuthorizationAdvice
            | TransactionKind::RefundAdvice
            | TransactionKind::Reversal
            | TransactionKind::Unsupported => false,
        };
        let flags = self.ruled.as_ref().map_or(0, |ruled| ruled.flags);
        payment && flags & flag::ABOVE_FLOOR != 0 && matches!(self.verdict, Verdict::Approved(_))
    }
}

/// See [`super::Body::AdviceDecided`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct AdviceDecided {
    /// The offline payment.
    #[n(0)]
    pub tap: u64,
    /// Posted; released when false.
    #[n(1)]
    pub accepted: bool,
    /// Posts or releases what was reserved.
    #[cbor(n(2), with = "crate::transfer::list")]
    pub transfers: Transfers,
    /// The message to its issuer.
    #[n(3)]
    pub to_issuer: Option<ToIssuer>,
    /// Alerts that it leads to.
    #[n(4)]
    pub ruled: Option<Outcome>,
    /// The decider.
    #[n(5)]
    pub by: String,
    /// The reason.
    #[n(6)]
    pub why: String,
    /// Through what it was said; absent in records of before.
    #[n(7)]
    pub via: Option<Via>,
    /// The signature of the person who decided; absent in records of before.
    #[n(8)]
    pub proof: Option<Box<DecisionProof>>,
}

/// An account that a record opens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Opening {
    /// Its number: the next free one.
    #[n(0)]
    pub account: AccountId,
    /// The meaning of the account.
    #[n(1)]
    pub key: AccountKey,
}

/// See [`super::Body::IssuerAnswered`].
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
    /// The policy's part in the outcome.
    #[n(4)]
    pub ruled: Option<Outcome>,
}

/// The policy's part in the outcome of a tap that waited.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Outcome {
    /// The issuer declined its part, and the terminal takes the rest: what was approved.
    #[n(0)]
    pub approved: Option<Yen>,
    /// The facts of the answer for the receipt.
    #[n(1)]
    pub receipt: Receipt,
    /// Percentages of the month's limit that the resident is told about.
    #[n(2)]
    pub alerts: Vec<u8>,
}

/// The reason why an issuer's answer is missing.
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
    /// The issuer answered something that does not repeat what was asked: it may have done it, or something else.
    #[n(4)]
    Unfit,
}

impl Silence {
    /// Its name for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Silence::TimedOut => "timed_out",
            Silence::NotSent => "not_sent",
            Silence::Restarted => "restarted",
            Silence::Unmakeable => "unmakeable",
            Silence::Unfit => "unfit",
        }
    }
}

/// See [`super::Body::IssuerSilent`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct IssuerSilent {
    /// The pending tap.
    #[n(0)]
    pub tap: u64,
    /// The reason.
    #[n(1)]
    pub why: Silence,
    /// Void of the hold.
    #[cbor(n(2), with = "crate::transfer::list")]
    pub transfers: Transfers,
    /// The reversal, unless nothing was sent.
    #[n(3)]
    pub to_issuer: Option<ToIssuer>,
}

/// See [`super::Body::IssuerLate`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct IssuerLate {
    /// The record whose message was answered.
    #[n(0)]
    pub tap: u64,
    /// DE39 from the issuer.
    #[n(1)]
    pub code: ResponseCode,
}

/// See [`super::Body::IssuerAcknowledged`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct IssuerAcknowledged {
    /// The record that caused the advice.
    #[n(0)]
    pub message: u64,
    /// DE39 from the issuer: anything but 00 needs a person's eye.
    #[n(1)]
    pub code: ResponseCode,
    /// The amount that the issuer refused and no party bears: an exception, opened with this record.
    #[n(2)]
    pub raised: Option<Box<kazasu_schemas::closing::ReconException>>,
}

/// See [`super::Body::Undone`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct Undone {
    /// The tap of which more is undone.
    #[n(0)]
    pub tap: u64,
    /// The reversal that said so, with what may remain.
    #[n(1)]
    pub reversal: u64,
    /// The transfers that give money back.
    #[cbor(n(2), with = "crate::transfer::list")]
    pub transfers: Transfers,
    /// The message to the tap's issuer; none while it still has to undo a refund of the tap ([`IssuerNotified`] follows).
    #[n(3)]
    pub to_issuer: Option<ToIssuer>,
    /// The person, for who reads the journal.
    #[n(4)]
    pub ppid: Option<Ppid>,
    /// The merchant's acquirer.
    #[n(5)]
    pub acquirer: InstitutionId,
    /// The merchant.
    #[n(6)]
    pub merchant: MerchantId,
}

/// See [`super::Body::LossReturned`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct LossReturned {
    /// The record that caused the refund advice.
    #[n(0)]
    pub message: u64,
    /// DE39 from the issuer.
    #[n(1)]
    pub code: ResponseCode,
    /// The party that had borne it.
    #[n(2)]
    pub liable: LiableParty,
    /// The issuer owes what the refund did not take; who bore it bears that much less.
    #[cbor(n(3), with = "crate::transfer::list")]
    pub transfers: Transfers,
}

/// See [`super::Body::IssuerNotified`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct IssuerNotified {
    /// The tap that was undone.
    #[n(0)]
    pub tap: u64,
    /// The reversal.
    #[n(1)]
    pub to_issuer: ToIssuer,
}
