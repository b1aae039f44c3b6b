//! The destinations of notices, the pauses between attempts, and the checks of both.

use super::mail::{Mail, MailConfig};
use super::webhook::{Webhook, WebhookConfig};
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
            Webhook::new(webhook, self.timeout)?;
        }
        if let Some(mail) = &self.mail {
            Mail::new(mail, self.timeout)?;
        }
        Ok(())
    }
}
