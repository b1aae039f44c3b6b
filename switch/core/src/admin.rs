//! Operators' commands and the turn of the business day. A command that is refused says why and changes nothing; one that
//! finds everything as it wants it makes no record, so that imports can be run again.

use super::event::{Command, Decision, Done, Effect, Link};
use super::state::State;
use kazasu_ledger::Transfer;
use kazasu_ledger::record::{
    AcquirerRegistered, Body, ClockConfirmed, ClockKept, CutOver, DepositOpened, Funded, Instrument, IssuerRegistered,
    LinkOrigin, Linked, MerchantRegistered, Opened, Unlinked,
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
    if let Command::Open { book } = command {
        return if state.is_open() {
            reject(Rejected::AlreadyOpen)
        } else {
            recorded(Body::Opened(Opened { format: 1, book: book.clone(), bank: state.book.next_account() }))
        };
    }
    if !state.is_open() {
        return reject(Rejected::NotOpen);
    }
    match command {
        Command::Open { .. } => unreachable!("handled above"),
        Command::RegisterAcquirer { acquirer, .. } if state.acquirers.contains_key(acquirer) => unchanged(),
        Command::RegisterAcquirer { acquirer, name } => {
            let shortfall = state.book.next_account();
            recorded(Body::AcquirerRegistered(AcquirerRegistered {
                acquirer: *acquirer,
                name: name.clone(),
                shortfall,
            }))
        }
        Command::RegisterIssuer { issuer, .. } if state.issuers.contains_key(issuer) => unchanged(),
        Command::RegisterIssuer { issuer, name } => {
            let receivable = state.book.next_account();
            recorded(Body::IssuerRegistered(IssuerRegistered { issuer: *issuer, name: name.clone(), receivable }))
        }
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
            super::merchants::register(state, record).unwrap_or_else(reject)
        }
        Command::ChangeMerchant { acquirer, merchant, change } => {
            super::merchants::change(state, *acquirer, *merchant, change).unwrap_or_else(reject)
        }
        Command::OpenDeposit { number } if state.deposits.contains_key(number) => unchanged(),
        Command::OpenDeposit { number } => {
            recorded(Body::DepositOpened(DepositOpened { number: *number, account: state.book.next_account() }))
        }
        Command::Fund { number, amount, reference } => fund(state, *number, *amount, reference),
        Command::OpeningBalance { number, amount, reference } => {
            let account = state.deposits.get(number).and_then(|id| state.book.account(*id));
            match account {
                Some(account) if account.credits.is_positive() => unchanged(),
                _ => fund(state, *number, *amount, reference),
            }
        }
        Command::Link { ppid, from, to, origin, by } => link(state, now, *ppid, *from, to, (*origin, by)),
        Command::Unlink { ppid, from, by } => unlink(state, now, *ppid, *from, by),
        Command::CutOver { .. } if state.day > now.jst_day() => {
            reject(Rejected::BeyondCalendar(state.day, now.jst_day()))
        }
        Command::CutOver { keep_days, by, why } => {
            cut_over(state, now, state.day.next(), *keep_days, Some((by.clone(), why.clone())))
        }
        Command::DecideAdvice { record, accept, by, why } => super::floor::decide(state, *record, *accept, by, why),
        Command::ConfirmClock { clock: None, .. } => unchanged(),
        Command::ConfirmClock { day, clock: Some((_, wall)), .. } if wall.jst_day() != *day => {
            reject(Rejected::OtherDay(wall.jst_text(), *day))
        }
        Command::ConfirmClock { clock: Some((before, wall)), by, why, .. } => {
            let (by, why) = (by.clone(), why.clone());
            recorded(Body::ClockConfirmed(ClockConfirmed { before: *before, wall: *wall, by, why }))
        }
        Command::Approvals(ask) => super::approvals::command(state, now, ask),
        Command::Relief(ask) => super::relief::command(state, now, ask),
        Command::Closing(ask) => super::closing::command(state, ask),
        Command::Line(line) => super::statement::command(state, line),
        other => super::people::command(state, now, other),
    }
}

fn fund(state: &State, number: u64, amount: Yen, reference: &str) -> Decision {
    let Some(account) = state.deposits.get(&number) else { return reject(Rejected::UnknownDeposit(number)) };
    if !amount.is_positive() || amount.get() > kazasu_schemas::money::MAX_WIRE_AMOUNT {
        return reject(Rejected::Amount(amount));
    }
    let bank = state.bank.expect("the book is open");
    let transfer = Transfer::direct(bank, *account, amount);
    match state.book.check(&[transfer]) {
        Ok(()) => recorded(Body::Funded(Funded {
            number,
            reference: reference.to_owned(),
            transfers: [transfer].as_slice().into(),
        })),
        Err(error) => reject(Rejected::Rule(error.to_string())),
    }
}

