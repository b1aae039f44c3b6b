//! What a request's parts say, and how what came of it is answered.

use crate::doors::DoorError;
use crate::json::{self, JsonError};
use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use kazasu_core::Rejected;
use kazasu_engine::CommandError;
use kazasu_engine::tasks::{Kind, broke_off};
use kazasu_services::ServiceError;
use serde::Serialize;
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

/// What an address says, with an answer in JSON when it does not fit.
pub(super) fn in_address<T>(parts: Result<T, impl std::fmt::Display>) -> Result<T, Box<Response>> {
    parts.map_err(|error| Box::new(refused(wrong("query", error))))
}

/// A value that cannot be read.
pub(super) fn wrong(field: &'static str, problem: impl std::fmt::Display) -> ServiceError {
    ServiceError::Value { field, problem: kazasu_schemas::text::masked(&problem.to_string()) }
}

/// What came of an operation.
pub(super) fn answer<T: Serialize>(result: Result<T, ServiceError>) -> Response {
    match result {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => refused(error),
    }
}

/// What came of an object.
pub(super) fn answer_of(result: Result<serde_json::Value, DoorError>) -> Response {
    match result {
        Ok(answer) => Json(answer).into_response(),
        Err(DoorError::Misread(error)) => *misread(&error),
        Err(DoorError::Service(error)) => refused(error),
    }
}

/// Why an operation was not carried out.
pub(super) fn refused(error: ServiceError) -> Response {
    if let ServiceError::Other(error) = &error
        && has_panicked(error)
    {
        return broken();
    }
    let cannot_be = match &error {
        ServiceError::Command(CommandError::Rejected(why)) => unusable(why),
        _ => None,
    };
    let status = match &error {
        ServiceError::Value { .. } | ServiceError::File(_) => StatusCode::BAD_REQUEST,
        ServiceError::Pin | ServiceError::Forbidden(_) => StatusCode::FORBIDDEN,
        ServiceError::NotFound(_) => StatusCode::NOT_FOUND,
        ServiceError::Command(CommandError::Rejected(_)) if cannot_be.is_some() => StatusCode::BAD_REQUEST,
        ServiceError::Command(CommandError::Rejected(_)) => StatusCode::CONFLICT,
        ServiceError::Command(CommandError::Elsewhere(_)) => StatusCode::MISDIRECTED_REQUEST,
        ServiceError::Command(CommandError::Halted(_) | CommandError::Stopping) => StatusCode::SERVICE_UNAVAILABLE,
        ServiceError::Other(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let mut body = json!({ "error": error.to_string() });
    if let Some(field) = cannot_be {
        body["field"] = field.into();
    }
    match &error {
        ServiceError::Value { field, .. } => body["field"] = (*field).into(),
        ServiceError::File(problems) => body["problems"] = problems.clone().into(),
        ServiceError::Command(CommandError::Elsewhere(leader)) => body["leader"] = leader.clone().into(),
        ServiceError::Pin
        | ServiceError::Forbidden(_)
        | ServiceError::NotFound(_)
        | ServiceError::Command(_)
        | ServiceError::Other(_) => {}
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

/// A report as JSON, or as a file.
pub(super) fn report_as(report: &kazasu_report::Report, format: Option<&str>, name: &str) -> Response {
    use kazasu_report::{csv, xlsx};
    let file = |bytes: Vec<u8>, kind: &str, ending: &str| {
        let disposition = format!("attachment; filename=\"{name}.{ending}\"");
        ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes).into_response()
    };
    let csv = |encoding| csv::sheet(&report.sheets()[0], encoding, csv::Header::Japanese).map(|(bytes, _)| bytes);
    let failed = |error: &dyn std::fmt::Display| refused(ServiceError::Other(anyhow::anyhow!("{error}")));
    match format {
        None | Some("json") => Json(kazasu_report::json::value(report)).into_response(),
        Some("xlsx") => match xlsx::workbook(report) {
            Ok(bytes) => file(bytes, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
            Err(error) => failed(&error),
        },
        Some("csv") => match csv(csv::Encoding::Utf8) {
            Ok(bytes) => file(bytes, "text/csv; charset=utf-8", "csv"),
            Err(error) => failed(&error),
        },
        Some("csv-sjis") => match csv(csv::Encoding::ShiftJis) {
            Ok(bytes) => file(bytes, "text/csv; charset=shift_jis", "csv"),
            Err(error) => failed(&error),
        },
        Some(other) => refused(wrong("format", format!("must be json, xlsx, csv or csv-sjis, got {other:?}"))),
    }
}
