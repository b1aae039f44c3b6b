//! The model of statements: lines, their changes, and the state of the fold between two records.

use hashbrown::{HashMap, HashSet};
use kazasu_ledger::AccountKey;
use kazasu_ledger::record::{Beyond, Silence, TransactionKind};
use kazasu_schemas::ids::{InstitutionId, MerchantId, Ppid};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::{Refusal, ResponseCode};

/// A receipt, as a customer reads it out.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The merchants that the terminal's number may be of.
    pub merchants: Vec<(InstitutionId, MerchantId)>,
    /// The payment was not before this moment.
    pub from: Millis,
    /// And before this one.
    pub before: Millis,
    /// Its amount.
    pub amount: Yen,
}

/// A payment that a receipt may be of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReceiptMatch {
    /// Its record.
    pub record: u64,
    /// The time of the payment.
    pub at: Millis,
    /// By whom.
    pub person: Ppid,
}

/// The kind of a line of a statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineKind {
    /// Money back for goods.
    Refund,
    /// As if it had not been.
    Reversal,
    /// An amount that is held; what is paid follows with its completion.
    Authorization,
    /// The held amount is paid.
    Completion,
    /// A payment.
    Payment,
}

impl LineKind {
    pub(super) const ALL: [LineKind; 5] =
        [LineKind::Refund, LineKind::Reversal, LineKind::Authorization, LineKind::Completion, LineKind::Payment];

    pub(super) fn of(kind: TransactionKind) -> Option<LineKind> {
        match kind {
            TransactionKind::Refund | TransactionKind::RefundAdvice => Some(LineKind::Refund),
            TransactionKind::Reversal => Some(LineKind::Reversal),
            TransactionKind::Authorize | TransactionKind::AuthorizationAdvice => Some(LineKind::Authorization),
            TransactionKind::Completion => Some(LineKind::Completion),
            TransactionKind::Purchase | TransactionKind::PurchaseAdvice => Some(LineKind::Payment),
            TransactionKind::BalanceInquiry | TransactionKind::Unsupported => None,
        }
    }
}

/// A line of a statement. Amounts are yen; what came back is below zero.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// The tap's record.
    pub seq: u64,
    /// The time.
    pub at: Millis,
    /// The business day.
    pub day: BusinessDay,
    /// The merchant as it was called then.
    pub merchant: String,
    /// Its kind.
    pub kind: LineKind,
    /// The amount that was asked for.
    pub amount: Yen,
    /// Of relief purses.
    pub relief: Yen,
    /// Of points.
    pub points: Yen,
    /// Of the linked card or account.
    pub instrument: Yen,
    /// Of no resident's account: claimed from the acquirer, and no business of the resident's.
    pub uncovered: Yen,
}

/// Why a tap came to nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TurnedDown {
    /// The switch refused it, because of this limit where it was one.
    Refused(Refusal, Option<Beyond>),
    /// The issuer declined it with this code.
    Declined(ResponseCode),
    /// The issuer did not answer.
    Silent(Silence),
}

/// A tap that came to nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// The tap's record.
    pub seq: u64,
    /// When.
    pub at: Millis,
    /// The merchant as it was called then.
    pub merchant: String,
    /// What was asked for.
    pub amount: Yen,
    /// Why.
    pub why: TurnedDown,
}

/// A tap that came to nothing, as it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct RefusedTap {
    pub(super) person: Ppid,
    pub(super) seq: u64,
    pub(super) at: Millis,
    pub(super) merchant: i64,
    pub(super) amount: Yen,
    /// The record that says why.
    pub(super) told: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    Merchant,
    Relief,
    Points,
    Uncovered,
    /// It stands for the instrument; what else does is an account that is held here.
    Issuer,
    /// The operator's loss: it gives back instead of a merchant.
    Operator,
}

impl Part {
    pub(super) const ALL: [Part; 6] =
        [Part::Merchant, Part::Relief, Part::Points, Part::Uncovered, Part::Issuer, Part::Operator];

