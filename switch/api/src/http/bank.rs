//! Files for the bank and from it, of payouts and of relief alike.

use super::answers::{answer, in_address};
use super::callers::Asker;
use super::operations::to_its_end;
use super::state::Api;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use kazasu_services::statement::{StatementFile, StatementRead};
use kazasu_services::{BankFormat, Operation};

/// The form of a file for the bank.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfBank {
    #[serde(default)]
    pub(super) format: BankFormat,
    pub(super) why: Option<String>,
}

type How = Result<Query<StatementFile>, QueryRejection>;

/// The file is the body.
pub(super) async fn statement<O: Operation<Answer = StatementRead> + 'static>(
    State(api): State<Api>,
    Asker(who): Asker,
    (how, body): (How, Bytes),
    operation: impl FnOnce(StatementFile) -> O,
) -> Response {
    match in_address(how) {
        Ok(Query(how)) => {
            let file = StatementFile { file: body, ..how };
            answer(to_its_end(&api, operation(file), who).await)
        }
        Err(refusal) => *refusal,
    }
}
