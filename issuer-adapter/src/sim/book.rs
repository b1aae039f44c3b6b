//! One issuer's accounts and messages, pure: [`Book::decide`] says what a message leads to, [`Book::apply`] does it. The
//! journal keeps the decided entries, so replaying it gives the same book for all scripts.

use super::tag::AccountTag;
use hashbrown::HashMap;
use kazasu_schemas::ids::{ApprovalCode, digits};
use kazasu_schemas::wire::issuer::{IssuerOperation, IssuerRequest};
use kazasu_schemas::wire::{Original, ResponseCode};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// What identifies a message to the issuer: class, DE11, DE7 and DE32 (as a number). A repeat has the same key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) class: u8,
    pub(crate) stan: u32,
    pub(crate) time: u32,
    pub(crate) switch: u64,
}

impl Key {
    pub(crate) fn of(request: &IssuerRequest) -> Key {
        Key::original(&request.as_original())
    }

    pub(crate) fn original(original: &Original) -> Key {
        Key {
            class: original.mti.class(),
            stan: original.stan.get(),
            time: original.transmission.get(),
            switch: digits(&original.acquirer).unwrap_or(0),
        }
    }
}

/// What a message asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    Authorize,
    Purchase,
    Refund,
    Completion,
    PurchaseAdvice,
    RefundAdvice,
    Reversal,
}

impl Kind {
    fn of(operation: IssuerOperation) -> Kind {
        match operation {
            IssuerOperation::Authorize => Kind::Authorize,
            IssuerOperation::Purchase => Kind::Purchase,
            IssuerOperation::Refund => Kind::Refund,
            IssuerOperation::Completion => Kind::Completion,
            IssuerOperation::PurchaseAdvice => Kind::PurchaseAdvice,
            IssuerOperation::RefundAdvice => Kind::RefundAdvice,
            IssuerOperation::Reversal => Kind::Reversal,
        }
    }

    fn is_credit(self) -> bool {
        matches!(self, Kind::Refund | Kind::RefundAdvice)
    }
}

/// One executed message: everything that [`Book::apply`] needs and the journal keeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    /// DE37 as a number.
    pub(crate) id: u64,
    pub(crate) key: Key,
    #[serde(with = "super::journal::tag_text")]
    pub(crate) account: AccountTag,
    pub(crate) amount: i64,
    #[serde(with = "super::journal::code_text")]
    pub(crate) code: ResponseCode,
    pub(crate) approval: Option<ApprovalCode>,
    /// What this message itself moved: debits positive, credits negative, reservations and reversals zero.
    pub(crate) effective: i64,
    /// The message it is about, when DE90 names one.
    pub(crate) original: Option<Key>,
    /// That message's DE37, when it is known.
    pub(crate) original_id: Option<u64>,
    /// Of a reversal: what remains of the original.
    pub(crate) remains: Option<i64>,
    /// Of a reversal: what the original has moved from now on, with its sign.
    pub(crate) original_effective: Option<i64>,
}

/// What a message leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// New: apply and journal the entry, and answer with its code.
    Enter(Entry),
    /// It came before: the stored answer.
    Again(ResponseCode, Option<ApprovalCode>),
    /// Its key is used by another message, or was reversed before it came (94).
    Refuse,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Standing {
    /// As it was answered.
    Open,
    /// An authorization that a completion has used up.
    Completed(Key),
    /// Undone in full.
    Reversed,
}

/// A message that was executed, or (`entry` is `None`) only reversed so far.
struct Known {
    entry: Option<Entry>,
    standing: Standing,
    /// The amount that is reserved or moved now, never negative.
    stands: i64,
    refunded: i64,
}

#[derive(Clone, Copy, Default)]
struct Funds {
    limit: i64,
    held: i64,
    spent: i64,
}

impl Funds {
    fn available(&self) -> i64 {
        self.limit - self.held - self.spent
    }
}

/// One issuer's book.
pub(crate) struct Book {
    default: Option<i64>,
    accounts: HashMap<u64, Funds>,
    messages: HashMap<Key, Known>,
    order: VecDeque<Key>,
    remember: usize,
    approvals: u64,
}

const fn code(text: &[u8; 2]) -> [u8; 2] {
    *text
}

fn response(code: [u8; 2]) -> ResponseCode {
    ResponseCode::from_wire(&code).expect("two letters or digits are a response code")
}

impl Book {
    /// A book whose unlisted accounts have `default` yen each, or do not exist, and which remembers so many messages.
    pub(crate) fn new(default: Option<i64>, remember: usize) -> Book {
        Book {
            default,
            accounts: HashMap::new(),
            messages: HashMap::new(),
            order: VecDeque::new(),
            remember,
            approvals: 0,
        }
    }

