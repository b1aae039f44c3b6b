//! Whether a decoded frame carries the MAC it must carry. Used by both ends of an issuer connection.

use kazasu_schemas::iso8583::{Decoded, Message};
use kazasu_schemas::mac::MacKey;

/// True when no key is configured, or when the frame's last field is the right MAC under `key`.
pub(crate) fn is_authentic(key: Option<&MacKey>, frame: &[u8], decoded: Decoded, message: &Message) -> bool {
    let Some(key) = key else { return true };
    let tag = message.get(128).or_else(|| message.get(64));
    match (decoded.mac_at.and_then(|at| frame.get(..at)), tag) {
        (Some(covered), Some(tag)) => key.verify(covered, tag),
        (None, _) | (_, None) => false,
    }
}
