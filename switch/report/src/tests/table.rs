//! Terminal tables and JSON.

use super::*;
use crate::table::{Align, Lines};
use crate::{json, table};
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

#[test]
fn a_table_is_aligned_where_japanese_is_two_columns_wide() {
    let expected = "\
加盟店精算書  Merchant settlement
対象期間 2026-11-01 〜 2026-11-30
加盟店 山田商店 (0001234)
作成日時 Made at 2026-12-01 09:30:00 JST

取引日      時刻                 端末                 摘要               金額
     料率  ポイント   件数
date        time                 terminal             text             amount
     rate    points  count
----------  -------------------  -------------------  ------------  ---------
    -----  --------  -----
2026-11-23  2026-11-23 20:15:30  0000000012345678901  お買物        1,234,567
    3.25%        12      1
2026-11-24                       007                  =HYPERLINK(\"     -1,280
                                                      http://x\")
    3.00%        -3      1
2026-11-25                       008                  ラーメン,           900
                                                      \"特盛\"
                         1
----------  -------------------  -------------------  ------------  ---------
    -----  --------  -----
合計 Total                                                          1,234,187
                  9      3
金額は税込です。
";
    assert_eq!(table::text(&settlement()), expected);
}

#[test]
fn a_table_that_fits_stands_in_one_line_a_row() {
    let report = Report::build("題", "t", MADE_AT)
        .sheet("表")
        .column("加盟店", "merchant", Kind::Text)
        .sum("金額", "amount", Kind::Yen)
        .row(cells!["山田商店", Yen::new(1_280)])
        .row(cells!["K", Yen::new(-5)])
        .finish()
        .unwrap();
    let expected = "\
加盟店      金額
merchant    amount
----------  ------
山田商店     1,280
K               -5
----------  ------
合計 Total   1,275
";
    let text = table::text(&report);
    let lines: Vec<&str> = text.lines().skip(3).collect();
    assert_eq!(lines.len(), 7);
    assert!(lines[2].starts_with("----------  ------") && lines[3] == "山田商店     1,280", "{text}\n{expected}");
}

#[test]
fn a_cell_cannot_steer_the_terminal_and_long_text_goes_on_in_the_next_line() {
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
    assert!(text.contains(&format!("\n{}\n{}\n", "字".repeat(30), "字".repeat(10))), "{text}");
    assert!(text.contains(&format!("\n{}\n{}\ny\n", "x".repeat(60), "y".repeat(60))), "{text}");
}

#[test]
fn lines_stand_in_columns_without_a_header() {
    let mut lines = Lines::new(2, [Align::Left, Align::Right, Align::Left]);
    lines.words("journal.db: 正常 sound");
    lines.row([&"記録 records", &"2,272", &"in 36 ms"]);
    lines.row([&"  tapped", &168, &""]);
    lines.words("");
    lines.row([&"\u{1b}[2J", &Yen::new(-5), &"x".repeat(70)]);
    let expected = [
        "journal.db: 正常 sound".to_owned(),
        "  記録 records  2,272  in 36 ms".to_owned(),
        "    tapped        168".to_owned(),
        String::new(),
        format!("  \u{fffd}[2J{}-¥5  {}", " ".repeat(12), "x".repeat(57)),
        format!("{}{}", " ".repeat(23), "x".repeat(13)),
    ];
    assert_eq!(lines.text().lines().collect::<Vec<_>>(), expected);
    assert_eq!(Lines::new(2, [Align::Left]).text(), "");
}

fn any_kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(vec![Kind::Text, Kind::Code, Kind::Yen, Kind::Count, Kind::Date])
}

fn any_cell(kind: Kind, n: i64, text: &str) -> Cell {
    match kind {
        Kind::Text => text.into(),
        Kind::Code => format!("{n:015}").into(),
        Kind::Yen => Yen::new(n).into(),
        Kind::Date => BusinessDay(20_000).into(),
        _ => Cell::Count(n),
    }
}

proptest! {
    /// For all columns and values: no line is wider than a terminal, and nothing that was to be said is missing.
    #[test]
    fn no_line_is_wider_than_a_terminal(
        columns in prop::collection::vec((any_kind(), "[a-z_]{1,18}( [a-z]{1,12})?", "[あ-ん加盟店金額]{1,12}"), 1..24),
        rows in prop::collection::vec((0_i64..99_999_999_999, "[a-zA-Zア-ン ,.]{0,90}"), 0..5),
    ) {
        let mut builder = Report::build("題", "t", MADE_AT).subtitle(&"注 note ".repeat(20)).sheet("表");
        for (at, (kind, name_en, name)) in columns.iter().enumerate() {
            let (name, name_en) = (format!("{name}{at}"), format!("{name_en}{at}"));
            builder = if kind.is_number() { builder.sum(&name, &name_en, *kind) } else { builder.column(&name, &name_en, *kind) };
        }
        for (n, text) in &rows {
            builder.push(columns.iter().map(|(kind, ..)| any_cell(*kind, *n, text)).collect());
        }
        let text = table::text(&builder.finish().unwrap());
        for line in text.lines() {
            prop_assert!(line.width() <= 80, "{}: {line:?}", line.width());
        }
        for (n, _) in &rows {
            for (kind, ..) in columns.iter().filter(|(kind, ..)| kind.is_number() || *kind == Kind::Code) {
                prop_assert!(text.contains(&any_cell(*kind, *n, "").shown()));
            }
        }
    }
}

proptest! {
    #[test]
    fn no_line_without_a_header_is_wider_than_a_terminal(
        indent in 0_usize..8,
        rows in prop::collection::vec(("[a-zA-Zア-ン ,.]{0,60}", any::<i64>(), "[a-zA-Zア-ン ,.]{0,90}"), 0..6),
        words in "[a-zA-Zア-ン ,.]{0,200}",
    ) {
        let mut lines = Lines::new(indent, [Align::Left, Align::Right, Align::Left, Align::Right]);
        lines.words(&words);
        for (what, n, remark) in &rows {
            lines.row([what, n, remark, &Yen::new(*n)]);
        }
        let text = lines.text();
        for line in text.lines() {
            prop_assert!(line.width() <= 80, "{}: {line:?}", line.width());
        }
        for (_, n, _) in &rows {
            prop_assert!(text.contains(&n.to_string()) && text.contains(&Yen::new(*n).to_string()), "{text}");
        }
    }
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
