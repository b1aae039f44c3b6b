//! Refusals as people read them: each value of the core becomes its sentence of the catalogue, in the reader's language.
//!
//! The matches are exhaustive: a new refusal does not compile before it has its sentence.

mod closing;
mod number;
mod payees;
mod portal;
mod relief;
mod rights;
mod sign_in;

use crate::ServiceError;
use crate::approvals::Replaced;
pub(crate) use closing::booked_as;
use kazasu_core::{ApprovalRefusal, CorrectionRefusal, PolicyConflict, Rejected};
use kazasu_engine::CommandError;
use kazasu_ledger::{HoldId, RuleError};
use kazasu_sign_in::{LONGEST_PASSWORD, SignInError, WeakPassword};
use kazasu_text::approvals::{KindLabel, StandingLabel};
use kazasu_text::commands::{CommandText, PolicyText, RuleText, ServiceText};
use kazasu_text::problems::PasswordText;
use kazasu_text::{Count, Label, Language, Said, Text, errors};
use number::count;

impl ServiceError {
    /// The problem, in the reader's language.
    #[must_use]
    pub fn in_language(&self, language: Language) -> String {
        let text = |text: ServiceText<'_>| text.in_language(language).into_owned();
        match self {
            ServiceError::Value { field, problem }
            | ServiceError::State { field, problem }
            | ServiceError::Absent { field, problem } => {
                text(ServiceText::Value { field, problem: &problem.in_language(language) })
            }
            ServiceError::Cursor(why) => {
                text(ServiceText::Value { field: "cursor", problem: &why.text().in_language(language) })
            }
            ServiceError::Pin => text(ServiceText::Pin),
            ServiceError::Portal(why) => portal::sentence(why, language),
            ServiceError::SignInNeeded(why) | ServiceError::Forbidden(why) | ServiceError::NotFound(why) => {
                why.in_language(language).into_owned()
            }
            ServiceError::FactorNeeded => text(ServiceText::FactorNeeded),
            ServiceError::SignIn(error) => match error {
                SignInError::Off(_)
                | SignInError::NoMeans
                | SignInError::Flow
                | SignInError::FlowOther
                | SignInError::Passkey(_) => sign_in::refusal(error, language),
                SignInError::Wrong => text(ServiceText::SignInWrong),
                SignInError::Wait(seconds) => text(ServiceText::SignInWait { seconds: *seconds }),
                SignInError::Busy => text(ServiceText::SignInBusy),
                SignInError::OneTimeSecret => text(ServiceText::OneTimeSecret),
                SignInError::Code => text(ServiceText::OneTimeCode),
                SignInError::Weak(why) => password(why).in_language(language).into_owned(),
                SignInError::Store(why) => {
                    let why = errors::said(why, crate::causes::of);
                    text(ServiceText::SignInStore { why: &why.in_language(language) })
                }
                SignInError::Failed(why) => text(ServiceText::SignInFailed { why }),
            },
            ServiceError::Provider(why) => sign_in::provider(why, language),
            ServiceError::File(problems) => {
                problems.iter().map(|problem| problem.in_language(language)).collect::<Vec<_>>().join("\n")
            }
            ServiceError::Command(CommandError::Rejected(why)) => rejected(why, language),
            ServiceError::Command(CommandError::NotLeader(leader)) if leader.is_empty() => text(ServiceText::OtherNode),
            ServiceError::Command(CommandError::NotLeader(leader)) => text(ServiceText::OtherNodeAt { leader }),
            ServiceError::Command(CommandError::Halted(why)) => {
                text(ServiceText::Halted { why: &errors::foreign(why).in_language(language) })
            }
            ServiceError::Command(CommandError::Stopping) => text(ServiceText::Stopping),
            ServiceError::Replaced(replaced) => self::replaced(replaced, language),
            ServiceError::Unlogged(why) => {
                text(ServiceText::Unlogged { why: &errors::foreign(&why.0).in_language(language) })
            }
            ServiceError::Other(error) => errors::chain(error.chain(), language, crate::causes::of),
        }
    }
}