    /// Opens a listed account.
    pub(crate) fn open(&mut self, token: u64, limit: i64) {
        self.accounts.insert(token, Funds { limit, held: 0, spent: 0 });
    }

    fn funds(&self, token: u64) -> Option<Funds> {
        let listed = self.accounts.get(&token).copied();
        listed.or(self.default.map(|limit| Funds { limit, held: 0, spent: 0 }))
    }

    /// Available, held and spent yen of an account.
    pub(crate) fn account(&self, token: u64) -> Option<(i64, i64, i64)> {
        self.funds(token).map(|funds| (funds.available(), funds.held, funds.spent))
    }

    /// What `request` leads to. `forced` declines it also when the account covers it.
    pub(crate) fn decide(&self, request: &IssuerRequest, account: AccountTag, forced: Option<ResponseCode>) -> Verdict {
        let key = Key::of(request);
        let kind = Kind::of(request.operation);
        let id = request.rrn.number().unwrap_or(0);
        let amount = request.amount.get();
        if let Some(known) = self.messages.get(&key) {
            return match &known.entry {
                Some(e) if e.kind == kind && e.id == id && e.account == account && e.amount == amount => {
                    Verdict::Again(e.code, e.approval)
                }
                Some(_) | None => Verdict::Refuse,
            };
        }
        let original = request.original.as_ref().map(Key::original);
        let remains = request.replacement.map(|yen| yen.get());
        let mut entry = Entry {
            kind,
            id,
            key,
            account,
            amount,
            code: ResponseCode::APPROVED,
            approval: None,
            effective: 0,
            original,
            original_id: original.and_then(|o| self.messages.get(&o)?.entry.map(|e| e.id)),
            remains: (kind == Kind::Reversal).then(|| remains.unwrap_or(0)),
            original_effective: None,
        };
        entry.code = forced.unwrap_or_else(|| response(self.judge(&entry)));
        if entry.code.is_approved() {
            entry.approval = Some(ApprovalCode::from_number(self.approvals + 1));
            entry.effective = match kind {
                Kind::Purchase | Kind::Completion | Kind::PurchaseAdvice => amount,
                Kind::Refund | Kind::RefundAdvice => -amount,
                Kind::Authorize | Kind::Reversal => 0,
            };
            entry.original_effective = entry.remains.and_then(|remains| self.after_reversal(&entry, remains));
        }
        Verdict::Enter(entry)
    }

    /// What a reversed original has moved afterwards; `None` when the original is unknown.
    fn after_reversal(&self, reversal: &Entry, remains: i64) -> Option<i64> {
        let known = self.messages.get(&reversal.original?)?;
        let original = known.entry?;
        Some(match original.kind {
            _ if !original.code.is_approved() => 0,
            Kind::Authorize | Kind::Reversal => 0,
            Kind::Refund | Kind::RefundAdvice => -remains,
            Kind::Purchase | Kind::Completion | Kind::PurchaseAdvice => remains,
        })
    }

    /// The account's own rules: 00, or why not. Advices report what has happened, so funds do not matter to them.
    fn judge(&self, entry: &Entry) -> [u8; 2] {
        const APPROVED: [u8; 2] = code(b"00");
        if entry.kind == Kind::Reversal {
            return self.judge_reversal(entry);
        }
        let Some(funds) = self.funds(entry.account.token) else { return code(b"14") };
        if entry.amount <= 0 && !matches!(entry.kind, Kind::Completion) {
            return code(b"13");
        }
        let original = entry.original.and_then(|key| self.messages.get(&key));
        match entry.kind {
            Kind::Authorize | Kind::Purchase if funds.available() < entry.amount => code(b"51"),
            Kind::Authorize | Kind::Purchase | Kind::PurchaseAdvice | Kind::RefundAdvice => APPROVED,
            Kind::Refund if entry.original.is_none() => APPROVED,
            Kind::Refund => self.judge_refund(entry),
            // Without an authorization it is a debit like any other: it has happened.
            Kind::Completion => match original {
                None => APPROVED,
                Some(Known { entry: None, .. }) => code(b"94"),
                Some(Known { entry: Some(first), standing, .. }) => {
                    match (first.kind, first.code.is_approved(), standing) {
                        (Kind::Authorize, true, Standing::Open) if first.account == entry.account => APPROVED,
                        (Kind::Authorize, true, Standing::Completed(_) | Standing::Reversed) => code(b"94"),
                        _ => code(b"12"),
                    }
                }
            },
            Kind::Reversal => self.judge_reversal(entry),
        }
    }

