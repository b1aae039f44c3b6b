//! One acquirer connection: a reading task and a writing task. Many messages may be under way; answers leave in any order.

use super::inbound::{Reader, Verdict};
use super::outbound::Writer;
use super::session::Acquirers;
use crate::admission::{Closed, Place};
use bytes::BytesMut;
use kazasu_engine::tasks::{AbortOnDrop, Kind, fault};
use kazasu_engine::trail::{self, MessageId};
use kazasu_engine::{ConnectionHandle, ConnectionOut, Engine, Inbound, Origin};
use kazasu_schemas::ids::{InstitutionId, Stan};
use kazasu_schemas::iso8583::{Dialect, FrameCodec, frame::FrameError};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::wire::{Network, NetworkCode};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::sync::{mpsc, watch};
use tracing::{Instrument, Span};

/// Bounds of one connection.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Messages under way before the connection is no longer read.
    pub max_in_flight: usize,
    /// A TLS handshake may take so long.
    pub handshake_timeout: Duration,
    /// A connection that has not signed on by then is closed.
    pub sign_on_timeout: Duration,
    /// A message may take so long from its first byte to its last.
    pub message_timeout: Duration,
    /// A signed-on connection without a message for this long is closed.
    pub idle_timeout: Duration,
    /// A peer that takes no answers for this long is closed.
    pub write_timeout: Duration,
    /// A connection on which so many sign-ons have failed is closed.
    pub failed_sign_ons: u32,
}

/// The time before a connection is closed for failed sign-ons: a peer that guesses waits, and keeps a place that gives way.
const AFTER_FAILURES: Duration = Duration::from_secs(2);

/// The time that a connection that reads nothing more stays open for the answers that are still due.
const LAST_ANSWERS: Duration = Duration::from_secs(30);

/// The parts that a connection needs.
pub(super) struct ConnectionContext {
    pub(super) id: u64,
    pub(super) peer: SocketAddr,
    pub(super) dialect: Arc<Dialect>,
    pub(super) acquirers: Arc<Acquirers>,
    pub(super) engine: Engine,
    pub(super) limits: ConnectionLimits,
    pub(super) certificate: Option<[u8; 32]>,
    /// Its place at the listener.
    pub(super) place: Arc<Place>,
    pub(super) shutdown: watch::Receiver<bool>,
    /// The open business day.
    pub(super) day: watch::Receiver<BusinessDay>,
}

/// A cut-over that the peer is told until it answers, a few times.
struct Telling {
    /// Each message with its day, MMDD.
    open: Vec<(NetworkCode, u16)>,
    due: tokio::time::Instant,
    left: u8,
    /// The peer that is notified.
    to: InstitutionId,
}

/// The number of notices of a cutover to a peer that does not answer, and the pause in between.
const TELLINGS: u8 = 3;
const TELL_AGAIN: Duration = Duration::from_secs(10);

impl Telling {
    fn new(to: InstitutionId, closed: BusinessDay, opened: BusinessDay) -> Self {
        let open = vec![(NetworkCode::CutoverStart, closed.mmdd()), (NetworkCode::CutoverEnd, opened.mmdd())];
        Telling { open, due: tokio::time::Instant::now(), left: TELLINGS, to }
    }

    /// Tells what is not answered; true when that was given up.
    fn tell(&mut self, connection: &ConnectionHandle, signed_on: Option<InstitutionId>) -> bool {
        let institution = self.to;
        if signed_on != Some(institution) {
            return true;
        }
        if self.left == 0 {
            tracing::warn!("the peer does not answer a cut-over (0800/201, 202)");
            return true;
        }
        self.left -= 1;
        self.due = tokio::time::Instant::now() + TELL_AGAIN;
        for (purpose, day) in &self.open {
            let now = kazasu_engine::clock::now().transmission();
            let stan = Stan::wrapping(u64::from(purpose.number()) * 1_000 + u64::from(self.left));
            connection.send(ConnectionOut::Tell(Network::request(*purpose, institution, stan, now).about(*day)));
        }
        false
    }
}

