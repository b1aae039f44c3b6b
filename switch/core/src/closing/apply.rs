//! Folding closing's records into the state.

use super::super::index::position;
use super::super::state::State;
use super::{Cancelled, ClosingState, Day, Note, Payout, Raised, ResolvedBy, Settled, SettlementState};
use kazasu_ledger::AccountKey;
use kazasu_ledger::record::{
    ApprovalDecided, CutOver, DayMarked, EndedException, ExceptionNoted, ExceptionsEnded, ExceptionsOpened, HeadSigned,
    IssuerAcknowledged, IssuerSettled, MerchantSettled, Opening, PayoutFileMade, Place, Proposal, ReconRan,
};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::closing::{DayState, Resolution};
use kazasu_schemas::jst::{BusinessDay, Millis};
use std::sync::Arc;

impl ClosingState {
    /// A cut-over ended a day.
    pub(in super::super) fn cut_over(&mut self, place: Place, r: &CutOver) {
        let told = |text: &Option<String>| text.clone().unwrap_or_default();
        let via = r.via.as_deref().and_then(|via| via.parse().ok());
        let said = Attribution { by: told(&r.by), why: told(&r.why), via };
        let marks = vec![(DayState::CutOver, place.at, said)];
        self.days.insert(r.closed, Day { state: DayState::CutOver, seq: place.seq, marks });
    }

    pub(in super::super) fn opened(&mut self, opens: &[Opening]) {
        for Opening { account, key } in opens {
            match key {
                AccountKey::FeeIncome => self.fee_income = Some(*account),
                AccountKey::FeeTax => self.fee_tax = Some(*account),
                AccountKey::PayoutTransit => self.transit = Some(*account),
                AccountKey::Interchange(issuer) => {
                    self.interchange.insert(*issuer, *account);
                }
                AccountKey::Differences => self.booked = Some(*account),
                _ => {}
            }
        }
    }

    fn step(&mut self, day: BusinessDay, to: DayState, at: Millis, said: Attribution) {
        if let Some(known) = self.days.get_mut(&day) {
            known.state = to;
            known.marks.push((to, at, said));
        }
    }

    pub(in super::super) fn marked(&mut self, at: Millis, r: &DayMarked) {
        self.step(r.day, r.state, at, Attribution { by: r.by.clone(), why: r.why.clone(), via: r.via });
    }

    pub(in super::super) fn signed(&mut self, at: Millis, r: &HeadSigned) {
        self.step(r.day, DayState::Signed, at, Attribution { by: String::new(), why: String::new(), via: None });
        self.signed.insert(r.day, r.clone());
    }

    pub(in super::super) fn issuer_settled(&mut self, r: &IssuerSettled) {
        self.opened(&r.opens);
        self.issuers.insert(r.issuer, r.period.until);
    }

    pub(in super::super) fn file_made(&mut self, at: Millis, r: &PayoutFileMade) {
        if let Some(payout) = self.payouts.get_mut(&r.payout) {
            payout.file = Some((r.format, r.files.clone()));
            payout.made_at = Some(at);
        }
    }

    pub(in super::super) fn ran(&mut self, r: &ReconRan) {
        self.files.insert(r.digest, r.run);
        self.runs.push(r.clone());
    }

    fn raised(&mut self, at: Millis, r: &ExceptionsOpened) {
        for exception in &r.exceptions {
            let raised = Raised {
                exception: exception.clone(),
                run: r.run,
                since: at,
                owner: None,
                notes: if r.by.is_empty() { Vec::new() } else { vec![(at, r.by.clone(), Note::Opened)] },
                resolved: None,
                ended_by: None,
            };
            self.exceptions.entry(exception.id).or_insert(raised);
        }
    }

    /// A refusal of an issuer is an exception from the record of its answer on.
    pub(in super::super) fn acknowledged(&mut self, at: Millis, r: &IssuerAcknowledged) {
        self.advised.remove(&r.message);
        if let Some(exception) = &r.raised {
            let raised = ExceptionsOpened { run: 0, exceptions: vec![(**exception).clone()], by: String::new() };
            self.raised(at, &raised);
        }
    }

