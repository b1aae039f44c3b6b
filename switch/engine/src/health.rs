//! The engine's report about itself: its role, whether it is ready, and why not.

use crate::alarm::Alarm;
use crate::keeper::{Keeper, Suspect};
use crate::tasks::Tasks;
use kazasu_store::Node;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, watch};

/// The role of a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Role {
    /// Not of use yet.
    #[default]
    Starting,
    /// Follows the journal and passes on what it is asked.
    Following,
    /// Decides.
    Leading,
    /// Never again.
    Finished,
}

impl Role {
    /// Its name for status and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Role::Starting => "starting",
            Role::Following => "following",
            Role::Leading => "leading",
            Role::Finished => "finished",
        }
    }
}

/// The engine's report about itself, and messages among its parts outside the queue.
#[derive(Default, Debug)]
pub struct Health {
    halted: Mutex<Option<String>>,
    /// The time that decides here.
    keeper: Mutex<Keeper>,
    /// Its last log line.
    pub(crate) alarm: Mutex<Alarm>,
    role: watch::Sender<Role>,
    epoch: AtomicU64,
    leader: Mutex<Node>,
    /// An epoch that was given up in good order, and the node that is to follow.
    released: Mutex<Option<(u64, String)>>,
    /// The last durable record that is known here.
    pub durable: AtomicU64,
    /// Requests admitted and not yet answered.
    pub queued: AtomicUsize,
    /// Set when this process can never write again: another writer has the lead, or the core panicked.
    pub finished: AtomicBool,
    /// A node that follows has read the journal to its end.
    pub caught_up: AtomicBool,
    /// A node that follows has a connection to the leader.
    pub reachable: AtomicBool,
    /// The leader's ledger takes records, as it said last.
    pub leader_ready: AtomicBool,
    /// A store that is shared cannot be asked at the moment who leads.
    pub unwatched: AtomicBool,
    /// The lead is being taken at the moment.
    pub trying: AtomicBool,
    /// The switch is to stop; nothing is tried again.
    pub stopping: AtomicBool,
    /// The number of times this process has begun to lead.
    pub leads: AtomicU64,
    /// Something has happened that the watch over the store should look at now.
    pub look: Notify,
    /// The result of the last whole audit of the book.
    pub(crate) audited: Mutex<Option<bool>>,
    /// The tasks that run, and those that have ended.
    pub tasks: Tasks,
}

impl Health {
    /// The reason why the ledger takes no records; `None` when it does, or when another node's does.
    #[must_use]
    pub fn halted(&self) -> Option<String> {
        lock(&self.halted).clone()
    }

    /// The result of the last audit of the whole book: true when debits equal credits and no account is overdrawn that may not be;
    /// `None` before the first one has come to its end.
    #[must_use]
    pub fn is_balanced(&self) -> Option<bool> {
        *lock(&self.audited)
    }

    /// The doubt about this node's wall clock; `None` when it is believed. Taps are answered all the same.
    #[must_use]
    pub fn clock_suspect(&self) -> Option<Suspect> {
        lock(&self.keeper).suspect()
    }

    pub(crate) fn keeper(&self) -> MutexGuard<'_, Keeper> {
        lock(&self.keeper)
    }

    /// True when taps are answered here: by this node as leader, or by the leader through this node.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let flag = |flag: &AtomicBool| flag.load(Ordering::Acquire);
        let able = match self.role() {
            Role::Leading => !flag(&self.unwatched),
            Role::Following => flag(&self.caught_up) && flag(&self.reachable) && flag(&self.leader_ready),
            Role::Starting | Role::Finished => false,
        };
        able && self.halted().is_none() && self.tasks.trouble().is_none()
    }

    /// This node's role.
    #[must_use]
    pub fn role(&self) -> Role {
        *self.role.borrow()
    }

    /// Tells whenever the role changes.
    #[must_use]
    pub fn roles(&self) -> watch::Receiver<Role> {
        self.role.subscribe()
    }

    /// The epoch that this node holds, or held last; 0 for never.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// The node that leads, as far as is known here.
    #[must_use]
    pub fn leader(&self) -> Node {
        lock(&self.leader).clone()
    }

    /// The node that leads, as far as this one knows.
    pub fn set_leader(&self, node: &Node) {
        let mut leader = lock(&self.leader);
        if *leader != *node {
            node.clone_into(&mut leader);
        }
    }

    /// The epoch that is in force, as far as this node knows.
    pub fn set_epoch(&self, epoch: u64) {
        self.epoch.store(epoch, Ordering::Release);
        // Where nodes share a store, the watch tells it as well.
        metrics::gauge!("kazasu_epoch").set(f64::from(u32::try_from(epoch).unwrap_or(u32::MAX)));
    }

    /// This node's role from here on.
    pub fn set_role(&self, role: Role) {
        if role == Role::Leading {
            self.leads.fetch_add(1, Ordering::AcqRel);
        }
        // The end is final.
        self.role.send_if_modified(|old| *old != Role::Finished && std::mem::replace(old, role) != role);
    }

    pub(crate) fn set_halted(&self, why: Option<String>) {
        if self.finished.load(Ordering::Acquire) && why.is_none() {
            return;
        }
        *lock(&self.halted) = why;
    }

    /// This process can never be of use again, and ends.
    pub fn finish(&self, why: String) {
        self.set_halted(Some(why));
        self.set_role(Role::Finished);
        self.finished.store(true, Ordering::Release);
    }

    pub(crate) fn release(&self, epoch: u64, successor: String) {
        *lock(&self.released) = Some((epoch, successor));
        self.look.notify_one();
    }

    /// An epoch that was given up in good order, and the node that is to follow.
    pub fn released(&self) -> Option<(u64, String)> {
        lock(&self.released).clone()
    }

    /// The other nodes know that the epoch was given up.
    pub fn release_is_known(&self) {
        *lock(&self.released) = None;
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says so when the core panics: a broken invariant, after which nothing can be decided any more.
pub(crate) struct EndOfCore(pub(crate) Arc<Health>);

impl Drop for EndOfCore {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.set_role(Role::Finished);
            self.0.set_halted(Some("the core broke one of its invariants and stopped; see the log".into()));
            self.0.finished.store(true, Ordering::Release);
        }
    }
}
