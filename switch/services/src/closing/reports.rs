//! Reports of finance staff, and statements for merchants and residents.

mod balances;
mod exceptions;
mod parties;
mod residents;
mod settlements;

pub use residents::{StatementOf, resident_statement, statement_letter};
pub use settlements::merchant_letter;

use crate::admin::{AskError, Desk};
use balances::{prepaid, trial_balance};
use exceptions::{exceptions, flagged, stand_in};
use kazasu_report::Report;
use kazasu_schemas::contract::Tender;
use kazasu_schemas::jst::{BusinessDay, Millis};
use parties::{cities, issuers};
use settlements::{detail, fees, settlements};

/// Which report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Kind {
    /// Merchants' settlements, one a line.
    Settlements,
    /// The taps of one settlement.
    SettlementDetail,
    /// What issuers owe, keep and paid.
    Issuers,
    /// Relief and points by programme: what cities fund.
    Cities,
    /// All accounts, debits equal to credits.
    TrialBalance,
    /// Fees and interchange by means of payment, brand and category.
    Fees,
    /// Open differences by age.
    Exceptions,
    /// Value that was issued and not used, by issuer (資金決済法).
    Prepaid,
    /// What issuers refused after the switch had approved in their place.
    StandIn,
    /// Taps that were booked although a rule spoke against them.
    Flagged,
}

impl Kind {
    /// As addresses write it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Kind> {
        <Kind as clap::ValueEnum>::from_str(text, false).ok()
    }
}

/// What a report is about.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The business day, or the last one.
    pub day: Option<BusinessDay>,
    /// The record up to which balances count.
    pub seq: Option<u64>,
    /// The settlement.
    pub settlement: Option<u32>,
}

fn other(error: impl Into<anyhow::Error>) -> AskError {
    AskError::Other(error.into())
}

fn tender(tender: Tender) -> &'static str {
    match tender {
        Tender::Credit => "クレジット credit",
        Tender::Debit => "デビット debit",
        Tender::Bank => "銀行口座 bank",
        Tender::Held => "預り口座 held",
        Tender::Purse => "給付金 relief",
        Tender::Points => "ポイント points",
    }
}

/// Makes a report.
pub async fn report(desk: &Desk, kind: Kind, about: About, made: Millis) -> Result<Report, AskError> {
    let built = match kind {
        Kind::Settlements => settlements(desk, about, made).await?,
        Kind::SettlementDetail => return detail(desk, about, made).await,
        Kind::Issuers => issuers(desk, made).await?,
        Kind::Cities => cities(desk, made).await?,
        Kind::TrialBalance => return trial_balance(desk, about, made).await,
        Kind::Fees => fees(desk, about, made).await?,
        Kind::Exceptions => exceptions(desk, made).await?,
        Kind::Prepaid => return prepaid(desk, about, made).await,
        Kind::StandIn => stand_in(desk, made).await?,
        Kind::Flagged => flagged(desk, about, made).await?,
    };
    built.finish().map_err(other)
}

type Built = Result<kazasu_report::Builder, AskError>;
