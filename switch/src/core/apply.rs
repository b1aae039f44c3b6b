//! Folding a record into the state. It decides nothing: whatever was recorded is carried out, and a record that cannot be
//! carried out means that the journal is damaged.

use super::state::{Known, LinkVersion, Merchant, State, Tap, TapIndex, TapState, position, reference, refused};
use kazasu_ledger::record::{
    Body, CutOver, Instrument, IssuerAnswered, IssuerSilent, MerchantRegistered, Record, Silence, TapKind, Tapped,
    Verdict,
};
use kazasu_ledger::{HoldId, RuleError, Seq, Transfer, TransferKind};
use kazasu_schemas::ids::{InstitutionId, Ppid};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::totals::DayTotals;
use kazasu_schemas::wire::{Answer, Balance, Refusal, ResponseCode};
use std::collections::BTreeSet;

impl State {
    /// Folds the next record in. An error names the ledger rule that a damaged record breaks.
    pub fn apply(&mut self, seq: Seq, record: &Record) -> Result<(), RuleError> {
        assert_eq!(seq, self.seq + 1, "records are applied in order, each once");
        self.book.record(seq, &record.body)?;
        self.seq = seq;
        self.at = record.at;
        self.day = record.day;
        match &record.body {
            Body::Opened(r) => self.bank = Some(r.bank),
            Body::AcquirerRegistered(r) => {
                self.acquirers.insert(r.acquirer, r.shortfall);
            }
            Body::IssuerRegistered(r) => {
                self.issuers.insert(r.issuer, r.receivable);
            }
            Body::MerchantRegistered(r) => self.merchant_registered(r),
            Body::DepositOpened(r) => {
                self.deposits.insert(r.number, r.account);
            }
            Body::Funded(_) => {}
            Body::Linked(r) => self.linked(r.ppid, r.version, r.from, Some(r.instrument.clone())),
            Body::Unlinked(r) => self.linked(r.ppid, r.version, r.from, None),
            Body::Tapped(r) => self.tapped(seq, record, r),
            Body::IssuerAnswered(r) => self.issuer_answered(record, r),
            Body::IssuerSilent(r) => self.issuer_silent(seq, record.at, r),
            Body::IssuerLate(_) => {}
            Body::IssuerAcknowledged(r) => {
                self.unacknowledged.remove(&r.message);
            }
            Body::TotalsCompared(_) => {}
            Body::CutOver(r) => self.cut_over(r),
        }
        Ok(())
    }

    fn merchant_registered(&mut self, r: &MerchantRegistered) {
        let key = (r.acquirer, r.merchant);
        let at = match self.merchant_at.get(&key) {
            Some(at) => *at,
            None => {
                let at = u32::try_from(self.merchants.len()).expect("at most four billion merchants");
                self.merchant_at.insert(key, at);
                at
            }
        };
        let merchant = Merchant {
            acquirer: r.acquirer,
            id: r.merchant,
            name: r.name.clone(),
            mcc: r.mcc,
            payable: r.payable,
            closed: r.closed,
            terminals: r.terminals.clone(),
        };
        match self.merchants.get_mut(position(at)) {
            Some(known) => {
                for terminal in std::mem::replace(known, merchant).terminals {
                    self.terminal_at.remove(&(r.acquirer, terminal));
                }
            }
            None => self.merchants.push(merchant),
        }
        for terminal in &r.terminals {
            self.terminal_at.insert((r.acquirer, *terminal), at);
        }
    }

    fn linked(&mut self, ppid: Ppid, version: u32, from: Millis, instrument: Option<Instrument>) {
        let at = u32::try_from(self.links.len()).expect("at most four billion link versions");
        let before = self.residents.insert(ppid, at).unwrap_or(u32::MAX);
        self.links.push(LinkVersion { from, version, before, instrument });
    }

