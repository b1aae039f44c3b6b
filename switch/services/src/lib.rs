//! The operations that people and programs ask of the switch: services for residents, merchants, policy, operators, closing,
//! relief and people. A request and its answer are types; the command line and HTTP are two ways to the same functions.
//! `kazasu-core` decides what may happen; [`access`] says who may ask for it.
#![forbid(unsafe_code)]

pub mod access;
pub mod approvals;
mod bank;
pub mod causes;
pub mod closing;
pub mod corrections;
mod decision_key;
mod error;
pub mod events;
mod fields;
pub mod import;
mod kept;
pub mod keys;
pub mod list;
pub mod merchants;
mod operation;
pub mod operators;
mod own_shops;
mod patch;
pub mod payees;
mod payer;
pub mod people;
pub mod policy;
mod portal;
mod presented;
mod problem;
pub mod relief;
pub mod residents;
pub mod security_log;
mod sentences;
mod services;
pub mod settlements;
mod shapes;
pub mod spending;
pub mod statement;
mod step_up;
mod subject;
pub mod transactions;
mod watch;
mod watched;
pub mod webhooks;
mod who;

pub use bank::{BankFile, BankFormat, MadeBytes, MadeFiles, name_at_the_bank, ordering_kind};
pub use decision_key::{CertifiedKey, DecisionSigner, Private};
pub use error::{Result, ServiceError};
pub use fields::day;
pub use kept::{LogFolders, Watch, WhichLog};
pub use operation::{Operation, Outcome, Recorded, Requested};
pub use patch::Patch;
pub use payer::{payer, payer_text};
pub use presented::{PortalRefusal, Presented, WINDOW};
pub use sentences::rejected;
pub use services::{Services, Source};
pub use subject::Subject;
pub use watch::{actor, resident_ref};
pub use watched::Watched;
pub use who::{CallerKind, OFFLINE, Who};
