//! The model of the index: rows, searches, and the state of the fold between two records.

use hashbrown::HashMap;
use kazasu_ledger::AccountKey;
use kazasu_ledger::record::TransactionKind;
use kazasu_schemas::ids::{ApprovalCode, InstitutionId, MerchantId, Ppid, Rrn, Stan, TerminalId};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::response::{Refusal, ResponseCode};
use kazasu_security::vault::Vault;
use std::sync::Arc;

/// What became of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// An issuer or a person has not decided yet.
    Pending,
    /// It was approved, and nothing of it was given back.
    Approved,
    /// It was declined: no yen moved.
    Declined,
    /// Part of it was refunded.
    PartlyRefunded,
    /// All of it was refunded.
    Refunded,
    /// It was reversed: as if it had not been.
    Reversed,
}

impl State {
    /// Every state.
    pub const ALL: [State; 6] =
        [State::Pending, State::Approved, State::Declined, State::PartlyRefunded, State::Refunded, State::Reversed];

    /// Its name for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Approved => "approved",
            State::Declined => "declined",
            State::PartlyRefunded => "partly_refunded",
            State::Refunded => "refunded",
            State::Reversed => "reversed",
        }
    }
}

/// A message of a terminal, as the index has it. Yen that went to the merchant are above zero, yen that came back below.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// Its record.
    pub record: u64,
    /// When it was decided.
    pub at: Millis,
    /// The business day.
    pub day: BusinessDay,
    /// The merchant's acquirer.
    pub acquirer: InstitutionId,
    /// The merchant.
    pub merchant: MerchantId,
    /// The merchant's name at that time; empty where none was registered.
    pub name: String,
    /// DE41.
    pub terminal: TerminalId,
    /// DE11.
    pub stan: Stan,
    /// DE37.
    pub rrn: Rrn,
    /// DE38, where it was approved.
    pub approval: Option<ApprovalCode>,
    /// What was asked for.
    pub kind: TransactionKind,
    /// What became of it.
    pub state: State,
    /// DE4.
    pub amount: Yen,
    /// Yen that moved.
    pub moved: Yen,
    /// Yen of it that were reversed.
    pub reversed: Yen,
    /// Yen of it that were refunded.
    pub refunded: Yen,
    /// The record that it completes, refunds or reverses.
    pub original: Option<u64>,
    /// The person.
    pub person: Option<Ppid>,
    /// The instrument's kind, as import files write it; none where no instrument was used.
    pub instrument: Option<String>,
    /// The last four digits of the card's or account's number, where they could be read.
    pub last_four: Option<String>,
    /// The switch's reason for a refusal.
    pub refusal: Option<Refusal>,
    /// The issuer's answer, where one was asked.
    pub issuer_code: Option<ResponseCode>,
}

/// The period of a search. Both ends are part of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Period {
    /// Business days.
    Days(BusinessDay, BusinessDay),
    /// Moments.
    Moments(Millis, Millis),
}

/// A search: what is said must hold; what is left out may be anything.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Search {
    /// The person; with temporary IDs that were merged into the person.
    pub person: Option<Ppid>,
    /// DE37.
    pub rrn: Option<Rrn>,
    /// DE11.
    pub stan: Option<Stan>,
    /// DE38.
    pub approval: Option<ApprovalCode>,
    /// The last four digits of the card's or account's number.
    pub last_four: Option<String>,
    /// DE4, from and to.
    pub amount: Option<(Yen, Yen)>,
    /// DE41.
    pub terminal: Option<TerminalId>,
    /// One of these merchants.
    pub merchants: Option<Vec<(InstitutionId, MerchantId)>>,
    /// One of these kinds.
    pub kinds: Vec<TransactionKind>,
    /// In this state.
    pub state: Option<State>,
    /// In this period.
    pub period: Option<Period>,
    /// Before this record: the next page.
    pub before: Option<u64>,
    /// At most so many.
    pub limit: u16,
}

/// A page of what was found.
#[derive(Clone, PartialEq, Debug)]
pub struct Page {
    /// The newest first.
    pub found: Vec<Found>,
    /// There are older ones.
    pub more: bool,
    /// The journal's last record when it was asked.
    pub position: u64,
}

