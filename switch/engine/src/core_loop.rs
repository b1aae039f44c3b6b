//! The core's thread: takes events in order, decides and applies them, and hands batches to the writer. When a commit fails
//! for certain it answers 91, reads the journal again and continues from what is really there. When another node takes the
//! lead it stops deciding and follows.

use super::commit::{Basis, Batch, IssuerSink};
use super::replica::{Broken, Replica};
use super::reply::{Asked, LinkHandle, Reply, ReplyBody};
use super::waiting::{Next, Waiting, catch_up};
use super::writer::{Job, News, Writer};
use super::{CommandError, Elsewhere, Engine, EngineConfig, Health, Inbound, Msg, Role};
use crate::trail::{self, MessageId, about};
use crossbeam_channel::{Receiver, never, select};
use hashbrown::HashMap;
use kazasu_core::{Command, Decision, Done, Effect, Event, State, decide, left_to_undo};
use kazasu_ledger::record::{IssuerSilent, Silence, Verdict};
use kazasu_ledger::{Body, Head, Record, Seq};
use kazasu_schemas::backoff::Backoff;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::wire::{Refusal, Request};
use kazasu_store::{AppendError, Store};
use smallvec::SmallVec;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// A commit that takes longer than this is trouble: from then on new messages are refused instead of queued behind it.
const STALL: Duration = Duration::from_secs(1);
/// Much longer than any issuer is waited for.
const NO_REPORT_MS: i64 = 300_000;
/// Transfers of one batch that nobody waits for: more would keep taps waiting for the disk.
const OWN_TRANSFERS: usize = 1_024;
/// Accounts that one look at the book goes through. A look is a fraction of a millisecond, and comes once a second.
pub(crate) const AUDITED: usize = 50_000;
/// How long a node that hands the lead over waits for issuers' answers.
const LEAVING: Duration = Duration::from_secs(30);
/// How long the last batches may take once no issuer is waited for, while everything else waits for the successor.
const CLOSING: Duration = Duration::from_secs(2);

/// An issuer that answers nothing is told of once in so long, with the number of payments that it left open meanwhile.
const SILENCE_TOLD: Duration = Duration::from_secs(1);

/// Someone whose request waits for an issuer.
struct Waiter {
    link: Arc<LinkHandle>,
    request: Request,
    received: Instant,
    tag: u64,
}

/// Commits that failed shortly after each other make the pause before the next attempt longer, so that a disk that is full
/// but takes a small record now and then does not look ready.
const FAILED_COMMITS: Backoff =
    Backoff::new(Duration::from_millis(200), Duration::from_secs(5)).calm(Duration::from_secs(10));

/// What the core's thread works with, whichever role it has.
pub(crate) struct Shell {
    pub(crate) config: EngineConfig,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) issuers: Arc<dyn IssuerSink>,
    pub(crate) elsewhere: Arc<dyn Elsewhere>,
    pub(crate) engine: Engine,
    pub(crate) rx: Receiver<Msg>,
    pub(crate) health: Arc<Health>,
}

struct Core<'a> {
    shell: &'a Shell,
    state: State,
    /// The last durable record.
    head: Head,
    waiting: HashMap<Seq, SmallVec<[Waiter; 1]>>,
    batch: Batch,
    stopping: bool,
    /// Since when the writer has had a batch.
    committing: Option<Instant>,
    /// Why the writer does not come back.
    stalled: Option<String>,
    /// What issuers reported while nothing could be decided.
    reports: Vec<Event>,
    leaving: Option<Leaving>,
    /// When owed notices were offered last.
    offered: Option<Instant>,
    /// There is more to do that nobody asks for: purses to be credited, or emptied.
    again: bool,
    /// Transfers of that kind in the open batch.
    own: usize,
    silences: Silences,
}

/// Payments whose issuer did not answer, for the log.
#[derive(Default)]
struct Silences {
    told: Option<Instant>,
    /// Those of which no line has told.
    untold: u64,
}

impl Silences {
    /// One more. `Some` when a line is due, with the number of those that had none.
    fn one_more(&mut self, now: Instant) -> Option<u64> {
        if self.told.is_some_and(|told| now.duration_since(told) < SILENCE_TOLD) {
            self.untold += 1;
            return None;
        }
        self.told = Some(now);
        Some(std::mem::take(&mut self.untold))
    }
}

/// A lead that is being handed over.
struct Leaving {
    successor: String,
    since: Instant,
    reply: oneshot::Sender<Result<u64, String>>,
    /// Questions for the successor.
    parked: Vec<Asked>,
    /// Since when no issuer is waited for: nothing is decided from then on.
    closing: Option<Instant>,
}

