//! Why a log cannot be used.

use std::path::Path;

/// Why the log's files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The system refused.
    #[error("{path}: {error}")]
    Io {
        /// The file or folder.
        path: String,
        /// What it said.
        error: std::io::Error,
    },
    /// Another program writes it.
    #[error("{0} is being written by another kazasu process")]
    InUse(String),
}

impl LogError {
    pub(crate) fn io(path: &Path, error: std::io::Error) -> LogError {
        LogError::Io { path: path.display().to_string(), error }
    }
}

/// A line that must be durable could not be written.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the security log cannot be written ({0}); make room and try again")]
pub struct Unavailable(pub String);
