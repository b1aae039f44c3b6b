//! Files of merchants and links.

use super::Api;
use super::answers::{answer, in_address};
use super::callers::Asker;
use crate::api::{IMPORT_LINKS, IMPORT_MERCHANTS};
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::post;
use kazasu_services::Operation;
use kazasu_services::import::{ImportFile, ImportLinks, ImportMerchants, ImportReport};
use std::sync::Arc;

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route(IMPORT_LINKS, post(|api, who, form, body| import(api, who, (form, body), ImportLinks)))
        .route(IMPORT_MERCHANTS, post(|api, who, form, body| import(api, who, (form, body), ImportMerchants)))
}

type Form = Result<Query<ImportFile>, QueryRejection>;

/// The file is the body.
async fn import<O: Operation<Answer = ImportReport>>(
    State(api): State<Api>,
    Asker(who): Asker,
    (form, body): (Form, Bytes),
    operation: impl FnOnce(ImportFile) -> O,
) -> Response {
    let Query(form) = match in_address(form) {
        Ok(form) => form,
        Err(refusal) => return *refusal,
    };
    answer(api.services.call(operation(ImportFile { file: Arc::new(body.to_vec()), ..form }), &who).await)
}
