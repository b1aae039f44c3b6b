//! Workbooks, read back with another library and in their own XML.

use super::*;
use crate::xlsx::{in_parts, workbook};
use calamine::{Data, Reader, Xlsx};
use std::io::{Cursor, Read};

fn read(bytes: &[u8]) -> Xlsx<Cursor<&[u8]>> {
    calamine::open_workbook_from_rs(Cursor::new(bytes)).unwrap()
}

fn xml(bytes: &[u8], file: &str) -> String {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    zip.by_name(file).unwrap().read_to_string(&mut text).unwrap();
    text
}

fn text(data: &Data) -> String {
    data.to_string()
}

#[test]
fn values_come_back_as_what_they_are() {
    let bytes = workbook(&settlement()).unwrap();
    let mut book = read(&bytes);
    let range = book.worksheet_range("明細").unwrap();
    let at = |row, col| range.get_value((row, col)).unwrap().clone();
    assert_eq!(text(&at(0, 0)), "加盟店精算書");
    assert_eq!(text(&at(4, 0)), "作成日時 Made at 2026-12-01 09:30:00 JST");
    assert_eq!(text(&at(6, 4)), "金額\namount");
    assert!(matches!(at(7, 0), Data::DateTime(d) if d.as_f64() == 46_349.0), "{:?}", at(7, 0));
    assert!(matches!(at(7, 1), Data::DateTime(d) if (d.as_f64() - 46_349.844_097_222).abs() < 1e-8), "{:?}", at(7, 1));
    assert_eq!(at(7, 2), Data::String("0000000012345678901".into()));
    assert_eq!(at(7, 4), Data::Float(1_234_567.0));
    assert_eq!(at(7, 5), Data::Float(0.0325));
    assert_eq!(at(8, 3), Data::String("=HYPERLINK(\"http://x\")".into()));
    assert_eq!(at(8, 4), Data::Float(-1_280.0));
    assert_eq!(at(9, 1), Data::Empty);
    // The totals line, from the values that the file carries.
    assert_eq!(text(&at(10, 0)), "合計 Total");
    assert_eq!((at(10, 4), at(10, 6), at(10, 7)), (Data::Float(1_234_187.0), Data::Float(9.0), Data::Float(3.0)));
    assert_eq!(text(&at(12, 0)), "金額は税込です。");
    let formulas = book.worksheet_formula("明細").unwrap();
    assert_eq!(formulas.get_value((10, 4)).unwrap(), "SUM(E8:E10)");
    assert_eq!(formulas.get_value((10, 6)).unwrap(), "SUBTOTAL(109,G8:G10)");
}

#[test]
fn a_sheet_is_ready_to_filter_and_to_print() {
    let bytes = workbook(&settlement()).unwrap();
    let sheet = xml(&bytes, "xl/worksheets/sheet1.xml");
    for part in [
        "<pane ySplit=\"7\" topLeftCell=\"A8\" activePane=\"bottomLeft\" state=\"frozen\"/>",
        "<autoFilter ref=\"A7:H10\"/>",
        "paperSize=\"9\"",
        "orientation=\"landscape\"",
        "fitToHeight=\"0\"",
        "<oddFooter>&amp;L&amp;A&amp;C&amp;P / &amp;N</oddFooter>",
        "<ignoredError sqref=\"C8:C10\" numberStoredAsText=\"1\"/>",
        "<f>SUM(E8:E10)</f><v>1234187</v>",
    ] {
        assert!(sheet.contains(part), "{part}\n{sheet}");
    }
    let styles = xml(&bytes, "xl/styles.xml");
    assert!(styles.contains("#,##0;[Red]-#,##0") && styles.contains("yyyy-mm-dd hh:mm:ss"), "{styles}");
    assert!(
        xml(&bytes, "xl/workbook.xml")
            .contains("<definedName name=\"_xlnm.Print_Titles\" localSheetId=\"0\">明細!$7:$7")
    );
    let core = xml(&bytes, "docProps/core.xml");
    assert!(core.contains("<dc:creator>Kazasu</dc:creator>") && core.contains("2026-12-01T00:30:00Z"), "{core}");
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    assert!(workbook(&settlement()).unwrap() == workbook(&settlement()).unwrap());
}

#[test]
fn rows_go_on_in_further_sheets_and_the_total_counts_them_all() {
    let rows = (1..=25).map(|n| cells![format!("x{n}"), Yen::new(n)]);
    let report = Report::build("題", "t", MADE_AT)
        .sheet("it's")
        .column("名", "name", Kind::Text)
        .sum("金額", "amount", Kind::Yen)
        .rows(rows)
        .sheet("it's (2)")
        .sum("金額", "amount", Kind::Yen)
        .finish()
        .unwrap();
    let bytes = in_parts(&report, 10).unwrap();
    let mut book = read(&bytes);
    assert_eq!(book.sheet_names(), ["it's", "it's (3)", "it's (4)", "it's (2)"]);
    let formulas = book.worksheet_formula("it's (4)").unwrap();
    assert_eq!(formulas.get_value((10, 1)).unwrap(), "SUM('it''s'!B6:B15,'it''s (3)'!B6:B15,B6:B10)");
    let last = book.worksheet_range("it's (4)").unwrap();
    assert_eq!(last.get_value((10, 1)), Some(&Data::Float(325.0)));
    assert_eq!(last.get_value((5, 0)), Some(&Data::String("x21".into())));
    // A sheet without rows has a plain zero: a formula over nothing would point at itself.
    assert_eq!(book.worksheet_range("it's (2)").unwrap().get_value((5, 0)), Some(&Data::Float(0.0)));
}

#[test]
fn dates_that_excel_does_not_have_are_text() {
    let report = Report::build("題", "t", MADE_AT)
        .sheet("表")
        .column("日", "day", Kind::Date)
        .column("時", "time", Kind::Time)
        .row(cells![day("1900-02-28"), Millis(i64::MAX)])
        .row(cells![day("1900-03-01"), Millis(-32_400_000)])
        .finish()
        .unwrap();
    let bytes = workbook(&report).unwrap();
    let range = read(&bytes).worksheet_range("表").unwrap();
    assert_eq!(range.get_value((5, 0)), Some(&Data::String("1900-02-28".into())));
    assert_eq!(range.get_value((5, 1)), Some(&Data::String("9223372036854775807 ms".into())));
    assert!(matches!(range.get_value((6, 0)), Some(Data::DateTime(d)) if d.as_f64() == 61.0));
    assert!(matches!(range.get_value((6, 1)), Some(Data::DateTime(d)) if d.as_f64() == 25_569.0));
}

#[test]
fn what_would_be_calculated_bears_the_mark_for_text_and_keeps_its_value() {
    let column = |report: crate::Builder| report.sheet("表").column("名", "name", Kind::Text);
    let marked = |text: &str| {
        let report = column(Report::build("題", "title", Millis(0))).row(cells![text]).finish().unwrap();
        let bytes = workbook(&report).unwrap();
        let values = read(&bytes).worksheet_range("表").unwrap();
        assert!(values.used_cells().any(|(_, _, cell)| *cell == Data::String(text.into())), "{text:?}");
        xml(&bytes, "xl/styles.xml").contains("quotePrefix=\"1\"")
    };
    for text in ["=1+1", "＝1", "+81", "＋1", "@x", "-x"] {
        assert!(marked(text), "{text:?}");
    }
    for text in ["山田", "-5", "a=b"] {
        assert!(!marked(text), "{text:?}");
    }
}
