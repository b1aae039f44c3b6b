//! How a line names a resident.

use hmac::{Hmac, KeyInit, Mac};
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::secret::Key;
use sha2::Sha256;

/// A resident as the log names one: a keyed hash of the PPID. A person who has the key and a PPID finds that resident's lines; the log
/// alone tells no PPID, and not whether a known PPID is in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ResidentRef([u8; 16]);

impl ResidentRef {
    /// Of a PPID, under the log's key (HMAC-SHA-256, its first 128 bits).
    #[must_use]
    pub fn new(ppid: &Ppid, key: &Key) -> Option<ResidentRef> {
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key.expose()).ok()?;
        let tag = mac.chain_update(b"kazasu security log: resident").chain_update(ppid.bytes()).finalize().into_bytes();
        tag[..16].try_into().ok().map(ResidentRef)
    }

    /// From bytes that were made under a key elsewhere.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> ResidentRef {
        ResidentRef(bytes)
    }
}

impl std::fmt::Display for ResidentRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
