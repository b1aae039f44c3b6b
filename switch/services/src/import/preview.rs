//! Carries a file's rows out, or shows the changes that they would make, with the same refusals.

use super::report::{Did, Field, FieldChange, ImportReport, LISTED, Mode, Order, RowAsRead};
use crate::sentences::said;
use kazasu_core::{Command, Done, Link, MerchantView, Rejected, State, would};
use kazasu_engine::CommandError;
use kazasu_engine::Engine;
use kazasu_engine::clock;
use kazasu_ledger::record::{Instrument, PayeeChange};
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::SealedAccount;
use kazasu_security::vault::Vault;
use smallvec::SmallVec;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Rows that are looked at in one question to the core.
const ROWS_AT_ONCE: usize = 256;

/// Commands under way at one time.
const WINDOW: usize = 8_192;

/// The state with which rows are compared.
#[derive(Clone)]
pub enum Ground<'a> {
    /// A running core, which also carries them out.
    Engine(&'a Engine),
    /// A journal that was read: for a preview only.
    Folded(Arc<State>),
}

impl<'a> From<&'a Engine> for Ground<'a> {
    fn from(engine: &'a Engine) -> Self {
        Ground::Engine(engine)
    }
}

impl From<Arc<State>> for Ground<'_> {
    fn from(state: Arc<State>) -> Self {
        Ground::Folded(state)
    }
}

/// An opening balance that a row names.
#[derive(Clone, Copy)]
struct Opening {
    line: u64,
    ppid: Ppid,
    number: u64,
    amount: Yen,
    /// The place of the command that books it among the row's commands.
    at: usize,
}

impl Opening {
    fn of(line: u64, commands: &[Command]) -> Option<Opening> {
        let ppid = commands.iter().find_map(|command| match command {
            Command::Link { ppid, .. } => Some(*ppid),
            _ => None,
        })?;
        commands.iter().enumerate().find_map(|(at, command)| match command {
            Command::OpeningBalance { number, amount, .. } => {
                Some(Opening { line, ppid, number: *number, amount: *amount, at })
            }
            _ => None,
        })
    }

    /// The sum that was paid in before, where it differs: then nothing is booked.
    fn kept(&self, state: &State) -> Option<FieldChange> {
        let account = state.link_versions(&self.ppid).find_map(|version| match &version.instrument {
            Some(Instrument::Deposit(id)) if state.deposit_number(*id) == Some(self.number) => state.book.account(*id),
            _ => None,
        })?;
        let before = account.credits;
        (before.is_positive() && before != self.amount).then(|| FieldChange {
            line: self.line,
            of: self.ppid.to_string(),
            field: "balance".to_owned(),
            before: Some(before.to_string()),
            after: self.amount.to_string(),
        })
    }
}

/// A row's commands, whose outcomes come together.
struct UnderWay {
    row: RowAsRead,
    opening: Option<Opening>,
    answers: SmallVec<[oneshot::Receiver<Result<Done, CommandError>>; 1]>,
}

/// Gives back the opening balance that was not booked because there was money before.
async fn finish(row: UnderWay, report: &mut ImportReport) -> anyhow::Result<Option<Opening>> {
    let (mut changed, mut known) = (false, None);
    for (at, answer) in row.answers.into_iter().enumerate() {
        match answer.await.map_err(|_| CommandError::Stopping)? {
            Ok(done) => {
                changed |= done == Done::Recorded;
                if done == Done::Unchanged {
                    known = known.or(row.opening.filter(|opening| opening.at == at));
                }
            }
            Err(CommandError::Rejected(why)) => {
                report.refuse(row.row.bad("", String::new(), &said(&why)));
                return Ok(None);
            }
            Err(error @ (CommandError::NotLeader(_) | CommandError::Halted(_) | CommandError::Stopping)) => {
                return Err(error.into());
            }
        }
    }
    report.count(if changed { Did::Record } else { Did::Nothing });
    Ok(known)
}

/// Rows on their way.
pub(super) struct Steps<'a> {
    ground: Ground<'a>,
    mode: Mode,
    /// The approval of the file.
    approval: Option<u64>,
    /// Opens payees' accounts for a look.
    vault: Option<Arc<Vault>>,
    under_way: VecDeque<UnderWay>,
    waiting: Vec<(RowAsRead, Vec<Command>)>,
    seen: MerchantView,
    /// Opening balances that were not booked.
    not_booked: Vec<Opening>,
}

