//! Taps: what acquirers asked, what became of it, and what leads to it again.

use super::super::large::{Blocks, Shards};
use super::super::money::{Leg, Legs, Source, is_payment, minus, sum};
use super::super::wallet::HolderAt;
use super::people::Counting;
use kazasu_ledger::Seq;
use kazasu_ledger::record::{TapKey, Transaction, TransactionKind, Verdict};
use kazasu_schemas::ids::{InstitutionId, MerchantId, Ppid, Rrn};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::{Answer, Balance, Options, Original, Receipt, Refusal, Request, ResponseCode};
use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

/// A tap's position in the order of taps; positions are not reused when old taps are forgotten.
pub(in super::super) type TapIndex = u64;

/// The state of a tap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TapState {
    /// The issuer is being asked.
    Pending,
    /// Reserved, to be completed.
    Held,
    /// Money moved (or, for an inquiry or an empty reversal, there was none to move).
    Posted,
    /// Completed by the tap at this position.
    Completed(TapIndex),
    /// Refused by the switch or by the issuer, or the issuer stayed silent: nothing moved.
    Refused,
    /// Undone.
    Reversed,
}

/// The taps of a merchant's retrieval reference number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in super::super) enum Reference {
    /// One transaction.
    One(TapIndex),
    /// So many taps in memory: the number repeats, and names none of them.
    Many(u32),
}

/// An acquirer's message and what became of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Tap {
    /// Its record.
    pub seq: Seq,
    /// The time of the decision.
    pub at: Millis,
    /// Its business day.
    pub day: BusinessDay,
    /// Its idempotency key.
    pub key: TapKey,
    pub(in super::super) fingerprint: u64,
    /// The question.
    pub kind: TransactionKind,
    /// The state.
    pub state: TapState,
    /// DE37.
    pub rrn: Rrn,
    /// Position of the merchant; `u32::MAX` when unknown.
    pub(in super::super) merchant: u32,
    /// Position of the link version that was used; `u32::MAX` when none.
    pub(in super::super) link: u32,
    /// The person.
    pub ppid: Option<Ppid>,
    /// DE22.
    pub entry_mode: u16,
    /// DE4.
    pub amount: Yen,
    /// The person, temporary IDs followed; `NO_HOLDER` when unknown.
    pub(in super::super) holder: HolderAt,
    /// The policy's limits that count it, one bit a number.
    pub(in super::super) limits: u64,
    /// The amount that it counts in spending windows now, and the day.
    pub(in super::super) counted: Yen,
    pub(in super::super) counted_day: BusinessDay,
    /// True while it counts as one of the window's taps.
    pub(in super::super) counts: bool,
    /// The terminal takes partial approvals.
    pub(in super::super) options: Options,
    /// Programmes that round by the month and count it.
    pub(in super::super) months: Vec<u16>,
    /// The part of it that counts in the month of those programmes.
    pub(in super::super) in_month: Yen,
    /// Its legs.
    pub(in super::super) legs: Legs,
    /// The amount that the merchant has of it beyond its legs; below zero: less. Differences that were booked on one side make it.
    pub(in super::super) kept: Yen,
    /// The tap that this one completes, refunds or reverses.
    pub(in super::super) original: Option<TapIndex>,
    /// The answer that repeats get.
    pub(in super::super) answer: Option<Answer>,
}

impl Tap {
    /// The part of a waiting tap that is in the windows, and is final when it is approved.
    pub(in super::super) fn waiting_part(&self) -> Yen {
        sum(&self.legs, Leg::is_part, |leg| leg.asked)
    }

    /// Yen that stand posted because of it now; refunds are taps of their own and leave it as it is.
    #[must_use]
    pub fn moved(&self) -> Yen {
        sum(&self.legs, Leg::is_yen, |leg| minus(leg.posted, leg.undone))
    }

    /// The refunded amount of it, refunds being asked for included; yen.
    #[must_use]
    pub fn refunded(&self) -> Yen {
        sum(&self.legs, Leg::is_yen, |leg| leg.refunded)
    }

    /// The part of [`Tap::moved`] that no account covered.
    #[must_use]
    pub fn shortfall(&self) -> Yen {
        sum(&self.legs, Leg::is_claimed, |leg| minus(leg.posted, leg.undone))
    }

    /// Yen that stand at the linked instrument's issuer, or in its account here.
    #[must_use]
    pub fn at_issuer(&self) -> Yen {
        sum(&self.legs, |leg| leg.source == Source::Instrument, |leg| minus(leg.posted, leg.undone))
    }

    /// The window in which it counts.
    pub(in super::super) fn counting(&self) -> Counting {
        Counting { holder: self.holder, link: self.link, limits: self.limits, day: self.counted_day }
    }

    /// The leg that the linked instrument pays.
    pub(in super::super) fn instrument_leg(&self) -> Option<&Leg> {
        self.legs.iter().find(|leg| leg.source == Source::Instrument)
    }
}

/// The target of an idempotency key.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in super::super) enum Known {
    /// A message that was decided.
    Tap(TapIndex),
    /// A message that was reversed before it came.
    Tombstone(BusinessDay),
}

