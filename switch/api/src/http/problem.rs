//! The one form of every error (RFC 9457, `application/problem+json`), and the id by which a request is named in its answer.

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use kazasu_core::Rejected;
use kazasu_engine::CommandError;
use kazasu_services::ServiceError;
use kazasu_services::people::SignInError;
use serde_json::{Map, Value, json};

/// Names a request: as the caller gave it, or a new one.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");
/// The longest id that is taken from a caller.
const MOST_ID: usize = 64;
/// The seconds after which a caller asks again, where nothing says more.
const AGAIN: HeaderValue = HeaderValue::from_static("5");
/// The longest error that is put into the form; nothing that the switch says is near it.
const MOST: usize = 4 << 20;
/// The node's state, for a browser.
pub(super) const STATUS_PAGE: &str = "/status";
/// What probes and browsers read as it is.
pub(super) const PLAIN: [&str; 4] = [STATUS_PAGE, "/healthz", "/readyz", "/metrics"];

/// 16 random hexadecimal digits; zeros where the machine has no random numbers, which a request does not need.
fn id() -> String {
    let random = kazasu_engine::clock::random_bytes(8).unwrap_or_else(|_| vec![0; 8]);
    format!("req_{}", hex::encode(random))
}

/// Visible ASCII of a bounded length: it is written into answers and logs.
fn named(request: &Request) -> Option<String> {
    let text = request.headers().get(REQUEST_ID)?.to_str().ok()?;
    let fits = !text.is_empty() && text.len() <= MOST_ID && text.bytes().all(|b| b.is_ascii_graphic());
    (fits && !kazasu_schemas::text::names_a_card(text)).then(|| text.to_owned())
}

/// The address as the router knows it, so that a count has no value that a caller chose.
struct Place {
    method: &'static str,
    route: String,
}

impl Place {
    fn of(request: &Request) -> Place {
        let method = match *request.method() {
            Method::GET => "GET",
            Method::HEAD => "HEAD",
            Method::POST => "POST",
            Method::PUT => "PUT",
            Method::DELETE => "DELETE",
            _ => "other",
        };
        let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
        Place { method, route }
    }

    /// Counts an answer: of an error with its code, of any other with none.
    fn answered(self, status: StatusCode, code: String) {
        let status = status.as_str().to_owned();
        metrics::counter!("kazasu_http_answers_total", "method" => self.method, "route" => self.route, "status" => status, "code" => code)
            .increment(1);
    }
}

/// Names the request, and gives an error the form.
pub(super) async fn in_one_form(request: Request, next: Next) -> Response {
    let id = named(&request).unwrap_or_else(id);
    let is_plain = PLAIN.contains(&request.uri().path());
    let place = Place::of(&request);
    let mut response = next.run(request).await;
    let is_error = response.status().is_client_error() || response.status().is_server_error();
    let mut code = String::new();
    if is_error && !is_plain {
        (response, code) = formed(response, &id).await;
    }
    let is_for_now = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&response.status());
    if is_for_now && !is_plain {
        response.headers_mut().entry(header::RETRY_AFTER).or_insert(AGAIN);
    }
    place.answered(response.status(), code);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// An error in the form, and its code.
async fn formed(response: Response, id: &str) -> (Response, String) {
    let (mut parts, body) = response.into_parts();
    let said = to_bytes(body, MOST).await.unwrap_or_default();
    let mut members = match serde_json::from_slice(&said) {
        Ok(Value::Object(members)) => members,
        _ => Map::from_iter([("detail".to_owned(), String::from_utf8_lossy(&said).trim().into())]),
    };
    complete(&mut members, parts.status, id);
    let code = members["code"].as_str().unwrap_or_default().to_owned();
    let bytes = Value::Object(members).to_string();
    parts.headers.insert(header::CONTENT_TYPE, PROBLEM);
    parts.headers.remove(header::CONTENT_LENGTH);
    (Response::from_parts(parts, Body::from(bytes)), code)
}

/// Adds what the form has besides what was said.
fn complete(members: &mut Map<String, Value>, status: StatusCode, id: &str) {
    let code = members.get("code").and_then(Value::as_str).unwrap_or_else(|| usual(status)).to_owned();
    debug_assert!(CODES.contains(&code.as_str()), "{code} is in the list of codes");
    let detail = members.remove("detail").unwrap_or_else(|| json!(status.canonical_reason()));
    let mut errors = Vec::new();
    if let Some(Value::String(field)) = members.remove("field") {
        errors.push(json!({ "pointer": format!("/{field}"), "code": code, "detail": detail }));
    }
    let problems = match members.remove("problems") {
        Some(Value::Array(problems)) => problems,
        _ => Vec::new(),
    };
    errors.extend(problems.into_iter().map(|problem| json!({ "pointer": "", "code": code, "detail": problem })));
    members.insert("type".into(), "about:blank".into());
    members.insert("title".into(), json!(status.canonical_reason()));
    members.insert("status".into(), status.as_u16().into());
    members.insert("code".into(), code.into());
    members.insert("detail".into(), detail);
    members.insert("request_id".into(), id.into());
    if !errors.is_empty() {
        members.insert("errors".into(), errors.into());
    }
}

