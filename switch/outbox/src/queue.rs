//! What is held, and the workers that deliver it: each notice to every channel, again after a pause until it is accepted or
//! given up.

use super::channel::{Channel, Verdict};
use super::{Notice, NoticeKey, OutboxConfig, Outcome, Settle, Stats};
use kazasu_engine::clock;
use kazasu_engine::tasks::{Kind, fault};
use kazasu_schemas::backoff::Backoff;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The switch asks a receiver that refuses a notice for good this many times in all: it may be under repair.
const REFUSALS: u32 = 3;

/// The longest problem text that is logged and settled, in characters.
const LONGEST_PROBLEM: usize = 200;

/// How far one channel is with a notice.
#[derive(Clone, Debug, Default)]
struct Progress {
    accepted: bool,
    refusals: u32,
    /// Why the last attempt failed.
    problem: Option<String>,
}

impl Progress {
    fn is_open(&self) -> bool {
        !self.accepted && self.refusals < REFUSALS
    }

    /// Notes a verdict and returns the pause that the receiver asked for.
    fn note(&mut self, verdict: Verdict) -> Duration {
        match verdict {
            Verdict::Accepted => {
                self.accepted = true;
                self.problem = None;
                Duration::ZERO
            }
            Verdict::Refused(problem) => {
                self.refusals += 1;
                self.problem = Some(problem);
                Duration::ZERO
            }
            Verdict::Failed { problem, not_before } => {
                self.problem = Some(problem);
                not_before
            }
        }
    }
}

/// A notice that is held.
struct Entry {
    notice: Arc<Notice>,
    attempts: u32,
    /// One for each channel.
    progress: Vec<Progress>,
}

/// What is held. Every held key is in `ready`, in `later`, or on its way.
#[derive(Default)]
struct State {
    /// Counts [`Outbox::forget_all`]: a delivery of an earlier term changes nothing.
    term: u64,
    entries: HashMap<NoticeKey, Entry>,
    ready: VecDeque<NoticeKey>,
    later: BTreeSet<(Instant, NoticeKey)>,
    /// Dead notices that one channel has accepted: it does not get them again when an operator asks for them.
    partly: HashMap<NoticeKey, Vec<Progress>>,
    delivered: u64,
    dead: u64,
    retries: u64,
}

impl State {
    fn gauge(&self) {
        metrics::gauge!("kazasu_notices_waiting").set(self.entries.len() as f64);
    }
}

/// One attempt at one notice.
struct Job {
    key: NoticeKey,
    term: u64,
    attempt: u32,
    notice: Arc<Notice>,
    /// The channels that have not accepted it yet.
    open: Vec<usize>,
}

/// What follows an attempt.
enum Step {
    Delivered,
    Dead(String),
    Again(Duration, String),
}

/// A notice that a worker holds. Should the worker panic, the notice is tried again.
struct UnderWay<'a> {
    shared: &'a Shared,
    key: NoticeKey,
    term: u64,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let mut guard = self.shared.state();
        let state = &mut *guard;
        let waits = state.ready.contains(&self.key) || state.later.iter().any(|(_, key)| *key == self.key);
        if state.term == self.term && state.entries.contains_key(&self.key) && !waits {
            state.later.insert((Instant::now() + self.shared.backoff.pause(1), self.key));
        }
    }
}

pub(super) struct Shared {
    channels: Vec<Channel>,
    backoff: Backoff,
    attempts: u32,
    timeout: Duration,
    queue: usize,
    settle: Arc<dyn Settle>,
    state: Mutex<State>,
    wake: Notify,
}

impl Shared {
    pub(super) fn new(config: &OutboxConfig, channels: Vec<Channel>, settle: Arc<dyn Settle>) -> Self {
        Shared {
            channels,
            backoff: Backoff::new(config.first_pause, config.longest_pause),
            attempts: config.attempts,
            timeout: config.timeout,
            queue: config.queue,
            settle,
            state: Mutex::default(),
            wake: Notify::new(),
        }
    }

    /// Takes a notice for delivery.
    pub(super) fn offer(&self, key: NoticeKey, notice: Notice) {
        {
            let mut guard = self.state();
            let state = &mut *guard;
            if state.entries.contains_key(&key) {
                return;
            }
            if state.entries.len() >= self.queue {
                metrics::counter!("kazasu_notices_dropped_total").increment(1);
                return;
            }
            let progress = state.partly.remove(&key);
            let progress = progress.unwrap_or_else(|| vec![Progress::default(); self.channels.len()]);
            state.entries.insert(key, Entry { notice: Arc::new(notice), attempts: 0, progress });
            state.ready.push_back(key);
            state.gauge();
        }
        self.wake.notify_one();
    }

