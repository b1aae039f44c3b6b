//! Who asks.

use super::Api;
use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use kazasu_services::Who;
use serde_json::json;
use sha2::{Digest, Sha256};

pub(super) type Refusal = (StatusCode, Json<serde_json::Value>);

/// Who asks. Hashes are compared, so that the time taken says nothing about the tokens.
pub(super) fn caller(api: &Api, headers: &HeaderMap) -> Result<Who, Refusal> {
    let given =
        headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
    let given = given.map(|token| Sha256::digest(token.trim().as_bytes()));
    let known = |caller: &&crate::config::Caller| given == Some(Sha256::digest(caller.token.as_bytes()));
    api.callers.iter().find(known).map(crate::config::Caller::who).ok_or_else(|| {
        let text = "send the header `Authorization: Bearer …` with a token of [http] in the key file";
        (StatusCode::UNAUTHORIZED, Json(json!({ "error": text })))
    })
}

/// The caller of a request. What it may ask is decided by the services.
pub(super) struct Asker(pub(super) Who);

impl FromRequestParts<Api> for Asker {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        caller(api, &parts.headers).map(Asker)
    }
}
