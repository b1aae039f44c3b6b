//! Message authentication codes and the derivation of their keys.
//!
//! The MAC covers the exact bytes from the message type up to the byte before the MAC field, with the MAC's bitmap bit
//! set; its value is the first eight bytes of the tag. Each direction of a connection has a key of its own. Session keys
//! are [derived](kdf) from a master key and never travel.

pub mod kdf;

use crate::iso8583::{Dialect, EncodeError, Message};
use crate::secret::Key;
use aes::cipher::KeyInit;
use aes::{Aes128, Aes192, Aes256};
use bytes::BytesMut;
use cmac::Cmac;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The function that makes the tag.
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
    /// The key's use.
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

/// True when the frame's last bytes are the MAC of all bytes before them, as DE128 or DE64 is written: so it is known who sent a
/// message that cannot be read.
pub fn ends_with_mac(dialect: &Dialect, frame: &[u8], verify: impl Fn(&[u8], &[u8]) -> bool) -> bool {
    [128, 64].into_iter().any(|field| {
        let width = dialect.mac_width(field);
        let Some((bytes, written)) = frame.len().checked_sub(width).map(|at| frame.split_at(at)) else { return false };
        let mut tag = [0; 8];
        match width {
            8 => tag.copy_from_slice(written),
            _ if hex::decode_to_slice(written, &mut tag).is_err() => return false,
            _ => {}
        }
        verify(bytes, &tag)
    })
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
        // The check value of a key is the beginning of the AES-CMAC of a zero block.
        let zero = key("00000000000000000000000000000000");
        assert_eq!(hex::encode(check_value(&zero)), "763cbcde81");
    }

    #[test]
    fn keys_of_a_wrong_length_are_refused_and_none_shows_itself() {
        let key = key("000102030405060708090a0b0c0d0e0f");
        let error = MacKey::new(MacAlgorithm::HmacSha256, &key).unwrap_err();
        assert_eq!(error.to_string(), "a key for HMAC-SHA-256 must be 32 bytes, got 16");
        for algorithm in [MacAlgorithm::AesCmac, MacAlgorithm::HmacSha256] {
            assert!(!format!("{:?}", kdf::MasterKey::new(algorithm, &key)).contains("00"));
        }
        assert!(!format!("{:?}", MacKey::new(MacAlgorithm::AesCmac, &key).unwrap()).contains("00"));
    }

    #[test]
    fn a_frame_that_ends_with_its_mac_is_recognised_whatever_else_it_holds() {
        let mac = MacKey::new(MacAlgorithm::AesCmac, &key("000102030405060708090a0b0c0d0e0f")).unwrap();
        for name in Dialect::SHIPPED {
            let dialect = Dialect::shipped(name).unwrap();
            let mut frame = b"0200 and nothing that can be read".to_vec();
            let tag = mac.tag(&frame);
            match dialect.mac_width(128) {
                8 => frame.extend_from_slice(&tag),
                _ => frame.extend_from_slice(hex::encode_upper(tag).as_bytes()),
            }
            assert!(ends_with_mac(&dialect, &frame, |bytes, tag| mac.verify(bytes, tag)), "{name}");
            for at in 0..frame.len() {
                let mut bad = frame.clone();
                bad[at] ^= 1;
                assert!(!ends_with_mac(&dialect, &bad, |bytes, tag| mac.verify(bytes, tag)), "{name}: byte {at}");
            }
            assert!(!ends_with_mac(&dialect, b"", |_, _| true));
        }
    }
}
