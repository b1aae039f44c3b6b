//! What an address says is text. The schema of the request tells which of its fields are numbers, and which are true or false.

use crate::json::JsonError;
use axum::extract::RawPathParams;
use hashbrown::HashMap;
use kazasu_text::Said;
use kazasu_text::requests::JsonText;
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value};

/// The kind of a field, as far as an address must tell it from text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Number,
    Truth,
}

/// The fields of a request that stand in its path, and the kinds of all.
pub struct Kinds {
    path: Vec<&'static str>,
    kinds: HashMap<String, Kind>,
}

impl Kinds {
    /// Those of a request.
    #[must_use]
    pub fn of<T: JsonSchema>(path: Vec<&'static str>) -> Kinds {
        let mut schemas = SchemaGenerator::new(SchemaSettings::openapi3().for_deserialize());
        let schema = schemas.root_schema_for::<T>().to_value();
        let none = Map::new();
        let properties = schema["properties"].as_object().unwrap_or(&none);
        let kinds = properties.iter().filter_map(|(name, of)| Some((name.clone(), kind(of, &schema)?))).collect();
        Kinds { path, kinds }
    }

    /// The fields that an address says. `takes_query` is false where the other fields stand in the body.
    pub fn in_address(
        &self,
        params: &RawPathParams,
        (query, takes_query): (Option<&str>, bool),
    ) -> Result<Map<String, Value>, JsonError> {
        let mut out = Map::new();
        for (name, text) in params {
            out.insert(name.to_owned(), self.value(name, text));
        }
        if takes_query {
            self.read_query(&mut out, query)?;
        } else if let Some((name, _)) = pairs(query.unwrap_or_default())?.first() {
            return Err(JsonError::key(name, &JsonText::InBody { field: name }));
        }
        Ok(out)
    }

    /// The fields behind the question mark of an address whose path has none.
    pub fn behind(&self, query: Option<&str>) -> Result<Map<String, Value>, JsonError> {
        let mut out = Map::new();
        self.read_query(&mut out, query)?;
        Ok(out)
    }

    fn read_query(&self, out: &mut Map<String, Value>, query: Option<&str>) -> Result<(), JsonError> {
        for (name, text) in pairs(query.unwrap_or_default())? {
            self.is_free(&name)?;
            if out.contains_key(&name) {
                let said = Said::of(&JsonText::FieldTwice { field: &name });
                return Err(JsonError::Field { field: name, said });
            }
            let value = self.value(&name, &text);
            out.insert(name, value);
        }
        Ok(())
    }

    /// Refuses a field outside the path that stands in the path already.
    fn is_free(&self, name: &str) -> Result<(), JsonError> {
        match self.path.contains(&name) {
            true => Err(JsonError::key(name, &JsonText::InPath { field: name })),
            false => Ok(()),
        }
    }

    /// The fields of the path with those of the body.
    pub fn with_body(
        &self,
        mut fields: Map<String, Value>,
        body: Map<String, Value>,
    ) -> Result<Map<String, Value>, JsonError> {
        for (name, value) in body {
            self.is_free(&name)?;
            fields.insert(name, value);
        }
        Ok(fields)
    }

    /// A text that is no number or truth stays text, and the reader of the request names the field.
    fn value(&self, name: &str, text: &str) -> Value {
        let whole = |text: &str| -> Option<Value> {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let plain = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
            plain
                .then(|| text.parse::<u64>().map(Value::from).or_else(|_| text.parse::<i64>().map(Value::from)).ok())?
        };
        match (self.kinds.get(name), text) {
            (Some(Kind::Number), text) => whole(text).unwrap_or_else(|| text.into()),
            (Some(Kind::Truth), "true") => true.into(),
            (Some(Kind::Truth), "false") => false.into(),
            (Some(Kind::Truth) | None, text) => text.into(),
        }
    }
}

/// The pairs behind a question mark, as UTF-8.
fn pairs(query: &str) -> Result<Vec<(String, String)>, JsonError> {
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_str(query).map_err(|_| JsonError::shape(&JsonText::QueryUnreadable))?;
    // What is no UTF-8 was replaced by this character.
    let is_damaged = |text: &str| text.contains('\u{fffd}');
    let was_meant = query.to_ascii_uppercase().contains("%EF%BF%BD") || is_damaged(query);
    if !was_meant && pairs.iter().any(|(name, text)| is_damaged(name) || is_damaged(text)) {
        return Err(JsonError::shape(&JsonText::QueryNotText));
    }
    Ok(pairs.into_iter().map(|(name, text)| (kazasu_schemas::text::masked(&name), text)).collect())
}

/// The kind of a schema, through references and choices with null.
fn kind(schema: &Value, root: &Value) -> Option<Kind> {
    if let Some(at) = schema["$ref"].as_str().and_then(|at| at.strip_prefix('#')) {
        return kind(root.pointer(at)?, root);
    }
    let says = |name: &str| match &schema["type"] {
        Value::String(one) => one == name,
        Value::Array(many) => many.iter().any(|one| one == name),
        _ => false,
    };
    if says("integer") {
        return Some(Kind::Number);
    }
    if says("boolean") {
        return Some(Kind::Truth);
    }
    let choices = ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|of| schema[of].as_array());
    choices.flatten().find_map(|one| kind(one, root))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema is read")]
    struct Asked {
        record: u64,
        amount: Option<i64>,
        all: bool,
        name: Option<String>,
    }

    #[test]
    fn numbers_and_truths_are_told_from_text_and_what_is_neither_stays() {
        let kinds = Kinds::of::<Asked>(vec!["record"]);
        for (name, text, value) in [
            ("record", "17", Value::from(17)),
            ("record", "18446744073709551615", Value::from(u64::MAX)),
            ("amount", "-5", Value::from(-5)),
            ("amount", "+5", "+5".into()),
            ("amount", "5.0", "5.0".into()),
            ("amount", "", "".into()),
            ("amount", "99999999999999999999", "99999999999999999999".into()),
            ("all", "true", true.into()),
            ("all", "1", "1".into()),
            ("name", "17", "17".into()),
            ("unknown", "17", "17".into()),
        ] {
            assert_eq!(kinds.value(name, text), value, "{name}={text}");
        }
    }

    #[test]
    fn a_query_in_another_encoding_is_refused() {
        assert_eq!(pairs("name=%E5%B1%B1&x=").unwrap(), [("name".into(), "山".into()), ("x".into(), String::new())]);
        assert!(pairs("name=%8E%52").unwrap_err().to_string().contains("not UTF-8"));
        assert_eq!(pairs("name=%ef%bf%bd").unwrap().len(), 1, "the character itself may be meant");
    }
}
