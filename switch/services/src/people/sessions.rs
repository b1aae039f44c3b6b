//! Joining, signing in and out, and sessions.

use super::decision_keys::public_key;
use super::passkeys::{PasskeyMade, PasskeyProved};
use super::provider::{Account, ProviderFields, invitation_hash};
use super::read::is_own;
use super::signed_in::{SignedInAnswer, session_of};
use crate::access::{Name, sign_in_needed};
use crate::error::{Result, ServiceError, absent, range, unfit};
use crate::fields::fingerprint;
use crate::operation::Operation;
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_core::{Rights, RightsRefusal};
use kazasu_schemas::identity::{PersonId, Role, SignIn};
use kazasu_sign_in::{Attempt, Enrolment, Fresh, Freshened, NewPasskey, Shown, SignInError};
use kazasu_text::access::AccessText;
use kazasu_text::problems::ProblemText;
use kazasu_text::sign_in::SignInRefusalText;
use kazasu_text::{Quoted, Said};
use serde::{Deserialize, Serialize};

/// The secret of one-time codes that an app has, and the code that it shows.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OneTimeFields {
    /// 20 bytes or more in base32.
    pub secret: String,
    /// The code of this moment.
    pub code: String,
}

/// An invited person joins: chooses a password and, with an app, a second factor.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// The invitation.
    pub invitation: String,
    /// 15 characters or more; 8 with an app's codes.
    pub password: Option<String>,
    /// The second factor of a password.
    pub one_time: Option<OneTimeFields>,
    /// A passkey that was made for this invitation.
    pub passkey: Option<PasskeyMade>,
    /// A sign-in at the organisation's provider, begun with this invitation: its account is the person's from now on.
    pub oidc: Option<ProviderFields>,
}

/// A person has joined.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Joined {
    /// The person.
    #[schemars(with = "String")]
    pub person: PersonId,
    /// The person's name.
    pub name: String,
    /// Codes for the day on which the app is lost, each good once; they are shown once.
    pub recovery_codes: Vec<String>,
}

impl Operation for Join {
    const NAME: Name = Name::Join;
    type Answer = Joined;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Joined> {
        let none = || ServiceError::from(kazasu_engine::CommandError::Rejected(RightsRefusal::NoInvitation.into()));
        let hash = invitation_hash(&self.invitation)?;
        let now = services.now();
        let found = services.rights(move |rights| {
            let (id, person) = rights.invited(&hash, now)?;
            let organisation = rights.organisation(person.organisation).map(|one| one.name.clone());
            Some((id, person.name.clone(), organisation.unwrap_or_default()))
        });
        let (person, name, organisation) = found.await?.ok_or_else(none)?;
        let one_time = self.one_time.as_ref().map(|fields| (fields.secret.as_str(), fields.code.as_str()));
        let account = match &self.oidc {
            Some(fields) => Some(services.account_to_join(fields, (hash, person)).await?),
            None => None,
        };
        let passkey = match &self.passkey {
            Some(fields) => {
                Some(NewPasskey { registered: services.made_to_join(fields, hash).await?, label: &fields.label })
            }
            None => None,
        };
        let provider = account.as_ref().map(Account::names);
        let (password, names) = (self.password.as_deref(), [name.as_str(), organisation.as_str()]);
        let wanted = Enrolment { person, password, one_time, passkey, provider, names: &names };
        let enrolled = services.sign_ins()?.enrol(wanted, now).await?;
        let (credential, via) = (enrolled.credential, who.via);
        services.change_rights(Rights::Join { invitation: hash, credential, via }).await?;
        if self.oidc.is_some() || self.passkey.is_some() {
            services.sign_ins()?.end_flow(who.address, now).await?;
        }
        let recovery_codes = enrolled.recovery.iter().map(|code| code.as_str().to_owned()).collect();
        Ok(Joined { person, name, recovery_codes })
    }
}

/// Signs a person in.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInPerson {
    /// The person's name or id.
    pub name: String,
    /// The password.
    pub password: String,
    /// The code that the app shows, or a recovery code.
    pub code: Option<String>,
    /// The public half of a key (Ed25519, 64 hexadecimal digits) with which the person signs decisions in this session. Without one
    /// they are signed with a key that is derived from the session's secret.
    pub public: Option<String>,
}

