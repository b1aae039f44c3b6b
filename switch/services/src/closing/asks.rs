//! What finance staff ask for. Proposals and their decisions take two people by name.

use super::compare::CompareWith;
use crate::admin::{AskError, Desk, day, reason, value, with};
use crate::approvals::{Decision, Request};
use kazasu_core::{Alike, Booking, Closing, Command, NotClosed, Rejected, StatementLine};
use kazasu_engine::CommandError;
use kazasu_ledger::record::Proposal;
use kazasu_schemas::closing::{Against, DayState, Resolution};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Something to be done.
#[derive(Clone, Serialize, Deserialize, Debug)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/operations/closing.md explains every field")]
pub enum ClosingAsk {
    /// Propose the contracts of a file.
    Contracts { source: String, why: String },
    /// Approve a proposal, or turn it down: another person than who proposed.
    Decide { proposal: u64, approve: bool, why: String },
    /// End the open business day by hand: the day that is meant, so that asking again ends no other, and why.
    CutOver { day: String, why: String },
    /// A day was compared with every party that had taps, but for those named, and every difference is in somebody's hands.
    Reconciled {
        day: String,
        why: String,
        #[serde(default)]
        without: Vec<String>,
    },
    /// Book the settlements that ended with a day.
    Settle { day: String },
    /// Sign a day's last record.
    Sign { day: String },
    /// Propose to pay settlements: all that are due on or before the bank's day, or those that are named.
    Payout {
        #[serde(alias = "value_day")]
        value_date: Option<String>,
        settlements: Option<Vec<u32>>,
        why: String,
    },
    /// Propose to give a payout up that the bank did not take.
    CancelPayout { payout: u64, why: String },
    /// Look after a difference.
    Note { difference: String, owner: Option<String>, note: String },
    /// An issuer takes a payment back. Two people decide who bears it, as with any difference.
    Dispute { record: u64, amount: i64, reference: String, why: String },
    /// Propose how a difference is resolved: explained, booked_issuer, booked_merchant, written_off.
    Resolve { difference: String, how: String, why: String },
    /// An issuer, or the funder of points, paid: `issuer 1`, `funder 1`.
    Received {
        from: String,
        amount: i64,
        reference: String,
        /// The day on which it was paid; today when absent.
        #[serde(default)]
        day: Option<String>,
        /// Why it is another payment than one that looks the same.
        #[serde(default)]
        another: Option<String>,
    },
    /// Propose to undo what was booked for a line of the bank's statement, or by hand for a payer.
    Undo {
        line: String,
        #[serde(default)]
        from: Option<String>,
        why: String,
    },
}

fn payer_of(text: &str) -> Result<kazasu_ledger::record::Payer, AskError> {
    super::payer(text).ok_or_else(|| value("from", format!("must be `issuer N` or `funder N`, got {text:?}")))
}

fn resolution(text: &str) -> Result<Resolution, AskError> {
    let wrong = || format!("must be explained, booked_issuer, booked_merchant or written_off, got {text:?}");
    Resolution::parse(text).ok_or_else(|| value("how", wrong()))
}

/// Money that an issuer or a funder of points paid.
struct Receipt {
    from: String,
    amount: i64,
    reference: String,
    day: Option<String>,
    another: Option<String>,
}

fn refused(why: NotClosed) -> AskError {
    AskError::Command(CommandError::Rejected(Rejected::Closing(Box::new(why))))
}

impl Desk {
    /// May this caller see and prepare what finance staff see and prepare?
    pub fn finance_staff(&self, by: &str) -> Result<(), AskError> {
        if self.finance.may_look(by) {
            return Ok(());
        }
        Err(AskError::Forbidden(format!("{by} is neither staff nor approver of [finance] in the configuration")))
    }

    /// What takes two people by name: this one proposes.
    fn proposer(&self, by: &str) -> Result<(), AskError> {
        if by == "operator" {
            return Err(value(
                "by",
                "two people by name do this, of [finance] in the configuration; operator is nobody",
            ));
        }
        self.finance_staff(by)
    }

