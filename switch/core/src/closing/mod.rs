//! Closing a business day: reconciled, settled, paid out, signed. What others say and what contracts charge is worked out elsewhere
//! (`closing` in the switch); here it is decided whether it can be booked, and booked once.

mod apply;
mod decide;
mod look;
mod refused;
mod standing;

pub(super) use decide::{command, effect_of};
pub use look::{DayView, ExceptionView, PayoutView, Position, SettlementView, StandingView};
pub(super) use refused::Advised;
pub use refused::REFUSED_ADVICE;
pub(super) use refused::refused_advice;
pub(super) use standing::Booking;

use kazasu_ledger::AccountId;
use kazasu_ledger::record::{EndedException, HeadSigned, MadeFile, Payer, ReconRan};
use kazasu_schemas::closing::{DayState, ReconException, Resolution};
use kazasu_schemas::contract::{Contracts, Period, Settlement};
use kazasu_schemas::ids::{InstitutionId, MerchantId};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::Format;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What is asked about days, settlements, payouts and exceptions.
#[derive(Clone, Debug)]
pub enum Closing {
    /// A day came a step further.
    Mark {
        /// The day.
        day: BusinessDay,
        /// How far.
        state: DayState,
        /// Who.
        by: String,
        /// Why, or what was found.
        why: String,
    },
    /// Book a merchant's settlement.
    SettleMerchant {
        /// Its acquirer.
        acquirer: InstitutionId,
        /// DE42.
        merchant: MerchantId,
        /// The amounts.
        settlement: Box<Settlement>,
        /// Points that the merchant funds, by programme.
        points: Vec<(u16, Yen)>,
        /// When it is paid.
        value_date: BusinessDay,
    },
    /// Book what an issuer keeps of a period.
    SettleIssuer {
        /// The issuer.
        issuer: u16,
        /// The days.
        period: Period,
        /// Payments less refunds.
        net: Yen,
        /// What it keeps.
        interchange: Yen,
    },
    /// Somebody paid what it owed.
    Received {
        /// Who.
        from: Payer,
        /// Yen.
        amount: Yen,
        /// The payment's own: it is booked once.
        reference: String,
        /// Who says so.
        by: String,
    },
    /// A payout's file was made.
    FileMade {
        /// The payout.
        payout: u64,
        /// Its form.
        format: Format,
        /// The files.
        files: Vec<MadeFile>,
        /// Who.
        by: String,
    },
    /// The bank took a payout's money.
    Taken {
        /// The payout.
        payout: u64,
        /// The file, from 0.
        file: u16,
        /// The statement's line.
        reference: String,
        /// Who.
        by: String,
    },
    /// A merchant's payout came back.
    Returned {
        /// The payout.
        payout: u64,
        /// The settlement.
        settlement: u32,
        /// The statement's line.
        reference: String,
        /// Who.
        by: String,
    },
    /// Lines were compared; the run's number is given here.
    Ran(Box<ReconRan>),
    /// What was found in a run. Known exceptions are left out.
    Raise {
        /// The run.
        run: u32,
        /// At most [`RAISED_AT_ONCE`].
        exceptions: Vec<ReconException>,
    },
    /// An issuer takes a payment back: a chargeback, until two people decide who bears it.
    Dispute {
        /// The payment.
        tap: u64,
        /// Yen.
        amount: Yen,
        /// The issuer's own: it is raised once.
        reference: String,
        /// What the issuer says.
        why: String,
        /// Who raises it.
        by: String,
    },
    /// Somebody looks after an exception.
    Note {
        /// Which.
        id: [u8; 16],
        /// Who from here on; as before when absent.
        owner: Option<String>,
        /// What was found out.
        note: String,
        /// Who writes.
        by: String,
    },
    /// A later file has what an earlier one lacked. What was resolved meanwhile is left out.
    End {
        /// The run.
        run: u32,
        /// At most [`RAISED_AT_ONCE`].
        ended: Vec<EndedException>,
        /// Who brought the file.
        by: String,
    },
    /// A day's last record was signed.
    Sign(Box<HeadSigned>),
}

/// Exceptions of one record.
pub const RAISED_AT_ONCE: usize = 64;

