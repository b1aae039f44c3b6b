//! Closing the day: what contracts charge, what merchants and issuers are settled, what is paid out, how it compares with what others
//! say, and the signature under it. `docs/operations/closing.md` explains it.
//!
//! Amounts are worked out here from the journal; `core::closing` decides whether they can be booked.

mod audit;
mod commands;
mod compare;
mod compared;
mod export;
mod finance;
mod mended;
mod party_file;
mod payouts;
mod quote;
mod reports;
mod settle;
#[cfg(test)]
mod tests;
mod view;

pub use audit::{AuditKeys, Signed, check_heads};
pub use commands::{
    BookReceived, CutOver, DayEnded, DaySettled, DaySigned, MarkReconciled, NoteException, OpenDispute,
    ProposeCancelPayout, ProposeContracts, ProposeResolution, ProposeUndo, SettleDay, SettledSums, SignDay,
};
pub use compare::clearing_file;
pub use compared::Compared;
pub use export::{Export, export_journal};
pub use finance::{FinanceFile, ToleranceFile};
pub use party_file::{CompareFile, CompareWith};
pub use payouts::{MakePayoutFiles, PayoutConfig, PayoutRequested, ProposePayout};
pub(crate) use payouts::{read_reference, reference as payout_reference};
pub use quote::{AskQuote, Quote, QuoteLine, QuotedPayment};
pub use reports::{Explain, Kind as ReportKind, MakeLetter, MakeReport, ResidentStatement, Statement};
pub use view::{
    ContractView, ContractsView, DayView, ExceptionView, ListDays, ListExceptions, ListPayouts, ListRuns,
    ListSettlements, ListTotals, MarkView, NoteView, PayoutFiles, PayoutView, ResolvedView, RunView, SettlementView,
    ShowContracts, TotalsSide, TotalsView,
};

use kazasu_engine::tasks::run_blocking;
use kazasu_projections::fee_projection::FeeProjection;
use kazasu_projections::spending::SpendingBook;
use kazasu_projections::statements::StatementBook;
use kazasu_projections::transactions::TransactionBook;
use kazasu_store::Store;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Mutex;

/// The memory of closing between two questions: the fold of the journal, which each question reads on.
#[derive(Clone)]
pub struct ClosingContext {
    /// The journal.
    pub store: Arc<dyn Store>,
    /// The account that payouts are ordered from.
    pub payout: Option<Arc<PayoutConfig>>,
    /// Signs days.
    pub audit: Option<Arc<AuditKeys>>,
    /// Residents' payments.
    pub statements: StatementBook,
    /// The index of payments.
    pub transactions: TransactionBook,
    /// What residents spent, for statistics.
    pub spending: SpendingBook,
    vault: Arc<kazasu_security::vault::Vault>,
    fees: Arc<Mutex<Option<FeeProjection>>>,
    comparing: Arc<Mutex<()>>,
}

/// The account, the signer and the vault of closing.
#[derive(Clone)]
pub struct ClosingKeys {
    /// See [`ClosingContext::payout`].
    pub payout: Option<Arc<PayoutConfig>>,
    /// See [`ClosingContext::audit`].
    pub audit: Option<Arc<AuditKeys>>,
    /// Opens card numbers, where contracts ask for brands.
    pub vault: Arc<kazasu_security::vault::Vault>,
}

impl ClosingContext {
    /// On a journal, with a folder for its files.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, folder: &Path, keys: ClosingKeys) -> Self {
        let ClosingKeys { payout, audit, vault } = keys;
        ClosingContext {
            statements: StatementBook::new(store.clone(), folder.join("statements.db")),
            transactions: TransactionBook::new(store.clone(), folder.join("transactions.db"), vault.clone()),
            spending: SpendingBook::new(store.clone()),
            store,
            payout,
            audit,
            vault,
            fees: Arc::default(),
            comparing: Arc::default(),
        }
    }

    /// Does something with the books, read on to the journal's end.
    pub(crate) async fn fee_projection<T>(
        &self,
        with: impl FnOnce(&FeeProjection) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let mut there = self.fees.lock().await;
        // Put back only when all went well: what was left half read is read again.
        let open = there.take().unwrap_or_else(|| FeeProjection::new(Some(self.vault.clone())));
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
