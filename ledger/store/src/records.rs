//! The records of a journal in their order, a page at a time: the one way in which folds read it.

use crate::journal::{Reader, StoreError};
use kazasu_ledger::{Body, Entry, Seq};

/// Entries that are read at a time.
const PAGE: usize = 10_000;

/// A record where it stands.
#[derive(Debug)]
pub struct Placed {
    /// Its place, time, day and bytes.
    pub entry: Entry,
    /// The content.
    pub body: Body,
}

/// The error of a journal whose records cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A record cannot be.
    #[error("record {seq}: {problem}")]
    Record {
        /// The record.
        seq: Seq,
        /// The fault.
        problem: String,
    },
}

/// Reads on from a place to where the journal ends. Between two pages others have their turn.
pub struct Records<'r> {
    reader: &'r mut dyn Reader,
    next: Seq,
    page: usize,
    wanted: fn(u8) -> bool,
    at_the_end: bool,
}

impl<'r> Records<'r> {
    /// From the record `first` on.
    pub fn from(reader: &'r mut dyn Reader, first: Seq) -> Self {
        Records { reader, next: first, page: PAGE, wanted: |_| true, at_the_end: false }
    }

    /// Only kinds with these numbers; the others are not decoded.
    #[must_use]
    pub fn of_kinds(self, wanted: fn(u8) -> bool) -> Self {
        Records { wanted, ..self }
    }

    /// The records of the next page, which may be none of those that are wanted; `None` when the journal has no more.
    pub async fn page(&mut self) -> Result<Option<Vec<Placed>>, RecordsError> {
        if self.at_the_end {
            return Ok(None);
        }
        tokio::task::yield_now().await;
        let entries = self.reader.scan(self.next, self.page).await?;
        self.at_the_end = entries.len() < self.page;
        let Some(last) = entries.last() else { return Ok(None) };
        self.next = last.seq + 1;
        let placed = |entry: Entry| {
            let body = Body::read(&entry.body);
            let body = body.map_err(|e| RecordsError::Record { seq: entry.seq, problem: e.to_string() })?;
            Ok(Placed { entry, body })
        };
        let wanted = self.wanted;
        entries.into_iter().filter(|entry| wanted(entry.kind)).map(placed).collect::<Result<_, _>>().map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Claim, Node, Store};
    use crate::memory::MemoryStore;
    use kazasu_ledger::chain::Sealer;
    use kazasu_ledger::record::Opened;
    use kazasu_ledger::{AccountId, Record};
    use kazasu_schemas::jst::{BusinessDay, Millis};

    async fn store(records: usize) -> MemoryStore {
        let store = MemoryStore::default();
        let mut journal = store.lead(Claim { node: Node::alone(), expected: None }).await.unwrap();
        let mut sealer = Sealer::new(1, kazasu_ledger::chain::GENESIS);
        let opened = |n: usize| Opened { format: 1, book: n.to_string(), bank: AccountId(0) };
        let record = |n| Record { at: Millis(0), day: BusinessDay(0), body: Body::Opened(opened(n)) };
        let entries: Vec<Entry> = (0..records).map(|n| sealer.seal(&record(n))).collect();
        journal.append(&entries).await.unwrap();
        store
    }

    #[tokio::test]
    async fn every_record_comes_once_and_in_order() {
        for n in [0, 1, 6, 7, 8, 14, 20] {
            let store = store(n).await;
            for first in 1..=3 {
                let mut reader = store.reader().await.unwrap();
                let mut records = Records { page: 7, ..Records::from(reader.as_mut(), first) };
                let mut found = Vec::new();
                while let Some(page) = records.page().await.unwrap() {
                    found.extend(page.into_iter().map(|placed| placed.entry.seq));
                }
                assert_eq!(found, (first..=u64::try_from(n).unwrap()).collect::<Vec<_>>());
                assert!(records.page().await.unwrap().is_none(), "the end stays the end");
            }
        }
    }

    #[tokio::test]
    async fn what_is_not_wanted_is_not_decoded_and_what_cannot_be_read_is_named() {
        let store = store(3).await;
        let mut journal = store.lead(Claim { node: Node::alone(), expected: None }).await.unwrap();
        let mut bad = journal.scan(3, 1).await.unwrap().remove(0);
        (bad.seq, bad.body) = (4, vec![0xff]);
        journal.append(&[bad]).await.unwrap();
        let mut reader = store.reader().await.unwrap();
        let error = Records::from(reader.as_mut(), 1).page().await.unwrap_err().to_string();
        assert!(error.starts_with("record 4: "), "{error}");
        let mut none = Records::from(reader.as_mut(), 1).of_kinds(|kind| kind > 0);
        assert_eq!(none.page().await.unwrap().map(|page| page.len()), Some(0));
        assert!(none.page().await.unwrap().is_none());
    }
}
