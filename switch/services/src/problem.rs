//! The problem of a value in a row of a file.

use kazasu_text::{Said, Text};

/// The problem of a value, and the expected form.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) column: &'static str,
    pub(crate) value: String,
    pub(crate) problem: Said,
}

/// Of a value that came, masked and cut.
pub(crate) fn problem(column: &'static str, value: &str, problem: &impl Text) -> Problem {
    // A column that was moved by mistake may hold card numbers.
    let value = kazasu_schemas::text::masked(&value.chars().take(64).collect::<String>());
    Problem { column, value, problem: Said::of(problem).map(kazasu_schemas::text::masked) }
}
