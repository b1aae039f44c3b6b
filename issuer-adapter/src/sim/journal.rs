//! The simulator's journal: one JSON object a line, appended, in the order of execution of each issuer.
//!
//! An answer leaves after its line is in the file, so a process that is killed knows everything it has answered when it
//! starts again. Lines never hold a card number: an account is its last four characters and a keyed token.

use super::book::Entry;
use super::tag::AccountTag;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A journal that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file.
    #[error("journal {}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        error: std::io::Error,
    },
    /// A line that is no entry. Only the very last line may be torn.
    #[error("journal {}: line {line}: {problem}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// 1-based.
        line: u64,
        /// What is wrong.
        problem: String,
    },
}

#[derive(Serialize, Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    issuer: Cow<'a, str>,
    /// Milliseconds since 1970.
    at: i64,
    message: Entry,
}

/// Appends one entry's line to `out`.
pub(crate) fn write_line(issuer: &str, at: i64, message: &Entry, out: &mut Vec<u8>) {
    let line = Line { issuer: Cow::Borrowed(issuer), at, message: *message };
    serde_json::to_writer(&mut *out, &line).expect("an entry has no map keys but text, and memory takes every byte");
    out.push(b'\n');
}

/// The open journal, or none.
pub(crate) struct Journal(Option<(PathBuf, File)>);

impl Journal {
    pub(crate) fn none() -> Journal {
        Journal(None)
    }

    /// Replays the file in order, cuts off a torn last line and opens it for appending.
    pub(crate) fn open(path: &Path, mut each: impl FnMut(&str, &Entry)) -> Result<Journal, JournalError> {
        let io = |error| JournalError::Io { path: path.to_owned(), error };
        let file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path).map_err(io)?;
        let whole = read(path, &file, |line| each(&line.issuer, &line.message))?;
        file.set_len(whole).map_err(io)?;
        Ok(Journal(Some((path.to_owned(), file))))
    }

    /// Appends whole lines in one write.
    pub(crate) fn append(&mut self, lines: &[u8]) -> Result<(), JournalError> {
        match &mut self.0 {
            Some((path, file)) if !lines.is_empty() => {
                file.write_all(lines).map_err(|error| JournalError::Io { path: path.clone(), error })
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// Reads every whole line and gives the length of all of them together, in bytes.
fn read(path: &Path, file: &File, mut each: impl FnMut(Line<'_>)) -> Result<u64, JournalError> {
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut bytes = Vec::new();
    let mut whole = 0;
    let mut number = 0;
    loop {
        bytes.clear();
        let n =
            reader.read_until(b'\n', &mut bytes).map_err(|error| JournalError::Io { path: path.to_owned(), error })?;
        if bytes.last() != Some(&b'\n') {
            return Ok(whole);
        }
        number += 1;
        let line = serde_json::from_slice(&bytes).map_err(|error| JournalError::Line {
            path: path.to_owned(),
            line: number,
            problem: error.to_string(),
        })?;
        each(line);
        whole += u64::try_from(n).expect("a length fits in 64 bits");
    }
}

/// What each message finally stands at, by issuer name and DE37 number of the message: 0100, 0200 and 0220.
///
/// Approved purchases and completions are positive, refunds negative; declined and fully reversed messages and
/// authorizations (which only reserve) are 0. A partly reversed message stands at what remains. Messages that the issuer
/// never executed are absent.
pub fn effective(path: impl AsRef<Path>) -> Result<BTreeMap<(String, u64), i64>, JournalError> {
    let path = path.as_ref();
    let file = File::open(path).map_err(|error| JournalError::Io { path: path.to_owned(), error })?;
    let mut out = BTreeMap::new();
    read(path, &file, |line| {
        let message = &line.message;
        if message.remains.is_none() {
            out.insert((line.issuer.clone().into_owned(), message.id), message.effective);
        } else if let (Some(id), Some(now)) = (message.original_id, message.original_effective) {
            out.insert((line.issuer.into_owned(), id), now);
        }
    })?;
    Ok(out)
}

/// An account tag as `1111-5c0ffee012345678`.
pub(crate) mod tag_text {
    use super::AccountTag;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};
    use std::borrow::Cow;

    pub(crate) fn serialize<S: Serializer>(tag: &AccountTag, s: S) -> Result<S::Ok, S::Error> {
        let last_four = std::str::from_utf8(&tag.last_four).unwrap_or("****");
        s.collect_str(&format_args!("{last_four}-{:016x}", tag.token))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<AccountTag, D::Error> {
        let text = <Cow<'de, str>>::deserialize(d)?;
        let tag = text.split_once('-').and_then(|(last_four, token)| {
            Some(AccountTag {
                last_four: last_four.as_bytes().try_into().ok()?,
                token: u64::from_str_radix(token, 16).ok()?,
            })
        });
        tag.ok_or_else(|| D::Error::custom("an account is its last four characters, a dash and 16 hexadecimal digits"))
    }
}

/// DE39 as text.
pub(crate) mod code_text {
    use kazasu_schemas::wire::ResponseCode;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};
    use std::borrow::Cow;

    pub(crate) fn serialize<S: Serializer>(code: &ResponseCode, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(code.as_str())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<ResponseCode, D::Error> {
        let text = <Cow<'de, str>>::deserialize(d)?;
        ResponseCode::from_wire(text.as_bytes())
            .ok_or_else(|| D::Error::custom("a response code is two letters or digits"))
    }
}
