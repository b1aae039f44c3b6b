//! The core's thread: takes events in order, decides and applies them, and hands batches to the writer. When a commit fails
//! for certain it answers 91, reads the journal again and continues from what is really there. When another node takes the
//! lead it stops deciding and follows.

mod decide;
mod effects;
mod hand_over;
mod lead;
mod leading;

pub(crate) use lead::run;

use crate::handle::Msg;
use crate::inbound::{CommandError, Inbound};
use crate::reply::Asked;
use crate::time::AUDITED;
use crate::trail::about;
use crate::writer::{Job, News, Writer};
use crossbeam_channel::{Receiver, never, select};
use kazasu_core::{Command, Event};
use kazasu_ledger::record::Silence;
use kazasu_ledger::{Body, Seq};
use kazasu_schemas::jst::Millis;
use kazasu_store::AppendError;
use leading::{Asker, Core, End, Leaving};
use std::time::{Duration, Instant};

/// A commit that takes longer than this is trouble: from then on new messages are refused instead of queued behind it.
const STALL: Duration = Duration::from_secs(1);
/// Much longer than any issuer is waited for.
const NO_REPORT_MS: i64 = 300_000;
/// Transfers of one batch that no caller waits for: more would keep taps waiting for the disk.
const OWN_TRANSFERS: usize = 1_024;

