//! Credentials, sessions and attempts of people: rows beside the journal that may change and go, and that every node
//! of the store sees, so that they survive a change of leader. No row gives a right: rights are records.
//!
//! A store knows no password and no rule. A row is a kind, a key, and bytes, with the moment after which it is worth nothing; what is
//! secret in it was hashed before. Two writers cannot lose each other's change: a row is replaced only by one who has read it.

use crate::task::{StoreError, Task};
use kazasu_schemas::jst::Millis;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideRow {
    /// Its kind.
    pub kind: u8,
    /// Its key among rows of its kind.
    pub key: Vec<u8>,
    /// The content.
    pub value: Vec<u8>,
    /// 0 of a row that is not there yet; else that of the row as it was read.
    pub version: i64,
    /// After this moment it is worth nothing, and may go.
    pub until: Millis,
}

/// The rows beside a journal.
pub trait SideTable: Send {
    /// A row.
    fn get<'a>(&'a mut self, kind: u8, key: &'a [u8]) -> Task<'a, Result<Option<SideRow>, StoreError>>;

    /// Rows whose key begins so, in the order of keys; at most `limit`.
    fn list<'a>(&'a mut self, kind: u8, prefix: &'a [u8], limit: u32) -> Task<'a, Result<Vec<SideRow>, StoreError>>;

    /// Writes a row that is new (version 0), or replaces the one that was read. False, and nothing is written, when the row is
    /// there already, or is another one by now. What was written is durable.
    fn put<'a>(&'a mut self, row: &'a SideRow) -> Task<'a, Result<bool, StoreError>>;

    /// Removes a row. False when there was none.
    fn delete<'a>(&'a mut self, kind: u8, key: &'a [u8]) -> Task<'a, Result<bool, StoreError>>;

    /// Removes rows that were worth nothing at this moment. Gives their number.
    fn purge(&mut self, now: Millis) -> Task<'_, Result<u64, StoreError>>;
}

/// The first key that does not begin with `prefix` and lies behind all that do; none when all keys behind begin so.
pub(crate) fn behind(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut out = prefix[..=last].to_vec();
    out[last] += 1;
    Some(out)
}

type Rows = BTreeMap<(u8, Vec<u8>), SideRow>;

/// Rows in memory: the oracle that the engines are compared with.
#[derive(Clone, Debug, Default)]
pub struct MemorySide(Arc<Mutex<Rows>>);

impl MemorySide {
    fn with<T>(&self, does: impl FnOnce(&mut Rows) -> T) -> T {
        does(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn ready<'a, T: Send + 'a>(value: T) -> Task<'a, Result<T, StoreError>> {
    Box::pin(std::future::ready(Ok(value)))
}

impl SideTable for MemorySide {
    fn get<'a>(&'a mut self, kind: u8, key: &'a [u8]) -> Task<'a, Result<Option<SideRow>, StoreError>> {
        ready(self.with(|rows| rows.get(&(kind, key.to_vec())).cloned()))
    }

    fn list<'a>(&'a mut self, kind: u8, prefix: &'a [u8], limit: u32) -> Task<'a, Result<Vec<SideRow>, StoreError>> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let begins = |key: &(u8, Vec<u8>)| key.0 == kind && key.1.starts_with(prefix);
        ready(self.with(|rows| {
            let found = rows.range((kind, prefix.to_vec())..).take_while(|(key, _)| begins(key));
            found.take(limit).map(|(_, row)| row.clone()).collect()
        }))
    }

    fn put<'a>(&'a mut self, row: &'a SideRow) -> Task<'a, Result<bool, StoreError>> {
        let key = (row.kind, row.key.clone());
        ready(self.with(|rows| {
            let there = rows.get(&key).map_or(0, |row| row.version);
            if there == row.version {
                rows.insert(key, SideRow { version: row.version + 1, ..row.clone() });
            }
            there == row.version
        }))
    }

    fn delete<'a>(&'a mut self, kind: u8, key: &'a [u8]) -> Task<'a, Result<bool, StoreError>> {
        ready(self.with(|rows| rows.remove(&(kind, key.to_vec())).is_some()))
    }

    fn purge(&mut self, now: Millis) -> Task<'_, Result<u64, StoreError>> {
        ready(self.with(|rows| {
            let before = rows.len();
            rows.retain(|_, row| row.until >= now);
            u64::try_from(before - rows.len()).unwrap_or(u64::MAX)
        }))
    }
}
