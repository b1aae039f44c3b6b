//! New endpoints, and new secrets. A secret is shown once.

use super::keepers::{Wish, found, must_keep};
use super::read;
use crate::access::Name;
use crate::error::{Result, ServiceError, not_found, unfit};
use crate::operation::Operation;
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_security::vault::Vault;
use kazasu_security_log::value::Object;
use kazasu_text::problems::{NotFoundText, ProblemText};
use kazasu_webhooks::{Book, BookError, MOST_ENDPOINTS, Networks, NewEndpoint, Post, Seal, Watched};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// Hours for which the secret before signs beside a new one, where the request does not say; and at most.
const USUAL_HOURS: u16 = 24;
const MOST_HOURS: u16 = 720;

/// The means of deliveries.
#[derive(Clone)]
pub struct Hooks {
    /// Endpoints, cursors and attempts.
    pub book: Book,
    /// Sends test events.
    pub post: Arc<Post>,
    /// Networks that are not public and that events may go to.
    pub networks: Networks,
    /// The numbers of endpoints by their state, where this node leads.
    pub watched: Watched,
}

/// The vault, as it seals secrets of endpoints.
pub struct VaultSecrets(pub Arc<Vault>);

impl Seal for VaultSecrets {
    fn seal(&self, clear: &[u8], about: &[u8; 16]) -> Option<Vec<u8>> {
        self.0.seal_account(clear, about).ok()
    }

    fn open(&self, sealed: &[u8], about: &[u8; 16]) -> Option<Zeroizing<Vec<u8>>> {
        self.0.open_account(sealed, about).ok()
    }

    fn is_current(&self, sealed: &[u8]) -> bool {
        sealed.first() == Some(&self.0.accounts_version())
    }
}

impl Services {
    /// The means of deliveries.
    pub(super) fn hooks(&self) -> Result<&Hooks> {
        let none = || ServiceError::Other(anyhow::anyhow!("a journal that is only read has no endpoints"));
        self.hooks.as_ref().ok_or_else(none)
    }

    /// The journal's last record.
    pub(super) async fn head(&self) -> Result<u64> {
        let mut reader = self.closing_context()?.store.reader().await.map_err(ServiceError::inside)?;
        Ok(reader.head().await.map_err(ServiceError::inside)?.seq)
    }
}

/// Registers an endpoint that events are sent to, by Standard Webhooks. Its secret is in the answer, and is shown once.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterWebhook {
    /// The address: `https://…`, without a user and a password.
    pub url: String,
    /// What the events are about: `merchant:org_3`, `shop:27000001/M10000000000001`, `city:13361`, `acquirer:27000001`, or `all`.
    pub scope: String,
    /// Kinds of events, such as `payment.approved` or `payment.*`; all when there are none.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The record after which events are sent; 0 begins with the journal. From now on when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
}

/// An endpoint was registered.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WebhookMade {
    /// Its id.
    pub webhook: String,
    /// Its secret, `whsec_…`. It is shown once.
    pub secret: String,
    /// Events of records up to this one are not sent.
    pub told_until: u64,
}

fn made(error: BookError) -> ServiceError {
    match error {
        BookError::Full(_) => {
            let most = u64::try_from(MOST_ENDPOINTS).unwrap_or(u64::MAX);
            unfit("url", &ProblemText::HookFull { most })
        }
        BookError::Store(_) | BookError::Secret(_) | BookError::Contended => ServiceError::inside(error),
    }
}

impl Operation for RegisterWebhook {
    const NAME: Name = Name::RegisterWebhook;
    type Answer = WebhookMade;

    fn subject(&self) -> Subject {
        Subject::named("scope", &self.scope).with(Object::named("host", read::host(&self.url)))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<WebhookMade> {
        let hooks = services.hooks()?;
        let scope = read::scope(&self.scope)?;
        must_keep(services, who, &scope).await?;
        let url = read::url(&hooks.networks, &self.url)?;
        let (kinds, note) = (read::kinds(&self.kinds)?, read::note(self.note.as_deref())?);
        let head = services.head().await?;
        let after = read::after(self.after.unwrap_or(head), head)?;
        let by = who.name.clone();
        let new = NewEndpoint { url, kinds, scope, note, by, after };
        let (webhook, secret) = hooks.book.register(new).await.map_err(made)?;
        Ok(WebhookMade { webhook, secret: secret.expose().to_string(), told_until: after })
    }
}

/// Gives an endpoint a new secret. The one before signs beside it for some hours, so that the receiver can change over without haste.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateWebhook {
    /// The endpoint.
    pub webhook: String,
    /// Hours for which the secret before signs too, 0 to 720; 24 when they are left out. 0 ends it at once: it leaked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap_hours: Option<u16>,
}

/// A secret was made.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WebhookSecretMade {
    /// The endpoint.
    pub webhook: String,
    /// Its new secret, `whsec_…`. It is shown once.
    pub secret: String,
    /// Hours for which the secret before signs too.
    pub overlap_hours: u16,
}

impl Operation for RotateWebhook {
    const NAME: Name = Name::RotateWebhook;
    type Answer = WebhookSecretMade;

    fn subject(&self) -> Subject {
        Subject::named("webhook", &self.webhook)
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<WebhookSecretMade> {
        found(services, who, (&self.webhook, Wish::Change)).await?;
        let overlap_hours = self.overlap_hours.unwrap_or(USUAL_HOURS);
        if overlap_hours > MOST_HOURS {
            let (least, most, got) = (0, MOST_HOURS.into(), overlap_hours.into());
            return Err(unfit("overlap_hours", &ProblemText::Range { least, most, got }));
        }
        let overlap = Duration::from_secs(u64::from(overlap_hours) * 3_600);
        let secret = services.hooks()?.book.rotate(&self.webhook, overlap).await.map_err(read::inside)?;
        let secret = secret.ok_or_else(|| not_found(&NotFoundText::Webhook { id: &self.webhook }))?;
        Ok(WebhookSecretMade { secret: secret.expose().to_string(), webhook: self.webhook, overlap_hours })
    }
}
