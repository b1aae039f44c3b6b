//! What authenticates the messages of an issuer's connection. Used by both ends.

use kazasu_schemas::ids::InstitutionId;
use kazasu_schemas::in_force::InForce;
use kazasu_schemas::iso8583::{Decoded, Message};
use kazasu_schemas::mac::kdf::MasterKey;
use kazasu_schemas::mac::{MacAlgorithm, MacKey};
use kazasu_schemas::secret::Key;
use kazasu_schemas::wire::{IssuerKeys, IssuerNonces};
use std::sync::Arc;

/// A pair of MAC keys, one for each direction.
#[derive(Clone, Debug)]
pub struct ConnectionMac {
    /// Authenticates what the switch sends.
    pub to_issuer: MacKey,
    /// Authenticates what the issuer sends.
    pub from_issuer: MacKey,
}

/// The same two keys on every connection. While the issuer's is changed, it may answer under either.
#[derive(Clone, Debug)]
pub struct StaticMac {
    /// Authenticates what the switch sends.
    pub to_issuer: MacKey,
    /// Authenticate what the issuer sends: the key that is expected first.
    pub from_issuer: Vec<MacKey>,
}

/// What authenticates a connection's messages. Keys may be replaced while it stands.
#[derive(Clone, Debug)]
pub enum Keying {
    /// Nothing: TLS below, or the loopback of one machine.
    None,
    /// The same two keys on every connection: for hosts that know no other sign-on. What was recorded can be played back.
    Static(Arc<InForce<StaticMac>>),
    /// Keys of each connection's own, from nonces of both sides and this key.
    Session(SessionMaster),
}

/// Derives the keys of sessions.
#[derive(Clone, Debug)]
pub struct SessionMaster {
    /// The MAC function.
    pub algorithm: MacAlgorithm,
    /// The key that both sides have: the version that is used first, then those that count too while it is changed.
    pub masters: Arc<InForce<Vec<MasterKey>>>,
}

impl SessionMaster {
    /// With one version.
    #[must_use]
    pub fn one(algorithm: MacAlgorithm, master: MasterKey) -> Self {
        SessionMaster { algorithm, masters: Arc::new(InForce::new(vec![master])) }
    }

    /// The keys of the session that `switch` (DE32) opens with these nonces, under each version.
    pub(crate) fn all_keys(&self, switch: InstitutionId, nonces: &IssuerNonces) -> Vec<ConnectionMac> {
        let prepare =
            |key: &Key| MacKey::new(self.algorithm, key).expect("a derived key is as long as its function wants it");
        let of = |master: &MasterKey| {
            let keys = IssuerKeys::derive(master, switch, nonces);
            ConnectionMac { to_issuer: prepare(&keys.to_issuer), from_issuer: prepare(&keys.from_issuer) }
        };
        self.masters.get().iter().map(of).collect()
    }
}

/// What of a frame its MAC covers, and the MAC.
#[derive(Clone, Copy, Debug)]
pub struct Covered<'a> {
    /// From the message type to the byte before the MAC.
    pub bytes: &'a [u8],
    /// The MAC.
    pub tag: [u8; 8],
}

impl<'a> Covered<'a> {
    /// `None` when the frame has no MAC as its last field.
    pub(crate) fn of(frame: &'a [u8], decoded: Decoded, message: &Message) -> Option<Self> {
        let tag = message.get(128).or_else(|| message.get(64))?;
        Some(Covered { bytes: frame.get(..decoded.mac_at?)?, tag: tag.try_into().ok()? })
    }

    /// True when the MAC is the right one under `key`.
    pub(crate) fn is_under(&self, key: &MacKey) -> bool {
        key.verify(self.bytes, &self.tag)
    }
}
