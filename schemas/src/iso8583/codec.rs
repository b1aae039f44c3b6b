//! Decoding and encoding by a dialect. No field is known here by number but the bitmaps' own and the MACs'.

use super::dialect::{Binary, Class, Dialect, Digits, FieldSpec, Length, LengthPrefix};
use super::error::{DecodeError, EncodeError, Part};
use super::message::{Message, Mti};
use bytes::{BufMut, BytesMut};

/// What decoding found besides the fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decoded {
    /// Offset of the MAC's first byte in the frame, when the last field is a MAC: everything before it is authenticated.
    pub mac_at: Option<usize>,
}

impl Dialect {
    /// Reads a frame (without its header) into `message`.
    ///
    /// On an error, `message` still holds the type and every field that could be read, so that an answer can echo them:
    /// after a field with a wrong character but a sound length the rest is still read; after a wrong length nothing is.
    pub fn decode(&self, frame: &[u8], message: &mut Message) -> Result<Decoded, Box<DecodeError>> {
        message.clear(Mti(0));
        let mut input = Input { frame, at: 0 };
        message.mti = self.read_mti(&mut input)?;
        let primary = self.read_bitmap(&mut input)?;
        let has_secondary = primary >> 63 == 1;
        let second_at = input.at;
        let secondary = if has_secondary { self.read_bitmap(&mut input)? } else { 0 };
        if secondary >> 63 == 1 {
            let found = &frame[second_at..input.at];
            return Err(DecodeError::new(Part::Bitmap, second_at, "no tertiary bitmap (bit 65)", found));
        }
        let mut rest = (u128::from(primary & !(1 << 63)) << 64) | u128::from(secondary);
        let mut first_error = None;
        let mut mac_at = None;
        while rest != 0 {
            let n = rest.leading_zeros();
            rest &= !(1 << (127 - n));
            let field = u8::try_from(n + 1).expect("at most 128");
            let spec = self.fields[usize::from(field)].as_ref().ok_or_else(|| {
                let expected = format!("a field that dialect {} defines", self.name);
                DecodeError::new(Part::Field(field), input.at, expected, input.rest())
            })?;
            let is_mac = field == 128 || (field == 64 && !has_secondary);
            match read_field(spec, field, &mut input, message)? {
                Ok(start) if is_mac => mac_at = Some(start),
                Ok(_) => {}
                Err(error) => {
                    first_error.get_or_insert(error);
                }
            }
        }
        if input.at < frame.len() {
            return Err(DecodeError::new(Part::Trailer, input.at, "the end of the message", input.rest()));
        }
        message.forced_secondary = has_secondary && secondary == 0;
        match first_error {
            None => Ok(Decoded { mac_at }),
            Some(error) => Err(error),
        }
    }

    fn read_mti(&self, input: &mut Input<'_>) -> Result<Mti, Box<DecodeError>> {
        let frame = input.frame;
        let bad = |found: &[u8]| DecodeError::new(Part::Mti, 0, "four digits, the first 0", found);
        let (number, len) = match self.mti {
            Digits::Ascii => {
                let bytes = frame.get(..4).ok_or_else(|| bad(frame))?;
                (crate::ids::digits(bytes).ok_or_else(|| bad(bytes))?, 4)
            }
            Digits::Bcd => {
                let bytes = frame.get(..2).ok_or_else(|| bad(frame))?;
                let mut n = 0;
                for nibble in [bytes[0] >> 4, bytes[0] & 15, bytes[1] >> 4, bytes[1] & 15] {
                    if nibble > 9 {
                        return Err(bad(bytes));
                    }
                    n = n * 10 + u64::from(nibble);
                }
                (n, 2)
            }
        };
        if number > 999 {
            return Err(bad(&frame[..len]));
        }
        input.at = len;
        Ok(Mti(u16::try_from(number).expect("three digits")))
    }

