//! Errors of a device, in words for its operator. Nothing here quotes a PIN or a key.

use std::path::PathBuf;
use std::time::Duration;

/// The error of a device's key that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HsmError {
    /// The vendor's library cannot be used.
    #[error("PKCS#11 module {path}: {why}. Is the device's software installed, and hsm.module its library?")]
    Module {
        /// The library.
        path: PathBuf,
        /// The error of the loader or the library.
        why: String,
    },
    /// No token has this label.
    #[error(
        "no token has the label {token:?}; the module shows {found}. Is the device connected, and hsm.token its label?"
    )]
    NoToken {
        /// The label.
        token: String,
        /// Labels that are there.
        found: String,
    },
    /// The PIN cannot be read.
    #[error("the PIN of token {token:?} cannot be read: {why}")]
    NoPin {
        /// The token.
        token: String,
        /// The reason.
        why: String,
    },
    /// The token refuses the PIN.
    #[error(
        "token {token:?} refuses the PIN that hsm.pin names ({why}). It is not tried again before the PIN there changes, so that the token \
         does not lock itself"
    )]
    Pin {
        /// The token.
        token: String,
        /// The token's error.
        why: String,
    },
    /// There is no such key.
    #[error("token {token:?} has no {what} with the label {label:?}: make one there, or correct the label")]
    NoKey {
        /// The token.
        token: String,
        /// The kind.
        what: &'static str,
        /// The label.
        label: String,
    },
    /// More than one key has the label.
    #[error("token {token:?} has {count} keys ({what}) with the label {label:?}; a label must name one")]
    Ambiguous {
        /// The token.
        token: String,
        /// The kind.
        what: &'static str,
        /// The label.
        label: String,
        /// The number.
        count: usize,
    },
    /// A key that the token would give away, or of another kind.
    #[error("key {label:?} of token {token:?} is not used: {why}")]
    Unfit {
        /// The token.
        token: String,
        /// The label.
        label: String,
        /// The reason.
        why: String,
    },
    /// The token cannot do what is needed.
    #[error("token {token:?} does not support {mechanism}, which {what} needs")]
    Mechanism {
        /// The token.
        token: String,
        /// The mechanism's name.
        mechanism: &'static str,
        /// For what.
        what: &'static str,
    },
    /// The wrapped key does not come out.
    #[error("the wrapped key does not open: it was altered, or wrapped by another key or for another purpose")]
    Wrapped,
    /// The device failed, or its session was lost and did not come back.
    #[error("token {token:?} cannot {what}: {why}")]
    Device {
        /// The token.
        token: String,
        /// The operation.
        what: &'static str,
        /// Its last answer.
        why: String,
    },
    /// No answer in time.
    #[error("token {token:?} did not {what} within {after:?}; the device or the way to it hangs")]
    TimeOut {
        /// The token.
        token: String,
        /// The operation.
        what: &'static str,
        /// The time.
        after: Duration,
    },
}

impl HsmError {
    /// Is it the device, its token or the way to it, and not what was asked?
    #[must_use]
    pub fn is_away(&self) -> bool {
        match self {
            HsmError::Module { .. }
            | HsmError::NoToken { .. }
            | HsmError::NoPin { .. }
            | HsmError::Pin { .. }
            | HsmError::Device { .. }
            | HsmError::TimeOut { .. } => true,
            HsmError::NoKey { .. }
            | HsmError::Ambiguous { .. }
            | HsmError::Unfit { .. }
            | HsmError::Mechanism { .. }
            | HsmError::Wrapped => false,
        }
    }
}
