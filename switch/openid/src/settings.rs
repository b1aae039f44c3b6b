//! How a provider is used, from the configuration.

use kazasu_http_client::Tls;
use openidconnect::url::{Host, Url};
use std::time::Duration;
use zeroize::Zeroizing;

/// When a sign-in at the provider counts as two factors.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SecondFactor {
    /// One of these methods is in the claim `amr` (RFC 8176): `mfa`, `hwk`, …
    pub amr: Vec<String>,
    /// The claim `acr` is one of these.
    pub acr: Vec<String>,
}

/// A provider of an organisation.
#[derive(Clone)]
pub struct Settings {
    /// Its name in requests.
    pub name: String,
    /// Its issuer, exactly as it names itself.
    pub issuer: String,
    /// The switch's name at the provider.
    pub client_id: String,
    /// The switch's secret there; none of a public client.
    pub secret: Option<Zeroizing<String>>,
    /// The claim that names the person for ever: `sub`, or `oid` of Entra ID.
    pub person_claim: String,
    /// When it counts as two factors; never, when both lists are empty.
    pub second_factor: SecondFactor,
    /// Addresses to come back to, besides those of loopback.
    pub redirects: Vec<String>,
    /// TLS towards it; none where the issuer is on loopback without.
    pub tls: Option<Tls>,
    /// How far the provider's clock may be from the switch's.
    pub leeway: Duration,
}

/// Why settings cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SettingsError {
    /// The issuer.
    #[error(
        "issuer: expected an address that begins with https:// (http:// only on loopback), without a query, got {0:?}"
    )]
    Issuer(String),
    /// A claim that changes hands.
    #[error(
        "person_claim: {0:?} may pass from one person to another; expected sub, oid or another claim that never does"
    )]
    PersonClaim(String),
    /// An address to come back to.
    #[error("redirects: expected an address that begins with https://, got {0:?}")]
    Redirect(String),
}

/// Claims that an administrator of the provider gives to another person one day.
const PASSED_ON: [&str; 8] =
    ["email", "preferred_username", "upn", "unique_name", "name", "nickname", "phone_number", "given_name"];

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    }
}

impl Settings {
    /// Checks what the configuration says.
    pub fn check(&self) -> Result<(), SettingsError> {
        let issuer = || SettingsError::Issuer(self.issuer.clone());
        let url = Url::parse(&self.issuer).map_err(|_| issuer())?;
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        if !is_safe || url.query().is_some() || url.fragment().is_some() {
            return Err(issuer());
        }
        if self.person_claim.is_empty() || PASSED_ON.contains(&self.person_claim.as_str()) {
            return Err(SettingsError::PersonClaim(self.person_claim.clone()));
        }
        let is_bad = |redirect: &&String| !Url::parse(redirect).is_ok_and(|url| url.scheme() == "https");
        match self.redirects.iter().find(is_bad) {
            Some(bad) => Err(SettingsError::Redirect(bad.clone())),
            None => Ok(()),
        }
    }

    /// A loopback address with any port (RFC 8252, 7.3), or one of the configuration, letter by letter.
    pub(crate) fn takes_redirect(&self, text: &str) -> bool {
        if self.redirects.iter().any(|known| known == text) {
            return true;
        }
        let Ok(url) = Url::parse(text) else { return false };
        let is_plain = url.username().is_empty() && url.query().is_none() && url.fragment().is_none();
        url.scheme() == "http" && is_loopback(&url) && is_plain
    }
}
