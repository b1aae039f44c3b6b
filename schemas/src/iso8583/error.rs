//! Faults of a message or a dialect, in words with which the sender can mend it.

use super::message::is_sensitive;
use std::fmt;

/// A frame that is not a message of the dialect.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub struct DecodeError {
    /// The place in the message: a field, the type or the bitmap.
    pub part: Part,
    /// Byte offset from the message type's first byte.
    pub offset: usize,
    /// The expected content.
    pub expected: String,
    /// The content that came. For card data and keys only a length.
    pub found: String,
}

/// The part of a message that an error is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// The message type indicator.
    Mti,
    /// The primary or secondary bitmap.
    Bitmap,
    /// A data element.
    Field(u8),
    /// Bytes after the last field.
    Trailer,
    /// The bytes behind each message in this dialect.
    FrameTrailer,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Mti => f.write_str("message type"),
            Part::Bitmap => f.write_str("bitmap"),
            Part::Field(n) => write!(f, "DE{n}"),
            Part::Trailer => f.write_str("after the last field"),
            Part::FrameTrailer => f.write_str("message trailer"),
        }
    }
}

impl DecodeError {
    pub(crate) fn new(part: Part, offset: usize, expected: impl Into<String>, found: &[u8]) -> Box<Self> {
        // What follows the last field may be any field whose bit is missing, a card number too.
        let secret = match part {
            Part::Field(n) => is_sensitive(n),
            Part::Trailer | Part::FrameTrailer => true,
            Part::Mti | Part::Bitmap => false,
        };
        let shown = &found[..found.len().min(16)];
        let found = if secret {
            format!("{} bytes (not shown)", found.len())
        } else if found.is_empty() {
            "end of message".to_owned()
        } else if shown.iter().all(|b| (0x20..=0x7e).contains(b)) {
            format!("{:?}", String::from_utf8_lossy(shown))
        } else {
            format!("0x{}", hex::encode(shown))
        };
        Box::new(DecodeError { part, offset, expected: expected.into(), found })
    }

    /// The field's number, when the error is about one.
    #[must_use]
    pub fn field(&self) -> Option<u8> {
        match self.part {
            Part::Field(n) => Some(n),
            Part::Mti | Part::Bitmap | Part::Trailer | Part::FrameTrailer => None,
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at offset {}: expected {}, found {}", self.part, self.offset, self.expected, self.found)
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DecodeError({self})")
    }
}

/// A message that the dialect cannot write.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EncodeError {
    /// The dialect has no such field.
    #[error("DE{0} is not defined in this dialect")]
    Undefined(u8),
    /// A fixed field's value has another length, or a variable one is too long.
    #[error("DE{field}: {expected}, got {got} characters")]
    Length {
        /// The field.
        field: u8,
        /// The length that the dialect asks for.
        expected: String,
        /// The length that was given.
        got: usize,
    },
    /// A character that the field's class does not allow.
    #[error("DE{field}: character {position} is not allowed in a field of class {class}")]
    Character {
        /// The field.
        field: u8,
        /// 1-based position.
        position: usize,
        /// The class's name.
        class: &'static str,
    },
}
