//! Files from the bank, of payouts and of relief alike.

use super::callers::Asker;
use super::fields::Fields;
use super::operations::{Sent, handed_in};
use super::state::Api;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::response::Response;
use kazasu_services::Operation;
use kazasu_services::statement::{StatementFile, StatementRead};

/// A bank statement and how it is read.
pub(super) struct FromBank(StatementFile, Sent);

impl FromRequest<Api> for FromBank {
    type Rejection = Response;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let Fields(how) = Fields::from_request_parts(&mut parts, api).await?;
        Ok(FromBank(how, Sent::from_request(Request::from_parts(parts, body), api).await?))
    }
}

/// The file is the body.
pub(super) async fn statement<O: Operation<Answer = StatementRead> + 'static>(
    State(api): State<Api>,
    Asker(who): Asker,
    FromBank(how, sent): FromBank,
    operation: impl FnOnce(StatementFile) -> O,
) -> Response {
    let file = StatementFile { file: sent.body.clone(), ..how };
    handed_in(api, who, operation(file), &sent).await
}
