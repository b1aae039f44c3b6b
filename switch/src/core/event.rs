//! What reaches the core, and what it answers.

use super::Rejected;
use kazasu_ledger::Seq;
use kazasu_ledger::record::{Body, Instrument, Silence, ToIssuer};
use kazasu_schemas::ids::{ApprovalCode, InstitutionId, Mcc, MerchantId, Ppid, TerminalId};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
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
    },
    /// End a PPID's link.
    Unlink {
        /// The person.
        ppid: Ppid,
        /// From when on; now when absent.
        from: Option<Millis>,
    },
    /// End the business day by hand.
    CutOver {
        /// How many days settled taps stay in memory.
        keep_days: u16,
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
    /// Only counted: the name of a counter.
    Count(&'static str),
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

    pub(super) fn only(effect: Effect) -> Self {
        Decision::default().then(effect)
    }

    pub(super) fn then(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }
}
