//! What takes two people. One person asks for it and another decides, for contracts, payouts, exceptions, programmes, claims,
//! returns of funds, bookings that are undone, links that get another instrument, keys that are destroyed, money that comes in, policies,
//! merchants, imports and merging alike. Here are the rules
//! that all of them share; what an approval does is said where its subject is.

mod alone;
mod apply;
mod approved_file;
mod asked;
mod carried;
mod decide;
mod files;
mod subject;
mod view;

use super::refusal::ApprovalEnd;
use kazasu_ledger::Seq;
use kazasu_ledger::record::{CallBack, CarriedChange, Destruction, Fingerprint, Instrument, PayeeCalled, Proposal};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::canonical::same;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::Millis;
use std::collections::{BTreeMap, VecDeque};

use approved_file::ApprovedFile;
pub use asked::Document;
pub(super) use asked::Requesting;
pub use view::ApprovalView;

pub(super) use alone::is_for_one;

pub(super) use decide::{Deciding, command, decide, lapse, request, signed, signed_in_place};
pub(super) use files::{end as end_file, row};

/// What people ask for about approvals.
#[derive(Clone, Debug)]
pub enum Approvals {
    /// Ask another person to approve something. Where the same person's request about it is open or was sent back, this one takes its place.
    Request {
        /// What is to happen.
        proposal: Box<Proposal>,
        /// The file that it was read from.
        source: Document,
        /// The person who asks, the reason, and through what.
        said: Attribution,
    },
    /// Answer a request.
    Decide {
        /// The request's number.
        proposal: u64,
        /// The answer.
        answer: ApprovalAnswer,
        /// What the person looked at; absent only where history is played again.
        seen: Option<Fingerprint>,
        /// The person who decides, another one than asked; the reason, and through what.
        said: Attribution,
    },
    /// A payee was called about a change of its account that another person asked for.
    CalledBack {
        /// The request's number.
        proposal: u64,
        /// The version about which the payee was called.
        seen: Fingerprint,
        /// The note of the call.
        call: Box<CallBack>,
        /// The person who called, and through what it is said.
        said: Attribution,
    },
    /// The requester takes a request back.
    Withdraw {
        /// The request's number.
        proposal: u64,
        /// The requester, the reason, and through what.
        said: Attribution,
    },
}

/// What another person answers to a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ApprovalAnswer {
    /// It happens (承認).
    Approve,
    /// It is to be changed and handed in again (差戻し).
    SendBack,
    /// It does not happen (否認).
    Deny,
}

/// Where a request stands.
#[derive(Clone, PartialEq, Debug)]
pub enum ApprovalStanding {
    /// It waits for another person.
    Waits,
    /// It was sent back: by whom, why and through what.
    SentBack(Attribution),
    /// It is over: how, and by whom and why; a lapse is by no person.
    Ended(ApprovalEnd, Option<Attribution>),
}

/// What a request asked for before its requester replaced it.
#[derive(Clone, PartialEq, Debug)]
pub struct EarlierRequest {
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// What was to happen.
    pub proposal: Proposal,
    /// The file.
    pub source: Document,
    /// The reason.
    pub why: String,
}

/// A request that is not over.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct OpenRequest {
    pub(super) proposal: Proposal,
    /// The file that it was read from.
    pub(super) source: Document,
    pub(super) said: Attribution,
    pub(super) at: Millis,
    until: Option<Millis>,
    fingerprint: Fingerprint,
    /// Who sent it back.
    sent_back: Option<Attribution>,
    earlier: Option<Box<EarlierRequest>>,
    /// Of a payee's account: the call that another person than the requester made.
    called: Option<PayeeCalled>,
}

/// A request that is over.
#[derive(Clone, PartialEq, Debug)]
struct ClosedRequest {
    number: Seq,
    request: OpenRequest,
    /// The city, while it was open.
    city: String,
    end: ApprovalEnd,
    by: Option<Attribution>,
}

/// Requests that are over and can still be looked at here; the journal has all of them.
const CLOSED: usize = 128;

