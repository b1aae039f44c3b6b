//! JSON that callers write: requests over HTTP and in files. It is read strictly, because a misread request changes a person's rights
//! without a word: an empty text, a key that is there twice (at any depth, however it is escaped), an unknown key and all that follows
//! the end are errors. Messages name the place and the expected kind, and never repeat a value: it may be a card number.

use kazasu_schemas::utf8::{self, NotText};
use kazasu_text::requests::{JsonKind, JsonText, WantedText};
use kazasu_text::{Quoted, Said, errors};
use serde::Deserialize;
use serde::de::{self, DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

#[cfg(test)]
mod tests;

/// The reason for refusing a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum JsonError {
    /// Nothing, or blanks.
    Empty,
    /// Not UTF-8.
    NotText(NotText),
    /// No JSON, or a key twice.
    Syntax(Said),
    /// JSON, and no object.
    NotAnObject(JsonKind),
    /// A key whose value is of another kind than it must be, or that is there twice.
    Field {
        /// The key.
        field: String,
        /// The sentence, which names the key.
        said: Said,
    },
    /// A key that is missing or unknown, or another shape of the whole.
    Shape {
        /// The key, where it is one.
        field: Option<String>,
        /// The sentence.
        said: Said,
    },
}

impl JsonError {
    /// The key that is wrong, where it is one.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            JsonError::Field { field, .. } => Some(field),
            JsonError::Shape { field, .. } => field.as_deref(),
            JsonError::Empty | JsonError::NotText(_) | JsonError::Syntax(_) | JsonError::NotAnObject(_) => None,
        }
    }

    /// The sentence, in every language.
    #[must_use]
    pub fn said(&self) -> Said {
        match self {
            JsonError::Empty => Said::of(&JsonText::Empty),
            JsonError::NotText(why) => errors::not_text(*why),
            JsonError::NotAnObject(got) => Said::of(&JsonText::NotAnObject { got: *got }),
            JsonError::Syntax(said) | JsonError::Field { said, .. } | JsonError::Shape { said, .. } => said.clone(),
        }
    }

    /// The whole has another shape than the request.
    pub(crate) fn shape(text: &JsonText<'_>) -> JsonError {
        JsonError::Shape { field: None, said: Said::of(text) }
    }

    /// A key is missing, or does not belong there.
    pub(crate) fn key(field: &str, text: &JsonText<'_>) -> JsonError {
        JsonError::Shape { field: Some(field.to_owned()), said: Said::of(text) }
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.said().fmt(f)
    }
}

impl std::error::Error for JsonError {}

impl From<NotText> for JsonError {
    fn from(why: NotText) -> Self {
        JsonError::NotText(why)
    }
}

/// Reads one object.
pub fn object(bytes: &[u8]) -> Result<Map<String, Value>, JsonError> {
    let text = utf8::text(bytes)?;
    if text.trim().is_empty() {
        return Err(JsonError::Empty);
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let Once(value) = Once::deserialize(&mut reader).map_err(|error| no_json(&error))?;
    reader.end().map_err(|error| no_json(&error))?;
    match value {
        Value::Object(object) => Ok(object),
        other => Err(JsonError::NotAnObject(kind(&other))),
    }
}

/// A text that the parser does not take. The English words are the parser's own.
fn no_json(error: &serde_json::Error) -> JsonError {
    let words = unquoted(&error.to_string());
    let (line, column) = (error.line().into(), error.column().into());
    let key =
        words.strip_prefix(TWICE.0).and_then(|rest| rest.rsplit_once(TWICE.1)).map(|(key, _)| key.trim_matches('"'));
    let text = match key {
        Some(key) => JsonText::KeyTwice { key: Quoted(key), line, column },
        None if error.is_eof() => JsonText::Ends,
        None => JsonText::Syntax { line, column },
    };
    JsonError::Syntax(Said::exactly(&text, words.clone()))
}

/// Reads one object as a `T`.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonError> {
    shaped(object(bytes)?)
}

/// An object as a `T`.
pub fn shaped<T: DeserializeOwned>(object: Map<String, Value>) -> Result<T, JsonError> {
    let object = Value::Object(object);
    let error = match T::deserialize(&object) {
        Ok(it) => return Ok(it),
        Err(error) => error.to_string(),
    };
    match culprit::<T>(&object, &error) {
        Some(found) => Err(found),
        None => Err(misshapen(&unquoted(&error))),
    }
}

