//! Notices, and how they end.

use serde::Serialize;

/// What is told.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Notice {
    /// Record number and part, such as `4711-0`: unique for ever, so that a receiver recognises a repeat.
    pub id: String,
    /// What happened: `spend_alert`.
    pub kind: &'static str,
    /// Whom it concerns, 26 characters.
    pub ppid: String,
    /// The share of the limit that was reached, in per cent.
    pub percent: u8,
    /// The month of the limit, such as `2026-11`.
    pub month: String,
    /// What was spent in that month, in yen.
    pub used_yen: i64,
    /// The month's limit, in yen.
    pub limit_yen: i64,
    /// When it happened: RFC 3339, Japan time.
    pub at: String,
}

/// How a notice ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every configured receiver accepted it.
    Delivered,
    /// Given up: an operator may ask for it again.
    Dead,
}

/// What the engine calls a notice. It is unique in the journal.
pub type NoticeKey = u64;

/// Where outcomes go.
pub trait Settle: Send + Sync + 'static {
    /// Called once for a delivery that ended, after `attempts` attempts; `problem` says why a notice is dead. It is called
    /// on a runtime thread with no lock held and must not block. A notice that ends in the instant of
    /// [`Outbox::forget_all`](crate::Outbox::forget_all) may still come here.
    fn settle(&self, key: NoticeKey, outcome: Outcome, attempts: u32, problem: Option<String>);
}

/// Numbers for the status page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Notices that are held here: queued, on their way, or waiting for the next attempt.
    pub waiting: usize,
    /// Delivered since the start of the process.
    pub delivered: u64,
    /// Given up since the start of the process.
    pub dead: u64,
    /// Attempts that failed and were followed by another, since the start of the process.
    pub retries: u64,
}
