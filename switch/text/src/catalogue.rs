//! The list of all lists.

use super::{Listed, closing, columns, facts, notices, relief, reports, residents, responses, settlements, status};
use kazasu_schemas::closing::DayState;
use kazasu_schemas::contract::Tender;
use kazasu_schemas::heading::Heading;
use kazasu_schemas::relief::Step;

/// An entry of the catalogue as it reads with sample arguments.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its list.
    pub list: &'static str,
    /// Its name there.
    pub name: &'static str,
    /// In Japanese.
    pub ja: String,
    /// In English.
    pub en: String,
}

fn add<T: Listed>(list: &'static str, out: &mut Vec<Entry>) {
    out.extend(T::samples().into_iter().map(|(name, text)| Entry {
        list,
        name,
        ja: text.ja().into_owned(),
        en: text.en().into_owned(),
    }));
}

macro_rules! catalogue {
    ($($list:ty)+) => {
        /// The whole catalogue with sample arguments.
        #[must_use]
        pub fn entries() -> Vec<Entry> {
            let mut out = Vec::new();
            $(add::<$list>(stringify!($list), &mut out);)+
            out
        }
    };
}

catalogue! {
    Heading
    DayState
    closing::ExceptionText
    columns::SettlementColumn
    columns::SummaryColumn
    columns::SettledTapColumn
    columns::FeeColumn
    columns::IssuerColumn
    columns::ProgrammeColumn
    columns::PointColumn
    columns::ExceptionColumn
    columns::LossColumn
    columns::FlaggedTapColumn
    columns::HeadingColumn
    columns::OutstandingColumn
    columns::StatementColumn
    columns::FinalReportColumn
    columns::SpendingColumn
    facts::Fact
    facts::Answer
    notices::NoticeText<'_>
    Step
    relief::RowIssue
    relief::Unpaid
    relief::UnpaidText
    relief::Category
    relief::BudgetLine
    relief::FinalReportText<'_>
    reports::Title
    reports::Sheet
    reports::ReportText
    reports::Furniture
    Tender
    residents::StatementText
    residents::StatementKind
    residents::LinkText
    responses::ResponseMeaning
    settlements::SettlementText<'_>
    status::StatusRow
    status::NodeRole
    status::Connection
    status::Proof
    status::StatusText
}
