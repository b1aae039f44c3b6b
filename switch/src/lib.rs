//! Kazasu, a card-linked cashless payment switch: a resident holds a card to a reader and has paid.
#![forbid(unsafe_code)]

pub mod acquirer;
pub mod clock;
pub mod core;
pub mod engine;
