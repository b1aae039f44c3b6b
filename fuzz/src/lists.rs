//! Lists of revoked cards (CRL). Nothing behind a wrong signature is read, so an authority that only exists here signs what the fuzzer
//! wrote: otherwise no input would get past the signature.

use kazasu_schemas::jst::Millis;
use kazasu_security::crl::{self, List};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose, SigningKey};
use std::sync::OnceLock;

/// 2026-11-23T15:00:00Z.
const NOW: Millis = Millis(1_795_446_000_000);

/// ecdsa-with-SHA256.
const ALGORITHM: &[u8] = &[0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
/// The authority's name: CN=fuzz.
const NAME: &[u8] = &[0x30, 15, 0x31, 13, 0x30, 11, 6, 3, 0x55, 4, 3, 0x0c, 4, b'f', b'u', b'z', b'z'];

struct Authority {
    key: KeyPair,
    pem: Vec<u8>,
}

fn authority() -> &'static Authority {
    static AUTHORITY: OnceLock<Authority> = OnceLock::new();
    AUTHORITY.get_or_init(|| {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "fuzz");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem().into_bytes();
        Authority { key, pem }
    })
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let len = content.len();
    let mut out = vec![tag];
    match len {
        0..=0x7f => out.push(u8::try_from(len).expect("short")),
        _ => {
            out.push(0x84);
            out.extend_from_slice(&u32::try_from(len).expect("an input is shorter than 4 GiB").to_be_bytes());
        }
    }
    out.extend_from_slice(content);
    out
}

/// A list whose tbsCertList has this content, signed.
fn signed(content: &[u8]) -> Vec<u8> {
    let tbs = element(0x30, content);
    let mut signature = vec![0];
    signature.extend(authority().key.sign(&tbs).expect("it signs"));
    element(0x30, &[tbs.as_slice(), ALGORITHM, &element(3, &signature)].concat())
}

/// Byte 1 says what the rest is: 0 the whole file, 1 the content of tbsCertList, 2 what follows the issuer in it (times, entries,
/// extensions), otherwise the content of revokedCertificates and, behind `\n`, of the extensions.
///
/// # Panics
/// When a list that is read breaks a rule.
pub fn crl(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    let version_to_issuer = || [&[2, 1, 1][..], ALGORITHM, NAME].concat();
    let file = match kind % 4 {
        0 => rest.to_vec(),
        1 => signed(rest),
        2 => signed(&[version_to_issuer().as_slice(), rest].concat()),
        _ => {
            let (revoked, extensions) = match rest.iter().position(|b| *b == b'\n') {
                Some(at) => (&rest[..at], &rest[at + 1..]),
                None => (rest, &[][..]),
            };
            let number = [0x30, 10, 6, 3, 0x55, 0x1d, 20, 4, 3, 2, 1, 9];
            let extensions = element(0xa0, &element(0x30, &[&number[..], extensions].concat()));
            let times = [element(0x17, b"261123000000Z"), element(0x17, b"261124000000Z")].concat();
            signed(&[version_to_issuer(), times, element(0x30, revoked), extensions].concat())
        }
    };
    match crl::read(&file, &authority().pem, NOW) {
        Ok(list) => sound(&list),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    let _ = crl::authorities(rest);
}

fn sound(list: &List) {
    assert!(list.entries.windows(2).all(|pair| pair[0].0 < pair[1].0), "entries ascend, each serial once");
    assert!(list.entries.len() <= crl::MAX_ENTRIES);
    assert!(list.this_update.0 <= NOW.0 + crl::MAX_AHEAD_MS, "no list of the future");
    assert!(list.next_update.is_none_or(|next| next > list.this_update));
}