    fn tapped(&mut self, seq: Seq, record: &Record, r: &Tapped) {
        let original = r.original.and_then(|seq| self.index_of(seq));
        let merchant = self.merchant_at.get(&(r.key.acquirer, r.merchant)).copied().unwrap_or(u32::MAX);
        let link = r.ppid.and_then(|ppid| self.link_position(&ppid, r.link?)).unwrap_or(u32::MAX);
        let (state, answer) = standing(r);
        let index = self.forgotten + u64::try_from(self.taps.len()).expect("a position");
        let approved = matches!(r.verdict, Verdict::Approved(_));
        let moves = matches!(state, TapState::Posted) && r.kind != TapKind::Reversal;
        let last = r.transfers.last();
        let tap = Tap {
            seq,
            at: record.at,
            day: record.day,
            key: r.key,
            fingerprint: r.fingerprint,
            kind: r.kind,
            state,
            rrn: r.rrn,
            merchant,
            link,
            ppid: r.ppid,
            entry_mode: r.entry_mode,
            amount: r.amount,
            moved: if moves { posted(&r.transfers) } else { Yen::ZERO },
            refunded: Yen::ZERO,
            shortfall: if moves { self.uncovered(&r.key.acquirer, r.kind, &r.transfers) } else { Yen::ZERO },
            hold: held(seq, &r.transfers),
            accounts: self.accounts_of(&r.key.acquirer, &r.transfers).or(last.map(|t| (t.debit, t.credit))),
            original,
            answer,
        };
        self.taps.push_back(tap);
        self.known.insert(r.key, Known::Tap(index));
        if let Some(tombstone) = r.tombstone {
            self.known.entry(tombstone).or_insert(Known::Tombstone(record.day));
        }
        if r.verdict == Verdict::Pending {
            self.pending.insert(seq, index);
        }
        if let Some(message) = r.to_issuer.filter(|m| m.operation.is_advice()) {
            self.unacknowledged.insert(seq, (message, record.at));
        }
        if merchant != u32::MAX && is_original(r.kind) && !matches!(r.verdict, Verdict::Refused(_)) {
            self.by_reference.insert(reference(&r.key.acquirer, &r.merchant, &r.rrn), index);
        }
        match (r.kind, original) {
            (TapKind::Completion, Some(of)) if approved => {
                self.set_state(of, TapState::Completed(index));
            }
            (TapKind::Refund | TapKind::RefundAdvice, Some(of)) if !matches!(r.verdict, Verdict::Refused(_)) => {
                self.add_refunded(of, r.amount.get());
            }
            (TapKind::Reversal, Some(of)) if approved => self.reversed(of, record, r),
            _ => {}
        }
        self.count(record, r);
    }

    fn link_position(&self, ppid: &Ppid, version: u32) -> Option<u32> {
        let mut at = *self.residents.get(ppid)?;
        loop {
            let link = self.link(at)?;
            if link.version == version {
                return Some(at);
            }
            at = link.before;
        }
    }

    /// The pair of accounts that a payment is between, the acquirer's shortfall account left aside.
    fn accounts_of(
        &self,
        acquirer: &InstitutionId,
        transfers: &[Transfer],
    ) -> Option<(kazasu_ledger::AccountId, kazasu_ledger::AccountId)> {
        let shortfall = self.acquirers.get(acquirer);
        let own = |t: &&Transfer| Some(&t.debit) != shortfall && Some(&t.credit) != shortfall;
        transfers.iter().find(own).map(|t| (t.debit, t.credit))
    }

    fn uncovered(&self, acquirer: &InstitutionId, kind: TapKind, transfers: &[Transfer]) -> Yen {
        let Some(shortfall) = self.acquirers.get(acquirer) else { return Yen::ZERO };
        let payment = matches!(kind, TapKind::PurchaseAdvice | TapKind::Completion);
        let own = transfers.iter().filter(|t| payment && t.debit == *shortfall && is_posting(t));
        own.fold(Yen::ZERO, |sum, t| sum.checked_add(t.amount).expect("parts of one amount"))
    }

    fn set_state(&mut self, index: TapIndex, state: TapState) {
        if let Some(tap) = self.tap_mut(index) {
            tap.state = state;
        }
    }

    fn add_refunded(&mut self, index: TapIndex, yen: i64) {
        if let Some(tap) = self.tap_mut(index) {
            tap.refunded = tap.refunded.checked_add(Yen::new(yen)).expect("refunds stay within the payment");
            assert!(tap.refunded >= Yen::ZERO && tap.refunded <= tap.moved, "refunds stay within the payment");
        }
    }

