//! Folding requests and decisions into the state.

use super::super::refusal::ApprovalEnd;
use super::super::state::State;
use super::approved_file::ApprovedFile;
use super::{ClosedRequest, Document, EarlierRequest, OpenRequest};
use kazasu_ledger::Seq;
use kazasu_ledger::record::{
    ApprovalDecided, ApprovalLapsed, ApprovalRequested, ApprovalSentBack, ApprovalWithdrawn, Fingerprint, PayeeCalled,
    Place, Proposal,
};
use kazasu_schemas::attribution::Attribution;

impl State {
    pub(in super::super) fn approval_requested(&mut self, place: Place, r: &ApprovalRequested) {
        let (proposal, source) = (r.proposal.clone(), r.source.clone());
        if let Proposal::Retarget { ppid, instrument } = &proposal {
            self.people.retarget_proposed(*ppid, instrument, &r.by);
        }
        let number = r.replaces.unwrap_or(place.seq);
        let earlier = self.approvals.open.remove(&number).map(|before| {
            let OpenRequest { fingerprint, proposal, source, said, .. } = before;
            Box::new(EarlierRequest { fingerprint, proposal, source, why: said.why })
        });
        let open = OpenRequest {
            proposal,
            source: Document { text: source, name: r.file.clone().unwrap_or_default() },
            said: Attribution { by: r.by.clone(), why: r.why.clone(), via: r.via },
            at: place.at,
            until: r.until,
            fingerprint: Fingerprint::of(place, r),
            sent_back: None,
            earlier,
            called: None,
        };
        self.approvals.open.insert(number, open);
    }

    pub(in super::super) fn approval_sent_back(&mut self, r: &ApprovalSentBack) {
        if let Some(open) = self.approvals.open.get_mut(&r.proposal) {
            open.sent_back = Some(Attribution { by: r.by.clone(), why: r.why.clone(), via: r.via });
            open.until = Some(r.until);
        }
    }

    pub(in super::super) fn payee_called(&mut self, r: &PayeeCalled) {
        if let Some(open) = self.approvals.open.get_mut(&r.proposal).filter(|open| open.fingerprint == r.seen) {
            open.called = Some(r.clone());
        }
    }

    pub(in super::super) fn approval_withdrawn(&mut self, r: &ApprovalWithdrawn) {
        let by = Attribution { by: r.by.clone(), why: r.why.clone(), via: r.via };
        self.given_up(r.proposal, (ApprovalEnd::Withdrawn, Some(by)));
    }

    pub(in super::super) fn approval_lapsed(&mut self, r: &ApprovalLapsed) {
        self.given_up(r.proposal, (ApprovalEnd::Lapsed, None));
    }

    /// What it was about changed otherwise: a person linked anew.
    pub(in super::super) fn approval_superseded(&mut self, number: Seq) {
        self.closed(number, (ApprovalEnd::Superseded, None));
    }

    /// It ended without a decision.
    fn given_up(&mut self, number: Seq, ended: (ApprovalEnd, Option<Attribution>)) {
        if let Some(OpenRequest { proposal: Proposal::Retarget { ppid, .. }, .. }) = self.closed(number, ended) {
            self.retarget_decided(ppid, None);
        }
        self.disputes_changed();
    }

    /// Takes a request out of those that are open.
    fn closed(&mut self, number: Seq, (end, by): (ApprovalEnd, Option<Attribution>)) -> Option<OpenRequest> {
        let request = self.approvals.open.remove(&number)?;
        let city = self.city_of(&request.proposal);
        self.approvals.close(ClosedRequest { number, request: request.clone(), city, end, by });
        Some(request)
    }

    pub(in super::super) fn approval_decided(&mut self, place: Place, r: &ApprovalDecided) {
        self.decided(place, r);
        self.disputes_changed();
    }

    fn decided(&mut self, place: Place, r: &ApprovalDecided) {
        let end = if r.approved { ApprovalEnd::Approved } else { ApprovalEnd::Denied };
        let by = Attribution { by: r.by.clone(), why: r.why.clone(), via: r.via };
        let Some(OpenRequest { proposal, source, .. }) = self.closed(r.proposal, (end, Some(by))) else { return };
        if let Proposal::Retarget { ppid, .. } = proposal {
            return self.retarget_decided(ppid, r.link.as_ref());
        }
        if !r.approved {
            return;
        }
        if let (Proposal::SharedLink(shared), Some(link)) = (&proposal, &r.link) {
            return self.linked(shared.ppid, link.version, link.from, Some(link.instrument.clone()));
        }
        match proposal {
            // The record that the approval carries is folded by itself.
            Proposal::Retarget { .. }
            | Proposal::SharedLink(_)
            | Proposal::Carried(_)
            | Proposal::Correction(_)
            | Proposal::Card(_) => {}
            Proposal::File(file) => {
                self.approvals.files.retain(|_, file| !file.is_over(place.at));
                self.approvals.files.insert(r.proposal, ApprovedFile::of(&file, place.at));
            }
            Proposal::Rights(change) => self.rights.decided(place, &change),
            Proposal::Programme(terms) => self.programme_set(*terms, source.text, r),
            Proposal::Claim { batch, row, right } => self.claim_decided(batch, row, right),
            Proposal::ReturnFunds { programme, amount, reference } => {
                self.funds_returned(programme, &reference, amount);
            }
            Proposal::UndoBooking { reference, payer } => self.booking_undone(&reference, payer),
            Proposal::Destruction(key) => {
                self.approvals.destructions.insert(r.proposal, (*key, r.fingerprint));
            }
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
                self.closing.approved(r, place, other, source.text);
            }
        }
    }
}
