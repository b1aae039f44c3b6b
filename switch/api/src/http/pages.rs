//! What pages for people have in common with the API: bodies are bounded, a panic is answered and counted, and the security log is told
//! of requests that no service sees. Whose session it is, the pages find out themselves.

use super::body;
use super::caught::caught;
use super::edge::Asked;
use super::server::Guest;
use super::state::Api;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::Method;
use axum::middleware::{self, Next};
use axum::response::Response;

/// The pages with the bounds of the API around them. A refusal of a body is no page yet: it has a status, and the pages show it.
pub fn guarded(pages: Router, api: &Api) -> Router {
    let pages = pages.layer(DefaultBodyLimit::disable());
    pages.layer(middleware::from_fn_with_state(api.clone(), bounded)).layer(middleware::from_fn(caught))
}

async fn bounded(State(api): State<Api>, request: Request, next: Next) -> Response {
    let subnet = request.extensions().get::<Guest>().map(Guest::subnet);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = if [Method::GET, Method::HEAD].contains(&method) {
        next.run(request).await
    } else {
        with_body(&api, request, next).await
    };
    if let Some(edge) = &api.edge {
        edge.answered(&Asked { subnet, method, path, who: None }, &response);
    }
    response
}

async fn with_body(api: &Api, request: Request, next: Next) -> Response {
    let subnet = request.extensions().get::<Guest>().map(Guest::subnet);
    // The subnet alone bounds the bodies: the pages have not looked at the session yet.
    let _taken = match api.bodies.take("", subnet).await {
        Ok(taken) => taken,
        Err(refusal) => return *refusal,
    };
    let (parts, body) = request.into_parts();
    match body::whole(parts.uri.path(), &parts.headers, body, &api.limits).await {
        Ok(whole) => next.run(Request::from_parts(parts, whole.into())).await,
        Err(refusal) => *refusal,
    }
}
