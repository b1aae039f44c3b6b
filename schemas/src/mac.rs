//! Message authentication codes and the delivery of their keys.
//!
//! The MAC covers the exact bytes from the message type up to the byte before the MAC field, with the MAC's bitmap bit
//! set; its value is the first eight bytes of the tag. Each direction of a link has a key of its own. Session keys travel
//! wrapped with AES key wrap (RFC 3394) under a master key, with a key check value.

use crate::iso8583::{Dialect, EncodeError, Message};
use crate::secret::Key;
use aes::cipher::KeyInit;
use aes::{Aes128, Aes192, Aes256};
use bytes::BytesMut;
use cmac::Cmac;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Which function makes the tag.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MacAlgorithm {
    /// AES-CMAC, NIST SP 800-38B. Keys of 16 or 32 bytes.
    AesCmac,
    /// HMAC with SHA-256, RFC 2104. Keys of 32 bytes.
    HmacSha256,
}

impl MacAlgorithm {
    /// Bytes of a session key that this switch generates for the algorithm.
    #[must_use]
    pub fn session_key_len(self) -> usize {
        match self {
            MacAlgorithm::AesCmac => 16,
            MacAlgorithm::HmacSha256 => 32,
        }
    }
}

/// A key ready for use: its schedule is computed once, not once a message.
#[derive(Clone)]
pub struct MacKey(Prepared);

#[derive(Clone)]
enum Prepared {
    Cmac128(Box<Cmac<Aes128>>),
    Cmac256(Box<Cmac<Aes256>>),
    Hmac(Box<Hmac<Sha256>>),
}

/// A key whose length does not fit its use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key for {use_} must be {expected} bytes, got {got}")]
pub struct KeyLengthError {
    /// What the key is for.
    pub use_: &'static str,
    /// The length that is needed.
    pub expected: &'static str,
    /// The length that came.
    pub got: usize,
}

impl MacKey {
    /// Prepares `key` for `algorithm`.
    pub fn new(algorithm: MacAlgorithm, key: &Key) -> Result<Self, KeyLengthError> {
        let bytes = key.expose();
        let got = bytes.len();
        let prepared = match (algorithm, got) {
            (MacAlgorithm::AesCmac, 16) => {
                Prepared::Cmac128(Box::new(KeyInit::new_from_slice(bytes).expect("16 bytes")))
            }
            (MacAlgorithm::AesCmac, 32) => {
                Prepared::Cmac256(Box::new(KeyInit::new_from_slice(bytes).expect("32 bytes")))
            }
            (MacAlgorithm::HmacSha256, 32) => {
                Prepared::Hmac(Box::new(KeyInit::new_from_slice(bytes).expect("any length")))
            }
            (MacAlgorithm::AesCmac, _) => {
                return Err(KeyLengthError { use_: "AES-CMAC", expected: "16 or 32", got });
            }
            (MacAlgorithm::HmacSha256, _) => {
                return Err(KeyLengthError { use_: "HMAC-SHA-256", expected: "32", got });
            }
        };
        Ok(MacKey(prepared))
    }

    /// The tag's first eight bytes over `bytes`.
    #[must_use]
    pub fn tag(&self, bytes: &[u8]) -> [u8; 8] {
        fn first_eight(tag: &[u8]) -> [u8; 8] {
            tag[..8].try_into().expect("a tag has at least 16 bytes")
        }
        match &self.0 {
            Prepared::Cmac128(mac) => first_eight(&mac.as_ref().clone().chain_update(bytes).finalize().into_bytes()),
            Prepared::Cmac256(mac) => first_eight(&mac.as_ref().clone().chain_update(bytes).finalize().into_bytes()),
            Prepared::Hmac(mac) => first_eight(&mac.as_ref().clone().chain_update(bytes).finalize().into_bytes()),
        }
    }

    /// Compares in constant time.
    #[must_use]
    pub fn verify(&self, bytes: &[u8], tag: &[u8]) -> bool {
        tag.len() == 8 && bool::from(self.tag(bytes).ct_eq(tag))
    }
}

