//! Closing the day over HTTP.

use super::answers::{refused, report_as, unasked, wrong};
use super::bank::statement;
use super::callers::Asker;
use super::fields::Fields;
use super::operations::{Sent, handed_in};
use super::state::Api;
use crate::addresses::{COMPARE, PAYOUT_STATEMENT, SPENDING};
use crate::routes::at;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use kazasu_engine::tasks::run_blocking;
use kazasu_report::pdf::Pdf;
use kazasu_services::ServiceError;
use kazasu_services::closing::{CompareFile, MakeLetter, MakeReport, ReportKind, ResidentStatement};
use kazasu_services::spending::ShowSpending;
use kazasu_services::statement::ReadPayoutStatement;
use kazasu_text::problems::{NotFoundText, ProblemText};
use kazasu_text::{AnyOf, Quoted, Said};

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route(&at(COMPARE), post(compare))
        .route(&at(PAYOUT_STATEMENT), post(|api, who, sent| statement(api, who, sent, ReadPayoutStatement)))
        .route(&at("/reports/{kind}"), get(report))
        .route(&at(SPENDING), get(spending))
        .route(&at("/residents/{ppid}/statement"), get(resident_statement))
        .route(&at("/reports/settlements/{settlement}/letter"), get(letter))
}

/// The file is the body.
async fn compare(State(api): State<Api>, Asker(who): Asker, Fields(with): Fields<CompareFile>, sent: Sent) -> Response {
    handed_in(api, who, CompareFile { file: sent.body.clone(), ..with }, &sent).await
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    format: Option<String>,
    day: Option<String>,
    month: Option<String>,
    seq: Option<u64>,
    settlement: Option<u32>,
    why: Option<String>,
}

async fn report(
    State(api): State<Api>,
    Asker(who): Asker,
    Path(kind): Path<String>,
    Fields(wanted): Fields<Wanted>,
) -> Response {
    let Wanted { format, day, month, seq, settlement, why } = wanted;
    let Some(of) = ReportKind::parse(&kind) else {
        return unasked(ServiceError::NotFound(Said::of(&NotFoundText::Report { kind: Quoted(&kind) })));
    };
    let made = run_blocking(async move {
        match api.services.call(MakeReport { kind: of, day, month, seq, settlement, why }, &who).await {
            Ok(report) => report_as(&report, format.as_deref(), &kind),
            Err(error) => refused(error),
        }
    });
    made.await.unwrap_or_else(|error| refused(ServiceError::Other(error)))
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Spent {
    format: Option<String>,
    from: Option<String>,
    until: Option<String>,
    by: Option<String>,
}

/// The table as JSON, or as a file.
async fn spending(State(api): State<Api>, Asker(who): Asker, Fields(wanted): Fields<Spent>) -> Response {
    let Spent { format, from, until, by } = wanted;
    let table = match api.services.call(ShowSpending { from, until, by }, &who).await {
        Ok(table) => table,
        Err(error) => return refused(error),
    };
    match format.as_deref() {
        None | Some("json") => Json(table).into_response(),
        format => match table.report(kazasu_engine::clock::now()) {
            Ok(report) => report_as(&report, format, "spending"),
            Err(error) => refused(error),
        },
    }
}

fn pdf(made: Result<Pdf, ServiceError>, name: &str) -> Response {
    match made {
        Ok(pdf) => {
            let disposition = format!("attachment; filename=\"{name}.pdf\"");
            let headers =
                [(header::CONTENT_TYPE, "application/pdf".to_owned()), (header::CONTENT_DISPOSITION, disposition)];
            (headers, pdf.bytes).into_response()
        }
        Err(error) => refused(error),
    }
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Because {
    why: Option<String>,
}

async fn letter(
    State(api): State<Api>,
    Asker(who): Asker,
    Path(settlement): Path<u32>,
    Fields(Because { why }): Fields<Because>,
) -> Response {
    let made = run_blocking(async move { api.services.call(MakeLetter { settlement, why }, &who).await }).await;
    pdf(made.unwrap_or_else(|error| Err(ServiceError::Other(error))), &format!("settlement-{settlement}"))
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Days {
    from: String,
    until: String,
    format: Option<String>,
    why: Option<String>,
}

/// A resident's payments; for portals too.
async fn resident_statement(
    State(api): State<Api>,
    Asker(who): Asker,
    Path(ppid): Path<String>,
    Fields(days): Fields<Days>,
) -> Response {
    let Days { from, until, format, why } = days;
    let statement = match api.services.call(ResidentStatement { ppid, from, until, why }, &who).await {
        Ok(statement) => statement,
        Err(error) => return refused(error),
    };
    match format.as_deref() {
        Some("pdf") => {
            let made = run_blocking(async move { statement.letter(&api.services.book().await?).await });
            pdf(made.await.unwrap_or_else(|error| Err(ServiceError::Other(error))), "statement")
        }
        None | Some("json" | "xlsx" | "csv" | "csv-sjis") => {
            report_as(&statement.report, format.as_deref(), "statement")
        }
        Some(got) => {
            let choices = AnyOf(&["json", "xlsx", "csv", "csv-sjis", "pdf"]);
            refused(wrong("format", &ProblemText::OneOf { choices, got: Quoted(got) }))
        }
    }
}
