//! A shop's business day, terminal by terminal.

use super::find::shop;
use super::shops::Shops;
use crate::access::Name;
use crate::error::{Result, ServiceError, not_found};
use crate::fields::day;
use crate::operation::Operation;
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_projections::transactions::Takings;
use kazasu_text::problems::NotFoundText;
use serde::{Deserialize, Serialize};

/// What a shop took on a business day, so far.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowTakings {
    /// The shop: `ACQUIRER/MERCHANT`.
    pub merchant: String,
    /// The business day; today where it is left out.
    #[serde(default)]
    pub day: Option<String>,
}

/// A shop's business day.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DayTakings {
    /// The shop.
    pub merchant: String,
    /// Its name today.
    pub name: String,
    /// The business day.
    pub day: String,
    /// All terminals together: payments less refunds less reversals.
    pub net_yen: i64,
    /// Each terminal that sent anything.
    pub terminals: Vec<TerminalTakings>,
}

/// A terminal's part.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TerminalTakings {
    /// DE41.
    pub terminal: String,
    /// Approved payments.
    pub payments: u64,
    /// Their yen.
    pub paid_yen: i64,
    /// Refunds.
    pub refunds: u64,
    /// Their yen, above zero.
    pub refunded_yen: i64,
    /// Reversals.
    pub reversals: u64,
    /// Yen that they took back (above zero) or gave again (below).
    pub reversed_yen: i64,
    /// Declined messages.
    pub declined: u64,
    /// Messages that are not decided yet.
    pub pending: u64,
    /// Its last message of the day.
    pub last_seen: String,
}

impl From<&Takings> for TerminalTakings {
    fn from(t: &Takings) -> Self {
        TerminalTakings {
            terminal: t.terminal.to_string(),
            payments: t.payments,
            paid_yen: t.paid.get(),
            refunds: t.refunds,
            refunded_yen: t.refunded.get(),
            reversals: t.reversals,
            reversed_yen: t.reversed.get(),
            declined: t.declined,
            pending: t.pending,
            last_seen: t.last.jst_text(),
        }
    }
}

impl Operation for ShowTakings {
    const NAME: Name = Name::ShowTakings;
    type Answer = DayTakings;

    fn subject(&self) -> Subject {
        Subject::named("merchant", &self.merchant)
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<DayTakings> {
        let key = shop(&self.merchant)?;
        let today = services.query(|state| state.day).await?;
        let day = self.day.as_deref().map_or(Ok(today), |text| day("day", text))?;
        let shops = Shops::of(services, who).await?;
        let found = services.query(move |state| {
            let is_it = |one: &&kazasu_core::Merchant| (one.acquirer, one.id) == key;
            state.merchants().iter().find(is_it).map(|one| one.name.to_string())
        });
        // Another merchant's shop is told as one that is not there.
        let Some(name) = found.await?.filter(|_| shops.includes(&key)) else {
            let id = kazasu_schemas::text::masked(&self.merchant);
            return Err(not_found(&NotFoundText::Merchant { id: &id }));
        };
        let takings = services.closing_context()?.transactions.takings(key, day).await.map_err(ServiceError::Other)?;
        let net: i64 = takings.iter().map(|t| t.paid.get() - t.refunded.get() - t.reversed.get()).sum();
        let terminals = takings.iter().map(TerminalTakings::from).collect();
        Ok(DayTakings { merchant: self.merchant, name, day: day.to_string(), net_yen: net, terminals })
    }
}
