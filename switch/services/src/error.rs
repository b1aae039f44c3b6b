//! Errors of services: reasons why an operation was not carried out or an answer could not be shown.

use crate::presented::PortalRefusal;
use crate::problem::Problem;
use kazasu_core::{NotClosed, Refusal, Rejected};
use kazasu_engine::CommandError;
use kazasu_text::problems::{NotFoundText, ProblemText};
use kazasu_text::{Language, Quoted, Said, Text, errors};
use std::fmt;

/// A service's answer when it does not carry an operation out. Nothing was changed.
///
/// Its text is a sentence of the catalogue: [`ServiceError::in_language`] in the reader's language, `Display` in English.
#[derive(Debug)]
pub enum ServiceError {
    /// A value that cannot be read, or that does not fit.
    Value {
        /// The field of the request.
        field: &'static str,
        /// The problem and the expected value.
        problem: Said,
    },
    /// A field that fits, while the present state of its subject does not allow what is asked.
    State {
        /// The field of the request.
        field: &'static str,
        /// The state, and the one that it needs.
        problem: Said,
    },
    /// A field that names what is not there.
    Absent {
        /// The field of the request.
        field: &'static str,
        /// What is not there.
        problem: Said,
    },
    /// A cursor that does not go on with this list.
    Cursor(crate::list::CursorRefusal),
    /// The PIN was not entered.
    Pin,
    /// What a portal signed, or did not sign, does not stand for its request.
    Portal(PortalRefusal),
    /// It is not known who asks.
    SignInNeeded(Said),
    /// A second factor must be shown again.
    FactorNeeded,
    /// A person was not signed in.
    SignIn(kazasu_sign_in::SignInError),
    /// A person was not signed in through a provider.
    Provider(crate::people::ProviderRefusal),
    /// The caller may not ask this.
    Forbidden(Said),
    /// The subject of the request does not exist.
    NotFound(Said),
    /// A policy, contracts or programme file with problems, one for each line that is wrong.
    File(Vec<Said>),
    /// The core refused it, or its node takes no commands.
    Command(CommandError),
    /// A request for an approval is not what the caller looked at any more.
    Replaced(Box<crate::approvals::Replaced>),
    /// It must be in the security log, which cannot be written.
    Unlogged(kazasu_security_log::Unavailable),
    /// The switch is stopping, or a file of its own cannot be read.
    Other(anyhow::Error),
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_language(Language::English))
    }
}

impl std::error::Error for ServiceError {}

impl From<kazasu_sign_in::SignInError> for ServiceError {
    fn from(error: kazasu_sign_in::SignInError) -> Self {
        ServiceError::SignIn(error)
    }
}

impl From<crate::people::ProviderRefusal> for ServiceError {
    fn from(why: crate::people::ProviderRefusal) -> Self {
        ServiceError::Provider(why)
    }
}

impl From<kazasu_openid::Refused> for ServiceError {
    fn from(why: kazasu_openid::Refused) -> Self {
        ServiceError::Provider(crate::people::ProviderRefusal::Provider(why))
    }
}

impl From<PortalRefusal> for ServiceError {
    fn from(why: PortalRefusal) -> Self {
        ServiceError::Portal(why)
    }
}

impl From<CommandError> for ServiceError {
    fn from(error: CommandError) -> Self {
        ServiceError::Command(error)
    }
}

/// A service's result.
pub type Result<T, E = ServiceError> = std::result::Result<T, E>;

impl ServiceError {
    /// Of anything that went wrong inside the switch.
    pub fn inside(error: impl Into<anyhow::Error>) -> Self {
        ServiceError::Other(error.into())
    }

    /// The problems of a file that a person wrote.
    pub fn file(problems: &[impl Text]) -> Self {
        ServiceError::File(problems.iter().map(Said::of).collect())
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
        let got = |problem: &Said| Said::of(&ProblemText::Got { problem, got: Quoted(&p.value) });
        let problem = if p.value.is_empty() { p.problem } else { got(&p.problem) };
        ServiceError::Value { field: p.column, problem }
    }
}

/// A value that a part of the vocabulary cannot read: the catalogue's text of its error.
pub(crate) fn value(field: &'static str, error: &(dyn std::error::Error + 'static)) -> ServiceError {
    unfit(field, &errors::said(error, crate::causes::of))
}

/// A list with fewer or more entries than one request takes.
pub(crate) fn range(most: usize, got: usize) -> ProblemText<'static> {
    let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    ProblemText::Range { least: 1, most: number(most), got: number(got) }
}

/// A value that cannot be read, or that does not fit.
pub(crate) fn unfit(field: &'static str, problem: &impl Text) -> ServiceError {
    // A value in the wrong field may be a card number.
    ServiceError::Value { field, problem: Said::of(problem).map(kazasu_schemas::text::masked) }
}

/// The present state of what a field names does not allow it.
pub(crate) fn not_now(field: &'static str, problem: &impl Text) -> ServiceError {
    ServiceError::State { field, problem: Said::of(problem).map(kazasu_schemas::text::masked) }
}

/// What a field names is not there.
pub(crate) fn absent(field: &'static str, problem: &impl Text) -> ServiceError {
    ServiceError::Absent { field, problem: Said::of(problem).map(kazasu_schemas::text::masked) }
}

/// The subject of a request does not exist.
pub(crate) fn not_found(what: &NotFoundText<'_>) -> ServiceError {
    ServiceError::NotFound(Said::of(what))
}
