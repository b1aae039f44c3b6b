//! The means of the handlers.

use super::bodies::Bodies;
use super::budgets::Budgets;
use super::edge::Edge;
use super::front::Front;
use super::limits::HttpLimits;
use super::onces::Onces;
use kazasu_connections::certificates::Certificates;
use kazasu_connections::issuers::Issuers;
use kazasu_connections::keys::Keys;
use kazasu_engine::Engine;
use kazasu_services::Services;
use kazasu_store::{Node, Store};
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::Arc;

/// The means of the handlers.
#[derive(Clone)]
pub struct Api {
    /// The core.
    pub engine: Engine,
    /// Carries operations out.
    pub services: Services,
    /// Bounds of each connection and request.
    pub limits: HttpLimits,
    /// Carries named requests out once.
    pub onces: Onces,
    /// Bodies that are being read or used.
    pub bodies: Arc<Bodies>,
    /// Requests that callers may make.
    pub budgets: Arc<Budgets>,
    /// Renders metrics.
    pub prometheus: PrometheusHandle,
    /// Issuer links, for the status.
    pub issuers: Arc<Issuers>,
    /// Certificates of all connections, the HTTP address's own too.
    pub certificates: Arc<Certificates>,
    /// All keys.
    pub keys: Arc<Keys>,
    /// This process's name.
    pub node: Node,
    /// The place of the journal.
    pub store: Arc<dyn Store>,
    /// Tells the security log of requests that no service sees.
    pub edge: Option<Arc<Edge>>,
    /// Proxies, and the contact for reports.
    pub front: Arc<Front>,
    /// The progress of checkpoints, if there is a key that signs them.
    pub checkpoints: Option<Arc<kazasu_checkpoint::Status>>,
}
