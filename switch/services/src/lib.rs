//! What people and programs ask of the switch: services for residents, merchants, relief, closing and policy. A request and its
//! answer are types; the command line and HTTP are two ways to the same functions. What may happen is decided in `kazasu-core`; who
//! may ask for it, here.
#![forbid(unsafe_code)]

pub mod admin;
mod approvals;
pub mod closing;
pub mod import;
mod keep;
pub mod relief;
pub mod statement;

pub use keep::Said;
