//! Texts for people: one catalogue, each entry in Japanese and in English.
//!
//! The core, the records and the answers of services carry codes. Where a person reads, the code becomes a text of this catalogue in the
//! reader's [`Language`]. Nothing here decides or formats a page, and no text is put together from pieces of sentences.
//!
//! An entry without one of its languages does not compile, nor does one that leaves out an argument in one of them ([`labels!`],
//! [`texts!`], [`meanings!`]).
#![forbid(unsafe_code)]

mod argument;
mod catalogue;
mod entry;
mod language;
mod macros;

pub mod accounts;
pub mod closing;
pub mod columns;
pub mod facts;
pub mod notices;
pub mod relief;
pub mod reports;
pub mod residents;
pub mod responses;
pub mod settlements;
pub mod status;

#[cfg(test)]
mod tests;

pub use argument::{Argument, Count, Month};
pub use catalogue::{Entry, entries};
pub use entry::{Label, Listed, Text};
pub use language::Language;