/// Why it was refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotClosed {
    /// The day is not known, or still open.
    #[error("business day {0} has not ended, or is before this book")]
    Open(BusinessDay),
    /// States follow each other.
    #[error("business day {day} is {is}; {wanted} follows {needed}")]
    Order {
        /// The day.
        day: BusinessDay,
        /// Where it is.
        is: &'static str,
        /// What was asked for.
        wanted: &'static str,
        /// What it follows.
        needed: &'static str,
    },
    /// Earlier days come first.
    #[error("business day {0} is not {1} yet; days are closed in their order")]
    Earlier(BusinessDay, &'static str),
    /// Nobody looks after some exceptions.
    #[error("{0} exceptions of {1} or before have neither an owner nor a resolution")]
    Unowned(usize, BusinessDay),
    /// The merchant is not known.
    #[error("merchant {1} of acquirer {0} is not registered")]
    UnknownMerchant(InstitutionId, MerchantId),
    /// The issuer is not known.
    #[error("issuer {0} is not registered")]
    UnknownIssuer(u16),
    /// The period does not follow the one before.
    #[error("the settlement begins on {from}, and {until} is settled already")]
    Overlap {
        /// It begins.
        from: BusinessDay,
        /// Settled until.
        until: BusinessDay,
    },
    /// What earlier periods left is another amount.
    #[error("the settlement carries {got} and releases {got_released}; the ledger has {carried} and {released}")]
    Opening {
        /// What came.
        got: Yen,
        /// What came.
        got_released: Yen,
        /// What is there.
        carried: Yen,
        /// What is due.
        released: Yen,
    },
    /// No such settlement.
    #[error("settlement {0} is not known")]
    UnknownSettlement(u32),
    /// It cannot be paid.
    #[error("settlement {0} is {1}; only what is due is paid")]
    NotDue(u32, &'static str),
    /// The sum is another.
    #[error("the settlements come to {sum}, not {got}")]
    Total {
        /// Their sum.
        sum: Yen,
        /// What came.
        got: Yen,
    },
    /// It funds points that nobody can have.
    #[error(
        "contract {0}: funds_points names {1}, which is no point programme of this book; activate its policy first"
    )]
    NoSuchPoints(u32, u16),
    /// Nothing to pay.
    #[error("a payout names at least one settlement, each once")]
    NothingToPay,
    /// No such payout.
    #[error("payout {0} is not approved")]
    UnknownPayout(u64),
    /// A payout has one file.
    #[error("the file of payout {0} was made as {1}, or with other bytes; a payout has one file, in one form")]
    OtherFile(u64, &'static str),
    /// No file yet.
    #[error("the file of payout {0} has not been made")]
    NoFile(u64),
    /// No such file.
    #[error("payout {0} has no file {1}")]
    UnknownFile(u64, u16),
    /// Too late.
    #[error("payout {0} was taken by the bank; what comes back is booked from its statement")]
    Taken(u64),
    /// Its file is out.
    #[error(
        "the file of payout {0} was made, and the bank may have it: it can be given up when {1} is over, as business day and by the calendar"
    )]
    FileOut(u64, BusinessDay),
    /// It was not taken.
    #[error("settlement {0} of payout {1} was not paid")]
    NotPaid(u32, u64),
    /// No such exception.
    #[error("exception {0} is not known")]
    UnknownException(String),
    /// It is resolved.
    #[error("exception {0} was resolved before; nothing is resolved twice")]
    Resolved(String),
    /// The resolution does not fit.
    #[error("exception {0} cannot be {1}: {2}")]
    Unfit(String, &'static str, &'static str),
    /// The signature is about another record.
    #[error("business day {0} ended with record {1}, not {2}")]
    OtherHead(BusinessDay, u64, u64),
    /// What days that ended were charged by is not changed afterwards.
    #[error(
        "contract {0}: its days up to {1} have ended; from stays as it is, and until is {1} or later, or as it was"
    )]
    ContractPast(u32, BusinessDay),
    /// Contracts that lack what the ones before had.
    #[error("contract {0} is missing: a contract stays in the file for ever, with its last day")]
    ContractGone(u32),
    /// No such payment at an issuer.
    #[error("record {0} is no payment at an issuer that is still in memory")]
    NoPayment(u64),
    /// Its issuer refused it after it was approved in its place.
    #[error("of record {0} nothing stands at its issuer: it refused it afterwards; explain it")]
    RefusedSince(u64),
    /// It is paid by another issuer.
    #[error("record {tap} was not paid by {party}; explain the exception")]
    OtherIssuer {
        /// The payment.
        tap: u64,
        /// Whose file it was.
        party: String,
    },
    /// A resolution takes more than stands.
    #[error(
        "exception {id} would take {asked} of record {tap}, of which {left} stands at {at}: the rest was given back, taken back or \
         booked before; resolve first what its refunds and reversals lack, or explain it"
    )]
    Stands {
        /// The exception.
        id: String,
        /// Its record.
        tap: u64,
        /// Where.
        at: &'static str,
        /// Yen.
        left: Yen,
        /// Yen.
        asked: Yen,
    },
    /// More than is left of it.
    #[error("of record {tap} the issuer can take back {left}, not {asked}: the rest was given back or is in dispute")]
    Left {
        /// The payment.
        tap: u64,
        /// Yen.
        left: Yen,
        /// Yen.
        asked: Yen,
    },
    /// Text of the wrong length.
    #[error("{0} has 1 to 200 characters")]
    Text(&'static str),
    /// The bank took it before, as another line says.
    #[error("the bank took {0} before, as another line of its statement says")]
    TakenBefore(String),
    /// What came back is no part of it that a bank would keep a fee of.
    #[error("of {sent} the bank would have kept {fee}; its fee is ¥0 to {most} and less than what was sent")]
    BankFee {
        /// What was sent.
        sent: Yen,
        /// What is missing.
        fee: Yen,
        /// The most that is taken for a fee.
        most: Yen,
    },
    /// A payment like it stands already.
    #[error(
        "likely a double: {amount} of the same payer stands already, paid on {day} and booked by {by} as {reference:?}; say that it is \
         another payment, or that it is the same"
    )]
    LikelyDouble {
        /// Yen.
        amount: Yen,
        /// The other's day.
        day: BusinessDay,
        /// Who booked the other.
        by: String,
        /// The other's reference.
        reference: String,
    },
    /// The reference stands for something else.
    #[error(
        "reference {reference:?}: expected one under which nothing was booked, got one that was booked before ({became}); give the reference \
         of the line that is meant, or undo what was booked"
    )]
    BookedAs {
        /// The reference.
        reference: String,
        /// What as.
        became: String,
    },
    /// A line was said to be the same as what it is not.
    #[error(
        "line {line:?} is not the same as {other:?}: {why}; give the reference under which this line's money was booked, or say what else \
         the line is"
    )]
    NotTheSame {
        /// The line.
        line: String,
        /// What it was said to be.
        other: String,
        /// What does not fit.
        why: String,
    },
    /// No such line.
    #[error("nothing was booked as {0:?}")]
    UnknownLine(String),
    /// Something was built on it.
    #[error("what was booked as {0:?} cannot be undone: {1}")]
    CannotUndo(String, String),
    /// Too many at one time.
    #[error("at most {RAISED_AT_ONCE} exceptions are raised at one time")]
    TooMany,
}

