//! The nonces of a sign-on on the wire, and the keys that follow from them.

use crate::mac::MacAlgorithm;
use crate::mac::kdf::MasterKey;
use crate::secret::Key;
use crate::wire::{IssuerKeys, IssuerNonces, Nonce, Nonces, SessionKeys};
use proptest::prelude::*;

/// The master key's bytes go up from the first.
fn master(algorithm: MacAlgorithm, first: u8, len: u8) -> MasterKey {
    MasterKey::new(algorithm, &Key::new((first..first + len).collect()).unwrap())
}

fn nonces() -> Nonces {
    let from = |first: u8| Nonce::new(std::array::from_fn(|n| first + u8::try_from(n).unwrap()));
    Nonces { acquirer: from(0xa0), switch: from(0x50) }
}

/// Computed with the KBKDF of OpenSSL 3.0 and of Python's cryptography 48, which agree.
#[test]
fn session_keys_are_those_of_other_implementations() {
    use MacAlgorithm::{AesCmac, HmacSha256};
    for (algorithm, first, len, id, to, from) in [
        (
            HmacSha256,
            0,
            32,
            "270001",
            "1c8e7a8c67bf0322cfecb19b32156679ff4e30cecdabab52efb36c2130bf4c0f",
            "6362b78732a259ba2c7313a473620594a674e36d9263f2fd9912c7d5d38a9bc6",
        ),
        (
            HmacSha256,
            0,
            16,
            "270001",
            "bc56a745d34ad09b88920c527bbce442a72c2ec06803725ef545b18cf1478998",
            "c2a203be561c36f9cbe0e153cb497fb309351c67ec05e3286a932deac905110c",
        ),
        (AesCmac, 0x20, 32, "270002", "8de18d07d2a069bc4555337a4ec4c817", "d84e82660015928f097cea64cb5e2a46"),
        (AesCmac, 0x20, 24, "270002", "34f11e77d48690f0301e636ee9962370", "af05bcef580ca59fb48362fcda6cf23c"),
        (AesCmac, 0x20, 16, "270002", "aaaae02a97176fbeb25f48cca7e6b485", "756d11a0b05deac62f8493fcef86f3bc"),
    ] {
        let keys = SessionKeys::derive(&master(algorithm, first, len), id.parse().unwrap(), &nonces());
        assert_eq!(hex::encode(keys.to_switch.expose()), to, "{algorithm:?} {len}");
        assert_eq!(hex::encode(keys.from_switch.expose()), from, "{algorithm:?} {len}");
        assert_eq!(keys.to_switch.expose().len(), algorithm.session_key_len());
    }
}

fn issuer_nonces() -> IssuerNonces {
    let from = |first: u8| Nonce::new(std::array::from_fn(|n| first + u8::try_from(n).unwrap()));
    IssuerNonces { switch: from(0x50), issuer: from(0xb0) }
}

/// Computed with the KBKDF of OpenSSL 3.0, and for HMAC with Python's hmac, which agree.
#[test]
fn session_keys_towards_issuers_are_those_of_other_implementations() {
    use MacAlgorithm::{AesCmac, HmacSha256};
    for (algorithm, first, to, from) in [
        (
            HmacSha256,
            0,
            "fd5f8ff83bb3ac520cbf209fa8c203be8f07ed541353feb02434af07717ab14f",
            "f7f886ce777421767c3e7716d951f00e6d645b8ee9d29691b2956cfc5f08adfa",
        ),
        (AesCmac, 0x20, "561cae30c0a4d0ff9ff45307674d2cc5", "72f75242a90dc257378b7ef492c0a77f"),
    ] {
        let keys = IssuerKeys::derive(&master(algorithm, first, 32), "900001".parse().unwrap(), &issuer_nonces());
        assert_eq!(hex::encode(keys.to_issuer.expose()), to, "{algorithm:?}");
        assert_eq!(hex::encode(keys.from_issuer.expose()), from, "{algorithm:?}");
    }
}