impl Core<'_> {
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
            if self.stopping && self.committing.is_none() && self.leaving.is_none() && self.context.rx.is_empty() {
                return End::Stopped;
            }
            if let Some(leaving) = self.left() {
                return End::HandedOver(leaving);
            }
            let full = self.batch.records.len() >= self.context.config.max_batch;
            let rx = if full && !self.is_stalled() { never() } else { self.context.rx.clone() };
            let lost = select! {
                recv(writer.news) -> news => match news {
                    Ok(news) => self.hear(news),
                    Err(_) => Some(self.lose("the writer is gone".into(), Vec::new())),
                },
                recv(rx) -> msg => match msg {
                    Ok(Msg::Lost { current, holder }) if current > self.context.health.epoch() => {
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
        self.decide(&self.tick(), Asker::Internal);
        // A look for what has lapsed goes through many accounts, also where it moves little.
        self.own += self.batch.records.last().map_or(0, |record| match &record.body {
            Body::Lapsed(_) => OWN_TRANSFERS,
            body => body.transfers().len(),
        });
        true
    }

    /// Handles a message of the writer. `Some` when the lead is over.
    fn hear(&mut self, news: News) -> Option<End> {
        match news {
            News::Committed(head) => {
                self.head = head;
                self.committing = None;
                if self.stalled.take().is_some() {
                    self.context.health.set_halted(None);
                }
                if !self.is_closing() {
                    self.decide_reports();
                }
                None
            }
            News::Stalled(why) => {
                self.context.health.set_halted(Some(why.clone()));
                self.stalled = Some(why);
                None
            }
            News::Failed(error @ AppendError::Refused(_), _) => {
                self.batch_after(&error);
                if let Some(leaving) = self.leaving.take() {
                    leaving.parked.into_iter().for_each(|asked| asked.refuse(&self.context.health));
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

    /// True while nothing new can be decided, because it is not known when it would be durable.
    fn is_stalled(&mut self) -> bool {
        let overdue = self.committing.is_some_and(|since| since.elapsed() > STALL);
        if overdue && self.stalled.is_none() {
            let why = format!("the ledger has not confirmed a batch for {STALL:?}");
            self.context.health.set_halted(Some(why.clone()));
            self.stalled = Some(why);
        }
        self.stalled.is_some()
    }

    /// Reports of issuers that came while nothing could be decided.
    fn decide_reports(&mut self) {
        for event in std::mem::take(&mut self.reports) {
            self.decide(&event, Asker::Internal);
        }
    }

    /// Takes what has come in meanwhile, up to a full batch.
    fn drain(&mut self, rx: &Receiver<Msg>) {
        while self.batch.records.len() < self.context.config.max_batch {
            match rx.try_recv() {
                // Looked at in the loop, which can end there.
                Ok(Msg::Lost { current, holder }) => {
                    if current > self.context.health.epoch() {
                        self.context.engine.lost(current, holder);
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
            Msg::Inbound { connection, received, first_tag, messages } => {
                if self.is_closing() || self.is_stalled() {
                    for (message, tag) in messages.into_iter().zip(first_tag..) {
                        self.set_aside(Asked {
                            connection: connection.clone(),
                            received,
                            tag,
                            message,
                            in_doubt: false,
                        });
                    }
                    return;
                }
                self.batch.since.get_or_insert(received);
                for (message, tag) in messages.into_iter().zip(first_tag..) {
                    self.decide(&event_of(message), Asker::Connection(&connection, received, tag));
                }
            }
            // No tap waits for an issuer's answer while closing, and what else issuers say they say again to the successor; only if
            // the lead is kept does it count here.
            Msg::Events(events) if self.is_closing() || self.is_stalled() => self.reports.extend(events),
            Msg::Tick if self.is_closing() => {}
            Msg::Events(events) => {
                for event in events {
                    self.decide(&event, Asker::Internal);
                }
            }
            Msg::Command(_, to) if self.leaving.is_some() => {
                let _ = to.send(Err(CommandError::Halted("the lead is being handed over; try again".into())));
            }
            Msg::Command(_, to) if self.is_stalled() => {
                let _ = to.send(Err(CommandError::Halted(self.stalled.clone().unwrap_or_default())));
            }
            Msg::Command(Command::ConfirmClock { day, said, .. }, to) => {
                let clock = self.context.confirm_clock(day, self.state.seq + 1);
                let command = Command::ConfirmClock { day, clock, said };
                self.decide(&Event::Command(command), Asker::Command(to));
            }
            Msg::Command(command, to) => self.decide(&Event::Command(command), Asker::Command(to)),
            Msg::Query(ask) => ask(&self.state),
            Msg::Tick if self.is_stalled() => {}
            Msg::Tick => {
                self.context.look_at_clock();
                self.context.audit(&mut self.state, AUDITED);
                self.decide(&self.tick(), Asker::Internal);
                self.expire();
                self.offer_notices();
            }
            Msg::Stop => self.stopping = true,
            Msg::HandOver { reply, .. } if !self.context.config.shared || self.leaving.is_some() || self.stopping => {
                let _ = reply.send(Err("there is no other node, or the lead is being handed over already".into()));
            }
            Msg::HandOver { successor, reply } => self.leaving = Some(Leaving::new(successor, reply)),
            Msg::Lead { .. } | Msg::Lost { .. } => {}
        }
    }

    /// Time has passed. Nothing that time decides happens while it is not sure what time it is.
    fn tick(&self) -> Event {
        self.context.now();
        match self.context.health.clock_suspect() {
            None => Event::Tick { keep_days: self.context.config.keep_days },
            Some(_) => Event::TickInDoubt,
        }
    }

    /// Every request gets a report from its connection. Should one be lost with its connection's task, the tap is not left pending.
    fn expire(&mut self) {
        let limit = Millis(self.context.now().0 - NO_REPORT_MS);
        let old: Vec<Seq> = self.state.pending_since(limit).collect();
        for tap in old {
            about!(error, self.id_of_record(tap), "no report about a request to an issuer; taking it for unanswered");
            self.decide(&Event::IssuerSilent { tap, why: Silence::TimedOut }, Asker::Internal);
        }
    }

    /// Notices that are owed and were not given up, now and then: the outbox may have dropped some, and knows which
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

    /// A question that came another way than from a connection just now.
    fn ask(&mut self, asked: Asked) {
        self.decide(&event_of(asked.message), Asker::Connection(&asked.connection, asked.received, asked.tag));
    }
}

fn event_of(message: Inbound) -> Event {
    match message {
        Inbound::Request(request) => Event::Request(request),
        Inbound::Totals(totals) => Event::Totals(totals),
    }
}