/// Where a settlement is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SettlementState {
    /// Nothing was to be paid.
    Nothing,
    /// To be paid.
    Due,
    /// In a payout that was approved.
    Ordered(u64),
    /// The bank took it.
    Paid(u64),
    /// It came back: the merchant is owed it again.
    Returned(u64),
}

impl SettlementState {
    /// As programs write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            SettlementState::Nothing => "nothing_to_pay",
            SettlementState::Due => "due",
            SettlementState::Ordered(_) => "ordered",
            SettlementState::Paid(_) => "paid",
            SettlementState::Returned(_) => "returned",
        }
    }
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Settled {
    pub(super) merchant: u32,
    pub(super) settlement: Settlement,
    pub(super) value_date: BusinessDay,
    pub(super) state: SettlementState,
}

/// What earlier periods left of a merchant.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Standing {
    pub(super) until: Option<BusinessDay>,
    pub(super) carried: Yen,
    /// Kept back, and from which day on it is due.
    pub(super) held: Vec<(BusinessDay, Yen)>,
}

impl Standing {
    /// What is due of what was kept back, in a period that ends on this day.
    pub(super) fn released(&self, until: BusinessDay) -> Yen {
        let due = self.held.iter().filter(|(day, _)| *day <= until);
        due.fold(Yen::ZERO, |sum, (_, yen)| super::money::plus(sum, *yen))
    }
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Day {
    pub(super) state: DayState,
    /// The record that ended it.
    pub(super) seq: u64,
    pub(super) marks: Vec<(DayState, Millis, String, String)>,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Payout {
    pub(super) settlements: Vec<u32>,
    pub(super) total: Yen,
    pub(super) value_date: BusinessDay,
    pub(super) payees: [u8; 32],
    pub(super) file: Option<(Format, Vec<MadeFile>)>,
    pub(super) made_at: Option<Millis>,
    /// Files whose money the bank took.
    pub(super) taken: std::collections::BTreeSet<u16>,
}

/// Payouts by number.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Payouts {
    approved: BTreeMap<u64, Payout>,
    /// Those that were given up after a file was made: the bank may have it.
    cancelled: BTreeMap<u64, Payout>,
}

impl Payouts {
    pub(super) fn get(&self, number: &u64) -> Option<&Payout> {
        self.approved.get(number)
    }

