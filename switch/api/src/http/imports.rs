//! Files of merchants, links and payees' accounts.

use super::answers::{answer, in_address};
use super::callers::Asker;
use super::state::Api;
use crate::addresses::{IMPORT_LINKS, IMPORT_MERCHANTS, IMPORT_PAYEES};
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::post;
use kazasu_services::Operation;
use kazasu_services::import::{
    ImportFile, ImportLinks, ImportMerchants, ImportPayees, Imported, LookAtLinks, LookAtMerchants, LookAtPayees,
};

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route(IMPORT_LINKS, post(|api, who, form, body| import(api, who, (form, body), (ImportLinks, LookAtLinks))))
        .route(IMPORT_PAYEES, post(|api, who, form, body| import(api, who, (form, body), (ImportPayees, LookAtPayees))))
        .route(
            IMPORT_MERCHANTS,
            post(|api, who, form, body| import(api, who, (form, body), (ImportMerchants, LookAtMerchants))),
        )
}

type Form = Result<Query<ImportFile>, QueryRejection>;

/// The file is the body.
async fn import<O: Operation<Answer = Imported>, L: Operation<Answer = Imported>>(
    State(api): State<Api>,
    Asker(who): Asker,
    (form, body): (Form, Bytes),
    (operation, look): (impl FnOnce(ImportFile) -> O, impl FnOnce(ImportFile) -> L),
) -> Response {
    let Query(form) = match in_address(form) {
        Ok(form) => form,
        Err(refusal) => return *refusal,
    };
    let file = ImportFile { file: body, ..form };
    // A look changes nothing, and one person may.
    match file.dry_run {
        true => answer(api.services.call(look(file), &who).await),
        false => answer(api.services.call(operation(file), &who).await),
    }
}
