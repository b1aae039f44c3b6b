//! The reading of the journal: who paid how much where, of the months that are over as blocks, of the open one as cells.
//!
//! An amount counts on the business day of the record that moved it, with the region and trade that its merchant had then. So a month that
//! is over never changes: what is given back later lowers a later month.

use super::blocks::{Block, Cell, Sums, blocks};
use super::trade::trade_of;
use crate::journal_index::{JournalIndex, Move};
use hashbrown::{HashMap, HashSet};
use kazasu_engine::tasks::run_blocking;
use kazasu_ledger::record::{self, Place, Proposal};
use kazasu_ledger::{Body, Seq};
use kazasu_schemas::ids::Ppid;
use kazasu_store::Store;
use kazasu_store::records::{Placed, Records};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::Mutex;

/// The payer of what is no city's money: residents' own cards, accounts and points, and purses of no relief programme.
pub const GENERAL: &str = "general";
/// The label where nothing is registered.
pub const UNKNOWN: &str = "unknown";

/// The spending of residents.
#[derive(Default)]
pub struct Spending {
    index: JournalIndex,
    /// The last record that was read.
    seq: Seq,
    /// The city of each relief programme.
    cities: HashMap<u16, String>,
    temporary: HashSet<Ppid>,
    /// The open month, as [`kazasu_schemas::jst::BusinessDay::month`] counts.
    month: Option<i32>,
    cells: HashMap<Vec<String>, Cell<Ppid>>,
    /// Blocks of the months that are over.
    months: BTreeMap<i32, Vec<Block>>,
}

impl Spending {
    /// The next record.
    pub fn record(&mut self, place: Place, body: &Body) {
        self.seq = place.seq;
        let month = place.day.month();
        match self.month {
            Some(open) if open < month => {
                self.finish(open);
                self.month = Some(month);
            }
            Some(_) => {}
            None => self.month = Some(month),
        }
        for moved in self.index.record(place, body) {
            self.count(&moved);
        }
        let Ok(()) = body.fold(place, self);
    }

    fn count(&mut self, moved: &Move) {
        // What people correct afterwards, and chargebacks, are between merchants and issuers.
        if moved.correction || moved.chargeback {
            return;
        }
        let Some(person) = self.index.person_of(moved.tap) else { return };
        let Some(merchant) = self.index.merchants.get(&moved.merchant) else { return };
        let city = moved.purse.and_then(|programme| self.cities.get(&programme));
        let region = if merchant.region.is_empty() { UNKNOWN } else { merchant.region.as_str() };
        let path = vec![
            city.map_or(GENERAL, String::as_str).to_owned(),
            region.to_owned(),
            trade_of(merchant.mcc).to_owned(),
            moved.tender.name().to_owned(),
        ];
        let is_payment = moved.amount.is_positive() && moved.again.is_none();
        let sums = Sums { yen: moved.amount.get(), payments: u64::from(is_payment) };
        let cell = self.cells.entry(path).or_insert_with_key(|path| Cell {
            path: path.clone(),
            people: HashMap::new(),
            temporary: Sums::default(),
        });
        if self.temporary.contains(&person) {
            cell.temporary.add(sums);
        } else {
            cell.people.entry(person).or_default().add(sums);
        }
    }

    /// The month is over. Two IDs of one person, as far as the journal knows by now, are one person.
    fn finish(&mut self, month: i32) {
        let mut cells: Vec<Cell<Ppid>> = self.cells.drain().map(|(_, cell)| cell).collect();
        for cell in &mut cells {
            let mut people: HashMap<Ppid, Sums> = HashMap::with_capacity(cell.people.len());
            for (person, sums) in cell.people.drain() {
                people.entry(self.index.stands_for(person)).or_default().add(sums);
            }
            cell.people = people;
        }
        let name = month_name(month);
        let dated =
            |block: Block| Block { labels: std::iter::once(Some(name.clone())).chain(block.labels).collect(), ..block };
        self.months.insert(month, blocks(&cells).into_iter().map(dated).collect());
    }

    /// The months that are over, each with its blocks: none where it had too few people.
    #[must_use]
    pub fn months(&self) -> Vec<(String, &[Block])> {
        self.months.iter().map(|(month, blocks)| (month_name(*month), blocks.as_slice())).collect()
    }
}

/// `2026-11`.
fn month_name(month: i32) -> String {
    format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1)
}

impl record::Fold for Spending {
    type Error = Infallible;

    fn temporary_issued(&mut self, _: Place, r: &record::TemporaryIssued) -> Result<(), Infallible> {
        self.temporary.insert(r.ppid);
        Ok(())
    }

    fn approval_decided(&mut self, _: Place, r: &record::ApprovalDecided) -> Result<(), Infallible> {
        if let Some(Proposal::Programme(terms)) = self.index.proposals.remove(&r.proposal)
            && r.approved
        {
            self.cities.insert(terms.number, terms.city.clone());
        }
        Ok(())
    }

    kazasu_ledger::ignore_records! {
        payee_set payees_taken payee_called file_ended replaced opened acquirer_registered issuer_registered merchant_registered deposit_opened funded linked unlinked tapped
        issuer_answered issuer_silent issuer_late issuer_acknowledged totals_compared cut_over policy_activated merged
        card_status_set certificate_bound list_applied own_limits_set notices_chosen programme_funded purse_credited lapsed
        link_broken retarget_proposed retarget_decided resealed stood_in loss_booked notice_ended approval_requested
        relief_batch_opened relief_rows_added relief_row_set relief_step_taken relief_credited relief_file_made
        relief_sent relief_returned relief_repaid day_marked merchant_settled issuer_settled money_received
        payout_file_made payout_taken payout_returned recon_ran exceptions_opened exception_noted head_signed
        undone loss_returned issuer_notified exceptions_ended line_undone line_set_aside approval_sent_back approval_withdrawn approval_lapsed key_destroyed clock_confirmed clock_kept
        advice_decided
        organisation_set person_invited person_joined person_ended key_registered key_revoked grant_ended
    }
}

/// The spending of a journal, read on by each question. The first reads the whole journal.
#[derive(Clone)]
pub struct SpendingBook {
    store: Arc<dyn Store>,
    open: Arc<Mutex<Option<Spending>>>,
}

impl SpendingBook {
    /// Of a journal. Nothing is read yet.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        SpendingBook { store, open: Arc::default() }
    }

    /// Does something with the spending, read on to the journal's end.
    pub async fn with<T>(&self, question: impl FnOnce(&Spending) -> T) -> anyhow::Result<T> {
        let mut there = self.open.lock().await;
        // Put back only when all went well: what was left half read is read again.
        let open = there.take().unwrap_or_default();
        let store = self.store.clone();
        let read = run_blocking(async move {
            let mut open = open;
            let mut reader = store.reader().await?;
            let mut records = Records::from(reader.as_mut(), open.seq + 1);
            while let Some(page) = records.page().await? {
                for Placed { entry, body } in &page {
                    open.record(entry.place(), body);
                }
            }
            anyhow::Ok(open)
        });
        let open = read.await??;
        let answer = question(&open);
        *there = Some(open);
        Ok(answer)
    }
}
