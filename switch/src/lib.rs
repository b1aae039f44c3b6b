//! Kazasu.
#![forbid(unsafe_code)]
pub mod acquirer;
pub mod clock;
pub mod core;
pub mod engine;
pub mod telemetry;
pub mod vault;
