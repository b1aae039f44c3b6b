//! Endpoints and attempts as people and programs see them.

use super::keepers::{Wish, found, keeps};
use crate::access::Name;
use crate::error::{Result, ServiceError, unfit};
use crate::operation::Operation;
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_text::problems::ProblemText;
use kazasu_webhooks::{Attempt, Cursor, Endpoint, Fault, KEPT_ATTEMPTS, Stage};
use serde::{Deserialize, Serialize};

/// A secret of an endpoint, without itself.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SecretView {
    /// When it was made.
    pub made_at: String,
    /// It signs until then: another has taken its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// An endpoint, and how it stands.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WebhookView {
    /// Its id.
    pub webhook: String,
    /// The address.
    pub url: String,
    /// What the events are about.
    pub scope: String,
    /// Kinds of events; all when there are none.
    pub kinds: Vec<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// `on`; `waiting` after a failed attempt; `late` when people were warned; `failing` after days; `off` when a person has switched it off.
    pub state: String,
    /// All events of records up to this one were taken.
    pub told_until: u64,
    /// Records in the journal behind it, whether they have events for it or not.
    pub behind: u64,
    /// When an event was last taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<String>,
    /// Since when no attempt has succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<String>,
    /// Attempts in a row that failed.
    pub failures: u32,
    /// Why the last one failed: `answered`, `redirected`, `network_not_allowed`, `name_unknown`, `unreachable`, `timed_out`, `secret_unreadable`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The status, or the problem in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// When the next attempt is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<String>,
    /// Attempts so far.
    pub attempts: u64,
    /// Its secrets that sign, the newest last.
    pub secrets: Vec<SecretView>,
    /// Who registered it.
    pub registered_by: String,
    /// When.
    pub registered_at: String,
    /// Who switched it off or on last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switched_by: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switched_why: Option<String>,
}

fn state(endpoint: &Endpoint, cursor: &Cursor) -> &'static str {
    match (endpoint.on, cursor.stage) {
        (false, _) => "off",
        (true, Stage::Failing) => "failing",
        (true, Stage::Late) => "late",
        (true, Stage::Well) if cursor.failures > 0 => "waiting",
        (true, Stage::Well) => "on",
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

impl WebhookView {
    /// An endpoint as it stands now.
    pub(super) async fn of(services: &Services, (id, endpoint): (&str, Endpoint)) -> Result<WebhookView> {
        let head = services.head().await?;
        WebhookView::behind(services, (id, endpoint), head).await
    }

    async fn behind(services: &Services, (id, endpoint): (&str, Endpoint), head: u64) -> Result<WebhookView> {
        let cursor = services.hooks()?.book.cursor(id).await.map_err(ServiceError::inside)?;
        let cursor = cursor.map(|(cursor, _)| cursor).unwrap_or_default();
        let now = kazasu_engine::clock::now();
        let live = endpoint.secrets.iter().filter(|one| one.until.is_none_or(|until| now < until));
        let secrets =
            live.map(|one| SecretView { made_at: one.made.jst_text(), until: one.until.map(|until| until.jst_text()) });
        Ok(WebhookView {
            webhook: id.to_owned(),
            state: state(&endpoint, &cursor).to_owned(),
            secrets: secrets.collect(),
            url: endpoint.url,
            scope: endpoint.scope.to_string(),
            kinds: endpoint.kinds,
            note: some(&endpoint.note),
            told_until: cursor.after,
            behind: head.saturating_sub(cursor.after),
            taken_at: cursor.taken.map(|at| at.jst_text()),
            failing_since: cursor.failing_since.map(|at| at.jst_text()),
            failures: cursor.failures,
            problem: cursor.fault.map(|fault| fault.name().to_owned()),
            detail: cursor.detail,
            next_attempt_at: cursor.next.map(|at| at.jst_text()),
            attempts: cursor.attempts,
            registered_by: endpoint.by,
            registered_at: endpoint.at.jst_text(),
            switched_by: some(&endpoint.switched_by),
            switched_why: some(&endpoint.switched_why),
        })
    }
}

/// The endpoints that the caller may see, and how they stand.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListWebhooks {}

/// Endpoints.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WebhooksPage {
    /// In the order of their ids.
    pub webhooks: Vec<WebhookView>,
}

