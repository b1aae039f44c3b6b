//! Changing endpoints, switching them off and on, and removing them.

use super::keepers::{Wish, found};
use super::read;
use super::view::WebhookView;
use crate::access::Name;
use crate::error::{Result, ServiceError, not_found};
use crate::fields::reason;
use crate::operation::{Operation, Outcome, Recorded};
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_security_log::value::Object;
use kazasu_text::problems::NotFoundText;
use kazasu_webhooks::{Changed, Cursor, Endpoint};
use serde::{Deserialize, Serialize};

/// Changes an endpoint's address, the kinds of its events, or its note. What is left out stays.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeWebhook {
    /// The endpoint.
    pub webhook: String,
    /// Its new address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The kinds from now on; all when the list is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<String>>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

async fn changed(services: &Services, id: &str, change: impl FnMut(&mut Endpoint) + Send) -> Result<WebhookView> {
    match services.hooks()?.book.change(id, change).await.map_err(ServiceError::inside)? {
        Changed::To(endpoint) | Changed::Not(endpoint) => WebhookView::of(services, (id, *endpoint)).await,
        Changed::Unknown => Err(not_found(&NotFoundText::Webhook { id })),
    }
}

impl Operation for ChangeWebhook {
    const NAME: Name = Name::ChangeWebhook;
    type Answer = WebhookView;

    fn subject(&self) -> Subject {
        let subject = Subject::named("webhook", &self.webhook);
        match &self.url {
            Some(url) => subject.with(Object::named("host", read::host(url))),
            None => subject,
        }
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<WebhookView> {
        found(services, who, (&self.webhook, Wish::Change)).await?;
        let networks = &services.hooks()?.networks;
        let url = self.url.map(|url| read::url(networks, &url)).transpose()?;
        let kinds = self.kinds.map(|kinds| read::kinds(&kinds)).transpose()?;
        let note = self.note.map(|note| read::note(Some(&note))).transpose()?;
        let change = |endpoint: &mut Endpoint| {
            endpoint.url = url.clone().unwrap_or_else(|| endpoint.url.clone());
            endpoint.kinds = kinds.clone().unwrap_or_else(|| endpoint.kinds.clone());
            endpoint.note = note.clone().unwrap_or_else(|| endpoint.note.clone());
        };
        changed(services, &self.webhook, change).await
    }
}

/// Switches an endpoint off, or on again: from where it stood, so that nothing is lost, or after another record. Switching on an endpoint
/// that is on has its receiver tried at once.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SwitchWebhook {
    /// The endpoint.
    pub webhook: String,
    /// Whether events are sent.
    pub on: bool,
    /// The reason.
    pub why: String,
    /// Events after this record are sent: an earlier one sends events again, a later one leaves events out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
}

impl Operation for SwitchWebhook {
    const NAME: Name = Name::SwitchWebhook;
    type Answer = WebhookView;

    fn subject(&self) -> Subject {
        Subject::named("webhook", &self.webhook).because(Some(&self.why))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<WebhookView> {
        found(services, who, (&self.webhook, Wish::Change)).await?;
        let why = reason("why", &self.why)?;
        if let Some(after) = self.after {
            let after = read::after(after, services.head().await?)?;
            let change = |cursor: &mut Cursor| (cursor.after, cursor.last) = (after, None);
            services.hooks()?.book.change_cursor(&self.webhook, change).await.map_err(ServiceError::inside)?;
        }
        let change = |endpoint: &mut Endpoint| {
            endpoint.on = self.on;
            endpoint.turns = endpoint.turns.wrapping_add(1);
            endpoint.switched_by.clone_from(&who.name);
            endpoint.switched_why.clone_from(&why);
        };
        changed(services, &self.webhook, change).await
    }
}

/// Removes an endpoint with its secrets, its place in the journal, and its attempts.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveWebhook {
    /// The endpoint.
    pub webhook: String,
    /// The reason.
    pub why: String,
}

impl Operation for RemoveWebhook {
    const NAME: Name = Name::RemoveWebhook;
    type Answer = Recorded;

    fn subject(&self) -> Subject {
        Subject::named("webhook", &self.webhook).because(Some(&self.why))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        found(services, who, (&self.webhook, Wish::Change)).await?;
        reason("why", &self.why)?;
        let there = services.hooks()?.book.remove(&self.webhook).await.map_err(ServiceError::inside)?;
        Ok(Recorded { result: if there { Outcome::Recorded } else { Outcome::Unchanged } })
    }
}
