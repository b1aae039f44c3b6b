//! The committer: makes a batch durable, then lets its effects go. The only place that can construct a [`Durable`], and
//! without one no effect leaves its batch.

use super::reply::{LinkHandle, LinkOut, Reply};
use super::{CommandError, Health};
use crate::core::{Done, Outgoing};
use crossbeam_channel::{Receiver, Sender};
use kazasu_ledger::chain::Sealer;
use kazasu_ledger::journal::Entry;
use kazasu_ledger::{AppendError, Journal, Record, StoreError};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;
use tokio::sync::oneshot;

/// Opens the journal for writing: at the start, and again after a failure.
/// The future runs on the core's own thread.
pub type Opener = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Box<dyn Journal>, StoreError>>>> + Send>;

/// Where messages to issuers go.
pub trait IssuerSink: Send + Sync {
    /// Takes messages whose records are durable.
    fn send(&self, messages: Vec<Outgoing>);
}

/// Proof that records up to a place are durable. Only this file makes it, after `append` said so.
pub(crate) struct Durable(());

/// What happens once a batch is durable.
#[derive(Default)]
pub(crate) struct Effects {
    pub(crate) replies: Vec<(Arc<LinkHandle>, Reply)>,
    pub(crate) messages: Vec<Outgoing>,
    pub(crate) done: Vec<(oneshot::Sender<Result<Done, CommandError>>, Done)>,
}

/// Effects that are kept back.
#[derive(Default)]
pub(crate) struct Held(Effects);

impl Held {
    pub(crate) fn reply(&mut self, link: Arc<LinkHandle>, reply: Reply) {
        self.0.replies.push((link, reply));
    }

    pub(crate) fn message(&mut self, message: Outgoing) {
        self.0.messages.push(message);
    }

    pub(crate) fn done(&mut self, to: oneshot::Sender<Result<Done, CommandError>>, done: Done) {
        self.0.done.push((to, done));
    }

    fn is_empty(&self) -> bool {
        self.0.replies.is_empty() && self.0.messages.is_empty() && self.0.done.is_empty()
    }

    fn release(self, _: &Durable) -> Effects {
        self.0
    }

    /// The batch was certainly not written: whoever asked is told so, and that nothing was recorded.
    fn refuse(self, why: &str, health: &Health) {
        let unavailable = |body| match body {
            super::ReplyBody::Answer(request, _) => super::ReplyBody::Answer(
                request,
                kazasu_schemas::wire::Answer::code(kazasu_schemas::wire::ResponseCode::UNAVAILABLE),
            ),
            super::ReplyBody::Totals(totals) => super::ReplyBody::Totals(kazasu_schemas::wire::Totals {
                code: Some(kazasu_schemas::wire::ResponseCode::UNAVAILABLE),
                settlement: Some(3),
                ..totals
            }),
        };
        health.queued.fetch_sub(self.0.replies.len(), Ordering::AcqRel);
        for (link, reply) in self.0.replies {
            link.send(LinkOut::Replies(vec![Reply { body: unavailable(reply.body), ..reply }]));
        }
        for (to, _) in self.0.done {
            let _ = to.send(Err(CommandError::Halted(why.to_owned())));
        }
    }

    /// It is unknown whether the batch was written: nobody is told anything. Unknown is never declined.
    fn abandon(self, health: &Health) {
        health.queued.fetch_sub(self.0.replies.len(), Ordering::AcqRel);
        for (link, _) in &self.0.replies {
            link.went(1);
        }
    }
}

/// Records that become durable together, and what follows.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) records: Vec<Record>,
    pub(crate) held: Held,
    /// When its first event was taken.
    pub(crate) since: Option<Instant>,
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty() && self.held.is_empty()
    }

    /// What becomes of a batch that was decided behind one that failed.
    pub(crate) fn drop_after(self, failure: &AppendError, health: &Health) {
        match failure {
            // Its decisions rest on records that are certainly not there, so nothing of it is there either.
            AppendError::Refused(why) => self.held.refuse(why, health),
            AppendError::Fenced { .. } | AppendError::Unknown(_) => self.held.abandon(health),
        }
    }
}

/// Commits batches as they come until one fails or the channel closes.
pub(crate) fn run(
    mut journal: Box<dyn Journal>,
    mut sealer: Sealer,
    batches: &Receiver<Batch>,
    outcome: &Sender<Result<(), AppendError>>,
    issuers: &Arc<dyn IssuerSink>,
    health: &Arc<Health>,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_time().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = outcome.send(Err(AppendError::Refused(format!("no runtime for the committer: {error}"))));
            return;
        }
    };
    let metrics = Metrics::new();
    while let Ok(batch) = batches.recv() {
        let begin = Instant::now();
        let entries: Vec<Entry> = batch.records.iter().map(|record| sealer.seal(record)).collect();
        let sealed = Instant::now();
        let result = if entries.is_empty() { Ok(()) } else { runtime.block_on(journal.append(&entries)) };
        match result {
            Ok(()) => {
                let durable = Durable(());
                if let Some(last) = entries.last() {
                    health.durable.store(last.seq, Ordering::Release);
                }
                metrics.committed(batch.since, begin, sealed, entries.len());
                // The core may go on before the answers are out.
                let _ = outcome.send(Ok(()));
                let_go(batch.held.release(&durable), issuers, health);
            }
            Err(error) => {
                tracing::error!(%error, records = entries.len(), "the ledger refused a batch; the writer stops");
                batch.drop_after(&error, health);
                let _ = outcome.send(Err(error));
                return;
            }
        }
    }
    if let Err(error) = runtime.block_on(journal.close()) {
        tracing::warn!(%error, "the journal is complete but was not closed in good order");
    }
}

/// Sends everything on its way, the replies of one link together.
fn let_go(effects: Effects, issuers: &Arc<dyn IssuerSink>, health: &Health) {
    health.queued.fetch_sub(effects.replies.len(), Ordering::AcqRel);
    if !effects.messages.is_empty() {
        issuers.send(effects.messages);
    }
    let mut by_link: Vec<(Arc<LinkHandle>, Vec<Reply>)> = Vec::new();
    for (link, reply) in effects.replies {
        match by_link.iter_mut().find(|(l, _)| Arc::ptr_eq(l, &link)) {
            Some((_, replies)) => replies.push(reply),
            None => by_link.push((link, vec![reply])),
        }
    }
    for (link, replies) in by_link {
        link.send(LinkOut::Replies(replies));
    }
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
}

impl Metrics {
    fn new() -> Self {
        Metrics {
            batch: metrics::histogram!("kazasu_commit_batch_records"),
            decide: metrics::histogram!("kazasu_stage_seconds", "stage" => "decide_and_queue"),
            seal: metrics::histogram!("kazasu_stage_seconds", "stage" => "seal"),
            commit: metrics::histogram!("kazasu_stage_seconds", "stage" => "commit"),
            records: metrics::counter!("kazasu_records_total"),
            head: metrics::gauge!("kazasu_commit_seconds_last"),
        }
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
