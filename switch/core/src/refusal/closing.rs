//! The reason for refusing a command about days, settlements, payouts, exceptions or the bank's statement. The sentences here are for logs;
//! people read those of the catalogue, in their language.

use super::super::closing::SettlementState;
use super::super::statement::Became;
use kazasu_ledger::record::Payer;
use kazasu_schemas::closing::{DayState, Resolution};
use kazasu_schemas::ids::{InstitutionId, MerchantId};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::Format;
use kazasu_schemas::zengin::statement::Direction;
use std::fmt;

/// Exceptions of one record.
pub const RAISED_AT_ONCE: usize = 64;

/// The reason of the refusal.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotClosed {
    /// The day is not known, or still open.
    #[error("business day {0} has not ended, or is before this book")]
    Open(BusinessDay),
    /// States follow each other.
    #[error("business day {day} is {}; {} follows {}", .is.name(), .wanted.name(), .needed.map_or("its own record", DayState::name))]
    Order {
        /// The day.
        day: BusinessDay,
        /// Its state.
        is: DayState,
        /// The state that was asked for.
        wanted: DayState,
        /// The state before that one; none where a record of its own brings the day there.
        needed: Option<DayState>,
    },
    /// Earlier days come first.
    #[error("business day {0} is not {is} yet; days are closed in their order", is = .1.name())]
    Earlier(BusinessDay, DayState),
    /// Some exceptions have no owner.
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
    /// The balance of earlier periods is another amount.
    #[error("the settlement carries {got} and releases {got_released}; the ledger has {carried} and {released}")]
    Opening {
        /// The value that came.
        got: Yen,
        /// The value that came.
        got_released: Yen,
        /// The present content.
        carried: Yen,
        /// The amount that is due.
        released: Yen,
    },
    /// No such settlement.
    #[error("settlement {0} is not known")]
    UnknownSettlement(u32),
    /// It cannot be paid.
    #[error("settlement {0} is {is}; only what is due is paid", is = .1.name())]
    NotDue(u32, SettlementState),
    /// The sum is another.
    #[error("the settlements come to {sum}, not {got}")]
    Total {
        /// Their sum.
        sum: Yen,
        /// The value that came.
        got: Yen,
    },
    /// It funds points that no person can have.
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
    #[error("the file of payout {0} was made as {is}, or with other bytes; a payout has one file, in one form", is = .1.name())]
    OtherFile(u64, Format),
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
    #[error("exception {0} cannot be {is}: {2}", is = .1.name())]
    Unfit(String, Resolution, Misfit),
    /// The signature is about another record.
    #[error("business day {0} ended with record {1}, not {2}")]
    OtherHead(BusinessDay, u64, u64),
    /// The contracts of days that ended do not change afterwards.
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
        /// The place.
        at: StandsAt,
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
    #[error("{0} has 1 to {is} characters", is = .0.most())]
    Text(TextField),
    /// The bank took it before, as another line says.
    #[error("the bank took {0} before, as another line of its statement says")]
    TakenBefore(SentFile),
    /// The returned amount is no part of which a bank would keep a fee.
    #[error("of {sent} the bank would have kept {fee}; its fee is ¥0 to {most} and less than what was sent")]
    BankFee {
        /// The amount that was sent.
        sent: Yen,
        /// The missing part.
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
        /// The person or program that booked the other one.
        by: String,
        /// The other's reference.
        reference: String,
    },
    /// The reference stands for something else.
    #[error(
        "reference {reference:?}: expected one under which nothing was booked, got one that was booked before ({became}{}); give the \
         reference of the line that is meant, or undo what was booked",
        .amount.map_or_else(String::new, |amount| format!(", {amount}"))
    )]
    BookedAs {
        /// The reference.
        reference: String,
        /// What as.
        became: Became,
        /// Yen, where it moved money.
        amount: Option<Yen>,
    },
    /// A line was said to be the same as what it is not.
    #[error(
        "line {line:?} is not the same as {other:?}: {why}; give the reference under which this line's money was booked, or say what else \
         the line is"
    )]
    NotTheSame {
        /// The line.
        line: String,
        /// Its classification.
        other: String,
        /// The misfit.
        why: Unlike,
    },
    /// No such line.
    #[error("nothing was booked as {0:?}")]
    UnknownLine(String),
    /// Something was built on it, or it is over.
    #[error("what was booked as {0:?} cannot be undone: {1}")]
    CannotUndo(String, BuiltOn),
    /// Too many at one time.
    #[error("at most {RAISED_AT_ONCE} exceptions are raised at one time")]
    TooMany,
}

