//! Residents' statements: a table of what each person paid, kept in step with the journal in a file of its own beside it, so that a
//! statement costs what it shows and not what the journal holds. The file decides nothing: it is made anew from the journal at any
//! time, and is when it does not belong to it.

mod file;
mod fold;
mod model;
mod notified;
mod refused;

pub use model::{Line, LineKind, Receipt, ReceiptMatch, Refused, TurnedDown};

use crate::side_file::SideBook;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::BusinessDay;
use kazasu_store::Store;
use model::Fold;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::watch;

/// Statements of a journal's residents.
#[derive(Clone)]
pub struct StatementBook(SideBook<Fold>);

impl StatementBook {
    /// Statements of a journal, in the file at `path`. Nothing is opened yet.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, path: PathBuf) -> Self {
        StatementBook(SideBook::new(store, path, ()))
    }

    /// A person's lines of some business days, in their order, up to the journal's last record; with those of temporary IDs that
    /// were merged into the person.
    pub async fn lines(&self, person: Ppid, from: BusinessDay, until: BusinessDay) -> anyhow::Result<Vec<Line>> {
        self.0.ask(move |open| Box::pin(file::lines(&mut open.conn, person, from, until))).await
    }

    /// The last taps of a person that came to nothing, the newest first, up to the journal's last record.
    pub async fn refused(&self, person: Ppid, most: u32) -> anyhow::Result<Vec<Refused>> {
        self.0.ask(move |open| Box::pin(refused::read((&mut open.conn, open.reader.as_mut()), person, most))).await
    }

    /// Payments that a receipt may be of, the oldest first; at most twenty.
    pub async fn of_receipt(&self, receipt: Receipt) -> anyhow::Result<Vec<ReceiptMatch>> {
        self.0.ask(move |open| Box::pin(async move { file::of_receipt(&mut open.conn, &receipt).await })).await
    }

    /// Keeps the file in step until the signal: some records a turn, so that taps do not notice.
    pub async fn keep(self, stop: watch::Receiver<bool>) {
        self.0.keep(stop).await;
    }
}
