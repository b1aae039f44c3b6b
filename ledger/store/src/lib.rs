//! Keeps, reads, checks and moves Kazasu's journal.
//!
//! * [`journal`]: the contract of a store; [`memory`] is the oracle, [`sqlite`] the default engine, [`postgres`] the one
//!   for several nodes.
//! * [`records`]: a journal's records in their order, for every fold.
//! * [`side`]: means of signing in, and sessions, beside the journal.
//! * [`signing`]: a store whose batches a node signs, and whose end must be signed before a node leads.
//! * [`transport`]: a journal moved from one store to another, and the proof that both are equal.
//! * [`verify`]: a copy of a journal checked without the switch: chain, order, rules and books.
#![forbid(unsafe_code)]

pub mod journal;
pub mod memory;
pub mod postgres;
pub mod records;
pub mod side;
pub mod side_rows;
pub mod signing;
pub mod sqlite;
mod task;
pub mod transport;
pub mod verify;

pub use journal::{
    AppendError, Batch, Claim, Journal, LeadError, Node, Reader, Store, StoreError, StoreFault, StoreHint, Task,
    TransferRow, UrlProblem,
};
