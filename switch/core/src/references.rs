//! References of payments as short keys. However a reference is spelt, it is one.

use kazasu_schemas::canonical::canonical;
use kazasu_schemas::ids::Ppid;
use sha2::Digest as _;

/// A payment's reference within its programme, and of a credit within its person.
pub(super) fn reference_key(programme: u16, ppid: Option<&Ppid>, reference: &str) -> [u8; 16] {
    scoped_key(programme, ppid, "", reference)
}

/// The same among references of another kind: the scope is what the program writes before it.
pub(super) fn scoped_key(programme: u16, ppid: Option<&Ppid>, scope: &str, reference: &str) -> [u8; 16] {
    hashed_key(programme, ppid, &[scope.as_bytes(), canonical(reference).as_bytes()])
}

/// A reference as it was typed: differences that were raised before references had one form are known by it.
pub(super) fn typed_key(programme: u16, scope: &str, reference: &str) -> [u8; 16] {
    hashed_key(programme, None, &[scope.as_bytes(), reference.as_bytes()])
}

fn hashed_key(programme: u16, ppid: Option<&Ppid>, parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = sha2::Sha256::new();
    hasher.update(programme.to_be_bytes());
    hasher.update(ppid.map_or(&[0; 16], Ppid::bytes));
    hasher.update([u8::from(ppid.is_some())]);
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize()[..16].try_into().expect("32 bytes")
}
