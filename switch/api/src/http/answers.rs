//! Reads the parts of a request, and makes answers of results.

use super::edge::Told;
use super::problem::code;
use super::worded::{Untaken, Worded, reader_of, with_members, worded};
use crate::json::{self, JsonError};
use axum::Json;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kazasu_core::Rejected;
use kazasu_engine::CommandError;
use kazasu_engine::tasks::{Kind, broke_off};
use kazasu_services::ServiceError;
use kazasu_services::people::{PasskeyProblem, ProviderRefusal, Refused as AtProvider, SignInError};
use kazasu_text::problems::ProblemText;
use kazasu_text::requests::{EdgeText, JsonText};
use kazasu_text::{AnyOf, Language, Quoted, Said, Text};
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;
use tokio::task::JoinError;

/// The caller's answer after a panic; the panic's own words are for the log.
pub(super) fn broken() -> Response {
    worded(StatusCode::INTERNAL_SERVER_ERROR, None, &EdgeText::BrokeOff)
}

/// Whether a request's work on a thread or task of its own panicked. It is counted like a handler that panics.
pub(super) fn has_panicked(error: &anyhow::Error) -> bool {
    let panic = error.chain().find(|cause| cause.downcast_ref::<JoinError>().is_some_and(JoinError::is_panic));
    if let Some(panic) = panic {
        broke_off(Kind::HttpConnection, &panic.to_string());
    }
    panic.is_some()
}

/// A value that cannot be read.
pub(super) fn wrong(field: &'static str, problem: &impl Text) -> ServiceError {
    ServiceError::Value { field, problem: Said::of(problem).map(kazasu_schemas::text::masked) }
}

/// The answer to an operation.
pub(super) fn told<T: Serialize>(result: Result<T, ServiceError>) -> Response {
    match result {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => refused(error),
    }
}

/// A refusal for readers of another language than English: `in_readers_language` translates it.
#[derive(Clone, Debug)]
pub struct Refused(pub Arc<ServiceError>);

/// The reason why services did not carry an operation out; the security log has it.
pub(super) fn refused(error: ServiceError) -> Response {
    let mut response = unasked(error);
    response.extensions_mut().insert(Told);
    response
}

/// The reason why the services were not asked.
pub(super) fn unasked(error: ServiceError) -> Response {
    if let ServiceError::Other(error) = &error
        && has_panicked(error)
    {
        return broken();
    }
    let mut response = refusal(&error, Language::English);
    if matches!(error, ServiceError::Command(CommandError::Halted(_))) {
        response.extensions_mut().insert(Untaken);
    }
    response.extensions_mut().insert(Refused(Arc::new(error)));
    response
}

