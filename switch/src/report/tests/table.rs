//! Terminal tables and JSON.

use super::*;
use crate::report::{json, table};
use unicode_width::UnicodeWidthStr;

#[test]
fn a_table_is_aligned_where_japanese_is_two_columns_wide() {
    let expected = "\
加盟店精算書  Merchant settlement
対象期間 2026-11-01 〜 2026-11-30
加盟店 山田商店 (0001234)
作成日時 Made at 2026-12-01 09:30:00 JST

取引日      時刻                 端末                 摘要                         金額   料率  ポイント   件数
date        time                 terminal             text                       amount   rate    points  count
----------  -------------------  -------------------  ----------------------  ---------  -----  --------  -----
2026-11-23  2026-11-23 20:15:30  0000000012345678901  お買物                  1,234,567  3.25%        12      1
2026-11-24                       007                  =HYPERLINK(\"http://x\")     -1,280  3.00%        -3      1
2026-11-25                       008                  ラーメン, \"特盛\"              900                       1
----------  -------------------  -------------------  ----------------------  ---------  -----  --------  -----
合計 Total                                                                    1,234,187                9      3
金額は税込です。
";
    assert_eq!(table::text(&settlement()), expected);
    let rule = expected.lines().nth(7).unwrap().len();
    for line in expected.lines().skip(5).take(8) {
        assert!(line.ends_with(['数', 't', '-', '1', '3']) && line.width() == rule, "{line}");
    }
}

#[test]
fn a_cell_cannot_steer_the_terminal_and_long_text_is_cut() {
    let report = Report::build("題", "t", MADE_AT)
        .sheet("表")
        .column("名", "name", Kind::Text)
        .row(cells!["\u{1b}[2Jx\ny\u{202e}"])
        .row(cells!["字".repeat(40)])
        .row(cells!["x".repeat(60)])
        .row(cells!["y".repeat(61)])
        .finish()
        .unwrap();
    let text = table::text(&report);
    assert!(text.contains("\u{fffd}[2Jx y\u{fffd}\n"), "{text}");
    assert!(text.contains(&format!("{}…\n", "字".repeat(29))), "{text}");
    assert!(text.contains(&format!("\n{}\n{}…\n", "x".repeat(60), "y".repeat(59))), "{text}");
}

#[test]
fn json_has_rows_by_english_name_and_only_real_totals() {
    let value = json::value(&settlement());
    assert_eq!(value["title"], "加盟店精算書");
    assert_eq!(value["made_at"], "2026-12-01T09:30:00.250+09:00");
    let sheet = &value["sheets"][0];
    assert_eq!(
        sheet["rows"][0],
        serde_json::json!({
            "date": "2026-11-23", "time": "2026-11-23T20:15:30.123+09:00", "terminal": "0000000012345678901",
            "text": "お買物", "amount": 1_234_567, "rate": "3.25", "points": 12, "count": 1
        })
    );
    assert_eq!(sheet["rows"][2]["points"], serde_json::Value::Null);
    assert_eq!(sheet["totals"], serde_json::json!({ "amount": 1_234_187, "points": 9, "count": 3 }));
}
