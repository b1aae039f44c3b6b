//! What texts may contain: values that know how each language writes them.

use super::Language;
use kazasu_schemas::ids::Ppid;
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

/// How many: digits in groups of three.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Count(pub u64);

/// A month of the calendar, as records write it: `2026-11`. What is no month is shown as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Month<'a>(pub &'a str);

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

numbers! { u8 u16 u32 u64 }
