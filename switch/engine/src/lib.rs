//! The engine: one thread decides events in order, one commits what was decided. While a batch is being made durable, the
//! next is decided; nothing leaves before its record is durable. A node that does not lead follows the journal on the same
//! thread, with the same state, and passes on what it is asked.
//!
//! [`Engine`] is the handle that links, imports and the API hold. The queue in front of the core is bounded by admission:
//! beyond the limit a request is refused at once (91) instead of waiting without end.

pub mod clock;
mod commit;
mod core_loop;
mod health;
mod keeper;
mod replica;
mod reply;
pub mod tasks;
mod time;
mod timely;
pub mod trail;
mod waiting;
mod writer;

pub use commit::IssuerSink;
pub use health::{Health, Role};
pub use keeper::{ClockRules, Doubt, Keeper, Reading, Suspect};
pub use reply::send_by_connection;
pub use reply::{Asked, Authenticity, ConnectionHandle, ConnectionOut, Origin, Reply, ReplyBody, SignedOn};
pub use timely::UNTIMELY;

use crate::health::{EndOfCore, lock};
use crate::tasks::{Kind, OnPanic};
use crossbeam_channel::Sender;
use kazasu_core::{Command, Done, Event, State};
use kazasu_schemas::ids::InstitutionId;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::wire::{Request, Totals};
use kazasu_store::{Node, Store};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// A message from an acquirer on its way to the core.
#[derive(Clone, Copy, PartialEq, Debug, minicbor::Encode, minicbor::Decode)]
pub enum Inbound {
    /// Classes 1, 2 and 4.
    #[n(0)]
    Request(#[n(0)] Request),
    /// Class 5.
    #[n(1)]
    Totals(#[n(0)] Totals),
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
    /// Reads both clocks.
    pub clock: fn() -> Reading,
    /// What is believed of the wall clock.
    pub clock_rules: ClockRules,
    /// A request's DE7 may be so far from the clock.
    pub transmission_window: Duration,
    /// Who this process is towards the store and other nodes.
    pub node: Node,
    /// Several nodes share the store: the lead is taken when the watch says so, and until then the journal is followed.
    pub shared: bool,
    /// Lead only if the store is at this epoch; `None`: whatever it is.
    pub expected: Option<u64>,
    /// What the book must know before it is of use; decided whenever this node begins to lead.
    pub registrations: Vec<Command>,
}

/// The way to the node that leads, when this one does not.
pub trait Forwarder: Send + Sync {
    /// Takes questions that another node is to answer.
    fn forward(&self, asked: Vec<Asked>, health: &Health);

    /// Gives back all that are not answered yet, because this node leads now.
    fn take_back(&self) -> Vec<Asked>;
}

/// There is no other node.
pub struct NoForwarder;

impl Forwarder for NoForwarder {
    fn forward(&self, asked: Vec<Asked>, health: &Health) {
        asked.into_iter().for_each(|asked| asked.refuse(health));
    }

    fn take_back(&self) -> Vec<Asked> {
        Vec::new()
    }
}

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

/// Why a command was not carried out.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommandError {
    /// The core refused it.
    #[error(transparent)]
    Rejected(#[from] kazasu_core::Rejected),
    /// Another node leads; its HTTP address, empty when none is known.
    #[error("this node does not lead; ask {}", if .0.is_empty() { "again in a moment" } else { .0 })]
    Elsewhere(String),
    /// The ledger takes no records at the moment.
    #[error("the ledger takes no records at the moment: {0}")]
    Halted(String),
    /// The switch is stopping.
    #[error("the switch is stopping")]
    Stopping,
}

/// The handle to the core.
#[derive(Clone)]
pub struct Engine {
    tx: Sender<Msg>,
    health: Arc<Health>,
    max_queued: usize,
    clock: fn() -> Reading,
}

impl Engine {
    /// The time that decides: the wall clock's, unless that is not believed.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.health.keeper().now((self.clock)())
    }

    /// Opens the journal, replays it, starts the threads and returns when this node is of use: it leads, or it follows and
    /// has read the journal to its end.
    pub async fn start(
        config: EngineConfig,
        store: Arc<dyn Store>,
        issuers: Arc<dyn IssuerSink>,
        forwarder: Arc<dyn Forwarder>,
        health: Arc<Health>,
    ) -> anyhow::Result<(Engine, std::thread::JoinHandle<()>)> {
        let (tx, rx) = crossbeam_channel::unbounded();
        *health.keeper() = Keeper::new(config.clock_rules);
        let engine = Engine { tx, health: health.clone(), max_queued: config.max_queued, clock: config.clock };
        let (started_tx, started) = oneshot::channel();
        let context = core_loop::CoreContext { config, store, issuers, forwarder, engine: engine.clone(), rx, health };
        let thread = std::thread::Builder::new().name("kazasu-core".into()).spawn(move || {
            let _end = EndOfCore(context.health.clone());
            let _noted = OnPanic::new(&context.health.tasks, Kind::Core);
            core_loop::run(&context, started_tx);
        })?;
        started.await??;
        Ok((engine, thread))
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

#[cfg(test)]
mod tests {
    use super::*;
    use kazasu_store::StoreError;
    use kazasu_store::journal::{Moment, Reader, Task, TransferRow};
    use kazasu_store::memory::MemoryStore;
    use std::sync::atomic::AtomicBool;

    struct NoIssuers;

    impl IssuerSink for NoIssuers {
        fn begin(&self, _: &Engine) {}
        fn send(&self, _: Vec<kazasu_core::Outgoing>) {}
        fn notify(&self, _: Vec<(u64, kazasu_core::Owed)>) {}
        fn end(&self) {}
    }

    fn config() -> EngineConfig {
        EngineConfig {
            book: "test".into(),
            own_id: "10000001".parse().unwrap(),
            max_queued: 10,
            max_batch: 10,
            keep_days: 1,
            clock: || Reading { wall: Millis(0), monotonic: std::time::Duration::ZERO },
            clock_rules: ClockRules::default(),
            transmission_window: Duration::from_secs(15 * 60),
            node: Node::alone(),
            shared: false,
            expected: None,
            registrations: Vec::new(),
        }
    }

    #[tokio::test]
    async fn a_core_that_panics_is_never_ready_again_and_refuses_what_comes() {
        let config = config();
        let (store, health) = (Arc::new(MemoryStore::default()), Arc::new(Health::default()));
        let (engine, core) =
            Engine::start(config, store, Arc::new(NoIssuers), Arc::new(NoForwarder), health).await.unwrap();
        assert!(engine.health().is_ready());
        assert_eq!(engine.query(|_| -> u8 { panic!("an invariant is broken, for this test") }).await, None);
        assert!(core.join().is_err());
        assert!(!engine.health().is_ready() && engine.health().finished.load(Ordering::Acquire));
        assert!(engine.health().halted().unwrap().contains("invariant"));
        let command = Command::Open { book: "again".into() };
        assert!(matches!(engine.command(command).await, Err(CommandError::Stopping)));
        let connection =
            Arc::new(ConnectionHandle::new(1, Origin::Acquirer, None, tokio::sync::mpsc::unbounded_channel().0));
        engine.submit(&connection, Instant::now(), 0, Vec::new());
        assert_eq!(engine.health().queued.load(Ordering::Acquire), 0);
    }

    /// A memory store that takes long to be put in shape after each batch.
    struct Slow(MemoryStore);

    const SHAPING: std::time::Duration = std::time::Duration::from_millis(900);

    struct SlowJournal(Box<dyn kazasu_store::Journal>);

    impl Store for Slow {
        fn place(&self) -> String {
            self.0.place()
        }

        fn lead(
            &self,
            claim: kazasu_store::Claim,
        ) -> Task<'_, Result<Box<dyn kazasu_store::Journal>, kazasu_store::LeadError>> {
            Box::pin(async {
                let journal = self.0.lead(claim).await?;
                Ok(Box::new(SlowJournal(journal)) as Box<dyn kazasu_store::Journal>)
            })
        }

        fn reader(&self) -> Task<'_, Result<Box<dyn Reader>, StoreError>> {
            self.0.reader()
        }
    }

    impl Reader for SlowJournal {
        fn scan(&mut self, from: u64, limit: usize) -> Task<'_, Result<Vec<kazasu_ledger::Entry>, StoreError>> {
            self.0.scan(from, limit)
        }

        fn head(&mut self) -> Task<'_, Result<kazasu_ledger::Head, StoreError>> {
            self.0.head()
        }

