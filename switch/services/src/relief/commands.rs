//! Actions of a city's people. Each command names a batch or programme, and so the city whose role it requires.

use super::view::{RowView, UnpaidView};
use crate::access::{About, Name};
use crate::approvals::{Asked, Request, document};
use crate::error::{Result, ServiceError, unfit, value};
use crate::fields::{day, ppid, reason};
use crate::operation::{Operation, Outcome, Recorded, Requested};
use crate::residents::random_ppid;
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_core::{Command, Relief};
use kazasu_ledger::record::Proposal;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::{Method, RowChange, Step, Terms};
use kazasu_security_log::value::Object;
use kazasu_text::problems::ProblemText;
use kazasu_text::{AnyOf, Count, Quoted};
use serde::{Deserialize, Serialize};

/// Requests approval of a programme, or of new terms of one.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeProgramme {
    /// The file's text.
    pub source: String,
    /// The file's name, for the person who decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The reason, which the record keeps.
    pub why: String,
}

impl ProposeProgramme {
    fn terms(&self) -> Result<Terms> {
        super::read_terms(&self.source).map_err(|problems| ServiceError::file(&problems))
    }
}

impl Operation for ProposeProgramme {
    const NAME: Name = Name::ProposeProgramme;
    type Answer = Requested;

    fn about(&self) -> Result<About> {
        Ok(About::City(self.terms()?.city))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Requested> {
        let proposal = Proposal::Programme(Box::new(self.terms()?));
        let ProposeProgramme { source, file, why } = self;
        services.request_approval(Request::of_file(proposal, document(source, file), who.says(why)), who).await
    }
}

/// Requests approval of a claim: the payee owes the amount beyond the payee's right.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeClaim {
    /// The batch.
    pub batch: u32,
    /// Its row.
    pub row: u32,
    /// Yen that the payee has a right to.
    pub right: i64,
    /// The reason, which the record keeps.
    pub why: String,
}

impl Operation for ProposeClaim {
    const NAME: Name = Name::ProposeClaim;
    type Answer = Requested;

    fn subject(&self) -> Subject {
        Subject::numbered("row", self.row.into()).because(Some(&self.why))
    }

    fn about(&self) -> Result<About> {
        Ok(About::Batch(self.batch))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Requested> {
        let proposal = Proposal::Claim { batch: self.batch, row: self.row, right: Yen::new(self.right) };
        services.request_approval(Request::plain(proposal, who, self.why), who).await
    }
}

/// Requests approval for returning money of the fund to the city.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeReturn {
    /// The programme.
    pub programme: u16,
    /// Yen.
    pub amount: i64,
    /// The payment's own: it is booked once.
    pub reference: String,
    /// The reason, which the record keeps.
    pub why: String,
}

impl Operation for ProposeReturn {
    const NAME: Name = Name::ProposeReturn;
    type Answer = Requested;

    fn subject(&self) -> Subject {
        Subject::default().because(Some(&self.why))
    }

    fn about(&self) -> Result<About> {
        Ok(About::Programme(self.programme))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Requested> {
        let ProposeReturn { programme, amount, reference, why } = self;
        let proposal = Proposal::ReturnFunds { programme, amount: Yen::new(amount), reference };
        services.request_approval(Request::plain(proposal, who, why), who).await
    }
}

/// Books the city's payment into a programme's fund.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FundRelief {
    /// The programme.
    pub programme: u16,
    /// Yen.
    pub amount: i64,
    /// The payment's own: it is booked once.
    pub reference: String,
    /// The reason, which the record keeps; it may be left out.
    #[serde(default)]
    pub why: String,
}

impl Operation for FundRelief {
    const NAME: Name = Name::FundRelief;
    type Answer = Asked;

