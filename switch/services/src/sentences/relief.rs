//! Of relief.

use super::number::count;
use kazasu_core::{FixedTerm, MOST_FILES, MOST_ROWS, ROWS_AT_ONCE, Refusal, RowIs, StillDue, WantedOfBatch};
use kazasu_text::relief::RowIssue;
use kazasu_text::relief_refusals::{ReliefText, RowIs as Row, StepNeeded, StepNow, StepWanted};
use kazasu_text::{Count, Label, Language, Text};

/// The reason for refusing a command about relief.
pub(super) fn sentence(why: &Refusal, language: Language) -> String {
    let of = |text: ReliefText<'_>| text.in_language(language).into_owned();
    of(match why {
        Refusal::UnknownProgramme(programme) => ReliefText::UnknownProgramme { programme: *programme },
        Refusal::NumberTaken(number) => ReliefText::NumberTaken { number: *number },
        Refusal::Fixed(FixedTerm::Method, programme) => ReliefText::FixedMethod { programme: *programme },
        Refusal::Fixed(FixedTerm::City, programme) => ReliefText::FixedCity { programme: *programme },
        Refusal::Fixed(FixedTerm::DuplicateRule, programme) => ReliefText::FixedDuplicateRule { programme: *programme },
        Refusal::Past(end) => return of(ReliefText::Past { end: &end.to_string() }),
        Refusal::Over(programme, until) => ReliefText::Over { programme: *programme, until: *until },
        Refusal::TooMany => ReliefText::TooMany { most: count(kazasu_core::MOST_PROGRAMMES) },
        Refusal::NoFunding(programme) => ReliefText::NoFunding { programme: *programme },
        Refusal::TwoRoles { by, was, wanted } => ReliefText::TwoRoles { by, was: *was, wanted: *wanted },
        Refusal::Budget { programme, available, asked } => {
            ReliefText::Budget { programme: *programme, available: *available, asked: *asked }
        }
        Refusal::UnknownBatch(batch) => ReliefText::UnknownBatch { batch: *batch },
        Refusal::Order { batch, there, got } => ReliefText::Order { batch: *batch, there: *there, got: *got },
        Refusal::Rows => ReliefText::Rows { most: Count(u64::from(MOST_ROWS)), at_once: count(ROWS_AT_ONCE) },
        Refusal::Closed(batch) => ReliefText::Closed { batch: *batch },
        Refusal::UnknownRow(batch, row) => ReliefText::UnknownRow { batch: *batch, row: *row },
        Refusal::StepOrder { batch, at, step, needed } => {
            let step = match step {
                WantedOfBatch::Step(step) => StepWanted(Some(*step)),
                WantedOfBatch::TransferFile => StepWanted(None),
            };
            ReliefText::StepOrder { batch: *batch, at: StepNow(*at), step, needed: StepNeeded(*needed) }
        }
        Refusal::Decided(batch, at) => ReliefText::Decided { batch: *batch, at: StepNow(*at) },
        Refusal::Nothing(batch) => ReliefText::Nothing { batch: *batch },
        Refusal::NotAcceptable(row, batch, issues) => {
            let issues = listed(issues, language);
            return of(ReliefText::NotAcceptable { row: *row, batch: *batch, issues: &issues });
        }
        Refusal::Excluded(row, batch) => ReliefText::Excluded { row: *row, batch: *batch },
        Refusal::ValueDate => ReliefText::ValueDate,
        Refusal::OtherMethod(programme, method) => ReliefText::OtherMethod { programme: *programme, method: *method },
        Refusal::TooManyFiles { batch, files } => {
            ReliefText::TooManyFiles { batch: *batch, files: count(*files), most: count(MOST_FILES) }
        }
        Refusal::Ceiling { batch, row, sum, ceiling } => {
            ReliefText::Ceiling { batch: *batch, row: *row, sum: *sum, ceiling: *ceiling }
        }
        Refusal::OtherFile(batch, format) => ReliefText::OtherFile { batch: *batch, format: format.name() },
        Refusal::NoFile(batch) => ReliefText::NoFile { batch: *batch },
        Refusal::UnknownFile(batch, file) => ReliefText::UnknownFile { batch: *batch, file: *file },
        Refusal::RowState(batch, row, is) => ReliefText::RowState { batch: *batch, row: *row, is: row_is(*is) },
        Refusal::UnderWay(batch, StillDue::Purses(left)) => ReliefText::PursesDue { batch: *batch, left: count(*left) },
        Refusal::UnderWay(batch, StillDue::Files(left)) => ReliefText::FilesDue { batch: *batch, left: count(*left) },
        Refusal::Right { batch, row, most, got } => {
            ReliefText::Right { batch: *batch, row: *row, most: *most, got: *got }
        }
        Refusal::Owed { batch, row, owed, got } => {
            ReliefText::Owed { batch: *batch, row: *row, owed: *owed, got: *got }
        }
    })
}

/// Codes of issues, as their labels.
fn listed(issues: &[&str], language: Language) -> String {
    let label = |code: &&str| RowIssue::of(code).map_or_else(|| (*code).to_owned(), |i| i.in_language(language).into());
    let between = match language {
        Language::Japanese => "、",
        Language::English => ", ",
    };
    issues.iter().map(label).collect::<Vec<_>>().join(between)
}

fn row_is(is: RowIs) -> Row {
    match is {
        RowIs::NotPaid => Row::NotPaid,
        RowIs::Excluded => Row::Excluded,
        RowIs::Returned => Row::Returned,
        RowIs::Withheld => Row::Withheld,
        RowIs::InNoPurse => Row::InNoPurse,
        RowIs::NotSentYet => Row::NotSentYet,
        RowIs::ReturnedBefore => Row::ReturnedBefore,
        RowIs::NotSent => Row::NotSent,
        RowIs::PartlyRepaid => Row::PartlyRepaid,
        RowIs::NotReturned => Row::NotReturned,
    }
}
