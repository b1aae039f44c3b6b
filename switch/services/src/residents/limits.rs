//! A resident's own limits, and money in purses.

use crate::access::Name;
use crate::error::{Result, value};
use crate::fields::ppid;
use crate::operation::{Operation, Outcome, Recorded};
use crate::{Said, Services, Who};
use kazasu_core::{Command, LimitChange, LimitsChange};
use kazasu_schemas::money::Yen;
use kazasu_schemas::spendable::{Declared, spendable};
use serde::{Deserialize, Serialize};

/// Sets a resident's own limits: what is not named stays, null takes a limit away.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetLimits {
    /// The person.
    pub ppid: String,
    /// Yen per tap.
    #[serde(default, skip_serializing_if = "Said::is_nothing")]
    pub tap: Said<i64>,
    /// Yen per day.
    #[serde(default, skip_serializing_if = "Said::is_nothing")]
    pub day: Said<i64>,
    /// Yen per month.
    #[serde(default, skip_serializing_if = "Said::is_nothing")]
    pub month: Said<i64>,
    /// Decline beyond the month's limit, instead of only telling.
    #[serde(default)]
    pub decline: Option<bool>,
}

fn change(said: Said<i64>) -> LimitChange {
    match said {
        Said::Nothing => LimitChange::Keep,
        Said::Remove => LimitChange::Remove,
        Said::Set(yen) => LimitChange::To(Yen::new(yen)),
    }
}

impl Operation for SetLimits {
    const NAME: Name = Name::SetLimits;
    type Answer = Recorded;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let [tap, day, month] = [self.tap, self.day, self.month].map(change);
        let change = LimitsChange { tap, day, month, decline: self.decline };
        if change == LimitsChange::default() {
            let text = "nothing is named: give tap, day, month (yen, or null to take the limit away) or decline";
            return Err(value("limits", text));
        }
        let command = Command::ChangeOwnLimits { ppid: ppid("ppid", &self.ppid)?, change, by: who.name.clone() };
        Ok(services.command(command).await?.into())
    }
}

/// Sets the month's limit from what a household declares. The declaration is not kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetSpendable {
    /// The person.
    pub ppid: String,
    /// Income a year, yen.
    pub income: i64,
    /// People in the household.
    pub household: u32,
    /// It pays rent or a housing loan.
    pub housing: bool,
    /// Credit debts to be paid in a year, yen.
    pub debts: i64,
    /// Decline beyond the limit, instead of only telling; it stays as it is when absent.
    #[serde(default)]
    pub decline: Option<bool>,
}

/// What a household can spend, by the Instalment Sales Act's estimate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SpendableSet {
    /// Whether anything changed.
    pub result: Outcome,
    /// Cost of living a year, yen.
    pub living_yen: i64,
    /// The estimate a year, yen.
    pub estimate_yen: i64,
    /// What can be spent a year, yen.
    pub year_yen: i64,
    /// What can be spent a month, yen: the limit.
    pub month_yen: i64,
}

impl Operation for SetSpendable {
    const NAME: Name = Name::SetSpendable;
    type Answer = SpendableSet;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<SpendableSet> {
        let SetSpendable { ppid: person, income, household, housing, debts, decline } = self;
        let ppid = ppid("ppid", &person)?;
        let declared = Declared { income: Yen::new(income), household, housing, debts: Yen::new(debts) };
        let s = spendable(declared).map_err(|e| value("declaration", e))?;
        let change = LimitsChange { month: LimitChange::To(s.month), decline, ..LimitsChange::default() };
        let done = services.command(Command::ChangeOwnLimits { ppid, change, by: who.name.clone() }).await?;
        Ok(SpendableSet {
            result: done.into(),
            living_yen: s.living.get(),
            estimate_yen: s.estimate.get(),
            year_yen: s.year.get(),
            month_yen: s.month.get(),
        })
    }
}

/// Credits purse money to a resident.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreditPurse {
    /// The person.
    pub ppid: String,
    /// The programme.
    pub programme: u16,
    /// Yen.
    pub amount: i64,
    /// The payment's own: it is booked once for the person and programme.
    pub reference: String,
}

impl Operation for CreditPurse {
    const NAME: Name = Name::CreditPurse;
    type Answer = Recorded;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let (ppid, amount) = (ppid("ppid", &self.ppid)?, Yen::new(self.amount));
        let (programme, reference, by) = (self.programme, self.reference, who.name.clone());
        Ok(services.command(Command::CreditPurse { ppid, programme, amount, reference, by }).await?.into())
    }
}
