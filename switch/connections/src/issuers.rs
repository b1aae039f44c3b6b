//! The issuers' side: opens sealed accounts for the message that leaves, and turns the connections' reports into events.

use crate::certificates::Certificates;
use hashbrown::HashMap;
use kazasu_core::Command::SettleNotice;
use kazasu_core::{Event, Outgoing, Owed};
use kazasu_engine::tasks::{Kind, Tasks, fault, not_down};
use kazasu_engine::trail::{self, MessageId, about};
use kazasu_engine::{Engine, IssuerSink};
use kazasu_issuer_adapter::{Cause, Command, ConnectionConfig, ConnectionStatus, Ends, Keying, Report};
use kazasu_ledger::record::{Instrument, Silence};
use kazasu_outbox::{Notice, NoticeKey, Outbox, OutboxConfig, Outcome, Settle};
use kazasu_schemas::ids::{InstitutionId, Rrn, Stan};
use kazasu_schemas::iso8583::Dialect;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::wire::issuer::{Account, IssuerRequest};
use kazasu_security::vault::Vault;
use kazasu_tls::Client;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// An issuer with its dialect and keys.
#[derive(Clone)]
pub struct IssuerConfig {
    /// Its number in this book, from 1.
    pub number: u16,
    /// Its name.
    pub name: String,
    /// Host and port of its connection.
    pub addr: String,
    /// The dialect of its connection.
    pub dialect: Arc<Dialect>,
    /// The keys that authenticate its messages.
    pub keying: Keying,
    /// The time that an answer may take.
    pub answer_timeout: Duration,
    /// The interval at which the connection is tested.
    pub echo_interval: Duration,
    /// Requests under way at one time.
    pub max_in_flight: usize,
    /// Tell it with 0800/201 and 202 that the business day has ended.
    pub cutover: bool,
}

/// Every issuer connection. Connections are up while this node leads; each lead has connections of its own.
pub struct Issuers {
    vault: Arc<Vault>,
    own: InstitutionId,
    /// Each with its TLS, when it has one.
    configs: Vec<(IssuerConfig, Option<Arc<Client>>)>,
    /// False for a command that works on the journal for a moment: it sends nothing, and what is owed waits for the switch.
    linked: bool,
    runtime: Handle,
    lead: Mutex<Option<Lead>>,
    tasks: TaskTracker,
    /// Cancelled for good when the switch stops: connections of a lead that begins after that end at once.
    stopped: CancellationToken,
    outbox: OnceLock<Outbox>,
    /// Notices have nowhere to go, and the journal is to say so.
    gives_up: AtomicBool,
}

/// The connections of one lead.
struct Lead {
    engine: Engine,
    commands: HashMap<u16, mpsc::UnboundedSender<Vec<Command>>>,
    running: Vec<RunningConnection>,
    shutdown: CancellationToken,
}

/// An issuer's connection, for status pages and metrics.
#[derive(Clone)]
pub struct RunningConnection {
    /// The issuer's number.
    pub issuer: u16,
    /// Its name.
    pub name: String,
    /// The connection's report of itself; `None` while another node leads.
    pub status: Option<Arc<ConnectionStatus>>,
}

impl RunningConnection {
    /// Signed on.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.status.as_ref().is_some_and(|status| status.is_up())
    }
}

impl Issuers {
    /// Knows every configured issuer. Must be called on the runtime that the connections are to run on.
    #[must_use]
    pub fn new(
        configs: Vec<IssuerConfig>,
        certificates: &Certificates,
        vault: Arc<Vault>,
        own: InstitutionId,
    ) -> Arc<Self> {
        let with_tls = |config: IssuerConfig| {
            let tls = certificates.issuer(config.number);
            (config, tls)
        };
        Arc::new(Self::made(configs.into_iter().map(with_tls).collect(), true, vault, own))
    }

    /// Has no connections: for a command that works on the journal for a moment.
    #[must_use]
    pub fn without_connections(vault: Arc<Vault>, own: InstitutionId) -> Arc<Self> {
        Arc::new(Self::made(Vec::new(), false, vault, own))
    }

