//! Sign-in through an organisation's own provider (OpenID Connect Core 1.0): the authorization code flow with PKCE, state and nonce.
//!
//! The provider says who signed in, how, and when. This crate checks that it was this provider, that it was asked by this switch, and
//! that the answer is of this attempt. It knows no person and no right: the services find the person whom the subject is linked to.
//!
//! The protocol is the crate `openidconnect`; its requests go through the switch's one HTTP client. Sources: OpenID Connect Core 1.0
//! (3.1, 3.1.3.7), Discovery 1.0; RFC 7636 (PKCE), RFC 8252 (redirects to a loopback address), RFC 9207 (the issuer in the redirect).
#![forbid(unsafe_code)]

mod claims;
mod provider;
mod refused;
mod settings;
mod wire;

pub use provider::{Asked, Came, Factors, Proved, Provider, Purpose, Waiting};
pub use refused::Refused;
pub use settings::{SecondFactor, Settings, SettingsError};
