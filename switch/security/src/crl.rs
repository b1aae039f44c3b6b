//! Card status lists: X.509 certificate revocation lists (CRL, RFC 5280 section 5) of the authority that issues the user
//! certificates of the national ID card.
//!
//! A list is read completely or not at all. Its entries are looked at only after its signature has been found good.

mod name;

pub use name::IssuerName;

use kazasu_ledger::record::ListReason;
use kazasu_schemas::ids::Serial;
use kazasu_schemas::jst::Millis;
use std::borrow::Cow;
use x509_parser::asn1_rs::{BitString, FromDer, Oid};
use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;
use x509_parser::extensions::ParsedExtension;
use x509_parser::oid_registry::OID_X509_EXT_BASIC_CONSTRAINTS;
use x509_parser::pem::Pem;
use x509_parser::verify::verify_signature;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo, X509Name};
use x509_parser::{nom, parse_x509_certificate};

/// Largest list that is read; bytes.
pub const MAX_BYTES: usize = 64 << 20;
/// Most entries of a list.
pub const MAX_ENTRIES: usize = 2_000_000;
/// How far the authority's clock may be ahead of ours; milliseconds.
pub const MAX_AHEAD_MS: i64 = 5 * 60_000;

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const ENUMERATED: u8 = 0x0a;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// `[0] EXPLICIT`, which holds the list's extensions.
const EXTENSIONS: u8 = 0xa0;

// Object identifiers as DER has them: 2.5.29 is 55 1d.
const CRL_NUMBER: &[u8] = &[0x55, 0x1d, 20];
const REASON_CODE: &[u8] = &[0x55, 0x1d, 21];
const INVALIDITY_DATE: &[u8] = &[0x55, 0x1d, 24];
const DELTA_CRL_INDICATOR: &[u8] = &[0x55, 0x1d, 27];
const ISSUING_DISTRIBUTION_POINT: &[u8] = &[0x55, 0x1d, 28];
const CERTIFICATE_ISSUER: &[u8] = &[0x55, 0x1d, 29];
const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 35];
/// sha1WithRSAEncryption, 1.2.840.113549.1.1.5.
const SHA1_WITH_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5];
/// Its obsolete name, 1.3.14.3.2.29.
const SHA1_WITH_RSA_OIW: &[u8] = &[0x2b, 0x0e, 3, 2, 29];

/// A list whose signature is good.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct List {
    /// The authority's name. Every certificate on the list is of this issuer.
    pub issuer: IssuerName,
    /// Which of the authority's lists it is, when it gives several (distributionPoint, RFC 5280 5.2.5): each speaks only of the
    /// certificates that name it.
    pub place: Option<String>,
    /// The authority's number of the list (cRLNumber, RFC 5280 5.2.3); it grows from list to list.
    pub number: u64,
    /// When the authority issued it.
    pub this_update: Millis,
    /// When it means to have issued the next one. It may be past.
    pub next_update: Option<Millis>,
    /// The certificates on it, in ascending order of serial, each once.
    pub entries: Vec<(Serial, ListReason)>,
}

/// Why a list is refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CrlError {
    /// More than [`MAX_BYTES`].
    #[error("a list has at most 64 MiB, this one has {0} bytes: check that the file is the list itself")]
    TooLarge(usize),
    /// A PEM block that is none.
    #[error("the PEM text of the list cannot be read ({0}): fetch the list again")]
    Pem(String),
    /// Neither DER nor PEM of a list.
    #[error("expected an X.509 CRL, as DER or as one PEM block \"X509 CRL\", but the file {0}: give the list itself")]
    NotAList(String),
    /// Not DER, or not what RFC 5280 5.1 lays down.
    #[error("the list is damaged, cut off or no CRL of RFC 5280: {part}: {problem}. Fetch it again")]
    Malformed {
        /// Where, by the names of RFC 5280.
        part: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// Something after the end.
    #[error("the list must end where its DER ends, but {0} more bytes follow: fetch it again, one list a file")]
    Trailing(usize),
    /// The file of the authorities' certificates is no good.
    #[error("the authorities' certificates: {0}; expected PEM with one or more certificates, \"BEGIN CERTIFICATE\"")]
    Authorities(String),
    /// No configured authority has the list's issuer as its subject.
    #[error(
        "the list is signed by another authority: its issuer is \"{issuer}\", configured: {configured}. Give the list of a \
         configured authority, or configure this one's certificate"
    )]
    OtherAuthority {
        /// The list's issuer.
        issuer: String,
        /// The configured authorities.
        configured: String,
    },
    /// `signature` and `signatureAlgorithm` differ (RFC 5280 5.1.1.2).
    #[error(
        "the list names one signature algorithm inside ({inside}) and another one outside ({outside}): fetch it again"
    )]
    Algorithms {
        /// In the signed part.
        inside: String,
        /// Beside the signature.
        outside: String,
    },
    /// An algorithm that is not known, does not fit the key, or is too weak.
    #[error(
        "the list is signed with algorithm {0}; expected RSA (PKCS #1 or PSS), ECDSA (P-256 or P-384) or Ed25519 that fits \
         the authority's key, with SHA-256 or better: ask the authority for such a list"
    )]
    Algorithm(String),
    /// The signature does not verify.
    #[error(
        "the signature is not the one of \"{0}\" as configured: the list was altered, or the authority has a new key. Fetch \
         the list again; for a new key get the certificate from the authority and compare its fingerprint"
    )]
    Signature(String),
    /// Basic constraints (RFC 5280 4.2.1.9) say that the certificate is no authority's.
    #[error(
        "the certificate of \"{0}\" is not an authority's (basicConstraints): configure the authority's own certificate"
    )]
    NotAnAuthority(String),
    /// Key usage (RFC 5280 4.2.1.3) without cRLSign.
    #[error("the certificate of \"{0}\" may not sign lists (keyUsage without cRLSign): configure the one that may")]
    NotForLists(String),
    /// The authority's certificate is not valid now.
    #[error(
        "the certificate of \"{authority}\" is valid from {from} to {until}, now it is {now}: configure its new one"
    )]
    NotValid {
        /// Its subject.
        authority: String,
        /// Its first instant.
        from: String,
        /// Its last second.
        until: String,
        /// The present.
        now: String,
    },
    /// Only changes (deltaCRLIndicator, RFC 5280 5.2.4).
    #[error("this is a delta list, which has changes only: give the full list")]
    Delta,
    /// No cRLNumber.
    #[error("the list has no number (cRLNumber, RFC 5280 5.2.3): ask the authority for numbered lists")]
    NoNumber,
    /// A cRLNumber above the largest `u64`.
    #[error("the list's number {0} (hexadecimal) is above the largest one, ffffffffffffffff: it cannot be used")]
    NumberTooLarge(String),
    /// An unknown critical extension of the list (RFC 5280 5.2).
    #[error(
        "the list has the critical extension {0}, which is not known: without knowing it the list must not be used"
    )]
    CriticalExtension(String),
    /// An unknown critical extension of an entry (RFC 5280 5.3).
    #[error("entry {entry} has the critical extension {oid}, which is not known: without it the list must not be used")]
    CriticalEntryExtension {
        /// The entry, from 1.
        entry: usize,
        /// The extension.
        oid: String,
    },
    /// An entry of another issuer (certificateIssuer, RFC 5280 5.3.3).
    #[error("entry {0} is of another issuer (certificateIssuer): give each authority's own list")]
    OtherIssuer(usize),
    /// An issuing distribution point (RFC 5280 5.2.5) that leaves out user certificates or brings in another authority's.
    #[error(
        "the list has only a part or is another's ({0} in its issuingDistributionPoint): give the user certificates' list"
    )]
    Restricted(&'static str),
    /// From the future.
    #[error("the list was issued at {this_update}, now it is {now}: set the clock, or wait until the list is valid")]
    Future {
        /// Its thisUpdate.
        this_update: String,
        /// The present.
        now: String,
    },
    /// nextUpdate is not after thisUpdate.
    #[error(
        "the list names {next_update} as its next update, which must be after its own, {this_update}: fetch it again"
    )]
    NextUpdate {
        /// Its thisUpdate.
        this_update: String,
        /// Its nextUpdate.
        next_update: String,
    },
    /// A serial that no certificate may have (RFC 5280 4.1.2.2).
    #[error("entry {entry}: serial {problem}")]
    Serial {
        /// The entry, from 1.
        entry: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// More than [`MAX_ENTRIES`].
    #[error("the list has more than {0} entries: give the authority's list of one region instead of the whole one")]
    TooManyEntries(usize),
}

