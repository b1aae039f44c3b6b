//! The task that owns an issuer's TCP connection and drives its [`Session`].
//!
//! It connects, encodes what the session hands out, decodes what comes and hands reports on; the session decides everything
//! else. All that is queued goes out in one write, and all that one read brought is answered with one batch of reports.

mod config;
mod connection;
mod status;

pub use config::ConnectionConfig;
pub use status::{ConnectionCounters, ConnectionStatus};

use crate::session::{Command, Report, Session};
use connection::{Connection, Turn, Wire};
use futures_util::FutureExt;
use kazasu_schemas::jst::Millis;
use kazasu_tls::{Client, Lost, TryStream};
use status::Meters;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// What ties a session's task to the program.
pub struct Ends<R, C> {
    /// What the session is told to do.
    pub commands: UnboundedReceiver<Vec<Command>>,
    /// Takes what the session reports.
    pub report: R,
    /// Says what time it is.
    pub wall_clock: C,
    /// Cancelled when the session shall end.
    pub shutdown: CancellationToken,
}

/// Starts the session's task on the current tokio runtime.
///
/// `report` is called from the task with one batch at a time and must not block. `wall_clock` labels network messages
/// (DE7) and the status. Metrics go to the recorder that is installed when this is called.
///
/// The task ends when `shutdown` is cancelled or the commands' sender is dropped: it refuses new requests, waits until
/// those in flight are answered or timed out, signs off and closes. Advices that are unacknowledged then are the
/// caller's to give again. Aborting the task instead leaves requests in flight without a report.
///
/// Should the task panic, the connection is closed, requests in flight are reported as for any connection that broke, and the
/// task begins again with the advices it has; `kazasu_task_ended_total` counts it. The handle gives an error only when even
/// that panics.
pub fn spawn<R, C>(config: ConnectionConfig, ends: Ends<R, C>) -> (JoinHandle<()>, Arc<ConnectionStatus>)
where
    R: Fn(Vec<Report>) + Send + 'static,
    C: Fn() -> Millis + Send + 'static,
{
    let Ends { commands, report, wall_clock, shutdown } = ends;
    let status = Arc::new(ConnectionStatus::new(&config.name, wall_clock()));
    let task = Task {
        session: Session::new(config.limits(), config.keying.clone(), config.institution, 0),
        wire: Wire::new(&config),
        meters: Meters::new(&config.name),
        status: Arc::clone(&status),
        base: Instant::now(),
        reports: Vec::new(),
        commands: Some(commands),
        config,
        report,
        wall_clock,
        // A child: that the sender of this session is gone must not end the others.
        shutdown: shutdown.child_token(),
    };
    (tokio::spawn(task.watched()), status)
}

/// Makes an issuer's metrics, so that they are there before its session is started.
pub fn register_metrics(name: &str) {
    drop(Meters::new(name));
}

/// Batches of commands taken before the socket gets its turn again.
const MAX_BATCHES: usize = 256;

/// The pause after a panic, so that one that comes again and again leaves room for others.
const AGAIN: Duration = Duration::from_millis(100);

/// How long the sign-off may take to leave.
const GOODBYE: Duration = Duration::from_millis(500);

struct Task<R, C> {
    config: ConnectionConfig,
    session: Session,
    wire: Wire,
    meters: Meters,
    status: Arc<ConnectionStatus>,
    base: Instant,
    reports: Vec<Report>,
    /// `None` when the sender is gone.
    commands: Option<UnboundedReceiver<Vec<Command>>>,
    report: R,
    wall_clock: C,
    shutdown: CancellationToken,
}

/// Why a conversation ended.
enum End {
    Shutdown,
    Broken(String),
}