    /// A reversal took effect on the tap at `of`.
    fn reversed(&mut self, of: TapIndex, record: &Record, r: &Tapped) {
        let amount =
            r.transfers.iter().fold(Yen::ZERO, |sum, t| sum.checked_add(t.amount).expect("parts of one amount"));
        let uncovered = self.acquirers.get(&r.key.acquirer).map_or(Yen::ZERO, |shortfall| {
            let own = r.transfers.iter().filter(|t| t.credit == *shortfall);
            own.fold(Yen::ZERO, |sum, t| sum.checked_add(t.amount).expect("parts of one amount"))
        });
        let hold_left = self.tap(of).and_then(|tap| tap.hold).is_some_and(|hold| self.book.hold(hold).is_some());
        let day = record.day;
        let Some(tap) = self.tap_mut(of) else { return };
        let refund = matches!(tap.kind, TapKind::Refund | TapKind::RefundAdvice);
        let (seq, original, before) = (tap.seq, tap.original, tap.state);
        match before {
            TapState::Pending => {
                tap.state = TapState::Reversed;
                tap.answer = Some(refused(Refusal::ReversedBefore));
            }
            TapState::Held if !hold_left => tap.state = TapState::Reversed,
            TapState::Posted if amount.is_positive() => {
                tap.moved = tap.moved.checked_sub(amount).expect("a reversal stays within what stands");
                tap.shortfall = tap.shortfall.checked_sub(uncovered).unwrap_or(Yen::ZERO);
                if tap.moved == Yen::ZERO {
                    tap.state = TapState::Reversed;
                }
            }
            TapState::Held | TapState::Posted | TapState::Completed(_) | TapState::Refused | TapState::Reversed => {}
        }
        if before == TapState::Pending {
            self.pending.remove(&seq);
        }
        if refund
            && amount.is_positive()
            && let Some(paid) = original
        {
            self.add_refunded(paid, -amount.get());
        }
        if before == TapState::Posted && amount.is_positive() {
            let totals = self.totals.entry((r.key.acquirer, day)).or_default();
            let (n, yen) = if refund {
                (&mut totals.credit_reversals, &mut totals.credit_reversal_amount)
            } else {
                (&mut totals.debit_reversals, &mut totals.debit_reversal_amount)
            };
            *n += 1;
            add_to_day(yen, amount);
        }
    }

    /// Counts what was posted at once.
    fn count(&mut self, record: &Record, r: &Tapped) {
        let amount = posted(&r.transfers);
        if !amount.is_positive() {
            return;
        }
        match r.kind {
            TapKind::Purchase | TapKind::PurchaseAdvice | TapKind::Completion => {
                add(self.totals.entry((r.key.acquirer, record.day)).or_default(), false, amount);
            }
            TapKind::Refund | TapKind::RefundAdvice => {
                add(self.totals.entry((r.key.acquirer, record.day)).or_default(), true, amount);
            }
            TapKind::Authorize
            | TapKind::AuthorizationAdvice
            | TapKind::BalanceInquiry
            | TapKind::Reversal
            | TapKind::Unsupported => {}
        }
    }

    fn issuer_answered(&mut self, record: &Record, r: &IssuerAnswered) {
        let Some(index) = self.pending.remove(&r.tap) else { return };
        let Some(tap) = self.tap_mut(index) else { return };
        tap.answer = Some(Answer { code: r.code, approval: r.approval, balance: None });
        let (kind, amount, original, acquirer) = (tap.kind, tap.amount, tap.original, tap.key.acquirer);
        if !r.code.is_approved() {
            tap.state = TapState::Refused;
            self.refund_failed(kind, original, amount);
            return;
        }
        if kind == TapKind::Authorize {
            tap.state = TapState::Held;
            return;
        }
        tap.state = TapState::Posted;
        tap.moved = amount;
        tap.hold = None;
        add(self.totals.entry((acquirer, record.day)).or_default(), kind == TapKind::Refund, amount);
    }

    fn issuer_silent(&mut self, seq: Seq, at: Millis, r: &IssuerSilent) {
        if let Some(message) = r.to_issuer {
            self.unacknowledged.insert(seq, (message, at));
        }
        let Some(index) = self.pending.remove(&r.tap) else { return };
        let Some(tap) = self.tap_mut(index) else { return };
        tap.state = TapState::Refused;
        tap.answer = Some(refused(match r.why {
            Silence::TimedOut | Silence::Restarted => Refusal::IssuerTimeout,
            Silence::NotSent => Refusal::IssuerUnavailable,
        }));
        let (kind, amount, original) = (tap.kind, tap.amount, tap.original);
        self.refund_failed(kind, original, amount);
    }