/// How a lead ended.
enum End {
    /// Told to stop; everything is durable.
    Stopped,
    /// Everything is durable and another node may begin.
    HandedOver(Leaving),
    /// Another node leads; these questions are open, and the writer may still have more to say.
    Lost { open: Vec<Asked>, why: String },
    /// A batch was certainly not written.
    Refused(AppendError),
}

/// Who asked for a decision.
enum Asker<'a> {
    Link(&'a Arc<LinkHandle>, Instant, u64),
    Command(oneshot::Sender<Result<Done, CommandError>>),
    Nobody,
}

impl<'a> Asker<'a> {
    fn link(&self) -> Option<&'a Arc<LinkHandle>> {
        match self {
            Asker::Link(link, ..) => Some(*link),
            Asker::Command(_) | Asker::Nobody => None,
        }
    }
}

/// What the message of an event is called, as far as the event says it. `None` for events that are about no message.
fn id_of(event: &Event, link: Option<&Arc<LinkHandle>>) -> Option<MessageId> {
    let id = match event {
        Event::Request(request) => MessageId::from(request),
        Event::Totals(totals) => MessageId::from(totals),
        Event::IssuerAnswered { message: record, .. }
        | Event::IssuerSilent { tap: record, .. }
        | Event::IssuerAcknowledged { message: record, .. } => MessageId::default().recorded(Some(*record)),
        Event::Command(_) | Event::Tick { .. } | Event::TickInDoubt => return None,
    };
    Some(match link {
        Some(link) => id.over(link),
        None => id,
    })
}

/// Says which message it was, should its handling panic: the line about the panic cannot know.
struct Handled<'a> {
    event: &'a Event,
    link: Option<&'a Arc<LinkHandle>>,
}

impl Drop for Handled<'_> {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Some(id) = id_of(self.event, self.link)
        {
            about!(error, id, "the core broke off over this message");
        }
    }
}

pub(crate) fn run(shell: &Shell, started: oneshot::Sender<anyhow::Result<()>>) {
    let mut started = Some(started);
    let mut failures = FAILED_COMMITS;
    // Since the pause after the last commit that failed.
    let mut since = Instant::now();
    let mut replica = Replica::default();
    let mut again = Vec::new();
    let mut old = None;
    let mut held: Option<u64> = shell.config.expected;
    loop {
        let waiting = Waiting { shell, replica: &mut replica, old: old.take(), held, starting: started.is_some() };
        let mut ready = || {
            if let Some(started) = started.take() {
                let _ = started.send(Ok(()));
            }
        };
        let (mut writer, epoch) = match waiting.run(std::mem::take(&mut again), &mut ready) {
            Next::Lead { writer, epoch } => (writer, epoch),
            Next::Stop => return,
            Next::Failed(error) => {
                if let Some(started) = started.take() {
                    let _ = started.send(Err(error));
                }
                return;
            }
            Next::Finished(why) => return finished(shell, why),
        };
        held = Some(epoch);
        shell.health.set_epoch(epoch);
        if let Err(error) = catch_up(&writer, &mut replica, &shell.health) {
            writer.close();
            if error.is::<Broken>() {
                replica = Replica::default();
            }
            if let Some(started) = started.take() {
                let _ = started.send(Err(error));
                return;
            }
            shell.health.set_halted(Some(format!("{error:#}")));
            let_others_lead(shell);
            if refuse_for(shell, Duration::from_secs(1)) {
                return;
            }
            continue;
        }
        shell.health.durable.store(replica.state.seq, Ordering::Release);
        shell.audit(&mut replica.state, usize::MAX);
        shell.lead_begins(&replica.state);
        let mut core = Core::new(shell, std::mem::take(&mut replica));
        shell.issuers.begin(&shell.engine);
        core.recover();
        for asked in shell.elsewhere.take_back() {
            core.ask(asked);
        }
        shell.health.set_halted(None);
        shell.role(Role::Leading);
        shell.health.trying.store(false, Ordering::Release);
        tracing::info!(epoch, records = core.state.seq, "this node leads");
        if let Some(started) = started.take() {
            let _ = started.send(Ok(()));
        }
        let end = core.pump(&writer);
        let waiters = core.open_questions();
        let Core { state, head, stopping, .. } = core;
        shell.issuers.end();
        match end {
            End::Stopped => {
                writer.close();
                return;
            }
            End::Lost { open, .. } if stopping => {
                open.into_iter().chain(waiters).for_each(|asked| asked.refuse(&shell.health));
                return;
            }
            End::Refused(_) if stopping => return,
            End::HandedOver(leaving) => {
                writer.close();
                // Everything in the state is in the journal; its hash is the last record's.
                replica.hash = head.hash;
                replica.state = state;
                let released = shell.health.epoch();
                shell.health.release(released, leaving.successor);
                shell.role(Role::Following);
                let _ = leaving.reply.send(Ok(released));
                again = leaving.parked;
                again.extend(waiters);
                if stopping {
                    again.into_iter().for_each(|asked| asked.refuse(&shell.health));
                    return;
                }
            }
            End::Lost { open, why } => {
                tracing::error!(%why, "this node does not lead any more");
                metrics::counter!("kazasu_leads_lost_total").increment(1);
                replica = Replica::default();
                shell.health.caught_up.store(false, Ordering::Release);
                if !shell.config.shared {
                    writer.close();
                    open.into_iter().chain(waiters).for_each(|asked| asked.refuse(&shell.health));
                    return finished(shell, why);
                }
                shell.role(Role::Following);
                again = open;
                again.extend(waiters);
                writer.cancel();
                old = Some(writer);
            }
            End::Refused(error) => {
                writer.close();
                replica = Replica::default();
                waiters.into_iter().for_each(|asked| asked.refuse(&shell.health));
                shell.health.set_halted(Some(error.to_string()));
                held = Some(shell.health.epoch());
                let_others_lead(shell);
                if refuse_for(shell, failures.failed_after(since.elapsed())) {
                    return;
                }
                since = Instant::now();
            }
        }
    }
}

