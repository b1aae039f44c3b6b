//! Packed digits: two nibbles a byte, and the padding nibble that an odd number of them needs.

use bytes::{BufMut, BytesMut};
use serde::Deserialize;

/// The place and value of the padding nibble of an odd count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
pub enum Padding {
    /// A zero in front.
    #[serde(rename = "left0")]
    Left0,
    /// An F in front.
    #[serde(rename = "leftF")]
    LeftF,
    /// A zero behind.
    #[serde(rename = "right0")]
    Right0,
    /// An F behind.
    #[serde(rename = "rightF")]
    RightF,
}

impl Padding {
    /// The nibble.
    #[must_use]
    pub fn nibble(self) -> u8 {
        match self {
            Padding::Left0 | Padding::Right0 => 0,
            Padding::LeftF | Padding::RightF => 0xf,
        }
    }

    /// Is it in front?
    #[must_use]
    pub fn is_left(self) -> bool {
        match self {
            Padding::Left0 | Padding::LeftF => true,
            Padding::Right0 | Padding::RightF => false,
        }
    }

    /// The nibble in the padding's place.
    fn place(self, bytes: &[u8]) -> Option<u8> {
        if self.is_left() { bytes.first().map(|b| b >> 4) } else { bytes.last().map(|b| b & 15) }
    }

    /// In words, for errors.
    pub(super) fn words(self) -> String {
        format!("the padding nibble {:X} {}", self.nibble(), if self.is_left() { "in front of" } else { "behind" })
    }
}

/// The written form of the sign of a packed `x+n`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// As a character, C or D, in front of the packed digits.
    Character,
    /// As a nibble, C or D, in front of the digits.
    LeadingNibble,
    /// As a nibble, C or D, behind the digits.
    TrailingNibble,
}

/// Writes `count` nibbles.
pub(super) fn put(nibbles: impl Iterator<Item = u8>, count: usize, padding: Padding, out: &mut BytesMut) {
    let pad = (count % 2 == 1).then_some(padding.nibble());
    let (before, after) = if padding.is_left() { (pad, None) } else { (None, pad) };
    let mut all = before.into_iter().chain(nibbles).chain(after);
    while let (Some(high), Some(low)) = (all.next(), all.next()) {
        out.put_u8(high << 4 | low);
    }
}

/// The `count` nibbles of exactly so many bytes as they take; `None` when the padding is another.
pub(super) fn open(bytes: &[u8], count: usize, padding: Padding) -> Option<impl Iterator<Item = u8>> {
    let is_odd = count % 2 == 1;
    if is_odd && padding.place(bytes) != Some(padding.nibble()) {
        return None;
    }
    let skip = usize::from(is_odd && padding.is_left());
    Some(bytes.iter().flat_map(|b| [b >> 4, b & 15]).skip(skip).take(count))
}

/// The number of nibbles in these bytes, told by the padding: F is no digit.
pub(super) fn count(bytes: &[u8], padding: Padding) -> usize {
    2 * bytes.len() - usize::from(padding.place(bytes) == Some(padding.nibble()))
}

/// The nibble of a digit, or of a separator or sign.
pub(super) fn nibble(c: u8) -> u8 {
    match c {
        b'=' => 0xb,
        b'C' => 0xc,
        b'D' => 0xd,
        digit => digit & 15,
    }
}
