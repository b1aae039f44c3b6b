//! Sign-on of an acquirer: two random numbers, and the session keys that follow from them and from the master key.
//!
//! The acquirer asks with a nonce of its own (0800/001), the switch answers with one of its own, and each side derives the
//! session keys. The acquirer proves that it has them with the MAC of its 0800/101, the switch with the MAC of the answer.
//! A nonce is used once, so what was recorded of one session is worth nothing in another. Towards [issuers](issuer) the switch signs on in the
//! same way, with names and labels of its own.

pub mod issuer;

use super::{FieldError, subelement};
use crate::ids::InstitutionId;
use crate::mac::kdf::MasterKey;
use crate::secret::Key;

/// A random number that is used once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Nonce([u8; Nonce::LEN]);

impl Nonce {
    /// Its length in bytes.
    pub const LEN: usize = 16;

    /// From random bytes.
    #[must_use]
    pub fn new(bytes: [u8; Nonce::LEN]) -> Self {
        Nonce(bytes)
    }

    /// The bytes as the key derivation takes them.
    #[must_use]
    pub fn bytes(&self) -> &[u8; Nonce::LEN] {
        &self.0
    }

    fn put(self, tag: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(tag.as_bytes());
        out.extend_from_slice(b"032");
        out.extend_from_slice(hex::encode_upper(self.0).as_bytes());
    }

    fn read(private: &[u8], tag: &[u8; 2], whose: &str) -> Result<Self, FieldError> {
        let name = String::from_utf8_lossy(tag).into_owned();
        let value = subelement(private, tag)?
            .ok_or_else(|| FieldError::new(48, format!("subelement {name}, {whose} nonce, is mandatory")))?;
        let mut bytes = [0; Nonce::LEN];
        let upper = !value.iter().any(u8::is_ascii_lowercase);
        match hex::decode_to_slice(value, &mut bytes) {
            Ok(()) if upper => Ok(Nonce(bytes)),
            Ok(()) | Err(_) => {
                Err(FieldError::new(48, format!("subelement {name} must be 32 upper-case hexadecimal digits")))
            }
        }
    }

    /// The acquirer's nonce in DE48 of its 0800/001: `NA032` and 32 upper-case hexadecimal digits.
    pub fn from_question(private: &[u8]) -> Result<Self, FieldError> {
        Nonce::read(private, b"NA", "the acquirer's")
    }

    /// DE48 of an acquirer's 0800/001.
    #[must_use]
    pub fn question(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(37);
        self.put("NA", &mut out);
        out
    }
}

/// The nonces of both sides: what makes a session's keys its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Nonces {
    /// The acquirer's, `NA`.
    pub acquirer: Nonce,
    /// The switch's, `NS`.
    pub switch: Nonce,
}

impl Nonces {
    /// Reads DE48 of the switch's 0810/001.
    pub fn from_answer(private: &[u8]) -> Result<Self, FieldError> {
        Ok(Nonces { acquirer: Nonce::from_question(private)?, switch: Nonce::read(private, b"NS", "the switch's")? })
    }

    /// DE48 of the switch's 0810/001: both nonces.
    #[must_use]
    pub fn answer(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(74);
        self.acquirer.put("NA", &mut out);
        self.switch.put("NS", &mut out);
        out
    }
}

/// A pair of session keys, one for each direction, named from the acquirer's side.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionKeys {
    /// Authenticates what the acquirer sends.
    pub to_switch: Key,
    /// Authenticates what the switch sends.
    pub from_switch: Key,
}

impl SessionKeys {
    /// Of the key for what the acquirer sends.
    pub const TO_SWITCH: &'static [u8] = b"Kazasu sign-on 1 to-switch";
    /// Of the key for what the switch sends.
    pub const FROM_SWITCH: &'static [u8] = b"Kazasu sign-on 1 from-switch";

    /// The keys of the session that `acquirer` opens with these nonces. The context is DE32 as it is sent, then both nonces.
    #[must_use]
    pub fn derive(master: &MasterKey, acquirer: InstitutionId, nonces: &Nonces) -> Self {
        let context = [acquirer.as_bytes(), nonces.acquirer.bytes(), nonces.switch.bytes()].concat();
        SessionKeys {
            to_switch: master.derive(Self::TO_SWITCH, &context),
            from_switch: master.derive(Self::FROM_SWITCH, &context),
        }
    }
}
