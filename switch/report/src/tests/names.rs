//! Every name that an import of merchants takes stands in every form of a report.

use super::*;
use crate::csv::{Encoding, Header, sheet};
use crate::xlsx::workbook;
use crate::{json, table};
use calamine::{Data, Reader};
use kazasu_schemas::text::unprintable;
use proptest::prelude::*;
use std::io::Cursor;

fn named(name: &str) -> Report {
    Report::build("加盟店一覧", "Merchants", MADE_AT)
        .subtitle(&format!("加盟店 {name}"))
        .sheet("加盟店")
        .column("名称", "name", Kind::Text)
        .row(cells![name])
        .finish()
        .unwrap()
}

fn stands_everywhere(name: &str) {
    assert_eq!(unprintable(name), None, "{name:?}");
    let report = named(name);
    assert!(table::text(&report).lines().count() > 3);
    assert!(json::value(&report).to_string().len() > name.len());
    for encoding in [Encoding::Utf8, Encoding::ShiftJis] {
        let (bytes, done) = sheet(&report.sheets()[0], encoding, Header::Japanese).unwrap();
        assert_eq!(done.rows, 1);
        let rows = bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()).count();
        assert_eq!(rows, 2, "{name:?} is one line of a file");
    }
    let bytes = workbook(&report).unwrap();
    let mut book: calamine::Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(&bytes[..])).unwrap();
    let range = book.worksheet_range("加盟店").unwrap();
    let found = range.rows().flatten().any(|cell| matches!(cell, Data::String(text) if text == name));
    assert!(found, "{name:?} stands in the workbook as it is");
}

#[test]
fn names_that_failed_stand_everywhere() {
    for name in [
        "=HYPERLINK(\"http://x\",\"y\")",
        "_x0041_",
        "𠮷野家😀〜―‐−﨑㈱①",
        "葛\u{e0100}城市",
        "'quoted'",
        "<&>\"",
        "-1",
        "＝1",
    ] {
        stands_everywhere(name);
    }
    stands_everywhere(&"髙".repeat(100));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_name_that_is_taken_stands_everywhere(name in "\\PC{1,100}|[ -~]{1,100}|[=+@_x0-9A-F]{1,30}") {
        let name = name.trim();
        prop_assume!(unprintable(name).is_none() && (1..=100).contains(&name.chars().count()));
        stands_everywhere(name);
    }
}
