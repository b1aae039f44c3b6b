//! The plan of a load run.

use super::fleet::{Fleet, Mix};
use crate::config::AcquirerConfig;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What to send.
#[derive(Clone)]
pub struct LoadPlan {
    /// The connection's configuration.
    pub acquirer: AcquirerConfig,
    /// Who taps where.
    pub fleet: Arc<Fleet>,
    /// Messages a second over all connections.
    pub rate: f64,
    /// How long, or how many messages.
    pub length: Length,
    /// Connections: 1, 2, 4, 5, 8 or 10.
    pub connections: u32,
    /// What kinds of messages.
    pub mix: Mix,
    /// The same seed makes the same traffic.
    pub seed: u64,
    /// Writes one line for every answered message: RRN, code, amount, kind, STAN, DE7, terminal.
    pub log: Option<PathBuf>,
    /// Who answers.
    pub peer: Peer,
    /// How long to wait for the last answers.
    pub drain: Duration,
    /// Messages under way on each connection at one time: no more are sent until answers come. Unlimited when absent: then answers that
    /// come late are late, as for terminals.
    pub window: Option<u64>,
}

/// Who is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A switch: sign on, verify every answer's MAC.
    Switch,
    /// An echo that sends every message back as an answer, without a response code or a MAC of its own.
    Echo,
}

/// When to stop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Length {
    /// After so long.
    Time(Duration),
    /// After so many messages.
    Messages(u64),
}
