//! JSON that callers write: requests over HTTP and in files. It is read strictly, because a misread request changes a person's rights
//! without a word: an empty text, a key that is there twice (at any depth, however it is escaped), an unknown key and all that follows
//! the end are errors. Messages name the place and the expected kind, and never repeat a value: it may be a card number.

use kazasu_schemas::utf8::{self, NotText};
use serde::Deserialize;
use serde::de::{self, DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

#[cfg(test)]
mod tests;

/// The reason for refusing a text.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum JsonError {
    /// Nothing, or blanks.
    #[error("there is nothing: expected one JSON object, as in {{\"day\": 20000}}")]
    Empty,
    /// Not UTF-8.
    #[error(transparent)]
    NotText(#[from] NotText),
    /// No JSON, or a key twice.
    #[error("{0}")]
    Syntax(String),
    /// JSON, and no object.
    #[error("expected one JSON object, as in {{\"day\": 20000}}, got {0}")]
    NotAnObject(&'static str),
    /// A key whose value is of another kind than it must be.
    #[error("{field}: {problem}")]
    Field {
        /// The key.
        field: String,
        /// The expected kind, and the kind of the value.
        problem: String,
    },
    /// A key that is missing or unknown.
    #[error("{0}")]
    Shape(String),
}

impl JsonError {
    /// The key that is wrong, where it is one.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            JsonError::Field { field, .. } => Some(field),
            JsonError::Shape(text) => {
                let named =
                    ["unknown field `", "missing field `"].into_iter().find_map(|begin| text.strip_prefix(begin));
                named.and_then(|rest| rest.split('`').next())
            }
            JsonError::Empty | JsonError::NotText(_) | JsonError::Syntax(_) | JsonError::NotAnObject(_) => None,
        }
    }
}

/// Reads one object.
pub fn object(bytes: &[u8]) -> Result<Map<String, Value>, JsonError> {
    let text = utf8::text(bytes)?;
    if text.trim().is_empty() {
        return Err(JsonError::Empty);
    }
    let wrong = |error: serde_json::Error| JsonError::Syntax(unquoted(&error.to_string()));
    let mut reader = serde_json::Deserializer::from_str(text);
    let Once(value) = Once::deserialize(&mut reader).map_err(wrong)?;
    reader.end().map_err(wrong)?;
    match value {
        Value::Object(object) => Ok(object),
        other => Err(JsonError::NotAnObject(kind(&other))),
    }
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
        None => Err(JsonError::Shape(unquoted(&error))),
    }
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
        let problem = format!("expected {}, got {}", wanted(expected), kind(value));
        Some(JsonError::Field { field: unquoted(key), problem })
    })
}

/// The key that names the action.
const TAG: &str = "do";

/// A name for people of the parser's kind.
fn wanted(expected: &str) -> String {
    match expected {
        "a string" => "text".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "u8" => "a whole number from 0 to 255".to_owned(),
        "u16" => "a whole number from 0 to 65535".to_owned(),
        "u32" => "a whole number from 0 to 4294967295".to_owned(),
        "u64" => "a whole number of 0 or more".to_owned(),
        "i64" => "a whole number".to_owned(),
        other => unquoted(other),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(n) if n.is_f64() => "a number with a fraction, or beyond 64 bits",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
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
                return Err(de::Error::custom(format_args!("the key {key:?} is there twice in one object")));
            }
            let Once(value) = map.next_value()?;
            out.insert(key, value);
        }
        Ok(Value::Object(out))
    }
}
