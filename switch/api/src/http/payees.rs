//! Payees' accounts: the address has the payee, the body the rest.

use super::answers::{answer, answer_of, in_address, misread};
use super::callers::Asker;
use super::operations::DoorOperation;
use super::state::Api;
use crate::addresses::WORD;
use crate::doors;
use crate::json::{self, JsonError};
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use kazasu_services::payees::{EndPayee, ListPayees, RevealPayee, SetPayee};

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/payees", get(all))
        .route("/v1/payees/{of}/{id}", get(shown).post(of::<SetPayee>))
        .route("/v1/payees/{of}/{id}/end", post(of::<EndPayee>))
        .route("/v1/payees/{of}/{id}/reveal", post(of::<RevealPayee>))
}

/// Every payee's account, masked.
async fn all(State(api): State<Api>, Asker(who): Asker) -> Response {
    answer(api.services.call(ListPayees::default(), &who).await)
}

/// One payee's account, masked.
async fn shown(
    State(api): State<Api>,
    Asker(who): Asker,
    payee: Result<Path<(String, String)>, PathRejection>,
) -> Response {
    match in_address(payee) {
        Ok(Path((of, id))) => answer(api.services.call(ListPayees { payee: Some(format!("{of}/{id}")) }, &who).await),
        Err(refusal) => *refusal,
    }
}

/// The payee in the address and the fields of the body are one request.
async fn of<O: DoorOperation>(
    State(api): State<Api>,
    Asker(who): Asker,
    payee: Result<Path<(String, String)>, PathRejection>,
    body: Bytes,
) -> Response {
    let Path((of, id)) = match in_address(payee) {
        Ok(payee) => payee,
        Err(refusal) => return *refusal,
    };
    let mut object = match json::object(&body) {
        Ok(object) => object,
        Err(error) => return *misread(&error),
    };
    if let Some(key) = [WORD, "payee"].into_iter().find(|key| object.contains_key(*key)) {
        return *misread(&JsonError::Shape(format!("unknown field `{key}`: the path says it")));
    }
    object.insert("payee".into(), format!("{of}/{id}").into());
    answer_of(doors::carry_out::<O>(&api.services, &who, object).await)
}
