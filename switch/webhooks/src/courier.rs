//! The task that delivers: as long as this node leads, each endpoint that is on has a delivery of its own, so that one that hangs holds up
//! no other.

use super::book::Book;
use super::deliver::{Shared, attempt, deliver, locked};
use super::feed::{Feed, News, Stats, Tell};
use super::post::{Message, Post, Posted};
use super::rows::{Attempt, Endpoint, Fault, Sent, Stage};
use super::settings::Settings;
use kazasu_engine::clock;
use kazasu_engine::tasks::{Kind, fault};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often the journal's end is looked at.
const TICK: Duration = Duration::from_millis(200);
/// How often endpoints are read.
const READ: Duration = Duration::from_secs(1);

/// A delivery that ends with its handle.
struct Running(JoinHandle<anyhow::Result<()>>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Delivers events.
pub struct Courier<F> {
    shared: Arc<Shared<F>>,
    grown: watch::Sender<u64>,
    watched: Watched,
}

/// The endpoints' numbers, for the status page.
#[derive(Clone, Default)]
pub struct Watched(Arc<Mutex<Stats>>);

impl Watched {
    /// As they are now; zeros where this node does not lead.
    #[must_use]
    pub fn stats(&self) -> Stats {
        *locked(&self.0)
    }
}

impl<F: Feed> Courier<F> {
    /// Nothing is sent before [`Courier::run`]. `watched` shows the numbers of endpoints.
    #[must_use]
    pub fn new(
        (book, feed): (Book, F),
        (post, settings): (Arc<Post>, Settings),
        tell: Tell,
        watched: Watched,
    ) -> Courier<F> {
        let (grown, seen) = watch::channel(0);
        let (endpoints, stages) = (Mutex::default(), Mutex::default());
        let shared = Shared { book, feed, post, settings, tell, endpoints, stages, grown: seen };
        Courier { shared: Arc::new(shared), grown, watched }
    }

    /// Delivers until `shutdown` turns true.
    pub async fn run(&self, mut shutdown: watch::Receiver<bool>) {
        let mut interval = tokio::time::interval(TICK);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut running: HashMap<String, Running> = HashMap::new();
        let mut read = None::<Instant>;
        loop {
            tokio::select! {
                _ = interval.tick() => {}
                _ = shutdown.changed() => return,
            }
            fault(Kind::Webhooks);
            if self.shared.feed.leads().is_none() {
                running.clear();
                self.publish(Stats::default());
                read = None;
                continue;
            }
            let head = self.shared.feed.head();
            self.grown.send_if_modified(|seen| std::mem::replace(seen, head) != head);
            if read.is_none_or(|at| at.elapsed() >= READ) {
                read = Some(Instant::now());
                if let Err(error) = self.look(&mut running).await {
                    tracing::warn!(%error, "webhook endpoints cannot be read; events wait");
                }
            }
        }
    }

    /// Reads the endpoints, and begins and ends deliveries.
    async fn look(&self, running: &mut HashMap<String, Running>) -> anyhow::Result<()> {
        let all = self.shared.book.all().await?;
        for (id, endpoint) in &all {
            self.shared.book.renew(id, endpoint).await?;
        }
        let on: HashMap<String, Arc<Endpoint>> =
            all.iter().filter(|(_, one)| one.on).map(|(id, one)| (id.clone(), Arc::new(one.clone()))).collect();
        let known: HashSet<&str> = all.iter().map(|(id, _)| id.as_str()).collect();
        locked(&self.shared.stages).retain(|id, _| known.contains(id.as_str()) && on.contains_key(id));
        running.retain(|id, _| on.contains_key(id));
        let begun: Vec<String> = on.keys().cloned().collect();
        *locked(&self.shared.endpoints) = on;
        for id in begun {
            if let Some(ended) = running.get_mut(&id).filter(|one| one.0.is_finished()) {
                match (&mut ended.0).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::warn!(endpoint = %id, %error, "deliveries begin again"),
                    Err(error) => tracing::error!(endpoint = %id, %error, "deliveries broke off, and begin again"),
                }
                running.remove(&id);
            }
            let shared = self.shared.clone();
            running.entry(id.clone()).or_insert_with(|| Running(tokio::spawn(deliver(shared, id))));
        }
        let stages = locked(&self.shared.stages);
        let count = |stage| stages.values().filter(|one| **one == stage).count();
        let off = all.iter().filter(|(_, one)| !one.on).count();
        let stats = Stats { endpoints: all.len(), off, late: count(Stage::Late), failing: count(Stage::Failing) };
        drop(stages);
        self.publish(stats);
        Ok(())
    }

    fn publish(&self, stats: Stats) {
        *locked(&self.watched.0) = stats;
        let well = stats.endpoints - stats.off - stats.late - stats.failing;
        for (state, count) in [("on", well), ("off", stats.off), ("late", stats.late), ("failing", stats.failing)] {
            metrics::gauge!("kazasu_webhook_endpoints", "state" => state)
                .set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
        }
    }
}

/// Sends a test event at once, also to an endpoint that is off, and keeps the attempt.
pub async fn test(
    book: &Book,
    post: &Arc<Post>,
    (id, endpoint): (&str, &Endpoint),
    news: &News,
) -> anyhow::Result<Attempt> {
    let at = clock::now();
    let posted = match book.secrets(id, endpoint).filter(|secrets| !secrets.is_empty()) {
        Some(secrets) => post.send(Message::new(&endpoint.url, &news.id, &news.body), &secrets).await,
        None => Posted::not(Fault::Secret),
    };
    let cursor = book.change_cursor(id, |cursor| cursor.attempts += 1).await?;
    let attempt = attempt(cursor.map_or(0, |cursor| cursor.attempts), (news, Sent::Test), (at, &posted));
    book.note(id, &attempt).await?;
    Ok(attempt)
}
