//! What protects people's numbers and tells which cards are good: the vault for card and account numbers, the lists of an
//! authority (CRL), keys that sign the journal, time stamps of an authority, and files that only their owner reads.
#![forbid(unsafe_code)]

pub mod crl;
pub mod files;
pub mod signing;
pub mod timestamp;
pub mod vault;