/// Every tap in memory, and what leads to it.
#[derive(Clone, PartialEq, Debug, Default)]
pub(in super::super) struct Taps {
    pub(in super::super) recent: Blocks<Tap>,
    /// The position of the first of those.
    pub(in super::super) forgotten: TapIndex,
    /// Taps older than those that something still depends on (an open hold, an advice that is owed), in their order.
    pub(in super::super) kept: BTreeMap<TapIndex, Tap>,
    /// The same by record.
    pub(in super::super) kept_at: BTreeMap<Seq, TapIndex>,
    /// Those that wait for an issuer.
    pub(in super::super) pending: BTreeMap<Seq, TapIndex>,
    pub(in super::super) known: Shards<TapKey, Known>,
    /// Messages that were reversed before they came, in the order of their reversals.
    pub(in super::super) tombstones: VecDeque<(TapKey, BusinessDay)>,
    pub(in super::super) by_reference: Shards<u64, Reference>,
}

impl Taps {
    pub(in super::super) fn tap(&self, index: TapIndex) -> Option<&Tap> {
        match index.checked_sub(self.forgotten) {
            Some(at) => self.recent.get(usize::try_from(at).ok()?),
            None => self.kept.get(&index),
        }
    }

    pub(in super::super) fn tap_mut(&mut self, index: TapIndex) -> Option<&mut Tap> {
        match index.checked_sub(self.forgotten) {
            Some(at) => self.recent.get_mut(usize::try_from(at).ok()?),
            None => self.kept.get_mut(&index),
        }
    }

    pub(in super::super) fn index_of(&self, seq: Seq) -> Option<TapIndex> {
        match self.recent.find_by_key(&seq, |tap| tap.seq) {
            Some(at) => Some(self.forgotten + u64::try_from(at).expect("a position")),
            None => self.kept_at.get(&seq).copied(),
        }
    }

    pub(in super::super) fn iter(&self) -> impl Iterator<Item = &Tap> {
        self.kept.values().chain(self.recent.iter())
    }

    /// A message was decided; its position.
    pub(in super::super) fn entered(&mut self, tap: Tap) -> TapIndex {
        let index = self.forgotten + u64::try_from(self.recent.len()).expect("a position");
        self.known.insert(tap.key, Known::Tap(index));
        self.recent.push_back(tap);
        index
    }

    /// A message was reversed before it came.
    pub(in super::super) fn buried(&mut self, key: TapKey, day: BusinessDay) {
        if !self.known.contains_key(&key) {
            self.tombstones.push_back((key, day));
            self.known.insert(key, Known::Tombstone(day));
        }
    }

    pub(in super::super) fn set_state(&mut self, index: TapIndex, state: TapState) {
        if let Some(tap) = self.tap_mut(index) {
            tap.state = state;
        }
    }

    /// A retrieval reference number belongs to a tap.
    pub(in super::super) fn refer(&mut self, key: u64, index: TapIndex, kind: TransactionKind) {
        match self.by_reference.get_mut(&key) {
            None => {
                self.by_reference.insert(key, Reference::One(index));
            }
            // A refund repeats its payment's number, which goes on naming the payment.
            Some(_) if !is_payment(kind) => {}
            Some(there @ Reference::One(_)) => *there = Reference::Many(2),
            Some(Reference::Many(n)) => *n = n.saturating_add(1),
        }
    }

    /// The tap leaves the memory.
    pub(in super::super) fn refer_no_more(&mut self, key: u64, index: TapIndex, kind: TransactionKind) {
        let gone = match self.by_reference.get_mut(&key) {
            Some(Reference::One(known)) => *known == index,
            Some(Reference::Many(n)) if is_payment(kind) => {
                *n -= 1;
                *n == 0
            }
            Some(Reference::Many(_)) | None => false,
        };
        if gone {
            self.by_reference.remove(&key);
        }
    }
}

/// The key of the message that DE90 names; its terminal is that of the message that names it.
pub(in super::super) fn original_key(original: &Original, request: &Request) -> Option<TapKey> {
    (original.acquirer == request.acquirer.zero_filled()).then_some(TapKey {
        acquirer: request.acquirer,
        terminal: request.terminal,
        stan: original.stan,
        transmission: original.transmission,
        class: original.mti.class(),
    })
}

pub(in super::super) fn key_of(request: &Request) -> TapKey {
    TapKey {
        acquirer: request.acquirer,
        terminal: request.terminal,
        stan: request.stan,
        transmission: request.transmission,
        class: request.mti.class(),
    }
}

/// A short key for the reference index; what it leads to is compared in full.
pub(in super::super) fn reference(acquirer: &InstitutionId, merchant: &MerchantId, rrn: &Rrn) -> u64 {
    let mut hasher = DefaultHasher::new();
    (acquirer, merchant, rrn).hash(&mut hasher);
    hasher.finish()
}

/// A refusal as an answer.
pub(in super::super) fn refused(refusal: Refusal) -> Answer {
    Answer::code(refusal.code())
}

/// The answer to a decided tap; `None` while its issuer is being asked.
pub(in super::super) fn answer_of(r: &Transaction) -> Option<Answer> {
    match r.verdict {
        Verdict::Pending => None,
        Verdict::Refused(refusal) => Some(refused(refusal)),
        Verdict::Approved(approval) => {
            let ruled = r.ruled.as_ref();
            let approved = ruled.and_then(|ruled| ruled.approved);
            Some(Answer {
                code: if approved.is_some() { ResponseCode::PARTIAL } else { ResponseCode::APPROVED },
                approval: Some(approval),
                balance: r.balance.map(|(ledger, available)| Balance { ledger, available }),
                receipt: ruled.map_or_else(Receipt::default, |ruled| ruled.receipt),
                approved,
            })
        }
    }
}
