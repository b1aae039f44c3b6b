//! Errors of the parts below the services as people read them, found by their types.

use kazasu_security::causes;
use kazasu_store::{LeadError, StoreError, StoreFault, StoreHint, UrlProblem};
use kazasu_text::stores::{DatabaseHint, StoreText, UrlFault};
use kazasu_text::{Quoted, Said, errors};
use std::error::Error;

/// The text of an error that the catalogue has words for: of the vocabulary, of files, of keys and of the journal's database.
#[must_use]
pub fn of(error: &(dyn Error + 'static)) -> Option<Said> {
    let lead = || error.downcast_ref::<LeadError>().map(lead);
    let database = || error.downcast_ref::<StoreError>().map(database);
    errors::of(error).or_else(|| causes::of(error)).or_else(lead).or_else(database)
}

fn lead(why: &LeadError) -> Said {
    match why {
        LeadError::Taken { current, holder } => {
            let text = StoreText::Taken { epoch: *current, holder: Quoted(holder) };
            Said::exactly(&text, why.to_string())
        }
        LeadError::Store(why) => database(why),
    }
}

/// A fault of the journal's database. The English words are those of the error.
fn database(why: &StoreError) -> Said {
    let words = why.words();
    let seconds = |limit: &std::time::Duration| format!("{limit:?}");
    let text = match why.fault() {
        StoreFault::Database => StoreText::Journal { words },
        StoreFault::Refused(hint) => StoreText::Hinted { words, hint: help(*hint) },
        StoreFault::NotAFile { path } => StoreText::NotAFile { path },
        StoreFault::CannotOpen { path } => StoreText::CannotOpen { path, words },
        StoreFault::OldSqlite { version } => StoreText::OldSqlite { version },
        StoreFault::Tables { found, wanted } if found < wanted => {
            StoreText::TablesOlder { found: *found, wanted: *wanted }
        }
        StoreFault::Tables { found, wanted } => StoreText::TablesNewer { found: *found, wanted: *wanted },
        StoreFault::NoPrimary { address } => StoreText::NoPrimary { address, words },
        StoreFault::Silent { limit } => {
            return Said::exactly(&StoreText::Silent { limit: &seconds(limit) }, why.to_string());
        }
        StoreFault::LeadSlow { address, limit } => {
            return Said::exactly(&StoreText::LeadSlow { address, limit: &seconds(limit) }, why.to_string());
        }
        StoreFault::Url(problem) => StoreText::Url { fault: url(*problem) },
        StoreFault::SignedWithoutKey { record } => StoreText::SignedWithoutKey { record: *record },
        StoreFault::SignedByUnknown { record, version } => {
            StoreText::SignedByUnknown { record: *record, version: *version }
        }
        StoreFault::NotOfANode { record } => StoreText::NotOfANode { record: *record },
        StoreFault::NoSignIns => StoreText::NoSignIns,
    };
    Said::exactly(&text, why.to_string())
}

fn help(hint: StoreHint) -> DatabaseHint {
    match hint {
        StoreHint::NotSetUp => DatabaseHint::NotSetUp,
        StoreHint::NotMember => DatabaseHint::NotMember,
        StoreHint::NoDatabase => DatabaseHint::NoDatabase,
        StoreHint::Login => DatabaseHint::Login,
    }
}

fn url(problem: UrlProblem) -> UrlFault {
    match problem {
        UrlProblem::NoScheme => UrlFault::NoScheme,
        UrlProblem::OtherScheme => UrlFault::OtherScheme,
        UrlProblem::NoDatabase => UrlFault::NoDatabase,
        UrlProblem::NoHost => UrlFault::NoHost,
        UrlProblem::Other => UrlFault::Other,
    }
}
