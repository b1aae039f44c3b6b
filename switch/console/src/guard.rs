//! What holds for every page: where forms may come from, the headers of answers, and that an error is a page.

use crate::cookies::{self, Transport};
use crate::frame::Frame;
use crate::problem;
use axum::extract::{Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use kazasu_text::console::PageText;

/// Nothing but the style sheet is loaded, no script and no inline style runs, forms go here only, and no other page frames this one.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The same for every answer. The referrer stays on this host: with none at all, browsers send no origin with a form.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

const FETCH_SITE: &str = "sec-fetch-site";

/// Does the browser say that the request comes from a page of this host? One that says nothing does not.
fn is_own(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text(FETCH_SITE) {
        return site == "same-origin";
    }
    let host = text("host");
    let origin = text("origin").and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    host.is_some() && origin == host
}

/// Refuses forms of other sites, adds the headers, and makes a page of an error that is none.
pub(crate) async fn guarded(State(transport): State<Transport>, request: Request, next: Next) -> Response {
    let (method, place) = (request.method().clone(), request.uri().path_and_query().map_or("/", PathAndQuery::as_str));
    let frame = Frame::of(cookies::language(request.headers()), place);
    let asks = [Method::GET, Method::HEAD].contains(&method);
    let response = if asks || is_own(request.headers()) {
        next.run(request).await
    } else {
        problem::page(&frame, StatusCode::FORBIDDEN, Some(frame.say(PageText::OtherSite)))
    };
    let mut response = as_page(&frame, response);
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    // Pages have what only their reader may see: nothing keeps them. The style sheet says itself how long it is good.
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if transport == Transport::Tls {
        let year = HeaderValue::from_static("max-age=31536000");
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    response
}

/// An error of the framework, or of a body that could not be read, as a page.
fn as_page(frame: &Frame, response: Response) -> Response {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (mut page, extensions) = (problem::page(frame, status, None), response.extensions().clone());
    *page.extensions_mut() = extensions;
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(&'static str, &str)]) -> HeaderMap {
        list.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_form_comes_from_a_page_of_this_host() {
        for (list, own) in [
            (&[("sec-fetch-site", "same-origin")][..], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site"), ("host", "a"), ("origin", "http://a")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("host", "town:8080"), ("origin", "http://town:8080")], true),
            (&[("host", "town:8080"), ("origin", "http://town")], false),
            (&[("host", "town"), ("origin", "null")], false),
            (&[("host", "town")], false),
            (&[("origin", "http://town")], false),
        ] {
            assert_eq!(is_own(&headers(list)), own, "{list:?}");
        }
    }
}
