//! Numbers within sentences.

use kazasu_text::Count;

pub(super) fn count(number: usize) -> Count {
    Count(u64::try_from(number).unwrap_or(u64::MAX))
}
