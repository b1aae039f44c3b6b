//! A decision of the core: at most one record, and the effects that follow once it is durable.

use super::index::notice_key;
use super::refusal::Rejected;
use kazasu_ledger::Seq;
use kazasu_ledger::record::{Body, ToIssuer};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::wire::{Answer, Totals};
use smallvec::SmallVec;

/// The effects once the decision's record is durable, and not before.
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
        /// The reasons, as flags of the record.
        flags: u16,
    },
}

/// The outcome of a command.
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
    /// The record.
    pub body: Option<Body>,
    /// The effects once it is durable.
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

/// A command that is carried out, or refused.
pub(super) type Decided = Result<Decision, Rejected>;

pub(super) fn reject(why: Rejected) -> Decision {
    Decision { rejected: Some(why), ..Default::default() }
}

pub(super) fn recorded(body: Body) -> Decision {
    Decision::record(body).then(Effect::Done(Done::Recorded))
}

pub(super) fn unchanged() -> Decision {
    Decision::only(Effect::Done(Done::Unchanged))
}
