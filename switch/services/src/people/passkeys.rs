//! Passkeys: making one, signing in with one, and the list of one's own. A passkey counts as two factors: its authenticator verifies who
//! holds it.

use super::callers::known;
use super::decision_keys::public_key;
use super::provider::invitation_hash;
use super::signed_in::{SignedInAnswer, session_of};
use crate::access::Name;
use crate::error::{Result, ServiceError, absent};
use crate::operation::Operation;
use crate::{Services, Who};
use kazasu_core::RightsRefusal;
use kazasu_schemas::identity::{PersonId, SignIn};
use kazasu_sign_in::{
    Asserted, CreationChallengeResponse, FlowFor, Fresh, Known, PasskeyAnswer, PasskeyRequest, Proof,
    PublicKeyCredential, RegisterPublicKeyCredential, Registered, RequestChallengeResponse, SignInError,
};
use kazasu_text::Said;
use kazasu_text::sign_in::SignInRefusalText;
use serde::{Deserialize, Serialize};

/// Begins to make a passkey: for oneself, or to join.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartPasskey {
    /// The invitation, to join; null in a session, to add one.
    pub invitation: Option<String>,
}

/// What the browser needs to make a passkey.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PasskeyStarted {
    /// For `navigator.credentials.create()`.
    #[schemars(with = "serde_json::Value")]
    pub options: CreationChallengeResponse,
    /// What names the attempt.
    pub attempt: String,
}

impl Operation for StartPasskey {
    const NAME: Name = Name::StartPasskey;
    type Answer = PasskeyStarted;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<PasskeyStarted> {
        let now = services.now();
        let (purpose, credential, name) = match &self.invitation {
            Some(invitation) => {
                let hash = invitation_hash(invitation)?;
                let found = services.rights(move |rights| Some(rights.invited(&hash, now)?.1.name.clone()));
                let none =
                    || ServiceError::from(kazasu_engine::CommandError::Rejected(RightsRefusal::NoInvitation.into()));
                (FlowFor::Join(hash.into()), None, found.await?.ok_or_else(none)?)
            }
            None => {
                let (known, session) = services.own(who).await?;
                has_shown(who)?;
                (FlowFor::Add(session), Some(known.credential), who.shown.clone())
            }
        };
        let wanted = PasskeyRequest { purpose, credential, name: &name, address: who.address };
        let (options, attempt) = services.sign_ins()?.make_passkey(wanted, now).await?;
        Ok(PasskeyStarted { options, attempt: attempt.expose().to_owned() })
    }
}

/// A password alone adds no second factor to itself: a person who knows it would have two.
fn has_shown(who: &Who) -> Result<()> {
    if who.factor == Fresh::Yes { Ok(()) } else { Err(ServiceError::FactorNeeded) }
}

impl Services {
    /// The caller's own means of signing in, and session.
    pub(super) async fn own(&self, who: &Who) -> Result<(Known, kazasu_sign_in::SessionId)> {
        let (person, session) = session_of(who)?;
        let found = self.query(move |state| known(state, person)).await?;
        Ok((found.ok_or(SignInError::Wrong)?, session))
    }

    /// The passkey that an invited person made.
    pub(super) async fn made_to_join(&self, fields: &PasskeyMade, invitation: [u8; 32]) -> Result<Registered> {
        let made = self.sign_ins()?.made_passkey(fields.answer(), self.now()).await?;
        if made.purpose != FlowFor::Join(invitation.into()) {
            return Err(SignInError::FlowOther.into());
        }
        Ok(made)
    }

    /// Shows a second factor again with a passkey of the same person.
    pub(super) async fn again_with_passkey(&self, fields: &PasskeyProved, known: Known, who: &Who) -> Result<()> {
        let (_, session) = session_of(who)?;
        let Asserted { purpose, person, credential } =
            self.sign_ins()?.proved_passkey(fields.answer(), self.now()).await?;
        if purpose != FlowFor::Again(session) {
            return Err(SignInError::FlowOther.into());
        }
        if (person, credential) == (known.person, known.credential) { Ok(()) } else { Err(SignInError::Wrong.into()) }
    }
}

/// What an authenticator made.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyMade {
    /// What names the attempt.
    pub attempt: String,
    /// What `navigator.credentials.create()` gave.
    #[schemars(with = "serde_json::Value")]
    pub response: RegisterPublicKeyCredential,
    /// What its owner calls it.
    #[serde(default)]
    pub label: String,
}

impl PasskeyMade {
    fn answer(&self) -> PasskeyAnswer<'_, RegisterPublicKeyCredential> {
        PasskeyAnswer { attempt: &self.attempt, response: &self.response }
    }
}

/// What an authenticator proved.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyProved {
    /// What names the attempt.
    pub attempt: String,
    /// What `navigator.credentials.get()` gave.
    #[schemars(with = "serde_json::Value")]
    pub response: PublicKeyCredential,
}

impl PasskeyProved {
    fn answer(&self) -> PasskeyAnswer<'_, PublicKeyCredential> {
        PasskeyAnswer { attempt: &self.attempt, response: &self.response }
    }
}

