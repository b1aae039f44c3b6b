//! What takes two people, asked for and decided: one way for everything that does.

use crate::error::{Result, ServiceError};
use crate::fields::reason;
use crate::operation::Requested;
use crate::{Services, Who};
use kazasu_core::{ApprovalRefusal, ApprovalView, Approvals, Command, Done, Rejected};
use kazasu_ledger::record::Proposal;

/// A request for an approval.
pub(crate) struct Request {
    pub(crate) proposal: Proposal,
    /// The file that it was read from; empty when there is none.
    pub(crate) source: String,
    pub(crate) by: String,
    pub(crate) why: String,
}

impl Request {
    /// Of what is not read from a file.
    pub(crate) fn plain(proposal: Proposal, who: &Who, why: String) -> Self {
        Request { proposal, source: String::new(), by: who.name.clone(), why }
    }
}

/// A decision about one.
pub(crate) struct Decision {
    pub(crate) proposal: u64,
    pub(crate) approve: bool,
    pub(crate) by: String,
    pub(crate) why: String,
}

impl Services {
    /// Asks another person to approve something. Gives the number under which it is decided.
    pub(crate) async fn request_approval(&self, asked: Request) -> Result<Requested> {
        let Request { proposal, source, by, why } = asked;
        let why = reason("why", &why)?;
        let ask = Approvals::Request { proposal: Box::new(proposal.clone()), source, by, why };
        let done = self.command(Command::Approvals(ask)).await?;
        let open = self.query(kazasu_core::State::approvals).await?;
        let number = open.iter().find(|open| open.proposal == proposal).map(|open| open.number);
        Ok(Requested { result: done.into(), proposal: number })
    }

    /// A request that waits, or why there is none.
    pub(crate) async fn open_approval(&self, proposal: u64) -> Result<ApprovalView> {
        let open = self.query(kazasu_core::State::approvals).await?;
        let found = open.into_iter().find(|open| open.number == proposal);
        found.ok_or_else(|| {
            let refused = Rejected::from(ApprovalRefusal::Unknown(proposal));
            ServiceError::Command(kazasu_engine::CommandError::Rejected(refused))
        })
    }

    /// Approves a request, or turns it down.
    pub(crate) async fn decide_approval(&self, decision: Decision) -> Result<Done> {
        let Decision { proposal, approve, by, why } = decision;
        let why = reason("why", &why)?;
        self.command(Command::Approvals(Approvals::Decide { proposal, approve, by, why })).await
    }
}
