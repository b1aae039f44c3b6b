//! Why something was not done, or could not be shown.

use crate::import::Problem;
use kazasu_core::{NotClosed, Refusal, Rejected};
use kazasu_engine::CommandError;

/// What a service answers when it does not do what was asked. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// A value that cannot be read, or that does not fit.
    #[error("{field}: {problem}")]
    Value {
        /// The field of the request.
        field: &'static str,
        /// What is wrong and what was expected.
        problem: String,
    },
    /// The PIN was not entered.
    #[error("pin_verified: linking and unlinking need the card's 4-digit PIN; the portal must have had it checked")]
    Pin,
    /// The caller may not ask this.
    #[error("{0}")]
    Forbidden(String),
    /// What the request is about does not exist.
    #[error("{0}")]
    NotFound(String),
    /// A policy, contracts or programme file with problems, one for each line that is wrong.
    #[error("{}", .0.join("\n"))]
    File(Vec<String>),
    /// The core refused it, or its node takes no commands.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The switch is stopping, or a file of its own cannot be read.
    #[error("{0:#}")]
    Other(anyhow::Error),
}

/// What a service gives.
pub type Result<T, E = ServiceError> = std::result::Result<T, E>;

impl ServiceError {
    /// Of anything that went wrong inside the switch.
    pub fn inside(error: impl Into<anyhow::Error>) -> Self {
        ServiceError::Other(error.into())
    }

    /// The problems of a file that a person wrote.
    pub fn file<P: std::fmt::Display>(problems: &[P]) -> Self {
        ServiceError::File(problems.iter().map(ToString::to_string).collect())
    }
}

impl From<NotClosed> for ServiceError {
    fn from(why: NotClosed) -> Self {
        ServiceError::Command(CommandError::Rejected(Rejected::Closing(Box::new(why))))
    }
}

impl From<Refusal> for ServiceError {
    fn from(why: Refusal) -> Self {
        ServiceError::Command(CommandError::Rejected(Rejected::Relief(Box::new(why))))
    }
}

impl From<Problem> for ServiceError {
    fn from(p: Problem) -> Self {
        let got = if p.value.is_empty() { String::new() } else { format!(", got {:?}", p.value) };
        ServiceError::Value { field: p.column, problem: format!("{}{got}", p.problem) }
    }
}

/// A value that cannot be read.
pub(crate) fn value(field: &'static str, problem: impl ToString) -> ServiceError {
    // A value in the wrong field may be a card number.
    ServiceError::Value { field, problem: kazasu_schemas::text::masked(&problem.to_string()) }
}
