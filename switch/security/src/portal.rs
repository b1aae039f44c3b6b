//! Signatures of portals' statements (Ed25519, RFC 8032).

use crate::keys::SigningKey;
use crate::signing::SeedKey;
use kazasu_ledger::signed::SignError;
use kazasu_schemas::portal::{Statement, header};
use ring::signature::{ED25519, UnparsedPublicKey};

/// Does this key's signature stand under this text?
#[must_use]
pub fn is_signed(public: &[u8; 32], text: &[u8], signature: &[u8; 64]) -> bool {
    UnparsedPublicKey::new(&ED25519, public).verify(text, signature).is_ok()
}

/// A statement, signed: the value of the header in which it comes.
pub fn signed(statement: &Statement, key: &SeedKey) -> Result<String, SignError> {
    let text = statement.text();
    Ok(header(text.as_bytes(), &key.sign(text.as_bytes())?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kazasu_schemas::secret::Key;

    /// RFC 8032, 7.1, test 2: the samples in other languages are checked against the same.
    #[test]
    fn a_published_signature_is_good_and_a_changed_one_is_not() {
        let seed = Key::from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb").unwrap();
        let key = SeedKey::new(&seed).unwrap();
        let public = key.public_key();
        assert_eq!(hex::encode(public), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
        let mut signature = key.sign(&[0x72]).unwrap();
        assert!(hex::encode(signature).starts_with("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"));
        assert!(is_signed(&public, &[0x72], &signature));
        assert!(!is_signed(&public, &[0x73], &signature));
        signature[63] ^= 1;
        assert!(!is_signed(&public, &[0x72], &signature));
        assert!(!is_signed(&[0; 32], &[0x72], &signature), "a key that is no point");
    }
}
