//! A form that a person sends: from these pages, in the person's own session. When the session has ended meanwhile, the sign-in follows,
//! and what was typed is kept.

use crate::fields::Fields;
use crate::kept;
use crate::sign_in_form::{Kept, SignInForm};
use crate::visitor::{Console, Visitor};
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;

/// A form of a person who is signed in.
pub(crate) struct Posted {
    pub(crate) visitor: Visitor,
    pub(crate) fields: Fields,
}

/// The field of the token.
pub(crate) const TOKEN: &str = "token";

impl FromRequest<Console> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, console: &Console) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, console).await?;
        let body = Bytes::from_request(Request::from_parts(parts, body), console).await;
        let fields = Fields::of_body(&body.map_err(IntoResponse::into_response)?);
        if !visitor.is_signed_in() {
            let kept = Kept { back: visitor.frame.place.clone(), typed: fields.without(&[TOKEN]).encoded() };
            let form = SignInForm { kept, ended: true, ..SignInForm::default() };
            return Err(visitor.show(&form.screen(&visitor.frame).with_status(StatusCode::UNAUTHORIZED)));
        }
        let same = fields.get(TOKEN).as_bytes().ct_eq(visitor.frame.token.as_bytes());
        if bool::from(same) {
            return Ok(Posted { visitor, fields });
        }
        // The form is of an earlier session of this browser: the person hands it in anew, and looks at it first.
        let screen = kept::screen(&visitor.frame, &visitor.frame.place, &fields.without(&[TOKEN]));
        Err(visitor.show(&screen.with_status(StatusCode::FORBIDDEN)))
    }
}

/// A form of a reader who is not signed in.
pub(crate) struct Filled {
    pub(crate) visitor: Visitor,
    pub(crate) fields: Fields,
}

impl FromRequest<Console> for Filled {
    type Rejection = Response;

    async fn from_request(request: Request, console: &Console) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, console).await?;
        let body = Bytes::from_request(Request::from_parts(parts, body), console).await;
        Ok(Filled { fields: Fields::of_body(&body.map_err(IntoResponse::into_response)?), visitor })
    }
}
