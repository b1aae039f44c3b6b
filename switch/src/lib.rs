//! The command line of Kazasu, a card-linked cashless payment switch: a resident holds a card to a reader and has paid.
//!
//! The switch itself is put together by `kazasu-serve`. docs/ARCHITECTURE.md has the map.
#![forbid(unsafe_code)]

pub mod cli;
mod language;
