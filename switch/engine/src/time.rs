//! Time of the core's thread: its questions to the keeper, and its log lines when the wall clock is not believed.

use super::context::CoreContext;
use super::health::lock;
use super::timely::Clocks;
use kazasu_core::State;
use kazasu_schemas::jst::{BusinessDay, Millis};

/// Accounts that one look at the book goes through. A look is a fraction of a millisecond, and comes once a second.
pub(crate) const AUDITED: usize = 50_000;

impl CoreContext {
    /// The time that decides.
    pub(crate) fn now(&self) -> Millis {
        self.clocks().decides
    }

    /// The time that decides, and the wall clock.
    pub(crate) fn clocks(&self) -> Clocks {
        let reading = (self.config.clock)();
        Clocks { decides: self.health.keeper().now(reading), wall: reading.wall }
    }

    /// This node leads from here on: how does its clock stand to the last record?
    pub(crate) fn lead_begins(&self, state: &State) {
        let reading = (self.config.clock)();
        let mut keeper = self.health.keeper();
        if keeper.has_begun() {
            keeper.resume(reading, state.seq, state.at);
        } else {
            keeper.begin(reading, (state.seq > 0).then_some(state.at));
        }
    }

    /// The journal was read to its end for the first time, while another node may be leading.
    pub(crate) fn follows(&self, state: &State) {
        let mut keeper = self.health.keeper();
        if !keeper.has_begun() {
            keeper.begin((self.config.clock)(), (state.seq > 0).then_some(state.at));
        }
    }

    /// The leader has just written a record.
    pub(crate) fn saw(&self, at: Millis) {
        self.health.keeper().saw((self.config.clock)(), at);
    }

    /// Goes on with the audit of the book by so many accounts, and says what it has found when it comes to its end.
    pub(crate) fn audit(&self, state: &mut State, accounts: usize) {
        let Some(balanced) = state.book.audit(accounts) else { return };
        let before = lock(&self.health.audited).replace(balanced);
        metrics::gauge!("kazasu_book_out_of_balance").set(if balanced { 0.0 } else { 1.0 });
        if !balanced && before != Some(false) {
            tracing::error!(
                record = state.seq,
                "the book does not balance: debits and credits differ, or an account is overdrawn"
            );
        }
    }

    /// Time has passed. What is wrong with the wall clock is said here.
    pub(crate) fn look_at_clock(&self) {
        if !self.health.keeper().has_begun() {
            return;
        }
        self.now();
        let suspect = self.health.clock_suspect();
        lock(&self.health.alarm).look(suspect);
    }

    /// A person says which day it is, and record `seq` is to keep it. Gives the time that decided and what the wall clock says, when
    /// there is a doubt about that. From here on it is believed if it is of that day.
    pub(crate) fn confirm_clock(&self, day: BusinessDay, seq: u64) -> Option<(Millis, Millis)> {
        let reading = (self.config.clock)();
        let mut keeper = self.health.keeper();
        let before = keeper.now(reading);
        keeper.suspect()?;
        if reading.wall.jst_day() == day {
            keeper.confirm(reading, seq);
        }
        Some((before, reading.wall))
    }
}
