//! What finance staff do: contracts, days, exceptions, and money that was received. Requests for an approval and their decisions
//! take two people by name.

use crate::access::Name;
use crate::approvals::{Decision, Request};
use crate::error::{Result, ServiceError, value};
use crate::fields::{day, reason};
use crate::operation::{Operation, Outcome, Recorded, Requested};
use crate::payer::{party, payer};
use crate::{Services, Who};
use kazasu_core::{Alike, Booking, Closing, Command, NotClosed, StatementLine};
use kazasu_ledger::record::{Payer, Proposal, ReconRan};
use kazasu_schemas::closing::{DayState, Resolution};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use serde::{Deserialize, Serialize};

/// Proposes the contracts of a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposeContracts {
    /// The file's text.
    pub source: String,
    /// Why.
    pub why: String,
}

impl Operation for ProposeContracts {
    const NAME: Name = Name::ProposeContracts;
    type Answer = Requested;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Requested> {
        let ProposeContracts { source, why } = self;
        let contracts = kazasu_documents::contracts::read(&source).map_err(|problems| ServiceError::file(&problems))?;
        let (proposal, by) = (Proposal::Contracts(Box::new(contracts)), who.name.clone());
        services.request_approval(Request { proposal, source, by, why }).await
    }
}

/// Approves what another person of finance proposed, or turns it down.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecideClosing {
    /// Its number.
    pub proposal: u64,
    /// Approve it.
    pub approve: bool,
    /// Why.
    pub why: String,
}

impl Operation for DecideClosing {
    const NAME: Name = Name::DecideClosing;
    type Answer = Recorded;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let DecideClosing { proposal, approve, why } = self;
        let open = services.open_approval(proposal).await?;
        if !open.is_for_finance() {
            let problem = match open.city.is_empty() {
                false => "is a city's; its approver decides it (kazasu relief decide)",
                true => "is about a person's link (kazasu link decide)",
            };
            return Err(value("proposal", problem));
        }
        let decision = Decision { proposal, approve, by: who.name.clone(), why };
        Ok(services.decide_approval(decision).await?.into())
    }
}

/// Ends the open business day by hand.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CutOver {
    /// The day that is meant, so that asking again ends no other.
    pub day: String,
    /// Why.
    pub why: String,
}

/// A business day that ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DayEnded {
    /// Whether anything changed.
    pub result: Outcome,
    /// The day that ended.
    pub closed: String,
    /// The day that is open.
    pub opened: String,
}

impl Operation for CutOver {
    const NAME: Name = Name::CutOver;
    type Answer = DayEnded;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<DayEnded> {
        let open = services.query(|state| state.day).await?;
        let meant = day("day", &self.day)?;
        if meant < open {
            let (closed, opened) = (meant.to_string(), open.to_string());
            return Ok(DayEnded { result: Outcome::Unchanged, closed, opened });
        }
        if meant > open {
            return Err(value("day", format!("{meant} has not begun; {open} is open")));
        }
        let (by, why) = (who.name.clone(), reason("why", &self.why)?);
        let done = services.command(Command::CutOver { keep_days: services.keep_days, by, why }).await?;
        let now = services.query(|state| state.day).await?;
        Ok(DayEnded { result: done.into(), closed: open.to_string(), opened: now.to_string() })
    }
}

/// A day was compared with every party that had taps, but for those named, and every exception is in somebody's hands.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarkReconciled {
    /// The day.
    pub day: String,
    /// Why.
    pub why: String,
    /// Parties that had taps and were not compared, like `issuer 4`. The reason names them.
    #[serde(default)]
    pub without: Vec<String>,
}

impl Operation for MarkReconciled {
    const NAME: Name = Name::MarkReconciled;
    type Answer = Recorded;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let (day, why) = (day("day", &self.day)?, reason("why", &self.why)?);
        let without: Vec<String> = self.without.iter().map(|name| party(name)).collect();
        let why = services.compared_with_all(day, &without, why).await?;
        let mark = Closing::Mark { day, state: DayState::Reconciled, by: who.name.clone(), why };
        Ok(services.command(Command::Closing(mark)).await?.into())
    }
}

