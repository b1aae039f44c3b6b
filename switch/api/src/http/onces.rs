//! The rows of named requests, beside the journal.

use axum::body::{Body, to_bytes};
use axum::response::Response;
use kazasu_schemas::jst::Millis;
use kazasu_store::StoreError;
use kazasu_store::side::SideRow;
use kazasu_store::side_rows::SideRows;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The kind of the rows.
pub(super) const ROWS: u8 = 32;
/// The longest answer that is kept, bytes.
const MOST_ANSWER: usize = 1 << 20;

/// The keys of requests, for every node of the store.
#[derive(Clone)]
pub struct Onces {
    pub(super) rows: SideRows,
    /// This run of the program.
    pub(super) run: Arc<str>,
}

impl Onces {
    /// Keys that are kept in these rows, by this run of the program.
    pub fn of(rows: SideRows) -> anyhow::Result<Onces> {
        Ok(Onces { rows, run: hex::encode(kazasu_engine::clock::random_bytes(8)?).into() })
    }
}

/// What a row says.
#[derive(Serialize, Deserialize)]
pub(super) struct Row {
    /// The request's digest, hexadecimal.
    pub(super) request: String,
    /// The run of the program that carries it out.
    pub(super) run: String,
    /// The answer: absent while it is carried out.
    pub(super) answer: Option<Kept>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) status: u16,
    /// Absent where it held a secret.
    pub(super) body: Option<String>,
}

/// What is kept of a request that was carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Keep {
    /// Its answer.
    Answer,
    /// That it was carried out: the answer holds a secret.
    Outcome,
}

impl Onces {
    /// Keeps the answer of a request that was carried out; frees the key of one that was refused.
    pub(super) async fn ended(
        &self,
        (id, row, until): (Vec<u8>, Row, Millis),
        response: Response,
        keep: Keep,
    ) -> Response {
        let status = response.status();
        if !status.is_success() {
            // After a fault of the switch itself it is not known whether the request was carried out; a refused one changed nothing.
            let freed = match status.is_server_error() {
                true => self.keep(id, &Row { run: String::new(), ..row }, until).await,
                false => self.rows.delete(ROWS, id).await.map(|_| ()),
            };
            if let Err(error) = freed {
                tracing::warn!("the key of a request that was not carried out stays: {error}");
            }
            return response;
        }
        let (parts, body) = response.into_parts();
        // The services made it: it is whole in memory already.
        let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
        let is_kept = keep == Keep::Answer && (1..=MOST_ANSWER).contains(&bytes.len());
        let text = if is_kept { String::from_utf8(bytes.to_vec()).ok() } else { None };
        let row = Row { answer: Some(Kept { status: status.as_u16(), body: text }), ..row };
        if let Err(error) = self.keep(id, &row, until).await {
            tracing::warn!("the answer of a request cannot be kept: {error}");
        }
        Response::from_parts(parts, Body::from(bytes))
    }

    /// The request broke off: whether it was carried out is not known, in this run of the program as well.
    pub(super) async fn doubted(&self, (id, row, until): (Vec<u8>, Row, Millis)) {
        if let Err(error) = self.keep(id, &Row { run: String::new(), ..row }, until).await {
            tracing::warn!("the outcome of a request that broke off cannot be kept: {error}");
        }
    }

    async fn keep(&self, key: Vec<u8>, row: &Row, until: Millis) -> Result<(), StoreError> {
        let value = serde_json::to_vec(row).map_err(|error| StoreError::new(error.to_string()))?;
        let version = self.rows.get(ROWS, key.clone()).await?.map_or(0, |row| row.version);
        self.rows.put(SideRow { kind: ROWS, key, value, version, until }).await.map(|_| ())
    }
}
