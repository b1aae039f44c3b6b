//! Residents' payments.

use super::about::other;
use crate::access::Name;
use crate::error::{Result, ServiceError, unfit};
use crate::fields::day;
use crate::operation::Operation;
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_projections::statements::{Line, LineKind};
use kazasu_report::pdf::{Font, Honorific, Letter, Party, Pdf, statement};
use kazasu_report::{Kind as Column, Report, cells};
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_text::columns::StatementColumn;
use kazasu_text::problems::{IdForm, ProblemText};
use kazasu_text::reports::{Sheet, Title};
use kazasu_text::residents::{StatementKind, StatementText};
use kazasu_text::{Said, Text};
use serde::{Deserialize, Serialize};

/// A resident's statement of some days: what was paid where, by what, and what came back.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResidentStatement {
    /// The person.
    pub ppid: String,
    /// First day.
    pub from: String,
    /// Last day.
    pub until: String,
    /// The reason of staff for the look; portals look on behalf of the residents.
    #[serde(default)]
    pub why: Option<String>,
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
        let to = Party::new(&StatementText::Resident { person: self.person }.ja(), &[]);
        let letter = Letter::new(Party::new(issuer, &[]), to, Honorific::Sama);
        let font = tokio::task::spawn_blocking(|| Font::find(None)).await.map_err(other)?.map_err(other)?;
        statement(&self.report, &letter, &font).map_err(other)
    }
}

impl Operation for ResidentStatement {
    const NAME: Name = Name::ResidentStatement;
    type Answer = Statement;

    fn subject(&self) -> Subject {
        Subject::resident(&self.ppid).because(self.why.as_deref())
    }

    async fn carry_out(self, services: &Services, _: &Who) -> Result<Statement> {
        let person =
            self.ppid.parse::<Ppid>().map_err(|e| unfit("ppid", &Said::exactly(&IdForm::Ppid, e.to_string())))?;
        let (from, until) = (day("from", &self.from)?, day("until", &self.until)?);
        if from > until {
            return Err(unfit("until", &ProblemText::UntilBeforeFrom { until, from }));
        }
        let lines =
            services.closing_context()?.statements.lines(person, from, until).await.map_err(ServiceError::Other)?;
        let report = report(person, (from, until), lines, kazasu_engine::clock::now())?;
        Ok(Statement { person, report })
    }
}

fn kind(of: LineKind) -> StatementKind {
    match of {
        LineKind::Refund => StatementKind::Refund,
        LineKind::Reversal => StatementKind::Reversal,
        LineKind::Authorization => StatementKind::Authorization,
        LineKind::Completion => StatementKind::Completion,
        LineKind::Payment => StatementKind::Payment,
    }
}

fn report(person: Ppid, (from, until): (BusinessDay, BusinessDay), lines: Vec<Line>, made: Millis) -> Result<Report> {
    let mut out = Report::titled(Title::Statement, made)
        .subtitle(&StatementText::Resident { person }.ja())
        .subtitle(&StatementText::Period { from, until }.ja())
        .sheet(&Sheet::SettledTaps.both())
        .labelled(StatementColumn::At, Column::Time)
        .labelled(StatementColumn::Merchant, Column::Text)
        .labelled(StatementColumn::Kind, Column::Text)
        .labelled(StatementColumn::Amount, Column::Yen)
        .summed(StatementColumn::Relief, Column::Yen)
        .summed(StatementColumn::Points, Column::Yen)
        .summed(StatementColumn::Instrument, Column::Yen)
        .summed(StatementColumn::Uncovered, Column::Yen)
        .note(&StatementText::Uncovered.both());
    for line in lines {
        out.push(cells![
            line.at,
            line.merchant,
            kind(line.kind).both(),
            line.amount,
            line.relief,
            line.points,
            line.instrument,
            line.uncovered
        ]);
    }
    out.finish().map_err(other)
}
