//! Telling residents' portals: notices go out by webhook and by mail, at least once.
//!
//! A notice is durable in the journal before it comes here and stays owed until a record settles it. So nothing is kept on
//! disk here: after a restart or a take-over the engine offers again what is still owed. A receiver may therefore see a
//! notice twice and knows it by its id.

mod mail;
mod webhook;

pub use mail::MailConfig;
pub use webhook::WebhookConfig;

use anyhow::Context;
use kazasu_engine::clock;
use kazasu_engine::tasks::{Kind, Tasks, at_once, fault};
use kazasu_schemas::backoff::Backoff;
use serde::Serialize;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

/// A receiver that refuses a notice for good is asked this many times in all: somebody may be repairing it.
const REFUSALS: u32 = 3;

/// The longest problem text that is logged and settled, in characters.
const LONGEST_PROBLEM: usize = 200;

/// What is told.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Notice {
    /// Record number and part, such as `4711-0`: unique for ever, so that a receiver recognises a repeat.
    pub id: String,
    /// What happened: `spend_alert`.
    pub kind: &'static str,
    /// Whom it concerns, 26 characters.
    pub ppid: String,
    /// The share of the limit that was reached, in per cent.
    pub percent: u8,
    /// The month of the limit, such as `2026-11`.
    pub month: String,
    /// What was spent in that month, in yen.
    pub used_yen: i64,
    /// The month's limit, in yen.
    pub limit_yen: i64,
    /// When it happened: RFC 3339, Japan time.
    pub at: String,
}

/// How a notice ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every configured receiver accepted it.
    Delivered,
    /// Given up: an operator may ask for it again.
    Dead,
}

/// What the engine calls a notice. It is unique in the journal.
pub type NoticeKey = u64;

/// Where outcomes go.
pub trait Settle: Send + Sync + 'static {
    /// Called once for a delivery that ended, after `attempts` attempts; `problem` says why a notice is dead. It is called
    /// on a runtime thread with no lock held and must not block. A notice that ends in the instant of
    /// [`Outbox::forget_all`] may still come here.
    fn settle(&self, key: NoticeKey, outcome: Outcome, attempts: u32, problem: Option<String>);
}

/// Where notices go and how patiently.
#[derive(Clone, Debug)]
pub struct OutboxConfig {
    /// Tell a web server.
    pub webhook: Option<WebhookConfig>,
    /// Tell by mail. With both, a notice is delivered when both have accepted it.
    pub mail: Option<MailConfig>,
    /// The pause after the first failed attempt. It doubles with each further one; up to 20 % are added at random.
    pub first_pause: Duration,
    /// The longest pause (before the 20 %), also of those that a receiver asks for.
    pub longest_pause: Duration,
    /// After this many failed attempts a notice is dead.
    pub attempts: u32,
    /// For one whole exchange with a receiver.
    pub timeout: Duration,
    /// Deliveries at the same time.
    pub concurrent: usize,
    /// Notices that are held here at most.
    pub queue: usize,
}

impl Default for OutboxConfig {
    fn default() -> Self {
        OutboxConfig {
            webhook: None,
            mail: None,
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(300),
            attempts: 12,
            timeout: Duration::from_secs(5),
            concurrent: 8,
            queue: 100_000,
        }
    }
}

impl OutboxConfig {
    /// Says what is wrong, receivers' addresses included.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.webhook.is_some() || self.mail.is_some(),
            "outbox: neither outbox.webhook nor outbox.mail says where notices go"
        );
        anyhow::ensure!(self.attempts > 0, "outbox.attempts must be 1 or more");
        anyhow::ensure!((1..=256).contains(&self.concurrent), "outbox.concurrent must be 1 to 256");
        anyhow::ensure!(self.queue > 0, "outbox.queue must be 1 or more");
        anyhow::ensure!(!self.timeout.is_zero(), "outbox.timeout must be longer than nothing");
        anyhow::ensure!(
            self.first_pause <= self.longest_pause,
            "outbox.first_pause must not be longer than outbox.longest_pause"
        );
        anyhow::ensure!(
            self.longest_pause <= Duration::from_secs(86_400),
            "outbox.longest_pause must not be longer than a day"
        );
        if let Some(webhook) = &self.webhook {
            webhook::Webhook::new(webhook, self.timeout)?;
        }
        if let Some(mail) = &self.mail {
            mail::Mail::new(mail, self.timeout)?;
        }
        Ok(())
    }
}

