//! Reads the files that people write: policies and contracts as TOML, tables as CSV or workbooks. Text comes in, checked values go out,
//! and an error names its place and the expected value. Nothing here opens a file.
#![forbid(unsafe_code)]

pub mod contracts;
pub mod policy;
pub mod table_file;

#[cfg(test)]
mod japanese;
