//! The kinds of keys.

use crate::error::HsmError;
use crate::facts::KeyKind;
use crate::needed::{Needed, SIGN, WRAP};
use crate::settings::Missing;
use crate::token::Token;
use kazasu_schemas::secret::Key;
use kazasu_text::key_store::UnfitKey;
use ring::signature::{ED25519, UnparsedPublicKey};
use zeroize::Zeroizing;

/// The text that is signed when a key is opened, to see that public and private key belong together.
const TRIAL: &[u8] = b"kazasu trial signature 1\n";

impl KeyKind {
    /// The mechanism that its use needs; the key's type chooses between two for a derivation.
    fn use_(self) -> Option<Needed> {
        match self {
            KeyKind::Encryption => Some(WRAP),
            KeyKind::Signing => Some(SIGN),
            KeyKind::Derivation => None,
        }
    }
}

impl Token {
    /// A key that wraps others.
    pub fn wrapping_key(&self, label: &str, missing: Missing) -> Result<WrappingKey, HsmError> {
        self.look_up(KeyKind::Encryption, label, missing)?;
        Ok(WrappingKey::new(self.clone(), label))
    }

    /// A key that signs. One signature is made and checked, so that a public key that belongs to another one is found.
    pub fn signing_key(&self, label: &str, missing: Missing) -> Result<SigningKey, HsmError> {
        self.look_up(KeyKind::Signing, label, missing)?;
        let name = label.to_owned();
        let public = self.ask("read a public key", move |device| device.public(&name))?;
        SigningKey::new(self.clone(), label, public)
    }

    /// A key that derives others. It may have come from outside, because two parties have it.
    pub fn derivation_key(&self, label: &str) -> Result<DerivationKey, HsmError> {
        self.look_up(KeyKind::Derivation, label, Missing::Refuse)?;
        Ok(DerivationKey::new(self.clone(), label))
    }

    fn look_up(&self, kind: KeyKind, label: &str, missing: Missing) -> Result<(), HsmError> {
        let label = label.to_owned();
        self.ask("find a key", move |device| {
            kind.use_().map_or(Ok(()), |needed| device.supports(needed))?;
            device.key(kind, &label, missing).map(drop)
        })
    }
}

/// An AES-256 key inside a token that wraps other keys (AES-GCM).
#[derive(Clone, Debug)]
pub struct WrappingKey {
    token: Token,
    label: String,
}

impl WrappingKey {
    pub(crate) fn new(token: Token, label: &str) -> Self {
        WrappingKey { token, label: label.to_owned() }
    }

    /// Its label.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Wraps a key. `about` (its name, purpose, version) is bound to it: it opens only with the same.
    pub fn wrap(&self, about: &[u8], key: &[u8]) -> Result<Vec<u8>, HsmError> {
        let (label, about, key) = (self.label.clone(), about.to_vec(), Zeroizing::new(key.to_vec()));
        self.token.ask("wrap a key", move |device| {
            let with = device.key(KeyKind::Encryption, &label, Missing::Refuse)?;
            device.wrap(with, &about, &key)
        })
    }

    /// Opens what [`WrappingKey::wrap`] made.
    pub fn unwrap(&self, about: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, HsmError> {
        let (label, about, wrapped) = (self.label.clone(), about.to_vec(), wrapped.to_vec());
        self.token.ask("unwrap a key", move |device| {
            let with = device.key(KeyKind::Encryption, &label, Missing::Refuse)?;
            device.unwrap(with, &about, &wrapped)
        })
    }

    /// The same for a symmetric key.
    pub fn unwrap_key(&self, about: &[u8], wrapped: &[u8]) -> Result<Key, HsmError> {
        let clear = self.unwrap(about, wrapped)?;
        Key::new(clear.to_vec()).map_err(|_| HsmError::Wrapped)
    }
}

/// A key inside a token from which others are derived: an acquirer's master key.
#[derive(Clone, Debug)]
pub struct DerivationKey {
    token: Token,
    label: String,
}

impl DerivationKey {
    pub(crate) fn new(token: Token, label: &str) -> Self {
        DerivationKey { token, label: label.to_owned() }
    }

    /// The whole tag over a text: 16 bytes of AES-CMAC, 32 of HMAC-SHA-256. It waits for the device.
    pub fn tag(&self, text: &[u8]) -> Result<Zeroizing<Vec<u8>>, HsmError> {
        let (label, text) = (self.label.clone(), text.to_vec());
        self.token.ask("derive a key", move |device| {
            let with = device.key(KeyKind::Derivation, &label, Missing::Refuse)?;
            device.tag(with, &text)
        })
    }
}

/// An Ed25519 key inside a token that signs.
#[derive(Clone)]
pub struct SigningKey {
    token: Token,
    label: String,
    public: [u8; 32],
}

impl SigningKey {
    pub(crate) fn new(token: Token, label: &str, public: [u8; 32]) -> Result<Self, HsmError> {
        let key = SigningKey { token, label: label.to_owned(), public };
        let signature = key.sign(TRIAL)?;
        if UnparsedPublicKey::new(&ED25519, public).verify(TRIAL, &signature).is_err() {
            let why = UnfitKey::OtherPublic;
            return Err(HsmError::Unfit { token: key.token.name().to_owned(), label: key.label, why });
        }
        Ok(key)
    }

    /// Its label.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Its public key.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.public
    }

    /// Signs (RFC 8032). It waits for the device.
    pub fn sign(&self, text: &[u8]) -> Result<[u8; 64], HsmError> {
        let (label, text) = (self.label.clone(), text.to_vec());
        self.token.ask("sign", move |device| {
            let with = device.key(KeyKind::Signing, &label, Missing::Refuse)?;
            device.sign(with, &text)
        })
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let public: String = self.public.iter().map(|byte| format!("{byte:02x}")).collect();
        write!(f, "SigningKey({:?} of {:?}, public key {public})", self.label, self.token)
    }
}