impl Services {
    /// Was the day compared with every acquirer and issuer that had taps on it, but for those that are named? What is left out is
    /// written into the reason.
    async fn compared_with_all(&self, day: BusinessDay, without: &[String], why: String) -> Result<String> {
        let parties = self.closing_context()?.books(|books| Ok(books.parties(day))).await;
        let parties = parties.map_err(ServiceError::Other)?;
        let (compared, unread) = self.query(move |state| runs_over(state.runs(), day)).await?;
        if let Some(other) = without.iter().find(|name| !parties.contains(name)) {
            let known = if parties.is_empty() { "no party".to_owned() } else { parties.join(", ") };
            return Err(value("without", format!("{other:?} had no taps on {day}; {known} had")));
        }
        let missing: Vec<&str> = parties
            .iter()
            .filter(|name| !compared.contains(name) && !without.contains(name))
            .map(String::as_str)
            .collect();
        if !missing.is_empty() {
            let partly: Vec<&str> = missing.iter().copied().filter(|name| unread.iter().any(|n| n == name)).collect();
            let partly = match partly[..] {
                [] => String::new(),
                _ => format!(" (lines of {} could not be read: read the mended file in)", partly.join(", ")),
            };
            let text = format!(
                "{day} was not compared with {}{partly}; compare it, or name whom you leave out (without)",
                missing.join(", ")
            );
            return Err(value("day", text));
        }
        let left_out: Vec<&str> = without.iter().filter(|name| !compared.contains(name)).map(String::as_str).collect();
        let why = match left_out[..] {
            [] => why,
            _ => format!("{why} （照合なし without {}）", left_out.join(", ")),
        };
        if why.chars().count() > 200 {
            return Err(value("why", "together with whom you leave out it has at most 200 characters"));
        }
        Ok(why)
    }
}

/// Parties that were compared over a day, and those whose file had lines that could not be read: what such lines say is not known.
fn runs_over(runs: &[ReconRan], day: BusinessDay) -> (Vec<String>, Vec<String>) {
    let covers = |run: &&ReconRan| run.period.from <= day && day <= run.period.until;
    let named = |run: &ReconRan| format!("{} {}", run.against.name(), run.party);
    let (read, unread): (Vec<_>, Vec<_>) = runs.iter().rev().filter(covers).partition(|run| run.bad_lines == 0);
    (read.into_iter().map(named).collect(), unread.into_iter().map(named).collect())
}

/// Looks after an exception, or writes down what was found out.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteException {
    /// The exception, or the beginning of its number.
    #[serde(alias = "difference")]
    pub exception: String,
    /// Who looks after it from here on.
    #[serde(default)]
    pub owner: Option<String>,
    /// What was found out.
    pub note: String,
}

impl Operation for NoteException {
    const NAME: Name = Name::NoteException;
    type Answer = Recorded;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let NoteException { exception, owner, note } = self;
        let id = services.exception(&exception).await?;
        let note = Closing::Note { id, owner, note: reason("note", &note)?, by: who.name.clone() };
        Ok(services.command(Command::Closing(note)).await?.into())
    }
}

impl Services {
    /// An exception by its number, or the beginning of it.
    async fn exception(&self, text: &str) -> Result<[u8; 16]> {
        let all = self.query(|state| state.exceptions(false)).await?;
        let text = text.trim().to_lowercase();
        let is_it = |id: &[u8; 16]| text.len() >= 6 && hex::encode(id).starts_with(&text);
        let found: Vec<[u8; 16]> = all.iter().map(|d| d.exception.id).filter(is_it).collect();
        match found[..] {
            [one] => Ok(one),
            [] => Err(NotClosed::UnknownException(text).into()),
            _ => {
                let many = format!("{text} is the beginning of {} exceptions; write more of it", found.len());
                Err(value("exception", many))
            }
        }
    }
}

/// An issuer takes a payment back (chargeback). Two people decide who is liable, as with any exception.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenDispute {
    /// The payment's record.
    pub record: u64,
    /// Yen.
    pub amount: i64,
    /// The issuer's reference: a dispute is opened once.
    pub reference: String,
    /// What the issuer says.
    pub why: String,
}

impl Operation for OpenDispute {
    const NAME: Name = Name::OpenDispute;
    type Answer = Recorded;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let why = reason("why", &self.why)?;
        let (amount, reference) = (Yen::new(self.amount), self.reference.trim().to_owned());
        let dispute = Closing::Dispute { tap: self.record, amount, reference, why, by: who.name.clone() };
        Ok(services.command(Command::Closing(dispute)).await?.into())
    }
}

/// Proposes how an exception is resolved.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposeResolution {
    /// The exception, or the beginning of its number.
    #[serde(alias = "difference")]
    pub exception: String,
    /// `explained`, `booked_issuer`, `booked_merchant` or `written_off`.
    pub how: String,
    /// Why.
    pub why: String,
}

impl Operation for ProposeResolution {
    const NAME: Name = Name::ProposeResolution;
    type Answer = Requested;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Requested> {
        let ProposeResolution { exception, how, why } = self;
        let id = services.exception(&exception).await?;
        let wrong = || format!("must be explained, booked_issuer, booked_merchant or written_off, got {how:?}");
        let how = Resolution::parse(&how).ok_or_else(|| value("how", wrong()))?;
        services.request_approval(Request::plain(Proposal::Resolve { id, how }, who, why)).await
    }
}