    fn read_bitmap(&self, input: &mut Input<'_>) -> Result<u64, Box<DecodeError>> {
        let (start, rest) = (input.at, input.rest());
        match self.bitmap {
            Binary::Raw => {
                let bytes: [u8; 8] = rest
                    .get(..8)
                    .and_then(|b| b.try_into().ok())
                    .ok_or_else(|| DecodeError::new(Part::Bitmap, start, "8 bytes", rest))?;
                input.at += 8;
                Ok(u64::from_be_bytes(bytes))
            }
            Binary::Hex => {
                let bytes = rest
                    .get(..16)
                    .ok_or_else(|| DecodeError::new(Part::Bitmap, start, "16 hexadecimal characters", rest))?;
                let mut map = 0;
                for &c in bytes {
                    let nibble = hex_value(c).ok_or_else(|| {
                        DecodeError::new(Part::Bitmap, start, "16 upper-case hexadecimal characters", bytes)
                    })?;
                    map = (map << 4) | u64::from(nibble);
                }
                input.at += 16;
                Ok(map)
            }
        }
    }

    /// Appends `message` (without a frame header) to `out`; on an error `out` is as it was.
    pub fn encode(&self, message: &Message, out: &mut BytesMut) -> Result<(), EncodeError> {
        let begin = out.len();
        let result = self.write(message, out);
        if result.is_err() {
            out.truncate(begin);
        }
        result
    }

    fn write(&self, message: &Message, out: &mut BytesMut) -> Result<(), EncodeError> {
        let mut mti = [0_u8; 4];
        crate::ids::write_digits(u64::from(message.mti.0), &mut mti);
        match self.mti {
            Digits::Ascii => out.put_slice(&mti),
            Digits::Bcd => put_bcd(&mti, Pad::Front, out),
        }
        let present = message.present();
        let low = u64::try_from(present & u128::from(u64::MAX)).expect("64 bits");
        let high = u64::try_from(present >> 64).expect("64 bits");
        let secondary = low != 0 || message.forced_secondary;
        self.write_bitmap(high | (u64::from(secondary) << 63), out);
        if secondary {
            self.write_bitmap(low, out);
        }
        for field in message.fields() {
            let spec = self.fields[usize::from(field)].as_ref().ok_or(EncodeError::Undefined(field))?;
            let value = message.get(field).expect("fields() lists present fields");
            write_field(spec, field, value, out)?;
        }
        Ok(())
    }

    fn write_bitmap(&self, map: u64, out: &mut BytesMut) {
        match self.bitmap {
            Binary::Raw => out.put_u64(map),
            Binary::Hex => put_hex(&map.to_be_bytes(), out),
        }
    }

    /// Bytes that the MAC's value takes in this dialect (8 raw, 16 in hexadecimal).
    #[must_use]
    pub fn mac_width(&self, field: u8) -> usize {
        match self.field(field).map(|f| f.binary) {
            Some(Binary::Hex) => 16,
            Some(Binary::Raw) | None => 8,
        }
    }

    /// Writes an 8-byte tag over the MAC's place, the last bytes of `out`.
    pub fn patch_mac(&self, field: u8, tag: [u8; 8], out: &mut BytesMut) {
        let width = self.mac_width(field);
        let at = out.len() - width;
        if width == 8 {
            out[at..].copy_from_slice(&tag);
        } else {
            for (i, byte) in tag.iter().enumerate() {
                out[at + 2 * i] = HEX[usize::from(byte >> 4)];
                out[at + 2 * i + 1] = HEX[usize::from(byte & 15)];
            }
        }
    }
}

/// A frame that is being read, and how far.
struct Input<'f> {
    frame: &'f [u8],
    at: usize,
}

impl<'f> Input<'f> {
    fn rest(&self) -> &'f [u8] {
        &self.frame[self.at..]
    }
}

/// Reads one field; where its value begins. The outer error is a broken structure, the inner one a bad character in a field of sound
/// length.
#[allow(clippy::type_complexity)]
fn read_field(
    spec: &FieldSpec,
    field: u8,
    input: &mut Input<'_>,
    message: &mut Message,
) -> Result<Result<usize, Box<DecodeError>>, Box<DecodeError>> {
    let len = read_length(spec, field, input)?;
    let start = input.at;
    let width = width_of(spec, len);
    let Some(bytes) = input.frame.get(start..start + width) else {
        let expected = format!("{width} bytes ({})", spec.class.name());
        return Err(DecodeError::new(Part::Field(field), start, expected, input.rest()));
    };
    input.at += width;
    let bad = |expected: String| Ok(Err(DecodeError::new(Part::Field(field), start, expected, bytes)));
    let stored = message.extend_with(field, |data| store(spec, len, bytes, data));
    if !stored {
        return bad(match (spec.class, spec.digits) {
            (Class::Binary, _) => format!("{len} bytes as upper-case hexadecimal"),
            (class, Digits::Bcd) => format!("{len} characters of class {}, packed", class.name()),
            (class, Digits::Ascii) => format!("{len} characters of class {}", class.name()),
        });
    }
    Ok(Ok(start))
}

