//! Lists: every question whose answer has many rows is read in pages, and by the same query as a file.
//!
//! A list has an order, which the keys of its rows have. A page ends with a cursor: the key of its last row, bound to the list, to what it
//! was filtered by, and to the journal's position when the first page was read. However many rows come and go between two pages, no row that
//! stays is shown twice or left out.

mod cursor;
mod file;
mod of;
mod page;

pub use cursor::CursorRefusal;
pub use file::{FileParts, FileTable, ListRow};
pub use page::{MOST, Page, Paged, USUAL};

use crate::error::Result;
use crate::operation::Operation;
use crate::{Services, Who};
use kazasu_text::Language;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::Future;

/// A question whose answer is a list.
pub trait List: Operation<Answer = Vec<<Self as List>::Item>> + Clone + Serialize {
    /// A row.
    type Item: Send;
    /// The order of the rows; no two rows have the same key.
    type Key: Ord + Clone + Serialize + DeserializeOwned + Send + Sync;

    /// Rows that a file takes at once.
    const AT_ONCE: usize = usize::MAX;

    /// The key of a row.
    fn key(row: &Self::Item) -> Self::Key;

    /// The number of the record that made the row, where rows are added at the end of the list: a walk over pages ends where the list ended
    /// when it began.
    fn made_by(_: &Self::Item) -> Option<u64> {
        None
    }

    /// The first business day that is looked at, where the list names none and has no other bound.
    fn since(&self, _: &Services) -> Option<String> {
        None
    }

    /// The words of a code in a field, for files.
    fn words(_field: &str, _code: &str, _language: Language) -> Option<String> {
        None
    }

    /// The rows behind a key, in their order.
    fn rows(
        self,
        services: &Services,
        who: &Who,
        wanted: Wanted<Self::Key>,
    ) -> impl Future<Output = Result<Vec<Self::Item>>> + Send {
        async move {
            let Wanted { after, until, most } = wanted;
            let mut all = self.carry_out(services, who).await?;
            all.sort_by_cached_key(Self::key);
            if let Some(after) = after {
                all.drain(..all.partition_point(|row| Self::key(row) <= after));
            }
            all.retain(|row| Self::made_by(row).zip(until).is_none_or(|(made, until)| made <= until));
            all.truncate(most);
            Ok(all)
        }
    }
}

/// Which rows of a list.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<K> {
    /// Those behind this key; from the first one on where there is none.
    pub after: Option<K>,
    /// Those that records up to this one made, where records make them.
    pub until: Option<u64>,
    /// At most so many.
    pub most: usize,
}

#[cfg(test)]
mod tests;
