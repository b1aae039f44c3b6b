//! What folds of the journal say outside the core. Nothing is decided from them.
//!
//! `chart` is the one reading of the journal that says who got what of whom; on it `books` charges fees, day by day. `statements`
//! keeps residents' statements in step with the journal, in a file of its own. `explain` tells one tap's story.
#![forbid(unsafe_code)]

pub mod books;
pub mod chart;
mod explain;
pub mod statements;

pub use explain::explain;
