//! Whether a list is genuine: the certificates of the configured authorities, and the signature of one of them.

use super::der::{Der, OBJECT_IDENTIFIER, dotted};
use super::error::{CrlError, malformed};
use super::name::{name, raw_name};
use super::parse::Parts;
use kazasu_schemas::jst::Millis;
use x509_parser::asn1_rs::{BitString, FromDer};
use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;
use x509_parser::extensions::ParsedExtension;
use x509_parser::oid_registry::OID_X509_EXT_BASIC_CONSTRAINTS;
use x509_parser::pem::Pem;
use x509_parser::verify::verify_signature;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};
use x509_parser::{nom, parse_x509_certificate};

/// sha1WithRSAEncryption, 1.2.840.113549.1.1.5.
pub(super) const SHA1_WITH_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5];
/// Its obsolete name, 1.3.14.3.2.29.
const SHA1_WITH_RSA_OIW: &[u8] = &[0x2b, 0x0e, 3, 2, 29];

/// The DER of the certificates in a PEM file; other blocks are passed over.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, CrlError> {
    let mut found = Vec::new();
    for block in Pem::iter_from_buffer(pem) {
        let block = block.map_err(|e| CrlError::Authorities(format!("a PEM block cannot be read ({e})")))?;
        if block.label == "CERTIFICATE" {
            found.push(block.contents);
        }
    }
    if found.is_empty() {
        return Err(CrlError::Authorities("the file has none".into()));
    }
    Ok(found)
}

/// One certificate out of its DER.
pub(super) fn certificate(der: &[u8]) -> Result<X509Certificate<'_>, CrlError> {
    let unreadable = |problem: String| CrlError::Authorities(format!("a certificate cannot be read ({problem})"));
    match parse_x509_certificate(der) {
        Ok(([], certificate)) => Ok(certificate),
        Ok((rest, _)) => Err(unreadable(format!("{} bytes follow its end", rest.len()))),
        Err(e) => Err(unreadable(X509Error::from(e).to_string())),
    }
}

/// The list must bear the signature of an authority that may sign lists now.
pub(super) fn authenticate(list: &Parts<'_>, authorities: &[X509Certificate<'_>], now: Millis) -> Result<(), CrlError> {
    let mut refusal = None;
    // Several certificates may have the name: while the authority changes keys, or renews a certificate.
    for authority in authorities.iter().filter(|a| a.subject().as_raw() == list.issuer.whole) {
        match verify(list, authority.public_key()) {
            Ok(()) => match may_sign(authority, now) {
                Ok(()) => return Ok(()),
                Err(e) => refusal = Some(e),
            },
            Err(e) => refusal = refusal.or(Some(e)),
        }
    }
    Err(refusal.unwrap_or_else(|| {
        let configured: Vec<String> = authorities.iter().map(|a| format!("\"{}\"", name(a.subject()))).collect();
        CrlError::OtherAuthority { issuer: raw_name(list.issuer.whole), configured: configured.join(", ") }
    }))
}

fn verify(list: &Parts<'_>, key: &SubjectPublicKeyInfo<'_>) -> Result<(), CrlError> {
    const PART: &str = "signatureAlgorithm";
    let outside = Der(list.algorithm.content).take(OBJECT_IDENTIFIER, PART)?.content;
    if list.algorithm.whole != list.signed_algorithm.whole {
        let inside = Der(list.signed_algorithm.content).take(OBJECT_IDENTIFIER, "signature")?.content;
        return Err(CrlError::Algorithms { inside: dotted(inside), outside: dotted(outside) });
    }
    // An attacker who can choose a few bytes of a list can make two lists with one SHA-1 hash.
    if [SHA1_WITH_RSA, SHA1_WITH_RSA_OIW].contains(&outside) {
        return Err(CrlError::Algorithm(dotted(outside)));
    }
    let (_, algorithm) = AlgorithmIdentifier::from_der(list.algorithm.whole)
        .map_err(|e: nom::Err<X509Error>| malformed(PART, X509Error::from(e).to_string()))?;
    let Some((0, signature)) = list.signature.content.split_first() else {
        return Err(malformed("signatureValue", "a signature has whole octets"));
    };
    match verify_signature(key, &algorithm, &BitString::new(0, signature), list.tbs.whole) {
        Ok(()) => Ok(()),
        Err(X509Error::SignatureUnsupportedAlgorithm) => Err(CrlError::Algorithm(dotted(outside))),
        Err(_) => Err(CrlError::Signature(raw_name(list.issuer.whole))),
    }
}

/// RFC 5280 6.3.3 (f) and the validity of the certificate.
fn may_sign(authority: &X509Certificate<'_>, now: Millis) -> Result<(), CrlError> {
    let subject = || name(authority.subject());
    let broken = |e: X509Error| CrlError::Authorities(format!("the extensions of \"{}\" are no good ({e})", subject()));
    let constraints = authority.get_extension_unique(&OID_X509_EXT_BASIC_CONSTRAINTS).map_err(broken)?;
    match constraints.map(|extension| extension.parsed_extension()) {
        None => {}
        Some(ParsedExtension::BasicConstraints(constraints)) if constraints.ca => {}
        Some(_) => return Err(CrlError::NotAnAuthority(subject())),
    }
    if let Some(usage) = authority.key_usage().map_err(broken)?
        && !usage.value.crl_sign()
    {
        return Err(CrlError::NotForLists(subject()));
    }
    let validity = authority.validity();
    let (from, until) = (validity.not_before.timestamp(), validity.not_after.timestamp());
    // Both are whole seconds and the last one belongs to it (RFC 5280 4.1.2.5).
    if !(from..=until).contains(&now.0.div_euclid(1_000)) {
        return Err(CrlError::NotValid {
            authority: subject(),
            from: Millis(from.saturating_mul(1_000)).jst_text(),
            until: Millis(until.saturating_mul(1_000)).jst_text(),
            now: now.jst_text(),
        });
    }
    Ok(())
}
