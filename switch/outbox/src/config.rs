//! The destinations of notices, the pauses between attempts, and the checks of both.

use super::mail::{Mail, MailConfig};
use super::webhook::{Webhook, WebhookConfig};
use anyhow::ensure;
use kazasu_text::Said;
use kazasu_text::configuration::{ConfigText, OutboxText};
use std::time::Duration;

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
    pub fn check(&self) -> anyhow::Result<()> {
        ensure!(self.webhook.is_some() || self.mail.is_some(), Said::of(&OutboxText::NoReceiver));
        let none = |key| Said::of(&ConfigText::AboveZero { key, got: 0 });
        ensure!(self.attempts > 0, none("outbox.attempts"));
        let got = u64::try_from(self.concurrent).unwrap_or(u64::MAX);
        let range = ConfigText::Range { key: "outbox.concurrent", least: 1, most: 256, got };
        ensure!((1..=256).contains(&got), Said::of(&range));
        ensure!(self.queue > 0, none("outbox.queue"));
        ensure!(!self.timeout.is_zero(), Said::of(&OutboxText::Timeout));
        ensure!(self.first_pause <= self.longest_pause, Said::of(&OutboxText::Pauses));
        ensure!(self.longest_pause <= Duration::from_secs(86_400), Said::of(&OutboxText::LongestPause));
        if let Some(webhook) = &self.webhook {
            Webhook::new(webhook, self.timeout)?;
        }
        if let Some(mail) = &self.mail {
            Mail::new(mail, self.timeout)?;
        }
        Ok(())
    }
}
