//! Reports of finance staff, and statements for merchants and residents.

mod about;
mod balances;
mod exceptions;
mod month;
mod parties;
mod residents;
mod settlements;

pub use residents::{ResidentStatement, Statement};
#[cfg(test)]
pub(super) use settlements::detail_of;

use crate::access::Name;
use crate::error::{Result, ServiceError, not_found, unfit};
use crate::fields::day;
use crate::operation::Operation;
use crate::settlements::Whose;
use crate::subject::Subject;
use crate::{Services, Who};
use about::{About, Month};
use balances::{prepaid, trial_balance};
use exceptions::{exceptions, flagged, stand_in};
use kazasu_engine::tasks::run_blocking;
use kazasu_report::Report;
use kazasu_report::pdf::Pdf;
use kazasu_text::Said;
use kazasu_text::access::AccessText;
use kazasu_text::problems::{NotFoundText, ProblemText};
use month::month_end;
use parties::{cities, issuers};
use serde::{Deserialize, Serialize};
use settlements::{detail, fees, merchant_letter, settlements};

/// The kinds of reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Merchants' settlements, one a line.
    Settlements,
    /// The taps of one settlement.
    SettlementDetail,
    /// Issuers' debts, interchange and payments.
    Issuers,
    /// Relief and points by programme: what cities fund.
    Cities,
    /// All accounts, debits equal to credits.
    TrialBalance,
    /// Fees and interchange by means of payment, brand and category.
    Fees,
    /// Open exceptions by age.
    Exceptions,
    /// Value that was issued and not used, by issuer (資金決済法).
    Prepaid,
    /// Issuers' refusals after the switch had approved in their place.
    StandIn,
    /// Taps that were booked although a rule spoke against them.
    Flagged,
    /// The end of a month: days, settlements, payouts, fees, points, funds, postings, and what is missing.
    Month,
}

impl Kind {
    /// Every report.
    pub const ALL: [Kind; 11] = [
        Kind::Settlements,
        Kind::SettlementDetail,
        Kind::Issuers,
        Kind::Cities,
        Kind::TrialBalance,
        Kind::Fees,
        Kind::Exceptions,
        Kind::Prepaid,
        Kind::StandIn,
        Kind::Flagged,
        Kind::Month,
    ];

    /// As addresses and the command line write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Settlements => "settlements",
            Kind::SettlementDetail => "settlement-detail",
            Kind::Issuers => "issuers",
            Kind::Cities => "cities",
            Kind::TrialBalance => "trial-balance",
            Kind::Fees => "fees",
            Kind::Exceptions => "exceptions",
            Kind::Prepaid => "prepaid",
            Kind::StandIn => "stand-in",
            Kind::Flagged => "flagged",
            Kind::Month => "month",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == text)
    }
}

/// Makes a report of finance.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeReport {
    /// The report.
    pub kind: Kind,
    /// The business day, or the last one.
    #[serde(default)]
    pub day: Option<String>,
    /// The month, like 2026-11, of a report about one.
    #[serde(default)]
    pub month: Option<String>,
    /// The record up to which balances count.
    #[serde(default)]
    pub seq: Option<u64>,
    /// The settlement.
    #[serde(default)]
    pub settlement: Option<u32>,
    /// The reason, which the security log keeps.
    #[serde(default)]
    pub why: Option<String>,
}

impl MakeReport {
    /// Of a kind, about everything.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        MakeReport { kind, day: None, month: None, seq: None, settlement: None, why: None }
    }
}

impl Operation for MakeReport {
    const NAME: Name = Name::MakeReport;
    type Answer = Report;

    fn subject(&self) -> Subject {
        Subject::named("report", self.kind.name()).because(self.why.as_deref())
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Report> {
        let whose = Whose::of(services, who).await?;
        if whose != Whose::All {
            // A merchant's people get the detail of their own settlements, and no report about others.
            if self.kind != Kind::SettlementDetail {
                return Err(ServiceError::Forbidden(Said::of(&AccessText::OwnSettlementOnly { shown: &who.shown })));
            }
            is_own(services, &whose, self.settlement).await?;
        }
        let made = kazasu_engine::clock::now();
        let about_day = self.day.as_deref().map(|text| day("day", text)).transpose()?;
        let month = self.month.as_deref().map(Month::read).transpose()?;
        let about = About { day: about_day, month, seq: self.seq, settlement: self.settlement };
        let built = match self.kind {
            Kind::Settlements => settlements(services, about, made).await?,
            Kind::SettlementDetail => return detail(services, about, made).await,
            Kind::Issuers => issuers(services, made).await?,
            Kind::Cities => cities(services, made).await?,
            Kind::TrialBalance => return trial_balance(services, about, made).await,
            Kind::Fees => fees(services, about, made).await?,
            Kind::Exceptions => exceptions(services, made).await?,
            Kind::Prepaid => return prepaid(services, about, made).await,
            Kind::StandIn => stand_in(services, made).await?,
            Kind::Flagged => flagged(services, about, made).await?,
            Kind::Month => return month_end(services, about, made).await,
        };
        built.finish().map_err(ServiceError::inside)
    }
}

/// Refuses a settlement of another merchant as one that is not there.
async fn is_own(services: &Services, whose: &Whose, settlement: Option<u32>) -> Result<()> {
    let number = settlement.ok_or_else(|| unfit("settlement", &ProblemText::SettlementNumber))?;
    let all = services.query(|state| state.settlements()).await?;
    let own = |s: &kazasu_core::SettlementView| s.number == number && whose.includes(&(s.acquirer, s.merchant));
    if all.iter().any(own) { Ok(()) } else { Err(not_found(&NotFoundText::NoSettlement { number })) }
}

/// A settlement as a letter to its merchant.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeLetter {
    /// The settlement.
    pub settlement: u32,
    /// The reason, which the security log keeps.
    #[serde(default)]
    pub why: Option<String>,
}

impl Operation for MakeLetter {
    const NAME: Name = Name::MakeLetter;
    type Answer = Pdf;

    fn subject(&self) -> Subject {
        Subject::numbered("settlement", self.settlement.into()).because(self.why.as_deref())
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Pdf> {
        let whose = Whose::of(services, who).await?;
        if whose != Whose::All {
            is_own(services, &whose, Some(self.settlement)).await?;
        }
        let issuer = services.book().await?;
        merchant_letter(services, self.settlement, &issuer, kazasu_engine::clock::now()).await
    }
}

/// One payment's whole story.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Explain {
    /// The record that decided it.
    pub record: u64,
    /// The reason, which the security log keeps.
    #[serde(default)]
    pub why: Option<String>,
}

impl Operation for Explain {
    const NAME: Name = Name::Explain;
    // The steps are decoded records: each kind has facts of its own, so they have no one shape.
    type Answer = serde_json::Value;

    fn subject(&self) -> Subject {
        Subject::numbered("record", self.record).because(self.why.as_deref())
    }

    fn seen(answer: &Self::Answer) -> Vec<String> {
        crate::subject::ppids_in(answer)
    }

    async fn carry_out(self, services: &Services, _: &Who) -> Result<serde_json::Value> {
        let (store, record) = (services.closing_context()?.store.clone(), self.record);
        let story = run_blocking(async move { kazasu_projections::explain(store.as_ref(), record).await }).await;
        let story = story.and_then(|story| story).map_err(ServiceError::Other)?;
        story.ok_or_else(|| not_found(&NotFoundText::NoTap { record }))
    }
}
