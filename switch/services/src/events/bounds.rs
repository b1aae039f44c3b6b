//! How much one answer of events reads and holds.

/// Events of an answer at most, and where the request does not say.
pub(super) const MOST: u16 = 1_000;
pub(super) const USUAL: u16 = 100;
/// Records that one request reads at most: an answer may have no event, and still lead on.
pub(super) const MOST_RECORDS: u64 = 5_000;
/// Records that are read at once.
pub(super) const AT_ONCE: usize = 500;