/// Numbers for the status page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Notices that are held here: queued, on their way, or waiting for the next attempt.
    pub waiting: usize,
    /// Delivered since the start of the process.
    pub delivered: u64,
    /// Given up since the start of the process.
    pub dead: u64,
    /// Attempts that failed and were followed by another, since the start of the process.
    pub retries: u64,
}

/// The outbox. Clones are the same outbox; it stops with the last of them.
#[derive(Clone)]
pub struct Outbox {
    shared: Arc<Shared>,
    _stop: Arc<DropGuard>,
}

impl Outbox {
    /// Checks the configuration and starts delivering on the current tokio runtime. Errors name the key that is wrong.
    pub fn start(config: OutboxConfig, settle: Arc<dyn Settle>) -> anyhow::Result<Outbox> {
        Outbox::watched(config, settle, &Tasks::default())
    }

    /// The same, where `tasks` tells what runs and what has ended.
    pub(crate) fn watched(config: OutboxConfig, settle: Arc<dyn Settle>, tasks: &Tasks) -> anyhow::Result<Outbox> {
        config.check()?;
        let runtime = tokio::runtime::Handle::try_current().context("the outbox needs a tokio runtime")?;
        let concurrent = config.concurrent;
        let mut channels = Vec::new();
        if let Some(webhook) = config.webhook {
            let tell = Arc::new(webhook::Webhook::new(&webhook, config.timeout)?);
            channels.push(Channel { name: "webhook", tell, threads: Arc::new(Semaphore::new(concurrent)) });
        }
        if let Some(mail) = config.mail {
            let tell = Arc::new(mail::Mail::new(&mail, config.timeout)?);
            channels.push(Channel { name: "mail", tell, threads: Arc::new(Semaphore::new(concurrent)) });
        }
        let shared = Arc::new(Shared {
            channels,
            backoff: Backoff::new(config.first_pause, config.longest_pause),
            attempts: config.attempts,
            timeout: config.timeout,
            queue: config.queue,
            settle,
            state: Mutex::default(),
            wake: Notify::new(),
        });
        let stop = CancellationToken::new();
        let _runtime = runtime.enter();
        for number in 1..=concurrent {
            let (shared, stop) = (shared.clone(), stop.clone());
            tasks.keep(Kind::Outbox, &number.to_string(), move || {
                let (shared, stop) = (shared.clone(), stop.clone());
                async move {
                    stop.run_until_cancelled(shared.work()).await;
                    Ok(())
                }
            });
        }
        Ok(Outbox { shared, _stop: Arc::new(stop.drop_guard()) })
    }

    /// Takes a notice for delivery. It never blocks. A key that is held already is ignored; over `queue` notices the new
    /// one is dropped, and the engine offers it again later because it is still owed.
    pub fn offer(&self, key: NoticeKey, notice: Notice) {
        {
            let mut guard = self.shared.state();
            let state = &mut *guard;
            if state.entries.contains_key(&key) {
                return;
            }
            if state.entries.len() >= self.shared.queue {
                metrics::counter!("kazasu_notices_dropped_total").increment(1);
                return;
            }
            let progress = state.partly.remove(&key);
            let progress = progress.unwrap_or_else(|| vec![Progress::default(); self.shared.channels.len()]);
            state.entries.insert(key, Entry { notice: Arc::new(notice), attempts: 0, progress });
            state.ready.push_back(key);
            state.gauge();
        }
        self.shared.wake.notify_one();
    }

    /// This node does not lead any more: drops all that is held. Deliveries on their way end quietly and settle nothing.
    pub fn forget_all(&self) {
        let mut guard = self.shared.state();
        let state = &mut *guard;
        state.term += 1;
        state.entries.clear();
        state.ready.clear();
        state.later.clear();
        // Another history may give these keys to other notices.
        state.partly.clear();
        state.gauge();
    }

    /// Numbers for the status page.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let state = self.shared.state();
        Stats { waiting: state.entries.len(), delivered: state.delivered, dead: state.dead, retries: state.retries }
    }
}

/// One way to tell. It may block until the time-out that it was made with.
trait Tell: Send + Sync + 'static {
    fn tell(&self, notice: &Notice) -> Verdict;
}

/// What a receiver made of an attempt.
#[derive(Debug)]
enum Verdict {
    Accepted,
    /// It will most likely never take this notice.
    Refused(String),
    /// It may take it later, at the earliest after a pause that it asked for.
    Failed {
        problem: String,
        not_before: Duration,
    },
}