/// This node must read the journal again before it can lead. Another, whose state is warm, had better do it.
fn let_others_lead(shell: &Shell) {
    shell.health.trying.store(false, Ordering::Release);
    if shell.config.shared {
        shell.health.caught_up.store(false, Ordering::Release);
        shell.health.release(shell.health.epoch(), String::new());
        shell.role(Role::Following);
    } else {
        shell.role(Role::Starting);
    }
}

/// This process will never write again, and says so until it is stopped.
fn finished(shell: &Shell, why: String) {
    tracing::error!(%why, "this switch stops for good");
    shell.health.set_halted(Some(why));
    shell.role(Role::Finished);
    shell.health.finished.store(true, Ordering::Release);
    while !refuse_for(shell, Duration::from_secs(3600)) {}
}

/// Answers everything with "not now" for a while. True when the switch is to stop.
fn refuse_for(shell: &Shell, how_long: Duration) -> bool {
    let until = Instant::now() + how_long;
    while let Ok(msg) = shell.rx.recv_deadline(until) {
        match msg {
            Msg::Inbound { link, received, first_tag, messages } => {
                for (message, tag) in messages.into_iter().zip(first_tag..) {
                    Asked { link: link.clone(), received, tag, message, in_doubt: false }.refuse(&shell.health);
                }
            }
            Msg::Command(_, to) => {
                let _ = to.send(Err(CommandError::Halted(shell.health.halted().unwrap_or_default())));
            }
            Msg::HandOver { reply, .. } => {
                let _ = reply.send(Err(shell.health.halted().unwrap_or_default()));
            }
            Msg::Lead { .. } => shell.health.trying.store(false, Ordering::Release),
            // Issuers' answers are lost here on purpose: after the journal is read again their taps are reversed.
            Msg::Events(_) | Msg::Query(_) | Msg::Tick | Msg::Lost { .. } => {}
            Msg::Stop => return true,
        }
    }
    false
}

impl<'a> Core<'a> {
    fn new(shell: &'a Shell, replica: Replica) -> Self {
        Core {
            shell,
            head: replica.head(),
            state: replica.state,
            waiting: HashMap::new(),
            batch: Batch::default(),
            stopping: false,
            committing: None,
            stalled: None,
            reports: Vec::new(),
            leaving: None,
            offered: None,
            again: false,
            own: 0,
            silences: Silences::default(),
        }
    }

    /// What a restart owes: pending taps are reversed, unacknowledged advices are sent again.
    fn recover(&mut self) {
        if !self.state.is_open() {
            let open = Command::Open { book: self.shell.config.book.clone() };
            self.decide(&Event::Command(open), Asker::Nobody);
        }
        for registration in &self.shell.config.registrations {
            self.decide(&Event::Command(registration.clone()), Asker::Nobody);
        }
        let owed: Vec<_> = self.state.unacknowledged().collect();
        for (seq, message) in owed {
            if let Some(outgoing) = self.state.outgoing(seq, message, self.shell.config.own_id) {
                self.batch.held.message(outgoing);
            }
        }
        self.offer_notices();
        let pending: Vec<Seq> = self.state.pending_taps().collect();
        if !pending.is_empty() {
            tracing::warn!(
                taps = pending.len(),
                "taps were waiting for an issuer when the switch stopped; reversing them"
            );
        }
        for tap in pending {
            self.decide(&Event::IssuerSilent { tap, why: Silence::Restarted }, Asker::Nobody);
        }
        self.undo_what_is_left(&Event::Tick { keep_days: self.shell.config.keep_days });
    }

