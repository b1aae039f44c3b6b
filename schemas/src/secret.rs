//! Values that must not be seen: card numbers and keys. Debug shows what PCI DSS allows at most (BIN and last four), the
//! memory is overwritten on drop, and comparisons of secrets take the same time for all contents.

use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A primary account number: 12 to 19 digits with a correct Luhn check digit.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Pan(Vec<u8>);

/// The error of a text that is no card number. It never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PanError {
    /// Not 12 to 19 characters.
    #[error("card number must have 12 to 19 digits, got {0} characters")]
    Length(usize),
    /// A character that is not a digit.
    #[error("card number must be digits only; the character at position {0} is not")]
    Digit(usize),
    /// The Luhn check digit (ISO/IEC 7812-1) is wrong: usually one mistyped digit.
    #[error("card number's check digit is wrong (a digit was mistyped)")]
    CheckDigit,
}

impl Pan {
    /// From digits without spaces or dashes.
    pub fn parse(text: &[u8]) -> Result<Self, PanError> {
        if !(12..=19).contains(&text.len()) {
            return Err(PanError::Length(text.len()));
        }
        if let Some(at) = text.iter().position(|b| !b.is_ascii_digit()) {
            return Err(PanError::Digit(at + 1));
        }
        let sum: u32 = text
            .iter()
            .rev()
            .enumerate()
            .map(|(i, &b)| {
                let digit = u32::from(b - b'0');
                let doubled = if i % 2 == 1 { digit * 2 } else { digit };
                doubled / 10 + doubled % 10
            })
            .sum();
        if !sum.is_multiple_of(10) {
            return Err(PanError::CheckDigit);
        }
        Ok(Pan(text.to_vec()))
    }

    /// The digits, for the message to the issuer and for sealing, and for nothing else.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The first six and last four digits with the rest masked: the most that may be shown.
    #[must_use]
    pub fn masked(&self) -> String {
        let n = self.0.len();
        self.0.iter().enumerate().map(|(i, &b)| if i < 6 || i + 4 >= n { char::from(b) } else { '*' }).collect()
    }

    /// The last four digits.
    #[must_use]
    pub fn last_four(&self) -> [u8; 4] {
        let n = self.0.len();
        [self.0[n - 4], self.0[n - 3], self.0[n - 2], self.0[n - 1]]
    }
}

impl fmt::Debug for Pan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pan({})", self.masked())
    }
}

/// A symmetric key of 16, 24 or 32 bytes. Debug shows its length and nothing of its value.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key(Vec<u8>);

/// The error of bytes that are no key. It never repeats them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The hexadecimal text could not be read.
    #[error("key must be hexadecimal digits, two a byte")]
    Hex,
    /// The length is no AES or HMAC key length that is used here.
    #[error("key must be 16, 24 or 32 bytes, got {0}")]
    Length(usize),
}

impl Key {
    /// From raw bytes.
    pub fn new(bytes: Vec<u8>) -> Result<Self, KeyError> {
        let key = Key(bytes);
        match key.0.len() {
            16 | 24 | 32 => Ok(key),
            n => Err(KeyError::Length(n)),
        }
    }

    /// From hexadecimal text.
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        Self::new(hex::decode(text.trim()).map_err(|_| KeyError::Hex)?)
    }

    /// The bytes, for a cipher and for nothing else.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({} bits)", self.0.len() * 8)
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Key {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_number_is_checked_and_masked() {
        let pan = Pan::parse(b"4111111111111111").unwrap();
        assert_eq!(format!("{pan:?}"), "Pan(411111******1111)");
        assert_eq!(&pan.last_four(), b"1111");
        assert_eq!(Pan::parse(b"4111111111111112").unwrap_err(), PanError::CheckDigit);
        assert_eq!(Pan::parse(b"41111x1111111111").unwrap_err(), PanError::Digit(6));
        assert_eq!(Pan::parse(b"411").unwrap_err(), PanError::Length(3));
        for text in [PanError::CheckDigit.to_string(), PanError::Digit(6).to_string()] {
            assert!(!text.contains("4111"));
        }
    }

    #[test]
    fn keys_do_not_show_themselves() {
        let key = Key::from_hex("000102030405060708090a0b0c0d0e0f").unwrap();
        assert_eq!(format!("{key:?}"), "Key(128 bits)");
        assert_eq!(Key::from_hex("00").unwrap_err(), KeyError::Length(1));
        assert_eq!(Key::from_hex("zz").unwrap_err(), KeyError::Hex);
    }
}
