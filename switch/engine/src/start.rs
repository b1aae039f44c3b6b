//! Starting the engine: the journal is opened, and the threads begin.

use crate::context::CoreContext;
use crate::core_loop;
use crate::handle::Engine;
use crate::health::EndOfCore;
use crate::keeper::Keeper;
use crate::surroundings::{EngineConfig, Surroundings};
use crate::tasks::{Kind, OnPanic};
use tokio::sync::oneshot;

impl Engine {
    /// Opens the journal, replays it, starts the threads and returns when this node can serve: it leads, or it follows and
    /// has read the journal to its end.
    pub async fn start(
        config: EngineConfig,
        around: Surroundings,
    ) -> anyhow::Result<(Engine, std::thread::JoinHandle<()>)> {
        let Surroundings { store, issuers, forwarder, health } = around;
        let (tx, rx) = crossbeam_channel::unbounded();
        *health.keeper() = Keeper::new(config.clock_rules);
        let engine = Engine { tx, health: health.clone(), max_queued: config.max_queued, clock: config.clock };
        let (started_tx, started) = oneshot::channel();
        let context = CoreContext { config, store, issuers, forwarder, engine: engine.clone(), rx, health };
        let thread = std::thread::Builder::new().name("kazasu-core".into()).spawn(move || {
            let _end = EndOfCore(context.health.clone());
            let _noted = OnPanic::new(&context.health.tasks, Kind::Core);
            core_loop::run(&context, started_tx);
        })?;
        started.await??;
        Ok((engine, thread))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::Health;
    use crate::inbound::CommandError;
    use crate::keeper::{ClockRules, Reading};
    use crate::reply::{ConnectionHandle, Origin};
    use crate::surroundings::{IssuerSink, NoForwarder};
    use kazasu_core::Command;
    use kazasu_schemas::jst::Millis;
    use kazasu_store::StoreError;
    use kazasu_store::journal::{Moment, Reader, Task, TransferRow};
    use kazasu_store::memory::MemoryStore;
    use kazasu_store::{Node, Store};
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    use std::sync::atomic::Ordering;
    use std::time::{Duration, Instant};

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

    fn alone(store: Arc<dyn Store>, health: Arc<Health>) -> Surroundings {
        Surroundings { store, issuers: Arc::new(NoIssuers), forwarder: Arc::new(NoForwarder), health }
    }

    #[tokio::test]
    async fn a_core_that_panics_is_never_ready_again_and_refuses_what_comes() {
        let config = config();
        let (store, health) = (Arc::new(MemoryStore::default()), Arc::new(Health::default()));
        let (engine, core) = Engine::start(config, alone(store, health)).await.unwrap();
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
        let (engine, core) = Engine::start(config, alone(store, health)).await.unwrap();
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
        let (engine, core) = Engine::start(config, alone(store, health)).await.unwrap();
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
