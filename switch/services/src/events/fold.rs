//! Which records are events.

use super::model::{Event, Of};
use crate::transactions::ShopKey;
use kazasu_ledger::record::{self, Place, TransactionKind, Verdict};
use kazasu_schemas::closing::DayState;
use kazasu_schemas::money::Yen;
use std::convert::Infallible;

/// The subject of an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum About {
    /// A shop that the record names.
    Shop(ShopKey),
    /// A terminal's message.
    Payment(u64),
    /// A settlement.
    Settlement(u32),
    /// A payout of several settlements.
    Payout(u64),
    /// The payout that a request cancelled, if that is what the request was about.
    Cancelled(u64),
    /// A request that two people decide.
    Approval(u64),
    /// A relief batch.
    Batch(u32),
    /// No shop.
    Staff,
}

/// An event whose shop may have to be looked up.
pub(super) struct Raw {
    kind: String,
    pub(super) about: About,
    pub(super) amount: Option<i64>,
    payment: Option<u64>,
    settlement: Option<u32>,
    payout: Option<u64>,
    approval: Option<u64>,
    batch: Option<u32>,
}

impl Raw {
    fn new(kind: impl Into<String>, about: About) -> Raw {
        let kind = kind.into();
        let (amount, payment, settlement, payout, approval, batch) = (None, None, None, None, None, None);
        let raw = Raw { kind, about, amount, payment, settlement, payout, approval, batch };
        match about {
            About::Payment(record) => Raw { payment: Some(record), ..raw },
            About::Settlement(number) => Raw { settlement: Some(number), ..raw },
            About::Payout(number) => Raw { payout: Some(number), ..raw },
            About::Approval(number) => Raw { approval: Some(number), ..raw },
            About::Batch(number) => Raw { batch: Some(number), ..raw },
            About::Shop(_) | About::Cancelled(_) | About::Staff => raw,
        }
    }

    /// The event of a shop or a city. `number` and `part` tell the events of one record apart.
    pub(super) fn event(&self, place: Place, (number, part): (usize, usize), of: &Of) -> Event {
        let id = match (number, part) {
            (0, 0) => format!("evt_{}", place.seq),
            _ => format!("evt_{}_{number}_{part}", place.seq),
        };
        Event {
            id,
            sequence: place.seq,
            kind: of.subject.map_or_else(|| self.kind.clone(), |subject| format!("{subject}.{}", self.kind)),
            at: place.at.jst_text(),
            day: place.day.to_string(),
            merchant: of.shop.map(|(acquirer, merchant)| format!("{acquirer}/{merchant}")),
            payment: self.payment,
            settlement: self.settlement,
            payout: of.payout.or(self.payout),
            approval: self.approval,
            batch: self.batch,
            amount_yen: of.amount,
        }
    }
}

/// The events of one record.
#[derive(Default)]
pub(super) struct EventFold {
    pub(super) events: Vec<Raw>,
}

impl EventFold {
    /// A message that waited has ended: its subject is the message's.
    fn ended(&mut self, tap: u64, outcome: &str) {
        self.events.push(Raw::new(outcome, About::Payment(tap)));
    }

    fn approval(&mut self, number: u64, what: &str) {
        self.events.push(Raw::new(format!("approval.{what}"), About::Approval(number)));
    }

    fn relief(&mut self, batch: u32, (what, amount): (&str, Option<i64>)) {
        self.events.push(Raw { amount, ..Raw::new(format!("relief.{what}"), About::Batch(batch)) });
    }
}

/// The first part of an event's kind.
pub(super) fn subject(kind: TransactionKind) -> Option<&'static str> {
    match kind {
        TransactionKind::Purchase | TransactionKind::PurchaseAdvice | TransactionKind::Completion => Some("payment"),
        TransactionKind::Authorize | TransactionKind::AuthorizationAdvice => Some("authorization"),
        TransactionKind::Refund | TransactionKind::RefundAdvice => Some("refund"),
        TransactionKind::Reversal => Some("reversal"),
        TransactionKind::BalanceInquiry | TransactionKind::Unsupported => None,
    }
}

impl record::Fold for EventFold {
    type Error = Infallible;

    fn tapped(&mut self, place: Place, r: &record::Transaction) -> Result<(), Infallible> {
        let Some(subject) = subject(r.kind) else { return Ok(()) };
        let outcome = match r.verdict {
            Verdict::Refused(_) => "declined",
            Verdict::Approved(_) if !r.waits_for_person() => "approved",
            Verdict::Approved(_) | Verdict::Pending => "pending",
        };
        let about = About::Shop((r.key.acquirer, r.merchant));
        let raw = Raw::new(format!("{subject}.{outcome}"), about);
        let approved = r.ruled.as_ref().and_then(|ruled| ruled.approved).unwrap_or(r.amount);
        self.events.push(Raw { payment: Some(place.seq), amount: Some(approved.get()), ..raw });
        Ok(())
    }

    fn issuer_answered(&mut self, _: Place, r: &record::IssuerAnswered) -> Result<(), Infallible> {
        // An issuer may decline its part, and the rest be approved: the terminal was told so.
        let outcome = if r.approval.is_some() { "approved" } else { "declined" };
        let amount = r.ruled.as_ref().and_then(|ruled| ruled.approved).map(Yen::get);
        self.events.push(Raw { amount, ..Raw::new(outcome, About::Payment(r.tap)) });
        Ok(())
    }

