//! Text as Windows' Shift_JIS (code page 932, by the WHATWG Encoding Standard). What it does not have becomes 〓 and is counted.

use super::kana::composed;
use encoding_rs::SHIFT_JIS;
use std::borrow::Cow;

/// The replacement of a character that Shift_JIS does not have.
pub(super) const GETA: &str = "〓";

/// The text's bytes, and how many characters became 〓.
///
/// Characters that Unicode has twice and Shift_JIS once are exchanged first (`〜` for `～`, `—` for `―`); variation selectors
/// are left out, which leaves the same character in its plain form.
pub(super) fn encode(text: &str) -> (Vec<u8>, u64) {
    let text = composed(text);
    let text: Cow<'_, str> =
        if text.contains(|c| twin(c) != Some(c)) { text.chars().filter_map(twin).collect() } else { text };
    let (bytes, _, unmappable) = SHIFT_JIS.encode(&text);
    if !unmappable {
        return (bytes.into_owned(), 0);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut replaced = 0;
    let mut buffer = [0; 4];
    for c in text.chars() {
        let (bytes, _, unmappable) = SHIFT_JIS.encode(c.encode_utf8(&mut buffer));
        if unmappable {
            replaced += 1;
            out.extend_from_slice(&SHIFT_JIS.encode(GETA).0);
        } else {
            out.extend_from_slice(&bytes);
        }
    }
    (out, replaced)
}

/// The character as code page 932 knows it; `None` for one that is left out.
fn twin(c: char) -> Option<char> {
    match c {
        '〜' => Some('～'),
        '‖' => Some('∥'),
        '—' => Some('―'),
        '−' => Some('－'),
        '¢' => Some('￠'),
        '£' => Some('￡'),
        '¬' => Some('￢'),
        '‾' => Some('￣'),
        // The standard's encoder writes the byte 5C, which reads as a backslash outside Japan.
        '¥' => Some('￥'),
        '\u{a0}' => Some(' '),
        '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => None,
        c => Some(c),
    }
}
