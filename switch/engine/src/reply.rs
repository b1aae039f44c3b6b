//! Replies on their way back to the connection that asked.

use crate::health::Health;
use crate::inbound::Inbound;
use crate::trail::{self, MessageId};
use hashbrown::HashMap;
use kazasu_ledger::Seq;
use kazasu_schemas::ids::InstitutionId;
use kazasu_schemas::iso8583::Tpdu;
use kazasu_schemas::mac::MacKey;
use kazasu_schemas::wire::{Answer, Network, PpidPlace, Request, ResponseCode, Totals};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc};

/// A session that a connection has proven: from the answer on that brings it, everything is written for it.
#[derive(Debug)]
pub struct SignedOn {
    /// Whose it is.
    pub acquirer: InstitutionId,
    /// The field in which its messages carry the PPID.
    pub ppid_in: PpidPlace,
    /// Authenticates what it is sent.
    pub key: MacKey,
}

/// Whether the sender of the answered message is proven. An answer to anything else carries no MAC: its fields are a stranger's choice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Authenticity {
    /// The message's MAC is right under the session's key.
    Proven,
    /// Anybody may have sent it.
    Unproven,
}

/// An order to a connection to write.
#[derive(Debug)]
pub enum ConnectionOut {
    /// Answers that the core decided.
    Replies(Vec<Reply>),
    /// Something that is told and answers nothing.
    Tell(Network),
    /// An answer to a network message.
    Network {
        /// The answer.
        message: Network,
        /// Of what it answers.
        authenticity: Authenticity,
        /// A session that begins with this answer, which is its first message.
        begins: Option<Arc<SignedOn>>,
        /// Its destination, in dialects that have one.
        tpdu: Option<Tpdu>,
    },
    /// An answer that the connection made itself, without MAC yet.
    Refusal {
        /// The answer.
        message: Box<kazasu_schemas::iso8583::Message>,
        /// Of what it answers.
        authenticity: Authenticity,
    },
    /// Nothing follows: the connection is closed.
    Close,
    /// To another node: still here.
    Pong,
}

/// An answer with its question, whose fields it repeats.
#[derive(Clone, Copy, Debug)]
pub struct Reply {
    /// The answer.
    pub body: ReplyBody,
    /// The time at which the question arrived.
    pub received: Instant,
    /// The connection's name for the question. Acquirers' connections call all of them 0, or by the TPDU in front of them.
    pub tag: u64,
    /// The record that it rests on, where there is one and this node knows it. For logs.
    pub record: Option<Seq>,
}

impl Reply {
    /// Its name in log lines.
    #[must_use]
    pub fn id(&self) -> MessageId {
        MessageId::from(&self.body).recorded(self.record)
    }
}

/// The two kinds of answers.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::large_enum_variant, reason = "nearly all are answers to requests")]
pub enum ReplyBody {
    /// To a request.
    Answer(Request, Answer),
    /// To totals.
    Totals(Totals),
}

impl ReplyBody {
    /// DE39.
    #[must_use]
    pub fn code(&self) -> ResponseCode {
        match self {
            ReplyBody::Answer(_, answer) => answer.code,
            ReplyBody::Totals(totals) => totals.code.unwrap_or(ResponseCode::MALFUNCTION),
        }
    }
}

/// A question without its answer yet.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The origin of the question.
    pub connection: Arc<ConnectionHandle>,
    /// The time.
    pub received: Instant,
    /// The connection's name for it.
    pub tag: u64,
    /// The question.
    pub message: Inbound,
    /// True when it may have been decided already, so that only the journal's owner knows its outcome.
    pub in_doubt: bool,
}

impl Asked {
    /// Its name in log lines.
    #[must_use]
    pub fn id(&self) -> MessageId {
        MessageId::from(&self.message).over(&self.connection)
    }

    /// Says "not now", where that is the truth: a message that may have been decided is left without an answer, and so is
    /// one whose sender says that it has sent it before, or may have sent it again by now. Unknown is never declined; the
    /// sender asks again.
    pub fn refuse(self, health: &Health) {
        let span = trail::span(|| Some(self.id()));
        let _in = span.enter();
        health.queued.fetch_sub(1, Ordering::AcqRel);
        let sent_again = self.received.elapsed() > SENT_AGAIN;
        match refusal(&self.message, self.received, self.tag) {
            Some(reply) if !self.in_doubt && !sent_again => {
                tracing::debug!(target: trail::STEPS, "refused: not now");
                self.connection.send(ConnectionOut::Replies(vec![reply]));
            }
            _ => {
                tracing::debug!(target: trail::STEPS, in_doubt = self.in_doubt, "left without an answer");
                metrics::counter!("kazasu_unanswered_total").increment(1);
                self.connection.went(1);
            }
        }
    }
}

