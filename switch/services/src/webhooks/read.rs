//! What callers write of endpoints.

use crate::error::{Result, ServiceError, unfit};
use crate::events::KINDS;
use crate::fields::reason;
use kazasu_schemas::identity::Scope;
use kazasu_text::problems::ProblemText;
use kazasu_text::{AnyOf, Quoted};
use kazasu_webhooks::{Networks, TargetError};

/// Kinds that an endpoint chooses at most.
const MOST_KINDS: usize = 50;

/// An address.
pub(super) fn url(networks: &Networks, text: &str) -> Result<String> {
    let text = text.trim();
    networks.check(text).map_err(|error| {
        let problem = match error {
            TargetError::NoUrl => ProblemText::HookNoUrl,
            TargetError::TooLong => ProblemText::HookTooLong,
            TargetError::User => ProblemText::HookUser,
            TargetError::NotHttps => ProblemText::HookNotHttps,
            TargetError::Network => ProblemText::HookNetwork,
        };
        unfit("url", &problem)
    })?;
    Ok(text.to_owned())
}

/// The host of an address, for the security log; an address may hold secrets behind it.
pub(super) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default()
}

/// Kinds of events: `payment.approved`, or all that begin so, `payment.*`.
pub(super) fn kinds(texts: &[String]) -> Result<Vec<String>> {
    if texts.len() > MOST_KINDS {
        return Err(unfit("kinds", &crate::error::range(MOST_KINDS, texts.len())));
    }
    let mut kinds = Vec::new();
    for text in texts {
        let text = text.trim();
        let known = match text.strip_suffix(".*") {
            Some(subject) => KINDS.iter().any(|kind| kind.split('.').next() == Some(subject)),
            None => KINDS.contains(&text),
        };
        if !known {
            return Err(unfit("kinds", &ProblemText::OneOf { choices: AnyOf(KINDS), got: Quoted(text) }));
        }
        if !kinds.iter().any(|kind| kind == text) {
            kinds.push(text.to_owned());
        }
    }
    Ok(kinds)
}

/// What an endpoint's events are about.
pub(super) fn scope(text: &str) -> Result<Scope> {
    let wrong = || unfit("scope", &ProblemText::HookScope { got: Quoted(text) });
    match text.trim().parse::<Scope>() {
        // Events do not say which issuer they are about.
        Ok(Scope::Issuer(_)) | Err(_) => Err(wrong()),
        Ok(scope) => Ok(scope),
    }
}

/// What an endpoint is for, in a few words.
pub(super) fn note(text: Option<&str>) -> Result<String> {
    text.map_or_else(|| Ok(String::new()), |text| reason("note", text))
}

/// A record after which events are sent: one that is there.
pub(super) fn after(after: u64, head: u64) -> Result<u64> {
    if after > head {
        return Err(unfit("after", &ProblemText::Range { least: 0, most: head, got: after }));
    }
    Ok(after)
}

/// An error of the rows beside the journal.
pub(super) fn inside(error: kazasu_webhooks::BookError) -> ServiceError {
    ServiceError::inside(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_security_log_gets_the_host_and_no_more() {
        for (url, shown) in [
            ("https://shop.example.jp/hook?token=a", "shop.example.jp"),
            ("https://me:secret@shop.example.jp:8443", "shop.example.jp:8443"),
            ("shop.example.jp/hook", "shop.example.jp"),
            ("", ""),
        ] {
            assert_eq!(host(url), shown, "{url}");
        }
    }

    #[test]
    fn kinds_are_those_that_there_are_each_once() {
        let of = |texts: &[&str]| kinds(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["payment.*", "payout.paid", "payment.*"]).unwrap(), ["payment.*", "payout.paid"]);
        for wrong in ["payment", "payments.*", "*", "", "payment.paid"] {
            assert!(of(&[wrong]).is_err(), "{wrong}");
        }
    }
}
