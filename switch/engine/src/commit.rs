//! Effects that are kept back until their records are durable. Only the writer can construct a [`Durable`], and without one no effect leaves its
//! batch.

use crate::health::Health;
use crate::inbound::{CommandError, Inbound};
use crate::reply::{Asked, ConnectionHandle, ConnectionOut, Reply, ReplyBody};
use crate::writer::Durable;
use kazasu_core::{Done, Outgoing, Owed};
use kazasu_ledger::Record;
use kazasu_schemas::wire::{ResponseCode, Totals};
use kazasu_store::AppendError;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;
use tokio::sync::oneshot;

/// The basis of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Basis {
    /// A record of its own batch: without it there is nothing.
    NewRecord,
    /// Batches that were decided earlier and may be durable.
    Known,
}

/// The steps once a batch is durable.
#[derive(Default)]
pub(crate) struct Effects {
    pub(crate) replies: Vec<(Arc<ConnectionHandle>, Reply, Basis)>,
    pub(crate) messages: Vec<Outgoing>,
    pub(crate) notices: Vec<(u64, Owed)>,
    pub(crate) done: Vec<(oneshot::Sender<Result<Done, CommandError>>, Done)>,
}

/// Effects that are kept back.
#[derive(Default)]
pub(crate) struct UntilDurable(Effects);

impl UntilDurable {
    pub(crate) fn reply(&mut self, connection: Arc<ConnectionHandle>, reply: Reply, basis: Basis) {
        self.0.replies.push((connection, reply, basis));
    }

    pub(crate) fn message(&mut self, message: Outgoing) {
        self.0.messages.push(message);
    }

    pub(crate) fn notice(&mut self, key: u64, owed: Owed) {
        self.0.notices.push((key, owed));
    }

    pub(crate) fn done(&mut self, to: oneshot::Sender<Result<Done, CommandError>>, done: Done) {
        self.0.done.push((to, done));
    }

    fn is_empty(&self) -> bool {
        self.0.replies.is_empty() && self.0.messages.is_empty() && self.0.notices.is_empty() && self.0.done.is_empty()
    }

    pub(crate) fn release(self, _: &Durable) -> Effects {
        self.0
    }

    /// The batch was certainly not written: the askers are told so, and that nothing was recorded. An answer to a repeat
    /// rests on an earlier record, of which that is not true: it is left out, and the next repeat gets it.
    fn refuse(self, why: &str, health: &Health) {
        for (connection, reply, basis) in self.0.replies {
            let Reply { received, tag, body, .. } = reply;
            match (basis, body) {
                (Basis::NewRecord, ReplyBody::Answer(request, _)) => {
                    let message = Inbound::Request(request);
                    Asked { connection, received, tag, message, in_doubt: false }.refuse(health);
                }
                (Basis::NewRecord, ReplyBody::Totals(totals)) => {
                    let body = ReplyBody::Totals(Totals {
                        code: Some(ResponseCode::UNAVAILABLE),
                        settlement: Some(3),
                        ..totals
                    });
                    health.queued.fetch_sub(1, Ordering::AcqRel);
                    connection.send(ConnectionOut::Replies(vec![Reply { body, record: None, ..reply }]));
                }
                (Basis::Known, _) => {
                    health.queued.fetch_sub(1, Ordering::AcqRel);
                    connection.went(1);
                }
            }
        }
        for (to, _) in self.0.done {
            let _ = to.send(Err(CommandError::Halted(why.to_owned())));
        }
    }

    /// It is unknown whether the batch was written, or another node reports the outcome: no caller gets an answer here.
    fn abandon(self, health: &Health) -> Vec<Asked> {
        let mut open = Vec::with_capacity(self.0.replies.len());
        for (connection, reply, _) in self.0.replies {
            match reply.body {
                ReplyBody::Answer(request, _) => open.push(Asked {
                    connection,
                    received: reply.received,
                    tag: reply.tag,
                    message: Inbound::Request(request),
                    in_doubt: true,
                }),
                // The answer holds other sums than the question did; the asker asks again.
                ReplyBody::Totals(_) => {
                    health.queued.fetch_sub(1, Ordering::AcqRel);
                    connection.went(1);
                }
            }
        }
        open
    }
}

