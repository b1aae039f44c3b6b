//! Errors of a device, as sentences for its operator. Nothing here quotes a PIN or a key.

use kazasu_text::key_store::{DeviceText, MechanismUse, TokenKeyKind, TokenWork, UnfitKey};
use kazasu_text::{Label, Quoted, Said, Text};
use std::path::PathBuf;
use std::time::Duration;

/// The error of a device's key that cannot be used. Its `Display` is for logs; people read [`HsmError::said`].
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
        why: Said,
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
    #[error("key {label:?} of token {token:?} is not used: {}", .why.en())]
    Unfit {
        /// The token.
        token: String,
        /// The label.
        label: String,
        /// The reason.
        why: UnfitKey,
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
    /// The sentence, in every language. Words of the device and of its library are quoted.
    #[must_use]
    pub fn said(&self) -> Said {
        Said::exactly(&self.text(&self.written()), self.to_string())
    }

    /// Values that the sentence has as text.
    fn written(&self) -> String {
        match self {
            HsmError::Module { path, .. } => path.display().to_string(),
            HsmError::NoPin { why, .. } => why.ja().into_owned(),
            HsmError::TimeOut { after, .. } => format!("{after:?}"),
            HsmError::NoToken { .. }
            | HsmError::Pin { .. }
            | HsmError::NoKey { .. }
            | HsmError::Ambiguous { .. }
            | HsmError::Unfit { .. }
            | HsmError::Mechanism { .. }
            | HsmError::Wrapped
            | HsmError::Device { .. } => String::new(),
        }
    }

    fn text<'a>(&'a self, written: &'a str) -> DeviceText<'a> {
        let kind = |what: &str| TokenKeyKind::of(what).unwrap_or(TokenKeyKind::Key);
        let work = |what: &str| TokenWork::of(what).unwrap_or(TokenWork::Work);
        match self {
            HsmError::Module { why, .. } => DeviceText::Module { path: written, words: why },
            HsmError::NoToken { token, found } => DeviceText::NoToken { token: Quoted(token), found },
            HsmError::NoPin { token, .. } => DeviceText::NoPin { token: Quoted(token), why: written },
            HsmError::Pin { token, why } => DeviceText::Pin { token: Quoted(token), words: why },
            HsmError::NoKey { token, what, label } => {
                DeviceText::NoKey { token: Quoted(token), kind: kind(what), label: Quoted(label) }
            }
            HsmError::Ambiguous { token, what, label, count } => {
                let (token, label) = (Quoted(token), Quoted(label));
                DeviceText::Ambiguous { token, kind: kind(what), label, count: (*count).into() }
            }
            HsmError::Unfit { token, label, why } => {
                DeviceText::Unfit { token: Quoted(token), label: Quoted(label), why: *why }
            }
            HsmError::Mechanism { token, mechanism, what } => {
                let what = MechanismUse::of(what).unwrap_or(MechanismUse::Use);
                DeviceText::Mechanism { token: Quoted(token), mechanism, what }
            }
            HsmError::Wrapped => DeviceText::Wrapped,
            HsmError::Device { token, what, why } => {
                DeviceText::Failed { token: Quoted(token), work: work(what), words: why }
            }
            HsmError::TimeOut { token, what, .. } => {
                DeviceText::Silent { token: Quoted(token), work: work(what), after: written }
            }
        }
    }

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
