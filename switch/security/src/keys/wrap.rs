//! What keys are wrapped under, wherever it is: a key that a passphrase or a credential gives, or one that never leaves a device.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use argon2::{Algorithm, Argon2, Params, Version};
use kazasu_ledger::signed::SignError;
use kazasu_text::key_store::{OriginText, UnlockText};
use kazasu_text::{Quoted, Said};
use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroizing;

/// Why a key was neither wrapped nor unwrapped. It never repeats a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrapError {
    /// It does not open: another key-encryption key, or it was changed.
    #[error("it does not open: the passphrase, credential or device's key is another one, or the bytes were changed")]
    Closed,
    /// The passphrase or credential has not the form that this store needs.
    #[error("{0}")]
    Unfit(Said),
    /// The device, or the operating system's random numbers.
    #[error("{0}")]
    Device(Said),
}

impl WrapError {
    /// The sentence, in every language.
    #[must_use]
    pub fn said(&self) -> Said {
        match self {
            WrapError::Closed => Said::of(&UnlockText::Closed),
            WrapError::Unfit(said) | WrapError::Device(said) => said.clone(),
        }
    }

    pub(crate) fn unfit(text: &UnlockText<'_>) -> WrapError {
        WrapError::Unfit(Said::of(text))
    }

    fn argon(error: &dyn fmt::Display) -> WrapError {
        WrapError::unfit(&UnlockText::Argon { words: &error.to_string() })
    }
}

/// A key that wraps keys. It may be in a device and wait for it; nothing on a tap's way calls it.
pub trait KeyEncryption: Send + Sync + fmt::Debug {
    /// Wraps a secret. `aad` comes back the same or the secret does not open.
    fn wrap(&self, plain: &[u8], aad: &[u8]) -> Result<Vec<u8>, WrapError>;

    /// Opens what [`KeyEncryption::wrap`] gave.
    fn unwrap(&self, wrapped: &[u8], aad: &[u8]) -> Result<Zeroizing<Vec<u8>>, WrapError>;
}

/// One Ed25519 key that signs, wherever it is.
pub trait SigningKey: Send + Sync + fmt::Debug {
    /// Its public key.
    fn public_key(&self) -> [u8; 32];

    /// Signs. It may wait for a device.
    fn sign(&self, text: &[u8]) -> Result<[u8; 64], SignError>;
}

/// A device that holds keys. A store's entry names a key in it by its label instead of having a secret.
pub trait Device: Send + Sync + fmt::Debug {
    /// The key with this label, to wrap keys.
    fn encryption(&self, label: &str) -> Result<std::sync::Arc<dyn KeyEncryption>, WrapError>;

    /// The key with this label, to sign.
    fn signing(&self, label: &str) -> Result<std::sync::Arc<dyn SigningKey>, WrapError>;

    /// Keys that an acquirer's master key with this label derives: see
    /// [`kazasu_schemas::mac::kdf::MasterKey`], whose one step (the tag over these bytes) it computes.
    fn derivation(&self, label: &str) -> Result<std::sync::Arc<dyn Derivation>, WrapError>;
}

/// The pseudorandom function of a key derivation whose key is in a device.
pub trait Derivation: Send + Sync + fmt::Debug {
    /// The whole tag over `bytes` (16 bytes of AES-CMAC, 32 of HMAC-SHA-256).
    fn tag(&self, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, WrapError>;
}

/// Where a store's key-encryption key comes from, as the store says it. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "kebab-case", deny_unknown_fields)]
pub enum KekOrigin {
    /// A passphrase, by Argon2id (RFC 9106).
    Passphrase {
        /// Hexadecimal, 16 bytes.
        salt: String,
        /// Memory, KiB.
        memory: u32,
        /// Passes over it.
        passes: u32,
        /// Lanes.
        lanes: u32,
    },
    /// 32 random bytes, as hexadecimal text, which the system keeps.
    Credential,
    /// A key of a device.
    Device {
        /// The key's label.
        label: String,
    },
}

/// The fewest characters of a passphrase.
pub const SHORTEST_PASSPHRASE: usize = 16;
/// Argon2id: 64 MiB and three passes, the second recommendation of RFC 9106.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 1;
/// A changed store must not make the switch use up the machine.
const MOST_MEMORY_KIB: u32 = 4 * 1024 * 1024;
const MOST_PASSES: u32 = 64;

impl KekOrigin {
    /// For people: what `unlock` begins with.
    #[must_use]
    pub fn text(&self) -> OriginText<'_> {
        match self {
            KekOrigin::Passphrase { .. } => OriginText::Passphrase,
            KekOrigin::Credential => OriginText::Credential,
            KekOrigin::Device { label } => OriginText::Device { label: Quoted(label) },
        }
    }