impl Verdict {
    fn failed(problem: impl Into<String>) -> Self {
        Verdict::Failed { problem: problem.into(), not_before: Duration::ZERO }
    }
}

/// A way to tell and its share of threads: a receiver that drips its answer must not take them all.
#[derive(Clone)]
struct Channel {
    name: &'static str,
    tell: Arc<dyn Tell>,
    threads: Arc<Semaphore>,
}

impl Channel {
    async fn tell(self, notice: Arc<Notice>, timeout: Duration) -> Verdict {
        let Channel { tell, threads, .. } = self;
        let told = tokio::time::timeout(timeout, async move {
            let thread = threads.acquire_owned().await.ok()?;
            let telling = tokio::task::spawn_blocking(move || {
                let verdict = at_once(Kind::Delivery, || {
                    fault(Kind::Delivery);
                    tell.tell(&notice)
                });
                drop(thread);
                verdict
            });
            telling.await.ok().flatten()
        });
        match told.await {
            Ok(Some(verdict)) => verdict,
            Ok(None) => Verdict::failed("the attempt broke off"),
            Err(_) => Verdict::failed(format!("no answer within {timeout:?}")),
        }
    }
}

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

struct Shared {
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
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One of the `concurrent` workers.
    async fn work(&self) {
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

/// A configured URL, taken apart.
struct Url {
    scheme: String,
    /// Without the brackets of an IPv6 address.
    host: String,
    port: Option<u16>,
    user: Option<String>,
    path: String,
}

impl Url {
    /// Errors name the key and never repeat the text, which may hold a password.
    fn parse(key: &str, text: &str) -> anyhow::Result<Url> {
        let uri: ureq::http::Uri = text.parse().map_err(|error| anyhow::anyhow!("{key} is no URL: {error}"))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            anyhow::bail!("{key} must be a whole URL, with scheme and host");
        };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        anyhow::ensure!(!host.is_empty(), "{key} names no host");
        let user = match authority.as_str().rsplit_once('@') {
            Some((user, _)) => {
                anyhow::ensure!(!user.contains(':'), "{key} must not hold a password; it belongs into the key file");
                Some(unescaped(user).with_context(|| format!("{key}: the user name is wrongly escaped"))?)
            }
            None => None,
        };
        Ok(Url {
            scheme: scheme.to_ascii_lowercase(),
            host: host.to_owned(),
            port: authority.port_u16(),
            user,
            path: uri.path().to_owned(),
        })
    }

    /// True for this machine: what is sent there crosses no network.
    fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// Resolves `%40` and the like; `None` for a broken escape.
fn unescaped(text: &str) -> Option<String> {
    let (mut out, mut bytes) = (Vec::new(), text.bytes());
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => out.extend(hex::decode([bytes.next()?, bytes.next()?]).ok()?),
            _ => out.push(byte),
        }
    }
    String::from_utf8(out).ok()
}

/// What the tests of this module and of the channels share.
#[cfg(test)]
mod testing {
    use super::{Notice, NoticeKey, OutboxConfig, Outcome, Settle};
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::sync::mpsc;

    #[derive(Debug, PartialEq)]
    pub(super) struct Settled {
        pub(super) key: NoticeKey,
        pub(super) outcome: Outcome,
        pub(super) attempts: u32,
        pub(super) problem: Option<String>,
    }

    struct Sink(mpsc::UnboundedSender<Settled>);

    impl Settle for Sink {
        fn settle(&self, key: NoticeKey, outcome: Outcome, attempts: u32, problem: Option<String>) {
            let _ = self.0.send(Settled { key, outcome, attempts, problem });
        }
    }

    /// What the outbox settles.
    pub(super) struct Journal(mpsc::UnboundedReceiver<Settled>);

    impl Journal {
        pub(super) fn open() -> (Arc<dyn Settle>, Journal) {
            let (sender, receiver) = mpsc::unbounded_channel();
            (Arc::new(Sink(sender)), Journal(receiver))
        }

        pub(super) async fn next(&mut self) -> Settled {
            tokio::time::timeout(Duration::from_secs(20), self.0.recv()).await.unwrap().unwrap()
        }

        /// Waits and finds that nothing more is settled.
        pub(super) async fn stays_empty(&mut self, wait: Duration) {
            let settled = tokio::time::timeout(wait, self.0.recv()).await;
            assert!(settled.is_err(), "{settled:?}");
        }

