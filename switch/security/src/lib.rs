//! What protects people's numbers and tells which cards are good: the vault for card and account numbers, and the lists of an
//! authority (CRL).
#![forbid(unsafe_code)]

pub mod crl;
pub mod vault;
