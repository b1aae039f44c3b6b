//! Dialects: the field table and the representation choices of one ISO 8583 link, as a TOML file.
//!
//! Published specifications differ in field lengths (44, 54, 55, 93, `x+n`) and in how binary parts are written, so the
//! table is data. A dialect may `extends` a shipped one and override fields and settings.

use super::ebcdic::CodePage;
use super::frame::{FrameCodec, Framing, Header, Tpdu, Trailer};
use super::packed::{Padding, Sign};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::str::FromStr;

/// The characters that a field may hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// `n`: digits.
    Digits,
    /// `a`: letters and space.
    Letters,
    /// `an`: letters, digits and space.
    Alphanumeric,
    /// `ns`: digits and special characters.
    DigitsSpecial,
    /// `ans`: printable ASCII and the half-width kana of JIS X 0201 (A1-DF).
    Text,
    /// `z`: track data, digits and the separators `=` or `D`.
    Track,
    /// `x+n`: `C` or `D`, then digits. The sign counts as one character of the length.
    SignedDigits,
    /// `b`: bytes. The length counts bytes.
    Binary,
    /// `any`: private content of any bytes, kept as it is.
    Private,
}

impl Class {
    /// The name as the dialect file and the standard write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Class::Digits => "n",
            Class::Letters => "a",
            Class::Alphanumeric => "an",
            Class::DigitsSpecial => "ns",
            Class::Text => "ans",
            Class::Track => "z",
            Class::SignedDigits => "x+n",
            Class::Binary => "b",
            Class::Private => "any",
        }
    }

    pub(crate) fn allows(self, index: usize, c: u8) -> bool {
        match self {
            Class::Digits => c.is_ascii_digit(),
            Class::Letters => c.is_ascii_alphabetic() || c == b' ',
            Class::Alphanumeric => c.is_ascii_alphanumeric() || c == b' ',
            Class::DigitsSpecial => (0x20..=0x7e).contains(&c) && !c.is_ascii_alphabetic(),
            Class::Text => (0x20..=0x7e).contains(&c) || (0xa1..=0xdf).contains(&c),
            Class::Track => c.is_ascii_digit() || c == b'=' || c == b'D',
            Class::SignedDigits => {
                if index == 0 {
                    c == b'C' || c == b'D'
                } else {
                    c.is_ascii_digit()
                }
            }
            Class::Binary | Class::Private => true,
        }
    }
}

/// The length of a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Length {
    /// Exactly so many characters (bytes for `b`).
    Fixed(u16),
    /// A length prefix of `digits` digits, then at most `max` characters (bytes for `b`).
    Variable {
        /// 1 to 4 decimal digits.
        digits: u8,
        /// The longest value.
        max: u16,
    },
}

/// The written form of digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Digits {
    /// One ASCII character a digit.
    Ascii,
    /// Packed, two digits a byte; an odd count has a padding nibble.
    Bcd,
    /// One EBCDIC character a digit.
    Ebcdic,
}

/// The character code of text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Text {
    /// ASCII, and JIS X 0201 for kana.
    Ascii,
    /// EBCDIC.
    Ebcdic(CodePage),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TextFile {
    Ascii,
    Ebcdic,
}

/// The unit of a length prefix.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Counts {
    /// Characters, digits; bytes of `b` before they are written as two characters.
    Values,
    /// Bytes of the value as it is written.
    Bytes,
}

/// The written form of binary values and the bitmap.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Binary {
    /// Two upper-case hexadecimal characters a byte.
    Hex,
    /// The bytes themselves.
    Raw,
}

/// The written form of length prefixes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LengthPrefix {
    /// ASCII digits: LL is two characters.
    Ascii,
    /// Packed digits: LL is one byte, LLL two.
    Bcd,
    /// Big-endian binary: LL is one byte, LLL two.
    Binary,
    /// Upper-case hexadecimal characters: LL is two.
    Hex,
    /// EBCDIC digits: LL is two bytes.
    Ebcdic,
}

