//! The core's thread: takes events in order, decides and applies them, and hands batches to the committer. When a commit
//! fails it answers 91, reopens the journal and continues from what is really there.

use super::commit::{self, Batch, IssuerSink, Opener};
use super::reply::{LinkHandle, LinkOut, Reply, ReplyBody};
use super::{CommandError, EngineConfig, Health, Inbound, Msg};
use crate::core::{Command, Decision, Done, Effect, Event, State, decide};
use crossbeam_channel::{Receiver, Sender, select};
use hashbrown::HashMap;
use kazasu_ledger::chain::{self, Sealer};
use kazasu_ledger::record::Silence;
use kazasu_ledger::{AppendError, Body, Entry, Journal, Record, Seq};
use kazasu_schemas::wire::{Answer, Request, ResponseCode, Totals};
use smallvec::SmallVec;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Someone whose request waits for an issuer.
struct Waiter {
    link: Arc<LinkHandle>,
    request: Request,
    received: Instant,
}

/// Commits that failed shortly after each other make the pause before the next attempt longer, so that a disk that is full
/// but takes a small record now and then does not look ready.
#[derive(Default)]
struct Failures {
    last: Option<(Instant, Duration)>,
}

impl Failures {
    const FIRST: Duration = Duration::from_millis(200);
    const LONGEST: Duration = Duration::from_secs(5);
    /// A commit that fails after so long without a failure is a new trouble.
    const CALM: Duration = Duration::from_secs(10);

    fn pause(&mut self, now: Instant) -> Duration {
        let pause = match self.last {
            Some((at, pause)) if now.duration_since(at) < pause + Self::CALM => (pause * 2).min(Self::LONGEST),
            _ => Self::FIRST,
        };
        self.last = Some((now, pause));
        pause
    }
}

struct Core {
    config: EngineConfig,
    state: State,
    waiting: HashMap<Seq, SmallVec<[Waiter; 1]>>,
    batch: Batch,
    health: Arc<Health>,
    stopping: bool,
}

/// Who asked for a decision.
enum Asker<'a> {
    Link(&'a Arc<LinkHandle>, Instant),
    Command(oneshot::Sender<Result<Done, CommandError>>),
    Nobody,
}

pub(super) fn run(
    config: EngineConfig,
    opener: Opener,
    issuers: Arc<dyn IssuerSink>,
    rx: Receiver<Msg>,
    health: Arc<Health>,
    started: oneshot::Sender<anyhow::Result<()>>,
) {
    let mut started = Some(started);
    let mut failures = Failures::default();
    let mut waiting = HashMap::new();
    loop {
        let loaded = load(&opener);
        let (state, journal, sealer) = match loaded {
            Ok(loaded) => loaded,
            Err(error) => {
                if let Some(started) = started.take() {
                    let _ = started.send(Err(error));
                    return;
                }
                health.set_halted(Some(format!("{error:#}")));
                if refuse_for(&rx, Duration::from_secs(1), &health) {
                    return;
                }
                continue;
            }
        };
        let mut core = Core {
            config: config.clone(),
            state,
            waiting: std::mem::take(&mut waiting),
            batch: Batch::default(),
            health: health.clone(),
            stopping: false,
        };
        health.durable.store(core.state.seq, Ordering::Release);
        core.recover();
        health.set_halted(None);
        if let Some(started) = started.take() {
            let _ = started.send(Ok(()));
        }
        let failure = core.work(journal, sealer, &issuers, &rx);
        waiting = std::mem::take(&mut core.waiting);
        match failure {
            None => return,
            Some(AppendError::Fenced { mine, current }) => {
                let why = format!("another writer has the lead (epoch {current}, this one held {mine})");
                tracing::error!(%why, "this switch stops for good");
                health.set_halted(Some(why));
                health.finished.store(true, Ordering::Release);
                while !refuse_for(&rx, Duration::from_secs(3600), &health) {}
                return;
            }
            Some(error) => {
                health.set_halted(Some(error.to_string()));
                if refuse_for(&rx, failures.pause(Instant::now()), &health) {
                    return;
                }
            }
        }
    }
}