        fn transfers(&mut self, from: u64, to: u64) -> Task<'_, Result<Option<Vec<TransferRow>>, StoreError>> {
            self.0.transfers(from, to)
        }
    }

    impl kazasu_store::Journal for SlowJournal {
        fn append<'a>(
            &'a mut self,
            batch: &'a [kazasu_ledger::Entry],
        ) -> Task<'a, Result<(), kazasu_store::AppendError>> {
            self.0.append(batch)
        }

        fn tidy(&mut self, _: Moment) -> Task<'_, ()> {
            Box::pin(async { tokio::time::sleep(SHAPING).await })
        }

        fn epoch(&self) -> u64 {
            self.0.epoch()
        }

        fn close(self: Box<Self>) -> Task<'static, Result<(), StoreError>> {
            self.0.close()
        }
    }

    #[tokio::test]
    async fn answers_leave_before_the_store_is_put_in_shape() {
        let config = EngineConfig { clock: crate::clock::reading, ..config() };
        let store = Arc::new(Slow(MemoryStore::default()));
        let health = Arc::new(Health::default());
        let (engine, core) =
            Engine::start(config, store, Arc::new(NoIssuers), Arc::new(NoForwarder), health).await.unwrap();
        // The first batch opens the book; the writer is busy with the store after it.
        tokio::time::sleep(SHAPING * 2).await;
        let begin = Instant::now();
        let register = Command::RegisterAcquirer { acquirer: "27000001".parse().unwrap(), name: "a".into() };
        engine.command(register).await.unwrap();
        assert!(begin.elapsed() < SHAPING / 2, "the answer waited for the store: {:?}", begin.elapsed());
        engine.stop();
        core.join().unwrap();
    }

    /// A memory store that may have no room: then no batch is written, and no transaction is left to say so.
    struct Full(MemoryStore, Arc<AtomicBool>);

    struct FullJournal(Box<dyn kazasu_store::Journal>, Arc<AtomicBool>);

    impl Store for Full {
        fn place(&self) -> String {
            self.0.place()
        }

        fn lead(
            &self,
            claim: kazasu_store::Claim,
        ) -> Task<'_, Result<Box<dyn kazasu_store::Journal>, kazasu_store::LeadError>> {
            Box::pin(async {
                let journal = self.0.lead(claim).await?;
                Ok(Box::new(FullJournal(journal, self.1.clone())) as Box<dyn kazasu_store::Journal>)
            })
        }

        fn reader(&self) -> Task<'_, Result<Box<dyn Reader>, StoreError>> {
            self.0.reader()
        }
    }

    impl Reader for FullJournal {
        fn scan(&mut self, from: u64, limit: usize) -> Task<'_, Result<Vec<kazasu_ledger::Entry>, StoreError>> {
            self.0.scan(from, limit)
        }

        fn head(&mut self) -> Task<'_, Result<kazasu_ledger::Head, StoreError>> {
            self.0.head()
        }

        fn transfers(&mut self, from: u64, to: u64) -> Task<'_, Result<Option<Vec<TransferRow>>, StoreError>> {
            self.0.transfers(from, to)
        }
    }

    impl kazasu_store::Journal for FullJournal {
        fn append<'a>(
            &'a mut self,
            batch: &'a [kazasu_ledger::Entry],
        ) -> Task<'a, Result<(), kazasu_store::AppendError>> {
            if self.1.load(Ordering::Acquire) {
                return Box::pin(async { Err(kazasu_store::AppendError::Unknown("the disk is full".into())) });
            }
            self.0.append(batch)
        }

        fn tidy(&mut self, moment: Moment) -> Task<'_, ()> {
            self.0.tidy(moment)
        }

        fn epoch(&self) -> u64 {
            self.0.epoch()
        }

        fn close(self: Box<Self>) -> Task<'static, Result<(), StoreError>> {
            self.0.close()
        }
    }

    #[tokio::test]
    async fn a_process_that_is_to_stop_does_not_wait_for_a_full_disk() {
        let config = EngineConfig { clock: crate::clock::reading, ..config() };
        let full = Arc::new(AtomicBool::new(false));
        let store = Arc::new(Full(MemoryStore::default(), full.clone()));
        let health = Arc::new(Health::default());
        let (engine, core) =
            Engine::start(config, store, Arc::new(NoIssuers), Arc::new(NoForwarder), health).await.unwrap();
        let register = |id: &str| Command::RegisterAcquirer { acquirer: id.parse().unwrap(), name: "a".into() };
        engine.command(register("27000001")).await.unwrap();
        full.store(true, Ordering::Release);
        let answer = engine.command_later(register("27000002"));
        while engine.health().halted().is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        engine.stop();
        let answer = tokio::time::timeout(std::time::Duration::from_secs(10), answer).await;
        let answer = answer.expect("it stops although there is no room").unwrap();
        assert!(matches!(&answer, Err(CommandError::Halted(why)) if why.contains("full")), "{answer:?}");
        core.join().unwrap();
    }
}
