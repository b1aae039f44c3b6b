//! Closing the day: what contracts charge, what merchants and issuers are settled, what is paid out, how it compares with what others
//! say, and the signature under it. `docs/operations/closing.md` explains it.
//!
//! Amounts are worked out here from the journal; `core::closing` decides whether they can be booked.

mod asks;
mod audit;
mod bank;
mod compare;
mod finance;
mod look;
mod mended;
mod payees;
mod reports;
mod settle;
#[cfg(test)]
mod tests;

pub use asks::ClosingAsk;
pub use audit::{AuditKeys, Signed, check_heads, export};
pub use bank::payer;
pub use bank::{Payees, PayoutConfig};
pub(crate) use bank::{payer_text, read_reference};
pub use compare::{CompareWith, Compared, clearing_file};
pub use finance::{FinanceFile, ToleranceFile};
pub use reports::{About, Kind as ReportKind, merchant_letter, report};
pub use reports::{StatementOf, resident_statement, statement_letter};

use kazasu_engine::tasks::run_blocking;
use kazasu_projections::books::Books;
use kazasu_projections::statements::StatementBook;
use kazasu_store::Store;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Mutex;

/// What closing keeps between two questions: the fold of the journal, read on each time.
#[derive(Clone)]
pub struct Office {
    /// The journal.
    pub store: Arc<dyn Store>,
    /// The account that payouts are ordered from, and whom they reach.
    pub payout: Option<Arc<PayoutConfig>>,
    /// Signs days.
    pub audit: Option<Arc<AuditKeys>>,
    /// What residents paid.
    pub statements: StatementBook,
    vault: Arc<kazasu_security::vault::Vault>,
    books: Arc<Mutex<Option<Books>>>,
    comparing: Arc<Mutex<()>>,
}

/// What an office pays from, signs with and reads card numbers with.
#[derive(Clone)]
pub struct OfficeKeys {
    /// See [`Office::payout`].
    pub payout: Option<Arc<PayoutConfig>>,
    /// See [`Office::audit`].
    pub audit: Option<Arc<AuditKeys>>,
    /// Opens card numbers, where contracts ask for brands.
    pub vault: Arc<kazasu_security::vault::Vault>,
}

impl Office {
    /// An office on a journal, which keeps its files in a folder.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, folder: &Path, keys: OfficeKeys) -> Self {
        let OfficeKeys { payout, audit, vault } = keys;
        Office {
            statements: StatementBook::new(store.clone(), folder.join("statements.db")),
            store,
            payout,
            audit,
            vault,
            books: Arc::default(),
            comparing: Arc::default(),
        }
    }

    /// Does something with the books, read on to the journal's end.
    async fn books<T>(&self, with: impl FnOnce(&Books) -> anyhow::Result<T>) -> anyhow::Result<T> {
        let mut there = self.books.lock().await;
        // Put back only when all went well: what was left half read is read again.
        let open = there.take().unwrap_or_else(|| Books::new(Some(self.vault.clone())));
        let store = self.store.clone();
        let caught_up = run_blocking(async move {
            let mut open = open;
            let mut reader = store.reader().await?;
            open.catch_up(reader.as_mut()).await?;
            anyhow::Ok(open)
        });
        let open = caught_up.await??;
        let result = with(&open);
        *there = Some(open);
        result
    }
}
