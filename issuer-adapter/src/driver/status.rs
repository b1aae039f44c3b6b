//! What people and the switch see of a session: a status that is cheap to read, and metrics.

use super::connection::Wire;
use crate::session::{Counts, MessageKind, Outcome, Phase, Session};
use kazasu_schemas::jst::Millis;
use metrics::{Counter, Gauge, Histogram};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// A session's state, shared between its task and its readers.
#[derive(Debug)]
pub struct ConnectionStatus {
    name: String,
    up: AtomicBool,
    since: AtomicI64,
    last_error: Mutex<Option<String>>,
    in_flight: AtomicUsize,
    saf_depth: AtomicUsize,
    unwritable: AtomicUsize,
    totals: [AtomicU64; Outcome::ALL.len()],
}

/// How many messages ended how, of all types, since the session was started.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ConnectionCounters {
    /// Messages handed to the socket, repeats and network messages included.
    pub sent: u64,
    /// Requests answered in time with 00, sign-ons and echoes included.
    pub approved: u64,
    /// Requests answered in time with another code.
    pub declined: u64,
    /// Advices answered with 00.
    pub acknowledged: u64,
    /// Advices answered with another code.
    pub refused: u64,
    /// Answers after the time-out.
    pub late: u64,
    /// Requests whose outcome is unknown.
    pub timed_out: u64,
    /// Requests that certainly did not leave.
    pub not_sent: u64,
    /// Answers that match nothing, duplicates included.
    pub unmatched: u64,
    /// Answers that do not repeat what was asked.
    pub unfit: u64,
    /// Messages with a missing or wrong MAC.
    pub bad_mac: u64,
    /// Messages that could not be read.
    pub undecodable: u64,
}

impl ConnectionStatus {
    pub(super) fn new(name: &str, now: Millis) -> Self {
        ConnectionStatus {
            name: name.to_owned(),
            up: AtomicBool::new(false),
            since: AtomicI64::new(now.0),
            last_error: Mutex::new(None),
            in_flight: AtomicUsize::new(0),
            saf_depth: AtomicUsize::new(0),
            unwritable: AtomicUsize::new(0),
            totals: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }

    /// The issuer's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// True while the session is signed on.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.up.load(Ordering::Acquire)
    }

    /// Since when it is up or down.
    #[must_use]
    pub fn since(&self) -> Millis {
        Millis(self.since.load(Ordering::Acquire))
    }

    /// Why it went down the last time, or why it does not come up. Kept when it comes up again.
    #[must_use]
    pub fn last_error(&self) -> Option<String> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Requests queued and sent.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Advices that are not acknowledged.
    #[must_use]
    pub fn saf_depth(&self) -> usize {
        self.saf_depth.load(Ordering::Relaxed)
    }

    /// Advices that cannot be written in the issuer's dialect and wait for a person.
    #[must_use]
    pub fn unwritable_advices(&self) -> usize {
        self.unwritable.load(Ordering::Relaxed)
    }

    /// The counters. They are read one by one, so they may be of slightly different moments.
    #[must_use]
    pub fn counters(&self) -> ConnectionCounters {
        let get = |outcome: Outcome| self.totals[outcome as usize].load(Ordering::Relaxed);
        ConnectionCounters {
            sent: get(Outcome::Sent),
            approved: get(Outcome::Approved),
            declined: get(Outcome::Declined),
            acknowledged: get(Outcome::Acknowledged),
            refused: get(Outcome::Refused),
            late: get(Outcome::Late),
            timed_out: get(Outcome::TimedOut),
            not_sent: get(Outcome::NotSent),
            unmatched: get(Outcome::Unmatched),
            unfit: get(Outcome::Unfit),
            bad_mac: get(Outcome::BadMac),
            undecodable: get(Outcome::Undecodable),
        }
    }

    pub(super) fn set_down(&self, now: Millis, why: Option<String>) {
        if self.up.swap(false, Ordering::AcqRel) {
            self.since.store(now.0, Ordering::Release);
        }
        if why.is_some() {
            *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = why;
        }
    }

    /// Follows the session's sign-on; true when it has just come up.
    pub(super) fn set_up_if_changed(&self, session: &Session, wall_clock: &impl Fn() -> Millis) -> bool {
        let up = session.phase() == Phase::Up;
        if up == self.up.load(Ordering::Acquire) {
            return false;
        }
        if up {
            self.since.store(wall_clock().0, Ordering::Release);
            self.up.store(true, Ordering::Release);
        } else {
            self.set_down(wall_clock(), Some("the issuer signed off".to_owned()));
        }
        up
    }

    pub(super) fn publish(&self, session: &Session) {
        self.in_flight.store(session.in_flight(), Ordering::Relaxed);
        self.saf_depth.store(session.saf_depth(), Ordering::Relaxed);
        self.unwritable.store(session.unwritable_advices(), Ordering::Relaxed);
        for (total, outcome) in self.totals.iter().zip(Outcome::ALL) {
            total.store(session.counts().total(outcome), Ordering::Relaxed);
        }
    }
}

/// The metrics' handles, looked up once.
pub(super) struct Meters {
    messages: Vec<(MessageKind, Outcome, Counter)>,
    published: Counts,
    up: Gauge,
    in_flight: Gauge,
    saf_queue: Gauge,
    answer_seconds: Histogram,
    ended: Counter,
}

impl Meters {
    pub(super) fn new(name: &str) -> Self {
        let issuer = name.to_owned();
        let messages = MessageKind::ALL
            .into_iter()
            .flat_map(|kind| Outcome::ALL.map(|outcome| (kind, outcome)))
            .map(|(kind, outcome)| {
                let labels =
                    [("issuer", issuer.clone()), ("type", kind.label().into()), ("outcome", outcome.label().into())];
                (kind, outcome, metrics::counter!("kazasu_issuer_messages_total", &labels))
            })
            .collect();
        Meters {
            messages,
            published: Counts::default(),
            up: metrics::gauge!("kazasu_issuer_connection_up", "issuer" => issuer.clone()),
            in_flight: metrics::gauge!("kazasu_issuer_in_flight", "issuer" => issuer.clone()),
            saf_queue: metrics::gauge!("kazasu_issuer_saf_queue", "issuer" => issuer.clone()),
            answer_seconds: metrics::histogram!("kazasu_issuer_answer_seconds", "issuer" => issuer.clone()),
            ended: metrics::counter!("kazasu_task_ended_total", "task" => "issuer_connection", "which" => issuer),
        }
    }

    /// The session's task panicked.
    pub(super) fn broke_off(&self) {
        self.ended.increment(1);
    }

    pub(super) fn publish(&mut self, session: &Session) {
        let counts = session.counts();
        if *counts != self.published {
            for (kind, outcome, counter) in &self.messages {
                let new = counts.get(*kind, *outcome) - self.published.get(*kind, *outcome);
                if new > 0 {
                    counter.increment(new);
                }
            }
            self.published.clone_from(counts);
        }
        self.up.set(if session.phase() == Phase::Up { 1.0 } else { 0.0 });
        self.in_flight.set(float(session.in_flight()));
        self.saf_queue.set(float(session.saf_depth()));
    }

    pub(super) fn record(&self, wire: &mut Wire) {
        for micros in wire.answer_times.drain(..) {
            self.answer_seconds.record(std::time::Duration::from_micros(micros));
        }
    }
}

fn float(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::from(u32::MAX), f64::from)
}
