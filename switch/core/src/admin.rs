//! Operators' commands and the turn of the business day. A command that is refused says why and changes nothing; one that
//! finds everything as it wants it makes no record, so that imports can be run again.

use super::decision::{Decided, Decision, Done, Effect, recorded, reject, unchanged};
use super::event::Command;
use super::floor::Ruling;
use super::links::NewVersion;
use super::refusal::Rejected;
use super::state::State;
use kazasu_ledger::Transfer;
use kazasu_ledger::record::{
    AcquirerRegistered, Body, ClockConfirmed, ClockKept, CutOver, DepositOpened, Funded, IssuerRegistered, Maker,
    MerchantRegistered, Opened,
};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::ids::InstitutionId;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;

pub(super) fn command(state: &State, now: Millis, command: &Command) -> Decision {
    permitted(state, now, command).unwrap_or_else(reject)
}

/// What a command would record if two people had approved it. Nothing is recorded: it is a look, for imports.
#[must_use]
pub fn would(state: &State, now: Millis, command: &Command) -> Decision {
    carry_out(state, now.max(state.at), command).unwrap_or_else(reject)
}

/// What takes two people is an approval, or a row of a file that was approved.
fn permitted(state: &State, now: Millis, command: &Command) -> Decided {
    match command {
        Command::OfFile { approval, command } => {
            super::approvals::row(state, now, (*approval, command), || carry_out(state, now, command))
        }
        other => {
            super::approvals::is_for_one(state, other)?;
            carry_out(state, now, other)
        }
    }
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
                maker: None,
            };
            record.terminals.sort_unstable();
            record.terminals.dedup();
            super::merchants::register(state, record)
        }
        Command::ChangeMerchant { acquirer, merchant, change, maker } => {
            super::merchants::change(state, (*acquirer, *merchant), change, maker)
        }
        Command::OpenDeposit { number, maker } => Ok(open_deposit(state, *number, maker)),
        Command::Fund { number, amount, reference, maker } => fund(state, (*number, *amount), reference, maker),
        Command::OpeningBalance { number, amount, reference, maker } => {
            opening_balance(state, (*number, *amount), reference, maker)
        }
        Command::Link { ppid, from, to, origin, by } => {
            super::links::link(state, now, NewVersion { ppid: *ppid, from: *from, by }, (*origin, to))
        }
        Command::AskLink { ppid, from, to, origin, said, most_open } => {
            let most_open = *most_open;
            let asked = super::links::AskedLink { ppid: *ppid, from: *from, to, origin: *origin, most_open };
            match super::links::ask(state, now, asked, said)? {
                super::links::Linking::Decided(decision) => Ok(*decision),
                super::links::Linking::Waits(asked) => super::approvals::request(state, now, *asked),
            }
        }
        Command::Unlink { ppid, from, by } => {
            super::links::unlink(state, now, NewVersion { ppid: *ppid, from: *from, by })
        }
        Command::Proven { .. } | Command::Signed { .. } | Command::Asked { .. } => attested(state, now, command),
        Command::CutOver { .. } if state.day > now.jst_day() => Err(Rejected::BeyondCalendar(state.day, now.jst_day())),
        Command::CutOver { keep_days, said } => {
            let by_hand = Some(said);
            Ok(cut_over(state, now, Turn { opened: state.day.next(), keep_days: *keep_days, by_hand }))
        }
        Command::DecideAdvice { record, accept, said } => {
            let ruling = if *accept { Ruling::Accept } else { Ruling::Refuse };
            super::floor::decide(state, *record, ruling, said)
        }
        Command::SetPayee { change, maker } => super::payees::set(state, change, maker.clone()),
        Command::ResealPayee { payee, account, maker } => super::payees::reseal(state, *payee, account, maker.clone()),
        Command::TakePayees { digest, accounts } => super::payees::take(state, *digest, *accounts),
        Command::EndFile { ended } => Ok(super::approvals::end_file(state, ended)),
        Command::DestroyKey { key, said } => super::keys::destroy(state, key, said),
        Command::ConfirmClock { day, clock, said } => confirm_clock(*day, *clock, said),
        Command::Approvals(ask) => Ok(super::approvals::command(state, now, ask)),
        Command::Relief(ask) => Ok(super::relief::command(state, now, ask)),
        Command::Rights(ask) => super::rights::command(&state.rights, now, ask),
        Command::Closing(ask) => Ok(super::closing::command(state, ask)),
        Command::Line(line) => Ok(super::statement::command(state, line)),
        other => Ok(super::people::command(state, now, other)),
    }
}

