//! Towards the issuers: which issuer serves an instrument, the session to it, and a simulator that plays issuers.
//!
//! * [`routing`]: BIN or bank code → issuer number, pure.
//! * [`session`]: the session as a state machine without socket and clock: sign-on, echo, many requests in flight, advices that
//!   are sent until they are acknowledged.
//! * [`driver`]: the task that owns the socket, with or without TLS, and drives a [`session::Session`]. It decides nothing about money.
//! * [`sim`]: issuers for demonstrations and tests, with accounts, scripted misbehaviour and a journal of their own.
//!
//! This crate keeps nothing on disk for the switch: what must survive a restart is in the switch's ledger, and the switch
//! hands unacknowledged advices to the session again.
#![forbid(unsafe_code)]

mod authentic;
pub mod clock;
pub mod driver;
pub mod routing;
pub mod session;
#[cfg(feature = "sim")]
pub mod sim;

pub use authentic::{ConnectionMac, Keying, SessionMaster, StaticMac};
pub use driver::{ConnectionConfig, ConnectionStatus, Ends, register_metrics, spawn};
pub use routing::{RoutingError, RoutingTable};
pub use session::{Cause, Command, Report};
