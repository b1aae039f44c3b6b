//! Finds the caller by the session or key in the header `Authorization: Bearer …`.

use super::answers::{refused, unasked};
use super::server::Guest;
use super::state::Api;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, Method, Uri, header};
use axum::response::Response;
use kazasu_http_client::AGENT;
use kazasu_schemas::attribution::Via;
use kazasu_schemas::portal::{HEADER, request_digest};
use kazasu_services::access::sign_in_needed;
use kazasu_services::people::Bearer;
use kazasu_services::{CallerKind, Presented, ServiceError, Who};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// The caller; an anonymous one, where there is no header. A header that proves nothing is refused.
pub(super) async fn caller(api: &Api, headers: &HeaderMap, guest: Option<&Guest>) -> Result<Who, Box<Response>> {
    let via = via(headers);
    let address = guest.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), Guest::address);
    let Some(given) = headers.get(header::AUTHORIZATION) else {
        return Ok(Who { address, ..Who::anonymous(via) });
    };
    let text = given.to_str().ok().and_then(|given| given.trim().split_once(' '));
    let text = text.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, text)| text.trim());
    let Some(text) = text else { return Err(unknown(sign_in_needed())) };
    match api.services.known(Bearer { text, address, via }).await {
        Ok(Ok(who)) => Ok(who),
        Ok(Err(why)) => Err(unknown(ServiceError::SignInNeeded(why.said()))),
        Err(error) => Err(Box::new(refused(error))),
    }
}

/// 401 (RFC 6750).
pub(super) fn unknown(why: ServiceError) -> Box<Response> {
    Box::new(unasked(why))
}

/// The statement that came with a request, where one did.
pub(super) fn presented(headers: &HeaderMap, (method, uri): (&Method, &Uri), body: &[u8]) -> Option<Arc<Presented>> {
    let header = headers.get(HEADER)?;
    // A value that is no text is none that can be read.
    let header = header.to_str().unwrap_or_default().to_owned();
    let target = uri.path_and_query().map_or_else(|| uri.path(), PathAndQuery::as_str);
    Some(Arc::new(Presented { header, request: request_digest(method.as_str(), target, body) }))
}

/// The channel of a request. The command line states it; a program's own statement gives it no right.
fn via(headers: &HeaderMap) -> Via {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    if agent == Some(AGENT) { Via::CommandLine } else { Via::Api }
}

/// The caller of a request. The services decide about its rights.
pub(super) struct Asker(pub(super) Who);

impl FromRequestParts<Api> for Asker {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Response> {
        // A request with a body was looked at before its body was read.
        if let Some(who) = parts.extensions.get::<Who>() {
            return Ok(Asker(who.clone()));
        }
        let who = caller(api, &parts.headers, parts.extensions.get::<Guest>()).await.map_err(|refusal| *refusal)?;
        if who.kind == CallerKind::Anonymous { Err(*unknown(sign_in_needed())) } else { Ok(Asker(who)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_of_the_command_line_is_told_from_one_of_a_program() {
        let sent_by = |agent: Option<&str>| {
            let mut headers = HeaderMap::new();
            if let Some(agent) = agent {
                headers.insert(header::USER_AGENT, agent.parse().unwrap());
            }
            via(&headers)
        };
        assert_eq!(sent_by(Some(AGENT)), Via::CommandLine);
        assert_eq!([sent_by(Some("curl/8.0")), sent_by(Some("kazasu")), sent_by(None)], [Via::Api; 3]);
    }
}
