//! The effects of a decision: they are kept back with the batch until the record is durable.

use super::decide::refused;
use super::leading::{Asker, Core, Waiter};
use crate::commit::Basis;
use crate::reply::{ConnectionHandle, Reply, ReplyBody};
use crate::trail::{MessageId, about};
use kazasu_core::{Effect, Event};
use kazasu_ledger::Seq;
use kazasu_ledger::record::ToIssuer;
use kazasu_schemas::wire::{Answer, Refusal};
use std::sync::Arc;

impl Core<'_> {
    /// Keeps it back, and returns who asked as long as that one is still to be answered.
    pub(super) fn effect<'b>(&mut self, effect: Effect, event: &Event, asker: Asker<'b>, basis: Basis) -> Asker<'b> {
        match (effect, event, asker) {
            (Effect::Answer(answer), Event::Request(request), Asker::Connection(connection, received, tag)) => {
                let record = match basis {
                    Basis::NewRecord => Some(self.state.seq),
                    Basis::Known => self.state.record_of(request),
                };
                let reply = Reply { body: ReplyBody::Answer(*request, answer), received, tag, record };
                self.batch.held.reply(connection.clone(), reply, basis);
                Asker::Connection(connection, received, tag)
            }
            (Effect::AnswerTotals(totals), _, Asker::Connection(connection, received, tag)) => {
                let record = (basis == Basis::NewRecord).then_some(self.state.seq);
                let reply = Reply { body: ReplyBody::Totals(totals), received, tag, record };
                self.batch.held.reply(connection.clone(), reply, basis);
                Asker::Connection(connection, received, tag)
            }
            (Effect::Wait(tap), Event::Request(request), Asker::Connection(connection, received, tag)) => {
                let waiter = Waiter { connection: connection.clone(), request: *request, received, tag };
                self.waiting.entry(tap).or_default().push(waiter);
                Asker::Connection(connection, received, tag)
            }
            (Effect::Done(done), _, Asker::Command(to)) => {
                self.batch.held.done(to, done);
                Asker::Internal
            }
            (Effect::AnswerWaiting(tap, answer), _, asker) => {
                self.answer_waiting(tap, answer, basis);
                asker
            }
            (Effect::Send(seq, message), _, asker) => {
                self.send((seq, message), event, asker.connection());
                asker
            }
            (Effect::Notify(key), _, asker) => {
                if let Some(owed) = self.state.notice(key) {
                    self.batch.held.notice(key, owed.clone());
                }
                asker
            }
            (Effect::Again, _, asker) => {
                self.again = true;
                asker
            }
            (Effect::CutOver(closed, opened), _, asker) => {
                tracing::info!(%closed, %opened, "business day turned");
                asker
            }
            (Effect::Count(what), _, asker) => {
                count(what);
                asker
            }
            (Effect::NotCarriedOut { record, named, flags }, _, asker) => {
                let id = || self.id_of(event, asker.connection()).unwrap_or_default().recorded(Some(record));
                tell_not_carried_out(named, flags, id);
                asker
            }
            (Effect::Answer(_) | Effect::AnswerTotals(_) | Effect::Wait(_) | Effect::Done(_), _, asker) => asker,
        }
    }

    fn answer_waiting(&mut self, tap: Seq, answer: Answer, basis: Basis) {
        for w in self.waiting.remove(&tap).unwrap_or_default() {
            let body = ReplyBody::Answer(w.request, answer);
            let reply = Reply { body, received: w.received, tag: w.tag, record: Some(tap) };
            self.batch.held.reply(w.connection, reply, basis);
        }
    }

    /// A message to an issuer, and the record that caused it.
    fn send(&mut self, (seq, message): (Seq, ToIssuer), event: &Event, connection: Option<&Arc<ConnectionHandle>>) {
        match self.state.outgoing(seq, message, self.context.config.own_id) {
            Some(outgoing) => self.batch.held.message(outgoing),
            // It stays owed, and in the journal; a switch that stops would lose all other taps.
            None => about!(
                error,
                self.id_of(event, connection).unwrap_or_default().recorded(Some(seq)),
                "a message to an issuer lacks what it is made of"
            ),
        }
    }
}

fn count(what: &'static str) {
    metrics::counter!("kazasu_events_total", "what" => what).increment(1);
    // The only refusal of which there is no record.
    if what == Refusal::DuplicateMismatch.name() {
        refused(Refusal::DuplicateMismatch);
    }
}

/// The reversal `id` was answered 00 and names a record that is left as it is.
fn tell_not_carried_out(named: Seq, flags: u16, id: impl Fn() -> MessageId) {
    for why in kazasu_ledger::record::flag::names(flags) {
        metrics::counter!("kazasu_reversals_not_carried_out_total", "why" => why).increment(1);
        about!(
            warn,
            id(),
            named,
            why,
            "a reversal was answered 00 and not carried out; the flagged report shows it: a person decides whether what it names is \
             to be given back"
        );
    }
}