impl std::fmt::Debug for MacKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            Prepared::Cmac128(_) => "MacKey(AES-128-CMAC)",
            Prepared::Cmac256(_) => "MacKey(AES-256-CMAC)",
            Prepared::Hmac(_) => "MacKey(HMAC-SHA-256)",
        })
    }
}

/// The field that carries a message's MAC: DE128 when the message has a secondary bitmap without it, DE64 otherwise.
#[must_use]
pub fn mac_field(message: &Message) -> u8 {
    if message.forced_secondary || message.present() & u128::from(u64::MAX) & !1 != 0 { 128 } else { 64 }
}

/// Encodes `message` with its MAC under `key` and appends it, behind a frame header, to `out`.
pub fn encode_frame(
    dialect: &Dialect,
    message: &mut Message,
    key: Option<&MacKey>,
    out: &mut BytesMut,
) -> Result<(), EncodeError> {
    let begin = out.len();
    dialect.framing.begin(message.tpdu, out);
    let body = out.len();
    message.remove(64).remove(128);
    let field = mac_field(message);
    if key.is_some() {
        message.set(field, &[0; 8]);
    }
    if let Err(error) = dialect.encode(message, out) {
        out.truncate(begin);
        return Err(error);
    }
    if let Some(key) = key {
        let end = out.len() - dialect.mac_width(field);
        let tag = key.tag(&out[body..end]);
        dialect.patch_mac(field, tag, out);
    }
    let len = out.len() - body;
    if len > dialect.max_message {
        out.truncate(begin);
        return Err(EncodeError::Length {
            field: 0,
            expected: format!("a message of at most {} bytes", dialect.max_message),
            got: len,
        });
    }
    dialect.framing.finish(len, out, begin);
    Ok(())
}

/// Why a delivered key was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnwrapError {
    /// The wrapped key is damaged or was wrapped under another master key.
    #[error("the wrapped key does not open under the master key")]
    Integrity,
    /// The key opened but its check value is another one.
    #[error("the key check value does not match the key")]
    CheckValue,
    /// A key length that the algorithm does not use.
    #[error(transparent)]
    Length(#[from] KeyLengthError),
}

/// Wraps `key` under `master` (RFC 3394): eight bytes longer than the key.
#[must_use]
pub fn wrap(master: &Key, key: &Key) -> Vec<u8> {
    let mut out = vec![0; key.expose().len() + 8];
    let m = master.expose();
    let k = key.expose();
    let result = match m.len() {
        16 => aes_kw::KwAes128::new_from_slice(m).expect("16 bytes").wrap_key(k, &mut out).map(<[u8]>::len),
        24 => aes_kw::KwAes192::new_from_slice(m).expect("24 bytes").wrap_key(k, &mut out).map(<[u8]>::len),
        _ => aes_kw::KwAes256::new_from_slice(m).expect("32 bytes").wrap_key(k, &mut out).map(<[u8]>::len),
    };
    assert_eq!(result, Ok(out.len()), "a key of 16, 24 or 32 bytes can always be wrapped");
    out
}

/// Opens a key wrapped under `master` and checks it against its key check value (as many bytes as came, 1 to 5).
pub fn unwrap(master: &Key, wrapped: &[u8], check: &[u8]) -> Result<Key, UnwrapError> {
    if wrapped.len() < 24 || wrapped.len() > 40 || !wrapped.len().is_multiple_of(8) {
        return Err(UnwrapError::Integrity);
    }
    let mut out = zeroize::Zeroizing::new(vec![0; wrapped.len() - 8]);
    let m = master.expose();
    let opened = match m.len() {
        16 => aes_kw::KwAes128::new_from_slice(m).expect("16 bytes").unwrap_key(wrapped, &mut out).is_ok(),
        24 => aes_kw::KwAes192::new_from_slice(m).expect("24 bytes").unwrap_key(wrapped, &mut out).is_ok(),
        _ => aes_kw::KwAes256::new_from_slice(m).expect("32 bytes").unwrap_key(wrapped, &mut out).is_ok(),
    };
    if !opened {
        return Err(UnwrapError::Integrity);
    }
    let key = Key::new(out.to_vec()).map_err(|_| UnwrapError::Integrity)?;
    let matches = (1..=5).contains(&check.len()) && bool::from(check_value(&key)[..check.len()].ct_eq(check));
    if matches { Ok(key) } else { Err(UnwrapError::CheckValue) }
}

