//! Actions of finance staff: contracts, days, exceptions, and received money. Requests for approval and their decisions require
//! two people by name.

use crate::access::Name;
use crate::approvals::{Request, document};
use crate::error::{Result, ServiceError, not_now, unfit};
use crate::fields::{day, reason};
use crate::operation::{Operation, Outcome, Recorded, Requested};
use crate::payer::{party, payer};
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_core::{Alike, Booking, Closing, Command, NotClosed, StatementLine, WhichExceptions};
use kazasu_ledger::record::{Payer, Proposal, ReconRan};
use kazasu_schemas::closing::{DayState, Resolution};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_text::problems::ProblemText;
use kazasu_text::{AnyOf, Count, Quoted, Said};
use serde::{Deserialize, Serialize};

/// Requests approval of the contracts of a file.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeContracts {
    /// The file's text.
    pub source: String,
    /// The file's name, for the person who decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The reason, which the record keeps.
    pub why: String,
}

impl Operation for ProposeContracts {
    const NAME: Name = Name::ProposeContracts;
    type Answer = Requested;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Requested> {
        let ProposeContracts { source, file, why } = self;
        let contracts = kazasu_documents::contracts::read(&source).map_err(|problems| ServiceError::file(&problems))?;
        let proposal = Proposal::Contracts(Box::new(contracts));
        services.request_approval(Request::of_file(proposal, document(source, file), who.says(why)), who).await
    }
}

/// Ends the open business day by hand.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CutOver {
    /// The intended day, so that a repeated request ends no other.
    pub day: String,
    /// The reason, which the record keeps.
    pub why: String,
}

/// A business day that ended.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
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

    fn subject(&self) -> Subject {
        Subject::named("day", &self.day).because(Some(&self.why))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<DayEnded> {
        let open = services.query(|state| state.day).await?;
        let meant = day("day", &self.day)?;
        if meant < open {
            let (closed, opened) = (meant.to_string(), open.to_string());
            return Ok(DayEnded { result: Outcome::Unchanged, closed, opened });
        }
        if meant > open {
            return Err(not_now("day", &ProblemText::NotBegun { day: meant, open }));
        }
        let said = who.says(reason("why", &self.why)?);
        let done = services.command(Command::CutOver { keep_days: services.keep_days, said }).await?;
        let now = services.query(|state| state.day).await?;
        Ok(DayEnded { result: done.into(), closed: open.to_string(), opened: now.to_string() })
    }
}

/// A day was compared with every party that had taps, except the named ones, and every exception has an owner.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkReconciled {
    /// The day.
    pub day: String,
    /// The reason, which the record keeps.
    pub why: String,
    /// Parties that had taps and were not compared, like `issuer 4`. The reason names them.
    #[serde(default)]
    pub without: Vec<String>,
}

impl Operation for MarkReconciled {
    const NAME: Name = Name::MarkReconciled;
    type Answer = Recorded;

    fn subject(&self) -> Subject {
        Subject::named("day", &self.day).because(Some(&self.why))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let (day, why) = (day("day", &self.day)?, reason("why", &self.why)?);
        let without: Vec<String> = self.without.iter().map(|name| party(name)).collect();
        let why = services.compared_with_all(day, &without, why).await?;
        let mark = Closing::Mark { day, state: DayState::Reconciled, said: who.says(why) };
        Ok(services.command(Command::Closing(mark)).await?.into())
    }
}

