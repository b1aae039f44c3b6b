//! What people and programs ask of the switch: services for residents, merchants, policy, operators, closing and relief. A request
//! and its answer are types; the command line and HTTP are two ways to the same functions. What may happen is decided in
//! `kazasu-core`; who may ask for it, in [`access`].
#![forbid(unsafe_code)]

pub mod access;
mod approvals;
mod bank;
pub mod closing;
mod error;
mod fields;
pub mod import;
mod keep;
pub mod merchants;
mod operation;
pub mod operators;
mod payer;
pub mod policy;
pub mod relief;
pub mod residents;
mod services;
pub mod statement;
mod who;

pub use bank::{BankFile, BankFormat, MadeBytes, MadeFiles, name_at_the_bank, ordering_kind};
pub use error::{Result, ServiceError};
pub use fields::day;
pub use keep::Said;
pub use operation::{Operation, Outcome, Recorded, Requested};
pub use payer::{payer, payer_text};
pub use services::{Services, Source};
pub use who::{CallerKind, Who};
