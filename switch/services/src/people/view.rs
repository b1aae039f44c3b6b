//! Organisations, people and programs, as access administrators and auditors see them.

use crate::access::Name;
use crate::error::Result;
use crate::operation::Operation;
use crate::{Services, Who};
use kazasu_core::{RightsState, Standing};
use kazasu_schemas::identity::{ActorId, OrganisationId, OrganisationKind, PersonId};
use kazasu_schemas::jst::Millis;
use serde::{Deserialize, Serialize};

/// Every organisation.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListOrganisations {}

/// An organisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OrganisationView {
    /// Its id.
    #[schemars(with = "String")]
    pub organisation: OrganisationId,
    /// Its kind.
    #[schemars(with = "String")]
    pub kind: OrganisationKind,
    /// Its name.
    pub name: String,
    /// A merchant's shops, each as `acquirer/merchant`.
    pub shops: Vec<String>,
}

impl Operation for ListOrganisations {
    const NAME: Name = Name::ListOrganisations;
    type Answer = Vec<OrganisationView>;

    async fn carry_out(self, services: &Services, _: &Who) -> Result<Vec<OrganisationView>> {
        let view = |(organisation, one): (OrganisationId, &kazasu_core::Organisation)| OrganisationView {
            organisation,
            kind: one.kind,
            name: one.name.clone(),
            shops: one.shops.iter().map(|(acquirer, merchant)| format!("{acquirer}/{merchant}")).collect(),
        };
        services.rights(move |rights| rights.organisations().map(view).collect()).await
    }
}

/// Every person.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPeople {}

/// A person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PersonView {
    /// The id.
    #[schemars(with = "String")]
    pub person: PersonId,
    /// The name.
    pub name: String,
    /// The person's organisation.
    #[schemars(with = "String")]
    pub organisation: OrganisationId,
    /// invited, joined or ended; `invitation over` where no person can join any more with the last invitation.
    pub standing: String,
    /// Grants: number, role, what for, days.
    pub grants: Vec<String>,
}

pub(super) fn people(rights: &RightsState, now: Millis) -> Vec<PersonView> {
    let mut grants: std::collections::BTreeMap<ActorId, Vec<String>> = std::collections::BTreeMap::new();
    for (id, grant) in rights.grants() {
        let until = grant.dates.until.map_or_else(String::new, |day| day.to_string());
        let deputy = grant.deputy_for.map_or_else(String::new, |person| format!(" deputy for {person}"));
        let role = &grant.role;
        let text = format!("{id} {} {} {}–{until}{deputy}", role.role, role.scope, grant.dates.from);
        grants.entry(grant.holder).or_default().push(text);
    }
    let standing = |person: &kazasu_core::Person| match (&person.standing, person.invitation) {
        (Standing::Joined(_), _) => "joined",
        (Standing::Ended, _) => "ended",
        (Standing::Invited, Some((_, until))) if now <= until => "invited",
        (Standing::Invited, _) => "invitation over",
    };
    let view = |(id, person): (PersonId, &kazasu_core::Person)| PersonView {
        person: id,
        name: person.name.clone(),
        organisation: person.organisation,
        standing: standing(person).to_owned(),
        grants: grants.get(&ActorId::Person(id)).cloned().unwrap_or_default(),
    };
    rights.people().map(view).collect()
}

impl Operation for ListPeople {
    const NAME: Name = Name::ListPeople;
    type Answer = Vec<PersonView>;

    async fn carry_out(self, services: &Services, _: &Who) -> Result<Vec<PersonView>> {
        let now = services.now();
        services.rights(move |rights| people(rights, now)).await
    }
}
