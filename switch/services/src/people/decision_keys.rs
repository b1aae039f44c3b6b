//! Decision keys: certified when a person signs in, and used when the person decides.

use crate::decision_key::{CertifiedKey, DecisionSigner, Private};
use crate::error::{Result, ServiceError, unfit};
use crate::{Services, Who};
use kazasu_ledger::record::{DecisionKey, DecisionProof, DecisionSigned, KeyHolder};
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
    /// A person has signed in: the key of the session is certified and kept beside it. Where the journal has no key that signs, or
    /// that key cannot be reached, the session goes on without; its decisions are unsigned, or refused.
    pub(super) async fn certify_session(
        &self,
        person: PersonId,
        session: &Secret,
        public: Option<[u8; 32]>,
    ) -> Result<()> {
        let (holder, public) = match public {
            Some(public) => (KeyHolder::Person, public),
            None => (KeyHolder::Switch, self.derived_public(session)?),
        };
        let now = self.now();
        let key = DecisionKey { person, session: beginning(&session.hash()), holder, from: now, until: now, public };
        match self.certified(key).await {
            Ok(Some(certified)) => Ok(self.sign_ins()?.keep_with(session, certified.kept()).await?),
            Ok(None) => Ok(()),
            Err(error) => {
                tracing::warn!(%error, %person, "the key of a session is not certified: its decisions are refused");
                Ok(())
            }
        }
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
        // A session that was slipped into the rows beside the journal has a key, and no certificate of it.
        let text = proof.key.text(&self.opened_book().await?);
        let is_own = Some(proof.key.person) == who.person() && proof.key.is_good_at(self.now());
        if !is_own || !audit.has_certified(&text, &proof.certificate()) {
            return Err(decision_key_needed());
        }
        Ok(Some(proof))
    }
}

/// The means of signing of a session, from what is kept beside it.
pub(super) fn signer_of(kept: &[u8], session: &Secret) -> Option<Arc<DecisionSigner>> {
    let certified = CertifiedKey::read(kept)?;
    let private = match certified.key.holder {
        KeyHolder::Person => Private::Person,
        KeyHolder::Switch => Private::Session(session.clone()),
    };
    Some(Arc::new(DecisionSigner { certified, private }))
}

/// As lists of sessions name it.
fn beginning(hash: &[u8; 32]) -> [u8; 6] {
    std::array::from_fn(|at| hash[at])
}