    fn issuer_silent(&mut self, _: Place, r: &record::IssuerSilent) -> Result<(), Infallible> {
        self.ended(r.tap, "declined");
        Ok(())
    }

    fn stood_in(&mut self, _: Place, r: &record::StoodIn) -> Result<(), Infallible> {
        self.ended(r.tap, "approved");
        Ok(())
    }

    fn advice_decided(&mut self, _: Place, r: &record::AdviceDecided) -> Result<(), Infallible> {
        self.ended(r.tap, if r.accepted { "approved" } else { "declined" });
        Ok(())
    }

    fn undone(&mut self, _: Place, r: &record::Undone) -> Result<(), Infallible> {
        self.ended(r.tap, "undone");
        Ok(())
    }

    fn merchant_settled(&mut self, _: Place, r: &record::MerchantSettled) -> Result<(), Infallible> {
        let raw = Raw::new("settlement.made", About::Shop((r.acquirer, r.merchant)));
        self.events.push(Raw { settlement: Some(r.number), amount: Some(r.settlement.paid.get()), ..raw });
        Ok(())
    }

    fn payout_file_made(&mut self, _: Place, r: &record::PayoutFileMade) -> Result<(), Infallible> {
        self.events.push(Raw::new("payout.ordered", About::Payout(r.payout)));
        Ok(())
    }

    fn payout_taken(&mut self, _: Place, r: &record::PayoutTaken) -> Result<(), Infallible> {
        self.events.push(Raw::new("payout.paid", About::Payout(r.payout)));
        Ok(())
    }

    fn payout_returned(&mut self, _: Place, r: &record::PayoutReturned) -> Result<(), Infallible> {
        let raw = Raw::new("payout.returned", About::Settlement(r.settlement));
        self.events.push(Raw { payout: Some(r.payout), ..raw });
        Ok(())
    }

    fn day_marked(&mut self, _: Place, r: &record::DayMarked) -> Result<(), Infallible> {
        let kind = match r.state {
            DayState::Settled => "day.settled",
            DayState::Signed => "day.signed",
            DayState::Reconciled => "day.reconciled",
            _ => return Ok(()),
        };
        self.events.push(Raw::new(kind, About::Staff));
        Ok(())
    }

    fn cut_over(&mut self, _: Place, _: &record::CutOver) -> Result<(), Infallible> {
        self.events.push(Raw::new("day.ended", About::Staff));
        Ok(())
    }

    fn approval_requested(&mut self, place: Place, r: &record::ApprovalRequested) -> Result<(), Infallible> {
        // A request that takes another one's place keeps its number.
        self.approval(r.replaces.unwrap_or(place.seq), "requested");
        Ok(())
    }

    fn approval_decided(&mut self, _: Place, r: &record::ApprovalDecided) -> Result<(), Infallible> {
        self.approval(r.proposal, if r.approved { "approved" } else { "denied" });
        if r.approved {
            self.events.push(Raw::new("payout.cancelled", About::Cancelled(r.proposal)));
        }
        Ok(())
    }

    fn approval_sent_back(&mut self, _: Place, r: &record::ApprovalSentBack) -> Result<(), Infallible> {
        self.approval(r.proposal, "sent_back");
        Ok(())
    }

    fn approval_withdrawn(&mut self, _: Place, r: &record::ApprovalWithdrawn) -> Result<(), Infallible> {
        self.approval(r.proposal, "withdrawn");
        Ok(())
    }

    fn approval_lapsed(&mut self, _: Place, r: &record::ApprovalLapsed) -> Result<(), Infallible> {
        self.approval(r.proposal, "lapsed");
        Ok(())
    }

    fn relief_batch_opened(&mut self, _: Place, r: &record::ReliefBatchOpened) -> Result<(), Infallible> {
        self.relief(r.batch, ("opened", None));
        Ok(())
    }

    fn relief_step_taken(&mut self, _: Place, r: &record::ReliefStepTaken) -> Result<(), Infallible> {
        self.relief(r.batch, (r.step.name(), Some(r.total.get())));
        Ok(())
    }

    fn relief_credited(&mut self, _: Place, r: &record::ReliefCredited) -> Result<(), Infallible> {
        self.relief(r.batch, ("credited", None));
        Ok(())
    }

    fn relief_sent(&mut self, _: Place, r: &record::ReliefSent) -> Result<(), Infallible> {
        self.relief(r.batch, ("sent", None));
        Ok(())
    }

    fn relief_returned(&mut self, _: Place, r: &record::ReliefReturned) -> Result<(), Infallible> {
        self.relief(r.batch, ("returned", None));
        Ok(())
    }

    kazasu_ledger::ignore_records! {
        opened acquirer_registered issuer_registered merchant_registered deposit_opened funded linked unlinked issuer_late
        issuer_acknowledged issuer_notified loss_booked loss_returned merged
        totals_compared policy_activated temporary_issued card_status_set certificate_bound list_applied
        own_limits_set notices_chosen programme_funded purse_credited lapsed link_broken retarget_proposed retarget_decided resealed key_destroyed
        notice_ended relief_rows_added relief_row_set relief_file_made relief_repaid
        issuer_settled money_received recon_ran exceptions_opened
        exception_noted head_signed exceptions_ended line_undone line_set_aside file_ended replaced payee_set payees_taken payee_called
        clock_confirmed clock_kept
        organisation_set person_invited person_joined person_ended key_registered key_revoked grant_ended
    }
}