    fn judge_refund(&self, entry: &Entry) -> [u8; 2] {
        let Some(paid) = entry.original.and_then(|key| self.payment(key)).and_then(|key| self.messages.get(&key))
        else {
            return code(b"25");
        };
        let Some(first) = paid.entry else { return code(b"25") };
        if first.account != entry.account || first.kind.is_credit() || first.kind == Kind::Reversal {
            code(b"12")
        } else if paid.stands - paid.refunded < entry.amount {
            code(b"13")
        } else {
            code(b"00")
        }
    }

    fn judge_reversal(&self, entry: &Entry) -> [u8; 2] {
        let Some(known) = entry.original.and_then(|key| self.messages.get(&key)) else { return code(b"00") };
        let Some(first) = known.entry else { return code(b"00") };
        let remains = entry.remains.unwrap_or(0);
        if first.kind == Kind::Reversal || matches!(known.standing, Standing::Completed(_)) {
            code(b"12")
        } else if !first.code.is_approved() {
            code(b"00")
        } else if first.account != entry.account {
            code(b"12")
        } else if remains > known.stands || remains < known.refunded {
            code(b"13")
        } else {
            code(b"00")
        }
    }

    /// The message that moved the money of the one at `key`: a completed authorization's completion, else itself.
    fn payment(&self, key: Key) -> Option<Key> {
        match self.messages.get(&key)?.standing {
            Standing::Completed(by) => Some(by),
            Standing::Open | Standing::Reversed => Some(key),
        }
    }

    /// Does what was decided. Also used for replay, so it depends on the entry and the book alone.
    pub(crate) fn apply(&mut self, entry: &Entry) {
        let mut stands = 0;
        if entry.code.is_approved() {
            if entry.approval.is_some() {
                self.approvals += 1;
            }
            stands = entry.amount;
            match entry.kind {
                Kind::Authorize => self.fund(entry).held += entry.amount,
                Kind::Purchase | Kind::PurchaseAdvice => self.fund(entry).spent += entry.amount,
                Kind::Completion => {
                    let released = self.use_up(entry);
                    let funds = self.fund(entry);
                    funds.held -= released;
                    funds.spent += entry.amount;
                }
                Kind::Refund | Kind::RefundAdvice => {
                    self.fund(entry).spent -= entry.amount;
                    self.count_refund(entry.original, entry.amount);
                }
                Kind::Reversal => {
                    stands = 0;
                    self.reverse(entry);
                }
            }
        }
        self.remember(entry.key, Known { entry: Some(*entry), standing: Standing::Open, stands, refunded: 0 });
    }

    fn fund(&mut self, entry: &Entry) -> &mut Funds {
        let limit = self.default.unwrap_or(0);
        self.accounts.entry(entry.account.token).or_insert(Funds { limit, held: 0, spent: 0 })
    }

    /// Ends the authorization that `completion` uses, and gives what it had reserved.
    fn use_up(&mut self, completion: &Entry) -> i64 {
        let Some(known) = completion.original.and_then(|key| self.messages.get_mut(&key)) else { return 0 };
        known.standing = Standing::Completed(completion.key);
        std::mem::take(&mut known.stands)
    }

    fn count_refund(&mut self, original: Option<Key>, amount: i64) {
        let paid = original.and_then(|key| self.payment(key));
        if let Some(known) = paid.and_then(|key| self.messages.get_mut(&key)) {
            known.refunded += amount;
        }
    }

    fn reverse(&mut self, entry: &Entry) {
        let Some(key) = entry.original else { return };
        let remains = entry.remains.unwrap_or(0);
        let Some(known) = self.messages.get_mut(&key) else {
            // Not seen yet: should it still come, it must not be executed.
            let tombstone = Known { entry: None, standing: Standing::Reversed, stands: 0, refunded: 0 };
            self.remember(key, tombstone);
            return;
        };
        let Some(first) = known.entry.filter(|first| first.code.is_approved()) else { return };
        let undone = known.stands - remains;
        known.stands = remains;
        if remains == 0 {
            known.standing = Standing::Reversed;
        }
        match first.kind {
            Kind::Authorize => self.fund(&first).held -= undone,
            Kind::Purchase | Kind::Completion | Kind::PurchaseAdvice => self.fund(&first).spent -= undone,
            Kind::Refund | Kind::RefundAdvice => {
                self.fund(&first).spent += undone;
                self.count_refund(first.original, -undone);
            }
            Kind::Reversal => {}
        }
    }

    fn remember(&mut self, key: Key, known: Known) {
        if self.order.len() >= self.remember
            && let Some(oldest) = self.order.pop_front()
        {
            self.messages.remove(&oldest);
        }
        self.order.push_back(key);
        self.messages.insert(key, known);
    }
}
