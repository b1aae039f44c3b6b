//! What people of a city ask for, and who may.

use super::import::refused;
use crate::admin::{AskError, Desk, day, ppid, reason, value, with};
use crate::approvals::{Decision, Request};
use kazasu_core::{Command, Refusal, Relief};
use kazasu_ledger::record::Proposal;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::{Method, Role, RowChange, Step};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Something to be done.
#[derive(Clone, Serialize, Deserialize, Debug)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/operations/relief.md explains every field")]
pub enum ReliefAsk {
    /// Propose a programme, or new terms of one: the file's text. Officer.
    Programme { source: String, why: String },
    /// Propose that a payee owes what they got beyond `right` yen. Officer.
    Claim { batch: u32, row: u32, right: i64, why: String },
    /// Propose that money of the fund goes back to the city. Officer.
    ReturnFunds { programme: u16, amount: i64, reference: String, why: String },
    /// Approve a proposal or turn it down. Approver.
    Decide { proposal: u64, approve: bool, why: String },
    /// Book the city's payment into the fund. Treasurer.
    Fund { programme: u16, amount: i64, reference: String },
    /// Say something about a row: exclude, include, accept, assign (with `ppid`, or a new temporary ID when absent), amount
    /// (with `amount`). Officer.
    Row { batch: u32, row: u32, change: String, ppid: Option<String>, amount: Option<i64>, why: String },
    /// Take a batch a step further: assessed, decided, committed, ordered, released, reported, cancelled.
    Step {
        batch: u32,
        step: String,
        #[serde(alias = "value_day")]
        value_date: Option<String>,
        why: String,
    },
    /// A payee gave something back, over the bank or out of the purse. Treasurer.
    Repaid {
        batch: u32,
        row: u32,
        amount: i64,
        #[serde(default)]
        from_purse: bool,
        reference: String,
    },
    /// A transfer came back, found by a person in the bank's statement. Treasurer.
    Returned { batch: u32, row: u32, reference: String },
    /// The bank took a transfer file's money, found by a person. Treasurer.
    Sent { batch: u32, file: u16, reference: String },
    /// Propose to undo what was booked for a line of the bank's statement. Treasurer.
    Undo { line: String, why: String },
}

fn no_citys(line: &str) -> AskError {
    value(
        "line",
        format!(
            "expected what was booked or set aside for a city and stands, and nothing of a city was booked as {line:?}; what was set aside \
             before cities were kept is undone by finance (kazasu payout undo)"
        ),
    )
}

impl Desk {
    /// Somebody must have a role in a city.
    pub fn must_be(&self, city: &str, by: &str, role: Role) -> Result<(), AskError> {
        let known = self.cities.iter().find(|c| c.code == city);
        let Some(known) = known else {
            return Err(value("city", format!("{city} is no [[city]] of the configuration: nobody may act for it")));
        };
        match known.role(by) {
            Some(is) if is == role => Ok(()),
            is => {
                let is = is.map_or("nothing", Role::name);
                let who = match role {
                    Role::Officer => &known.officers,
                    Role::Approver => &known.approvers,
                    Role::Treasurer => &known.treasurers,
                };
                let text = format!(
                    "{by} is {is} of {} ({city}); this takes its {}: {}",
                    known.name,
                    role.name(),
                    who.join(", ")
                );
                Err(AskError::Forbidden(text))
            }
        }
    }

    pub(super) async fn city_of_batch(&self, batch: u32) -> Result<String, AskError> {
        let view = self.ask(move |state| state.relief_city(batch)).await?;
        view.ok_or_else(|| refused(Refusal::UnknownBatch(batch)))
    }

    pub(super) async fn city_of_programme(&self, number: u16) -> Result<String, AskError> {
        let view = self.ask(move |state| state.relief_programme_city(number)).await?;
        view.ok_or_else(|| refused(Refusal::UnknownProgramme(number)))
    }

