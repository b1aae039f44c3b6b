//! An acquirer's master keys, by version, and how many connections are signed on under each: a version that still has some is needed.

use kazasu_schemas::in_force::InForce;
use kazasu_schemas::mac::kdf::MasterKey;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Versions of a master key: the active one, then those that are accepted.
pub type Masters = Vec<(u8, MasterKey)>;

/// An acquirer's master keys, as its connections share them.
pub struct MasterKeys {
    versions: InForce<Masters>,
    connections: Mutex<BTreeMap<u8, usize>>,
}

impl MasterKeys {
    /// With these versions.
    #[must_use]
    pub fn new(versions: Masters) -> Self {
        MasterKeys { versions: InForce::new(versions), connections: Mutex::default() }
    }

    /// The versions now.
    #[must_use]
    pub fn versions(&self) -> Arc<Masters> {
        self.versions.get()
    }

    /// New sign-ons are under these. Connections that are signed on go on with the session keys that they have.
    pub fn set(&self, versions: Masters) {
        self.versions.set(versions);
    }

    /// A connection signed on under this version.
    pub fn signed_on(&self, version: u8) {
        *self.counts().entry(version).or_default() += 1;
    }

    /// Such a connection ended, or signed on anew under another version.
    pub fn signed_off(&self, version: u8) {
        if let Some(count) = self.counts().get_mut(&version) {
            *count = count.saturating_sub(1);
        }
    }

    /// Connections that are signed on under this version.
    #[must_use]
    pub fn connections(&self, version: u8) -> usize {
        self.counts().get(&version).copied().unwrap_or(0)
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, BTreeMap<u8, usize>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let versions: Vec<u8> = self.versions().iter().map(|(version, _)| *version).collect();
        write!(f, "MasterKeys({versions:?})")
    }
}
