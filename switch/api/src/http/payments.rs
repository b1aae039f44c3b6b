//! Payments and their corrections: the address has the payment's record, the body the rest.

use super::answers::{Reason, answer, answer_of, in_address, misread};
use super::callers::Asker;
use super::operations::DoorOperation;
use super::state::Api;
use crate::addresses::WORD;
use crate::doors;
use crate::json::{self, JsonError};
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use kazasu_services::corrections::{ReducePayment, RefundPayment, ShowPayment, WriteOffPayment};

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/payments/{payment}", get(shown))
        .route("/v1/payments/{payment}/refund", post(of::<RefundPayment>))
        .route("/v1/payments/{payment}/reduce", post(of::<ReducePayment>))
        .route("/v1/payments/{payment}/write-off", post(of::<WriteOffPayment>))
}

/// One payment. Staff say why they look.
async fn shown(
    State(api): State<Api>,
    Asker(who): Asker,
    payment: Result<Path<u64>, PathRejection>,
    reason: Result<Query<Reason>, QueryRejection>,
) -> Response {
    match (in_address(payment), in_address(reason)) {
        (Ok(Path(payment)), Ok(Query(Reason { why }))) => {
            answer(api.services.call(ShowPayment { payment, why }, &who).await)
        }
        (Err(refusal), _) | (_, Err(refusal)) => *refusal,
    }
}

/// The payment in the address and the fields of the body are one request.
async fn of<O: DoorOperation>(
    State(api): State<Api>,
    Asker(who): Asker,
    payment: Result<Path<u64>, PathRejection>,
    body: Bytes,
) -> Response {
    let Path(payment) = match in_address(payment) {
        Ok(payment) => payment,
        Err(refusal) => return *refusal,
    };
    let mut object = match json::object(&body) {
        Ok(object) => object,
        Err(error) => return *misread(&error),
    };
    if let Some(key) = [WORD, "payment"].into_iter().find(|key| object.contains_key(*key)) {
        return *misread(&JsonError::Shape(format!("unknown field `{key}`: the path says it")));
    }
    object.insert("payment".into(), payment.into());
    answer_of(doors::carry_out::<O>(&api.services, &who, object).await)
}
