//! The vault: card numbers are stored sealed (AES-256-GCM) and compared by a keyed hash; both keys live in the key file.
//!
//! A sealed number is key version (1 byte), nonce (12, random), ciphertext, tag (16). The person's PPID is associated data,
//! so a sealed number copied to another person's link does not open. Source: PCI DSS 4.0, 3.5.1 and 3.5.1.1.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hmac::{Hmac, Mac};
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::secret::{Key, Pan};
use sha2::Sha256;
use std::collections::BTreeMap;

/// A sealed number that does not open, or a key that is missing. It never repeats the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The key version is not in the key file.
    #[error("the key file has no vault key of version {0}")]
    UnknownKey(u8),
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

/// The vault's keys, ready for use.
pub struct Vault {
    ciphers: BTreeMap<u8, Aes256Gcm>,
    current: u8,
    lookup: Hmac<Sha256>,
}

impl Vault {
    /// From sealing keys by version, the version to seal with, and the lookup key.
    pub fn new(keys: &BTreeMap<u8, Key>, current: u8, lookup: &Key) -> Result<Self, VaultError> {
        let mut ciphers = BTreeMap::new();
        for (version, key) in keys {
            let cipher = Aes256Gcm::new_from_slice(key.expose()).map_err(|_| VaultError::KeyLength)?;
            ciphers.insert(*version, cipher);
        }
        if !ciphers.contains_key(&current) {
            return Err(VaultError::UnknownKey(current));
        }
        if lookup.expose().len() != 32 {
            return Err(VaultError::KeyLength);
        }
        let lookup = <Hmac<Sha256> as KeyInit>::new_from_slice(lookup.expose()).map_err(|_| VaultError::KeyLength)?;
        Ok(Vault { ciphers, current, lookup })
    }

    /// The key version that numbers are sealed under now.
    #[must_use]
    pub fn current(&self) -> u8 {
        self.current
    }

    /// Seals a card number for a person.
    pub fn seal(&self, pan: &Pan, ppid: &Ppid) -> Result<Box<[u8]>, VaultError> {
        let cipher = self.ciphers.get(&self.current).ok_or(VaultError::UnknownKey(self.current))?;
        let nonce = fresh_nonce()?;
        let payload = Payload { msg: pan.expose(), aad: &aad(self.current, ppid) };
        let nonce_array = Nonce::try_from(nonce.as_slice()).map_err(|_| VaultError::Random)?;
        let sealed = cipher.encrypt(&nonce_array, payload).map_err(|_| VaultError::Sealed)?;
        let mut out = vec![self.current];
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out.into())
    }

    /// Opens a sealed card number of a person, for the message to the issuer.
    pub fn open(&self, sealed: &[u8], ppid: &Ppid) -> Result<Pan, VaultError> {
        let (&version, rest) = sealed.split_first().ok_or(VaultError::Sealed)?;
        let cipher = self.ciphers.get(&version).ok_or(VaultError::UnknownKey(version))?;
        let (nonce, text) = rest.split_at_checked(12).ok_or(VaultError::Sealed)?;
        let nonce = Nonce::try_from(nonce).map_err(|_| VaultError::Sealed)?;
        let payload = Payload { msg: text, aad: &aad(version, ppid) };
        let clear = zeroize::Zeroizing::new(cipher.decrypt(&nonce, payload).map_err(|_| VaultError::Sealed)?);
        Pan::parse(&clear).map_err(|_| VaultError::Sealed)
    }

    /// Seals what is only for the one who holds `about`: an account that money is transferred to.
    pub fn seal_account(&self, clear: &[u8], about: &[u8; 16]) -> Result<Vec<u8>, VaultError> {
        let cipher = self.ciphers.get(&self.current).ok_or(VaultError::UnknownKey(self.current))?;
        let nonce = fresh_nonce()?;
        let payload = Payload { msg: clear, aad: &account_aad(self.current, about) };
        let nonce_array = Nonce::try_from(nonce.as_slice()).map_err(|_| VaultError::Random)?;
        let sealed = cipher.encrypt(&nonce_array, payload).map_err(|_| VaultError::Sealed)?;
        let mut out = vec![self.current];
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    /// Opens what [`Vault::seal_account`] sealed.
    pub fn open_account(&self, sealed: &[u8], about: &[u8; 16]) -> Result<zeroize::Zeroizing<Vec<u8>>, VaultError> {
        let (&version, rest) = sealed.split_first().ok_or(VaultError::Sealed)?;
        let cipher = self.ciphers.get(&version).ok_or(VaultError::UnknownKey(version))?;
        let (nonce, text) = rest.split_at_checked(12).ok_or(VaultError::Sealed)?;
        let nonce = Nonce::try_from(nonce).map_err(|_| VaultError::Sealed)?;
        let payload = Payload { msg: text, aad: &account_aad(version, about) };
        Ok(zeroize::Zeroizing::new(cipher.decrypt(&nonce, payload).map_err(|_| VaultError::Sealed)?))
    }

    /// A keyed hash of something that is compared and never shown; `what` keeps different things apart.
    #[must_use]
    pub fn hidden(&self, what: &str, parts: &[&str]) -> [u8; 16] {
        let mut mac = self.lookup.clone().chain_update(what.as_bytes());
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
        let tag = self.lookup.clone().chain_update(pan.expose()).finalize().into_bytes();
        tag[..8].try_into().expect("32 bytes")
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Vault({} keys, current {})", self.ciphers.len(), self.current)
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

    #[test]
    fn a_number_opens_only_for_its_person_and_under_its_key() {
        let vault = Vault::new(&BTreeMap::from([(1, key(1)), (2, key(2))]), 2, &key(9)).unwrap();
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
        let vault = Vault::new(&BTreeMap::from([(1, key(1))]), 1, &key(9)).unwrap();
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
        assert_eq!(Vault::new(&BTreeMap::from([(1, short.clone())]), 1, &key(9)).unwrap_err(), VaultError::KeyLength);
        assert_eq!(Vault::new(&BTreeMap::from([(1, key(1))]), 2, &key(9)).unwrap_err(), VaultError::UnknownKey(2));
        assert_eq!(Vault::new(&BTreeMap::from([(1, key(1))]), 1, &short).unwrap_err(), VaultError::KeyLength);
    }
}
