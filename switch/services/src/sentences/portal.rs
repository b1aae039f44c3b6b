//! Of portals' statements.

use crate::presented::{PortalRefusal, WINDOW};
use kazasu_text::commands::ServiceText;
use kazasu_text::{Count, Language, Text};

/// The reason for refusing a portal's request.
pub(super) fn sentence(why: &PortalRefusal, language: Language) -> String {
    text(why, &words(why)).in_language(language).into_owned()
}

/// The words of a refusal that are made of values.
fn words(why: &PortalRefusal) -> [String; 2] {
    let none = String::new;
    match why {
        PortalRefusal::NoKey { .. } | PortalRefusal::Missing | PortalRefusal::Used => [none(), none()],
        PortalRefusal::Form(problem) => [problem.as_ref().map_or_else(none, ToString::to_string), none()],
        PortalRefusal::Signature { portal } => [portal.to_string(), none()],
        PortalRefusal::Moment { at, now } => [at.jst_text(), now.jst_text()],
        PortalRefusal::Other { expected, got, .. } => [expected.clone(), got.clone()],
        PortalRefusal::TooWeak { proven, operation } => [proven.to_string(), operation.to_string()],
    }
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
