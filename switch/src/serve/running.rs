//! The tasks that run as long as the switch does. Each is kept: when it ends unasked, it begins again.

use crate::acquirer::{Listener, ListenerContext};
use crate::checkpoint::Checkpoints;
use crate::cluster::{Peers, Watcher};
use crate::issuers::Issuers;
use kazasu_engine::Engine;
use kazasu_engine::tasks::{Kind, Tasks, fault};
use kazasu_projections::statements::StatementBook;
use kazasu_schemas::jst::BusinessDay;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// What tasks are started with.
pub(super) struct Running {
    /// Decides.
    pub(super) engine: Engine,
    /// Turns true when they are to end.
    pub(super) signal: watch::Receiver<bool>,
}

impl Running {
    fn tasks(&self) -> &Tasks {
        &self.engine.health().tasks
    }

    /// Watches the store that several nodes share. This ends later than the others, when `unwatch` turns true.
    pub(super) fn watch_store(&self, watcher: Watcher, unwatch: watch::Receiver<bool>) {
        let watcher = Arc::new(tokio::sync::Mutex::new(watcher));
        self.tasks().keep(Kind::Watch, "", move || {
            let (watcher, unwatch) = (watcher.clone(), unwatch.clone());
            async move {
                watcher.lock().await.run(unwatch).await;
                Ok(())
            }
        });
    }

    /// Takes other nodes' connections.
    pub(super) fn accept_peers(&self, peers: Peers) {
        let (peers, engine, signal) = (Arc::new(peers), self.engine.clone(), self.signal.clone());
        self.tasks().keep(Kind::Peers, "", move || {
            let (peers, engine, signal) = (peers.clone(), engine.clone(), signal.clone());
            async move {
                peers.run(engine, signal).await;
                Ok(())
            }
        });
    }

    /// Keeps statements in step with the journal.
    pub(super) fn keep_statements(&self, statements: StatementBook) {
        let signal = self.signal.clone();
        self.tasks().keep(Kind::Statements, "", move || {
            let keeping = statements.clone().keep(signal.clone());
            async move {
                keeping.await;
                Ok(())
            }
        });
    }

    /// Signs checkpoints and hands them on, where there is a key.
    pub(super) fn keep_checkpoints(&self, checkpoints: Option<&Checkpoints>) {
        if let Some(checkpoints) = checkpoints {
            checkpoints.start(&self.engine, self.tasks(), &self.signal);
        }
    }

    /// Keeps the metrics' memory small.
    pub(super) fn keep_metrics_small(&self) {
        let signal = self.signal.clone();
        self.tasks().keep(Kind::Upkeep, "", move || crate::telemetry::upkeep(signal.clone()));
    }

    /// Takes acquirers' connections.
    pub(super) fn accept_acquirers(&self, listeners: Vec<Listener>, context: &ListenerContext) -> std::io::Result<()> {
        for listener in listeners {
            let which = listener.addr()?.to_string();
            let (listener, context) = (Arc::new(listener), context.clone());
            self.tasks().keep(Kind::Listener, &which, move || {
                let (listener, context) = (listener.clone(), context.clone());
                async move {
                    listener.run(context).await;
                    Ok(())
                }
            });
        }
        Ok(())
    }

    /// Lets the clock tick. `day` learns which business day is open.
    pub(super) fn keep_ticking(&self, day: watch::Sender<BusinessDay>, issuers: Arc<Issuers>) {
        let (day, engine, signal) = (Arc::new(day), self.engine.clone(), self.signal.clone());
        self.tasks().keep(Kind::Tick, "", move || {
            let ticking = tick(engine.clone(), day.clone(), issuers.clone(), signal.clone());
            async move {
                ticking.await;
                Ok(())
            }
        });
    }
}

/// Asks the core once a second whether the business day is over, and publishes the state's sizes.
async fn tick(
    engine: Engine,
    day: Arc<watch::Sender<BusinessDay>>,
    issuers: Arc<Issuers>,
    mut shutdown: watch::Receiver<bool>,
) {
    let mut interval = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            _ = interval.tick() => {}
            _ = shutdown.changed() => return,
        }
        fault(Kind::Tick);
        engine.tick();
        crate::telemetry::health(engine.health());
        let sizes = tokio::time::timeout(Duration::from_secs(1), engine.query(kazasu_core::State::sizes)).await;
        if let Ok(Some(sizes)) = sizes {
            crate::telemetry::sizes(&sizes);
        }
        // Links are told when the business day has ended; the record of it is the core's.
        let now = tokio::time::timeout(Duration::from_secs(1), engine.query(|state| state.day)).await;
        if let Ok(Some(now)) = now {
            let before = *day.borrow();
            // The first day of a book that was read only now ended nothing.
            if before < now {
                day.send_replace(now);
                if before != BusinessDay::default() {
                    issuers.cutover(before, now);
                }
            }
        }
    }
}
