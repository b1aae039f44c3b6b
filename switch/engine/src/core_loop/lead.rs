//! The thread from one lead to the next: waiting for the lead, beginning it, and what follows its end.

use super::leading::{Asker, Core, End, Leaving, Silences, Waiter};
use crate::commit::Batch;
use crate::context::CoreContext;
use crate::handle::Msg;
use crate::health::Role;
use crate::inbound::{CommandError, Inbound};
use crate::replica::{Broken, Replica};
use crate::reply::Asked;
use crate::waiting::{Next, Waiting, catch_up};
use crate::writer::Writer;
use hashbrown::HashMap;
use kazasu_core::{Command, Event, State};
use kazasu_ledger::record::Silence;
use kazasu_ledger::{Head, Seq};
use kazasu_schemas::backoff::Backoff;
use kazasu_store::AppendError;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Commits that failed shortly after each other make the pause before the next attempt longer, so that a disk that is full
/// but takes a small record now and then does not look ready.
const FAILED_COMMITS: Backoff =
    Backoff::new(Duration::from_millis(200), Duration::from_secs(5)).calm(Duration::from_secs(10));

/// The parts that are kept from one lead to the next.
struct Leads<'a> {
    context: &'a CoreContext,
    /// Told once, when this node is of use or can never be.
    started: Option<oneshot::Sender<anyhow::Result<()>>>,
    failures: Backoff,
    /// Since the pause after the last commit that failed.
    since: Instant,
    replica: Replica,
    /// Questions that the last lead left open.
    again: Vec<Asked>,
    /// A writer that lost the lead and has not reported the outcome of its batch yet.
    old: Option<Writer>,
    /// The epoch that a node alone held before.
    held: Option<u64>,
}

/// The role after a lead, or after an attempt at one.
enum Then {
    /// The next is waited for.
    Wait,
    /// The thread is done.
    Stop,
}

/// A lead that is over.
struct Over {
    writer: Writer,
    state: State,
    head: Head,
    /// The questions that were waiting for issuers.
    waiters: Vec<Asked>,
    stopping: bool,
}

pub(crate) fn run(context: &CoreContext, started: oneshot::Sender<anyhow::Result<()>>) {
    let mut leads = Leads {
        context,
        started: Some(started),
        failures: FAILED_COMMITS,
        since: Instant::now(),
        replica: Replica::default(),
        again: Vec::new(),
        old: None,
        held: context.config.expected,
    };
    while let Then::Wait = leads.next() {}
}

impl<'a> Leads<'a> {
    /// Waits for a lead and leads as long as it lasts.
    fn next(&mut self) -> Then {
        let (writer, epoch) = match self.wait() {
            Next::Lead { writer, epoch } => (writer, epoch),
            Next::Stop => return Then::Stop,
            Next::Failed(error) => {
                self.tell_start(Err(error));
                return Then::Stop;
            }
            Next::Finished(why) => {
                finished(self.context, why);
                return Then::Stop;
            }
        };
        self.held = Some(epoch);
        self.context.health.set_epoch(epoch);
        if let Err(error) = catch_up(&writer, &mut self.replica, &self.context.health) {
            writer.close();
            return self.unread(error);
        }
        let mut core = self.begin(epoch);
        let end = core.pump(&writer);
        let waiters = core.open_questions();
        let Core { state, head, stopping, .. } = core;
        self.context.issuers.end();
        let over = Over { writer, state, head, waiters, stopping };
        match end {
            End::Stopped => {
                over.writer.close();
                Then::Stop
            }
            End::HandedOver(leaving) => self.handed_over(leaving, over),
            End::Lost { open, why } => self.lost(open, why, over),
            End::Refused(error) => self.refused(&error, over),
        }
    }

    fn wait(&mut self) -> Next {
        let (held, starting) = (self.held, self.started.is_some());
        let waiting =
            Waiting { context: self.context, replica: &mut self.replica, old: self.old.take(), held, starting };
        let started = &mut self.started;
        let mut ready = || {
            if let Some(started) = started.take() {
                let _ = started.send(Ok(()));
            }
        };
        waiting.run(std::mem::take(&mut self.again), &mut ready)
    }

    /// Says how the start went, unless that is known. True when it was not.
    fn tell_start(&mut self, how: anyhow::Result<()>) -> bool {
        let Some(started) = self.started.take() else { return false };
        let _ = started.send(how);
        true
    }

    /// The lead is ours, and the journal could not be read.
    fn unread(&mut self, error: anyhow::Error) -> Then {
        if error.is::<Broken>() {
            self.replica = Replica::default();
        }
        let why = format!("{error:#}");
        if self.tell_start(Err(error)) {
            return Then::Stop;
        }
        self.context.health.set_halted(Some(why));
        let_others_lead(self.context);
        if refuse_for(self.context, Duration::from_secs(1)) { Then::Stop } else { Then::Wait }
    }

