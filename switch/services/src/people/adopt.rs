//! A book's first people: the first access administrator, and the callers of an older `keys_file` and configuration.

use super::rights::Invited;
use crate::access::Name;
use crate::error::{Result, unfit};
use crate::operation::Operation;
use crate::{Services, Who};
use kazasu_core::{NewKey, Rights};
use kazasu_ledger::record::{Author, RoleFor};
use kazasu_schemas::canonical::same;
use kazasu_schemas::identity::{
    ActorId, Dates, Name as Called, OrganisationId, OrganisationKind, Role, Scope, SignIn, Via,
};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::relief::Role as CityRole;
use kazasu_text::problems::ProblemText;
use serde::{Deserialize, Serialize};

/// The organisation that runs the switch, until it is renamed.
const OPERATOR: &str = "operator";
/// The organisation of portals that a key file names.
const PORTALS: &str = "portals";
/// A token of a key file is good for so many days as a program's key.
const DAYS: i32 = 365;

/// The kind of a caller in an older file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OldKind {
    /// The token that names no person.
    Operator,
    /// A person.
    Person,
    /// A portal.
    Portal,
}

/// A caller that a key file names.
#[derive(Clone, Debug)]
pub struct OldCaller {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: OldKind,
    /// SHA-256 of its token.
    pub hash: [u8; 32],
}

/// The number of taken-over callers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Adopted {
    /// People: each of them joins with an invitation.
    pub people: usize,
    /// Programs: their tokens are keys now, for a year.
    pub programs: usize,
}

/// Begins the administration of access: invites the first access administrator, or invites one again who has lost everything.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// The person's name.
    pub name: String,
}

impl Operation for Found {
    const NAME: Name = Name::Found;
    type Answer = Invited;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Invited> {
        let organisation = services.founding(OrganisationKind::Operator, &who.author("first start")).await?;
        let (asked, hours) = (self.name.clone(), None);
        let there = services.rights(move |rights| rights.find(&asked)).await?;
        let person = match there {
            Some(ActorId::Person(id)) => Some(id),
            Some(ActorId::Program(id)) => return Err(unfit("name", &ProblemText::IsProgram { id: &id.to_string() })),
            None => None,
        };
        let roles = match person {
            Some(_) => Vec::new(),
            None => vec![RoleFor { role: Role::AccessAdministrator, scope: Scope::All }],
        };
        let (secret, until) = services.invitation(hours)?;
        let (invitation, author) = ((secret.hash(), until), who.author("first access administrator"));
        let name = super::read::name(&self.name)?;
        let key = name.to_string();
        services.change_rights(Rights::Invite { person, organisation, name, invitation, roles, author }).await?;
        let person = services.rights(move |rights| rights.find(&key)).await?;
        let person = match person {
            Some(ActorId::Person(id)) => Some(id),
            Some(ActorId::Program(_)) | None => None,
        };
        Ok(Invited {
            person,
            invitation: secret.expose().to_owned(),
            until: until.jst_text(),
            proposal: None,
            approval_fingerprint: None,
        })
    }
}

impl Services {
    /// The first organisation of a kind; it is made where there is none.
    async fn founding(&self, kind: OrganisationKind, author: &Author) -> Result<OrganisationId> {
        let first = move |rights: &kazasu_core::RightsState| {
            rights.organisations().find(|(_, one)| one.kind == kind).map(|(id, _)| id)
        };
        if let Some(id) = self.rights(first).await? {
            return Ok(id);
        }
        let name = super::read::name(if kind == OrganisationKind::Portal { PORTALS } else { OPERATOR })?;
        let author = author.clone();
        self.change_rights(Rights::SetOrganisation { organisation: None, kind, name, shops: Vec::new(), author })
            .await?;
        let made = self.rights(first).await?;
        made.ok_or_else(|| {
            crate::ServiceError::Other(anyhow::anyhow!("the organisation that was registered is not there"))
        })
    }

