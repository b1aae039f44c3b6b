//! The outbox: what offers notices to the channels and keeps them until they end.

use super::channel::Channel;
use super::config::OutboxConfig;
use super::mail::Mail;
use super::notice::{Notice, NoticeKey, Settle, Stats};
use super::queue::Shared;
use super::webhook::Webhook;
use anyhow::Context;
use kazasu_engine::tasks::{Kind, Tasks};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The outbox. Clones are the same outbox; it stops with the last of them.
#[derive(Clone)]
pub struct Outbox {
    pub(super) shared: Arc<Shared>,
    _stop: Arc<DropGuard>,
}

impl Outbox {
    /// Checks the configuration and starts delivering on the current tokio runtime. Errors name the key that is wrong.
    pub fn start(config: OutboxConfig, settle: Arc<dyn Settle>) -> anyhow::Result<Outbox> {
        Outbox::watched(config, settle, &Tasks::default())
    }

    /// The same, where `tasks` tells what runs and what has ended.
    pub fn watched(config: OutboxConfig, settle: Arc<dyn Settle>, tasks: &Tasks) -> anyhow::Result<Outbox> {
        config.check()?;
        let runtime = tokio::runtime::Handle::try_current().context("the outbox needs a tokio runtime")?;
        let concurrent = config.concurrent;
        let mut channels = Vec::new();
        if let Some(webhook) = &config.webhook {
            let tell = Arc::new(Webhook::new(webhook, config.timeout)?);
            channels.push(Channel { name: "webhook", tell, threads: Arc::new(Semaphore::new(concurrent)) });
        }
        if let Some(mail) = &config.mail {
            let tell = Arc::new(Mail::new(mail, config.timeout)?);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MailConfig, testing};
    use std::time::Duration;

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
