//! What texts may contain: values that know how each language writes them.

use super::Language;
use kazasu_schemas::ids::{InstitutionId, MerchantId, Ppid, Serial, TerminalId};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::text::thousands;
use kazasu_schemas::wire::ResponseCode;
use std::fmt::Display;

/// A value inside a text.
pub trait Argument {
    /// As a language writes it.
    fn shown(&self, language: Language) -> impl Display;

    /// One such value, for the test of every entry.
    fn sample() -> Self;
}

/// A number of things: digits in groups of three.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Count(pub u64);

/// A month of the calendar, as records write it: `2026-11`. What is no month is shown as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Month<'a>(pub &'a str);

/// What a person or a program wrote, between quotation marks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quoted<'a>(pub &'a str);

impl Argument for Quoted<'_> {
    fn shown(&self, language: Language) -> impl Display {
        match language {
            Language::Japanese => format!("「{}」", self.0.escape_debug()),
            Language::English => format!("{:?}", self.0),
        }
    }

    fn sample() -> Self {
        Quoted("X-1")
    }
}

/// Codes of which one is to be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AnyOf<'a>(pub &'a [&'a str]);

impl Argument for AnyOf<'_> {
    fn shown(&self, language: Language) -> impl Display {
        match (language, self.0) {
            (Language::English, [first @ .., last]) if !first.is_empty() => format!("{} or {last}", first.join(", ")),
            (Language::English, codes) => codes.join(", "),
            (Language::Japanese, codes) => codes.join("、"),
        }
    }

    fn sample() -> Self {
        AnyOf(&["1", "2"])
    }
}

/// The rights of a file, as `chmod` writes them: three octal digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Octal(pub u32);

impl Argument for Octal {
    fn shown(&self, _: Language) -> impl Display {
        format!("{:03o}", self.0)
    }

    fn sample() -> Self {
        Octal(0o640)
    }
}

impl From<usize> for Count {
    fn from(number: usize) -> Self {
        Count(u64::try_from(number).unwrap_or(u64::MAX))
    }
}

impl Argument for Count {
    fn shown(&self, _: Language) -> impl Display {
        thousands(self.0)
    }

    fn sample() -> Self {
        Count(12_345)
    }
}

impl Argument for Month<'_> {
    fn shown(&self, language: Language) -> impl Display {
        match (language, self.0.split_once('-')) {
            (Language::Japanese, Some((year, month))) => format!("{year}年{}月", month.trim_start_matches('0')),
            (Language::Japanese, None) | (Language::English, _) => self.0.to_owned(),
        }
    }

    fn sample() -> Self {
        Month("2026-11")
    }
}

impl Argument for Yen {
    fn shown(&self, _: Language) -> impl Display {
        *self
    }

    fn sample() -> Self {
        Yen::new(1_234_567)
    }
}

impl Argument for BusinessDay {
    fn shown(&self, _: Language) -> impl Display {
        *self
    }

    fn sample() -> Self {
        BusinessDay(20_000)
    }
}

/// A time in Japan, to the second.
impl Argument for Millis {
    fn shown(&self, _: Language) -> impl Display {
        self.jst_text()
    }

    fn sample() -> Self {
        Millis(1_764_000_000_000)
    }
}

impl Argument for Ppid {
    fn shown(&self, _: Language) -> impl Display {
        *self
    }

    fn sample() -> Self {
        Ppid::from_bytes([7; 16])
    }
}

impl Argument for ResponseCode {
    fn shown(&self, _: Language) -> impl Display {
        *self
    }

    fn sample() -> Self {
        ResponseCode::APPROVED
    }
}

/// Identifiers of the wire, the same in each language.
macro_rules! identifiers {
    ($($type:ty: $sample:literal;)+) => {
        $(impl Argument for $type {
            fn shown(&self, _: Language) -> impl Display {
                *self
            }

            fn sample() -> Self {
                $sample.parse().expect("it is one")
            }
        })+
    };
}

identifiers! {
    InstitutionId: "900001";
    MerchantId: "M-1";
    TerminalId: "T-1";
    Serial: "0a1b2c3d";
}

/// Names and other text of people, the same in each language.
impl Argument for &str {
    fn shown(&self, _: Language) -> impl Display {
        *self
    }

    fn sample() -> Self {
        "X-1"
    }
}

/// Numbers that name something: a record, a settlement, a programme. How many is a [`Count`].
macro_rules! numbers {
    ($($type:ty)+) => {
        $(impl Argument for $type {
            fn shown(&self, _: Language) -> impl Display {
                *self
            }

            fn sample() -> Self {
                77
            }
        })+
    };
}

numbers! { u8 u16 u32 u64 i64 }
