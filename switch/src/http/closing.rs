//! Closing the day over HTTP.

use super::Api;
use super::answers::{answer, asked, read, report_as};
use super::callers::{authorized, caller};
use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use kazasu_engine::tasks::run_blocking;
use kazasu_schemas::relief::Format;
use kazasu_schemas::typed;
use kazasu_services::admin::{AskError, day, value};
use kazasu_services::closing::{About, ClosingAsk, CompareWith, ReportKind, StatementOf};
use kazasu_services::statement::{Reader, Run, StatementAsk};
use serde_json::json;
use std::sync::Arc;

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/closing/ask", post(ask))
        .route("/v1/closing/{what}", get(look))
        .route("/v1/closing/compare", post(compare))
        .route("/v1/closing/payouts/{number}/file", post(payout_file))
        .route("/v1/closing/statement", post(statement))
        .route("/v1/closing/explain/{record}", get(explain))
        .route("/v1/reports/{kind}", get(report))
        .route("/v1/residents/{ppid}/statement", get(resident_statement))
        .route("/v1/reports/settlements/{number}/letter", get(letter))
}

/// Finance staff and approvers, or the operator.
fn finance(api: &Api, headers: &HeaderMap) -> Result<String, Box<Response>> {
    let caller = authorized(api, headers).map_err(|refusal| Box::new(refusal.into_response()))?;
    match api.desk.finance_staff(&caller.name) {
        Ok(()) => Ok(caller.name.clone()),
        Err(error) => Err(Box::new(answer(Err(error)))),
    }
}

async fn ask(State(api): State<Api>, headers: HeaderMap, body: Bytes) -> Response {
    let by = match finance(&api, &headers) {
        Ok(name) => name,
        Err(refusal) => return *refusal,
    };
    match read::<ClosingAsk>(&body) {
        Ok(ask) => answer(api.desk.closing(ask.with_plain_parties(), &by).await),
        Err(refusal) => *refusal,
    }
}

async fn look(State(api): State<Api>, Path(what): Path<String>, headers: HeaderMap) -> Response {
    if let Err(refusal) = finance(&api, &headers) {
        return *refusal;
    }
    match what.as_str() {
        "days" => answer(api.desk.days().await),
        "settlements" => answer(api.desk.settlements().await),
        "payouts" => answer(api.desk.payouts().await),
        "runs" => answer(api.desk.runs().await),
        "totals" => answer(api.desk.totals().await),
        "exceptions" => answer(api.desk.exceptions(false).await),
        "differences" => answer(api.desk.exceptions(true).await),
        "contracts" => answer(api.desk.contracts().await),
        _ => not_found(format!("there is no {what} here")),
    }
}

fn not_found(error: String) -> Response {
    (StatusCode::NOT_FOUND, Json(json!({ "error": error }))).into_response()
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    against: String,
    party: String,
    from: String,
    until: String,
}

async fn compare(
    State(api): State<Api>,
    with: Result<Query<With>, QueryRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let by = match finance(&api, &headers) {
        Ok(name) => name,
        Err(refusal) => return *refusal,
    };
    let with = match asked(with) {
        Ok(with) => with,
        Err(refusal) => return *refusal,
    };
    let compared = match CompareWith::new(&with.against, &with.party, &with.from, &with.until) {
        Ok(with) => {
            // A caller that goes away ends nothing in the middle.
            let work = tokio::spawn(async move { api.desk.compare(Arc::new(body.to_vec()), with, &by).await });
            work.await.unwrap_or_else(|e| Err(AskError::Other(e.into())))
        }
        Err(error) => Err(error),
    };
    answer(compared.and_then(|c| serde_json::to_value(c).map_err(|e| AskError::Other(e.into()))))
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    format: Option<String>,
}

async fn payout_file(
    State(api): State<Api>,
    Path(number): Path<u64>,
    form: Result<Query<Form>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let by = match finance(&api, &headers) {
        Ok(name) => name,
        Err(refusal) => return *refusal,
    };
    let form = match asked(form) {
        Ok(form) => form,
        Err(refusal) => return *refusal,
    };
    let format = match form.format.as_deref() {
        None | Some("zengin") => Format::Zengin,
        Some("pain001") => Format::Pain001,
        Some(other) => return answer(Err(value("format", format!("must be zengin or pain001, got {other:?}")))),
    };
    answer(api.desk.payout_files(number, format, &by).await.map(|files| kazasu_services::relief::files_json(&files)))
}

async fn statement(
    State(api): State<Api>,
    how: Result<Query<ReadStatement>, QueryRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match finance(&api, &headers) {
        Ok(by) => read_statement(&api, how, StatementFile { reader: Reader::Payouts, by, body }).await,
        Err(refusal) => *refusal,
    }
}

/// How a statement is read.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadStatement {
    dry_run: Option<bool>,
    lines: Option<String>,
    line: Option<usize>,
    is: Option<String>,
    why: Option<String>,
}

/// A statement that came in, for whom it is read and who sent it.
pub(super) struct StatementFile {
    pub(super) reader: Reader,
    pub(super) by: String,
    pub(super) body: Bytes,
}

