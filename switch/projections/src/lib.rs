//! Folds of the journal outside the core. Nothing is decided from them.
//!
//! `journal_index` says which record moved money between whom; `fee_projection` uses it to charge fees, day by day. `statements`
//! keeps residents' statements in step with the journal, in a file of its own, and `transactions` an index of payments in another
//! one. `spending` adds residents' payments up, month by month, so that no number is about few people. `explain` tells one tap's story.
#![forbid(unsafe_code)]

mod explain;
pub mod fee_projection;
pub mod journal_index;
mod side_file;
pub mod spending;
pub mod statements;
pub mod transactions;
mod values;

pub use explain::explain;