    /// Whoever waits for an issuer when the lead ends.
    fn open_questions(&mut self) -> Vec<Asked> {
        let waiters = self.waiting.drain().flat_map(|(_, waiters)| waiters);
        let asked = |w: Waiter| Asked {
            link: w.link,
            received: w.received,
            tag: w.tag,
            message: Inbound::Request(w.request),
            in_doubt: true,
        };
        waiters.map(asked).collect()
    }

    /// Decides and commits until told to stop, or the lead ends.
    fn pump(&mut self, writer: &Writer) -> End {
        loop {
            if self.committing.is_none() && !self.batch.is_empty() {
                let batch = std::mem::take(&mut self.batch);
                if let Err(error) = writer.jobs.send(Job::Commit(batch)) {
                    return self.gone(error.into_inner());
                }
                self.committing = Some(Instant::now());
                self.own = 0;
            }
            if self.goes_on() {
                continue;
            }
            let idle = self.committing.is_none();
            if self.stopping && idle && self.leaving.is_none() && self.shell.rx.is_empty() {
                return End::Stopped;
            }
            if let Some(leaving) = self.left(idle) {
                return End::HandedOver(leaving);
            }
            let full = self.batch.records.len() >= self.shell.config.max_batch;
            let rx = if full && !self.is_stalled() { never() } else { self.shell.rx.clone() };
            let lost = select! {
                recv(writer.news) -> news => match news {
                    Ok(news) => self.hear(news),
                    Err(_) => Some(self.lose("the writer is gone".into(), Vec::new())),
                },
                recv(rx) -> msg => match msg {
                    Ok(Msg::Lost { current, holder }) if current > self.shell.health.epoch() => {
                        Some(self.lose(format!("{holder} has the lead (epoch {current})"), Vec::new()))
                    }
                    Ok(msg) => {
                        self.take(msg);
                        self.drain(&rx);
                        None
                    }
                    Err(_) => {
                        self.stopping = true;
                        None
                    }
                },
                default(STALL / 4) => None,
            };
            if let Some(end) = lost {
                return end;
            }
        }
    }

    /// Does a little of what is left to do by itself. What is asked comes between: a batch takes only so much of it.
    fn goes_on(&mut self) -> bool {
        if !self.again || self.own >= OWN_TRANSFERS || self.stopping || self.leaving.is_some() || self.is_stalled() {
            return false;
        }
        self.again = false;
        self.decide(&self.tick(), Asker::Nobody);
        // A look for what has lapsed goes through many accounts, also where it moves little.
        self.own += self.batch.records.last().map_or(0, |record| match &record.body {
            Body::Lapsed(_) => OWN_TRANSFERS,
            body => body.transfers().len(),
        });
        true
    }

    /// What the writer says. `Some` when the lead is over.
    fn hear(&mut self, news: News) -> Option<End> {
        match news {
            News::Committed(head) => {
                self.head = head;
                self.committing = None;
                if self.stalled.take().is_some() {
                    self.shell.health.set_halted(None);
                }
                if !self.is_closing() {
                    self.decide_reports();
                }
                None
            }
            News::Stalled(why) => {
                self.shell.health.set_halted(Some(why.clone()));
                self.stalled = Some(why);
                None
            }
            News::Failed(error @ AppendError::Refused(_), _) => {
                self.batch_after(&error);
                if let Some(leaving) = self.leaving.take() {
                    leaving.parked.into_iter().for_each(|asked| asked.refuse(&self.shell.health));
                    let _ = leaving.reply.send(Err(error.to_string()));
                }
                Some(End::Refused(error))
            }
            News::Failed(error, open) => Some(self.lose(error.to_string(), open)),
            News::Taken { .. }
            | News::NotTaken(_)
            | News::FromTheBeginning
            | News::Page(_)
            | News::CaughtUp
            | News::Unreadable(_) => None,
        }
    }

    /// The batch that was decided behind one that failed. Returns its open questions.
    fn batch_after(&mut self, error: &AppendError) -> Vec<Asked> {
        std::mem::take(&mut self.batch).drop_after(error, &self.shell.health)
    }

    fn lose(&mut self, why: String, mut open: Vec<Asked>) -> End {
        open.extend(self.batch_after(&AppendError::Unknown(why.clone())));
        if let Some(leaving) = self.leaving.take() {
            open.extend(leaving.parked);
            let _ = leaving.reply.send(Err(why.clone()));
        }
        End::Lost { open, why }
    }

