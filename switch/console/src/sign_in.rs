//! Signing in and out, and the reader's language.

use crate::fields::Fields;
use crate::kept;
use crate::links::Means;
use crate::posted::{Filled, Posted};
use crate::problem;
use crate::sign_in_form::{Kept, SignInForm};
use crate::visitor::{Console, Visitor, own_path, see};
use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::http::{StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use kazasu_api::http::status_of;
use kazasu_services::people::{SignInPerson, SignOut};
use kazasu_text::Language;
use kazasu_text::console::PageText;

pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/sign-in", get(shown).post(signed_in))
        .route("/sign-in/once/{word}", get(by_link))
        .route("/sign-out", post(signed_out))
        .route("/language", post(chosen))
}

async fn shown(visitor: Visitor, RawQuery(query): RawQuery) -> Response {
    let back = own_path(Fields::of_query(query.as_deref()).get("back")).to_owned();
    if visitor.is_signed_in() {
        return see(&back);
    }
    let form = SignInForm { kept: Kept { back, typed: String::new() }, ..SignInForm::default() };
    visitor.show(&form.screen(&visitor.frame))
}

/// A new session, and its cookie: what the browser had before is worth nothing from now on.
async fn signed_in(Filled { visitor, fields }: Filled) -> Response {
    let (back, typed) = (own_path(fields.get("back")).to_owned(), fields.get("kept").to_owned());
    let asked = SignInPerson {
        name: fields.get("name").to_owned(),
        password: fields.get("password").to_owned(),
        code: fields.said("code"),
        public: None,
    };
    let done = match visitor.call(asked).await {
        Ok(done) => done,
        Err(error) if status_of(&error).is_client_error() => {
            let (name, refused) = (fields.get("name").to_owned(), Some(error.in_language(visitor.frame.language)));
            let form = SignInForm { name, kept: Kept { back, typed }, ended: false, refused };
            let status = status_of(&error);
            let mut response = visitor.show(&form.screen(&visitor.frame).with_status(status));
            response.extensions_mut().insert(kazasu_api::http::Told);
            return response;
        }
        Err(error) => return visitor.problem(&error),
    };
    if visitor.is_signed_in()
        && let Err(error) = visitor.call(SignOut {}).await
    {
        tracing::warn!(%error, "the session that the browser had before goes on until it is over");
    }
    let cookie = visitor.console.transport.begins(&done.session);
    let mut response = if typed.is_empty() {
        see(&back)
    } else {
        match visitor.with_session(&done.session).await {
            Ok(person) => person.show(&kept::screen(&person.frame, &back, &Fields::read(typed.as_bytes()))),
            Err(response) => return *response,
        }
    };
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

/// A link of a demonstration.
async fn by_link(visitor: Visitor, Path(word): Path<String>) -> Response {
    let Some(Means { name, password, app }) = visitor.console.links.take(&word) else {
        let sentence = visitor.frame.say(PageText::LinkUsed);
        return problem::page(&visitor.frame, StatusCode::NOT_FOUND, Some(sentence));
    };
    let seconds = u64::try_from(visitor.console.api.services.now().0 / 1_000).unwrap_or_default();
    let asked = SignInPerson { name, password: password.to_string(), code: app.at(seconds), public: None };
    let done = match visitor.ask(asked).await {
        Ok(done) => done,
        Err(response) => return *response,
    };
    let mut response = see("/");
    response.headers_mut().append(header::SET_COOKIE, visitor.console.transport.begins(&done.session));
    response
}

async fn signed_out(Posted { visitor, .. }: Posted) -> Response {
    if let Err(response) = visitor.ask(SignOut {}).await {
        return *response;
    }
    let mut response = see("/sign-in");
    response.headers_mut().append(header::SET_COOKIE, visitor.console.transport.ends());
    response
}

async fn chosen(Filled { visitor, fields }: Filled) -> Response {
    let language = Language::parse(fields.get("language")).unwrap_or_default();
    let mut response = see(own_path(fields.get("back")));
    response.headers_mut().append(header::SET_COOKIE, visitor.console.transport.language(language));
    response
}
