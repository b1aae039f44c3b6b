//! The contract file: TOML in, checked merchant contracts out. It only reads; what the contracts mean is in
//! [`kazasu_schemas::contract`]. `sample.toml` shows every key.

mod check;
mod convert;
mod file;
mod page;
mod values;

pub use crate::policy::Problem;
pub use file::{SAMPLE, read};

#[cfg(test)]
mod tests;
