//! The answer to a sign-in, and the session of a caller.

use crate::access::sign_in_needed;
use crate::error::{Result, ServiceError};
use crate::{CallerKind, Who};
use kazasu_schemas::identity::{PersonId, SignIn};
use kazasu_sign_in::SignedIn;
use kazasu_text::Said;
use kazasu_text::access::AccessText;
use serde::{Deserialize, Serialize};

/// A person is signed in.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SignedInAnswer {
    /// The session, for the header `Authorization: Bearer …`; it is shown once.
    pub session: String,
    /// The person.
    #[schemars(with = "String")]
    pub person: PersonId,
    /// The way of signing in.
    #[schemars(with = "String")]
    pub sign_in: SignIn,
    /// Recovery codes that are left.
    pub recovery_codes_left: usize,
}

impl SignedInAnswer {
    pub(super) fn of(done: &SignedIn, person: PersonId) -> SignedInAnswer {
        let (session, sign_in) = (done.session.expose().to_owned(), done.sign_in);
        SignedInAnswer { session, person, sign_in, recovery_codes_left: done.recovery_left }
    }
}

/// The person and session of a caller who has one.
pub(super) fn session_of(who: &Who) -> Result<(PersonId, kazasu_sign_in::SessionId)> {
    if who.kind == CallerKind::Anonymous {
        return Err(sign_in_needed());
    }
    let session = who.person().zip(who.session.clone());
    session.ok_or_else(|| ServiceError::Forbidden(Said::of(&AccessText::NoSession { name: &who.name })))
}
