//! An answer's values as facts and tables, with the labels of the catalogue: what `kazasu approval show` prints, on a page.

use crate::frame::Frame;
use crate::screen::{Block, Cell, Column, Fact, Table};
use kazasu_schemas::money::Yen;
use kazasu_text::console::{BorneBy, PageText};
use kazasu_text::facts::{Answer, Fact as FactLabel};
use kazasu_text::{Label, Language};
use serde_json::{Map, Value};

/// The values of an answer.
pub(crate) fn blocks(frame: &Frame, value: &Value) -> Vec<Block> {
    let mut out = Shown { frame, facts: Vec::new(), tables: Vec::new() };
    if let Value::Object(map) = value {
        out.object("", map);
    }
    let Shown { facts, tables, .. } = out;
    let facts = (!facts.is_empty()).then_some(Block::Facts(facts));
    facts.into_iter().chain(tables.into_iter().map(Block::Table)).collect()
}

struct Shown<'a> {
    frame: &'a Frame,
    facts: Vec<Fact>,
    tables: Vec<Table>,
}

/// The label of a key. A path of a file, or another key without a label, is shown as it is.
fn label(frame: &Frame, key: &str) -> String {
    let known = FactLabel::of(key).or_else(|| FactLabel::of(key.strip_suffix("_ja")?));
    known.map_or_else(|| key.to_owned(), |fact| frame.tell(&fact))
}

/// Is there nothing to show?
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.values().all(is_nothing),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// A sentence that the answer has in both languages is shown in the reader's; the kind of a request stands above.
fn is_left_out(frame: &Frame, key: &str, map: &Map<String, Value>) -> bool {
    let otherwise = match (key.strip_suffix("_ja"), frame.language) {
        (Some(base), Language::English) => map.contains_key(base),
        (Some(_), Language::Japanese) => false,
        (None, Language::Japanese) => map.contains_key(&format!("{key}_ja")),
        (None, Language::English) => false,
    };
    otherwise || key == "kind"
}

/// A number of yen as yen, a code of the catalogue in words, and everything else as it is.
fn word(frame: &Frame, key: &str, text: &str) -> String {
    let is_yen = key == "yen" || key.ends_with("_yen");
    match (is_yen, text.parse::<i64>()) {
        (true, Ok(yen)) => Yen::new(yen).to_string(),
        _ if key == "borne_by" => BorneBy::of(text).map_or_else(|| text.to_owned(), |by| frame.tell(&by)),
        _ => text.to_owned(),
    }
}

/// A value that is no list and no object.
fn scalar(frame: &Frame, key: &str, value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("–".to_owned()),
        Value::Bool(is) => Some(frame.tell(if *is { &Answer::Yes } else { &Answer::No })),
        Value::Number(number) => Some(word(frame, key, &number.to_string())),
        Value::String(text) => Some(word(frame, key, text)),
        Value::Array(items) => {
            let all: Option<Vec<String>> = items.iter().map(|item| scalar(frame, key, item)).collect();
            Some(all?.join(", "))
        }
        Value::Object(_) => None,
    }
}