    fn made(
        configs: Vec<(IssuerConfig, Option<Arc<Client>>)>,
        linked: bool,
        vault: Arc<Vault>,
        own: InstitutionId,
    ) -> Self {
        let runtime = Handle::current();
        let (tasks, stopped) = (TaskTracker::new(), CancellationToken::new());
        let lead = Mutex::new(None);
        for (config, _) in &configs {
            kazasu_issuer_adapter::register_metrics(&config.name);
            // Its task runs while this node leads; before that it is not down.
            not_down(Kind::IssuerConnection, &config.name);
        }
        Issuers {
            vault,
            own,
            configs,
            linked,
            runtime,
            lead,
            tasks,
            stopped,
            outbox: OnceLock::new(),
            gives_up: AtomicBool::new(false),
        }
    }

    /// Delivers notices to residents' portals from now on. Must be called on the runtime that deliveries are to run on.
    pub fn deliver_notices(self: &Arc<Self>, config: OutboxConfig, tasks: &Tasks) -> anyhow::Result<()> {
        let outbox = Outbox::watched(config, Arc::new(Settler(Arc::downgrade(self))), tasks)?;
        anyhow::ensure!(self.outbox.set(outbox).is_ok(), "the outbox was started before");
        Ok(())
    }

    /// No outbox is configured: notices go on the list of those given up, instead of being owed for ever.
    pub fn give_notices_up(&self) {
        self.gives_up.store(true, Ordering::Release);
    }

    /// The counts of the outbox, when there is one.
    #[must_use]
    pub fn outbox(&self) -> Option<&Outbox> {
        self.outbox.get()
    }

    fn engine(&self) -> Option<Engine> {
        self.lead().as_ref().map(|lead| lead.engine.clone())
    }

    fn lead(&self) -> MutexGuard<'_, Option<Lead>> {
        self.lead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every issuer with its connection, in the order of the configuration.
    #[must_use]
    pub fn connections(&self) -> Vec<RunningConnection> {
        let lead = self.lead();
        let status = |number| {
            let running =
                lead.as_ref()?.running.iter().find(|connection: &&RunningConnection| connection.issuer == number)?;
            running.status.clone()
        };
        let connection = |config: &IssuerConfig| RunningConnection {
            issuer: config.number,
            name: config.name.clone(),
            status: status(config.number),
        };
        self.configs.iter().map(|(config, _)| connection(config)).collect()
    }

    /// Tells those issuers that want to know it that a business day has ended.
    pub fn cutover(&self, closed: BusinessDay, opened: BusinessDay) {
        let lead = self.lead();
        let Some(lead) = &*lead else { return };
        for (config, _) in self.configs.iter().filter(|(config, _)| config.cutover) {
            if let Some(connection) = lead.commands.get(&config.number) {
                // A connection that has ended is told nothing more.
                let _ = connection.send(vec![Command::Cutover { closed: closed.mmdd(), opened: opened.mmdd() }]);
            }
        }
    }

