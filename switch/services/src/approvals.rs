//! What takes two people, asked for and decided: one way for everything that does.

use crate::admin::{AskError, Desk, reason};
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

/// A decision about one.
pub(crate) struct Decision {
    pub(crate) proposal: u64,
    pub(crate) approve: bool,
    pub(crate) by: String,
    pub(crate) why: String,
}

impl Desk {
    /// Asks another person to approve something. Gives the number under which it is decided.
    pub async fn request_approval(&self, asked: Request) -> Result<(Done, Option<u64>), AskError> {
        let Request { proposal, source, by, why } = asked;
        let why = reason("why", &why)?;
        let ask = Approvals::Request { proposal: Box::new(proposal.clone()), source, by, why };
        let done = self.command(Command::Approvals(ask)).await?;
        let open = self.ask(kazasu_core::State::approvals).await?;
        Ok((done, open.iter().find(|open| open.proposal == proposal).map(|open| open.number)))
    }

    /// A request that waits, or why there is none.
    pub async fn open_approval(&self, proposal: u64) -> Result<ApprovalView, AskError> {
        let open = self.ask(kazasu_core::State::approvals).await?;
        let found = open.into_iter().find(|open| open.number == proposal);
        found.ok_or_else(|| {
            let refused = Rejected::from(ApprovalRefusal::Unknown(proposal));
            AskError::Command(kazasu_engine::CommandError::Rejected(refused))
        })
    }

    /// Approves a request, or turns it down. Whether the person may is the caller's to ask.
    pub async fn decide_approval(&self, decision: Decision) -> Result<Done, AskError> {
        let Decision { proposal, approve, by, why } = decision;
        let why = reason("why", &why)?;
        self.command(Command::Approvals(Approvals::Decide { proposal, approve, by, why })).await
    }
}
