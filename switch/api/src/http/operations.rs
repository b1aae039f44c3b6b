//! Handlers that any operation of the services may have: as a question in the address, and as a JSON object.

use super::answers::{answer, answer_of, in_address, misread, unasked};
use super::callers::Asker;
use super::state::Api;
use crate::{doors, json};
use axum::body::Bytes;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use kazasu_services::access::Service;
use kazasu_services::{Operation, ServiceError, Who};
use kazasu_text::Said;
use kazasu_text::access::AccessText;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// An operation that an address takes as a JSON object.
pub(super) trait DoorOperation: Operation<Answer: Serialize> + DeserializeOwned + 'static {}

impl<O: Operation<Answer: Serialize> + DeserializeOwned + 'static> DoorOperation for O {}

/// A question that is the whole address, with its fields behind the question mark.
pub(super) async fn question<Q: DoorOperation>(
    State(api): State<Api>,
    Asker(who): Asker,
    fields: Result<Query<Q>, QueryRejection>,
) -> Response {
    match in_address(fields) {
        Ok(Query(question)) => answer(api.services.call(question, &who).await),
        Err(refusal) => *refusal,
    }
}

/// A question whose fields stand in the address.
pub(super) async fn at<Q: DoorOperation>(
    State(api): State<Api>,
    Asker(who): Asker,
    fields: Result<Path<Q>, PathRejection>,
) -> Response {
    match in_address(fields) {
        Ok(Path(question)) => answer(api.services.call(question, &who).await),
        Err(refusal) => *refusal,
    }
}

/// An operation as a JSON object. Portals have addresses of their own: `/v1/residents/…`.
pub(super) async fn door(State(api): State<Api>, Asker(who): Asker, body: Bytes, service: Service) -> Response {
    if who.is_portal() && service != Service::People {
        return unasked(ServiceError::Forbidden(Said::of(&AccessText::PortalDoor { name: &who.name })));
    }
    match json::object(&body) {
        Ok(object) => answer_of(doors::open(service, &api.services, &who, object).await),
        Err(error) => *misread(&error),
    }
}

/// Carries an operation out to its end, also for a caller that goes away in the middle.
pub(super) async fn to_its_end<O>(api: &Api, operation: O, who: Who) -> Result<O::Answer, ServiceError>
where
    O: Operation + 'static,
    O::Answer: 'static,
{
    let services = api.services.clone();
    let work = tokio::spawn(async move { services.call(operation, &who).await });
    work.await.unwrap_or_else(|error| Err(ServiceError::Other(error.into())))
}
