//! The place where a page ended, as a text that only goes on with the list that it came from.

use kazasu_text::problems::CursorText;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Bytes of each digest in a cursor: they tell mistakes, and are no secret. A caller sees only what its rights show, and what it writes changes nothing of that.
const DIGEST: usize = 6;
/// The longest cursor that is read, in characters.
const LONGEST: usize = 2_048;

/// The reason why a cursor was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CursorRefusal {
    /// It is no cursor, or was changed.
    Altered,
    /// It came from another list, or from the same one under another filter.
    OfAnother,
}

impl CursorRefusal {
    /// The code, for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            CursorRefusal::Altered => "cursor_invalid",
            CursorRefusal::OfAnother => "cursor_of_another_list",
        }
    }

    /// The sentence.
    #[must_use]
    pub fn text(self) -> CursorText {
        match self {
            CursorRefusal::Altered => CursorText::Altered,
            CursorRefusal::OfAnother => CursorText::OfAnother,
        }
    }
}

/// What a cursor says.
#[derive(Serialize, Deserialize, Debug)]
pub(super) struct Cursor<K> {
    /// The journal's last record when the first page was read.
    #[serde(rename = "p")]
    pub(super) position: u64,
    /// The key of the last row that was shown.
    #[serde(rename = "k")]
    pub(super) key: K,
}

fn digest(bytes: &[u8]) -> [u8; DIGEST] {
    let mut out = [0; DIGEST];
    out.copy_from_slice(&Sha256::digest(bytes)[..DIGEST]);
    out
}

impl<K: Serialize + DeserializeOwned> Cursor<K> {
    /// As a text. `list` is the list with its filter.
    pub(super) fn text(&self, list: &str) -> serde_json::Result<String> {
        let mut bytes = digest(list.as_bytes()).to_vec();
        bytes.extend(serde_json::to_vec(self)?);
        let check = digest(&bytes);
        Ok(hex::encode(check) + &hex::encode(bytes))
    }

    /// Reads a text that a caller wrote.
    pub(super) fn read(text: &str, list: &str) -> Result<Self, CursorRefusal> {
        let bytes = Some(text).filter(|text| text.len() <= LONGEST).and_then(|text| hex::decode(text).ok());
        let bytes = bytes.ok_or(CursorRefusal::Altered)?;
        let (check, bytes) = bytes.split_at_checked(DIGEST).ok_or(CursorRefusal::Altered)?;
        if digest(bytes) != check {
            return Err(CursorRefusal::Altered);
        }
        let (of, said) = bytes.split_at_checked(DIGEST).ok_or(CursorRefusal::Altered)?;
        if digest(list.as_bytes()) != of {
            return Err(CursorRefusal::OfAnother);
        }
        serde_json::from_slice(said).map_err(|_| CursorRefusal::Altered)
    }
}
