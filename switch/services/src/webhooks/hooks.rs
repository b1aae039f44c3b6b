//! The means of deliveries, and how their secrets are sealed.

use kazasu_security::vault::Vault;
use kazasu_webhooks::{Book, Networks, Post, Seal, Watched};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The means of deliveries.
#[derive(Clone)]
pub struct Hooks {
    /// Endpoints, cursors and attempts.
    pub book: Book,
    /// Sends test events.
    pub post: Arc<Post>,
    /// Networks that are not public and that events may go to.
    pub networks: Networks,
    /// The numbers of endpoints by their state, where this node leads.
    pub watched: Watched,
}

/// The vault, as it seals secrets of endpoints.
pub struct VaultSecrets(pub Arc<Vault>);

impl Seal for VaultSecrets {
    fn seal(&self, clear: &[u8], about: &[u8; 16]) -> Option<Vec<u8>> {
        self.0.seal_account(clear, about).ok()
    }

    fn open(&self, sealed: &[u8], about: &[u8; 16]) -> Option<Zeroizing<Vec<u8>>> {
        self.0.open_account(sealed, about).ok()
    }

    fn is_current(&self, sealed: &[u8]) -> bool {
        sealed.first() == Some(&self.0.accounts_version())
    }
}
