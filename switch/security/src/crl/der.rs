//! DER (X.690) one element after the other, and the tags that lists use.

use super::error::{CrlError, malformed};
use std::borrow::Cow;
use x509_parser::asn1_rs::Oid;

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const ENUMERATED: u8 = 0x0a;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;

/// One element of DER.
#[derive(Clone, Copy)]
pub(super) struct Element<'a> {
    /// Its identifier octet.
    pub(super) tag: u8,
    /// What is in it.
    pub(super) content: &'a [u8],
    /// All of its octets.
    pub(super) whole: &'a [u8],
}

/// Takes one element after the other off DER (X.690, 8.1); nothing is copied.
pub(super) struct Der<'a>(pub(super) &'a [u8]);

impl<'a> Der<'a> {
    /// The next element, whatever it is.
    pub(super) fn any(&mut self, part: &'static str) -> Result<Element<'a>, CrlError> {
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
    pub(super) fn take(&mut self, tag: u8, part: &'static str) -> Result<Element<'a>, CrlError> {
        let element = self.any(part)?;
        if element.tag != tag {
            return Err(malformed(part, format!("expected tag {tag:02x}, came {:02x}", element.tag)));
        }
        Ok(element)
    }

    /// The next element if it has one of these tags.
    pub(super) fn optional(&mut self, tags: &[u8], part: &'static str) -> Result<Option<Element<'a>>, CrlError> {
        match self.0.first() {
            Some(tag) if tags.contains(tag) => self.any(part).map(Some),
            _ => Ok(None),
        }
    }

    /// Nothing may be left.
    pub(super) fn end(&self, part: &'static str) -> Result<(), CrlError> {
        match self.0.first() {
            None => Ok(()),
            Some(tag) => Err(malformed(part, format!("unexpected tag {tag:02x}"))),
        }
    }
}

/// `2.5.29.20`
pub(super) fn dotted(oid: &[u8]) -> String {
    if oid.len() > 64 {
        return format!("an identifier of {} bytes", oid.len());
    }
    Oid::new(Cow::Borrowed(oid)).to_id_string()
}
