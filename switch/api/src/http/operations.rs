//! The one handler of every operation that has an address of its own: the fields of the path, of the question mark and of the body
//! are one request, which is read strictly, and carried out once for each idempotency key.

use super::answers::{misread, refused, told};
use super::callers::Asker;
use super::once::{Request, once};
use super::state::Api;
use super::worded::worded;
use crate::json::{self, JsonError};
use crate::kinds::Kinds;
use crate::routes::{Addressed, at, fields_of};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRequest, RawPathParams, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use kazasu_services::{Operation, ServiceError, Who};
use kazasu_text::requests::{EdgeText, JsonText};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::sync::Arc;

/// An operation that an address takes.
pub(super) trait Asked: Addressed<Answer: Serialize + Send> + DeserializeOwned + JsonSchema + 'static {}

impl<O: Addressed<Answer: Serialize + Send> + DeserializeOwned + JsonSchema + 'static> Asked for O {}

/// A request that changes something.
pub(super) struct Sent {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    /// The object, or the file.
    pub(super) body: Bytes,
}

impl FromRequest<Api> for Sent {
    type Rejection = Response;

    async fn from_request(request: axum::extract::Request, api: &Api) -> Result<Self, Response> {
        let (method, uri, headers) = (request.method().clone(), request.uri().clone(), request.headers().clone());
        // The body was read whole before, within the bounds of its address.
        let body = Bytes::from_request(request, api).await.map_err(IntoResponse::into_response)?;
        Ok(Sent { method, uri, headers, body })
    }
}

/// Adds the address of an operation.
pub(super) fn routed<O: Asked>(app: Router<Api>) -> Router<Api> {
    let kinds = Arc::new(Kinds::of::<O>(fields_of(O::PATH)));
    let path = at(O::PATH);
    if O::METHOD == Method::GET {
        let asked = async move |State(api): State<Api>, Asker(who), params: RawPathParams, RawQuery(query)| {
            let fields = kinds.in_address(&params, (query.as_deref(), true));
            answered::<O>(&api, &who, fields).await
        };
        return app.route(&path, get(asked));
    }
    let asked = async move |State(api): State<Api>, Asker(who), params: RawPathParams, sent: Sent| {
        let object = object::<O>(&kinds, &params, &sent);
        commanded::<O>(api, who, (object, sent)).await
    };
    app.route(
        &path,
        if O::METHOD == Method::DELETE {
            delete(asked)
        } else if O::METHOD == Method::PUT {
            put(asked)
        } else {
            post(asked)
        },
    )
}

/// The fields of the path, of the address or body, and of the entity tag.
fn object<O: Asked>(kinds: &Kinds, params: &RawPathParams, sent: &Sent) -> Result<Map<String, Value>, JsonError> {
    let in_query = O::METHOD == Method::DELETE;
    let mut fields = kinds.in_address(params, (sent.uri.query(), in_query))?;
    if in_query && !sent.body.is_empty() {
        return Err(JsonError::shape(&JsonText::BodyOfDelete));
    }
    if !in_query {
        fields = kinds.with_body(fields, json::object(&sent.body)?)?;
    }
    if let Some(name) = O::TAG {
        if fields.contains_key(name) {
            return Err(JsonError::key(name, &JsonText::InTag { field: name }));
        }
        let tag = sent.headers.get(header::IF_MATCH).map(|tag| String::from_utf8_lossy(tag.as_bytes()).into_owned());
        fields.extend(tag.map(|tag| (name.to_owned(), tag.trim().trim_matches('"').into())));
    }
    Ok(fields)
}

pub(super) async fn answered<O: Asked>(
    api: &Api,
    who: &Who,
    fields: Result<Map<String, Value>, JsonError>,
) -> Response {
    // A caller without the right learns nothing of the request's shape.
    if let Err(error) = api.services.admit_somewhere(O::NAME, who).await {
        return refused(error);
    }
    match fields.and_then(json::shaped::<O>) {
        Ok(question) => shown::<O>(api.services.call(question, who).await),
        Err(error) => *misread(&error),
    }
}

/// An answer, with the entity tag that a decision about it names.
fn shown<O: Asked>(result: Result<O::Answer, ServiceError>) -> Response {
    let tag = result.as_ref().ok().and_then(O::tag);
    let mut response = told(result);
    if let Some(tag) = tag.and_then(|tag| HeaderValue::from_str(&format!("\"{tag}\"")).ok()) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

async fn commanded<O: Asked>(
    api: Api,
    who: Who,
    (object, sent): (Result<Map<String, Value>, JsonError>, Sent),
) -> Response {
    if let Err(error) = api.services.admit_somewhere(O::NAME, &who).await {
        return refused(error);
    }
    if O::TAG.is_some() && !sent.headers.contains_key(header::IF_MATCH) {
        return without_tag();
    }
    let operation = match object.and_then(json::shaped::<O>) {
        Ok(operation) => operation,
        Err(error) => return *misread(&error),
    };
    handed_in(api, who, operation, &sent).await
}

/// Carries an operation out, once for each idempotency key, and to its end also for a caller that goes away in the middle.
pub(super) async fn handed_in<O>(api: Api, who: Who, operation: O, sent: &Sent) -> Response
where
    O: Operation<Answer: Serialize> + 'static,
{
    let Sent { method, uri, headers, body } = sent;
    let request = Request { name: O::NAME, subject: operation.subject(), method, uri, headers, body };
    let (services, asker) = (api.services.clone(), who.clone());
    once(&api, (&who, request), async move { told(services.call(operation, &asker).await) }).await
}

/// A decision that does not say what was looked at.
fn without_tag() -> Response {
    worded(StatusCode::PRECONDITION_REQUIRED, Some("if_match_missing"), &EdgeText::NoTag)
}
