//! The contract file: TOML in, checked merchant contracts out. It only reads; what the contracts mean is in
//! [`kazasu_schemas::contract`]. `sample.toml` shows every key.

mod check;
mod convert;
mod file;
mod page;
mod read;
mod values;

pub use crate::policy::Problem;
pub use read::{SAMPLE, read};

#[cfg(test)]
mod tests;
