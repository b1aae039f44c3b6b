//! Organisations, invitations, grants.

use super::read::{name, role_for};
use crate::access::Name;
use crate::approvals::Request;
use crate::error::{Result, unfit};
use crate::fields::reason;
use crate::operation::{Operation, Recorded, Requested};
use crate::{Services, Who};
use kazasu_core::Rights;
use kazasu_ledger::record::{FurtherShops, Proposal, Reinvited, RightsChange, RoleFor, RoleGrant};
use kazasu_schemas::identity::{GrantId, OrganisationId, OrganisationKind, PersonId, Role, Scope};
use kazasu_schemas::ids::{InstitutionId, MerchantId};
use kazasu_schemas::jst::Millis;
use kazasu_sign_in::{Secret, SecretKind};
use kazasu_text::Quoted;
use kazasu_text::problems::ProblemText;
use serde::{Deserialize, Serialize};

/// Hours that an invitation holds by default.
const HOURS: u32 = 24;
/// And at most.
const MOST_HOURS: u32 = 7 * 24;

/// Registers an organisation, or renames one. Two people add shops to one that is there ([`RequestShops`]).
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetOrganisation {
    /// One that is there, by id or name; a new one when it is left out.
    pub organisation: Option<String>,
    /// operator, city, merchant, partner, portal or call-centre.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// A merchant's shops, each as `acquirer/merchant`: of one that is there, those that it keeps.
    #[serde(default)]
    pub shops: Vec<String>,
    /// The reason, which the record keeps.
    pub why: String,
}

/// An organisation was registered.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OrganisationSet {
    /// Its id.
    #[schemars(with = "Option<String>")]
    pub organisation: Option<OrganisationId>,
}

impl Operation for SetOrganisation {
    const NAME: Name = Name::SetOrganisation;
    type Answer = OrganisationSet;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<OrganisationSet> {
        let organisation = match &self.organisation {
            Some(text) => Some(services.organisation(text).await?),
            None => None,
        };
        let kinds = || OrganisationKind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
        let unknown = |_: String| unfit("kind", &ProblemText::OneOfAll { choices: &kinds(), got: Quoted(&self.kind) });
        let kind = self.kind.parse().map_err(unknown)?;
        let shops = self.shops.iter().map(|text| shop(text)).collect::<Result<_>>()?;
        let (called, author) = (name(&self.name)?, who.author(&reason("why", &self.why)?));
        let key = called.to_string();
        let set = Rights::SetOrganisation { organisation, kind, name: called, shops, author };
        services.change_rights(set).await?;
        let organisation = services.rights(move |rights| rights.find_organisation(&key)).await?;
        Ok(OrganisationSet { organisation })
    }
}

/// Asks another access administrator to add shops to a merchant's organisation: its people have their roles for them too.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestShops {
    /// The organisation, by id or name.
    pub organisation: String,
    /// The further shops, each as `acquirer/merchant`.
    pub shops: Vec<String>,
    /// Why.
    pub why: String,
}

impl Operation for RequestShops {
    const NAME: Name = Name::RequestShops;
    type Answer = Requested;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Requested> {
        let organisation = services.organisation(&self.organisation).await?;
        let asked = self.shops.iter().map(|text| shop(text)).collect::<Result<Vec<_>>>()?;
        let had = services.rights(move |rights| rights.organisation(organisation).map(|one| one.shops.clone())).await?;
        let mut shops: Vec<_> = asked.into_iter().filter(|shop| !had.iter().flatten().any(|has| has == shop)).collect();
        shops.sort_unstable();
        shops.dedup();
        if shops.is_empty() {
            return Err(unfit("shops", &ProblemText::NoFurtherShop));
        }
        let change = RightsChange::Shops(FurtherShops { organisation, shops });
        services.request_rights(change, who, self.why).await
    }
}

fn shop(text: &str) -> Result<(InstitutionId, MerchantId)> {
    let wrong = || unfit("shops", &ProblemText::ShopExpected { got: Quoted(text) });
    let (acquirer, merchant) = text.split_once('/').ok_or_else(wrong)?;
    Ok((acquirer.parse().map_err(|_| wrong())?, merchant.parse().map_err(|_| wrong())?))
}

/// Invites a person.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitePerson {
    /// The person's name.
    pub name: String,
    /// The person's organisation, by id or name.
    pub organisation: String,
    /// The person is to be the second access administrator: once, by the first alone.
    #[serde(default)]
    pub second_administrator: bool,
    /// Hours that the invitation holds: 24 when they are left out, 168 at most.
    pub hours: Option<u32>,
    /// The reason, which the record keeps.
    pub why: String,
}

/// A person was invited.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Invited {
    /// The person.
    #[schemars(with = "Option<String>")]
    pub person: Option<PersonId>,
    /// The invitation; it is shown once. Its holder can join as the person.
    pub invitation: String,
    /// Its last moment.
    pub until: String,
    /// The number under which another access administrator decides it; none when no decision is needed.
    pub proposal: Option<u64>,
    /// The fingerprint that the decision names; its first twelve characters are enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_fingerprint: Option<String>,
}

