//! What a list is made of (RFC 5280 section 5): its fields, its extensions and its entries. Nothing here says whether it is
//! genuine.

use super::der::{
    BIT_STRING, BOOLEAN, Der, ENUMERATED, Element, GENERALIZED_TIME, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING,
    SEQUENCE, UTC_TIME, dotted,
};
use super::error::{CrlError, malformed};
use super::name::shown;
use kazasu_ledger::record::ListReason;
use kazasu_schemas::ids::Serial;
use kazasu_schemas::jst::Millis;
use std::borrow::Cow;
use x509_parser::pem::Pem;

/// `[0] EXPLICIT`, which holds the list's extensions.
pub(super) const EXTENSIONS: u8 = 0xa0;

// Object identifiers as DER has them: 2.5.29 is 55 1d.
pub(super) const CRL_NUMBER: &[u8] = &[0x55, 0x1d, 20];
pub(super) const REASON_CODE: &[u8] = &[0x55, 0x1d, 21];
const INVALIDITY_DATE: &[u8] = &[0x55, 0x1d, 24];
pub(super) const DELTA_CRL_INDICATOR: &[u8] = &[0x55, 0x1d, 27];
const ISSUING_DISTRIBUTION_POINT: &[u8] = &[0x55, 0x1d, 28];
const CERTIFICATE_ISSUER: &[u8] = &[0x55, 0x1d, 29];
const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 35];

/// The DER of the list, out of its PEM block if it is in one.
pub(super) fn binary(bytes: &[u8]) -> Result<Cow<'_, [u8]>, CrlError> {
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

/// What a list is made of (CertificateList, RFC 5280 5.1), not yet looked into.
pub(super) struct Parts<'a> {
    pub(super) tbs: Element<'a>,
    pub(super) algorithm: Element<'a>,
    pub(super) signature: Element<'a>,
    pub(super) signed_algorithm: Element<'a>,
    pub(super) issuer: Element<'a>,
    pub(super) this_update: Element<'a>,
    pub(super) next_update: Option<Element<'a>>,
    pub(super) revoked: Option<Element<'a>>,
    pub(super) extensions: Option<Element<'a>>,
}

/// Takes a list apart. All of its octets must belong to it.
pub(super) fn parts(der: &[u8]) -> Result<Parts<'_>, CrlError> {
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
pub(super) fn extensions(element: Option<Element<'_>>) -> Result<(u64, Option<String>), CrlError> {
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
pub(super) fn distribution_point(value: &[u8]) -> Result<Option<String>, CrlError> {
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
pub(super) fn entries(revoked: &[u8], most: usize) -> Result<Vec<(Serial, ListReason)>, CrlError> {
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
pub(super) fn instant(element: Element<'_>, part: &'static str) -> Result<Millis, CrlError> {
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