/// The core's refusal in every language, for answers that are read later.
pub(crate) fn said(why: &Rejected) -> Said {
    Said::new(|language| rejected(why, language))
}

/// The core's reason for refusing a command, in the reader's language.
#[must_use]
#[allow(clippy::too_many_lines, reason = "a table: one row for each refusal")]
pub fn rejected(why: &Rejected, language: Language) -> String {
    let of = |text: CommandText<'_>| text.in_language(language).into_owned();
    of(match why {
        Rejected::AlreadyOpen => CommandText::AlreadyOpen,
        Rejected::NotOpen => CommandText::NotOpen,
        Rejected::UnknownAcquirer(acquirer) => CommandText::UnknownAcquirer { acquirer: *acquirer },
        Rejected::UnknownIssuer(issuer) => CommandText::UnknownIssuer { issuer: *issuer },
        Rejected::UnknownDeposit(number) => CommandText::UnknownDeposit { number: *number },
        Rejected::UnknownPpid(ppid) => CommandText::UnknownPpid { ppid: *ppid },
        Rejected::TerminalTaken(terminal, merchant) => {
            CommandText::TerminalTaken { terminal: *terminal, merchant: *merchant }
        }
        Rejected::NewMerchant(field) => CommandText::NewMerchant { field },
        Rejected::TooMany(field, most) => CommandText::TooMany { field, most: count(*most) },
        Rejected::BeforeVersionInForce(from, in_force) => CommandText::BeforeVersionInForce { from, in_force },
        Rejected::Rule(rule) => return broken_rule(rule).in_language(language).into_owned(),
        Rejected::Policy(conflict) => return policy(conflict).in_language(language).into_owned(),
        Rejected::UnknownProgramme(programme) => CommandText::UnknownProgramme { programme: *programme },
        Rejected::IsRelief(programme) => CommandText::IsRelief { programme: *programme },
        Rejected::ProgrammeOver(programme, until) => {
            CommandText::ProgrammeOver { programme: *programme, until: *until }
        }
        Rejected::FundShort { programme, available, asked } => {
            CommandText::FundShort { programme: *programme, available: *available, asked: *asked }
        }
        Rejected::ReferenceTaken(reference, amount) => CommandText::ReferenceTaken { reference, amount: *amount },
        Rejected::Reference => CommandText::Reference,
        Rejected::KnownPpid(ppid) => CommandText::KnownPpid { ppid: *ppid },
        Rejected::NotTemporary(ppid) => CommandText::NotTemporary { ppid: *ppid },
        Rejected::IntoTemporary(ppid) => CommandText::IntoTemporary { ppid: *ppid },
        Rejected::MergedBefore(ppid) => CommandText::MergedBefore { ppid: *ppid },
        Rejected::SerialTaken(serial) => CommandText::SerialTaken { serial: *serial },
        Rejected::SerialUnclear(serial) => CommandText::SerialUnclear { serial: *serial },
        Rejected::OldList { got, got_at, number, at } => {
            CommandText::OldList { got: *got, got_at, number: *number, at }
        }
        Rejected::NotSuspended(ppid) => CommandText::NotSuspended { ppid: *ppid },
        Rejected::TooManyOpen { by, open, most } => {
            CommandText::TooManyOpen { by, open: (*open).into(), most: (*most).into() }
        }
        Rejected::NotRevoked(ppid) => CommandText::NotRevoked { ppid: *ppid },
        Rejected::GoneInto(ppid, into) => CommandText::GoneInto { ppid: *ppid, into: *into },
        Rejected::Temporary(ppid) => CommandText::Temporary { ppid: *ppid },
        Rejected::ReplacesItself(ppid) => CommandText::ReplacesItself { ppid: *ppid },
        Rejected::LinkChanged(ppid) => CommandText::LinkChanged { ppid: *ppid },
        Rejected::BoundAlready(serial) => CommandText::BoundAlready { serial: *serial },
        Rejected::Correction(why) => correction(why),
        Rejected::OwnLimit(field, got) => CommandText::OwnLimit { field, got: *got },
        Rejected::NothingLinked(ppid) => CommandText::NothingLinked { ppid: *ppid },
        Rejected::NotBroken(ppid) => CommandText::NotBroken { ppid: *ppid },
        Rejected::ProposalOpen(by) => CommandText::RetargetOpen { by },
        Rejected::NoProposal(ppid) => CommandText::NoRetarget { ppid: *ppid },
        Rejected::NoCard(ppid, version) => CommandText::NoCard { ppid: *ppid, version: *version },
        Rejected::KeyDestroyed(version) => CommandText::KeyDestroyed { version: *version },
        Rejected::KeyNeeded(version, links, proposals, batches, accounts) => CommandText::KeyNeeded {
            version: *version,
            links: *links,
            proposals: count(*proposals),
            batches: count(*batches),
            accounts: *accounts,
        },
        Rejected::Payee(why) => return payees::refusal(why, language),
        Rejected::UnknownNotice(notice) => CommandText::UnknownNotice { record: notice / 16, part: notice % 16 },
        Rejected::Approval(ApprovalRefusal::Open(request)) => CommandText::ApprovalOpen { request: *request },
        Rejected::Approval(ApprovalRefusal::Unknown(request)) => CommandText::UnknownApproval { request: *request },
        Rejected::Approval(ApprovalRefusal::SamePerson(by)) => CommandText::SamePerson { by },
        Rejected::Approval(ApprovalRefusal::Closed(request, end)) => {
            let how = StandingLabel::of(end.name()).unwrap_or(StandingLabel::Superseded);
            CommandText::ApprovalOver { request: *request, how }
        }
        Rejected::Approval(ApprovalRefusal::NotPerson(by)) => CommandText::NotPerson { by },
        Rejected::Approval(ApprovalRefusal::Changed(request)) => CommandText::ApprovalChanged { request: *request },
        Rejected::Approval(ApprovalRefusal::SentBack(request)) => CommandText::ApprovalSentBack { request: *request },
        Rejected::Approval(ApprovalRefusal::TooManyOf { by, open, most }) => {
            CommandText::ApprovalsOfOne { by, open: (*open).into(), most: (*most).into() }
        }
        Rejected::Approval(ApprovalRefusal::OfAnother(request, by)) => {
            CommandText::ApprovalOfAnother { request: *request, by }
        }
        Rejected::Approval(ApprovalRefusal::TakesTwo(kind)) => {
            CommandText::TakesTwoPeople { kind: KindLabel::of(kind.name()).unwrap_or(KindLabel::Fund) }
        }
        Rejected::Approval(ApprovalRefusal::NoFile(request)) => CommandText::NoFileApproved { request: *request },
        Rejected::Approval(ApprovalRefusal::BeyondFile(request)) => {
            CommandText::BeyondFileApproved { request: *request }
        }
        Rejected::Approval(ApprovalRefusal::NotApproved(key)) => CommandText::DestructionNotApproved { key },
        Rejected::Relief(why) => return relief::sentence(why, language),
        Rejected::Closing(why) => return closing::sentence(why, language),
        Rejected::Rights(why) => return rights::sentence(why, language),
        Rejected::BeyondCalendar(day, today) => CommandText::BeyondCalendar { day: *day, today: *today },
        Rejected::OtherDay(clock, day) => CommandText::OtherDay { clock, day: *day },
        Rejected::NoAdviceWaits(record) => CommandText::NoAdviceWaits { record: *record },
        Rejected::Amount(got) => CommandText::Amount { got: *got },
    })
}

