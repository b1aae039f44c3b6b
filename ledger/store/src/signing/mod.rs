//! A store whose batches are signed. The engine that keeps the rows knows no key: it keeps a signature as it keeps a hash.
//!
//! An intruder in the database can write a record that continues the chain. Without the nodes' key that record has no
//! signature, and a node that is about to lead looks for one at the journal's end before it continues behind it. A record that
//! was slipped in is therefore never covered by a later, honest signature.

mod key;
mod store;

pub use key::Signing;
pub use store::SignedStore;
