//! Files that two people approved: their rows are recorded one by one, each under the approval, until the file has ended. The rows together
//! make no more records and book no more money than was approved.

use super::super::decision::{Decided, Decision, recorded, unchanged};
use super::super::event::Command;
use super::super::refusal::{ApprovalRefusal, PayeeRefusal, Rejected};
use super::super::state::State;
use super::approved_file::ApprovedFile;
use kazasu_ledger::Seq;
use kazasu_ledger::record::{Body, FileEnded, FileOf, Maker};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;

/// Is this a command that a row of such a file makes?
fn is_of(command: &Command, of: FileOf) -> bool {
    match of {
        FileOf::Payees => matches!(command, Command::SetPayee { .. }),
        FileOf::Merchants => matches!(command, Command::ChangeMerchant { .. }),
        FileOf::Links => matches!(
            command,
            Command::OpenDeposit { .. }
                | Command::OpeningBalance { .. }
                | Command::Link { .. }
                | Command::Unlink { .. }
        ),
    }
}

/// Decides a row's command under the approval of its file. `decide` is the rule of the command itself.
pub(in super::super) fn row(
    state: &State,
    now: Millis,
    (approval, command): (Seq, &Command),
    decide: impl FnOnce() -> Decided,
) -> Decided {
    let none = || Rejected::from(ApprovalRefusal::NoFile(approval));
    let file = state.approvals.files.get(&approval).filter(|file| !file.is_over(now)).ok_or_else(none)?;
    if !is_of(command, file.of) {
        return Err(none());
    }
    if matches!(command, Command::SetPayee { change, .. } if change.call.is_none()) {
        return Err(PayeeRefusal::RowNotCalled.into());
    }
    let mut decision = decide()?;
    if let Some(body) = &mut decision.body {
        let booked = booked(body);
        if file.records == 0 || booked > file.opening {
            return Err(ApprovalRefusal::BeyondFile(approval).into());
        }
        under(body, approval);
    }
    Ok(decision)
}

/// Money that a record books.
fn booked(body: &Body) -> Yen {
    body.transfers().iter().fold(Yen::ZERO, |sum, transfer| Yen::new(sum.get().saturating_add(transfer.amount.get())))
}

/// Writes the approval into a row's record.
fn under(body: &mut Body, approval: Seq) {
    let in_maker = |maker: &mut Option<Maker>| {
        let none = || Maker { by: String::new(), via: String::new(), approval: None };
        maker.get_or_insert_with(none).approval = Some(approval);
    };
    match body {
        Body::MerchantRegistered(r) => in_maker(&mut r.maker),
        Body::PayeeSet(r) => in_maker(&mut r.maker),
        Body::DepositOpened(r) => in_maker(&mut r.maker),
        Body::Funded(r) => in_maker(&mut r.maker),
        Body::Linked(r) => r.approval = Some(approval),
        Body::Unlinked(r) => r.approval = Some(approval),
        _ => {}
    }
}

/// All rows of a file were taken.
pub(in super::super) fn end(state: &State, ended: &FileEnded) -> Decision {
    match state.approvals.files.contains_key(&ended.approval) {
        true => recorded(Body::FileEnded(ended.clone())),
        false => unchanged(),
    }
}

impl State {
    /// The approval under which this file may be recorded now: the same bytes, and the same sheet of them.
    #[must_use]
    pub fn approved_file(&self, of: FileOf, (digest, sheet): (&[u8; 32], Option<&str>), now: Millis) -> Option<Seq> {
        let is_it = |file: &ApprovedFile| {
            let is_same = file.digest == *digest && file.sheet.as_deref() == sheet;
            file.of == of && is_same && !file.is_over(now)
        };
        self.approvals.files.iter().find(|(_, file)| is_it(file)).map(|(number, _)| *number)
    }

    /// A row's record was made under an approval.
    pub(in super::super) fn row_recorded(&mut self, approval: Option<Seq>, booked: Yen) {
        let file = approval.and_then(|number| self.approvals.files.get_mut(&number));
        if let Some(file) = file {
            file.records = file.records.saturating_sub(1);
            file.opening = Yen::new(file.opening.get().saturating_sub(booked.get()));
        }
    }

    pub(in super::super) fn file_ended(&mut self, r: &FileEnded) {
        self.approvals.files.remove(&r.approval);
    }
}
