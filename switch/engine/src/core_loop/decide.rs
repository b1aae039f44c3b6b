//! Deciding an event, applying its record, and what log lines say of the message that it is about.

use super::leading::{Asker, Core};
use crate::commit::Basis;
use crate::inbound::Inbound;
use crate::reply::{Asked, ConnectionHandle};
use crate::timely::{Bounds, Clocks, UNTIMELY, untimely};
use crate::trail::{self, MessageId, about};
use kazasu_core::{Decision, Effect, Event, decide, left_to_undo};
use kazasu_ledger::record::{IssuerSilent, Silence, Verdict};
use kazasu_ledger::{Body, Record, Seq};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::wire::{Answer, Refusal, ResponseCode};
use std::sync::Arc;
use std::time::Instant;

/// The name of an event's message, as far as the event has it. `None` for events that are about no message.
fn id_of(event: &Event, connection: Option<&Arc<ConnectionHandle>>) -> Option<MessageId> {
    let id = match event {
        Event::Request(request) => MessageId::from(request),
        Event::Totals(totals) => MessageId::from(totals),
        Event::IssuerAnswered { message: record, .. }
        | Event::IssuerSilent { tap: record, .. }
        | Event::IssuerAcknowledged { message: record, .. } => MessageId::default().recorded(Some(*record)),
        Event::Command(_) | Event::Tick { .. } | Event::TickInDoubt => return None,
    };
    Some(match connection {
        Some(connection) => id.over(connection),
        None => id,
    })
}

/// Says which message it was, should its handling panic: the line about the panic cannot know.
struct Handled<'a> {
    event: &'a Event,
    connection: Option<&'a Arc<ConnectionHandle>>,
}

impl Drop for Handled<'_> {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Some(id) = id_of(self.event, self.connection)
        {
            about!(error, id, "the core broke off over this message");
        }
    }
}

impl Core<'_> {
    /// The refusal of a message that was never decided and whose own time is no time to decide it.
    fn untimely(&self, event: &Event, clocks: Clocks) -> Option<Decision> {
        let Event::Request(request) = event else { return None };
        let window = self.context.config.transmission_window;
        let why = untimely(request, clocks, Bounds { window, forgotten_before: self.state.forgotten_before() })?;
        if self.state.knows(request) {
            return None;
        }
        metrics::counter!("kazasu_refused_frames_total", "reason" => UNTIMELY).increment(1);
        about!(warn, MessageId::from(request), reason = UNTIMELY, problem = why.words(), "message refused");
        Some(Decision::only(Effect::Answer(Answer::code(ResponseCode::FORMAT))))
    }

    pub(super) fn decide(&mut self, event: &Event, asker: Asker<'_>) {
        let connection = asker.connection();
        let _handled = Handled { event, connection };
        let span = trail::span(|| self.id_of(event, connection));
        let _in = span.enter();
        let clocks = self.context.clocks();
        let now = clocks.decides;
        let Decision { body, effects, rejected } = match self.untimely(event, clocks) {
            None => decide(&self.state, now, event),
            // Nothing was decided, so there is no record, as of what is refused at the door.
            Some(refused) => refused,
        };
        if let (Some(leaving), Some(Body::Transaction(tapped)), Event::Request(request)) =
            (&mut self.leaving, &body, event)
            && tapped.verdict == Verdict::Pending
            && let Asker::Connection(connection, received, tag) = asker
        {
            let message = Inbound::Request(*request);
            tracing::debug!(target: trail::STEPS, "waits for the next leader");
            leaving.parked.push(Asked { connection: connection.clone(), received, tag, message, in_doubt: false });
            return;
        }
        let basis = if body.is_some() { Basis::NewRecord } else { Basis::Known };
        if let Some(body) = body {
            count_refusal(&body);
            let record = Record { at: now.max(self.state.at), day: self.day_of(&body, now), body };
            let seq = self.state.seq + 1;
            self.state.apply(seq, &record).expect("a decision keeps the ledger's rules");
            if let Body::IssuerSilent(silent) = &record.body {
                self.tell_silence(silent);
            }
            if !span.is_disabled() {
                // An acquirer's message has its number from now on; what an issuer says is about a message that has one.
                if connection.is_some() {
                    span.record("record", seq);
                }
                tracing::debug!(target: trail::STEPS, kind = record.body.name(), written = seq, "decided");
            }
            self.batch.records.push(record);
        } else if !span.is_disabled() {
            tracing::debug!(target: trail::STEPS, "nothing new is recorded");
        }
        let mut asker = asker;
        if let Some(why) = rejected {
            match asker {
                Asker::Command(to) => {
                    let _ = to.send(Err(why.into()));
                }
                Asker::Connection(..) | Asker::Internal => {
                    tracing::error!(%why, "what the configuration registers was refused")
                }
            }
            return;
        }
        for effect in effects {
            asker = self.effect(effect, event, asker, basis);
        }
        self.undo_what_is_left(event);
    }

    /// Undoes the rest of reversals before anything else is decided: no reader sees the state in between.
    pub(super) fn undo_what_is_left(&mut self, event: &Event) {
        while let Some(Decision { body: Some(body), effects, .. }) = left_to_undo(&self.state) {
            let now = self.context.now();
            let record = Record { at: now.max(self.state.at), day: self.state.day, body };
            let seq = self.state.seq + 1;
            self.state.apply(seq, &record).expect("a decision keeps the ledger's rules");
            self.batch.records.push(record);
            for effect in effects {
                self.effect(effect, event, Asker::Internal, Basis::NewRecord);
            }
        }
    }

    /// The open business day; the first record opens the day of its own date.
    fn day_of(&self, body: &Body, now: Millis) -> BusinessDay {
        if matches!(body, Body::Opened(_)) { now.jst_day() } else { self.state.day }
    }

    /// The outcome at an issuer is unknown. That is worth a line, but an issuer that is away must not fill the log.
    fn tell_silence(&mut self, silent: &IssuerSilent) {
        let why = match silent.why {
            Silence::TimedOut => "timed_out",
            Silence::Unfit => "unfit",
            Silence::NotSent | Silence::Restarted | Silence::Unmakeable => return,
        };
        let Some(untold) = self.silences.one_more(Instant::now()) else { return };
        let issuer = silent.to_issuer.map(|to| to.issuer);
        about!(
            warn,
            self.id_of_record(silent.tap),
            issuer,
            why,
            untold,
            "an issuer gave no answer that counts; what it did is unknown, and it is told to undo it"
        );
    }

    /// The name of a record's message, and the connection over which its answer is awaited.
    pub(super) fn id_of_record(&self, record: Seq) -> MessageId {
        let tap = self.state.tap_of_message(record);
        let id = tap.map(MessageId::from).unwrap_or_default().recorded(Some(record));
        match self.waiting.get(&record).and_then(|waiters| waiters.first()) {
            Some(waiter) => id.over(&waiter.connection),
            None => id,
        }
    }

    /// The same of an event's message.
    pub(super) fn id_of(&self, event: &Event, connection: Option<&Arc<ConnectionHandle>>) -> Option<MessageId> {
        let id = id_of(event, connection)?;
        match event {
            Event::Request(_) | Event::Totals(_) => Some(id),
            _ => id.record.map(|record| self.id_of_record(record)),
        }
    }
}

