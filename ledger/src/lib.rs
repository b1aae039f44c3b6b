//! Kazasu's ledger: an append-only, hash-chained journal of records and the double-entry book that is its fold.
//!
//! * [`account`], [`transfer`], [`book`]: the rules, pure. An account that can run out cannot be overdrawn because
//!   [`book::Book`] refuses it, whatever the caller forgot.
//! * [`record`]: the closed list of everything that can move money or change a right.
//! * [`journal`]: what a store must do; [`memory`] is the oracle, [`sqlite`] the default engine, [`postgres`] the one for
//!   several nodes.
//! * [`transport`]: a journal moved from one store to another, and the proof that both are equal.
//! * [`chain`], [`verify`]: each record's hash covers the one before it; a copy can be checked without the switch.
#![forbid(unsafe_code)]

pub mod account;
pub mod book;
pub mod chain;
pub mod journal;
pub mod memory;
pub mod postgres;
pub mod record;
pub mod sqlite;
pub mod transfer;
pub mod transport;
pub mod verify;

pub use account::{Account, AccountId, AccountKey, Side};
pub use book::{Book, RuleError};
pub use journal::{AppendError, Batch, Claim, Entry, Head, Journal, LeadError, Node, Reader, Seq, Store, StoreError};
pub use record::{Body, Record};
pub use transfer::{HoldId, Transfer, TransferKind};
