//! How records change the index.

use super::model::{Account, Changes, Delta, Fold, Link, Outcome, Row, Verdict, last_four};
use kazasu_ledger::record::{self, Instrument, TransactionKind};
use kazasu_ledger::{Body, Transfer, TransferKind};
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::wire::response::ResponseCode;
use std::convert::Infallible;

/// Gives back of a payment?
pub(super) fn is_refund(kind: TransactionKind) -> bool {
    matches!(kind, TransactionKind::Refund | TransactionKind::RefundAdvice)
}

impl Changes {
    /// A row changes, and with a refund's row the payment that it gives back of.
    fn change(&mut self, seq: u64, delta: &Delta) {
        let Some(row) = self.at.get(&seq).and_then(|at| self.rows.get_mut(*at)) else {
            self.deltas.entry(seq).or_default().take_in(delta);
            return;
        };
        row.outcome.take_in(delta.outcome);
        row.moved += delta.moved;
        row.reversed += delta.reversed;
        row.refunded += delta.refunded;
        row.undone |= delta.undone;
        if let Some(payment) = row.original.filter(|_| is_refund(row.kind)) {
            self.change(payment, &Delta { refunded: delta.of_payment(), ..Delta::default() });
        }
    }
}

impl Fold {
    fn is_merchant(&self, account: u32) -> bool {
        self.accounts.get(&account) == Some(&Account::Merchant)
    }

    /// Yen that merchants got; below zero: that they gave back.
    fn moved(&self, transfers: &[Transfer]) -> i64 {
        let done = transfers.iter().filter(|t| matches!(t.kind, TransferKind::Direct | TransferKind::Post(_)));
        let yen = done.map(|t| match (self.is_merchant(t.debit.0), self.is_merchant(t.credit.0)) {
            (false, true) => t.amount.get(),
            (true, false) => -t.amount.get(),
            (true, true) | (false, false) => 0,
        });
        yen.sum()
    }

    pub(super) fn take_in(&mut self, place: record::Place, body: &Body, changes: &mut Changes) {
        for opening in body.opens() {
            // A registration that is changed names again what it opened: what is written already is not written once more.
            if let Some(account) = Account::of(&opening.key)
                && self.accounts.insert(opening.account.0, account) != Some(account)
            {
                changes.accounts.push((opening.account.0, account));
            }
        }
        let step = &mut Step { fold: self, changes };
        let Ok(()) = body.fold(place, step);
    }

    fn link(&self, person: Ppid, version: u32, instrument: &Instrument) -> Link {
        let kind = instrument.kind();
        let (last_four, key) = match instrument {
            Instrument::CreditCard(card) | Instrument::DebitCard(card) => self.last_of_card(&card.pan, &person),
            Instrument::BankAccount(account) => (Some(last_four(account.number)), None),
            Instrument::Deposit(account) => match self.accounts.get(&account.0) {
                Some(Account::Deposit(last)) => (Some(*last), None),
                Some(Account::Merchant) | None => (None, None),
            },
        };
        Link { person, version, kind, last_four, key }
    }

    /// Nothing of a card whose key is gone or not here.
    fn last_of_card(&self, sealed: &[u8], person: &Ppid) -> (Option<u16>, Option<u8>) {
        let last = self.vault.open(sealed, person).ok().and_then(|pan| {
            let digits = pan.expose();
            std::str::from_utf8(digits.get(digits.len().checked_sub(4)?..)?).ok()?.parse().ok()
        });
        (last, sealed.first().copied())
    }
}

/// A record that is folded in, and what it changes.
struct Step<'a> {
    fold: &'a mut Fold,
    changes: &'a mut Changes,
}

