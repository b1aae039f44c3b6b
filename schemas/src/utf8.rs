//! Texts that people wrote with a program of their own: configuration, policies, contracts, asks. UTF-8, with or without a byte order
//! mark, which Windows' editors put in front and no parser of ours wants.

/// The byte order mark.
pub const MARK: char = '\u{feff}';

/// The error of bytes that are no text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotText {
    /// Its mark says UTF-16 or UTF-32.
    #[error("expected text in UTF-8, got UTF-16 (\"Unicode\" in Windows' editors): save it as UTF-8")]
    Utf16,
    /// Bytes that UTF-8 does not have.
    #[error("expected text in UTF-8; byte {at}, in line {line}, is not: save it as UTF-8")]
    Byte {
        /// The byte, from 1.
        at: usize,
        /// Its line, from 1.
        line: usize,
    },
}

/// The text without its mark.
#[must_use]
pub fn without_mark(text: &str) -> &str {
    text.strip_prefix(MARK).unwrap_or(text)
}

/// The bytes as text, without the mark.
pub fn text(bytes: &[u8]) -> Result<&str, NotText> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(NotText::Utf16);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(without_mark(text)),
        Err(error) => {
            let at = error.valid_up_to();
            let line = bytes[..at].iter().filter(|b| **b == b'\n').count() + 1;
            Err(NotText::Byte { at: at + 1, line })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_no_part_of_a_text() {
        for (bytes, expected) in
            [("", ""), ("\u{feff}", ""), ("\u{feff}a = 1\n", "a = 1\n"), ("a\u{feff}", "a\u{feff}")]
        {
            assert_eq!(text(bytes.as_bytes()), Ok(expected));
        }
    }

    #[test]
    fn what_is_no_utf8_is_named_with_its_place() {
        assert_eq!(text(b"\xff\xfea\0"), Err(NotText::Utf16));
        assert_eq!(text(b"\xfe\xff\0a"), Err(NotText::Utf16));
        // "name = 港" in Shift_JIS, in the second line.
        assert_eq!(text(b"a = 1\nname = \"\x8d\x60\"\n"), Err(NotText::Byte { at: 15, line: 2 }));
    }
}
