//! Decoding and encoding by a dialect. No field is known here by number but the bitmaps' own and the MACs'.

use super::dialect::{Binary, Class, Counts, Dialect, Digits, FieldSpec, Length, LengthPrefix, Text};
use super::ebcdic::CodePage;
use super::error::{DecodeError, EncodeError, Part};
use super::frame::Frame;
use super::message::{Message, Mti};
use super::packed::{self, Padding, Sign, nibble};
use bytes::{BufMut, BytesMut};

/// The results of decoding besides the fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decoded {
    /// Offset of the MAC's first byte in the frame, when the last field is a MAC: everything before it is authenticated.
    pub mac_at: Option<usize>,
}

impl Dialect {
    /// Reads a frame with what stands around it into `message`: as [`Dialect::decode`], the TPDU kept, the trailer checked.
    pub fn read(&self, frame: &Frame, message: &mut Message) -> Result<Decoded, Box<DecodeError>> {
        let decoded = self.decode(&frame.message, message);
        message.tpdu = frame.tpdu;
        let decoded = decoded?;
        match &frame.wrong_trailer {
            None => Ok(decoded),
            Some(found) => {
                let expected = format!("0x{}", hex::encode(self.framing.trailer.bytes()));
                Err(DecodeError::new(Part::FrameTrailer, frame.message.len(), expected, found))
            }
        }
    }

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
            Digits::Ebcdic => {
                let bytes = frame.get(..4).ok_or_else(|| bad(frame))?;
                (ebcdic_digits(bytes).ok_or_else(|| bad(bytes))?, 4)
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
            Digits::Ebcdic => out.put_slice(&mti.map(|digit| digit | 0xf0)),
            Digits::Bcd => packed::put(mti.iter().map(|c| nibble(*c)), 4, Padding::Left0, out),
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
    let Extent { len, width } = read_extent(spec, field, input)?;
    let start = input.at;
    let Some(bytes) = input.frame.get(start..start + width) else {
        let expected = format!("{width} bytes ({})", spec.class.name());
        return Err(DecodeError::new(Part::Field(field), start, expected, input.rest()));
    };
    input.at += width;
    let mut fault = Fault::Class;
    let stored = message.extend_with(field, |data| match store(spec, len, bytes, data) {
        Ok(()) => true,
        Err(why) => {
            fault = why;
            false
        }
    });
    if !stored {
        return Ok(Err(DecodeError::new(Part::Field(field), start, expected(spec, len, fault), bytes)));
    }
    Ok(Ok(start))
}

/// The fault of a value of sound length.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// A character, or a nibble, is not of the class.
    Class,
    /// The padding nibble is another.
    Padding,
    /// The sign is none.
    Sign,
}

/// The expected content, in words.
fn expected(spec: &FieldSpec, len: usize, fault: Fault) -> String {
    let class = spec.class.name();
    match (fault, spec.class, spec.digits, spec.text) {
        (Fault::Padding, ..) => format!("{} an odd number of packed digits", spec.padding.words()),
        (Fault::Sign, ..) if spec.sign == Sign::Character => "a sign C or D before the packed digits".into(),
        (Fault::Sign, ..) => "a sign nibble C or D at the packed digits".into(),
        (Fault::Class, Class::Binary, ..) => format!("{len} bytes as upper-case hexadecimal"),
        (Fault::Class, Class::Digits | Class::Track | Class::SignedDigits, Digits::Bcd, _) => {
            format!("{len} characters of class {class}, packed")
        }
        (Fault::Class, Class::Digits | Class::Track | Class::SignedDigits, Digits::Ebcdic, _) => {
            format!("{len} characters of class {class}, EBCDIC")
        }
        (Fault::Class, Class::Digits | Class::Track | Class::SignedDigits, Digits::Ascii, _)
        | (Fault::Class, _, _, Text::Ascii) => format!("{len} characters of class {class}"),
        (Fault::Class, _, _, Text::Ebcdic(page)) => {
            format!("{len} characters of class {class}, EBCDIC {}", page.name())
        }
    }
}