/// The instrument that a command names.
pub(super) fn instrument(state: &State, to: &Link) -> Result<Instrument, Rejected> {
    let instrument = match to {
        Link::Deposit(number) => {
            Instrument::Deposit(*state.deposits.get(number).ok_or(Rejected::UnknownDeposit(*number))?)
        }
        Link::Instrument(instrument) => instrument.clone(),
    };
    match instrument.issuer().filter(|n| !state.issuers.contains_key(n) && *n != NO_ISSUER) {
        Some(issuer) => Err(Rejected::UnknownIssuer(issuer)),
        None => Ok(instrument),
    }
}

/// A new version of a person's link.
pub(super) fn next_link(
    state: &State,
    now: Millis,
    ppid: Ppid,
    from: Option<Millis>,
    instrument: Instrument,
    (origin, by): (LinkOrigin, &str),
) -> Result<Linked, Rejected> {
    if state.residents.get(&ppid).is_some_and(|at| state.root(*at) != *at) {
        return Err(Rejected::MergedBefore(ppid));
    }
    let (version, from) = next_version(state, &ppid, now, from)?;
    Ok(Linked { ppid, version, from, instrument, origin: Some(origin), by: Some(by.to_owned()) })
}

fn link(
    state: &State,
    now: Millis,
    ppid: Ppid,
    from: Option<Millis>,
    to: &Link,
    (origin, by): (LinkOrigin, &str),
) -> Decision {
    let instrument = match instrument(state, to) {
        Ok(instrument) => instrument,
        Err(why) => return reject(why),
    };
    // A version that waits for its day is there already only when that day is asked for again.
    let newest = state.link_versions(&ppid).next().filter(|v| v.from <= now || from.is_some_and(|from| from >= v.from));
    if newest.and_then(|v| v.instrument.as_ref()).is_some_and(|i| same_instrument(i, &instrument)) {
        return unchanged();
    }
    match next_link(state, now, ppid, from, instrument, (origin, by)) {
        Ok(linked) => recorded(Body::Linked(linked)),
        Err(why) => reject(why),
    }
}

/// The issuer number of an instrument whose issuer is not configured: it can be linked, and is refused (92) until it is
/// linked again.
pub const NO_ISSUER: u16 = 0;

fn unlink(state: &State, now: Millis, ppid: Ppid, from: Option<Millis>, by: &str) -> Decision {
    let ended = |v: &super::LinkVersion| v.instrument.is_none() && v.from <= from.unwrap_or(now);
    match state.link_versions(&ppid).next() {
        None => reject(Rejected::UnknownPpid(ppid)),
        Some(newest) if ended(newest) => unchanged(),
        Some(_) => match next_version(state, &ppid, now, from) {
            Ok((version, from)) => recorded(Body::Unlinked(Unlinked { ppid, version, from, by: Some(by.to_owned()) })),
            Err(why) => reject(why),
        },
    }
}

/// The number of the next version, and when it begins. A day that is asked for may not lie before the newest version's, so that the
/// rows of a file are taken in their order; without one it is now, and a version that still waits for its day is superseded.
fn next_version(state: &State, ppid: &Ppid, now: Millis, from: Option<Millis>) -> Result<(u32, Millis), Rejected> {
    let Some(newest) = state.link_versions(ppid).next() else { return Ok((1, from.unwrap_or(now))) };
    match from {
        Some(from) if from < newest.from => {
            Err(Rejected::BeforeVersionInForce(from.jst_text(), newest.from.jst_text()))
        }
        Some(from) => Ok((newest.version + 1, from)),
        None => Ok((newest.version + 1, now)),
    }
}

/// A sealed card number looks different each time, so cards are compared by their keyed token.
pub(super) fn same_instrument(a: &Instrument, b: &Instrument) -> bool {
    match (a, b) {
        (Instrument::CreditCard(a), Instrument::CreditCard(b))
        | (Instrument::DebitCard(a), Instrument::DebitCard(b)) => a.issuer == b.issuer && a.token == b.token,
        (a, b) => a == b,
    }
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
        return cut_over(state, now, today, keep_days, None).then(Effect::Again);
    }
    let lapse = super::people::lapse(state, now);
    if lapse.body.is_some() {
        return lapse;
    }
    let credit = super::relief::carry_on(state);
    if credit.body.is_none() && now.0 - state.at.0 >= QUIET_MS {
        return Decision::record(Body::ClockKept(ClockKept {}));
    }
    credit
}

/// What is forgotten goes by the calendar too: days that were ended early make nobody forget what was paid a moment ago.
fn cut_over(
    state: &State,
    now: Millis,
    opened: BusinessDay,
    keep_days: u16,
    by_hand: Option<(String, String)>,
) -> Decision {
    let forget_before = BusinessDay(opened.min(now.jst_day()).0 - i32::from(keep_days.max(1)));
    let (by, why) = by_hand.unzip();
    Decision::record(Body::CutOver(CutOver { closed: state.day, opened, forget_before, by, why }))
        .then(Effect::CutOver(state.day, opened))
        .then(Effect::Done(Done::Recorded))
}
