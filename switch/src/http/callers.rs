//! Who asks.

use super::Api;
use crate::config::Caller;
use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::json;
use sha2::{Digest, Sha256};

pub(super) type Refusal = (StatusCode, Json<serde_json::Value>);

/// Who asks. Hashes are compared, so that the time taken says nothing about the tokens.
pub(super) fn caller<'a>(api: &'a Api, headers: &HeaderMap) -> Result<&'a Caller, Refusal> {
    let given =
        headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
    let given = given.map(|token| Sha256::digest(token.trim().as_bytes()));
    let known = |caller: &&Caller| given == Some(Sha256::digest(caller.token.as_bytes()));
    api.callers.iter().find(known).ok_or_else(|| {
        let text = "send the header `Authorization: Bearer …` with a token of [http] in the key file";
        (StatusCode::UNAUTHORIZED, Json(json!({ "error": text })))
    })
}

/// An operator, not a portal.
pub(super) fn authorized<'a>(api: &'a Api, headers: &HeaderMap) -> Result<&'a Caller, Refusal> {
    let caller = caller(api, headers)?;
    if caller.portal {
        let text = format!("{} is a portal: it acts for residents only", caller.name);
        return Err((StatusCode::FORBIDDEN, Json(json!({ "error": text }))));
    }
    Ok(caller)
}
