//! Folding records into statements.

use super::model::{Changes, Fold, LineKind, Outcome, Part, Parts, Place, RefusedTap, Tap};
use super::notified::Answer;
use kazasu_ledger::record::{self, Verdict};
use kazasu_ledger::{AccountId, Body, Transfer, TransferKind};
use kazasu_schemas::money::Yen;
use std::convert::Infallible;

impl Fold {
    fn part(&self, id: AccountId) -> Option<Part> {
        self.accounts.get(&id.0).copied()
    }

    fn parts(&self, transfers: &[Transfer]) -> Parts {
        let mut parts = Parts::default();
        for t in transfers.iter().filter(|t| matches!(t.kind, TransferKind::Direct | TransferKind::Post(_))) {
            let (sign, other) = match (self.part(t.debit), self.part(t.credit)) {
                (other, Some(Part::Merchant)) => (1, other),
                (Some(Part::Merchant | Part::Operator), other) => (-1, other),
                _ => continue,
            };
            let yen = sign * t.amount.get();
            match other {
                Some(Part::Relief) => parts.relief += yen,
                Some(Part::Points) => parts.points += yen,
                Some(Part::Uncovered) => parts.uncovered += yen,
                Some(Part::Merchant | Part::Issuer | Part::Operator) | None => parts.instrument += yen,
            }
        }
        parts
    }

    /// A line is undone, or part of it. Where a refund is undone whose payment the merchant bears, what stands again does so for the
    /// merchant: a transfer from the merchant to the issuer's account says so, which `parts` has taken off the instrument's part.
    fn undo(&mut self, line: u64, parts: &mut Parts, transfers: &[Transfer], changes: &mut Changes) {
        let lost =
            |t: &&Transfer| self.part(t.debit) == Some(Part::Merchant) && self.part(t.credit) == Some(Part::Issuer);
        let direct = transfers.iter().filter(|t| t.kind == TransferKind::Direct);
        if direct.clone().any(|t| self.part(t.credit) == Some(Part::Merchant)) {
            parts.instrument += direct.filter(lost).map(|t| t.amount.get()).sum::<i64>();
        }
        self.undo_denied(line, parts, changes);
    }

    /// Does an issuer's account take part?
    fn is_at_issuer(&self, transfers: &[Transfer]) -> bool {
        transfers.iter().any(|t| [t.debit, t.credit].iter().any(|id| self.part(*id) == Some(Part::Issuer)))
    }

    pub(super) fn take_in(&mut self, place: record::Place, body: &Body, changes: &mut Changes) {
        for opening in body.opens() {
            // A registration that is changed names again what it opened: what is written already is not written once more.
            if let Some(part) = Part::of(&opening.key)
                && self.accounts.insert(opening.account.0, part) != Some(part)
            {
                changes.accounts.push((opening.account.0, part));
            }
        }
        let step = &mut Step { fold: self, changes };
        let Ok(()) = body.fold(place, step);
    }

    /// The place of a tap that waits.
    fn waiting(&self, seq: u64, changes: &Changes) -> Option<Place> {
        let open = changes.open.get(&seq).map(|at| &changes.taps[*at]).map(|tap| (tap.day, tap.person));
        let (day, person) = open.or_else(|| self.pending.get(&seq).copied())?;
        Some(Place { seq, day, person, yen: 0 })
    }

    /// The first outcome of a tap that waits for one; what comes later is about something else.
    fn outcome(&mut self, seq: u64, parts: Result<Parts, Option<u64>>, changes: &mut Changes) {
        if let Some(at) = changes.open.remove(&seq) {
            let tap = &mut changes.taps[at];
            match parts {
                Ok(parts) => (tap.parts, tap.stands) = (parts, true),
                Err(told) => {
                    let Tap { person, at, merchant, amount, .. } = *tap;
                    changes.turned_down.extend(told.map(|told| RefusedTap { person, seq, at, merchant, amount, told }));
                    // It goes with those that are written nowhere.
                    tap.seq = 0;
                }
            }
        } else if let Some((day, person)) = self.pending.remove(&seq) {
            changes.outcomes.push(Outcome { day, person, seq, parts });
        }
    }
}

/// A record that is folded in, and what it changes.
struct Step<'a> {
    fold: &'a mut Fold,
    changes: &'a mut Changes,
}