    pub(super) fn of(key: &AccountKey) -> Option<Part> {
        match key {
            AccountKey::MerchantPayable(..) => Some(Part::Merchant),
            AccountKey::Purse(..) => Some(Part::Relief),
            AccountKey::FunderReceivable(_) => Some(Part::Points),
            AccountKey::AdviceShortfall(_) | AccountKey::StandInLoss(_) => Some(Part::Uncovered),
            AccountKey::IssuerReceivable(_) => Some(Part::Issuer),
            AccountKey::Differences => Some(Part::Operator),
            // What else pays a merchant for a tap is or stands for the instrument.
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Parts {
    pub(super) relief: i64,
    pub(super) points: i64,
    pub(super) instrument: i64,
    pub(super) uncovered: i64,
}

impl Parts {
    pub(super) fn is_nothing(self) -> bool {
        self.relief == 0 && self.points == 0 && self.instrument == 0 && self.uncovered == 0
    }
}

#[derive(Clone, Debug)]
pub(super) struct Tap {
    pub(super) day: BusinessDay,
    pub(super) person: Ppid,
    pub(super) seq: u64,
    pub(super) at: Millis,
    pub(super) merchant: i64,
    pub(super) kind: LineKind,
    pub(super) amount: Yen,
    pub(super) parts: Parts,
    pub(super) stands: bool,
}

/// The outcome of a tap that was written before.
pub(super) struct Outcome {
    pub(super) day: BusinessDay,
    pub(super) person: Ppid,
    pub(super) seq: u64,
    /// Or nothing was paid, and the record that says why: the line goes.
    pub(super) parts: Result<Parts, Option<u64>>,
}

/// The changes of some records to the tables.
#[derive(Default)]
pub(crate) struct Changes {
    pub(super) accounts: Vec<(u32, Part)>,
    pub(super) merchants: Vec<(i64, InstitutionId, MerchantId, String)>,
    pub(super) merged: Vec<(Ppid, Ppid)>,
    pub(super) taps: Vec<Tap>,
    /// The places in `taps` of those that wait.
    pub(super) open: HashMap<u64, usize>,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) turned_down: Vec<RefusedTap>,
    /// Lines of which an issuer was told afterwards, by the message's record; and messages that it has answered.
    pub(super) advised: Vec<(u64, Place)>,
    pub(super) answered: Vec<u64>,
    /// Yen that an issuer does not take of a line after all; below zero: that it does not give back.
    pub(super) refused: Vec<(Place, i64)>,
    /// See [`Fold::denied`].
    pub(super) denied: Vec<(u64, i64)>,
    /// Lines of which something else was undone, or is undone in another way.
    pub(super) reversed: HashSet<u64>,
    /// Messages of reversals that were made or answered.
    pub(super) reversing: HashSet<u64>,
}

/// The place of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) seq: u64,
    pub(super) day: BusinessDay,
    pub(super) person: Ppid,
    /// The instrument's part of it.
    pub(super) yen: i64,
}

/// The fold: what is needed to understand the next record.
#[derive(Default)]
pub(crate) struct Fold {
    pub(super) accounts: HashMap<u32, Part>,
    pub(super) merchants: HashMap<(InstitutionId, MerchantId), (i64, String)>,
    pub(super) next_merchant: i64,
    pub(super) pending: HashMap<u64, (BusinessDay, Ppid)>,
    pub(super) advised: HashMap<u64, Place>,
    /// Yen, without a sign, that an issuer has refused of a line and that are not undone.
    pub(super) denied: HashMap<u64, i64>,
    /// The undone parts of lines, as long as an issuer may still refuse them.
    pub(super) reversed: HashMap<u64, Reversed>,
    /// Messages of reversals that an issuer has not answered: the line that is undone, and how much of it in all, without a sign.
    pub(super) reversing: HashMap<u64, (u64, i64)>,
}

/// A line that undoes another line, or part of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reversal {
    pub(super) place: Place,
    /// Yen of it that the issuer has not carried out.
    pub(super) moved: i64,
    /// The record whose message tells the issuer of it; 0 as long as none does.
    pub(super) message: u64,
}

/// The undone part of a line.
#[derive(Clone, Debug, Default)]
pub(super) struct Reversed {
    /// The last record whose message the issuer has carried out; 0 before the first.
    pub(super) carried_out: u64,
    /// In the order of their records.
    pub(super) reversals: Vec<Reversal>,
}
