//! What portals ask for residents.

use super::Api;
use super::answers::{answer, misread};
use super::callers::caller;
use crate::json::{self, JsonError};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use kazasu_ledger::record::LinkOrigin;
use kazasu_services::admin::Ask;
use serde_json::json;

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/residents/{ppid}", get(resident))
        .route("/v1/residents/{ppid}/link", put(put_link).delete(delete_link))
        .route("/v1/residents/{ppid}/limits", put(put_limits))
        .route("/v1/residents/{ppid}/spendable", put(put_spendable))
        .route("/v1/residents/{ppid}/card", put(put_card))
}

/// Something to be done for a resident.
struct OfResident {
    what: &'static str,
    ppid: String,
    body: Bytes,
}

/// What a portal asks for a resident: the body without the PPID, which is in the path.
async fn for_resident(api: &Api, headers: &HeaderMap, asked: OfResident) -> Response {
    let OfResident { what, ppid, body } = asked;
    let (by, portal) = match caller(api, headers) {
        Ok(caller) => (caller.name.clone(), caller.portal),
        Err(refusal) => return refusal.into_response(),
    };
    let mut object = match json::object(&body) {
        Ok(object) => object,
        Err(error) => return *misread(&error),
    };
    if let Some(key) = ["do", "ppid"].into_iter().find(|key| object.contains_key(*key)) {
        return *misread(&JsonError::Shape(format!("unknown field `{key}`: the path says it")));
    }
    if portal && what == "set_card" && object.get("status").is_none_or(|status| status != "suspended") {
        let text = "a portal may only suspend a card (status suspended)";
        return (StatusCode::FORBIDDEN, Json(json!({ "error": text }))).into_response();
    }
    object.insert("do".into(), what.into());
    object.insert("ppid".into(), ppid.into());
    match json::shaped::<Ask>(object) {
        Ok(ask) => {
            let origin = if portal { LinkOrigin::Holder } else { LinkOrigin::Counter };
            answer(api.desk.carry_out(ask, &by, origin).await)
        }
        Err(error) => *misread(&error),
    }
}

async fn put_link(State(api): State<Api>, Path(ppid): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    for_resident(&api, &headers, OfResident { what: "link", ppid, body }).await
}

async fn delete_link(State(api): State<Api>, Path(ppid): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    for_resident(&api, &headers, OfResident { what: "unlink", ppid, body }).await
}

async fn put_limits(State(api): State<Api>, Path(ppid): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    for_resident(&api, &headers, OfResident { what: "set_limits", ppid, body }).await
}

async fn put_spendable(State(api): State<Api>, Path(ppid): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    for_resident(&api, &headers, OfResident { what: "set_spendable", ppid, body }).await
}

async fn put_card(State(api): State<Api>, Path(ppid): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    for_resident(&api, &headers, OfResident { what: "set_card", ppid, body }).await
}

async fn resident(State(api): State<Api>, Path(ppid): Path<String>, headers: HeaderMap) -> Response {
    if let Err(refusal) = caller(&api, &headers) {
        return refusal.into_response();
    }
    match api.desk.resident(&ppid).await {
        Ok(Some(value)) => Json(value).into_response(),
        Ok(None) => {
            let text = format!("PPID {ppid} is not known");
            (StatusCode::NOT_FOUND, Json(json!({ "error": text }))).into_response()
        }
        Err(error) => answer(Err(error)),
    }
}
