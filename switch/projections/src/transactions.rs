//! The index of payments: every message of a terminal by what people know of it, so that one is found among millions by what a
//! customer holds. It is kept in step with the journal in a file of its own beside it, and decides nothing.

mod file;
mod find;
mod fold;
mod model;

pub use model::{Found, Page, Period, Search, State, Takings};

use crate::side_file::SideBook;
use kazasu_ledger::record::TransactionKind;
use kazasu_schemas::ids::{InstitutionId, MerchantId, TerminalId};
use kazasu_schemas::jst::BusinessDay;
use kazasu_security::vault::Vault;
use kazasu_store::Store;
use model::Fold;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::watch;

/// Every kind of a message.
#[must_use]
pub fn kinds() -> &'static [TransactionKind] {
    &file::KINDS
}

/// The payments of a journal.
#[derive(Clone)]
pub struct TransactionBook(SideBook<Fold>);

impl TransactionBook {
    /// The payments of a journal, in the file at `path`. Nothing is opened yet. The vault opens card numbers, of which the file keeps
    /// the last four digits.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, path: PathBuf, vault: Arc<Vault>) -> Self {
        TransactionBook(SideBook::new(store, path, vault))
    }

    /// The payments that a search is about, the newest first, up to the journal's last record.
    pub async fn find(&self, search: Search) -> anyhow::Result<Page> {
        self.0.ask(move |open| Box::pin(find::find(open, search))).await
    }

    /// A payment by its record, and what refunds, reverses or completes it, in their order; nothing where no payment has the record.
    pub async fn story(&self, record: u64) -> anyhow::Result<Vec<Found>> {
        self.0.ask(move |open| Box::pin(find::story(open, record))).await
    }

    /// A merchant's business day, terminal by terminal.
    pub async fn takings(&self, key: (InstitutionId, MerchantId), day: BusinessDay) -> anyhow::Result<Vec<Takings>> {
        self.0.ask(move |open| Box::pin(find::takings(open, key, day))).await
    }

    /// The last message of each of these terminals, in their order; nothing where a terminal has sent none.
    pub async fn last_of(
        &self,
        terminals: Vec<((InstitutionId, MerchantId), TerminalId)>,
    ) -> anyhow::Result<Vec<Option<Found>>> {
        self.0.ask(move |open| Box::pin(find::last_of(open, terminals))).await
    }

    /// Keeps the file in step until the signal: some records a turn, so that taps do not notice.
    pub async fn keep(self, stop: watch::Receiver<bool>) {
        self.0.keep(stop).await;
    }
}
