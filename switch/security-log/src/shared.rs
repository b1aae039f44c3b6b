//! What the thread that writes and the handles share.

use kazasu_schemas::jst::Millis;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What the log has done since the process began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Figures {
    /// Lines written.
    pub lines: u64,
    /// Bytes written.
    pub bytes: u64,
    /// Attempts to write that failed.
    pub failures: u64,
    /// When the last line was written.
    pub last: Option<Millis>,
}

/// What the thread and the handles share.
#[derive(Default)]
pub(crate) struct Shared {
    /// Lines that found no room in the queue and that no line tells of yet.
    pub(crate) lost: AtomicU64,
    /// The number of the last durable line.
    pub(crate) durable: AtomicU64,
    /// Lines that this process has written.
    pub(crate) lines: AtomicU64,
    /// Their bytes.
    pub(crate) bytes: AtomicU64,
    /// Attempts to write that failed.
    pub(crate) failures: AtomicU64,
    /// When the last line was written, milliseconds since 1970; 0 before the first.
    pub(crate) last: AtomicI64,
    /// Why the last attempt to write failed. The lock is never held while something is written.
    failing: Mutex<Option<String>>,
}

impl Shared {
    pub(crate) fn figures(&self) -> Figures {
        let last = self.last.load(Ordering::Acquire);
        let of = |counter: &AtomicU64| counter.load(Ordering::Acquire);
        let (lines, bytes, failures) = (of(&self.lines), of(&self.bytes), of(&self.failures));
        Figures { lines, bytes, failures, last: (last != 0).then_some(Millis(last)) }
    }

    pub(crate) fn set_failing(&self, why: Option<String>) {
        *self.failing.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    pub(crate) fn failing(&self) -> Option<String> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