    /// Begins to lead with what was read.
    fn begin(&mut self, epoch: u64) -> Core<'a> {
        let context = self.context;
        context.health.durable.store(self.replica.state.seq, Ordering::Release);
        context.audit(&mut self.replica.state, usize::MAX);
        context.lead_begins(&self.replica.state);
        let mut core = Core::new(context, std::mem::take(&mut self.replica));
        context.issuers.begin(&context.engine);
        core.recover();
        for asked in context.forwarder.take_back() {
            core.ask(asked);
        }
        context.health.set_halted(None);
        context.role(Role::Leading);
        context.health.trying.store(false, Ordering::Release);
        tracing::info!(epoch, records = core.state.seq, "this node leads");
        self.tell_start(Ok(()));
        core
    }

    fn handed_over(&mut self, leaving: Leaving, over: Over) -> Then {
        let context = self.context;
        over.writer.close();
        // Everything in the state is in the journal; its hash is the last record's.
        self.replica.hash = over.head.hash;
        self.replica.state = over.state;
        let released = context.health.epoch();
        context.health.release(released, leaving.successor);
        context.role(Role::Following);
        let _ = leaving.reply.send(Ok(released));
        let mut open = leaving.parked;
        open.extend(over.waiters);
        if over.stopping {
            open.into_iter().for_each(|asked| asked.refuse(&context.health));
            return Then::Stop;
        }
        self.again = open;
        Then::Wait
    }

    fn lost(&mut self, mut open: Vec<Asked>, why: String, over: Over) -> Then {
        let context = self.context;
        let Over { mut writer, waiters, stopping, .. } = over;
        open.extend(waiters);
        if stopping {
            open.into_iter().for_each(|asked| asked.refuse(&context.health));
            return Then::Stop;
        }
        tracing::error!(%why, "this node does not lead any more");
        metrics::counter!("kazasu_leads_lost_total").increment(1);
        self.replica = Replica::default();
        context.health.caught_up.store(false, Ordering::Release);
        if !context.config.shared {
            writer.close();
            open.into_iter().for_each(|asked| asked.refuse(&context.health));
            finished(context, why);
            return Then::Stop;
        }
        context.role(Role::Following);
        self.again = open;
        writer.cancel();
        self.old = Some(writer);
        Then::Wait
    }

    fn refused(&mut self, error: &AppendError, over: Over) -> Then {
        if over.stopping {
            return Then::Stop;
        }
        let context = self.context;
        over.writer.close();
        self.replica = Replica::default();
        over.waiters.into_iter().for_each(|asked| asked.refuse(&context.health));
        context.health.set_halted(Some(error.to_string()));
        self.held = Some(context.health.epoch());
        let_others_lead(context);
        if refuse_for(context, self.failures.failed_after(self.since.elapsed())) {
            return Then::Stop;
        }
        self.since = Instant::now();
        Then::Wait
    }
}

/// This node must read the journal again before it can lead. Another, whose state is warm, had better do it.
fn let_others_lead(context: &CoreContext) {
    context.health.trying.store(false, Ordering::Release);
    if context.config.shared {
        context.health.caught_up.store(false, Ordering::Release);
        context.health.release(context.health.epoch(), String::new());
        context.role(Role::Following);
    } else {
        context.role(Role::Starting);
    }
}

/// This process will never write again, and says so until it is stopped.
fn finished(context: &CoreContext, why: String) {
    tracing::error!(%why, "this switch stops for good");
    context.health.set_halted(Some(why));
    context.role(Role::Finished);
    context.health.finished.store(true, Ordering::Release);
    while !refuse_for(context, Duration::from_secs(3600)) {}
}

/// Answers everything with "not now" for a while. True when the switch is to stop.
fn refuse_for(context: &CoreContext, how_long: Duration) -> bool {
    let until = Instant::now() + how_long;
    while let Ok(msg) = context.rx.recv_deadline(until) {
        match msg {
            Msg::Inbound { connection, received, first_tag, messages } => {
                for (message, tag) in messages.into_iter().zip(first_tag..) {
                    Asked { connection: connection.clone(), received, tag, message, in_doubt: false }
                        .refuse(&context.health);
                }
            }
            Msg::Command(_, to) => {
                let _ = to.send(Err(CommandError::Halted(context.health.halted().unwrap_or_default())));
            }
            Msg::HandOver { reply, .. } => {
                let _ = reply.send(Err(context.health.halted().unwrap_or_default()));
            }
            Msg::Lead { .. } => context.health.trying.store(false, Ordering::Release),
            // Issuers' answers are lost here on purpose: after the journal is read again their taps are reversed.
            Msg::Events(_) | Msg::Query(_) | Msg::Tick | Msg::Lost { .. } => {}
            Msg::Stop => return true,
        }
    }
    false
}

impl<'a> Core<'a> {
    fn new(context: &'a CoreContext, replica: Replica) -> Self {
        Core {
            context,
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

    /// The duties of a restart: pending taps are reversed, unacknowledged advices are sent again.
    fn recover(&mut self) {
        if !self.state.is_open() {
            let open = Command::Open { book: self.context.config.book.clone() };
            self.decide(&Event::Command(open), Asker::Internal);
        }
        for registration in &self.context.config.registrations {
            self.decide(&Event::Command(registration.clone()), Asker::Internal);
        }
        let owed: Vec<_> = self.state.unacknowledged().collect();
        for (seq, message) in owed {
            if let Some(outgoing) = self.state.outgoing(seq, message, self.context.config.own_id) {
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
            self.decide(&Event::IssuerSilent { tap, why: Silence::Restarted }, Asker::Internal);
        }
        self.undo_what_is_left(&Event::Tick { keep_days: self.context.config.keep_days });
    }

    /// The taps that wait for an issuer when the lead ends.
    fn open_questions(&mut self) -> Vec<Asked> {
        let waiters = self.waiting.drain().flat_map(|(_, waiters)| waiters);
        let asked = |w: Waiter| Asked {
            connection: w.connection,
            received: w.received,
            tag: w.tag,
            message: Inbound::Request(w.request),
            in_doubt: true,
        };
        waiters.map(asked).collect()
    }
}
