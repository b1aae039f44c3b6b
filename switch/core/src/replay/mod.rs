//! History under another policy: the journal's records become events again, and a second state decides them.
//!
//! Up to the beginning of the period both states are one. From there on the draft is in force in the second one, with the
//! counters, purses and points that the people had; each different decision changes what comes after.

mod events;
mod request;
mod states;

pub use states::{Change, Cost, Replay, ReplayError, ReplayedDecision};

use events::Following;
use kazasu_ledger::Seq;
use kazasu_ledger::record::{Body, Place, Record};

impl Replay {
    /// The next record of the real journal.
    pub fn record(&mut self, seq: Seq, record: &Record) -> Result<(), ReplayError> {
        // The first tap of the period: what it needs is registered by then.
        if self.shadow.is_none() && record.at >= self.from && matches!(record.body, Body::Transaction(_)) {
            self.begin(record.at)?;
        }
        if self.shadow.is_some() && record.at < self.to {
            self.take_back(&record.body);
            let place = Place { seq, at: record.at, day: record.day };
            record.body.fold(place, &mut Following(self))?;
        }
        self.real.apply(seq, record)?;
        Ok(())
    }
}
