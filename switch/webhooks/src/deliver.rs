//! The deliveries to one endpoint: events in their turn from its cursor, and between them what a person asked to send again.

use super::book::Book;
use super::feed::{Alert, Feed, News, Page, Tell};
use super::post::{Message, Post, Posted};
use super::rows::{Attempt, Cursor, Endpoint, Fault, Piece, Sent, Stage};
use super::settings::Settings;
use kazasu_engine::clock;
use kazasu_schemas::jst::Millis;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// A cursor that moved over records without an event is written when it has moved so far.
const LAZY: u64 = 1_000;
/// How often a delivery looks whether its endpoint was changed, and whether something is to be sent again.
const LOOK: Duration = Duration::from_secs(1);

/// What all deliveries share.
pub(crate) struct Shared<F> {
    pub(crate) book: Book,
    pub(crate) feed: F,
    pub(crate) post: Arc<Post>,
    pub(crate) settings: Settings,
    pub(crate) tell: Tell,
    /// Endpoints that are on, as they were read last.
    pub(crate) endpoints: Mutex<HashMap<String, Arc<Endpoint>>>,
    /// How long endpoints have been taking nothing.
    pub(crate) stages: Mutex<HashMap<String, Stage>>,
    /// Turns when the journal grows.
    pub(crate) grown: watch::Receiver<u64>,
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<F: Feed> Shared<F> {
    fn endpoint(&self, id: &str) -> Option<Arc<Endpoint>> {
        locked(&self.endpoints).get(id).cloned()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Done,
    Idle,
}

/// An event that is due, and where the cursor stands when it is taken.
struct Due {
    news: News,
    after: u64,
    last: Option<String>,
}

/// The events of a page behind the last one that was taken, for an endpoint.
fn plan(page: Page, last: Option<&str>, endpoint: &Endpoint) -> VecDeque<Due> {
    let taken = last.and_then(|last| page.news.iter().position(|news| news.id == last));
    let rest = page.news.into_iter().skip(taken.map_or(0, |at| at + 1));
    let mut due: VecDeque<Due> = VecDeque::new();
    for news in rest.filter(|news| endpoint.takes(&news.kind)) {
        if let Some(before) = due.back_mut().filter(|before| before.news.sequence == news.sequence) {
            before.after = news.sequence.saturating_sub(1);
            before.last = Some(before.news.id.clone());
        }
        let after = news.sequence;
        due.push_back(Due { news, after, last: None });
    }
    if let Some(end) = due.back_mut() {
        end.after = page.next;
    }
    due
}

/// Delivers to an endpoint until it is switched off, or this node leads no more.
pub(crate) async fn deliver<F: Feed>(shared: Arc<Shared<F>>, id: String) -> anyhow::Result<()> {
    let Some(endpoint) = shared.endpoint(&id) else { return Ok(()) };
    let mut delivery = Delivery {
        cursor: Cursor::default(),
        version: 0,
        kept: 0,
        due: VecDeque::new(),
        looked: None,
        endpoint,
        grown: shared.grown.clone(),
        id,
        shared,
    };
    if !delivery.load().await? {
        return Ok(());
    }
    // After a start and a change of lead the receiver is tried at once.
    delivery.cursor.next = None;
    while let Some(endpoint) = delivery.shared.endpoint(&delivery.id) {
        if delivery.shared.feed.leads().is_none() {
            break;
        }
        if *endpoint != *delivery.endpoint {
            delivery.endpoint = endpoint;
            if !delivery.load().await? {
                break;
            }
            delivery.cursor.next = None;
        }
        let again = delivery.again().await?;
        let live = delivery.live().await?;
        if (again, live) == (Step::Idle, Step::Idle) {
            delivery.wait().await;
        }
    }
    Ok(())
}

struct Delivery<F> {
    shared: Arc<Shared<F>>,
    id: String,
    endpoint: Arc<Endpoint>,
    cursor: Cursor,
    /// The version of the cursor's row.
    version: i64,
    /// Where the cursor's row stands.
    kept: u64,
    due: VecDeque<Due>,
    /// When nothing was found that is to be sent again.
    looked: Option<Instant>,
    grown: watch::Receiver<u64>,
}

impl<F: Feed> Delivery<F> {
    /// Reads the cursor. False when there is none: the endpoint is gone.
    async fn load(&mut self) -> anyhow::Result<bool> {
        let Some((cursor, version)) = self.shared.book.cursor(&self.id).await? else { return Ok(false) };
        self.kept = cursor.after;
        (self.cursor, self.version) = (cursor, version);
        self.due.clear();
        self.publish();
        Ok(true)
    }

    fn publish(&self) {
        locked(&self.shared.stages).insert(self.id.clone(), self.cursor.stage);
    }

    /// Writes the cursor. When another has written it, that one holds.
    async fn keep(&mut self) -> anyhow::Result<()> {
        self.publish();
        if self.shared.book.put_cursor(&self.id, (&self.cursor, self.version)).await? {
            self.version += 1;
            self.kept = self.cursor.after;
            return Ok(());
        }
        anyhow::ensure!(self.load().await?, "the endpoint is gone");
        Ok(())
    }

    async fn wait(&mut self) {
        let until_next = self.cursor.next.map(|next| next.0.saturating_sub(clock::now().0));
        let pause = until_next.and_then(|ms| u64::try_from(ms).ok()).map_or(LOOK, Duration::from_millis);
        let grown = async {
            match self.cursor.next {
                // A pause is not ended by what else happens.
                Some(_) => std::future::pending().await,
                None => self.grown.changed().await.is_ok(),
            }
        };
        tokio::select! {
            _ = grown => {}
            () = tokio::time::sleep(pause.min(LOOK)) => {}
        }
    }

    /// Sends the next event in its turn.
    async fn live(&mut self) -> anyhow::Result<Step> {
        if self.cursor.next.is_some_and(|next| clock::now() < next) {
            return Ok(Step::Idle);
        }
        if self.due.is_empty() {
            let (before, head) = (self.cursor.after, self.shared.feed.head());
            if before >= head {
                return Ok(Step::Idle);
            }
            let page = self.shared.feed.after(&self.endpoint.scope, before).await?;
            let next = page.next;
            self.due = plan(page, self.cursor.last.as_deref(), &self.endpoint);
            if self.due.is_empty() {
                (self.cursor.after, self.cursor.last) = (next.max(before), None);
                if self.cursor.after - self.kept >= LAZY {
                    self.keep().await?;
                }
                return Ok(if next > before { Step::Done } else { Step::Idle });
            }
        }
        let Some(due) = self.due.front() else { return Ok(Step::Idle) };
        let news = due.news.clone();
        let posted = self.post(&news, Sent::Live).await?;
        if posted.fault.is_some() {
            self.failed(&posted);
        } else if let Some(due) = self.due.pop_front() {
            self.taken(due);
        }
        self.keep().await?;
        Ok(Step::Done)
    }

    fn taken(&mut self, due: Due) {
        let before = std::mem::take(&mut self.cursor);
        if before.stage > Stage::Well {
            self.alert(Stage::Well, (before.failing_since.unwrap_or_default(), before.failures), String::new());
        }
        self.cursor = Cursor {
            after: due.after,
            last: due.last,
            attempts: before.attempts,
            taken: Some(clock::now()),
            ..Cursor::default()
        };
    }

    fn failed(&mut self, posted: &Posted) {
        let (now, settings) = (clock::now(), &self.shared.settings);
        let failures = self.cursor.failures.saturating_add(1);
        let since = *self.cursor.failing_since.get_or_insert(now);
        // Without random bytes all wait equally long, which works too.
        let random = clock::random_bytes(1).ok().and_then(|bytes| bytes.first().copied()).unwrap_or(0);
        let asked = posted.not_before.min(settings.longest_pause);
        let mut pause = settings.backoff().spread(failures, random).max(asked);
        let lasts = Duration::from_millis(u64::try_from(now.0 - since.0).unwrap_or(0));
        // Who is to be warned hears it in time, however long the pause is.
        for due in [settings.warn_after, settings.failing_after] {
            if let Some(left) = due.checked_sub(lasts).filter(|left| !left.is_zero()) {
                pause = pause.min(left);
            }
        }
        let stage = match lasts {
            _ if lasts >= settings.failing_after => Stage::Failing,
            _ if lasts >= settings.warn_after => Stage::Late,
            _ => Stage::Well,
        };
        let pause_ms = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
        let detail = posted.status.map(|status| status.to_string()).or_else(|| posted.detail.clone());
        let fault = posted.fault;
        let problem = problem(fault, detail.as_deref());
        tracing::warn!(endpoint = %self.id, failures, %problem, ?pause, "event not delivered; trying again after the pause");
        if stage > self.cursor.stage {
            self.cursor.stage = stage;
            self.alert(stage, (since, failures), problem);
        }
        let next = Some(Millis(now.0.saturating_add(pause_ms)));
        self.cursor = Cursor { failures, next, fault, detail, ..std::mem::take(&mut self.cursor) };
    }

    fn alert(&self, stage: Stage, (since, failures): (Millis, u32), problem: String) {
        let endpoint = self.id.clone();
        (self.shared.tell)(Alert { endpoint, stage, since, failures, problem });
    }

    /// Sends an event, and keeps the attempt.
    async fn post(&mut self, news: &News, sent: Sent) -> anyhow::Result<Posted> {
        let (at, book) = (clock::now(), &self.shared.book);
        let posted = match book.secrets(&self.id, &self.endpoint).filter(|secrets| !secrets.is_empty()) {
            Some(secrets) => {
                let message = Message::new(&self.endpoint.url, &news.id, &news.body);
                self.shared.post.send(message, &secrets).await
            }
            None => Posted::not(Fault::Secret),
        };
        self.cursor.attempts += 1;
        let attempt = attempt(self.cursor.attempts, (news, sent), (at, &posted));
        book.note(&self.id, &attempt).await?;
        let outcome = if posted.fault.is_none() { "delivered" } else { "failed" };
        metrics::counter!("kazasu_webhook_attempts_total", "outcome" => outcome).increment(1);
        Ok(posted)
    }

    /// Sends the next event that a person asked for again, once.
    async fn again(&mut self) -> anyhow::Result<Step> {
        if self.looked.is_some_and(|at| at.elapsed() < LOOK) {
            return Ok(Step::Idle);
        }
        let Some((mut again, row)) = self.shared.book.next_again(&self.id).await? else {
            self.looked = Some(Instant::now());
            return Ok(Step::Idle);
        };
        self.looked = None;
        let Some(piece) = again.left.first_mut() else {
            self.shared.book.put_again(&again, row).await?;
            return Ok(Step::Done);
        };
        let page = self.shared.feed.after(&self.endpoint.scope, piece.from.saturating_sub(1)).await?;
        let (next, more) = (page.next, page.more);
        let mut found = wanted(page, piece, (again.last.as_deref(), &self.endpoint));
        match found.pop_front() {
            Some(news) => {
                self.post(&news, Sent::Again).await?;
                let same = found.front().is_some_and(|other| other.sequence == news.sequence);
                piece.from = if same { news.sequence } else { news.sequence + 1 };
                again.last = same.then_some(news.id);
                self.keep().await?;
            }
            None => {
                piece.from = if more { next + 1 } else { u64::MAX };
                again.last = None;
            }
        }
        if again.left.first().is_some_and(|piece| piece.from > piece.until) {
            again.left.remove(0);
            again.last = None;
        }
        self.shared.book.put_again(&again, row).await?;
        Ok(Step::Done)
    }
}

/// The events of a page that are to be sent again: of a range those that the endpoint takes; one that was named in any case.
fn wanted(page: Page, piece: &Piece, (last, endpoint): (Option<&str>, &Endpoint)) -> VecDeque<News> {
    let taken = last.and_then(|last| page.news.iter().position(|news| news.id == last));
    let rest = page.news.into_iter().skip(taken.map_or(0, |at| at + 1));
    let is_wanted = |news: &News| match &piece.only {
        Some(only) => news.id == *only,
        None => endpoint.takes(&news.kind),
    };
    rest.filter(|news| (piece.from..=piece.until).contains(&news.sequence) && is_wanted(news)).collect()
}

/// An attempt for the log.
pub(crate) fn attempt(number: u64, (news, sent): (&News, Sent), (at, posted): (Millis, &Posted)) -> Attempt {
    Attempt {
        number,
        event: news.id.clone(),
        kind: news.kind.clone(),
        sequence: news.sequence,
        at,
        took_ms: u32::try_from(posted.took.as_millis()).unwrap_or(u32::MAX),
        status: posted.status,
        fault: posted.fault,
        detail: posted.detail.clone(),
        sent,
    }
}

fn problem(fault: Option<Fault>, detail: Option<&str>) -> String {
    let fault = fault.map_or("", Fault::name);
    detail.map_or_else(|| fault.to_owned(), |detail| format!("{fault}: {detail}"))
}
