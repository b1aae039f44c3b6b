//! Keys of people's sessions, with which decisions are signed (Ed25519, RFC 8032).

use crate::keys::{Purpose, SigningKey};
use crate::portal::is_signed;
use crate::signing::SeedKey;
use anyhow::Context;
use kazasu_ledger::record::{DecisionSigned, decision_text};
use kazasu_ledger::signed::SignError;
use kazasu_schemas::secret::Key;
use ring::hmac;

/// A new key, and the seed that makes it again.
pub fn fresh() -> anyhow::Result<(SeedKey, Key)> {
    let seed = crate::keys::fresh(Purpose::SignAudit, None)?;
    Ok((SeedKey::new(&seed)?, seed))
}

/// The key of a session whose person has none: derived from the session's secret, which the switch sees with each request and keeps
/// as a hash only. A person who can read what the switch keeps cannot derive it.
pub fn derived(session: &str) -> anyhow::Result<SeedKey> {
    let text = hmac::Key::new(hmac::HMAC_SHA256, session.as_bytes());
    let seed = hmac::sign(&text, b"kazasu decision key 1\n").as_ref().to_vec();
    SeedKey::new(&Key::new(seed).context("a seed of 32 bytes")?)
}

/// Signs a decision.
pub fn sign(key: &SeedKey, decision: &DecisionSigned<'_>) -> Result<[u8; 64], SignError> {
    key.sign(decision_text(decision).as_bytes())
}

/// Is this the key's signature under this decision?
#[must_use]
pub fn is_decision_signed(public: &[u8; 32], decision: &DecisionSigned<'_>, signature: &[u8; 64]) -> bool {
    is_signed(public, decision_text(decision).as_bytes(), signature)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kazasu_ledger::record::Fingerprint;

    #[test]
    fn a_signature_is_of_one_answer_to_one_request_for_one_reason() {
        let (key, seed) = fresh().unwrap();
        assert_eq!(SeedKey::new(&seed).unwrap().public_key(), key.public_key());
        assert_ne!(fresh().unwrap().0.public_key(), key.public_key());
        let decision =
            DecisionSigned { approval: 7, answer: "approve", fingerprint: Fingerprint([1; 32]), why: "checked" };
        let signature = sign(&key, &decision).unwrap();
        assert!(is_decision_signed(&key.public_key(), &decision, &signature));
        let others = [
            DecisionSigned { approval: 8, ..decision },
            DecisionSigned { answer: "deny", ..decision },
            DecisionSigned { fingerprint: Fingerprint([2; 32]), ..decision },
            DecisionSigned { why: "checked.", ..decision },
        ];
        for other in others {
            assert!(!is_decision_signed(&key.public_key(), &other, &signature), "{other:?}");
        }
    }

    #[test]
    fn a_derived_key_is_the_same_for_the_same_session_only() {
        let of = |session| derived(session).unwrap().public_key();
        assert_eq!(of("kz_sess_a"), of("kz_sess_a"));
        assert_ne!(of("kz_sess_a"), of("kz_sess_b"));
    }
}
