//! Sign-in of people and programs: passwords (Argon2id), one-time codes (RFC 6238), recovery codes, passkeys (WebAuthn), links to
//! providers, sessions, programs' keys, invitations, and the throttle of attempts.
//!
//! The rows beside the journal keep hashes: a password's by Argon2id, that of a secret of 160 random bits by SHA-256. The secret of
//! one-time codes cannot be hashed; it is sealed. Nothing here gives a right or knows a role: this crate finds the person of a session,
//! and the journal has that person's rights.
//!
//! Sources: NIST SP 800-63B-4 (length, no composition rules, a blocklist, throttling); RFC 9106 (Argon2id); RFC 6238 (one-time codes);
//! WebAuthn Level 3 (passkeys).
#![forbid(unsafe_code)]

mod allowed;
mod code;
mod enrol;
mod error;
mod flows;
mod links;
mod passkeys;
mod password;
mod rows;
mod secret;
mod sign_ins;
mod throttle;

pub use allowed::Allowed;
pub use code::{OneTime, totp_url};
pub use enrol::{Enrolled, Enrolment, NewPasskey};
pub use error::{Means, PasskeyProblem, SignInError};
pub use flows::{Flow, FlowFor, ProviderFlow};
pub use links::Linked;
pub use passkeys::{Asserted, PasskeyAnswer, PasskeyRequest, PasskeyView, PlaceError, Registered};
pub use password::{LONGEST_PASSWORD, SHORTEST_ALONE, SHORTEST_WITH_FACTOR, WeakPassword};
pub use secret::{Secret, SecretError, SecretKind};
pub use sign_ins::{
    Attempt, Draw, Fresh, Freshened, Known, PasskeyPlace, Proof, Rules, Seal, SecondFactor, SessionId, SessionView,
    Shown, SignIns, SignedIn,
};
/// The messages between browsers and authenticators, as JSON.
pub use webauthn_rs_core::proto::{
    CreationChallengeResponse, PublicKeyCredential, RegisterPublicKeyCredential, RequestChallengeResponse,
};

#[cfg(test)]
mod tests;