    /// Drops all that is held.
    pub(super) fn forget_all(&self) {
        let mut guard = self.state();
        let state = &mut *guard;
        state.term += 1;
        state.entries.clear();
        state.ready.clear();
        state.later.clear();
        // Another history may give these keys to other notices.
        state.partly.clear();
        state.gauge();
    }

    pub(super) fn stats(&self) -> Stats {
        let state = self.state();
        Stats { waiting: state.entries.len(), delivered: state.delivered, dead: state.dead, retries: state.retries }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One of the `concurrent` workers.
    pub(super) async fn work(&self) {
        loop {
            match self.next() {
                Ok(job) => {
                    let _under_way = UnderWay { shared: self, key: job.key, term: job.term };
                    fault(Kind::Outbox);
                    self.deliver(job).await;
                }
                Err(Some(at)) => tokio::select! {
                    () = self.wake.notified() => {}
                    () = tokio::time::sleep_until(at) => {}
                },
                Err(None) => self.wake.notified().await,
            }
        }
    }

    /// The next attempt, or the time of the next one if none is due.
    fn next(&self) -> Result<Job, Option<Instant>> {
        let mut guard = self.state();
        let state = &mut *guard;
        let now = Instant::now();
        while let Some(&(at, key)) = state.later.first()
            && at <= now
        {
            state.later.pop_first();
            state.ready.push_back(key);
        }
        while let Some(key) = state.ready.pop_front() {
            let Some(entry) = state.entries.get_mut(&key) else { continue };
            entry.attempts += 1;
            let progress = entry.progress.iter().enumerate();
            let open = progress.filter(|(_, progress)| progress.is_open()).map(|(i, _)| i).collect();
            let job = Job { key, term: state.term, attempt: entry.attempts, notice: entry.notice.clone(), open };
            if !state.ready.is_empty() {
                // Several offers may have left a single wake-up.
                self.wake.notify_one();
            }
            return Ok(job);
        }
        Err(state.later.first().map(|&(at, _)| at))
    }

    async fn deliver(&self, job: Job) {
        // All channels at once: the slot is held for one time-out, not for two.
        let started: Vec<_> = job
            .open
            .iter()
            .map(|&i| (i, tokio::spawn(self.channels[i].clone().tell(job.notice.clone(), self.timeout))))
            .collect();
        let mut verdicts = Vec::with_capacity(started.len());
        for (i, telling) in started {
            verdicts.push((i, telling.await.unwrap_or_else(|_| Verdict::failed("the attempt broke off"))));
        }
        let (notice, attempt) = (job.notice.id.as_str(), job.attempt);
        match self.book(&job, verdicts) {
            Some(Step::Delivered) => {
                metrics::counter!("kazasu_notices_total", "outcome" => "delivered").increment(1);
                tracing::debug!(notice, attempt, "notice delivered");
                self.settle.settle(job.key, Outcome::Delivered, attempt, None);
            }
            Some(Step::Dead(problem)) => {
                metrics::counter!("kazasu_notices_total", "outcome" => "dead").increment(1);
                tracing::warn!(notice, attempt, %problem, "notice given up");
                self.settle.settle(job.key, Outcome::Dead, attempt, Some(problem));
            }
            Some(Step::Again(pause, problem)) => {
                metrics::counter!("kazasu_notices_total", "outcome" => "retry").increment(1);
                tracing::warn!(notice, attempt, %problem, ?pause, "notice not delivered; trying again after the pause");
                // The workers that sleep may not know of a time this early.
                self.wake.notify_one();
            }
            None => {}
        }
    }

    /// Books the verdicts of an attempt; `None` when the notice was forgotten meanwhile.
    fn book(&self, job: &Job, verdicts: Vec<(usize, Verdict)>) -> Option<Step> {
        let mut pause = self.pause(job.attempt);
        let mut guard = self.state();
        let state = &mut *guard;
        if state.term != job.term {
            return None;
        }
        let entry = state.entries.get_mut(&job.key)?;
        for (i, verdict) in verdicts {
            pause = pause.max(entry.progress[i].note(verdict).min(self.backoff.longest()));
        }
        let problem = self.problem(entry);
        if job.attempt < self.attempts && entry.progress.iter().any(Progress::is_open) {
            state.later.insert((Instant::now() + pause, job.key));
            state.retries += 1;
            return Some(Step::Again(pause, problem));
        }
        let mut progress = state.entries.remove(&job.key)?.progress;
        state.gauge();
        if progress.iter().all(|progress| progress.accepted) {
            state.delivered += 1;
            return Some(Step::Delivered);
        }
        state.dead += 1;
        if progress.iter().any(|progress| progress.accepted) && state.partly.len() < self.queue {
            progress.iter_mut().for_each(|progress| progress.refusals = 0);
            state.partly.insert(job.key, progress);
        }
        Some(Step::Dead(problem))
    }

    /// What each channel that has not accepted says.
    fn problem(&self, entry: &Entry) -> String {
        let channels = self.channels.iter().zip(&entry.progress);
        let problems: Vec<String> = channels
            .filter_map(|(channel, progress)| Some(format!("{}: {}", channel.name, progress.problem.as_ref()?)))
            .collect();
        presentable(&problems.join("; "), &entry.notice.ppid)
    }

    /// The pause after an attempt, counted from 1.
    fn pause(&self, attempt: u32) -> Duration {
        // Without random bytes all wait equally long, which works too.
        let random = clock::random_bytes(1).ok().and_then(|bytes| bytes.first().copied()).unwrap_or(0);
        self.backoff.spread(attempt, random)
    }
}

/// A problem for the log and the journal: short, in one line, and without the PPID, which a mail server likes to repeat.
fn presentable(problem: &str, ppid: &str) -> String {
    let mut text: String = problem.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let ppid = ppid.to_ascii_lowercase();
    if !ppid.is_empty() {
        while let Some(at) = text.to_ascii_lowercase().find(&ppid) {
            text.replace_range(at..at + ppid.len(), "…");
        }
    }
    text.chars().take(LONGEST_PROBLEM).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Outbox, WebhookConfig, testing};
    use super::*;

