//! The journal, as deliveries read it. Pages are shared by all endpoints that are near the journal's end, so that each record is read
//! once however many they are.

use crate::Services;
use crate::error::{Result, ServiceError};
use crate::events::{Bounds, Event, Told, Viewer};
use kazasu_schemas::identity::Scope;
use kazasu_webhooks::{Feed, News, Page};
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::Mutex;

/// What one page has at most.
const PAGE: Bounds = Bounds { events: 200, records: 2_000 };
/// Pages that are kept.
const KEPT: usize = 8;

/// A message's body.
#[derive(Serialize)]
struct Message<'a> {
    r#type: &'a str,
    timestamp: &'a str,
    data: &'a Event,
}

/// The body of an event's message.
pub(super) fn body(event: &Event) -> Result<Vec<u8>> {
    let message = Message { r#type: &event.kind, timestamp: &event.at, data: event };
    serde_json::to_vec(&message).map_err(ServiceError::inside)
}

/// The events of some records, of all scopes.
struct Read {
    after: u64,
    next: u64,
    told: Vec<Told>,
}

/// The journal of a running switch.
pub struct EventFeed {
    services: Services,
    pages: Mutex<VecDeque<Arc<Read>>>,
}

impl EventFeed {
    /// Of these services.
    #[must_use]
    pub fn new(services: Services) -> EventFeed {
        EventFeed { services, pages: Mutex::default() }
    }

    async fn page(&self, after: u64) -> Result<Arc<Read>> {
        let mut pages = self.pages.lock().await;
        if let Some(page) = pages.iter().find(|page| (page.after..page.next).contains(&after)) {
            return Ok(page.clone());
        }
        let read = self.services.read_events(after, PAGE, |_| true).await?;
        let page = Arc::new(Read { after, next: read.next, told: read.told });
        if page.next > after {
            pages.push_front(page.clone());
            pages.truncate(KEPT);
        }
        Ok(page)
    }
}

impl Feed for EventFeed {
    async fn after(&self, scope: &Scope, after: u64) -> anyhow::Result<Page> {
        let said = |error: ServiceError| anyhow::anyhow!("{error}");
        let viewer = Viewer::within(&self.services, scope).await.map_err(said)?;
        let page = self.page(after).await.map_err(said)?;
        let own = page.told.iter().filter(|told| told.event.sequence > after && viewer.sees(told));
        let news = own.map(|told| {
            let event = &told.event;
            let (id, kind, sequence) = (event.id.clone(), event.kind.clone(), event.sequence);
            Ok(News { id, kind, sequence, body: body(event)? })
        });
        let news = news.collect::<Result<Vec<_>>>().map_err(said)?;
        Ok(Page { news, more: page.next < self.head(), next: page.next })
    }

    fn leads(&self) -> Option<u64> {
        self.services.leads()
    }

    fn head(&self) -> u64 {
        self.services.engine().map_or(0, |engine| engine.health().durable.load(Ordering::Acquire))
    }
}