impl Operation for InvitePerson {
    const NAME: Name = Name::InvitePerson;
    type Answer = Invited;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Invited> {
        let organisation = services.organisation(&self.organisation).await?;
        let (secret, until) = services.invitation(self.hours)?;
        let (called, author) = (name(&self.name)?, who.author(&reason("why", &self.why)?));
        let administrator = RoleFor { role: Role::AccessAdministrator, scope: Scope::All };
        let roles = if self.second_administrator { vec![administrator] } else { Vec::new() };
        let key = called.to_string();
        let invitation = (secret.hash(), until);
        let invite = Rights::Invite { person: None, organisation, name: called, invitation, roles, author };
        services.change_rights(invite).await?;
        let person = services.rights(move |rights| rights.find(&key)).await?;
        let person = match person {
            Some(kazasu_schemas::identity::ActorId::Person(id)) => Some(id),
            Some(kazasu_schemas::identity::ActorId::Program(_)) | None => None,
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
    /// A new invitation, and its last moment.
    pub(super) fn invitation(&self, hours: Option<u32>) -> Result<(Secret, Millis)> {
        let hours = hours.unwrap_or(HOURS);
        if !(1..=MOST_HOURS).contains(&hours) {
            return Err(unfit("hours", &ProblemText::HoursExpected { most: MOST_HOURS, got: hours }));
        }
        let secret = self.sign_ins()?.secret(SecretKind::Invitation)?;
        Ok((secret, Millis(self.now().0 + i64::from(hours) * 3_600_000)))
    }
}

/// Requests another invitation for a person who has lost the means of signing in; another access administrator
/// decides.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestReinvite {
    /// The person, by id or name.
    pub person: String,
    /// Hours that the invitation holds.
    pub hours: Option<u32>,
    /// The reason, which the record keeps.
    pub why: String,
}

impl Operation for RequestReinvite {
    const NAME: Name = Name::RequestReinvite;
    type Answer = Invited;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Invited> {
        let person = services.person("person", &self.person).await?;
        let (secret, until) = services.invitation(self.hours)?;
        let change = RightsChange::Reinvite(Reinvited { person, invitation: secret.hash(), until });
        let asked = services.request_rights(change, who, self.why).await?;
        let (invitation, until) = (secret.expose().to_owned(), until.jst_text());
        let (proposal, approval_fingerprint) = (asked.proposal, asked.fingerprint);
        Ok(Invited { person: Some(person), invitation, until, proposal, approval_fingerprint })
    }
}

impl Services {
    pub(super) async fn request_rights(&self, change: RightsChange, who: &Who, why: String) -> Result<Requested> {
        self.request_approval(Request::plain(Proposal::Rights(Box::new(change)), who, why), who).await
    }
}

/// Requests the grant of a role; another access administrator decides.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestGrant {
    /// The holder, by id or name.
    pub holder: String,
    /// The role and its scope: `city-officer city:13361`.
    pub role: String,
    /// The first day; today when it is left out.
    pub from: Option<String>,
    /// The last day; none when it is left out.
    pub until: Option<String>,
    /// The person whose deputy the holder is (代決), by id or name.
    pub deputy_for: Option<String>,
    /// The reason, which the record keeps.
    pub why: String,
}

impl Operation for RequestGrant {
    const NAME: Name = Name::RequestGrant;
    type Answer = Requested;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Requested> {
        let holder = services.actor("holder", &self.holder).await?;
        let deputy_for = match &self.deputy_for {
            Some(text) => Some(services.person("deputy_for", text).await?),
            None => None,
        };
        let dates = services.dates(self.from.as_deref(), self.until.as_deref())?;
        let grant = RoleGrant { holder, role: role_for(&self.role)?, dates, deputy_for };
        services.request_rights(RightsChange::Grant(grant), who, self.why).await
    }
}

/// Takes a grant away.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndGrant {
    /// The grant.
    #[schemars(with = "String")]
    pub grant: GrantId,
    /// The reason, which the record keeps.
    pub why: String,
}

impl Operation for EndGrant {
    const NAME: Name = Name::EndGrant;
    type Answer = Recorded;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let author = who.author(&reason("why", &self.why)?);
        Ok(services.change_rights(Rights::EndGrant { grant: self.grant, author }).await?.into())
    }
}

/// A person leaves: grants and sessions end.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndPerson {
    /// The person, by id or name.
    pub person: String,
    /// The reason, which the record keeps.
    pub why: String,
}

impl Operation for EndPerson {
    const NAME: Name = Name::EndPerson;
    type Answer = Recorded;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let person = services.person("person", &self.person).await?;
        let author = who.author(&reason("why", &self.why)?);
        let done = services.change_rights(Rights::End { person, author }).await?;
        // Ended sessions have no effect any more; this only keeps lists short.
        services.sign_ins()?.sign_out_everywhere(person).await?;
        Ok(done.into())
    }
}
