//! What changes between two lists of facts.

use super::facts::Facts;
use serde::{Deserialize, Serialize};

/// One value before and after; absent where there is none.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Difference {
    /// What.
    pub field: String,
    /// Before.
    pub before: Option<String>,
    /// After.
    pub after: Option<String>,
}

impl Difference {
    /// A value that changes.
    pub(super) fn new(field: &str, before: impl ToString, after: impl ToString) -> Self {
        Difference { field: field.to_owned(), before: Some(before.to_string()), after: Some(after.to_string()) }
    }

    /// A value that is new.
    pub(super) fn added(field: &str, after: impl ToString) -> Self {
        Difference { field: field.to_owned(), before: None, after: Some(after.to_string()) }
    }

    /// A value that stays, for the person who decides.
    pub(super) fn known(field: &str, value: impl ToString) -> Self {
        let value = value.to_string();
        Difference { field: field.to_owned(), before: Some(value.clone()), after: Some(value) }
    }

    /// A value that goes.
    pub(super) fn gone(field: &str, before: impl ToString) -> Self {
        Difference { field: field.to_owned(), before: Some(before.to_string()), after: None }
    }
}

/// What differs, in the order of the fields.
pub(super) fn between(before: &Facts, after: &Facts) -> Vec<Difference> {
    let mut fields: Vec<&String> = before.keys().chain(after.keys()).collect();
    fields.sort();
    fields.dedup();
    let pairs = fields.into_iter().map(|field| (field, before.get(field), after.get(field)));
    let differ = pairs.filter(|(_, before, after)| before != after);
    let difference = |(field, before, after): (&String, Option<&String>, Option<&String>)| Difference {
        field: field.clone(),
        before: before.cloned(),
        after: after.cloned(),
    };
    differ.map(difference).collect()
}

/// The leaves of an answer, each with the path that leads to it.
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
                // A fact of a file is known by its field.
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

/// A request is not what the caller looked at any more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replaced {
    /// Its number.
    pub approval: u64,
    /// The fingerprint that it has now.
    pub fingerprint: String,
    /// What differs between what the caller looked at, as far as it is known, and what is asked for now.
    pub differences: Vec<Difference>,
}
