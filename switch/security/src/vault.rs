//! The vault: card numbers are stored sealed (AES-256-GCM) and compared by a keyed hash; their keys live in the key store, in versions.
//!
//! A sealed number is key version (1 byte), nonce (12, random), ciphertext, tag (16). The person's PPID is associated data,
//! so a sealed number copied to another person's link does not open. Source: PCI DSS 4.0, 3.5.1 and 3.5.1.1.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hmac::{Hmac, Mac};
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::in_force::InForce;
use kazasu_schemas::secret::{Key, Pan};
use sha2::Sha256;
use std::collections::{BTreeMap, BTreeSet};

/// A sealed number that does not open, or a key that is missing. It never repeats the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The key version is not in the key store.
    #[error("the key store has no vault key of version {0}")]
    UnknownKey(u8),
    /// The key was destroyed, and what it sealed with it.
    #[error("erased: it was sealed under version {0} of the vault's keys, which was destroyed")]
    Erased(u8),
    /// Damaged, or sealed for another person, or under another key.
    #[error("a sealed card number does not open")]
    Sealed,
    /// A vault key of the wrong length.
    #[error("vault keys must be 32 bytes")]
    KeyLength,
    /// No random bytes.
    #[error("the operating system gives no random bytes")]
    Random,
}

/// Twelve random bytes, from the operating system.
#[expect(clippy::disallowed_methods, reason = "a nonce is drawn where it is used, so that no caller can use one twice")]
fn fresh_nonce() -> Result<[u8; 12], VaultError> {
    let mut nonce = [0; 12];
    getrandom::fill(&mut nonce).map_err(|_| VaultError::Random)?;
    Ok(nonce)
}

/// What a vault works with.
#[derive(Debug)]
pub struct VaultParts {
    /// Keys that open, by version.
    pub seals: BTreeMap<u8, Key>,
    /// The version that seals card numbers now.
    pub cards: u8,
    /// The version that seals payees' accounts now.
    pub accounts: u8,
    /// Versions whose keys were destroyed.
    pub erased: BTreeSet<u8>,
    /// Lookup keys.
    pub lookups: Lookups,
}

/// The lookup keys, while one is changed; one key otherwise.
#[derive(Clone, Debug)]
pub struct Lookups {
    /// Makes the hashes by which cards are found.
    pub active: Key,
    /// Makes the hashes by which they are to be found.
    pub newest: Key,
    /// The newest key's version.
    pub newest_version: u8,
    /// Makes all other hashes. What they are made of is not kept, so they cannot be made again under another key.
    pub oldest: Key,
}

impl Lookups {
    /// One key, of the first version.
    #[must_use]
    pub fn one(key: Key) -> Self {
        Lookups { active: key.clone(), newest: key.clone(), newest_version: 1, oldest: key }
    }
}

/// The vault's keys, ready for use.
struct Keys {
    ciphers: BTreeMap<u8, Aes256Gcm>,
    cards: u8,
    accounts: u8,
    erased: BTreeSet<u8>,
    /// Of cards.
    lookup: Hmac<Sha256>,
    newest_lookup: (u8, Hmac<Sha256>),
    /// Of everything else.
    oldest_lookup: Hmac<Sha256>,
}

impl Keys {
    fn new(parts: &VaultParts) -> Result<Self, VaultError> {
        let mut ciphers = BTreeMap::new();
        for (version, key) in &parts.seals {
            let cipher = Aes256Gcm::new_from_slice(key.expose()).map_err(|_| VaultError::KeyLength)?;
            ciphers.insert(*version, cipher);
        }
        let unknown = [parts.cards, parts.accounts].into_iter().find(|version| !ciphers.contains_key(version));
        if let Some(version) = unknown {
            return Err(VaultError::UnknownKey(version));
        }
        let lookup = |key: &Key| match key.expose() {
            key if key.len() == 32 => <Hmac<Sha256> as KeyInit>::new_from_slice(key).map_err(|_| VaultError::KeyLength),
            _ => Err(VaultError::KeyLength),
        };
        let Lookups { active, newest, newest_version, oldest } = &parts.lookups;
        Ok(Keys {
            ciphers,
            cards: parts.cards,
            accounts: parts.accounts,
            erased: parts.erased.clone(),
            lookup: lookup(active)?,
            newest_lookup: (*newest_version, lookup(newest)?),
            oldest_lookup: lookup(oldest)?,
        })
    }

    fn cipher(&self, version: u8) -> Result<&Aes256Gcm, VaultError> {
        match self.ciphers.get(&version) {
            Some(cipher) => Ok(cipher),
            None if self.erased.contains(&version) => Err(VaultError::Erased(version)),
            None => Err(VaultError::UnknownKey(version)),
        }
    }

