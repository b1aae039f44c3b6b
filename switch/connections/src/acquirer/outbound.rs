//! Answers out: encoded and authenticated in one buffer, written with one system call for everything that is ready.

use bytes::BytesMut;
use hashbrown::HashMap;
use kazasu_engine::tasks::{Kind, fault};
use kazasu_engine::trail;
use kazasu_engine::{Authenticity, ConnectionHandle, ConnectionOut, ReplyBody, SignedOn};
use kazasu_ledger::Seq;
use kazasu_schemas::iso8583::{Dialect, Message, Mti, Tpdu};
use kazasu_schemas::mac::{MacKey, encode_frame};
use kazasu_schemas::wire::{PpidPlace, ResponseCode};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::UnboundedReceiver;

/// Encoded bytes are written at the latest when they reach this size.
const WRITE_AT: usize = 256 * 1024;

pub(super) struct Writer {
    pub(super) dialect: Arc<Dialect>,
    pub(super) connection: Arc<ConnectionHandle>,
    pub(super) write_timeout: Duration,
    /// The session in force. After a sign-off it stays: answers to what was under way are still written for it.
    session: Option<Arc<SignedOn>>,
    message: Message,
    counters: HashMap<(Mti, ResponseCode), metrics::Counter>,
    latency: metrics::Histogram,
}

impl Writer {
    pub(super) fn new(dialect: Arc<Dialect>, connection: Arc<ConnectionHandle>, write_timeout: Duration) -> Self {
        Writer {
            dialect,
            connection,
            write_timeout,
            session: None,
            message: Message::default(),
            counters: HashMap::new(),
            latency: metrics::histogram!("kazasu_stage_seconds", "stage" => "received_to_encoded"),
        }
    }

    /// Writes until it is told to close and everything before that is out, or the peer stops reading.
    pub(super) async fn run<W: AsyncWrite + Unpin>(
        mut self,
        mut socket: W,
        mut queue: UnboundedReceiver<ConnectionOut>,
    ) -> std::io::Result<()> {
        let mut out = BytesMut::with_capacity(WRITE_AT);
        let mut open = true;
        while open {
            let Some(first) = queue.recv().await else { break };
            fault(Kind::AcquirerWriter);
            open = !matches!(first, ConnectionOut::Close);
            let mut answered = self.put(first, &mut out);
            while open && out.len() < WRITE_AT {
                let Ok(next) = queue.try_recv() else { break };
                open = !matches!(next, ConnectionOut::Close);
                answered += self.put(next, &mut out);
            }
            let written = tokio::time::timeout(self.write_timeout, socket.write_all(&out)).await;
            self.connection.went(answered);
            match written {
                Ok(result) => result?,
                Err(_) => {
                    let what = format!("the peer read nothing for {:?}", self.write_timeout);
                    return Err(std::io::Error::new(std::io::ErrorKind::TimedOut, what));
                }
            }
            out.clear();
        }
        socket.shutdown().await
    }

    /// Encodes; returns how many messages that came in are answered by it.
    fn put(&mut self, what: ConnectionOut, out: &mut BytesMut) -> usize {
        match what {
            ConnectionOut::Replies(replies) => {
                // Only what a session has authenticated is decided.
                let Some(session) = self.session.clone() else { return replies.len() };
                let has_tpdu = self.dialect.framing.tpdu.is_some();
                for reply in &replies {
                    let span = trail::span(|| Some(reply.id().over(&self.connection)));
                    let _in = span.enter();
                    self.fill(&reply.body, session.ppid_in);
                    self.message.tpdu = has_tpdu.then(|| Tpdu::from_tag(reply.tag).answer());
                    self.encode(Some(&session.key), reply.record, out);
                    let mti = self.message.mti;
                    tracing::debug!(target: trail::STEPS, %mti, code = %reply.body.code(), "answered");
                    self.latency.record(reply.received.elapsed().as_secs_f64());
                }
                replies.len()
            }
            ConnectionOut::Network { message, authenticity, begins, tpdu } => {
                if let Some(begins) = begins {
                    tracing::info!(acquirer = %begins.acquirer, "new session keys in force");
                    self.session = Some(begins);
                }
                message.to_message(&mut self.message);
                self.message.tpdu = tpdu;
                self.count(message.mti, message.code.unwrap_or(ResponseCode::APPROVED));
                self.encode_answer(authenticity, out);
                1
            }
            ConnectionOut::Tell(message) => {
                if let Some(session) = self.session.clone().filter(|s| s.acquirer == message.institution) {
                    message.to_message(&mut self.message);
                    // The dialect's is what the acquirer begins with.
                    self.message.tpdu = self.dialect.framing.tpdu.map(Tpdu::answer);
                    self.encode(Some(&session.key), None, out);
                }
                0
            }
            ConnectionOut::Close | ConnectionOut::Pong => 0,
            ConnectionOut::Refusal { message, authenticity } => {
                let code = message.get(39).and_then(ResponseCode::from_wire).unwrap_or(ResponseCode::FORMAT);
                self.count(message.mti, code);
                self.message = *message;
                self.encode_answer(authenticity, out);
                1
            }
        }
    }

    /// With a MAC for messages that the session's acquirer sent; without one for messages of unknown senders.
    fn encode_answer(&mut self, authenticity: Authenticity, out: &mut BytesMut) {
        let session = match authenticity {
            Authenticity::Proven => self.session.clone(),
            Authenticity::Unproven => None,
        };
        self.encode(session.as_ref().map(|s| &s.key), None, out);
    }

    /// Fills the message with an answer of the core.
    fn fill(&mut self, body: &ReplyBody, ppid_in: PpidPlace) {
        match body {
            ReplyBody::Answer(request, answer) => request.answer_message(answer, ppid_in, &mut self.message),
            ReplyBody::Totals(totals) => totals.to_message(&mut self.message),
        }
        self.count(self.message.mti, body.code());
    }

    fn encode(&mut self, key: Option<&MacKey>, record: Option<Seq>, out: &mut BytesMut) {
        if let Err(error) = encode_frame(&self.dialect, &mut self.message, key, out) {
            // The request was read by the same dialect, so its fields can be written by it.
            let ([rrn, stan, terminal], mti) = (trail::names(&self.message), self.message.mti);
            tracing::error!(rrn, stan, terminal, record, %mti, %error, "an answer could not be encoded");
        }
    }

    fn count(&mut self, mti: Mti, code: ResponseCode) {
        let counter = self.counters.entry((mti, code)).or_insert_with(
            || metrics::counter!("kazasu_messages_total", "type" => mti.to_string(), "outcome" => code.to_string()),
        );
        counter.increment(1);
    }
}