    /// What takes two people by name: this one decides.
    fn approver(&self, by: &str) -> Result<(), AskError> {
        self.proposer(by)?;
        if self.finance.approvers.iter().any(|name| kazasu_schemas::canonical::same(name, by)) {
            return Ok(());
        }
        Err(AskError::Forbidden(format!("{by} is no approver of [finance] in the configuration")))
    }

    /// A difference by its number, or the beginning of it.
    async fn difference(&self, text: &str) -> Result<[u8; 16], AskError> {
        let all = self.ask(|state| state.differences(false)).await?;
        let text = text.trim().to_lowercase();
        let found: Vec<[u8; 16]> = all
            .iter()
            .map(|d| d.difference.id)
            .filter(|id| text.len() >= 6 && hex::encode(id).starts_with(&text))
            .collect();
        match found[..] {
            [one] => Ok(one),
            [] => Err(refused(NotClosed::UnknownDifference(text))),
            _ => Err(value(
                "difference",
                format!("{text} is the beginning of {} differences; write more of it", found.len()),
            )),
        }
    }

    async fn propose_closing(
        &self,
        proposal: Proposal,
        source: String,
        why: &str,
        by: &str,
    ) -> Result<Value, AskError> {
        self.proposer(by)?;
        let (by, why) = (by.to_owned(), why.to_owned());
        let (done, number) = self.request_approval(Request { proposal, source, by, why }).await?;
        Ok(with(done, json!({ "proposal": number })))
    }

    /// Carries it out; returns when its record is durable.
    pub async fn closing(&self, ask: ClosingAsk, by: &str) -> Result<Value, AskError> {
        self.finance_staff(by)?;
        let ask = match ask {
            ClosingAsk::Contracts { source, why } => return self.propose_contracts(source, &why, by).await,
            ClosingAsk::Decide { proposal, approve, why } => {
                self.approver(by)?;
                return self.finance_decides(Decision { proposal, approve, by: by.to_owned(), why }).await;
            }
            ClosingAsk::CutOver { day, why } => return self.end_day(&day, &why, by).await,
            ClosingAsk::Reconciled { day: text, why, without } => {
                let day = day("day", &text)?;
                let why = self.compared_with_all(day, &without, reason("why", &why)?).await?;
                Closing::Mark { day, state: DayState::Reconciled, by: by.to_owned(), why }
            }
            ClosingAsk::Settle { day: text } => return self.settle_day(day("day", &text)?, by).await,
            ClosingAsk::Sign { day: text } => return self.sign_day(day("day", &text)?).await,
            ClosingAsk::Payout { value_date, settlements, why } => {
                return self.propose_payout(value_date, settlements, &why, by).await;
            }
            ClosingAsk::CancelPayout { payout, why } => {
                return self.propose_closing(Proposal::CancelPayout { payout }, String::new(), &why, by).await;
            }
            ClosingAsk::Dispute { record, amount, reference, why } => {
                let why = reason("why", &why)?;
                let (amount, reference, by) = (Yen::new(amount), reference.trim().to_owned(), by.to_owned());
                Closing::Dispute { tap: record, amount, reference, why, by }
            }
            ClosingAsk::Note { difference, owner, note } => Closing::Note {
                id: self.difference(&difference).await?,
                owner,
                note: reason("note", &note)?,
                by: by.to_owned(),
            },
            ClosingAsk::Resolve { difference, how, why } => {
                let id = self.difference(&difference).await?;
                let how = resolution(&how)?;
                return self.propose_closing(Proposal::Resolve { id, how }, String::new(), &why, by).await;
            }
            ClosingAsk::Received { from, amount, reference, day, another } => {
                let line = self.money_received(Receipt { from, amount, reference, day, another }, by)?;
                return Ok(with(self.command(Command::Line(Box::new(line))).await?, json!({})));
            }
            ClosingAsk::Undo { line, from, why } => return self.propose_undo(line, from, &why, by).await,
        };
        Ok(with(self.command(Command::Closing(ask)).await?, json!({})))
    }

    async fn propose_contracts(&self, source: String, why: &str, by: &str) -> Result<Value, AskError> {
        let contracts = kazasu_documents::contracts::read(&source)
            .map_err(|problems| AskError::Policy(problems.iter().map(ToString::to_string).collect()))?;
        self.propose_closing(Proposal::Contracts(Box::new(contracts)), source, why, by).await
    }

