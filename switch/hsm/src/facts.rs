//! The kinds of keys, and the facts that a token tells of itself.

use kazasu_text::{Said, Text};
use serde::Serializer;

/// The use of a token's key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    /// AES-256: wraps other keys.
    Encryption,
    /// Ed25519: signs.
    Signing,
    /// AES or HMAC-SHA-256: derives session keys.
    Derivation,
}

impl KeyKind {
    pub(crate) fn words(self) -> &'static str {
        match self {
            KeyKind::Encryption => "key-encryption key (AES-256)",
            KeyKind::Signing => "signing key (Ed25519)",
            KeyKind::Derivation => "key that derives others (CKA_SIGN)",
        }
    }
}

/// Programs read the English sentence.
fn in_english<S: Serializer>(said: &Option<Said>, out: S) -> Result<S::Ok, S::Error> {
    match said {
        Some(said) => out.serialize_some(&*said.en()),
        None => out.serialize_none(),
    }
}

/// A key as the token shows it.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct TokenKey {
    /// Its use.
    pub kind: KeyKind,
    /// Its label.
    pub label: String,
    /// The reason why it is not used; none where it may be.
    #[serde(serialize_with = "in_english")]
    pub unfit: Option<Said>,
}

/// Something that a token must be able to do, and whether it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct TokenMechanism {
    /// Its name in PKCS#11.
    pub name: &'static str,
    /// The part that needs it.
    pub needed_for: &'static str,
    /// The token has it.
    pub there: bool,
}

/// A token's description of itself.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct TokenFacts {
    /// The device's manufacturer.
    pub manufacturer: String,
    /// Its model.
    pub model: String,
    /// Its serial number.
    pub serial: String,
    /// The mechanism that it must have.
    pub mechanisms: Vec<TokenMechanism>,
    /// Its keys, by label.
    pub keys: Vec<TokenKey>,
}
