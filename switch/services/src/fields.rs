//! Values that people and programs write, read with an error that names their field.

use crate::Who;
use crate::access::{Name, Reason};
use crate::error::{Result, unfit};
use kazasu_documents::table_file::narrow;
use kazasu_ledger::record::Fingerprint;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::typed;
use kazasu_text::problems::ProblemText;
use kazasu_text::readings::{date, id};
use kazasu_text::{Count, Quoted, Said};

fn got(problem: &Said, text: &str) -> Said {
    Said::of(&ProblemText::Got { problem, got: Quoted(text) })
}

/// A PPID, in letters of any width.
pub(crate) fn ppid(field: &'static str, text: &str) -> Result<Ppid> {
    narrow(text).parse::<Ppid>().map_err(|e| unfit(field, &got(&id(&e), &e.got)))
}

/// A day like 2026-12-01.
pub fn day(field: &'static str, text: &str) -> Result<BusinessDay> {
    typed::day(text).map_err(|e| unfit(field, &got(&date(e), text)))
}

/// A date, or a time with its offset.
pub(crate) fn moment(field: &'static str, text: &str) -> Result<Millis> {
    let wrong = |_| unfit(field, &ProblemText::Moment { got: Quoted(text) });
    typed::moment(text).map_err(wrong)
}

/// A reason, or another short text of a person, as records keep it: they cannot be changed later, so no card number gets into them.
pub(crate) fn reason(field: &'static str, text: &str) -> Result<String> {
    if kazasu_schemas::text::names_a_card(text) {
        return Err(unfit(field, &ProblemText::CardNumber));
    }
    let plain = !kazasu_schemas::canonical::is_blank(text)
        && text.chars().count() <= 200
        && !text.chars().any(char::is_control);
    if plain {
        Ok(text.trim().to_owned())
    } else {
        Err(unfit(field, &ProblemText::CharactersBetween { least: Count(1), most: Count(200) }))
    }
}

/// The part of a fingerprint that a caller wrote.
pub(crate) fn fingerprint(text: &str) -> Result<String> {
    let text = text.trim().trim_matches('"').to_ascii_lowercase();
    let (least, most) = (Fingerprint::SHORT, 64);
    let is_hex = text.bytes().all(|b| b.is_ascii_hexdigit());
    if (least..=most).contains(&text.len()) && is_hex {
        return Ok(text);
    }
    let got: String = text.chars().take(80).collect();
    Err(unfit("fingerprint", &ProblemText::Fingerprint { least: least.into(), got: Quoted(&got) }))
}

/// An operation whose row asks for a reason needs one; the security log keeps it. A portal gives none: it shows residents their own data.
/// A merchant's people give none either: they look at their own shops.
pub(crate) fn has_reason(name: Name, why: Option<&str>, who: &Who) -> Result<()> {
    match (name.row().reason, why) {
        (Reason::Free, _) => Ok(()),
        (Reason::Asked, Some(why)) => reason("why", why).map(drop),
        (Reason::Asked, None) if who.is_portal() || who.is_of_shops() => Ok(()),
        (Reason::Asked, None) => Err(unfit("why", &ProblemText::ReasonToLook)),
    }
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