/// Opens the journal and replays it, checking the chain. One thread reads while another applies.
fn load(opener: &Opener) -> anyhow::Result<(State, Box<dyn Journal>, Sealer)> {
    const PAGE: usize = 10_000;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let mut journal = runtime.block_on(opener())?;
    let (pages, to_apply) = crossbeam_channel::bounded::<Vec<Entry>>(4);
    let (state, hash) = std::thread::scope(|scope| {
        let replay =
            std::thread::Builder::new().name("kazasu-replay".into()).spawn_scoped(scope, move || replay(&to_apply))?;
        let mut next = 1;
        loop {
            let page = runtime.block_on(journal.scan(next, PAGE))?;
            let last = page.len() < PAGE;
            next += u64::try_from(page.len()).expect("a page fits");
            // An error means that a record was damaged; the other thread tells which.
            if pages.send(page).is_err() || last {
                break;
            }
        }
        drop(pages);
        replay.join().map_err(|_| anyhow::anyhow!("replaying the journal panicked; see the log above"))?
    })?;
    let sealer = Sealer::new(state.seq + 1, hash);
    Ok((state, journal, sealer))
}

fn replay(pages: &Receiver<Vec<Entry>>) -> anyhow::Result<(State, chain::Hash)> {
    let mut state = State::new();
    let mut hash = chain::GENESIS;
    while let Ok(page) = pages.recv() {
        for entry in &page {
            let damaged = |what: String| anyhow::anyhow!("journal record {}: {what}", entry.seq);
            hash = chain::link(&hash, entry.seq, entry.at, entry.day, entry.kind, &entry.body);
            if hash != entry.hash || entry.seq != state.seq + 1 {
                return Err(damaged("the hash chain is broken; run `kazasu ledger verify`".into()));
            }
            let body = Body::read(&entry.body).map_err(|e| damaged(e.to_string()))?;
            let record = Record { at: entry.at, day: entry.day, body };
            state.apply(entry.seq, &record).map_err(|e| damaged(e.to_string()))?;
        }
    }
    Ok((state, hash))
}

/// Answers everything with "not now" for a while. True when the switch is to stop.
fn refuse_for(rx: &Receiver<Msg>, how_long: Duration, health: &Health) -> bool {
    let until = Instant::now() + how_long;
    while let Ok(msg) = rx.recv_deadline(until) {
        match msg {
            Msg::Inbound { link, received, messages } => {
                health.queued.fetch_sub(messages.len(), Ordering::AcqRel);
                link.send(LinkOut::Replies(messages.iter().map(|m| refusal(m, received)).collect()));
            }
            Msg::Command(_, to) => {
                let _ = to.send(Err(CommandError::Halted(health.halted().unwrap_or_default())));
            }
            // Issuers' answers are lost here on purpose: after the journal is read again their taps are reversed.
            Msg::Events(_) | Msg::Query(_) | Msg::Tick => {}
            Msg::Stop => return true,
        }
    }
    false
}

/// An answer that says "not now" to a message of which nothing was recorded.
pub(crate) fn refusal(message: &Inbound, received: Instant) -> Reply {
    let body = match message {
        Inbound::Request(request) => ReplyBody::Answer(*request, Answer::code(ResponseCode::UNAVAILABLE)),
        Inbound::Totals(totals) => {
            let mti = totals.mti.answer();
            ReplyBody::Totals(Totals { mti, code: Some(ResponseCode::UNAVAILABLE), settlement: Some(3), ..*totals })
        }
    };
    Reply { body, received }
}