    /// Decides what finance staff proposed, and nothing that is a city's or about a person's link.
    async fn finance_decides(&self, decision: Decision) -> Result<Value, AskError> {
        let open = self.open_approval(decision.proposal).await?;
        if !open.is_for_finance() {
            let problem = match open.city.is_empty() {
                false => "is a city's; its approver decides it (kazasu relief decide)",
                true => "is about a person's link (kazasu link decide)",
            };
            return Err(value("proposal", problem));
        }
        Ok(with(self.decide_approval(decision).await?, json!({})))
    }

    /// Ends the open business day by hand; one that has ended stays as it is.
    async fn end_day(&self, text: &str, why: &str, by: &str) -> Result<Value, AskError> {
        let before = self.ask(|state| state.day).await?;
        let meant = day("day", text)?;
        if meant < before {
            let days = json!({ "closed": meant.to_string(), "opened": before.to_string() });
            return Ok(with(kazasu_core::Done::Unchanged, days));
        }
        if meant > before {
            return Err(value("day", format!("{meant} has not begun; {before} is open")));
        }
        let (by, why) = (by.to_owned(), reason("why", why)?);
        let done = self.command(Command::CutOver { keep_days: self.keep_days, by, why }).await?;
        let now = self.ask(|state| state.day).await?;
        Ok(with(done, json!({ "closed": before.to_string(), "opened": now.to_string() })))
    }

    /// What is booked for money that was received.
    fn money_received(&self, receipt: Receipt, by: &str) -> Result<StatementLine, AskError> {
        let Receipt { from, amount, reference, day: text, another } = receipt;
        let today = self.now().jst_day();
        let paid = text.map_or(Ok(today), |text| day("day", &text))?;
        if paid > today || today.0 - paid.0 > crate::statement::MOST_DAYS_BACK {
            let most = crate::statement::MOST_DAYS_BACK;
            return Err(value("day", format!("must be today or up to {most} days before, got {paid}")));
        }
        let another = another.map(|why| reason("another", &why)).transpose()?;
        Ok(StatementLine {
            reference,
            what: Booking::Received { from: payer_of(&from)?, amount: Yen::new(amount) },
            day: Some(paid),
            statement: None,
            seen: None,
            alike: if another.is_some() { Alike::Another } else { Alike::Waits },
            by: by.to_owned(),
            why: another.unwrap_or_default(),
        })
    }

    /// Proposes to undo what was booked for a line of the bank's statement.
    async fn propose_undo(&self, line: String, from: Option<String>, why: &str, by: &str) -> Result<Value, AskError> {
        let name = line.clone();
        if let Some(city) = self.ask(move |state| state.line_city(&name)).await? {
            return Err(value("line", format!("is of city {city}; its treasurer proposes it (kazasu relief undo)")));
        }
        let payer = from.as_deref().map(payer_of).transpose()?;
        let proposal = Proposal::UndoBooking { reference: line, payer };
        self.propose_closing(proposal, String::new(), why, by).await
    }

    /// Was the day compared with every acquirer and issuer that had taps on it, but for those that are named? What is left out is
    /// written into the reason.
    async fn compared_with_all(&self, day: BusinessDay, without: &[String], why: String) -> Result<String, AskError> {
        let parties = self.office()?.books(|books| Ok(books.parties(day))).await.map_err(AskError::Other)?;
        let runs = self
            .ask(move |state| {
                let covers = |run: &&kazasu_ledger::record::ReconRan| run.period.from <= day && day <= run.period.until;
                let named = |run: &kazasu_ledger::record::ReconRan| format!("{} {}", run.against.name(), run.party);
                let (read, unread): (Vec<_>, Vec<_>) =
                    state.runs().iter().rev().filter(covers).partition(|run| run.bad_lines == 0);
                let list =
                    |runs: Vec<&kazasu_ledger::record::ReconRan>| runs.into_iter().map(named).collect::<Vec<_>>();
                (list(read), list(unread))
            })
            .await?;
        // Of a file with lines that could not be read nobody knows what they say.
        let (runs, unread) = runs;
        if let Some(nobody) = without.iter().find(|name| !parties.contains(name)) {
            let known = if parties.is_empty() { "nobody".to_owned() } else { parties.join(", ") };
            return Err(value("without", format!("{nobody:?} had no taps on {day}; {known} had")));
        }
        let missing: Vec<&String> =
            parties.iter().filter(|name| !runs.contains(name) && !without.contains(name)).collect();
        if !missing.is_empty() {
            let list = missing.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
            let partly: Vec<&str> =
                missing.iter().filter(|name| unread.contains(name)).map(|name| name.as_str()).collect();
            let partly = match partly[..] {
                [] => String::new(),
                _ => format!(" (lines of {} could not be read: read the mended file in)", partly.join(", ")),
            };
            return Err(value(
                "day",
                format!("{day} was not compared with {list}{partly}; compare it, or name whom you leave out (without)"),
            ));
        }
        let left_out: Vec<&str> = without.iter().filter(|name| !runs.contains(name)).map(String::as_str).collect();
        let mut why = why;
        if !left_out.is_empty() {
            why = format!("{why} （照合なし without {}）", left_out.join(", "));
        }
        if why.chars().count() > 200 {
            return Err(value("why", "together with whom you leave out it has at most 200 characters"));
        }
        Ok(why)
    }

