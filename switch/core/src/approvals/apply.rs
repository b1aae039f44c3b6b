//! Folding requests and decisions into the state.

use super::super::state::State;
use super::OpenRequest;
use kazasu_ledger::Seq;
use kazasu_ledger::record::{ApprovalDecided, ApprovalRequested, Proposal};
use kazasu_schemas::jst::Millis;

impl State {
    pub(in super::super) fn approval_requested(&mut self, seq: Seq, at: Millis, r: &ApprovalRequested) {
        let (proposal, source) = (r.proposal.clone(), r.source.clone());
        if let Proposal::Retarget { ppid, instrument } = &proposal {
            self.retarget_proposed(*ppid, instrument, &r.by);
        }
        let open = OpenRequest { proposal, source, by: r.by.clone(), why: r.why.clone(), at };
        self.approvals.insert(seq, open);
    }

    pub(in super::super) fn approval_decided(&mut self, at: Millis, r: &ApprovalDecided) {
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
