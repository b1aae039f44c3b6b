//! What reaches the core, and what it answers.

use super::Rejected;
use super::limits::LimitsChange;
use kazasu_ledger::Seq;
use kazasu_ledger::record::{
    Body, CardStatus, Instrument, LinkOrigin, ListReason, MerchantTraits, OwnLimits, Silence, ToIssuer,
};
use kazasu_schemas::ids::{ApprovalCode, InstitutionId, Mcc, MerchantId, Ppid, Serial, TerminalId};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::Policy;
use kazasu_schemas::wire::{Answer, Request, ResponseCode, Totals};
use smallvec::SmallVec;

/// Something that happened outside.
#[derive(Clone, Debug)]
pub enum Event {
    /// An acquirer's message, already authenticated and read.
    Request(Request),
    /// An acquirer's totals.
    Totals(Totals),
    /// An issuer answered the message that record `message` caused.
    IssuerAnswered {
        /// The record.
        message: Seq,
        /// DE39.
        code: ResponseCode,
        /// DE38.
        approval: Option<ApprovalCode>,
    },
    /// An issuer will not answer any more, as far as the link knows.
    IssuerSilent {
        /// The pending tap.
        tap: Seq,
        /// Why.
        why: Silence,
    },
    /// An issuer acknowledged an advice.
    IssuerAcknowledged {
        /// The record that caused it.
        message: Seq,
        /// DE39.
        code: ResponseCode,
    },
    /// An operator's command.
    Command(Command),
    /// Time has passed: is the business day over?
    Tick {
        /// How many days settled taps stay in memory.
        keep_days: u16,
    },
    /// Time has passed, but it is not sure how much: no day turns and nothing lapses.
    TickInDoubt,
}