impl record::Fold for Step<'_> {
    type Error = Infallible;

    fn merged(&mut self, _: record::Place, r: &record::Merged) -> Result<(), Infallible> {
        self.changes.merged.push((r.from, r.into));
        Ok(())
    }

    fn replaced(&mut self, _: record::Place, r: &record::Replaced) -> Result<(), Infallible> {
        self.changes.merged.push((r.from, r.into));
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

    fn tapped(&mut self, place: record::Place, r: &record::Transaction) -> Result<(), Infallible> {
        let Step { fold, changes } = self;
        let record::Place { seq, at, day } = place;
        let (Some(person), Some(kind)) = (r.ppid, LineKind::of(r.kind)) else { return Ok(()) };
        let merchant = fold.merchants.get(&(r.key.acquirer, r.merchant)).map_or(0, |(id, _)| *id);
        let stands = match r.verdict {
            Verdict::Refused(_) => {
                changes.turned_down.push(RefusedTap { person, seq, at, merchant, amount: r.amount, told: seq });
                return Ok(());
            }
            Verdict::Approved(_) => !r.waits_for_person(),
            Verdict::Pending => false,
        };
        let mut parts = fold.parts(&r.transfers);
        if let Some(line) = r.original.filter(|_| kind == LineKind::Reversal) {
            fold.undo(line, &mut parts, &r.transfers, changes);
        }
        if !stands {
            changes.open.insert(seq, changes.taps.len());
        }
        changes.taps.push(Tap { day, person, seq, at, merchant, kind, amount: r.amount, parts, stands });
        let place = Place { seq, day, person, yen: parts.instrument };
        let told = r.to_issuer.filter(|message| message.operation.is_advice());
        match (kind, r.original) {
            (LineKind::Reversal, Some(line)) => {
                let place = Some(place).filter(|_| fold.is_at_issuer(&r.transfers));
                fold.reversal(line, place, told.map(|told| (seq, told)), changes);
            }
            (LineKind::Reversal, None) => {}
            _ if told.is_some() => fold.advise(seq, Some(place), changes),
            _ => {}
        }
        Ok(())
    }

    fn issuer_answered(&mut self, place: record::Place, r: &record::IssuerAnswered) -> Result<(), Infallible> {
        let Step { fold, changes } = self;
        // An issuer that declines its part leaves what purses and points have paid.
        let parts = fold.parts(&r.transfers);
        let paid = r.code.is_approved() || !parts.is_nothing();
        fold.outcome(r.tap, if paid { Ok(parts) } else { Err(Some(place.seq)) }, changes);
        Ok(())
    }

    fn advice_decided(&mut self, place: record::Place, r: &record::AdviceDecided) -> Result<(), Infallible> {
        let Step { fold, changes } = self;
        let seq = place.seq;
        let parts = fold.parts(&r.transfers);
        // What a person accepts is told to its issuer under this record.
        if r.to_issuer.is_some() {
            let place = fold.waiting(r.tap, changes).map(|place| Place { yen: parts.instrument, ..place });
            fold.advise(seq, place, changes);
        }
        // The person got the goods: it is nothing that a resident asks about.
        fold.outcome(r.tap, r.accepted.then_some(parts).ok_or(None), changes);
        Ok(())
    }

    fn stood_in(&mut self, place: record::Place, r: &record::StoodIn) -> Result<(), Infallible> {
        let Step { fold, changes } = self;
        let seq = place.seq;
        let parts = fold.parts(&r.transfers);
        let place = fold.waiting(r.tap, changes).map(|place| Place { yen: parts.instrument, ..place });
        fold.advise(seq, place, changes);
        fold.outcome(r.tap, Ok(parts), changes);
        Ok(())
    }

    fn undone(&mut self, place: record::Place, r: &record::Undone) -> Result<(), Infallible> {
        let Step { fold, changes } = self;
        let record::Place { seq, at, day } = place;
        let Some(person) = r.ppid else { return Ok(()) };
        let merchant = fold.merchants.get(&(r.acquirer, r.merchant)).map_or(0, |(id, _)| *id);
        let mut parts = fold.parts(&r.transfers);
        fold.undo(r.tap, &mut parts, &r.transfers, changes);
        let amount = Yen::new((parts.relief + parts.points + parts.instrument + parts.uncovered).abs());
        let kind = LineKind::Reversal;
        changes.taps.push(Tap { day, person, seq, at, merchant, kind, amount, parts, stands: true });
        let place = Place { seq, day, person, yen: parts.instrument };
        let place = Some(place).filter(|_| fold.is_at_issuer(&r.transfers));
        fold.reversal(r.tap, place, r.to_issuer.map(|told| (seq, told)), changes);
        Ok(())
    }

    fn issuer_notified(&mut self, place: record::Place, r: &record::IssuerNotified) -> Result<(), Infallible> {
        self.fold.reversal(r.tap, None, Some((place.seq, r.to_issuer)), self.changes);
        Ok(())
    }

    fn issuer_silent(&mut self, place: record::Place, r: &record::IssuerSilent) -> Result<(), Infallible> {
        let Step { fold, changes } = self;
        let parts = fold.parts(&r.transfers);
        fold.outcome(r.tap, if parts.is_nothing() { Err(Some(place.seq)) } else { Ok(parts) }, changes);
        Ok(())
    }

    fn issuer_acknowledged(&mut self, _: record::Place, r: &record::IssuerAcknowledged) -> Result<(), Infallible> {
        let answer = if r.code.is_approved() { Answer::CarriedOut } else { Answer::Refused };
        self.fold.answered(r.message, answer, self.changes);
        Ok(())
    }

    fn loss_booked(&mut self, _: record::Place, r: &record::LossBooked) -> Result<(), Infallible> {
        self.fold.answered(r.message, Answer::Refused, self.changes);
        Ok(())
    }

    fn loss_returned(&mut self, _: record::Place, r: &record::LossReturned) -> Result<(), Infallible> {
        self.fold.answered(r.message, Answer::Refused, self.changes);
        Ok(())
    }

    kazasu_ledger::ignore_records! {
        payee_set payees_taken payee_called file_ended opened acquirer_registered issuer_registered deposit_opened funded linked unlinked issuer_late
        totals_compared cut_over policy_activated temporary_issued card_status_set certificate_bound list_applied
        own_limits_set notices_chosen programme_funded purse_credited lapsed link_broken retarget_proposed retarget_decided resealed
        notice_ended approval_requested approval_decided relief_batch_opened relief_rows_added relief_row_set relief_step_taken
        relief_credited relief_file_made relief_sent relief_returned relief_repaid day_marked merchant_settled
        issuer_settled money_received payout_file_made payout_taken payout_returned recon_ran exceptions_opened
        exception_noted head_signed exceptions_ended line_undone line_set_aside approval_sent_back approval_withdrawn approval_lapsed key_destroyed clock_confirmed
        clock_kept
        organisation_set person_invited person_joined person_ended key_registered key_revoked grant_ended
    }
}
