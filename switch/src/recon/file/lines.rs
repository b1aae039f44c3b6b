//! Lines of bounded length from a stream, the digest of all that was read, and characters from bytes.

use super::MAX_LINE;
use encoding_rs::SHIFT_JIS;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::io::{self, BufRead};

/// How a file writes characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// Not known yet, or ASCII throughout.
    Ascii,
    /// UTF-8.
    Utf8,
    /// Shift_JIS, as Windows writes it.
    ShiftJis,
}

/// What the next line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// In [`Lines::bytes`].
    Line,
    /// Longer than [`MAX_LINE`]; only its start is kept.
    TooLong,
    /// There is none.
    End,
}

/// The lines of a stream. Memory is bounded by [`MAX_LINE`].
pub(super) struct Lines<R> {
    input: R,
    hash: Sha256,
    line: Vec<u8>,
    number: u64,
    encoding: Encoding,
}

const BOM: &[u8] = b"\xef\xbb\xbf";

impl<R: BufRead> Lines<R> {
    /// `encoding` is what a contract says, or [`Encoding::Ascii`] to find out.
    pub(super) fn new(input: R, encoding: Encoding) -> Self {
        Lines { input, hash: Sha256::new(), line: Vec::new(), number: 0, encoding }
    }

    /// Reads the next line, without its end.
    pub(super) fn advance(&mut self) -> io::Result<Next> {
        self.line.clear();
        let mut length = 0_usize;
        let mut ended = false;
        while !ended {
            let chunk = match self.input.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if chunk.is_empty() {
                break;
            }
            let end = chunk.iter().position(|b| *b == b'\n');
            let text = &chunk[..end.unwrap_or(chunk.len())];
            let used = end.map_or(chunk.len(), |end| end + 1);
            // One byte more than is allowed, because it may be the CR of the line's end.
            let room = (MAX_LINE + 1).saturating_sub(self.line.len());
            self.line.extend_from_slice(&text[..text.len().min(room)]);
            self.hash.update(&chunk[..used]);
            length = length.saturating_add(used);
            ended = end.is_some();
            self.input.consume(used);
        }
        if length == 0 {
            return Ok(Next::End);
        }
        self.number += 1;
        let kept = self.line.len() + usize::from(ended) == length;
        if kept && self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
        if self.number == 1 && self.line.starts_with(BOM) {
            self.line.drain(..BOM.len());
            self.encoding = Encoding::Utf8;
        }
        Ok(if kept && self.line.len() <= MAX_LINE { Next::Line } else { Next::TooLong })
    }

    /// The current line's number, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The current line's bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.line
    }

    /// The current line's characters; `None` when they are none of the file's encoding. The bytes of comma, quote and line
    /// feed are never a part of another character, in Shift_JIS neither.
    pub(super) fn text(&mut self) -> Option<Cow<'_, str>> {
        if self.line.is_ascii() {
            return std::str::from_utf8(&self.line).ok().map(Cow::Borrowed);
        }
        if self.encoding == Encoding::Ascii {
            if std::str::from_utf8(&self.line).is_ok() {
                self.encoding = Encoding::Utf8;
            } else if SHIFT_JIS.decode_without_bom_handling_and_without_replacement(&self.line).is_some() {
                self.encoding = Encoding::ShiftJis;
            }
        }
        match self.encoding {
            Encoding::Ascii => None,
            Encoding::Utf8 => std::str::from_utf8(&self.line).ok().map(Cow::Borrowed),
            Encoding::ShiftJis => SHIFT_JIS.decode_without_bom_handling_and_without_replacement(&self.line),
        }
    }

    /// What characters were taken for so far.
    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The digest of all that was read.
    pub(super) fn digest(self) -> [u8; 32] {
        self.hash.finalize().into()
    }
}
