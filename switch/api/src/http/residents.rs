//! Portals' requests for residents: the address has the person, the body the rest.

use super::answers::{Reason, answer, answer_of, in_address, misread};
use super::callers::Asker;
use super::operations::DoorOperation;
use super::state::Api;
use crate::addresses::WORD;
use crate::doors;
use crate::json::{self, JsonError};
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post, put};
use kazasu_services::residents::{
    BindCard, LiftSuspension, RemoveLink, SetCard, SetLimits, SetLink, SetSpendable, ShowResident, ShowTaps,
};

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/residents/{ppid}", get(show))
        .route("/v1/residents/{ppid}/link", put(of::<SetLink>).delete(of::<RemoveLink>))
        .route("/v1/residents/{ppid}/limits", put(of::<SetLimits>))
        .route("/v1/residents/{ppid}/spendable", put(of::<SetSpendable>))
        .route("/v1/residents/{ppid}/card", put(of::<SetCard>))
        .route("/v1/residents/{ppid}/card/lift", post(of::<LiftSuspension>))
        .route("/v1/residents/{ppid}/card/bind", post(of::<BindCard>))
        .route("/v1/residents/{ppid}/taps", get(taps))
}

/// One resident. Staff say why they look.
async fn show(
    State(api): State<Api>,
    Asker(who): Asker,
    Path(ppid): Path<String>,
    reason: Result<Query<Reason>, QueryRejection>,
) -> Response {
    match in_address(reason) {
        Ok(Query(Reason { why })) => answer(api.services.call(ShowResident { ppid, why }, &who).await),
        Err(refusal) => *refusal,
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct LastTaps {
    last: Option<u32>,
    why: Option<String>,
}

/// A resident's last taps. Staff say why they look.
async fn taps(
    State(api): State<Api>,
    Asker(who): Asker,
    Path(ppid): Path<String>,
    asked: Result<Query<LastTaps>, QueryRejection>,
) -> Response {
    match in_address(asked) {
        Ok(Query(LastTaps { last, why })) => answer(api.services.call(ShowTaps { ppid, last, why }, &who).await),
        Err(refusal) => *refusal,
    }
}

/// The person in the address and the fields of the body are one request.
async fn of<O: DoorOperation>(
    State(api): State<Api>,
    Asker(who): Asker,
    Path(ppid): Path<String>,
    body: Bytes,
) -> Response {
    let mut object = match json::object(&body) {
        Ok(object) => object,
        Err(error) => return *misread(&error),
    };
    if let Some(key) = [WORD, "ppid"].into_iter().find(|key| object.contains_key(*key)) {
        return *misread(&JsonError::Shape(format!("unknown field `{key}`: the path says it")));
    }
    object.insert("ppid".into(), ppid.into());
    answer_of(doors::carry_out::<O>(&api.services, &who, object).await)
}
