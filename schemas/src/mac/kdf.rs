//! Keys from a master key: the key derivation function in counter mode of NIST SP 800-108r1, section 4.1.
//!
//! The pseudorandom function is the acquirer's MAC function: AES-CMAC or HMAC-SHA-256. A derived key is as long as that
//! function's output, so one block is the whole of it:
//!
//! `K = PRF(master, 00000001 || Label || 00 || Context || L)`, with the counter and L (the key's length in bits) as four
//! bytes, big-endian.

use super::MacAlgorithm;
use crate::secret::Key;
use aes::cipher::KeyInit;
use aes::{Aes128, Aes192, Aes256};
use cmac::Cmac;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// A key that derives others and does nothing else. Its schedule is computed once.
#[derive(Clone)]
pub struct MasterKey(Prf);

#[derive(Clone)]
enum Prf {
    Cmac128(Box<Cmac<Aes128>>),
    Cmac192(Box<Cmac<Aes192>>),
    Cmac256(Box<Cmac<Aes256>>),
    Hmac(Box<Hmac<Sha256>>),
}

impl MasterKey {
    /// Prepares `key` (16, 24 or 32 bytes) to derive keys for `algorithm`.
    #[must_use]
    pub fn new(algorithm: MacAlgorithm, key: &Key) -> Self {
        let bytes = key.expose();
        MasterKey(match (algorithm, bytes.len()) {
            (MacAlgorithm::HmacSha256, _) => {
                Prf::Hmac(Box::new(KeyInit::new_from_slice(bytes).expect("HMAC takes any length")))
            }
            (MacAlgorithm::AesCmac, 16) => Prf::Cmac128(Box::new(KeyInit::new_from_slice(bytes).expect("16 bytes"))),
            (MacAlgorithm::AesCmac, 24) => Prf::Cmac192(Box::new(KeyInit::new_from_slice(bytes).expect("24 bytes"))),
            (MacAlgorithm::AesCmac, _) => Prf::Cmac256(Box::new(KeyInit::new_from_slice(bytes).expect("32 bytes"))),
        })
    }

    /// A key of 16 bytes (AES-CMAC) or 32 bytes (HMAC-SHA-256). `label` says what it is for and holds no zero byte,
    /// `context` whose it is.
    #[must_use]
    pub fn derive(&self, label: &[u8], context: &[u8]) -> Key {
        debug_assert!(!label.contains(&0), "a zero byte ends the label");
        match &self.0 {
            Prf::Cmac128(prf) => block(prf.as_ref(), label, context),
            Prf::Cmac192(prf) => block(prf.as_ref(), label, context),
            Prf::Cmac256(prf) => block(prf.as_ref(), label, context),
            Prf::Hmac(prf) => block(prf.as_ref(), label, context),
        }
    }
}

fn block<M: Mac + Clone>(prf: &M, label: &[u8], context: &[u8]) -> Key {
    let bits = u32::try_from(M::output_size() * 8).expect("a tag is short");
    let mac = prf.clone().chain_update(1_u32.to_be_bytes()).chain_update(label).chain_update([0]);
    let out = mac.chain_update(context).chain_update(bits.to_be_bytes()).finalize().into_bytes();
    let out = Zeroizing::new(out.to_vec());
    Key::new(out.to_vec()).expect("a tag has 16 or 32 bytes")
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            Prf::Cmac128(_) => "MasterKey(AES-128-CMAC)",
            Prf::Cmac192(_) => "MasterKey(AES-192-CMAC)",
            Prf::Cmac256(_) => "MasterKey(AES-256-CMAC)",
            Prf::Hmac(_) => "MasterKey(HMAC-SHA-256)",
        })
    }
}
