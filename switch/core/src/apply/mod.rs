//! Folding a record into the state. It decides nothing: all that was recorded is carried out, and a record that cannot be
//! carried out means that the journal is damaged.
//!
//! Each kind of record is handed to the part of the state that it is about. What a record does to several parts is a method of the
//! whole state: of taps and issuers here and below, of relief, closing, statements and approvals in their own modules.

mod advices;
mod issuers;
mod people;
mod refunds;
mod reversals;
mod taps;
mod undo;
mod windows;

use super::state::State;
use kazasu_ledger::record::{self, Fold, Place, Record};
use kazasu_ledger::{RuleError, Seq};
use kazasu_schemas::money::Yen;
use std::convert::Infallible;

impl State {
    /// Folds the next record in. An error names the ledger rule that a damaged record breaks.
    pub fn apply(&mut self, seq: Seq, record: &Record) -> Result<(), RuleError> {
        assert_eq!(seq, self.seq + 1, "records are applied in order, each once");
        self.book.record(seq, &record.body)?;
        self.seq = seq;
        self.at = record.at;
        self.day = record.day;
        let place = Place { seq, at: record.at, day: record.day };
        let Ok(()) = record.body.fold(place, &mut Applying(self));
        self.forget_some();
        Ok(())
    }
}

/// The state while a record is folded into it. Once the book has taken the record, nothing of it can fail.
struct Applying<'a>(&'a mut State);

type Applied = Result<(), Infallible>;

