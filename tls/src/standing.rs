//! Whether the peer of an open connection would still be let in, each time that new lists or authorities come into force.

use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, Error};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::watch;

/// Completes when the peer of a connection is believed no more, with the reason.
pub type Lost = Pin<Box<dyn Future<Output = String> + Send>>;

/// A side that believes certificates by files that may change.
pub(crate) trait Believes: Send + Sync + 'static {
    /// Would this chain be believed now?
    fn believes(&self, chain: &[CertificateDer<'static>]) -> Result<(), Error>;
}

/// Waits until `chain` is believed no more. `changes` was taken before the handshake, so that what came into force meanwhile counts.
pub(crate) fn lost<B: Believes>(
    side: Arc<B>,
    mut changes: watch::Receiver<u64>,
    chain: Vec<CertificateDer<'static>>,
) -> Lost {
    Box::pin(async move {
        while changes.changed().await.is_ok() {
            if let Some(why) = no_longer(side.as_ref(), &chain) {
                return why;
            }
        }
        std::future::pending().await
    })
}

/// Why a peer that is connected would not be let in any more: its certificate was revoked, or its authority is gone. That it has expired
/// since is no reason to cut its connection.
pub(crate) fn no_longer<B: Believes>(side: &B, chain: &[CertificateDer<'static>]) -> Option<String> {
    match side.believes(chain) {
        Ok(())
        | Err(Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. })) => None,
        Err(error) => Some(error.to_string()),
    }
}
