//! Approval requests and decisions: the one path for every change that takes two people. A request is shown with its content and its effect.
//! A decision names the version that the person saw by its fingerprint.

mod asked;
mod carried;
mod content;
mod decide;
mod differences;
mod effect;
mod facts;
mod files;
mod found;
mod inbox;

pub(crate) use asked::Change;
pub use asked::{Asked, Decider};
pub use content::{ApprovalContent, FactView, FileContent};
pub(crate) use decide::Deciding;
pub use decide::{
    ApproveRequest, DecideMany, Decided, DecidedOne, DenyRequest, MOST_AT_ONCE, OneDecision, SendBackRequest,
    WithdrawRequest,
};
pub use differences::{Difference, Replaced};
pub(crate) use effect::{bearer, paid_by};
pub use found::{ApprovalEffect, FileShown, PayeeShown, RowShown};
pub use inbox::{ApprovalItem, ApprovalShown, ListApprovals, ShowApproval, StandingShown};

use crate::error::{Result, ServiceError};
use crate::fields::reason;
use crate::operation::Requested;
use crate::{Services, Who};
use kazasu_core::{ApprovalRefusal, ApprovalView, Approvals, Command, Document, Rejected};
use kazasu_engine::CommandError;
use kazasu_ledger::record::Proposal;
use kazasu_schemas::attribution::Attribution;

/// A proposal for another person to approve.
pub(crate) struct Request {
    pub(crate) proposal: Proposal,
    /// The file that it was read from.
    pub(crate) source: Document,
    pub(crate) said: Attribution,
}

impl Request {
    /// A proposal that no file contains.
    pub(crate) fn plain(proposal: Proposal, who: &Who, why: String) -> Self {
        Request { proposal, source: Document::default(), said: who.says(why) }
    }

    /// A proposal that a file contains.
    pub(crate) fn of_file(proposal: Proposal, source: Document, said: Attribution) -> Self {
        Request { proposal, source, said }
    }
}

/// A file's text with its name; the name is empty where the caller gave none.
pub(crate) fn document(text: String, name: Option<String>) -> Document {
    let name = name.unwrap_or_default().chars().filter(|c| !c.is_control()).take(200).collect();
    Document { text, name }
}

/// Checks and normalises the reason of a record.
fn with_reason(said: Attribution) -> Result<Attribution> {
    Ok(Attribution { why: reason("why", &said.why)?, ..said })
}

/// A refusal of the core.
fn rejected(why: ApprovalRefusal) -> ServiceError {
    ServiceError::Command(CommandError::Rejected(Rejected::from(why)))
}

impl Services {
    /// Opens a request. Returns its number, and the fingerprint of its version.
    pub(crate) async fn request_approval(&self, asked: Request, who: &Who) -> Result<Requested> {
        let Request { proposal, source, said } = asked;
        let said = with_reason(said)?;
        let ask = Approvals::Request { proposal: Box::new(proposal.clone()), source, said };
        let done = self.command_of(who, Command::Approvals(ask)).await?;
        self.requested(done.into(), move |open| *open == proposal).await
    }

    /// The answer about a request that is open already.
    pub(crate) async fn requested(
        &self,
        result: crate::Outcome,
        is_it: impl Fn(&Proposal) -> bool + Send + 'static,
    ) -> Result<Requested> {
        Ok(Requested::of(result, self.query(move |state| state.approval_about(is_it)).await?))
    }

    /// The open request with this number, or the refusal.
    pub(crate) async fn open_approval(&self, number: u64) -> Result<ApprovalView> {
        let open = self.query(move |state| state.open_approval(number)).await?;
        open.ok_or_else(|| rejected(ApprovalRefusal::Unknown(number)))
    }

    /// An open request, or one of the last closed ones.
    pub(crate) async fn approval(&self, number: u64) -> Result<ApprovalView> {
        let found = self.query(move |state| state.approval(number)).await?;
        found.ok_or_else(|| rejected(ApprovalRefusal::Unknown(number)))
    }
}
