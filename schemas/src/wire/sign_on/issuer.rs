//! Sign-on towards an issuer: the same as an acquirer's, with the switch as the one that asks.
//!
//! Labels and subelements differ from those towards acquirers, so that neither a nonce nor a key of one kind is ever one of the other.

use super::Nonce;
use crate::ids::InstitutionId;
use crate::mac::kdf::MasterKey;
use crate::secret::Key;
use crate::wire::FieldError;

impl Nonce {
    /// The switch's nonce in DE48 of its 0800/001 to an issuer: `NS032` and 32 upper-case hexadecimal digits.
    pub fn from_switch(private: &[u8]) -> Result<Self, FieldError> {
        Nonce::read(private, b"NS", "the switch's")
    }

    /// DE48 of the switch's 0800/001 to an issuer.
    #[must_use]
    pub fn to_issuer(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(37);
        self.put("NS", &mut out);
        out
    }
}

/// The nonces of the switch and of an issuer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IssuerNonces {
    /// The switch's, `NS`.
    pub switch: Nonce,
    /// The issuer's, `NI`.
    pub issuer: Nonce,
}

impl IssuerNonces {
    /// Reads DE48 of the issuer's 0810/001.
    pub fn from_answer(private: &[u8]) -> Result<Self, FieldError> {
        Ok(IssuerNonces { switch: Nonce::from_switch(private)?, issuer: Nonce::read(private, b"NI", "the issuer's")? })
    }

    /// DE48 of the issuer's 0810/001: both nonces.
    #[must_use]
    pub fn answer(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(74);
        self.switch.put("NS", &mut out);
        self.issuer.put("NI", &mut out);
        out
    }
}

/// The keys of one session with an issuer, one for each direction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IssuerKeys {
    /// Authenticates what the switch sends.
    pub to_issuer: Key,
    /// Authenticates what the issuer sends.
    pub from_issuer: Key,
}

impl IssuerKeys {
    /// Of the key for what the switch sends.
    pub const TO_ISSUER: &'static [u8] = b"Kazasu sign-on 1 to-issuer";
    /// Of the key for what the issuer sends.
    pub const FROM_ISSUER: &'static [u8] = b"Kazasu sign-on 1 from-issuer";

    /// The keys of the session that `switch` opens with these nonces. The context is DE32 as it is sent, then the switch's nonce, then the
    /// issuer's.
    #[must_use]
    pub fn derive(master: &MasterKey, switch: InstitutionId, nonces: &IssuerNonces) -> Self {
        let context = [switch.as_bytes(), nonces.switch.bytes(), nonces.issuer.bytes()].concat();
        IssuerKeys {
            to_issuer: master.derive(Self::TO_ISSUER, &context),
            from_issuer: master.derive(Self::FROM_ISSUER, &context),
        }
    }
}
