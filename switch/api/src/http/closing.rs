//! Closing the day over HTTP.

use super::answers::{answer, in_address, refused, report_as, unasked, wrong};
use super::bank::{OfBank, statement};
use super::callers::Asker;
use super::operations::{at, door, question, to_its_end};
use super::state::Api;
use crate::addresses::{COMPARE, PAYOUT_STATEMENT, address};
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use kazasu_engine::tasks::run_blocking;
use kazasu_report::pdf::Pdf;
use kazasu_services::ServiceError;
use kazasu_services::access::Service;
use kazasu_services::closing::{
    CompareFile, Explain, ListDays, ListExceptions, ListPayouts, ListRuns, ListSettlements, ListTotals, MakeLetter,
    MakePayoutFiles, MakeReport, ReportKind, ResidentStatement, ShowContracts,
};
use kazasu_services::statement::ReadPayoutStatement;
use kazasu_text::problems::NotFoundText;
use kazasu_text::{Quoted, Said};

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route(address(Service::Closing), post(|api, who, body| door(api, who, body, Service::Closing)))
        .route("/v1/closing/days", get(question::<ListDays>))
        .route("/v1/closing/settlements", get(question::<ListSettlements>))
        .route("/v1/closing/payouts", get(question::<ListPayouts>))
        .route("/v1/closing/runs", get(question::<ListRuns>))
        .route("/v1/closing/totals", get(question::<ListTotals>))
        .route("/v1/closing/exceptions", get(question::<ListExceptions>))
        .route("/v1/closing/contracts", get(question::<ShowContracts>))
        .route(COMPARE, post(compare))
        .route("/v1/closing/payouts/{payout}/file", post(payout_file))
        .route(PAYOUT_STATEMENT, post(|api, who, how, body| statement(api, who, (how, body), ReadPayoutStatement)))
        .route("/v1/closing/explain/{record}", get(at::<Explain>))
        .route("/v1/reports/{kind}", get(report))
        .route("/v1/residents/{ppid}/statement", get(resident_statement))
        .route("/v1/reports/settlements/{settlement}/letter", get(letter))
}

/// The file is the body.
async fn compare(
    State(api): State<Api>,
    Asker(who): Asker,
    with: Result<Query<CompareFile>, QueryRejection>,
    body: Bytes,
) -> Response {
    match in_address(with) {
        Ok(Query(with)) => answer(to_its_end(&api, CompareFile { file: body, ..with }, who).await),
        Err(refusal) => *refusal,
    }
}

async fn payout_file(
    State(api): State<Api>,
    Asker(who): Asker,
    Path(payout): Path<u64>,
    form: Result<Query<OfBank>, QueryRejection>,
) -> Response {
    match in_address(form) {
        Ok(Query(OfBank { format, why })) => {
            answer(api.services.call(MakePayoutFiles { payout, format, why }, &who).await)
        }
        Err(refusal) => *refusal,
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    format: Option<String>,
    day: Option<String>,
    seq: Option<u64>,
    settlement: Option<u32>,
    why: Option<String>,
}

async fn report(
    State(api): State<Api>,
    Asker(who): Asker,
    Path(kind): Path<String>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Response {
    let Query(Wanted { format, day, seq, settlement, why }) = match in_address(wanted) {
        Ok(wanted) => wanted,
        Err(refusal) => return *refusal,
    };
    let Some(of) = ReportKind::parse(&kind) else {
        return unasked(ServiceError::NotFound(Said::of(&NotFoundText::Report { kind: Quoted(&kind) })));
    };
    let made = run_blocking(async move {
        match api.services.call(MakeReport { kind: of, day, seq, settlement, why }, &who).await {
            Ok(report) => report_as(&report, format.as_deref(), &kind),
            Err(error) => refused(error),
        }
    });
    made.await.unwrap_or_else(|error| refused(ServiceError::Other(error)))
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

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Because {
    why: Option<String>,
}

async fn letter(
    State(api): State<Api>,
    Asker(who): Asker,
    Path(settlement): Path<u32>,
    because: Result<Query<Because>, QueryRejection>,
) -> Response {
    let Query(Because { why }) = match in_address(because) {
        Ok(because) => because,
        Err(refusal) => return *refusal,
    };
    let made = run_blocking(async move { api.services.call(MakeLetter { settlement, why }, &who).await }).await;
    match made.unwrap_or_else(|error| Err(ServiceError::Other(error))) {
        Err(ServiceError::Value { field: "settlement", problem }) => {
            refused(ServiceError::NotFound(Said::of(&NotFoundText::Settlement { problem: &problem })))
        }
        made => pdf(made, &format!("settlement-{settlement}")),
    }
}

#[derive(serde::Deserialize)]
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
    days: Result<Query<Days>, QueryRejection>,
) -> Response {
    let Query(Days { from, until, format, why }) = match in_address(days) {
        Ok(days) => days,
        Err(refusal) => return *refusal,
    };
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
        Some(got) => refused(wrong("format", format!("must be json, xlsx, csv, csv-sjis or pdf, got {got:?}"))),
    }
}
