//! Kazasu's vocabulary: money, identifiers, secrets, the ISO 8583:1987 codec with its dialect files, the typed messages
//! above it, message authentication and key derivation, files for and from banks, and the days on which banks work.
//!
//! Nothing in this crate performs I/O, awaits, reads a clock or draws a random number: bytes and times come in as
//! arguments and results go out as values, so that every rule here can be tested, fuzzed and replayed on its own.
#![forbid(unsafe_code)]

pub mod attribution;
pub mod backoff;
pub mod calendar;
pub mod canonical;
pub mod closing;
pub mod contract;
pub mod guard;
pub mod heading;
pub mod identity;
pub mod ids;
pub mod in_force;
pub mod iso8583;
pub mod jst;
pub mod mac;
pub mod money;
pub mod pain001;
pub mod policy;
pub mod portal;
pub mod relief;
pub mod secret;
pub mod spendable;
pub mod text;
pub mod typed;
pub mod utf8;
pub mod wire;
pub mod zengin;
