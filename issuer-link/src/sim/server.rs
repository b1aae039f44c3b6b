//! The simulator's sockets.

use super::book::{Book, Decided, Line};
use super::config::{IssuerSimFile, Script, SimConfig};
use anyhow::Context;
use bytes::BytesMut;
use kazasu_schemas::iso8583::{Dialect, Message, Mti};
use kazasu_schemas::mac::{MacKey, encode_frame};
use kazasu_schemas::wire::issuer::{IssuerAnswer, IssuerRequest};
use kazasu_schemas::wire::{Network, ResponseCode};
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_util::codec::Decoder;

/// A running simulator.
pub struct Sim {
    issuers: Vec<RunningIssuer>,
}

/// One issuer of it.
pub struct RunningIssuer {
    /// Its name.
    pub name: String,
    /// Where it listens.
    pub addr: SocketAddr,
    shared: Arc<Shared>,
    up: watch::Sender<bool>,
    stop: watch::Sender<bool>,
}

type Journal = Arc<Mutex<Option<std::fs::File>>>;

struct Shared {
    dialect: Arc<Dialect>,
    keys: Option<(MacKey, MacKey)>,
    book: Mutex<Book>,
    journal: Journal,
}

impl RunningIssuer {
    /// Takes the issuer down (its connections are closed, new ones refused) or up again.
    pub fn set_up(&self, up: bool) {
        self.up.send_replace(up);
    }
}

impl Sim {
    /// Binds every issuer and answers until stopped. `journal` is appended to; it is not read back, since a simulator that
    /// is started again is another day at the issuer.
    pub async fn start(config: SimConfig, journal: Option<&Path>) -> anyhow::Result<Sim> {
        let file = match journal {
            None => None,
            Some(path) => {
                let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
                Some(file.with_context(|| format!("cannot write {}", path.display()))?)
            }
        };
        let journal: Journal = Arc::new(Mutex::new(file));
        let mut issuers = Vec::new();
        for file in config.issuers {
            issuers.push(start_issuer(file, journal.clone()).await?);
        }
        Ok(Sim { issuers })
    }

    /// The issuers in the order of the configuration.
    #[must_use]
    pub fn issuers(&self) -> &[RunningIssuer] {
        &self.issuers
    }

    /// Closes every connection.
    pub async fn stop(self) {
        for issuer in &self.issuers {
            issuer.stop.send_replace(true);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn start_issuer(file: IssuerSimFile, journal: Journal) -> anyhow::Result<RunningIssuer> {
    let listener = TcpListener::bind(&file.listen)
        .await
        .with_context(|| format!("{}: cannot listen on {}", file.name, file.listen))?;
    let addr = listener.local_addr()?;
    let shared = Arc::new(Shared {
        dialect: file.dialect()?,
        keys: file.keys()?,
        book: Mutex::new(Book::new(&file)),
        journal,
    });
    let (up, is_up) = watch::channel(true);
    let (stop, stopping) = watch::channel(false);
    tokio::spawn(accept(listener, shared.clone(), is_up, stopping));
    Ok(RunningIssuer { name: file.name, addr, shared, up, stop })
}

impl std::fmt::Debug for RunningIssuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RunningIssuer({} on {}, {})", self.name, self.addr, self.shared.dialect.name)
    }
}

async fn accept(
    listener: TcpListener,
    shared: Arc<Shared>,
    is_up: watch::Receiver<bool>,
    mut stopping: watch::Receiver<bool>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.changed() => return,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        if !*is_up.borrow() {
            continue;
        }
        let (shared, mut is_up, mut stopping) = (shared.clone(), is_up.clone(), stopping.clone());
        tokio::spawn(async move {
            tokio::select! {
                result = serve(stream, shared) => if let Err(error) = result {
                    tracing::info!(%error, "connection ended");
                },
                _ = is_up.wait_for(|up| !up) => {}
                _ = stopping.changed() => {}
            }
        });
    }
}

