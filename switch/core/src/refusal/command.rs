//! The reasons for refusing a command. Those of one subject stand within them as a value of their own. The sentences here are for logs;
//! people read those of the catalogue, in their language.

use super::approvals::ApprovalRefusal;
use super::closing::NotClosed;
use super::corrections::CorrectionRefusal;
use super::payees::PayeeRefusal;
use super::policy::PolicyConflict;
use super::relief::Refusal;
use super::rights::RightsRefusal;
use kazasu_schemas::ids::{InstitutionId, MerchantId, Ppid, Serial, TerminalId};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;

/// The reason for refusing a command.
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
    #[error("on-us account {0:010} is not in this ledger")]
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
    #[error(transparent)]
    Rule(#[from] kazasu_ledger::RuleError),
    /// The policy cannot follow the one in force.
    #[error(transparent)]
    Policy(#[from] PolicyConflict),
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
        /// The amount that was asked for.
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
        /// The time at which it was issued.
        got_at: String,
        /// The number in force.
        number: u64,
        /// The time at which that was issued.
        at: String,
    },
    /// A portal has as many requests open as one may.
    #[error("{open} links of portal {by} wait for staff, and at most {most} may")]
    TooManyOpen {
        /// The portal.
        by: String,
        /// Its requests that wait.
        open: usize,
        /// How many may.
        most: usize,
    },
    /// Not suspended by people.
    #[error("the card of {0} is not suspended by people")]
    NotSuspended(Ppid),
    /// Not revoked by people.
    #[error("the card of {0} is not revoked by people")]
    NotRevoked(Ppid),
    /// An ID that was merged or replaced stands for itself no more.
    #[error("{0} stands for {1} now: name that PPID")]
    GoneInto(Ppid, Ppid),
    /// Temporary IDs are merged, and not replaced.
    #[error("{0} is a temporary ID; those are merged (`kazasu card merge`)")]
    Temporary(Ppid),
    /// An ID cannot take its own place.
    #[error("{0} cannot take its own place: name the PPID of the new card")]
    ReplacesItself(Ppid),
    /// The link is another one than when the replacement was requested.
    #[error("the link of {0} changed after the replacement was requested: withdraw the request, and request it again")]
    LinkChanged(Ppid),
    /// It is so already.
    #[error("certificate {0} is the card's already")]
    BoundAlready(Serial),
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
    #[error("{0} has requested an instrument already; it must be decided first")]
    ProposalOpen(String),
    /// There is no proposal.
    #[error("no new instrument was requested for {0}")]
    NoProposal(Ppid),
    /// No such link version, or not a card's.
    #[error("link version {1} of {0} is no card")]
    NoCard(Ppid, u32),
    /// A number that is sealed under a key that was destroyed.
    #[error("version {0} of the vault's keys was destroyed; nothing can be sealed under it")]
    KeyDestroyed(u8),
    /// Something that is used is sealed under the key.
    #[error(
        "version {0} of the vault's keys is needed: {1} link versions, {2} approval requests, {3} relief batches and {4} payees' accounts are \
         sealed under it. `kazasu link rotate` seals links and payees' accounts again; proposals must be decided, relief batches reported or \
         cancelled, files of approved payouts made"
    )]
    KeyNeeded(u8, u64, usize, usize, u64),
    /// No such notice.
    #[error("notice {}-{} is not owed", .0 / 16, .0 % 16)]
    UnknownNotice(u64),
    /// Something about an approval.
    #[error(transparent)]
    Approval(#[from] ApprovalRefusal),
    /// Something about correcting a payment.
    #[error(transparent)]
    Correction(#[from] CorrectionRefusal),
    /// Something about a payee's account.
    #[error(transparent)]
    Payee(#[from] PayeeRefusal),
    /// Something about people's rights.
    #[error("{0}")]
    Rights(Box<RightsRefusal>),
    /// Something about relief.
    #[error("{0}")]
    Relief(Box<Refusal>),
    /// Something about closing a day.
    #[error("{0}")]
    Closing(Box<NotClosed>),
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

impl From<RightsRefusal> for Rejected {
    fn from(refused: RightsRefusal) -> Self {
        Rejected::Rights(Box::new(refused))
    }
}

impl From<NotClosed> for Rejected {
    fn from(why: NotClosed) -> Self {
        Rejected::Closing(Box::new(why))
    }
}

impl From<Refusal> for Rejected {
    fn from(refusal: Refusal) -> Self {
        Rejected::Relief(Box::new(refusal))
    }
}
