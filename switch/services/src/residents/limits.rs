//! A resident's own limits, and money in purses.

use crate::access::Name;
use crate::approvals::{Asked, Change};
use crate::error::{Result, unfit};
use crate::fields::ppid;
use crate::operation::{Operation, Outcome, Recorded};
use crate::subject::Subject;
use crate::{Patch, Services, Who};
use kazasu_core::{Command, LimitChange, LimitsChange};
use kazasu_ledger::record::CarriedChange;
use kazasu_schemas::money::Yen;
use kazasu_schemas::spendable::{Declared, spendable};
use kazasu_security_log::value::Object;
use kazasu_text::problems::ProblemText;
use kazasu_text::readings;
use serde::{Deserialize, Serialize};

/// Sets a resident's own limits: what is not named stays, null takes a limit away.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetLimits {
    /// The person.
    pub ppid: String,
    /// Yen per tap.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schemars(with = "Option<i64>")]
    pub tap: Patch<i64>,
    /// Yen per day.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schemars(with = "Option<i64>")]
    pub day: Patch<i64>,
    /// Yen per month.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schemars(with = "Option<i64>")]
    pub month: Patch<i64>,
    /// Decline beyond the month's limit, instead of only telling.
    #[serde(default)]
    pub decline: Option<bool>,
}

fn change(patch: Patch<i64>) -> LimitChange {
    match patch {
        Patch::Keep => LimitChange::Keep,
        Patch::Remove => LimitChange::Remove,
        Patch::Set(yen) => LimitChange::To(Yen::new(yen)),
    }
}

impl Operation for SetLimits {
    const NAME: Name = Name::SetLimits;
    type Answer = Recorded;

    fn subject(&self) -> Subject {
        Subject::resident(&self.ppid)
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let [tap, day, month] = [self.tap, self.day, self.month].map(change);
        let change = LimitsChange { tap, day, month, decline: self.decline };
        if change == LimitsChange::default() {
            return Err(unfit("limits", &ProblemText::NoLimitNamed));
        }
        let command = Command::ChangeOwnLimits { ppid: ppid("ppid", &self.ppid)?, change, by: who.name.clone() };
        Ok(services.command(who.proving(command)).await?.into())
    }
}

/// Sets the month's limit from what a household declares. The declaration is not kept.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
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

/// A household's spendable amount, by the Instalment Sales Act's estimate.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SpendableSet {
    /// Whether anything changed.
    pub result: Outcome,
    /// Cost of living a year, yen.
    pub living_yen: i64,
    /// The estimate a year, yen.
    pub estimate_yen: i64,
    /// The spendable amount of a year, yen.
    pub year_yen: i64,
    /// The spendable amount of a month, yen: the limit.
    pub month_yen: i64,
}

impl Operation for SetSpendable {
    const NAME: Name = Name::SetSpendable;
    type Answer = SpendableSet;

    fn subject(&self) -> Subject {
        Subject::resident(&self.ppid)
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<SpendableSet> {
        let SetSpendable { ppid: person, income, household, housing, debts, decline } = self;
        let ppid = ppid("ppid", &person)?;
        let declared = Declared { income: Yen::new(income), household, housing, debts: Yen::new(debts) };
        let s = spendable(declared).map_err(|e| unfit("declaration", &readings::declared(&e)))?;
        let change = LimitsChange { month: LimitChange::To(s.month), decline, ..LimitsChange::default() };
        let command = Command::ChangeOwnLimits { ppid, change, by: who.name.clone() };
        let done = services.command(who.proving(command)).await?;
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
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
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
    /// The reason, which the record keeps; it may be left out.
    #[serde(default)]
    pub why: String,
}

impl Operation for CreditPurse {
    const NAME: Name = Name::CreditPurse;
    type Answer = Asked;

    fn subject(&self) -> Subject {
        Subject::resident(&self.ppid).with(Object::numbered("programme", self.programme.into()))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Asked> {
        let (ppid, amount) = (ppid("ppid", &self.ppid)?, Yen::new(self.amount));
        let (programme, reference, by) = (self.programme, self.reference, who.name.clone());
        let alone = Command::CreditPurse { ppid, programme, amount, reference: reference.clone(), by };
        let change = CarriedChange::Credit { ppid, programme, amount, reference };
        services.ask(Change::plain(change, alone), who, self.why).await
    }
}
