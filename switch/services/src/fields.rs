//! Values that people and programs write, read with an error that names their field.

use crate::error::{Result, value};
use kazasu_documents::table_file::narrow;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::typed;

/// A PPID, in letters of any width.
pub(crate) fn ppid(field: &'static str, text: &str) -> Result<Ppid> {
    narrow(text).parse::<Ppid>().map_err(|e| value(field, format!("{}, got {:?}", e.problem, e.got)))
}

/// A day like 2026-12-01.
pub fn day(field: &'static str, text: &str) -> Result<BusinessDay> {
    typed::day(text).map_err(|e| value(field, format!("{e}, got {text:?}")))
}

/// A date, or a time with its offset.
pub(crate) fn moment(field: &'static str, text: &str) -> Result<Millis> {
    let wrong = |_| value(field, format!("must be a date or a time with its offset, got {text:?}"));
    typed::moment(text).map_err(wrong)
}

/// A reason, or another short text of a person, as records keep it.
pub(crate) fn reason(field: &'static str, text: &str) -> Result<String> {
    let plain = !kazasu_schemas::canonical::is_blank(text)
        && text.chars().count() <= 200
        && !text.chars().any(char::is_control);
    if plain { Ok(text.trim().to_owned()) } else { Err(value(field, "must be 1 to 200 characters")) }
}
