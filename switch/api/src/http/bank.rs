//! Files from the bank, of payouts and of relief alike.

use super::answers::in_address;
use super::callers::Asker;
use super::operations::{Sent, handed_in};
use super::state::Api;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, Query, Request, State};
use axum::response::{IntoResponse, Response};
use kazasu_services::Operation;
use kazasu_services::statement::{StatementFile, StatementRead};

/// A bank statement and how it is read.
pub(super) struct FromBank(Result<Query<StatementFile>, QueryRejection>, Sent);

impl FromRequest<Api> for FromBank {
    type Rejection = Response;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Response> {
        let how = Query::try_from_uri(request.uri());
        Ok(FromBank(how, Sent::from_request(request, api).await.map_err(IntoResponse::into_response)?))
    }
}

/// The file is the body.
pub(super) async fn statement<O: Operation<Answer = StatementRead> + 'static>(
    State(api): State<Api>,
    Asker(who): Asker,
    FromBank(how, sent): FromBank,
    operation: impl FnOnce(StatementFile) -> O,
) -> Response {
    match in_address(how) {
        Ok(Query(how)) => {
            let file = StatementFile { file: sent.body.clone(), ..how };
            handed_in(api, who, operation(file), &sent).await
        }
        Err(refusal) => *refusal,
    }
}
