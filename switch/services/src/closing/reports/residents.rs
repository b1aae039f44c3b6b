//! What residents paid.

use super::other;
use crate::admin::{AskError, Desk, value};
use kazasu_report::pdf::{Font, Honorific, Letter, Party, Pdf, statement};
use kazasu_report::{Kind as Column, Report, cells};
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::{BusinessDay, Millis};

/// A statement as a letter to its resident.
pub async fn statement_letter(report: &Report, issuer: &str, person: &str) -> Result<Pdf, AskError> {
    let to = Party::new(&format!("利用者 {person}"), &[]);
    let letter = Letter::new(Party::new(issuer, &[]), to, Honorific::Sama);
    let font = tokio::task::spawn_blocking(|| Font::find(None)).await.map_err(other)?.map_err(other)?;
    statement(report, &letter, &font).map_err(other)
}

/// Whose statement, and of which days.
#[derive(Clone, Copy, Debug)]
pub struct StatementOf {
    /// Whose.
    pub person: Ppid,
    /// Its first day.
    pub from: BusinessDay,
    /// Its last day.
    pub until: BusinessDay,
}

/// A resident's statement of some days: what was paid where, by what, and what came back.
pub async fn resident_statement(desk: &Desk, of: StatementOf, made: Millis) -> Result<Report, AskError> {
    let StatementOf { person, from, until } = of;
    if from > until {
        return Err(value("until", format!("{until} is before {from}")));
    }
    let lines = desk.office()?.statements.lines(person, from, until).await.map_err(AskError::Other)?;
    let mut out = Report::build("ご利用明細", "Statement", made)
        .subtitle(&format!("利用者 {person}"))
        .subtitle(&format!("期間 {from} – {until}"))
        .sheet("明細 Taps")
        .column("日時", "at", Column::Time)
        .column("加盟店", "merchant", Column::Text)
        .column("種別", "kind", Column::Text)
        .column("金額", "amount", Column::Yen)
        .sum("給付金", "relief", Column::Yen)
        .sum("ポイント", "points", Column::Yen)
        .sum("カード・口座", "instrument", Column::Yen)
        .sum("対象外", "uncovered", Column::Yen)
        .note("対象外は、残高・口座等で賄えず、ご利用者ではなく加盟店側または運営者の負担となる額です。What is uncovered is borne by the shop's side or the operator.");
    for line in lines {
        out.push(cells![
            line.at,
            line.merchant,
            line.kind.name(),
            line.amount,
            line.relief,
            line.points,
            line.instrument,
            line.uncovered
        ]);
    }
    out.finish().map_err(other)
}