/// Serves a connection until either side ends it.
pub(super) async fn serve<R, W>(context: ConnectionContext, reader: R, writer: W)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let (out, queue) = mpsc::unbounded_channel();
    let connection = Arc::new(ConnectionHandle::new(context.id, Origin::Acquirer, Some(context.peer), out));
    let writing = Writer::new(context.dialect.clone(), connection.clone(), context.limits.write_timeout);
    let (tasks, place) = (context.engine.health().tasks.clone(), context.place.clone());
    let writing = async move { tasks.once(Kind::AcquirerWriter, writing.run(writer, queue)).await };
    // Should this task panic, its writer must not stay behind with an open connection.
    let mut writing = AbortOnDrop(tokio::spawn(writing.instrument(Span::current())));
    tokio::select! {
        end = read(context, reader, &connection) => match end {
            Ok(()) => tracing::debug!("peer closed the connection"),
            Err(ReadError::Lost(error)) => tracing::info!(%error, "connection lost"),
            Err(ReadError::Late(why)) => {
                place.gate().closed(why);
                if let Some(untold) = place.gate().line() {
                    tracing::info!(reason = why.name(), untold, "nothing came in time; closing this connection");
                }
            }
            Err(ReadError::Failed(failed)) => {
                place.gate().closed(Closed::FailedSignOns);
                if let Some(untold) = place.gate().line() {
                    tracing::warn!(failed, untold, "sign-ons on this connection failed; closing it");
                }
            }
            Err(ReadError::Frames(error)) => {
                place.gate().closed(Closed::Framing);
                if let Some(untold) = place.gate().line() {
                    tracing::warn!(%error, untold, "the stream cannot be cut into messages any more; closing this connection");
                }
            }
        },
        end = &mut writing.0 => {
            if let Ok(Some(Err(error))) = end {
                place.gate().closed(Closed::Write);
                tracing::warn!(%error, "answers cannot be delivered; closing this connection");
            }
            return;
        }
    }
    // Answers that are on their way are still written. A writer that has ended before writes none of them.
    let last = async {
        let close = async {
            connection.idle().await;
            connection.send(ConnectionOut::Close);
            std::future::pending::<()>().await;
        };
        tokio::select! {
            _ = &mut writing.0 => {}
            () = close => {}
        }
    };
    // A writer that is not done by then is ended.
    let _ = tokio::time::timeout(LAST_ANSWERS, last).await;
}