        /// Waits until nobody is left who could settle.
        pub(super) async fn ends(&mut self) {
            let settled = tokio::time::timeout(Duration::from_secs(20), self.0.recv()).await.unwrap();
            assert_eq!(settled, None);
        }
    }

    pub(super) fn notice(number: u64) -> Notice {
        Notice {
            id: format!("{number}-0"),
            kind: "spend_alert",
            ppid: "01JD3M8Q5W7RZX9A2BCD4EFGHK".into(),
            percent: 80,
            month: "2026-11".into(),
            used_yen: 41_250,
            limit_yen: 50_000,
            at: "2026-11-20T18:04:05+09:00".into(),
        }
    }

    /// Small pauses; no receiver yet.
    pub(super) fn config() -> OutboxConfig {
        OutboxConfig {
            first_pause: Duration::from_millis(10),
            longest_pause: Duration::from_millis(200),
            timeout: Duration::from_secs(5),
            ..OutboxConfig::default()
        }
    }

    pub(super) fn delivered(key: NoticeKey, attempts: u32) -> Settled {
        Settled { key, outcome: Outcome::Delivered, attempts, problem: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        let url = Url::parse("a.key", "smtps://switch%40example.jp@[::1]:465").unwrap();
        assert_eq!((url.scheme.as_str(), url.host.as_str(), url.port), ("smtps", "::1", Some(465)));
        assert_eq!(url.user.as_deref(), Some("switch@example.jp"));
        assert!(url.is_loopback());
        for (text, loopback) in [("http://127.8.0.1/x", true), ("http://LOCALHOST", true), ("http://10.0.0.1", false)] {
            assert_eq!(Url::parse("a.key", text).unwrap().is_loopback(), loopback, "{text}");
        }
        for text in ["", "portal", "/hook", "http://", "https://me:hunter2@portal.example.jp/", "http://%4@portal/"] {
            let error = Url::parse("a.key", text).err().unwrap().to_string();
            assert!(error.starts_with("a.key ") || error.starts_with("a.key:"), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

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
        let webhook = WebhookConfig {
            url: "http://127.0.0.1:9/".into(),
            key: kazasu_schemas::secret::Key::new(vec![7; 32]).unwrap(),
            authorities: None,
        };
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

    struct Bad;

    impl Tell for Bad {
        fn tell(&self, _: &Notice) -> Verdict {
            panic!("a bad receiver")
        }
    }

    #[tokio::test]
    async fn an_attempt_that_panics_fails_and_gives_its_thread_back() {
        let threads = Arc::new(Semaphore::new(1));
        let channel = Channel { name: "bad", tell: Arc::new(Bad), threads: threads.clone() };
        for _ in 0..2 {
            let told = channel.clone().tell(Arc::new(testing::notice(1)), Duration::from_secs(10)).await;
            assert!(matches!(told, Verdict::Failed { problem, .. } if problem == "the attempt broke off"));
        }
        assert_eq!(threads.available_permits(), 1);
    }

    #[tokio::test]
    async fn a_wrong_configuration_names_the_key() {
        let second = Duration::from_secs(1);
        let mail = || {
            Some(MailConfig {
                server: "smtp://127.0.0.1:2525".into(),
                password: None,
                from: "kazasu@example.jp".into(),
                to: "{ppid}@notify.example.jp".into(),
            })
        };
        let ok = || OutboxConfig { mail: mail(), ..OutboxConfig::default() };
        for (config, key) in [
            (OutboxConfig::default(), "outbox.webhook"),
            (OutboxConfig { attempts: 0, ..ok() }, "outbox.attempts"),
            (OutboxConfig { concurrent: 0, ..ok() }, "outbox.concurrent"),
            (OutboxConfig { queue: 0, ..ok() }, "outbox.queue"),
            (OutboxConfig { timeout: Duration::ZERO, ..ok() }, "outbox.timeout"),
            (OutboxConfig { first_pause: second * 2, longest_pause: second, ..ok() }, "outbox.first_pause"),
            (OutboxConfig { longest_pause: second * 100_000, ..ok() }, "outbox.longest_pause"),
        ] {
            let error = Outbox::start(config, testing::Journal::open().0).err().unwrap().to_string();
            assert!(error.contains(key), "{error}");
        }
        assert!(Outbox::start(ok(), testing::Journal::open().0).is_ok());
    }
}
