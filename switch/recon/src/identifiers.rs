//! Names of lines in fixed sizes: references, parties, traces; and the evidence that two lines are the same.

use kazasu_schemas::ids::{InstitutionId, MerchantId, Rrn, Stan, TerminalId, write_digits};
use sha2::{Digest, Sha256};
use std::fmt;
use std::num::NonZeroU64;

/// Our record number; `None` where a line does not name it.
pub type Own = Option<NonZeroU64>;

/// A reference of any length in 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Reference([u8; 16]);

/// The last byte of a reference that is kept as a digest; otherwise it is the text's length.
const DIGEST: u8 = 0xff;

impl Reference {
    /// No reference.
    pub const NONE: Reference = Reference([0; 16]);

    /// From a text; spaces around it do not count, everything else does (`007` is not `7`).
    #[must_use]
    pub fn new(text: &str) -> Self {
        let text = text.trim().as_bytes();
        let mut key = [0; 16];
        match u8::try_from(text.len()) {
            Ok(length @ 0..=15) => {
                key[..text.len()].copy_from_slice(text);
                key[15] = length;
            }
            Ok(_) | Err(_) => {
                key[..15].copy_from_slice(&Sha256::digest(text)[..15]);
                key[15] = DIGEST;
            }
        }
        Reference(key)
    }

    /// True for no reference.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.0[15] == 0
    }

    /// The text, when it is short enough to be kept.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self.0[15] {
            0 | DIGEST => None,
            length => std::str::from_utf8(&self.0[..usize::from(length)]).ok(),
        }
    }

    /// The sixteen bytes.
    #[must_use]
    pub(crate) fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// Long runs of digits are masked: a card number may stand in the wrong place.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.text(), self.is_none()) {
            (Some(text), _) => f.write_str(&super::mask::masked(text)),
            (None, true) => f.write_str("(none)"),
            (None, false) => write!(f, "#{}", hex::encode(&self.0[..6])),
        }
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A merchant, issuer or acquirer in 15 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Party([u8; 15]);

impl Party {
    /// Not named.
    pub const NONE: Party = Party([0; 15]);

    fn from_bytes(bytes: &[u8]) -> Self {
        let mut key = [0; 15];
        key[..bytes.len()].copy_from_slice(bytes);
        Party(key)
    }

    /// A merchant (DE42).
    #[must_use]
    pub fn merchant(id: &MerchantId) -> Self {
        Self::from_bytes(id.as_str().as_bytes())
    }

    /// An acquirer or issuer by its institution id (DE32). Leading zeros do not count.
    #[must_use]
    pub fn institution(id: &InstitutionId) -> Self {
        Self::from_bytes(&id.zero_filled())
    }

    /// An issuer by the number that this switch gives it.
    #[must_use]
    pub fn issuer(number: u16) -> Self {
        Self::from_bytes(number.to_string().as_bytes())
    }

    /// True when no party is named.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.0[0] == 0
    }

    /// The fifteen bytes.
    #[must_use]
    pub(crate) fn bytes(&self) -> &[u8; 15] {
        &self.0
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.0.iter().position(|b| *b == 0).unwrap_or(self.0.len());
        f.write_str(std::str::from_utf8(&self.0[..length]).expect("made from printable ASCII"))
    }
}

impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Party({self})")
    }
}

/// The terminal and number of a message, as 64 bits of SHA-256. Zero is no trace.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Debug)]
pub struct Trace(u64);

impl Trace {
    /// No trace.
    pub const NONE: Trace = Trace(0);

    /// By acquirer (leading zeros do not count), terminal and retrieval reference number (DE32, 41, 37). A number of zeros is what a
    /// terminal sends that has none: it names nothing.
    #[must_use]
    pub fn by_rrn(acquirer: &InstitutionId, terminal: &TerminalId, rrn: &Rrn) -> Self {
        if rrn.wire().iter().all(|byte| matches!(byte, b'0' | b' ')) {
            return Trace::NONE;
        }
        Self::digest(b'R', acquirer, terminal, rrn.wire())
    }

    /// By acquirer, terminal and STAN (DE32, 41, 11). Zero names nothing.
    #[must_use]
    pub fn by_stan(acquirer: &InstitutionId, terminal: &TerminalId, stan: Stan) -> Self {
        if stan.get() == 0 {
            return Trace::NONE;
        }
        let mut digits = [0; 6];
        write_digits(u64::from(stan.get()), &mut digits);
        Self::digest(b'S', acquirer, terminal, &digits)
    }

    fn digest(sort: u8, acquirer: &InstitutionId, terminal: &TerminalId, number: &[u8]) -> Self {
        // One block of SHA-256: 1 + 11 + 8 + at most 12 bytes.
        let mut text = [0; 32];
        text[0] = sort;
        text[1..12].copy_from_slice(&acquirer.zero_filled());
        text[12..20].copy_from_slice(terminal.wire());
        text[20..20 + number.len()].copy_from_slice(number);
        let digest = Sha256::digest(&text[..20 + number.len()]);
        Trace(word(&digest[..8]).max(1))
    }

    /// True for no trace.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.0 == 0
    }

    /// The 64 bits.
    #[must_use]
    pub(crate) fn get(self) -> u64 {
        self.0
    }
}

/// Up to eight bytes as a number.
pub(super) fn word(bytes: &[u8]) -> u64 {
    let mut exact = [0; 8];
    exact[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(exact)
}

/// The evidence that two lines are the same, the most trusted first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Our record number.
    OwnReference,
    /// The external reference and the party.
    ExternalReference,
    /// Acquirer, terminal and retrieval reference number, on the same day.
    Rrn,
    /// Acquirer, terminal and STAN, on the same day.
    Stan,
    /// As [`Basis::Rrn`] on another day within the window, of the same kind and amount.
    RrnOtherDay,
    /// As [`Basis::Stan`] on another day within the window, of the same kind and amount.
    StanOtherDay,
    /// The batch number: one side's lines add up to the other's.
    Batch,
    /// Party, kind and amount, on a day within the window.
    AmountAndDay,
    /// One line is the sum of others, and in one way only.
    Sum,
}