impl Operation for ListWebhooks {
    const NAME: Name = Name::ListWebhooks;
    type Answer = WebhooksPage;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<WebhooksPage> {
        let all = services.hooks()?.book.all().await.map_err(ServiceError::inside)?;
        let head = services.head().await?;
        let mut webhooks = Vec::new();
        for (id, endpoint) in all {
            if keeps(services, who, (&endpoint.scope, Wish::Look)).await? {
                webhooks.push(WebhookView::behind(services, (&id, endpoint), head).await?);
            }
        }
        Ok(WebhooksPage { webhooks })
    }
}

/// An endpoint, and how it stands.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowWebhook {
    /// Its id.
    pub webhook: String,
}

impl Operation for ShowWebhook {
    const NAME: Name = Name::ShowWebhook;
    type Answer = WebhookView;

    fn subject(&self) -> Subject {
        Subject::named("webhook", &self.webhook)
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<WebhookView> {
        let endpoint = found(services, who, (&self.webhook, Wish::Look)).await?;
        WebhookView::of(services, (&self.webhook, endpoint)).await
    }
}

/// The newest attempts of an endpoint, the newest first. 500 are kept, for 30 days.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListAttempts {
    /// The endpoint.
    pub webhook: String,
    /// Only of this event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Only those that failed.
    #[serde(default)]
    pub failed: bool,
    /// Attempts at most, 1 to 500; 100 where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u16>,
}

/// An attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AttemptView {
    /// 1, 2, 3, … of its endpoint.
    pub number: u64,
    /// The event, which is the message's id too.
    pub event: String,
    /// Its kind.
    pub kind: String,
    /// Its record; 0 of a test.
    pub sequence: u64,
    /// `live` in its turn, `again` because a person asked, or `test`.
    pub purpose: String,
    /// When it began.
    pub at: String,
    /// Milliseconds until the answer.
    pub took_ms: u32,
    /// `delivered`, or why it failed: see an endpoint's `problem`.
    pub outcome: String,
    /// The answer's status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The problem in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The word for what became of an attempt.
#[must_use]
pub fn outcome_of(fault: Option<Fault>) -> &'static str {
    fault.map_or("delivered", Fault::name)
}

impl From<Attempt> for AttemptView {
    fn from(one: Attempt) -> AttemptView {
        AttemptView {
            number: one.number,
            event: one.event,
            kind: one.kind,
            sequence: one.sequence,
            purpose: one.sent.name().to_owned(),
            at: one.at.jst_text(),
            took_ms: one.took_ms,
            outcome: outcome_of(one.fault).to_owned(),
            status: one.status,
            detail: one.detail,
        }
    }
}

impl Operation for ListAttempts {
    const NAME: Name = Name::ListAttempts;
    type Answer = Vec<AttemptView>;

    fn subject(&self) -> Subject {
        Subject::named("webhook", &self.webhook)
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Vec<AttemptView>> {
        found(services, who, (&self.webhook, Wish::Look)).await?;
        let limit = self.limit.unwrap_or(100);
        if !(1..=KEPT_ATTEMPTS).contains(&limit.into()) {
            let (least, most, got) = (1, KEPT_ATTEMPTS, limit.into());
            return Err(unfit("limit", &ProblemText::Range { least, most, got }));
        }
        let kept = services.hooks()?.book.attempts(&self.webhook).await.map_err(ServiceError::inside)?;
        let wanted = kept.into_iter().filter(|one| {
            (!self.failed || one.fault.is_some()) && self.event.as_ref().is_none_or(|event| *event == one.event)
        });
        Ok(wanted.take(limit.into()).map(AttemptView::from).collect())
    }
}
