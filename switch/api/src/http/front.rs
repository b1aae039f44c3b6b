//! What the outside sees of the installation: the proxies in front of it, and the contact for reports of weaknesses (RFC 9116).

use super::forwarded::Proxies;
use super::state::Api;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use kazasu_schemas::jst::Millis;
use std::fmt::Write as _;

/// The address of the contact.
pub(super) const SECURITY_TXT: &str = "/.well-known/security.txt";

/// Days after which a reader of the contact must ask again.
const GOOD_FOR: i64 = 90;
const DAY: i64 = 24 * 3_600 * 1_000;

/// A contact for reports of weaknesses, as the operator names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecurityContact {
    /// `mailto:`, `https:` or `tel:` addresses, the preferred one first.
    pub contacts: Vec<String>,
    /// Where the policy for reports is.
    pub policy: Option<String>,
    /// Where a key to encrypt with is.
    pub encryption: Option<String>,
}

impl SecurityContact {
    /// Every line, as RFC 9116 has it. It is good for ninety days.
    fn text(&self, now: Millis) -> String {
        let mut out = String::new();
        for contact in &self.contacts {
            let _ = writeln!(out, "Contact: {contact}");
        }
        let expires = Millis((now.0 / DAY + GOOD_FOR) * DAY);
        let _ = writeln!(out, "Expires: {}\nPreferred-Languages: ja, en", expires.jst_text());
        for (name, value) in [("Policy", &self.policy), ("Encryption", &self.encryption)] {
            if let Some(value) = value {
                let _ = writeln!(out, "{name}: {value}");
            }
        }
        out
    }
}

/// The front of the HTTP address.
#[derive(Clone, Debug, Default)]
pub struct Front {
    /// Proxies that are believed.
    pub proxies: Proxies,
    /// The contact, where the operator has named one.
    pub contact: Option<SecurityContact>,
}

/// The contact; 404 where there is none.
pub(super) async fn security_txt(State(api): State<Api>) -> Response {
    match &api.front.contact {
        Some(contact) => {
            let text = contact.text(api.services.now());
            ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contact_is_as_its_rfc_has_it() {
        let contact = SecurityContact {
            contacts: vec!["mailto:security@city.example".into(), "tel:+81-3-0000-0000".into()],
            policy: Some("https://city.example/security".into()),
            encryption: None,
        };
        // 2026-11-30 12:00 UTC.
        assert_eq!(
            contact.text(Millis(1_796_040_000_000)),
            "Contact: mailto:security@city.example\nContact: tel:+81-3-0000-0000\nExpires: 2027-02-28T09:00:00.000+09:00\n\
             Preferred-Languages: ja, en\nPolicy: https://city.example/security\n"
        );
    }
}
