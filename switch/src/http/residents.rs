//! What portals ask for residents: the person stands in the address, the rest of the request in the body.

use super::Api;
use super::answers::{answer_of, misread};
use super::callers::Asker;
use super::{DoorOperation, at};
use crate::api::WORD;
use crate::doors;
use crate::json::{self, JsonError};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, put};
use kazasu_services::residents::{RemoveLink, SetCard, SetLimits, SetLink, SetSpendable, ShowResident};

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/residents/{ppid}", get(at::<ShowResident>))
        .route("/v1/residents/{ppid}/link", put(of::<SetLink>).delete(of::<RemoveLink>))
        .route("/v1/residents/{ppid}/limits", put(of::<SetLimits>))
        .route("/v1/residents/{ppid}/spendable", put(of::<SetSpendable>))
        .route("/v1/residents/{ppid}/card", put(of::<SetCard>))
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
