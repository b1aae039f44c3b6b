//! The first thing that is wrong with a journal.

use kazasu_ledger::Seq;

/// The first thing that is wrong with a journal.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("record {seq}: {problem}")]
pub struct Fault {
    /// The record.
    pub seq: Seq,
    /// The fault.
    pub problem: String,
}