/// The reason why nothing more is read from a connection.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error("connection: {0}")]
    Lost(#[from] std::io::Error),
    #[error("nothing came in time: {}", .0.name())]
    Late(Closed),
    #[error("{0} sign-ons failed")]
    Failed(u32),
    #[error(transparent)]
    Frames(#[from] FrameError),
}

/// The event that a connection waits for, and the beginning of the wait.
struct Awaited {
    limits: ConnectionLimits,
    /// The time at which it was opened, or has signed off.
    stranger_since: Instant,
    is_signed_on: bool,
    /// The time at which the message began that is not whole yet.
    begun: Option<Instant>,
    /// The time at which the last bytes came, or room was made for more.
    last: Instant,
}

impl Awaited {
    fn new(limits: ConnectionLimits) -> Self {
        let now = Instant::now();
        Awaited { limits, stranger_since: now, is_signed_on: false, begun: None, last: now }
    }

    /// The end of its patience, and the event that it waits for.
    fn due(&self) -> (Instant, Closed) {
        let next = match self.is_signed_on {
            false => (self.stranger_since + self.limits.sign_on_timeout, Closed::NoSignOn),
            true => (self.last + self.limits.idle_timeout, Closed::Idle),
        };
        match self.begun.map(|begun| begun + self.limits.message_timeout) {
            Some(whole) if whole < next.0 => (whole, Closed::Unfinished),
            Some(_) | None => next,
        }
    }

    /// Bytes came; `rest` of them are no whole message yet.
    fn came(&mut self, now: Instant, took_any: bool, rest: usize) {
        self.last = now;
        match rest {
            0 => self.begun = None,
            _ if took_any => self.begun = Some(now),
            _ => drop(self.begun.get_or_insert(now)),
        }
    }

    /// Takes over who is signed on. False when the place was lost before the sign-on.
    fn stands(&mut self, is_signed_on: bool, place: &Place) -> bool {
        if is_signed_on == self.is_signed_on {
            return true;
        }
        self.is_signed_on = is_signed_on;
        if is_signed_on {
            return place.serve();
        }
        self.stranger_since = Instant::now();
        place.wait();
        true
    }
}

async fn read<R: AsyncRead + Unpin>(
    mut context: ConnectionContext,
    mut socket: R,
    connection: &Arc<ConnectionHandle>,
) -> Result<(), ReadError> {
    let mut reader = Reader::new(context.dialect.clone(), context.acquirers.clone(), context.certificate);
    let mut day = *context.day.borrow_and_update();
    let mut telling: Option<Telling> = None;
    let frames = context.dialect.frames();
    let mut buffer = BytesMut::with_capacity(64 * 1024);
    let mut awaited = Awaited::new(context.limits);
    let mut alarm = pin!(tokio::time::sleep_until(awaited.due().0.into()));
    let span = Span::current();
    loop {
        connection.room(context.limits.max_in_flight).await;
        // The alarm is set anew only when it is too late, not for every message.
        let due = awaited.due().0.into();
        if due < alarm.deadline() {
            alarm.as_mut().reset(due);
        }
        buffer.reserve(16 * 1024);
        let far = tokio::time::Instant::now() + TELL_AGAIN;
        let read = tokio::select! {
            read = socket.read_buf(&mut buffer) => read?,
            () = &mut alarm => {
                let (due, late) = awaited.due();
                if due <= Instant::now() {
                    return Err(ReadError::Late(late));
                }
                alarm.as_mut().reset(due.into());
                continue;
            }
            _ = context.shutdown.changed() => return Ok(()),
            Ok(()) = context.day.changed() => {
                let (closed, opened) = (day, *context.day.borrow_and_update());
                day = opened;
                // What was read only now, after a start, ended nothing.
                let acquirer = reader.acquirer().filter(|a| a.config.cutover && closed != BusinessDay::default());
                telling = acquirer.map(|a| Telling::new(a.config.id, closed, opened));
                continue;
            }
            () = tokio::time::sleep_until(telling.as_ref().map_or(far, |t| t.due)), if telling.is_some() => {
                if telling.as_mut().is_none_or(|t| t.tell(connection, reader.signed_on())) {
                    telling = None;
                }
                continue;
            }
        };
        if read == 0 {
            return Ok(());
        }
        let received = Instant::now();
        fault(Kind::AcquirerConnection);
        let most = match reader.acquirer() {
            Some(_) => context.limits.failed_sign_ons,
            None => context.place.sign_ons_that_may_fail(context.limits.failed_sign_ons),
        };
        let from = From { engine: &context.engine, connection, span: &span, received, failed_sign_ons: most };
        let before = reader.failed_sign_ons;
        let took_any = take_frames(&mut reader, &frames, &mut buffer, &from)?;
        let failed = reader.failed_sign_ons;
        // A sign-on that succeeds in between begins to count anew.
        context.place.sign_on_failed(failed.saturating_sub(before));
        if failed >= most {
            tokio::time::sleep(AFTER_FAILURES).await;
            return Err(ReadError::Failed(failed));
        }
        awaited.came(received, took_any, buffer.len());
        if !awaited.stands(reader.acquirer().is_some(), &context.place) {
            return Ok(());
        }
        took_answers(&mut reader, &mut telling);
        if telling.as_ref().is_some_and(|t| t.open.is_empty()) {
            telling = None;
        }
    }
}

/// Counts what the acquirer answered to cut-overs, and tells those no more.
fn took_answers(reader: &mut Reader, telling: &mut Option<Telling>) {
    for (purpose, code) in reader.answers.drain(..) {
        let purpose_name = purpose.name();
        metrics::counter!("kazasu_cutovers_notified_total", "purpose" => purpose_name, "outcome" => code.to_string())
            .increment(1);
        if let Some(telling) = telling {
            telling.open.retain(|(open, _)| *open != purpose);
        }
    }
}

/// The source of a buffer's bytes, and the time of their arrival.
struct From<'a> {
    engine: &'a Engine,
    connection: &'a Arc<ConnectionHandle>,
    /// The connection's.
    span: &'a Span,
    received: Instant,
    /// After so many failed sign-ons nothing more is taken.
    failed_sign_ons: u32,
}

