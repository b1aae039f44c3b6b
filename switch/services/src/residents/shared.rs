//! Links to instruments that another person has linked already: they wait for staff.

use super::view::{MaskedInstrument, deposit};
use crate::access::Name;
use crate::approvals::Deciding;
use crate::error::{Result, not_found};
use crate::operation::{Operation, Recorded};
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_core::{ApprovalAnswer, ApprovalView, State};
use kazasu_ledger::record::{Proposal, SharedLink};
use kazasu_schemas::ids::Ppid;
use kazasu_security_log::value::Object;
use kazasu_text::problems::NotFoundText;
use serde::{Deserialize, Serialize};

/// Links that wait for staff.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListWaitingLinks {}

/// A link that waits for staff.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WaitingLink {
    /// Under this number it is decided.
    pub proposal: u64,
    /// What the decision names; its first twelve characters are enough.
    pub fingerprint: String,
    /// The person who asked for it.
    pub ppid: String,
    /// The instrument.
    pub instrument: MaskedInstrument,
    /// The people who have it linked now.
    pub holders: Vec<String>,
    /// The portal, or the person at the counter.
    pub by: String,
    /// How the portal has proven who the person is.
    pub proven: Option<String>,
    /// When it was asked for.
    pub at: String,
}

/// A request, the people who have the instrument, and the number of an account that is kept here.
type Waits = (ApprovalView, SharedLink, Vec<Ppid>, Option<u64>);

fn waiting(state: &State) -> Vec<Waits> {
    let of = |view: ApprovalView| {
        let Proposal::SharedLink(link) = &view.proposal else { return None };
        let link = SharedLink::clone(link);
        let (holders, number) = (state.holders_of(&link.instrument), deposit(state, &link.instrument));
        Some((view, link, holders, number))
    };
    state.approvals().into_iter().filter_map(of).collect()
}

impl Operation for ListWaitingLinks {
    const NAME: Name = Name::ListWaitingLinks;
    type Answer = Vec<WaitingLink>;

    fn seen(answer: &Self::Answer) -> Vec<String> {
        answer.iter().flat_map(|link| link.holders.iter().chain([&link.ppid]).cloned()).collect()
    }

    async fn carry_out(self, services: &Services, _: &Who) -> Result<Vec<WaitingLink>> {
        let all = services.query(waiting).await?;
        let line = |(view, link, holders, number): &Waits| WaitingLink {
            proposal: view.number,
            fingerprint: view.fingerprint.to_string(),
            ppid: link.ppid.to_string(),
            instrument: services.masked(&link.instrument, *number, &link.ppid),
            holders: holders.iter().map(ToString::to_string).collect(),
            by: view.said.by.clone(),
            proven: link.proof.as_ref().map(|proof| proof.proven.name().to_owned()),
            at: view.at.jst_text(),
        };
        Ok(all.iter().map(line).collect())
    }
}

/// Allows a link to an instrument that another person has linked, or denies it: another person than requested it.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideLink {
    /// The request's number.
    pub proposal: u64,
    /// The fingerprint of what was looked at: a portal may ask for another instrument in between.
    pub fingerprint: String,
    /// Allow it.
    pub approve: bool,
    /// Why.
    pub why: String,
    /// The signature over the decision (128 hexadecimal digits), where the key of the session is with the person.
    pub signature: Option<String>,
}

impl Operation for DecideLink {
    const NAME: Name = Name::DecideLink;
    type Answer = Recorded;

    fn subject(&self) -> Subject {
        Subject::default().with(Object::numbered("approval", self.proposal)).because(Some(&self.why))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let DecideLink { proposal, fingerprint, approve, why, signature } = self;
        let open = services.open_approval(proposal).await?;
        if !matches!(open.proposal, Proposal::SharedLink(_)) {
            return Err(not_found(&NotFoundText::NotSharedLink { proposal }));
        }
        let answer = if approve { ApprovalAnswer::Approve } else { ApprovalAnswer::Deny };
        let deciding = Deciding { approval: proposal, answer, fingerprint, why, signature };
        let decided = services.decide(deciding, who).await?;
        Ok(Recorded { result: decided.result })
    }
}
