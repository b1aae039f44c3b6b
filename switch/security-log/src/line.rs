//! A line: `{"seq":…,"at":…,"node":…,"event":…, …,"hash":…}`.

use crate::Digest;
use crate::event::{Event, put};
use crate::value::Word;
use kazasu_schemas::jst::Millis;
use kazasu_text::Label;
use kazasu_text::security::SecurityField;
use serde_json::{Map, Value};

/// What stands between a line and its own hash.
const HASH: &str = ",\"hash\":\"";

/// What follows the hash's 64 digits.
const END: &str = "\"}";

/// Where a line stands.
pub(crate) struct Place<'a> {
    pub(crate) seq: u64,
    pub(crate) at: Millis,
    pub(crate) node: &'a str,
}

/// Adds an event's line, with its end, and gives its hash.
pub(crate) fn write(event: &Event, place: &Place<'_>, before: &Digest, out: &mut String) -> Digest {
    let begin = out.len();
    out.push('{');
    put(SecurityField::Seq, &place.seq, out);
    put(SecurityField::At, &Plain(place.at.jst_text()), out);
    put(SecurityField::Node, &Word::new(place.node), out);
    put(SecurityField::Event, &Plain(event.kind().code().to_owned()), out);
    event.write(out);
    let hash = before.followed_by(&out.as_bytes()[begin..]);
    out.push_str(HASH);
    out.push_str(&hash.to_string());
    out.push_str(END);
    out.push('\n');
    hash
}

/// Text of the log's own, which needs no cleaning.
struct Plain(String);

impl crate::value::Value for Plain {
    fn write(&self, out: &mut String) -> bool {
        out.push('"');
        out.push_str(&self.0);
        out.push('"');
        true
    }

    fn sample(text: &str) -> Self {
        Plain(text.to_owned())
    }
}

/// Why a line is none.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LineError {
    /// It does not end with a hash.
    #[error("it does not end with a hash")]
    NoHash,
    /// It is no object of JSON.
    #[error("it is no object of JSON: {0}")]
    Json(String),
    /// A field that every line has is missing or another type.
    #[error("the field `{0}` is missing or cannot be read")]
    Field(&'static str),
}

/// A line that was read.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// Its number.
    pub seq: u64,
    /// When it happened.
    pub at: Millis,
    /// The event's code.
    pub event: String,
    /// All fields, `hash` too.
    pub fields: Map<String, Value>,
}

/// A line's body and the hash that it states.
pub(crate) fn parts(line: &str) -> Result<(&str, Digest), LineError> {
    let at = line.len().checked_sub(HASH.len() + 64 + END.len()).ok_or(LineError::NoHash)?;
    let (body, rest) = line.split_at_checked(at).ok_or(LineError::NoHash)?;
    let digits = rest.strip_prefix(HASH).and_then(|rest| rest.strip_suffix(END)).ok_or(LineError::NoHash)?;
    Ok((body, Digest::parse(digits).ok_or(LineError::NoHash)?))
}

impl Line {
    /// Reads a line without its end.
    pub fn parse(line: &str) -> Result<Line, LineError> {
        let fields: Map<String, Value> =
            serde_json::from_str(line).map_err(|error| LineError::Json(error.to_string()))?;
        let seq = fields.get("seq").and_then(Value::as_u64).ok_or(LineError::Field("seq"))?;
        let at = fields.get("at").and_then(Value::as_str).and_then(Millis::parse).ok_or(LineError::Field("at"))?;
        let event = fields.get("event").and_then(Value::as_str).ok_or(LineError::Field("event"))?.to_owned();
        Ok(Line { seq, at, event, fields })
    }

    /// A field's text; a list's items are separated by a blank.
    #[must_use]
    pub fn text(&self, field: SecurityField) -> Option<String> {
        self.fields.get(field.code()).map(shown)
    }

    /// The hash that it states.
    #[must_use]
    pub fn hash(&self) -> Option<Digest> {
        self.fields.get("hash").and_then(Value::as_str).and_then(Digest::parse)
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}
