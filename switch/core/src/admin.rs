//! Operators' commands and the turn of the business day. A command that is refused says why and changes nothing; one that
//! finds everything as it wants it makes no record, so that imports can be run again.

use super::attribution::Attribution;
use super::event::{Command, Decision, Done, Effect};
use super::floor::Ruling;
use super::links::NewVersion;
use super::people::Decided;
use super::state::State;
use kazasu_ledger::Transfer;
use kazasu_ledger::record::{
    AcquirerRegistered, Body, ClockConfirmed, ClockKept, CutOver, DepositOpened, Funded, IssuerRegistered,
    MerchantRegistered, Opened,
};
use kazasu_schemas::ids::{InstitutionId, MerchantId, Ppid, Serial, TerminalId};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;

/// Why a command was refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Rejected {
    /// The journal has records already.
    #[error("the book is open already")]
    AlreadyOpen,
    /// The book has not been opened.
    #[error("the book has not been opened yet")]
    NotOpen,
    /// No such acquirer.
    #[error("acquirer {0} is not registered")]
    UnknownAcquirer(InstitutionId),
    /// No such issuer.
    #[error("issuer {0} is not registered")]
    UnknownIssuer(u16),
    /// No such deposit.
    #[error("deposit {0:010} is not held in this ledger")]
    UnknownDeposit(u64),
    /// No such person.
    #[error("PPID {0} is not known")]
    UnknownPpid(Ppid),
    /// Another merchant has the terminal.
    #[error("terminal {0} belongs to merchant {1}; take it away there first (-{0})")]
    TerminalTaken(TerminalId, MerchantId),
    /// A merchant that is not there yet, without what every merchant has.
    #[error("the merchant is new, and its {0} is not given")]
    NewMerchant(&'static str),
    /// More than a merchant has.
    #[error("a merchant has at most {1} {0}")]
    TooMany(&'static str, usize),
    /// A version would begin before the one in force.
    #[error("the link begins {0}, before the version in force ({1})")]
    BeforeVersionInForce(String, String),
    /// A ledger rule forbids it.
    #[error("{0}")]
    Rule(String),
    /// The policy cannot follow the one in force.
    #[error("{0}")]
    Policy(String),
    /// No such purse programme.
    #[error("purse programme {0} is not in the policy in force")]
    UnknownProgramme(u16),
    /// A city's programme.
    #[error("programme {0} is a relief programme: its money goes through batches (kazasu relief import)")]
    IsRelief(u16),
    /// The programme is over.
    #[error("purse programme {0} ended on {1}")]
    ProgrammeOver(u16, BusinessDay),
    /// The fund does not cover it.
    #[error("the fund of programme {programme} has {available} left, {asked} was asked for; pay into it first")]
    FundShort {
        /// The programme.
        programme: u16,
        /// What it has.
        available: Yen,
        /// What was asked for.
        asked: Yen,
    },
    /// The reference stands for another amount.
    #[error("reference {0:?} was booked with {1} before")]
    ReferenceTaken(String, Yen),
    /// A reference of the wrong length.
    #[error("a reference has 1 to 100 characters")]
    Reference,
    /// The ID is known.
    #[error("PPID {0} is known already")]
    KnownPpid(Ppid),
    /// Only temporary IDs are merged.
    #[error("{0} is not a temporary ID")]
    NotTemporary(Ppid),
    /// A temporary ID cannot take another in.
    #[error("{0} is a temporary ID itself; merge into the person's PPID")]
    IntoTemporary(Ppid),
    /// It was merged before.
    #[error("{0} was merged before; nothing is merged twice")]
    MergedBefore(Ppid),
    /// The certificate is bound to another person.
    #[error("certificate {0} is bound to another card")]
    SerialTaken(Serial),
    /// Whether it is the certificate of another person cannot be told.
    #[error(
        "certificate {0} is bound to another card, and one of the two has no issuer: say the issuer, and bind the other one \
         again with its own"
    )]
    SerialUnclear(Serial),
    /// A list that is not newer than the one in force.
    #[error("the list has number {got} of {got_at}; in force is {number} of {at}, and only a newer one is taken")]
    OldList {
        /// The list's number.
        got: u64,
        /// When it was issued.
        got_at: String,
        /// The number in force.
        number: u64,
        /// When that was issued.
        at: String,
    },
    /// A limit that makes no sense.
    #[error("limit {0}: must be 0 to ¥999,999,999,999, got {1}")]
    OwnLimit(&'static str, Yen),
    /// The person has no link.
    #[error("PPID {0} has nothing linked")]
    NothingLinked(Ppid),
    /// The link is not in the queue.
    #[error("the link of {0} is not in the queue of broken links")]
    NotBroken(Ppid),
    /// A proposal is open.
    #[error("{0} has proposed an instrument already; it must be decided first")]
    ProposalOpen(String),
    /// Nobody proposed anything.
    #[error("nobody has proposed a new instrument for {0}")]
    NoProposal(Ppid),
    /// No such link version, or not a card's.
    #[error("link version {1} of {0} is no card")]
    NoCard(Ppid, u32),
    /// No such notice.
    #[error("notice {}-{} is not owed", .0 / 16, .0 % 16)]
    UnknownNotice(u64),
    /// Something about an approval.
    #[error(transparent)]
    Approval(#[from] super::ApprovalRefusal),
    /// Something about relief.
    #[error("{0}")]
    Relief(Box<super::Refusal>),
    /// Something about closing a day.
    #[error("{0}")]
    Closing(Box<super::NotClosed>),
    /// A day that the calendar has not begun.
    #[error(
        "{0} is open and has not begun by the calendar ({1}); a day is ended by hand when it has begun, so at most one day early"
    )]
    BeyondCalendar(BusinessDay, BusinessDay),
    /// The person's day is not the wall clock's.
    #[error("the wall clock says {0}, you say {1}: set the clock right, or name the day that it is")]
    OtherDay(String, BusinessDay),
    /// Nothing to be decided about it.
    #[error("record {0} is no offline payment that waits for a person (kazasu advice list)")]
    NoAdviceWaits(u64),
    /// An amount that cannot be funded.
    #[error("an amount must be above zero and at most ¥999,999,999,999, got {0}")]
    Amount(Yen),
}