impl Step<'_> {
    /// The end of a message that waited. An issuer that declines its part leaves what purses and points have paid.
    fn ended(&mut self, tap: u64, transfers: &[Transfer], outcome: Outcome) {
        let moved = self.fold.moved(transfers);
        let verdict = if moved == 0 { outcome.verdict } else { Some(Verdict::Approved) };
        self.changes.change(tap, &Delta { outcome: Outcome { verdict, ..outcome }, moved, ..Delta::default() });
    }

    fn linked_to(&mut self, person: Ppid, version: u32, instrument: &Instrument) {
        let link = self.fold.link(person, version, instrument);
        self.changes.links.push(link);
    }
}

impl record::Fold for Step<'_> {
    type Error = Infallible;

    fn merged(&mut self, _: record::Place, r: &record::Merged) -> Result<(), Infallible> {
        self.changes.merged.push((r.from, r.into));
        Ok(())
    }

    fn replaced(&mut self, _: record::Place, r: &record::Replaced) -> Result<(), Infallible> {
        self.changes.merged.push((r.from, r.into));
        if let Some(link) = &r.link {
            self.linked_to(link.ppid, link.version, &link.instrument);
        }
        Ok(())
    }

    fn merchant_registered(&mut self, _: record::Place, r: &record::MerchantRegistered) -> Result<(), Infallible> {
        let Step { fold, changes } = self;
        let key = (r.acquirer, r.merchant);
        if fold.merchants.get(&key).is_none_or(|(_, name)| *name != r.name) {
            fold.next_merchant += 1;
            fold.merchants.insert(key, (fold.next_merchant, r.name.clone()));
            changes.merchants.push((fold.next_merchant, r.acquirer, r.merchant, r.name.clone()));
        }
        Ok(())
    }

    fn linked(&mut self, _: record::Place, r: &record::Linked) -> Result<(), Infallible> {
        self.linked_to(r.ppid, r.version, &r.instrument);
        Ok(())
    }

    fn retarget_decided(&mut self, _: record::Place, r: &record::RetargetDecided) -> Result<(), Infallible> {
        if let Some(link) = &r.link {
            self.linked_to(r.ppid, link.version, &link.instrument);
        }
        Ok(())
    }

    fn approval_decided(&mut self, _: record::Place, r: &record::ApprovalDecided) -> Result<(), Infallible> {
        if let Some(link) = &r.link {
            self.linked_to(link.ppid, link.version, &link.instrument);
        }
        Ok(())
    }

    fn resealed(&mut self, _: record::Place, r: &record::Resealed) -> Result<(), Infallible> {
        let (last_four, key) = self.fold.last_of_card(&r.pan, &r.ppid);
        // The kind stays.
        self.changes.links.push(Link { person: r.ppid, version: r.version, kind: "", last_four, key });
        Ok(())
    }

    /// With the key go the digits that it sealed.
    fn key_destroyed(&mut self, _: record::Place, r: &record::KeyDestroyed) -> Result<(), Infallible> {
        if r.key == "vault.cards" {
            self.changes.destroyed.push((r.version, self.changes.links.len()));
        }
        Ok(())
    }

    fn tapped(&mut self, place: record::Place, r: &record::Transaction) -> Result<(), Infallible> {
        let Step { fold, changes } = self;
        let record::Place { seq, at, day } = place;
        let (verdict, approval, refusal) = match r.verdict {
            record::Verdict::Refused(why) => (Some(Verdict::Declined), None, Some(why)),
            record::Verdict::Approved(code) => {
                (Some(Verdict::Approved).filter(|_| !r.waits_for_person()), Some(code), None)
            }
            record::Verdict::Pending => (None, None, None),
        };
        let known = fold.merchants.get(&(r.key.acquirer, r.merchant)).map(|(id, _)| *id);
        let merchant = match known {
            Some(id) => id,
            // No record has registered it: only the message names it.
            None => {
                fold.next_merchant += 1;
                fold.merchants.insert((r.key.acquirer, r.merchant), (fold.next_merchant, String::new()));
                changes.merchants.push((fold.next_merchant, r.key.acquirer, r.merchant, String::new()));
                fold.next_merchant
            }
        };
        let moved = fold.moved(&r.transfers);
        changes.at.insert(seq, changes.rows.len());
        changes.rows.push(Row {
            seq,
            at,
            day,
            merchant,
            terminal: r.key.terminal,
            stan: r.key.stan,
            rrn: r.rrn,
            kind: r.kind,
            amount: r.amount,
            original: r.original,
            person: r.ppid,
            link: r.link,
            refusal,
            outcome: Outcome { verdict, approval, code: None },
            moved,
            reversed: 0,
            refunded: 0,
            undone: false,
        });
        let Some(original) = r.original.filter(|_| refusal.is_none()) else { return Ok(()) };
        if r.kind == TransactionKind::Reversal {
            let undone = r.remains.is_some_and(|yen| yen.get() == 0);
            changes.change(original, &Delta { reversed: moved.abs(), undone, ..Delta::default() });
        } else if is_refund(r.kind) {
            // A write-off gives back what no merchant gives: the payment has that much less left all the same.
            let refunded = if r.staff.is_some() { r.amount.get() } else { -moved };
            changes.change(original, &Delta { refunded, ..Delta::default() });
        }
        Ok(())
    }

    fn issuer_answered(&mut self, _: record::Place, r: &record::IssuerAnswered) -> Result<(), Infallible> {
        // Its approval code says whether the terminal was told yes: an issuer may decline its part, and the rest be approved.
        let (verdict, code) = match (r.approval.is_some(), r.code.is_approved()) {
            (true, true) => (Verdict::Approved, r.code),
            (true, false) => (Verdict::Approved, ResponseCode::PARTIAL),
            (false, _) => (Verdict::Declined, r.code),
        };
        let outcome = Outcome { verdict: Some(verdict), approval: r.approval, code: Some(code) };
        self.ended(r.tap, &r.transfers, outcome);
        Ok(())
    }

    fn issuer_silent(&mut self, _: record::Place, r: &record::IssuerSilent) -> Result<(), Infallible> {
        self.ended(r.tap, &r.transfers, Outcome { verdict: Some(Verdict::Declined), ..Outcome::default() });
        Ok(())
    }

    fn stood_in(&mut self, _: record::Place, r: &record::StoodIn) -> Result<(), Infallible> {
        let outcome = Outcome { verdict: Some(Verdict::Approved), approval: Some(r.approval), code: None };
        self.ended(r.tap, &r.transfers, outcome);
        Ok(())
    }

    fn advice_decided(&mut self, _: record::Place, r: &record::AdviceDecided) -> Result<(), Infallible> {
        let verdict = if r.accepted { Verdict::Approved } else { Verdict::Declined };
        self.ended(r.tap, &r.transfers, Outcome { verdict: Some(verdict), ..Outcome::default() });
        Ok(())
    }

    fn undone(&mut self, _: record::Place, r: &record::Undone) -> Result<(), Infallible> {
        let moved = self.fold.moved(&r.transfers);
        self.changes.change(r.tap, &Delta { reversed: moved.abs(), ..Delta::default() });
        self.changes.change(r.reversal, &Delta { moved, ..Delta::default() });
        Ok(())
    }

    kazasu_ledger::ignore_records! {
        opened acquirer_registered issuer_registered deposit_opened funded unlinked issuer_late issuer_acknowledged
        issuer_notified loss_booked loss_returned
        totals_compared cut_over policy_activated temporary_issued card_status_set certificate_bound list_applied
        own_limits_set notices_chosen programme_funded purse_credited lapsed link_broken retarget_proposed
        notice_ended approval_requested relief_batch_opened relief_rows_added relief_row_set relief_step_taken
        relief_credited relief_file_made relief_sent relief_returned relief_repaid day_marked merchant_settled
        issuer_settled money_received payout_file_made payout_taken payout_returned recon_ran exceptions_opened
        exception_noted head_signed exceptions_ended line_undone line_set_aside payee_set payees_taken payee_called file_ended approval_sent_back approval_withdrawn approval_lapsed
        clock_confirmed clock_kept
        organisation_set person_invited person_joined person_ended key_registered key_revoked grant_ended
    }
}