    /// The writer took no batch: it has ended, and says why in its last news.
    fn gone(&mut self, job: Job) -> End {
        let why = "the writer is gone".to_owned();
        let open = match job {
            Job::Commit(batch) => batch.drop_after(&AppendError::Unknown(why.clone()), &self.shell.health),
            Job::Read(_) => Vec::new(),
        };
        self.lose(why, open)
    }

    /// True while nothing new can be decided, because it is not known when it would be durable.
    fn is_stalled(&mut self) -> bool {
        let overdue = self.committing.is_some_and(|since| since.elapsed() > STALL);
        if overdue && self.stalled.is_none() {
            let why = format!("the ledger has not confirmed a batch for {STALL:?}");
            self.shell.health.set_halted(Some(why.clone()));
            self.stalled = Some(why);
        }
        self.stalled.is_some()
    }

    /// A hand-over that is complete: nothing is open at an issuer or with the writer. Until no issuer is waited for, what needs
    /// none is still decided here; only what would ask one waits for the successor.
    fn left(&mut self, idle: bool) -> Option<Leaving> {
        let nobody_waits = self.state.sizes().pending == 0;
        let leaving = self.leaving.as_mut()?;
        if nobody_waits {
            leaving.closing.get_or_insert_with(Instant::now);
        }
        if leaving.closing.is_some() && idle && self.batch.is_empty() {
            return self.leaving.take();
        }
        let overdue = match leaving.closing {
            Some(since) => since.elapsed() > CLOSING,
            None => leaving.since.elapsed() > LEAVING,
        };
        if overdue {
            let leaving = self.leaving.take().expect("it was there just now");
            let why = if leaving.closing.is_some() { "the ledger" } else { "issuers" };
            let _ = leaving.reply.send(Err(format!("{why} did not answer in time; this node keeps the lead")));
            for asked in leaving.parked {
                self.ask(asked);
            }
            if self.stalled.is_none() {
                self.decide_reports();
            }
        }
        None
    }

    /// What issuers reported while nothing could be decided.
    fn decide_reports(&mut self) {
        for event in std::mem::take(&mut self.reports) {
            self.decide(&event, Asker::Nobody);
        }
    }

    /// Takes what has come in meanwhile, up to a full batch.
    fn drain(&mut self, rx: &Receiver<Msg>) {
        while self.batch.records.len() < self.shell.config.max_batch {
            match rx.try_recv() {
                // Looked at in the loop, which can end there.
                Ok(Msg::Lost { current, holder }) => {
                    if current > self.shell.health.epoch() {
                        self.shell.engine.lost(current, holder);
                        return;
                    }
                }
                Ok(msg) => self.take(msg),
                Err(_) => return,
            }
        }
    }

    fn take(&mut self, msg: Msg) {
        match msg {
            Msg::Inbound { link, received, first_tag, messages } => {
                if self.is_closing() || self.is_stalled() {
                    for (message, tag) in messages.into_iter().zip(first_tag..) {
                        self.set_aside(Asked { link: link.clone(), received, tag, message, in_doubt: false });
                    }
                    return;
                }
                self.batch.since.get_or_insert(received);
                for (message, tag) in messages.into_iter().zip(first_tag..) {
                    self.decide(&event_of(message), Asker::Link(&link, received, tag));
                }
            }
            // Nobody waits for an issuer's answer while closing, and what else issuers say they say again to the successor; only if
            // the lead is kept does it count here.
            Msg::Events(events) if self.is_closing() || self.is_stalled() => self.reports.extend(events),
            Msg::Tick if self.is_closing() => {}
            Msg::Events(events) => {
                for event in events {
                    self.decide(&event, Asker::Nobody);
                }
            }
            Msg::Command(_, to) if self.leaving.is_some() => {
                let _ = to.send(Err(CommandError::Halted("the lead is being handed over; try again".into())));
            }
            Msg::Command(_, to) if self.is_stalled() => {
                let _ = to.send(Err(CommandError::Halted(self.stalled.clone().unwrap_or_default())));
            }
            Msg::Command(Command::ConfirmClock { day, by, why, .. }, to) => {
                let clock = self.shell.confirm_clock(day, self.state.seq + 1);
                let command = Command::ConfirmClock { day, clock, by, why };
                self.decide(&Event::Command(command), Asker::Command(to));
            }
            Msg::Command(command, to) => self.decide(&Event::Command(command), Asker::Command(to)),
            Msg::Query(ask) => ask(&self.state),
            Msg::Tick if self.is_stalled() => {}
            Msg::Tick => {
                self.shell.look_at_clock();
                self.shell.audit(&mut self.state, AUDITED);
                self.decide(&self.tick(), Asker::Nobody);
                self.expire();
                self.offer_notices();
            }
            Msg::Stop => self.stopping = true,
            Msg::HandOver { reply, .. } if !self.shell.config.shared || self.leaving.is_some() || self.stopping => {
                let _ = reply.send(Err("there is no other node, or the lead is being handed over already".into()));
            }
            Msg::HandOver { successor, reply } => {
                self.leaving =
                    Some(Leaving { successor, reply, since: Instant::now(), parked: Vec::new(), closing: None });
            }
            Msg::Lead { .. } | Msg::Lost { .. } => {}
        }
    }