/// A message that has waited for so long may have been repeated, over another connection or node: "not now" could cross the answer to
/// that. Shorter than acquirers' time-outs, which are 15 s as a rule.
const SENT_AGAIN: Duration = Duration::from_secs(10);

/// An answer that says "not now" to a message of which nothing was recorded. `None` for repeats, of advices and reversals too:
/// the first one may have been booked, and after "not now" its sender might send it anew under another number.
pub(crate) fn refusal(message: &Inbound, received: Instant, tag: u64) -> Option<Reply> {
    let body = match message {
        Inbound::Request(request) => {
            if request.mti.is_repeat() {
                return None;
            }
            ReplyBody::Answer(*request, Answer::code(ResponseCode::UNAVAILABLE))
        }
        Inbound::Totals(totals) => {
            let mti = totals.mti.answer();
            ReplyBody::Totals(Totals { mti, code: Some(ResponseCode::UNAVAILABLE), settlement: Some(3), ..*totals })
        }
    };
    Some(Reply { body, received, tag, record: None })
}

/// Sends replies on their way, those of one connection together and in their order.
pub fn send_by_connection(replies: impl Iterator<Item = (Arc<ConnectionHandle>, Reply)>) {
    let mut by_connection: Vec<(Arc<ConnectionHandle>, Vec<Reply>)> = Vec::new();
    let mut places: HashMap<usize, usize> = HashMap::new();
    for (connection, reply) in replies {
        let place = *places.entry(Arc::as_ptr(&connection).addr()).or_insert(by_connection.len());
        match by_connection.get_mut(place) {
            Some((_, replies)) => replies.push(reply),
            None => by_connection.push((connection, vec![reply])),
        }
    }
    for (connection, replies) in by_connection {
        connection.send(ConnectionOut::Replies(replies));
    }
}

/// Whose connection it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// An acquirer's.
    Acquirer,
    /// Another node's, which passes on what its acquirers ask and asks elsewhere when this node stops leading.
    Peer,
}

/// A connection as the core and the committer know it: where replies go, and how many messages are under way.
#[derive(Debug)]
pub struct ConnectionHandle {
    /// A number for logs.
    pub id: u64,
    /// Whose it is.
    pub origin: Origin,
    /// The other end of its connection, for logs.
    pub peer: Option<SocketAddr>,
    out: mpsc::UnboundedSender<ConnectionOut>,
    in_flight: AtomicUsize,
    room: Notify,
}

impl ConnectionHandle {
    /// A connection that writes what it gets through `out`.
    #[must_use]
    pub fn new(id: u64, origin: Origin, peer: Option<SocketAddr>, out: mpsc::UnboundedSender<ConnectionOut>) -> Self {
        ConnectionHandle { id, origin, peer, out, in_flight: AtomicUsize::new(0), room: Notify::new() }
    }

    /// Queues for writing. A closed connection's replies are dropped: the journal has the outcome, and a repeat will get it.
    pub fn send(&self, out: ConnectionOut) {
        if let Err(mpsc::error::SendError(out)) = self.out.send(out) {
            self.is_gone(&out);
        }
    }

    #[cold]
    fn is_gone(&self, out: &ConnectionOut) {
        if let ConnectionOut::Replies(replies) = out {
            for reply in replies {
                let span = trail::span(|| Some(reply.id().over(self)));
                let words = "the connection is gone: the answer is dropped, and a repeat will get it";
                span.in_scope(|| tracing::debug!(target: trail::STEPS, "{words}"));
            }
        }
    }

    /// Counts messages that came in. What is under way is what bounds the queue behind `send`.
    pub fn came(&self, n: usize) {
        self.in_flight.fetch_add(n, Ordering::AcqRel);
    }

    /// Counts messages that were answered.
    pub fn went(&self, n: usize) {
        self.in_flight.fetch_sub(n, Ordering::AcqRel);
        self.room.notify_one();
    }

    /// Waits until every message that came in is answered.
    pub async fn idle(&self) {
        self.room(1).await;
    }

    /// Waits until fewer than `limit` messages are under way.
    pub async fn room(&self, limit: usize) {
        while self.in_flight.load(Ordering::Acquire) >= limit {
            self.room.notified().await;
        }
    }
}

impl MessageId {
    /// It came over this connection, or its answer goes there.
    #[must_use]
    pub fn over(self, connection: &ConnectionHandle) -> MessageId {
        MessageId { connection: Some(connection.id), peer: connection.peer, ..self }
    }
}

impl From<&ReplyBody> for MessageId {
    fn from(body: &ReplyBody) -> MessageId {
        match body {
            ReplyBody::Answer(request, _) => request.into(),
            ReplyBody::Totals(totals) => totals.into(),
        }
    }
}