pub(super) fn reject(why: Rejected) -> Decision {
    Decision { rejected: Some(why), ..Default::default() }
}

pub(super) fn recorded(body: Body) -> Decision {
    Decision::record(body).then(Effect::Done(Done::Recorded))
}

pub(super) fn unchanged() -> Decision {
    Decision::only(Effect::Done(Done::Unchanged))
}

pub(super) fn command(state: &State, now: Millis, command: &Command) -> Decision {
    carry_out(state, now, command).unwrap_or_else(reject)
}

fn carry_out(state: &State, now: Millis, command: &Command) -> Decided {
    match command {
        Command::Open { .. } if state.is_open() => Err(Rejected::AlreadyOpen),
        Command::Open { book } => {
            Ok(recorded(Body::Opened(Opened { format: 1, book: book.clone(), bank: state.book.next_account() })))
        }
        _ if !state.is_open() => Err(Rejected::NotOpen),
        Command::RegisterAcquirer { acquirer, name } => Ok(register_acquirer(state, *acquirer, name)),
        Command::RegisterIssuer { issuer, name } => Ok(register_issuer(state, *issuer, name)),
        Command::RegisterMerchant { acquirer, merchant, name, mcc, terminals, closed, traits } => {
            let mut record = MerchantRegistered {
                acquirer: *acquirer,
                merchant: *merchant,
                name: name.clone(),
                mcc: *mcc,
                terminals: terminals.clone(),
                closed: *closed,
                payable: state.book.next_account(),
                traits: (*traits != Default::default()).then(|| traits.clone()),
            };
            record.terminals.sort_unstable();
            record.terminals.dedup();
            super::merchants::register(state, record)
        }
        Command::ChangeMerchant { acquirer, merchant, change } => {
            super::merchants::change(state, *acquirer, *merchant, change)
        }
        Command::OpenDeposit { number } => Ok(open_deposit(state, *number)),
        Command::Fund { number, amount, reference } => fund(state, *number, *amount, reference),
        Command::OpeningBalance { number, amount, reference } => opening_balance(state, *number, *amount, reference),
        Command::Link { ppid, from, to, origin, by } => {
            super::links::link(state, now, NewVersion { ppid: *ppid, from: *from, by }, (*origin, to))
        }
        Command::Unlink { ppid, from, by } => {
            super::links::unlink(state, now, NewVersion { ppid: *ppid, from: *from, by })
        }
        Command::CutOver { .. } if state.day > now.jst_day() => Err(Rejected::BeyondCalendar(state.day, now.jst_day())),
        Command::CutOver { keep_days, by, why } => {
            let by_hand = Some(Attribution { by, why });
            Ok(cut_over(state, now, Turn { opened: state.day.next(), keep_days: *keep_days, by_hand }))
        }
        Command::DecideAdvice { record, accept, by, why } => {
            let ruling = if *accept { Ruling::Accept } else { Ruling::Refuse };
            super::floor::decide(state, *record, ruling, Attribution { by, why })
        }
        Command::ConfirmClock { day, clock, by, why } => confirm_clock(*day, *clock, Attribution { by, why }),
        Command::Approvals(ask) => Ok(super::approvals::command(state, now, ask)),
        Command::Relief(ask) => Ok(super::relief::command(state, now, ask)),
        Command::Closing(ask) => Ok(super::closing::command(state, ask)),
        Command::Line(line) => Ok(super::statement::command(state, line)),
        other => Ok(super::people::command(state, now, other)),
    }
}

