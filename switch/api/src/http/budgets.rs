//! The number of requests that each caller may make in a minute, and the fields that say what is left of it (`RateLimit-Policy` and
//! `RateLimit`, as the IETF's draft writes them).
//!
//! A caller may spend the minute's requests at once; they come back one by one, evenly over the minute. Each node counts by itself.

use super::worded::with_members;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use hashbrown::HashMap;
use kazasu_text::Said;
use kazasu_text::requests::EdgeText;
use serde_json::Map;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The time over which requests are counted.
const WINDOW: Duration = Duration::from_secs(60);
/// Above this number, callers who have everything again are forgotten.
const FORGET_ABOVE: usize = 1_024;
/// The policy.
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// What is left.
const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// What callers have left.
pub struct Budgets {
    /// Requests of a caller in a minute.
    most: u32,
    /// The moment at which each caller has everything again.
    whole_at: Mutex<HashMap<String, Instant>>,
}

/// What a caller has left after a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Left {
    most: u32,
    /// Further requests at once.
    requests: u32,
    /// Until everything is there again.
    whole_in: Duration,
    /// Until one more request is there, where this one was too many.
    again_in: Option<Duration>,
}

impl Budgets {
    /// So many requests in a minute for each caller.
    #[must_use]
    pub fn new(most: u32) -> Arc<Budgets> {
        Arc::new(Budgets { most: most.max(1), whole_at: Mutex::default() })
    }

    /// A request of a caller.
    pub(super) fn spend(&self, caller: &str, now: Instant) -> Left {
        let each = WINDOW / self.most;
        let mut all = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() > FORGET_ABOVE {
            all.retain(|_, whole_at| *whole_at > now);
        }
        let whole_at = all.entry(caller.to_owned()).or_insert(now);
        let spent = whole_at.saturating_duration_since(now) + each;
        let again_in = spent.checked_sub(WINDOW).filter(|wait| !wait.is_zero());
        let whole_in = if again_in.is_none() { spent } else { spent - each };
        *whole_at = now + whole_in;
        drop(all);
        let requests = (WINDOW - whole_in.min(WINDOW)).as_nanos() / each.as_nanos().max(1);
        Left { most: self.most, requests: u32::try_from(requests).unwrap_or(self.most), whole_in, again_in }
    }
}

/// Whole seconds, no part left out.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

impl Left {
    /// The answer to a request that was too many.
    pub(super) fn refusal(&self) -> Option<Response> {
        let wait = seconds(self.again_in?).max(1);
        metrics::counter!("kazasu_http_requests_over_budget_total").increment(1);
        let said = Said::of(&EdgeText::OverBudget { most: self.most, wait });
        let members = Map::from_iter([("retry_after_seconds".to_owned(), wait.into())]);
        let mut response = with_members(StatusCode::TOO_MANY_REQUESTS, members, said);
        response.headers_mut().insert(header::RETRY_AFTER, wait.into());
        Some(response)
    }

    /// Says it in the fields of an answer.
    pub(super) fn say(&self, headers: &mut HeaderMap) {
        let policy = format!("\"caller\";q={};w={}", self.most, WINDOW.as_secs());
        let left = format!("\"caller\";r={};t={}", self.requests, seconds(self.whole_in));
        for (name, value) in [(POLICY, policy), (LEFT, left)] {
            headers.extend(HeaderValue::from_str(&value).ok().map(|value| (name, value)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_requests_come_back_evenly_and_are_nobody_elses() {
        let (budgets, now) = (Budgets::new(60), Instant::now());
        let spent: Vec<_> = (0..60).map(|_| budgets.spend("a", now)).collect();
        assert!(spent.iter().all(|left| left.refusal().is_none()));
        assert_eq!((spent[0].requests, spent[59].requests), (59, 0));
        let over = budgets.spend("a", now);
        let refusal = over.refusal().unwrap();
        assert_eq!(refusal.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refusal.headers()[header::RETRY_AFTER], "1");
        assert!(budgets.spend("b", now).refusal().is_none(), "another caller has its own");
        // What was too many takes nothing away.
        let later = now + Duration::from_secs(1);
        assert!(budgets.spend("a", later).refusal().is_none());
        assert!(budgets.spend("a", later).refusal().is_some());
        assert_eq!(budgets.spend("a", now + Duration::from_secs(600)).requests, 59, "everything is there again");
    }

    #[test]
    fn the_fields_have_the_form_of_the_draft() {
        let (mut headers, now) = (HeaderMap::new(), Instant::now());
        let budgets = Budgets::new(600);
        budgets.spend("a", now);
        budgets.spend("a", now).say(&mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"caller\";q=600;w=60");
        assert_eq!(headers["ratelimit"], "\"caller\";r=598;t=1");
    }
}
