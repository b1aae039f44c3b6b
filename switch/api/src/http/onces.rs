//! The rows of named requests, beside the journal.

use super::worded::Untaken;
use axum::body::{Body, to_bytes};
use axum::response::Response;
use kazasu_schemas::jst::Millis;
use kazasu_store::StoreError;
use kazasu_store::side::SideRow;
use kazasu_store::side_rows::SideRows;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The kind of the rows.
pub(super) const ROWS: u8 = 32;
/// Pauses before a row is tried again.
const PAUSES: [Duration; 3] = [Duration::from_millis(50), Duration::from_millis(250), Duration::from_secs(1)];
/// The longest answer that is kept, bytes.
const MOST_ANSWER: usize = 1 << 20;

/// The keys of requests, for every node of the store.
#[derive(Clone)]
pub struct Onces {
    pub(super) rows: SideRows,
    /// This run of the program.
    pub(super) run: Arc<str>,
    /// The keys whose requests this run carries out now.
    under_way: Arc<Mutex<HashSet<Vec<u8>>>>,
}

/// A key whose request is being carried out; dropped, it is so no more.
pub(super) struct UnderWay {
    key: Vec<u8>,
    all: Arc<Mutex<HashSet<Vec<u8>>>>,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

impl Onces {
    /// Keys that are kept in these rows, by this run of the program.
    pub fn of(rows: SideRows) -> anyhow::Result<Onces> {
        let run = hex::encode(kazasu_engine::clock::random_bytes(8)?).into();
        Ok(Onces { rows, run, under_way: Arc::default() })
    }

    /// Takes a key for a request; none while another request with it is being carried out here.
    pub(super) fn taken(&self, key: &[u8]) -> Option<UnderWay> {
        taken(&self.under_way, key)
    }
}

fn taken(all: &Arc<Mutex<HashSet<Vec<u8>>>>, key: &[u8]) -> Option<UnderWay> {
    let is_first = all.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_vec());
    is_first.then(|| UnderWay { key: key.to_vec(), all: all.clone() })
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
            // After a fault of the switch itself it is not known whether the request was carried out; a refused one changed nothing, and one
            // that the ledger did not take neither.
            let is_doubted = status.is_server_error() && response.extensions().get::<Untaken>().is_none();
            let freed = match is_doubted {
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

    /// Keeps a row. A store that is busy for a moment is asked again: the request was carried out.
    async fn keep(&self, key: Vec<u8>, row: &Row, until: Millis) -> Result<(), StoreError> {
        let mut kept = self.kept(key.clone(), row, until).await;
        for pause in PAUSES {
            if kept.is_ok() {
                break;
            }
            tokio::time::sleep(pause).await;
            kept = self.kept(key.clone(), row, until).await;
        }
        kept
    }

    async fn kept(&self, key: Vec<u8>, row: &Row, until: Millis) -> Result<(), StoreError> {
        let value = serde_json::to_vec(row).map_err(|error| StoreError::new(error.to_string()))?;
        let version = self.rows.get(ROWS, key.clone()).await?.map_or(0, |row| row.version);
        self.rows.put(SideRow { kind: ROWS, key, value, version, until }).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::answers::refused;
    use kazasu_engine::CommandError;
    use kazasu_services::ServiceError;
    use kazasu_store::memory::MemoryStore;

    #[tokio::test]
    async fn a_request_that_the_ledger_did_not_take_frees_its_key_and_a_fault_does_not() {
        let onces = Onces::of(SideRows::of(Arc::new(MemoryStore::default()))).unwrap();
        let halted = || refused(ServiceError::Command(CommandError::Halted("the disk is full".into())));
        let stopping = || refused(ServiceError::Command(CommandError::Stopping));
        let fault = || refused(ServiceError::Other(anyhow::anyhow!("a fault")));
        let answers: [(Response, u16, bool); 3] =
            [(halted(), 503, false), (stopping(), 503, true), (fault(), 500, true)];
        for (at, (answer, status, stays)) in answers.into_iter().enumerate() {
            let (key, until) = (vec![u8::try_from(at).unwrap()], Millis(i64::MAX));
            let row = Row { request: "ab".into(), run: onces.run.to_string(), answer: None };
            onces.keep(key.clone(), &row, until).await.unwrap();
            let told = onces.ended((key.clone(), row, until), answer, Keep::Answer).await;
            assert_eq!(told.status().as_u16(), status);
            assert_eq!(onces.rows.get(ROWS, key).await.unwrap().is_some(), stays, "{status}");
        }
    }

    #[test]
    fn a_key_is_under_way_until_its_request_has_ended() {
        let all = Arc::<Mutex<HashSet<Vec<u8>>>>::default();
        let taken = |key: &[u8]| taken(&all, key);
        let first = taken(b"a").unwrap();
        assert!(taken(b"a").is_none() && taken(b"b").is_some());
        drop(first);
        assert!(taken(b"a").is_some());
    }
}
