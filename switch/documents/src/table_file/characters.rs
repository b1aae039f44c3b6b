//! Characters from bytes: which encoding a file has, and its text.

use encoding_rs::{SHIFT_JIS, UTF_16BE, UTF_16LE};
use kazasu_text::Said;
use kazasu_text::tables::TableText;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// The encoding of a file's characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// ASCII throughout.
    Ascii,
    /// UTF-8.
    Utf8,
    /// UTF-16 with its mark.
    Utf16,
    /// Shift_JIS, as Windows writes it.
    ShiftJis,
    /// A workbook.
    Xlsx,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Ascii => "ascii",
            Format::Utf8 => "utf-8",
            Format::Utf16 => "utf-16",
            Format::ShiftJis => "shift_jis",
            Format::Xlsx => "xlsx",
        })
    }
}

/// The file's text, and how it is written. A byte order mark decides; without one, the first line with other than ASCII characters
/// does: UTF-8 when it is valid UTF-8, else Shift_JIS when it is that, else the next such line. Bytes that are no character of
/// that encoding become U+FFFD, which costs their own row.
pub fn text_of(bytes: &[u8], fixed: Option<Format>) -> Result<(Cow<'_, str>, Format), Said> {
    // Where MS-DOS ended a text.
    let bytes = bytes.strip_suffix(b"\x1a").unwrap_or(bytes);
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return Ok((String::from_utf8_lossy(rest), Format::Utf8));
    }
    if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        return Ok((UTF_16LE.decode_without_bom_handling(rest).0, Format::Utf16));
    }
    if let Some(rest) = bytes.strip_prefix(b"\xfe\xff") {
        return Ok((UTF_16BE.decode_without_bom_handling(rest).0, Format::Utf16));
    }
    match fixed.unwrap_or_else(|| guessed(bytes)) {
        Format::Ascii | Format::Utf8 if bytes.is_ascii() => Ok((String::from_utf8_lossy(bytes), Format::Ascii)),
        Format::Ascii | Format::Utf8 => Ok((String::from_utf8_lossy(bytes), Format::Utf8)),
        Format::ShiftJis => Ok((SHIFT_JIS.decode_without_bom_handling(bytes).0, Format::ShiftJis)),
        Format::Utf16 => Err(Said::of(&TableText::NoMark)),
        Format::Xlsx => Err(Said::of(&TableText::NotXlsx)),
    }
}

fn guessed(bytes: &[u8]) -> Format {
    if bytes.is_ascii() {
        return Format::Ascii;
    }
    if std::str::from_utf8(bytes).is_ok() {
        return Format::Utf8;
    }
    // No byte of a two-byte character is a line end, in Shift_JIS neither.
    for line in bytes.split(|b| matches!(b, b'\n' | b'\r')).filter(|line| !line.is_ascii()) {
        if std::str::from_utf8(line).is_ok() {
            return Format::Utf8;
        }
        if SHIFT_JIS.decode_without_bom_handling_and_without_replacement(line).is_some() {
            return Format::ShiftJis;
        }
    }
    Format::Utf8
}