/// A key's check value: the first five bytes of the AES-CMAC of a zero block under it (ANSI X9.24-1). Three are shown.
#[must_use]
pub fn check_value(key: &Key) -> [u8; 5] {
    let zero = [0_u8; 16];
    let k = key.expose();
    let tag = match k.len() {
        16 => <Cmac<Aes128> as KeyInit>::new_from_slice(k).expect("16 bytes").chain_update(zero).finalize(),
        24 => {
            let tag = <Cmac<Aes192> as KeyInit>::new_from_slice(k).expect("24 bytes").chain_update(zero).finalize();
            return tag.into_bytes()[..5].try_into().expect("16 bytes");
        }
        _ => {
            let tag = <Cmac<Aes256> as KeyInit>::new_from_slice(k).expect("32 bytes").chain_update(zero).finalize();
            return tag.into_bytes()[..5].try_into().expect("16 bytes");
        }
    };
    tag.into_bytes()[..5].try_into().expect("16 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(hex: &str) -> Key {
        Key::from_hex(hex).unwrap()
    }

    #[test]
    fn published_vectors() {
        // NIST SP 800-38B, AES-128, empty message.
        let cmac = MacKey::new(MacAlgorithm::AesCmac, &key("2b7e151628aed2a6abf7158809cf4f3c")).unwrap();
        assert_eq!(hex::encode(cmac.tag(b"")), "bb1d6929e9593728");
        assert!(cmac.verify(b"", &hex::decode("bb1d6929e9593728").unwrap()));
        assert!(!cmac.verify(b"", &hex::decode("bb1d6929e9593729").unwrap()));
        assert!(!cmac.verify(b"", b""));
        // SP 800-38B, AES-256, 16 bytes.
        let cmac = MacKey::new(
            MacAlgorithm::AesCmac,
            &key("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"),
        )
        .unwrap();
        assert_eq!(
            hex::encode(cmac.tag(&hex::decode("6bc1bee22e409f96e93d7e117393172a").unwrap())),
            "28a7023f452e8f82"
        );
        // RFC 4231 case 1 uses a 20-byte key, which HMAC pads with zeros: the same key in 32 bytes.
        let hmac =
            MacKey::new(MacAlgorithm::HmacSha256, &key(&format!("{}{}", "0b".repeat(20), "00".repeat(12)))).unwrap();
        assert_eq!(hex::encode(hmac.tag(b"Hi There")), "b0344c61d8db3853");
        // RFC 3394 section 4.1.
        let kek = key("000102030405060708090a0b0c0d0e0f");
        let plain = key("00112233445566778899aabbccddeeff");
        let wrapped = wrap(&kek, &plain);
        assert_eq!(hex::encode(&wrapped), "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5");
        assert_eq!(unwrap(&kek, &wrapped, &check_value(&plain)[..3]).unwrap(), plain);
    }

    #[test]
    fn damaged_and_foreign_keys_are_refused() {
        let kek = key("000102030405060708090a0b0c0d0e0f");
        let plain = key("00112233445566778899aabbccddeeff");
        let wrapped = wrap(&kek, &plain);
        for i in 0..wrapped.len() {
            let mut bad = wrapped.clone();
            bad[i] ^= 1;
            assert_eq!(unwrap(&kek, &bad, &check_value(&plain)).unwrap_err(), UnwrapError::Integrity);
        }
        assert_eq!(unwrap(&plain, &wrapped, &check_value(&plain)).unwrap_err(), UnwrapError::Integrity);
        assert_eq!(unwrap(&kek, &wrapped, &[0, 0, 0]).unwrap_err(), UnwrapError::CheckValue);
        assert_eq!(unwrap(&kek, &wrapped, &[]).unwrap_err(), UnwrapError::CheckValue);
        assert_eq!(unwrap(&kek, &wrapped[..16], &[1]).unwrap_err(), UnwrapError::Integrity);
        assert!(MacKey::new(MacAlgorithm::HmacSha256, &kek).is_err());
        assert!(!format!("{:?}", MacKey::new(MacAlgorithm::AesCmac, &kek).unwrap()).contains("00"));
    }
}
