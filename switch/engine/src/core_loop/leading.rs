//! The core while this node leads: what it holds, who asks it, and how a lead ends.

use crate::commit::Batch;
use crate::context::CoreContext;
use crate::inbound::CommandError;
use crate::reply::{Asked, ConnectionHandle};
use hashbrown::HashMap;
use kazasu_core::{Done, Event, State};
use kazasu_ledger::{Head, Seq};
use kazasu_schemas::wire::Request;
use kazasu_store::AppendError;
use smallvec::SmallVec;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// A caller whose request waits for an issuer.
pub(super) struct Waiter {
    pub(super) connection: Arc<ConnectionHandle>,
    pub(super) request: Request,
    pub(super) received: Instant,
    pub(super) tag: u64,
}

pub(super) struct Core<'a> {
    pub(super) context: &'a CoreContext,
    pub(super) state: State,
    /// The last durable record.
    pub(super) head: Head,
    pub(super) waiting: HashMap<Seq, SmallVec<[Waiter; 1]>>,
    pub(super) batch: Batch,
    pub(super) stopping: bool,
    /// Since when the writer has had a batch.
    pub(super) committing: Option<Instant>,
    /// The reason why the writer does not come back.
    pub(super) stalled: Option<String>,
    /// Reports of issuers that came while nothing could be decided.
    pub(super) reports: Vec<Event>,
    pub(super) leaving: Option<Leaving>,
    /// The time at which owed notices were offered last.
    pub(super) offered: Option<Instant>,
    /// There is more to do that no message asks for: purses to be credited, or emptied.
    pub(super) again: bool,
    /// Transfers of that kind in the open batch.
    pub(super) own: usize,
    pub(super) silences: Silences,
}

/// The end of a lead.
pub(super) enum End {
    /// Told to stop; everything is durable.
    Stopped,
    /// Everything is durable and another node may begin.
    HandedOver(Leaving),
    /// Another node leads; these questions are open, and the writer may still have more to say.
    Lost { open: Vec<Asked>, why: String },
    /// A batch was certainly not written.
    Refused(AppendError),
}

/// An issuer that answers nothing is told of once in so long, with the number of payments that it left open meanwhile.
const SILENCE_TOLD: Duration = Duration::from_secs(1);

/// Payments whose issuer did not answer, for the log.
#[derive(Default)]
pub(super) struct Silences {
    pub(super) told: Option<Instant>,
    /// Those of which no line has told.
    pub(super) untold: u64,
}

impl Silences {
    /// One more. `Some` when a line is due, with the number of those that had none.
    pub(super) fn one_more(&mut self, now: Instant) -> Option<u64> {
        if self.told.is_some_and(|told| now.duration_since(told) < SILENCE_TOLD) {
            self.untold += 1;
            return None;
        }
        self.told = Some(now);
        Some(std::mem::take(&mut self.untold))
    }
}

/// The origin of a question that needs a decision.
pub(super) enum Asker<'a> {
    Connection(&'a Arc<ConnectionHandle>, Instant, u64),
    Command(oneshot::Sender<Result<Done, CommandError>>),
    Internal,
}

impl<'a> Asker<'a> {
    pub(super) fn connection(&self) -> Option<&'a Arc<ConnectionHandle>> {
        match self {
            Asker::Connection(connection, ..) => Some(*connection),
            Asker::Command(_) | Asker::Internal => None,
        }
    }
}

/// A lead that is being handed over.
pub(super) struct Leaving {
    pub(super) successor: String,
    pub(super) since: Instant,
    pub(super) reply: oneshot::Sender<Result<u64, String>>,
    /// Questions for the successor.
    pub(super) parked: Vec<Asked>,
    /// Since when no issuer is waited for: nothing is decided from then on.
    pub(super) closing: Option<Instant>,
}

impl Leaving {
    /// Begins now.
    pub(super) fn new(successor: String, reply: oneshot::Sender<Result<u64, String>>) -> Self {
        Leaving { successor, since: Instant::now(), reply, parked: Vec::new(), closing: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_issuer_is_told_of_once_a_second_with_the_number_of_those_between() {
        let mut silences = Silences::default();
        let begin = Instant::now();
        let told = [0, 10, 999, 1_000, 1_001, 2_500].map(|ms| silences.one_more(begin + Duration::from_millis(ms)));
        assert_eq!(told, [Some(0), None, None, Some(2), None, Some(1)]);
    }
}
