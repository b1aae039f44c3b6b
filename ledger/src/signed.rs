//! Signatures of a journal besides those of its days: of the end of each commit batch, and of checkpoints that are kept outside.
//!
//! A hash chain shows that nothing in front of its head was changed by a person who could not compute it again. But every writer
//! can: it has no key. So the last record of each commit batch carries a signature over its place and hash, which cover every
//! record before it, and a checkpoint says the same with a time, to be kept where the journal's administrators cannot write.
//!
//! This module knows the texts and no cryptography. A [`Signer`] may hold its key in a file, or reach a device that holds it.

use crate::chain::Hash;
use crate::entry::{Head, Seq};
use kazasu_schemas::jst::Millis;
use std::fmt::{self, Write as _};

/// An Ed25519 signature, and the version of the key that made it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    /// The key's version.
    pub key: u8,
    /// The signature (RFC 8032).
    pub bytes: [u8; 64],
}

impl Signature {
    /// As stores keep it: the version, then the signature.
    #[must_use]
    pub fn stored(&self) -> [u8; 65] {
        let mut out = [0; 65];
        out[0] = self.key;
        out[1..].copy_from_slice(&self.bytes);
        out
    }

    /// Reads what [`Signature::stored`] gave; `None` where it has another length.
    #[must_use]
    pub fn read(stored: &[u8]) -> Option<Self> {
        let (&key, bytes) = stored.split_first()?;
        Some(Signature { key, bytes: bytes.try_into().ok()? })
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature(key {})", self.key)
    }
}

/// The text that the end of a commit batch is signed over: a name for its purpose, the place (8 bytes, big-endian), the hash. The
/// book's name needs no mention: the first record has it, and the hash covers that record.
#[must_use]
pub fn batch_text(head: &Head) -> [u8; 55] {
    let mut out = [0; 55];
    out[..15].copy_from_slice(b"kazasu batch 1\n");
    out[15..23].copy_from_slice(&head.seq.to_be_bytes());
    out[23..].copy_from_slice(&head.hash);
    out
}

/// A signed statement that the journal ended with this record at this time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The book's name, from its first record.
    pub book: String,
    /// The record that it ended with: always the last of a commit batch.
    pub seq: Seq,
    /// The record's hash, which covers every record before it.
    pub hash: Hash,
    /// The time of the signature.
    pub at: Millis,
    /// Whose signature [`Checkpoint::signature`] is.
    pub public: [u8; 32],
    /// Over [`Checkpoint::text`].
    pub signature: Signature,
}

impl Checkpoint {
    /// The signed text, which a person can read.
    #[must_use]
    pub fn text(&self) -> String {
        checkpoint_text(&self.book, &Head { seq: self.seq, hash: self.hash }, self.at)
    }
}

/// See [`Checkpoint::text`].
#[must_use]
pub fn checkpoint_text(book: &str, head: &Head, at: Millis) -> String {
    let mut out = format!("kazasu checkpoint 1\nbook {book}\nrecord {}\nat {}\nhash ", head.seq, at.0);
    for byte in head.hash {
        let _ = write!(out, "{byte:02x}");
    }
    out.push('\n');
    out
}

/// A statement of the key that signs checkpoints about the key that signs commit batches. The first may be in a device, which would
/// be too slow for every commit; a person who trusts it need not have been given the second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The book whose batches the key signs.
    pub book: String,
    /// The version that signatures of batches name.
    pub version: u8,
    /// The public key that is certified.
    pub key: [u8; 32],
    /// The time of the signature.
    pub at: Millis,
    /// Whose signature [`Certificate::signature`] is.
    pub public: [u8; 32],
    /// Over [`Certificate::text`].
    pub signature: Signature,
}

impl Certificate {
    /// The signed text, which a person can read.
    #[must_use]
    pub fn text(&self) -> String {
        certificate_text(&self.book, self.version, &self.key, self.at)
    }
}

/// See [`Certificate::text`].
#[must_use]
pub fn certificate_text(book: &str, version: u8, key: &[u8; 32], at: Millis) -> String {
    let mut out = format!("kazasu batch key 1\nbook {book}\nversion {version}\nat {}\npublic ", at.0);
    for byte in key {
        let _ = write!(out, "{byte:02x}");
    }
    out.push('\n');
    out
}

/// The reason why nothing was signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the key cannot sign: {0}")]
pub struct SignError(pub String);

/// The verdict of a key's owner on a signature.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Checked {
    /// It is the key's.
    Good,
    /// It is not.
    Bad,
    /// There is no key of that version here.
    UnknownKey,
}

/// An Ed25519 key that signs, with the versions before it. Where the key itself is, is the signer's own business.
pub trait Signer: Send + Sync + fmt::Debug {
    /// The public key of the version that signs.
    fn public(&self) -> [u8; 32];

    /// The version that signs, and its public key.
    fn current(&self) -> (u8, [u8; 32]);

    /// The public key of a version that is known here: the one that signs may have changed since.
    fn public_of(&self, version: u8) -> Option<[u8; 32]>;

    /// Signs with the current version. It may wait for a device.
    fn sign(&self, text: &[u8]) -> Result<Signature, SignError>;

    /// Checks a signature of the current version or an older one that is known here.
    fn check(&self, text: &[u8], signature: &Signature) -> Checked;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_read_back_and_nothing_else_is_one() {
        let signature = Signature { key: 7, bytes: [9; 64] };
        assert_eq!(Signature::read(&signature.stored()), Some(signature));
        for bad in [&[][..], &[7], &[0; 64], &[0; 66]] {
            assert_eq!(Signature::read(bad), None, "{} bytes", bad.len());
        }
    }

    #[test]
    fn texts_differ_by_purpose_place_and_hash() {
        let head = |seq, byte| Head { seq, hash: [byte; 32] };
        let text = batch_text(&head(258, 0xab));
        assert_eq!(&text[..15], b"kazasu batch 1\n");
        assert_eq!(&text[15..23], &[0, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!(&text[23..], &[0xab; 32]);
        let text = checkpoint_text("かざす町", &head(258, 0xab), Millis(1_795_000_000_000));
        let hash = "ab".repeat(32);
        assert_eq!(text, format!("kazasu checkpoint 1\nbook かざす町\nrecord 258\nat 1795000000000\nhash {hash}\n"));
        let text = certificate_text("かざす町", 2, &[0xab; 32], Millis(1_795_000_000_000));
        assert_eq!(text, format!("kazasu batch key 1\nbook かざす町\nversion 2\nat 1795000000000\npublic {hash}\n"));
    }
}
