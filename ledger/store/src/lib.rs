//! Where Kazasu's journal is kept, read, checked and moved.
//!
//! * [`journal`]: what a store must do; [`memory`] is the oracle, [`sqlite`] the default engine, [`postgres`] the one for
//!   several nodes.
//! * [`records`]: a journal's records in their order, for every fold.
//! * [`signing`]: a store whose batches a node signs, and whose end must be signed before a node leads.
//! * [`transport`]: a journal moved from one store to another, and the proof that both are equal.
//! * [`verify`]: a copy of a journal checked without the switch: chain, order, rules and books.
#![forbid(unsafe_code)]

pub mod journal;
pub mod memory;
pub mod postgres;
pub mod records;
pub mod signing;
pub mod sqlite;
pub mod transport;
pub mod verify;

pub use journal::{AppendError, Batch, Claim, Journal, LeadError, Node, Reader, Store, StoreError};