/// What a terminal took on a business day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Takings {
    /// DE41.
    pub terminal: TerminalId,
    /// Payments that were approved.
    pub payments: u64,
    /// Yen of those payments.
    pub paid: Yen,
    /// Refunds.
    pub refunds: u64,
    /// Yen that were refunded, above zero.
    pub refunded: Yen,
    /// Reversals.
    pub reversals: u64,
    /// Yen that reversals took back (above zero) or gave again (below).
    pub reversed: Yen,
    /// Messages that were declined.
    pub declined: u64,
    /// Messages that are not decided yet.
    pub pending: u64,
    /// Its last message of the day.
    pub last: Millis,
}

/// An account, as far as the index needs it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Account {
    /// What is owed to a merchant.
    Merchant,
    /// A resident's account that this ledger holds: its number's last four digits.
    Deposit(u16),
}

impl Account {
    pub(super) fn of(key: &AccountKey) -> Option<Account> {
        match key {
            AccountKey::MerchantPayable(..) => Some(Account::Merchant),
            AccountKey::Deposit(number) => Some(Account::Deposit(last_four(*number))),
            _ => None,
        }
    }
}

/// The last four digits of a number.
pub(super) fn last_four(number: u64) -> u16 {
    u16::try_from(number % 10_000).expect("below ten thousand")
}

/// A row to be written.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) seq: u64,
    pub(super) at: Millis,
    pub(super) day: BusinessDay,
    pub(super) merchant: i64,
    pub(super) terminal: TerminalId,
    pub(super) stan: Stan,
    pub(super) rrn: Rrn,
    pub(super) kind: TransactionKind,
    pub(super) amount: Yen,
    pub(super) original: Option<u64>,
    pub(super) person: Option<Ppid>,
    pub(super) link: Option<u32>,
    pub(super) refusal: Option<Refusal>,
    pub(super) outcome: Outcome,
    /// Yen.
    pub(super) moved: i64,
    pub(super) reversed: i64,
    pub(super) refunded: i64,
    /// A reversal said that nothing of it remains.
    pub(super) undone: bool,
}

/// How a message was decided.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Outcome {
    pub(super) verdict: Option<Verdict>,
    pub(super) approval: Option<ApprovalCode>,
    pub(super) code: Option<ResponseCode>,
}

/// How a message stands without what came after it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    Approved = 1,
    Declined = 2,
}

/// What a record changes of a row of before.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Delta {
    pub(super) outcome: Outcome,
    pub(super) moved: i64,
    pub(super) reversed: i64,
    pub(super) refunded: i64,
    pub(super) undone: bool,
}

impl Outcome {
    pub(super) fn take_in(&mut self, later: Outcome) {
        self.verdict = later.verdict.or(self.verdict);
        self.approval = later.approval.or(self.approval);
        self.code = later.code.or(self.code);
    }
}

impl Delta {
    pub(super) fn take_in(&mut self, later: &Delta) {
        self.outcome.take_in(later.outcome);
        self.moved += later.moved;
        self.reversed += later.reversed;
        self.refunded += later.refunded;
        self.undone |= later.undone;
    }

    /// What it changes of the payment that a refund gives back of.
    pub(super) fn of_payment(&self) -> i64 {
        -self.moved - self.reversed
    }
}

/// A person's link.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) person: Ppid,
    pub(super) version: u32,
    pub(super) kind: &'static str,
    pub(super) last_four: Option<u16>,
    /// The version of the vault's key that sealed the number.
    pub(super) key: Option<u8>,
}

/// What some records change in the tables.
#[derive(Default)]
pub(crate) struct Changes {
    pub(super) accounts: Vec<(u32, Account)>,
    pub(super) merchants: Vec<(i64, InstitutionId, MerchantId, String)>,
    pub(super) merged: Vec<(Ppid, Ppid)>,
    pub(super) links: Vec<Link>,
    /// Versions of the vault's key for cards that were destroyed, each with how many of `links` came before it.
    pub(super) destroyed: Vec<(u8, usize)>,
    pub(super) rows: Vec<Row>,
    /// Where in `rows` a record is.
    pub(super) at: HashMap<u64, usize>,
    pub(super) deltas: HashMap<u64, Delta>,
}

/// The fold: what is needed to understand the next record.
pub(crate) struct Fold {
    pub(super) accounts: HashMap<u32, Account>,
    pub(super) merchants: HashMap<(InstitutionId, MerchantId), (i64, String)>,
    pub(super) next_merchant: i64,
    pub(super) vault: Arc<Vault>,
}
