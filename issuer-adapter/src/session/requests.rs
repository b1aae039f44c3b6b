//! Requests that wait for an answer, and the memory of those that waited in vain.
//!
//! The time-out is the same for every request, so deadlines are a queue in order of arrival and expiry costs O(1) each.

use super::Cause;
use super::counts::{MessageKind, Outcome};
use super::numbers::key;
use hashbrown::HashMap;
use kazasu_schemas::iso8583::Mti;
use kazasu_schemas::wire::issuer::{IssuerAnswer, IssuerRequest, Misfit, Repeated};
use std::collections::VecDeque;

/// One request in flight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) id: u64,
    pub(super) kind: MessageKind,
    cause: Cause,
    asked: Asked,
    deadline: u64,
    /// Position in the connection's outgoing byte stream of the request's first byte; `None` while it is queued.
    begin: Option<u64>,
    /// Microseconds when it was sent, only to measure.
    pub(super) stamp: u64,
}

/// What an answer has to be about.
#[derive(Clone, Copy, Debug)]
struct Asked {
    mti: Mti,
    repeated: Repeated,
}

impl Asked {
    fn misfit(&self, answer: &IssuerAnswer) -> Option<Misfit> {
        answer.misfit(self.mti, &self.repeated)
    }
}

/// A request that ended without an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Unanswered {
    pub(super) id: u64,
    pub(super) kind: MessageKind,
    /// [`Outcome::TimedOut`] or [`Outcome::NotSent`].
    pub(super) outcome: Outcome,
}

/// When an answer came that does not fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum When {
    InTime,
    Late,
}

/// What an answer's DE37 refers to.
pub(super) enum Match {
    InTime(Slot),
    Late {
        id: u64,
        kind: MessageKind,
    },
    /// It names this request and does not repeat what was asked. In time, the request has ended with an unknown outcome.
    Unfit {
        id: u64,
        kind: MessageKind,
        when: When,
        misfit: Misfit,
    },
    Unknown,
}

pub(super) struct Requests {
    max: usize,
    timeout: u64,
    slots: HashMap<u64, Slot>,
    /// Not yet handed to the socket, with their keys, oldest first.
    queue: VecDeque<(u64, IssuerRequest)>,
    /// Deadline and key, oldest first. Answered requests leave their entry behind until it comes to the front.
    deadlines: VecDeque<(u64, u64)>,
    silent: Silent,
}

impl Requests {
    pub(super) fn new(max: usize, timeout: u64) -> Self {
        let remembered = max.saturating_mul(4).max(65_536);
        Requests {
            max,
            timeout,
            slots: HashMap::new(),
            queue: VecDeque::new(),
            deadlines: VecDeque::new(),
            silent: Silent { order: VecDeque::new(), known: HashMap::new(), max: remembered },
        }
    }

