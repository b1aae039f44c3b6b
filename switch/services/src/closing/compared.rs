//! The result of comparing a party's file, and the names of its statuses.

use kazasu_recon::file;
use kazasu_recon::result::Status;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The result.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Compared {
    /// The run.
    pub run: u32,
    /// The same file was compared before: nothing was done.
    pub known: bool,
    /// Lines here and there.
    pub ours: u64,
    /// See `ours`.
    pub theirs: u64,
    /// Does the file's own total agree with its lines: `agrees`, `differs`, `absent`.
    pub total: String,
    /// Lines that could not be read, the first of them.
    pub bad_lines: u64,
    /// See `bad_lines`.
    #[schemars(with = "Vec<crate::shapes::BadRowShape>")]
    pub bad: Vec<file::BadRow>,
    /// Columns of the file that are not known and were passed over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored_columns: Vec<String>,
    /// Lines by status: here and there.
    pub statuses: BTreeMap<String, (u64, u64)>,
    /// Yen that were matched.
    pub matched_yen: i64,
    /// Lines that were matched although their amounts differ, within what the party's contract tolerates.
    pub tolerated: u64,
    /// The received less the expected sum of them, yen.
    pub tolerated_yen: i64,
    /// Exceptions that were found; those that are new are raised.
    pub exceptions: u64,
    /// Exceptions that an earlier file had opened and that ended by themselves with this one.
    pub ended: u64,
}

/// As programs write it.
pub(crate) fn name(status: Status) -> &'static str {
    match status {
        Status::Matched => "matched",
        Status::Expected => "expected",
        Status::Missing => "missing",
        Status::Unexpected => "unexpected",
        Status::AmountOver => "amount_over",
        Status::AmountUnder => "amount_under",
        Status::CurrencyMismatch => "currency_mismatch",
        Status::DateMismatch => "date_mismatch",
        Status::DataMismatch => "data_mismatch",
        Status::Duplicate => "duplicate",
        Status::PartlyMatched => "partly_matched",
    }
}