/// Every code that an error has. The document names them.
pub(crate) const CODES: &[&str] = &[
    "answer_not_kept",
    "approval_replaced",
    "attempt_over",
    "body_too_long",
    "body_too_slow",
    "cursor_invalid",
    "cursor_of_another_list",
    "file_invalid",
    "forbidden",
    "fresh_factor_needed",
    "idempotency_key_invalid",
    "idempotency_key_missing",
    "idempotency_key_reused",
    "idempotency_outcome_unknown",
    "idempotency_under_way",
    "if_match_missing",
    "internal",
    "ledger_halted",
    "means_switched_off",
    "media_type",
    "method_not_allowed",
    "no_such_address",
    "not_found",
    "not_leader",
    "one_time_code_invalid",
    "passkey_refused",
    "password_weak",
    "pin_not_verified",
    "portal_key_missing",
    "provider_refused",
    "refused",
    "request_invalid",
    "security_log_unavailable",
    "sign_in_busy",
    "sign_in_needed",
    "sign_in_refused",
    "statement_form",
    "statement_missing",
    "statement_moment",
    "statement_other",
    "statement_signature",
    "statement_too_weak",
    "statement_used",
    "stopping",
    "too_many_attempts",
    "too_many_requests",
    "unavailable",
    "value_invalid",
];

/// The code of an error that no service made.
pub(super) fn usual(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "request_invalid",
        StatusCode::UNAUTHORIZED => "sign_in_needed",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::NOT_FOUND => "no_such_address",
        StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
        StatusCode::REQUEST_TIMEOUT => "body_too_slow",
        StatusCode::CONFLICT => "refused",
        StatusCode::PAYLOAD_TOO_LARGE => "body_too_long",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "media_type",
        StatusCode::MISDIRECTED_REQUEST => "not_leader",
        StatusCode::PRECONDITION_FAILED => "approval_replaced",
        StatusCode::PRECONDITION_REQUIRED => "if_match_missing",
        StatusCode::TOO_MANY_REQUESTS => "too_many_requests",
        StatusCode::SERVICE_UNAVAILABLE => "unavailable",
        _ => "internal",
    }
}

/// The code of a service's error.
pub(super) fn code(error: &ServiceError) -> &'static str {
    match error {
        ServiceError::Value { .. } => "value_invalid",
        ServiceError::Cursor(why) => why.code(),
        ServiceError::File(_) => "file_invalid",
        ServiceError::Pin => "pin_not_verified",
        ServiceError::Portal(why) => why.code(),
        ServiceError::SignInNeeded(_) => "sign_in_needed",
        ServiceError::FactorNeeded => "fresh_factor_needed",
        ServiceError::SignIn(error) => of_sign_in(error),
        ServiceError::Provider(_) => "provider_refused",
        ServiceError::Forbidden(_) => "forbidden",
        ServiceError::State { .. } => "refused",
        ServiceError::NotFound(_) | ServiceError::Absent { .. } => "not_found",
        ServiceError::Replaced(_) => "approval_replaced",
        ServiceError::Command(CommandError::Rejected(why)) => of_rejection(why),
        ServiceError::Command(CommandError::NotLeader(_)) => "not_leader",
        ServiceError::Command(CommandError::Halted(_)) => "ledger_halted",
        ServiceError::Command(CommandError::Stopping) => "stopping",
        ServiceError::Unlogged(_) => "security_log_unavailable",
        ServiceError::Other(_) => "internal",
    }
}

fn of_sign_in(error: &SignInError) -> &'static str {
    match error {
        SignInError::Wrong => "sign_in_refused",
        SignInError::Wait(_) => "too_many_attempts",
        SignInError::Busy => "sign_in_busy",
        SignInError::Weak(_) => "password_weak",
        SignInError::OneTimeSecret | SignInError::Code => "one_time_code_invalid",
        SignInError::Off(_) => "means_switched_off",
        SignInError::NoMeans => "value_invalid",
        SignInError::Flow | SignInError::FlowOther => "attempt_over",
        SignInError::Passkey(_) => "passkey_refused",
        SignInError::Store(_) | SignInError::Failed(_) => "internal",
    }
}

/// The core's refusals are many, and each has its sentence; programs need to know whether the value or the state is to blame.
fn of_rejection(why: &Rejected) -> &'static str {
    match why {
        Rejected::OwnLimit(..) | Rejected::Amount(_) | Rejected::Reference => "value_invalid",
        why if why.is_unknown() => "not_found",
        _ => "refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: Value, status: StatusCode) -> Map<String, Value> {
        let Value::Object(mut members) = body else { panic!("an object") };
        complete(&mut members, status, "req_1");
        members
    }

    #[test]
    fn an_error_has_code_detail_request_and_pointers() {
        let value = of(json!({ "detail": "amount: must be above zero", "field": "amount" }), StatusCode::BAD_REQUEST);
        assert_eq!(
            (&value["status"], &value["code"], &value["request_id"]),
            (&json!(400), &json!("request_invalid"), &json!("req_1"))
        );
        assert_eq!(value["errors"][0]["pointer"], "/amount");
        let value = of(
            json!({ "detail": "two", "problems": ["line 1", "line 2"], "code": "file_invalid" }),
            StatusCode::BAD_REQUEST,
        );
        assert_eq!((value["errors"].as_array().unwrap().len(), &value["errors"][1]["detail"]), (2, &json!("line 2")));
        let value = of(json!({}), StatusCode::NOT_FOUND);
        assert_eq!((&value["code"], &value["detail"]), (&json!("no_such_address"), &json!("Not Found")));
        assert_eq!(value.get("errors"), None);
    }
}
