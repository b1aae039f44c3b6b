//! Reads a file of TOML as facts: each value under its path. Account numbers are masked.

use std::collections::BTreeMap;
use toml::Value;

/// Keys that name one of several tables. The path of a table contains this name and not its place, so a new table changes no other path.
const NAMES: [&str; 3] = ["number", "name", "schedule"];

/// Values by path.
pub(super) type Facts = BTreeMap<String, String>;

/// The facts of a file of TOML; empty where the file cannot be read.
pub(super) fn of_toml(source: &str) -> Facts {
    let mut out = Facts::new();
    if let Ok(Value::Table(table)) = source.parse::<toml::Table>().map(Value::Table) {
        table.iter().for_each(|(key, value)| add(&mut out, key, value));
    }
    out
}

fn add(out: &mut Facts, path: &str, value: &Value) {
    match value {
        Value::Table(table) => table.iter().for_each(|(key, value)| add(out, &format!("{path}.{key}"), value)),
        Value::Array(items) if items.iter().any(Value::is_table) => {
            for (at, item) in items.iter().enumerate() {
                let named = NAMES.iter().find_map(|key| item.get(key));
                let name = named.map_or_else(|| (at + 1).to_string(), plain);
                add(out, &format!("{path}[{name}]"), item);
            }
        }
        Value::Array(items) => {
            let all: Vec<String> = items.iter().map(plain).collect();
            out.insert(path.to_owned(), all.join(", "));
        }
        other => {
            let is_account = path.rsplit('.').next() == Some("account");
            out.insert(path.to_owned(), if is_account { masked_account(&plain(other)) } else { plain(other) });
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// Masks an account number except its last three digits.
pub(super) fn masked_account(number: &str) -> String {
    let hidden = number.chars().count().saturating_sub(3);
    let shown = number.chars().skip(hidden);
    "*".repeat(hidden).chars().chain(shown).collect()
}
