//! Files of merchants, links and payees' accounts.

use super::answers::told;
use super::callers::Asker;
use super::fields::Fields;
use super::operations::{Sent, handed_in};
use super::state::Api;
use crate::addresses::{IMPORT_LINKS, IMPORT_MERCHANTS, IMPORT_PAYEES};
use crate::routes::at;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use kazasu_services::Operation;
use kazasu_services::import::{
    ImportFile, ImportLinks, ImportMerchants, ImportPayees, Imported, LookAtLinks, LookAtMerchants, LookAtPayees,
};

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route(
            &at(IMPORT_PAYEES),
            post(|api, who, form, sent| import(api, who, (form, sent), (ImportPayees, LookAtPayees))),
        )
        .route(
            &at(IMPORT_LINKS),
            post(|api, who, form, sent| import(api, who, (form, sent), (ImportLinks, LookAtLinks))),
        )
        .route(
            &at(IMPORT_MERCHANTS),
            post(|api, who, form, sent| import(api, who, (form, sent), (ImportMerchants, LookAtMerchants))),
        )
}

/// The file is the body.
async fn import<O, L>(
    State(api): State<Api>,
    Asker(who): Asker,
    (Fields(form), sent): (Fields<ImportFile>, Sent),
    (operation, look): (impl FnOnce(ImportFile) -> O, impl FnOnce(ImportFile) -> L),
) -> Response
where
    O: Operation<Answer = Imported> + 'static,
    L: Operation<Answer = Imported>,
{
    let file = ImportFile { file: sent.body.clone(), ..form };
    // A look changes nothing, and one person may.
    match file.dry_run {
        true => told(api.services.call(look(file), &who).await),
        false => handed_in(api, who, operation(file), &sent).await,
    }
}
