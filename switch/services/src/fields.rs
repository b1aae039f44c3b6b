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

/// A reason, or another short text of a person, as records keep it: they cannot be changed later, so no card number gets into them.
pub(crate) fn reason(field: &'static str, text: &str) -> Result<String> {
    if kazasu_schemas::text::names_a_card(text) {
        let problem = "has a card number in it, and records are kept for good; write its last four digits, or the record's number";
        return Err(value(field, problem));
    }
    let plain = !kazasu_schemas::canonical::is_blank(text)
        && text.chars().count() <= 200
        && !text.chars().any(char::is_control);
    if plain { Ok(text.trim().to_owned()) } else { Err(value(field, "must be 1 to 200 characters")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_with_a_card_number_is_refused_without_repeating_it() {
        for text in ["lost card 4900000000000003", "４９００ ００００ ００００ ０００３ 紛失"] {
            let told = reason("why", text).unwrap_err().to_string();
            assert!(told.starts_with("why: has a card number in it") && !told.contains("0003"), "{told}");
        }
        assert_eq!(
            reason("why", " 紛失 card of the family, account 1234567 ").unwrap(),
            "紛失 card of the family, account 1234567"
        );
        assert!(reason("why", "　").is_err());
    }
}