/// The reason why a resolution does not fit its exception.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Misfit {
    /// Two currencies.
    #[error("its amounts are of two currencies")]
    TwoCurrencies,
    /// Too much to be written off.
    #[error("only small amounts are written off, up to ¥10,000")]
    TooLarge,
    /// There is no difference.
    #[error("both sides have the same amount; explain it")]
    SameAmount,
    /// The tap is forgotten.
    #[error("its tap is not in memory any more, so its merchant is not known")]
    TapForgotten,
    /// This side's books have nothing of it.
    #[error("nothing of this side is in the ledger's books; explain it")]
    NothingBooked,
    /// There is no account for it.
    #[error("the account that it would be booked on is not known")]
    NoAccount,
}

/// The place at which a part of a payment stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StandsAt {
    /// At its issuer.
    #[error("its issuer")]
    Issuer,
    /// At its merchant.
    #[error("its merchant")]
    Merchant,
    /// At the side whose list the exception is of.
    #[error("the other side")]
    OtherSide,
}

/// A text that a person writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TextField {
    /// The reference of a chargeback.
    #[error("a reference")]
    Reference,
    /// The reason of a chargeback.
    #[error("a reason")]
    Reason,
    /// The owner of an exception.
    #[error("an owner")]
    Owner,
    /// A note on an exception.
    #[error("a note")]
    Note,
    /// The reason why a line moves nothing.
    #[error("the reason why a line moves nothing")]
    LineReason,
}

impl TextField {
    /// The most characters that it has.
    #[must_use]
    pub fn most(self) -> usize {
        match self {
            TextField::Reference => 60,
            TextField::Reason => 100,
            TextField::Owner | TextField::Note | TextField::LineReason => 200,
        }
    }
}

/// A file that the bank took.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SentFile {
    /// Of a payout.
    #[error("file {file} of payout {payout}")]
    Payout {
        /// The payout.
        payout: u64,
        /// The file, from 0.
        file: u16,
    },
    /// Of a relief batch.
    #[error("file {file} of batch {batch}")]
    Batch {
        /// The batch.
        batch: u32,
        /// The file, from 0.
        file: u16,
    },
}

/// The reason why a line is not the same as another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unlike {
    /// It is that line.
    Itself,
    /// Nothing stands under that reference.
    NothingStands,
    /// Other money moved.
    Moved {
        /// The line's movement.
        expected: (Yen, Direction),
        /// The other one's movement; no direction where it moved nothing.
        got: (Yen, Option<Direction>),
        /// The kind of the other one.
        became: Became,
    },
    /// Another party paid.
    Payer {
        /// The line's payer.
        expected: Payer,
        /// The kind of the other one.
        became: Became,
    },
}

fn direction(way: Direction) -> &'static str {
    match way {
        Direction::In => "in",
        Direction::Out => "out",
    }
}

impl fmt::Display for Unlike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unlike::Itself => f.write_str("expected the reference of another line or payment, got the line's own"),
            Unlike::NothingStands => {
                f.write_str("expected the reference of what was booked and stands, got one under which nothing stands")
            }
            Unlike::Moved { expected: (sum, way), got: (booked, moved), became } => {
                let moved = moved.map_or("without movement", direction);
                write!(f, "expected {sum} {}, got {booked} {moved} ({became})", direction(*way))
            }
            Unlike::Payer { expected: Payer::Issuer(n), became } => {
                write!(f, "expected what issuer {n} paid, got {became}")
            }
            Unlike::Payer { expected: Payer::Funder(n), became } => {
                write!(f, "expected what funder {n} paid, got {became}")
            }
        }
    }
}

/// The reason why a line's booking cannot be undone.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BuiltOn {
    /// It was undone.
    #[error("it was undone before")]
    UndoneBefore,
    /// It is the bank's correction.
    #[error("it is the bank's own correction")]
    Correction,
    /// Another line was said to be the same.
    #[error("line {0:?} was said to be the same; undo that first")]
    Alias(String),
    /// A settlement of the payout came back.
    #[error("settlement {0} came back since; undo that line first")]
    SettlementCameBack(u32),
    /// The settlement went on.
    #[error("settlement {0} is {is} now", is = .1.name())]
    SettlementIs(u32, SettlementState),
    /// A row of the batch came back or is claimed.
    #[error("row {row} of batch {batch} came back or is claimed since; undo that first")]
    Row {
        /// The batch.
        batch: u32,
        /// The row, from 0.
        row: u32,
    },
    /// The household was granted again.
    #[error("its household was granted again (row {row} of batch {batch}); exclude that first")]
    GrantedAgain {
        /// The batch.
        batch: u32,
        /// The row, from 0.
        row: u32,
    },
}