/// Takes every whole frame from the buffer; requests go to the core together, and stay in order with what the connection
/// answers itself. True when there was one.
fn take_frames(
    reader: &mut Reader,
    frames: &FrameCodec,
    buffer: &mut BytesMut,
    from: &From<'_>,
) -> Result<bool, FrameError> {
    let From { connection, span, .. } = *from;
    let (mut for_core, mut tag) = (Vec::new(), 0);
    let mut took_any = false;
    let end = loop {
        if reader.failed_sign_ons >= from.failed_sign_ons {
            break Ok(took_any);
        }
        let frame = match frames.next(buffer) {
            Ok(Some(frame)) => frame,
            Ok(None) => break Ok(took_any),
            Err(error) => break Err(error),
        };
        took_any = true;
        let message =
            trail::span(|| Some(MessageId { acquirer: reader.signed_on(), ..MessageId::default() }.over(connection)));
        let _in = message.enter();
        let verdict = reader.take(&frame);
        reader.tell_names(&message);
        match verdict {
            Verdict::Core(inbound) => {
                tracing::debug!(target: trail::STEPS, mti = %reader.mti(), "taken");
                // Those with other addresses to be answered to are called otherwise.
                if tag != reader.tag() || tag != 0 {
                    submit(from, tag, &mut for_core);
                    tag = reader.tag();
                }
                for_core.push(inbound);
            }
            Verdict::Network { message, authenticity, begins } => {
                let purpose = message.purpose.name();
                metrics::counter!("kazasu_network_messages_total", "purpose" => purpose).increment(1);
                reader.tell_acquirer(span);
                if message.purpose != NetworkCode::Echo {
                    let code = message.code.map(|code| code.to_string()).unwrap_or_default();
                    let acquirer = &message.institution;
                    tracing::info!(%acquirer, purpose, code, "network message answered");
                }
                submit(from, tag, &mut for_core);
                connection.came(1);
                connection.send(ConnectionOut::Network { message, authenticity, begins, tpdu: reader.answer_to() });
            }
            Verdict::Told(purpose, code) => reader.answers.push((purpose, code)),
            Verdict::Refused { answer, reason, authenticity } => {
                metrics::counter!("kazasu_refused_frames_total", "reason" => reason.name()).increment(1);
                let ([rrn, stan, terminal], problem) = (reader.names(), &reader.problem);
                tracing::warn!(rrn, stan, terminal, reason = reason.name(), %problem, "message refused");
                connection.came(1);
                connection.send(ConnectionOut::Refusal { message: answer, authenticity });
            }
            Verdict::Ignored(reason) => {
                metrics::counter!("kazasu_refused_frames_total", "reason" => reason.name()).increment(1);
                let ([rrn, stan, terminal], problem) = (reader.names(), &reader.problem);
                tracing::warn!(rrn, stan, terminal, reason = reason.name(), %problem, "message ignored");
            }
        }
    };
    submit(from, tag, &mut for_core);
    end
}

/// Gives messages to the core under one tag; with a TPDU it is one message.
fn submit(from: &From<'_>, tag: u64, messages: &mut Vec<Inbound>) {
    let From { engine, connection, received, .. } = *from;
    if messages.is_empty() {
        return;
    }
    let messages = std::mem::take(messages);
    connection.came(messages.len());
    engine.submit(connection, received, tag, messages);
}
