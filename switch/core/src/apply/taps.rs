//! The effects of acquirers' messages: each is kept as it was decided, and moves windows, points and earlier taps.

use super::super::money::{is_original, legs_of, minus, plus, sum};
use super::super::state::{State, Tap, TapIndex, TapState, answer_of, reference};
use super::super::totals::What;
use super::super::wallet::NO_HOLDER;
use super::reversals::Reversal;
use kazasu_ledger::record::{Place, Transaction, TransactionKind, Verdict};
use kazasu_ledger::{AccountKey, Transfer, TransferKind};
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::Options;

impl State {
    pub(super) fn tapped(&mut self, place: Place, r: &Transaction) {
        let tap = self.tap_of(place, r);
        let (seq, merchant, original) = (place.seq, tap.merchant, tap.original);
        if let Some(ruled) = &r.ruled {
            self.opened(&ruled.opens);
            if r.staff.is_some() {
                self.closing.opened(&ruled.opens);
            }
        }
        let index = self.taps.entered(tap);
        if let Some(tombstone) = r.tombstone {
            self.taps.buried(tombstone, place.day);
        }
        if r.verdict == Verdict::Pending {
            self.taps.pending.insert(seq, index);
        }
        if r.waits_for_person() {
            self.offline.waiting.insert(seq);
        }
        if let Some(message) = r.to_issuer.filter(|m| m.operation.is_advice()) {
            self.owes(place, message);
            self.advised(seq, (message, message.tap), &r.transfers);
        }
        let refused = matches!(r.verdict, Verdict::Refused(_));
        // No terminal knows what staff made, so no message means it.
        let named = r.staff.is_none() && r.rrn.names_something();
        if merchant != u32::MAX && is_original(r.kind) && !refused && named {
            self.taps.refer(reference(&r.key.acquirer, &r.merchant, &r.rrn), index, r.kind);
        }
        match (r.kind, original) {
            _ if refused => {}
            (
                TransactionKind::Purchase
                | TransactionKind::Authorize
                | TransactionKind::PurchaseAdvice
                | TransactionKind::AuthorizationAdvice,
                None,
            ) => {
                self.paid(place, index, r);
            }
            (TransactionKind::Completion, Some(of)) => self.completed(place, of, index, r),
            (TransactionKind::Refund | TransactionKind::RefundAdvice, Some(of)) => self.refunded(of, index, r),
            (TransactionKind::Reversal, Some(of)) if matches!(r.verdict, Verdict::Approved(_)) => {
                let transfers = &r.transfers[..];
                self.reversed(of, place.day, Reversal { by: seq, remains: r.remains, transfers, told: r.to_issuer });
            }
            _ => {}
        }
        self.count(place, r);
    }

    /// The message as it was decided.
    fn tap_of(&self, place: Place, r: &Transaction) -> Tap {
        let original = r.original.and_then(|seq| self.index_of(seq));
        let before = original.and_then(|index| self.tap(index));
        let merchant = match before {
            // What follows a tap is about its merchant, also when a reversal names another.
            Some(tap) => tap.merchant,
            None => self.parties.merchant_at.get(&(r.key.acquirer, r.merchant)).copied().unwrap_or(u32::MAX),
        };
        let named = r.ppid.and_then(|ppid| self.people.residents.get(&ppid).copied());
        let holder = named.map_or(NO_HOLDER, |at| self.root(at));
        let version = r.link.filter(|_| holder != NO_HOLDER);
        let link = match before {
            Some(tap) => tap.link,
            None => version.and_then(|v| self.people.link_position(holder, v)).unwrap_or(u32::MAX),
        };
        let carries = r.kind != TransactionKind::Reversal && !matches!(r.verdict, Verdict::Refused(_));
        let ruled = r.ruled.as_ref();
        Tap {
            seq: place.seq,
            at: place.at,
            day: place.day,
            key: r.key,
            fingerprint: r.fingerprint,
            kind: r.kind,
            state: standing(r),
            rrn: r.rrn,
            merchant,
            link,
            ppid: r.ppid,
            entry_mode: r.entry_mode,
            amount: r.amount,
            holder,
            limits: ruled.map_or(0, |ruled| ruled.limits),
            counted: Yen::ZERO,
            counted_day: place.at.jst_day(),
            counts: false,
            options: Options(ruled.map_or(0, |ruled| ruled.options)),
            months: ruled.map_or_else(Vec::new, |ruled| ruled.months.clone()),
            in_month: Yen::ZERO,
            legs: if carries { legs_of(&self.book, place.seq, &r.transfers) } else { Default::default() },
            kept: Yen::ZERO,
            original,
            answer: answer_of(r),
        }
    }