    fn about(&self) -> Result<About> {
        Ok(About::Programme(self.programme))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Asked> {
        let FundRelief { programme, amount, reference, why } = self;
        services.ask(crate::policy::fund((programme, Yen::new(amount)), reference, who), who, why).await
    }
}

/// Decides about a row: exclude, include, accept, assign (to `ppid`, or to a new temporary ID when absent), amount (with
/// `amount`).
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRow {
    /// The batch.
    pub batch: u32,
    /// Its row.
    pub row: u32,
    /// `exclude`, `include`, `accept`, `assign` or `amount`.
    pub change: String,
    /// The person, of `assign`.
    #[serde(default)]
    pub ppid: Option<String>,
    /// Yen, of `amount`.
    #[serde(default)]
    pub amount: Option<i64>,
    /// The reason, which the record keeps.
    pub why: String,
}

/// A row that was changed.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RowChanged {
    /// Whether anything changed.
    pub result: Outcome,
    /// A temporary ID that was issued for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ppid: Option<String>,
    /// The row as it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row_now: Option<RowView>,
}

impl Operation for ChangeRow {
    const NAME: Name = Name::ChangeRow;
    type Answer = RowChanged;

    fn subject(&self) -> Subject {
        Subject::residents(self.ppid.clone()).with(Object::numbered("row", self.row.into())).because(Some(&self.why))
    }

    fn about(&self) -> Result<About> {
        Ok(About::Batch(self.batch))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<RowChanged> {
        let ChangeRow { batch, row, change, ppid: person, amount, why } = self;
        let said = who.says(reason("why", &why)?);
        let mut issued = None;
        let change = match (change.as_str(), person, amount) {
            ("exclude", None, None) => RowChange::Exclude,
            ("include", None, None) => RowChange::Include,
            ("accept", None, None) => RowChange::Accept,
            ("amount", None, Some(amount)) => RowChange::Amount(Yen::new(amount)),
            ("assign", Some(text), None) => RowChange::Assign(ppid("ppid", &text)?),
            ("assign", None, None) => {
                // A person without a card gets a temporary ID, to be merged into a PPID later.
                let person = random_ppid()?;
                services.command(Command::IssueTemporary { ppid: person, until: None, by: said.by.clone() }).await?;
                issued = Some(person.to_string());
                RowChange::Assign(person)
            }
            (other, ..) => {
                return Err(unfit("change", &ProblemText::RowChange { got: Quoted(other) }));
            }
        };
        let done = services.command_of(who, Command::Relief(Relief::SetRow { batch, row, change, said })).await?;
        // An ID that is handed out for a row that is then refused would be useless to its holder.
        let now = services.query(move |state| state.relief_rows(batch, None, row, 1).into_iter().next()).await?;
        let row_now = now.filter(|now| now.row == row).map(|now| RowView::from(&now));
        Ok(RowChanged { result: done.into(), ppid: issued, row_now })
    }
}

/// Takes a batch a step further: `assessed`, `decided`, `committed`, `ordered`, `released`, `reported`, `cancelled`.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeStep {
    /// The batch.
    pub batch: u32,
    /// The step.
    pub step: String,
    /// The bank's day, of a release of transfers.
    #[serde(default, alias = "value_day")]
    pub value_date: Option<String>,
    /// The reason, which the record keeps.
    pub why: String,
}

/// A step that was taken.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StepTaken {
    /// Whether anything changed.
    pub result: Outcome,
    /// The rows of the batch that are not paid, with the reasons.
    pub unpaid: Option<UnpaidView>,
}

impl TakeStep {
    fn parsed(&self) -> Result<Step> {
        Step::parse(&self.step).filter(|s| *s != Step::Applied).ok_or_else(|| {
            let all: Vec<&str> = Step::ALL.iter().skip(1).map(|s| s.name()).collect();
            unfit("step", &ProblemText::OneOf { choices: AnyOf(&all), got: Quoted(&self.step) })
        })
    }
}

impl Operation for TakeStep {
    const NAME: Name = Name::TakeStep;
    type Answer = StepTaken;

    fn subject(&self) -> Subject {
        Subject::default().because(Some(&self.why))
    }