impl<'a> Steps<'a> {
    pub(super) fn new(ground: Ground<'a>, order: &Order) -> Self {
        let (mode, approval) = (order.mode, order.approval);
        let (under_way, waiting, not_booked) = (VecDeque::new(), Vec::new(), Vec::new());
        let vault = order.vault.clone();
        Steps { ground, mode, approval, vault, under_way, waiting, seen: MerchantView::default(), not_booked }
    }

    pub(super) async fn push(
        &mut self,
        row: RowAsRead,
        commands: Vec<Command>,
        report: &mut ImportReport,
    ) -> anyhow::Result<()> {
        match (self.mode, &self.ground) {
            (Mode::CarryOut, Ground::Engine(engine)) => {
                let opening = Opening::of(row.line, &commands);
                let answers =
                    commands.into_iter().map(|command| engine.command_later(under(command, self.approval))).collect();
                self.under_way.push_back(UnderWay { row, opening, answers });
                if self.under_way.len() >= WINDOW {
                    self.one(report).await?;
                }
            }
            (Mode::CarryOut, Ground::Folded(_)) => anyhow::bail!("a journal that is only read carries nothing out"),
            (Mode::Look, _) => {
                self.waiting.push((row, commands));
                if self.waiting.len() >= ROWS_AT_ONCE {
                    self.look(report).await?;
                }
            }
        }
        Ok(())
    }

    async fn one(&mut self, report: &mut ImportReport) -> anyhow::Result<()> {
        if let Some(row) = self.under_way.pop_front() {
            let known = finish(row, report).await?;
            if self.not_booked.len() < LISTED {
                self.not_booked.extend(known);
            }
        }
        Ok(())
    }

    pub(super) async fn finish(&mut self, report: &mut ImportReport) -> anyhow::Result<()> {
        while !self.under_way.is_empty() {
            self.one(report).await?;
        }
        self.look(report).await?;
        let openings = std::mem::take(&mut self.not_booked);
        if let (Ground::Engine(engine), false) = (&self.ground, openings.is_empty()) {
            let kept = move |state: &State| openings.iter().filter_map(|o| o.kept(state)).collect::<Vec<_>>();
            report.kept = engine.query(kept).await.ok_or(CommandError::Stopping)?;
        }
        Ok(())
    }