/// What operators and imports ask for.
#[derive(Clone, Debug)]
pub enum Command {
    /// Begin a book. Only in an empty journal.
    Open {
        /// Its name.
        book: String,
    },
    /// Register an acquirer.
    RegisterAcquirer {
        /// DE32.
        acquirer: InstitutionId,
        /// Its name.
        name: String,
    },
    /// Register an issuer.
    RegisterIssuer {
        /// Its number.
        issuer: u16,
        /// Its name.
        name: String,
    },
    /// Register or change a merchant.
    RegisterMerchant {
        /// Its acquirer.
        acquirer: InstitutionId,
        /// DE42.
        merchant: MerchantId,
        /// Its name.
        name: String,
        /// Its category.
        mcc: Mcc,
        /// All its terminals.
        terminals: Vec<TerminalId>,
        /// Takes no payments any more.
        closed: bool,
        /// Class, tags and region.
        traits: MerchantTraits,
    },
    /// Register a merchant, or change what is said of it and nothing else.
    ChangeMerchant {
        /// Its acquirer.
        acquirer: InstitutionId,
        /// DE42.
        merchant: MerchantId,
        /// What changes.
        change: Box<super::MerchantChange>,
    },
    /// Open a deposit in this ledger. Nothing happens when it is open already.
    OpenDeposit {
        /// Branch and account number.
        number: u64,
    },
    /// Put money into a deposit.
    Fund {
        /// The deposit.
        number: u64,
        /// How much.
        amount: Yen,
        /// Where it is said to come from.
        reference: String,
    },
    /// Put money into a deposit that never had any; nothing happens otherwise. An import can be run again.
    OpeningBalance {
        /// The deposit.
        number: u64,
        /// How much.
        amount: Yen,
        /// Where it is said to come from.
        reference: String,
    },
    /// Link a PPID to an instrument from a moment on.
    Link {
        /// The person.
        ppid: Ppid,
        /// Not before the version in force.
        from: Option<Millis>,
        /// The instrument; [`Link::Deposit`] names a deposit by its number.
        to: Link,
        /// Who makes it.
        origin: LinkOrigin,
        /// The caller's name.
        by: String,
    },
    /// End a PPID's link.
    Unlink {
        /// The person.
        ppid: Ppid,
        /// From when on; now when absent.
        from: Option<Millis>,
        /// The caller's name.
        by: String,
    },
    /// Put a policy into force.
    ActivatePolicy {
        /// Read and checked.
        policy: Box<Policy>,
        /// The file, for people.
        source: String,
        /// Who.
        by: String,
        /// Why.
        why: String,
        /// Only when no policy has been activated yet; nothing happens otherwise.
        first: bool,
    },
    /// Issue a temporary ID.
    IssueTemporary {
        /// The ID, of the form of a PPID.
        ppid: Ppid,
        /// Its last day.
        until: Option<BusinessDay>,
        /// Who.
        by: String,
    },
    /// Merge a temporary ID into a PPID.
    Merge {
        /// The temporary ID.
        from: Ppid,
        /// The person's PPID.
        into: Ppid,
        /// Who.
        by: String,
    },
    /// Suspend a card, revoke it, or let it be used again.
    SetCard {
        /// The person.
        ppid: Ppid,
        /// From here on.
        status: CardStatus,
        /// Who.
        by: String,
        /// Why.
        why: String,
    },
    /// A certificate belongs to a person's card: its issuer and its serial number.
    BindCertificate {
        /// The person; known from here on.
        ppid: Ppid,
        /// The certificate.
        serial: Serial,
        /// Its issuer, in the form in which equal names are equal; `None` when nobody says.
        issuer: Option<String>,
        /// Its last day.
        last_day: BusinessDay,
        /// Who.
        by: String,
    },
    /// Take a card status list over; its signature has been checked.
    ApplyList {
        /// The authority's number.
        number: u64,
        /// When it was issued.
        issued: Millis,
        /// All that is on it.
        entries: Vec<(Serial, ListReason)>,
        /// What it is about: its authority, and which of the authority's lists.
        scope: String,
        /// Its authority, in the form in which equal names are equal.
        issuer: Option<String>,
        /// Who.
        by: String,
    },
    /// Set a resident's own limits, all of them.
    SetOwnLimits {
        /// The person.
        ppid: Ppid,
        /// All of them.
        limits: OwnLimits,
        /// Who.
        by: String,
    },
    /// Change some of a resident's own limits. The others stay.
    ChangeOwnLimits {
        /// The person.
        ppid: Ppid,
        /// What.
        change: LimitsChange,
        /// Who.
        by: String,
    },
    /// Pay into a purse programme's fund.
    FundProgramme {
        /// The programme.
        programme: u16,
        /// Yen.
        amount: Yen,
        /// The payment's own: it is booked once.
        reference: String,
        /// Who.
        by: String,
    },
    /// Credit purse money to a resident.
    CreditPurse {
        /// The person.
        ppid: Ppid,
        /// The programme.
        programme: u16,
        /// Yen.
        amount: Yen,
        /// The payment's own: it is booked once for the person and programme.
        reference: String,
        /// Who.
        by: String,
    },
    /// Put a link into the queue of broken ones.
    BreakLink {
        /// The person.
        ppid: Ppid,
        /// What happened.
        why: String,
        /// Who.
        by: String,
    },
    /// Propose a new instrument for a broken link.
    ProposeRetarget {
        /// The person.
        ppid: Ppid,
        /// The instrument.
        to: Link,
        /// Who.
        by: String,
    },
    /// Approve the proposal, or turn it down.
    DecideRetarget {
        /// The person.
        ppid: Ppid,
        /// Approve.
        approve: bool,
        /// Who: not who proposed.
        by: String,
        /// Why.
        why: String,
    },
    /// Keep a card number sealed under a newer key.
    Reseal {
        /// The person.
        ppid: Ppid,
        /// The link's version.
        version: u32,
        /// Key version, nonce, ciphertext and tag.
        pan: Box<[u8]>,
    },
    /// A notice reached its receiver, or is given up.
    SettleNotice {
        /// The notice.
        notice: u64,
        /// It was acknowledged.
        delivered: bool,
        /// How often it was tried.
        attempts: u32,
        /// What went wrong last.
        problem: Option<String>,
    },
    /// Try a notice again that was given up.
    RetryNotice {
        /// The notice.
        notice: u64,
    },
    /// A request for an approval, or its decision.
    Approvals(super::Approvals),
    /// Something about relief.
    Relief(super::Relief),
    /// Something about closing a day.
    Closing(super::Closing),
    /// A line of the bank's statement is booked.
    Line(Box<super::StatementLine>),
    /// End the business day by hand: not one that the calendar has not begun.
    CutOver {
        /// How many days settled taps stay in memory.
        keep_days: u16,
        /// Who.
        by: String,
        /// Why.
        why: String,
    },
    /// An offline payment above its floor limit is accepted, or refused.
    DecideAdvice {
        /// Its record.
        record: Seq,
        /// Accept it.
        accept: bool,
        /// Who.
        by: String,
        /// Why.
        why: String,
    },
    /// The wall clock is right, says a person.
    ConfirmClock {
        /// The day that the person says it is.
        day: BusinessDay,
        /// The time that decided, and what the wall clock says; absent when there is no doubt about it.
        clock: Option<(Millis, Millis)>,
        /// Who.
        by: String,
        /// Why.
        why: String,
    },
}

