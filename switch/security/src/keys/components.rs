//! Keys in components: each of two or three people knows one, the key is their exclusive or, and none of them says anything
//! about it.

use super::wrap::{WrapError, random};
use kazasu_schemas::secret::Key;
use kazasu_text::Text;
use kazasu_text::key_store::UnlockText;
use kazasu_text::keys::ComponentText;
use zeroize::Zeroizing;

/// Why typed text is no component, or components make no key. It never repeats them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComponentError {
    /// Not hexadecimal.
    Hex(usize),
    /// No length of a key.
    Length(usize),
    /// It would leave the key as it is.
    Zeros,
    /// Components of different lengths.
    Lengths,
    /// All people would know the key.
    Cancel,
    /// One component is the key itself.
    Few(usize),
}

impl ComponentError {
    /// For people.
    #[must_use]
    pub fn text(self) -> ComponentText {
        match self {
            ComponentError::Hex(digits) => ComponentText::NotHex { digits: digits.into() },
            ComponentError::Length(digits) => ComponentText::OtherLength { digits: digits.into() },
            ComponentError::Zeros => ComponentText::Zeros,
            ComponentError::Lengths => ComponentText::Lengths,
            ComponentError::Cancel => ComponentText::Cancel,
            ComponentError::Few(got) => ComponentText::Few { got: got.into() },
        }
    }
}

impl std::fmt::Display for ComponentError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text().en())
    }
}

impl std::error::Error for ComponentError {}

/// A component as people type it: digits in any grouping, with spaces and dashes.
pub fn read(text: &str) -> Result<Key, ComponentError> {
    let digits: Zeroizing<String> = Zeroizing::new(text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect());
    let bytes =
        Zeroizing::new(hex::decode(digits.as_bytes()).map_err(|_| ComponentError::Hex(digits.chars().count()))?);
    if !bytes.is_empty() && bytes.iter().all(|byte| *byte == 0) {
        return Err(ComponentError::Zeros);
    }
    Key::new(bytes.to_vec()).map_err(|_| ComponentError::Length(digits.len()))
}

/// The key of these components.
pub fn join(components: &[Key]) -> Result<Key, ComponentError> {
    let (first, rest) = components.split_first().ok_or(ComponentError::Few(0))?;
    if rest.is_empty() {
        return Err(ComponentError::Few(1));
    }
    let mut out = Zeroizing::new(first.expose().to_vec());
    for component in rest {
        if component.expose().len() != out.len() {
            return Err(ComponentError::Lengths);
        }
        out.iter_mut().zip(component.expose()).for_each(|(a, b)| *a ^= b);
    }
    if out.iter().all(|byte| *byte == 0) {
        return Err(ComponentError::Cancel);
    }
    Key::new(out.to_vec()).map_err(|_| ComponentError::Lengths)
}

/// A fresh component of this many bytes (16, 24 or 32).
pub fn draw(length: usize) -> Result<Key, WrapError> {
    let bytes = Zeroizing::new(random::<32>()?);
    let part = bytes.get(..length).unwrap_or_default();
    Key::new(part.to_vec()).map_err(|_| WrapError::unfit(&UnlockText::ComponentLength))
}

/// In groups of four digits, four groups a line, as the form has them.
#[must_use]
pub fn grouped(component: &Key) -> Zeroizing<String> {
    let digits = Zeroizing::new(hex::encode_upper(component.expose()));
    let mut out = Zeroizing::new(String::new());
    for (at, digit) in digits.chars().enumerate() {
        match at {
            0 => out.push_str("    "),
            _ if at % 16 == 0 => out.push_str("\n    "),
            _ if at % 4 == 0 => out.push(' '),
            _ => {}
        }
        out.push(digit);
    }
    out
}
