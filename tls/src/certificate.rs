//! What a certificate says: fingerprints, names, and until when it is good.

use kazasu_text::tls::TlsText;
use kazasu_text::{Quoted, Said};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;
use x509_parser::prelude::{CertificateRevocationList, FromDer, GeneralName, X509Certificate};

/// SHA-256 of a certificate (DER) or of its public key (SubjectPublicKeyInfo, DER).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

/// A text that is no fingerprint. Its `Display` is for logs.
#[derive(Debug, thiserror::Error)]
#[error("must be 32 bytes of hexadecimal (SHA-256 of the certificate or of its public key), got {0:?}")]
pub struct FingerprintError(String);

impl FingerprintError {
    /// The sentence, in every language.
    #[must_use]
    pub fn said(&self) -> Said {
        Said::of(&TlsText::Pin { got: Quoted(&self.0) })
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    /// 64 hexadecimal digits, with or without colons.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = hex::decode(text.replace(':', "")).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Fingerprint).ok_or_else(|| FingerprintError(text.to_owned()))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The two fingerprints of a certificate that a peer showed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shown {
    /// Of the certificate.
    pub certificate: Fingerprint,
    /// Of its public key: it stays when a certificate is renewed with the same key. `None` when it cannot be read.
    pub key: Option<Fingerprint>,
}

impl Shown {
    /// Of a certificate in DER.
    #[must_use]
    pub fn of(der: &[u8]) -> Shown {
        let hash = |bytes: &[u8]| Fingerprint(Sha256::digest(bytes).into());
        let key = X509Certificate::from_der(der).ok().map(|(_, found)| hash(found.tbs_certificate.subject_pki.raw));
        Shown { certificate: hash(der), key }
    }

    /// Is one of them this?
    #[must_use]
    pub fn is(&self, wanted: Fingerprint) -> bool {
        self.certificate == wanted || self.key == Some(wanted)
    }
}

/// What a date of expiry belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Part {
    /// What this side shows.
    Certificate,
    /// An authority that it believes.
    Authority,
    /// What another party has shown.
    Peer,
    /// A list of revoked certificates; after its date a new one is due.
    RevocationList,
}

impl Part {
    /// Its name in metrics and status.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Part::Certificate => "certificate",
            Part::Authority => "authority",
            Part::Peer => "peer",
            Part::RevocationList => "revocation_list",
        }
    }
}

/// Until when something is good.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expiry {
    /// What.
    pub part: Part,
    /// The subject's name, of a list its authority's.
    pub subject: String,
    /// Seconds since 1970 in UTC.
    pub until: i64,
}

/// Until when a certificate is good.
pub(crate) fn expiry(part: Part, der: &CertificateDer<'_>) -> Result<Expiry, Said> {
    let no_certificate = |error: &dyn fmt::Display| Said::of(&TlsText::NotX509 { words: &error.to_string() });
    let (_, found) = X509Certificate::from_der(der).map_err(|error| no_certificate(&error))?;
    let subject = match part {
        // Authorities often give many parties one kind of subject; names tell them apart.
        Part::Peer => with_names(&found),
        Part::Certificate | Part::Authority | Part::RevocationList => found.subject().to_string(),
    };
    Ok(Expiry { part, subject, until: found.validity().not_after.timestamp() })
}

/// Subject and names.
fn with_names(found: &X509Certificate<'_>) -> String {
    let names = found.subject_alternative_name().ok().flatten().map(|names| &names.value.general_names);
    let names: Vec<String> = names
        .into_iter()
        .flatten()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        })
        .take(8)
        .collect();
    if names.is_empty() { found.subject().to_string() } else { format!("{} ({})", found.subject(), names.join(", ")) }
}

/// When the next list is due. A list that does not say it is due at its own date.
pub(crate) fn next_list(der: &CertificateRevocationListDer<'_>) -> Result<Expiry, Said> {
    let found = CertificateRevocationList::from_der(der.as_ref());
    let no_list = |error: &dyn fmt::Display| Said::of(&TlsText::NotCrl { words: &error.to_string() });
    let (_, list) = found.map_err(|error| no_list(&error))?;
    let until = list.next_update().unwrap_or_else(|| list.last_update()).timestamp();
    Ok(Expiry { part: Part::RevocationList, subject: list.issuer().to_string(), until })
}
