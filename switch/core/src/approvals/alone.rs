//! What one person does not do alone. Until an access administrator has joined, there are no two people who could decide, and the keeper of
//! the journal opens the book: its first policy, merchants, links and money.

use super::super::event::Command;
use super::super::refusal::{ApprovalRefusal, Rejected};
use super::super::state::State;
use kazasu_ledger::record::{ApprovalKind, CardStatus};

/// Refuses a command that takes two people and comes without their approval.
pub(in super::super) fn is_for_one(state: &State, command: &Command) -> Result<(), Rejected> {
    // The configuration's first policy, which every start asks for again, changes nothing any more.
    if matches!(command, Command::ActivatePolicy { first: true, .. }) && state.rules.version > 0 {
        return Ok(());
    }
    match takes_two(command) {
        Some(kind) if state.rights.is_administered() => Err(ApprovalRefusal::TakesTwo(kind).into()),
        Some(_) | None => Ok(()),
    }
}

/// The request that two people decide instead of this command.
fn takes_two(command: &Command) -> Option<ApprovalKind> {
    match command {
        Command::FundProgramme { .. } => Some(ApprovalKind::Fund),
        Command::CreditPurse { .. } => Some(ApprovalKind::CreditPurse),
        Command::ActivatePolicy { .. } => Some(ApprovalKind::Policy),
        Command::Merge { .. } => Some(ApprovalKind::Merge),
        Command::Replace { .. } => Some(ApprovalKind::Replace),
        // Suspending and revoking only protect; using a card again, and another card, are another matter.
        Command::SetCard { status: CardStatus::Good, .. } => Some(ApprovalKind::LiftSuspension),
        Command::BindCertificate { .. } => Some(ApprovalKind::BindCard),
        Command::RegisterMerchant { .. } | Command::ChangeMerchant { .. } => Some(ApprovalKind::Merchants),
        Command::OpenDeposit { .. } | Command::Fund { .. } | Command::OpeningBalance { .. } | Command::Link { .. } => {
            Some(ApprovalKind::Links)
        }
        Command::SetPayee { .. } => Some(ApprovalKind::Payee),
        Command::TakePayees { .. } => Some(ApprovalKind::Payees),
        Command::Proven { command, .. } | Command::Signed { command, .. } | Command::Asked { command, .. } => {
            takes_two(command)
        }
        Command::Open { .. }
        | Command::RegisterAcquirer { .. }
        | Command::RegisterIssuer { .. }
        | Command::AskLink { .. }
        | Command::Unlink { .. }
        | Command::IssueTemporary { .. }
        | Command::SetCard { .. }
        | Command::ApplyList { .. }
        | Command::SetOwnLimits { .. }
        | Command::ChooseNotices(_)
        | Command::ChangeOwnLimits { .. }
        | Command::BreakLink { .. }
        | Command::ProposeRetarget { .. }
        | Command::DecideRetarget { .. }
        | Command::Reseal { .. }
        | Command::DestroyKey { .. }
        | Command::SettleNotice { .. }
        | Command::RetryNotice { .. }
        | Command::Approvals(_)
        | Command::Rights(_)
        | Command::Relief(_)
        | Command::Closing(_)
        | Command::Line(_)
        | Command::CutOver { .. }
        | Command::DecideAdvice { .. }
        | Command::ConfirmClock { .. }
        | Command::OfFile { .. }
        | Command::EndFile { .. }
        | Command::ResealPayee { .. } => None,
    }
}