    fn seal(&self, version: u8, clear: &[u8], aad: &[u8]) -> Result<Vec<u8>, VaultError> {
        let cipher = self.cipher(version)?;
        let nonce = fresh_nonce()?;
        let sealed =
            cipher.encrypt(&Nonce::from(nonce), Payload { msg: clear, aad }).map_err(|_| VaultError::Sealed)?;
        let mut out = vec![version];
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    /// `aad` follows from the version.
    fn open<const N: usize>(
        &self,
        sealed: &[u8],
        aad: impl Fn(u8) -> [u8; N],
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, VaultError> {
        let (&version, rest) = sealed.split_first().ok_or(VaultError::Sealed)?;
        let cipher = self.cipher(version)?;
        let (nonce, text) = rest.split_first_chunk::<12>().ok_or(VaultError::Sealed)?;
        let payload = Payload { msg: text, aad: &aad(version) };
        let clear = cipher.decrypt(&Nonce::from(*nonce), payload).map_err(|_| VaultError::Sealed)?;
        Ok(zeroize::Zeroizing::new(clear))
    }
}

/// Seals and opens, and compares what is sealed. Its keys may be replaced while others use it.
pub struct Vault(InForce<Keys>);

impl Vault {
    /// With these keys.
    pub fn new(parts: &VaultParts) -> Result<Self, VaultError> {
        Ok(Vault(InForce::new(Keys::new(parts)?)))
    }

    /// From now on with these. On an error the old ones stay.
    pub fn replace(&self, parts: &VaultParts) -> Result<(), VaultError> {
        self.0.set(Keys::new(parts)?);
        Ok(())
    }

    /// The key version that card numbers are sealed under now.
    #[must_use]
    pub fn cards_version(&self) -> u8 {
        self.0.get().cards
    }

    /// The key version that payees' accounts are sealed under now.
    #[must_use]
    pub fn accounts_version(&self) -> u8 {
        self.0.get().accounts
    }

    /// Seals a card number for a person.
    pub fn seal(&self, pan: &Pan, ppid: &Ppid) -> Result<Box<[u8]>, VaultError> {
        let keys = self.0.get();
        Ok(keys.seal(keys.cards, pan.expose(), &aad(keys.cards, ppid))?.into())
    }

    /// Opens a sealed card number of a person, for the message to the issuer.
    pub fn open(&self, sealed: &[u8], ppid: &Ppid) -> Result<Pan, VaultError> {
        let clear = self.0.get().open(sealed, |version| aad(version, ppid))?;
        Pan::parse(&clear).map_err(|_| VaultError::Sealed)
    }

    /// Seals what is only for the one who holds `about`: an account that money is transferred to.
    pub fn seal_account(&self, clear: &[u8], about: &[u8; 16]) -> Result<Vec<u8>, VaultError> {
        let keys = self.0.get();
        keys.seal(keys.accounts, clear, &account_aad(keys.accounts, about))
    }

    /// Opens what [`Vault::seal_account`] sealed.
    pub fn open_account(&self, sealed: &[u8], about: &[u8; 16]) -> Result<zeroize::Zeroizing<Vec<u8>>, VaultError> {
        self.0.get().open(sealed, |version| account_aad(version, about))
    }

    /// A keyed hash of something that is compared and never shown; `what` keeps different things apart.
    #[must_use]
    pub fn hidden(&self, what: &str, parts: &[&str]) -> [u8; 16] {
        let mut mac = self.0.get().oldest_lookup.clone().chain_update(what.as_bytes());
        for part in parts {
            // Lengths, so that no two lists of parts run together.
            mac = mac.chain_update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac = mac.chain_update(part.as_bytes());
        }
        mac.finalize().into_bytes()[..16].try_into().expect("32 bytes")
    }

    /// The same for the same number, and useless without the lookup key.
    #[must_use]
    pub fn token(&self, pan: &Pan) -> [u8; 8] {
        token(&self.0.get().lookup, pan)
    }

    /// The same under the newest lookup key, which is to be in force.
    #[must_use]
    pub fn newest_token(&self, pan: &Pan) -> [u8; 8] {
        token(&self.0.get().newest_lookup.1, pan)
    }

    /// The newest lookup key's version.
    #[must_use]
    pub fn newest_lookup(&self) -> u8 {
        self.0.get().newest_lookup.0
    }
}

fn token(lookup: &Hmac<Sha256>, pan: &Pan) -> [u8; 8] {
    let tag = lookup.clone().chain_update(pan.expose()).finalize().into_bytes();
    tag[..8].try_into().expect("32 bytes")
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let keys = self.0.get();
        write!(f, "Vault({} keys, cards under {}, accounts under {})", keys.ciphers.len(), keys.cards, keys.accounts)
    }
}

/// Another length than a card number's, so that one never opens as the other.
fn account_aad(version: u8, about: &[u8; 16]) -> [u8; 18] {
    let mut out = [0; 18];
    (out[0], out[1]) = (version, b'A');
    out[2..].copy_from_slice(about);
    out
}

fn aad(version: u8, ppid: &Ppid) -> [u8; 17] {
    let mut out = [version; 17];
    out[1..].copy_from_slice(ppid.bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Key {
        Key::new(vec![byte; 32]).unwrap()
    }

    fn parts(versions: &[u8], current: u8) -> VaultParts {
        let seals = versions.iter().map(|version| (*version, key(*version))).collect();
        VaultParts { seals, cards: current, accounts: current, erased: BTreeSet::new(), lookups: Lookups::one(key(9)) }
    }

    fn vault(versions: &[u8], current: u8) -> Result<Vault, VaultError> {
        Vault::new(&parts(versions, current))
    }

    #[test]
    fn a_number_opens_only_for_its_person_and_under_its_key() {
        let vault = vault(&[1, 2], 2).unwrap();
        let (one, other) = (Ppid::from_bytes([1; 16]), Ppid::from_bytes([2; 16]));
        let pan = Pan::parse(b"4111111111111111").unwrap();
        let sealed = vault.seal(&pan, &one).unwrap();
        assert_eq!(sealed[0], 2);
        assert!(!sealed.windows(8).any(|w| w == b"41111111"));
        assert_eq!(vault.open(&sealed, &one).unwrap().expose(), pan.expose());
        assert_eq!(vault.open(&sealed, &other).unwrap_err(), VaultError::Sealed);
        assert_ne!(vault.seal(&pan, &one).unwrap(), sealed, "a nonce is used once");
        for i in 0..sealed.len() {
            let mut bad = sealed.clone();
            bad[i] ^= 1;
            assert!(vault.open(&bad, &one).is_err(), "byte {i}");
        }
        assert_eq!(vault.open(&[], &one).unwrap_err(), VaultError::Sealed);
        assert_eq!(vault.open(&[7; 40], &one).unwrap_err(), VaultError::UnknownKey(7));
        assert_eq!(vault.token(&pan), vault.token(&pan));
        assert_ne!(vault.token(&pan), vault.token(&Pan::parse(b"5500005555555559").unwrap()));
    }

    #[test]
    fn an_account_opens_only_for_its_row_and_is_no_card() {
        let vault = vault(&[1], 1).unwrap();
        let sealed = vault.seal_account(b"9999-001-1234567", &[3; 16]).unwrap();
        assert_eq!(&**vault.open_account(&sealed, &[3; 16]).unwrap(), b"9999-001-1234567");
        assert_eq!(vault.open_account(&sealed, &[4; 16]).unwrap_err(), VaultError::Sealed);
        assert_eq!(vault.open(&sealed, &Ppid::from_bytes([3; 16])).unwrap_err(), VaultError::Sealed);
        assert_ne!(vault.hidden("a", &["12", "3"]), vault.hidden("a", &["1", "23"]));
        assert_ne!(vault.hidden("a", &["1"]), vault.hidden("b", &["1"]));
    }

    #[test]
    fn keys_are_checked_when_they_are_loaded() {
        let short = Key::new(vec![1; 16]).unwrap();
        let refused = |parts: &VaultParts| Vault::new(parts).unwrap_err();
        assert_eq!(refused(&VaultParts { seals: [(1, short.clone())].into(), ..parts(&[], 1) }), VaultError::KeyLength);
        assert_eq!(refused(&parts(&[1], 2)), VaultError::UnknownKey(2));
        assert_eq!(refused(&VaultParts { accounts: 3, ..parts(&[1], 1) }), VaultError::UnknownKey(3));
        assert_eq!(refused(&VaultParts { lookups: Lookups::one(short), ..parts(&[1], 1) }), VaultError::KeyLength);
    }

    #[test]
    fn keys_are_replaced_while_it_is_used_and_an_erased_one_says_so() {
        let vault = vault(&[1], 1).unwrap();
        let (ppid, pan) = (Ppid::from_bytes([1; 16]), Pan::parse(b"4111111111111111").unwrap());
        let old = vault.seal(&pan, &ppid).unwrap();
        vault.replace(&parts(&[1, 2], 2)).unwrap();
        assert_eq!((vault.seal(&pan, &ppid).unwrap()[0], vault.cards_version()), (2, 2));
        assert_eq!(vault.open(&old, &ppid).unwrap().expose(), pan.expose());
        vault.replace(&VaultParts { erased: [1].into(), ..parts(&[2], 2) }).unwrap();
        assert_eq!(vault.open(&old, &ppid).unwrap_err(), VaultError::Erased(1));
        assert!(vault.replace(&parts(&[1], 2)).is_err());
        assert_eq!(vault.cards_version(), 2, "the old ones stay");
    }
}
