//! Kazasu, a card-linked cashless payment switch: a resident holds a card to a reader and has paid.
//!
//! `kazasu-core` decides and knows no I/O; `kazasu-engine` commits and lets effects go; [`acquirer`] and [`issuers`] are the two sides
//! of the wire; [`cluster`] joins several nodes; [`serve`] puts them together. docs/ARCHITECTURE.md has the map.
#![forbid(unsafe_code)]

pub mod acquirer;
mod admission;
#[cfg(feature = "demo")]
pub mod agree;
mod api;
pub mod checkpoint;
pub mod cli;
mod client;
pub mod cluster;
pub mod config;
#[cfg(feature = "demo")]
pub mod demo;
mod doors;
pub mod http;
pub mod issuers;
pub mod json;
pub mod outbox;
mod ports;
#[cfg(feature = "demo")]
pub mod sample;
pub mod serve;
pub mod telemetry;
pub mod terminal;