/// Appends the value's neutral form to `data`, or says what is wrong.
fn store(spec: &FieldSpec, len: usize, bytes: &[u8], data: &mut Vec<u8>) -> Result<(), Fault> {
    match (spec.class, spec.digits) {
        (Class::Binary, _) => match spec.binary {
            Binary::Raw => data.extend_from_slice(bytes),
            Binary::Hex => {
                for pair in bytes.chunks_exact(2) {
                    let byte = hex_value(pair[0]).zip(hex_value(pair[1])).map(|(high, low)| high << 4 | low);
                    data.push(byte.ok_or(Fault::Class)?);
                }
            }
        },
        (Class::Private, _) => data.extend_from_slice(bytes),
        (Class::Digits | Class::Track, Digits::Bcd) => unpack(spec, len, bytes, data)?,
        (Class::SignedDigits, Digits::Bcd) => unpack_signed(spec, len, bytes, data)?,
        (class, _) => {
            let start = data.len();
            match page(spec) {
                None => data.extend_from_slice(bytes),
                Some(page) => {
                    for byte in bytes {
                        data.push(page.character(*byte).ok_or(Fault::Class)?);
                    }
                }
            }
            if !all_allowed(class, &data[start..]) {
                return Err(Fault::Class);
            }
        }
    }
    Ok(())
}

/// The code page in which a value of characters is written, when that is EBCDIC. Digits are the same in all.
fn page(spec: &FieldSpec) -> Option<CodePage> {
    match (spec.class, spec.digits, spec.text) {
        (Class::Digits | Class::Track | Class::SignedDigits, digits, text) => match (digits, text) {
            (Digits::Ebcdic, Text::Ebcdic(page)) => Some(page),
            (Digits::Ebcdic, Text::Ascii) => Some(CodePage::Cp037),
            (Digits::Ascii | Digits::Bcd, _) => None,
        },
        (_, _, Text::Ebcdic(page)) => Some(page),
        (_, _, Text::Ascii) => None,
    }
}

fn all_allowed(class: Class, bytes: &[u8]) -> bool {
    match class {
        Class::Digits => bytes.iter().all(u8::is_ascii_digit),
        Class::Text => bytes.iter().all(|&c| Class::Text.allows(0, c)),
        _ => bytes.iter().enumerate().all(|(i, &c)| class.allows(i, c)),
    }
}

/// The length of a value.
struct Extent {
    /// In characters.
    len: usize,
    /// In bytes on the wire.
    width: usize,
}

/// The field's length, from the dialect or from the frame.
fn read_extent(spec: &FieldSpec, field: u8, input: &mut Input<'_>) -> Result<Extent, Box<DecodeError>> {
    let (digits, max) = match spec.length {
        Length::Fixed(n) => {
            let len = usize::from(n);
            return Ok(Extent { len, width: spec.width(len) });
        }
        Length::Variable { digits, max } => (digits, usize::from(max)),
    };
    let (offset, rest) = (input.at, input.rest());
    let prefix = prefix_width(spec.prefix, digits);
    let bytes = rest.get(..prefix).ok_or_else(|| {
        DecodeError::new(Part::Field(field), offset, format!("a length prefix of {prefix} bytes"), rest)
    })?;
    let number = read_number(spec.prefix, bytes).and_then(|n| usize::try_from(n).ok());
    let extent = number.and_then(|number| match spec.counts {
        Counts::Values => (number <= max).then(|| Extent { len: number, width: spec.width(number) }),
        Counts::Bytes => {
            let value = &rest[prefix..rest.len().min(prefix.saturating_add(number))];
            Some(Extent { len: characters(spec, number, value)?, width: number }).filter(|extent| extent.len <= max)
        }
    });
    let Some(extent) = extent else {
        // The prefix is a length, not card data, so it may be shown for every field.
        let most = match spec.counts {
            Counts::Values => format!("a length of 0 to {max} in {prefix} bytes"),
            Counts::Bytes => {
                format!("a length of 0 to {} bytes (at most {max} characters) in {prefix} bytes", spec.width(max))
            }
        };
        let mut error = DecodeError::new(Part::Bitmap, offset, most, bytes);
        error.part = Part::Field(field);
        return Err(error);
    };
    input.at += prefix;
    Ok(extent)
}

