//! From a header to a caller: a session of a person, or a key of a program.

use super::decision_keys::signers_of;
use crate::error::{Result, ServiceError, not_found};
use crate::{Services, Who};
use kazasu_core::{Named, RightsState, Standing, State};
use kazasu_engine::{CommandError, Role};
use kazasu_schemas::identity::{ActorId, PersonId, Via};
use kazasu_schemas::jst::Millis;
use kazasu_sign_in::{Known, SecondFactor, Secret, SecretKind, SessionView};
use kazasu_text::Said;
use kazasu_text::problems::NotFoundText;
use kazasu_text::sign_in::UnknownCallerText;
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::sync::atomic::Ordering;

/// The content of the header `Authorization: Bearer …`, with address and channel.
#[derive(Clone, Copy)]
pub struct Bearer<'a> {
    /// The text behind the scheme.
    pub text: &'a str,
    /// The peer's address.
    pub address: IpAddr,
    /// Through what.
    pub via: Via,
}

/// The reason why the caller is unknown. It never repeats the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotKnown {
    /// The text is none of ours, or was cut off.
    #[error(
        "the key or session is not whole: a key begins with kz_live_, a session with kz_sess_, and both end with a checksum"
    )]
    Form,
    /// A key that is not known, was revoked, or is over.
    #[error(
        "the key is not known, was revoked, or is over; an access administrator makes another (kazasu key-program create)"
    )]
    Key,
    /// A key from a network that it is not for.
    #[error("the key is not for this network")]
    Network,
    /// A session that has ended.
    #[error(
        "the session has ended: it was idle, is over, was revoked, or the person's rights have changed; sign in again (kazasu login)"
    )]
    Session,
}

impl NotKnown {
    /// The sentence, in every language.
    #[must_use]
    pub fn said(self) -> Said {
        Said::of(&match self {
            NotKnown::Form => UnknownCallerText::Form,
            NotKnown::Key => UnknownCallerText::Key,
            NotKnown::Network => UnknownCallerText::Network,
            NotKnown::Session => UnknownCallerText::Session,
        })
    }
}

impl Services {
    /// Finds the caller.
    pub async fn known(&self, bearer: Bearer<'_>) -> Result<Result<Who, NotKnown>> {
        let now = self.now();
        match Secret::read(bearer.text) {
            Ok(secret) => match secret.kind() {
                SecretKind::Session => self.signed_in(&secret, bearer, now).await,
                SecretKind::Key => self.program_with(secret.hash(), bearer, now).await,
                SecretKind::Invitation | SecretKind::Attempt => Ok(Err(NotKnown::Form)),
            },
            // A token of a key file of before, which was taken over as a program's key.
            Err(_) => {
                let hash = Sha256::digest(bearer.text.trim().as_bytes()).into();
                let found = self.program_with(hash, bearer, now).await?;
                Ok(found.map_err(|why| if why == NotKnown::Key { NotKnown::Form } else { why }))
            }
        }
    }

    async fn program_with(&self, hash: [u8; 32], bearer: Bearer<'_>, now: Millis) -> Result<Result<Who, NotKnown>> {
        let (day, address, via) = (now.jst_day(), bearer.address, bearer.via);
        self.sees_revocations()?;
        let found = self.query(move |state| {
            let (id, _, key) = state.rights().program_of(&hash, day).ok_or(NotKnown::Key)?;
            if !(key.networks.is_empty() || key.networks.iter().any(|network| is_in(network, address))) {
                return Err(NotKnown::Network);
            }
            Who::of(state, ActorId::Program(id), (day, via)).ok_or(NotKnown::Key)
        });
        let who = match found.await? {
            Ok(who) => Who { address, key: Some(hash), ..who },
            Err(why) => return Ok(Err(why)),
        };
        if let Some(sign_ins) = &self.sign_ins
            && let Err(error) = sign_ins.key_used(&hash, address, now).await
        {
            // A key is good without it: the journal says so.
            tracing::warn!(%error, program = %who.name, "the use of a key is not remembered");
        }
        Ok(Ok(who))
    }

