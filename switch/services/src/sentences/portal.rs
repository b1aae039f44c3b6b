//! Of portals' statements.

use crate::presented::{PortalRefusal, WINDOW};
use kazasu_schemas::portal::StatementError;
use kazasu_text::commands::ServiceText;
use kazasu_text::portal::{StatementText, StatementWanted};
use kazasu_text::{Count, Label, Language, Quoted, Text, errors};

/// The reason for refusing a portal's request.
pub(super) fn sentence(why: &PortalRefusal, language: Language) -> String {
    text(why, &words(why, language)).in_language(language).into_owned()
}

/// The words of a refusal that are made of values.
fn words(why: &PortalRefusal, language: Language) -> [String; 2] {
    let none = String::new;
    match why {
        PortalRefusal::NoKey { .. } | PortalRefusal::Missing | PortalRefusal::Used => [none(), none()],
        PortalRefusal::Form(problem) => [problem.as_ref().map_or_else(none, |why| line(why, language)), none()],
        PortalRefusal::Signature { portal } => [portal.to_string(), none()],
        PortalRefusal::Moment { at, now } => [at.jst_text(), now.jst_text()],
        PortalRefusal::Other { line: "resident", .. } => {
            [StatementText::RequestPpid, StatementText::AnotherPpid].map(|text| text.in_language(language).into_owned())
        }
        PortalRefusal::Other { expected, got, .. } => [expected.clone(), got.clone()],
        PortalRefusal::TooWeak { proven, operation } => [proven.to_string(), operation.to_string()],
    }
}

/// A line of a statement that cannot be read.
fn line(why: &StatementError, language: Language) -> String {
    let StatementError { line, expected, got } = why;
    let Some(expected) = StatementWanted::of(expected) else {
        return errors::foreign(&why.to_string()).in_language(language).into_owned();
    };
    let text = match line {
        _ if language == Language::English => return why.to_string(),
        &"statement" => StatementText::Whole { expected },
        line => StatementText::Line { line, expected, got: Quoted(got) },
    };
    text.in_language(language).into_owned()
}

fn text<'a>(why: &'a PortalRefusal, [one, two]: &'a [String; 2]) -> ServiceText<'a> {
    match why {
        PortalRefusal::NoKey { portal } => ServiceText::PortalNoKey { portal },
        PortalRefusal::Missing => ServiceText::StatementMissing,
        PortalRefusal::Form(None) => ServiceText::StatementHeader,
        PortalRefusal::Form(Some(_)) => ServiceText::StatementForm { problem: one },
        PortalRefusal::Signature { .. } => ServiceText::StatementSignature { portal: one },
        PortalRefusal::Moment { .. } => {
            let seconds = Count(u64::try_from(WINDOW / 1_000).unwrap_or(0));
            ServiceText::StatementMoment { at: one, now: two, seconds }
        }
        PortalRefusal::Other { line, .. } => ServiceText::StatementOther { line, expected: one, got: two },
        PortalRefusal::Used => ServiceText::StatementUsed,
        PortalRefusal::TooWeak { .. } => ServiceText::StatementTooWeak { proven: one, operation: two },
    }
}
