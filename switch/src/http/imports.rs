//! Files of merchants and links.

use super::Api;
use super::answers::{asked, outcome};
use super::callers::authorized;
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use kazasu_services::import;

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/v1/import/merchants", post(import_merchants)).route("/v1/import/links", post(import_links))
}

/// How a file that is the body is imported.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ImportForm {
    /// The workbook's sheet.
    sheet: Option<String>,
    /// Only say what would change.
    #[serde(default)]
    dry_run: bool,
}

impl From<ImportForm> for import::Order {
    fn from(form: ImportForm) -> Self {
        let mode = if form.dry_run { import::Mode::Look } else { import::Mode::CarryOut };
        import::Order { sheet: form.sheet, mode }
    }
}

async fn import_merchants(
    State(api): State<Api>,
    form: Result<Query<ImportForm>, QueryRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(refusal) = authorized(&api, &headers) {
        return refusal.into_response();
    }
    let form = match asked(form) {
        Ok(form) => form,
        Err(refusal) => return *refusal,
    };
    outcome(import::merchants(&api.engine, body.to_vec(), &form.into()).await)
}

async fn import_links(
    State(api): State<Api>,
    form: Result<Query<ImportForm>, QueryRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(refusal) = authorized(&api, &headers) {
        return refusal.into_response();
    }
    let form = match asked(form) {
        Ok(form) => form,
        Err(refusal) => return *refusal,
    };
    outcome(import::links(&api.engine, body.to_vec(), &api.desk.imports, &form.into()).await)
}
