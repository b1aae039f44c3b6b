//! Closing the day over HTTP.

use super::{Api, MAX_IMPORT, answer, authorized, read, report_as};
use crate::admin::{AskError, value};
use crate::closing::{About, ClosingAsk, CompareWith, ReportKind};
use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::relief::Format;
use serde_json::json;
use std::sync::Arc;

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/closing/ask", post(ask))
        .route("/v1/closing/{what}", get(look))
        .route("/v1/closing/compare", post(compare).layer(DefaultBodyLimit::max(MAX_IMPORT)))
        .route("/v1/closing/payouts/{number}/file", post(payout_file))
        .route("/v1/closing/statement", post(statement).layer(DefaultBodyLimit::max(MAX_IMPORT)))
        .route("/v1/closing/explain/{record}", get(explain))
        .route("/v1/reports/{kind}", get(report))
        .route("/v1/reports/settlements/{number}/letter", get(letter))
}

async fn ask(State(api): State<Api>, headers: HeaderMap, body: Bytes) -> Response {
    let by = match authorized(&api, &headers) {
        Ok(caller) => caller.name.clone(),
        Err(refusal) => return refusal.into_response(),
    };
    match read::<ClosingAsk>(&body) {
        Ok(ask) => answer(api.desk.closing(ask, &by).await),
        Err(refusal) => *refusal,
    }
}

async fn look(State(api): State<Api>, Path(what): Path<String>, headers: HeaderMap) -> Response {
    if let Err(refusal) = authorized(&api, &headers) {
        return refusal.into_response();
    }
    match what.as_str() {
        "days" => answer(api.desk.days().await),
        "settlements" => answer(api.desk.settlements().await),
        "payouts" => answer(api.desk.payouts().await),
        "runs" => answer(api.desk.runs().await),
        "exceptions" => answer(api.desk.exceptions(false).await),
        "differences" => answer(api.desk.exceptions(true).await),
        "contracts" => answer(api.desk.contracts().await),
        _ => (StatusCode::NOT_FOUND, Json(json!({ "error": format!("there is no {what} here") }))).into_response(),
    }
}

#[derive(serde::Deserialize)]
struct With {
    against: String,
    party: String,
    from: String,
    until: String,
}

async fn compare(State(api): State<Api>, Query(with): Query<With>, headers: HeaderMap, body: Bytes) -> Response {
    let by = match authorized(&api, &headers) {
        Ok(caller) => caller.name.clone(),
        Err(refusal) => return refusal.into_response(),
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
struct Form {
    format: Option<String>,
}

async fn payout_file(
    State(api): State<Api>,
    Path(number): Path<u64>,
    Query(form): Query<Form>,
    headers: HeaderMap,
) -> Response {
    let by = match authorized(&api, &headers) {
        Ok(caller) => caller.name.clone(),
        Err(refusal) => return refusal.into_response(),
    };
    let format = match form.format.as_deref() {
        None | Some("zengin") => Format::Zengin,
        Some("pain001") => Format::Pain001,
        Some(other) => return answer(Err(value("format", format!("must be zengin or pain001, got {other:?}")))),
    };
    answer(api.desk.payout_files(number, format, &by).await.map(|files| crate::cli::relief::files_json(&files)))
}

async fn statement(State(api): State<Api>, headers: HeaderMap, body: Bytes) -> Response {
    match authorized(&api, &headers) {
        Ok(caller) => answer(api.desk.payout_statement(&body, &caller.name).await),
        Err(refusal) => refusal.into_response(),
    }
}

async fn explain(State(api): State<Api>, Path(record): Path<u64>, headers: HeaderMap) -> Response {
    if let Err(refusal) = authorized(&api, &headers) {
        return refusal.into_response();
    }
    match crate::closing::explain(api.store.as_ref(), record).await {
        Ok(Some(story)) => Json(story).into_response(),
        Ok(None) => {
            let text = format!("record {record} is no tap");
            (StatusCode::NOT_FOUND, Json(json!({ "error": text }))).into_response()
        }
        Err(error) => answer(Err(AskError::Other(error))),
    }
}

#[derive(serde::Deserialize)]
struct Wanted {
    format: Option<String>,
    day: Option<String>,
    seq: Option<u64>,
    settlement: Option<u32>,
}

async fn report(
    State(api): State<Api>,
    Path(kind): Path<String>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = authorized(&api, &headers) {
        return refusal.into_response();
    }
    let Some(of) = ReportKind::parse(&kind) else {
        return answer(Err(value("report", format!("{kind:?} is no report"))));
    };
    let day = match wanted.day.map(|text| BusinessDay::parse(&text).ok_or(text)).transpose() {
        Ok(day) => day,
        Err(text) => return answer(Err(value("day", format!("must be a date like 2026-12-01, got {text:?}")))),
    };
    let about = About { day, seq: wanted.seq, settlement: wanted.settlement };
    match crate::closing::report(&api.desk, of, about, crate::clock::now()).await {
        Ok(report) => report_as(&report, wanted.format.as_deref(), &kind),
        Err(error) => answer(Err(error)),
    }
}

async fn letter(State(api): State<Api>, Path(number): Path<u32>, headers: HeaderMap) -> Response {
    if let Err(refusal) = authorized(&api, &headers) {
        return refusal.into_response();
    }
    let made = match api.desk.book().await {
        Ok(issuer) => crate::closing::merchant_letter(&api.desk, number, &issuer, crate::clock::now()).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(pdf) => {
            let name = format!("attachment; filename=\"settlement-{number}.pdf\"");
            let headers = [(header::CONTENT_TYPE, "application/pdf".to_owned()), (header::CONTENT_DISPOSITION, name)];
            (headers, pdf.bytes).into_response()
        }
        Err(error) => answer(Err(error)),
    }
}