/// The number of characters in a value of `width` bytes; `None` when it can't have so many bytes. `value` is as much of it as there is.
fn characters(spec: &FieldSpec, width: usize, value: &[u8]) -> Option<usize> {
    match (spec.class, spec.digits, spec.binary) {
        (Class::Digits | Class::Track, Digits::Bcd, _) if value.len() == width => {
            Some(packed::count(value, spec.padding))
        }
        (Class::Digits | Class::Track, Digits::Bcd, _) => width.checked_mul(2)?.checked_sub(1),
        (Class::Binary, _, Binary::Hex) => width.is_multiple_of(2).then_some(width / 2),
        _ => Some(width),
    }
}

fn read_number(prefix: LengthPrefix, bytes: &[u8]) -> Option<u64> {
    match prefix {
        LengthPrefix::Ascii => crate::ids::digits(bytes),
        LengthPrefix::Ebcdic => ebcdic_digits(bytes),
        LengthPrefix::Binary => Some(bytes.iter().fold(0, |n, &b| n << 8 | u64::from(b))),
        LengthPrefix::Bcd => bytes.iter().try_fold(0, |n, &b| {
            (b >> 4 <= 9 && b & 15 <= 9).then(|| n * 100 + u64::from(b >> 4) * 10 + u64::from(b & 15))
        }),
        LengthPrefix::Hex => bytes.iter().try_fold(0, |n, &c| Some(n << 4 | u64::from(hex_value(c)?))),
    }
}

fn prefix_width(prefix: LengthPrefix, digits: u8) -> usize {
    match prefix {
        LengthPrefix::Ascii | LengthPrefix::Ebcdic | LengthPrefix::Hex => usize::from(digits),
        LengthPrefix::Bcd | LengthPrefix::Binary => usize::from(digits.div_ceil(2)),
    }
}

