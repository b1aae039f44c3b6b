//! The duties of a store of the journal. Engines know no rule and no record: they keep entries, in order, for ever.

pub use crate::task::{StoreError, StoreFault, StoreHint, Task, UrlProblem};

use crate::side::SideTable;
use crate::signing::Signing;
use kazasu_ledger::{Entry, Head, Seq};
use std::time::Duration;

/// Entries that become durable together.
pub type Batch = Vec<Entry>;

/// The error of a batch that is not known to be durable.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Certainly nothing of it was kept: another writer has taken the lead.
    #[error("another writer has taken over: this one held epoch {mine}, the journal is at epoch {current}")]
    Fenced {
        /// The epoch this writer held.
        mine: u64,
        /// The journal's.
        current: u64,
    },
    /// Certainly nothing of it was kept.
    #[error("not written: {0}")]
    Refused(String),
    /// It may or may not have been kept: only reading the journal tells.
    #[error("unknown whether it was written: {0}")]
    Unknown(String),
}

/// The rows of the transfers table for one transfer: record, leg, kind, debit, credit, amount.
pub type TransferRow = [i64; 6];

/// Reads a journal, also while a switch is writing to it. What it gives is durable.
pub trait Reader: Send {
    /// Up to `limit` entries from `from` on, in order, byte for byte as they were appended, transfers left out.
    fn scan(&mut self, from: Seq, limit: usize) -> Task<'_, Result<Vec<Entry>, StoreError>>;

    /// The last entry.
    fn head(&mut self) -> Task<'_, Result<Head, StoreError>>;

    /// The rows of the transfers table for the records `from` to `to`, in order; `None` when the store has no such table.
    fn transfers(&mut self, from: Seq, to: Seq) -> Task<'_, Result<Option<Vec<TransferRow>>, StoreError>>;

    /// Protections of the tables (triggers, functions, privileges) that are not as the migrations made them, in words.
    fn guards(&mut self) -> Task<'_, Result<Vec<String>, StoreError>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }
}

/// A journal, held by its one writer.
///
/// The contract, checked for every engine by one suite (`tests/conformance.rs`):
/// * a batch is kept whole or not at all; when `append` returns `Ok`, it survives the loss of power;
/// * entries must continue the journal (first `seq` is the head's + 1); anything else is refused and changes nothing;
/// * a writer whose epoch is not the store's any more can keep nothing: it is [`AppendError::Fenced`];
/// * after [`AppendError::Unknown`] the writer is of no use; a new [`Store::lead`] finds the outcome of the batch, because
///   from then on the old writer's batch can no longer arrive.
pub trait Journal: Reader {
    /// Makes a batch durable.
    fn append<'a>(&'a mut self, batch: &'a [Entry]) -> Task<'a, Result<(), AppendError>>;

    /// Does what keeps the store in shape and no answer has to wait for: called after a batch's effects have left. It
    /// loses nothing when it fails, and says so in the log.
    fn tidy(&mut self, _: Moment) -> Task<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    /// The times of the last batch, as far as the engine can tell the parts from each other.
    fn took(&self) -> Took {
        Took::default()
    }

    /// The epoch that this writer holds.
    fn epoch(&self) -> u64;

    /// Ends writing in good order, so that a copy of the store is complete. What was appended is durable without it too.
    fn close(self: Box<Self>) -> Task<'static, Result<(), StoreError>>;
}

/// When [`Journal::tidy`] is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// No batch waits.
    Idle,
    /// The next batch waits already.
    Busy,
}

/// The durations of the parts of one append.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Took {
    /// Putting the rows in, before anything is durable.
    pub write: Option<Duration>,
    /// Making them durable.
    pub sync: Option<Duration>,
}

/// The node that wants to write, and the condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The node.
    pub node: Node,
    /// Only if the store's epoch is still this one, or already held by this very process; `None`: at any epoch.
    pub expected: Option<u64>,
}

/// A process that may write.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Node {
    /// Its name, distinct among the nodes of one store.
    pub name: String,
    /// The address at which other nodes reach it; empty when there are none.
    pub address: String,
    /// The address of its status page.
    pub http: String,
    /// Drawn at random when the process began, so that a node that was restarted is not taken for the one before.
    pub incarnation: u64,
}