#[test]
fn nonces_towards_issuers_have_their_published_layout_and_mistakes_are_named() {
    let question = issuer_nonces().switch.to_issuer();
    assert_eq!(question, b"NS032505152535455565758595A5B5C5D5E5F");
    assert_eq!(Nonce::from_switch(&question), Ok(issuer_nonces().switch));
    let answer = issuer_nonces().answer();
    assert_eq!(answer, [&question[..], b"NI032B0B1B2B3B4B5B6B7B8B9BABBBCBDBEBF"].concat());
    assert_eq!(IssuerNonces::from_answer(&answer), Ok(issuer_nonces()));
    let said = |private: &[u8]| IssuerNonces::from_answer(private).unwrap_err().to_string();
    assert_eq!(said(&question), "DE48: subelement NI, the issuer's nonce, is mandatory");
    assert_eq!(said(&nonces().acquirer.question()), "DE48: subelement NS, the switch's nonce, is mandatory");
}

#[test]
fn nonces_have_their_published_layout_and_mistakes_are_named() {
    let question = nonces().acquirer.question();
    assert_eq!(question, b"NA032A0A1A2A3A4A5A6A7A8A9AAABACADAEAF");
    assert_eq!(Nonce::from_question(&question), Ok(nonces().acquirer));
    let answer = nonces().answer();
    assert_eq!(answer, [&question[..], b"NS032505152535455565758595A5B5C5D5E5F"].concat());
    assert_eq!(Nonces::from_answer(&answer), Ok(nonces()));
    // Other subelements may stand beside them.
    assert_eq!(Nonce::from_question(&[b"PA0011", &question[..]].concat()), Ok(nonces().acquirer));
    let said = |private: &[u8]| Nonces::from_answer(private).unwrap_err().to_string();
    assert_eq!(said(b""), "DE48: subelement NA, the acquirer's nonce, is mandatory");
    assert_eq!(said(&question), "DE48: subelement NS, the switch's nonce, is mandatory");
    let mut lower = question.to_ascii_lowercase();
    lower[..2].copy_from_slice(b"NA");
    assert_eq!(said(&lower), "DE48: subelement NA must be 32 upper-case hexadecimal digits");
    assert_eq!(said(b"NA004A0A1"), "DE48: subelement NA must be 32 upper-case hexadecimal digits");
    assert_eq!(said(b"NA033x"), "DE48: subelements are written tag (2), length (3 digits), value");
}

proptest! {
    /// One difference makes all keys differ: of directions, acquirers, nonces (exchanged ones too) and master keys.
    #[test]
    fn no_two_sessions_have_a_key_in_common(
        a in any::<[u8; 16]>(), s in any::<[u8; 16]>(), other in any::<[u8; 16]>(), hmac in any::<bool>(),
    ) {
        prop_assume!(a != s && a != other && s != other);
        let algorithm = if hmac { MacAlgorithm::HmacSha256 } else { MacAlgorithm::AesCmac };
        let nonces = |a, s| Nonces { acquirer: Nonce::new(a), switch: Nonce::new(s) };
        let mut seen = std::collections::BTreeSet::new();
        let mut sessions = 0;
        for first in [0, 1] {
            let master = master(algorithm, first, 32);
            for id in ["270001", "270002", "0270001"] {
                for nonces in [nonces(a, s), nonces(s, a), nonces(a, other), nonces(other, s)] {
                    let keys = SessionKeys::derive(&master, id.parse().unwrap(), &nonces);
                    sessions += 1;
                    seen.insert(keys.to_switch.expose().to_vec());
                    seen.insert(keys.from_switch.expose().to_vec());
                    // Nor with an issuer's session of the same numbers.
                    let nonces = IssuerNonces { switch: nonces.acquirer, issuer: nonces.switch };
                    let keys = IssuerKeys::derive(&master, id.parse().unwrap(), &nonces);
                    sessions += 1;
                    seen.insert(keys.to_issuer.expose().to_vec());
                    seen.insert(keys.from_issuer.expose().to_vec());
                }
            }
        }
        prop_assert_eq!(seen.len(), 2 * sessions);
    }

    /// Any DE48 gives nonces or a problem; what was read is written the same.
    #[test]
    fn any_private_data_are_read_or_refused(private in prop::collection::vec(any::<u8>(), 0..90), tail in "[0-9A-F]{32}") {
        if let Ok(nonces) = Nonces::from_answer(&private) {
            prop_assert_eq!(Nonces::from_answer(&nonces.answer()), Ok(nonces));
        }
        let good = format!("NA032{tail}");
        let nonce = Nonce::from_question(good.as_bytes());
        prop_assert_eq!(nonce.map(Nonce::question), Ok(good.into_bytes()));
    }
}
