//! Texts for people: one catalogue, each entry in Japanese and in English.
//!
//! The core, the records and the answers of services carry codes. Where a person reads, the code becomes a text of this catalogue in the
//! reader's [`Language`]. Nothing here decides or formats a page, and no text is put together from pieces of sentences.
//!
//! An entry without one of its languages does not compile, nor does one that leaves out an argument in one of them ([`labels!`],
//! [`texts!`], [`meanings!`]).
#![forbid(unsafe_code)]
#![allow(
    rustdoc::broken_intra_doc_links,
    reason = "an entry is documented by its English text, in which brackets are tables of a file"
)]

mod argument;
mod catalogue;
mod caused;
mod entry;
mod language;
mod macros;
mod said;

pub mod access;
pub mod accounts;
pub mod approvals;
pub mod audit;
pub mod bank_files;
pub mod bank_lines;
pub mod causes;
pub mod cli;
pub mod closing;
pub mod closing_refusals;
pub mod columns;
pub mod commands;
pub mod configuration;
pub mod console;
pub mod corrections;
pub mod demo;
pub mod documents;
pub mod errors;
pub mod facts;
pub mod files;
pub mod findings;
pub mod help;
pub mod hsm;
pub mod key_refusals;
pub mod key_store;
pub mod keys;
pub mod latin;
pub mod lists;
pub mod month;
pub mod names;
pub mod notices;
pub mod payees;
pub mod payments;
pub mod portal;
pub mod problems;
pub mod readings;
pub mod refusals;
pub mod relief;
pub mod relief_refusals;
pub mod reports;
pub mod requests;
pub mod residents;
pub mod responses;
pub mod revocation;
pub mod rights_refusals;
pub mod security;
pub mod settlements;
pub mod sign_in;
pub mod spending;
pub mod status;
pub mod stores;
pub mod tables;
pub mod tls;
pub mod usage;
pub mod webhooks;

#[cfg(test)]
mod tests;

pub use argument::{AnyOf, Argument, Count, Month, Octal, Quoted};
pub use catalogue::{Entry, entries};
pub use caused::{Because, Caused};
pub use entry::{Label, Listed, Text};
pub use language::{Language, VARIABLES};
pub use said::Said;
