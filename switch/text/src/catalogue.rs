//! The list of all lists.

use super::{
    Listed, Text, access, approvals, audit, bank_files, bank_lines, causes, cli, closing, closing_refusals, columns,
    commands, configuration, console, corrections, demo, documents, facts, files, findings, help, hsm, key_refusals,
    key_store, keys, lists, month, names, notices, payees, payments, portal, problems, relief, relief_refusals,
    reports, requests, residents, responses, revocation, rights_refusals, security, settlements, sign_in, spending,
    status, stores, tables, tls, usage, webhooks,
};
use kazasu_schemas::closing::{DayState, JoinedBy, Resolution, Side};
use kazasu_schemas::contract::Tender;
use kazasu_schemas::heading::Heading;
use kazasu_schemas::relief::{Method, Role, Step};
use kazasu_schemas::wire::Refusal;
use kazasu_schemas::wire::issuer::IssuerOperation;
use kazasu_schemas::zengin::statement::Direction;

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

/// The list of help texts, which is no enum: its keys are paths of commands.
pub(super) const HELP: &str = "help::Help";

fn add_help(out: &mut Vec<Entry>) {
    out.extend(help::all().chain(help::values()).map(|help| Entry {
        list: HELP,
        name: help.path,
        ja: help.ja().into_owned(),
        en: help.en().into_owned(),
    }));
}

macro_rules! catalogue {
    ($($list:ty)+) => {
        /// The whole catalogue with sample arguments.
        #[must_use]
        pub fn entries() -> Vec<Entry> {
            let mut out = Vec::new();
            $(add::<$list>(stringify!($list), &mut out);)+
            add_help(&mut out);
            out
        }
    };
}

catalogue! {
    approvals::KindLabel
    approvals::StandingLabel
    Heading
    DayState
    closing::ExceptionText
    Resolution
    Direction
    closing_refusals::SettlementState
    closing_refusals::ClosingRefusal<'_>
    closing_refusals::Misfit
    closing_refusals::StandsAt
    closing_refusals::WrittenText
    closing_refusals::UnlikeText<'_>
    closing_refusals::BuiltOnText<'_>
    closing_refusals::BecameText<'_>
    approvals::EffectText<'_>
    audit::AuditText<'_>
    bank_files::BankField
    bank_files::ExpectedText<'_>
    bank_files::GotText<'_>
    bank_files::BankFileText<'_>
    bank_files::OddText<'_>
    bank_lines::OpenReason<'_>
    bank_lines::CandidateText<'_>
    bank_lines::LineWordText<'_>
    configuration::ConfigText<'_>
    configuration::OutboxText<'_>
    causes::CauseText<'_>
    cli::CliLabel
    cli::ClockState
    cli::CliText<'_>
    console::BorneBy
    console::PayoutState
    console::PageText<'_>
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
    commands::CommandText<'_>
    corrections::CorrectionLabel
    commands::PolicyText<'_>
    payees::PayeeText<'_>
    columns::PayeeColumn
    commands::RuleText
    commands::ServiceText<'_>
    Side
    JoinedBy
    IssuerOperation
    findings::LineKind
    findings::LineText<'_>
    findings::DifferenceText<'_>
    findings::FindingText<'_>
    findings::ProposedText
    demo::DemoLabel
    demo::DemoStep
    demo::Planted
    demo::DemoText<'_>
    documents::PlaceText<'_>
    documents::SourceText<'_>
    documents::WrittenAs
    files::SystemText
    files::FileText<'_>
    files::OwnerText
    files::NotTextText
    names::NameText<'_>
    names::IdText<'_>
    documents::KeyProblem<'_>
    documents::PolicyProblem<'_>
    documents::ContractProblem<'_>
    documents::OtherContract
    documents::ProgrammeProblem<'_>
    documents::BankText<'_>
    documents::KanaText
    help::HelpHeading
    help::HelpText<'_>
    help::WrongUsage<'_>
    keys::KeyStateText
    keys::SealedData
    keys::KeyColumn
    keys::KeyText<'_>
    key_store::KeyStoreText<'_>
    key_store::OriginText<'_>
    key_store::UnlockText<'_>
    key_store::KeyLogText<'_>
    key_store::KeyBlockText<'_>
    key_store::TokenWork
    key_store::TokenKeyKind
    key_store::MechanismUse
    key_store::UnfitKey
    key_store::DeviceText<'_>
    key_refusals::KeyRefusal<'_>
    key_refusals::StoreRefusal<'_>
    key_refusals::KeyNeedText<'_>
    keys::ComponentText
    keys::SignInText<'_>
    keys::InitText<'_>
    kazasu_schemas::identity::Role
    access::AccessText<'_>
    portal::StatementWanted
    portal::StatementText<'_>
    problems::ProblemText<'_>
    problems::AmountText
    problems::DateText
    problems::IdForm
    problems::PanText
    problems::DeclaredText
    problems::RowText<'_>
    problems::NotFoundText<'_>
    problems::CursorText
    problems::PasswordText
    facts::Fact
    facts::Answer
    hsm::HsmLabel
    hsm::TokenKeyUse
    hsm::HsmText<'_>
    notices::NoticeText<'_>
    Refusal
    Step
    Role
    Method
    relief_refusals::ReliefText<'_>
    relief_refusals::StepText
    relief_refusals::RowIs
    rights_refusals::RightsText<'_>
    relief::RowIssue
    relief::Unpaid
    relief::UnpaidText
    relief::Category
    relief::BudgetLine
    relief::FinalReportText<'_>
    requests::JsonKind
    requests::WantedText<'_>
    requests::JsonText<'_>
    requests::EdgeText<'_>
    requests::CallText<'_>
    reports::Title
    reports::Sheet
    reports::ReportText<'_>
    columns::MerchantListColumn
    columns::PaymentColumn
    columns::NodeColumn
    columns::ReplayColumn
    columns::ReplayedTapColumn
    reports::Furniture
    Tender
    month::MonthSheet
    month::MonthColumn
    month::MissingText
    lists::ListTitle
    lists::ListColumn
    payments::PaymentKind
    payments::PaymentState
    payments::PaymentText<'_>
    residents::StatementText
    residents::StatementKind
    residents::LinkText
    residents::TapText
    responses::ResponseMeaning
    revocation::CrlText<'_>
    security::SecurityEvent
    security::SecurityField
    security::SecurityText<'_>
    settlements::SettlementText<'_>
    settlements::WhyText<'_>
    sign_in::MeansLabel
    spending::TradeLabel
    spending::SpendingField
    spending::SpendingText
    sign_in::SignInRefusalText<'_>
    sign_in::UnknownCallerText
    sign_in::SignInSettingsText<'_>
    sign_in::ProviderText<'_>
    status::StatusRow
    status::NodeRole
    status::Connection
    status::Proof
    status::StatusText
    stores::DatabaseHint
    stores::UrlFault
    stores::StoreText<'_>
    tls::ExpiryOf
    tls::TlsText<'_>
    tls::ProxyText<'_>
    tls::PartyText<'_>
    tables::TableText<'_>
    tables::DamageText<'_>
    tables::CellFault<'_>
    tables::DetailText<'_>
    usage::UsageText<'_>
    webhooks::WebhookStateLabel
    webhooks::WebhookOutcome
    webhooks::WebhookSent
    webhooks::WebhookText<'_>
}