    /// Ends the connections: what is under way gets its answer or its time-out, then they sign off.
    pub async fn stop(&self) {
        self.stopped.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn request(&self, out: &Outgoing) -> anyhow::Result<IssuerRequest> {
        let account = match &out.instrument {
            Instrument::CreditCard(card) | Instrument::DebitCard(card) => {
                Account::Card(self.vault.open(&card.pan, &out.ppid)?)
            }
            Instrument::BankAccount(account) => Account::Bank(format!("{:010}", account.number)),
            Instrument::Deposit(_) => anyhow::bail!("a deposit of this ledger has no issuer"),
        };
        Ok(IssuerRequest {
            operation: out.to.operation,
            repeat: false,
            account,
            amount: out.to.amount,
            transmission: out.at.transmission(),
            stan: Stan::wrapping(out.message),
            mcc: out.mcc,
            entry_mode: out.entry_mode,
            acquirer: self.own,
            rrn: Rrn::from_number(out.message),
            terminal: out.terminal,
            merchant: out.merchant,
            original: out.original,
            replacement: out.to.remains,
        })
    }
}

/// Records the outcome of a notice.
struct Settler(Weak<Issuers>);

impl Settle for Settler {
    fn settle(&self, key: NoticeKey, outcome: Outcome, attempts: u32, problem: Option<String>) {
        // Another node leads, or the switch stops: the notice stays owed, and its receiver knows it by its id.
        let Some(engine) = self.0.upgrade().and_then(|issuers| issuers.engine()) else { return };
        let delivered = outcome == Outcome::Delivered;
        settle(&engine, SettleNotice { notice: key, delivered, attempts, problem });
    }
}

fn settle(engine: &Engine, notice: kazasu_core::Command) {
    // Whether it is recorded shows in the notice's being offered again.
    drop(engine.command_later(notice));
}

fn notice(key: NoticeKey, owed: &Owed) -> Notice {
    Notice {
        id: format!("{}-{}", key / 16, key % 16),
        kind: "spend_alert",
        ppid: owed.ppid.to_string(),
        percent: owed.percent,
        month: owed.counted.to_string().chars().take(7).collect(),
        used_yen: owed.used.get(),
        limit_yen: owed.limit.get(),
        at: owed.at.jst_text(),
    }
}

impl IssuerSink for Issuers {
    fn notify(&self, notices: Vec<(u64, Owed)>) {
        match (self.outbox.get(), self.engine()) {
            (Some(outbox), _) => notices.iter().for_each(|(key, owed)| outbox.offer(*key, notice(*key, owed))),
            (None, Some(engine)) if self.gives_up.load(Ordering::Acquire) => {
                for (key, _) in notices {
                    let problem = Some("no [outbox] is configured".into());
                    settle(&engine, SettleNotice { notice: key, delivered: false, attempts: 0, problem });
                }
            }
            // A command that works on the journal for a moment delivers nothing and settles nothing.
            (None, _) => {}
        }
    }

    fn begin(&self, engine: &Engine) {
        let _runtime = self.runtime.enter();
        let shutdown = self.stopped.child_token();
        let mut commands = HashMap::new();
        let mut running = Vec::new();
        for (config, tls) in &self.configs {
            let (tx, rx) = mpsc::unbounded_channel();
            commands.insert(config.number, tx);
            let reports_to = engine.clone();
            let report = move |reports: Vec<Report>| reports_to.events(reports.into_iter().map(event).collect());
            let connection = connection_config(config, tls.clone(), self.own);
            let clock = || {
                fault(Kind::IssuerConnection);
                kazasu_engine::clock::now()
            };
            let ends = Ends { commands: rx, report, wall_clock: clock, shutdown: shutdown.clone() };
            let (task, status) = kazasu_issuer_adapter::spawn(connection, ends);
            let (tasks, name) = (engine.health().tasks.clone(), config.name.clone());
            self.tasks.spawn(async move {
                tasks.runs(Kind::IssuerConnection, &name);
                match task.await {
                    Ok(()) => tasks.is_over(Kind::IssuerConnection, &name),
                    // It begins again by itself, as often as it can; now it could not.
                    Err(error) => tasks.ended(Kind::IssuerConnection, &name, error.to_string()),
                }
            });
            running.push(RunningConnection { issuer: config.number, name: config.name.clone(), status: Some(status) });
        }
        *self.lead() = Some(Lead { engine: engine.clone(), commands, running, shutdown });
    }