impl Core {
    /// What a restart owes: pending taps are reversed, unacknowledged advices are sent again.
    fn recover(&mut self) {
        self.forget_waiting_for_what_was_lost();
        if !self.state.is_open() {
            let open = Command::Open { book: self.config.book.clone() };
            self.decide(&Event::Command(open), Asker::Nobody);
        }
        let owed: Vec<_> = self.state.unacknowledged().collect();
        for (seq, message) in owed {
            if let Some(outgoing) = self.state.outgoing(seq, message, self.config.own_id) {
                self.batch.held.message(outgoing);
            }
        }
        let pending: Vec<Seq> = self.state.pending_taps().collect();
        if !pending.is_empty() {
            tracing::warn!(
                taps = pending.len(),
                "taps were waiting for an issuer when the switch stopped; reversing them"
            );
        }
        for tap in pending {
            self.decide(&Event::IssuerSilent { tap, why: Silence::Restarted }, Asker::Nobody);
        }
    }

    /// A batch that failed took its records' numbers with it; whoever waits for one of them must not be given the answer to
    /// another tap that gets the same number.
    fn forget_waiting_for_what_was_lost(&mut self) {
        let pending: std::collections::BTreeSet<Seq> = self.state.pending_taps().collect();
        let health = &self.health;
        self.waiting.retain(|tap, waiters| {
            let kept = pending.contains(tap);
            if !kept {
                health.queued.fetch_sub(waiters.len(), Ordering::AcqRel);
                waiters.iter().for_each(|w| w.link.went(1));
            }
            kept
        });
    }

    /// Decides and commits until told to stop (`None`) or a commit fails.
    fn work(
        &mut self,
        journal: Box<dyn Journal>,
        sealer: Sealer,
        issuers: &Arc<dyn IssuerSink>,
        rx: &Receiver<Msg>,
    ) -> Option<AppendError> {
        let (batches, to_commit) = crossbeam_channel::bounded::<Batch>(1);
        let (outcome_tx, outcome) = crossbeam_channel::bounded(2);
        let committer = {
            let (issuers, health) = (issuers.clone(), self.health.clone());
            std::thread::Builder::new()
                .name("kazasu-commit".into())
                .spawn(move || commit::run(journal, sealer, &to_commit, &outcome_tx, &issuers, &health))
        };
        let committer = match committer {
            Ok(thread) => thread,
            Err(error) => return Some(AppendError::Refused(format!("no thread for the committer: {error}"))),
        };
        let failure = self.pump(&batches, &outcome, rx);
        drop(batches);
        if committer.join().is_err() {
            tracing::error!("the committer panicked");
        }
        failure
    }

    fn pump(
        &mut self,
        batches: &Sender<Batch>,
        outcome: &Receiver<Result<(), AppendError>>,
        rx: &Receiver<Msg>,
    ) -> Option<AppendError> {
        let mut committing = false;
        loop {
            if !committing && !self.batch.is_empty() {
                let batch = std::mem::take(&mut self.batch);
                if batches.send(batch).is_err() {
                    return Some(AppendError::Unknown("the committer is gone".into()));
                }
                committing = true;
            }
            if self.stopping && !committing && rx.is_empty() {
                return None;
            }
            let full = self.batch.records.len() >= self.config.max_batch;
            let result = if full {
                Some(outcome.recv())
            } else {
                select! {
                    recv(outcome) -> result => Some(result),
                    recv(rx) -> msg => {
                        match msg {
                            Ok(msg) => self.take(msg),
                            Err(_) => self.stopping = true,
                        }
                        None
                    }
                }
            };
            match result {
                None => self.drain(rx),
                Some(Ok(Ok(()))) => committing = false,
                Some(Ok(Err(error))) => {
                    std::mem::take(&mut self.batch).drop_after(&error, &self.health);
                    return Some(error);
                }
                Some(Err(_)) => return Some(AppendError::Unknown("the committer is gone".into())),
            }
        }
    }

    /// Takes what has come in meanwhile, up to a full batch.
    fn drain(&mut self, rx: &Receiver<Msg>) {
        while self.batch.records.len() < self.config.max_batch {
            match rx.try_recv() {
                Ok(msg) => self.take(msg),
                Err(_) => return,
            }
        }
    }

