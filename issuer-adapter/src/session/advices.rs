//! Store-and-forward: advices in order, a bounded number of them unacknowledged on the wire, repeated until acknowledged.
//!
//! An advice leaves only when the issuer has answered it. Nothing here drops one. One that is about another waits until that is
//! answered, and so does a reversal behind what was said of the same message before it: an issuer that has not taken the first
//! would take the second for something else.

use super::Cause;
use super::counts::MessageKind;
use super::numbers::{key, ms};
use hashbrown::{HashMap, HashSet};
use kazasu_schemas::backoff::Backoff;
use kazasu_schemas::wire::Original;
use kazasu_schemas::wire::issuer::{IssuerAnswer, IssuerOperation, IssuerRequest, Misfit};
use std::collections::{BTreeSet, VecDeque};

struct Advice {
    id: u64,
    cause: Cause,
    order: u64,
    request: IssuerRequest,
    sent_before: bool,
    due: u64,
    /// How often it was sent since the connection stands.
    sent: u32,
}

/// An answer that names an advice and does not repeat it.
pub(super) struct Unfit {
    pub(super) id: u64,
    pub(super) kind: MessageKind,
    pub(super) misfit: Misfit,
}

pub(super) struct Advices {
    size: usize,
    /// Pauses before an advice is repeated.
    repeat: Backoff,
    orders: u64,
    /// The oldest unacknowledged advices, at most `size`, by key.
    window: HashMap<u64, Advice>,
    /// When each advice of the window is sent next: time, order, key.
    schedule: BTreeSet<(u64, u64, u64)>,
    /// Those of the window that wait for another's answer.
    held: BTreeSet<u64>,
    /// Behind the window, oldest first: key, id and cause, message.
    waiting: VecDeque<(u64, (u64, Cause), IssuerRequest)>,
    /// Cannot be written in this dialect. Kept and shown, since an advice is never dropped.
    parked: Vec<IssuerRequest>,
    known: HashSet<u64>,
}

impl Advices {
    pub(super) fn new(size: usize, repeat: Backoff) -> Self {
        Advices {
            size,
            repeat,
            orders: 0,
            window: HashMap::new(),
            schedule: BTreeSet::new(),
            held: BTreeSet::new(),
            waiting: VecDeque::new(),
            parked: Vec::new(),
            known: HashSet::new(),
        }
    }

    /// Unacknowledged advices.
    pub(super) fn len(&self) -> usize {
        self.window.len() + self.waiting.len() + self.parked.len()
    }

    /// Advices that cannot be written.
    pub(super) fn parked(&self) -> usize {
        self.parked.len()
    }

    /// What this advice of the window follows from.
    pub(super) fn cause(&self, key: u64) -> Option<Cause> {
        self.window.get(&key).map(|advice| advice.cause)
    }

    /// Queues an advice by its id and cause; false when it is queued already.
    pub(super) fn accept(&mut self, now: u64, named: (u64, Cause), request: IssuerRequest) -> bool {
        let key = key(named.0);
        if !self.known.insert(key) {
            return false;
        }
        self.waiting.push_back((key, named, request));
        self.refill(now);
        true
    }

    /// Keeps an advice that can never be written; false when it is known already.
    pub(super) fn park(&mut self, key: u64, request: IssuerRequest) -> bool {
        let new = self.known.insert(key);
        if new {
            self.parked.push(request);
        }
        new
    }

    /// Takes an advice that could not be encoded out of the window, so that it does not hold up the others.
    pub(super) fn set_aside(&mut self, now: u64, key: u64) {
        if let Some(advice) = self.window.remove(&key) {
            self.schedule.remove(&(advice.due, advice.order, key));
            self.parked.push(advice.request);
            self.let_go(now);
            self.refill(now);
        }
    }

    /// A new connection is signed on: what was unacknowledged goes out again at once, in order.
    pub(super) fn resume(&mut self, now: u64) {
        self.schedule.clear();
        self.held.clear();
        for (key, advice) in &mut self.window {
            advice.due = now;
            advice.sent = 0;
            self.schedule.insert((now, advice.order, *key));
        }
    }

    /// Takes what is due and has to wait for another's answer out of the schedule.
    pub(super) fn hold_back(&mut self, now: u64) {
        while let Some(first) = self.schedule.first().filter(|(due, _, _)| *due <= now).copied() {
            if !self.must_wait(first.2) {
                break;
            }
            self.schedule.remove(&first);
            self.held.insert(first.2);
        }
    }

    /// What an answer came for, or was set aside, holds nothing back any more.
    fn let_go(&mut self, now: u64) {
        for key in std::mem::take(&mut self.held) {
            if let Some(advice) = self.window.get_mut(&key) {
                advice.due = now;
                self.schedule.insert((now, advice.order, key));
            }
        }
    }

    /// Is an earlier advice of the window what this one is about, or about the same where one of them is a reversal?
    fn must_wait(&self, key: u64) -> bool {
        let Some(advice) = self.window.get(&key) else { return false };
        let Some(original) = &advice.request.original else { return false };
        let reverses = |request: &IssuerRequest| request.operation == IssuerOperation::Reversal;
        self.window.values().filter(|earlier| earlier.order < advice.order).any(|earlier| {
            let same = |of: &Original| (of.stan, of.transmission) == (original.stan, original.transmission);
            let about = same(&earlier.request.as_original());
            let both = reverses(&advice.request) || reverses(&earlier.request);
            about || (both && earlier.request.original.as_ref().is_some_and(same))
        })
    }

    pub(super) fn next_due(&self) -> Option<u64> {
        self.schedule.first().map(|(due, _, _)| *due)
    }

    /// The next advice to send, marked as a repeat from its second time on.
    pub(super) fn next(&mut self, now: u64) -> Option<(u64, &IssuerRequest)> {
        let first = *self.schedule.first().filter(|(due, _, _)| *due <= now)?;
        self.schedule.remove(&first);
        let (_, order, key) = first;
        let advice = self.window.get_mut(&key).expect("the schedule lists the window");
        advice.request.repeat |= advice.sent_before;
        advice.sent_before = true;
        advice.sent = advice.sent.saturating_add(1);
        advice.due = now + ms(self.repeat.pause(advice.sent));
        self.schedule.insert((advice.due, order, key));
        Some((advice.id, &advice.request))
    }

    /// The issuer answered: the advice is done. Gives its id and message. An answer that does not repeat what was told
    /// acknowledges nothing: the advice stays owed.
    pub(super) fn acknowledged(
        &mut self,
        now: u64,
        key: u64,
        answer: &IssuerAnswer,
    ) -> Option<Result<(u64, IssuerRequest), Unfit>> {
        let told = self.window.get(&key).filter(|advice| advice.sent_before)?;
        if let Some(misfit) = answer.misfit(told.request.mti(), &told.request.repeated()) {
            return Some(Err(Unfit { id: told.id, kind: MessageKind::of(told.request.operation), misfit }));
        }
        let advice = self.window.remove(&key).expect("just found");
        self.schedule.remove(&(advice.due, advice.order, key));
        self.known.remove(&key);
        self.held.remove(&key);
        self.let_go(now);
        self.refill(now);
        Some(Ok((advice.id, advice.request)))
    }

    fn refill(&mut self, now: u64) {
        while self.window.len() < self.size {
            let Some((key, (id, cause), request)) = self.waiting.pop_front() else { break };
            self.orders += 1;
            let order = self.orders;
            self.schedule.insert((now, order, key));
            let advice = Advice { id, cause, order, request, sent_before: false, due: now, sent: 0 };
            self.window.insert(key, advice);
        }
    }
}
