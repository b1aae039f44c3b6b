//! The files that Japanese companies and banks exchange in the Zengin formats: bulk transfers to the bank
//! ([`transfer`], kind 21) and the account's statement back ([`statement`], kind 03), over the characters of [`kana`].
//!
//! Records have a fixed length, one byte a character (JIS X 0201), and an optional CR LF. Numbers are right-justified
//! and zero-filled, texts left-justified and space-filled. Writing is strict, reading is lenient about line ends and
//! paddings only. Nothing here knows which payments are due, or what an entry is reconciled with.
//!
//! Source: Japanese Bankers Association, appendix on applications and record formats to the PC standard protocol
//! (AP-I-12, December 2019); domain.md section 7.

mod ids;
pub mod kana;
mod record;
pub mod statement;
pub mod transfer;

pub use ids::{AccountNumber, BankCode, BranchCode, ClientCode};
pub use record::{BadRecord, Expected, Got};

use crate::jst::BusinessDay;
use kana::{Charset, ZenginText};
use std::fmt;

/// Kind of an account (預金種目).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AccountKind {
    /// 1: ordinary (普通).
    Ordinary,
    /// 2: current (当座).
    Current,
    /// 4: savings (貯蓄).
    Savings,
    /// 9: other.
    Other,
}

impl AccountKind {
    /// The digit in the files.
    #[must_use]
    pub const fn digit(self) -> u8 {
        match self {
            AccountKind::Ordinary => b'1',
            AccountKind::Current => b'2',
            AccountKind::Savings => b'4',
            AccountKind::Other => b'9',
        }
    }

    /// The inverse of [`AccountKind::digit`].
    #[must_use]
    pub const fn from_digit(digit: u8) -> Option<Self> {
        match digit {
            b'1' => Some(AccountKind::Ordinary),
            b'2' => Some(AccountKind::Current),
            b'4' => Some(AccountKind::Savings),
            b'9' => Some(AccountKind::Other),
            _ => None,
        }
    }
}

/// An account that money leaves or reaches.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// The bank.
    pub bank: BankCode,
    /// The bank's name, for people; may be empty. At most 15 bytes of [`kana::Charset::Bank`] reach a file.
    pub bank_name: String,
    /// The branch.
    pub branch: BranchCode,
    /// The branch's name, for people; may be empty. At most 15 bytes of [`kana::Charset::Bank`] reach a file.
    pub branch_name: String,
    /// Its kind.
    pub kind: AccountKind,
    /// Its number.
    pub number: AccountNumber,
}

/// The line end behind each record that is written. Readers take either, and a lone LF.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineEnding {
    /// Carriage return and line feed.
    CrLf,
    /// Nothing: the records touch.
    None,
}

impl LineEnding {
    const fn bytes(self) -> &'static [u8] {
        match self {
            LineEnding::CrLf => b"\r\n",
            LineEnding::None => b"",
        }
    }
}

/// A value that its field cannot carry.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{field}: expected {expected}, got {got}")]
pub struct Unfit {
    /// The field, as the format's description names it.
    pub field: &'static str,
    /// The values that it can carry.
    pub expected: String,
    /// The value that came.
    pub got: String,
}

impl Unfit {
    pub(crate) fn new(field: &'static str, expected: impl Into<String>, got: impl fmt::Display) -> Self {
        Unfit { field, expected: expected.into(), got: got.to_string() }
    }
}

/// The place of a value in a file that was to be written. Both numbers count from 0, as the slices do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// The file as a whole.
    File,
    /// A group's header.
    Header {
        /// The group: a transfer's client, a statement's account, a pain.001's batch.
        group: usize,
    },
    /// One of a group's payments or entries.
    Item {
        /// The group.
        group: usize,
        /// The payment or entry in it.
        item: usize,
    },
    /// A group's trailer: counts and sums.
    Trailer {
        /// The group.
        group: usize,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File => f.write_str("file"),
            Place::Header { group } => write!(f, "header of group [{group}]"),
            Place::Item { group, item } => write!(f, "item [{item}] of group [{group}]"),
            Place::Trailer { group } => write!(f, "totals of group [{group}]"),
        }
    }
}

/// A file that cannot be written: the first value that does not fit, and where it stands.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{place}: {unfit}")]
pub struct WriteError {
    /// The value's place.
    pub place: Place,
    /// The value.
    pub unfit: Unfit,
}

impl Unfit {
    pub(crate) fn at(self, place: Place) -> WriteError {
        WriteError { place, unfit: self }
    }
}

/// The bytes of a field, and what happens to a text that is longer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Room {
    /// It is cut, as banks ask for names: the bank compares the part that fits.
    Cut(usize),
    /// It is an error: half a reference finds nothing.
    Refuse(usize),
}

/// The text as its field carries it.
pub(crate) fn fit(field: &'static str, text: &str, charset: Charset, room: Room) -> Result<ZenginText, Unfit> {
    let text = kana::normalize(text, charset).map_err(|e| Unfit::new(field, e.expected(), e.got()))?;
    match room {
        Room::Cut(len) => Ok(text.cut(len)),
        Room::Refuse(len) if text.len() <= len => Ok(text),
        Room::Refuse(len) => Err(Unfit::new(
            field,
            format!("at most {len} bytes in half-width kana"),
            format!("{} ({text})", text.len()),
        )),
    }
}

/// The same for a name that must be there.
pub(crate) fn fit_name(field: &'static str, name: &str, len: usize) -> Result<ZenginText, Unfit> {
    let name = fit(field, name, Charset::Name, Room::Cut(len))?;
    if name.is_empty() { Err(Unfit::new(field, "a name", "nothing but spaces")) } else { Ok(name) }
}

/// A day that the calendar has, so that its date can be written.
pub(crate) fn dated(field: &'static str, day: BusinessDay) -> Result<BusinessDay, Unfit> {
    let known = BusinessDay::parse(&day.to_string()) == Some(day);
    if known { Ok(day) } else { Err(Unfit::new(field, "a day of the years 0 to 9999", day)) }
}

#[cfg(test)]
pub(crate) mod tests;
