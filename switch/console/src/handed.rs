//! A form that is handed in: carried out once, however often its button is pressed.

use crate::fields::Fields;
use crate::problem;
use crate::visitor::Visitor;
use axum::http::StatusCode;
use axum::response::Response;
use kazasu_api::http::{Form, Handed, handed_in_once};
use kazasu_services::{Operation, ServiceError};
use kazasu_text::console::PageText;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// The key of a form: the one that it has, or a new one.
pub(crate) fn form_key(fields: &Fields) -> String {
    let known = fields.get("key");
    let is_one = known.len() == 32 && known.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_one { known.to_owned() } else { kazasu_engine::clock::random_bytes(16).map(hex::encode).unwrap_or_default() }
}

/// Why a form was not carried out.
pub(crate) enum NotDone {
    /// The services refused it.
    Refused(Arc<ServiceError>),
    /// Another page says so.
    Other(Box<Response>),
}

/// Carries out what a form asks for, once for its key.
pub(crate) async fn answered<O>(visitor: &Visitor, operation: O, fields: &Fields) -> Result<O::Answer, NotDone>
where
    O: Operation<Answer: Serialize + DeserializeOwned> + 'static,
{
    let key = form_key(fields);
    let content = fields.without(&["token", "key", "code", "step"]).encoded();
    let form = Form { key: &key, path: visitor.path(), content: content.as_bytes() };
    let page =
        |status, text| NotDone::Other(Box::new(problem::page(&visitor.frame, status, Some(visitor.frame.say(text)))));
    match handed_in_once(&visitor.console.api, &visitor.who, operation, form).await {
        Handed::Done(answer) => Ok(answer),
        Handed::Refused(error) => Err(NotDone::Refused(error)),
        Handed::UnderWay => Err(page(StatusCode::CONFLICT, PageText::UnderWay)),
        Handed::Unknown => Err(page(StatusCode::CONFLICT, PageText::OutcomeUnknown)),
        Handed::Failed(status) => Err(NotDone::Other(Box::new(problem::page(&visitor.frame, status, None)))),
    }
}