    #[test]
    fn problems_are_one_short_line_without_the_ppid() {
        let problem = "550 <01jd3m8q5w7rzx9a2bcd4efghk@notify.example.jp>:\r\nno such 01JD3M8Q5W7RZX9A2BCD4EFGHK";
        let text = presentable(problem, "01JD3M8Q5W7RZX9A2BCD4EFGHK");
        assert_eq!(text, "550 <…@notify.example.jp>:  no such …");
        assert_eq!(presentable(&"x".repeat(5_000), "").len(), LONGEST_PROBLEM);
    }

    #[tokio::test]
    async fn pauses_double_up_to_the_longest_one() {
        let (settle, _journal) = testing::Journal::open();
        let webhook =
            WebhookConfig { url: "http://127.0.0.1:9/".into(), keys: crate::testing::keys(&[7]), authorities: None };
        let config = OutboxConfig { webhook: Some(webhook), ..OutboxConfig::default() };
        let outbox = Outbox::start(config, settle).unwrap();
        for (attempt, least) in [(1, 1), (2, 2), (3, 4), (9, 256), (10, 300), (40, 300), (u32::MAX, 300)] {
            let (least, pause) = (Duration::from_secs(least), outbox.shared.pause(attempt));
            assert!(pause >= least && pause <= least.mul_f64(1.2001), "{attempt}: {pause:?}");
        }
    }

    #[tokio::test]
    async fn a_notice_whose_worker_panics_is_tried_again() {
        let (settle, _journal) = testing::Journal::open();
        let shared = Shared {
            channels: Vec::new(),
            backoff: Backoff::new(Duration::from_millis(1), Duration::from_secs(1)),
            attempts: 3,
            timeout: Duration::from_secs(1),
            queue: 10,
            settle,
            state: Mutex::default(),
            wake: Notify::new(),
        };
        let entry = Entry { notice: Arc::new(testing::notice(1)), attempts: 0, progress: Vec::new() };
        shared.state().entries.insert(1, entry);
        shared.state().ready.push_back(1);
        let job = shared.next().ok().unwrap();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _under_way = UnderWay { shared: &shared, key: job.key, term: job.term };
            panic!("no reason");
        }));
        assert!(panicked.is_err());
        tokio::time::sleep(Duration::from_millis(10)).await;
        let again = shared.next().ok().unwrap();
        assert_eq!((again.key, again.attempt), (1, 2));
    }
}
