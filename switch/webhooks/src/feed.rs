//! What happened, as deliveries read it, and whom they tell of their troubles.

use super::rows::Stage;
use kazasu_schemas::identity::Scope;
use kazasu_schemas::jst::Millis;
use std::future::Future;
use std::sync::Arc;

/// An event, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Its id: the same whenever it is sent.
    pub id: String,
    /// What happened.
    pub kind: String,
    /// The journal's record.
    pub sequence: u64,
    /// The body of its message.
    pub body: Vec<u8>,
}

/// Events in the journal's order. Those of a record stay together.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The events.
    pub news: Vec<News>,
    /// All records up to this one are in it.
    pub next: u64,
    /// Whether records behind it are in the journal.
    pub more: bool,
}

/// The journal, as far as deliveries know it.
pub trait Feed: Send + Sync + 'static {
    /// The events of records after this one that are about a scope.
    fn after(&self, scope: &Scope, after: u64) -> impl Future<Output = anyhow::Result<Page>> + Send;

    /// The epoch in which this node leads; none where it does not.
    fn leads(&self) -> Option<u64>;

    /// The last durable record.
    fn head(&self) -> u64;
}

/// An endpoint has taken nothing for a while, or takes events again.
#[derive(Clone, Debug)]
pub struct Alert {
    /// The endpoint.
    pub endpoint: String,
    /// How it stands now.
    pub stage: Stage,
    /// Since when it takes nothing.
    pub since: Millis,
    /// Attempts in a row that failed.
    pub failures: u32,
    /// Why the last one failed.
    pub problem: String,
}

/// Whom to tell of alerts. It must not block.
pub type Tell = Arc<dyn Fn(Alert) + Send + Sync>;

/// Endpoints by their state, for metrics and the status page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// All of them.
    pub endpoints: usize,
    /// Switched off by a person.
    pub off: usize,
    /// Late: people were warned.
    pub late: usize,
    /// Failing for days.
    pub failing: usize,
}
