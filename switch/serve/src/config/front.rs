//! What the outside sees: proxies that are believed, and the contact for reports of weaknesses.

use anyhow::{Context, ensure};
use kazasu_api::http::{ForwardedHeader, Front, Proxies, SecurityContact};
use kazasu_text::configuration::ConfigText;
use kazasu_text::{AnyOf, Quoted, Said};
use serde::Deserialize;

/// The header in which trusted proxies name the caller.
#[derive(Deserialize, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeaderFile {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// `[security]`.
#[derive(Deserialize, Debug, Clone, Default)]
#[serde(deny_unknown_fields)]
pub struct SecurityFile {
    /// Whom to tell of a weakness: `mailto:`, `https:` or `tel:` addresses, the preferred one first.
    pub contact: Vec<String>,
    /// Where the policy for reports is; an `https:` address.
    pub policy: Option<String>,
    /// Where a key to encrypt reports with is; an `https:` address.
    pub encryption: Option<String>,
}

const LONGEST: usize = 200;

fn address(key: &str, text: &str, schemes: &[&str]) -> Result<(), Said> {
    let got = Quoted(text);
    if !schemes.iter().any(|scheme| text.starts_with(*scheme) && text.len() > scheme.len()) {
        return Err(Said::of(&ConfigText::Address { key, schemes: AnyOf(schemes), got }));
    }
    if text.len() > LONGEST || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Said::of(&ConfigText::AddressForm { key, most: LONGEST.into(), got }));
    }
    Ok(())
}

impl SecurityFile {
    fn contact(&self) -> anyhow::Result<SecurityContact> {
        let got = self.contact.len();
        ensure!((1..=8).contains(&got), Said::of(&ConfigText::Addresses { got: got.into() }));
        for contact in &self.contact {
            address("contact", contact, &["mailto:", "https:", "tel:"])?;
        }
        for (name, value) in [("policy", &self.policy), ("encryption", &self.encryption)] {
            if let Some(value) = value {
                address(name, value, &["https:"])?;
            }
        }
        let SecurityFile { contact, policy, encryption } = self.clone();
        Ok(SecurityContact { contacts: contact, policy, encryption })
    }
}

/// The front of the HTTP address, or what is wrong with its settings.
pub(super) fn front(
    trusted: &[String],
    header: ForwardedHeaderFile,
    security: Option<&SecurityFile>,
) -> anyhow::Result<Front> {
    let header = match header {
        ForwardedHeaderFile::XForwardedFor => ForwardedHeader::XForwardedFor,
        ForwardedHeaderFile::Forwarded => ForwardedHeader::Forwarded,
    };
    let proxies = Proxies::new(trusted, header)?;
    let contact = security.map(SecurityFile::contact).transpose().context("[security]")?;
    Ok(Front { proxies, contact })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_an_address_that_a_line_can_hold() {
        let of = |contact: &[&str], policy: Option<&str>| {
            let contact = contact.iter().map(|text| (*text).to_owned()).collect();
            SecurityFile { contact, policy: policy.map(str::to_owned), encryption: None }.contact()
        };
        assert!(
            of(&["mailto:security@city.example", "https://city.example/report"], Some("https://city.example/p"))
                .is_ok()
        );
        let long = format!("https://{}", "a".repeat(200));
        let bad = [
            "security@city.example",
            "mailto:",
            "http://city.example",
            "mailto:a@b\nExpires: never",
            "mailto:a b",
            &long,
        ];
        for bad in bad {
            assert!(of(&[bad], None).is_err(), "{bad:?}");
        }
        assert!(of(&[], None).is_err() && of(&["tel:+81"], Some("http://city.example")).is_err());
    }
}
