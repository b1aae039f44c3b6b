//! A token as the key store and the switch know it: a device that wraps keys, signs and derives.

use crate::keys::{DerivationKey, SigningKey, WrappingKey};
use crate::{HsmError, Missing, Token};
use kazasu_ledger::signed::SignError;
use kazasu_security::keys::{self, Derivation, Device, KeyEncryption, WrapError};
use std::sync::Arc;
use zeroize::Zeroizing;

impl From<HsmError> for WrapError {
    fn from(error: HsmError) -> Self {
        match error {
            HsmError::Wrapped => WrapError::Closed,
            other => WrapError::Device(other.said()),
        }
    }
}

impl Device for Token {
    fn encryption(&self, label: &str) -> Result<Arc<dyn KeyEncryption>, WrapError> {
        Ok(Arc::new(self.wrapping_key(label, Missing::Refuse)?))
    }

    fn signing(&self, label: &str) -> Result<Arc<dyn keys::SigningKey>, WrapError> {
        Ok(Arc::new(self.signing_key(label, Missing::Refuse)?))
    }

    fn derivation(&self, label: &str) -> Result<Arc<dyn Derivation>, WrapError> {
        Ok(Arc::new(self.derivation_key(label)?))
    }
}

impl KeyEncryption for WrappingKey {
    fn wrap(&self, plain: &[u8], aad: &[u8]) -> Result<Vec<u8>, WrapError> {
        Ok(WrappingKey::wrap(self, aad, plain)?)
    }

    fn unwrap(&self, wrapped: &[u8], aad: &[u8]) -> Result<Zeroizing<Vec<u8>>, WrapError> {
        Ok(WrappingKey::unwrap(self, aad, wrapped)?)
    }
}

impl keys::SigningKey for SigningKey {
    fn public_key(&self) -> [u8; 32] {
        self.public()
    }

    fn sign(&self, text: &[u8]) -> Result<[u8; 64], SignError> {
        SigningKey::sign(self, text).map_err(|error| SignError(error.to_string()))
    }
}

impl Derivation for DerivationKey {
    fn tag(&self, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, WrapError> {
        Ok(DerivationKey::tag(self, bytes)?)
    }
}
