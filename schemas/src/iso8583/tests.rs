//! Tests of the codec: golden files (schemas/golden), dialect files, framing, and properties that hold for any bytes.

mod dialects;
mod errors;
mod frames;
mod golden;
mod properties;

use super::{Dialect, Message};
use std::path::PathBuf;

fn golden_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// A shipped dialect, one of golden/dialects, or an example.
fn dialect(name: &str) -> Dialect {
    Dialect::shipped(name).unwrap_or_else(|| {
        let file = format!("{name}.toml");
        let path = golden_dir().join("dialects").join(&file);
        let path = if path.exists() { path } else { golden_dir().join("../dialects/examples").join(&file) };
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Dialect::parse(&text).unwrap()
    })
}

/// One case of a golden file: `key value` lines in their order. A line that begins with a space continues the one before.
struct Case {
    place: String,
    lines: Vec<(String, String)>,
}

impl Case {
    fn get(&self, key: &str) -> Option<&str> {
        self.lines.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    fn need(&self, key: &str) -> &str {
        self.get(key).unwrap_or_else(|| panic!("{}: no line `{key}`", self.place))
    }

    fn bytes(&self, key: &str) -> Vec<u8> {
        let text: String = self.need(key).split_whitespace().collect();
        hex::decode(&text).unwrap_or_else(|e| panic!("{}: {key}: {e}", self.place))
    }
}

fn cases(file: &str) -> Vec<Case> {
    let text = std::fs::read_to_string(golden_dir().join(file)).unwrap();
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty()) {
        if line.starts_with(' ') {
            let (_, value) = cases.last_mut().and_then(|c| c.lines.last_mut()).expect("a line to continue");
            value.push(' ');
            value.push_str(line.trim());
            continue;
        }
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        if key == "case" {
            cases.push(Case { place: format!("{file}: {value}"), lines: Vec::new() });
        } else {
            cases.last_mut().expect("a case first").lines.push((key.to_owned(), value.to_owned()));
        }
    }
    cases
}

/// A value as the golden files write it: `"text"` or `x"hexadecimal"`.
fn literal(text: &str) -> Vec<u8> {
    let inner = |t: &str| t.strip_prefix('"').and_then(|t| t.strip_suffix('"')).map(str::to_owned);
    match text.strip_prefix('x') {
        Some(hex) => hex::decode(inner(hex).expect("quotes")).unwrap(),
        None => inner(text).expect("quotes").into_bytes(),
    }
}

/// Every field with its value, for comparisons.
fn fields(message: &Message) -> Vec<(u8, Vec<u8>)> {
    message.fields().map(|f| (f, message.get(f).unwrap().to_vec())).collect()
}