/// Reads a list, DER or PEM, that one of `authorities` (PEM) must have signed.
///
/// A list whose next update is past is read too: how old a list may be is for the policy to say.
///
/// # Errors
/// See [`CrlError`].
pub fn read(bytes: &[u8], authorities: &[u8], now: Millis) -> Result<List, CrlError> {
    if bytes.len() > MAX_BYTES {
        return Err(CrlError::TooLarge(bytes.len()));
    }
    let blocks = certificates(authorities)?;
    let authorities = blocks.iter().map(|der| certificate(der)).collect::<Result<Vec<_>, _>>()?;
    let der = binary(bytes)?;
    let parts = parts(&der)?;
    authenticate(&parts, &authorities, now)?;

    let this_update = instant(parts.this_update, "thisUpdate")?;
    if this_update.0 > now.0.saturating_add(MAX_AHEAD_MS) {
        return Err(CrlError::Future { this_update: this_update.jst_text(), now: now.jst_text() });
    }
    let next_update = parts.next_update.map(|element| instant(element, "nextUpdate")).transpose()?;
    if let Some(next_update) = next_update.filter(|next| *next <= this_update) {
        return Err(CrlError::NextUpdate { this_update: this_update.jst_text(), next_update: next_update.jst_text() });
    }
    let (number, place) = extensions(parts.extensions)?;
    let entries = entries(parts.revoked.map(|revoked| revoked.content).unwrap_or_default(), MAX_ENTRIES)?;
    let issuer = issuer_name(parts.issuer.whole)?;
    Ok(List { issuer, place, number, this_update, next_update, entries })
}

/// The names of the authorities in a PEM file, each once.
///
/// # Errors
/// See [`CrlError`].
pub fn authorities(pem: &[u8]) -> Result<Vec<IssuerName>, CrlError> {
    let blocks = certificates(pem)?;
    let mut names: Vec<IssuerName> = Vec::new();
    for der in &blocks {
        let certificate = certificate(der)?;
        let name = IssuerName::of(certificate.subject(), name(certificate.subject()));
        if !names.iter().any(|known| known.canonical() == name.canonical()) {
            names.push(name);
        }
    }
    Ok(names)
}

fn issuer_name(der: &[u8]) -> Result<IssuerName, CrlError> {
    match X509Name::from_der(der) {
        Ok((_, parsed)) => Ok(IssuerName::of(&parsed, name(&parsed))),
        Err(_) => Err(malformed("issuer", "the name cannot be read")),
    }
}

/// The DER of the list, out of its PEM block if it is in one.
fn binary(bytes: &[u8]) -> Result<Cow<'_, [u8]>, CrlError> {
    if bytes.first() == Some(&SEQUENCE) {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut lists = Vec::new();
    let mut other = None;
    for block in Pem::iter_from_buffer(bytes) {
        let block = block.map_err(|e| CrlError::Pem(e.to_string()))?;
        if block.label == "X509 CRL" {
            lists.push(block.contents);
        } else {
            other = Some(block.label);
        }
    }
    match (lists.pop(), other) {
        (Some(list), _) if lists.is_empty() => Ok(Cow::Owned(list)),
        (Some(_), _) => Err(CrlError::NotAList("has several such blocks".into())),
        (None, Some(label)) => Err(CrlError::NotAList(format!("has a block \"{}\"", shown(&label)))),
        (None, None) => Err(CrlError::NotAList("is neither".into())),
    }
}

/// The DER of the certificates in a PEM file; other blocks are passed over.
fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, CrlError> {
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

fn certificate(der: &[u8]) -> Result<X509Certificate<'_>, CrlError> {
    let unreadable = |problem: String| CrlError::Authorities(format!("a certificate cannot be read ({problem})"));
    match parse_x509_certificate(der) {
        Ok(([], certificate)) => Ok(certificate),
        Ok((rest, _)) => Err(unreadable(format!("{} bytes follow its end", rest.len()))),
        Err(e) => Err(unreadable(X509Error::from(e).to_string())),
    }
}

/// The list must bear the signature of an authority that may sign lists now.
fn authenticate(list: &Parts<'_>, authorities: &[X509Certificate<'_>], now: Millis) -> Result<(), CrlError> {
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
    // Whoever can choose a few bytes of a list can make two lists with one SHA-1 hash.
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

/// What a list is made of (CertificateList, RFC 5280 5.1), not yet looked into.
struct Parts<'a> {
    tbs: Element<'a>,
    algorithm: Element<'a>,
    signature: Element<'a>,
    signed_algorithm: Element<'a>,
    issuer: Element<'a>,
    this_update: Element<'a>,
    next_update: Option<Element<'a>>,
    revoked: Option<Element<'a>>,
    extensions: Option<Element<'a>>,
}

