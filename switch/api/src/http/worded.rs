//! Answers with a fault that no service found: a sentence of the catalogue, kept in every language until the reader's is known.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kazasu_text::{Language, Said, Text};
use serde_json::{Map, Value, json};

/// The language that a caller prefers (`Accept-Language`), where it names one of ours.
pub(super) fn reader_of(headers: &HeaderMap) -> Option<Language> {
    let preferred = |value: &HeaderValue| value.to_str().ok().and_then(Language::preferred);
    headers.get(header::ACCEPT_LANGUAGE).and_then(preferred)
}

/// A fault that no service found. `in_readers_language` puts its sentence into the reader's language.
#[derive(Clone)]
pub(super) struct Worded {
    members: Map<String, Value>,
    said: Said,
}

impl Worded {
    /// The body in a language.
    pub(super) fn body(&self, language: Language) -> Value {
        let mut members = self.members.clone();
        members.insert("detail".to_owned(), self.said.in_language(language).into());
        members.into()
    }
}

/// The answer with a fault that no service found. Without a code it has the usual one of its status.
pub(super) fn worded(status: StatusCode, code: Option<&str>, text: &impl Text) -> Response {
    let members = code.map(|code| ("code".to_owned(), code.into())).into_iter().collect();
    with_members(status, members, Said::of(text))
}

/// The same with further members.
pub(super) fn with_members(status: StatusCode, members: Map<String, Value>, said: Said) -> Response {
    let worded = Worded { members, said };
    let mut response = (status, Json(worded.body(Language::English))).into_response();
    response.extensions_mut().insert(worded);
    response
}

/// A fault in a language that is known already, outside of `in_readers_language`.
pub(super) fn worded_in(language: Language, status: StatusCode, text: &impl Text) -> Response {
    let language_of = [(header::CONTENT_LANGUAGE, language.tag())];
    (status, language_of, Json(json!({ "detail": text.in_language(language) }))).into_response()
}

/// The ledger took no record of the request: it can be sent again under its key. Of a request with several records, those before stand, and
/// it goes on where it stood.
#[derive(Clone, Copy)]
pub(super) struct Untaken;