    /// A question that cannot be decided now. While the lead is handed over, the successor will. While the ledger stalls, "not
    /// now" is the truth for what is not known here; what is known already may be about to become durable.
    fn set_aside(&mut self, asked: Asked) {
        let known = match &asked.message {
            Inbound::Request(request) => self.state.knows(request),
            Inbound::Totals(_) => false,
        };
        let asked = Asked { in_doubt: asked.in_doubt || known, ..asked };
        match self.leaving.as_mut().filter(|leaving| leaving.closing.is_some() && self.stalled.is_none()) {
            Some(leaving) => leaving.parked.push(asked),
            None => asked.refuse(&self.shell.health),
        }
    }

    /// True while a lead is handed over and nothing is decided any more.
    fn is_closing(&self) -> bool {
        self.leaving.as_ref().is_some_and(|leaving| leaving.closing.is_some())
    }

    /// Time has passed. Nothing that time decides happens while it is not sure what time it is.
    fn tick(&self) -> Event {
        self.shell.now();
        match self.shell.health.clock_suspect() {
            None => Event::Tick { keep_days: self.shell.config.keep_days },
            Some(_) => Event::TickInDoubt,
        }
    }

    /// Every request gets a report from its link. Should one be lost with its link's task, the tap is not left pending.
    fn expire(&mut self) {
        let limit = Millis(self.shell.now().0 - NO_REPORT_MS);
        let old: Vec<Seq> = self.state.pending_since(limit).collect();
        for tap in old {
            about!(error, self.id_of_record(tap), "no report about a request to an issuer; taking it for unanswered");
            self.decide(&Event::IssuerSilent { tap, why: Silence::TimedOut }, Asker::Nobody);
        }
    }

    /// Notices that are owed and were not given up, now and then: whoever delivers them may have dropped some, and knows which
    /// it is busy with.
    fn offer_notices(&mut self) {
        const EVERY: Duration = Duration::from_secs(60);
        const AT_ONCE: usize = 10_000;
        if self.offered.is_some_and(|at| at.elapsed() < EVERY) {
            return;
        }
        self.offered = Some(Instant::now());
        for (key, owed) in self.state.notices().filter(|(_, owed)| owed.dead.is_none()).take(AT_ONCE) {
            self.batch.held.notice(key, owed.clone());
        }
    }

    /// A question that came another way than from a link just now.
    fn ask(&mut self, asked: Asked) {
        self.decide(&event_of(asked.message), Asker::Link(&asked.link, asked.received, asked.tag));
    }

    /// What a record's message is called, and over which link its answer is awaited.
    fn id_of_record(&self, record: Seq) -> MessageId {
        let tap = self.state.tap_of_message(record);
        let id = tap.map(MessageId::from).unwrap_or_default().recorded(Some(record));
        match self.waiting.get(&record).and_then(|waiters| waiters.first()) {
            Some(waiter) => id.over(&waiter.link),
            None => id,
        }
    }

    /// The same of an event's message.
    fn id_of(&self, event: &Event, link: Option<&Arc<LinkHandle>>) -> Option<MessageId> {
        let id = id_of(event, link)?;
        match event {
            Event::Request(_) | Event::Totals(_) => Some(id),
            _ => id.record.map(|record| self.id_of_record(record)),
        }
    }

    /// What an issuer did is unknown. That is worth a line, but an issuer that is away must not fill the log.
    fn tell_silence(&mut self, silent: &IssuerSilent) {
        let why = match silent.why {
            Silence::TimedOut => "timed_out",
            Silence::Unfit => "unfit",
            Silence::NotSent | Silence::Restarted | Silence::Unmakeable => return,
        };
        let Some(untold) = self.silences.one_more(Instant::now()) else { return };
        let issuer = silent.to_issuer.map(|to| to.issuer);
        about!(
            warn,
            self.id_of_record(silent.tap),
            issuer,
            why,
            untold,
            "an issuer gave no answer that counts; what it did is unknown, and it is told to undo it"
        );
    }

