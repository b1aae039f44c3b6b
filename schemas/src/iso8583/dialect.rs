//! Dialects: the field table and the representation choices of one ISO 8583 link, as a TOML file.
//!
//! Published specifications differ in field lengths (44, 54, 55, 93, `x+n`) and in how binary parts are written, so the
//! table is data. A dialect may `extends` a shipped one and override fields and settings.

use super::frame::{FrameCodec, Framing};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::str::FromStr;

/// What characters a field may hold.
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

/// How long a field is.
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

/// How digits are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Digits {
    /// One ASCII character a digit.
    Ascii,
    /// Packed, two digits a byte; an odd count has a zero nibble in front (track data: an F nibble behind).
    Bcd,
}

/// How binary values and the bitmap are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Binary {
    /// Two upper-case hexadecimal characters a byte.
    Hex,
    /// The bytes themselves.
    Raw,
}

/// How length prefixes are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LengthPrefix {
    /// ASCII digits: LL is two characters.
    Ascii,
    /// Packed digits: LL is one byte, LLL two.
    Bcd,
    /// Big-endian binary: LL is one byte, LLL two.
    Binary,
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
}

/// A dialect: framing, representation choices and the field table.
#[derive(Clone, Debug)]
pub struct Dialect {
    /// Its name, as configuration refers to it.
    pub name: String,
    /// How messages are cut out of the byte stream.
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
    /// What is wrong and what was expected.
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
    #[serde(default)]
    fields: BTreeMap<String, FieldFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FramingFile {
    header: HeaderFile,
    #[serde(default)]
    self_inclusive: bool,
}

#[derive(Deserialize)]
enum HeaderFile {
    #[serde(rename = "be2")]
    Be2,
    #[serde(rename = "ascii4")]
    Ascii4,
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
        }
    }
    let mut fields = [None; 129];
    let mut names = vec![String::new(); 129];
    for (n, field) in merged {
        let at = format!("fields.{n}");
        let kind = field.kind.ok_or_else(|| error(&name, &at, "type is missing".into()))?;
        let (class, length) = parse_type(&kind).map_err(|problem| error(&name, &at, problem))?;
        fields[usize::from(n)] = Some(FieldSpec {
            class,
            length,
            digits: field.digits.unwrap_or(digits),
            binary: field.binary.unwrap_or(binary),
            prefix: field.length_prefix.unwrap_or(prefix),
        });
        names[usize::from(n)] = field.name.unwrap_or_default();
    }
    for mac in [64_usize, 128] {
        let ok = fields[mac].is_some_and(|f: FieldSpec| f.class == Class::Binary && f.length == Length::Fixed(8));
        if !ok {
            return Err(error(&name, &format!("fields.{mac}"), "the MAC must be type \"b8\"".into()));
        }
    }
    let header = match framing.header {
        HeaderFile::Be2 => super::frame::Header::Be2,
        HeaderFile::Ascii4 => super::frame::Header::Ascii4,
    };
    let framing = Framing { header, self_inclusive: framing.self_inclusive };
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
        Length::Variable { digits, max } if u32::from(max) >= 10_u32.pow(u32::from(digits)) => {
            return Err(format!("type {text:?}: {digits} length digits cannot say {max}"));
        }
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
