//! What takes two people. One person asks for it and another decides, for contracts, payouts, exceptions, programmes, claims,
//! returns of funds, bookings that are undone and links that get another instrument alike. Here are the rules that all of them share;
//! what an approval does is said where its subject is.

mod apply;
mod decide;

use super::state::State;
use kazasu_ledger::Seq;
use kazasu_ledger::record::Proposal;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::Millis;
use std::collections::BTreeMap;

pub(super) use decide::{Deciding, command, decide, request};

/// What people ask for about approvals.
#[derive(Clone, Debug)]
pub enum Approvals {
    /// Ask another person to approve something.
    Request {
        /// What is to happen.
        proposal: Box<Proposal>,
        /// The file that it was read from; empty when there is none.
        source: String,
        /// The person who asks.
        by: String,
        /// The reason.
        why: String,
    },
    /// Approve a request, or turn it down.
    Decide {
        /// The request's number.
        proposal: u64,
        /// True to approve it.
        approve: bool,
        /// The person who decides: another one than asked.
        by: String,
        /// The reason.
        why: String,
    },
}

/// Why an approval is not requested, or not decided.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ApprovalRefusal {
    /// A request about the same is open.
    #[error("proposal {0} about the same is open; decide it first")]
    Open(u64),
    /// No such request.
    #[error("proposal {0} is not open")]
    Unknown(u64),
    /// One person alone.
    #[error("{0} proposed it; another person must decide")]
    SamePerson(String),
}

/// An open request, for people.
#[derive(Clone, Debug)]
pub struct ApprovalView {
    /// Its number.
    pub number: u64,
    /// What is to happen.
    pub proposal: Proposal,
    /// The person who asked.
    pub by: String,
    /// The reason.
    pub why: String,
    /// When.
    pub at: Millis,
    /// The city whose people decide it; empty when the operator's finance staff does.
    pub city: String,
}

impl ApprovalView {
    /// True when finance staff decides it: it is neither a city's nor about a person's link.
    #[must_use]
    pub fn is_for_finance(&self) -> bool {
        self.city.is_empty() && !matches!(self.proposal, Proposal::Retarget { .. })
    }
}

/// A request that waits for a second person.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct OpenRequest {
    pub(super) proposal: Proposal,
    /// The file that it was read from.
    pub(super) source: String,
    pub(super) by: String,
    pub(super) why: String,
    pub(super) at: Millis,
}

/// Open requests, by number.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct ApprovalState {
    open: BTreeMap<Seq, OpenRequest>,
}

impl ApprovalState {
    pub(super) fn get(&self, number: Seq) -> Option<&OpenRequest> {
        self.open.get(&number)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Seq, &OpenRequest)> {
        self.open.iter().map(|(number, open)| (*number, open))
    }

    fn insert(&mut self, number: Seq, open: OpenRequest) {
        self.open.insert(number, open);
    }

    /// Of a person's link, the request that is open.
    pub(super) fn retarget_of(&self, person: Ppid) -> Option<Seq> {
        let about = |open: &OpenRequest| matches!(open.proposal, Proposal::Retarget { ppid, .. } if ppid == person);
        self.iter().find(|(_, open)| about(open)).map(|(number, _)| number)
    }

    pub(super) fn remove(&mut self, number: Seq) -> Option<OpenRequest> {
        self.open.remove(&number)
    }
}

impl State {
    /// Requests that wait for a second person.
    #[must_use]
    pub fn approvals(&self) -> Vec<ApprovalView> {
        let view = |(number, open): (Seq, &OpenRequest)| ApprovalView {
            number,
            city: self.city_of(&open.proposal),
            proposal: open.proposal.clone(),
            by: open.by.clone(),
            why: open.why.clone(),
            at: open.at,
        };
        self.approvals.iter().map(view).collect()
    }

    /// The city that a proposal is about; empty when none is.
    #[must_use]
    pub fn city_of(&self, proposal: &Proposal) -> String {
        let programme = match proposal {
            Proposal::Programme(terms) => return terms.city.clone(),
            Proposal::Claim { batch, .. } => self.relief.batch(*batch).map(|b| b.programme).unwrap_or_default(),
            Proposal::ReturnFunds { programme, .. } => *programme,
            Proposal::UndoBooking { reference, payer: None } => return self.line_city(reference).unwrap_or_default(),
            Proposal::UndoBooking { payer: Some(_), .. }
            | Proposal::Contracts(_)
            | Proposal::Payout { .. }
            | Proposal::Resolve { .. }
            | Proposal::Retarget { .. }
            | Proposal::CancelPayout { .. } => return String::new(),
        };
        self.relief.programmes.get(&programme).map_or_else(String::new, |p| p.terms.city.clone())
    }
}
