//! Reports that a test writes once and looks at in every format.

mod csv;
mod model;
mod names;
mod table;
mod xlsx;

use super::{Cell, Column, Kind, Report, Total, cells};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use rust_decimal::Decimal;

/// 2026-12-01 09:30:00.250 in Japan.
const MADE_AT: Millis = Millis(1_796_085_000_250);

fn day(text: &str) -> BusinessDay {
    BusinessDay::parse(text).unwrap()
}

/// A settlement of three payments, one of them a refund.
fn settlement() -> Report {
    let tap = Millis(1_795_432_530_123);
    Report::build("加盟店精算書", "Merchant settlement", MADE_AT)
        .subtitle("対象期間 2026-11-01 〜 2026-11-30")
        .subtitle("加盟店 山田商店 (0001234)")
        .sheet("明細")
        .column("取引日", "date", Kind::Date)
        .column("時刻", "time", Kind::Time)
        .column("端末", "terminal", Kind::Code)
        .column("摘要", "text", Kind::Text)
        .sum("金額", "amount", Kind::Yen)
        .column("料率", "rate", Kind::Percent)
        .add_column(Column::new("ポイント", "points", Kind::Points).total(Total::Shown))
        .sum("件数", "count", Kind::Count)
        .row(cells![
            day("2026-11-23"),
            tap,
            "0000000012345678901",
            "お買物",
            Yen::new(1_234_567),
            Decimal::new(325, 2),
            Cell::points(12),
            Cell::count(1_u64)
        ])
        .row(cells![
            day("2026-11-24"),
            Cell::Empty,
            "007",
            "=HYPERLINK(\"http://x\")",
            Yen::new(-1_280),
            Decimal::new(3, 0),
            Cell::points(-3),
            Cell::count(1_u32)
        ])
        .row(cells![
            day("2026-11-25"),
            Cell::Empty,
            "008",
            "ラーメン, \"特盛\"",
            Yen::new(900),
            Cell::Empty,
            Cell::Empty,
            Cell::count(1)
        ])
        .note("金額は税込です。")
        .finish()
        .unwrap()
}