/// Answers on one connection. Late answers come back through a channel.
async fn serve(mut stream: TcpStream, shared: Arc<Shared>) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut frames = shared.dialect.frames();
    let mut input = BytesMut::with_capacity(64 * 1024);
    let mut out = BytesMut::with_capacity(64 * 1024);
    let mut message = Message::default();
    let (late_tx, mut late) = mpsc::channel::<(IssuerRequest, IssuerAnswer)>(10_000);
    loop {
        input.reserve(16 * 1024);
        tokio::select! {
            read = stream.read_buf(&mut input) => {
                if read? == 0 {
                    return Ok(());
                }
                let mut lines = Vec::new();
                let mut close = false;
                while let Some(frame) = frames.decode(&mut input)? {
                    close |= take(&shared, &frame, &mut message, &mut out, &mut lines, &late_tx);
                }
                // Written down before anybody hears of it.
                write_lines(&shared.journal, &lines)?;
                if close {
                    return Ok(());
                }
            }
            Some((request, answer)) = late.recv() => {
                request.answer_message(&answer, &mut message);
                sign(&shared, &mut message, &mut out);
            }
        }
        if !out.is_empty() {
            stream.write_all(&out).await?;
            out.clear();
        }
    }
}

fn write_lines(journal: &Journal, lines: &[Line]) -> anyhow::Result<()> {
    let mut journal = journal.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(file) = journal.as_mut().filter(|_| !lines.is_empty()) else { return Ok(()) };
    let mut text = Vec::with_capacity(lines.len() * 160);
    for line in lines {
        serde_json::to_writer(&mut text, line)?;
        text.push(b'\n');
    }
    file.write_all(&text)?;
    Ok(())
}

fn sign(shared: &Shared, message: &mut Message, out: &mut BytesMut) {
    let key = shared.keys.as_ref().map(|(_, from)| from);
    if let Err(error) = encode_frame(&shared.dialect, message, key, out) {
        tracing::error!(%error, "an answer cannot be written");
    }
}

/// Takes one frame. True when the connection is to be closed.
fn take(
    shared: &Shared,
    frame: &[u8],
    message: &mut Message,
    out: &mut BytesMut,
    lines: &mut Vec<Line>,
    late: &mpsc::Sender<(IssuerRequest, IssuerAnswer)>,
) -> bool {
    let decoded = match shared.dialect.decode(frame, message) {
        Ok(decoded) => decoded,
        Err(error) => {
            tracing::warn!(%error, "undecodable message ignored");
            return false;
        }
    };
    if let Some((to, _)) = &shared.keys {
        let field = if message.has(128) { 128 } else { 64 };
        let good = decoded.mac_at.is_some_and(|at| to.verify(&frame[..at], message.get(field).unwrap_or_default()));
        if !good {
            let mut refusal = Message::new(message.mti.answer());
            for field in [3, 4, 7, 11, 32, 37, 41, 42, 49, 70] {
                if let Some(value) = message.get(field) {
                    refusal.set(field, value);
                }
            }
            refusal.set(39, ResponseCode::SECURITY.wire());
            sign(shared, &mut refusal, out);
            return false;
        }
    }
    if message.mti.class() == 8 {
        match Network::from_message(message) {
            Ok(network) if network.mti == Mti(800) => {
                network.answer(ResponseCode::APPROVED).to_message(message);
                sign(shared, message, out);
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "network message ignored"),
        }
        return false;
    }
    let request = match IssuerRequest::from_message(message) {
        Ok(request) => request,
        Err(error) => {
            tracing::warn!(%error, "message ignored");
            return false;
        }
    };
    let Decided { answer, script, line } =
        shared.book.lock().unwrap_or_else(PoisonError::into_inner).decide(&request);
    lines.extend(line);
    let script = script.unwrap_or_default();
    reply(shared, request, answer, &script, message, out, late)
}

fn reply(
    shared: &Shared,
    request: IssuerRequest,
    answer: IssuerAnswer,
    script: &Script,
    message: &mut Message,
    out: &mut BytesMut,
    late: &mpsc::Sender<(IssuerRequest, IssuerAnswer)>,
) -> bool {
    if script.disconnect {
        return true;
    }
    if script.silence {
        return false;
    }
    let delay = script.delay_ms.max(script.late_ms);
    if delay > 0 {
        let late = late.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(delay)).await;
            // The connection may be gone by then.
            let _ = late.send((request, answer)).await;
        });
        return false;
    }
    for _ in 0..if script.duplicate { 2 } else { 1 } {
        request.answer_message(&answer, message);
        sign(shared, message, out);
    }
    false
}
