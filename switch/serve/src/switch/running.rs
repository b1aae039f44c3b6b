//! The tasks that run as long as the switch does. A task that ends unexpectedly starts again.

use super::logged::Logged;
use kazasu_api::http::Edge;
use kazasu_checkpoint::Checkpoints;
use kazasu_connections::acquirer::{Listener, ListenerContext};
use kazasu_connections::certificates::Certificates;
use kazasu_connections::cluster::{Peers, Watcher};
use kazasu_connections::issuers::Issuers;
use kazasu_connections::keys::Keys;
use kazasu_engine::Engine;
use kazasu_engine::tasks::{Kind, Tasks, fault};
use kazasu_projections::statements::StatementBook;
use kazasu_projections::transactions::TransactionBook;
use kazasu_schemas::jst::BusinessDay;
use kazasu_security_log::value::Word;
use kazasu_security_log::{CertificatesRead, Event, LeadChange, Log};
use kazasu_services::Services;
use kazasu_services::people::{Adopted, OldCaller};
use kazasu_services::webhooks::EventFeed;
use kazasu_webhooks::Courier;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The values with which tasks start.
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

    /// Keeps the index of payments in step with the journal.
    pub(super) fn keep_transactions(&self, transactions: TransactionBook) {
        let signal = self.signal.clone();
        self.tasks().keep(Kind::Transactions, "", move || {
            let keeping = transactions.clone().keep(signal.clone());
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

    /// Sends events to programs, as long as this node leads.
    pub(super) fn deliver_events(
        &self,
        services: &Services,
        settings: kazasu_webhooks::Settings,
        logged: &Logged,
    ) -> anyhow::Result<()> {
        let Some(hooks) = services.hooks.clone() else { return Ok(()) };
        if settings.authorities.is_some() {
            hooks.post.ready()?;
        }
        let (feed, tell) = (EventFeed::new(services.clone()), super::hooks::tell(logged.watch.log().cloned()));
        let courier = Arc::new(Courier::new((hooks.book, feed), (hooks.post, settings), tell, hooks.watched));
        let signal = self.signal.clone();
        self.tasks().keep(Kind::Webhooks, "", move || {
            let (courier, signal) = (courier.clone(), signal.clone());
            async move {
                courier.run(signal).await;
                Ok(())
            }
        });
        Ok(())
    }

    /// Keeps the metrics' memory small.
    pub(super) fn keep_metrics_small(&self) {
        let signal = self.signal.clone();
        self.tasks().keep(Kind::Upkeep, "", move || crate::telemetry::upkeep(signal.clone()));
    }

    /// Reads certificates again when their files change.
    pub(super) fn keep_certificates(&self, certificates: &Arc<Certificates>) {
        let (certificates, signal) = (certificates.clone(), self.signal.clone());
        self.tasks().keep(Kind::Certificates, "", move || {
            let watching = certificates.clone().watch(signal.clone());
            async move {
                watching.await;
                Ok(())
            }
        });
    }

    /// Reads the key store again when it changes.
    pub(super) fn keep_keys(&self, keys: &Arc<Keys>) {
        let (keys, signal) = (keys.clone(), self.signal.clone());
        self.tasks().keep(Kind::Keys, "", move || {
            let watching = keys.clone().watch(signal.clone());
            async move {
                watching.await;
                Ok(())
            }
        });
    }

    /// Takes over whom a key file and a configuration of before name, each time that this node begins to lead, and removes sessions and
    /// attempts that are over once an hour.
    pub(super) fn keep_access(&self, services: &Services, callers: Vec<OldCaller>) {
        let (services, signal, callers) = (services.clone(), self.signal.clone(), Arc::new(callers));
        self.tasks().keep(Kind::Access, "", move || {
            let keeping = keep_access(services.clone(), callers.clone(), signal.clone());
            async move {
                keeping.await;
                Ok(())
            }
        });
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

    /// Lets the clock tick.
    pub(super) fn keep_ticking(&self, ticking: Ticking) {
        let (engine, signal) = (self.engine.clone(), self.signal.clone());
        self.tasks().keep(Kind::Tick, "", move || {
            let ticking = tick(engine.clone(), ticking.clone(), signal.clone());
            async move {
                ticking.await;
                Ok(())
            }
        });
    }
}

/// The receivers of the clock's tick.
#[derive(Clone)]
pub(super) struct Ticking {
    /// Receives the open business day.
    day: Arc<watch::Sender<BusinessDay>>,
    /// Notifies issuers when a day has ended.
    issuers: Arc<Issuers>,
    /// Count the re-readings of certificates.
    certificates: Arc<Certificates>,
    /// Writes the counts of networks whose minute is over.
    edge: Option<Arc<Edge>>,
    /// Receives changes of the lead.
    log: Option<Arc<Log>>,
}

/// The leader in the last line of the security log.
#[derive(PartialEq, Eq)]
struct Lead {
    role: &'static str,
    epoch: u64,
    leader: String,
}

impl Ticking {
    pub(super) fn new(
        day: watch::Sender<BusinessDay>,
        issuers: &Arc<Issuers>,
        certificates: &Arc<Certificates>,
        logged: &Logged,
    ) -> Ticking {
        let (edge, log) = (logged.edge.clone(), logged.watch.log().cloned());
        Ticking { day: Arc::new(day), issuers: issuers.clone(), certificates: certificates.clone(), edge, log }
    }

    /// Writes a line to the security log when certificates were read again.
    fn tell_certificates(&self, told: &mut u64) {
        let now = self.certificates.reloads();
        if let Some(log) = self.log.as_ref().filter(|_| *told != now) {
            log.note(Event::CertificatesRead(CertificatesRead { count: now - *told }));
            *told = now;
        }
    }

    /// Writes a line to the security log when the lead has changed.
    fn tell_lead(&self, engine: &Engine, told: &mut Option<Lead>) {
        let health = engine.health();
        let now = Lead { role: health.role().name(), epoch: health.epoch(), leader: health.leader().name };
        if let Some(log) = self.log.as_ref().filter(|_| told.as_ref() != Some(&now)) {
            let (role, leader) = (Word::new(now.role), Word::new(&now.leader));
            log.note(Event::LeadChanged(LeadChange { role, epoch: now.epoch, leader }));
            *told = Some(now);
        }
    }

    /// Notifies issuers when the business day has ended; the core makes the record.
    async fn tell_day(&self, engine: &Engine) {
        let now = tokio::time::timeout(Duration::from_secs(1), engine.query(|state| state.day)).await;
        let Ok(Some(now)) = now else { return };
        let before = *self.day.borrow();
        // The first day that this process learns of is not the end of another.
        if before < now {
            self.day.send_replace(now);
            if before != BusinessDay::default() {
                self.issuers.cutover(before, now);
            }
        }
    }
}

/// The interval at which sessions and attempts that are over are removed.
const TIDY: Duration = Duration::from_secs(3_600);

async fn keep_access(services: Services, callers: Arc<Vec<OldCaller>>, mut shutdown: watch::Receiver<bool>) {
    let mut interval = tokio::time::interval(Duration::from_secs(1));
    let (mut adopted, mut tidied) = (None, None::<std::time::Instant>);
    loop {
        tokio::select! {
            _ = interval.tick() => {}
            _ = shutdown.changed() => return,
        }
        fault(Kind::Access);
        let Some(epoch) = services.leads() else { continue };
        if adopted != Some(epoch) {
            match services.adopt(&callers).await {
                Ok(Adopted { people: 0, programs: 0 }) => adopted = Some(epoch),
                Ok(Adopted { people, programs }) => {
                    adopted = Some(epoch);
                    tracing::info!(
                        people,
                        programs,
                        "taken over into the book; people join with an invitation (kazasu person found)"
                    );
                }
                Err(error) => tracing::warn!(%error, "people and programs of the configuration are not taken over yet"),
            }
        }
        if tidied.is_none_or(|at| at.elapsed() >= TIDY) {
            tidied = Some(std::time::Instant::now());
            if let Err(error) = services.tidy().await {
                tracing::warn!(%error, "sessions that are over are not removed");
            }
        }
    }
}

/// Asks the core once a second whether the business day is over, and publishes the state's sizes.
async fn tick(engine: Engine, ticking: Ticking, mut shutdown: watch::Receiver<bool>) {
    let mut interval = tokio::time::interval(Duration::from_secs(1));
    let (mut lead, mut reloads) = (None, 0);
    loop {
        tokio::select! {
            _ = interval.tick() => {}
            _ = shutdown.changed() => return,
        }
        fault(Kind::Tick);
        engine.tick();
        crate::telemetry::health(engine.health());
        if let Some(log) = &ticking.log {
            crate::telemetry::security_log(log, kazasu_engine::clock::now());
        }
        let sizes = tokio::time::timeout(Duration::from_secs(1), engine.query(kazasu_core::State::sizes)).await;
        if let Ok(Some(sizes)) = sizes {
            crate::telemetry::sizes(&sizes);
        }
        ticking.tell_day(&engine).await;
        ticking.tell_lead(&engine, &mut lead);
        ticking.tell_certificates(&mut reloads);
        if let Some(edge) = &ticking.edge {
            edge.sweep();
        }
    }
}