impl Services {
    /// Whether the day was compared with every acquirer and issuer that had taps on it, except the named ones. The reason records
    /// the omitted parties.
    async fn compared_with_all(&self, day: BusinessDay, without: &[String], why: String) -> Result<String> {
        let parties = self.closing_context()?.fee_projection(|fees| Ok(fees.parties(day))).await;
        let parties = parties.map_err(ServiceError::Other)?;
        let (compared, unread) = self.query(move |state| runs_over(state.runs(), day)).await?;
        if let Some(other) = without.iter().find(|name| !parties.contains(name)) {
            let party = Quoted(other);
            let problem = match &*parties.join(", ") {
                "" => Said::of(&ProblemText::NoTapsAtAll { party, day }),
                known => Said::of(&ProblemText::NoTaps { party, day, known }),
            };
            return Err(unfit("without", &problem));
        }
        let missing: Vec<&str> = parties
            .iter()
            .filter(|name| !compared.contains(name) && !without.contains(name))
            .map(String::as_str)
            .collect();
        if !missing.is_empty() {
            let partly: Vec<&str> = missing.iter().copied().filter(|name| unread.iter().any(|n| n == name)).collect();
            let (parties, partly) = (&*missing.join(", "), &*partly.join(", "));
            return Err(match partly {
                "" => not_now("day", &ProblemText::NotCompared { day, parties }),
                _ => not_now("day", &ProblemText::PartlyCompared { day, parties, partly }),
            });
        }
        let left_out: Vec<&str> = without.iter().filter(|name| !compared.contains(name)).map(String::as_str).collect();
        let why = match left_out[..] {
            [] => why,
            _ => format!("{why} [without {}]", left_out.join(", ")),
        };
        if why.chars().count() > 200 {
            return Err(unfit("why", &ProblemText::ReasonWithParties));
        }
        Ok(why)
    }
}

/// Parties that were compared over a day, and parties whose file had unreadable lines: the content of such lines is unknown.
fn runs_over(runs: &[ReconRan], day: BusinessDay) -> (Vec<String>, Vec<String>) {
    let covers = |run: &&ReconRan| run.period.from <= day && day <= run.period.until;
    let named = |run: &ReconRan| format!("{} {}", run.against.name(), run.party);
    let (read, unread): (Vec<_>, Vec<_>) = runs.iter().rev().filter(covers).partition(|run| run.bad_lines == 0);
    (read.into_iter().map(named).collect(), unread.into_iter().map(named).collect())
}

/// Sets the owner of an exception, or adds a note.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteException {
    /// The exception, or the beginning of its number.
    #[serde(alias = "difference")]
    pub exception: String,
    /// Its owner from now on.
    #[serde(default)]
    pub owner: Option<String>,
    /// The note.
    pub note: String,
}

impl Operation for NoteException {
    const NAME: Name = Name::NoteException;
    type Answer = Recorded;

    fn subject(&self) -> Subject {
        Subject::named("exception", &self.exception)
    }

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
        let all = self.query(|state| state.exceptions(WhichExceptions::All)).await?;
        let text = text.trim().to_lowercase();
        let is_it = |id: &[u8; 16]| text.len() >= 6 && hex::encode(id).starts_with(&text);
        let found: Vec<[u8; 16]> = all.iter().map(|d| d.exception.id).filter(is_it).collect();
        match found[..] {
            [one] => Ok(one),
            [] => Err(NotClosed::UnknownException(text).into()),
            _ => {
                let exceptions = found.len().into();
                Err(unfit("exception", &ProblemText::BeginningOfSeveral { text: &text, exceptions }))
            }
        }
    }
}

/// An issuer takes a payment back (chargeback). Two people decide who is liable, as with any exception.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenDispute {
    /// The payment's record.
    pub record: u64,
    /// Yen.
    pub amount: i64,
    /// The issuer's reference: a dispute is opened once.
    pub reference: String,
    /// The issuer's words.
    pub why: String,
}

impl Operation for OpenDispute {
    const NAME: Name = Name::OpenDispute;
    type Answer = Recorded;

    fn subject(&self) -> Subject {
        Subject::numbered("record", self.record).because(Some(&self.why))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let why = reason("why", &self.why)?;
        let (amount, reference) = (Yen::new(self.amount), self.reference.trim().to_owned());
        let dispute = Closing::Dispute { tap: self.record, amount, reference, said: who.says(why) };
        Ok(services.command(Command::Closing(dispute)).await?.into())
    }
}

/// Requests approval of an exception's resolution.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeResolution {
    /// The exception, or the beginning of its number.
    #[serde(alias = "difference")]
    pub exception: String,
    /// `explained`, `booked_issuer`, `booked_merchant` or `written_off`.
    pub how: String,
    /// The reason, which the record keeps.
    pub why: String,
}

impl Operation for ProposeResolution {
    const NAME: Name = Name::ProposeResolution;
    type Answer = Requested;

