//! The context of the core's thread, in each role.

use crate::handle::{Engine, Msg};
use crate::health::{Health, Role};
use crate::surroundings::{EngineConfig, Forwarder, IssuerSink};
use crossbeam_channel::Receiver;
use kazasu_store::Store;
use std::sync::Arc;

/// The parts with which the core's thread works, in each role.
pub(crate) struct CoreContext {
    pub(crate) config: EngineConfig,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) issuers: Arc<dyn IssuerSink>,
    pub(crate) forwarder: Arc<dyn Forwarder>,
    pub(crate) engine: Engine,
    pub(crate) rx: Receiver<Msg>,
    pub(crate) health: Arc<Health>,
}

impl CoreContext {
    /// Publishes this node's role.
    pub(crate) fn role(&self, role: Role) {
        self.health.set_role(role);
    }
}
