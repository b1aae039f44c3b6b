//! What fields hold, and how each gets into a line.

use crate::{Digest, ResidentRef};
use kazasu_schemas::text::{NOT_SHOWN, names_a_card};
use std::fmt::Write;

/// A field's value.
pub trait Value {
    /// Adds it to a line as JSON; false when there is none, and nothing was added.
    fn write(&self, out: &mut String) -> bool;

    /// One whose text, where it takes any, is this.
    fn sample(text: &str) -> Self;
}

/// A name or a word: a person, a program, an operation. At most 80 characters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Word(String);

/// Text that a person or a message gave. At most 300 characters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Free(String);

/// What a line is about, besides residents: `batch 12`, `merchant M30000000000001`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Object(String);

impl Word {
    /// From a text, cleaned.
    #[must_use]
    pub fn new(text: &str) -> Word {
        Word(clean(text, 80))
    }
}

impl Free {
    /// From a text, cleaned.
    #[must_use]
    pub fn new(text: &str) -> Free {
        Free(clean(text, 300))
    }
}

impl Object {
    /// Something with a number of this book.
    #[must_use]
    pub fn numbered(kind: &'static str, number: u64) -> Object {
        Object(format!("{kind} {number}"))
    }

    /// Something with an id that is no number of this book: a merchant, a city. Digits that may be a card or an account are not kept.
    #[must_use]
    pub fn named(kind: &'static str, id: &str) -> Object {
        let digits = id.chars().all(|c| c.is_numeric());
        let account = digits && (7..=14).contains(&id.chars().count());
        let plain = id.chars().all(|c| c.is_ascii_alphanumeric());
        let id = match (account || names_a_card(id), plain) {
            (true, _) => NOT_SHOWN.to_owned(),
            (false, true) => hidden_words(&shortened(id, SECRET)),
            (false, false) => clean(id, SECRET),
        };
        Object(format!("{kind} {id}"))
    }
}

/// Digits from so many on are not kept: an account has seven, a card more.
const DIGITS: usize = 7;

/// Letters and digits in one run from so many on are not kept: a PPID has 26, a token more.
const SECRET: usize = 20;

/// What stands for a run of letters and digits that is not repeated.
const HIDDEN: &str = "(not shown)";

/// A text without what a line must not have.
fn clean(text: &str, longest: usize) -> String {
    // It is cut before it is cleaned: what is left of a number is cleaned as well.
    let text = printable(&shortened(text, longest));
    if names_a_card(&text) {
        return NOT_SHOWN.to_owned();
    }
    hidden_words(&hidden_digits(&text))
}

fn shortened(text: &str, longest: usize) -> String {
    text.chars().take(longest).collect()
}

/// Control characters and those that turn the direction of text would let one line look like another.
fn printable(text: &str) -> String {
    let bad = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().map(|c| if bad(c) { ' ' } else { c }).collect()
}

/// Copies a text; runs of the characters that `belongs` names are replaced where `hide` says so.
fn replaced(text: &str, belongs: impl Fn(char) -> bool, (longest, stands): (usize, &str)) -> String {
    let (mut out, mut run) = (String::with_capacity(text.len()), String::new());
    for c in text.chars().map(Some).chain([None]) {
        match c {
            Some(c) if belongs(c) => run.push(c),
            other => {
                if run.chars().count() >= longest {
                    out.push_str(stands);
                } else {
                    out.push_str(&run);
                }
                run.clear();
                out.extend(other);
            }
        }
    }
    out
}

fn hidden_digits(text: &str) -> String {
    replaced(text, char::is_numeric, (DIGITS, NOT_SHOWN))
}

fn hidden_words(text: &str) -> String {
    let of_a_secret = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '/' | '=' | '-');
    replaced(text, of_a_secret, (SECRET, HIDDEN))
}

fn quoted(text: &str, out: &mut String) -> bool {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    true
}

macro_rules! texts {
    ($($type:ident)+) => {
        $(impl Value for $type {
            fn write(&self, out: &mut String) -> bool {
                quoted(&self.0, out)
            }

            fn sample(text: &str) -> Self {
                $type::new(text)
            }
        })+
    };
}

texts! { Word Free }

impl Value for Object {
    fn write(&self, out: &mut String) -> bool {
        quoted(&self.0, out)
    }

    fn sample(text: &str) -> Self {
        Object::named("merchant", text)
    }
}

impl Value for ResidentRef {
    fn write(&self, out: &mut String) -> bool {
        quoted(&self.to_string(), out)
    }

    fn sample(_: &str) -> Self {
        ResidentRef::from_bytes([0xab; 16])
    }
}

impl Value for Digest {
    fn write(&self, out: &mut String) -> bool {
        quoted(&self.to_string(), out)
    }

    fn sample(text: &str) -> Self {
        Digest::of(text.as_bytes())
    }
}

impl Value for u64 {
    fn write(&self, out: &mut String) -> bool {
        write!(out, "{self}").is_ok()
    }

    fn sample(_: &str) -> Self {
        12
    }
}

impl<T: Value> Value for Option<T> {
    fn write(&self, out: &mut String) -> bool {
        self.as_ref().is_some_and(|value| value.write(out))
    }

    fn sample(text: &str) -> Self {
        Some(T::sample(text))
    }
}

/// None of them is no field.
impl<T: Value> Value for Vec<T> {
    fn write(&self, out: &mut String) -> bool {
        if self.is_empty() {
            return false;
        }
        out.push('[');
        for (at, value) in self.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            value.write(out);
        }
        out.push(']');
        true
    }

    fn sample(text: &str) -> Self {
        vec![T::sample(text), T::sample(text)]
    }
}