impl Shown<'_> {
    fn object(&mut self, above: &str, map: &Map<String, Value>) {
        for (key, value) in map {
            if is_nothing(value) || is_left_out(self.frame, key, map) {
                continue;
            }
            let own = label(self.frame, key);
            let named = if above.is_empty() { own } else { format!("{above}: {own}") };
            match (scalar(self.frame, key, value), value) {
                (Some(text), _) => self.facts.push(Fact::new(named, text)),
                (None, Value::Object(inner)) => self.object(&named, inner),
                (None, Value::Array(items)) => self.list(named, items),
                (None, _) => {}
            }
        }
    }

    fn list(&mut self, caption: String, items: &[Value]) {
        let rows: Vec<&Map<String, Value>> = items.iter().filter_map(Value::as_object).collect();
        let nothing = self.frame.tell(&Answer::Nothing);
        if rows.iter().all(|row| row.contains_key("field")) {
            self.tables.push(self.changes(caption, &rows));
            return;
        }
        let mut keys: Vec<&String> = Vec::new();
        for (key, _) in rows.iter().flat_map(|row| row.iter()) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let column = |key: &&String| Column::words(label(self.frame, key));
        let cell = |row: &Map<String, Value>, key: &String| {
            Cell::new(row.get(key).and_then(|value| scalar(self.frame, key, value)).unwrap_or_default())
        };
        let cells = rows.iter().map(|row| keys.iter().map(|key| cell(row, key)).collect());
        self.tables.push(Table { caption, columns: keys.iter().map(column).collect(), rows: cells.collect(), nothing });
    }

    /// Values of a file, or values before and after, beside their fields.
    fn changes(&self, caption: String, rows: &[&Map<String, Value>]) -> Table {
        let frame = self.frame;
        let text = |row: &Map<String, Value>, name: &str| {
            let own = (frame.language == Language::Japanese).then(|| row.get(&format!("{name}_ja"))).flatten();
            let field = row.get("field").and_then(Value::as_str).unwrap_or_default();
            let value = own.filter(|value| !value.is_null()).or_else(|| row.get(name)).and_then(Value::as_str);
            value.map_or_else(|| "–".to_owned(), |value| word(frame, field, value))
        };
        let field = |row: &Map<String, Value>| {
            Cell::new(label(frame, row.get("field").and_then(Value::as_str).unwrap_or_default()))
        };
        let (values, names): (Vec<_>, &[&str]) = if rows.iter().all(|row| row.contains_key("value")) {
            (vec![PageText::Value], &["value"])
        } else {
            (vec![PageText::Before, PageText::After], &["before", "after"])
        };
        let columns = std::iter::once(PageText::Item).chain(values).map(|text| Column::words(frame.say(text)));
        let cells = rows.iter().map(|row| {
            let values = names.iter().map(|name| Cell::new(text(row, name)));
            std::iter::once(field(row)).chain(values).collect()
        });
        let nothing = frame.tell(&Answer::Nothing);
        Table { caption, columns: columns.collect(), rows: cells.collect(), nothing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The facts by name, and the cells of each table.
    type Shown = (Vec<(String, String)>, Vec<Vec<Vec<String>>>);

    fn shown(language: Language, value: &Value) -> Shown {
        let (mut facts, mut tables) = (Vec::new(), Vec::new());
        for block in blocks(&Frame::of(language, "/"), value) {
            match block {
                Block::Facts(list) => facts.extend(list.into_iter().map(|fact| (fact.label, fact.value))),
                Block::Table(table) => {
                    let row = |row: Vec<Cell>| row.into_iter().map(|cell| cell.text).collect();
                    tables.push(table.rows.into_iter().map(row).collect());
                }
                _ => panic!("facts and tables only"),
            }
        }
        (facts, tables)
    }

    #[test]
    fn an_answer_is_shown_in_the_readers_language_only() {
        let answer = json!({ "kind": "correction", "what": "refund", "what_ja": "返品", "yen": 1_200, "ppid": null, "city": [],
            "changes": [
                { "field": "left_yen", "before": "1000", "after": "-600" },
                { "field": "borne_by", "before": "merchant", "after": "merchant" },
                { "field": "state", "before": null, "after": "good", "after_ja": "使用できます" } ],
            "payees": [{ "name": "みどり薬局", "yen": 5 }, { "name": "丸山", "account": "…" }] });
        let (facts, tables) = shown(Language::Japanese, &answer);
        assert_eq!(facts, [("what_ja".to_owned(), "返品".to_owned()), ("円".to_owned(), "¥1,200".to_owned())]);
        assert_eq!(
            tables[0],
            [
                ["残額", "¥1,000", "-¥600"],
                ["負担者", "加盟店が負担します", "加盟店が負担します"],
                ["状態", "–", "使用できます"]
            ]
        );
        assert_eq!(tables[1][1], ["丸山", "", "…"]);
        let (facts, tables) = shown(Language::English, &answer);
        assert_eq!(facts[0], ("what".to_owned(), "refund".to_owned()));
        assert_eq!(tables[0][2], ["State", "–", "good"]);
    }
}
