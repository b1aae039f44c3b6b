//! A panic in a handler.

use super::answers::broken;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use kazasu_engine::tasks::{Kind, broke_off, fault, unwound};

/// A handler that panics is counted and answered all the same, and its connection goes on.
pub(super) async fn caught(request: Request, next: Next) -> Response {
    let answered = async move {
        fault(Kind::HttpConnection);
        next.run(request).await
    };
    match unwound(answered).await {
        Ok(response) => response,
        Err(why) => {
            broke_off(Kind::HttpConnection, &why);
            broken()
        }
    }
}