/// Counts what the switch refuses, by the refusal's name.
fn count_refusal(body: &Body) {
    if let Body::Transaction(tapped) = body
        && let Verdict::Refused(refusal) = tapped.verdict
    {
        refused(refusal);
    }
    if let Body::IssuerSilent(silent) = body {
        refused(match silent.why {
            Silence::TimedOut | Silence::Restarted | Silence::Unfit => Refusal::IssuerTimeout,
            Silence::NotSent | Silence::Unmakeable => Refusal::IssuerUnavailable,
        });
    }
}

pub(super) fn refused(refusal: Refusal) {
    metrics::counter!("kazasu_refusals_total", "refusal" => refusal.name()).increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commit::tests::request;
    use crate::reply::Origin;
    use crate::trail::tests::said;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use tracing::Level;

    #[test]
    fn the_message_over_which_the_core_breaks_off_is_named() {
        let peer = "127.0.0.1:5".parse().unwrap();
        let (out, _queue) = tokio::sync::mpsc::unbounded_channel();
        let connection = Arc::new(ConnectionHandle::new(3, Origin::Acquirer, Some(peer), out));
        let event = Event::Request(request(200));
        let handle = |breaks: bool| {
            let _handled = Handled { event: &event, connection: Some(&connection) };
            assert!(!breaks, "an invariant is broken, for this test");
        };
        let lines = said(Level::ERROR, || {
            handle(false);
            assert!(catch_unwind(AssertUnwindSafe(|| handle(true))).is_err());
        });
        let named = "connection=3 peer=127.0.0.1:5 acquirer=27000001 rrn=000000000001 stan=000001 terminal=T1001001";
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains(named) && lines[0].contains("the core broke off over this message"), "{lines:?}");
    }

    #[test]
    fn events_that_are_about_no_message_name_none() {
        assert!(id_of(&Event::TickInDoubt, None).is_none());
        let silent = Event::IssuerSilent { tap: 12, why: Silence::TimedOut };
        assert_eq!(id_of(&silent, None).and_then(|id| id.record), Some(12));
    }
}
