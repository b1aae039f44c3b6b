//! Reads requests about people: names, ids, roles, days.

use crate::error::{Result, absent, unfit, value};
use crate::fields::day;
use crate::{Services, Who};
use kazasu_core::{Command, Done, Rights, RightsState};
use kazasu_ledger::record::RoleFor;
use kazasu_schemas::identity::{ActorId, Dates, Name, OrganisationId, PersonId, ProgramId, Role};
use kazasu_text::Quoted;
use kazasu_text::names::IdText;
use kazasu_text::problems::ProblemText;

impl Services {
    /// Carries a change of rights out.
    pub(crate) async fn change_rights(&self, ask: Rights) -> Result<Done> {
        self.command(Command::Rights(Box::new(ask))).await
    }

    /// Asks what is in the journal about people.
    pub(crate) async fn rights<T: Send + 'static>(
        &self,
        question: impl FnOnce(&RightsState) -> T + Send + 'static,
    ) -> Result<T> {
        self.query(move |state| question(state.rights())).await
    }

    pub(super) async fn actor(&self, field: &'static str, text: &str) -> Result<ActorId> {
        let asked = text.to_owned();
        let found = self.rights(move |rights| rights.find(&asked)).await?;
        found.ok_or_else(|| absent(field, &ProblemText::ActorExpected { got: Quoted(text) }))
    }

    pub(super) async fn person(&self, field: &'static str, text: &str) -> Result<PersonId> {
        match self.actor(field, text).await? {
            ActorId::Person(id) => Ok(id),
            ActorId::Program(id) => Err(unfit(field, &ProblemText::PersonExpected { program: &id.to_string() })),
        }
    }

    pub(super) async fn program(&self, field: &'static str, text: &str) -> Result<ProgramId> {
        match self.actor(field, text).await? {
            ActorId::Program(id) => Ok(id),
            ActorId::Person(id) => Err(unfit(field, &ProblemText::ProgramExpected { person: &id.to_string() })),
        }
    }

    pub(super) async fn organisation(&self, text: &str) -> Result<OrganisationId> {
        let asked = text.to_owned();
        let found = self.rights(move |rights| rights.find_organisation(&asked)).await?;
        let wrong = || absent("organisation", &ProblemText::OrganisationExpected { got: Quoted(text) });
        found.ok_or_else(wrong)
    }

    /// The days that a grant or a key holds; from today when the first is left out.
    pub(super) fn dates(&self, from: Option<&str>, until: Option<&str>) -> Result<Dates> {
        let from = from.map(|text| day("from", text)).transpose()?.unwrap_or_else(|| self.now().jst_day());
        let until = until.map(|text| day("until", text)).transpose()?;
        Ok(Dates { from, until })
    }
}

pub(super) fn name(text: &str) -> Result<Name> {
    if kazasu_schemas::text::names_a_card(text) {
        return Err(unfit("name", &ProblemText::CardNumberInName));
    }
    text.parse().map_err(|e: kazasu_schemas::identity::NameError| value("name", &e))
}

/// A role and what for, as `city-officer city:13361`; the scope is `all` when it is left out.
pub(super) fn role_for(text: &str) -> Result<RoleFor> {
    let (role, scope) = text.trim().split_once(' ').unwrap_or((text.trim(), "all"));
    let roles = || Role::ALL.iter().map(|role| role.name()).collect::<Vec<_>>().join(", ");
    let unknown = |_: String| unfit("role", &ProblemText::OneOfAll { choices: &roles(), got: Quoted(role) });
    let role = role.parse().map_err(unknown)?;
    let no_scope = |_: String| unfit("scope", &IdText::Scope { got: Quoted(scope) });
    let scope = scope.trim().parse().map_err(no_scope)?;
    Ok(RoleFor { role, scope })
}

/// Whether the person is the caller.
pub(super) fn is_own(who: &Who, person: PersonId) -> bool {
    who.person() == Some(person)
}