/// Reads a statement to its end, also for a caller that goes away in the middle.
pub(super) async fn read_statement(
    api: &Api,
    how: Result<Query<ReadStatement>, QueryRejection>,
    file: StatementFile,
) -> Response {
    let StatementFile { reader, by, body } = file;
    let how = match asked(how) {
        Ok(how) => how,
        Err(refusal) => return *refusal,
    };
    let run = if how.dry_run == Some(true) { Run::Look } else { Run::Book };
    let ask = StatementAsk::new(run, how.lines.as_deref(), (how.line, how.is.as_deref()), how.why.as_deref());
    let desk = api.desk.clone();
    match ask {
        Ok(ask) => {
            let work = tokio::spawn(async move { desk.bank_statement(&body, reader, &ask, &by).await });
            answer(work.await.unwrap_or_else(|e| Err(AskError::Other(e.into()))))
        }
        Err(error) => answer(Err(error)),
    }
}

async fn explain(State(api): State<Api>, Path(record): Path<u64>, headers: HeaderMap) -> Response {
    if let Err(refusal) = finance(&api, &headers) {
        return *refusal;
    }
    let store = api.store.clone();
    let told = run_blocking(async move { kazasu_projections::explain(store.as_ref(), record).await }).await;
    match told.and_then(|told| told) {
        Ok(Some(story)) => Json(story).into_response(),
        Ok(None) => {
            let text = format!("record {record} is no tap");
            (StatusCode::NOT_FOUND, Json(json!({ "error": text }))).into_response()
        }
        Err(error) => answer(Err(AskError::Other(error))),
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    format: Option<String>,
    day: Option<String>,
    seq: Option<u64>,
    settlement: Option<u32>,
}

async fn report(
    State(api): State<Api>,
    Path(kind): Path<String>,
    wanted: Result<Query<Wanted>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = finance(&api, &headers) {
        return *refusal;
    }
    let wanted = match asked(wanted) {
        Ok(wanted) => wanted,
        Err(refusal) => return *refusal,
    };
    let Some(of) = ReportKind::parse(&kind) else {
        return not_found(format!("there is no report {kind:?}"));
    };
    let day = match wanted.day.map(|text| typed::day(&text).map_err(|_| text)).transpose() {
        Ok(day) => day,
        Err(text) => return answer(Err(value("day", format!("must be a date like 2026-12-01, got {text:?}")))),
    };
    let about = About { day, seq: wanted.seq, settlement: wanted.settlement };
    let made = run_blocking(async move {
        match kazasu_services::closing::report(&api.desk, of, about, kazasu_engine::clock::now()).await {
            Ok(report) => report_as(&report, wanted.format.as_deref(), &kind),
            Err(error) => answer(Err(error)),
        }
    });
    made.await.unwrap_or_else(|error| answer(Err(AskError::Other(error))))
}

async fn letter(State(api): State<Api>, Path(number): Path<u32>, headers: HeaderMap) -> Response {
    if let Err(refusal) = finance(&api, &headers) {
        return *refusal;
    }
    let made = run_blocking(async move {
        let issuer = api.desk.book().await?;
        kazasu_services::closing::merchant_letter(&api.desk, number, &issuer, kazasu_engine::clock::now()).await
    });
    match made.await.unwrap_or_else(|error| Err(AskError::Other(error))) {
        Ok(pdf) => {
            let name = format!("attachment; filename=\"settlement-{number}.pdf\"");
            let headers = [(header::CONTENT_TYPE, "application/pdf".to_owned()), (header::CONTENT_DISPOSITION, name)];
            (headers, pdf.bytes).into_response()
        }
        Err(AskError::Value { field: "settlement", problem }) => not_found(format!("settlement: {problem}")),
        Err(error) => answer(Err(error)),
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Days {
    from: String,
    until: String,
    format: Option<String>,
}

/// What a resident paid; for portals too.
async fn resident_statement(
    State(api): State<Api>,
    Path(ppid): Path<String>,
    days: Result<Query<Days>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = caller(&api, &headers) {
        return refusal.into_response();
    }
    let days = match asked(days) {
        Ok(days) => days,
        Err(refusal) => return *refusal,
    };
    let report = async {
        let person = ppid.parse().map_err(|e: kazasu_schemas::ids::IdError| value("ppid", e))?;
        let (from, until) = (day("from", &days.from)?, day("until", &days.until)?);
        let of = StatementOf { person, from, until };
        kazasu_services::closing::resident_statement(&api.desk, of, kazasu_engine::clock::now()).await
    };
    let report = match report.await {
        Ok(report) => report,
        Err(error) => return answer(Err(error)),
    };
    let formats = [None, Some("json"), Some("xlsx"), Some("csv"), Some("csv-sjis"), Some("pdf")];
    if !formats.contains(&days.format.as_deref()) {
        let got = days.format.unwrap_or_default();
        return answer(Err(value("format", format!("must be json, xlsx, csv, csv-sjis or pdf, got {got:?}"))));
    }
    if days.format.as_deref() != Some("pdf") {
        return report_as(&report, days.format.as_deref(), "statement");
    }
    let made = run_blocking(async move {
        let issuer = api.desk.book().await?;
        kazasu_services::closing::statement_letter(&report, &issuer, &ppid).await
    });
    match made.await.unwrap_or_else(|error| Err(AskError::Other(error))) {
        Ok(pdf) => {
            let headers = [
                (header::CONTENT_TYPE, "application/pdf"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"statement.pdf\""),
            ];
            (headers, pdf.bytes).into_response()
        }
        Err(error) => answer(Err(error)),
    }
}