fn correction(why: &CorrectionRefusal) -> CommandText<'static> {
    match *why {
        CorrectionRefusal::NotPayment(record) => CommandText::NotPayment { record },
        CorrectionRefusal::NotPosted(record) => CommandText::PaymentNotPosted { record },
        CorrectionRefusal::AboveLeft { payment, left, asked } => {
            CommandText::AboveWhatIsLeft { record: payment, left, asked }
        }
        CorrectionRefusal::Changed { payment, then, now } => CommandText::PaymentChanged { record: payment, then, now },
    }
}

fn password(why: &WeakPassword) -> PasswordText {
    match why {
        WeakPassword::Short(least, got) => PasswordText::Short { least: count(*least), got: count(*got) },
        WeakPassword::Long => PasswordText::Long { most: count(LONGEST_PASSWORD) },
        WeakPassword::Common => PasswordText::Common,
        WeakPassword::OwnName => PasswordText::OwnName,
    }
}

/// A request is not what was looked at: what differs, a line each.
fn replaced(replaced: &Replaced, language: Language) -> String {
    let mut out = CommandText::ApprovalChanged { request: replaced.approval }.in_language(language).into_owned();
    for difference in &replaced.differences {
        let [before, after] = difference.in_language(language);
        out += &format!("\n  {}: {before} → {after}", difference.field);
    }
    out
}

