//! Pages of problems: what happened, and what to do now.

use crate::frame::Frame;
use crate::screen::{Block, Link, Screen};
use axum::http::StatusCode;
use axum::response::Response;
use kazasu_api::http::{Told, status_of};
use kazasu_services::ServiceError;
use kazasu_text::console::PageText;

/// The page of a refusal or a fault. The services have told the security log.
pub(crate) fn of(frame: &Frame, error: &ServiceError) -> Response {
    let status = match status_of(error) {
        // The state does not have what the address names.
        StatusCode::CONFLICT => StatusCode::NOT_FOUND,
        StatusCode::MISDIRECTED_REQUEST => StatusCode::SERVICE_UNAVAILABLE,
        status => status,
    };
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(%error, "a page cannot be made");
    }
    let own = [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::SERVICE_UNAVAILABLE].contains(&status);
    let sentence = (!own).then(|| error.in_language(frame.language));
    let mut response = page(frame, status, sentence);
    response.extensions_mut().insert(Told);
    response
}

/// The page of a status, with a sentence that says more.
pub(crate) fn page(frame: &Frame, status: StatusCode, sentence: Option<String>) -> Response {
    let (title, what_to_do) = match status {
        StatusCode::NOT_FOUND => (PageText::NotFound, PageText::NotFoundDo),
        StatusCode::FORBIDDEN => (PageText::Forbidden, PageText::ForbiddenDo),
        StatusCode::UNAUTHORIZED => (PageText::SignInAgain, PageText::SignInAgainDo),
        StatusCode::METHOD_NOT_ALLOWED => (PageText::NotFound, PageText::NotFoundDo),
        StatusCode::SERVICE_UNAVAILABLE => (PageText::Unavailable, PageText::UnavailableDo),
        StatusCode::TOO_MANY_REQUESTS => (PageText::TooMany, PageText::TooManyDo),
        StatusCode::PAYLOAD_TOO_LARGE => (PageText::TooLong, PageText::TooLongDo),
        status if status.is_client_error() => (PageText::Unreadable, PageText::UnreadableDo),
        _ => (PageText::Broken, PageText::BrokenDo),
    };
    let screen = Screen::new(frame.say(title));
    let screen = match sentence {
        Some(sentence) => screen.with(Block::Lead(sentence)),
        None => screen,
    };
    let home = if frame.person.is_some() { ("/", PageText::ToHome) } else { ("/sign-in", PageText::ToSignIn) };
    let links = vec![Link::new(home.0, frame.say(home.1))];
    screen.with(Block::Lead(frame.say(what_to_do))).with(Block::Links(links)).with_status(status).shown(frame)
}