    /// A payment counts in its windows, and in its programmes' caps.
    fn paid(&mut self, place: Place, index: TapIndex, r: &Transaction) {
        let tap = self.tap(index).expect("it was just made");
        let (counting, part) = (tap.counting(), tap.waiting_part());
        let waits = matches!(tap.state, TapState::Pending | TapState::Held);
        let (holder, day) = (counting.holder, counting.day);
        if holder != NO_HOLDER && (part.is_positive() || r.kind == TransactionKind::PurchaseAdvice) {
            if r.kind == TransactionKind::PurchaseAdvice {
                self.wallet_mut(holder).offline.add(day.0, r.amount, 1);
            }
            if part.is_positive() {
                self.people.spend(&self.rules.policy, counting, part);
            }
            if waits {
                self.wallet_mut(holder).month.wait(day.month(), part);
            }
            self.joins_month(index, part);
        }
        self.point_sums(day, &r.transfers);
        if let Some(tap) = self.tap_mut(index) {
            (tap.counted, tap.counts) = (part, part.is_positive());
        }
        if let Some(ruled) = &r.ruled {
            self.tell(place, index, &ruled.alerts);
        }
    }

    /// All or part of what was held has been taken, and the rest released.
    fn completed(&mut self, place: Place, of: TapIndex, index: TapIndex, r: &Transaction) {
        self.came_back(&r.transfers);
        let Some(held) = self.tap(of) else { return };
        let day = held.counted_day;
        let part = self.tap(index).map_or(Yen::ZERO, |tap| {
            sum(&tap.legs, |leg| leg.is_part(), |leg| if leg.hold.is_some() { leg.asked } else { leg.posted })
        });
        self.give_back(of, minus(self.tap(of).map_or(Yen::ZERO, |tap| tap.counted), part), 0);
        self.point_sums(day, &r.transfers);
        self.waits_no_more(of);
        let Some(held) = self.tap_mut(of) else { return };
        held.state = TapState::Completed(index);
        let counted = std::mem::take(&mut held.counted);
        let counts = std::mem::take(&mut held.counts);
        let (holder, limits, months) = (held.holder, held.limits, held.months.clone());
        let in_month = std::mem::take(&mut held.in_month);
        for leg in &mut held.legs {
            leg.hold = None;
        }
        let Some(tap) = self.tap_mut(index) else { return };
        (tap.counted, tap.counts, tap.counted_day) = (counted, counts, day);
        (tap.holder, tap.limits, tap.months, tap.in_month) = (holder, limits, months, in_month);
        if holder != NO_HOLDER && r.waits_for_person() {
            self.wallet_mut(holder).month.wait(day.month(), counted);
        }
        if let Some(ruled) = &r.ruled {
            self.tell(place, index, &ruled.alerts);
        }
    }

    /// Counts what was posted at once. Acquirers count their own messages, and staff's corrections are none.
    fn count(&mut self, place: Place, r: &Transaction) {
        if r.transfers.is_empty() || matches!(r.kind, TransactionKind::Reversal) || r.staff.is_some() {
            return;
        }
        let amount = self.through_merchant(&r.transfers);
        if !amount.is_positive() {
            return;
        }
        let what = match r.kind {
            TransactionKind::Purchase | TransactionKind::PurchaseAdvice | TransactionKind::Completion => What::Payment,
            TransactionKind::Refund | TransactionKind::RefundAdvice => What::Refund,
            TransactionKind::Authorize
            | TransactionKind::AuthorizationAdvice
            | TransactionKind::BalanceInquiry
            | TransactionKind::Reversal
            | TransactionKind::Unsupported => return,
        };
        self.totals.count((r.key.acquirer, place.day), what, amount);
    }

    /// Yen that a record moves to or from a merchant.
    pub(in super::super) fn through_merchant(&self, transfers: &[Transfer]) -> Yen {
        let merchant =
            |id| matches!(self.book.account(id).map(|account| account.key), Some(AccountKey::MerchantPayable(..)));
        let own = transfers.iter().filter(|t| is_posting(t) && (merchant(t.debit) || merchant(t.credit)));
        own.fold(Yen::ZERO, |sum, t| plus(sum, t.amount))
    }
}

fn is_posting(t: &Transfer) -> bool {
    matches!(t.kind, TransferKind::Direct | TransferKind::Post(_))
}

/// The state of a tap right after its record.
fn standing(r: &Transaction) -> TapState {
    match r.verdict {
        Verdict::Pending => TapState::Pending,
        Verdict::Refused(_) => TapState::Refused,
        Verdict::Approved(_) if matches!(r.kind, TransactionKind::Authorize | TransactionKind::AuthorizationAdvice) => {
            TapState::Held
        }
        Verdict::Approved(_) if r.waits_for_person() => TapState::Held,
        Verdict::Approved(_) => TapState::Posted,
    }
}