/// Bytes that a value of `len` characters takes on the wire.
fn width_of(spec: &FieldSpec, len: usize) -> usize {
    match (spec.class, spec.digits, spec.binary) {
        (Class::Digits | Class::Track, Digits::Bcd, _) => len.div_ceil(2),
        (Class::SignedDigits, Digits::Bcd, _) => 1 + (len - 1).div_ceil(2),
        (Class::Binary, _, Binary::Hex) => len * 2,
        _ => len,
    }
}

/// Appends the value's neutral form to `data`; false when the bytes are not of the field's class.
fn store(spec: &FieldSpec, len: usize, bytes: &[u8], data: &mut Vec<u8>) -> bool {
    match (spec.class, spec.digits, spec.binary) {
        (Class::Binary, _, Binary::Hex) => {
            bytes.chunks_exact(2).all(|pair| match (hex_value(pair[0]), hex_value(pair[1])) {
                (Some(hi), Some(lo)) => {
                    data.push(hi << 4 | lo);
                    true
                }
                _ => false,
            })
        }
        (Class::Digits, Digits::Bcd, _) => unpack(bytes, len, Pad::Front, data),
        (Class::Track, Digits::Bcd, _) => unpack(bytes, len, Pad::Back, data),
        (Class::SignedDigits, Digits::Bcd, _) => {
            let Some((&sign, digits)) = bytes.split_first() else { return false };
            data.push(sign);
            spec.class.allows(0, sign) && unpack(digits, len - 1, Pad::Front, data)
        }
        (Class::Binary | Class::Private, _, _) => {
            data.extend_from_slice(bytes);
            true
        }
        (class, _, _) => {
            data.extend_from_slice(bytes);
            all_allowed(class, bytes)
        }
    }
}

fn all_allowed(class: Class, bytes: &[u8]) -> bool {
    match class {
        Class::Digits => bytes.iter().all(u8::is_ascii_digit),
        Class::Text => bytes.iter().all(|&c| Class::Text.allows(0, c)),
        _ => bytes.iter().enumerate().all(|(i, &c)| class.allows(i, c)),
    }
}

/// How many characters the field has, by the dialect or by the frame.
fn read_length(spec: &FieldSpec, field: u8, input: &mut Input<'_>) -> Result<usize, Box<DecodeError>> {
    let (digits, max) = match spec.length {
        Length::Fixed(n) => return Ok(usize::from(n)),
        Length::Variable { digits, max } => (digits, max),
    };
    let (offset, rest) = (input.at, input.rest());
    let width = prefix_width(spec.prefix, digits);
    let bytes = rest.get(..width).ok_or_else(|| {
        DecodeError::new(Part::Field(field), offset, format!("a length prefix of {width} bytes"), rest)
    })?;
    let number = match spec.prefix {
        LengthPrefix::Ascii => crate::ids::digits(bytes),
        LengthPrefix::Binary => Some(bytes.iter().fold(0, |n, &b| n << 8 | u64::from(b))),
        LengthPrefix::Bcd => bytes.iter().try_fold(0, |n, &b| {
            (b >> 4 <= 9 && b & 15 <= 9).then(|| n * 100 + u64::from(b >> 4) * 10 + u64::from(b & 15))
        }),
    };
    let number = number.and_then(|n| usize::try_from(n).ok()).filter(|n| *n <= usize::from(max));
    let Some(len) = number else {
        // The prefix is a length, not card data, so it may be shown whatever the field.
        let mut error =
            DecodeError::new(Part::Bitmap, offset, format!("a length of 0 to {max} in {width} bytes"), bytes);
        error.part = Part::Field(field);
        return Err(error);
    };
    input.at += width;
    Ok(len)
}

