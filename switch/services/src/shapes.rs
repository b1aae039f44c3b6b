//! The shapes of parts of answers whose types belong to crates that know no schema: for the OpenAPI document only.

/// A row of a file that was not read.
#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[schemars(rename = "BadRow")]
pub(crate) struct BadRowShape {
    /// Line in the file on which the row begins, the header being 1; a workbook's row.
    line: u64,
    /// The row that a spreadsheet shows, where that is another number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    row: Option<u64>,
    /// The column, or empty when the row as a whole is wrong.
    column: String,
    /// The value that came, at most 64 characters, long runs of digits masked.
    value: String,
    /// The problem and the expected value.
    problem: String,
    /// The same in Japanese.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    problem_ja: String,
}

/// A fault of the security log.
#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[schemars(rename = "LogProblem")]
#[serde(tag = "problem", rename_all = "snake_case")]
pub(crate) enum LogProblemShape {
    /// A line was changed, or one before it.
    Changed {
        /// The file.
        file: String,
        /// The line of the file, from 1.
        line: u64,
        /// The number that the line states.
        seq: u64,
    },
    /// A line is no line of a log.
    Unreadable {
        /// The file.
        file: String,
        /// The line of the file, from 1.
        line: u64,
    },
    /// Lines are missing.
    Missing {
        /// The first one.
        from: u64,
        /// The last one.
        until: u64,
    },
    /// A line has a number that was there before.
    Repeated {
        /// The file.
        file: String,
        /// The line of the file, from 1.
        line: u64,
        /// The number.
        seq: u64,
    },
    /// A file does not begin where the one before it ends.
    Begins {
        /// The file.
        file: String,
    },
    /// The log does not have the line that was noted elsewhere.
    NotThere {
        /// Its number.
        seq: u64,
    },
}
