//! What people write: policies and contracts as TOML, tables as CSV or workbooks. Text in, checked values out, and for what is wrong where
//! it stands and what was expected. Nothing here opens a file.
#![forbid(unsafe_code)]

pub mod contracts;
pub mod policy;
pub mod table_file;
