//! Keys that sign the journal (Ed25519, RFC 8032): versions of a key, of which one signs and the others are known. Each may come from
//! the key store or be in a device, and new versions come into force while the switch runs.

use crate::keys::SigningKey;
use anyhow::ensure;
use kazasu_ledger::signed::{Checked, SignError, Signature, Signer};
use kazasu_schemas::in_force::InForce;
use kazasu_schemas::secret::Key;
use kazasu_text::Said;
use kazasu_text::key_store::KeyStoreText;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A key in memory, from a seed of 32 bytes.
pub struct SeedKey(Ed25519KeyPair);

impl SeedKey {
    /// From its seed.
    pub fn new(seed: &Key) -> anyhow::Result<Self> {
        let length = seed.expose().len();
        ensure!(length == 32, Said::of(&KeyStoreText::SeedLength { got: length.into() }));
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.expose());
        Ok(SeedKey(pair.map_err(|_| Said::of(&KeyStoreText::NoSeed))?))
    }
}

impl fmt::Debug for SeedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SeedKey({})", hex::encode(self.public_key()))
    }
}

impl SigningKey for SeedKey {
    fn public_key(&self) -> [u8; 32] {
        self.0.public_key().as_ref().try_into().expect("Ed25519 public keys have 32 bytes")
    }

    fn sign(&self, text: &[u8]) -> Result<[u8; 64], SignError> {
        let signature = self.0.sign(text);
        signature.as_ref().try_into().map_err(|_| SignError("the signature has not 64 bytes".into()))
    }
}

/// What signs now, and what is known.
#[derive(Debug)]
pub struct SigningKeys {
    /// The version that signs.
    pub version: u8,
    /// Its key.
    pub key: Arc<dyn SigningKey>,
    /// Public keys by version, this one's too.
    pub public: BTreeMap<u8, [u8; 32]>,
}

impl SigningKeys {
    /// Of keys at hand, by version.
    pub fn new(keys: BTreeMap<u8, Arc<dyn SigningKey>>, current: u8) -> anyhow::Result<Self> {
        let public = keys.iter().map(|(version, key)| (*version, key.public_key())).collect();
        let key = keys.get(&current).ok_or_else(|| Said::of(&KeyStoreText::NoSigner { version: current }))?;
        Ok(SigningKeys { version: current, key: key.clone(), public })
    }
}

/// Signs with the version in force, which may change at any time.
#[derive(Debug)]
pub struct VersionedSigner(InForce<SigningKeys>);

impl VersionedSigner {
    /// With these keys.
    #[must_use]
    pub fn new(keys: SigningKeys) -> Self {
        VersionedSigner(InForce::new(keys))
    }

    /// From now on with these.
    pub fn replace(&self, keys: SigningKeys) {
        self.0.set(keys);
    }

    fn now(&self) -> Arc<SigningKeys> {
        self.0.get()
    }
}

impl Signer for VersionedSigner {
    fn public(&self) -> [u8; 32] {
        self.now().key.public_key()
    }

    fn public_of(&self, version: u8) -> Option<[u8; 32]> {
        self.now().public.get(&version).copied()
    }

    fn current(&self) -> (u8, [u8; 32]) {
        let now = self.now();
        (now.version, now.key.public_key())
    }

    fn sign(&self, text: &[u8]) -> Result<Signature, SignError> {
        let now = self.now();
        Ok(Signature { key: now.version, bytes: now.key.sign(text)? })
    }

    fn check(&self, text: &[u8], signature: &Signature) -> Checked {
        let Some(public) = self.public_of(signature.key) else { return Checked::UnknownKey };
        match UnparsedPublicKey::new(&ED25519, public).verify(text, &signature.bytes) {
            Ok(()) => Checked::Good,
            Err(_) => Checked::Bad,
        }
    }
}

/// A key that took over from another one: what the other signed is still good. Of commit batches, whose key may be added to a book
/// whose batches the key of checkpoints signed.
#[derive(Debug)]
pub struct Successor {
    /// What signs.
    pub now: Arc<dyn Signer>,
    /// What signed before.
    pub before: Arc<dyn Signer>,
}

