//! Files of merchants and links.

use super::answers::{in_address, told};
use super::at;
use super::callers::Asker;
use super::operations::{Sent, handed_in};
use super::state::Api;
use crate::addresses::{IMPORT_LINKS, IMPORT_MERCHANTS};
use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::post;
use kazasu_services::Operation;
use kazasu_services::import::{ImportFile, ImportLinks, ImportMerchants, Imported, LookAtLinks, LookAtMerchants};

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route(
            &at(IMPORT_LINKS),
            post(|api, who, form, sent| import(api, who, (form, sent), (ImportLinks, LookAtLinks))),
        )
        .route(
            &at(IMPORT_MERCHANTS),
            post(|api, who, form, sent| import(api, who, (form, sent), (ImportMerchants, LookAtMerchants))),
        )
}

type Form = Result<Query<ImportFile>, QueryRejection>;

/// The file is the body.
async fn import<O, L>(
    State(api): State<Api>,
    Asker(who): Asker,
    (form, sent): (Form, Sent),
    (operation, look): (impl FnOnce(ImportFile) -> O, impl FnOnce(ImportFile) -> L),
) -> Response
where
    O: Operation<Answer = Imported> + 'static,
    L: Operation<Answer = Imported>,
{
    let Query(form) = match in_address(form) {
        Ok(form) => form,
        Err(refusal) => return *refusal,
    };
    let file = ImportFile { file: sent.body.clone(), ..form };
    // A look changes nothing, and one person may.
    match file.dry_run {
        true => told(api.services.call(look(file), &who).await),
        false => handed_in(api, who, operation(file), &sent).await,
    }
}