    /// A passphrase, with a salt of 16 random bytes.
    #[must_use]
    pub fn passphrase(salt: [u8; 16]) -> Self {
        KekOrigin::Passphrase { salt: hex::encode(salt), memory: MEMORY_KIB, passes: PASSES, lanes: LANES }
    }

    /// The key-encryption key that this passphrase or credential gives.
    pub fn key(&self, secret: &str) -> Result<Kek, WrapError> {
        let secret = secret.trim_end_matches(['\r', '\n']);
        match self {
            KekOrigin::Passphrase { salt, memory, passes, lanes } => {
                if secret.chars().count() < SHORTEST_PASSPHRASE {
                    return Err(WrapError::unfit(&UnlockText::PassphraseShort { least: SHORTEST_PASSPHRASE.into() }));
                }
                let sound = (8..=MOST_MEMORY_KIB).contains(memory) && (1..=MOST_PASSES).contains(passes);
                let salt = hex::decode(salt).ok().filter(|salt| salt.len() == 16 && sound);
                let salt = salt.ok_or_else(|| WrapError::unfit(&UnlockText::Parameters))?;
                let params = Params::new(*memory, *passes, *lanes, Some(32));
                let params = params.map_err(|error| WrapError::argon(&error))?;
                let mut out = Zeroizing::new([0; 32]);
                Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
                    .hash_password_into(secret.as_bytes(), &salt, out.as_mut_slice())
                    .map_err(|error| WrapError::argon(&error))?;
                Ok(Kek::new(&out))
            }
            KekOrigin::Credential => {
                let mut out = Zeroizing::new([0; 32]);
                hex::decode_to_slice(secret.trim(), out.as_mut_slice())
                    .map_err(|_| WrapError::unfit(&UnlockText::CredentialDigits))?;
                Ok(Kek::new(&out))
            }
            KekOrigin::Device { label } => Err(WrapError::unfit(&UnlockText::UnderDevice { label })),
        }
    }
}

/// A key-encryption key in memory: AES-256-GCM. What it wraps is nonce (12 bytes, random), ciphertext, tag (16).
pub struct Kek(Box<Aes256Gcm>);

impl Kek {
    /// From its bytes.
    #[must_use]
    pub fn new(bytes: &[u8; 32]) -> Self {
        Kek(Box::new(Aes256Gcm::new(bytes.into())))
    }
}

impl fmt::Debug for Kek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kek")
    }
}

impl KeyEncryption for Kek {
    fn wrap(&self, plain: &[u8], aad: &[u8]) -> Result<Vec<u8>, WrapError> {
        let nonce: [u8; 12] = random()?;
        let failed = |_| WrapError::Device(Said::of(&UnlockText::NotWrapped));
        let sealed = self.0.encrypt(&Nonce::from(nonce), Payload { msg: plain, aad }).map_err(failed)?;
        Ok([&nonce[..], &sealed].concat())
    }

    fn unwrap(&self, wrapped: &[u8], aad: &[u8]) -> Result<Zeroizing<Vec<u8>>, WrapError> {
        let (nonce, text) = wrapped.split_first_chunk::<12>().ok_or(WrapError::Closed)?;
        let plain = self.0.decrypt(&Nonce::from(*nonce), Payload { msg: text, aad });
        plain.map(Zeroizing::new).map_err(|_| WrapError::Closed)
    }
}

/// Random bytes that fill up a key block, each for one block.
pub fn fresh_padding() -> Result<[u8; crate::key_block::PADDING], WrapError> {
    random()
}

/// Random bytes, from the operating system.
#[expect(
    clippy::disallowed_methods,
    reason = "a key or a nonce is drawn where it is used, so that no caller can use one twice"
)]
pub(crate) fn random<const N: usize>() -> Result<[u8; N], WrapError> {
    let mut out = [0; N];
    getrandom::fill(&mut out).map_err(|_| WrapError::Device(Said::of(&UnlockText::NoRandom)))?;
    Ok(out)
}