/// Says a refusal in the language that the caller prefers (`Accept-Language`), and in English where the header names none. Codes, the
/// names of fields and the status stay the same.
pub(super) async fn in_readers_language(request: Request, next: Next) -> Response {
    let language = reader_of(request.headers()).unwrap_or(Language::English);
    let response = next.run(request).await;
    if language == Language::English {
        return response;
    }
    if let Some(Refused(error)) = response.extensions().get::<Refused>() {
        let mut said = refusal(error, language);
        // The answer keeps the extensions that outer layers read.
        *said.extensions_mut() = response.extensions().clone();
        return said;
    }
    let Some(body) = response.extensions().get::<Worded>().map(|worded| worded.body(language)) else {
        return response;
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    Response::from_parts(parts, Body::from(body.to_string()))
}

/// The status of the answer to a refusal.
#[must_use]
pub fn status_of(error: &ServiceError) -> StatusCode {
    match error {
        ServiceError::Value { .. } | ServiceError::Cursor(_) | ServiceError::File(_) => StatusCode::BAD_REQUEST,
        ServiceError::State { .. } => StatusCode::CONFLICT,
        ServiceError::Portal(_) => StatusCode::FORBIDDEN,
        ServiceError::Pin | ServiceError::Forbidden(_) | ServiceError::FactorNeeded => StatusCode::FORBIDDEN,
        ServiceError::SignInNeeded(_) => StatusCode::UNAUTHORIZED,
        ServiceError::SignIn(error) => of_sign_in(error),
        ServiceError::Provider(why) => of_provider(why),
        ServiceError::NotFound(_) | ServiceError::Absent { .. } => StatusCode::NOT_FOUND,
        ServiceError::Replaced(_) => StatusCode::PRECONDITION_FAILED,
        ServiceError::Command(CommandError::Rejected(why)) if unusable(why).is_some() => StatusCode::BAD_REQUEST,
        ServiceError::Command(CommandError::Rejected(Rejected::TooManyOpen { .. })) => StatusCode::TOO_MANY_REQUESTS,
        ServiceError::Command(CommandError::Rejected(why)) if why.is_unknown() => StatusCode::NOT_FOUND,
        ServiceError::Command(CommandError::Rejected(_)) => StatusCode::CONFLICT,
        ServiceError::Command(CommandError::NotLeader(_)) => StatusCode::MISDIRECTED_REQUEST,
        ServiceError::Command(CommandError::Halted(_) | CommandError::Stopping) => StatusCode::SERVICE_UNAVAILABLE,
        ServiceError::Unlogged(_) => StatusCode::SERVICE_UNAVAILABLE,
        ServiceError::Other(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn refusal(error: &ServiceError, language: Language) -> Response {
    let cannot_be = match error {
        ServiceError::Command(CommandError::Rejected(why)) => unusable(why),
        _ => None,
    };
    let status = status_of(error);
    let mut body = json!({ "detail": error.in_language(language), "code": code(error) });
    if let Some(field) = cannot_be {
        body["field"] = field.into();
    }
    match error {
        ServiceError::Value { field, .. } | ServiceError::State { field, .. } | ServiceError::Absent { field, .. } => {
            body["field"] = (*field).into()
        }
        ServiceError::Cursor(_) => body["field"] = "cursor".into(),
        ServiceError::File(problems) => {
            body["problems"] = problems.iter().map(|problem| problem.in_language(language)).collect::<Vec<_>>().into()
        }
        ServiceError::Command(CommandError::NotLeader(leader)) => body["leader"] = leader.clone().into(),
        ServiceError::Replaced(replaced) => {
            body["approval"] = replaced.approval.into();
            body["fingerprint"] = replaced.fingerprint.clone().into();
            body["differences"] = json!(replaced.differences);
        }
        ServiceError::SignIn(SignInError::Wait(seconds)) => body["retry_after_seconds"] = (*seconds).into(),
        ServiceError::Pin
        | ServiceError::Portal(_)
        | ServiceError::FactorNeeded
        | ServiceError::SignInNeeded(_)
        | ServiceError::SignIn(_)
        | ServiceError::Provider(_)
        | ServiceError::Forbidden(_)
        | ServiceError::NotFound(_)
        | ServiceError::Command(_)
        | ServiceError::Unlogged(_)
        | ServiceError::Other(_) => {}
    }
    let mut answer = (status, [(header::CONTENT_LANGUAGE, language.tag())], Json(body)).into_response();
    if let ServiceError::SignIn(SignInError::Wait(seconds)) = error {
        answer.headers_mut().insert(header::RETRY_AFTER, (*seconds).into());
    }
    if status == StatusCode::UNAUTHORIZED {
        answer
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer realm=\"kazasu\""));
    }
    answer
}

/// The answer to a caller who has not signed in.
fn of_sign_in(error: &SignInError) -> StatusCode {
    match error {
        SignInError::Wrong | SignInError::Flow | SignInError::FlowOther => StatusCode::UNAUTHORIZED,
        SignInError::Passkey(PasskeyProblem::TooMany | PasskeyProblem::Last) => StatusCode::CONFLICT,
        SignInError::Passkey(_) => StatusCode::UNAUTHORIZED,
        SignInError::Off(_) => StatusCode::FORBIDDEN,
        SignInError::Wait(_) => StatusCode::TOO_MANY_REQUESTS,
        SignInError::Busy => StatusCode::SERVICE_UNAVAILABLE,
        SignInError::Weak(_) | SignInError::OneTimeSecret | SignInError::Code | SignInError::NoMeans => {
            StatusCode::BAD_REQUEST
        }
        SignInError::Store(_) | SignInError::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The answer to a caller whose provider proved no person of this book.
fn of_provider(why: &ProviderRefusal) -> StatusCode {
    match why {
        ProviderRefusal::None | ProviderRefusal::Unknown(_) => StatusCode::BAD_REQUEST,
        ProviderRefusal::Provider(AtProvider::Redirect) => StatusCode::BAD_REQUEST,
        ProviderRefusal::Provider(AtProvider::Unreachable(_)) => StatusCode::BAD_GATEWAY,
        ProviderRefusal::Provider(_) | ProviderRefusal::NotLinked => StatusCode::UNAUTHORIZED,
        ProviderRefusal::Taken => StatusCode::CONFLICT,
        ProviderRefusal::OtherPerson | ProviderRefusal::OtherOrganisation(_) | ProviderRefusal::OneFactor => {
            StatusCode::FORBIDDEN
        }
    }
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

/// The body of a request.
pub(super) fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Box<Response>> {
    json::read(body).map_err(|error| misread(&error))
}

pub(super) fn misread(error: &JsonError) -> Box<Response> {
    let members = error.field().map(|field| ("field".to_owned(), field.into())).into_iter().collect();
    let said = Said::of(&JsonText::Misread { why: &error.said() });
    Box::new(with_members(StatusCode::BAD_REQUEST, members, said))
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
        Some(other) => {
            let choices = AnyOf(&["json", "xlsx", "csv", "csv-sjis"]);
            refused(wrong("format", &ProblemText::OneOf { choices, got: Quoted(other) }))
        }
    }
}