/// Everything the codec knows about one field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FieldSpec {
    /// Allowed characters.
    pub class: Class,
    /// Length rule.
    pub length: Length,
    /// Representation of digits (classes `n`, `z` and `x+n`).
    pub digits: Digits,
    /// Representation of binary values (class `b`).
    pub binary: Binary,
    /// Representation of the length prefix.
    pub prefix: LengthPrefix,
    /// The unit of the length prefix.
    pub counts: Counts,
    /// Representation of text (classes `a`, `an`, `ns` and `ans`), and of separators and signs that are characters.
    pub text: Text,
    /// The padding of packed digits.
    pub padding: Padding,
    /// The sign of a packed `x+n`.
    pub sign: Sign,
}

/// A dialect: framing, representation choices and the field table.
#[derive(Clone, Debug)]
pub struct Dialect {
    /// Its name, as configuration refers to it.
    pub name: String,
    /// The framing of messages in the byte stream.
    pub framing: Framing,
    /// The longest message, in bytes without the frame header.
    pub max_message: usize,
    pub(crate) mti: Digits,
    pub(crate) bitmap: Binary,
    pub(crate) fields: [Option<FieldSpec>; 129],
    pub(crate) names: Vec<String>,
}

/// A dialect file that cannot be used: which dialect, where, and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("dialect {dialect}: {at}: {problem}")]
pub struct DialectError {
    /// The dialect's name, or `?` when even that could not be read.
    pub dialect: String,
    /// A field or setting.
    pub at: String,
    /// The fault and the expected value.
    pub problem: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    extends: Option<String>,
    framing: Option<FramingFile>,
    max_message: Option<usize>,
    mti: Option<Digits>,
    bitmap: Option<Binary>,
    digits: Option<Digits>,
    binary: Option<Binary>,
    length_prefix: Option<LengthPrefix>,
    text: Option<TextFile>,
    code_page: Option<CodePage>,
    padding: Option<Padding>,
    sign: Option<Sign>,
    #[serde(default)]
    fields: BTreeMap<String, FieldFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FramingFile {
    header: HeaderFile,
    #[serde(default)]
    self_inclusive: bool,
    tpdu: Option<String>,
    counts_tpdu: Option<bool>,
    trailer: Option<String>,
    counts_trailer: Option<bool>,
}

#[derive(Deserialize)]
enum HeaderFile {
    #[serde(rename = "be2")]
    Be2,
    #[serde(rename = "be4")]
    Be4,
    #[serde(rename = "ascii4")]
    Ascii4,
    #[serde(rename = "bcd2")]
    Bcd2,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct FieldFile {
    name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    digits: Option<Digits>,
    binary: Option<Binary>,
    length_prefix: Option<LengthPrefix>,
    length_counts: Option<Counts>,
    text: Option<TextFile>,
    padding: Option<Padding>,
    sign: Option<Sign>,
}

const BASE: &str = include_str!("../../dialects/iso87-ascii.toml");
const SHIPPED: [(&str, &str); 3] = [
    ("iso87-ascii", BASE),
    ("iso87-binary", include_str!("../../dialects/iso87-binary.toml")),
    ("iso87-bcd", include_str!("../../dialects/iso87-bcd.toml")),
];

impl Dialect {
    /// The names of the dialects that come with the program.
    pub const SHIPPED: [&'static str; 3] = ["iso87-ascii", "iso87-binary", "iso87-bcd"];

    /// A shipped dialect by name.
    #[must_use]
    pub fn shipped(name: &str) -> Option<Dialect> {
        let (_, text) = SHIPPED.iter().find(|(shipped, _)| *shipped == name)?;
        Some(Dialect::parse(text).expect("the shipped dialects are valid; a test reads each"))
    }

    /// Reads a dialect file. A file may extend a shipped dialect; then it holds only what differs.
    pub fn parse(text: &str) -> Result<Dialect, DialectError> {
        let mut layers = Vec::new();
        let mut next: Option<std::borrow::Cow<'_, str>> = Some(text.into());
        while let Some(text) = next.take() {
            let file: File = toml::from_str(&text).map_err(|e| DialectError {
                dialect: "?".into(),
                at: "file".into(),
                problem: e.to_string().trim().to_owned(),
            })?;
            if let Some(parent) = &file.extends {
                if layers.len() >= 8 {
                    return Err(error(&file.name, "extends", "more than eight dialects extend each other".into()));
                }
                let (_, parent) = SHIPPED.iter().find(|(n, _)| n == parent).ok_or_else(|| {
                    error(&file.name, "extends", format!("{parent:?} is none of {}", Dialect::SHIPPED.join(", ")))
                })?;
                next = Some((*parent).into());
            }
            layers.push(file);
        }
        build(&layers)
    }

    /// The field's specification, or `None` when the dialect does not define it.
    #[must_use]
    pub fn field(&self, field: u8) -> Option<&FieldSpec> {
        self.fields.get(usize::from(field))?.as_ref()
    }

    /// The field's name in the dialect file.
    #[must_use]
    pub fn field_name(&self, field: u8) -> &str {
        self.names.get(usize::from(field)).map_or("", String::as_str)
    }

    /// A codec that cuts a byte stream into this dialect's frames.
    #[must_use]
    pub fn frames(&self) -> FrameCodec {
        FrameCodec::new(self.framing, self.max_message)
    }
}

fn error(dialect: &str, at: &str, problem: String) -> DialectError {
    DialectError { dialect: dialect.into(), at: at.into(), problem }
}

/// Puts the layers together, the most specific first in `layers`.
fn build(layers: &[File]) -> Result<Dialect, DialectError> {
    let name = layers[0].name.clone();
    fn pick<'a, T>(
        layers: &'a [File],
        name: &str,
        at: &str,
        get: impl Fn(&'a File) -> Option<T>,
    ) -> Result<T, DialectError> {
        layers.iter().find_map(get).ok_or_else(|| error(name, at, "is missing".into()))
    }
    let framing = pick(layers, &name, "framing", |f| f.framing.as_ref())?;
    let digits = pick(layers, &name, "digits", |f| f.digits)?;
    let binary = pick(layers, &name, "binary", |f| f.binary)?;
    let prefix = pick(layers, &name, "length_prefix", |f| f.length_prefix)?;
    let max_message = pick(layers, &name, "max_message", |f| f.max_message)?;
    let mut merged: BTreeMap<u8, FieldFile> = BTreeMap::new();
    for layer in layers.iter().rev() {
        for (number, field) in &layer.fields {
            let n: u8 = number.parse().ok().filter(|n| (2..=128).contains(n) && *n != 65).ok_or_else(|| {
                error(&name, &format!("fields.{number}"), "a field number is 2 to 128 without 65".into())
            })?;
            let slot = merged.entry(n).or_insert_with(|| field.clone());
            slot.name = field.name.clone().or_else(|| slot.name.take());
            slot.kind = field.kind.clone().or_else(|| slot.kind.take());
            slot.digits = field.digits.or(slot.digits);
            slot.binary = field.binary.or(slot.binary);
            slot.length_prefix = field.length_prefix.or(slot.length_prefix);
            slot.length_counts = field.length_counts.or(slot.length_counts);
            slot.text = field.text.or(slot.text);
            slot.padding = field.padding.or(slot.padding);
            slot.sign = field.sign.or(slot.sign);
        }
    }
    let defaults = Defaults {
        digits,
        binary,
        prefix,
        text: layers.iter().find_map(|f| f.text).unwrap_or(TextFile::Ascii),
        code_page: layers.iter().find_map(|f| f.code_page),
        padding: layers.iter().find_map(|f| f.padding).unwrap_or(Padding::Left0),
        sign: layers.iter().find_map(|f| f.sign).unwrap_or(Sign::Character),
    };
    if defaults.text == TextFile::Ebcdic && defaults.code_page.is_none() {
        return Err(error(&name, "code_page", "is missing, and text is ebcdic: cp037, cp1047 or cp290".into()));
    }
    let mut fields = [None; 129];
    let mut names = vec![String::new(); 129];
    for (n, field) in merged {
        let spec = field_spec(&field, &defaults).map_err(|problem| error(&name, &format!("fields.{n}"), problem))?;
        fields[usize::from(n)] = Some(spec);
        names[usize::from(n)] = field.name.unwrap_or_default();
    }
    for mac in [64_usize, 128] {
        let ok = fields[mac].is_some_and(|f: FieldSpec| f.class == Class::Binary && f.length == Length::Fixed(8));
        if !ok {
            return Err(error(&name, &format!("fields.{mac}"), "the MAC must be type \"b8\"".into()));
        }
    }
    let framing = read_framing(framing).map_err(|(at, problem)| error(&name, &format!("framing.{at}"), problem))?;
    if !(64..=framing.limit()).contains(&max_message) {
        return Err(error(&name, "max_message", format!("must be 64 to {} bytes, got {max_message}", framing.limit())));
    }
    Ok(Dialect {
        framing,
        max_message,
        mti: pick(layers, &name, "mti", |f| f.mti)?,
        bitmap: pick(layers, &name, "bitmap", |f| f.bitmap)?,
        fields,
        names,
        name,
    })
}

/// The defaults of a field.
struct Defaults {
    digits: Digits,
    binary: Binary,
    prefix: LengthPrefix,
    text: TextFile,
    code_page: Option<CodePage>,
    padding: Padding,
    sign: Sign,
}

fn field_spec(field: &FieldFile, defaults: &Defaults) -> Result<FieldSpec, String> {
    let kind = field.kind.as_deref().ok_or("type is missing")?;
    let (class, length) = parse_type(kind)?;
    let digits = field.digits.unwrap_or(defaults.digits);
    let prefix = field.length_prefix.unwrap_or(defaults.prefix);
    let text = match field.text.unwrap_or(defaults.text) {
        TextFile::Ascii => Text::Ascii,
        TextFile::Ebcdic => Text::Ebcdic(
            defaults
                .code_page
                .ok_or("text is ebcdic, and the dialect's code_page is missing: cp037, cp1047 or cp290")?,
        ),
    };
    let is_packable = matches!(class, Class::Digits | Class::Track | Class::SignedDigits);
    if field.padding.is_some() && !is_packable {
        return Err(format!("padding is for n, z and x+n, not for {}", class.name()));
    }
    if field.sign.is_some() && class != Class::SignedDigits {
        return Err(format!("sign is for x+n, not for {}", class.name()));
    }
    // Track data ends with its separator's own padding in every dialect that says nothing else.
    let padding = if class == Class::Track { Padding::RightF } else { defaults.padding };
    let spec = FieldSpec {
        class,
        length,
        digits,
        binary: field.binary.unwrap_or(defaults.binary),
        prefix,
        counts: field.length_counts.unwrap_or(Counts::Values),
        text,
        padding: field.padding.unwrap_or(padding),
        sign: field.sign.unwrap_or(defaults.sign),
    };
    check_spec(kind, &spec)?;
    Ok(spec)
}

/// Refuses a setting that fits no other setting of its own field.
fn check_spec(kind: &str, spec: &FieldSpec) -> Result<(), String> {
    let packed = spec.digits == Digits::Bcd;
    if spec.class == Class::SignedDigits && packed && spec.sign == Sign::TrailingNibble && !spec.padding.is_left() {
        return Err("a trailing sign nibble is the last one: padding must be left0 or leftF".into());
    }
    let Length::Variable { digits, max } = spec.length else {
        return match spec.counts {
            Counts::Bytes => Err(format!("type {kind:?} has no length prefix, so length_counts says nothing")),
            Counts::Values => Ok(()),
        };
    };
    let is_number = matches!(spec.class, Class::Digits | Class::Track);
    if spec.counts == Counts::Bytes && packed && is_number && spec.padding.nibble() == 0 {
        let told = "length_counts = \"bytes\" of packed digits needs padding leftF or rightF";
        return Err(format!("{told}: with a zero a reader cannot tell 19 digits from 20"));
    }
    let said = match spec.counts {
        Counts::Values => usize::from(max),
        Counts::Bytes => spec.width(usize::from(max)),
    };
    let digits = u32::from(digits);
    let most = match spec.prefix {
        LengthPrefix::Ascii | LengthPrefix::Bcd | LengthPrefix::Ebcdic => 10_usize.pow(digits) - 1,
        LengthPrefix::Binary => 256_usize.pow(digits.div_ceil(2)) - 1,
        LengthPrefix::Hex => 16_usize.pow(digits) - 1,
    };
    if said > most {
        return Err(format!("type {kind:?}: {digits} length digits cannot say {said}"));
    }
    Ok(())
}

impl FieldSpec {
    /// Bytes that a value of `len` characters takes on the wire.
    #[must_use]
    pub fn width(&self, len: usize) -> usize {
        match (self.class, self.digits, self.binary) {
            (Class::Digits | Class::Track, Digits::Bcd, _) => len.div_ceil(2),
            (Class::SignedDigits, Digits::Bcd, _) => match self.sign {
                Sign::Character => 1 + len.saturating_sub(1).div_ceil(2),
                Sign::LeadingNibble | Sign::TrailingNibble => len.div_ceil(2),
            },
            (Class::Binary, _, Binary::Hex) => len * 2,
            _ => len,
        }
    }
}

fn read_framing(file: &FramingFile) -> Result<Framing, (&'static str, String)> {
    let header = match file.header {
        HeaderFile::Be2 => Header::Be2,
        HeaderFile::Be4 => Header::Be4,
        HeaderFile::Ascii4 => Header::Ascii4,
        HeaderFile::Bcd2 => Header::Bcd2,
    };
    let mut framing = Framing { self_inclusive: file.self_inclusive, ..Framing::new(header) };
    if let Some(text) = &file.tpdu {
        let bytes: Option<[u8; Tpdu::LEN]> = hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        let problem = || format!("must be 5 bytes in hexadecimal (identifier, destination, source), got {text:?}");
        framing.tpdu = Some(Tpdu(bytes.ok_or_else(|| ("tpdu", problem()))?));
    }
    if let Some(text) = &file.trailer {
        let bytes = hex::decode(text).ok().filter(|bytes| !bytes.is_empty());
        let problem = || format!("must be 1 to {} bytes in hexadecimal, got {text:?}", Trailer::MOST);
        let trailer = bytes.and_then(|bytes| Trailer::new(&bytes));
        framing.trailer = trailer.ok_or_else(|| ("trailer", problem()))?;
    }
    let without = |what: &str| format!("says nothing without {what}");
    match (file.counts_tpdu, framing.tpdu) {
        (Some(_), None) => return Err(("counts_tpdu", without("tpdu"))),
        (counts, _) => framing.counts_tpdu = counts.unwrap_or(true),
    }
    match (file.counts_trailer, &file.trailer) {
        (Some(_), None) => return Err(("counts_trailer", without("trailer"))),
        (counts, _) => framing.counts_trailer = counts.unwrap_or(true),
    }
    Ok(framing)
}

/// Reads `n6`, `an12`, `x+n8`, `b8`, `LL n..19`, `LLL ans..999`.
fn parse_type(text: &str) -> Result<(Class, Length), String> {
    let problem = || format!("type {text:?} is not like \"n6\", \"x+n8\", \"b8\" or \"LL ans..25\"");
    let (prefix, rest) = match text.split_once(' ') {
        Some((prefix, rest)) => (Some(prefix), rest),
        None => (None, text),
    };
    let at = rest.find(|c: char| c.is_ascii_digit() || c == '.').ok_or_else(problem)?;
    let (class, length) = rest.split_at(at);
    let class = Class::from_str(class).map_err(|()| problem())?;
    let length = match prefix {
        None => Length::Fixed(length.parse().map_err(|_| problem())?),
        Some(prefix) => {
            let max = length.strip_prefix("..").and_then(|n| n.parse().ok()).ok_or_else(problem)?;
            if prefix.is_empty() || prefix.len() > 4 || !prefix.bytes().all(|b| b == b'L') {
                return Err(problem());
            }
            Length::Variable { digits: u8::try_from(prefix.len()).expect("at most four"), max }
        }
    };
    if class == Class::SignedDigits && prefix.is_some() {
        return Err(format!("type {text:?}: a signed amount has a fixed length, like \"x+n8\""));
    }
    let longest = match length {
        Length::Fixed(0) => return Err(format!("type {text:?}: a field has at least one character")),
        Length::Fixed(n) => n,
        Length::Variable { max, .. } => max,
    };
    if longest > 9_999 {
        return Err(format!("type {text:?}: a field is at most 9999 long"));
    }
    // The sign of `x+n8` is one more character.
    Ok(match (class, length) {
        (Class::SignedDigits, Length::Fixed(n)) => (class, Length::Fixed(n + 1)),
        other => other,
    })
}

impl FromStr for Class {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text {
            "n" => Class::Digits,
            "a" => Class::Letters,
            "an" => Class::Alphanumeric,
            "ns" => Class::DigitsSpecial,
            "ans" => Class::Text,
            "z" => Class::Track,
            "x+n" => Class::SignedDigits,
            "b" => Class::Binary,
            "any" => Class::Private,
            _ => return Err(()),
        })
    }
}
