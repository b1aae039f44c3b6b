//! One-time codes' secrets cannot be hashed: the vault seals them, each for its credential.

use kazasu_security::vault::Vault;
use kazasu_sign_in::Seal;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The vault that seals card and account numbers.
pub struct VaultSeal(pub Arc<Vault>);

impl Seal for VaultSeal {
    fn seal(&self, clear: &[u8], about: &[u8; 16]) -> Option<Vec<u8>> {
        self.0.seal_account(clear, about).ok()
    }

    fn open(&self, sealed: &[u8], about: &[u8; 16]) -> Option<Zeroizing<Vec<u8>>> {
        self.0.open_account(sealed, about).ok()
    }
}
