//! Reasons for refusing commands, as values: services give each one its sentence in the reader's language.

mod approvals;
mod closing;
mod command;
mod corrections;
mod payees;
mod policy;
mod relief;
mod rights;
mod unknown;

pub use approvals::{ApprovalEnd, ApprovalRefusal};
pub use closing::{BuiltOn, Misfit, NotClosed, RAISED_AT_ONCE, SentFile, StandsAt, TextField, Unlike};
pub use command::Rejected;
pub use corrections::CorrectionRefusal;
pub use payees::PayeeRefusal;
pub use policy::{MOST_PROGRAMMES, PolicyConflict};
pub use relief::{FixedTerm, MOST_FILES, ProgrammeEnd, ROWS_AT_ONCE, Refusal, RowIs, StillDue, WantedOfBatch};
pub use rights::{ADMINISTRATORS, KEYS_AT_ONCE, RightsRefusal};
