//! Names of people, programs and organisations, as people read them.
//!
//! Sources: Unicode Standard Annex 15 (NFKC); Unicode Technical Standard 39, section 4 (the confusables skeleton), of the crate
//! `unicode-security`.

use crate::canonical::canonical;
use std::fmt;
use std::str::FromStr;
use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

/// Characters of a name at most.
const LONGEST: usize = 60;
/// Bytes of a text that can be a name, with spaces and forms that NFKC makes shorter. What is longer is not looked at: strangers send it.
const LONGEST_BYTES: usize = 1_024;

/// The error of a text that is no name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing of it can be seen.
    #[error("name: expected 1 to {LONGEST} visible characters, got none")]
    Blank,
    /// Too long.
    #[error("name: expected 1 to {LONGEST} characters, got {0}")]
    Long(usize),
    /// A control character, one that changes the direction of writing, or one without width.
    #[error(
        "name: character {1} is U+{0:04X}, a control character, a change of the direction of writing, or a character without \
         width; type the name without it"
    )]
    Invisible(u32, usize),
}

/// A name: NFKC, trimmed, single spaces, 1 to 60 characters, each of which can be seen.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Name(String);

impl Name {
    /// As it is shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form of the name that must be unique.
    #[must_use]
    pub fn key(&self) -> NameKey {
        NameKey::of(&self.0)
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        // Each is looked at before NFKC, which takes some of them away.
        let trimmed = text.trim();
        if trimmed.len() > LONGEST_BYTES {
            return Err(NameError::Long(trimmed.chars().count()));
        }
        if let Some((at, bad)) = trimmed.chars().enumerate().find(|(_, c)| is_unseen(*c)) {
            return Err(NameError::Invisible(u32::from(bad), at + 1));
        }
        let composed: String = trimmed.nfkc().collect();
        let shown = composed.split_whitespace().collect::<Vec<_>>().join(" ");
        if NameKey::of(&shown).0.is_empty() {
            return Err(NameError::Blank);
        }
        match shown.chars().count() {
            long if long > LONGEST => Err(NameError::Long(long)),
            _ => Ok(Name(shown)),
        }
    }
}

/// A control character, a change of direction, or an invisible character: what [`canonical`] leaves out. Spaces are seen.
fn is_unseen(c: char) -> bool {
    if c.is_control() {
        return true;
    }
    let mut buffer = [0; 4];
    !c.is_whitespace() && !matches!(c, '"' | '\'' | '`') && canonical(c.encode_utf8(&mut buffer)).is_empty()
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl serde::Serialize for Name {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Name {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Names that look alike have one key: `suzuki`, `Suzuki`, `ｓｕｚｕｋｉ`, `suzuki ` and Cyrillic look-alikes. It is compared, not shown.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NameKey(String);

impl NameKey {
    /// Of any text, also one that is no name: no name has its key. All texts that are too long for a name have one key.
    #[must_use]
    pub fn of(text: &str) -> NameKey {
        if text.trim().len() > LONGEST_BYTES {
            return NameKey("\u{0}".to_owned());
        }
        // A skeleton may have capitals and marks of its own: the canonical form is taken before and after. The second skeleton
        // changes nothing for most, and settles those whose canonical form uncovered another look-alike.
        let once = |text: &str| canonical(&skeleton(&canonical(text)).collect::<String>()).into_owned();
        let mut key = once(text);
        for _ in 0..4 {
            let next = once(&key);
            if next == key {
                break;
            }
            key = next;
        }
        NameKey(key)
    }
}
