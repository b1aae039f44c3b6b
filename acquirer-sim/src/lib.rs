//! The acquirers' side of the wire, played: one connection at a time ([`session`]), open-loop load ([`load`]) and scenarios
//! ([`scenario`]). It knows ISO 8583 and nothing of the switch behind it.
#![forbid(unsafe_code)]

pub mod clock;
pub mod config;
pub mod load;
pub mod scenario;
pub mod session;
