//! What a person is shown of an answer in JSON: one fact a line, with its label.

use super::NONE;
use kazasu_console::{print_text, say};
use kazasu_report::table::{Align, Lines};
use kazasu_text::facts::{Answer, Fact};
use kazasu_text::{Label, Text};
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

/// What a key is called, then the key itself. A key without a name is shown as it is.
fn label(key: &str) -> String {
    Fact::of(key).map_or_else(|| key.to_owned(), |fact| format!("{} {key}", fact.ja()))
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

/// JSON for people: one fact a line, lists indented.
pub(super) fn print(value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        nothing if is_nothing(nothing) => say!("{indent}{NONE}"),
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
                    Value::String(text) => print_text!("{}", fact(indent.len(), &label(key), text)),
                    Value::Bool(is) => {
                        let answer = if *is { Answer::Yes } else { Answer::No };
                        say!("{indent}{}  {}", label(key), answer.both());
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