    async fn propose_payout(
        &self,
        value_date: Option<String>,
        named: Option<Vec<u32>>,
        why: &str,
        by: &str,
    ) -> Result<Value, AskError> {
        let bank_day: BusinessDay = match value_date {
            Some(text) => day("value_date", &text)?,
            None => {
                let tomorrow = self.now().jst_day().next();
                self.calendar.next_business_day(tomorrow).map_err(|e| value("value_date", e))?
            }
        };
        if !self.calendar.is_bank_business_day(bank_day).map_err(|e| value("value_date", e))? {
            return Err(value("value_date", format!("banks are closed on {bank_day}")));
        }
        let today = self.now().jst_day();
        if bank_day < today || bank_day.0 - today.0 > 60 {
            return Err(value("value_date", format!("must be today or within 60 days, got {bank_day}")));
        }
        let all = self.ask(|state| state.settlements()).await?;
        let due = all.iter().filter(|s| s.state == kazasu_core::SettlementState::Due);
        let chosen: Vec<_> = match &named {
            Some(numbers) => all.iter().filter(|s| numbers.contains(&s.number)).cloned().collect(),
            None => due.filter(|s| s.value_date <= bank_day).cloned().collect(),
        };
        if let Some(unknown) = named.iter().flatten().find(|n| !chosen.iter().any(|s| s.number == **n)) {
            return Err(value("settlements", format!("{unknown} is not known")));
        }
        if chosen.is_empty() {
            let text = format!("none is due with a value date on or before {bank_day}; kazasu settle lists them");
            return Err(value("settlements", text));
        }
        let missing = self.without_account(&chosen)?;
        if !missing.is_empty() {
            return Err(value("payees", format!("no account is on file for {}", missing.join(", "))));
        }
        let total = chosen.iter().fold(Yen::ZERO, |sum, s| kazasu_projections::books::sum(sum, s.settlement.paid));
        let settlements: Vec<u32> = chosen.iter().map(|s| s.number).collect();
        let count = settlements.len();
        let payees = self.payout_config()?.digest(&chosen);
        let proposal = Proposal::Payout { settlements, total, value_date: bank_day, payees };
        let mut out = self.propose_closing(proposal, String::new(), why, by).await?;
        out["settlements"] = count.into();
        out["total_yen"] = total.get().into();
        out["value_date"] = bank_day.to_string().into();
        Ok(out)
    }
}

impl CompareWith {
    /// From what people write.
    pub fn new(against: &str, party: &str, from: &str, until: &str) -> Result<Self, AskError> {
        let against = match against {
            "acquirer" => Against::Acquirer,
            "issuer" => Against::Issuer,
            other => return Err(value("against", format!("must be acquirer or issuer, got {other:?}"))),
        };
        // As the ledger writes it, so that one party has one name.
        let party = party.trim();
        let number = party.parse::<u16>().ok().filter(|_| against == Against::Issuer);
        Ok(CompareWith {
            against,
            party: number.map_or_else(|| party.to_owned(), |n| n.to_string()),
            from: day("from", from)?,
            until: day("until", until)?,
        })
    }
}
