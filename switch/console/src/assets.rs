//! The style sheet, under a name that changes with it, so that browsers keep it as long as it is the same.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const STYLE: &str = include_str!("../assets/console.css");

static ADDRESS: LazyLock<String> =
    LazyLock::new(|| format!("/assets/console-{}.css", hex::encode(&Sha256::digest(STYLE.as_bytes())[..8])));

/// The address of the style sheet.
pub(crate) fn style() -> &'static str {
    &ADDRESS
}

/// The style sheet.
pub(crate) async fn shown() -> Response {
    let kept = "public, max-age=31536000, immutable";
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, kept)], STYLE).into_response()
}
