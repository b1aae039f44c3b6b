//! What a request's parts say, and how what came of it is answered.

use crate::json::{self, JsonError};
use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use kazasu_core::Rejected;
use kazasu_engine::CommandError;
use kazasu_engine::tasks::{Kind, broke_off};
use kazasu_services::admin::{AskError, value};
use kazasu_services::import::ImportReport;
use serde_json::json;
use tokio::task::JoinError;

/// What a caller is told of a panic, whose own words are for the log.
pub(super) const BROKEN: &str = "the request broke off inside the switch; its log says where";

pub(super) fn broken() -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "error": BROKEN }))).into_response()
}

/// Did work panic that a request does on a thread or a task of its own? It is counted like a handler that panics.
pub(super) fn has_panicked(error: &anyhow::Error) -> bool {
    let panic = error.chain().find(|cause| cause.downcast_ref::<JoinError>().is_some_and(JoinError::is_panic));
    if let Some(panic) = panic {
        broke_off(Kind::HttpConnection, &panic.to_string());
    }
    panic.is_some()
}

/// The part of an address behind the question mark, with an answer in JSON when it does not fit.
pub(super) fn asked<T: serde::de::DeserializeOwned>(
    query: Result<Query<T>, QueryRejection>,
) -> Result<T, Box<Response>> {
    let wrong = |error: QueryRejection| answer(Err(value("query", error.body_text())));
    query.map(|Query(asked)| asked).map_err(|error| Box::new(wrong(error)))
}

pub(super) fn answer(result: Result<serde_json::Value, AskError>) -> Response {
    let error = match result {
        Ok(value) => return Json(value).into_response(),
        Err(AskError::Other(error)) if has_panicked(&error) => return broken(),
        Err(error) => error,
    };
    let cannot_be = match &error {
        AskError::Command(CommandError::Rejected(why)) => unusable(why),
        _ => None,
    };
    let status = match &error {
        AskError::Value { .. } | AskError::Policy(_) => StatusCode::BAD_REQUEST,
        AskError::Pin | AskError::Forbidden(_) => StatusCode::FORBIDDEN,
        AskError::Command(CommandError::Rejected(_)) if cannot_be.is_some() => StatusCode::BAD_REQUEST,
        AskError::Command(CommandError::Rejected(_)) => StatusCode::CONFLICT,
        AskError::Command(CommandError::Elsewhere(_)) => StatusCode::MISDIRECTED_REQUEST,
        AskError::Command(CommandError::Halted(_) | CommandError::Stopping) => StatusCode::SERVICE_UNAVAILABLE,
        AskError::Other(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let mut body = json!({ "error": error.to_string() });
    if let Some(field) = cannot_be {
        body["field"] = field.into();
    }
    match &error {
        AskError::Value { field, .. } => body["field"] = (*field).into(),
        AskError::Policy(problems) => body["problems"] = problems.clone().into(),
        AskError::Command(CommandError::Elsewhere(leader)) => body["leader"] = leader.clone().into(),
        AskError::Pin | AskError::Forbidden(_) | AskError::Command(_) | AskError::Other(_) => {}
    }
    (status, Json(body)).into_response()
}

/// The field whose value the core refuses in every state of the ledger.
fn unusable(why: &Rejected) -> Option<&'static str> {
    match why {
        Rejected::OwnLimit(field, _) => Some(*field),
        Rejected::Amount(_) => Some("amount"),
        Rejected::Reference => Some("reference"),
        _ => None,
    }
}

/// What an ask's body says.
pub(super) fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Box<Response>> {
    json::read(body).map_err(|error| misread(&error))
}

pub(super) fn misread(error: &JsonError) -> Box<Response> {
    let mut body = json!({ "error": format!("the body is not what was expected: {error}") });
    if let Some(field) = error.field() {
        body["field"] = field.into();
    }
    Box::new((StatusCode::BAD_REQUEST, Json(body)).into_response())
}

pub(super) fn outcome(result: anyhow::Result<ImportReport>) -> Response {
    match result {
        Ok(report) => Json(report).into_response(),
        Err(error) if has_panicked(&error) => broken(),
        // The file is not to blame: the same file is to be sent again, to the leader or later.
        Err(error) if error.is::<CommandError>() => {
            answer(Err(error.downcast::<CommandError>().map_or_else(AskError::Other, AskError::Command)))
        }
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({ "error": format!("{error:#}") }))).into_response(),
    }
}

/// A report as JSON, or as a file.
pub(super) fn report_as(report: &kazasu_report::Report, format: Option<&str>, name: &str) -> Response {
    use kazasu_report::{csv, xlsx};
    let file = |bytes: Vec<u8>, kind: &str, ending: &str| {
        let disposition = format!("attachment; filename=\"{name}.{ending}\"");
        ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes).into_response()
    };
    let csv = |encoding| csv::sheet(&report.sheets()[0], encoding, csv::Header::Japanese).map(|(bytes, _)| bytes);
    let wrong = |error: &dyn std::fmt::Display| answer(Err(AskError::Other(anyhow::anyhow!("{error}"))));
    match format {
        None | Some("json") => Json(kazasu_report::json::value(report)).into_response(),
        Some("xlsx") => match xlsx::workbook(report) {
            Ok(bytes) => file(bytes, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
            Err(error) => wrong(&error),
        },
        Some("csv") => match csv(csv::Encoding::Utf8) {
            Ok(bytes) => file(bytes, "text/csv; charset=utf-8", "csv"),
            Err(error) => wrong(&error),
        },
        Some("csv-sjis") => match csv(csv::Encoding::ShiftJis) {
            Ok(bytes) => file(bytes, "text/csv; charset=shift_jis", "csv"),
            Err(error) => wrong(&error),
        },
        Some(other) => answer(Err(value("format", format!("must be json, xlsx, csv or csv-sjis, got {other:?}")))),
    }
}
