//! One message as its fields, free of any wire representation.
//!
//! Values are kept in one buffer: text and digits as ASCII, binary fields as raw bytes, `x+n` as sign and digits. A
//! message is meant to be reused: clearing it keeps the buffer.

use super::frame::Tpdu;
use std::fmt;

/// Message type indicator: four digits, version, class, function, origin.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, minicbor::Encode, minicbor::Decode)]
#[cbor(transparent)]
pub struct Mti(#[n(0)] pub u16);

impl Mti {
    /// The hundreds digit: 1 authorization, 2 financial, 4 reversal, 5 reconciliation, 8 network management.
    #[must_use]
    pub fn class(self) -> u8 {
        u8::try_from(self.0 / 100 % 10).expect("a digit")
    }

    /// The same message type sent for the first time: `0401` becomes `0400`.
    #[must_use]
    pub fn without_repeat(self) -> Mti {
        Mti(self.0 - self.0 % 10 + (self.0 % 10) / 2 * 2)
    }

    /// The same message type sent again: `0400` becomes `0401`.
    #[must_use]
    pub fn as_repeat(self) -> Mti {
        Mti(self.without_repeat().0 + 1)
    }

    /// True when the sender says that it has sent this before: `0401`.
    #[must_use]
    pub fn is_repeat(self) -> bool {
        self.0 % 2 == 1
    }

    /// The answer's type: the request's with function + 1 and origin 0. `0421` becomes `0430`.
    #[must_use]
    pub fn answer(self) -> Mti {
        Mti(self.0 / 10 * 10 + 10)
    }

    /// True when this reports an event of the past: `0220` and its repeat `0221`.
    #[must_use]
    pub fn is_advice(self) -> bool {
        self.0 / 10 % 10 == 2
    }

    /// True when this is a request or an advice, false for an answer.
    #[must_use]
    pub fn is_question(self) -> bool {
        (self.0 / 10).is_multiple_of(2)
    }
}

impl fmt::Display for Mti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.0)
    }
}

impl fmt::Debug for Mti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mti({:04})", self.0)
    }
}

/// Fields whose content never appears in an error, a log line or Debug output (PCI DSS 3.3, 3.4).
#[must_use]
pub fn is_sensitive(field: u8) -> bool {
    matches!(field, 2 | 14 | 34 | 35 | 36 | 45 | 48 | 52 | 53 | 55 | 96 | 102 | 103)
}

#[derive(Clone, Copy, Default)]
struct Span {
    start: u32,
    len: u16,
}

/// A message: its type, its fields, and whether a secondary bitmap was written though no field above 64 needed it.
#[derive(Clone)]
pub struct Message {
    /// The message type.
    pub mti: Mti,
    present: u128,
    spans: [Span; 129],
    data: Vec<u8>,
    pub(crate) forced_secondary: bool,
    /// The routing addresses in front of it, in dialects that have them. They are no part of what two messages are compared by.
    pub tpdu: Option<Tpdu>,
}

impl Default for Message {
    fn default() -> Self {
        Message::new(Mti(0))
    }
}

impl Message {
    /// An empty message of type `mti`.
    #[must_use]
    pub fn new(mti: Mti) -> Self {
        Message {
            mti,
            present: 0,
            spans: [Span::default(); 129],
            data: Vec::new(),
            forced_secondary: false,
            tpdu: None,
        }
    }

    /// Forgets every field and keeps the memory.
    pub fn clear(&mut self, mti: Mti) {
        self.mti = mti;
        self.present = 0;
        self.data.clear();
        self.forced_secondary = false;
        self.tpdu = None;
    }

    /// The field's value, or `None` when it is absent. `field` is 2 to 128.
    #[must_use]
    pub fn get(&self, field: u8) -> Option<&[u8]> {
        if !self.has(field) {
            return None;
        }
        let span = self.spans[usize::from(field)];
        let start = usize::try_from(span.start).expect("inside the buffer");
        Some(&self.data[start..start + usize::from(span.len)])
    }

    /// True when the field is present.
    #[must_use]
    pub fn has(&self, field: u8) -> bool {
        (2..=128).contains(&field) && self.present & bit(field) != 0
    }

    /// Sets a field. A value over 65,535 bytes or a field outside 2 to 128 is a mistake in the caller and panics.
    pub fn set(&mut self, field: u8, value: &[u8]) -> &mut Self {
        assert!((2..=128).contains(&field) && field != 65, "DE{field} is not a data element of a message");
        let start = u32::try_from(self.data.len()).expect("a message is far below 4 GiB");
        let len = u16::try_from(value.len()).expect("a field is at most 65,535 bytes");
        self.data.extend_from_slice(value);
        self.spans[usize::from(field)] = Span { start, len };
        self.present |= bit(field);
        self
    }

    /// Sets a numeric field to `value` with `width` digits, zero-filled.
    pub fn set_number(&mut self, field: u8, value: u64, width: usize) -> &mut Self {
        let mut digits = [b'0'; 20];
        crate::ids::write_digits(value, &mut digits[..width]);
        self.set(field, &digits[..width])
    }

    /// Takes a field out.
    pub fn remove(&mut self, field: u8) -> &mut Self {
        self.present &= !bit(field);
        self
    }

    /// The present fields in ascending order.
    pub fn fields(&self) -> impl Iterator<Item = u8> + '_ {
        let mut rest = self.present;
        std::iter::from_fn(move || {
            if rest == 0 {
                return None;
            }
            let n = rest.leading_zeros();
            rest &= !(1 << (127 - n));
            Some(u8::try_from(n + 1).expect("at most 128"))
        })
    }

    pub(crate) fn present(&self) -> u128 {
        self.present
    }

    /// Gives the tail of the buffer for a field's bytes to be written to; used by the decoder.
    pub(crate) fn extend_with(&mut self, field: u8, write: impl FnOnce(&mut Vec<u8>) -> bool) -> bool {
        let start = self.data.len();
        if !write(&mut self.data) {
            self.data.truncate(start);
            return false;
        }
        let len = u16::try_from(self.data.len() - start).expect("the dialect limits a field to 65,535 bytes");
        self.spans[usize::from(field)] = Span { start: u32::try_from(start).expect("a frame is far below 4 GiB"), len };
        self.present |= bit(field);
        true
    }
}

fn bit(field: u8) -> u128 {
    1 << (128 - u32::from(field))
}

/// Two messages are equal when type and fields are; the order in which they were set does not count.
impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        self.mti == other.mti && self.present == other.present && self.fields().all(|f| self.get(f) == other.get(f))
    }
}

impl Eq for Message {}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.mti)?;
        for field in self.fields() {
            let value = self.get(field).unwrap_or_default();
            if is_sensitive(field) {
                write!(f, " {field}=[{} bytes]", value.len())?;
            } else if value.iter().all(|b| (0x20..=0x7e).contains(b)) {
                write!(f, " {field}={:?}", String::from_utf8_lossy(value))?;
            } else {
                write!(f, " {field}=0x{}", hex::encode(value))?;
            }
        }
        Ok(())
    }
}
