//! EBCDIC code pages, as far as fields hold characters: printable ASCII and the half-width kana of JIS X 0201.
//!
//! Each character has one byte in a code page, or none: cp037 and cp1047 have no kana, cp290 has no lower-case letters and none
//! of ``[ \ ] ^ ` { } ~``. What has none can be neither written nor read, so each message keeps exactly one written form. Digits,
//! upper-case letters and `=` are the same bytes in all three.

use serde::Deserialize;

/// A code page.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CodePage {
    /// IBM 037: USA, Canada.
    Cp037,
    /// IBM 1047: Latin-1, open systems. `[ ] ^` are other bytes than in 037.
    Cp1047,
    /// IBM 290: Japan, upper-case letters and half-width kana (EBCDIK).
    Cp290,
}

/// Printable ASCII from the space to the tilde, in 037.
const LATIN_037: &[u8; 190] = b"405A7F7B5B6C507D4D5D5C4E6B604B61F0F1F2F3F4F5F6F7F8F97A5E4C7E6E6F7CC1C2C3C4C5C6C7C8C9D1D2D3D4D5D6D7D8D9E2E3E4E5E6E7E8E9BAE0BBB06D79818283848586878889919293949596979899A2A3A4A5A6A7A8A9C04FD0A1";
const LATIN_1047: &[u8; 190] = b"405A7F7B5B6C507D4D5D5C4E6B604B61F0F1F2F3F4F5F6F7F8F97A5E4C7E6E6F7CC1C2C3C4C5C6C7C8C9D1D2D3D4D5D6D7D8D9E2E3E4E5E6E7E8E9ADE0BD5F6D79818283848586878889919293949596979899A2A3A4A5A6A7A8A9C04FD0A1";
const LATIN_290: &[u8; 190] = b"405A7F7BE06C507D4D5D5C4E6B604B61F0F1F2F3F4F5F6F7F8F97A5E4C7E6E6F7CC1C2C3C4C5C6C7C8C9D1D2D3D4D5D6D7D8D9E2E3E4E5E6E7E8E9000000006D000000000000000000000000000000000000000000000000000000004F0000";
/// Half-width kana, A1 to DF of JIS X 0201, in 290.
const KANA_290: &[u8; 126] = b"414243444546474849515253545556588182838485868788898A8C8D8E8F909192939495969798999A9D9E9FA2A3A4A5A6A7A8A9AAACADAEAFBABBBCBDBEBF";
const NO_KANA: &[u8; 126] = &[b'0'; 126];

/// Both directions of a code page. No character is the byte 00, so that stands for none.
struct Table {
    to: [u8; 256],
    from: [u8; 256],
}

static CP037: Table = Table::new(LATIN_037, NO_KANA);
static CP1047: Table = Table::new(LATIN_1047, NO_KANA);
static CP290: Table = Table::new(LATIN_290, KANA_290);

impl Table {
    const fn new(latin: &[u8; 190], kana: &[u8; 126]) -> Table {
        let mut table = Table { to: [0; 256], from: [0; 256] };
        let mut i = 0;
        while i < 95 {
            table.set(0x20 + i, hex_byte(latin[2 * i], latin[2 * i + 1]));
            i += 1;
        }
        let mut i = 0;
        while i < 63 {
            table.set(0xa1 + i, hex_byte(kana[2 * i], kana[2 * i + 1]));
            i += 1;
        }
        table
    }

    const fn set(&mut self, character: usize, byte: u8) {
        if byte != 0 {
            self.to[character] = byte;
            // Below 256, as every character of JIS X 0201.
            let mut of = 0_u8;
            while (of as usize) < character {
                of += 1;
            }
            self.from[byte as usize] = of;
        }
    }
}

const fn hex_byte(high: u8, low: u8) -> u8 {
    const fn value(c: u8) -> u8 {
        if c <= b'9' { c - b'0' } else { c - b'A' + 10 }
    }
    value(high) << 4 | value(low)
}

impl CodePage {
    /// Its name in dialect files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            CodePage::Cp037 => "cp037",
            CodePage::Cp1047 => "cp1047",
            CodePage::Cp290 => "cp290",
        }
    }

    fn table(self) -> &'static Table {
        match self {
            CodePage::Cp037 => &CP037,
            CodePage::Cp1047 => &CP1047,
            CodePage::Cp290 => &CP290,
        }
    }

    /// The byte of a character of ASCII or JIS X 0201.
    #[must_use]
    pub fn byte(self, character: u8) -> Option<u8> {
        Some(self.table().to[usize::from(character)]).filter(|byte| *byte != 0)
    }

    /// The character, in ASCII or JIS X 0201, that a byte stands for.
    #[must_use]
    pub fn character(self, byte: u8) -> Option<u8> {
        Some(self.table().from[usize::from(byte)]).filter(|character| *character != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [CodePage; 3] = [CodePage::Cp037, CodePage::Cp1047, CodePage::Cp290];

    #[test]
    fn every_character_has_one_byte_and_comes_back() {
        for page in ALL {
            let characters: Vec<u8> = (0..=255).filter(|c| page.byte(*c).is_some()).collect();
            assert_eq!(characters.len(), if page == CodePage::Cp290 { 60 + 63 + 1 } else { 95 }, "{}", page.name());
            for c in characters {
                assert_eq!(page.byte(c).and_then(|b| page.character(b)), Some(c), "{} {c:02X}", page.name());
            }
            let bytes = (0..=255).filter(|b| page.character(*b).is_some()).count();
            assert_eq!(bytes, if page == CodePage::Cp290 { 124 } else { 95 });
        }
    }

    #[test]
    fn known_characters_are_where_the_code_pages_have_them() {
        for page in ALL {
            let same =
                [(b' ', 0x40), (b'0', 0xf0), (b'9', 0xf9), (b'A', 0xc1), (b'J', 0xd1), (b'Z', 0xe9), (b'=', 0x7e)];
            for (c, byte) in same {
                assert_eq!(page.byte(c), Some(byte), "{} {c}", page.name());
            }
        }
        let of = |c: u8| ALL.map(|page| page.byte(c).unwrap_or(0));
        assert_eq!(of(b'a'), [0x81, 0x81, 0]);
        assert_eq!(of(b'['), [0xba, 0xad, 0]);
        assert_eq!(of(b']'), [0xbb, 0xbd, 0]);
        assert_eq!(of(b'^'), [0xb0, 0x5f, 0]);
        assert_eq!(of(b'$'), [0x5b, 0x5b, 0xe0]);
        // ｡ ｱ ﾝ ﾟ
        assert_eq!([0xa1, 0xb1, 0xdd, 0xdf].map(|c| of(c)[2]), [0x41, 0x81, 0xbd, 0xbf]);
        assert_eq!(of(0xb1)[0], 0);
    }
}