    /// Queued and sent requests.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.slots.len() >= self.max
    }

    pub(super) fn contains(&self, key: u64) -> bool {
        self.slots.contains_key(&key)
    }

    /// What this request follows from, also when it waited in vain.
    pub(super) fn cause(&self, key: u64) -> Option<Cause> {
        let waits = self.slots.get(&key).map(|slot| slot.cause);
        waits.or_else(|| self.silent.known.get(&key).map(|(_, _, cause, _)| *cause))
    }

    pub(super) fn accept(&mut self, now: u64, (id, cause): (u64, Cause), request: IssuerRequest) {
        let key = key(id);
        let deadline = now + self.timeout;
        let kind = MessageKind::of(request.operation);
        let asked = Asked { mti: request.mti(), repeated: request.repeated() };
        self.slots.insert(key, Slot { id, kind, cause, asked, deadline, begin: None, stamp: 0 });
        self.deadlines.push_back((deadline, key));
        self.queue.push_back((key, request));
    }

    pub(super) fn has_queued(&self) -> bool {
        !self.queue.is_empty()
    }

    /// The oldest queued request, which from now on counts as begun at `begin` in the outgoing byte stream.
    pub(super) fn next(&mut self, stamp: u64, begin: u64) -> Option<(u64, IssuerRequest)> {
        let (key, request) = self.queue.pop_front()?;
        let slot = self.slots.get_mut(&key).expect("a queued request has its slot until it is sent or ended");
        slot.begin = Some(begin);
        slot.stamp = stamp;
        Some((slot.id, request))
    }

    pub(super) fn answered(&mut self, key: u64, answer: &IssuerAnswer) -> Match {
        match self.slots.remove(&key) {
            Some(slot) if slot.begin.is_some() => {
                self.trim();
                match slot.asked.misfit(answer) {
                    None => Match::InTime(slot),
                    Some(misfit) => {
                        self.silent.remember(key, &slot);
                        Match::Unfit { id: slot.id, kind: slot.kind, when: When::InTime, misfit }
                    }
                }
            }
            // An answer to what was never asked on this session: it cannot be ours.
            Some(slot) => {
                self.slots.insert(key, slot);
                Match::Unknown
            }
            None => self.silent.answered(key, answer),
        }
    }

    /// Takes a request out that could not be written.
    pub(super) fn withdraw(&mut self, key: u64) -> Option<Unanswered> {
        let slot = self.slots.remove(&key)?;
        Some(Unanswered { id: slot.id, kind: slot.kind, outcome: Outcome::NotSent })
    }

    /// Ends what is due. What is still queued certainly did not leave.
    pub(super) fn expire(&mut self, now: u64, mut ended: impl FnMut(Unanswered)) {
        while let Some(&(deadline, key)) = self.deadlines.front() {
            if deadline > now {
                break;
            }
            self.deadlines.pop_front();
            if self.slots.get(&key).is_some_and(|slot| slot.deadline == deadline) {
                let slot = self.slots.remove(&key).expect("just found");
                if slot.begin.is_none() {
                    // Queue and deadlines are in the same order, so everything before it has ended or been sent.
                    let front = self.queue.pop_front();
                    debug_assert_eq!(front.map(|(k, _)| k), Some(key));
                }
                ended(self.end(key, slot, u64::MAX));
            }
        }
    }

    /// Ends what is queued: it will not be sent.
    pub(super) fn end_queued(&mut self, mut ended: impl FnMut(Unanswered)) {
        while let Some((key, _)) = self.queue.pop_front() {
            let slot = self.slots.remove(&key).expect("a queued request has its slot until it is sent or ended");
            ended(self.end(key, slot, u64::MAX));
        }
        self.trim();
    }

    /// Ends everything after a disconnect at which the socket had taken `written` bytes of the outgoing stream.
    pub(super) fn end_all(&mut self, written: u64, mut ended: impl FnMut(Unanswered)) {
        self.queue.clear();
        while let Some((deadline, key)) = self.deadlines.pop_front() {
            if self.slots.get(&key).is_some_and(|slot| slot.deadline == deadline) {
                let slot = self.slots.remove(&key).expect("just found");
                ended(self.end(key, slot, written));
            }
        }
        debug_assert!(self.slots.is_empty());
    }

    pub(super) fn next_deadline(&self) -> Option<u64> {
        self.deadlines.front().map(|(deadline, _)| *deadline)
    }

    fn end(&mut self, key: u64, slot: Slot, written: u64) -> Unanswered {
        let begun = slot.begin.is_some_and(|begin| begin < written);
        let outcome = if begun { Outcome::TimedOut } else { Outcome::NotSent };
        if begun {
            self.silent.remember(key, &slot);
        }
        Unanswered { id: slot.id, kind: slot.kind, outcome }
    }

    /// Drops the deadlines of answered requests that have come to the front.
    fn trim(&mut self) {
        while let Some((deadline, key)) = self.deadlines.front() {
            if self.slots.get(key).is_some_and(|slot| slot.deadline == *deadline) {
                break;
            }
            self.deadlines.pop_front();
        }
    }
}

/// The last requests that timed out, so that a late answer can be told from a stray one.
struct Silent {
    order: VecDeque<u64>,
    known: HashMap<u64, (u64, MessageKind, Cause, Asked)>,
    max: usize,
}

impl Silent {
    fn remember(&mut self, key: u64, slot: &Slot) {
        if self.order.len() >= self.max
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.order.push_back(key);
        self.known.insert(key, (slot.id, slot.kind, slot.cause, slot.asked));
    }

    /// A late answer counts once; one that does not fit is none.
    fn answered(&mut self, key: u64, answer: &IssuerAnswer) -> Match {
        let Some((id, kind, _, asked)) = self.known.get(&key).copied() else { return Match::Unknown };
        if let Some(misfit) = asked.misfit(answer) {
            return Match::Unfit { id, kind, when: When::Late, misfit };
        }
        self.known.remove(&key);
        Match::Late { id, kind }
    }
}
