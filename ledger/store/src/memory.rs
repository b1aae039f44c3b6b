//! The journal in memory: the oracle that every engine is compared with, and the benchmark's store without a disk.

use crate::journal::{
    AppendError, Claim, Journal, LeadError, Reader, Store, StoreError, Task, TransferRow, check_order,
};
use crate::side::{MemorySide, SideTable};
use kazasu_ledger::{Entry, Head, Seq};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Default)]
struct Shared {
    entries: Vec<Entry>,
    epoch: u64,
    incarnation: u64,
    side: MemorySide,
}

/// A journal that several writers can open, one after the other; only the last may append.
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<Shared>>);

impl MemoryStore {
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn place(&self) -> String {
        "memory".into()
    }

    fn lead(&self, claim: Claim) -> Task<'_, Result<Box<dyn Journal>, LeadError>> {
        Box::pin(async move {
            let mut shared = self.lock();
            let current = shared.epoch;
            let mine = shared.incarnation == claim.node.incarnation && claim.node.incarnation != 0;
            if claim.expected.is_some_and(|expected| expected != current && !(mine && current > expected)) {
                return Err(LeadError::Taken { current, holder: "another writer".into() });
            }
            shared.incarnation = claim.node.incarnation;
            shared.epoch += 1;
            Ok(Box::new(MemoryJournal { store: self.clone(), epoch: shared.epoch }) as Box<dyn Journal>)
        })
    }

    fn reader(&self) -> Task<'_, Result<Box<dyn Reader>, StoreError>> {
        Box::pin(async move { Ok(Box::new(MemoryJournal { store: self.clone(), epoch: 0 }) as Box<dyn Reader>) })
    }

    fn side(&self) -> Task<'_, Result<Box<dyn SideTable>, StoreError>> {
        let side = self.lock().side.clone();
        Box::pin(std::future::ready(Ok(Box::new(side) as Box<dyn SideTable>)))
    }
}

/// A writer or reader of a [`MemoryStore`].
struct MemoryJournal {
    store: MemoryStore,
    epoch: u64,
}

impl Reader for MemoryJournal {
    fn scan(&mut self, from: Seq, limit: usize) -> Task<'_, Result<Vec<Entry>, StoreError>> {
        Box::pin(async move {
            let start = usize::try_from(from.max(1) - 1).unwrap_or(usize::MAX);
            Ok(self.store.lock().entries.iter().skip(start).take(limit).cloned().collect())
        })
    }

    fn head(&mut self) -> Task<'_, Result<Head, StoreError>> {
        Box::pin(async move {
            Ok(self.store.lock().entries.last().map_or(Head::EMPTY, |e| Head { seq: e.seq, hash: e.hash }))
        })
    }

    fn transfers(&mut self, _: Seq, _: Seq) -> Task<'_, Result<Option<Vec<TransferRow>>, StoreError>> {
        Box::pin(async { Ok(None) })
    }
}

impl Journal for MemoryJournal {
    fn append<'a>(&'a mut self, batch: &'a [Entry]) -> Task<'a, Result<(), AppendError>> {
        Box::pin(async move {
            let mut shared = self.store.lock();
            if shared.epoch != self.epoch {
                return Err(AppendError::Fenced { mine: self.epoch, current: shared.epoch });
            }
            let head = shared.entries.last().map_or(0, |e| e.seq);
            check_order(head, batch)?;
            shared.entries.extend(batch.iter().map(|e| Entry { transfers: Default::default(), ..e.clone() }));
            Ok(())
        })
    }

    fn epoch(&self) -> u64 {
        self.epoch
    }

    fn close(self: Box<Self>) -> Task<'static, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }
}