/// An instrument as a command names it.
#[derive(Clone, Debug)]
pub enum Link {
    /// A card or a bank account.
    Instrument(Instrument),
    /// A deposit in this ledger, by its number.
    Deposit(u64),
}

/// What happens once the decision's record is durable, and not before.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    /// Answer the request that was decided.
    Answer(Answer),
    /// Answer the totals that were compared.
    AnswerTotals(Totals),
    /// The request waits for the outcome of this pending tap.
    Wait(Seq),
    /// Answer everyone who waits for this tap.
    AnswerWaiting(Seq, Answer),
    /// Send to an issuer; the number is the record that caused it.
    Send(Seq, ToIssuer),
    /// The command was carried out, or there was nothing to do.
    Done(Done),
    /// The business day turned.
    CutOver(BusinessDay, BusinessDay),
    /// A notice is owed to a resident.
    Notify(u64),
    /// There is more of the same to do: ask again.
    Again,
    /// Only counted: the name of a counter.
    Count(&'static str),
    /// A reversal was answered 00 and not carried out: told to the operator.
    NotCarriedOut {
        /// Its record.
        record: Seq,
        /// The record that it names.
        named: Seq,
        /// Why: flags of the record.
        flags: u16,
    },
}

/// How a command ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Done {
    /// A record was made.
    Recorded,
    /// Everything is as the command wants it already.
    Unchanged,
}

/// A decision: at most one record, and what follows from it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Decision {
    /// What is recorded.
    pub body: Option<Body>,
    /// What happens once it is durable.
    pub effects: SmallVec<[Effect; 2]>,
    /// A command that was refused; nothing is recorded.
    pub rejected: Option<Rejected>,
}

impl Decision {
    pub(super) fn record(body: Body) -> Self {
        Decision { body: Some(body), ..Default::default() }
    }

    /// This effect and no record.
    #[must_use]
    pub fn only(effect: Effect) -> Self {
        Decision::default().then(effect)
    }

    /// The first `notices` notices of record `seq` are owed.
    pub(super) fn notify(mut self, seq: Seq, notices: usize) -> Self {
        for at in (0..).take(notices) {
            self.effects.push(Effect::Notify(notice_key(seq, at)));
        }
        self
    }

    pub(super) fn then(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }
}

/// A notice's number: the record that caused it, and its place among that record's notices (at most 16).
pub(super) fn notice_key(seq: Seq, at: u64) -> u64 {
    seq * 16 + at
}