/// Adds a passkey to one's own.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddPasskey {
    /// What the authenticator made.
    pub passkey: PasskeyMade,
}

impl Operation for AddPasskey {
    const NAME: Name = Name::AddPasskey;
    type Answer = Vec<PasskeyShown>;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Vec<PasskeyShown>> {
        let (known, session) = services.own(who).await?;
        has_shown(who)?;
        let (sign_ins, now) = (services.sign_ins()?, services.now());
        let made = sign_ins.made_passkey(self.passkey.answer(), now).await?;
        if made.purpose != FlowFor::Add(session) || made.credential != known.credential {
            return Err(SignInError::FlowOther.into());
        }
        sign_ins.keep_passkey(known.person, (made, &self.passkey.label), now).await?;
        sign_ins.end_flow(who.address, now).await?;
        services.own_passkeys(known).await
    }
}

/// A passkey, for lists.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PasskeyShown {
    /// Its name in lists.
    pub passkey: String,
    /// What its owner calls it.
    pub label: String,
    /// When it was added.
    pub added: String,
    /// When it was used last.
    pub used: Option<String>,
    /// Whether its authenticator copies it to other devices of its owner.
    pub copied: bool,
}

impl Services {
    async fn own_passkeys(&self, known: Known) -> Result<Vec<PasskeyShown>> {
        let all = self.sign_ins()?.passkeys(&known.credential).await?;
        let shown = all.into_iter().map(|one| PasskeyShown {
            passkey: one.id,
            label: one.label,
            added: one.added.jst_text(),
            used: one.used.map(|used| used.jst_text()),
            copied: one.copied,
        });
        Ok(shown.collect())
    }
}

/// One's own passkeys.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPasskeys {}

impl Operation for ListPasskeys {
    const NAME: Name = Name::ListPasskeys;
    type Answer = Vec<PasskeyShown>;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Vec<PasskeyShown>> {
        let (known, _) = services.own(who).await?;
        services.own_passkeys(known).await
    }
}

/// Removes one of one's own passkeys.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemovePasskey {
    /// Its name in lists.
    pub passkey: String,
}

impl Operation for RemovePasskey {
    const NAME: Name = Name::RemovePasskey;
    type Answer = Vec<PasskeyShown>;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Vec<PasskeyShown>> {
        let (known, _) = services.own(who).await?;
        // A password alone takes no second factor away either: only that one would be left.
        has_shown(who)?;
        if !services.sign_ins()?.remove_passkey(&known.credential, &self.passkey).await? {
            return Err(absent("passkey", &Said::of(&SignInRefusalText::NoSuchPasskey)));
        }
        services.own_passkeys(known).await
    }
}

/// Begins to prove a passkey.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskPasskey {
    /// To show a second factor again in this session; otherwise to sign in, for which no name is needed.
    pub again: bool,
}

/// What the browser needs to prove a passkey.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PasskeyAsked {
    /// For `navigator.credentials.get()`.
    #[schemars(with = "serde_json::Value")]
    pub options: RequestChallengeResponse,
    /// What names the attempt.
    pub attempt: String,
}

impl Operation for AskPasskey {
    const NAME: Name = Name::AskPasskey;
    type Answer = PasskeyAsked;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<PasskeyAsked> {
        let wanted = if self.again {
            let (known, session) = services.own(who).await?;
            (FlowFor::Again(session), Some(known.credential))
        } else {
            (FlowFor::SignIn, None)
        };
        let (options, attempt) = services.sign_ins()?.ask_passkey(wanted, who.address, services.now()).await?;
        Ok(PasskeyAsked { options, attempt: attempt.expose().to_owned() })
    }
}

/// Signs a person in with a passkey.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInPasskey {
    /// What the authenticator proved.
    pub passkey: PasskeyProved,
    /// The public half of a key with which the person signs decisions in this session, as in a sign-in with a password.
    #[serde(default)]
    pub public: Option<String>,
}

impl Operation for SignInPasskey {
    const NAME: Name = Name::SignInPasskey;
    type Answer = SignedInAnswer;

    fn asker(answer: &SignedInAnswer) -> Option<PersonId> {
        Some(answer.person)
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<SignedInAnswer> {
        let public = self.public.as_deref().map(public_key).transpose()?;
        let (sign_ins, now) = (services.sign_ins()?, services.now());
        let Asserted { purpose, person, credential } = sign_ins.proved_passkey(self.passkey.answer(), now).await?;
        if purpose != FlowFor::SignIn {
            return Err(SignInError::FlowOther.into());
        }
        // A passkey of before the last invitation is worth nothing.
        let found = services.query(move |state| known(state, person)).await?;
        let unknown = SignInError::Passkey(kazasu_sign_in::PasskeyProblem::Unknown);
        let found = found.filter(|found| found.credential == credential).ok_or(unknown)?;
        let proof = Proof { sign_in: SignIn::Passkey, via: who.via, address: who.address, factor: Some(now) };
        let done = sign_ins.begin(found, proof, now).await?;
        sign_ins.end_flow(who.address, now).await?;
        services.certify_session(found.person, &done.session, public).await?;
        Ok(SignedInAnswer::of(&done, found.person))
    }
}
