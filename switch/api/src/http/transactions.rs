//! Payments, found by what people know of them.

use super::answers::{Reason, answer, in_address};
use super::callers::Asker;
use super::operations::question;
use super::state::Api;
use axum::Router;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use kazasu_services::transactions::{FindTransactions, ShowTakings, ShowTransaction};

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/transactions", get(question::<FindTransactions>))
        .route("/v1/transactions/{record}", get(show))
        .route("/v1/takings", get(question::<ShowTakings>))
}

/// One payment, and what came after it.
async fn show(
    State(api): State<Api>,
    Asker(who): Asker,
    record: Result<Path<u64>, PathRejection>,
    reason: Result<Query<Reason>, QueryRejection>,
) -> Response {
    let (record, why) = match (in_address(record), in_address(reason)) {
        (Ok(Path(record)), Ok(Query(Reason { why }))) => (record, why),
        (Err(refusal), _) | (_, Err(refusal)) => return *refusal,
    };
    answer(api.services.call(ShowTransaction { record, why }, &who).await)
}
