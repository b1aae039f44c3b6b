//! Keys that stay in a device: a hardware security module (HSM), or SoftHSM2 for tests, reached through PKCS#11.
//!
//! A [`Token`] is a device's token, opened with a PIN from a file. It has two kinds of keys, found by label: a
//! [`WrappingKey`] key (AES-256) wraps other keys, and a [`SigningKey`] (Ed25519) signs. Neither can be taken out: this crate
//! refuses keys that the token would give away.
//!
//! A device may be slow, or gone. One thread of its own talks to it; a caller waits for a bounded time and gets an error with the
//! remedy. A session that was lost is opened again, a few times. A PIN that was refused is not tried again, because tokens lock
//! themselves after a few attempts.
//!
//! Must not: be reached by the core or the ledger, or be called on a thread that decides.
#![forbid(unsafe_code)]

mod device;
mod error;
mod facts;
mod keys;
mod needed;
mod settings;
mod store;
mod thread;
mod token;

pub use error::HsmError;
pub use facts::{KeyKind, TokenFacts, TokenKey, TokenMechanism};
pub use keys::{DerivationKey, SigningKey, WrappingKey};
pub use settings::{Missing, ReadPin, TokenSettings};
pub use token::Token;