    /// A node that follows and cannot ask the store does not learn that a key was revoked: it believes none.
    fn sees_revocations(&self) -> Result<()> {
        let Ok(engine) = self.engine() else { return Ok(()) };
        let health = engine.health();
        if health.role() == Role::Leading || !health.unwatched.load(Ordering::Acquire) {
            return Ok(());
        }
        let why = "this node cannot read the journal now, and does not know whether the key still holds; try again, or ask another node";
        Err(ServiceError::Command(CommandError::Halted(why.into())))
    }

    async fn signed_in(&self, secret: &Secret, bearer: Bearer<'_>, now: Millis) -> Result<Result<Who, NotKnown>> {
        let sign_ins = self.sign_ins()?;
        let Some(session) = sign_ins.session(secret, now).await? else { return Ok(Err(NotKnown::Session)) };
        let alone = sign_ins.rules().second_factor == SecondFactor::Required;
        let (day, via, address) = (now.jst_day(), session.via, bearer.address);
        let (decides, asks) = session.kept.as_ref().and_then(|kept| signers_of(kept, secret)).unzip();
        let found = self.query(move |state| {
            still_holds(state.rights(), &session)?;
            let mut who = Who::of(state, ActorId::Person(session.person), (day, via))?;
            if alone && !session.sign_in.is_two_factors() {
                who.held = who.held.iter().filter(|held| !held.role.needs_second_factor()).cloned().collect();
            }
            let (sign_in, factor) = (session.sign_in, session.factor);
            let named = session.named.into();
            Some(Who { sign_in, factor, named, address, decides, asks, session: Some(session.id), ..who })
        });
        Ok(found.await?.ok_or(NotKnown::Session))
    }

    /// The person of a name or an id, where the person may sign in.
    pub(super) async fn who_may_sign_in(&self, name: &str) -> Result<Option<Known>> {
        // What strangers send is looked at here, and not where taps are decided.
        let name = Named::of(name);
        self.query(move |state| match state.rights().find_named(&name)? {
            ActorId::Person(person) => known(state, person),
            ActorId::Program(_) => None,
        })
        .await
    }

    /// A person or program of the book, for work inside this process without a sign-in: demonstrations and measurements. A person
    /// who has not joined yet has the roles that wait for the person.
    pub async fn in_process(&self, name: &str) -> Result<Who> {
        let (asked, day) = (name.to_owned(), self.now().jst_day());
        let found = self.query(move |state| {
            let id = state.rights().find(&asked)?;
            let held = state.rights().granted(id, day).into();
            Some(Who { held, ..Who::of(state, id, (day, Via::Configuration))? })
        });
        let who = found.await?.ok_or_else(|| not_found(&NotFoundText::Actor { name }))?;
        let decides = match who.person() {
            Some(person) => self.drawn_signer(person).await?,
            None => None,
        };
        Ok(Who { asks: decides.clone(), decides, ..who })
    }
}

/// A person's means of signing in.
pub(super) fn known(state: &State, person: PersonId) -> Option<Known> {
    let found = state.rights().person(person)?;
    match found.standing {
        Standing::Joined(credential) => Some(Known { person, credential, rights: found.changed }),
        Standing::Invited | Standing::Ended => None,
    }
}

/// Nothing that the person may do has changed since the session began.
fn still_holds(rights: &RightsState, session: &SessionView) -> Option<()> {
    let person = rights.person(session.person)?;
    let joined = matches!(person.standing, Standing::Joined(_));
    (joined && person.changed == session.rights).then_some(())
}

/// Is the address in the network, as `192.0.2.0/24`?
pub(super) fn is_in(network: &str, address: IpAddr) -> bool {
    let Some((base, length)) = network.split_once('/') else { return false };
    let (Ok(base), Ok(length)) = (base.parse::<IpAddr>(), length.parse::<u32>()) else { return false };
    match (base, address.to_canonical()) {
        (IpAddr::V4(base), IpAddr::V4(address)) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(length)).unwrap_or(0);
            base.to_bits() & mask == address.to_bits() & mask
        }
        (IpAddr::V6(base), IpAddr::V6(address)) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(length)).unwrap_or(0);
            base.to_bits() & mask == address.to_bits() & mask
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}