    fn about(&self) -> Result<About> {
        Ok(About::Step(self.batch, self.parsed()?))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<StepTaken> {
        let step = self.parsed()?;
        let TakeStep { batch, value_date, why, .. } = self;
        let value_date = value_date.map(|text| day("value_date", &text)).transpose()?;
        services.value_date_fits(batch, step, value_date).await?;
        let step = Relief::Step { batch, step, value_date, refused: 0, said: who.says(reason("why", &why)?) };
        let done = services.command_of(who, Command::Relief(step)).await?;
        // At each step people see the unpaid rows and the reasons.
        Ok(StepTaken { result: done.into(), unpaid: services.unpaid(batch).await? })
    }
}

impl Services {
    /// Banks transfer on their business days.
    async fn value_date_fits(&self, batch: u32, step: Step, value_date: Option<BusinessDay>) -> Result<()> {
        let method = self.query(move |state| state.relief_method(batch)).await?;
        match (step, method, value_date) {
            (Step::Released, Some(Method::Transfer), Some(day)) => {
                let open = self.calendar.is_bank_business_day(day);
                let far = day.0 - self.now().jst_day().0 > 60;
                match open.map_err(|e| value("value_date", &e))? {
                    true if far => Err(unfit("value_date", &ProblemText::WithinDaysFrom { days: Count(60), got: day })),
                    true => Ok(()),
                    false => Err(unfit("value_date", &ProblemText::BanksClosed { day })),
                }
            }
            (_, Some(Method::Purse), Some(_)) => Err(unfit("value_date", &ProblemText::BankDayOfPurses)),
            _ => Ok(()),
        }
    }
}

/// A payee gave something back, over the bank or out of the purse.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BookRepaid {
    /// The batch.
    pub batch: u32,
    /// Its row.
    pub row: u32,
    /// Yen.
    pub amount: i64,
    /// Out of the purse.
    #[serde(default)]
    pub from_purse: bool,
    /// The payment's own: it is booked once.
    pub reference: String,
}

impl Operation for BookRepaid {
    const NAME: Name = Name::BookRepaid;
    type Answer = Recorded;

    fn subject(&self) -> Subject {
        Subject::numbered("row", self.row.into())
    }

    fn about(&self) -> Result<About> {
        Ok(About::Batch(self.batch))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let BookRepaid { batch, row, amount, from_purse, reference } = self;
        let (amount, by) = (Yen::new(amount), who.name.clone());
        let repaid = Relief::Repaid { batch, row, amount, from_purse, reference, by };
        Ok(services.command(Command::Relief(repaid)).await?.into())
    }
}

/// A transfer came back: a person found it in the bank statement.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BookReturned {
    /// The batch.
    pub batch: u32,
    /// Its row.
    pub row: u32,
    /// The line's name.
    pub reference: String,
}

impl Operation for BookReturned {
    const NAME: Name = Name::BookReturned;
    type Answer = Recorded;

    fn subject(&self) -> Subject {
        Subject::numbered("row", self.row.into())
    }

    fn about(&self) -> Result<About> {
        Ok(About::Batch(self.batch))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let BookReturned { batch, row, reference } = self;
        let returned = Relief::Returned { batch, row, reference, said: who.says("") };
        Ok(services.command(Command::Relief(returned)).await?.into())
    }
}

/// The bank took a transfer file's money: a person found it in the bank statement.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BookSent {
    /// The batch.
    pub batch: u32,
    /// Its file, from 0.
    pub file: u16,
    /// The line's name.
    pub reference: String,
}

impl Operation for BookSent {
    const NAME: Name = Name::BookSent;
    type Answer = Recorded;

    fn about(&self) -> Result<About> {
        Ok(About::Batch(self.batch))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let BookSent { batch, file, reference } = self;
        let sent = Relief::Sent { batch, file, reference, said: who.says("") };
        Ok(services.command(Command::Relief(sent)).await?.into())
    }
}

/// Requests approval for undoing the booking of a line of the bank statement.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeReliefUndo {
    /// The line.
    pub line: String,
    /// The reason, which the record keeps.
    pub why: String,
}

impl Operation for ProposeReliefUndo {
    const NAME: Name = Name::ProposeReliefUndo;
    type Answer = Requested;

    fn subject(&self) -> Subject {
        Subject::default().because(Some(&self.why))
    }

    fn about(&self) -> Result<About> {
        Ok(About::Line(self.line.clone()))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Requested> {
        let proposal = Proposal::UndoBooking { reference: self.line, payer: None };
        services.request_approval(Request::plain(proposal, who, self.why), who).await
    }
}
