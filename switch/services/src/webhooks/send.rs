//! Sending a test event, and sending events again.

use super::feed::body;
use super::keepers::{Wish, found};
use super::view::AttemptView;
use crate::access::Name;
use crate::error::{Result, ServiceError, unfit};
use crate::events::Event;
use crate::operation::Operation;
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_text::Quoted;
use kazasu_text::problems::ProblemText;
use kazasu_webhooks::{Again, Attempt, BookError, News, Piece, Sent};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The kind of test events.
const TEST: &str = "webhook.test";

/// Sends a test event to an endpoint at once, also to one that is off, and says what became of it.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestWebhook {
    /// The endpoint.
    pub webhook: String,
}

/// A test event: it has the form of others, and no record.
fn test_event() -> Result<News> {
    let now = kazasu_engine::clock::now();
    let random = kazasu_engine::clock::random_bytes(8).map_err(ServiceError::Other)?;
    let id = format!("evt_test_{}", hex::encode(random));
    let event = Event {
        id: id.clone(),
        sequence: 0,
        kind: TEST.to_owned(),
        at: now.jst_text(),
        day: now.jst_day().to_string(),
        merchant: None,
        payment: None,
        settlement: None,
        payout: None,
        approval: None,
        batch: None,
        amount_yen: None,
    };
    Ok(News { id, kind: TEST.to_owned(), sequence: 0, body: body(&event)? })
}

impl Operation for TestWebhook {
    const NAME: Name = Name::TestWebhook;
    type Answer = AttemptView;

    fn subject(&self) -> Subject {
        Subject::named("webhook", &self.webhook)
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<AttemptView> {
        let endpoint = found(services, who, (&self.webhook, Wish::Change)).await?;
        let (hooks, news) = (services.hooks()?, test_event()?);
        let sent = kazasu_webhooks::test(&hooks.book, &hooks.post, (&self.webhook, &endpoint), &news);
        Ok(sent.await.map_err(ServiceError::Other)?.into())
    }
}

/// Sends events again, each once: one, those of a range of records, or all whose last attempt failed. They have the ids that they had.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResendWebhook {
    /// The endpoint.
    pub webhook: String,
    /// One event, `evt_…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The first record of a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// Its last record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// All events whose last attempt failed, of the attempts that are kept.
    #[serde(default)]
    pub failed: bool,
}

/// Events are sent again.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AskedAgain {
    /// The endpoint.
    pub webhook: String,
    /// The events that are sent again; none of a range, whose events are counted when they are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
}

/// The record of an event, which its id names.
fn record_of(event: &str) -> Option<u64> {
    event.strip_prefix("evt_")?.split('_').next()?.parse().ok().filter(|record| *record > 0)
}

fn piece(event: &str) -> Result<Piece> {
    let wrong = || unfit("event", &ProblemText::HookEvent { got: Quoted(event) });
    let record = record_of(event).ok_or_else(wrong)?;
    Ok(Piece { from: record, until: record, only: Some(event.to_owned()) })
}

/// The events whose last attempt failed, in the order of the journal. The one that waits for its turn is sent in any case.
fn failed(attempts: &[Attempt], after: u64) -> Vec<Piece> {
    let mut last: BTreeMap<(u64, &str), bool> = BTreeMap::new();
    // The newest come first.
    for one in attempts.iter().filter(|one| one.sent != Sent::Test && one.sequence <= after) {
        last.entry((one.sequence, &one.event)).or_insert(one.fault.is_some());
    }
    let failed = last.into_iter().filter(|(_, failed)| *failed);
    failed.map(|((from, event), _)| Piece { from, until: from, only: Some(event.to_owned()) }).collect()
}

impl Operation for ResendWebhook {
    const NAME: Name = Name::ResendWebhook;
    type Answer = AskedAgain;

    fn subject(&self) -> Subject {
        Subject::named("webhook", &self.webhook)
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<AskedAgain> {
        found(services, who, (&self.webhook, Wish::Change)).await?;
        let (hooks, head) = (services.hooks()?, services.head().await?);
        let one_way = || unfit("event", &ProblemText::HookAgain);
        let (left, count) = match (&self.event, self.from, self.until, self.failed) {
            (Some(event), None, None, false) => (vec![piece(event)?], Some(1)),
            (None, Some(from), until, false) => {
                let until = until.unwrap_or(head).min(head);
                if from == 0 || from > until {
                    return Err(unfit("from", &ProblemText::Range { least: 1, most: until, got: from }));
                }
                (vec![Piece { from, until, only: None }], None)
            }
            (None, None, None, true) => {
                let cursor = hooks.book.cursor(&self.webhook).await.map_err(ServiceError::inside)?;
                let after = cursor.map_or(0, |(cursor, _)| cursor.after);
                let attempts = hooks.book.attempts(&self.webhook).await.map_err(ServiceError::inside)?;
                let left = failed(&attempts, after);
                let count = left.len();
                (left, Some(count))
            }
            _ => return Err(one_way()),
        };
        if !left.is_empty() {
            let again = Again { left, last: None, by: who.name.clone() };
            hooks.book.send_again(&self.webhook, &again).await.map_err(|error| match error {
                BookError::Full(most) => {
                    let most = u64::try_from(most).unwrap_or(u64::MAX);
                    unfit("webhook", &ProblemText::HookAgainFull { most })
                }
                BookError::Store(_) | BookError::Secret(_) | BookError::Contended => ServiceError::inside(error),
            })?;
        }
        Ok(AskedAgain { webhook: self.webhook, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kazasu_schemas::jst::Millis;
    use kazasu_webhooks::Fault;

    #[test]
    fn the_record_of_an_event_is_in_its_id() {
        for (event, record) in
            [("evt_419", Some(419)), ("evt_419_1_0", Some(419)), ("evt_test_00", None), ("evt_0", None), ("419", None)]
        {
            assert_eq!(record_of(event), record, "{event}");
        }
    }

    #[test]
    fn events_are_sent_again_whose_last_attempt_failed_and_whose_turn_is_over() {
        let attempt = |number, sequence: u64, (fault, sent)| Attempt {
            number,
            event: format!("evt_{sequence}"),
            kind: "payment.approved".to_owned(),
            sequence,
            at: Millis(0),
            took_ms: 1,
            status: None,
            fault,
            detail: None,
            sent,
        };
        let bad = Some(Fault::TimedOut);
        let attempts = [
            attempt(6, 9, (bad, Sent::Live)),
            attempt(5, 4, (bad, Sent::Again)),
            attempt(4, 4, (None, Sent::Live)),
            attempt(3, 3, (None, Sent::Live)),
            attempt(2, 3, (bad, Sent::Live)),
            attempt(1, 0, (bad, Sent::Test)),
        ];
        let pieces = failed(&attempts, 8);
        assert_eq!(pieces, [Piece { from: 4, until: 4, only: Some("evt_4".to_owned()) }]);
    }
}
