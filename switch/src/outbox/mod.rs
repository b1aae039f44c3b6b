//! Telling residents' portals: notices go out by webhook and by mail, at least once.
//!
//! A notice is durable in the journal before it comes here and stays owed until a record settles it. So nothing is kept on
//! disk here: after a restart or a take-over the engine offers again what is still owed. A receiver may therefore see a
//! notice twice and knows it by its id.

mod channel;
mod mail;
mod queue;
mod url;
mod webhook;

pub use mail::MailConfig;
pub use webhook::WebhookConfig;
pub(crate) use webhook::trusted_tls;

use anyhow::Context;
use channel::Channel;
use kazasu_engine::tasks::{Kind, Tasks};
use queue::Shared;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::{CancellationToken, DropGuard};

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
        if let Some(webhook) = &config.webhook {
            let tell = Arc::new(webhook::Webhook::new(webhook, config.timeout)?);
            channels.push(Channel { name: "webhook", tell, threads: Arc::new(Semaphore::new(concurrent)) });
        }
        if let Some(mail) = &config.mail {
            let tell = Arc::new(mail::Mail::new(mail, config.timeout)?);
            channels.push(Channel { name: "mail", tell, threads: Arc::new(Semaphore::new(concurrent)) });
        }
        let shared = Arc::new(Shared::new(&config, channels, settle));
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
        self.shared.offer(key, notice);
    }

    /// This node does not lead any more: drops all that is held. Deliveries on their way end quietly and settle nothing.
    pub fn forget_all(&self) {
        self.shared.forget_all();
    }

    /// Numbers for the status page.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }
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
