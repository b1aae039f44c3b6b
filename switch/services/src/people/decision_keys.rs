//! Keys of sessions: certified when a person signs in, and used when the person decides or asks for something.

use crate::closing::AuditKeys;
use crate::decision_key::{CertifiedKey, DecisionSigner, Private, SessionKeys};
use crate::error::{Result, ServiceError, unfit};
use crate::{Services, Who};
use kazasu_core::{Command, Done};
use kazasu_ledger::record::{DecisionKey, DecisionProof, DecisionSigned, KeyHolder, RecordSigner};
use kazasu_ledger::signed::Signature;
use kazasu_schemas::identity::PersonId;
use kazasu_schemas::jst::Millis;
use kazasu_security::decision;
use kazasu_security::keys::SigningKey;
use kazasu_sign_in::Secret;
use kazasu_text::Said;
use kazasu_text::access::AccessText;
use kazasu_text::problems::ProblemText;
use std::sync::Arc;

/// A certificate is good so long before and after its session: nodes' clocks differ, and a decision is recorded a moment after it was
/// asked. Milliseconds.
const AROUND: i64 = 60_000;

/// The answer to a person whose session has no certified key.
fn decision_key_needed() -> ServiceError {
    ServiceError::SignInNeeded(Said::of(&AccessText::DecisionKey))
}

/// A public key as a program writes it: 64 hexadecimal digits.
pub(super) fn public_key(text: &str) -> Result<[u8; 32]> {
    let bytes = hex::decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| unfit("public", &ProblemText::SessionKey))
}

impl Services {
    /// A person has signed in: the keys of the session are certified and kept beside it. Where the journal has no key that signs, or
    /// that key cannot be reached, the session goes on without; what it asks for and decides is unsigned, or refused.
    pub(super) async fn certify_session(
        &self,
        person: PersonId,
        session: &Secret,
        public: Option<[u8; 32]>,
    ) -> Result<()> {
        let now = self.now();
        let key = |holder, public| DecisionKey {
            person,
            session: beginning(&session.hash()),
            holder,
            from: now,
            until: now,
            public,
        };
        let derived = key(KeyHolder::Switch, self.derived_public(session)?);
        let certified = match public {
            Some(public) => self.both_certified(key(KeyHolder::Person, public), derived).await,
            None => {
                let one = self.certified(derived).await;
                one.map(|one| one.map(|decides| SessionKeys { decides, asks: None }))
            }
        };
        match certified {
            Ok(Some(keys)) => Ok(self.sign_ins()?.keep_with(session, keys.kept()).await?),
            Ok(None) => Ok(()),
            Err(error) => {
                tracing::warn!(%error, %person, "the key of a session is not certified: what it asks for and decides is refused");
                Ok(())
            }
        }
    }

    /// The key that the person has, and the one that is derived from the session's secret.
    async fn both_certified(&self, own: DecisionKey, derived: DecisionKey) -> Result<Option<SessionKeys>> {
        let Some(decides) = self.certified(own).await? else { return Ok(None) };
        let asks = self.certified(derived).await?;
        Ok(Some(SessionKeys { decides, asks }))
    }

    fn derived_public(&self, session: &Secret) -> Result<[u8; 32]> {
        Ok(decision::derived(session.expose()).map_err(ServiceError::Other)?.public_key())
    }

    /// Certifies a key from now on for as long as a session may last; none where the journal has no key that signs.
    async fn certified(&self, key: DecisionKey) -> Result<Option<CertifiedKey>> {
        let Some(audit) = self.closing.as_ref().and_then(|closing| closing.audit.clone()) else { return Ok(None) };
        let longest = self.sign_ins()?.rules().longest;
        let begun = key.from.0;
        let (from, until) = (Millis(begun - AROUND), Millis(begun.saturating_add(longest).saturating_add(AROUND)));
        let key = DecisionKey { from, until, ..key };
        let text = key.text(&self.opened_book().await?);
        // The key that signs may be in a device, which nothing else waits for.
        let signed = tokio::task::spawn_blocking(move || audit.certify(&text)).await.map_err(ServiceError::inside)?;
        Ok(Some(CertifiedKey::new(key, signed.map_err(ServiceError::inside)?)))
    }