    fn decide(&mut self, event: &Event, asker: Asker<'_>) {
        let link = asker.link();
        let _handled = Handled { event, link };
        let span = trail::span(|| self.id_of(event, link));
        let _in = span.enter();
        let now = self.shell.now();
        let Decision { body, effects, rejected } = decide(&self.state, now, event);
        if let (Some(leaving), Some(Body::Tapped(tapped)), Event::Request(request)) = (&mut self.leaving, &body, event)
            && tapped.verdict == Verdict::Pending
            && let Asker::Link(link, received, tag) = asker
        {
            let message = Inbound::Request(*request);
            tracing::debug!(target: trail::STEPS, "waits for the next leader");
            leaving.parked.push(Asked { link: link.clone(), received, tag, message, in_doubt: false });
            return;
        }
        let basis = if body.is_some() { Basis::NewRecord } else { Basis::Known };
        if let Some(body) = body {
            count_refusal(&body);
            let record = Record { at: now.max(self.state.at), day: self.day_of(&body, now), body };
            let seq = self.state.seq + 1;
            self.state.apply(seq, &record).expect("a decision keeps the ledger's rules");
            if let Body::IssuerSilent(silent) = &record.body {
                self.tell_silence(silent);
            }
            if !span.is_disabled() {
                // An acquirer's message has its number from now on; what an issuer says is about a message that has one.
                if link.is_some() {
                    span.record("record", seq);
                }
                tracing::debug!(target: trail::STEPS, kind = record.body.name(), written = seq, "decided");
            }
            self.batch.records.push(record);
        } else if !span.is_disabled() {
            tracing::debug!(target: trail::STEPS, "nothing new is recorded");
        }
        let mut asker = asker;
        if let Some(why) = rejected {
            match asker {
                Asker::Command(to) => {
                    let _ = to.send(Err(why.into()));
                }
                Asker::Link(..) | Asker::Nobody => {
                    tracing::error!(%why, "what the configuration registers was refused")
                }
            }
            return;
        }
        for effect in effects {
            asker = self.effect(effect, event, asker, basis);
        }
        self.undo_what_is_left(event);
    }

    /// What reversals still have to undo comes before anything else is decided: nobody sees the state in between.
    fn undo_what_is_left(&mut self, event: &Event) {
        while let Some(Decision { body: Some(body), effects, .. }) = left_to_undo(&self.state) {
            let now = self.shell.now();
            let record = Record { at: now.max(self.state.at), day: self.state.day, body };
            let seq = self.state.seq + 1;
            self.state.apply(seq, &record).expect("a decision keeps the ledger's rules");
            self.batch.records.push(record);
            for effect in effects {
                self.effect(effect, event, Asker::Nobody, Basis::NewRecord);
            }
        }
    }

    /// The open business day; the first record opens the day of its own date.
    fn day_of(&self, body: &Body, now: kazasu_schemas::jst::Millis) -> kazasu_schemas::jst::BusinessDay {
        if matches!(body, Body::Opened(_)) { now.jst_day() } else { self.state.day }
    }

