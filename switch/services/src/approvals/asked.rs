//! Answers a requester: the request's number, what the requester filled in, what an approval would change, and the people who may decide.

use super::inbox::ApprovalShown;
use super::{Request, document, with_reason};
use crate::access::roles_of_kind;
use crate::error::Result;
use crate::operation::{Outcome, Requested};
use crate::{Services, Who};
use kazasu_core::{Approvals, Command, Document, Held};
use kazasu_ledger::record::{ApprovalKind, CarriedChange, Proposal};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::identity::{ActorId, Role, Scope};
use serde::{Deserialize, Serialize};

/// The answer to a request. Nothing waits where the keeper of a book without an access administrator made the change at once.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Asked {
    /// The request; it has no number where nothing waits.
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
    /// The answer where nothing waits.
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
    /// A change that no file contains.
    pub(crate) fn plain(change: CarriedChange, alone: Command) -> Self {
        Change { change, source: Document::default(), alone }
    }

    /// A change that a file contains.
    pub(crate) fn of_file(change: CarriedChange, source: String, alone: Command) -> Self {
        Change { change, source: document(source, None), alone }
    }
}

/// The reason in the record of a request that needs none.
fn with_any_reason(said: Attribution) -> Result<Attribution> {
    if said.why.is_empty() { Ok(said) } else { with_reason(said) }
}

impl Services {
    /// Requests a change from another person. The keeper makes the change at once; the access table admits the keeper only before the book has
    /// an access administrator.
    pub(crate) async fn ask(&self, change: Change, who: &Who, why: String) -> Result<Asked> {
        let Change { change, source, alone } = change;
        if who.person().is_none() {
            return Ok(Outcome::from(self.command(alone).await?).into());
        }
        let proposal = Proposal::Carried(Box::new(change));
        self.ask_for(Request::of_file(proposal, source, who.says(why)), who).await
    }

    /// Opens a request and returns it as its requester sees it.
    pub(crate) async fn ask_for(&self, asked: Request, who: &Who) -> Result<Asked> {
        let Request { proposal, source, said } = asked;
        let said = with_any_reason(said)?;
        let ask = Approvals::Request { proposal: Box::new(proposal.clone()), source, said };
        let done = self.command_of(who, Command::Approvals(ask)).await?;
        self.as_asked(done.into(), who, move |open| *open == proposal).await
    }

    /// The open request about something, as its requester sees it.
    pub(crate) async fn as_asked(
        &self,
        result: Outcome,
        who: &Who,
        is_it: impl Fn(&Proposal) -> bool + Send + 'static,
    ) -> Result<Asked> {
        let open = self.query(move |state| state.approval_about(is_it)).await?;
        self.as_requested(Requested::of(result, open), who).await
    }

    /// The same of a request that was opened a moment ago.
    pub(crate) async fn as_requested(&self, requested: Requested, who: &Who) -> Result<Asked> {
        let result = requested.result;
        let Some(number) = requested.proposal else { return Ok(Asked::from(result)) };
        let request = Some(Box::new(self.shown(number, who).await?));
        Ok(Asked { requested, request, decided_by: self.deciders(number).await? })
    }

    /// The people who may decide a request. The requester is not among them.
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

/// Whether one of these roles decides requests of this kind and city.
fn holds(held: &[Held], kind: ApprovalKind, city: &str) -> bool {
    let roles: &[Role] = roles_of_kind(kind, city);
    let meets = |scope: &Scope| match scope {
        Scope::All => true,
        Scope::City(code) => code == city,
        Scope::Merchant(_) | Scope::Shop(..) | Scope::Acquirer(_) | Scope::Issuer(_) => false,
    };
    held.iter().any(|held| roles.contains(&held.role) && meets(&held.scope))
}