fn parts(der: &[u8]) -> Result<Parts<'_>, CrlError> {
    let mut file = Der(der);
    let list = file.take(SEQUENCE, "CertificateList")?;
    if !file.0.is_empty() {
        return Err(CrlError::Trailing(file.0.len()));
    }
    let mut list = Der(list.content);
    let tbs = list.take(SEQUENCE, "tbsCertList")?;
    let algorithm = list.take(SEQUENCE, "signatureAlgorithm")?;
    let signature = list.take(BIT_STRING, "signatureValue")?;
    list.end("CertificateList")?;

    let mut signed = Der(tbs.content);
    let version = signed.optional(&[INTEGER], "version")?;
    if version.is_none_or(|version| version.content != [1]) {
        return Err(malformed("version", "expected a list of version 2"));
    }
    let times = [UTC_TIME, GENERALIZED_TIME];
    let parts = Parts {
        tbs,
        algorithm,
        signature,
        signed_algorithm: signed.take(SEQUENCE, "signature")?,
        issuer: signed.take(SEQUENCE, "issuer")?,
        this_update: signed.any("thisUpdate")?,
        next_update: signed.optional(&times, "nextUpdate")?,
        revoked: signed.optional(&[SEQUENCE], "revokedCertificates")?,
        extensions: signed.optional(&[EXTENSIONS], "crlExtensions")?,
    };
    signed.end("tbsCertList")?;
    Ok(parts)
}

/// Checks the list's extensions (RFC 5280 5.2) and gives its number and its place.
fn extensions(element: Option<Element<'_>>) -> Result<(u64, Option<String>), CrlError> {
    const PART: &str = "crlExtensions";
    let mut number = None;
    let mut place = None;
    if let Some(element) = element {
        let mut tagged = Der(element.content);
        let mut all = Der(tagged.take(SEQUENCE, PART)?.content);
        tagged.end(PART)?;
        while !all.0.is_empty() {
            let extension = extension(&mut all, PART)?;
            match extension.oid {
                CRL_NUMBER if number.is_some() => return Err(malformed("cRLNumber", "it is there twice")),
                CRL_NUMBER => number = Some(list_number(extension.value)?),
                DELTA_CRL_INDICATOR => return Err(CrlError::Delta),
                ISSUING_DISTRIBUTION_POINT => place = distribution_point(extension.value)?,
                // It helps to find the key, which the name has found already.
                AUTHORITY_KEY_IDENTIFIER => {}
                oid if extension.critical => return Err(CrlError::CriticalExtension(dotted(oid))),
                _ => {}
            }
        }
    }
    number.map(|number| (number, place)).ok_or(CrlError::NoNumber)
}

/// CRLNumber ::= INTEGER (0..MAX)
fn list_number(value: &[u8]) -> Result<u64, CrlError> {
    const PART: &str = "cRLNumber";
    let mut value = Der(value);
    let octets = value.take(INTEGER, PART)?.content;
    value.end(PART)?;
    if octets.first().is_none_or(|first| first & 0x80 != 0) {
        return Err(malformed(PART, "a number is not below zero and has digits"));
    }
    let start = octets.iter().position(|octet| *octet != 0).unwrap_or(octets.len());
    let octets = &octets[start..];
    if octets.len() > 8 {
        // RFC 5280 lets it have 20 octets.
        return Err(CrlError::NumberTooLarge(hex::encode(&octets[..octets.len().min(20)])));
    }
    Ok(octets.iter().fold(0u64, |number, octet| (number << 8) | u64::from(*octet)))
}

/// IssuingDistributionPoint (RFC 5280 5.2.5): the list must be about all user certificates of its place, of its issuer only.
/// Gives the place: what can be read of its name, and a short digest that tells names apart which read alike.
fn distribution_point(value: &[u8]) -> Result<Option<String>, CrlError> {
    const PART: &str = "issuingDistributionPoint";
    let mut value = Der(value);
    let mut fields = Der(value.take(SEQUENCE, PART)?.content);
    value.end(PART)?;
    let mut place = None;
    while !fields.0.is_empty() {
        let field = fields.any(PART)?;
        if field.tag == 0xa0 {
            use sha2::Digest;
            let readable = field.content.iter().filter(|b| (0x21..=0x7e).contains(*b)).map(|b| char::from(*b));
            let readable: String = readable.take(200).collect();
            place = Some(format!("{readable} {}", hex::encode(&sha2::Sha256::digest(field.content)[..6])));
        }
        let restriction = match field.tag {
            // distributionPoint, onlyContainsUserCerts
            0xa0 | 0x81 => continue,
            0x82 => "onlyContainsCACerts",
            0x83 => "onlySomeReasons",
            0x84 => "indirectCRL",
            0x85 => "onlyContainsAttributeCerts",
            tag => return Err(malformed(PART, format!("unexpected tag {tag:02x}"))),
        };
        // All but onlySomeReasons are BOOLEAN.
        if field.tag == 0x83 || field.content != [0] {
            return Err(CrlError::Restricted(restriction));
        }
    }
    Ok(place)
}

/// The entries of revokedCertificates, sorted; of several for one certificate the strictest.
fn entries(revoked: &[u8], most: usize) -> Result<Vec<(Serial, ListReason)>, CrlError> {
    const PART: &str = "revokedCertificates";
    let mut rest = Der(revoked);
    let mut entries = Vec::new();
    let mut count = 0;
    while !rest.0.is_empty() {
        count += 1;
        if count > most {
            return Err(CrlError::TooManyEntries(most));
        }
        let mut entry = Der(rest.take(SEQUENCE, PART)?.content);
        // Some authorities forget the zero before a number that begins with a one bit; the octets are the same.
        let serial = Serial::from_bytes(entry.take(INTEGER, "userCertificate")?.content)
            .map_err(|e| CrlError::Serial { entry: count, problem: e.problem })?;
        if entry.optional(&[UTC_TIME, GENERALIZED_TIME], "revocationDate")?.is_none() {
            return Err(malformed("revocationDate", "expected a time"));
        }
        let extensions = entry.optional(&[SEQUENCE], "crlEntryExtensions")?;
        entry.end(PART)?;
        if let Some(reason) = reason(extensions, count)? {
            entries.push((serial, reason));
        }
    }
    entries.sort_unstable_by_key(|(serial, reason)| (*serial, *reason == ListReason::Hold));
    entries.dedup_by_key(|(serial, _)| *serial);
    Ok(entries)
}

