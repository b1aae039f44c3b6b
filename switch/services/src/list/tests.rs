//! Cursors, requests for pages, and rows as cells.

use super::cursor::{Cursor, CursorRefusal};
use super::{FileTable, List, Paged};
use crate::approvals::ListApprovals;
use crate::closing::{DayView, ListDays, ListExceptions, MarkView};
use crate::transactions::FindTransactions;
use kazasu_report::{Cell, Kind};
use kazasu_text::Language;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::cmp::Reverse;

type Key = (String, Reverse<u64>);

proptest! {
    #[test]
    fn a_cursor_comes_back_as_it_went_and_no_other_text_does(
        position: u64, name in ".{0,40}", number: u64, at in 0_usize..1_000, other in any::<char>()
    ) {
        let list = "closing.days {}";
        let text = Cursor { position, key: (name.clone(), Reverse(number)) }.text(list).unwrap();
        let read = Cursor::<Key>::read(&text, list).unwrap();
        prop_assert_eq!((read.position, read.key), (position, (name, Reverse(number))));
        prop_assert_eq!(Cursor::<Key>::read(&text, "closing.days {\"x\":1}").unwrap_err(), CursorRefusal::OfAnother);
        // One character that is another one.
        let mut chars: Vec<char> = text.chars().collect();
        let at = at % chars.len();
        prop_assume!(!chars[at].eq_ignore_ascii_case(&other));
        chars[at] = other;
        let changed: String = chars.into_iter().collect();
        prop_assert_eq!(Cursor::<Key>::read(&changed, list).unwrap_err(), CursorRefusal::Altered);
        prop_assert_eq!(Cursor::<Key>::read(&text[..text.len() - 2], list).unwrap_err(), CursorRefusal::Altered);
    }
}

#[test]
fn a_page_reads_its_own_fields_and_leaves_the_others_to_the_list() {
    let read = |value: Value| serde_json::from_value::<Paged<ListExceptions>>(value).map_err(|error| error.to_string());
    let page = read(json!({ "all": true, "limit": 7, "cursor": "x" })).unwrap();
    assert_eq!((page.list.all, page.limit, page.cursor.as_deref()), (true, Some(7), Some("x")));
    assert_eq!(read(json!({})).unwrap().limit, None);
    for (value, told) in [
        (json!({ "limit": "x" }), "expected u16"),
        (json!({ "limit": 70_000 }), "expected u16"),
        (json!({ "cursor": 1 }), "expected a string"),
        (json!({ "all": "x" }), "expected a boolean"),
        (json!({ "page": 1 }), "unknown field `page`"),
    ] {
        let error = read(value.clone()).unwrap_err();
        assert!(error.contains(told), "{value}: {error}");
    }
    // As the client sends it.
    let sent = serde_json::to_value(Paged::first(FindTransactions { amount: Some(5), ..Default::default() }, Some(3)));
    assert_eq!(sent.unwrap(), json!({ "amount": 5, "limit": 3 }));
}

#[test]
fn requests_that_wait_come_first_and_then_the_newest_of_the_others() {
    let row = |approval: u64, is: &str| {
        let row = json!({
            "approval": approval, "kind": "payout", "kind_ja": "", "city": "", "by": "per_1", "by_name": "", "why": "x", "at": "", "until": null,
            "standing": { "is": is, "is_ja": "" }, "fingerprint": "", "own": false, "may_decide": false,
        });
        serde_json::from_value::<<ListApprovals as List>::Item>(row).unwrap()
    };
    let mut rows = [row(4, "approved"), row(9, "denied"), row(7, "waits"), row(5, "sent_back")];
    rows.sort_by_key(ListApprovals::key);
    assert_eq!(rows.map(|row| row.approval), [5, 7, 9, 4]);
}

#[test]
fn a_row_becomes_cells_under_the_words_of_the_catalogue() {
    let mark = MarkView {
        state: "reconciled".into(),
        at: "2026-12-01T09:00:00+09:00".into(),
        by: "per_1".into(),
        why: "compared".into(),
        via: None,
    };
    let day = DayView {
        day: "2026-11-30".into(),
        state: "reconciled".into(),
        state_ja: "照合済".into(),
        last_record: Some(17),
        open_exceptions: 2,
        without_owner: 0,
        marks: vec![mark],
    };
    let japanese = FileTable::<ListDays>::new(Language::Japanese);
    let names: Vec<&str> = japanese.columns().iter().map(kazasu_report::Column::name).collect();
    assert_eq!(names, ["営業日", "状態", "最後の記録", "未処理の差異", "担当のない差異", "手続の経過"]);
    let row = japanese.row(&day).unwrap();
    assert_eq!(row[..5], [Cell::from("2026-11-30"), "照合済".into(), "17".into(), Cell::Count(2), Cell::Count(0)]);
    let Cell::Text(marks) = &row[5] else { panic!("{row:?}") };
    assert!(marks.contains("理由 compared") && !marks.contains("経路"), "{marks}");
    let english = FileTable::<ListDays>::new(Language::English);
    assert_eq!(english.row(&day).unwrap()[1], "reconciled".into());
    assert_eq!(FileTable::<ListDays>::title(), ("営業日の一覧".to_owned(), "Business days".to_owned()));
    let payments = FileTable::<FindTransactions>::new(Language::Japanese);
    let column = |name: &str| payments.columns().iter().find(|column| column.name() == name).map(|c| c.kind());
    assert_eq!(
        (column("金額"), column("承認番号"), column("記録番号")),
        (Some(Kind::Yen), Some(Kind::Code), Some(Kind::Code))
    );
    assert_eq!(FindTransactions::words("state", "refunded", Language::Japanese).as_deref(), Some("返品済"));
}
