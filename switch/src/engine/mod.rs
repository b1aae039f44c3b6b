//! The engine: one thread decides events in order, one commits what was decided. While a batch is being made durable, the
//! next is decided; nothing leaves before its record is durable.
//!
//! [`Engine`] is the handle that links, imports and the API hold. The queue in front of the core is bounded by admission:
//! beyond the limit a request is refused at once (91) instead of waiting without end.

mod commit;
mod core_loop;
mod reply;

pub use commit::{IssuerSink, Opener};
pub(crate) use core_loop::refusal;
pub use reply::{LinkHandle, LinkOut, Reply, ReplyBody};

use crate::core::{Command, Done, Event, State};
use crossbeam_channel::Sender;
use kazasu_schemas::ids::InstitutionId;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::wire::{Request, Totals};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::oneshot;

/// A message from an acquirer on its way to the core.
#[derive(Clone, Copy, Debug)]
pub enum Inbound {
    /// Classes 1, 2 and 4.
    Request(Request),
    /// Class 5.
    Totals(Totals),
}

/// What the engine needs to know.
#[derive(Clone)]
pub struct EngineConfig {
    /// The book's name, for the first record.
    pub book: String,
    /// The switch's institution id towards issuers.
    pub own_id: InstitutionId,
    /// Requests admitted and not yet answered or waiting for an issuer.
    pub max_queued: usize,
    /// Records in one commit.
    pub max_batch: usize,
    /// Business days that settled taps stay in memory.
    pub keep_days: u16,
    /// Reads the wall clock.
    pub clock: fn() -> Millis,
}

pub(crate) enum Msg {
    Inbound { link: Arc<LinkHandle>, received: Instant, messages: Vec<Inbound> },
    Events(Vec<Event>),
    Command(Command, oneshot::Sender<Result<Done, CommandError>>),
    Query(Box<dyn FnOnce(&State) + Send>),
    Tick,
    Stop,
}

/// Why a command was not carried out.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommandError {
    /// The core refused it.
    #[error(transparent)]
    Rejected(#[from] crate::core::Rejected),
    /// The ledger takes no records at the moment.
    #[error("the ledger takes no records at the moment: {0}")]
    Halted(String),
    /// The switch is stopping.
    #[error("the switch is stopping")]
    Stopping,
}

/// What the engine reports about itself.
#[derive(Default, Debug)]
pub struct Health {
    halted: Mutex<Option<String>>,
    ready: std::sync::atomic::AtomicBool,
    /// The last durable record.
    pub durable: AtomicU64,
    /// Requests admitted and not yet answered.
    pub queued: AtomicUsize,
    /// Set when this process can never write again: another writer has the lead, or the core panicked.
    pub finished: std::sync::atomic::AtomicBool,
}

impl Health {
    /// Why the ledger takes no records; `None` when it does.
    #[must_use]
    pub fn halted(&self) -> Option<String> {
        self.halted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// True when the state is loaded and the ledger takes records.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire) && self.halted().is_none()
    }

    pub(crate) fn set_halted(&self, why: Option<String>) {
        self.ready.store(why.is_none(), Ordering::Release);
        *self.halted.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }
}

/// Says so when the core panics: a broken invariant, after which nothing can be decided any more.
struct EndOfCore(Arc<Health>);

impl Drop for EndOfCore {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.set_halted(Some("the core broke one of its invariants and stopped; see the log".into()));
            self.0.finished.store(true, Ordering::Release);
        }
    }
}

/// The handle to the core.
#[derive(Clone)]
pub struct Engine {
    tx: Sender<Msg>,
    health: Arc<Health>,
    max_queued: usize,
}

