//! A portal's statement as it came with a request, and the reasons for refusing one.

use kazasu_schemas::identity::ProgramId;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::portal::{PortalOperation, Proven, StatementError};

/// A statement's moment and the switch's own time may lie so far apart, milliseconds.
pub const WINDOW: i64 = 120_000;

/// What came with a request: the header with the statement, and the digest of the request itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Presented {
    /// The header's value.
    pub header: String,
    /// See [`kazasu_schemas::portal::request_digest`].
    pub request: [u8; 32],
}

/// Why a portal's request is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PortalRefusal {
    /// The portal has no key for statements on this day.
    NoKey {
        /// The portal's id.
        portal: String,
    },
    /// No statement came.
    Missing,
    /// The header or the statement cannot be read.
    Form(Option<StatementError>),
    /// The signature is not of a key of this portal.
    Signature {
        /// The portal.
        portal: ProgramId,
    },
    /// The statement is too old, or from the future.
    Moment {
        /// Its moment.
        at: Millis,
        /// The switch's.
        now: Millis,
    },
    /// The statement is about something else.
    Other {
        /// Its line.
        line: &'static str,
        /// What this request is.
        expected: String,
        /// What the statement says.
        got: String,
    },
    /// The statement was used before.
    Used,
    /// What was proven is not enough for what is asked.
    TooWeak {
        /// What was proven.
        proven: Proven,
        /// What is asked.
        operation: PortalOperation,
    },
}

impl PortalRefusal {
    /// As programs read it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            PortalRefusal::NoKey { .. } => "portal_key_missing",
            PortalRefusal::Missing => "statement_missing",
            PortalRefusal::Form(_) => "statement_form",
            PortalRefusal::Signature { .. } => "statement_signature",
            PortalRefusal::Moment { .. } => "statement_moment",
            PortalRefusal::Other { .. } => "statement_other",
            PortalRefusal::Used => "statement_used",
            PortalRefusal::TooWeak { .. } => "statement_too_weak",
        }
    }
}