    fn send(&self, messages: Vec<Outgoing>) {
        let mut by_issuer: Vec<(u16, Vec<Command>)> = Vec::new();
        let mut not_sent = Vec::new();
        let lead = self.lead();
        // Without a lead nothing may leave: the leader finds these messages in the journal.
        let Some(lead) = &*lead else { return };
        for out in messages {
            let advice = out.to.operation.is_advice();
            let id = out.message;
            let span = trail::span(|| Some(MessageId::from(&out)));
            let _in = span.enter();
            match self.request(&out) {
                Ok(request) if lead.commands.contains_key(&out.to.issuer) => {
                    let cause = Cause { acquirer: out.cause.acquirer, rrn: out.cause_rrn };
                    let command = match advice {
                        true => Command::Advice { id, cause, request },
                        false => Command::Request { id, cause, request },
                    };
                    tracing::debug!(target: trail::STEPS, issuer = out.to.issuer, advice, "given to the issuer's connection");
                    match by_issuer.iter_mut().find(|(n, _)| *n == out.to.issuer) {
                        Some((_, commands)) => commands.push(command),
                        None => by_issuer.push((out.to.issuer, vec![command])),
                    }
                }
                // The switch has the connections, and sends it when it runs.
                Ok(_) if advice && !self.linked => {}
                Ok(_) if advice => {
                    let issuer = out.to.issuer;
                    about!(error, MessageId::from(&out), issuer, "an advice waits: its issuer is not configured");
                }
                Ok(_) => not_sent.push(Event::IssuerSilent { tap: id, why: Silence::Unmakeable }),
                Err(error) => {
                    let issuer = out.to.issuer;
                    about!(error, MessageId::from(&out), issuer, %error, "a message could not be made");
                    if !advice {
                        // Its issuer may well be there: the switch does not stand in for it.
                        not_sent.push(Event::IssuerSilent { tap: id, why: Silence::Unmakeable });
                    }
                }
            }
        }
        for (issuer, commands) in by_issuer {
            let Some(connection) = lead.commands.get(&issuer) else { continue };
            if let Err(mpsc::error::SendError(commands)) = connection.send(commands) {
                // The connection has ended: the switch is stopping. Requests were certainly not sent; advices stay owed.
                not_sent.extend(commands.iter().filter_map(|command| match command {
                    Command::Request { id, .. } => Some(Event::IssuerSilent { tap: *id, why: Silence::NotSent }),
                    Command::Advice { .. } | Command::Cutover { .. } => None,
                }));
            }
        }
        if !not_sent.is_empty() {
            lead.engine.events(not_sent);
        }
    }

    fn end(&self) {
        if let Some(lead) = self.lead().take() {
            lead.shutdown.cancel();
        }
        if let Some(outbox) = self.outbox.get() {
            outbox.forget_all();
        }
    }
}

fn event(report: Report) -> Event {
    match report {
        Report::Answered { id, answer } | Report::Late { id, answer } => {
            Event::IssuerAnswered { message: id, code: answer.code, approval: answer.approval }
        }
        Report::TimedOut { id } => Event::IssuerSilent { tap: id, why: Silence::TimedOut },
        Report::Unfit { id } => Event::IssuerSilent { tap: id, why: Silence::Unfit },
        Report::NotSent { id } => Event::IssuerSilent { tap: id, why: Silence::NotSent },
        Report::Acknowledged { id, code } => Event::IssuerAcknowledged { message: id, code },
    }
}

fn connection_config(config: &IssuerConfig, tls: Option<Arc<Client>>, own: InstitutionId) -> ConnectionConfig {
    ConnectionConfig {
        name: config.name.clone(),
        addr: config.addr.clone(),
        dialect: config.dialect.clone(),
        institution: own,
        keying: config.keying.clone(),
        tls,
        answer_timeout: config.answer_timeout,
        echo_interval: config.echo_interval,
        reconnect_min: Duration::from_millis(100),
        reconnect_max: Duration::from_secs(10),
        max_in_flight: config.max_in_flight,
        saf_window: 64,
        saf_retry_min: Duration::from_secs(1),
        saf_retry_max: Duration::from_secs(60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kazasu_schemas::ids::Ppid;
    use kazasu_schemas::money::Yen;

    #[test]
    fn a_notice_names_the_month_that_counts_the_payment() {
        let counted = BusinessDay::parse("2026-11-30").unwrap();
        let owed = Owed {
            ppid: Ppid::from_bytes([3; 16]),
            percent: 50,
            used: Yen::new(600),
            limit: Yen::new(1_000),
            counted,
            at: counted.next().start(),
            dead: None,
        };
        let notice = notice(4711 * 16, &owed);
        assert_eq!((notice.id.as_str(), notice.month.as_str()), ("4711-0", "2026-11"));
        assert_eq!(notice.at.get(..10), Some("2026-12-01"));
    }
}
