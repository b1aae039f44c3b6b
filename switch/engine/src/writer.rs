//! The writer: one thread for as long as a node leads. It takes the lead, reads what the journal has that the state does not,
//! makes batches durable and lets their effects go. When it is unknown whether a batch was written, it asks the journal.

mod durable;

pub(crate) use durable::Durable;

use crate::commit::{Batch, Effects};
use crate::health::Health;
use crate::reply::{Asked, send_by_connection};
use crate::surroundings::IssuerSink;
use crate::tasks::{Kind, OnPanic, fault};
use crate::trail;
use crossbeam_channel::{Receiver, Sender, bounded};
use kazasu_ledger::chain::Sealer;
use kazasu_ledger::{Entry, Head};
use kazasu_store::journal::{Moment, Took};
use kazasu_store::{AppendError, Claim, Journal, LeadError, Store, StoreError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Entries that are read at a time.
pub(crate) const PAGE: usize = 10_000;

/// Between two attempts to write a batch, or to take the lead again.
const PAUSE: Duration = Duration::from_millis(200);

/// Messages to the writer.
pub(crate) enum Job {
    /// Give everything behind this place. If the journal does not have it, say so and give everything.
    Read(Head),
    /// Make it durable.
    Commit(Batch),
}

/// Messages of the writer.
pub(crate) enum News {
    /// The lead is ours.
    Taken { epoch: u64 },
    /// It is not.
    NotTaken(LeadError),
    /// The journal is not a continuation of what was asked for; it follows from its first record.
    FromTheBeginning,
    /// The next entries.
    Page(Vec<Entry>),
    /// There are no more; jobs can come.
    CaughtUp,
    /// The batch is durable, and the journal ends here.
    Committed(Head),
    /// It is not known yet whether the batch is durable, and why.
    Stalled(String),
    /// The batch is not durable, or this node does not lead any more; the questions that are still open. The writer ends.
    Failed(AppendError, Vec<Asked>),
    /// The journal could not be read. The writer ends.
    Unreadable(StoreError),
}

/// The thread, and the ways to it and from it.
pub(crate) struct Writer {
    pub(crate) jobs: Sender<Job>,
    pub(crate) news: Receiver<News>,
    cancelled: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Writer {
    /// Begins by taking the lead.
    pub(crate) fn start(
        store: Arc<dyn Store>,
        claim: Claim,
        issuers: Arc<dyn IssuerSink>,
        health: Arc<Health>,
    ) -> std::io::Result<Writer> {
        let (jobs, to_do) = bounded::<Job>(1);
        // Pages are large; the other side applies one while the next is read.
        let (news_tx, news) = bounded::<News>(4);
        let cancelled = Arc::new(AtomicBool::new(false));
        let flag = cancelled.clone();
        let thread = std::thread::Builder::new().name("kazasu-commit".into()).spawn(move || {
            let _noted = OnPanic::new(&health.tasks, Kind::Writer);
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => {
                    let error = StoreError::new(format!("no runtime for the writer: {error}"));
                    let _ = news_tx.send(News::NotTaken(error.into()));
                    return;
                }
            };
            let journal = match runtime.block_on(store.lead(claim.clone())) {
                Ok(journal) => journal,
                Err(error) => {
                    let _ = news_tx.send(News::NotTaken(error));
                    return;
                }
            };
            let epoch = journal.epoch();
            let thread =
                Thread { runtime, store, claim, epoch, journal, issuers, health, news: news_tx, cancelled: flag };
            thread.run(&to_do);
        })?;
        Ok(Writer { jobs, news, cancelled, thread })
    }

    /// The lead is lost: the writer does not take it again, reports the outcome of its batch as soon as it knows it,
    /// and ends.
    pub(crate) fn cancel(&mut self) {
        self.cancelled.store(true, Ordering::Release);
        // No job will come, so a writer that waits for one ends at once.
        self.jobs = bounded(0).0;
    }

    /// Ends the writer in good order: what it was given is durable or failed, and the journal is closed.
    pub(crate) fn close(self) {
        let Writer { jobs, news, thread, .. } = self;
        drop(jobs);
        // What it still says must not keep it.
        while news.recv().is_ok() {}
        if thread.join().is_err() {
            tracing::error!("the writer panicked");
        }
    }
}

struct Thread {
    runtime: tokio::runtime::Runtime,
    store: Arc<dyn Store>,
    claim: Claim,
    epoch: u64,
    journal: Box<dyn Journal>,
    issuers: Arc<dyn IssuerSink>,
    health: Arc<Health>,
    news: Sender<News>,
    cancelled: Arc<AtomicBool>,
}

impl Thread {
    fn run(mut self, jobs: &Receiver<Job>) {
        if self.news.send(News::Taken { epoch: self.epoch }).is_err() {
            return self.finish();
        }
        let Ok(Job::Read(from)) = jobs.recv() else { return self.finish() };
        let head = match self.read(from) {
            Ok(Some(head)) => head,
            Ok(None) => return self.finish(),
            Err(error) => {
                let _ = self.news.send(News::Unreadable(error));
                return self.finish();
            }
        };
        let mut sealer = Sealer::new(head.seq + 1, head.hash);
        let metrics = Metrics::new();
        loop {
            let idle = Instant::now();
            let Ok(Job::Commit(batch)) = jobs.recv() else { break };
            fault(Kind::Writer);
            let begin = Instant::now();
            metrics.wait.record(idle.elapsed().as_secs_f64());
            let before = Head { seq: sealer.next() - 1, hash: sealer.head() };
            let mut entries: Vec<Entry> = batch.records.iter().map(|record| sealer.seal(record)).collect();
            let signed = self.sign(&mut entries);
            let sealed = Instant::now();
            match signed.and_then(|()| self.commit(before, &entries)) {
                Ok(durable) => {
                    if let Some(last) = entries.last() {
                        self.health.durable.store(last.seq, Ordering::Release);
                    }
                    metrics.committed(batch.since, begin, sealed, entries.len());
                    metrics.took(sealed.elapsed(), self.journal.took());
                    // The core may go on before the answers are out.
                    let head = Head { seq: sealer.next() - 1, hash: sealer.head() };
                    let _ = self.news.send(News::Committed(head));
                    if let Some(signing) = self.store.signing() {
                        signing.ends_with(head);
                    }
                    let released = Instant::now();
                    let_go(batch.held.release(&durable), &self.issuers, &self.health);
                    metrics.release.record(released.elapsed().as_secs_f64());
                    self.tidy(if jobs.is_empty() { Moment::Idle } else { Moment::Busy }, &metrics);
                }
                Err(error) => {
                    let (first, last) = (before.seq + 1, sealer.next() - 1);
                    tracing::error!(%error, first, last, "the ledger refused a batch of records; the writer stops");
                    let open = batch.drop_after(&error, &self.health);
                    let _ = self.news.send(News::Failed(error, open));
                    return;
                }
            }
        }
        self.finish();
    }

    /// Signs a batch, where the store has a key.
    fn sign(&self, entries: &mut [Entry]) -> Result<(), AppendError> {
        let signed = self.store.signing().map_or(Ok(()), |signing| signing.sign(entries));
        signed.map_err(|error| AppendError::Refused(error.to_string()))
    }

    /// Maintenance of the store, when no answer waits for it any more.
    fn tidy(&mut self, moment: Moment, metrics: &Metrics) {
        let begin = Instant::now();
        self.runtime.block_on(self.journal.tidy(moment));
        let took = begin.elapsed();
        if took > TIDY_NOTED {
            metrics.checkpoint.record(took.as_secs_f64());
        }
    }

    fn finish(self) {
        if self.cancelled.load(Ordering::Acquire) {
            // Its connection may lead nowhere.
            return;
        }
        if let Err(error) = self.runtime.block_on(self.journal.close()) {
            tracing::warn!(%error, "the journal is complete but was not closed in good order");
        }
    }

    /// Gives everything behind `from`. `None` when no reader listens any more.
    fn read(&mut self, from: Head) -> Result<Option<Head>, StoreError> {
        let mut head = from;
        if from != Head::EMPTY {
            let known = self.runtime.block_on(self.journal.scan(from.seq, 1))?;
            if known.first().map(|entry| Head { seq: entry.seq, hash: entry.hash }) != Some(from) {
                head = Head::EMPTY;
                if self.news.send(News::FromTheBeginning).is_err() {
                    return Ok(None);
                }
            }
        }
        loop {
            let page = self.runtime.block_on(self.journal.scan(head.seq + 1, PAGE))?;
            let last = page.len() < PAGE;
            if let Some(entry) = page.last() {
                head = Head { seq: entry.seq, hash: entry.hash };
                if self.news.send(News::Page(page)).is_err() {
                    return Ok(None);
                }
            }
            if last {
                return Ok(self.news.send(News::CaughtUp).ok().map(|()| head));
            }
        }
    }

    /// Makes entries durable behind `before`. Comes back when it is known whether they are.
    fn commit(&mut self, before: Head, entries: &[Entry]) -> Result<Durable, AppendError> {
        let Some(last) = entries.last().map(|entry| Head { seq: entry.seq, hash: entry.hash }) else {
            return Ok(Durable::proven());
        };
        let mut result = self.runtime.block_on(self.journal.append(entries));
        let mut written_again = 0_u32;
        while let Err(AppendError::Unknown(why)) = result {
            let (first, end) = (before.seq + 1, last.seq);
            tracing::warn!(%why, first, last = end, "it is not known whether a batch was written; asking the journal");
            metrics::counter!("kazasu_commits_in_doubt_total").increment(1);
            let _ = self.news.send(News::Stalled(why.clone()));
            match self.reopen()? {
                head if head == last => {
                    tracing::info!(first, last = end, "the batch in doubt was written");
                    return Ok(Durable::proven());
                }
                head if head == before => {
                    // From the moment of the new lead the old attempt cannot arrive any more. A disk that is full stays full: a
                    // process that is to stop tries once more and then says that the batch is not there.
                    if written_again > 0 {
                        if self.health.stopping.load(Ordering::Acquire) {
                            return Err(AppendError::Refused(why));
                        }
                        std::thread::sleep(PAUSE);
                    }
                    written_again += 1;
                    tracing::info!(first, last = end, "the batch in doubt was not written; writing it again");
                    result = self.runtime.block_on(self.journal.append(entries));
                }
                head => {
                    tracing::error!(found = head.seq, mine = last.seq, "another writer's records are in the journal");
                    return Err(AppendError::Fenced { mine: self.epoch, current: self.journal.epoch() });
                }
            }
        }
        result.map(|()| Durable::proven())
    }

    /// Takes the lead again, unless another node has it meanwhile, and returns the journal's end.
    fn reopen(&mut self) -> Result<Head, AppendError> {
        loop {
            if self.cancelled.load(Ordering::Acquire) {
                return Err(AppendError::Unknown("another node leads".into()));
            }
            let claim = Claim { expected: Some(self.epoch), ..self.claim.clone() };
            let problem = match self.runtime.block_on(self.store.lead(claim)) {
                Ok(mut journal) => match self.runtime.block_on(journal.head()) {
                    Ok(head) => {
                        self.epoch = journal.epoch();
                        self.health.set_epoch(self.epoch);
                        self.journal = journal;
                        return Ok(head);
                    }
                    Err(error) => {
                        self.epoch = journal.epoch();
                        self.health.set_epoch(self.epoch);
                        error.to_string()
                    }
                },
                Err(LeadError::Taken { current, .. }) => return Err(AppendError::Fenced { mine: self.epoch, current }),
                Err(LeadError::Store(error)) => error.to_string(),
            };
            if self.health.stopping.load(Ordering::Acquire) || self.news.send(News::Stalled(problem.clone())).is_err() {
                return Err(AppendError::Unknown(problem));
            }
            std::thread::sleep(PAUSE);
        }
    }
}

/// Sends everything on its way, the replies of one connection together.
fn let_go(effects: Effects, issuers: &Arc<dyn IssuerSink>, health: &Health) {
    if trail::is_followed() {
        for (connection, reply, _) in &effects.replies {
            let span = trail::span(|| Some(reply.id().over(connection)));
            span.in_scope(|| tracing::debug!(target: trail::STEPS, "durable"));
        }
    }
    health.queued.fetch_sub(effects.replies.len(), Ordering::AcqRel);
    if !effects.messages.is_empty() {
        issuers.send(effects.messages);
    }
    if !effects.notices.is_empty() {
        issuers.notify(effects.notices);
    }
    send_by_connection(effects.replies.into_iter().map(|(connection, reply, _)| (connection, reply)));
    for (to, done) in effects.done {
        let _ = to.send(Ok(done));
    }
}

struct Metrics {
    batch: metrics::Histogram,
    decide: metrics::Histogram,
    seal: metrics::Histogram,
    commit: metrics::Histogram,
    records: metrics::Counter,
    head: metrics::Gauge,
    /// For a batch to come.
    wait: metrics::Histogram,
    write: metrics::Histogram,
    sync: metrics::Histogram,
    release: metrics::Histogram,
    checkpoint: metrics::Histogram,
}

/// Keeping the store in shape most often is nothing to do at all, which would drown what is worth knowing.
const TIDY_NOTED: Duration = Duration::from_micros(100);

impl Metrics {
    fn new() -> Self {
        Metrics {
            batch: metrics::histogram!("kazasu_commit_batch_records"),
            decide: metrics::histogram!("kazasu_stage_seconds", "stage" => "decide_and_queue"),
            seal: metrics::histogram!("kazasu_stage_seconds", "stage" => "seal"),
            commit: metrics::histogram!("kazasu_stage_seconds", "stage" => "commit"),
            records: metrics::counter!("kazasu_records_total"),
            head: metrics::gauge!("kazasu_commit_last_seconds"),
            wait: metrics::histogram!("kazasu_commit_seconds", "part" => "wait"),
            write: metrics::histogram!("kazasu_commit_seconds", "part" => "write"),
            sync: metrics::histogram!("kazasu_commit_seconds", "part" => "sync"),
            release: metrics::histogram!("kazasu_commit_seconds", "part" => "release"),
            checkpoint: metrics::histogram!("kazasu_commit_seconds", "part" => "checkpoint"),
        }
    }

    /// An engine that cannot tell the parts from each other gives the whole as making it durable.
    fn took(&self, whole: Duration, took: Took) {
        if let Some(write) = took.write {
            self.write.record(write.as_secs_f64());
        }
        self.sync.record(took.sync.unwrap_or(whole).as_secs_f64());
    }

    fn committed(&self, since: Option<Instant>, begin: Instant, sealed: Instant, records: usize) {
        if records == 0 {
            return;
        }
        if let Some(since) = since {
            self.decide.record(begin.duration_since(since).as_secs_f64());
        }
        let commit = sealed.elapsed().as_secs_f64();
        self.seal.record(sealed.duration_since(begin).as_secs_f64());
        self.commit.record(commit);
        self.head.set(commit);
        self.batch.record(f64::from(u32::try_from(records).unwrap_or(u32::MAX)));
        self.records.increment(u64::try_from(records).unwrap_or(0));
    }
}
