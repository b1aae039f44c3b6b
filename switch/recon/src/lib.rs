//! Reconciliation (照合): two lists of the same transactions are compared line by line, and every difference is explained.
//!
//! It is three-way by comparing pairs: the ledger with an acquirer's detail file, the ledger with an issuer's, and the
//! ledger's debts with a bank statement. An acquirer's totals (0500) are compared where they arrive, in the core, and with
//! its detail file by [`totals`]; the comparison of lines explains a difference of totals.
//!
//! - [`item`]: one line, 96 bytes; [`keys`]: how lines are recognised, in order of trust.
//! - [`rules`]: the terms of contracts: tolerances, due days, grouping.
//! - [`matching`]: the comparison; [`result`]: verdicts, counts and exceptions.
//! - [`mod@file`]: the detail file, read as a stream, and written.
//!
//! Nothing here reads a clock, opens a file or keeps anything between two runs: lines, rules and the day come in, an
//! [`result::Outcome`] goes out. Other modules keep queues, approvals and bookings.
#![forbid(unsafe_code)]

mod batches;
mod explain;
pub mod file;
mod identifiers;
mod identity;
pub mod item;
pub mod keys;
pub mod mask;
pub mod matching;
mod nearby;
mod references;
mod repeats;
pub mod result;
pub mod rules;
mod subset;
mod sums;
#[cfg(test)]
mod tests;
pub mod totals;
mod work;
