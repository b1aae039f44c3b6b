//! Protects people's numbers and tells good cards from bad ones: the vault for card and account numbers, the lists of an authority
//! (CRL), the store of keys, keys that sign the journal, time stamps of an authority, key blocks for the exchange of keys, and files
//! that only their owner reads.
#![forbid(unsafe_code)]

pub mod causes;
pub mod crl;
pub mod decision;
pub mod files;
pub mod key_block;
pub mod keys;
pub mod portal;
pub mod signing;
pub mod timestamp;
pub mod vault;
