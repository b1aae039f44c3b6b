//! Numbers by which records name things: positions in a list, and notices.

use kazasu_ledger::Seq;

pub(super) fn position(n: u32) -> usize {
    usize::try_from(n).expect("32 bits fit a usize on every supported machine")
}

/// A notice's number: the record that caused it, and its place among that record's notices (at most 16).
pub(super) fn notice_key(seq: Seq, at: u64) -> u64 {
    seq * 16 + at
}