    /// Takes over whom the key file and the configuration name, each once, as long as the book has no access administrator. People get
    /// their roles and join with an invitation; their tokens are worth nothing. Programs' tokens become keys.
    pub async fn adopt(&self, old: &[OldCaller]) -> Result<Adopted> {
        let mut adopted = Adopted::default();
        if self.rights(kazasu_core::RightsState::is_administered).await? {
            return Ok(adopted);
        }
        let author = Author {
            id: None,
            sign_in: SignIn::KeyFile,
            via: Via::Configuration,
            why: "taken over from the configuration".into(),
        };
        let mut names: Vec<String> =
            old.iter().filter(|one| one.kind == OldKind::Person).map(|one| one.name.clone()).collect();
        let of_cities = self.cities.iter().flat_map(|city| [&city.officers, &city.approvers, &city.treasurers]);
        for name in of_cities.chain([&self.finance.staff, &self.finance.approvers]).flatten() {
            if !names.iter().any(|known| same(known, name)) {
                names.push(name.clone());
            }
        }
        for text in names {
            let name = super::read::name(&text)?;
            if self.is_there(&name).await? {
                continue;
            }
            let organisation = self.founding(OrganisationKind::Operator, &author).await?;
            let is_old = old.iter().any(|one| one.kind == OldKind::Person && same(&one.name, &text));
            let roles = self.roles_of(&text, is_old);
            // No person has this invitation: the person gets another one.
            let invitation = (
                self.sign_ins()?.secret(kazasu_sign_in::SecretKind::Invitation)?.hash(),
                Millis(self.now().0 + 60_000),
            );
            let author = author.clone();
            self.change_rights(Rights::Invite { person: None, organisation, name, invitation, roles, author }).await?;
            adopted.people += 1;
        }
        for one in old.iter().filter(|one| one.kind != OldKind::Person) {
            adopted.programs += usize::from(self.adopt_program(one, &author).await?);
        }
        Ok(adopted)
    }

    async fn is_there(&self, name: &Called) -> Result<bool> {
        let asked = name.to_string();
        Ok(self.rights(move |rights| rights.find(&asked)).await?.is_some())
    }

    /// The rights that the configuration gave a person, and the rights of every person with a token in the older
    /// file.
    fn roles_of(&self, name: &str, has_token: bool) -> Vec<RoleFor> {
        let everywhere = |role| RoleFor { role, scope: Scope::All };
        let mut out = Vec::new();
        for city in self.cities.iter() {
            let role = match city.role(name) {
                Some(CityRole::Officer) => Role::CityOfficer,
                Some(CityRole::Approver) => Role::CityApprover,
                Some(CityRole::Treasurer) => Role::CityTreasurer,
                None => continue,
            };
            out.push(RoleFor { role, scope: Scope::City(city.code.clone()) });
        }
        let is = |list: &[String]| list.iter().any(|one| same(one, name));
        if is(&self.finance.staff) {
            out.push(everywhere(Role::FinanceStaff));
        }
        if is(&self.finance.approvers) {
            out.push(everywhere(Role::FinanceApprover));
        }
        if has_token {
            out.push(everywhere(Role::Operator));
        }
        out
    }

    async fn adopt_program(&self, old: &OldCaller, author: &Author) -> Result<bool> {
        let name = super::read::name(&old.name)?;
        if self.is_there(&name).await? {
            return Ok(false);
        }
        let (kind, roles): (_, &[Role]) = match old.kind {
            OldKind::Portal => (OrganisationKind::Portal, &[Role::Portal]),
            OldKind::Operator | OldKind::Person => (OrganisationKind::Operator, &[Role::Operator, Role::FinanceStaff]),
        };
        let organisation = self.founding(kind, author).await?;
        let roles = roles.iter().map(|role| RoleFor { role: *role, scope: Scope::All }).collect();
        let from = self.now().jst_day();
        let dates = Dates { from, until: Some(BusinessDay(from.0 + DAYS)) };
        let key = NewKey { program: None, organisation, name, hash: old.hash, dates, networks: Vec::new(), roles };
        self.change_rights(Rights::RegisterKey { key: Box::new(key), author: author.clone() }).await?;
        Ok(true)
    }
}