/// The parser's complaint about the whole object. The English words are its own.
fn misshapen(words: &str) -> JsonError {
    let named = |begin: &str| words.strip_prefix(begin).and_then(|rest| rest.split_once('`'));
    // `a`, `b`
    let known = |rest: &str| rest.split('`').skip(1).step_by(2).collect::<Vec<_>>().join(", ");
    let (field, text) = if let Some((field, _)) = named("missing field `") {
        (Some(field), Said::of(&JsonText::Missing { field }))
    } else if let Some((field, rest)) = named("unknown field `") {
        let known = &known(rest);
        let of_none = JsonText::UnknownOfNone { field };
        (Some(field), Said::of(&if known.is_empty() { of_none } else { JsonText::Unknown { field, known } }))
    } else if let Some((got, rest)) = named("unknown variant `") {
        (None, Said::of(&JsonText::UnknownValue { got: Quoted(got), known: &known(rest) }))
    } else {
        (None, Said::of(&JsonText::Shape { words }))
    };
    JsonError::Shape { field: field.map(str::to_owned), said: Said::exactly(&text, words) }
}

/// The key whose value is of the wrong kind. The parser does not name the key when `do` decides the kinds of the others, so each
/// key is tried alone.
fn culprit<T: DeserializeOwned>(object: &Value, error: &str) -> Option<JsonError> {
    const WRONG: &str = "invalid ";
    if !error.starts_with(WRONG) {
        return None;
    }
    let object = object.as_object()?;
    object.iter().filter(|(key, _)| *key != TAG).find_map(|(key, value)| {
        let alone = object.iter().filter(|(other, _)| *other == TAG || *other == key);
        let alone: Map<String, Value> = alone.map(|(k, v)| (k.clone(), v.clone())).collect();
        let error = T::deserialize(&Value::Object(alone)).err()?.to_string();
        let (_, expected) = error.strip_prefix(WRONG)?.rsplit_once("expected ")?;
        let field = unquoted(key);
        let text = JsonText::WrongKind { field: &field, expected: &wanted(expected), got: kind(value) };
        let said = Said::of(&text);
        Some(JsonError::Field { field, said })
    })
}

/// The key that names the action.
const TAG: &str = "do";

/// A name for people of the parser's kind.
fn wanted(expected: &str) -> Said {
    let other = unquoted(expected);
    Said::of(&match expected {
        "a string" => WantedText::Text,
        "a boolean" => WantedText::Truth,
        "a sequence" => WantedText::List,
        "u8" => WantedText::Byte,
        "u16" => WantedText::Short,
        "u32" => WantedText::Word,
        "u64" => WantedText::Natural,
        "i64" => WantedText::Whole,
        _ => WantedText::Other { words: &other },
    })
}

fn kind(value: &Value) -> JsonKind {
    match value {
        Value::Null => JsonKind::Null,
        Value::Bool(_) => JsonKind::Truth,
        Value::Number(n) if n.is_f64() => JsonKind::Fraction,
        Value::Number(_) => JsonKind::Number,
        Value::String(_) => JsonKind::Text,
        Value::Array(_) => JsonKind::List,
        Value::Object(_) => JsonKind::Object,
    }
}

/// A parser's message without the value that came: it may be a card number.
#[must_use]
pub fn unquoted(text: &str) -> String {
    let mut out = text.to_owned();
    for (kind, quote) in [("string \"", '"'), ("integer `", '`'), ("floating point `", '`'), ("character `", '`')] {
        let mut from = 0;
        while let Some(at) = out[from..].find(kind).map(|at| from + at + kind.len()) {
            let len = out[at..].find(quote).unwrap_or(out.len() - at);
            out.replace_range(at..at + len, "…");
            from = at;
        }
    }
    kazasu_schemas::text::masked(&out)
}

/// The words around a key that is there twice: the parser adds the place.
const TWICE: (&str, &str) = ("the key ", " is there twice in one object");

/// Any value whose objects have each key once.
struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(OnceVisitor).map(Once)
    }
}

struct OnceVisitor;

impl<'de> Visitor<'de> for OnceVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, b: bool) -> Result<Value, E> {
        Ok(b.into())
    }

    fn visit_i64<E>(self, n: i64) -> Result<Value, E> {
        Ok(n.into())
    }

    fn visit_u64<E>(self, n: u64) -> Result<Value, E> {
        Ok(n.into())
    }

    fn visit_f64<E>(self, n: f64) -> Result<Value, E> {
        Ok(n.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut out = Vec::new();
        while let Some(Once(value)) = list.next_element()? {
            out.push(value);
        }
        Ok(Value::Array(out))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut out = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if out.contains_key(&key) {
                return Err(de::Error::custom(format_args!("{}{key:?}{}", TWICE.0, TWICE.1)));
            }
            let Once(value) = map.next_value()?;
            out.insert(key, value);
        }
        Ok(Value::Object(out))
    }
}