fn policy(conflict: &PolicyConflict) -> PolicyText<'_> {
    match conflict {
        PolicyConflict::ReliefNumber(number) => PolicyText::ReliefNumber { number: *number },
        PolicyConflict::TooManyProgrammes => {
            PolicyText::TooManyProgrammes { most: count(kazasu_core::MOST_PROGRAMMES) }
        }
        PolicyConflict::LimitMeaning { number, name } => PolicyText::LimitMeaning { number: *number, name },
        PolicyConflict::PurseGone(number) => PolicyText::PurseGone { number: *number },
        PolicyConflict::PointsGone(number) => PolicyText::PointsGone { number: *number },
        PolicyConflict::Rounding(number) => PolicyText::Rounding { number: *number },
        PolicyConflict::UnknownIssuer(issuer) => PolicyText::UnknownIssuer { issuer: *issuer },
        PolicyConflict::BudgetGranted { programme, unspent, less } => {
            PolicyText::BudgetGranted { programme: *programme, unspent: Count(*unspent), less: Count(*less) }
        }
        PolicyConflict::TooManyBudgets => PolicyText::TooManyBudgets { most: count(kazasu_ledger::transfer::MOST) },
    }
}

fn broken_rule(rule: &RuleError) -> RuleText {
    let place = |hold: &HoldId| (hold.record(), hold.leg());
    match rule {
        RuleError::TooMany => RuleText::TooMany {
            most: count(kazasu_ledger::transfer::MOST),
            holds: count(kazasu_ledger::transfer::MOST_HOLDS),
        },
        RuleError::NotPositive(amount) => RuleText::NotPositive { amount: *amount },
        RuleError::UnknownAccount(account) => RuleText::UnknownAccount { account: account.0 },
        RuleError::SameAccount(account) => RuleText::SameAccount { account: account.0 },
        RuleError::UnitMismatch(one, other) => RuleText::UnitMismatch { one: one.0, other: other.0 },
        RuleError::UnknownHold(hold) => {
            let (record, place) = place(hold);
            RuleText::UnknownHold { record, place }
        }
        RuleError::OtherAccounts(hold) => {
            let (record, place) = place(hold);
            RuleText::OtherAccounts { record, place }
        }
        RuleError::AboveHold { hold, left, asked } => {
            let (record, place) = place(hold);
            RuleText::AboveHold { record, place, left: *left, asked: *asked }
        }
        RuleError::Overflow(account) => RuleText::Overflow { account: account.0 },
        RuleError::Insufficient { account, available } => {
            RuleText::Insufficient { account: account.0, available: *available }
        }
    }
}

#[cfg(test)]
mod tests;