impl Fold for Applying<'_> {
    type Error = Infallible;

    fn opened(&mut self, _: Place, r: &record::Opened) -> Applied {
        self.0.parties.opened(r);
        Ok(())
    }

    fn acquirer_registered(&mut self, _: Place, r: &record::AcquirerRegistered) -> Applied {
        self.0.parties.acquirer_registered(r);
        Ok(())
    }

    fn issuer_registered(&mut self, _: Place, r: &record::IssuerRegistered) -> Applied {
        self.0.parties.issuer_registered(r);
        Ok(())
    }

    fn deposit_opened(&mut self, _: Place, r: &record::DepositOpened) -> Applied {
        self.0.parties.deposit_opened(r);
        self.0.row_recorded(r.maker.as_ref().and_then(|maker| maker.approval), Yen::ZERO);
        Ok(())
    }

    fn funded(&mut self, _: Place, r: &record::Funded) -> Applied {
        // The money is in the book.
        let booked = r.transfers.first().map_or(Yen::ZERO, |transfer| transfer.amount);
        self.0.row_recorded(r.maker.as_ref().and_then(|maker| maker.approval), booked);
        Ok(())
    }

    fn payee_set(&mut self, place: Place, r: &record::PayeeSet) -> Applied {
        self.0.payees.set(place, r);
        self.0.row_recorded(r.maker.as_ref().and_then(|maker| maker.approval), Yen::ZERO);
        Ok(())
    }

    fn payees_taken(&mut self, _: Place, r: &record::PayeesTaken) -> Applied {
        self.0.payees.taken(r);
        Ok(())
    }

    fn payee_called(&mut self, _: Place, r: &record::PayeeCalled) -> Applied {
        self.0.payee_called(r);
        Ok(())
    }

    fn file_ended(&mut self, _: Place, r: &record::FileEnded) -> Applied {
        self.0.file_ended(r);
        Ok(())
    }

    fn merchant_registered(&mut self, _: Place, r: &record::MerchantRegistered) -> Applied {
        self.0.merchant_registered(r);
        self.0.row_recorded(r.maker.as_ref().and_then(|maker| maker.approval), Yen::ZERO);
        Ok(())
    }

    fn tapped(&mut self, place: Place, r: &record::Transaction) -> Applied {
        self.0.tapped(place, r);
        Ok(())
    }

    fn issuer_answered(&mut self, place: Place, r: &record::IssuerAnswered) -> Applied {
        self.0.issuer_answered(place, r);
        Ok(())
    }

    fn issuer_silent(&mut self, place: Place, r: &record::IssuerSilent) -> Applied {
        self.0.issuer_silent(place, r);
        Ok(())
    }

    fn stood_in(&mut self, place: Place, r: &record::StoodIn) -> Applied {
        self.0.stood_in(place, r);
        Ok(())
    }

    fn advice_decided(&mut self, place: Place, r: &record::AdviceDecided) -> Applied {
        self.0.advice_decided(place, r);
        Ok(())
    }

    fn issuer_acknowledged(&mut self, place: Place, r: &record::IssuerAcknowledged) -> Applied {
        self.0.issuer_acknowledged(place.at, r);
        Ok(())
    }

    fn issuer_notified(&mut self, place: Place, r: &record::IssuerNotified) -> Applied {
        self.0.issuer_notified(place, r);
        Ok(())
    }

    fn undone(&mut self, place: Place, r: &record::Undone) -> Applied {
        self.0.undone_later(place, r);
        Ok(())
    }

    fn loss_booked(&mut self, _: Place, r: &record::LossBooked) -> Applied {
        self.0.loss_booked(r);
        Ok(())
    }

    fn loss_returned(&mut self, _: Place, r: &record::LossReturned) -> Applied {
        self.0.loss_returned(r);
        Ok(())
    }

    fn cut_over(&mut self, place: Place, r: &record::CutOver) -> Applied {
        self.0.cut_over(place, r);
        Ok(())
    }

    fn linked(&mut self, _: Place, r: &record::Linked) -> Applied {
        self.0.linked(r.ppid, r.version, r.from, Some(r.instrument.clone()));
        self.0.row_recorded(r.approval, Yen::ZERO);
        Ok(())
    }

    fn unlinked(&mut self, _: Place, r: &record::Unlinked) -> Applied {
        self.0.linked(r.ppid, r.version, r.from, None);
        self.0.row_recorded(r.approval, Yen::ZERO);
        Ok(())
    }

    fn link_broken(&mut self, place: Place, r: &record::LinkBroken) -> Applied {
        self.0.people.link_broken(place.at, r);
        Ok(())
    }

    fn retarget_proposed(&mut self, _: Place, r: &record::RetargetProposed) -> Applied {
        self.0.people.retarget_proposed(r.ppid, &r.instrument, &r.by);
        Ok(())
    }

    fn retarget_decided(&mut self, _: Place, r: &record::RetargetDecided) -> Applied {
        self.0.retarget_decided(r.ppid, r.link.as_ref());
        Ok(())
    }

    fn resealed(&mut self, _: Place, r: &record::Resealed) -> Applied {
        self.0.people.resealed(r);
        Ok(())
    }

    fn temporary_issued(&mut self, _: Place, r: &record::TemporaryIssued) -> Applied {
        self.0.people.temporary_issued(r);
        Ok(())
    }

    fn merged(&mut self, _: Place, r: &record::Merged) -> Applied {
        self.0.merged(r);
        Ok(())
    }

    fn replaced(&mut self, _: Place, r: &record::Replaced) -> Applied {
        self.0.replaced(r);
        Ok(())
    }

    fn card_status_set(&mut self, _: Place, r: &record::CardStatusSet) -> Applied {
        self.0.people.card_status_set(r);
        Ok(())
    }

    fn certificate_bound(&mut self, _: Place, r: &record::CertificateBound) -> Applied {
        self.0.certificate_bound(r);
        Ok(())
    }

    fn list_applied(&mut self, _: Place, r: &record::ListApplied) -> Applied {
        self.0.certificates.list_applied(r, &mut self.0.people.holders);
        Ok(())
    }

    fn own_limits_set(&mut self, place: Place, r: &record::OwnLimitsSet) -> Applied {
        self.0.people.own_limits_set(place.at.jst_day(), r);
        Ok(())
    }

    fn notices_chosen(&mut self, place: Place, r: &record::NoticesChosen) -> Applied {
        self.0.people.notices_chosen(place.seq, r);
        Ok(())
    }

    fn notice_ended(&mut self, _: Place, r: &record::NoticeEnded) -> Applied {
        self.0.notice_ended(r);
        Ok(())
    }

    fn policy_activated(&mut self, _: Place, r: &record::PolicyActivated) -> Applied {
        self.0.policy_activated(r);
        Ok(())
    }

    fn programme_funded(&mut self, _: Place, r: &record::ProgrammeFunded) -> Applied {
        self.0.programme_funded(r);
        Ok(())
    }

    fn purse_credited(&mut self, _: Place, r: &record::PurseCredited) -> Applied {
        self.0.purse_credited(r);
        Ok(())
    }

    fn lapsed(&mut self, _: Place, r: &record::Lapsed) -> Applied {
        self.0.programmes.lapsed(r);
        Ok(())
    }

    fn approval_requested(&mut self, place: Place, r: &record::ApprovalRequested) -> Applied {
        self.0.approval_requested(place, r);
        Ok(())
    }

    fn approval_decided(&mut self, place: Place, r: &record::ApprovalDecided) -> Applied {
        self.0.approval_decided(place, r);
        Ok(())
    }

    fn approval_sent_back(&mut self, _: Place, r: &record::ApprovalSentBack) -> Applied {
        self.0.approval_sent_back(r);
        Ok(())
    }

    fn approval_withdrawn(&mut self, _: Place, r: &record::ApprovalWithdrawn) -> Applied {
        self.0.approval_withdrawn(r);
        Ok(())
    }

    fn approval_lapsed(&mut self, _: Place, r: &record::ApprovalLapsed) -> Applied {
        self.0.approval_lapsed(r);
        Ok(())
    }

    fn relief_batch_opened(&mut self, place: Place, r: &record::ReliefBatchOpened) -> Applied {
        self.0.relief_batch_opened(place.at, r);
        Ok(())
    }

    fn relief_rows_added(&mut self, _: Place, r: &record::ReliefRowsAdded) -> Applied {
        self.0.relief_rows_added(r);
        Ok(())
    }

    fn relief_row_set(&mut self, _: Place, r: &record::ReliefRowSet) -> Applied {
        self.0.relief_row_set(r);
        Ok(())
    }

    fn relief_step_taken(&mut self, place: Place, r: &record::ReliefStepTaken) -> Applied {
        self.0.relief_step_taken(place.at, r);
        Ok(())
    }

    fn relief_credited(&mut self, _: Place, r: &record::ReliefCredited) -> Applied {
        self.0.relief_credited(r);
        Ok(())
    }

    fn relief_file_made(&mut self, _: Place, r: &record::ReliefFileMade) -> Applied {
        self.0.relief_file_made(r);
        Ok(())
    }

    fn relief_repaid(&mut self, _: Place, r: &record::ReliefRepaid) -> Applied {
        self.0.relief_repaid(r);
        Ok(())
    }

    fn day_marked(&mut self, place: Place, r: &record::DayMarked) -> Applied {
        self.0.closing.marked(place.at, r);
        Ok(())
    }

    fn head_signed(&mut self, place: Place, r: &record::HeadSigned) -> Applied {
        self.0.closing.signed(place.at, r);
        Ok(())
    }

    fn merchant_settled(&mut self, _: Place, r: &record::MerchantSettled) -> Applied {
        self.0.merchant_settled(r);
        Ok(())
    }

    fn issuer_settled(&mut self, _: Place, r: &record::IssuerSettled) -> Applied {
        self.0.closing.issuer_settled(r);
        Ok(())
    }

    fn payout_file_made(&mut self, place: Place, r: &record::PayoutFileMade) -> Applied {
        self.0.closing.file_made(place.at, r);
        Ok(())
    }

    fn recon_ran(&mut self, _: Place, r: &record::ReconRan) -> Applied {
        self.0.closing.ran(r);
        Ok(())
    }

    fn exceptions_opened(&mut self, place: Place, r: &record::ExceptionsOpened) -> Applied {
        self.0.exceptions_opened(place.at, r);
        Ok(())
    }

    fn exceptions_ended(&mut self, place: Place, r: &record::ExceptionsEnded) -> Applied {
        self.0.exceptions_ended(place.at, r);
        Ok(())
    }

    fn exception_noted(&mut self, place: Place, r: &record::ExceptionNoted) -> Applied {
        self.0.closing.noted(place.at, r);
        Ok(())
    }

    fn payout_taken(&mut self, place: Place, r: &record::PayoutTaken) -> Applied {
        self.0.payout_taken(place.at, r);
        Ok(())
    }

    fn payout_returned(&mut self, place: Place, r: &record::PayoutReturned) -> Applied {
        self.0.payout_returned(place.at, r);
        Ok(())
    }

    fn money_received(&mut self, place: Place, r: &record::MoneyReceived) -> Applied {
        self.0.money_received(place.at, r);
        Ok(())
    }

    fn relief_sent(&mut self, place: Place, r: &record::ReliefSent) -> Applied {
        self.0.relief_sent(place.at, r);
        Ok(())
    }

    fn relief_returned(&mut self, place: Place, r: &record::ReliefReturned) -> Applied {
        self.0.relief_returned(place.at, r);
        Ok(())
    }

    fn line_undone(&mut self, place: Place, r: &record::LineUndone) -> Applied {
        self.0.line_undone(place.at, r);
        Ok(())
    }

    fn line_set_aside(&mut self, place: Place, r: &record::LineSetAside) -> Applied {
        self.0.line_set_aside(place.at, r);
        Ok(())
    }

    fn key_destroyed(&mut self, _: Place, r: &record::KeyDestroyed) -> Applied {
        self.0.people.keys.destroyed(r);
        self.0.approvals.destroyed(r.approval);
        Ok(())
    }

    fn organisation_set(&mut self, _: Place, r: &record::OrganisationSet) -> Applied {
        self.0.rights.organisation_set(r);
        Ok(())
    }

    fn person_invited(&mut self, place: Place, r: &record::PersonInvited) -> Applied {
        self.0.rights.person_invited(place, r);
        Ok(())
    }

    fn person_joined(&mut self, place: Place, r: &record::PersonJoined) -> Applied {
        self.0.rights.person_joined(place.seq, r);
        Ok(())
    }

    fn person_ended(&mut self, place: Place, r: &record::PersonEnded) -> Applied {
        self.0.rights.person_ended(place.seq, r);
        Ok(())
    }

    fn key_registered(&mut self, place: Place, r: &record::KeyRegistered) -> Applied {
        self.0.rights.key_registered(place, &r.key);
        Ok(())
    }

    fn key_revoked(&mut self, _: Place, r: &record::KeyRevoked) -> Applied {
        self.0.rights.key_revoked(r);
        Ok(())
    }

    fn grant_ended(&mut self, place: Place, r: &record::GrantEnded) -> Applied {
        self.0.rights.grant_ended(place.seq, r);
        Ok(())
    }

    // What they say is in the book, or in the journal alone.
    kazasu_ledger::ignore_records! {
        issuer_late totals_compared clock_confirmed clock_kept
    }
}