impl<R: Fn(Vec<Report>) + Send, C: Fn() -> Millis + Send> Task<R, C> {
    /// Runs the session until it is told to end, through all failures on the way.
    async fn watched(mut self) {
        while let Err(panic) = AssertUnwindSafe(self.run()).catch_unwind().await {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            self.meters.broke_off();
            // What was written is not known any more: every request that was handed to the socket may have left.
            self.broken(u64::MAX, format!("the session's task broke off: {text}"));
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn run(&mut self) {
        while let Some((stream, lost)) = self.connect().await {
            let mut connection = Connection::new(stream);
            match self.converse(&mut connection, lost).await {
                End::Shutdown => break,
                End::Broken(why) => {
                    // What the issuer answered before the break is still in the socket's buffer.
                    let _ = self.read(&mut connection);
                    self.broken(connection.written(), why);
                }
            }
        }
        // Nothing is in flight here; were it otherwise, it would have to count as sent.
        let now = self.now();
        self.session.disconnected(now, u64::MAX, &mut self.reports);
        self.settle();
        self.status.set_down((self.wall_clock)(), None);
        tracing::info!(issuer = %self.config.name, advices = self.session.saf_depth(), "issuer connection ended");
    }

    fn now(&self) -> u64 {
        u64::try_from(self.base.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn micros(&self) -> u64 {
        u64::try_from(self.base.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn broken(&mut self, written: u64, why: String) {
        let now = self.now();
        let before = self.reports.len();
        self.session.disconnected(now, written, &mut self.reports);
        let ended = self.reports.len() - before;
        self.status.set_down((self.wall_clock)(), Some(why.clone()));
        self.settle();
        tracing::warn!(issuer = %self.config.name, %why, requests_ended = ended, "issuer connection is down");
    }

    /// Hands reports on and publishes the numbers.
    fn settle(&mut self) {
        self.status.publish(&self.session);
        self.meters.publish(&self.session);
        if !self.reports.is_empty() {
            let batch = Vec::with_capacity(self.reports.len());
            (self.report)(std::mem::replace(&mut self.reports, batch));
        }
    }

    /// Takes a batch of commands and all that wait behind it.
    fn take(&mut self, first: Option<Vec<Command>>) {
        let now = self.now();
        let mut batch = first;
        for _ in 0..MAX_BATCHES {
            let Some(commands) = batch.take() else { break };
            for command in commands {
                self.session.command(now, command, &mut self.reports);
            }
            batch = self.commands.as_mut().and_then(|receiver| receiver.try_recv().ok());
        }
        if let Some(rest) = batch {
            for command in rest {
                self.session.command(now, command, &mut self.reports);
            }
        }
    }

    fn received(&mut self, batch: Option<Vec<Command>>) {
        if batch.is_none() {
            self.commands = None;
            self.shutdown.cancel();
        }
        self.take(batch);
        self.settle();
    }

    /// Waits for the next attempt's time and connects, TLS included; refuses requests meanwhile. `None` on shutdown.
    async fn connect(&mut self) -> Option<(TryStream, Lost)> {
        loop {
            while !self.session.connect_due(self.now()) {
                let due = self.session.next_due().unwrap_or(0);
                let wake = self.base + Duration::from_millis(due);
                tokio::select! {
                    () = self.shutdown.cancelled() => return None,
                    batch = recv(&mut self.commands) => self.received(batch),
                    () = sleep_until(wake) => {}
                }
            }
            self.session.connecting();
            let limit = self.config.answer_timeout;
            let mut attempt = pin!(timeout(limit, open(self.config.addr.clone(), self.config.tls.clone())));
            let result = loop {
                tokio::select! {
                    () = self.shutdown.cancelled() => return None,
                    batch = recv(&mut self.commands) => self.received(batch),
                    result = &mut attempt => break result,
                }
            };
            match result {
                Ok(Ok(stream)) => return Some(stream),
                Ok(Err(error)) => self.broken(0, format!("cannot connect to {}: {error}", self.config.addr)),
                Err(_) => self.broken(0, format!("cannot connect to {}: no answer in time", self.config.addr)),
            }
        }
    }

    /// Everything between connecting and closing. `lost` completes when the issuer's certificate is believed no more.
    async fn converse(&mut self, connection: &mut Connection, mut lost: Lost) -> End {
        let mut cancelled = pin!(self.shutdown.clone().cancelled_owned());
        let mut draining = false;
        self.session.connected(self.now());
        let mut sleep = pin!(sleep_until(self.base));
        loop {
            if let Err(why) = self.turn(connection) {
                return End::Broken(why);
            }
            if self.session.is_drained() {
                self.goodbye(connection).await;
                return End::Shutdown;
            }
            // A timer that fires early does no harm, so it is set again only when it would fire late.
            if let Some(due) = self.session.next_due() {
                let due = self.base + Duration::from_millis(due);
                if sleep.is_elapsed() || due < sleep.deadline() {
                    sleep.as_mut().reset(due);
                }
            }
            let interest =
                if connection.is_drained() { Interest::READABLE } else { Interest::READABLE | Interest::WRITABLE };
            tokio::select! {
                ready = connection.ready(interest) => match ready {
                    Ok(ready) if ready.is_readable() || ready.is_read_closed() => {
                        if let Err(why) = self.read(connection) {
                            return End::Broken(why);
                        }
                    }
                    Ok(_) => {}
                    Err(error) => return End::Broken(error.to_string()),
                },
                batch = recv(&mut self.commands) => {
                    if batch.is_none() {
                        self.commands = None;
                        self.shutdown.cancel();
                    }
                    self.take(batch);
                }
                () = &mut sleep => {}
                why = &mut lost => return End::Broken(format!("the issuer's certificate is not accepted any more: {why}")),
                () = &mut cancelled, if !draining => {
                    draining = true;
                    self.session.drain();
                }
            }
        }
    }

    /// Takes what the socket has.
    fn read(&mut self, connection: &mut Connection) -> Result<(), String> {
        let (now, micros) = (self.now(), self.micros());
        let (session, reports) = (&mut self.session, &mut self.reports);
        let read = self.wire.read(&mut Turn { connection, session, reports, now, micros });
        self.meters.record(&mut self.wire);
        read
    }

    /// What can be done without waiting: time, writing, reports.
    fn turn(&mut self, connection: &mut Connection) -> Result<(), String> {
        let now = self.now();
        let result = self.session.tick(now, &mut self.reports).map_err(|fault| fault.to_string()).and_then(|()| {
            let label = (self.wall_clock)();
            let micros = self.micros();
            let (session, reports) = (&mut self.session, &mut self.reports);
            self.wire.write(&mut Turn { connection, session, reports, now, micros }, label)
        });
        if self.status.set_up_if_changed(&self.session, &self.wall_clock) {
            tracing::info!(issuer = %self.config.name, addr = %self.config.addr, "issuer connection is signed on");
        }
        self.settle();
        result
    }

    /// Signs off as far as the socket takes it.
    async fn goodbye(&mut self, connection: &mut Connection) {
        self.session.sign_off();
        let deadline = Instant::now() + GOODBYE;
        while self.turn(connection).is_ok() && !connection.is_drained() {
            tokio::select! {
                ready = connection.ready(Interest::WRITABLE) => if ready.is_err() { return },
                () = sleep_until(deadline) => return,
            }
        }
    }
}

/// A connection, with TLS where it is configured, and what completes when its peer is believed no more.
async fn open(addr: String, tls: Option<Arc<Client>>) -> std::io::Result<(TryStream, Lost)> {
    let socket = TcpStream::connect(addr).await?;
    socket.set_nodelay(true)?;
    match tls {
        None => Ok((socket.into(), Box::pin(std::future::pending()))),
        Some(tls) => {
            let failed = |error: std::io::Error| std::io::Error::new(error.kind(), format!("TLS: {error}"));
            let (stream, lost) = tls.connect_watched(socket).await.map_err(failed)?;
            Ok((stream.into(), lost))
        }
    }
}

/// The next batch, or never when the sender is gone (the shutdown that this caused ends the task).
async fn recv(commands: &mut Option<UnboundedReceiver<Vec<Command>>>) -> Option<Vec<Command>> {
    match commands {
        Some(receiver) => receiver.recv().await,
        None => std::future::pending().await,
    }
}
