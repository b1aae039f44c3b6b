//! The header of a key block: 16 characters, and optional blocks behind them.

use super::cipher::BLOCK;
use super::codes::{Algorithm, Context, Exportability, Mode, Usage};
use super::error::KeyBlockError;
use super::optional::{self, Optional};
use kazasu_schemas::mac::check_value;
use kazasu_schemas::secret::Key;

/// Characters of the header without optional blocks.
const FIXED: usize = 16;
/// Four digits have no greater number.
const LONGEST: usize = 9_999;

/// A key's version: two characters, or none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyVersion {
    /// `00`: keys have no versions.
    None,
    /// Two letters or digits.
    Version([u8; 2]),
    /// The key is a component of a key: which one, a letter or digit.
    Component(u8),
}

impl KeyVersion {
    /// A version as a number: 1 to 99; 0 is none.
    #[must_use]
    pub fn number(version: u8) -> Option<Self> {
        match version {
            0 => Some(KeyVersion::None),
            1..=99 => Some(KeyVersion::Version([b'0' + version / 10, b'0' + version % 10])),
            _ => None,
        }
    }

    fn read(text: &str) -> Result<Self, KeyBlockError> {
        match text.as_bytes() {
            b"00" => Ok(KeyVersion::None),
            &[b'c', which] if which.is_ascii_alphanumeric() => Ok(KeyVersion::Component(which)),
            &[a, b] if [a, b].iter().all(u8::is_ascii_alphanumeric) => Ok(KeyVersion::Version([a, b])),
            _ => Err(KeyBlockError::field("key version (position 10)", "two letters or digits, 00 for none", text)),
        }
    }

    fn write(self) -> [char; 2] {
        match self {
            KeyVersion::None => ['0', '0'],
            KeyVersion::Version(version) => version.map(char::from),
            KeyVersion::Component(which) => ['c', char::from(which)],
        }
    }
}

/// What a block says of its key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// What it is for.
    pub usage: Usage,
    /// With which algorithm.
    pub algorithm: Algorithm,
    /// What its holder may do with it.
    pub mode: Mode,
    /// Its version.
    pub version: KeyVersion,
    /// May it be handed on?
    pub exportability: Exportability,
    /// Where the block is used.
    pub context: Context,
    /// More about it, each block at most once; without the padding block, which the writer adds.
    pub optional: Vec<Optional>,
}

impl Header {
    /// The header's value, its text, and the text behind it.
    pub(super) fn read(text: &str) -> Result<(Header, &str, &str), KeyBlockError> {
        if let Some(at) = text.bytes().position(|b| !matches!(b, b' '..=b'~')) {
            let place = format!("position {}", at + 1);
            return Err(KeyBlockError::field(place, "a character of ASCII that can be printed", "another one"));
        }
        if text.len() < FIXED {
            let expected = format!("at least {FIXED} characters");
            return Err(KeyBlockError::Field { field: "header".into(), expected, got: text.len().to_string() });
        }
        if !text.starts_with('D') {
            let expected = "D (AES; A, B, C and E are not supported: ask for version D)";
            return Err(KeyBlockError::field("version (position 1)", expected, &text[..1]));
        }
        length(text)?;
        let one = |at: usize| char::from(text.as_bytes()[at]);
        let count = number(&text[12..14], "number of optional blocks (position 13)")?;
        if one(15) != '0' {
            return Err(KeyBlockError::field("reserved (position 16)", "0", one(15)));
        }
        let (optional, rest) = optional::read(&text[FIXED..], count)?;
        let head = text.len() - rest.len();
        if !head.is_multiple_of(BLOCK) {
            let expected = format!("a multiple of {BLOCK} characters, filled up with a block PB");
            return Err(KeyBlockError::Field { field: "header".into(), expected, got: head.to_string() });
        }
        let header = Header {
            usage: Usage::read(&text[5..7])?,
            algorithm: Algorithm::read(one(7))?,
            mode: Mode::read(one(8))?,
            version: KeyVersion::read(&text[9..11])?,
            exportability: Exportability::read(one(11))?,
            context: Context::read(one(14))?,
            optional,
        };
        Ok((header, &text[..head], rest))
    }

    /// The text in front of `rest` characters.
    pub(super) fn write(&self, rest: usize) -> Result<String, KeyBlockError> {
        let (optional, count) = optional::write(&self.optional)?;
        let whole = FIXED + optional.len() + rest;
        if whole > LONGEST {
            let expected = format!("optional blocks for at most {LONGEST} characters in the whole block");
            return Err(KeyBlockError::Field { field: "length".into(), expected, got: whole.to_string() });
        }
        let version: String = self.version.write().iter().collect();
        KeyVersion::read(&version)?;
        let mut text = format!("D{whole:04}{}{}{}", self.usage.code(), self.algorithm.code(), self.mode.code());
        text.push_str(&version);
        text.push(self.exportability.code());
        text.push_str(&format!("{count:02}{}0", self.context.code()));
        text.push_str(&optional);
        Ok(text)
    }

    /// The check value of the key that the block was made under, where it says so: a part of AES-CMAC's.
    pub(super) fn protection_check_value(&self) -> Option<Vec<u8>> {
        self.optional.iter().find(|block| block.id() == "KP").and_then(Optional::check_value)
    }

    /// Where the block has the key's check value, it is this key's.
    pub(super) fn check_key(&self, key: &Key) -> Result<(), KeyBlockError> {
        let said = self.optional.iter().find(|block| block.id() == "KC").and_then(Optional::check_value);
        match said {
            Some(said) if self.algorithm == Algorithm::Aes && !check_value(key).starts_with(&said) => {
                Err(KeyBlockError::CheckValue)
            }
            _ => Ok(()),
        }
    }
}

/// Is the block as long as it says?
fn length(text: &str) -> Result<(), KeyBlockError> {
    let said = number(&text[1..5], "length (position 2)")?;
    if said != text.len() {
        let expected = format!("{:04}, the number of characters that are there", text.len());
        return Err(KeyBlockError::field("length (position 2)", expected, &text[1..5]));
    }
    Ok(())
}

/// Decimal digits only; `parse` takes a sign too.
fn number(digits: &str, field: &str) -> Result<usize, KeyBlockError> {
    let value = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
    value.ok_or_else(|| KeyBlockError::field(field, format!("{} digits", digits.len()), digits))
}
