//! What a person is shown of an answer in JSON: one fact a line, with its label.

use super::NONE;
use kazasu_console::{print_text, say};
use kazasu_report::table::{Align, Lines};
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

/// What the keys are called, Japanese first. Others are shown as they are.
const LABELS: [(&str, &str); 73] = [
    ("result", "結果"),
    ("recorded", "記録済み"),
    ("ppid", "利用者"),
    ("ppids", "利用者"),
    ("card", "カード"),
    ("last_day", "有効期限"),
    ("temporary", "仮ID"),
    ("merged", "統合済み"),
    ("links", "紐付け履歴"),
    ("version", "版"),
    ("from", "開始"),
    ("instrument", "支払手段"),
    ("kind", "種別"),
    ("issuer", "発行者"),
    ("number", "番号"),
    ("purses", "給付金"),
    ("points", "ポイント"),
    ("programme", "事業"),
    ("yen", "円"),
    ("limits", "限度額"),
    ("limits_later", "変更予定の限度額"),
    ("tap_yen", "1回"),
    ("day_yen", "1日"),
    ("month_yen", "1か月"),
    ("year_yen", "1年"),
    ("living_yen", "生活維持費"),
    ("estimate_yen", "支払可能見込額"),
    ("decline", "超過時に断る"),
    ("today_yen", "本日の利用"),
    ("this_month_yen", "今月の利用"),
    ("link_broken", "紐付け不良"),
    ("shared_account", "口座の重複"),
    ("why", "理由"),
    ("since", "発生"),
    ("proposal", "変更案"),
    ("open_proposals", "未決の変更案"),
    ("by", "担当"),
    ("notice", "通知"),
    ("percent", "割合"),
    ("month", "月"),
    ("used_yen", "利用額"),
    ("limit_yen", "上限"),
    ("dead_lettered", "配信不能"),
    ("attempts", "試行"),
    ("problem", "原因"),
    ("at", "時刻"),
    ("resealed", "再封印"),
    ("key_version", "鍵の版"),
    ("name", "名称"),
    ("source", "ファイル"),
    ("purse_funds", "給付原資"),
    ("point_budgets", "ポイント予算残"),
    ("card_status_lists", "失効リスト"),
    ("merchant", "加盟店"),
    ("acquirer", "契約会社"),
    ("mcc", "業種"),
    ("terminals", "端末"),
    ("closed", "閉店"),
    ("ended", "終わった差異"),
    ("class", "区分"),
    ("tags", "タグ"),
    ("region", "地域"),
    ("unpaid", "支給されない行"),
    ("row_now", "行の現状"),
    ("issues", "要確認"),
    ("count", "件数"),
    ("why_ja", "理由"),
    ("nothing_else_stands", "代わりの行なし"),
    ("then", "対処"),
    ("above_ceiling", "支給上限超過"),
    ("due_yen", "支給予定額"),
    ("released_yen", "送出済み額"),
    ("ceiling_yen", "支給上限額"),
];

fn label(key: &str) -> String {
    match LABELS.iter().find(|(k, _)| *k == key) {
        Some((_, japanese)) => format!("{japanese} {key}"),
        None => key.to_owned(),
    }
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
                    Value::Bool(true) => say!("{indent}{}  はい yes", label(key)),
                    Value::Bool(false) => say!("{indent}{}  いいえ no", label(key)),
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