fn prefix_width(prefix: LengthPrefix, digits: u8) -> usize {
    match prefix {
        LengthPrefix::Ascii => usize::from(digits),
        LengthPrefix::Bcd | LengthPrefix::Binary => usize::from(digits.div_ceil(2)),
    }
}

fn write_field(spec: &FieldSpec, field: u8, value: &[u8], out: &mut BytesMut) -> Result<(), EncodeError> {
    let wrong = |expected: String| EncodeError::Length { field, expected, got: value.len() };
    match spec.length {
        Length::Fixed(n) if value.len() != usize::from(n) => {
            return Err(wrong(format!("expected exactly {n} characters")));
        }
        Length::Variable { max, .. } if value.len() > usize::from(max) => {
            return Err(wrong(format!("expected at most {max} characters")));
        }
        Length::Fixed(_) => {}
        Length::Variable { digits, .. } => {
            let mut text = [b'0'; 4];
            let len = u64::try_from(value.len()).expect("checked against the maximum");
            crate::ids::write_digits(len, &mut text);
            match spec.prefix {
                LengthPrefix::Ascii => out.put_slice(&text[4 - usize::from(digits)..]),
                LengthPrefix::Bcd => put_bcd(&text[4 - usize::from(digits.next_multiple_of(2))..], Pad::Front, out),
                LengthPrefix::Binary => {
                    let bytes = u16::try_from(len).expect("at most 9,999").to_be_bytes();
                    out.put_slice(&bytes[2 - usize::from(digits.div_ceil(2))..]);
                }
            }
        }
    }
    if !all_allowed(spec.class, value) {
        let position = value.iter().enumerate().position(|(i, &c)| !spec.class.allows(i, c)).map_or(0, |i| i + 1);
        return Err(EncodeError::Character { field, position, class: spec.class.name() });
    }
    match (spec.class, spec.digits, spec.binary) {
        (Class::Binary, _, Binary::Hex) => put_hex(value, out),
        (Class::Digits, Digits::Bcd, _) => put_bcd(value, Pad::Front, out),
        (Class::Track, Digits::Bcd, _) => put_bcd(value, Pad::Back, out),
        (Class::SignedDigits, Digits::Bcd, _) => {
            out.put_u8(value[0]);
            put_bcd(&value[1..], Pad::Front, out);
        }
        _ => out.put_slice(value),
    }
    Ok(())
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

fn put_hex(bytes: &[u8], out: &mut BytesMut) {
    for byte in bytes {
        out.put_u8(HEX[usize::from(byte >> 4)]);
        out.put_u8(HEX[usize::from(byte & 15)]);
    }
}

fn hex_value(c: u8) -> Option<u8> {
    match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'A'..=b'F' => Some(c - b'A' + 10),
        _ => None,
    }
}

/// Where the odd nibble goes: a zero in front of numbers, an F behind track data.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pad {
    Front,
    Back,
}

fn nibble(c: u8) -> u8 {
    match c {
        b'=' => 0xb,
        b'D' => 0xd,
        digit => digit - b'0',
    }
}

fn put_bcd(digits: &[u8], pad: Pad, out: &mut BytesMut) {
    let (lead, rest) = if digits.len() % 2 == 1 && pad == Pad::Front { digits.split_at(1) } else { (&[][..], digits) };
    if let Some(&c) = lead.first() {
        out.put_u8(nibble(c));
    }
    for pair in rest.chunks(2) {
        out.put_u8(nibble(pair[0]) << 4 | pair.get(1).map_or(0xf, |&c| nibble(c)));
    }
}

/// Packed digits, or track data where padding goes behind, to ASCII; false when a nibble is neither or the padding is not what encoding
/// would write.
fn unpack(bytes: &[u8], len: usize, pad: Pad, data: &mut Vec<u8>) -> bool {
    let track = pad == Pad::Back;
    let odd = len % 2 == 1;
    let mut nibbles = bytes.iter().flat_map(|b| [b >> 4, b & 15]);
    if odd && pad == Pad::Front && nibbles.next() != Some(0) {
        return false;
    }
    for nibble in nibbles.by_ref().take(len) {
        data.push(match nibble {
            0..=9 => b'0' + nibble,
            0xb if track => b'=',
            0xd if track => b'D',
            _ => return false,
        });
    }
    !(odd && pad == Pad::Back) || nibbles.next() == Some(0xf)
}
