//! Answers out: encoded and authenticated in one buffer, written with one system call for everything that is ready.

use super::session::{Acquirer, KeySet};
use bytes::BytesMut;
use hashbrown::HashMap;
use kazasu_engine::tasks::{Kind, fault};
use kazasu_engine::trail;
use kazasu_engine::{ConnectionHandle, ConnectionOut, ReplyBody};
use kazasu_ledger::Seq;
use kazasu_schemas::iso8583::{Dialect, Message, Mti, Tpdu};
use kazasu_schemas::mac::{MacKey, encode_frame};
use kazasu_schemas::wire::{PpidPlace, ResponseCode};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::UnboundedReceiver;

/// What has been encoded is written at the latest when it reaches this size.
const WRITE_AT: usize = 256 * 1024;

/// Who is signed on, as both directions of the connection see it.
pub(super) type SignedOn = Arc<Mutex<Option<Arc<Acquirer>>>>;

pub(super) struct Writer {
    pub(super) dialect: Arc<Dialect>,
    pub(super) connection: Arc<ConnectionHandle>,
    pub(super) signed_on: SignedOn,
    pub(super) write_timeout: Duration,
    message: Message,
    counters: HashMap<(Mti, ResponseCode), metrics::Counter>,
    latency: metrics::Histogram,
}

impl Writer {
    pub(super) fn new(
        dialect: Arc<Dialect>,
        connection: Arc<ConnectionHandle>,
        signed_on: SignedOn,
        write_timeout: Duration,
    ) -> Self {
        Writer {
            dialect,
            connection,
            signed_on,
            write_timeout,
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
        let acquirer = self.signed_on.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match what {
            ConnectionOut::Replies(replies) => {
                let Some(acquirer) = acquirer else { return replies.len() };
                let keys = acquirer.keys(KeySet::Session);
                let has_tpdu = self.dialect.framing.tpdu.is_some();
                for reply in &replies {
                    let span = trail::span(|| Some(reply.id().over(&self.connection)));
                    let _in = span.enter();
                    self.fill(&reply.body, acquirer.config.ppid_in);
                    self.message.tpdu = has_tpdu.then(|| Tpdu::from_tag(reply.tag).answer());
                    self.encode(Some(&keys.from_switch), reply.record, out);
                    let mti = self.message.mti;
                    tracing::debug!(target: trail::STEPS, %mti, code = %reply.body.code(), "answered");
                    self.latency.record(reply.received.elapsed().as_secs_f64());
                }
                replies.len()
            }
            ConnectionOut::Network { message, session, install, tpdu } => {
                message.to_message(&mut self.message);
                self.message.tpdu = tpdu;
                self.count(message.mti, message.code.unwrap_or(ResponseCode::APPROVED));
                let keys = acquirer.as_ref().map(|a| a.keys(key_set(session)));
                self.encode(keys.as_ref().map(|k| &k.from_switch), None, out);
                if let (Some(install), Some(acquirer)) = (install, acquirer) {
                    match acquirer.install(&install) {
                        Ok(()) => tracing::info!("new session keys in force"),
                        Err(error) => tracing::error!(%error, "session keys not usable"),
                    }
                }
                1
            }
            ConnectionOut::Tell(message) => {
                if let Some(acquirer) = acquirer.filter(|a| a.config.id == message.institution) {
                    message.to_message(&mut self.message);
                    // The dialect's is what the acquirer begins with.
                    self.message.tpdu = self.dialect.framing.tpdu.map(Tpdu::answer);
                    self.encode(Some(&acquirer.keys(KeySet::Session).from_switch), None, out);
                }
                0
            }
            ConnectionOut::Close | ConnectionOut::Pong => 0,
            ConnectionOut::Refusal { message, session } => {
                let code = message.get(39).and_then(ResponseCode::from_wire).unwrap_or(ResponseCode::FORMAT);
                self.count(message.mti, code);
                self.message = *message;
                let keys = acquirer.as_ref().map(|a| a.keys(key_set(session)));
                self.encode(keys.as_ref().map(|k| &k.from_switch), None, out);
                1
            }
        }
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

/// The keys that a connection's answer goes out under.
fn key_set(session: bool) -> KeySet {
    if session { KeySet::Session } else { KeySet::Initial }
}
