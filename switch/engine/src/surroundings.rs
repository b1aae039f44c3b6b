//! The configuration and the surroundings with which the engine is started.

use crate::handle::Engine;
use crate::health::Health;
use crate::keeper::{ClockRules, Reading};
use crate::reply::Asked;
use kazasu_core::{Command, Outgoing, Owed};
use kazasu_schemas::ids::InstitutionId;
use kazasu_store::{Node, Store};
use std::sync::Arc;
use std::time::Duration;

/// Settings of the engine.
#[derive(Clone)]
pub struct EngineConfig {
    /// The book's name, for the first record.
    pub book: String,
    /// The switch's institution id towards issuers.
    pub own_id: InstitutionId,
    /// Requests admitted and not yet answered or waiting for an issuer.
    pub max_queued: usize,
    /// Records in one commit.
    pub max_batch: usize,
    /// Business days that ended taps stay in memory.
    pub keep_days: u16,
    /// Reads both clocks.
    pub clock: fn() -> Reading,
    /// The rules for trusting the wall clock.
    pub clock_rules: ClockRules,
    /// A request's DE7 may be so far from the clock.
    pub transmission_window: Duration,
    /// This process's name towards the store and other nodes.
    pub node: Node,
    /// Several nodes share the store: the lead is taken when the watch says so, and until then the journal is followed.
    pub shared: bool,
    /// Lead only if the store is at this epoch; `None`: at any epoch.
    pub expected: Option<u64>,
    /// Commands that prepare the book; the core decides them whenever this node begins to lead.
    pub registrations: Vec<Command>,
}

/// The way to the leader, for a node that follows.
pub trait Forwarder: Send + Sync {
    /// Takes questions that another node is to answer.
    fn forward(&self, asked: Vec<Asked>, health: &Health);

    /// Gives back all that are not answered yet, because this node leads now.
    fn take_back(&self) -> Vec<Asked>;
}

/// There is no other node.
pub struct NoForwarder;

impl Forwarder for NoForwarder {
    fn forward(&self, asked: Vec<Asked>, health: &Health) {
        asked.into_iter().for_each(|asked| asked.refuse(health));
    }

    fn take_back(&self) -> Vec<Asked> {
        Vec::new()
    }
}

/// The way of messages to issuers. Its connections are up while this node leads.
pub trait IssuerSink: Send + Sync {
    /// This node leads from now on: reports go to the engine.
    fn begin(&self, engine: &Engine);

    /// Takes messages whose records are durable.
    fn send(&self, messages: Vec<Outgoing>);

    /// Takes notices whose records are durable, by their numbers. They are owed until a command settles them, and come again.
    fn notify(&self, notices: Vec<(u64, Owed)>);

    /// This node does not lead any more.
    fn end(&self);
}

/// The channels of the core.
pub struct Surroundings {
    /// The writer to which records go.
    pub store: Arc<dyn Store>,
    /// The way of messages to issuers.
    pub issuers: Arc<dyn IssuerSink>,
    /// The way of messages while another node leads.
    pub forwarder: Arc<dyn Forwarder>,
    /// The node's health, as the core reports it.
    pub health: Arc<Health>,
}