/// What comes with a signature, which its record keeps.
fn attested(state: &State, now: Millis, command: &Command) -> Decided {
    match command {
        Command::Proven { proof, command } => Ok(super::people::proven(carry_out(state, now, command)?, proof)),
        Command::Signed { proof, command } => Ok(super::approvals::signed(carry_out(state, now, command)?, proof)),
        Command::Asked { signer, command } => {
            Ok(super::approvals::signed_in_place(carry_out(state, now, command)?, (state, now), &**signer))
        }
        plain => carry_out(state, now, plain),
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

fn open_deposit(state: &State, number: u64, maker: &Option<Maker>) -> Decision {
    if state.parties.deposits.contains_key(&number) {
        return unchanged();
    }
    recorded(Body::DepositOpened(DepositOpened { number, account: state.book.next_account(), maker: maker.clone() }))
}

fn fund(state: &State, (number, amount): (u64, Yen), reference: &str, maker: &Option<Maker>) -> Decided {
    let account = state.parties.deposits.get(&number).ok_or(Rejected::UnknownDeposit(number))?;
    super::conditions::amount_of(amount)?;
    let bank = state.parties.bank.expect("the book is open");
    let transfer = Transfer::direct(bank, *account, amount);
    state.book.check(&[transfer])?;
    let (reference, transfers) = (reference.to_owned(), [transfer].as_slice().into());
    Ok(recorded(Body::Funded(Funded { number, reference, transfers, maker: maker.clone() })))
}

/// Only a deposit that never had any money gets some.
fn opening_balance(state: &State, (number, amount): (u64, Yen), reference: &str, maker: &Option<Maker>) -> Decided {
    let account = state.parties.deposits.get(&number).and_then(|id| state.book.account(*id));
    match account {
        Some(account) if account.credits.is_positive() => Ok(unchanged()),
        _ => fund(state, (number, amount), reference, maker),
    }
}

/// `clock` is the time that decided, and what the wall clock says.
fn confirm_clock(day: BusinessDay, clock: Option<(Millis, Millis)>, told: &Attribution) -> Decided {
    let Some((before, wall)) = clock else { return Ok(unchanged()) };
    if wall.jst_day() != day {
        return Err(Rejected::OtherDay(wall.jst_text(), day));
    }
    let Attribution { by, why, via } = told.clone();
    Ok(recorded(Body::ClockConfirmed(ClockConfirmed { before, wall, by, why, via })))
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
    if let Some(lapse) = super::approvals::lapse(state, now) {
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
    /// The days for which settled taps stay in memory.
    keep_days: u16,
    /// The person who ended the day, where the calendar did not.
    by_hand: Option<&'a Attribution>,
}

/// Forgetting goes by the calendar too: days that were ended early do not make the switch forget recent payments.
fn cut_over(state: &State, now: Millis, turn: Turn<'_>) -> Decision {
    let Turn { opened, keep_days, by_hand } = turn;
    let forget_before = BusinessDay(opened.min(now.jst_day()).0 - i32::from(keep_days.max(1)));
    let (by, why) = by_hand.map(|said| (said.by.clone(), said.why.clone())).unzip();
    let via = by_hand.and_then(|said| said.via).map(|via| via.name().to_owned());
    Decision::record(Body::CutOver(CutOver { closed: state.day, opened, forget_before, by, why, via }))
        .then(Effect::CutOver(state.day, opened))
        .then(Effect::Done(Done::Recorded))
}
