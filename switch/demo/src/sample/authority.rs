//! The town's certificates: an authority of its own, and what it signs for the switch, its acquirers and its issuers.

use anyhow::Context;
use kazasu_schemas::jst::Millis;
use kazasu_tls::{Fingerprint, Shown};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, SerialNumber,
};
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

/// The name of the switch's certificate, and how those of issuers end.
pub(super) const SWITCH: &str = "switch.kazasu.example";

/// The name of an issuer's certificate.
pub(super) fn issuer_name(number: usize) -> String {
    format!("issuer-{number}.kazasu.example")
}

/// The authority's own certificate.
const AUTHORITY_YEARS: i64 = 10;
/// What it signs: a little more than a year, so that a renewal each year has time.
const CERTIFICATE_DAYS: i64 = 397;
/// The next list of revoked certificates is due then.
const LIST_DAYS: i64 = 90;

/// Which side of a connection a certificate is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Connects.
    Client,
    /// Is connected to.
    Server,
    /// Both.
    Both,
}

/// The authority.
pub(super) struct Authority {
    signer: CertifiedIssuer<'static, KeyPair>,
    now: OffsetDateTime,
}

/// A certificate with its key, PEM.
pub(super) struct Identity {
    pub(super) certificate: String,
    pub(super) key: Zeroizing<String>,
    /// Of the public key, which a renewed certificate keeps.
    pub(super) pin: Fingerprint,
}

impl Authority {
    /// A new one.
    pub(super) fn new(now: Millis) -> anyhow::Result<Authority> {
        let now = OffsetDateTime::from_unix_timestamp(now.0 / 1_000)?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Kazasu sample town authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        (params.not_before, params.not_after) = (now - Duration::DAY, now + Duration::days(365 * AUTHORITY_YEARS));
        let signer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        Ok(Authority { signer, now })
    }

    /// Its certificate, PEM.
    pub(super) fn certificate(&self) -> String {
        self.signer.pem()
    }

    /// Its key, PEM.
    pub(super) fn key(&self) -> Zeroizing<String> {
        Zeroizing::new(self.signer.key().serialize_pem())
    }

    /// A certificate with these names, host names or addresses.
    pub(super) fn sign(&self, names: &[&str], side: Side) -> anyhow::Result<Identity> {
        let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())?;
        params.distinguished_name.push(DnType::CommonName, *names.first().context("a certificate has a name")?);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = match side {
            Side::Client => vec![ExtendedKeyUsagePurpose::ClientAuth],
            Side::Server => vec![ExtendedKeyUsagePurpose::ServerAuth],
            Side::Both => vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth],
        };
        params.use_authority_key_identifier_extension = true;
        (params.not_before, params.not_after) = (self.now - Duration::DAY, self.now + Duration::days(CERTIFICATE_DAYS));
        let key = KeyPair::generate()?;
        let signed = params.signed_by(&key, &self.signer)?;
        let pin = Shown::of(signed.der()).key.context("a certificate that was made has a key")?;
        Ok(Identity { certificate: signed.pem(), key: Zeroizing::new(key.serialize_pem()), pin })
    }

    /// A list that revokes nothing, PEM.
    pub(super) fn revokes_nothing(&self) -> anyhow::Result<String> {
        let list = CertificateRevocationListParams {
            this_update: self.now - Duration::DAY,
            next_update: self.now + Duration::days(LIST_DAYS),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: Vec::new(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(list.signed_by(&self.signer)?.pem()?)
    }
}
