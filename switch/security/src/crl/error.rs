//! Why a list is refused, in words that say what to do.

use kazasu_text::Said;
use kazasu_text::revocation::CrlText;

/// Why a list is refused. Its `Display` is for logs and the English sentence.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CrlError {
    /// More than [`MAX_BYTES`](super::MAX_BYTES).
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
    /// More than [`MAX_ENTRIES`](super::MAX_ENTRIES).
    #[error("the list has more than {0} entries: give the authority's list of one region instead of the whole one")]
    TooManyEntries(usize),
}

impl CrlError {
    /// The sentence, in every language. The English words are those of the error.
    #[must_use]
    pub fn said(&self) -> Said {
        let words = self.to_string();
        Said::exactly(&self.text(), words)
    }

    fn text(&self) -> CrlText<'_> {
        match self {
            CrlError::TooLarge(bytes) => CrlText::TooLarge { bytes: (*bytes).into() },
            CrlError::Pem(words) => CrlText::Pem { words },
            CrlError::NotAList(words) => CrlText::NotAList { words },
            CrlError::Malformed { part, problem } => CrlText::Malformed { part, words: problem },
            CrlError::Trailing(bytes) => CrlText::Trailing { bytes: (*bytes).into() },
            CrlError::Authorities(words) => CrlText::Authorities { words },
            CrlError::OtherAuthority { issuer, configured } => CrlText::OtherAuthority { issuer, configured },
            CrlError::Algorithms { inside, outside } => CrlText::Algorithms { inside, outside },
            CrlError::Algorithm(got) => CrlText::Algorithm { got },
            CrlError::Signature(authority) => CrlText::Signature { authority },
            CrlError::NotAnAuthority(authority) => CrlText::NotAnAuthority { authority },
            CrlError::NotForLists(authority) => CrlText::NotForLists { authority },
            CrlError::NotValid { authority, from, until, now } => CrlText::NotValid { authority, from, until, now },
            CrlError::Delta => CrlText::Delta,
            CrlError::NoNumber => CrlText::NoNumber,
            CrlError::NumberTooLarge(number) => CrlText::NumberTooLarge { number },
            CrlError::CriticalExtension(oid) => CrlText::CriticalExtension { oid },
            CrlError::CriticalEntryExtension { entry, oid } => {
                CrlText::CriticalEntryExtension { entry: (*entry).into(), oid }
            }
            CrlError::OtherIssuer(entry) => CrlText::OtherIssuer { entry: (*entry).into() },
            CrlError::Restricted(what) => CrlText::Restricted { what },
            CrlError::Future { this_update, now } => CrlText::Future { this_update, now },
            CrlError::NextUpdate { this_update, next_update } => CrlText::NextUpdate { this_update, next_update },
            CrlError::Serial { entry, problem } => CrlText::Serial { entry: (*entry).into(), words: problem },
            CrlError::TooManyEntries(most) => CrlText::TooManyEntries { most: (*most).into() },
        }
    }
}

/// An element that is not what RFC 5280 lays down.
pub(super) fn malformed(part: &'static str, problem: impl Into<String>) -> CrlError {
    CrlError::Malformed { part, problem: problem.into() }
}
