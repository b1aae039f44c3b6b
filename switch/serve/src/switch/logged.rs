//! The security log of a running switch, from its first line to its last.

use crate::config::Config;
use kazasu_api::http::Edge;
use kazasu_security_log::value::Word;
use kazasu_security_log::{Event, Start, Stop};
use kazasu_services::Watch;
use std::sync::Arc;

/// The log, for services and for the HTTP address.
pub(super) struct Logged {
    /// The services' handle.
    pub(super) watch: Watch,
    /// The handle for requests that no service sees.
    pub(super) edge: Option<Arc<Edge>>,
}

impl Logged {
    /// Writes that the switch starts. Taps do not wait for a log that cannot be written.
    pub(super) async fn start(config: &Config, node: &str) -> anyhow::Result<Logged> {
        let watch = config.node_watch(node)?;
        let edge = watch.log().cloned().map(Edge::new);
        let start = Start { version: Word::new(env!("CARGO_PKG_VERSION")), configuration: config.fingerprint };
        if let Some(log) = watch.log()
            && let Err(error) = log.add(Event::Started(start)).await
        {
            tracing::error!(%error, "the switch starts all the same");
        }
        Ok(Logged { watch, edge })
    }

    /// Writes that the switch ends in good order.
    pub(super) async fn stop(&self) {
        if let Some(edge) = &self.edge {
            edge.finish();
        }
        if let Some(log) = self.watch.log() {
            log.note(Event::Stopped(Stop {}));
            log.close().await;
        }
    }
}