/// From the extensions of entry number `entry` (RFC 5280 5.3); `None` when the certificate is not on the list.
fn reason(extensions: Option<Element<'_>>, entry: usize) -> Result<Option<ListReason>, CrlError> {
    const PART: &str = "crlEntryExtensions";
    let mut reason = Some(ListReason::Revoked);
    let Some(element) = extensions else { return Ok(reason) };
    let mut all = Der(element.content);
    while !all.0.is_empty() {
        let extension = extension(&mut all, PART)?;
        match extension.oid {
            REASON_CODE => {
                let mut value = Der(extension.value);
                let code = value.take(ENUMERATED, "reasonCode")?.content;
                value.end("reasonCode")?;
                reason = match code {
                    [6] => Some(ListReason::Hold),
                    // removeFromCRL belongs to delta lists: in a full one the certificate is as good as not there.
                    [8] => None,
                    _ => Some(ListReason::Revoked),
                };
            }
            INVALIDITY_DATE => {}
            // Only indirect lists have it. Passed over, it would revoke another authority's certificate.
            CERTIFICATE_ISSUER => return Err(CrlError::OtherIssuer(entry)),
            oid if extension.critical => {
                return Err(CrlError::CriticalEntryExtension { entry, oid: dotted(oid) });
            }
            _ => {}
        }
    }
    Ok(reason)
}

/// One extension (RFC 5280 4.1): its name, and what it says as DER.
struct Extension<'a> {
    oid: &'a [u8],
    critical: bool,
    value: &'a [u8],
}

fn extension<'a>(from: &mut Der<'a>, part: &'static str) -> Result<Extension<'a>, CrlError> {
    let mut fields = Der(from.take(SEQUENCE, part)?.content);
    let oid = fields.take(OBJECT_IDENTIFIER, part)?.content;
    let critical = fields.optional(&[BOOLEAN], part)?.is_some_and(|critical| critical.content != [0]);
    let value = fields.take(OCTET_STRING, part)?.content;
    fields.end(part)?;
    Ok(Extension { oid, critical, value })
}

/// UTCTime or GeneralizedTime in the only form that RFC 5280 (4.1.2.5) allows.
fn instant(element: Element<'_>, part: &'static str) -> Result<Millis, CrlError> {
    let wrong = || malformed(part, "expected a time YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ");
    let digits = element.content.strip_suffix(b"Z").filter(|d| d.iter().all(u8::is_ascii_digit)).ok_or_else(wrong)?;
    let digits = std::str::from_utf8(digits).map_err(|_| wrong())?;
    let digits = match (element.tag, digits.len()) {
        (UTC_TIME, 12) => format!("{}{digits}", if digits < "50" { "20" } else { "19" }),
        (GENERALIZED_TIME, 14) => digits.to_owned(),
        _ => return Err(wrong()),
    };
    let (date, time) = digits.split_at(8);
    let text = format!("{}-{}-{}T{}:{}:{}Z", &date[..4], &date[4..6], &date[6..], &time[..2], &time[2..4], &time[4..]);
    Millis::parse(&text).ok_or_else(wrong)
}

/// One element of DER.
#[derive(Clone, Copy)]
struct Element<'a> {
    /// Its identifier octet.
    tag: u8,
    /// What is in it.
    content: &'a [u8],
    /// All of its octets.
    whole: &'a [u8],
}

/// Takes one element after the other off DER (X.690, 8.1); nothing is copied.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The next element, whatever it is.
    fn any(&mut self, part: &'static str) -> Result<Element<'a>, CrlError> {
        let cut = || malformed(part, "it ends too early");
        let whole = self.0;
        let (&tag, rest) = whole.split_first().ok_or_else(cut)?;
        if tag & 0x1f == 0x1f {
            return Err(malformed(part, format!("unexpected tag {tag:02x}")));
        }
        let (&first, rest) = rest.split_first().ok_or_else(cut)?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f)).ok_or_else(cut)?;
                (octets.iter().fold(0usize, |length, octet| (length << 8) | usize::from(*octet)), rest)
            }
            _ => return Err(malformed(part, format!("unexpected length octet {first:02x}"))),
        };
        let (content, rest) = rest.split_at_checked(length).ok_or_else(cut)?;
        self.0 = rest;
        Ok(Element { tag, content, whole: &whole[..whole.len() - rest.len()] })
    }

    /// The next element, which must have this tag.
    fn take(&mut self, tag: u8, part: &'static str) -> Result<Element<'a>, CrlError> {
        let element = self.any(part)?;
        if element.tag != tag {
            return Err(malformed(part, format!("expected tag {tag:02x}, came {:02x}", element.tag)));
        }
        Ok(element)
    }

    /// The next element if it has one of these tags.
    fn optional(&mut self, tags: &[u8], part: &'static str) -> Result<Option<Element<'a>>, CrlError> {
        match self.0.first() {
            Some(tag) if tags.contains(tag) => self.any(part).map(Some),
            _ => Ok(None),
        }
    }

    /// Nothing may be left.
    fn end(&self, part: &'static str) -> Result<(), CrlError> {
        match self.0.first() {
            None => Ok(()),
            Some(tag) => Err(malformed(part, format!("unexpected tag {tag:02x}"))),
        }
    }
}

fn malformed(part: &'static str, problem: impl Into<String>) -> CrlError {
    CrlError::Malformed { part, problem: problem.into() }
}

/// A name as text, for people; what does not belong into a line of a log is left out.
fn name(name: &X509Name<'_>) -> String {
    shown(&name.to_string())
}

fn raw_name(der: &[u8]) -> String {
    // Until the signature is found good, the name may be anything.
    if der.len() > 4_096 {
        return format!("a name of {} bytes", der.len());
    }
    match X509Name::from_der(der) {
        Ok((_, parsed)) => name(&parsed),
        Err(_) => "an unreadable name".into(),
    }
}

fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).take(200).collect()
}

