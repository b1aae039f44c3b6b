//! Signing in through the provider of a person's organisation (OpenID Connect). The provider proves an account; the link of a person's
//! credential says whose it is. A link is made by joining with an invitation, and by nothing else.

use super::callers::known;
use super::configured::{OrganisationProvider, ProviderRefusal};
use super::decision_keys::public_key;
use super::signed_in::{SignedInAnswer, session_of};
use crate::access::Name;
use crate::error::{Result, ServiceError};
use crate::operation::Operation;
use crate::{Services, Who};
use kazasu_openid::{Came, Factors, Proved, Purpose, Waiting};
use kazasu_schemas::identity::{PersonId, SignIn};
use kazasu_schemas::jst::Millis;
use kazasu_sign_in::{Flow, FlowFor, Known, Linked, Means, Proof, ProviderFlow, Secret, SecretKind, SignInError};
use serde::{Deserialize, Serialize};

/// Begins a sign-in through a provider.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartProvider {
    /// The provider's name; the only one when it is left out.
    pub provider: Option<String>,
    /// The address to come back to: `http://127.0.0.1:PORT/…`, or one of the configuration.
    pub redirect: String,
    /// The invitation, to join.
    pub invitation: Option<String>,
    /// To show a second factor again in this session.
    #[serde(default)]
    pub again: bool,
}

/// Where the person is to go.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ProviderStarted {
    /// The address for the person's browser.
    pub url: String,
    /// What names the attempt. Who began it keeps it: it is not in the address.
    pub attempt: String,
    /// The provider's name.
    pub provider: String,
}

/// With what the browser came back.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderFields {
    /// What names the attempt.
    pub attempt: String,
    /// `code` of the address that the browser came back to.
    pub code: String,
    /// `state` of it.
    pub state: String,
    /// `iss` of it, where it is there.
    pub iss: Option<String>,
}

/// An account that a provider proved.
pub(super) struct Account {
    pub(super) provider: OrganisationProvider,
    pub(super) proved: Proved,
}

impl Account {
    /// Issuer and subject.
    pub(super) fn names(&self) -> (&str, &str) {
        (self.provider.provider.issuer(), &self.proved.subject)
    }
}

impl Services {
    /// The provider of a name; the only one without.
    fn provider(&self, name: Option<&str>) -> Result<OrganisationProvider> {
        self.sign_ins()?.rules().allowed.check(Means::Providers)?;
        let all = &self.providers;
        let found = match (name, all.as_slice()) {
            (_, []) => return Err(ProviderRefusal::None.into()),
            (None, [one]) => Some(one),
            (None, _) => None,
            (Some(name), all) => all.iter().find(|one| one.provider.name() == name),
        };
        let names = || all.iter().map(|one| one.provider.name().to_owned()).collect::<Vec<_>>().join(", ");
        found.cloned().ok_or_else(|| ProviderRefusal::Unknown(names()).into())
    }

    /// Takes the answer of an attempt. `purpose` says whether it was begun for this.
    pub(super) async fn account(
        &self,
        fields: &ProviderFields,
        purpose: impl FnOnce(&FlowFor) -> bool + Send,
    ) -> Result<Account> {
        let now = self.now();
        let Flow::Provider(flow) = self.sign_ins()?.take_flow(&fields.attempt, now).await? else {
            return Err(SignInError::Flow.into());
        };
        if !purpose(&flow.purpose) {
            return Err(SignInError::FlowOther.into());
        }
        let provider = self.provider(Some(&flow.provider))?;
        let came = Came { code: &fields.code, state: &fields.state, issuer: fields.iss.as_deref() };
        let proved = provider.provider.finish(waiting(flow), came, now).await?;
        Ok(Account { provider, proved })
    }

    /// The account with which an invited person joins. One that is another person's is refused.
    pub(super) async fn account_to_join(
        &self,
        fields: &ProviderFields,
        (invitation, person): ([u8; 32], PersonId),
    ) -> Result<Account> {
        let account = self.account(fields, |purpose| *purpose == FlowFor::Join(invitation.into())).await?;
        self.is_of_organisation(&account.provider, person).await?;
        match self.linked_person(&account).await? {
            Some(other) if other.person != person => Err(ProviderRefusal::Taken.into()),
            Some(_) | None => Ok(account),
        }
    }

    /// The person of an account, where the link is in force.
    pub(super) async fn linked_person(&self, account: &Account) -> Result<Option<Known>> {
        let (issuer, subject) = account.names();
        let Some(linked) = self.sign_ins()?.linked(issuer, subject).await? else { return Ok(None) };
        let Linked { person, credential } = linked;
        let found = self.query(move |state| known(state, person)).await?;
        Ok(found.filter(|found| found.credential == credential))
    }

