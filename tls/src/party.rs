//! Whom a side believes beside its authorities. An authority signs many parties' certificates; a fingerprint or a name binds a
//! connection to one of them.

use crate::certificate::{Fingerprint, Shown};
use crate::peers::Peers;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, SignatureScheme};
use std::fmt;
use std::sync::Arc;

/// The party that a certificate must belong to. Empty lists ask nothing.
#[derive(Clone, Debug, Default)]
pub struct Party {
    /// The certificate, or its public key, has one of these fingerprints.
    pub fingerprints: Vec<Fingerprint>,
    /// The certificate has one of these names (subject alternative name).
    pub names: Vec<ServerName<'static>>,
}

/// A certificate that an authority signed and that belongs to another party.
struct OtherParty(Fingerprint);

impl fmt::Debug for OtherParty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // rustls shows errors of others in this form.
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for OtherParty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the certificate {} belongs to another party than this connection is configured for", self.0)
    }
}

impl std::error::Error for OtherParty {}

impl Party {
    /// Is it this party's certificate? Signature and dates are checked elsewhere.
    fn check(&self, certificate: &CertificateDer<'_>) -> Result<(), Error> {
        let shown = Shown::of(certificate);
        let known = self.fingerprints.is_empty() || self.fingerprints.iter().any(|wanted| shown.is(*wanted));
        let parsed = ParsedCertificate::try_from(certificate)?;
        let named = self.names.is_empty() || self.names.iter().any(|name| verify_server_name(&parsed, name).is_ok());
        if known && named {
            return Ok(());
        }
        let other = OtherError(Arc::new(OtherParty(shown.certificate)));
        Err(Error::InvalidCertificate(CertificateError::Other(other)))
    }
}

/// Signatures under a handshake say nothing about the party: they are checked as without one.
macro_rules! signatures_as_the_authorities_do {
    () => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            self.authorities.verify_tls12_signature(message, cert, dss)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            self.authorities.verify_tls13_signature(message, cert, dss)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.authorities.supported_verify_schemes()
        }
    };
}

/// Believes a server when its authorities do and it is the party.
#[derive(Debug)]
pub(crate) struct ServerOf {
    pub(crate) authorities: Arc<dyn ServerCertVerifier>,
    pub(crate) party: Party,
    /// Keeps what was believed.
    pub(crate) peers: Arc<Peers>,
}

impl ServerCertVerifier for ServerOf {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified =
            self.authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)?;
        self.party.check(end_entity)?;
        self.peers.saw(end_entity, now);
        Ok(verified)
    }

    signatures_as_the_authorities_do!();
}

/// Believes a client when its authorities do and it is the party.
#[derive(Debug)]
pub(crate) struct ClientOf {
    pub(crate) authorities: Arc<dyn ClientCertVerifier>,
    pub(crate) party: Party,
    /// Keeps what was believed.
    pub(crate) peers: Arc<Peers>,
}

impl ClientCertVerifier for ClientOf {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.authorities.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.authorities.verify_client_cert(end_entity, intermediates, now)?;
        self.party.check(end_entity)?;
        self.peers.saw(end_entity, now);
        Ok(verified)
    }

    signatures_as_the_authorities_do!();
}