    /// The means of signing for a person inside this process.
    pub(super) async fn drawn_signer(&self, person: PersonId) -> Result<Option<Arc<DecisionSigner>>> {
        let (own, _) = decision::fresh().map_err(ServiceError::Other)?;
        let (holder, now, public) = (KeyHolder::Switch, self.now(), own.public_key());
        let key = DecisionKey { person, session: [0; 6], holder, from: now, until: now, public };
        let certified = self.certified(key).await?;
        let private = Private::Drawn(Arc::new(own));
        Ok(certified.map(|certified| Arc::new(DecisionSigner { certified, private })))
    }

    /// The signature that a decision's record keeps. `given` came with the decision. None where the journal has no key that signs.
    pub(crate) async fn decision_proof(
        &self,
        asked: &DecisionSigned<'_>,
        given: Option<&str>,
        who: &Who,
    ) -> Result<Option<DecisionProof>> {
        let Some(audit) = self.closing.as_ref().and_then(|closing| closing.audit.clone()) else {
            return Ok(None);
        };
        let signer = who.decides.as_ref().ok_or_else(decision_key_needed)?;
        let proof = signer.proof(asked, given)?;
        self.is_certified(&audit, (&proof.key, proof.certificate()), who).await?;
        Ok(Some(proof))
    }

    /// Refuses a key that is not this person's, or that the journal's signer has not certified. A session that was slipped into the rows
    /// beside the journal has a key, and no certificate of it.
    async fn is_certified(
        &self,
        audit: &AuditKeys,
        (key, certificate): (&DecisionKey, Signature),
        who: &Who,
    ) -> Result<()> {
        let text = key.text(&self.opened_book().await?);
        let is_own = Some(key.person) == who.person() && key.is_good_at(self.now());
        if is_own && audit.has_certified(&text, &certificate) { Ok(()) } else { Err(decision_key_needed()) }
    }

    /// The key with which the core signs what this caller asks for. None of programs and the keeper, and none where the journal has no key
    /// that signs.
    async fn asking_key(&self, who: &Who) -> Result<Option<Arc<dyn RecordSigner>>> {
        let audit = self.closing.as_ref().and_then(|closing| closing.audit.clone());
        let (Some(audit), Some(_)) = (audit, who.person()) else { return Ok(None) };
        let signer = who.asks.as_ref().ok_or_else(decision_key_needed)?;
        let key = signer.asking()?.ok_or_else(decision_key_needed)?;
        self.is_certified(&audit, key.certified(), who).await?;
        Ok(Some(Arc::new(key)))
    }

    /// Carries a command of the core out for its caller: the record of what a person asks for keeps the signature of the person's session.
    pub(crate) async fn command_of(&self, who: &Who, command: Command) -> Result<Done> {
        match self.asking_key(who).await? {
            Some(signer) => self.command(Command::Asked { signer, command: Box::new(command) }).await,
            None => self.command(command).await,
        }
    }
}

/// The means of signing of a session, from what is kept beside it: what the person decides, and what the person asks for.
pub(super) fn signers_of(kept: &[u8], session: &Secret) -> Option<(Arc<DecisionSigner>, Arc<DecisionSigner>)> {
    let SessionKeys { decides, asks } = SessionKeys::read(kept)?;
    let signer = |certified: CertifiedKey| {
        let private = match certified.key.holder {
            KeyHolder::Person => Private::Person,
            KeyHolder::Switch => Private::Session(session.clone()),
        };
        Arc::new(DecisionSigner { certified, private })
    };
    let decides = signer(decides);
    let asks = asks.map_or_else(|| decides.clone(), signer);
    Some((decides, asks))
}

/// As lists of sessions name it.
fn beginning(hash: &[u8; 32]) -> [u8; 6] {
    std::array::from_fn(|at| hash[at])
}
