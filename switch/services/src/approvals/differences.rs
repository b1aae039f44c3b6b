//! Compares two lists of facts.

use super::facts::Facts;
use kazasu_text::{Language, Text};
use serde::{Deserialize, Serialize};

/// One value before and after; absent where there is none.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Difference {
    /// The field.
    pub field: String,
    /// The value before.
    pub before: Option<String>,
    /// The value after.
    pub after: Option<String>,
    /// The Japanese words of `before`; absent where it is a code, a number or a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_ja: Option<String>,
    /// The Japanese words of `after`; absent where it is a code, a number or a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_ja: Option<String>,
}

impl Difference {
    /// From codes, numbers and names, which are the same in each language.
    pub(super) fn of(field: &str, before: Option<String>, after: Option<String>) -> Self {
        Difference { field: field.to_owned(), before, after, before_ja: None, after_ja: None }
    }

    /// A value that changes.
    pub(super) fn new(field: &str, before: impl ToString, after: impl ToString) -> Self {
        Difference::of(field, Some(before.to_string()), Some(after.to_string()))
    }

    /// A value that is new.
    pub(super) fn added(field: &str, after: impl ToString) -> Self {
        Difference::of(field, None, Some(after.to_string()))
    }

    /// A value that stays. The person who decides needs it.
    pub(super) fn known(field: &str, value: impl ToString) -> Self {
        let value = value.to_string();
        Difference::of(field, Some(value.clone()), Some(value))
    }

    /// A value that goes.
    pub(super) fn gone(field: &str, before: impl ToString) -> Self {
        Difference::of(field, Some(before.to_string()), None)
    }

    /// Replaces the value before by a text of the catalogue.
    pub(super) fn words_before(self, before: &impl Text) -> Self {
        let (en, ja) = (before.en().into_owned(), before.ja().into_owned());
        Difference { before: Some(en), before_ja: Some(ja), ..self }
    }

    /// Replaces the value after by a text of the catalogue.
    pub(super) fn words_after(self, after: &impl Text) -> Self {
        let (en, ja) = (after.en().into_owned(), after.ja().into_owned());
        Difference { after: Some(en), after_ja: Some(ja), ..self }
    }

    /// The values before and after in a language; a dash stands for an absent value.
    pub(crate) fn in_language(&self, language: Language) -> [String; 2] {
        let shown = |en: &Option<String>, ja: &Option<String>| {
            let own = ja.as_ref().filter(|_| language == Language::Japanese).or(en.as_ref());
            own.map_or_else(|| "-".to_owned(), String::clone)
        };
        [shown(&self.before, &self.before_ja), shown(&self.after, &self.after_ja)]
    }
}

/// The fields that differ, in the order of their names.
pub(super) fn between(before: &Facts, after: &Facts) -> Vec<Difference> {
    let mut fields: Vec<&String> = before.keys().chain(after.keys()).collect();
    fields.sort();
    fields.dedup();
    let pairs = fields.into_iter().map(|field| (field, before.get(field), after.get(field)));
    let differ = pairs.filter(|(_, before, after)| before != after);
    let difference = |(field, before, after): (&String, Option<&String>, Option<&String>)| {
        Difference::of(field, before.cloned(), after.cloned())
    };
    differ.map(difference).collect()
}

/// The values of an answer, each under its path.
pub(super) fn leaves(value: &impl Serialize) -> Facts {
    let mut out = Facts::new();
    if let Ok(value) = serde_json::to_value(value) {
        leaf(&mut out, "", &value);
    }
    out
}

fn leaf(out: &mut Facts, path: &str, value: &serde_json::Value) {
    use serde_json::Value;
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Null => {}
        Value::Object(map) => map.iter().for_each(|(key, value)| leaf(out, &below(key), value)),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                // The path of a file's fact is its field.
                match (item.get("field"), item.get("value")) {
                    (Some(Value::String(field)), Some(value)) => leaf(out, &below(field), value),
                    _ => leaf(out, &below(&(at + 1).to_string()), item),
                }
            }
        }
        Value::String(text) => drop(out.insert(path.to_owned(), text.clone())),
        other => drop(out.insert(path.to_owned(), other.to_string())),
    }
}

/// The requester has replaced the version that the caller saw.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replaced {
    /// Its number.
    pub approval: u64,
    /// The fingerprint of the present version.
    pub fingerprint: String,
    /// The differences between the version that the caller saw, where the switch still has it, and the present one.
    pub differences: Vec<Difference>,
}