/// Records that become durable together, and what follows.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) records: Vec<Record>,
    pub(crate) held: UntilDurable,
    /// The time at which its first event was taken.
    pub(crate) since: Option<Instant>,
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty() && self.held.is_empty()
    }

    /// Drops a batch that was not written, or was decided behind one that was not. Returns the questions that are
    /// still open.
    pub(crate) fn drop_after(self, failure: &AppendError, health: &Health) -> Vec<Asked> {
        match failure {
            // Its decisions rest on records that are certainly not there, so nothing of it is there either.
            AppendError::Refused(why) => {
                self.held.refuse(why, health);
                Vec::new()
            }
            AppendError::Fenced { .. } | AppendError::Unknown(_) => self.held.abandon(health),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::reply::Origin;
    use super::*;
    use kazasu_schemas::ids::{InstitutionId, MerchantId, Ppid, Rrn, Stan, TerminalId};
    use kazasu_schemas::iso8583::Mti;
    use kazasu_schemas::jst::Millis;
    use kazasu_schemas::money::Yen;
    use kazasu_schemas::wire::{Answer, Operation, Request};
    use std::time::Duration;
    use tokio::sync::mpsc;

    pub(crate) fn request(mti: u16) -> Request {
        let operation = match mti / 10 {
            22 => Operation::Completion,
            42 => Operation::Reversal,
            _ => Operation::Purchase,
        };
        Request {
            mti: Mti(mti),
            operation: Some(operation),
            processing: 0,
            amount: Yen::new(100),
            transmission: Millis(1_795_000_000_000).transmission(),
            stan: Stan::wrapping(1),
            local_time: None,
            local_date: None,
            mcc: None,
            entry_mode: 72,
            acquirer: "27000001".parse::<InstitutionId>().unwrap(),
            rrn: Rrn::from_number(1),
            terminal: "T1001001".parse::<TerminalId>().unwrap(),
            merchant: "M10000000000001".parse::<MerchantId>().unwrap(),
            currency: 392,
            ppid: Some(Ppid::from_bytes([1; 16])),
            original: None,
            replacement: None,
            options: Default::default(),
        }
    }

    fn reply(mti: u16) -> Reply {
        let body = ReplyBody::Answer(request(mti), Answer::code(ResponseCode::APPROVED));
        Reply { body, received: Instant::now(), tag: 0, record: None }
    }

    fn codes(queue: &mut mpsc::UnboundedReceiver<ConnectionOut>) -> Vec<String> {
        let mut out = Vec::new();
        while let Ok(ConnectionOut::Replies(replies)) = queue.try_recv() {
            out.extend(replies.iter().map(|r| r.body.code().to_string()));
        }
        out
    }

    #[test]
    fn a_batch_that_was_not_written_refuses_what_was_new_and_never_what_was_approved_before() {
        let (tx, mut queue) = mpsc::unbounded_channel();
        let connection = Arc::new(ConnectionHandle::new(1, Origin::Acquirer, None, tx));
        let health = Health::default();
        let batch = || {
            let mut batch = Batch::default();
            connection.came(2);
            health.queued.fetch_add(2, Ordering::AcqRel);
            batch.held.reply(connection.clone(), reply(200), Basis::NewRecord);
            batch.held.reply(connection.clone(), reply(201), Basis::Known);
            batch
        };
        assert!(batch().drop_after(&AppendError::Refused("disk full".into()), &health).is_empty());
        assert_eq!(codes(&mut queue), ["91"], "the repeat's tap stands, so no answer may say that it does not");
        connection.went(1);
        assert_eq!(health.queued.load(Ordering::Acquire), 0);
        // Where it is not known what was written, no asker is told anything; both are asked again.
        let open = batch().drop_after(&AppendError::Unknown("connection lost".into()), &health);
        assert_eq!((open.len(), codes(&mut queue).len()), (2, 0));
        assert!(open.iter().all(|asked| asked.in_doubt));
        open.into_iter().for_each(|asked| asked.refuse(&health));
        assert_eq!((health.queued.load(Ordering::Acquire), codes(&mut queue).len()), (0, 0));
    }

    #[test]
    fn only_what_was_certainly_not_decided_is_refused() {
        let (tx, mut queue) = mpsc::unbounded_channel();
        let connection = Arc::new(ConnectionHandle::new(1, Origin::Acquirer, None, tx));
        let health = Health::default();
        let (now, long_ago) = (Instant::now(), Instant::now().checked_sub(Duration::from_secs(11)).unwrap());
        for (mti, in_doubt, received, refused) in [
            (200, false, now, true),
            (201, false, now, false),
            (200, true, now, false),
            (201, true, now, false),
            // A node that passes an advice on for the second time says so: its first may have been booked.
            (220, false, now, true),
            (221, false, now, false),
            (420, false, now, true),
            (421, false, now, false),
            // Its repeat may have been decided on another connection by now.
            (200, false, long_ago, false),
            (420, false, long_ago, false),
        ] {
            connection.came(1);
            health.queued.fetch_add(1, Ordering::AcqRel);
            let message = Inbound::Request(request(mti));
            Asked { connection: connection.clone(), received, tag: 0, message, in_doubt }.refuse(&health);
            assert_eq!(codes(&mut queue).len(), usize::from(refused), "{mti} in doubt: {in_doubt}");
        }
        assert_eq!(health.queued.load(Ordering::Acquire), 0);
    }
}
