//! Secrets that a machine drew and that are shown once: programs' keys, sessions, invitations. Each says what it is, so that a scanner
//! finds one in a text, and ends with a checksum, so that one that was cut off or mistyped is told from one that is not known.

use data_encoding::BASE32_NOPAD;
use kazasu_schemas::identity::PersonId;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Random bytes of a secret: 160 bits.
pub(crate) const RANDOM: usize = 20;
/// Characters of the checksum: 32 bits.
const CHECKSUM: usize = 7;
/// Bytes of a person's number before the random ones, in a session.
const PERSON: usize = 4;

/// The purpose of a secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SecretKind {
    /// A program's key.
    Key,
    /// A session.
    Session,
    /// An invitation.
    Invitation,
    /// An attempt to sign in that takes two requests.
    Attempt,
}

impl SecretKind {
    const ALL: [SecretKind; 4] = [SecretKind::Key, SecretKind::Session, SecretKind::Invitation, SecretKind::Attempt];

    /// How a secret of this kind begins.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            SecretKind::Key => "kz_live_",
            SecretKind::Session => "kz_sess_",
            SecretKind::Invitation => "kz_join_",
            SecretKind::Attempt => "kz_flow_",
        }
    }

    fn bytes(self) -> usize {
        match self {
            SecretKind::Session => PERSON + RANDOM,
            SecretKind::Key | SecretKind::Invitation | SecretKind::Attempt => RANDOM,
        }
    }
}

/// Why a text is no secret. It never repeats the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SecretError {
    /// Another form.
    #[error("it is no key (kz_live_…), session (kz_sess_…) or invitation (kz_join_…)")]
    Form,
    /// The checksum.
    #[error("its checksum does not fit: it was mistyped, or cut off")]
    Checksum,
}

/// A secret in readable form. Debug shows its kind only.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    kind: SecretKind,
    text: Zeroizing<String>,
}

impl Secret {
    /// A key or an invitation, from 20 random bytes.
    #[must_use]
    pub fn new(kind: SecretKind, random: [u8; RANDOM]) -> Secret {
        Secret::of(kind, &random)
    }

    /// A person's session, from 20 random bytes.
    #[must_use]
    pub fn session(person: PersonId, random: [u8; RANDOM]) -> Secret {
        let mut bytes = Zeroizing::new([0; PERSON + RANDOM]);
        bytes[..PERSON].copy_from_slice(&person.get().to_be_bytes());
        bytes[PERSON..].copy_from_slice(&random);
        Secret::of(SecretKind::Session, &*bytes)
    }

    fn of(kind: SecretKind, bytes: &[u8]) -> Secret {
        let body = format!("{}{}", kind.prefix(), BASE32_NOPAD.encode(bytes).to_ascii_lowercase());
        let text = Zeroizing::new(format!("{body}{}", checksum(&body)));
        Secret { kind, text }
    }

    /// Reads one. The kind is told by its beginning.
    pub fn read(text: &str) -> Result<Secret, SecretError> {
        let text = text.trim();
        let kind = SecretKind::ALL.into_iter().find(|kind| text.starts_with(kind.prefix()));
        let kind = kind.filter(|_| text.is_ascii()).ok_or(SecretError::Form)?;
        let (body, sum) = text.split_at_checked(text.len().saturating_sub(CHECKSUM)).ok_or(SecretError::Form)?;
        let encoded = body.strip_prefix(kind.prefix()).ok_or(SecretError::Checksum)?;
        let bytes = BASE32_NOPAD.decode(encoded.to_ascii_uppercase().as_bytes()).map(Zeroizing::new);
        let whole = bytes.is_ok_and(|bytes| bytes.len() == kind.bytes());
        if !whole || checksum(body) != sum {
            return Err(SecretError::Checksum);
        }
        Ok(Secret { kind, text: Zeroizing::new(text.to_owned()) })
    }

    /// What it is for.
    #[must_use]
    pub fn kind(&self) -> SecretKind {
        self.kind
    }

    /// Of a session: whose it says to be. Only its hash proves it.
    pub(crate) fn person(&self) -> Option<PersonId> {
        let encoded = self.text.get(self.kind.prefix().len()..self.text.len() - CHECKSUM)?;
        let bytes = Zeroizing::new(BASE32_NOPAD.decode(encoded.to_ascii_uppercase().as_bytes()).ok()?);
        let number = bytes.get(..PERSON)?.try_into().ok()?;
        (self.kind == SecretKind::Session).then(|| PersonId::new(u32::from_be_bytes(number)))
    }

    /// What is kept of it: SHA-256, which is enough for 160 random bits.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.text.as_bytes()).into()
    }

    /// The text, to be shown once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}…", self.kind.prefix())
    }
}

fn checksum(body: &str) -> String {
    let hash = Sha256::digest(body.as_bytes());
    BASE32_NOPAD.encode(&hash[..4]).to_ascii_lowercase()
}
