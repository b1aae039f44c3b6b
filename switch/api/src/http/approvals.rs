//! Requests that two people decide, over HTTP. A request's entity tag is its fingerprint: a decision names what was looked at with
//! `If-Match`, and is refused with 412 and the differences when that is not what is asked for any more.

use super::answers::{answer_of, in_address, misread, refused};
use super::callers::Asker;
use super::operations::{DoorOperation, door, question};
use super::state::Api;
use crate::addresses::{WORD, address};
use crate::json::JsonError;
use crate::{doors, json};
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use kazasu_services::access::Service;
use kazasu_services::approvals::{
    ApproveRequest, DenyRequest, ListApprovals, SendBackRequest, ShowApproval, WithdrawRequest,
};
use serde_json::json;

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route(address(Service::Approvals), post(|api, who, body| door(api, who, body, Service::Approvals)))
        .route("/v1/approvals", get(question::<ListApprovals>))
        .route("/v1/approvals/{approval}", get(shown))
        .route("/v1/approvals/{approval}/approve", post(decided::<ApproveRequest>))
        .route("/v1/approvals/{approval}/send-back", post(decided::<SendBackRequest>))
        .route("/v1/approvals/{approval}/deny", post(decided::<DenyRequest>))
        .route("/v1/approvals/{approval}/withdraw", post(withdrawn))
}

/// One request, with its fingerprint as its entity tag.
async fn shown(
    State(api): State<Api>,
    Asker(who): Asker,
    fields: Result<Path<ShowApproval>, PathRejection>,
) -> Response {
    let Path(asked) = match in_address(fields) {
        Ok(asked) => asked,
        Err(refusal) => return *refusal,
    };
    match api.services.call(asked, &who).await {
        Ok(shown) => {
            let tag = HeaderValue::from_str(&format!("\"{}\"", shown.sha256)).expect("hexadecimal digits");
            ([(header::ETAG, tag)], Json(shown)).into_response()
        }
        Err(error) => refused(error),
    }
}

/// A decision about what `If-Match` names.
async fn decided<O: DoorOperation>(
    (State(api), Asker(who), Path(approval), headers): (State<Api>, Asker, Path<u64>, HeaderMap),
    body: Bytes,
) -> Response {
    let Some(tag) = headers.get(header::IF_MATCH) else { return without_tag() };
    let tag = String::from_utf8_lossy(tag.as_bytes()).into_owned();
    of::<O>(&api, &who, approval, (Some(tag), &body)).await
}

async fn withdrawn(State(api): State<Api>, Asker(who): Asker, Path(approval): Path<u64>, body: Bytes) -> Response {
    of::<WithdrawRequest>(&api, &who, approval, (None, &body)).await
}

/// The request in the address, the tag in the header and the fields of the body are one decision.
async fn of<O: DoorOperation>(
    api: &Api,
    who: &kazasu_services::Who,
    approval: u64,
    (tag, body): (Option<String>, &[u8]),
) -> Response {
    let mut object = match json::object(body) {
        Ok(object) => object,
        Err(error) => return *misread(&error),
    };
    if let Some(key) = [WORD, "approval", "fingerprint"].into_iter().find(|key| object.contains_key(*key)) {
        return *misread(&JsonError::Shape(format!("unknown field `{key}`: the path and If-Match say it")));
    }
    object.insert("approval".into(), approval.into());
    if let Some(tag) = tag {
        object.insert("fingerprint".into(), tag.trim().trim_matches('"').into());
    }
    answer_of(doors::carry_out::<O>(&api.services, who, object).await)
}

/// A decision that does not say what was looked at.
fn without_tag() -> Response {
    let text = "a decision needs If-Match with the entity tag of the request that was looked at (GET /v1/approvals/N)";
    let body = json!({ "error": text, "code": "if_match_needed" });
    (StatusCode::PRECONDITION_REQUIRED, Json(body)).into_response()
}
