//! The policy file: TOML in, checked rules out, and what differs between two of them. `docs/operations/policy.md` explains every
//! key.

mod check;
mod facts;
pub mod file;
mod table;
mod values;

pub use facts::{Difference, differences};
pub use file::{Problem, read};

#[cfg(test)]
mod tests;
