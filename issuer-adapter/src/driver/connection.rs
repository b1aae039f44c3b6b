//! Bytes: one connection's buffers, and the encoding and decoding between them and the session.

use super::config::ConnectionConfig;
use crate::authentic::Covered;
use crate::clock;
use crate::session::{Authenticity, Heard, Outcome, Report, Session, Transmit};
use bytes::{Buf, BytesMut};
use kazasu_schemas::ids::InstitutionId;
use kazasu_schemas::iso8583::{Dialect, Frame, FrameCodec, Message};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::mac::encode_frame;
use kazasu_schemas::wire::issuer::IssuerAnswer;
use kazasu_schemas::wire::{Network, NetworkCode};
use kazasu_tls::TryStream;
use std::io::ErrorKind;
use std::sync::Arc;
use tokio::io::{Interest, Ready};
use tracing::field::display;

/// Bytes that are encoded ahead of the socket. What is not encoded yet is certainly not sent.
const WRITE_AHEAD: usize = 64 * 1024;
const READ_CHUNK: usize = 64 * 1024;
/// Reads before writing gets its turn.
const MAX_READS: usize = 4;
/// One bad message is logged in so many milliseconds; all are counted.
const LOG_PAUSE: u64 = 1_000;

/// A connection with its buffers.
pub(super) struct Connection {
    stream: TryStream,
    read: BytesMut,
    out: BytesMut,
    written: u64,
}

impl Connection {
    pub(super) fn new(stream: TryStream) -> Self {
        Connection { stream, read: BytesMut::new(), out: BytesMut::with_capacity(WRITE_AHEAD * 2), written: 0 }
    }

    pub(super) async fn ready(&mut self, interest: Interest) -> std::io::Result<Ready> {
        self.stream.ready(interest).await
    }

    /// Bytes that the socket, or TLS above it, has taken: what TLS has sealed may have left.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// True when nothing encoded waits for the socket.
    pub(super) fn is_drained(&self) -> bool {
        self.out.is_empty() && self.stream.is_flushed()
    }

    /// Where the next encoded message begins in the connection's outgoing stream.
    fn encoded(&self) -> u64 {
        self.written + length(self.out.len())
    }
}

/// What is written and read in one go, and when.
pub(super) struct Turn<'a> {
    pub(super) connection: &'a mut Connection,
    pub(super) session: &'a mut Session,
    pub(super) reports: &'a mut Vec<Report>,
    /// Milliseconds, as the session counts them.
    pub(super) now: u64,
    /// The same in microseconds, to measure.
    pub(super) micros: u64,
}

/// What is needed to write and read this issuer's messages, and the one [`Message`] that is used for all of them.
pub(super) struct Wire {
    name: String,
    dialect: Arc<Dialect>,
    frames: FrameCodec,
    institution: InstitutionId,
    message: Message,
    last_log: Option<u64>,
    /// Answer times of the last read, microseconds.
    pub(super) answer_times: Vec<u64>,
}

impl Wire {
    pub(super) fn new(config: &ConnectionConfig) -> Self {
        Wire {
            name: config.name.clone(),
            dialect: Arc::clone(&config.dialect),
            frames: config.dialect.frames(),
            institution: config.institution,
            message: Message::default(),
            last_log: None,
            answer_times: Vec::new(),
        }
    }