    fn ended(&mut self, at: Millis, r: &ExceptionsEnded) {
        for EndedException { id, why, finding } in &r.closed {
            if let Some(raised) = self.exceptions.get_mut(id) {
                let note = finding.clone().map_or_else(|| Note::Text(why.clone()), Note::Found);
                raised.notes.push((at, r.by.clone(), note));
                raised.resolved = Some((Resolution::Explained, at, ResolvedBy::Comparison(r.run)));
                raised.ended_by = Some(r.run);
            }
        }
    }

    pub(in super::super) fn noted(&mut self, at: Millis, r: &ExceptionNoted) {
        if let Some(raised) = self.exceptions.get_mut(&r.id) {
            if let Some(owner) = &r.owner {
                raised.owner = Some(owner.clone());
            }
            raised.notes.push((at, r.by.clone(), Note::Text(r.note.clone())));
        }
    }

    /// A proposal about closing was approved.
    pub(in super::super) fn approved(&mut self, r: &ApprovalDecided, place: Place, proposal: Proposal, source: String) {
        let (number, at) = (r.proposal, place.at);
        match proposal {
            Proposal::Contracts(contracts) => {
                self.contracts = Some(Arc::new(*contracts));
                self.contracts_version += 1;
                self.contracts_source = source;
            }
            Proposal::Payout { settlements, total, value_date, payees } => {
                for settlement in &settlements {
                    self.settlements[position(settlement - 1)].state = SettlementState::Ordered(number);
                }
                let payout = Payout {
                    settlements,
                    total,
                    value_date,
                    payees,
                    decided: place.seq,
                    file: None,
                    made_at: None,
                    taken: Default::default(),
                };
                self.payouts.insert(number, payout);
            }
            Proposal::Resolve { id, how } => {
                if let Some(raised) = self.exceptions.get_mut(&id) {
                    raised.resolved = Some((how, at, ResolvedBy::Person(r.by.clone())));
                }
            }
            Proposal::CancelPayout { payout } => {
                if let Some(gone) = self.payouts.remove(&payout) {
                    for settlement in &gone.settlements {
                        self.settlements[position(settlement - 1)].state = SettlementState::Due;
                    }
                    self.cancelled.insert(number, Cancelled { payout, settlements: gone.settlements });
                }
            }
            Proposal::Programme(_)
            | Proposal::Claim { .. }
            | Proposal::ReturnFunds { .. }
            | Proposal::Retarget { .. }
            | Proposal::SharedLink(_)
            | Proposal::Carried(_)
            | Proposal::File(_)
            | Proposal::Correction(_)
            | Proposal::Card(_)
            | Proposal::Rights(_)
            | Proposal::Destruction(_)
            | Proposal::UndoBooking { .. } => {}
        }
    }
}

impl State {
    pub(in super::super) fn exceptions_opened(&mut self, at: Millis, r: &ExceptionsOpened) {
        self.closing.raised(at, r);
        self.disputes_changed();
    }

    pub(in super::super) fn exceptions_ended(&mut self, at: Millis, r: &ExceptionsEnded) {
        self.closing.ended(at, r);
        self.disputes_changed();
    }

    pub(in super::super) fn merchant_settled(&mut self, r: &MerchantSettled) {
        self.closing.opened(&r.opens);
        let Some(at) = self.parties.merchant_at.get(&(r.acquirer, r.merchant)).copied() else { return };
        let s = r.settlement;
        let standing = self.closing.standings.entry(at).or_default();
        standing.until = Some(s.period.until);
        standing.carried = s.carried_forward;
        standing.held.retain(|(day, _)| *day > s.period.until);
        if let Some(day) = s.held_until.filter(|_| s.reserved.is_positive()) {
            standing.held.push((day, s.reserved));
        }
        let state = if s.paid.is_positive() { SettlementState::Due } else { SettlementState::Nothing };
        self.closing.settlements.push(Settled { merchant: at, settlement: s, value_date: r.value_date, state });
    }
}
