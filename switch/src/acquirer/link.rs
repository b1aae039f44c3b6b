//! One acquirer link: a reading task and a writing task. Many messages may be under way; answers leave in any order.

use super::inbound::{Reader, Verdict};
use super::outbound::{SignedOn, Writer};
use super::session::Acquirers;
use crate::engine::{Engine, Inbound, LinkHandle, LinkOut, Origin};
use bytes::BytesMut;
use kazasu_schemas::iso8583::{Dialect, FrameCodec, frame::FrameError};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::sync::{mpsc, watch};
use tokio_util::codec::Decoder;

/// Bounds of one link.
#[derive(Clone, Copy, Debug)]
pub struct LinkLimits {
    /// Messages under way before the link is no longer read.
    pub max_in_flight: usize,
    /// A link that has not signed on by then is closed.
    pub sign_on_timeout: Duration,
    /// A peer that takes no answers for this long is closed.
    pub write_timeout: Duration,
}

/// How long a connection that reads nothing more stays open for the answers that are still due.
const LAST_ANSWERS: Duration = Duration::from_secs(30);

/// What a link needs.
pub(super) struct LinkContext {
    pub(super) id: u64,
    pub(super) dialect: Arc<Dialect>,
    pub(super) acquirers: Arc<Acquirers>,
    pub(super) engine: Engine,
    pub(super) limits: LinkLimits,
    pub(super) certificate: Option<[u8; 32]>,
    pub(super) shutdown: watch::Receiver<bool>,
}

/// Serves a connection until either side ends it.
pub(super) async fn serve<R, W>(context: LinkContext, reader: R, writer: W)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let (out, queue) = mpsc::unbounded_channel();
    let link = Arc::new(LinkHandle::new(context.id, Origin::Acquirer, out));
    let signed_on = SignedOn::default();
    let writing = Writer::new(context.dialect.clone(), link.clone(), signed_on.clone(), context.limits.write_timeout);
    let mut writing = tokio::spawn(writing.run(writer, queue));
    let id = context.id;
    tokio::select! {
        end = read(context, reader, &link, &signed_on) => match end {
            Ok(()) => tracing::debug!(link = id, "peer closed the connection"),
            Err(FrameError::Io(error)) => tracing::info!(link = id, %error, "connection lost"),
            Err(error) => {
                metrics::counter!("kazasu_links_closed_total", "reason" => "framing").increment(1);
                tracing::warn!(link = id, %error, "the stream cannot be cut into messages any more; closing this link");
            }
        },
        end = &mut writing => {
            if let Ok(Err(error)) = end {
                metrics::counter!("kazasu_links_closed_total", "reason" => "write").increment(1);
                tracing::warn!(link = id, %error, "answers cannot be delivered; closing this link");
            }
            return;
        }
    }
    // Answers that are on their way are still written.
    let last = async {
        link.idle().await;
        link.send(LinkOut::Close);
        (&mut writing).await
    };
    if tokio::time::timeout(LAST_ANSWERS, last).await.is_err() {
        writing.abort();
    }
}

async fn read<R: AsyncRead + Unpin>(
    mut context: LinkContext,
    mut socket: R,
    link: &Arc<LinkHandle>,
    signed_on: &SignedOn,
) -> Result<(), FrameError> {
    let mut reader = Reader::new(context.dialect.clone(), context.acquirers.clone(), context.certificate);
    let mut frames = context.dialect.frames();
    let mut buffer = BytesMut::with_capacity(64 * 1024);
    let opened = Instant::now();
    loop {
        link.room(context.limits.max_in_flight).await;
        let waits_for_sign_on = reader.acquirer.is_none();
        let left = context.limits.sign_on_timeout.saturating_sub(opened.elapsed());
        buffer.reserve(16 * 1024);
        let read = tokio::select! {
            read = socket.read_buf(&mut buffer) => read?,
            () = tokio::time::sleep(left), if waits_for_sign_on => {
                metrics::counter!("kazasu_links_closed_total", "reason" => "no_sign_on").increment(1);
                return Ok(());
            }
            _ = context.shutdown.changed() => return Ok(()),
        };
        if read == 0 {
            return Ok(());
        }
        let received = Instant::now();
        take_frames(&mut reader, &mut frames, &mut buffer, &context.engine, link, signed_on, received)?;
    }
}

/// Takes every whole frame from the buffer; requests go to the core together, and stay in order with what the link
/// answers itself.
fn take_frames(
    reader: &mut Reader,
    frames: &mut FrameCodec,
    buffer: &mut BytesMut,
    engine: &Engine,
    link: &Arc<LinkHandle>,
    signed_on: &SignedOn,
    received: Instant,
) -> Result<(), FrameError> {
    let mut for_core = Vec::new();
    let end = loop {
        let frame = match frames.decode(buffer) {
            Ok(Some(frame)) => frame,
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        };
        match reader.take(&frame) {
            Verdict::Core(inbound) => for_core.push(inbound),
            Verdict::Network { message, session, install } => {
                let purpose = message.purpose.name();
                metrics::counter!("kazasu_network_messages_total", "purpose" => purpose).increment(1);
                submit(engine, link, received, &mut for_core);
                link.came(1);
                if !session || reader.acquirer.is_some() {
                    *signed_on.lock().unwrap_or_else(PoisonError::into_inner) = reader.acquirer.clone();
                }
                link.send(LinkOut::Network { message, session, install });
            }
            Verdict::Refused(answer, reason) => {
                metrics::counter!("kazasu_refused_frames_total", "reason" => reason.name()).increment(1);
                tracing::warn!(link = link.id, reason = reason.name(), problem = %reader.problem, "message refused");
                link.came(1);
                let session = !reader.is_under_initial_keys();
                link.send(LinkOut::Refusal { message: answer, session });
            }
            Verdict::Ignored(reason) => {
                metrics::counter!("kazasu_refused_frames_total", "reason" => reason.name()).increment(1);
                tracing::warn!(link = link.id, reason = reason.name(), problem = %reader.problem, "message ignored");
            }
        }
    };
    submit(engine, link, received, &mut for_core);
    end
}

fn submit(engine: &Engine, link: &Arc<LinkHandle>, received: Instant, messages: &mut Vec<Inbound>) {
    if messages.is_empty() {
        return;
    }
    let messages = std::mem::take(messages);
    link.came(messages.len());
    engine.submit(link, received, 0, messages);
}