    /// Encodes what is due, up to the write-ahead, and writes until the socket takes no more. `label` is the time in network messages.
    pub(super) fn write(&mut self, turn: &mut Turn<'_>, label: Millis) -> Result<(), String> {
        loop {
            while turn.connection.out.len() < WRITE_AHEAD && self.encode_next(turn, label)? {}
            let connection = &mut *turn.connection;
            let wrote = match connection.out.is_empty() {
                true => match connection.stream.try_flush() {
                    Ok(()) => return Ok(()),
                    Err(error) => Err(error),
                },
                false => connection.stream.try_write(&connection.out),
            };
            match wrote {
                Ok(0) => return Err("the socket takes no more bytes".to_owned()),
                Ok(n) => {
                    connection.out.advance(n);
                    connection.written += length(n);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(format!("writing failed: {error}")),
            }
        }
    }

    /// False when nothing is due.
    fn encode_next(&mut self, turn: &mut Turn<'_>, label: Millis) -> Result<bool, String> {
        let message = &mut self.message;
        let begin = turn.connection.encoded();
        let mut proves = Proves::Sender;
        let id = match turn.session.transmit(turn.now, turn.micros, begin) {
            None => return Ok(false),
            Some(Transmit::SignOn(stan)) => {
                let nonce = clock::nonce().map_err(|error| error.to_string())?;
                turn.session.drew(nonce);
                let ask = Network::request(NetworkCode::SignOn, self.institution, stan, label.transmission());
                ask.with(nonce.to_issuer()).to_message(message);
                proves = Proves::Nothing;
                None
            }
            Some(Transmit::Network(purpose, stan, day)) => {
                let ask = Network::request(purpose, self.institution, stan, label.transmission());
                day.map_or(ask.clone(), |day| ask.about(day)).to_message(message);
                None
            }
            Some(Transmit::NetworkAnswer(answer)) => {
                answer.to_message(message);
                None
            }
            Some(Transmit::Request(id, request)) => {
                request.to_message(message);
                Some(id)
            }
            Some(Transmit::Advice(id, request)) => {
                request.to_message(message);
                Some(id)
            }
        };
        let key = turn.session.outgoing_key().filter(|_| proves == Proves::Sender);
        if let Err(error) = encode_frame(&self.dialect, message, key, &mut turn.connection.out) {
            let cause = id.and_then(|id| turn.session.cause(id));
            let (acquirer, rrn) = (cause.map(|of| display(of.acquirer)), cause.map(|of| display(of.rrn)));
            tracing::error!(issuer = %self.name, record = id, acquirer, rrn, %error,
                "a message cannot be written in the issuer's dialect");
            if let Some(id) = id {
                turn.session.unsendable(turn.now, id, turn.reports);
            }
        }
        Ok(true)
    }

    /// Reads what the socket has and hands every whole frame to the session. An error means: close.
    pub(super) fn read(&mut self, turn: &mut Turn<'_>) -> Result<(), String> {
        for _ in 0..MAX_READS {
            let connection = &mut *turn.connection;
            connection.read.reserve(READ_CHUNK);
            match connection.stream.try_read_buf(&mut connection.read) {
                Ok(0) => return Err("the issuer closed the connection".to_owned()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(format!("reading failed: {error}")),
            }
            loop {
                match self.frames.next(&mut turn.connection.read) {
                    Ok(Some(frame)) => self.frame(&frame, turn)?,
                    Ok(None) => break,
                    Err(error) => return Err(error.to_string()),
                }
            }
        }
        Ok(())
    }

    /// One message. What cannot be read or trusted is counted and ignored; the session stays up.
    fn frame(&mut self, frame: &Frame, turn: &mut Turn<'_>) -> Result<(), String> {
        let decoded = match self.dialect.read(frame, &mut self.message) {
            Ok(decoded) => decoded,
            Err(error) => {
                self.unusable(turn, Outcome::Undecodable, &error.to_string());
                return Ok(());
            }
        };
        let covered = Covered::of(&frame.message, decoded, &self.message);
        let authenticity = turn.session.authenticity(turn.now, covered);
        if self.message.mti.class() == 8 {
            let network = Network::from_message(&self.message);
            if let Ok(network) = &network
                && turn.session.sign_on_answered(turn.now, network, covered).map_err(|fault| fault.to_string())?
            {
                return Ok(());
            }
            match (authenticity, network) {
                (Authenticity::Unproven, _) => self.unusable(turn, Outcome::BadMac, NO_MAC),
                (Authenticity::Proven, Ok(network)) => turn.session.network(turn.now, &network, turn.reports),
                (Authenticity::Proven, Err(error)) => self.unusable(turn, Outcome::Undecodable, &error.to_string()),
            }
            return Ok(());
        }
        if authenticity == Authenticity::Unproven {
            self.unusable(turn, Outcome::BadMac, NO_MAC);
            return Ok(());
        }
        if self.message.mti.is_question() {
            self.unusable(turn, Outcome::Unmatched, "an issuer only answers on this session");
            return Ok(());
        }
        match IssuerAnswer::from_message(&self.message) {
            Ok(answer) => {
                match turn.session.answered(turn.now, answer, turn.reports) {
                    Heard::InTime(stamp) => self.answer_times.push(turn.micros.saturating_sub(stamp)),
                    Heard::Other => {}
                    // Each is worth a line: the outcome of a payment is unknown, or an advice goes on being owed.
                    Heard::Unfit { id, misfit } => {
                        let (mti, code, cause) = (answer.mti, answer.code, turn.session.cause(id));
                        let (acquirer, rrn) = (cause.map(|of| display(of.acquirer)), cause.map(|of| display(of.rrn)));
                        tracing::warn!(issuer = %self.name, record = id, acquirer, rrn, %mti, %code, %misfit,
                            "an issuer's answer does not repeat what was asked; it counts as no answer");
                    }
                }
            }
            Err(error) => self.unusable(turn, Outcome::Undecodable, &error.to_string()),
        }
        Ok(())
    }

    fn unusable(&mut self, turn: &mut Turn<'_>, outcome: Outcome, why: &str) {
        turn.session.count_unusable(outcome);
        if self.last_log.is_none_or(|last| turn.now >= last + LOG_PAUSE) {
            self.last_log = Some(turn.now);
            let mti = self.message.mti;
            // Towards issuers DE37 is a record's number, or pretends to be one.
            let reference = self.message.get(37).map(String::from_utf8_lossy).unwrap_or_default();
            let reference = reference.trim();
            let record = reference.parse::<u64>().ok().filter(|id| turn.session.cause(*id).is_some());
            let cause = record.and_then(|id| turn.session.cause(id));
            let (acquirer, rrn) = (cause.map(|of| display(of.acquirer)), cause.map(|of| display(of.rrn)));
            let (issuer, outcome) = (&self.name, outcome.label());
            tracing::warn!(%issuer, outcome, %mti, reference, record, acquirer, rrn, why, "a message is ignored");
        }
    }
}

const NO_MAC: &str = "the MAC is missing or wrong";

/// What a message's MAC is to prove.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proves {
    /// Who sent it.
    Sender,
    /// Nothing: there are no keys yet.
    Nothing,
}

fn length(n: usize) -> u64 {
    u64::try_from(n).expect("a length fits in 64 bits")
}