impl Engine {
    /// Opens the journal, replays it, starts the threads and returns when requests can be decided.
    pub async fn start(
        config: EngineConfig,
        opener: Opener,
        issuers: Arc<dyn IssuerSink>,
    ) -> anyhow::Result<(Engine, std::thread::JoinHandle<()>)> {
        let (tx, rx) = crossbeam_channel::unbounded();
        let health = Arc::new(Health::default());
        let engine = Engine { tx, health: health.clone(), max_queued: config.max_queued };
        let (started_tx, started) = oneshot::channel();
        let thread = std::thread::Builder::new().name("kazasu-core".into()).spawn(move || {
            let _end = EndOfCore(health.clone());
            core_loop::run(config, opener, issuers, rx, health, started_tx);
        })?;
        started.await??;
        Ok((engine, thread))
    }

    /// Health and counters.
    #[must_use]
    pub fn health(&self) -> &Arc<Health> {
        &self.health
    }

    /// Gives a link's messages to the core. `Err` gives back those for which there is no room, or all when the ledger is
    /// halted: the link answers them with 91 itself, and nothing of them is recorded.
    pub fn submit(
        &self,
        link: &Arc<LinkHandle>,
        received: Instant,
        mut messages: Vec<Inbound>,
    ) -> Result<(), Vec<Inbound>> {
        if !self.health.is_ready() {
            return Err(messages);
        }
        let queued = self.health.queued.fetch_add(messages.len(), Ordering::AcqRel);
        let room = self.max_queued.saturating_sub(queued).min(messages.len());
        let refused = messages.split_off(room);
        self.health.queued.fetch_sub(refused.len(), Ordering::AcqRel);
        if room > 0
            && let Err(error) = self.tx.send(Msg::Inbound { link: link.clone(), received, messages })
        {
            self.health.queued.fetch_sub(room, Ordering::AcqRel);
            let mut all = match error.0 {
                Msg::Inbound { messages, .. } => messages,
                _ => Vec::new(),
            };
            all.extend(refused);
            return Err(all);
        }
        if refused.is_empty() { Ok(()) } else { Err(refused) }
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
            // Nobody may be waiting any more; then the answer is dropped.
            let _ = tx.send(question(state));
        };
        self.tx.send(Msg::Query(Box::new(ask))).ok()?;
        rx.await.ok()
    }

    /// Time has passed.
    pub fn tick(&self) {
        let _ = self.tx.send(Msg::Tick);
    }

    /// Finishes what was admitted and stops.
    pub fn stop(&self) {
        let _ = self.tx.send(Msg::Stop);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kazasu_ledger::Journal;
    use kazasu_ledger::memory::MemoryStore;

    struct NoIssuers;

    impl IssuerSink for NoIssuers {
        fn send(&self, _: Vec<crate::core::Outgoing>) {}
    }

    #[tokio::test]
    async fn a_core_that_panics_is_never_ready_again_and_refuses_what_comes() {
        let store = MemoryStore::default();
        let opener: Opener = Box::new(move || {
            let journal = store.open();
            Box::pin(async move { Ok::<Box<dyn Journal>, _>(Box::new(journal)) })
        });
        let config = EngineConfig {
            book: "test".into(),
            own_id: "10000001".parse().unwrap(),
            max_queued: 10,
            max_batch: 10,
            keep_days: 1,
            clock: || Millis(0),
        };
        let (engine, core) = Engine::start(config, opener, Arc::new(NoIssuers)).await.unwrap();
        assert!(engine.health().is_ready());
        assert_eq!(engine.query(|_| -> u8 { panic!("an invariant is broken, for this test") }).await, None);
        assert!(core.join().is_err());
        assert!(!engine.health().is_ready() && engine.health().finished.load(Ordering::Acquire));
        assert!(engine.health().halted().unwrap().contains("invariant"));
        let command = Command::Open { book: "again".into() };
        assert!(matches!(engine.command(command).await, Err(CommandError::Stopping)));
        let link = Arc::new(LinkHandle::new(1, tokio::sync::mpsc::unbounded_channel().0));
        assert!(engine.submit(&link, Instant::now(), Vec::new()).is_err());
        assert_eq!(engine.health().queued.load(Ordering::Acquire), 0);
    }
}