    /// Carries it out; returns when its record is durable.
    pub async fn relief(&self, ask: ReliefAsk, by: &str) -> Result<Value, AskError> {
        let by = by.to_owned();
        let ask = match ask {
            ReliefAsk::Programme { source, why } => {
                let terms = super::read_terms(&source)
                    .map_err(|problems| AskError::Policy(problems.iter().map(ToString::to_string).collect()))?;
                self.must_be(&terms.city, &by, Role::Officer)?;
                return self.propose(Proposal::Programme(Box::new(terms)), source, &why, by).await;
            }
            ReliefAsk::Claim { batch, row, right, why } => {
                self.must_be(&self.city_of_batch(batch).await?, &by, Role::Officer)?;
                return self
                    .propose(Proposal::Claim { batch, row, right: Yen::new(right) }, String::new(), &why, by)
                    .await;
            }
            ReliefAsk::ReturnFunds { programme, amount, reference, why } => {
                self.must_be(&self.city_of_programme(programme).await?, &by, Role::Officer)?;
                let proposal = Proposal::ReturnFunds { programme, amount: Yen::new(amount), reference };
                return self.propose(proposal, String::new(), &why, by).await;
            }
            ReliefAsk::Decide { proposal, approve, why } => {
                let open = self.open_approval(proposal).await?;
                self.must_be(&open.city, &by, Role::Approver)?;
                let done = self.decide_approval(Decision { proposal, approve, by, why }).await?;
                return Ok(with(done, json!({})));
            }
            ReliefAsk::Fund { programme, amount, reference } => {
                self.must_be(&self.city_of_programme(programme).await?, &by, Role::Treasurer)?;
                let fund = Command::FundProgramme { programme, amount: Yen::new(amount), reference, by };
                return Ok(with(self.command(fund).await?, json!({})));
            }
            ReliefAsk::Row { batch, row, change, ppid, amount, why } => {
                self.must_be(&self.city_of_batch(batch).await?, &by, Role::Officer)?;
                return self.set_row((batch, row), &change, ppid, amount, &why, by).await;
            }
            ReliefAsk::Step { batch, step, value_date, why } => {
                let step = Step::parse(&step).filter(|s| *s != Step::Applied).ok_or_else(|| {
                    let all: Vec<&str> = Step::ALL.iter().skip(1).map(|s| s.name()).collect();
                    value("step", format!("must be {}, got {step:?}", all.join(", ")))
                })?;
                self.must_be(&self.city_of_batch(batch).await?, &by, step.role())?;
                let value_date = value_date.map(|text| day("value_date", &text)).transpose()?;
                self.bank_day(batch, step, value_date).await?;
                let ask = Relief::Step { batch, step, value_date, refused: 0, by, why: reason("why", &why)? };
                let done = self.command(Command::Relief(ask)).await?;
                // At each step people see who gets nothing, and why.
                return Ok(with(done, json!({ "unpaid": self.relief_unpaid(batch).await? })));
            }
            ReliefAsk::Repaid { batch, row, amount, from_purse, reference } => {
                self.must_be(&self.city_of_batch(batch).await?, &by, Role::Treasurer)?;
                Relief::Repaid { batch, row, amount: Yen::new(amount), from_purse, reference, by }
            }
            ReliefAsk::Returned { batch, row, reference } => {
                self.must_be(&self.city_of_batch(batch).await?, &by, Role::Treasurer)?;
                Relief::Returned { batch, row, reference, by }
            }
            ReliefAsk::Undo { line, why } => {
                let name = line.clone();
                let city = self.ask(move |state| state.line_city(&name)).await?;
                self.must_be(&city.ok_or_else(|| no_citys(&line))?, &by, Role::Treasurer)?;
                let proposal = Proposal::UndoBooking { reference: line, payer: None };
                return self.propose(proposal, String::new(), &why, by).await;
            }
            ReliefAsk::Sent { batch, file, reference } => {
                self.must_be(&self.city_of_batch(batch).await?, &by, Role::Treasurer)?;
                Relief::Sent { batch, file, reference, by }
            }
        };
        Ok(with(self.command(Command::Relief(ask)).await?, json!({})))
    }

    async fn propose(&self, proposal: Proposal, source: String, why: &str, by: String) -> Result<Value, AskError> {
        let why = why.to_owned();
        let (done, number) = self.request_approval(Request { proposal, source, by, why }).await?;
        Ok(with(done, json!({ "proposal": number })))
    }

    async fn set_row(
        &self,
        (batch, row): (u32, u32),
        change: &str,
        person: Option<String>,
        amount: Option<i64>,
        why: &str,
        by: String,
    ) -> Result<Value, AskError> {
        let why = reason("why", why)?;
        let mut more = json!({});
        let change = match (change, person, amount) {
            ("exclude", None, None) => RowChange::Exclude,
            ("include", None, None) => RowChange::Include,
            ("accept", None, None) => RowChange::Accept,
            ("amount", None, Some(amount)) => RowChange::Amount(Yen::new(amount)),
            ("assign", Some(text), None) => RowChange::Assign(ppid("ppid", &text)?),
            ("assign", None, None) => {
                // Someone without a card gets a temporary ID, to be merged into a PPID later.
                let bytes = kazasu_engine::clock::random_bytes(16).map_err(AskError::Other)?;
                let person = Ppid::from_bytes(bytes.try_into().expect("sixteen bytes were asked for"));
                self.command(Command::IssueTemporary { ppid: person, until: None, by: by.clone() }).await?;
                more["ppid"] = person.to_string().into();
                RowChange::Assign(person)
            }
            (other, ..) => {
                let text = "must be exclude, include, accept, assign (with ppid or nothing) or amount (with amount)";
                return Err(value("change", format!("{text}, got {other:?}")));
            }
        };
        let done = self.command(Command::Relief(Relief::SetRow { batch, row, change, by, why })).await?;
        // An ID that is handed out for a row that is refused all the same would be of no use to its holder.
        let now = self.ask(move |state| state.relief_rows(batch, None, row, 1).into_iter().next()).await?;
        if let Some(now) = now.filter(|now| now.row == row) {
            more["row_now"] = super::look::row_json(&now);
        }
        Ok(with(done, more))
    }

    /// Banks transfer on their business days.
    async fn bank_day(
        &self,
        batch: u32,
        step: Step,
        value_date: Option<kazasu_schemas::jst::BusinessDay>,
    ) -> Result<(), AskError> {
        let method = self.ask(move |state| state.relief_method(batch)).await?;
        match (step, method, value_date) {
            (Step::Released, Some(Method::Transfer), Some(day)) => {
                let open = self.calendar.is_bank_business_day(day);
                let far = day.0 - self.now().jst_day().0 > 60;
                match open.map_err(|e| value("value_date", e))? {
                    true if far => Err(value("value_date", format!("must be within 60 days, got {day}"))),
                    true => Ok(()),
                    false => Err(value("value_date", format!("banks are closed on {day}"))),
                }
            }
            (_, Some(Method::Purse), Some(_)) => {
                Err(value("value_date", "is the bank's day; purses are credited at once"))
            }
            _ => Ok(()),
        }
    }
}
