//! Folding requests and decisions into the state.

use super::super::state::State;
use super::OpenRequest;
use kazasu_ledger::record::{ApprovalDecided, ApprovalRequested, Place, Proposal};
use kazasu_schemas::jst::Millis;

impl State {
    pub(in super::super) fn approval_requested(&mut self, place: Place, r: &ApprovalRequested) {
        let (proposal, source) = (r.proposal.clone(), r.source.clone());
        if let Proposal::Retarget { ppid, instrument } = &proposal {
            self.people.retarget_proposed(*ppid, instrument, &r.by);
        }
        let open = OpenRequest { proposal, source, by: r.by.clone(), why: r.why.clone(), at: place.at };
        self.approvals.insert(place.seq, open);
    }

    pub(in super::super) fn approval_decided(&mut self, at: Millis, r: &ApprovalDecided) {
        self.decided(at, r);
        self.disputes_changed();
    }

    fn decided(&mut self, at: Millis, r: &ApprovalDecided) {
        let Some(OpenRequest { proposal, source, .. }) = self.approvals.remove(r.proposal) else { return };
        if let Proposal::Retarget { ppid, .. } = proposal {
            return self.retarget_decided(ppid, r.link.as_ref());
        }
        if !r.approved {
            return;
        }
        match proposal {
            Proposal::Retarget { .. } => {}
            Proposal::Programme(terms) => self.programme_set(*terms, source, r),
            Proposal::Claim { batch, row, right } => self.claim_decided(batch, row, right),
            Proposal::ReturnFunds { programme, amount, reference } => {
                self.funds_returned(programme, &reference, amount);
            }
            Proposal::UndoBooking { reference, payer } => self.booking_undone(&reference, payer),
            other @ (Proposal::Contracts(_)
            | Proposal::Payout { .. }
            | Proposal::Resolve { .. }
            | Proposal::CancelPayout { .. }) => {
                self.closing.opened(&r.opens);
                self.parties.losses_opened(&r.opens);
                if let Proposal::Resolve { id, how } = &other
                    && let Some(booking) = self.booking_of(id, *how)
                {
                    self.book(booking);
                }
                self.closing.approved(r, at, other, source);
            }
        }
    }
}
