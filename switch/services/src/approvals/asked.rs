//! The answer to a person who asks for something that takes two people: the request's number, what was filled in, what it would change, and
//! the people who may decide it.

use super::inbox::ApprovalShown;
use super::{Request, document, with_reason};
use crate::access::roles_of_kind;
use crate::error::Result;
use crate::operation::{Outcome, Requested};
use crate::{Services, Who};
use kazasu_core::{ApprovalView, Approvals, Command, Document, Held};
use kazasu_ledger::record::{ApprovalKind, CarriedChange, Proposal};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::identity::{ActorId, Role, Scope};
use serde::{Deserialize, Serialize};

/// Something was asked for, or was done at once: the keeper of a book without an access administrator needs no second person.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Asked {
    /// The request; without a number where nothing waits.
    #[serde(flatten)]
    pub requested: Requested,
    /// The request as the person who decides it sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Box<ApprovalShown>>,
    /// The people who may decide it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decided_by: Vec<Decider>,
}

/// A person who may decide a request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Decider {
    /// The id.
    pub by: String,
    /// The name.
    pub by_name: String,
}

impl From<Outcome> for Asked {
    /// Nothing waits.
    fn from(result: Outcome) -> Self {
        let requested = Requested { result, proposal: None, fingerprint: None, until: None };
        Asked { requested, request: None, decided_by: Vec::new() }
    }
}

/// A change that two people decide, with the command by which the keeper opens a book.
pub(crate) struct Change {
    pub(crate) change: CarriedChange,
    /// The file that it was read from.
    pub(crate) source: Document,
    /// The command that does the same at once.
    pub(crate) alone: Command,
}

impl Change {
    /// One that is not read from a file.
    pub(crate) fn plain(change: CarriedChange, alone: Command) -> Self {
        Change { change, source: Document::default(), alone }
    }

    /// One that a file says.
    pub(crate) fn of_file(change: CarriedChange, source: String, alone: Command) -> Self {
        Change { change, source: document(source, None), alone }
    }
}

/// The reason of a request that needs none.
fn with_any_reason(said: Attribution) -> Result<Attribution> {
    if said.why.is_empty() { Ok(said) } else { with_reason(said) }
}

impl Services {
    /// Asks another person for a change. The keeper, whom the table lets in only before there is an access administrator, does it at once.
    pub(crate) async fn ask(&self, change: Change, who: &Who, why: String) -> Result<Asked> {
        let Change { change, source, alone } = change;
        if who.person().is_none() {
            return Ok(Outcome::from(self.command(alone).await?).into());
        }
        let proposal = Proposal::Carried(Box::new(change));
        self.ask_for(Request::of_file(proposal, source, who.says(why)), who).await
    }

    /// Asks another person for something, and shows what was asked.
    pub(crate) async fn ask_for(&self, asked: Request, who: &Who) -> Result<Asked> {
        let Request { proposal, source, said } = asked;
        let said = with_any_reason(said)?;
        let ask = Approvals::Request { proposal: Box::new(proposal.clone()), source, said };
        let done = self.command(Command::Approvals(ask)).await?;
        self.as_asked(done.into(), who, move |open| open.proposal == proposal).await
    }

    /// The open request that this is, as its requester sees it.
    pub(crate) async fn as_asked(
        &self,
        result: Outcome,
        who: &Who,
        is_it: impl Fn(&ApprovalView) -> bool + Send + 'static,
    ) -> Result<Asked> {
        let requested = self.requested(result, is_it).await?;
        let Some(number) = requested.proposal else { return Ok(Asked::from(result)) };
        let request = Some(Box::new(self.shown(number, who).await?));
        Ok(Asked { requested, request, decided_by: self.deciders(number).await? })
    }

    /// The people who may decide a request: not its requester.
    async fn deciders(&self, number: u64) -> Result<Vec<Decider>> {
        let day = self.now().jst_day();
        let found = self.query(move |state| {
            let Some(view) = state.approval(number) else { return Vec::new() };
            let may = |held: &[Held]| holds(held, view.kind(), &view.city);
            let all = state.rights().people().map(|(id, person)| (ActorId::Person(id), person));
            let others = all.filter(|(id, _)| !state.rights().are_one(&id.to_string(), &view.said.by));
            let deciders = others.filter(|(id, _)| may(&state.rights().held(*id, day)));
            deciders.map(|(id, person)| Decider { by: id.to_string(), by_name: person.name.clone() }).collect()
        });
        found.await
    }
}

/// Does one of these roles decide requests of the kind and city?
fn holds(held: &[Held], kind: ApprovalKind, city: &str) -> bool {
    let roles: &[Role] = roles_of_kind(kind, city);
    let meets = |scope: &Scope| match scope {
        Scope::All => true,
        Scope::City(code) => code == city,
        Scope::Merchant(_) | Scope::Shop(..) | Scope::Acquirer(_) | Scope::Issuer(_) => false,
    };
    held.iter().any(|held| roles.contains(&held.role) && meets(&held.scope))
}
