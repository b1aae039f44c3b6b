//! Kazasu's ledger, pure: records, the hash chain that joins them, and the double-entry book that is their fold. `kazasu-store`
//! keeps them.
//!
//! * [`account`], [`transfer`], [`book`]: the rules. An account that can run out cannot be overdrawn because
//!   [`book::Book`] refuses it, also when the caller forgot a check.
//! * [`record`]: the closed list of everything that can move money or change a right.
//! * [`entry`], [`chain`]: a record in its place; each record's hash covers the one before it.
//! * [`signed`]: the signed texts of a journal, and the trait of signers.
#![forbid(unsafe_code)]

pub mod account;
pub mod book;
pub mod chain;
pub mod entry;
mod head;
pub mod record;
pub mod signed;
pub mod transfer;

pub use account::{Account, AccountId, AccountKey, Side};
pub use book::{Book, RuleError};
pub use entry::{Entry, Head, Seq};
pub use record::{Body, Record};
pub use signed::{Certificate, Checkpoint, Signature, Signer};
pub use transfer::{HoldId, Transfer, TransferKind};