    /// People of another organisation do not sign in through this provider.
    pub(super) async fn is_of_organisation(&self, provider: &OrganisationProvider, person: PersonId) -> Result<()> {
        let asked = provider.organisation.clone();
        let is_of = self.rights(move |rights| {
            let of = rights.person(person).map(|person| person.organisation);
            of.is_some() && of == rights.find_organisation(&asked)
        });
        let refusal = || ProviderRefusal::OtherOrganisation(provider.provider.name().to_owned());
        if is_of.await? { Ok(()) } else { Err(refusal().into()) }
    }
}

fn waiting(flow: ProviderFlow) -> Waiting {
    let purpose = match flow.purpose {
        FlowFor::Again(_) => Purpose::Again,
        FlowFor::SignIn | FlowFor::Join(_) | FlowFor::Add(_) => Purpose::SignIn,
    };
    let ProviderFlow { redirect, state, nonce, verifier, at, .. } = flow;
    Waiting { redirect, state, nonce, verifier, purpose, at }
}

impl Operation for StartProvider {
    const NAME: Name = Name::StartProvider;
    type Answer = ProviderStarted;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<ProviderStarted> {
        let found = services.provider(self.provider.as_deref())?;
        let purpose = match (self.again, &self.invitation) {
            (true, _) => FlowFor::Again(session_of(who)?.1),
            (false, Some(invitation)) => FlowFor::Join(invitation_hash(invitation)?.into()),
            (false, None) => FlowFor::SignIn,
        };
        let is_again = matches!(purpose, FlowFor::Again(_));
        let (now, name) = (services.now(), found.provider.name().to_owned());
        let asked =
            found.provider.ask(&self.redirect, if is_again { Purpose::Again } else { Purpose::SignIn }, now).await?;
        let Waiting { redirect, state, nonce, verifier, at, .. } = asked.waiting;
        let provider = name.clone();
        let flow = Flow::Provider(ProviderFlow { purpose, provider, redirect, state, nonce, verifier, at });
        let attempt = services.sign_ins()?.begin_flow(&flow, who.address, now).await?;
        Ok(ProviderStarted { url: asked.url, attempt: attempt.expose().to_owned(), provider: name })
    }
}

/// The hash of an invitation as it is typed.
pub(super) fn invitation_hash(text: &str) -> Result<[u8; 32]> {
    let none =
        || ServiceError::from(kazasu_engine::CommandError::Rejected(kazasu_core::RightsRefusal::NoInvitation.into()));
    let secret = Secret::read(text).ok().filter(|secret| secret.kind() == SecretKind::Invitation);
    Ok(secret.ok_or_else(none)?.hash())
}

/// Ends a sign-in through a provider.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInProvider {
    /// With what the browser came back.
    pub oidc: ProviderFields,
    /// The public half of a key with which the person signs decisions in this session, as in a sign-in with a password.
    #[serde(default)]
    pub public: Option<String>,
}

impl Operation for SignInProvider {
    const NAME: Name = Name::SignInProvider;
    type Answer = SignedInAnswer;

    fn asker(answer: &SignedInAnswer) -> Option<PersonId> {
        Some(answer.person)
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<SignedInAnswer> {
        let public = self.public.as_deref().map(public_key).transpose()?;
        let account = services.account(&self.oidc, |purpose| *purpose == FlowFor::SignIn).await?;
        let known = services.linked_person(&account).await?.ok_or(ProviderRefusal::NotLinked)?;
        services.is_of_organisation(&account.provider, known.person).await?;
        let now = services.now();
        let (sign_in, factor) = match account.proved.factors {
            Factors::One => (SignIn::Provider, None),
            // The person may have been signed in at the provider for hours: that factor is as old as it is.
            Factors::Two => (SignIn::ProviderTwoFactors, account.proved.at.map(|at| Millis(at.0.min(now.0)))),
        };
        let proof = Proof { sign_in, via: who.via, address: who.address, factor };
        let done = services.sign_ins()?.begin(known, proof, now).await?;
        services.sign_ins()?.end_flow(who.address, now).await?;
        services.certify_session(known.person, &done.session, public).await?;
        Ok(SignedInAnswer::of(&done, known.person))
    }
}

impl Services {
    /// Shows a second factor again at the provider: the same person, with two factors, since the attempt began.
    pub(super) async fn again_at_provider(&self, fields: &ProviderFields, known: Known, who: &Who) -> Result<Millis> {
        let (_, session) = session_of(who)?;
        let account = self.account(fields, |purpose| *purpose == FlowFor::Again(session)).await?;
        let linked = self.linked_person(&account).await?;
        if linked.is_none_or(|linked| linked.person != known.person) {
            return Err(ProviderRefusal::OtherPerson.into());
        }
        self.is_of_organisation(&account.provider, known.person).await?;
        if account.proved.factors == Factors::One {
            return Err(ProviderRefusal::OneFactor.into());
        }
        let now = self.now();
        Ok(account.proved.at.map_or(now, |at| Millis(at.0.min(now.0))))
    }
}
