//! Who looks at a page: the person of the session's cookie, as the services know the person, or a reader who is not signed in.

use crate::cookies::{self, Transport, cookie};
use crate::frame::Frame;
use crate::links::SignInLinks;
use crate::problem;
use crate::screen::Screen;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kazasu_api::http::{Api, Guest};
use kazasu_schemas::attribution::Via;
use kazasu_services::people::Bearer;
use kazasu_services::{CallerKind, Operation, ServiceError, Who};
use kazasu_sign_in::SecretKind;
use sha2::{Digest, Sha256};
use std::net::{IpAddr, Ipv4Addr};
use zeroize::Zeroizing;

/// The means of the pages.
#[derive(Clone)]
pub(crate) struct Console {
    pub(crate) api: Api,
    pub(crate) links: SignInLinks,
    pub(crate) transport: Transport,
}

/// A reader of a page.
#[derive(Clone)]
pub(crate) struct Visitor {
    pub(crate) console: Console,
    pub(crate) frame: Frame,
    /// The person; anonymous without a session.
    pub(crate) who: Who,
    /// The secret of the session.
    session: Option<Zeroizing<String>>,
}

/// What binds a form to a session. A page that does not know the session's secret cannot make it.
fn form_token(session: &str) -> String {
    let digest = Sha256::new().chain_update(b"kazasu form\n").chain_update(session.as_bytes()).finalize();
    hex::encode(&digest[..16])
}

impl Visitor {
    /// The reader of a request.
    async fn of(parts: &Parts, console: &Console) -> Result<Visitor, Box<Response>> {
        let address = parts.extensions.get::<Guest>().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), Guest::address);
        let place = parts.uri.path_and_query().map_or("/", PathAndQuery::as_str);
        let frame = Frame::of(cookies::language(&parts.headers), place);
        let who = Who { address, ..Who::anonymous(Via::Console) };
        let visitor = Visitor { console: console.clone(), frame, who, session: None };
        // A program's key is for the API.
        let session = cookie(&parts.headers, console.transport.session_name());
        match session.filter(|text| text.starts_with(SecretKind::Session.prefix())) {
            Some(session) => visitor.with_session(session).await,
            None => Ok(visitor),
        }
    }

    /// The same reader with a session, if it holds.
    pub(crate) async fn with_session(self, session: &str) -> Result<Visitor, Box<Response>> {
        let bearer = Bearer { text: session, address: self.who.address, via: Via::Console };
        match self.console.api.services.known(bearer).await {
            Ok(Ok(who)) if who.kind == CallerKind::Person => {
                // The channel is that of the request, also in a session that began elsewhere.
                let who = Who { via: Via::Console, ..who };
                let frame = self.frame.clone().signed_in(&who, form_token(session));
                Ok(Visitor { frame, who, session: Some(Zeroizing::new(session.to_owned())), ..self })
            }
            Ok(_) => Ok(self),
            Err(error) => Err(Box::new(self.problem(&error))),
        }
    }

    /// The same person, as the session has it now: after a second factor was shown in it.
    pub(crate) async fn again(&self) -> Result<Visitor, Box<Response>> {
        match &self.session {
            Some(session) => self.clone().with_session(session).await,
            None => Ok(self.clone()),
        }
    }

    pub(crate) fn is_signed_in(&self) -> bool {
        self.who.kind == CallerKind::Person
    }

    /// Asks a service as this reader.
    pub(crate) async fn ask<O: Operation>(&self, operation: O) -> Result<O::Answer, Box<Response>> {
        self.call(operation).await.map_err(|error| Box::new(self.problem(&error)))
    }

    /// The same, where the page itself says what is wrong.
    pub(crate) async fn call<O: Operation>(&self, operation: O) -> Result<O::Answer, ServiceError> {
        self.console.api.services.call(operation, &self.who).await
    }

    pub(crate) fn show(&self, screen: &Screen) -> Response {
        screen.shown(&self.frame)
    }

    /// The page of an error.
    pub(crate) fn problem(&self, error: &ServiceError) -> Response {
        problem::of(&self.frame, error)
    }

    /// The path of the page.
    pub(crate) fn path(&self) -> &str {
        self.frame.place.split('?').next().unwrap_or_default()
    }
}

/// After a form: the page to look at.
pub(crate) fn see(address: &str) -> Response {
    match HeaderValue::from_str(address) {
        Ok(address) => (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// A path of these pages, or the first page where it is anything else: no sign-in leads to another site.
pub(crate) fn own_path(text: &str) -> &str {
    let is_own =
        text.starts_with('/') && !text.starts_with("//") && text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if is_own { text } else { "/" }
}

impl FromRequestParts<Console> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Response> {
        Visitor::of(parts, console).await.map_err(|response| *response)
    }
}

/// A person who is signed in. Another reader is sent to the sign-in, and comes back.
pub(crate) struct SignedIn(pub(crate) Visitor);

impl FromRequestParts<Console> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Response> {
        let visitor = Visitor::of(parts, console).await.map_err(|response| *response)?;
        if visitor.is_signed_in() {
            return Ok(SignedIn(visitor));
        }
        let back = serde_urlencoded::to_string([("back", &visitor.frame.place)]).unwrap_or_default();
        Err(if visitor.frame.place == "/" { see("/sign-in") } else { see(&format!("/sign-in?{back}")) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_these_pages_are_come_back_to() {
        for own in ["/", "/approvals/12", "/transactions?amount=1"] {
            assert_eq!(own_path(own), own);
        }
        for other in ["", "//evil.example", "https://evil.example", "/\\evil.example", "/a b", "/\r\nset-cookie: x"] {
            assert_eq!(own_path(other), "/", "{other:?}");
        }
    }

    #[test]
    fn a_token_is_of_one_session() {
        assert_eq!(form_token("a"), form_token("a"));
        assert_ne!(form_token("a"), form_token("b"));
        assert_eq!(form_token("a").len(), 32);
    }
}