impl Signer for Successor {
    fn public(&self) -> [u8; 32] {
        self.now.public()
    }

    fn public_of(&self, version: u8) -> Option<[u8; 32]> {
        self.now.public_of(version)
    }

    fn current(&self) -> (u8, [u8; 32]) {
        self.now.current()
    }

    fn sign(&self, text: &[u8]) -> Result<Signature, SignError> {
        self.now.sign(text)
    }

    fn check(&self, text: &[u8], signature: &Signature) -> Checked {
        let said = self.now.check(text, signature);
        let good = said == Checked::Good || self.before.check(text, signature) == Checked::Good;
        if good { Checked::Good } else { said }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_signed_before_another_key_took_over_is_still_good() {
        let signer = |bytes: &[u8]| -> Arc<dyn Signer> {
            let one = |byte: &u8| {
                let key = SeedKey::new(&Key::new(vec![*byte; 32]).unwrap()).unwrap();
                (1, Arc::new(key) as Arc<dyn SigningKey>)
            };
            Arc::new(VersionedSigner::new(SigningKeys::new(bytes.iter().map(one).collect(), 1).unwrap()))
        };
        let (old, new, other) = (signer(&[1]), signer(&[2]), signer(&[3]));
        let (by_old, by_other) = (old.sign(b"text").unwrap(), other.sign(b"text").unwrap());
        let both = Successor { now: new.clone(), before: old };
        assert_eq!(new.check(b"text", &by_old), Checked::Bad, "both are version 1");
        assert_eq!(both.check(b"text", &by_old), Checked::Good);
        assert_eq!(both.check(b"text", &both.sign(b"text").unwrap()), Checked::Good);
        assert_eq!(both.check(b"text", &by_other), Checked::Bad);
        assert_eq!(both.current(), new.current());
    }

    fn keys(versions: &[u8]) -> BTreeMap<u8, Arc<dyn SigningKey>> {
        let one = |version: &u8| {
            let key = SeedKey::new(&Key::new(vec![*version; 32]).unwrap()).unwrap();
            (*version, Arc::new(key) as Arc<dyn SigningKey>)
        };
        versions.iter().map(one).collect()
    }

    #[test]
    fn an_older_key_is_known_and_an_unknown_or_wrong_one_is_told_apart() {
        let old = VersionedSigner::new(SigningKeys::new(keys(&[1]), 1).unwrap());
        let new = VersionedSigner::new(SigningKeys::new(keys(&[1, 2]), 2).unwrap());
        let (by_old, by_new) = (old.sign(b"text").unwrap(), new.sign(b"text").unwrap());
        assert_eq!((by_old.key, by_new.key), (1, 2));
        assert_eq!(new.check(b"text", &by_old), Checked::Good);
        assert_eq!(new.check(b"text", &by_new), Checked::Good);
        assert_eq!(new.check(b"other", &by_new), Checked::Bad);
        assert_eq!(new.check(b"text", &Signature { key: 2, ..by_old }), Checked::Bad);
        assert_eq!(old.check(b"text", &by_new), Checked::UnknownKey);
        assert!(!format!("{new:?}").contains(&"02".repeat(32)), "a seed is not shown");
        assert!(SigningKeys::new(keys(&[1]), 2).unwrap_err().to_string().contains("version 2"));
    }

    #[test]
    fn a_new_version_signs_from_the_moment_it_comes_into_force() {
        let signer = VersionedSigner::new(SigningKeys::new(keys(&[1]), 1).unwrap());
        let before = signer.sign(b"text").unwrap();
        signer.replace(SigningKeys::new(keys(&[1, 2]), 2).unwrap());
        let after = signer.sign(b"text").unwrap();
        assert_eq!((before.key, after.key), (1, 2));
        assert_eq!(signer.public_of(1), Some(keys(&[1])[&1].public_key()));
        assert_eq!(signer.check(b"text", &before), Checked::Good);
    }
}
