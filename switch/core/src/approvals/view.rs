//! Views of requests.

use super::super::state::State;
use super::super::wallet::InstrumentKey;
use super::{ApprovalStanding, ClosedRequest, Document, EarlierRequest, OpenRequest};
use kazasu_ledger::Seq;
use kazasu_ledger::record::{ApprovalKind, CarriedChange, Destruction, Fingerprint, Instrument, PayeeCalled, Proposal};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::Millis;

/// A request, for people.
#[derive(Clone, Debug)]
pub struct ApprovalView {
    /// Its number.
    pub number: u64,
    /// What is to happen.
    pub proposal: Proposal,
    /// The file that it was read from.
    pub source: Document,
    /// The person who asked, the reason, and through what.
    pub said: Attribution,
    /// When.
    pub at: Millis,
    /// The city whose people decide it; empty when it is no city's.
    pub city: String,
    /// From this moment on it is not decided any more.
    pub until: Option<Millis>,
    /// What a decision must name.
    pub fingerprint: Fingerprint,
    /// Where it stands.
    pub standing: ApprovalStanding,
    /// Of a payee's account: the call that another person than the requester made.
    pub called: Option<PayeeCalled>,
    /// What it asked for before.
    pub earlier: Option<Box<EarlierRequest>>,
}

impl ApprovalView {
    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> ApprovalKind {
        self.proposal.kind()
    }

    /// Does it wait for another person?
    #[must_use]
    pub fn waits(&self) -> bool {
        self.standing == ApprovalStanding::Waits
    }
}

impl OpenRequest {
    fn view(&self, number: Seq, city: String, standing: ApprovalStanding) -> ApprovalView {
        ApprovalView {
            number,
            proposal: self.proposal.clone(),
            source: self.source.clone(),
            said: self.said.clone(),
            at: self.at,
            city,
            until: self.until,
            fingerprint: self.fingerprint,
            standing,
            called: self.called.clone(),
            earlier: self.earlier.clone(),
        }
    }
}

impl State {
    /// Requests that are not over.
    #[must_use]
    pub fn approvals(&self) -> Vec<ApprovalView> {
        self.approvals.iter().map(|(number, open)| self.open_view(number, open)).collect()
    }

    /// The open request that is about something; only that one is copied.
    #[must_use]
    pub fn approval_about(&self, is_it: impl Fn(&Proposal) -> bool) -> Option<ApprovalView> {
        let found = self.approvals.iter().find(|(_, open)| is_it(&open.proposal));
        found.map(|(number, open)| self.open_view(number, open))
    }

    /// The open request with this number.
    #[must_use]
    pub fn open_approval(&self, number: u64) -> Option<ApprovalView> {
        self.approvals.get(number).map(|open| self.open_view(number, open))
    }

    fn open_view(&self, number: Seq, open: &OpenRequest) -> ApprovalView {
        let standing = open.sent_back.clone().map_or(ApprovalStanding::Waits, ApprovalStanding::SentBack);
        open.view(number, self.city_of(&open.proposal), standing)
    }

    /// Of a person's link, the request for another instrument.
    #[must_use]
    pub fn retarget_request(&self, person: Ppid) -> Option<u64> {
        self.approvals.retarget_of(person)
    }

    /// Of a person's link to an instrument that another person has, the request that waits for staff.
    #[must_use]
    pub fn shared_link_request(&self, person: Ppid) -> Option<u64> {
        self.approvals.shared_link_of(person)
    }

    /// Of a person's link that staff make, the request for it.
    #[must_use]
    pub fn staff_link_request(&self, person: Ppid) -> Option<u64> {
        self.approvals.staff_link_of(person)
    }

    /// The fingerprint under which the destruction of this key was approved, while it has not happened yet.
    #[must_use]
    pub fn approved_destruction(&self, wanted: &Destruction) -> Option<Fingerprint> {
        self.approvals.destructions.values().find(|(key, _)| key == wanted).and_then(|(_, fingerprint)| *fingerprint)
    }

    /// The people who have this instrument linked now.
    #[must_use]
    pub fn holders_of(&self, instrument: &Instrument) -> Vec<Ppid> {
        let used = self.people.instruments.get(&InstrumentKey::of(instrument));
        used.into_iter().flat_map(|used| &used.holders).map(|at| self.holder(*at).ppid).collect()
    }

    /// The last requests that are over, the newest first.
    #[must_use]
    pub fn closed_approvals(&self) -> Vec<ApprovalView> {
        let view = |closed: &ClosedRequest| {
            let standing = ApprovalStanding::Ended(closed.end, closed.by.clone());
            closed.request.view(closed.number, closed.city.clone(), standing)
        };
        self.approvals.closed.iter().rev().map(view).collect()
    }

    /// A request: one that is open, or one of the last that are over.
    #[must_use]
    pub fn approval(&self, number: u64) -> Option<ApprovalView> {
        let open = self.approvals.get(number).map(|open| self.open_view(number, open));
        open.or_else(|| self.closed_approvals().into_iter().find(|closed| closed.number == number))
    }

    /// The city that a proposal is about; empty when none is.
    #[must_use]
    pub fn city_of(&self, proposal: &Proposal) -> String {
        let programme = match proposal {
            Proposal::Programme(terms) => return terms.city.clone(),
            Proposal::Claim { batch, .. } => self.relief.batch(*batch).map(|b| b.programme).unwrap_or_default(),
            Proposal::ReturnFunds { programme, .. } => *programme,
            Proposal::Carried(change) => match &**change {
                CarriedChange::Fund { programme, .. } => *programme,
                CarriedChange::Credit { .. }
                | CarriedChange::Policy(_)
                | CarriedChange::Merge { .. }
                | CarriedChange::Link { .. }
                | CarriedChange::Replace(_)
                | CarriedChange::Payee(_) => return String::new(),
            },
            Proposal::UndoBooking { reference, payer: None } => return self.line_city(reference).unwrap_or_default(),
            Proposal::UndoBooking { payer: Some(_), .. }
            | Proposal::Contracts(_)
            | Proposal::Payout { .. }
            | Proposal::Resolve { .. }
            | Proposal::Retarget { .. }
            | Proposal::Rights(_)
            | Proposal::Destruction(_)
            | Proposal::SharedLink(_)
            | Proposal::File(_)
            | Proposal::Correction(_)
            | Proposal::Card(_)
            | Proposal::CancelPayout { .. } => return String::new(),
        };
        self.relief.programmes.get(&programme).map_or_else(String::new, |p| p.terms.city.clone())
    }
}
