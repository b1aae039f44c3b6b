//! Secrets of endpoints, and signatures by Standard Webhooks: `v1,` and HMAC-SHA-256 in base64 over the message's id, its moment and its
//! body, with full stops between them.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Random bytes of a secret.
pub(crate) const BYTES: usize = 32;
/// The lengths in bytes that Standard Webhooks allows.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;
const PREFIX: &str = "whsec_";

/// Why a text is no secret. It never repeats the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SecretError {
    /// Another form.
    #[error("it is no secret of an endpoint: expected whsec_ and base64")]
    Form,
    /// Too short or too long.
    #[error("a secret has 24 to 64 bytes in base64")]
    Length,
}

/// The secret of an endpoint. Debug does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Zeroizing<Vec<u8>>);

impl WebhookSecret {
    /// From bytes.
    pub fn new(bytes: &[u8]) -> Result<WebhookSecret, SecretError> {
        if !LENGTHS.contains(&bytes.len()) {
            return Err(SecretError::Length);
        }
        Ok(WebhookSecret(Zeroizing::new(bytes.to_vec())))
    }

    /// Reads `whsec_…`; space around it does not matter.
    pub fn read(text: &str) -> Result<WebhookSecret, SecretError> {
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(SecretError::Form)?;
        let bytes = BASE64.decode(encoded.as_bytes()).map(Zeroizing::new).map_err(|_| SecretError::Form)?;
        WebhookSecret::new(&bytes)
    }

    /// The text that is shown once.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{PREFIX}{}", BASE64.encode(&self.0)))
    }

    /// The bytes, to be sealed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The HMAC over a message, not yet ended.
    pub(crate) fn mac(&self, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.chain_update(id).chain_update(".").chain_update(timestamp).chain_update(".").chain_update(body)
    }

    /// The HMAC over a body alone: a mistake that verification names.
    pub(crate) fn mac_alone(&self, body: &[u8]) -> Hmac<Sha256> {
        <Hmac<Sha256> as KeyInit>::new_from_slice(&self.0).expect("HMAC takes keys of any length").chain_update(body)
    }

    /// `v1,…` over a message.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> String {
        format!("v1,{}", BASE64.encode(&self.mac(id, timestamp, body).finalize().into_bytes()))
    }
}

impl std::fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("whsec_…")
    }
}

/// The value of `webhook-signature`: a signature for each secret, with a space between them.
#[must_use]
pub fn header(secrets: &[WebhookSecret], (id, timestamp): (&str, &str), body: &[u8]) -> String {
    secrets.iter().map(|secret| secret.sign(id, timestamp, body)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_is_signed_as_published() {
        // The example of the specification's libraries.
        let secret = WebhookSecret::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = br#"{"test": 2432232314}"#;
        let signed = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_is_read_as_it_is_shown_and_hides_in_debug() {
        let secret = WebhookSecret::new(&[7; BYTES]).unwrap();
        assert_eq!(WebhookSecret::read(&format!(" {}\n", *secret.expose())).unwrap(), secret);
        assert_eq!(format!("{secret:?}"), "whsec_…");
        assert_eq!(WebhookSecret::read("whsec_AAAA").unwrap_err(), SecretError::Length);
        for text in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!!"] {
            assert!(WebhookSecret::read(text).is_err(), "{text}");
        }
    }
}