    pub(super) fn get_mut(&mut self, number: &u64) -> Option<&mut Payout> {
        self.approved.get_mut(number)
    }

    pub(super) fn insert(&mut self, number: u64, payout: Payout) {
        self.approved.insert(number, payout);
    }

    /// Gives a payout up. Its files, when they were made, are remembered.
    pub(super) fn remove(&mut self, number: &u64) -> Option<Payout> {
        let gone = self.approved.remove(number)?;
        if gone.file.is_some() {
            self.cancelled.insert(*number, gone.clone());
        }
        Some(gone)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&u64, &Payout)> {
        self.approved.iter()
    }

    pub(super) fn cancelled(&self) -> impl Iterator<Item = (&u64, &Payout)> {
        self.cancelled.iter()
    }
}

/// What was said of an exception.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Note {
    /// It was opened.
    Opened,
    /// A person's words, or the comparison's.
    Text(String),
}

/// What ended an exception.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ResolvedBy {
    /// The person who approved its resolution.
    Person(String),
    /// A later comparison, by its number.
    Comparison(u32),
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Raised {
    pub(super) exception: ReconException,
    pub(super) run: u32,
    pub(super) since: Millis,
    pub(super) owner: Option<String>,
    pub(super) notes: Vec<(Millis, String, Note)>,
    pub(super) resolved: Option<(Resolution, Millis, ResolvedBy)>,
    /// It ended by itself with this run.
    pub(super) ended_by: Option<u32>,
}

/// Everything about closing.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct ClosingState {
    pub(super) contracts: Option<Arc<Contracts>>,
    pub(super) contracts_version: u32,
    pub(super) contracts_source: String,
    pub(super) days: BTreeMap<BusinessDay, Day>,
    pub(super) settlements: Vec<Settled>,
    pub(super) standings: HashMap<u32, Standing>,
    pub(super) issuers: BTreeMap<u16, BusinessDay>,
    pub(super) payouts: Payouts,
    pub(super) runs: Vec<ReconRan>,
    pub(super) files: HashMap<[u8; 32], u32>,
    pub(super) exceptions: BTreeMap<[u8; 16], Raised>,
    /// What an advice that is owed moved at its issuer, by its record.
    pub(super) advised: BTreeMap<u64, Advised>,
    /// What exceptions about no tap of their own are about: the tap of which more was undone later.
    pub(super) later: BTreeMap<u64, u64>,
    pub(super) signed: BTreeMap<BusinessDay, HeadSigned>,
    pub(super) fee_income: Option<AccountId>,
    pub(super) fee_tax: Option<AccountId>,
    pub(super) transit: Option<AccountId>,
    pub(super) interchange: BTreeMap<u16, AccountId>,
    pub(super) booked: Option<AccountId>,
}

/// The status of an exception that is a chargeback.
pub const CHARGEBACK: &str = "chargeback";

/// A payment received is booked once for its payer: two issuers may use the same reference.
pub(super) fn received_key(from: Payer, reference: &str) -> [u8; 16] {
    let from = match from {
        Payer::Issuer(n) => format!("issuer {n}"),
        Payer::Funder(n) => format!("funder {n}"),
    };
    super::references::scoped_key(0, None, &format!("received {from} "), reference)
}

impl Payout {
    /// Its files, from 0.
    pub(super) fn files(&self) -> impl Iterator<Item = (&MadeFile, u16)> {
        self.file.iter().flat_map(|(_, files)| files).zip(0_u16..)
    }

    /// The settlements in a file.
    pub(super) fn of_file(&self, file: u16) -> &[u32] {
        let files = self.file.as_ref().map_or(&[][..], |(_, files)| files);
        let before = files.iter().take(usize::from(file)).map(|f| super::state::position(f.count)).sum::<usize>();
        let count = files.get(usize::from(file)).map_or(0, |f| super::state::position(f.count));
        let from = before.min(self.settlements.len());
        &self.settlements[from..(from + count).min(self.settlements.len())]
    }
}
