//! A form of a page that is handed in: carried out once, however often its button is pressed. Its key is made with the form, as a
//! program makes an `Idempotency-Key` with its request.

use super::answers::{Refused, told, unasked};
use super::once::{Named, named_once};
use super::state::Api;
use axum::http::StatusCode;
use kazasu_engine::CommandError;
use kazasu_schemas::portal::request_digest;
use kazasu_services::{Operation, ServiceError, Who};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// The longest answer that is read back.
const MOST: usize = 4 << 20;

/// A form that was handed in.
#[derive(Clone, Copy, Debug)]
pub struct Form<'a> {
    /// Its key, which no other form has.
    pub key: &'a str,
    /// The address to which it was sent.
    pub path: &'a str,
    /// What was filled in, without what is not the same on each way (a token, a code).
    pub content: &'a [u8],
}

/// What came of a form.
#[derive(Debug)]
pub enum Handed<A> {
    /// It was carried out, now or by an earlier press of the button.
    Done(A),
    /// The services refused it; nothing was changed.
    Refused(Arc<ServiceError>),
    /// An earlier press of the button is being carried out.
    UnderWay,
    /// The program stopped while it carried the form out: a person looks whether it was done.
    Unknown,
    /// It was not carried out, for a reason of the switch itself.
    Failed(StatusCode),
}

/// Carries out what a form asks for, once for each of its caller's keys.
pub async fn handed_in_once<O>(api: &Api, who: &Who, operation: O, form: Form<'_>) -> Handed<O::Answer>
where
    O: Operation<Answer: Serialize + DeserializeOwned> + 'static,
{
    let (services, asker, subject) = (api.services.clone(), who.clone(), operation.subject());
    let work = async move { told(services.call(operation, &asker).await) };
    // Only the node that leads carries anything out. A node that takes the lead in this moment does nothing without the key's row.
    let response = if api.services.leads().is_none() {
        unasked(ServiceError::Command(CommandError::NotLeader(api.engine.health().leader().http)))
    } else {
        let id = [who.name.as_bytes(), &[0], b"form ", form.key.as_bytes()].concat();
        let digest = hex::encode(request_digest("POST", form.path, form.content));
        named_once(api, (who, Named { id, digest, name: O::NAME, subject }), work).await
    };
    let status = response.status();
    if let Some(Refused(error)) = response.extensions().get::<Refused>() {
        return Handed::Refused(error.clone());
    }
    let body = axum::body::to_bytes(response.into_body(), MOST).await.unwrap_or_default();
    if status.is_success() {
        return serde_json::from_slice(&body).map_or(Handed::Unknown, Handed::Done);
    }
    let code = serde_json::from_slice::<serde_json::Value>(&body)
        .ok()
        .and_then(|body| Some(body.get("code")?.as_str()?.to_owned()));
    match code.as_deref() {
        Some("idempotency_under_way") => Handed::UnderWay,
        Some("idempotency_outcome_unknown" | "answer_not_kept") => Handed::Unknown,
        Some(_) | None => Handed::Failed(status),
    }
}
