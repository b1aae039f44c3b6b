//! The security log: sign-ins, refusals, looks at residents, exports, changes of configuration. It stands apart from the journal: the
//! journal has the changes of money and rights, this log has each operation's caller, resident and reason.
//!
//! An event is one line of JSON. Each line carries the SHA-256 of the hash before it and of itself, so that [`verify`] finds a changed
//! or removed line. One thread writes; lines that must be durable before an answer leaves share a write and an fsync. When the disk is
//! full, [`Log::must`] fails and the caller refuses the request. Nothing else of the switch waits for this log.
//!
//! No line has a card number, an account number, a token or a PPID: free text is cleaned on its way into a line ([`value::Free`]), and
//! a resident is a keyed reference ([`ResidentRef`]).
#![forbid(unsafe_code)]

mod chain;
mod error;
mod event;
mod files;
mod line;
mod log;
mod resident;
mod search;
mod settings;
mod shared;
mod syslog;
pub mod value;
pub mod verify;
mod writer;

pub use chain::Digest;
pub use error::{LogError, Unavailable};
pub use event::{
    Act, CertificatesRead, ConfigurationChanged, Event, FileBegun, KeyFileUse, KeyUse, LeadChange, LinesLost, Refusal,
    Refusals, RetentionApplied, Start, Stop, TornLine, Unwritten, Urgency, WebhookState,
};
pub use kazasu_text::security::{SecurityEvent, SecurityField};
pub use line::{Line, LineError};
pub use log::Log;
pub use resident::ResidentRef;
pub use search::{Filter, search};
pub use settings::{Settings, Writers};
pub use shared::Figures;
pub use syslog::syslog;

#[cfg(test)]
mod tests;