fn register_acquirer(state: &State, acquirer: InstitutionId, name: &str) -> Decision {
    if state.parties.acquirers.contains_key(&acquirer) {
        return unchanged();
    }
    let shortfall = state.book.next_account();
    recorded(Body::AcquirerRegistered(AcquirerRegistered { acquirer, name: name.to_owned(), shortfall }))
}

fn register_issuer(state: &State, issuer: u16, name: &str) -> Decision {
    if state.parties.issuers.contains_key(&issuer) {
        return unchanged();
    }
    let receivable = state.book.next_account();
    recorded(Body::IssuerRegistered(IssuerRegistered { issuer, name: name.to_owned(), receivable }))
}

fn open_deposit(state: &State, number: u64) -> Decision {
    if state.parties.deposits.contains_key(&number) {
        return unchanged();
    }
    recorded(Body::DepositOpened(DepositOpened { number, account: state.book.next_account() }))
}

fn fund(state: &State, number: u64, amount: Yen, reference: &str) -> Decided {
    let account = state.parties.deposits.get(&number).ok_or(Rejected::UnknownDeposit(number))?;
    super::people::amount_of(amount)?;
    let bank = state.parties.bank.expect("the book is open");
    let transfer = Transfer::direct(bank, *account, amount);
    state.book.check(&[transfer]).map_err(|error| Rejected::Rule(error.to_string()))?;
    let (reference, transfers) = (reference.to_owned(), [transfer].as_slice().into());
    Ok(recorded(Body::Funded(Funded { number, reference, transfers })))
}

/// Only a deposit that never had any money gets some.
fn opening_balance(state: &State, number: u64, amount: Yen, reference: &str) -> Decided {
    let account = state.parties.deposits.get(&number).and_then(|id| state.book.account(*id));
    match account {
        Some(account) if account.credits.is_positive() => Ok(unchanged()),
        _ => fund(state, number, amount, reference),
    }
}

/// `clock` is the time that decided, and what the wall clock says.
fn confirm_clock(day: BusinessDay, clock: Option<(Millis, Millis)>, told: Attribution<'_>) -> Decided {
    let Some((before, wall)) = clock else { return Ok(unchanged()) };
    if wall.jst_day() != day {
        return Err(Rejected::OtherDay(wall.jst_text(), day));
    }
    let (by, why) = told.owned();
    Ok(recorded(Body::ClockConfirmed(ClockConfirmed { before, wall, by, why })))
}

/// A journal in which nothing happens says so now and then: a process that begins can tell how long nothing was running.
const QUIET_MS: i64 = 3_600_000;

/// While it is not sure what time it is, no day turns and nothing lapses; what was released goes on being credited.
pub(super) fn tick_in_doubt(state: &State) -> Decision {
    if state.is_open() { super::relief::carry_on(state) } else { Decision::default() }
}

/// Ends the business day when its date in Japan is over. After an idle night one record jumps to today.
pub(super) fn tick(state: &State, now: Millis, keep_days: u16) -> Decision {
    let today = now.jst_day();
    if !state.is_open() {
        return Decision::default();
    }
    if today > state.day {
        return cut_over(state, now, Turn { opened: today, keep_days, by_hand: None }).then(Effect::Again);
    }
    let lapse = super::programmes::lapse(state, now);
    if lapse.body.is_some() {
        return lapse;
    }
    let credit = super::relief::carry_on(state);
    if credit.body.is_none() && now.0 - state.at.0 >= QUIET_MS {
        return Decision::record(Body::ClockKept(ClockKept {}));
    }
    credit
}

/// A turn of the business day.
struct Turn<'a> {
    /// The day that begins.
    opened: BusinessDay,
    /// How many days settled taps stay in memory.
    keep_days: u16,
    /// Who ended the day, where the calendar did not.
    by_hand: Option<Attribution<'a>>,
}

/// What is forgotten goes by the calendar too: days that were ended early make nobody forget what was paid a moment ago.
fn cut_over(state: &State, now: Millis, turn: Turn<'_>) -> Decision {
    let Turn { opened, keep_days, by_hand } = turn;
    let forget_before = BusinessDay(opened.min(now.jst_day()).0 - i32::from(keep_days.max(1)));
    let (by, why) = by_hand.map(Attribution::owned).unzip();
    Decision::record(Body::CutOver(CutOver { closed: state.day, opened, forget_before, by, why }))
        .then(Effect::CutOver(state.day, opened))
        .then(Effect::Done(Done::Recorded))
}