    fn effect<'b>(&mut self, effect: Effect, event: &Event, asker: Asker<'b>, basis: Basis) -> Asker<'b> {
        match (effect, event, asker) {
            (Effect::Answer(answer), Event::Request(request), Asker::Link(link, received, tag)) => {
                let record = match basis {
                    Basis::NewRecord => Some(self.state.seq),
                    Basis::Known => self.state.record_of(request),
                };
                let reply = Reply { body: ReplyBody::Answer(*request, answer), received, tag, record };
                self.batch.held.reply(link.clone(), reply, basis);
                Asker::Link(link, received, tag)
            }
            (Effect::AnswerTotals(totals), _, Asker::Link(link, received, tag)) => {
                let record = (basis == Basis::NewRecord).then_some(self.state.seq);
                let reply = Reply { body: ReplyBody::Totals(totals), received, tag, record };
                self.batch.held.reply(link.clone(), reply, basis);
                Asker::Link(link, received, tag)
            }
            (Effect::Wait(tap), Event::Request(request), Asker::Link(link, received, tag)) => {
                let waiter = Waiter { link: link.clone(), request: *request, received, tag };
                self.waiting.entry(tap).or_default().push(waiter);
                Asker::Link(link, received, tag)
            }
            (Effect::Done(done), _, Asker::Command(to)) => {
                self.batch.held.done(to, done);
                Asker::Nobody
            }
            (Effect::AnswerWaiting(tap, answer), _, asker) => {
                for w in self.waiting.remove(&tap).unwrap_or_default() {
                    let body = ReplyBody::Answer(w.request, answer);
                    let reply = Reply { body, received: w.received, tag: w.tag, record: Some(tap) };
                    self.batch.held.reply(w.link, reply, basis);
                }
                asker
            }
            (Effect::Send(seq, message), _, asker) => {
                let outgoing = self.state.outgoing(seq, message, self.shell.config.own_id);
                match outgoing {
                    Some(outgoing) => self.batch.held.message(outgoing),
                    // It stays owed, and in the journal; a switch that stops would lose everybody else's taps.
                    None => about!(
                        error,
                        self.id_of(event, asker.link()).unwrap_or_default().recorded(Some(seq)),
                        "a message to an issuer lacks what it is made of"
                    ),
                }
                asker
            }
            (Effect::Notify(key), _, asker) => {
                if let Some(owed) = self.state.notice(key) {
                    self.batch.held.notice(key, owed.clone());
                }
                asker
            }
            (Effect::Again, _, asker) => {
                self.again = true;
                asker
            }
            (Effect::CutOver(closed, opened), _, asker) => {
                tracing::info!(%closed, %opened, "business day turned");
                asker
            }
            (Effect::Count(what), _, asker) => {
                metrics::counter!("kazasu_events_total", "what" => what).increment(1);
                // The only refusal of which there is no record.
                if what == Refusal::DuplicateMismatch.name() {
                    refused(Refusal::DuplicateMismatch);
                }
                asker
            }
            (Effect::NotCarriedOut { record, named, flags }, _, asker) => {
                for why in kazasu_ledger::record::flag::names(flags) {
                    metrics::counter!("kazasu_reversals_not_carried_out_total", "why" => why).increment(1);
                    about!(
                        warn,
                        self.id_of(event, asker.link()).unwrap_or_default().recorded(Some(record)),
                        named,
                        why,
                        "a reversal was answered 00 and not carried out; the flagged report shows it: a person decides whether \
                         what it names is to be given back"
                    );
                }
                asker
            }
            (Effect::Answer(_) | Effect::AnswerTotals(_) | Effect::Wait(_) | Effect::Done(_), _, asker) => asker,
        }
    }
}

/// Counts what the switch refuses, by the refusal's name.
fn count_refusal(body: &Body) {
    if let Body::Tapped(tapped) = body
        && let Verdict::Refused(refusal) = tapped.verdict
    {
        refused(refusal);
    }
    if let Body::IssuerSilent(silent) = body {
        refused(match silent.why {
            Silence::TimedOut | Silence::Restarted | Silence::Unfit => Refusal::IssuerTimeout,
            Silence::NotSent | Silence::Unmakeable => Refusal::IssuerUnavailable,
        });
    }
}

fn refused(refusal: Refusal) {
    metrics::counter!("kazasu_refusals_total", "refusal" => refusal.name()).increment(1);
}

fn event_of(message: Inbound) -> Event {
    match message {
        Inbound::Request(request) => Event::Request(request),
        Inbound::Totals(totals) => Event::Totals(totals),
    }
}

#[cfg(test)]
mod tests {
    use super::super::commit::tests::request;
    use super::super::reply::Origin;
    use super::*;
    use crate::trail::tests::said;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use tracing::Level;

    #[test]
    fn the_message_over_which_the_core_breaks_off_is_named() {
        let peer = "127.0.0.1:5".parse().unwrap();
        let (out, _queue) = tokio::sync::mpsc::unbounded_channel();
        let link = Arc::new(LinkHandle::new(3, Origin::Acquirer, Some(peer), out));
        let event = Event::Request(request(200));
        let handle = |breaks: bool| {
            let _handled = Handled { event: &event, link: Some(&link) };
            assert!(!breaks, "an invariant is broken, for this test");
        };
        let lines = said(Level::ERROR, || {
            handle(false);
            assert!(catch_unwind(AssertUnwindSafe(|| handle(true))).is_err());
        });
        let named = "link=3 peer=127.0.0.1:5 acquirer=27000001 rrn=000000000001 stan=000001 terminal=T1001001";
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains(named) && lines[0].contains("the core broke off over this message"), "{lines:?}");
    }

    #[test]
    fn events_that_are_about_no_message_name_none() {
        assert!(id_of(&Event::TickInDoubt, None).is_none());
        let silent = Event::IssuerSilent { tap: 12, why: Silence::TimedOut };
        assert_eq!(id_of(&silent, None).and_then(|id| id.record), Some(12));
    }

    #[test]
    fn a_silent_issuer_is_told_of_once_a_second_with_the_number_of_those_between() {
        let mut silences = Silences::default();
        let begin = Instant::now();
        let told = [0, 10, 999, 1_000, 1_001, 2_500].map(|ms| silences.one_more(begin + Duration::from_millis(ms)));
        assert_eq!(told, [Some(0), None, None, Some(2), None, Some(1)]);
    }
}