/// An issuer, or the funder of points, paid.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookReceived {
    /// Who paid: `issuer 1`, `funder 1`.
    pub from: String,
    /// Yen.
    pub amount: i64,
    /// The payment's own: it is booked once.
    pub reference: String,
    /// The day on which it was paid; today when absent.
    #[serde(default)]
    pub day: Option<String>,
    /// Why it is another payment than one that looks the same.
    #[serde(default)]
    pub another: Option<String>,
}

fn payer_of(text: &str) -> Result<Payer> {
    payer(text).ok_or_else(|| value("from", format!("must be `issuer N` or `funder N`, got {text:?}")))
}

impl Operation for BookReceived {
    const NAME: Name = Name::BookReceived;
    type Answer = Recorded;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let today = services.now().jst_day();
        let paid = self.day.as_deref().map_or(Ok(today), |text| day("day", text))?;
        let most = crate::statement::MOST_DAYS_BACK;
        if paid > today || today.0 - paid.0 > most {
            return Err(value("day", format!("must be today or up to {most} days before, got {paid}")));
        }
        let another = self.another.map(|why| reason("another", &why)).transpose()?;
        let line = StatementLine {
            reference: self.reference,
            what: Booking::Received { from: payer_of(&self.from)?, amount: Yen::new(self.amount) },
            day: Some(paid),
            statement: None,
            seen: None,
            alike: if another.is_some() { Alike::Another } else { Alike::Waits },
            by: who.name.clone(),
            why: another.unwrap_or_default(),
        };
        Ok(services.command(Command::Line(Box::new(line))).await?.into())
    }
}

/// Proposes to undo what was booked for a line of the bank's statement, or by hand for a payer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposeUndo {
    /// The line, or the reference.
    pub line: String,
    /// Of a payment that was booked by hand: who paid.
    #[serde(default)]
    pub from: Option<String>,
    /// Why.
    pub why: String,
}

impl Operation for ProposeUndo {
    const NAME: Name = Name::ProposeUndo;
    type Answer = Requested;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Requested> {
        let ProposeUndo { line, from, why } = self;
        let name = line.clone();
        if let Some(city) = services.query(move |state| state.line_city(&name)).await? {
            return Err(value("line", format!("is of city {city}; its treasurer proposes it (kazasu relief undo)")));
        }
        let payer = from.as_deref().map(payer_of).transpose()?;
        let proposal = Proposal::UndoBooking { reference: line, payer };
        services.request_approval(Request::plain(proposal, who, why)).await
    }
}

/// Signs a day's last record.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignDay {
    /// The day.
    pub day: String,
}

/// A day that is signed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DaySigned {
    /// Whether anything changed.
    pub result: Outcome,
    /// The day.
    pub day: String,
    /// Its last record.
    pub record: u64,
    /// That record's hash, in hexadecimal.
    pub hash: String,
    /// The public key that signed, in hexadecimal.
    pub key: String,
}

impl Operation for SignDay {
    const NAME: Name = Name::SignDay;
    type Answer = DaySigned;

    async fn carry_out(self, services: &Services, _: &Who) -> Result<DaySigned> {
        services.sign_day(day("day", &self.day)?).await
    }
}

/// Books the settlements that ended with a day. Doing it again changes nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettleDay {
    /// The day.
    pub day: String,
}

/// A day that is settled.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DaySettled {
    /// Whether anything changed.
    pub result: Outcome,
    /// The day.
    pub day: String,
    /// What was booked; absent where the day was settled before.
    #[serde(flatten)]
    pub sums: Option<SettledSums>,
}

/// What settling a day came to.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct SettledSums {
    /// Settlements of merchants.
    pub merchants: usize,
    /// Issuers that owe something.
    pub issuers: usize,
    /// Records that were made.
    pub booked: u64,
    /// Yen that merchants are paid.
    pub paid_yen: i64,
    /// Yen of fees.
    pub fees_yen: i64,
}

impl Operation for SettleDay {
    const NAME: Name = Name::SettleDay;
    type Answer = DaySettled;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<DaySettled> {
        services.settle_day(day("day", &self.day)?, &who.name).await
    }
}

/// Proposes to give a payout up that the bank did not take; its settlements are due again.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposeCancelPayout {
    /// The payout.
    pub payout: u64,
    /// Why.
    pub why: String,
}

impl Operation for ProposeCancelPayout {
    const NAME: Name = Name::ProposeCancelPayout;
    type Answer = Requested;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Requested> {
        let proposal = Proposal::CancelPayout { payout: self.payout };
        services.request_approval(Request::plain(proposal, who, self.why)).await
    }
}
