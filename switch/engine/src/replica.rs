//! The state as far as the journal goes: what following keeps warm and leading continues from.

use kazasu_core::State;
use kazasu_ledger::chain::{self, Hash};
use kazasu_ledger::{Body, Entry, Head, Record};

/// A state that contains exactly the journal's records up to a place.
#[derive(Default)]
pub(crate) struct Replica {
    pub(crate) state: State,
    /// The hash of the last record.
    pub(crate) hash: Hash,
}

/// The journal does not continue what was read before.
#[derive(Debug, thiserror::Error)]
#[error("journal record {seq}: {problem}")]
pub(crate) struct Broken {
    seq: u64,
    problem: String,
}

impl Replica {
    /// Its end.
    pub(crate) fn head(&self) -> Head {
        Head { seq: self.state.seq, hash: self.hash }
    }

    /// Folds the next records in, checking the chain.
    pub(crate) fn apply(&mut self, page: &[Entry]) -> Result<(), Broken> {
        for entry in page {
            let broken = |problem: String| Broken { seq: entry.seq, problem };
            let hash = chain::link(&self.hash, entry.place(), entry.kind, &entry.body);
            if hash != entry.hash || entry.seq != self.state.seq + 1 {
                return Err(broken("the hash chain is broken; run `kazasu ledger verify`".into()));
            }
            let body = Body::read(&entry.body).map_err(|e| broken(e.to_string()))?;
            let record = Record { at: entry.at, day: entry.day, body };
            self.state.apply(entry.seq, &record).map_err(|e| broken(e.to_string()))?;
            self.hash = hash;
        }
        Ok(())
    }
}
