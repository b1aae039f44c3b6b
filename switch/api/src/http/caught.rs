//! A panic in a handler.

use super::worded::{reader_of, worded_in};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use kazasu_engine::tasks::{Kind, broke_off, fault, unwound};
use kazasu_text::Language;
use kazasu_text::requests::EdgeText;

/// A handler that panics is counted and answered all the same, and its connection goes on.
pub(super) async fn caught(request: Request, next: Next) -> Response {
    let language = reader_of(request.headers()).unwrap_or(Language::English);
    let answered = async move {
        fault(Kind::HttpConnection);
        next.run(request).await
    };
    match unwound(answered).await {
        Ok(response) => response,
        Err(why) => {
            broke_off(Kind::HttpConnection, &why);
            worded_in(language, StatusCode::INTERNAL_SERVER_ERROR, &EdgeText::BrokeOff)
        }
    }
}