    fn subject(&self) -> Subject {
        Subject::named("exception", &self.exception).because(Some(&self.why))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Requested> {
        let ProposeResolution { exception, how, why } = self;
        let id = services.exception(&exception).await?;
        let choices = AnyOf(&["explained", "booked_issuer", "booked_merchant", "written_off"]);
        let wrong = || unfit("how", &ProblemText::OneOf { choices, got: Quoted(&how) });
        let how = Resolution::parse(&how).ok_or_else(wrong)?;
        services.request_approval(Request::plain(Proposal::Resolve { id, how }, who, why), who).await
    }
}

/// An issuer, or the funder of points, paid.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BookReceived {
    /// The payer: `issuer 1`, `funder 1`.
    pub from: String,
    /// Yen.
    pub amount: i64,
    /// The payment's own: it is booked once.
    pub reference: String,
    /// The day on which it was paid; today when absent.
    #[serde(default)]
    pub day: Option<String>,
    /// The reason why it is another payment than one that looks the same.
    #[serde(default)]
    pub another: Option<String>,
}

fn payer_of(text: &str) -> Result<Payer> {
    payer(text).ok_or_else(|| unfit("from", &ProblemText::Payer { got: Quoted(text) }))
}

impl Operation for BookReceived {
    const NAME: Name = Name::BookReceived;
    type Answer = Recorded;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let today = services.now().jst_day();
        let paid = self.day.as_deref().map_or(Ok(today), |text| day("day", text))?;
        let most = crate::statement::MOST_DAYS_BACK;
        if paid > today || today.0 - paid.0 > most {
            return Err(unfit(
                "day",
                &ProblemText::DaysBack { days: Count(u64::try_from(most).unwrap_or(0)), got: paid },
            ));
        }
        let another = self.another.map(|why| reason("another", &why)).transpose()?;
        let line = StatementLine {
            reference: self.reference,
            what: Booking::Received { from: payer_of(&self.from)?, amount: Yen::new(self.amount) },
            day: Some(paid),
            statement: None,
            seen: None,
            alike: if another.is_some() { Alike::Another } else { Alike::Waits },
            said: who.says(another.unwrap_or_default()),
        };
        Ok(services.command(Command::Line(Box::new(line))).await?.into())
    }
}

/// Requests approval for undoing the booking of a line of the bank statement, or a booking by hand for a payer.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeUndo {
    /// The line, or the reference.
    pub line: String,
    /// Of a payment that was booked by hand: the payer.
    #[serde(default)]
    pub from: Option<String>,
    /// The reason, which the record keeps.
    pub why: String,
}

impl Operation for ProposeUndo {
    const NAME: Name = Name::ProposeUndo;
    type Answer = Requested;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Requested> {
        let ProposeUndo { line, from, why } = self;
        let name = line.clone();
        if let Some(city) = services.query(move |state| state.line_city(&name)).await? {
            return Err(unfit("line", &ProblemText::LineOfCity { city: &city }));
        }
        let payer = from.as_deref().map(payer_of).transpose()?;
        let proposal = Proposal::UndoBooking { reference: line, payer };
        services.request_approval(Request::plain(proposal, who, why), who).await
    }
}

/// Signs a day's last record.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignDay {
    /// The day.
    pub day: String,
}

/// A day that is signed.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
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

    fn subject(&self) -> Subject {
        Subject::named("day", &self.day)
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<DaySigned> {
        services.sign_day(day("day", &self.day)?, who).await
    }
}

/// Books the settlements that ended with a day. Doing it again changes nothing.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettleDay {
    /// The day.
    pub day: String,
}

/// A day that is settled.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DaySettled {
    /// Whether anything changed.
    pub result: Outcome,
    /// The day.
    pub day: String,
    /// The bookings; absent where the day was settled before.
    #[serde(flatten)]
    pub sums: Option<SettledSums>,
}

/// The result of settling a day.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
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

    fn subject(&self) -> Subject {
        Subject::named("day", &self.day)
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<DaySettled> {
        services.settle_day(day("day", &self.day)?, who).await
    }
}

/// Requests approval for cancelling a payout that the bank did not take; its settlements are due again.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeCancelPayout {
    /// The payout.
    pub payout: u64,
    /// The reason, which the record keeps.
    pub why: String,
}

impl Operation for ProposeCancelPayout {
    const NAME: Name = Name::ProposeCancelPayout;
    type Answer = Requested;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Requested> {
        let proposal = Proposal::CancelPayout { payout: self.payout };
        services.request_approval(Request::plain(proposal, who, self.why), who).await
    }
}