impl Operation for SignInPerson {
    const NAME: Name = Name::SignInPerson;
    type Answer = SignedInAnswer;

    fn subject(&self) -> Subject {
        Subject::attempt(&self.name)
    }

    fn asker(answer: &SignedInAnswer) -> Option<PersonId> {
        Some(answer.person)
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<SignedInAnswer> {
        let public = self.public.as_deref().map(public_key).transpose()?;
        let known = services.who_may_sign_in(&self.name).await?;
        let attempt = Attempt {
            name: &self.name,
            password: &self.password,
            code: self.code.as_deref(),
            address: who.address,
            via: who.via,
        };
        let done = services.sign_ins()?.sign_in(attempt, known, services.now()).await?;
        let person = known.ok_or(SignInError::Wrong)?.person;
        services.certify_session(person, &done.session, public).await?;
        Ok(SignedInAnswer::of(&done, person))
    }
}

/// Shows a second factor again: exactly one of these.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepUp {
    /// The code that the app shows, or a recovery code.
    pub code: Option<String>,
    /// The fingerprints of the decisions that it is for, or their first twelve characters: it serves for them and for no others. An
    /// operation without a fingerprint takes a factor that names none.
    #[serde(default)]
    pub fingerprints: Vec<String>,
    /// A sign-in at the organisation's provider, begun for this session.
    pub oidc: Option<ProviderFields>,
    /// A passkey, asked for in this session.
    pub passkey: Option<PasskeyProved>,
}

/// Decisions that a second factor may be shown for at once.
const MOST_NAMED: usize = 200;

/// The ended sessions, or the one that goes on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Ended {
    /// Sessions.
    pub sessions: usize,
}

impl Operation for StepUp {
    const NAME: Name = Name::StepUp;
    type Answer = WhoShown;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<WhoShown> {
        let (person, id) = session_of(who)?;
        if self.fingerprints.len() > MOST_NAMED {
            return Err(unfit("fingerprints", &range(MOST_NAMED, self.fingerprints.len())));
        }
        let named: Vec<String> = self.fingerprints.iter().map(|text| fingerprint(text)).collect::<Result<_>>()?;
        let now = services.now();
        let open = services.sign_ins()?.sessions(person, now).await?;
        let session = open.into_iter().find(|session| session.id == id);
        let session = session.ok_or_else(sign_in_needed)?;
        let known =
            services.query(move |state| super::callers::known(state, person)).await?.ok_or(SignInError::Wrong)?;
        let sign_ins = services.sign_ins()?;
        match (&self.code, &self.oidc, &self.passkey) {
            (Some(code), None, None) => {
                sign_ins.step_up(&session, known, Shown { code, now, named: named.clone() }).await?;
            }
            (None, Some(fields), None) => {
                let shown = services.again_at_provider(fields, known, who).await?;
                sign_ins.freshen(&session.id, Freshened { shown, now, named: named.clone() }).await?;
                sign_ins.end_flow(who.address, now).await?;
            }
            (None, None, Some(fields)) => {
                services.again_with_passkey(fields, known, who).await?;
                sign_ins.freshen(&session.id, Freshened { shown: now, now, named: named.clone() }).await?;
                sign_ins.end_flow(who.address, now).await?;
            }
            _ => return Err(unfit("code", &Said::of(&SignInRefusalText::OneOf))),
        }
        let factor = if named.is_empty() { Fresh::Yes } else { Fresh::No };
        Ok(WhoShown::of(&Who { factor, named: named.into(), ..who.clone() }))
    }
}

/// Ends this session.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOut {}

impl Operation for SignOut {
    const NAME: Name = Name::SignOut;
    type Answer = Ended;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Ended> {
        let (_, id) = session_of(who)?;
        let sessions = usize::from(services.sign_ins()?.sign_out(&id).await?);
        Ok(Ended { sessions })
    }
}

/// One's own sessions; an access administrator sees another person's too.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListSessions {
    /// The person; oneself when it is left out.
    pub person: Option<String>,
}

/// A session.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SessionShown {
    /// Its name in lists.
    pub session: String,
    /// Its person.
    #[schemars(with = "String")]
    pub person: PersonId,
    /// When it began.
    pub begun: String,
    /// When it was used last.
    pub used: String,
    /// The person's way of signing in.
    #[schemars(with = "String")]
    pub sign_in: SignIn,
    /// The channel.
    pub via: String,
    /// The network of its caller.
    pub network: String,
    /// Whether it is the session of this request.
    pub this: bool,
}

