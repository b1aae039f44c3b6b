//! What residents paid.

use super::other;
use crate::access::Name;
use crate::error::{Result, ServiceError, value};
use crate::fields::day;
use crate::operation::Operation;
use crate::{Services, Who};
use kazasu_projections::statements::Line;
use kazasu_report::pdf::{Font, Honorific, Letter, Party, Pdf, statement};
use kazasu_report::{Kind as Column, Report, cells};
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::{BusinessDay, Millis};
use serde::{Deserialize, Serialize};

/// A resident's statement of some days: what was paid where, by what, and what came back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResidentStatement {
    /// The person.
    pub ppid: String,
    /// First day.
    pub from: String,
    /// Last day.
    pub until: String,
}

/// A statement that was made.
pub struct Statement {
    /// The person.
    pub person: Ppid,
    /// Its lines.
    pub report: Report,
}

impl Statement {
    /// As a letter to its resident, from the book's name.
    pub async fn letter(&self, issuer: &str) -> Result<Pdf> {
        let to = Party::new(&format!("利用者 {}", self.person), &[]);
        let letter = Letter::new(Party::new(issuer, &[]), to, Honorific::Sama);
        let font = tokio::task::spawn_blocking(|| Font::find(None)).await.map_err(other)?.map_err(other)?;
        statement(&self.report, &letter, &font).map_err(other)
    }
}

impl Operation for ResidentStatement {
    const NAME: Name = Name::ResidentStatement;
    type Answer = Statement;

    async fn carry_out(self, services: &Services, _: &Who) -> Result<Statement> {
        let person = self.ppid.parse::<Ppid>().map_err(|e| value("ppid", e))?;
        let (from, until) = (day("from", &self.from)?, day("until", &self.until)?);
        if from > until {
            return Err(value("until", format!("{until} is before {from}")));
        }
        let lines =
            services.closing_context()?.statements.lines(person, from, until).await.map_err(ServiceError::Other)?;
        let report = report(person, (from, until), lines, kazasu_engine::clock::now())?;
        Ok(Statement { person, report })
    }
}

fn report(person: Ppid, (from, until): (BusinessDay, BusinessDay), lines: Vec<Line>, made: Millis) -> Result<Report> {
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
