//! Prints an answer in JSON for people: one fact a line, with its label.

use super::common::none;
use crate::language::{language, shown};
use kazasu_console::{print_text, say};
use kazasu_report::table::{Align, Lines};
use kazasu_text::approvals::{KindLabel, StandingLabel};
use kazasu_text::facts::{Answer, Fact};
use kazasu_text::webhooks::{WebhookOutcome, WebhookSent, WebhookStateLabel};
use kazasu_text::{Label, Language};
use serde_json::{Map, Value};
use unicode_width::UnicodeWidthStr;

/// The label of a key, or of the key that it says in Japanese. A key without a label is shown as it is.
fn label(key: &str) -> String {
    let known = Fact::of(key).or_else(|| Fact::of(key.strip_suffix("_ja")?));
    known.map_or_else(|| key.to_owned(), |fact| shown(&fact))
}

/// A value for people: codes of approval requests have words. JSON keeps the codes.
fn word(key: &str, map: &Map<String, Value>, text: &str) -> String {
    let kind = |code| KindLabel::of(code).map(|label| shown(&label));
    let known = match key {
        "kind" if map.contains_key("kind_ja") => kind(text),
        "state" if map.contains_key("webhook") => WebhookStateLabel::of(text).map(|label| shown(&label)),
        "problem" if map.contains_key("webhook") => WebhookOutcome::of(text).map(|label| shown(&label)),
        "outcome" if map.contains_key("took_ms") => WebhookOutcome::of(text).map(|label| shown(&label)),
        "purpose" if map.contains_key("took_ms") => WebhookSent::of(text).map(|label| shown(&label)),
        "is" if map.contains_key("is_ja") => StandingLabel::of(text).map(|label| shown(&label)),
        _ => None,
    };
    known.unwrap_or_else(|| text.to_owned())
}

/// Is there nothing to show? An object that holds empty lists only is as empty as they are.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.values().all(is_nothing),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// A sentence that the answer has in both languages is shown in the reader's.
fn is_said_otherwise(key: &str, map: &Map<String, Value>) -> bool {
    match (key.strip_suffix("_ja"), language()) {
        (Some(base), Language::English) => map.contains_key(base),
        (Some(_), Language::Japanese) => false,
        (None, Language::Japanese) => map.contains_key(&format!("{key}_ja")),
        (None, Language::English) => false,
    }
}

/// Columns of a screen.
const SCREEN: usize = 80;

/// A fact with its label. A value that is too long for the line goes on below its beginning; a text of several lines stays as it is.
fn fact(indent: usize, label: &str, text: &str) -> String {
    if indent + label.width() + 2 + text.width() <= SCREEN || text.contains('\n') {
        return format!("{}{label}  {text}\n", " ".repeat(indent));
    }
    let mut lines = Lines::new(indent, [Align::Left, Align::Left]);
    lines.row([&label, &text]);
    lines.text()
}

/// A value of a file with its path, or its value before and after: `contract[1].cycle` and `daily`, or `daily → monthly`.
fn change(item: &Value) -> Option<(String, String)> {
    let map = item.as_object()?;
    let text = |key: &str| map.get(key).and_then(Value::as_str);
    let known = ["field", "value", "before", "after"];
    if !map.keys().all(|key| known.contains(&key.as_str())) {
        return None;
    }
    let told = match (text("value"), text("before"), text("after")) {
        (Some(value), None, None) => value.to_owned(),
        (None, before, after) => format!("{} → {}", before.unwrap_or("–"), after.unwrap_or("–")),
        _ => return None,
    };
    Some((text("field")?.to_owned(), told))
}

/// Values and changes, one a line, beside their paths.
fn changes(items: &[Value], indent: usize) -> Option<String> {
    let rows = items.iter().map(change).collect::<Option<Vec<_>>>()?;
    let mut lines = Lines::new(indent, [Align::Left, Align::Left]);
    for (field, told) in &rows {
        lines.row([field, told]);
    }
    Some(lines.text())
}

/// JSON for people: one fact a line, lists indented.
pub(super) fn print(value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        nothing if is_nothing(nothing) => say!("{indent}{}", none()),
        Value::Array(items) if changes(items, indent.len()).is_some() => {
            print_text!("{}", changes(items, indent.len()).unwrap_or_default());
        }
        Value::Array(items) => {
            for item in items {
                print(item, depth);
                if depth == 0 {
                    say!();
                }
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    _ if is_said_otherwise(key, map) => {}
                    nothing if is_nothing(nothing) => {}
                    Value::Array(items) if items.iter().all(Value::is_number) => {
                        let numbers: Vec<String> = items.iter().map(ToString::to_string).collect();
                        print_text!("{}", fact(indent.len(), &label(key), &numbers.join(", ")));
                    }
                    Value::Object(_) | Value::Array(_) => {
                        say!("{indent}{}", label(key));
                        print(value, depth + 1);
                    }
                    Value::Number(n) if key.ends_with("yen") || key.ends_with("points") => {
                        say!("{indent}{}  {}", label(key), n.as_i64().map_or_else(|| n.to_string(), signed));
                    }
                    Value::String(text) => print_text!("{}", fact(indent.len(), &label(key), &word(key, map, text))),
                    Value::Bool(is) => {
                        let answer = if *is { Answer::Yes } else { Answer::No };
                        say!("{indent}{}  {}", label(key), shown(&answer));
                    }
                    other => say!("{indent}{}  {other}", label(key)),
                }
            }
        }
        Value::String(text) => say!("{indent}{text}"),
        other => say!("{indent}{other}"),
    }
}

fn signed(n: i64) -> String {
    let digits = kazasu_schemas::text::thousands(n.unsigned_abs());
    if n < 0 { format!("-{digits}") } else { digits }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_object_of_empty_lists_is_nothing() {
        for nothing in [json!([]), json!({ "rows": [], "next": null }), json!({}), json!(null)] {
            assert!(is_nothing(&nothing), "{nothing}");
        }
        for something in
            [json!({ "rows": [1], "next": null }), json!({ "rows": [], "next": 5 }), json!(false), json!("")]
        {
            assert!(!is_nothing(&something), "{something}");
        }
    }

    #[test]
    fn values_and_changes_stand_beside_their_paths() {
        let list = json!([
            { "field": "contract[1].cycle", "before": "daily", "after": "monthly" },
            { "field": "name", "after": "2026" },
            { "field": "tax", "before": "10%" },
        ]);
        let told = changes(list.as_array().unwrap(), 2).unwrap();
        assert_eq!(
            told,
            "  contract[1].cycle  daily → monthly\n  name               – → 2026\n  tax                10% → –\n"
        );
        let filled = changes(json!([{ "field": "name", "value": "2026" }]).as_array().unwrap(), 0).unwrap();
        assert_eq!(filled, "name  2026\n");
        for other in [json!([{ "field": "x", "value": "y", "more": 1 }]), json!(["x"]), json!([{ "value": "y" }])] {
            assert_eq!(changes(other.as_array().unwrap(), 0), None, "{other}");
        }
    }

    #[test]
    fn a_long_value_goes_on_below_its_beginning() {
        assert_eq!(fact(2, "名称 name", "みどり薬局"), "  名称 name  みどり薬局\n");
        let name = "髙".repeat(100);
        let told = fact(2, "名称 name", &name);
        assert!(told.lines().all(|line| line.width() <= SCREEN), "{told}");
        assert_eq!(told.matches('髙').count(), 100);
        let below = " ".repeat("  名称 name  ".width()) + "髙";
        assert!(told.lines().skip(1).all(|line| line.starts_with(&below)), "{told}");
    }
}