    fn refund_failed(&mut self, kind: TapKind, original: Option<TapIndex>, amount: Yen) {
        if let (TapKind::Refund, Some(paid)) = (kind, original) {
            self.add_refunded(paid, -amount.get());
        }
    }

    /// The day turns, and settled taps of old days leave the memory. What something still depends on is set aside.
    fn cut_over(&mut self, r: &CutOver) {
        self.day = r.opened;
        let owed: BTreeSet<Seq> =
            self.unacknowledged.values().flat_map(|(m, _)| [Some(m.tap), m.about]).flatten().collect();
        let needed = |tap: &Tap| matches!(tap.state, TapState::Pending | TapState::Held) || owed.contains(&tap.seq);
        for (index, tap) in std::mem::take(&mut self.kept) {
            if needed(&tap) {
                self.kept.push((index, tap));
            } else {
                self.forget(index, &tap);
            }
        }
        while self.taps.front().is_some_and(|tap| tap.day < r.forget_before) {
            let tap = self.taps.pop_front().expect("front() saw it");
            let index = self.forgotten;
            self.forgotten += 1;
            if needed(&tap) {
                self.kept.push((index, tap));
            } else {
                self.forget(index, &tap);
            }
        }
        self.known.retain(|_, known| !matches!(known, Known::Tombstone(day) if *day < r.forget_before));
        self.totals.retain(|(_, day), _| *day >= r.forget_before);
    }

    /// Takes out what led to a tap that has left the memory.
    fn forget(&mut self, index: TapIndex, tap: &Tap) {
        if self.known.get(&tap.key) == Some(&Known::Tap(index)) {
            self.known.remove(&tap.key);
        }
        if let Some(merchant) = self.merchant(tap.merchant) {
            let key = reference(&tap.key.acquirer, &merchant.id, &tap.rrn);
            if self.by_reference.get(&key) == Some(&index) {
                self.by_reference.remove(&key);
            }
        }
    }
}

/// The largest amount of a day that the totals' fields (n16) carry. A day beyond it stays there, and no longer agrees.
const MOST_OF_A_DAY: Yen = Yen::new(9_999_999_999_999_999);

fn add_to_day(yen: &mut Yen, amount: Yen) {
    *yen = yen.checked_add(amount).unwrap_or(MOST_OF_A_DAY).min(MOST_OF_A_DAY);
}

fn add(totals: &mut DayTotals, credit: bool, amount: Yen) {
    let (n, yen) = if credit {
        (&mut totals.credits, &mut totals.credit_amount)
    } else {
        (&mut totals.debits, &mut totals.debit_amount)
    };
    *n += 1;
    add_to_day(yen, amount);
}

fn is_posting(t: &Transfer) -> bool {
    matches!(t.kind, TransferKind::Direct | TransferKind::Post(_))
}

/// What a record posts.
fn posted(transfers: &[Transfer]) -> Yen {
    let posted = transfers.iter().filter(|t| is_posting(t));
    posted.fold(Yen::ZERO, |sum, t| sum.checked_add(t.amount).expect("parts of one amount"))
}

fn held(seq: Seq, transfers: &[Transfer]) -> Option<HoldId> {
    let leg = transfers.iter().position(|t| t.kind == TransferKind::Hold)?;
    Some(HoldId::new(seq, leg))
}

fn is_original(kind: TapKind) -> bool {
    match kind {
        TapKind::Authorize
        | TapKind::Purchase
        | TapKind::AuthorizationAdvice
        | TapKind::PurchaseAdvice
        | TapKind::Refund
        | TapKind::RefundAdvice => true,
        TapKind::BalanceInquiry | TapKind::Completion | TapKind::Reversal | TapKind::Unsupported => false,
    }
}

/// Where a tap stands right after its record, and what repeats of it are answered.
fn standing(r: &Tapped) -> (TapState, Option<Answer>) {
    match r.verdict {
        Verdict::Pending => (TapState::Pending, None),
        Verdict::Refused(refusal) => (TapState::Refused, Some(refused(refusal))),
        Verdict::Approved(approval) => {
            let balance = r.balance.map(|(ledger, available)| Balance { ledger, available });
            let answer = Answer { code: ResponseCode::APPROVED, approval: Some(approval), balance };
            let state = if matches!(r.kind, TapKind::Authorize | TapKind::AuthorizationAdvice) {
                TapState::Held
            } else {
                TapState::Posted
            };
            (state, Some(answer))
        }
    }
}
