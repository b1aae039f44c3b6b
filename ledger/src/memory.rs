//! The journal in memory: the oracle that every engine is compared with, and the benchmark's store without a disk.

use crate::journal::{AppendError, Entry, Head, Journal, Seq, StoreError, Task, check_order};
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Default)]
struct Shared {
    entries: Vec<Entry>,
    epoch: u64,
}

/// A journal that several writers can open, one after the other; only the last may append.
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<Shared>>);

impl MemoryStore {
    /// Opens the journal for writing: raises the epoch.
    #[must_use]
    pub fn open(&self) -> MemoryJournal {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shared.epoch += 1;
        MemoryJournal { store: self.clone(), epoch: shared.epoch }
    }
}

/// A writer of a [`MemoryStore`].
pub struct MemoryJournal {
    store: MemoryStore,
    epoch: u64,
}

impl Journal for MemoryJournal {
    fn append<'a>(&'a mut self, batch: &'a [Entry]) -> Task<'a, Result<(), AppendError>> {
        Box::pin(async move {
            let mut shared = self.store.0.lock().unwrap_or_else(PoisonError::into_inner);
            if shared.epoch != self.epoch {
                return Err(AppendError::Fenced { mine: self.epoch, current: shared.epoch });
            }
            let head = shared.entries.last().map_or(0, |e| e.seq);
            check_order(head, batch)?;
            shared.entries.extend(batch.iter().map(|e| Entry { transfers: Default::default(), ..e.clone() }));
            Ok(())
        })
    }

    fn scan(&mut self, from: Seq, limit: usize) -> Task<'_, Result<Vec<Entry>, StoreError>> {
        Box::pin(async move {
            let shared = self.store.0.lock().unwrap_or_else(PoisonError::into_inner);
            let start = usize::try_from(from.max(1) - 1).unwrap_or(usize::MAX);
            Ok(shared.entries.iter().skip(start).take(limit).cloned().collect())
        })
    }

    fn head(&mut self) -> Task<'_, Result<Head, StoreError>> {
        Box::pin(async move {
            let shared = self.store.0.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(shared.entries.last().map_or(Head::EMPTY, |e| Head { seq: e.seq, hash: e.hash }))
        })
    }

    fn epoch(&self) -> u64 {
        self.epoch
    }

    fn close(self: Box<Self>) -> Task<'static, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }
}
