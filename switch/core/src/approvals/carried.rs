//! Changes whose record the approval carries: each is decided by the rules of its own subject, as its requester asked for it.

use super::super::decision::Decided;
use super::super::links::{self, NewVersion};
use super::super::merging;
use super::super::payees;
use super::super::programmes::{self, Payment};
use super::super::replacing;
use super::super::state::State;
use super::asked::Document;
use kazasu_ledger::record::{CallBack, CarriedChange, Maker};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::jst::Millis;

/// A change, with its file and its requester.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) change: &'a CarriedChange,
    pub(super) source: &'a Document,
    pub(super) said: &'a Attribution,
    /// The call to a payee, where another person than the requester made it.
    pub(super) called: Option<&'a CallBack>,
}

/// The record that the change would make now; none where everything is so already.
pub(super) fn decided(state: &State, now: Millis, asked: Asked<'_>) -> Decided {
    let Asked { change, source, said, called } = asked;
    let by = said.by.as_str();
    match change {
        CarriedChange::Fund { programme, amount, reference } => {
            programmes::fund(state, Payment { programme: *programme, amount: *amount, reference, by })
        }
        CarriedChange::Credit { ppid, programme, amount, reference } => {
            let payment = Payment { programme: *programme, amount: *amount, reference, by };
            programmes::credit(state, now, *ppid, payment)
        }
        CarriedChange::Policy(policy) => programmes::activate(state, policy, &source.text, said),
        CarriedChange::Merge { from, into } => merging::merge(state, *from, *into, by),
        CarriedChange::Replace(asked) => replacing::replace(state, now, asked, said),
        CarriedChange::Link { ppid, instrument, from } => {
            links::at_counter(state, now, NewVersion { ppid: *ppid, from: *from, by }, instrument)
        }
        CarriedChange::Payee(change) => {
            let via = said.via.map(|via| via.name().to_owned()).unwrap_or_default();
            let mut change = change.clone();
            change.call = change.call.or_else(|| called.cloned());
            payees::set(state, &change, Some(Maker { by: by.to_owned(), via, approval: None }))
        }
    }
}
