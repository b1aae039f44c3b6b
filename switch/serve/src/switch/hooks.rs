//! Events to programs: the means of deliveries, and whom to tell of endpoints that take nothing.

use crate::config::Config;
use kazasu_security_log::value::{Free, Object, Word};
use kazasu_security_log::{Event, Log, WebhookState};
use kazasu_services::Source;
use kazasu_services::webhooks::{Hooks, VaultSecrets};
use kazasu_store::Store;
use kazasu_store::side_rows::SideRows;
use kazasu_webhooks::{Alert, Book, Post, Stage, Tell, Watched};
use std::sync::Arc;

/// The means of deliveries; none where a journal is only read.
pub(super) fn hooks(config: &Config, source: &Source, store: Arc<dyn Store>) -> Option<Hooks> {
    matches!(source, Source::Engine(_)).then(|| Hooks {
        book: Book::new(SideRows::of(store), Arc::new(VaultSecrets(config.vault.clone()))),
        post: Arc::new(Post::new(config.webhooks.clone())),
        networks: config.webhooks.networks.clone(),
        watched: Watched::default(),
    })
}

/// Tells people: in the log, and in the security log, so that no endpoint ends in silence.
pub(super) fn tell(log: Option<Arc<Log>>) -> Tell {
    Arc::new(move |alert: Alert| {
        let Alert { endpoint, stage, since, failures, problem } = alert;
        let since = since.jst_text();
        let state = match stage {
            Stage::Well => "on",
            Stage::Late => "late",
            Stage::Failing => "failing",
        };
        match stage {
            Stage::Well => tracing::info!(%endpoint, %since, failures, "a webhook endpoint takes events again"),
            Stage::Late => {
                tracing::warn!(%endpoint, %since, failures, %problem, "a webhook endpoint takes no events; its owner should know");
            }
            Stage::Failing => {
                tracing::error!(%endpoint, %since, failures, %problem, "a webhook endpoint has taken no events for days; it keeps its place and is tried on");
            }
        }
        if let Some(log) = &log {
            log.note(Event::WebhookState(WebhookState {
                about: vec![Object::named("webhook", &endpoint)],
                state: Word::new(state),
                since: Word::new(&since),
                count: failures.into(),
                reason: (!problem.is_empty()).then(|| Free::new(&problem)),
            }));
        }
    })
}