/// `2.5.29.20`
fn dotted(oid: &[u8]) -> String {
    if oid.len() > 64 {
        return format!("an identifier of {} bytes", oid.len());
    }
    Oid::new(Cow::Borrowed(oid)).to_id_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{
        BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint,
        CrlIssuingDistributionPoint, CrlScope, DnType, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
        RevocationReason, RevokedCertParams, SerialNumber, SigningKey,
    };
    use time::OffsetDateTime;

    /// 2026-11-23T15:00:00Z
    const NOW: Millis = Millis(1_795_446_000_000);
    const HOUR: i64 = 3_600_000;
    const DAY: i64 = 24 * HOUR;

    // openssl ca: RSA with SHA-256, a name in Japanese, a critical issuing distribution point for user certificates,
    // reasons keyCompromise, certificateHold, none and removeFromCRL.
    const RSA_AUTHORITY: &str = "-----BEGIN CERTIFICATE-----
MIIDJzCCAg+gAwIBAgIBATANBgkqhkiG9w0BAQsFADA1MQswCQYDVQQGEwJKUDEN
MAsGA1UECgwEVGVzdDEXMBUGA1UEAwwOVXNlciBDQSDoqabpqJMwHhcNMjUwMTAx
MDAwMDAwWhcNNDUwMTAxMDAwMDAwWjA1MQswCQYDVQQGEwJKUDENMAsGA1UECgwE
VGVzdDEXMBUGA1UEAwwOVXNlciBDQSDoqabpqJMwggEiMA0GCSqGSIb3DQEBAQUA
A4IBDwAwggEKAoIBAQCgBFhI1b0AsqC4rDTodDnggNiVpez59XwjGBPfbtLxPeo0
vo/Ox6du/uYeb3QZfzWDwvOUUnCkDugB+MlL94E48f2PXMaI5csaufGz1dNZm9lo
cOOhO+YQxJldbithbvfONv7pm0m9YmzBbby0S1Os2cdthRf+voSTuzePWTVEyiDJ
Lfp3GjN0utD5kGYn0Hzl/FKyNW9u2gBV4BVHEAIepS/mEghK4Yul0c7rdJx+6PYl
15iiEsf19UvLbMaDRwX1oXjorT/EiZkUu2HJT3OrjfNLCQOXJErA4hfP0OYhjqdi
XNK8IVJOqT9NhDHUYTZp8S5BaXZvRk+5opUbGR9fAgMBAAGjQjBAMA8GA1UdEwEB
/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBTQ2zUn89cKkY6EHVlO
PdEgUeAbFjANBgkqhkiG9w0BAQsFAAOCAQEAgVW4JtSWnXRTENwLdn5jlWO8zu1x
Q72umaUI+LMWUFRoERcfp/wUz6zJyBz/xMqe0nFK9w0J2H5/uJbK3sClCmqnSY4l
7kkrNQpvyvk1yV7v5GVOUBr98vooxB5CbcI94ZuE4tUmmEsYuJn8P1xwCjFm+0Kr
RSkWh9XPCoNH7NKy8GmUsq1+fY9rrmxj54I3V48+OoC6DATLKm6wTXEA6az1g79+
5rVtNTh0FicBeSNuqhsXtnmpXoTcftaz1PBY0avLqV8Tr97Hs3Fw3c/mleiEcglW
nAI8uAQne06loVbp7pMh/gR1CX+zCl8n9lgALvm3fUSB+Dp/wufYN4fTyA==
-----END CERTIFICATE-----
";
    const RSA_LIST: &str = "-----BEGIN X509 CRL-----
MIICdDCCAVwCAQEwDQYJKoZIhvcNAQELBQAwNTELMAkGA1UEBhMCSlAxDTALBgNV
BAoMBFRlc3QxFzAVBgNVBAMMDlVzZXIgQ0Eg6Kmm6aiTFw0yNjExMjMwMDAwMDBa
Fw0yNjExMjQwMDAwMDBaMIGRMCECAgECFw0yNjEwMDIwMDAwMDBaMAwwCgYDVR0V
BAMKAQYwEwICAQMXDTI2MTAwMzAwMDAwMFowIQICAQQXDTI2MTAwMzAwMDAwMFow
DDAKBgNVHRUEAwoBCDA0AhUA/+7dzLuqmYh3ZlVEMyIRAPDg0MAXDTI2MTAwMTAw
MDAwMFowDDAKBgNVHRUEAwoBAaBfMF0wHwYDVR0jBBgwFoAU0Ns1J/PXCpGOhB1Z
Tj3RIFHgGxYwLQYDVR0cAQH/BCMwIaAcoBqGGGh0dHA6Ly9jcmwuZXhhbXBsZS8x
LmNybIEB/zALBgNVHRQEBAICEjQwDQYJKoZIhvcNAQELBQADggEBAASy7C0BMxED
6rKZoh0zVMz6F9e+LUs/aRd7f8hSjTqlpnn7K9kRL02lhARi26bEd07KIRlQddAS
f7JnGkokfDiO/38QEUjMicPf6kBPffypqW3DG7jeJZoOUkwkjYl9XZXFGfMwGHzK
xfhi1bNjorcCpkCkxBuj2ao4XwCd63nCn+I0HsihdUfUACTXhrheZ2XObcrs00Nt
aZ8dSngaLy9fCCGN++ocv+ByUkK1JnO7/v6a03wkEiOT7FP/L6GjA3iyUoB0IaYG
d4kWHr9P6Q10oMzK5Sh5la/XaQ2ffErWty0GKmw0ze/7wOazOaYl/xwW+1XoEKjA
aJnflCokxmg=
-----END X509 CRL-----
";

    struct Authority {
        params: CertificateParams,
        key: KeyPair,
    }

    fn authority(name: &str) -> Authority {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Authority { params, key: KeyPair::generate().unwrap() }
    }

    impl Authority {
        fn pem(&self) -> Vec<u8> {
            self.pem_with(|_| {})
        }

        fn pem_with(&self, change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
            let mut params = self.params.clone();
            change(&mut params);
            params.self_signed(&self.key).unwrap().pem().into_bytes()
        }

        fn list(&self, change: impl FnOnce(&mut CertificateRevocationListParams)) -> rcgen::CertificateRevocationList {
            let mut params = CertificateRevocationListParams {
                this_update: at(NOW.0 - HOUR),
                next_update: at(NOW.0 + DAY),
                crl_number: SerialNumber::from(7),
                issuing_distribution_point: None,
                revoked_certs: vec![
                    revoked(&[0xab, 0xcd], Some(RevocationReason::KeyCompromise)),
                    revoked(&[0x12], Some(RevocationReason::CertificateHold)),
                ],
                key_identifier_method: KeyIdMethod::Sha256,
            };
            change(&mut params);
            params.signed_by(&Issuer::from_params(&self.params, &self.key)).unwrap()
        }

        fn der(&self, change: impl FnOnce(&mut CertificateRevocationListParams)) -> Vec<u8> {
            self.list(change).der().to_vec()
        }

        /// The good list with the fields of its tbsCertList changed (version, signature, issuer, thisUpdate, nextUpdate,
        /// revokedCertificates, crlExtensions), signed again.
        fn rewritten(&self, change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<u8> {
            let list = self.der(|_| {});
            let mut outer = Der(Der(&list).take(SEQUENCE, "").unwrap().content);
            let mut signed = Der(outer.take(SEQUENCE, "").unwrap().content);
            let algorithm = outer.take(SEQUENCE, "").unwrap().whole;
            let mut fields = Vec::new();
            while !signed.0.is_empty() {
                fields.push(signed.any("").unwrap().whole.to_vec());
            }
            assert_eq!(fields.len(), 7);
            change(&mut fields);
            let tbs = tlv(SEQUENCE, &fields.concat());
            let mut signature = vec![0];
            signature.extend(self.key.sign(&tbs).unwrap());
            tlv(SEQUENCE, &[tbs, algorithm.to_vec(), tlv(BIT_STRING, &signature)].concat())
        }

        fn with_extensions(&self, extensions: &[Vec<u8>]) -> Vec<u8> {
            self.rewritten(|fields| fields[6] = tlv(EXTENSIONS, &tlv(SEQUENCE, &extensions.concat())))
        }
    }

    fn at(millis: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(millis / 1_000).unwrap()
    }

    fn revoked(serial: &[u8], reason_code: Option<RevocationReason>) -> RevokedCertParams {
        RevokedCertParams {
            serial_number: SerialNumber::from_slice(serial),
            revocation_time: at(NOW.0 - DAY),
            reason_code,
            invalidity_date: Some(at(NOW.0 - DAY)),
        }
    }

    fn serial(octets: &[u8]) -> Serial {
        Serial::from_bytes(octets).unwrap()
    }

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut out = vec![tag];
        match u8::try_from(content.len()) {
            Ok(short @ 0..=0x7f) => out.push(short),
            _ => {
                out.push(0x84);
                out.extend(u32::try_from(content.len()).unwrap().to_be_bytes());
            }
        }
        out.extend(content);
        out
    }

    fn extension_der(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
        let critical = if critical { tlv(BOOLEAN, &[0xff]) } else { Vec::new() };
        tlv(SEQUENCE, &[tlv(OBJECT_IDENTIFIER, oid), critical, tlv(OCTET_STRING, value)].concat())
    }

    fn number_der(octets: &[u8]) -> Vec<u8> {
        extension_der(CRL_NUMBER, false, &tlv(INTEGER, octets))
    }

    fn entry_der(serial: &[u8], extensions: &[Vec<u8>]) -> Vec<u8> {
        let extensions = if extensions.is_empty() { Vec::new() } else { tlv(SEQUENCE, &extensions.concat()) };
        tlv(SEQUENCE, &[tlv(INTEGER, serial), tlv(UTC_TIME, b"261001000000Z"), extensions].concat())
    }

    fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
        assert_eq!(from.len(), to.len());
        let mut out = bytes.to_vec();
        for start in 0..=out.len() - from.len() {
            if out[start..].starts_with(from) {
                out[start..start + to.len()].copy_from_slice(to);
            }
        }
        assert_ne!(out, bytes);
        out
    }

    /// The authority of this name.
    #[track_caller]
    fn called(text: &str, authorities: &[u8]) -> IssuerName {
        super::authorities(authorities).unwrap().into_iter().find(|name| name.is_called(text)).unwrap()
    }

    #[track_caller]
    fn refused(bytes: &[u8], authorities: &[u8]) -> CrlError {
        read(bytes, authorities, NOW).unwrap_err()
    }

    #[test]
    fn a_good_list_is_read_from_der_and_from_pem() {
        let ca = authority("User CA");
        let list = ca.list(|_| {});
        let expected = List {
            place: None,
            issuer: called("CN=User CA", &ca.pem()),
            number: 7,
            this_update: Millis(NOW.0 - HOUR),
            next_update: Some(Millis(NOW.0 + DAY)),
            entries: vec![(serial(&[0x12]), ListReason::Hold), (serial(&[0xab, 0xcd]), ListReason::Revoked)],
        };
        assert_eq!(read(list.der(), &ca.pem(), NOW).as_ref(), Ok(&expected));
        let pem = list.pem().unwrap();
        assert_eq!(read(pem.as_bytes(), &ca.pem(), NOW).as_ref(), Ok(&expected));
        let explained = format!("Certificate Revocation List (CRL):\n{}", pem.replace('\n', "\r\n"));
        assert_eq!(read(explained.as_bytes(), &ca.pem(), NOW).as_ref(), Ok(&expected));
    }

    #[test]
    fn a_list_of_another_program_is_read() {
        assert_eq!(
            read(RSA_LIST.as_bytes(), RSA_AUTHORITY.as_bytes(), NOW),
            Ok(List {
                place: Some("http://crl.example/1.crl 100e8b4623f4".into()),
                issuer: called("CN=User CA 試験, O=Test, C=JP", RSA_AUTHORITY.as_bytes()),
                number: 0x1234,
                this_update: Millis(1_795_392_000_000),
                next_update: Some(Millis(1_795_478_400_000)),
                entries: vec![
                    (serial(&[1, 2]), ListReason::Hold),
                    (serial(&[1, 3]), ListReason::Revoked),
                    ("FFEEDDCCBBAA99887766554433221100F0E0D0C0".parse().unwrap(), ListReason::Revoked),
                ],
            })
        );
    }

    #[test]
    fn an_empty_list_and_an_overdue_one_are_read() {
        let ca = authority("User CA");
        let empty = ca.der(|list| list.revoked_certs.clear());
        assert!(read(&empty, &ca.pem(), NOW).unwrap().entries.is_empty());
        assert!(read(&empty, &ca.pem(), Millis(NOW.0 + 30 * DAY)).is_ok());
    }

    #[test]
    fn a_serial_that_is_there_twice_has_the_strictest_reason() {
        let ca = authority("User CA");
        let (hold, revoke) = (Some(RevocationReason::CertificateHold), Some(RevocationReason::Superseded));
        let list = ca.der(|list| {
            list.revoked_certs = [(1, hold), (2, revoke), (3, hold), (1, revoke), (2, hold), (3, hold), (4, None)]
                .map(|(serial, reason)| revoked(&[serial], reason))
                .into();
        });
        assert_eq!(
            read(&list, &ca.pem(), NOW).unwrap().entries,
            [
                (serial(&[1]), ListReason::Revoked),
                (serial(&[2]), ListReason::Revoked),
                (serial(&[3]), ListReason::Hold),
                (serial(&[4]), ListReason::Revoked),
            ]
        );
    }

    #[test]
    fn reasons_of_delta_lists_take_no_part() {
        let ca = authority("User CA");
        let list = ca.der(|list| list.revoked_certs.push(revoked(&[0x77], Some(RevocationReason::RemoveFromCrl))));
        assert_eq!(read(&list, &ca.pem(), NOW).unwrap().entries.len(), 2);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let ca = authority("User CA");
        let list = ca.der(|_| {});
        let pem = ca.list(|_| {}).pem().unwrap();
        for garbage in [&b""[..], b"hello", &[0xff; 100], b"\n"] {
            assert_eq!(refused(garbage, &ca.pem()), CrlError::NotAList("is neither".into()));
        }
        assert!(matches!(refused(&[SEQUENCE], &ca.pem()), CrlError::Malformed { part: "CertificateList", .. }));
        assert!(matches!(refused(&[SEQUENCE, 0x80, 0, 0], &ca.pem()), CrlError::Malformed { .. }));
        assert_eq!(refused(&ca.pem(), &ca.pem()), CrlError::NotAList("has a block \"CERTIFICATE\"".into()));
        let twice = [pem.as_bytes(), pem.as_bytes()].concat();
        assert_eq!(refused(&twice, &ca.pem()), CrlError::NotAList("has several such blocks".into()));
        let broken = pem.replacen("-----\n", "-----\n*", 1);
        assert_ne!(broken, pem);
        assert!(matches!(refused(broken.as_bytes(), &ca.pem()), CrlError::Pem(_)));
        assert!(matches!(refused(&pem.as_bytes()[..pem.len() / 2], &ca.pem()), CrlError::Pem(_)));
        let certificate = certificates(&ca.pem()).unwrap().remove(0);
        assert!(matches!(refused(&certificate, &ca.pem()), CrlError::Malformed { part: "version", .. }));
        assert_eq!(refused(&[&list[..], b"\n"].concat(), &ca.pem()), CrlError::Trailing(1));
        assert_eq!(refused(&vec![0; MAX_BYTES + 1], &ca.pem()), CrlError::TooLarge(MAX_BYTES + 1));
    }

    #[test]
    fn no_octet_may_be_missing_or_damaged() {
        let ca = authority("User CA");
        let (list, pem) = (ca.der(|_| {}), ca.pem());
        for end in 0..list.len() {
            assert!(read(&list[..end], &pem, NOW).is_err(), "cut at {end}");
        }
        for at in 0..list.len() {
            let mut damaged = list.clone();
            damaged[at] ^= 1;
            assert!(read(&damaged, &pem, NOW).is_err(), "damaged at {at}");
        }
        let serial = replaced(&list, &[0xab, 0xcd], &[0xab, 0xcc]);
        assert_eq!(refused(&serial, &pem), CrlError::Signature("CN=User CA".into()));
    }

    #[test]
    fn only_a_configured_authority_may_have_signed() {
        let (ca, impostor, other) = (authority("User CA"), authority("User CA"), authority("Other CA"));
        let list = ca.der(|_| {});
        assert_eq!(refused(&list, &impostor.pem()), CrlError::Signature("CN=User CA".into()));
        let error = refused(&list, &other.pem());
        assert_eq!(
            error,
            CrlError::OtherAuthority { issuer: "CN=User CA".into(), configured: "\"CN=Other CA\"".into() }
        );
        assert!(error.to_string().contains("its issuer is \"CN=User CA\", configured: \"CN=Other CA\""));
        // While it changes keys, an authority has two certificates.
        let all = [other.pem(), impostor.pem(), ca.pem()].concat();
        assert!(read(&list, &all, NOW).is_ok());
    }

    #[test]
    fn the_authority_must_be_one_that_may_sign_lists_now() {
        let ca = authority("User CA");
        let list = ca.der(|_| {});
        let name = || "CN=User CA".to_owned();
        let other_usage = ca.pem_with(|params| params.key_usages = vec![KeyUsagePurpose::KeyCertSign]);
        assert_eq!(refused(&list, &other_usage), CrlError::NotForLists(name()));
        assert!(read(&list, &ca.pem_with(|params| params.key_usages.clear()), NOW).is_ok());
        let resident = ca.pem_with(|params| params.is_ca = IsCa::ExplicitNoCa);
        assert_eq!(refused(&list, &resident), CrlError::NotAnAuthority(name()));
        assert!(read(&list, &ca.pem_with(|params| params.is_ca = IsCa::NoCa), NOW).is_ok());
        let over = ca.pem_with(|params| params.not_after = at(NOW.0 - 1_000));
        assert!(matches!(refused(&list, &over), CrlError::NotValid { .. }));
        let later = ca.pem_with(|params| params.not_before = at(NOW.0 + 1_000));
        assert!(matches!(refused(&list, &later), CrlError::NotValid { .. }));
        assert!(read(&list, &ca.pem_with(|params| params.not_after = at(NOW.0)), NOW).is_ok());
        assert!(read(&list, &[over, ca.pem()].concat(), NOW).is_ok(), "a renewed certificate");
    }

    #[test]
    fn unusable_files_of_authorities_are_refused() {
        let ca = authority("User CA");
        let list = ca.list(|_| {});
        let pem = String::from_utf8(ca.pem()).unwrap();
        let broken = pem.replacen("MII", "MIJ", 1);
        assert_ne!(broken, pem);
        for bad in ["", "hello", &list.pem().unwrap(), &pem[..pem.len() / 2], &broken] {
            assert!(matches!(refused(list.der(), bad.as_bytes()), CrlError::Authorities(_)), "{bad}");
        }
    }

    #[test]
    fn algorithms_must_agree_and_be_good_enough() {
        const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
        const ECDSA_SHA384: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3];
        const ECDSA_SHA512: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4];
        const RSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
        let ca = authority("User CA");
        let inside = ca.rewritten(|fields| fields[1] = replaced(&fields[1], ECDSA_SHA256, ECDSA_SHA384));
        assert_eq!(
            refused(&inside, &ca.pem()),
            CrlError::Algorithms { inside: "1.2.840.10045.4.3.3".into(), outside: "1.2.840.10045.4.3.2".into() }
        );
        let unknown = replaced(&ca.der(|_| {}), ECDSA_SHA256, ECDSA_SHA512);
        assert_eq!(refused(&unknown, &ca.pem()), CrlError::Algorithm("1.2.840.10045.4.3.4".into()));
        let weak = replaced(&binary(RSA_LIST.as_bytes()).unwrap(), RSA_SHA256, SHA1_WITH_RSA);
        assert_eq!(refused(&weak, RSA_AUTHORITY.as_bytes()), CrlError::Algorithm("1.2.840.113549.1.1.5".into()));
    }

    #[test]
    fn times_must_be_possible() {
        let ca = authority("User CA");
        let ahead = |millis: i64| ca.der(|list| list.this_update = at(NOW.0 + millis));
        assert!(read(&ahead(MAX_AHEAD_MS), &ca.pem(), NOW).is_ok());
        assert!(matches!(refused(&ahead(MAX_AHEAD_MS + 1_000), &ca.pem()), CrlError::Future { .. }));
        let same = ca.rewritten(|fields| fields[4] = fields[3].clone());
        assert!(matches!(refused(&same, &ca.pem()), CrlError::NextUpdate { .. }));
        let never = ca.rewritten(|fields| drop(fields.remove(4)));
        assert_eq!(read(&never, &ca.pem(), NOW).unwrap().next_update, None);
        let late = ca.rewritten(|fields| fields[4] = tlv(GENERALIZED_TIME, b"20500101000000Z"));
        assert_eq!(read(&late, &ca.pem(), NOW).unwrap().next_update, Millis::parse("2050-01-01T00:00:00Z"));
        let cases: [(u8, &[u8], Option<Millis>); 12] = [
            (UTC_TIME, b"261123150000Z", Some(NOW)),
            (GENERALIZED_TIME, b"20261123150000Z", Some(NOW)),
            (UTC_TIME, b"500101000000Z", Millis::parse("1950-01-01T00:00:00Z")),
            (UTC_TIME, b"2611231500Z", None),
            (UTC_TIME, b"261123150000+0900", None),
            (UTC_TIME, b"20261123150000Z", None),
            (UTC_TIME, b"261323150000Z", None),
            (UTC_TIME, "２６11Z".as_bytes(), None),
            (GENERALIZED_TIME, b"20261123150000.5Z", None),
            (GENERALIZED_TIME, b"20260229150000Z", None),
            (INTEGER, b"261123150000Z", None),
            (UTC_TIME, b"", None),
        ];
        for (tag, text, back) in cases {
            assert_eq!(instant(Element { tag, content: text, whole: text }, "thisUpdate").ok(), back, "{text:?}");
        }
    }

    #[test]
    fn extensions_say_whether_the_list_can_be_used() {
        let ca = authority("User CA");
        let check = |extensions: &[Vec<u8>]| read(&ca.with_extensions(extensions), &ca.pem(), NOW).map(|l| l.number);
        let unknown = |critical| extension_der(&[0x55, 0x1d, 99], critical, &[5, 0]);
        let delta = extension_der(DELTA_CRL_INDICATOR, true, &tlv(INTEGER, &[6]));
        assert_eq!(check(&[number_der(&[7])]), Ok(7));
        assert_eq!(check(&[]), Err(CrlError::NoNumber));
        assert_eq!(read(&ca.rewritten(|fields| drop(fields.pop())), &ca.pem(), NOW), Err(CrlError::NoNumber));
        assert!(matches!(check(&[number_der(&[7]), number_der(&[7])]), Err(CrlError::Malformed { .. })));
        assert!(matches!(check(&[number_der(&[0x80])]), Err(CrlError::Malformed { .. })));
        assert!(matches!(check(&[number_der(&[])]), Err(CrlError::Malformed { .. })));
        assert_eq!(check(&[number_der(&[0])]), Ok(0));
        assert_eq!(check(&[number_der(&[0, 255, 255, 255, 255, 255, 255, 255, 255])]), Ok(u64::MAX));
        assert_eq!(
            check(&[number_der(&[1, 0, 0, 0, 0, 0, 0, 0, 0])]),
            Err(CrlError::NumberTooLarge("010000000000000000".into()))
        );
        assert_eq!(check(&[number_der(&[7]), delta]), Err(CrlError::Delta));
        assert_eq!(check(&[number_der(&[7]), unknown(false)]), Ok(7));
        assert_eq!(check(&[number_der(&[7]), unknown(true)]), Err(CrlError::CriticalExtension("2.5.29.99".into())));
    }

    #[test]
    fn a_list_of_a_part_is_refused() {
        let ca = authority("User CA");
        let scoped = |scope| {
            let list = ca.der(|list| {
                list.issuing_distribution_point = Some(CrlIssuingDistributionPoint {
                    distribution_point: CrlDistributionPoint { uris: vec!["http://crl.example/1.crl".into()] },
                    scope,
                });
            });
            read(&list, &ca.pem(), NOW).map(|list| list.number)
        };
        assert_eq!(scoped(None), Ok(7));
        assert_eq!(scoped(Some(CrlScope::UserCertsOnly)), Ok(7));
        assert_eq!(scoped(Some(CrlScope::CaCertsOnly)), Err(CrlError::Restricted("onlyContainsCACerts")));

        let point = |fields: &[Vec<u8>]| distribution_point(&tlv(SEQUENCE, &fields.concat()));
        assert_eq!(point(&[]), Ok(None));
        for (tag, what) in [(0x82, "onlyContainsCACerts"), (0x84, "indirectCRL"), (0x85, "onlyContainsAttributeCerts")]
        {
            assert_eq!(point(&[tlv(tag, &[0xff])]), Err(CrlError::Restricted(what)));
            assert_eq!(point(&[tlv(tag, &[0])]), Ok(None));
        }
        assert_eq!(point(&[tlv(0x83, &[1, 0x40])]), Err(CrlError::Restricted("onlySomeReasons")));
        // A name relative to the issuer changes nothing in what follows it.
        let relative = tlv(0xa0, &tlv(0xa1, &[]));
        assert_eq!(point(&[relative, tlv(0x84, &[0xff])]), Err(CrlError::Restricted("indirectCRL")));
        assert!(matches!(point(&[tlv(0x86, &[0xff])]), Err(CrlError::Malformed { .. })));
    }

    #[test]
    fn entries_must_be_understood() {
        let reason = |code: &[u8]| extension_der(REASON_CODE, false, &tlv(ENUMERATED, code));
        let one = |entry: Vec<u8>| entries(&entry, 1);
        let on = |reason| Ok(vec![(serial(&[5]), reason)]);
        assert_eq!(one(entry_der(&[5], &[])), on(ListReason::Revoked));
        assert_eq!(one(entry_der(&[0, 5], &[reason(&[6])])), on(ListReason::Hold));
        assert_eq!(one(entry_der(&[5], &[reason(&[8])])), Ok(Vec::new()));
        assert_eq!(one(entry_der(&[5], &[reason(&[7])])), on(ListReason::Revoked));
        assert_eq!(one(entry_der(&[5], &[extension_der(&[0x55, 0x1d, 23], false, &[])])), on(ListReason::Revoked));
        let issuer = extension_der(&[0x55, 0x1d, 29], true, &[0x30, 0]);
        assert_eq!(one(entry_der(&[5], &[issuer])), Err(CrlError::OtherIssuer(1)));
        let issuer = extension_der(&[0x55, 0x1d, 29], false, &[0x30, 0]);
        assert_eq!(one(entry_der(&[5], &[issuer])), Err(CrlError::OtherIssuer(1)));
        let unknown = extension_der(&[0x55, 0x1d, 99], true, &[0x30, 0]);
        assert_eq!(
            one(entry_der(&[5], &[unknown])),
            Err(CrlError::CriticalEntryExtension { entry: 1, oid: "2.5.29.99".into() })
        );
        for bad in [&b""[..], &[0], &[1; 21]] {
            assert!(matches!(one(entry_der(bad, &[])), Err(CrlError::Serial { entry: 1, .. })), "{bad:?}");
        }
        assert_eq!(entries(&entry_der(&[0xff; 20], &[]), 1).unwrap()[0].0, serial(&[0xff; 20]));
        for bad in [&[SEQUENCE, 0][..], &[INTEGER, 1, 5], &[SEQUENCE, 3, INTEGER, 1, 5], &[SEQUENCE, 9]] {
            assert!(matches!(entries(bad, 1), Err(CrlError::Malformed { .. })), "{bad:?}");
        }
        let three = [entry_der(&[5], &[]), entry_der(&[6], &[]), entry_der(&[7], &[reason(&[8])])].concat();
        assert_eq!(entries(&three, 3).unwrap().len(), 2);
        assert_eq!(entries(&three, 2), Err(CrlError::TooManyEntries(2)));
    }
}
