//! Keys that sign the journal (Ed25519, RFC 8032), from seeds of the key file. A device that holds such a key is another
//! [`Signer`].

use anyhow::Context;
use kazasu_ledger::signed::{Checked, SignError, Signature, Signer};
use kazasu_schemas::secret::Key;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use std::collections::BTreeMap;
use std::fmt;

/// Keys by version. The current one signs; older ones are known by their public keys.
pub struct FileSigner {
    version: u8,
    current: Ed25519KeyPair,
    public: BTreeMap<u8, [u8; 32]>,
}

impl FileSigner {
    /// From seeds of 32 bytes by version.
    pub fn new(seeds: &BTreeMap<u8, Key>, current: u8) -> anyhow::Result<Self> {
        let pair = |version: u8, seed: &Key| {
            let pair = Ed25519KeyPair::from_seed_unchecked(seed.expose());
            pair.map_err(|_| anyhow::anyhow!("seed.{version} must have 32 bytes"))
        };
        let seed = seeds.get(&current).with_context(|| format!("there is no seed.{current}, which `current` names"))?;
        let mut public = BTreeMap::new();
        for (version, seed) in seeds {
            public.insert(*version, public_key(&pair(*version, seed)?));
        }
        Ok(FileSigner { version: current, current: pair(current, seed)?, public })
    }
}

fn public_key(pair: &Ed25519KeyPair) -> [u8; 32] {
    pair.public_key().as_ref().try_into().expect("Ed25519 public keys have 32 bytes")
}

impl fmt::Debug for FileSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileSigner(version {}, {})", self.version, hex::encode(self.public()))
    }
}

impl Signer for FileSigner {
    fn public(&self) -> [u8; 32] {
        public_key(&self.current)
    }

    fn sign(&self, text: &[u8]) -> Result<Signature, SignError> {
        let bytes = self.current.sign(text);
        let bytes = bytes.as_ref().try_into().map_err(|_| SignError("the signature has not 64 bytes".into()))?;
        Ok(Signature { key: self.version, bytes })
    }

    fn check(&self, text: &[u8], signature: &Signature) -> Checked {
        let Some(public) = self.public.get(&signature.key) else { return Checked::UnknownKey };
        match UnparsedPublicKey::new(&ED25519, public).verify(text, &signature.bytes) {
            Ok(()) => Checked::Good,
            Err(_) => Checked::Bad,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seeds(versions: &[u8]) -> BTreeMap<u8, Key> {
        versions.iter().map(|version| (*version, Key::new(vec![*version; 32]).unwrap())).collect()
    }

    #[test]
    fn an_older_key_is_known_and_an_unknown_or_wrong_one_is_told_apart() {
        let old = FileSigner::new(&seeds(&[1]), 1).unwrap();
        let new = FileSigner::new(&seeds(&[1, 2]), 2).unwrap();
        let (by_old, by_new) = (old.sign(b"text").unwrap(), new.sign(b"text").unwrap());
        assert_eq!((by_old.key, by_new.key), (1, 2));
        assert_eq!(new.check(b"text", &by_old), Checked::Good);
        assert_eq!(new.check(b"text", &by_new), Checked::Good);
        assert_eq!(new.check(b"other", &by_new), Checked::Bad);
        assert_eq!(new.check(b"text", &Signature { key: 2, ..by_old }), Checked::Bad);
        assert_eq!(old.check(b"text", &by_new), Checked::UnknownKey);
        assert!(!format!("{new:?}").contains(&"02".repeat(32)), "a seed is not shown");
        assert!(FileSigner::new(&seeds(&[1]), 2).unwrap_err().to_string().contains("seed.2"));
    }
}
