//! Values that a report takes, and values that it refuses.

use super::*;
use crate::sheet::{MAX_COLUMNS, MAX_NUMBER, MAX_TEXT, Sheet};
use crate::{Builder, ReportError, ValueError};

fn begun() -> Builder {
    Report::build("題", "title", MADE_AT).sheet("表").sum("金額", "amount", Kind::Yen).column("名", "name", Kind::Text)
}

fn problem(cell: Cell) -> String {
    begun().row(vec![cell, Cell::Empty]).finish().unwrap_err().to_string()
}

#[test]
fn totals_follow_the_rows() {
    let report = settlement();
    let sheet = &report.sheets()[0];
    assert_eq!(sheet.totals()[4], Cell::Yen(Yen::new(1_234_187)));
    assert_eq!(sheet.totals()[5], Cell::Empty);
    assert_eq!(sheet.totals()[6], Cell::Points(9));
    assert_eq!(sheet.totals()[7], Cell::Count(3));
    assert_eq!(sheet.rows().len(), 3);
}

#[test]
fn values_read_as_people_and_machines_read_them() {
    for (cell, shown, plain) in [
        (Cell::Yen(Yen::new(-1_234_567)), "-1,234,567", "-1234567"),
        (Cell::count(0_u64), "0", "0"),
        (Cell::points(1_000), "1,000", "1000"),
        (Cell::from(Decimal::new(3, 0)), "3.00%", "3"),
        (Cell::from(Decimal::new(32_500, 4)), "3.25%", "3.25"),
        (Cell::from(Decimal::new(-1_125, 3)), "-1.125%", "-1.125"),
        (Cell::from(day("2026-11-23")), "2026-11-23", "2026-11-23"),
        (Cell::from(MADE_AT), "2026-12-01 09:30:00", "2026-12-01 09:30:00"),
        (Cell::from(Some("x")), "x", "x"),
        (Cell::from(None::<Yen>), "", ""),
    ] {
        assert_eq!((cell.shown().as_str(), cell.plain().as_str()), (shown, plain));
    }
}

#[test]
fn values_that_a_column_does_not_take_are_named() {
    let at = "sheet \"表\" row 1 column \"amount\": ";
    assert_eq!(problem("1280".into()), format!("{at}the column holds Yen, the value is something else"));
    assert_eq!(problem(Cell::Points(1)), format!("{at}the column holds Yen, the value is something else"));
    assert!(problem(Yen::new(MAX_NUMBER + 1).into()).contains("9007199254740993 is beyond"));
    assert!(problem(Yen::new(i64::MIN).into()).contains("is beyond"));
    let name = |text: String| begun().row(vec![Cell::Empty, text.into()]).finish();
    assert!(name("字".repeat(MAX_TEXT)).is_ok());
    let error = name("字".repeat(MAX_TEXT + 1)).unwrap_err();
    assert!(matches!(error, ReportError::Value { problem: ValueError::Text(10_001), .. }), "{error}");
    let unsigned = Report::build("題", "t", MADE_AT).sheet("表").column("数", "n", Kind::Count);
    assert!(unsigned.row(cells![Cell::count(u64::MAX)]).finish().is_err());
}

#[test]
fn a_total_never_leaves_the_exact_range_and_a_refused_row_leaves_no_trace() {
    let column = Column::new("金額", "amount", Kind::Yen).total(Total::Sum);
    let mut sheet = Sheet::new("表", vec![column, Column::new("名", "name", Kind::Text)]).unwrap();
    sheet.push(cells![Yen::new(MAX_NUMBER), "a"]).unwrap();
    let error = sheet.push(cells![Yen::new(1), "b"]).unwrap_err();
    assert!(matches!(error, ReportError::Value { row: 2, problem: ValueError::Total, .. }), "{error}");
    assert!(sheet.push(cells![Yen::new(-5), Cell::Points(1)]).is_err());
    assert_eq!((sheet.rows().len(), &sheet.totals()[0]), (1, &Cell::Yen(Yen::new(MAX_NUMBER))));
}

#[test]
fn wrong_shapes_are_refused() {
    let error = |b: Builder| b.finish().unwrap_err();
    let empty = || Report::build("題", "title", MADE_AT);
    assert_eq!(error(empty()), ReportError::Sheets(0));
    assert_eq!(error(empty().column("名", "name", Kind::Text)), ReportError::NoSheet("a column"));
    assert_eq!(error(empty().row(vec![])), ReportError::NoSheet("a row"));
    assert_eq!(error(empty().note("x")), ReportError::NoSheet("a note"));
    assert!(matches!(error(empty().sheet("表")), ReportError::Columns { columns: 0, .. }));
    assert!(matches!(error(begun().row(vec![Cell::Empty])), ReportError::Width { cells: 1, columns: 2, .. }));
    assert!(matches!(error(begun().sum("x", "x", Kind::Text)), ReportError::NoTotal { kind: Kind::Text, .. }));
    assert!(matches!(error(begun().column("他", "name", Kind::Text)), ReportError::ColumnTwice { .. }));
    let late = begun().row(cells![Yen::ZERO, "a"]).column("他", "other", Kind::Text);
    assert!(matches!(error(late), ReportError::LateColumn { .. }));
    let twice = begun().sheet("SUM").column("a", "a", Kind::Text).sheet("sum").column("a", "a", Kind::Text);
    assert_eq!(error(twice), ReportError::SheetTwice("sum".into()));
    for bad in ["", "a/b", "a:b", "'a", "a'", "History", "123456789012345678901234567", "a\nb"] {
        assert_eq!(error(empty().sheet(bad).column("a", "a", Kind::Text)), ReportError::SheetName(bad.into()), "{bad}");
    }
    let wide = (0..=MAX_COLUMNS).fold(empty().sheet("表"), |b, n| b.column("列", &n.to_string(), Kind::Text));
    assert!(matches!(error(wide), ReportError::Columns { .. }));
    assert!(matches!(error(Report::build("", "t", MADE_AT)), ReportError::Short { what: "the title", .. }));
    let lines = (0..21).fold(begun(), |b, _| b.subtitle("x"));
    assert_eq!(error(lines), ReportError::Subtitles);
}

#[test]
fn the_first_mistake_is_the_one_that_is_told() {
    let error = begun().row(cells![Yen::ZERO]).row(cells![Yen::ZERO, "a"]).note("fine").finish().unwrap_err();
    assert!(matches!(error, ReportError::Width { row: 1, .. }));
}
