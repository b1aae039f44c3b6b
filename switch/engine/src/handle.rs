//! [`Engine`]: the handle that links, imports and the API hold.

use crate::health::{Health, Role};
use crate::inbound::{CommandError, Inbound};
use crate::keeper::Reading;
use crate::reply::{Asked, ConnectionHandle};
use crossbeam_channel::Sender;
use kazasu_core::{Command, Done, Event, State};
use kazasu_schemas::jst::Millis;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;
use tokio::sync::oneshot;

pub(crate) enum Msg {
    Inbound {
        connection: Arc<ConnectionHandle>,
        received: Instant,
        first_tag: u64,
        messages: Vec<Inbound>,
    },
    Events(Vec<Event>),
    Command(Command, oneshot::Sender<Result<Done, CommandError>>),
    Query(Box<dyn FnOnce(&State) + Send>),
    Tick,
    /// Try to lead, if the store is still at this epoch.
    Lead {
        expected: u64,
    },
    /// Another node leads.
    Lost {
        current: u64,
        holder: String,
    },
    /// Let another node lead.
    HandOver {
        successor: String,
        reply: oneshot::Sender<Result<u64, String>>,
    },
    Stop,
}

/// The handle to the core.
#[derive(Clone)]
pub struct Engine {
    pub(crate) tx: Sender<Msg>,
    pub(crate) health: Arc<Health>,
    pub(crate) max_queued: usize,
    pub(crate) clock: fn() -> Reading,
}

impl Engine {
    /// The deciding time: the wall clock's, unless the wall clock is suspect.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.health.keeper().now((self.clock)())
    }

    /// Health and counters.
    #[must_use]
    pub fn health(&self) -> &Arc<Health> {
        &self.health
    }

    /// Gives a connection's messages to the core; the connection calls them `first_tag`, `first_tag + 1`, … Those for which there is no
    /// room are refused at once, and nothing of them is recorded.
    pub fn submit(
        &self,
        connection: &Arc<ConnectionHandle>,
        received: Instant,
        first_tag: u64,
        mut messages: Vec<Inbound>,
    ) {
        let all = messages.len();
        let queued = self.health.queued.fetch_add(all, Ordering::AcqRel);
        let room = match self.health.role() {
            // While the ledger takes no records, the core still knows what it has decided already.
            Role::Leading | Role::Following => self.max_queued.saturating_sub(queued).min(all),
            Role::Starting | Role::Finished => 0,
        };
        let refused = messages.split_off(room);
        if !refused.is_empty() {
            let first_refused = first_tag.wrapping_add(u64::try_from(room).expect("a number of messages"));
            metrics::counter!("kazasu_overload_refusals_total").increment(u64::try_from(refused.len()).unwrap_or(0));
            self.refuse(connection, received, first_refused, refused);
        }
        if messages.is_empty() {
            return;
        }
        let msg = Msg::Inbound { connection: connection.clone(), received, first_tag, messages };
        if let Err(crossbeam_channel::SendError(Msg::Inbound { messages, .. })) = self.tx.send(msg) {
            self.refuse(connection, received, first_tag, messages);
        }
    }

    fn refuse(&self, connection: &Arc<ConnectionHandle>, received: Instant, first_tag: u64, messages: Vec<Inbound>) {
        for (message, tag) in messages.into_iter().zip(first_tag..) {
            Asked { connection: connection.clone(), received, tag, message, in_doubt: false }.refuse(&self.health);
        }
    }

    /// Gives issuers' reports to the core.
    pub fn events(&self, events: Vec<Event>) {
        if self.tx.send(Msg::Events(events)).is_err() {
            tracing::debug!("issuer report after the core stopped");
        }
    }

    /// Carries a command out; returns when its record is durable.
    pub async fn command(&self, command: Command) -> Result<Done, CommandError> {
        let (tx, rx) = oneshot::channel();
        self.tx.send(Msg::Command(command, tx)).map_err(|_| CommandError::Stopping)?;
        rx.await.map_err(|_| CommandError::Stopping)?
    }

    /// Queues a command without waiting; the receiver resolves when its record is durable. For imports, which keep many
    /// under way so that they share commits.
    pub fn command_later(&self, command: Command) -> oneshot::Receiver<Result<Done, CommandError>> {
        let (tx, rx) = oneshot::channel();
        if let Err(crossbeam_channel::SendError(Msg::Command(_, tx))) = self.tx.send(Msg::Command(command, tx)) {
            // The receiver sees the sender dropped, or this answer.
            let _ = tx.send(Err(CommandError::Stopping));
        }
        rx
    }

    /// Asks the state a question; it is answered between two decisions.
    pub async fn query<T: Send + 'static>(&self, question: impl FnOnce(&State) -> T + Send + 'static) -> Option<T> {
        let (tx, rx) = oneshot::channel();
        let ask = move |state: &State| {
            // Perhaps no caller waits any more; then the answer is dropped.
            let _ = tx.send(question(state));
        };
        self.tx.send(Msg::Query(Box::new(ask))).ok()?;
        rx.await.ok()
    }

    /// Time has passed.
    pub fn tick(&self) {
        let _ = self.tx.send(Msg::Tick);
    }

    /// Another node leads: decide nothing any more.
    pub fn lost(&self, current: u64, holder: String) {
        let _ = self.tx.send(Msg::Lost { current, holder });
    }

    /// Try to lead, if the store is still at this epoch.
    pub fn lead(&self, expected: u64) {
        let _ = self.tx.send(Msg::Lead { expected });
    }

    /// Lets another node lead; `successor` names it, or is empty for any. Returns when nothing is under way here any more and
    /// the successor may begin, with the epoch that was released.
    pub async fn hand_over(&self, successor: String) -> Result<u64, String> {
        let (reply, answer) = oneshot::channel();
        let stopping = || "the switch is stopping".to_owned();
        self.tx.send(Msg::HandOver { successor, reply }).map_err(|_| stopping())?;
        answer.await.map_err(|_| stopping())?
    }

    /// Finishes what was admitted and stops.
    pub fn stop(&self) {
        self.health.stopping.store(true, Ordering::Release);
        let _ = self.tx.send(Msg::Stop);
    }
}