impl Services {
    /// The person whose sessions are meant: the caller, or for an access administrator another person.
    async fn whose(&self, person: Option<&str>, who: &Who, roles: &[Role]) -> Result<PersonId> {
        let Some(text) = person else {
            return who.person().ok_or_else(|| unfit("person", &ProblemText::NoPersonNameOne { name: &who.name }));
        };
        // Only a caller with the right to see people learns which people exist.
        let sees_all = who.has_for_city(roles, "");
        match self.person("person", text).await {
            Ok(person) if sees_all || is_own(who, person) => Ok(person),
            Err(error) if sees_all => Err(error),
            Ok(_) | Err(_) => {
                Err(ServiceError::Forbidden(Said::of(&AccessText::OwnSessionsOnly { shown: &who.shown })))
            }
        }
    }
}

impl Operation for ListSessions {
    const NAME: Name = Name::ListSessions;
    type Answer = Vec<SessionShown>;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Vec<SessionShown>> {
        let roles = [Role::AccessAdministrator, Role::Auditor];
        let person = services.whose(self.person.as_deref(), who, &roles).await?;
        let mut open = services.sign_ins()?.sessions(person, services.now()).await?;
        open.sort_by_key(|session| (session.begun, session.id.short()));
        let shown = open.into_iter().map(|session| SessionShown {
            session: session.id.short(),
            person: session.person,
            begun: session.begun.jst_text(),
            used: session.used.jst_text(),
            sign_in: session.sign_in,
            via: session.via.to_string(),
            network: session.network,
            this: who.session.as_ref() == Some(&session.id),
        });
        Ok(shown.collect())
    }
}

/// Ends sessions: one's own, or for an access administrator, another person's.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndSessions {
    /// The person; oneself when it is left out.
    pub person: Option<String>,
    /// One session, as lists name it; all of them when it is left out.
    pub session: Option<String>,
}

impl Operation for EndSessions {
    const NAME: Name = Name::EndSessions;
    type Answer = Ended;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Ended> {
        let person = services.whose(self.person.as_deref(), who, &[Role::AccessAdministrator]).await?;
        let sign_ins = services.sign_ins()?;
        let Some(short) = self.session else {
            return Ok(Ended { sessions: sign_ins.sign_out_everywhere(person).await? });
        };
        let open = sign_ins.sessions(person, services.now()).await?;
        let found = open.into_iter().find(|session| session.id.short() == short);
        let found = found.ok_or_else(|| {
            absent("session", &ProblemText::NoSuchSession { person: &person.to_string(), got: Quoted(&short) })
        })?;
        Ok(Ended { sessions: usize::from(sign_ins.sign_out(&found.id).await?) })
    }
}

/// Asks for the caller, as the switch knows it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WhoAmI {}

/// The caller.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WhoShown {
    /// The immutable id.
    pub id: String,
    /// The name.
    pub name: String,
    /// The roles in force, each with its scope.
    pub roles: Vec<String>,
    /// The caller's way of signing in.
    #[schemars(with = "String")]
    pub sign_in: SignIn,
    /// The channel of the request.
    pub via: String,
    /// A second factor was shown within the last five minutes.
    pub fresh_factor: bool,
    /// The decisions that it named, for which alone it serves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named: Vec<String>,
}

impl WhoShown {
    fn of(who: &Who) -> WhoShown {
        let roles = who.held.iter().map(|held| match held.deputy_for {
            Some(person) => format!("{} {} (deputy for {person})", held.role, held.scope),
            None => format!("{} {}", held.role, held.scope),
        });
        WhoShown {
            id: who.name.clone(),
            name: who.shown.clone(),
            roles: roles.collect(),
            sign_in: who.sign_in,
            via: who.via.to_string(),
            fresh_factor: who.factor == Fresh::Yes || !who.named.is_empty(),
            named: who.named.to_vec(),
        }
    }
}

impl Operation for WhoAmI {
    const NAME: Name = Name::WhoAmI;
    type Answer = WhoShown;

    async fn carry_out(self, _: &Services, who: &Who) -> Result<WhoShown> {
        Ok(WhoShown::of(who))
    }
}
