//! The rows beside the journal, for many askers: one task has the connection and does one thing after the other. A connection that
//! failed is opened again for the next question.

use crate::side::{SideRow, SideTable};
use crate::{Store, StoreError};
use kazasu_schemas::jst::Millis;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Questions that wait at most.
const WAITING: usize = 256;

enum Ask {
    Get(u8, Vec<u8>, oneshot::Sender<Result<Option<SideRow>, StoreError>>),
    List(u8, Vec<u8>, oneshot::Sender<Result<Vec<SideRow>, StoreError>>),
    Put(SideRow, oneshot::Sender<Result<bool, StoreError>>),
    Delete(u8, Vec<u8>, oneshot::Sender<Result<bool, StoreError>>),
    Purge(Millis, oneshot::Sender<Result<u64, StoreError>>),
}

/// Rows of a list at most.
const MOST: u32 = 1_000;

/// A handle; clones ask the same task.
#[derive(Clone)]
pub struct SideRows(mpsc::Sender<Ask>);

impl SideRows {
    /// Begins the task, which ends with the last handle. Nothing is opened before the first question.
    #[must_use]
    pub fn of(store: Arc<dyn Store>) -> SideRows {
        let (sender, receiver) = mpsc::channel(WAITING);
        tokio::spawn(serve(store, receiver));
        SideRows(sender)
    }

    async fn ask<T>(&self, ask: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Ask) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let ended = || StoreError::new("the table beside the journal is closed".to_owned());
        self.0.send(ask(answer)).await.map_err(|_| ended())?;
        answered.await.unwrap_or_else(|_| Err(ended()))
    }

    /// A row.
    pub async fn get(&self, kind: u8, key: Vec<u8>) -> Result<Option<SideRow>, StoreError> {
        self.ask(|answer| Ask::Get(kind, key, answer)).await
    }

    /// Rows whose key begins so; at most 1,000.
    pub async fn list(&self, kind: u8, prefix: Vec<u8>) -> Result<Vec<SideRow>, StoreError> {
        self.ask(|answer| Ask::List(kind, prefix, answer)).await
    }

    /// Writes a row that is new or was read; false when it is another one by now.
    pub async fn put(&self, row: SideRow) -> Result<bool, StoreError> {
        self.ask(|answer| Ask::Put(row, answer)).await
    }

    /// Removes a row; false when there was none.
    pub async fn delete(&self, kind: u8, key: Vec<u8>) -> Result<bool, StoreError> {
        self.ask(|answer| Ask::Delete(kind, key, answer)).await
    }

    /// Removes rows that were worth nothing at this moment.
    pub async fn purge(&self, now: Millis) -> Result<u64, StoreError> {
        self.ask(|answer| Ask::Purge(now, answer)).await
    }
}

async fn serve(store: Arc<dyn Store>, mut asks: mpsc::Receiver<Ask>) {
    let mut open: Option<Box<dyn SideTable>> = None;
    while let Some(ask) = asks.recv().await {
        if open.is_none() {
            match store.side().await {
                Ok(table) => open = Some(table),
                Err(error) => {
                    refuse(ask, &error);
                    continue;
                }
            }
        }
        let Some(table) = &mut open else { continue };
        if !carry_out(table.as_mut(), ask).await {
            open = None;
        }
    }
}

fn refuse(ask: Ask, error: &StoreError) {
    let error = || error.clone();
    // Who asked may have gone.
    match ask {
        Ask::Get(.., answer) => drop(answer.send(Err(error()))),
        Ask::List(.., answer) => drop(answer.send(Err(error()))),
        Ask::Put(.., answer) => drop(answer.send(Err(error()))),
        Ask::Delete(.., answer) => drop(answer.send(Err(error()))),
        Ask::Purge(.., answer) => drop(answer.send(Err(error()))),
    }
}

/// False when the connection is of no use any more.
async fn carry_out(table: &mut dyn SideTable, ask: Ask) -> bool {
    fn told<T>(answer: oneshot::Sender<Result<T, StoreError>>, result: Result<T, StoreError>) -> bool {
        let good = result.is_ok();
        let _ = answer.send(result);
        good
    }
    match ask {
        Ask::Get(kind, key, answer) => told(answer, table.get(kind, &key).await),
        Ask::List(kind, prefix, answer) => told(answer, table.list(kind, &prefix, MOST).await),
        Ask::Put(row, answer) => told(answer, table.put(&row).await),
        Ask::Delete(kind, key, answer) => told(answer, table.delete(kind, &key).await),
        Ask::Purge(now, answer) => told(answer, table.purge(now).await),
    }
}
