//! DER (X.690) one element after the other, and the tags that lists use.

use super::error::{CrlError, malformed};
use std::borrow::Cow;
use x509_parser::asn1_rs::Oid;

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;

/// One element of DER.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    /// Its identifier octet.
    pub(crate) tag: u8,
    /// What is in it.
    pub(crate) content: &'a [u8],
    /// All of its octets.
    pub(crate) whole: &'a [u8],
}

/// Takes one element after the other off DER (X.690, 8.1); nothing is copied.
pub(crate) struct Der<'a>(pub(crate) &'a [u8]);

impl<'a> Der<'a> {
    /// The next element, of any kind.
    pub(crate) fn any(&mut self, part: &'static str) -> Result<Element<'a>, CrlError> {
        let cut = || malformed(part, "it ends too early");
        let whole = self.0;
        let (&tag, rest) = whole.split_first().ok_or_else(cut)?;
        if tag & 0x1f == 0x1f {
            return Err(malformed(part, format!("unexpected tag {tag:02x}")));
        }
        let (&first, rest) = rest.split_first().ok_or_else(cut)?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f)).ok_or_else(cut)?;
                (octets.iter().fold(0usize, |length, octet| (length << 8) | usize::from(*octet)), rest)
            }
            _ => return Err(malformed(part, format!("unexpected length octet {first:02x}"))),
        };
        let (content, rest) = rest.split_at_checked(length).ok_or_else(cut)?;
        self.0 = rest;
        Ok(Element { tag, content, whole: &whole[..whole.len() - rest.len()] })
    }

    /// The next element, which must have this tag.
    pub(crate) fn take(&mut self, tag: u8, part: &'static str) -> Result<Element<'a>, CrlError> {
        let element = self.any(part)?;
        if element.tag != tag {
            return Err(malformed(part, format!("expected tag {tag:02x}, came {:02x}", element.tag)));
        }
        Ok(element)
    }

    /// The next element if it has one of these tags.
    pub(crate) fn optional(&mut self, tags: &[u8], part: &'static str) -> Result<Option<Element<'a>>, CrlError> {
        match self.0.first() {
            Some(tag) if tags.contains(tag) => self.any(part).map(Some),
            _ => Ok(None),
        }
    }

    /// Nothing may be left.
    pub(crate) fn end(&self, part: &'static str) -> Result<(), CrlError> {
        match self.0.first() {
            None => Ok(()),
            Some(tag) => Err(malformed(part, format!("unexpected tag {tag:02x}"))),
        }
    }
}

/// `2.5.29.20`
pub(crate) fn dotted(oid: &[u8]) -> String {
    if oid.len() > 64 {
        return format!("an identifier of {} bytes", oid.len());
    }
    Oid::new(Cow::Borrowed(oid)).to_id_string()
}
