//! The end of a journal: a place and a hash.

/// SHA-256.
pub type Hash = [u8; 32];

/// The hash before the first record.
pub const GENESIS: Hash = [0; 32];

/// A record's place in the journal: 1, 2, 3, … without a gap.
pub type Seq = u64;

/// The last entry's place and hash.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// Its place; 0 for an empty journal.
    pub seq: Seq,
    /// Its hash; zeros for an empty journal.
    pub hash: Hash,
}

impl Head {
    /// Of an empty journal.
    pub const EMPTY: Head = Head { seq: 0, hash: GENESIS };
}