/// Requests, by number.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct ApprovalState {
    open: BTreeMap<Seq, OpenRequest>,
    closed: VecDeque<ClosedRequest>,
    /// Keys whose destruction was approved and has not happened yet.
    destructions: BTreeMap<Seq, (Destruction, Option<Fingerprint>)>,
    /// Files that were approved and have not ended.
    files: BTreeMap<Seq, ApprovedFile>,
}

impl ApprovalState {
    pub(super) fn get(&self, number: Seq) -> Option<&OpenRequest> {
        self.open.get(&number)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Seq, &OpenRequest)> {
        self.open.iter().map(|(number, open)| (*number, open))
    }

    /// Of a person's link, the request that is open.
    pub(super) fn retarget_of(&self, person: Ppid) -> Option<Seq> {
        let about = |open: &OpenRequest| matches!(open.proposal, Proposal::Retarget { ppid, .. } if ppid == person);
        self.iter().find(|(_, open)| about(open)).map(|(number, _)| number)
    }

    /// Instruments of links that wait for staff.
    pub(super) fn waiting_instruments(&self) -> impl Iterator<Item = &Instrument> {
        self.open.values().filter_map(|open| match &open.proposal {
            Proposal::SharedLink(link) => Some(&link.instrument),
            Proposal::Carried(change) => match &**change {
                CarriedChange::Link { instrument, .. } => Some(&**instrument),
                CarriedChange::Replace(replacement) => replacement.link.as_ref().map(|link| &link.instrument),
                _ => None,
            },
            _ => None,
        })
    }

    /// Requests with a payee's account under this version of the vault's keys.
    pub(super) fn waiting_payees(&self, version: u8) -> usize {
        let under = |open: &&OpenRequest| match &open.proposal {
            Proposal::Carried(change) => match &**change {
                CarriedChange::Payee(change) => {
                    change.account.as_ref().is_some_and(|account| account.sealed.first() == Some(&version))
                }
                _ => false,
            },
            _ => false,
        };
        self.open.values().filter(under).count()
    }

    /// Of a person's link to an instrument that another person has, the request that is open.
    pub(super) fn shared_link_of(&self, person: Ppid) -> Option<Seq> {
        let about = |open: &OpenRequest| matches!(&open.proposal, Proposal::SharedLink(link) if link.ppid == person);
        self.iter().find(|(_, open)| about(open)).map(|(number, _)| number)
    }

    /// Links that wait for staff and that this portal asked for.
    pub(super) fn shared_links_by(&self, by: &str) -> usize {
        let own = |open: &&OpenRequest| matches!(open.proposal, Proposal::SharedLink(_)) && same(&open.said.by, by);
        self.open.values().filter(own).count()
    }

    /// Of a person's link that staff make, the request that is open.
    pub(super) fn staff_link_of(&self, person: Ppid) -> Option<Seq> {
        let about = |open: &OpenRequest| match &open.proposal {
            Proposal::Carried(change) => matches!(**change, CarriedChange::Link { ppid, .. } if ppid == person),
            _ => false,
        };
        self.iter().find(|(_, open)| about(open)).map(|(number, _)| number)
    }

    /// The approved request to destroy this key, when there is one.
    pub(super) fn destruction_of(&self, wanted: &Destruction) -> Option<Seq> {
        self.destructions.iter().find(|(_, (key, _))| key == wanted).map(|(number, _)| *number)
    }

    /// How a request ended, as far as it is still known here.
    fn end_of(&self, number: Seq) -> Option<ApprovalEnd> {
        self.closed.iter().find(|closed| closed.number == number).map(|closed| closed.end)
    }

    fn close(&mut self, closed: ClosedRequest) {
        self.closed.push_back(closed);
        if self.closed.len() > CLOSED {
            self.closed.pop_front();
        }
    }

    /// A key was destroyed: its approval is used.
    pub(super) fn destroyed(&mut self, approval: Option<Seq>) {
        if let Some(number) = approval {
            self.destructions.remove(&number);
        }
    }
}