impl Node {
    /// The only node of a store of its own.
    #[must_use]
    pub fn alone() -> Self {
        Node { name: "alone".into(), ..Node::default() }
    }
}

/// Taking the lead failed.
#[derive(Debug, thiserror::Error)]
pub enum LeadError {
    /// Another node has it.
    #[error("another writer has taken over: the journal is at epoch {current}, held by {holder}")]
    Taken {
        /// The journal's epoch.
        current: u64,
        /// Its holder.
        holder: String,
    },
    /// The store could not be asked, or it is not known what it did.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The place where a journal is kept.
pub trait Store: Send + Sync {
    /// Its place in words, without secrets.
    fn place(&self) -> String;

    /// Takes the lead: brings the tables up to date where that is this process's business, raises the epoch and so shuts
    /// every earlier writer out.
    fn lead(&self, claim: Claim) -> Task<'_, Result<Box<dyn Journal>, LeadError>>;

    /// Opens an existing journal for reading.
    fn reader(&self) -> Task<'_, Result<Box<dyn Reader>, StoreError>>;

    /// The signer of this store's batches; `None` when they are not signed.
    fn signing(&self) -> Option<&Signing> {
        None
    }

    /// The rows beside the journal, of which every node sees the same.
    fn side(&self) -> Task<'_, Result<Box<dyn SideTable>, StoreError>> {
        Box::pin(std::future::ready(Err(StoreError::of(StoreFault::NoSignIns, "this store keeps no sign-ins"))))
    }

    /// The means by which several nodes share the store; `None` when only one process can use it.
    fn shared(&self) -> Option<&dyn Shared> {
        None
    }
}

/// A store that several nodes share: one leads, the others follow and watch.
pub trait Shared: Send + Sync {
    /// Opens a connection for watching.
    fn watch(&self, node: Node) -> Task<'_, Result<Box<dyn Watch>, StoreError>>;
}

/// The node that leads.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Leadership {
    /// Raised whenever the lead is taken.
    pub epoch: u64,
    /// The node that took it last; the default when no node ever did.
    pub leader: Node,
    /// The number of the leader's reports since it began.
    pub beats: i64,
    /// The last record that it reported.
    pub applied: Seq,
    /// True when the leader has let go in good order and waits for a successor.
    pub released: bool,
    /// The node that the leader wants as its successor; empty for any.
    pub successor: String,
}

/// A node's report of itself, for the others and for people.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct NodeReport {
    /// The last record that its state contains.
    pub applied: Seq,
    /// `leading`, `following`, `halted` or another word for people.
    pub role: String,
}

/// A node as the store knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeStatus {
    /// Name, addresses.
    pub node: Node,
    /// Its last report.
    pub report: NodeReport,
    /// The number of its reports.
    pub beats: i64,
    /// Seconds since its last report, by the store's clock.
    pub silent_seconds: f64,
    /// The program's version.
    pub version: String,
}

/// A node's connection for reporting and watching. Nothing here decides correctness: that is the epoch's.
pub trait Watch: Send {
    /// Reports, and tells who leads.
    fn beat<'a>(&'a mut self, report: &'a NodeReport) -> Task<'a, Result<Leadership, StoreError>>;

    /// The node that leads, without reporting.
    fn leadership(&mut self) -> Task<'_, Result<Leadership, StoreError>>;

    /// Every node that ever reported, by name.
    fn nodes(&mut self) -> Task<'_, Result<Vec<NodeStatus>, StoreError>>;

    /// The leader lets go: everything it decided is durable, and it decides no more. False, and nothing is done, if `epoch` is
    /// not the store's.
    fn release(&mut self, epoch: u64, successor: String) -> Task<'_, Result<bool, StoreError>>;
}

/// Refuses a batch that does not continue the journal: used by every engine before it writes.
pub(crate) fn check_order(head: Seq, batch: &[Entry]) -> Result<(), AppendError> {
    match (head + 1..).zip(batch).find(|(next, entry)| entry.seq != *next) {
        Some((next, entry)) => Err(AppendError::Refused(format!("entry {} where {next} must follow", entry.seq))),
        None => Ok(()),
    }
}