    async fn look(&mut self, report: &mut ImportReport) -> anyhow::Result<()> {
        let rows = std::mem::take(&mut self.waiting);
        if rows.is_empty() {
            return Ok(());
        }
        let (mut seen, now) = (std::mem::take(&mut self.seen), clock::now());
        let vault = self.vault.clone();
        let question = move |state: &State| {
            let found: Vec<_> = rows
                .into_iter()
                .map(|(row, commands)| {
                    let changes = looked((state, vault.as_deref()), now, &mut seen, &commands);
                    let opening = Opening::of(row.line, &commands);
                    let kept = opening.and_then(|opening| opening.kept(state));
                    (row, changes, (kept, opening.map_or(Yen::ZERO, |opening| opening.amount)))
                })
                .collect();
            (found, seen)
        };
        let (found, seen) = match &self.ground {
            Ground::Folded(state) => question(state),
            Ground::Engine(engine) => {
                let answer = engine.query(question).await;
                answer.ok_or(CommandError::Stopping)?
            }
        };
        self.seen = seen;
        for (row, changes, (kept, opening)) in found {
            match changes {
                Err(why) => report.refuse(row.bad("", String::new(), &said(&why))),
                Ok((of, fields)) => {
                    report.sum.row(row.line, (&of, &fields), opening);
                    if report.kept.len() < LISTED {
                        report.kept.extend(kept);
                    }
                    report.count(if fields.is_empty() { Did::Nothing } else { Did::Record });
                    for (field, before, after) in fields {
                        report.changed_fields += 1;
                        if report.changes.len() < LISTED {
                            let (line, of, field) = (row.line, of.clone(), field.to_owned());
                            report.changes.push(FieldChange { line, of, field, before, after });
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

/// A row's command as the approval of its file allows it.
fn under(command: Command, approval: Option<u64>) -> Command {
    match approval {
        Some(approval) => Command::OfFile { approval, command: Box::new(command) },
        None => command,
    }
}

/// The changes that a row's commands would make, and their subject.
fn looked(
    (state, vault): (&State, Option<&Vault>),
    now: Millis,
    seen: &mut MerchantView,
    commands: &[Command],
) -> Result<(String, Vec<Field>), Rejected> {
    let (mut of, mut fields) = (String::new(), Vec::new());
    let mut new_deposit = None;
    for command in commands {
        if let Command::ChangeMerchant { acquirer, merchant, change, .. } = command {
            of = format!("{acquirer}/{merchant}");
            let (before, after) = seen.change(state, (*acquirer, *merchant), change)?;
            let before = before.map(|entry| entry.fields());
            for (at, (field, after)) in after.fields().into_iter().enumerate() {
                let before = before.as_ref().map(|fields| fields[at].1.clone());
                if before.as_ref() != Some(&after) && !(before.is_none() && after.is_empty()) {
                    fields.push((field, before, after));
                }
            }
            continue;
        }
        // The accounts that the row itself opens do not exist yet.
        let opened = match command {
            Command::OpeningBalance { number, .. } => new_deposit == Some(*number),
            Command::Link { to: Link::Deposit(number), .. } => new_deposit == Some(*number),
            _ => false,
        };
        if !opened {
            let decision = would(state, now, command);
            if let Some(why) = decision.rejected {
                return Err(why);
            }
            if decision.body.is_none() {
                continue;
            }
        }
        if let Command::OpenDeposit { number, .. } = command {
            new_deposit = Some(*number);
        }
        let (whom, field) = told((state, vault), command);
        if !whom.is_empty() {
            of = whom;
        }
        fields.extend(field);
    }
    Ok((of, fields))
}

/// The change that a command about a person would make.
fn told((state, vault): (&State, Option<&Vault>), command: &Command) -> (String, Option<Field>) {
    match command {
        Command::OpenDeposit { number, .. } => (String::new(), Some(("deposit", None, account(*number)))),
        Command::OpeningBalance { amount, .. } => {
            (String::new(), Some(("balance", Some(Yen::ZERO.to_string()), amount.to_string())))
        }
        Command::Link { ppid, to, .. } => {
            let after = match to {
                Link::Deposit(number) => format!("on_us {}", account(*number)),
                Link::Instrument(instrument) => instrument_text(state, instrument),
            };
            (ppid.to_string(), Some(("instrument", in_force(state, ppid), after)))
        }
        Command::SetPayee { change, .. } => (change.payee.to_string(), account_field(state, vault, change)),
        Command::Unlink { ppid, .. } => (ppid.to_string(), Some(("instrument", in_force(state, ppid), "none".into()))),
        _ => (String::new(), None),
    }
}

/// A payee's account before and after, without its holder: a request's record has no names.
fn account_field(state: &State, vault: Option<&Vault>, change: &PayeeChange) -> Option<Field> {
    let shown = |account: &SealedAccount| {
        let found = vault.and_then(|vault| crate::payees::opened(vault, &change.payee, account).ok());
        found.map_or_else(|| "****".to_owned(), |account| crate::payees::masked(&account))
    };
    let before = state.payee_account(&change.payee).and_then(|now| now.account);
    let after = change.account.as_ref().map_or_else(|| "none".to_owned(), shown);
    Some(("account", before.as_ref().map(shown), after))
}

fn in_force(state: &State, ppid: &Ppid) -> Option<String> {
    let newest = state.link_versions(ppid).next()?;
    Some(newest.instrument.as_ref().map_or_else(|| "none".to_owned(), |i| instrument_text(state, i)))
}

fn instrument_text(state: &State, instrument: &Instrument) -> String {
    match instrument {
        Instrument::CreditCard(card) => format!("credit, issuer {}", card.issuer),
        Instrument::DebitCard(card) => format!("debit, issuer {}", card.issuer),
        Instrument::BankAccount(bank) => format!("bank, issuer {}, account {}", bank.issuer, account(bank.number)),
        Instrument::Deposit(id) => {
            state.deposit_number(*id).map_or("on_us".into(), |n| format!("on_us {}", account(n)))
        }
    }
}

/// Only the last three digits of an account are shown.
fn account(number: u64) -> String {
    format!("*******{:03}", number % 1_000)
}