fn put_number(prefix: LengthPrefix, digits: u8, number: u64, out: &mut BytesMut) {
    let mut text = [b'0'; 4];
    let digits_at = 4 - usize::from(digits);
    match prefix {
        LengthPrefix::Ascii => {
            crate::ids::write_digits(number, &mut text);
            out.put_slice(&text[digits_at..]);
        }
        LengthPrefix::Ebcdic => {
            crate::ids::write_digits(number, &mut text);
            out.put_slice(&text.map(|digit| digit | 0xf0)[digits_at..]);
        }
        LengthPrefix::Bcd => {
            crate::ids::write_digits(number, &mut text);
            let even = &text[4 - usize::from(digits.next_multiple_of(2))..];
            packed::put(even.iter().map(|c| nibble(*c)), even.len(), Padding::Left0, out);
        }
        LengthPrefix::Binary => {
            let bytes = u16::try_from(number).expect("at most 19,998").to_be_bytes();
            out.put_slice(&bytes[2 - usize::from(digits.div_ceil(2))..]);
        }
        LengthPrefix::Hex => {
            let bytes = u16::try_from(number).expect("at most 19,998").to_be_bytes();
            let all = bytes.map(|byte| [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            out.put_slice(&all.as_flattened()[digits_at..]);
        }
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
            let number = match spec.counts {
                Counts::Values => value.len(),
                Counts::Bytes => spec.width(value.len()),
            };
            put_number(spec.prefix, digits, u64::try_from(number).expect("checked against the maximum"), out);
        }
    }
    let bad = |position: usize| EncodeError::Character { field, position, class: spec.class.name() };
    if !all_allowed(spec.class, value) {
        let position = value.iter().enumerate().position(|(i, &c)| !spec.class.allows(i, c)).map_or(0, |i| i + 1);
        return Err(bad(position));
    }
    match (spec.class, spec.digits, spec.binary) {
        (Class::Binary, _, Binary::Hex) => put_hex(value, out),
        (Class::Binary | Class::Private, ..) => out.put_slice(value),
        (Class::Digits | Class::Track, Digits::Bcd, _) => {
            packed::put(value.iter().map(|c| nibble(*c)), value.len(), spec.padding, out);
        }
        (Class::SignedDigits, Digits::Bcd, _) => put_signed(spec, value, out),
        _ => match page(spec) {
            None => out.put_slice(value),
            Some(page) => {
                for (i, c) in value.iter().enumerate() {
                    out.put_u8(page.byte(*c).ok_or_else(|| bad(i + 1))?);
                }
            }
        },
    }
    Ok(())
}

fn ebcdic_digits(bytes: &[u8]) -> Option<u64> {
    bytes.iter().try_fold(0, |n, byte| (0xf0..=0xf9).contains(byte).then(|| n * 10 + u64::from(byte & 15)))
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

/// Packed digits, or track data with B for `=` and D, to ASCII.
fn unpack(spec: &FieldSpec, len: usize, bytes: &[u8], data: &mut Vec<u8>) -> Result<(), Fault> {
    let is_track = spec.class == Class::Track;
    for nibble in packed::open(bytes, len, spec.padding).ok_or(Fault::Padding)? {
        data.push(match nibble {
            0..=9 => b'0' + nibble,
            0xb if is_track => b'=',
            0xd if is_track => b'D',
            _ => return Err(Fault::Class),
        });
    }
    Ok(())
}

/// A sign and packed digits, to `C` or `D` and ASCII digits.
fn unpack_signed(spec: &FieldSpec, len: usize, bytes: &[u8], data: &mut Vec<u8>) -> Result<(), Fault> {
    let digit = |nibble: u8| if nibble <= 9 { Ok(b'0' + nibble) } else { Err(Fault::Class) };
    let sign = |nibble: Option<u8>| match nibble {
        Some(0xc) => Ok(b'C'),
        Some(0xd) => Ok(b'D'),
        _ => Err(Fault::Sign),
    };
    match spec.sign {
        Sign::Character => {
            let (first, rest) = bytes.split_first().ok_or(Fault::Sign)?;
            let character = match spec.text {
                Text::Ascii => Some(*first),
                Text::Ebcdic(page) => page.character(*first),
            };
            data.push(character.filter(|c| matches!(c, b'C' | b'D')).ok_or(Fault::Sign)?);
            for nibble in packed::open(rest, len - 1, spec.padding).ok_or(Fault::Padding)? {
                data.push(digit(nibble)?);
            }
        }
        Sign::LeadingNibble => {
            let mut nibbles = packed::open(bytes, len, spec.padding).ok_or(Fault::Padding)?;
            data.push(sign(nibbles.next())?);
            for nibble in nibbles {
                data.push(digit(nibble)?);
            }
        }
        Sign::TrailingNibble => {
            data.push(sign(bytes.last().map(|byte| byte & 15))?);
            for nibble in packed::open(bytes, len, spec.padding).ok_or(Fault::Padding)?.take(len - 1) {
                data.push(digit(nibble)?);
            }
        }
    }
    Ok(())
}

/// The other way round; `value` is a sign and digits.
fn put_signed(spec: &FieldSpec, value: &[u8], out: &mut BytesMut) {
    let (sign, digits) = (value[0], &value[1..]);
    let nibbles = digits.iter().map(|c| nibble(*c));
    let one = std::iter::once(nibble(sign));
    match spec.sign {
        Sign::Character => {
            out.put_u8(match spec.text {
                Text::Ascii => sign,
                Text::Ebcdic(page) => page.byte(sign).unwrap_or(sign),
            });
            packed::put(nibbles, digits.len(), spec.padding, out);
        }
        Sign::LeadingNibble => packed::put(one.chain(nibbles), value.len(), spec.padding, out),
        Sign::TrailingNibble => packed::put(nibbles.chain(one), value.len(), spec.padding, out),
    }
}