    fn take(&mut self, msg: Msg) {
        match msg {
            Msg::Inbound { link, received, messages } => {
                self.batch.since.get_or_insert(received);
                for message in messages {
                    let event = match message {
                        Inbound::Request(request) => Event::Request(request),
                        Inbound::Totals(totals) => Event::Totals(totals),
                    };
                    self.decide(&event, Asker::Link(&link, received));
                }
            }
            Msg::Events(events) => {
                for event in events {
                    self.decide(&event, Asker::Nobody);
                }
            }
            Msg::Command(command, to) => self.decide(&Event::Command(command), Asker::Command(to)),
            Msg::Query(ask) => ask(&self.state),
            Msg::Tick => self.decide(&Event::Tick { keep_days: self.config.keep_days }, Asker::Nobody),
            Msg::Stop => self.stopping = true,
        }
    }

    fn decide(&mut self, event: &Event, asker: Asker<'_>) {
        let now = (self.config.clock)();
        let Decision { body, effects, rejected } = decide(&self.state, now, event);
        if let Some(body) = body {
            let record = Record { at: now.max(self.state.at), day: self.day_of(&body, now), body };
            let seq = self.state.seq + 1;
            self.state.apply(seq, &record).expect("a decision keeps the ledger's rules");
            self.batch.records.push(record);
        }
        let mut asker = asker;
        if let Some(why) = rejected {
            if let Asker::Command(to) = asker {
                let _ = to.send(Err(why.into()));
            }
            return;
        }
        for effect in effects {
            asker = self.effect(effect, event, asker);
        }
    }

    /// The open business day; the first record opens the day of its own date.
    fn day_of(&self, body: &Body, now: kazasu_schemas::jst::Millis) -> kazasu_schemas::jst::BusinessDay {
        if matches!(body, Body::Opened(_)) { now.jst_day() } else { self.state.day }
    }

    fn effect<'a>(&mut self, effect: Effect, event: &Event, asker: Asker<'a>) -> Asker<'a> {
        match (effect, event, asker) {
            (Effect::Answer(answer), Event::Request(request), Asker::Link(link, received)) => {
                self.batch.held.reply(link.clone(), Reply { body: ReplyBody::Answer(*request, answer), received });
                Asker::Link(link, received)
            }
            (Effect::AnswerTotals(totals), _, Asker::Link(link, received)) => {
                self.batch.held.reply(link.clone(), Reply { body: ReplyBody::Totals(totals), received });
                Asker::Link(link, received)
            }
            (Effect::Wait(tap), Event::Request(request), Asker::Link(link, received)) => {
                let waiter = Waiter { link: link.clone(), request: *request, received };
                self.waiting.entry(tap).or_default().push(waiter);
                Asker::Link(link, received)
            }
            (Effect::Done(done), _, Asker::Command(to)) => {
                self.batch.held.done(to, done);
                Asker::Nobody
            }
            (Effect::AnswerWaiting(tap, answer), _, asker) => {
                for w in self.waiting.remove(&tap).unwrap_or_default() {
                    let body = ReplyBody::Answer(w.request, answer);
                    self.batch.held.reply(w.link, Reply { body, received: w.received });
                }
                asker
            }
            (Effect::Send(seq, message), _, asker) => {
                let outgoing = self.state.outgoing(seq, message, self.config.own_id);
                let outgoing = outgoing.expect("a message's tap was recorded just now or is still open");
                self.batch.held.message(outgoing);
                asker
            }
            (Effect::CutOver(closed, opened), _, asker) => {
                tracing::info!(%closed, %opened, "business day turned");
                asker
            }
            (Effect::Count(what), _, asker) => {
                metrics::counter!("kazasu_events_total", "what" => what).increment(1);
                asker
            }
            (Effect::Answer(_) | Effect::AnswerTotals(_) | Effect::Wait(_) | Effect::Done(_), _, asker) => asker,
        }
    }
}
