//! The task that owns a link's socket and clock and drives the protocol of [`crate::link`].

pub use crate::link::{Command, Report};

use crate::link::{Heard, Link, Output, Settings, Wire};
use bytes::BytesMut;
use kazasu_schemas::ids::InstitutionId;
use kazasu_schemas::iso8583::{Dialect, FrameCodec, Message};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::mac::{MacKey, encode_frame};
use kazasu_schemas::wire::Network;
use kazasu_schemas::wire::issuer::IssuerAnswer;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::codec::Decoder;

/// MAC keys of a link.
#[derive(Clone, Debug)]
pub struct LinkMac {
    /// Authenticates what the switch sends.
    pub to_issuer: MacKey,
    /// Authenticates what the issuer sends.
    pub from_issuer: MacKey,
}

/// Everything about a link.
#[derive(Clone, Debug)]
pub struct LinkConfig {
    /// The issuer's name, for logs and metrics.
    pub name: String,
    /// Host and port.
    pub addr: String,
    /// What the issuer speaks.
    pub dialect: Arc<Dialect>,
    /// The switch's institution id, DE32.
    pub institution: InstitutionId,
    /// Keys, when the link has a MAC.
    pub mac: Option<LinkMac>,
    /// How long an answer may take.
    pub answer_timeout: Duration,
    /// How often an idle link is tested.
    pub echo_interval: Duration,
    /// First pause before connecting again.
    pub reconnect_min: Duration,
    /// Longest pause.
    pub reconnect_max: Duration,
    /// Requests under way at one time.
    pub max_in_flight: usize,
    /// Advices under way at one time.
    pub saf_window: usize,
    /// First pause before an advice is sent again.
    pub saf_retry_min: Duration,
    /// Longest pause.
    pub saf_retry_max: Duration,
}

/// What a link reports of itself, cheap to read.
#[derive(Debug, Default)]
pub struct LinkStatus {
    up: AtomicBool,
    in_flight: AtomicUsize,
    owed: AtomicUsize,
    last_error: Mutex<Option<String>>,
}

impl LinkStatus {
    /// True when signed on.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.up.load(Ordering::Acquire)
    }

    /// Requests waiting for answers.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Acquire)
    }

    /// Advices not yet acknowledged.
    #[must_use]
    pub fn saf_depth(&self) -> usize {
        self.owed.load(Ordering::Acquire)
    }

    /// Why the link went down last.
    #[must_use]
    pub fn last_error(&self) -> Option<String> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Starts a link. `commands` bounds itself by what the switch admits; reports come in batches.
pub fn spawn(
    config: LinkConfig,
    commands: mpsc::UnboundedReceiver<Vec<Command>>,
    report: impl Fn(Vec<Report>) + Send + Sync + 'static,
    wall_clock: fn() -> Millis,
    shutdown: watch::Receiver<bool>,
) -> (JoinHandle<()>, Arc<LinkStatus>) {
    let status = Arc::new(LinkStatus::default());
    let millis = |d: Duration| u64::try_from(d.as_millis()).unwrap_or(u64::MAX);
    let settings = Settings {
        answer_timeout: millis(config.answer_timeout),
        echo_interval: millis(config.echo_interval),
        max_in_flight: config.max_in_flight,
        saf_window: config.saf_window,
        saf_retry_min: millis(config.saf_retry_min),
        saf_retry_max: millis(config.saf_retry_max),
    };
    let name = config.name.clone();
    let driver = Driver {
        link: Link::new(settings, config.institution),
        begin: Instant::now(),
        wall_clock,
        message: Message::default(),
        out: BytesMut::with_capacity(64 * 1024),
        metrics: Metrics::new(&name),
        status: status.clone(),
        report: Box::new(report),
        commands,
        shutdown,
        config,
    };
    (tokio::spawn(driver.run()), status)
}

struct Metrics {
    up: metrics::Gauge,
    in_flight: metrics::Gauge,
    owed: metrics::Gauge,
    sent: metrics::Counter,
    answered: metrics::Counter,
    late: metrics::Counter,
    timed_out: metrics::Counter,
    not_sent: metrics::Counter,
    acknowledged: metrics::Counter,
    ignored: metrics::Counter,
}

impl Metrics {
    fn new(issuer: &str) -> Self {
        let outcome = |what: &'static str| metrics::counter!("kazasu_issuer_messages_total", "issuer" => issuer.to_owned(), "outcome" => what);
        Metrics {
            up: metrics::gauge!("kazasu_issuer_link_up", "issuer" => issuer.to_owned()),
            in_flight: metrics::gauge!("kazasu_issuer_in_flight", "issuer" => issuer.to_owned()),
            owed: metrics::gauge!("kazasu_issuer_advices_owed", "issuer" => issuer.to_owned()),
            sent: outcome("sent"),
            answered: outcome("answered"),
            late: outcome("late"),
            timed_out: outcome("timed_out"),
            not_sent: outcome("not_sent"),
            acknowledged: outcome("acknowledged"),
            ignored: outcome("ignored"),
        }
    }

    fn count(&self, reports: &[Report]) {
        for report in reports {
            match report {
                Report::Answered { .. } => &self.answered,
                Report::Late { .. } => &self.late,
                Report::TimedOut { .. } => &self.timed_out,
                Report::NotSent { .. } => &self.not_sent,
                Report::Acknowledged { .. } => &self.acknowledged,
            }
            .increment(1);
        }
    }
}

struct Driver {
    config: LinkConfig,
    link: Link,
    begin: Instant,
    wall_clock: fn() -> Millis,
    message: Message,
    out: BytesMut,
    metrics: Metrics,
    status: Arc<LinkStatus>,
    report: Box<dyn Fn(Vec<Report>) + Send + Sync>,
    commands: mpsc::UnboundedReceiver<Vec<Command>>,
    shutdown: watch::Receiver<bool>,
}

enum End {
    Shutdown,
    Lost(String),
}

/// How often time-outs are looked for: an answer is given up at most this much late.
const TICK: Duration = Duration::from_millis(20);

impl Driver {
    fn now(&self) -> u64 {
        u64::try_from(self.begin.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    async fn run(mut self) {
        let mut pause = self.config.reconnect_min;
        loop {
            let stream = match self.connect(pause).await {
                Ok(stream) => stream,
                Err(End::Shutdown) => return,
                Err(End::Lost(why)) => {
                    self.down(&why);
                    pause = (pause * 2).min(self.config.reconnect_max);
                    continue;
                }
            };
            let since = Instant::now();
            let end = self.connection(stream).await;
            let mut output = Output::default();
            self.link.disconnected(&mut output);
            self.give(output);
            match end {
                End::Shutdown => return,
                End::Lost(why) => {
                    tracing::warn!(issuer = %self.config.name, why, "issuer link down");
                    self.down(&why);
                }
            }
            // A connection that held for a while was a good one.
            if since.elapsed() > Duration::from_secs(5) {
                pause = self.config.reconnect_min;
            } else {
                pause = (pause * 2).min(self.config.reconnect_max);
            }
        }
    }

    fn down(&self, why: &str) {
        self.status.up.store(false, Ordering::Release);
        self.metrics.up.set(0.0);
        *self.status.last_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.to_owned());
    }

    /// Waits a little, then connects; meanwhile requests are told that nothing was sent.
    async fn connect(&mut self, pause: Duration) -> Result<TcpStream, End> {
        let addr = self.config.addr.clone();
        let connecting = async move {
            tokio::time::sleep(pause).await;
            match tokio::time::timeout(Duration::from_secs(5), TcpStream::connect(&addr)).await {
                Ok(result) => result.map_err(|e| e.to_string()),
                Err(_) => Err("no connection within 5 s".to_owned()),
            }
        };
        tokio::pin!(connecting);
        loop {
            tokio::select! {
                result = &mut connecting => return result.map_err(End::Lost),
                commands = self.commands.recv() => match commands {
                    Some(commands) => self.take(commands),
                    None => return Err(End::Shutdown),
                },
                _ = self.shutdown.changed() => return Err(End::Shutdown),
            }
        }
    }

    fn take(&mut self, commands: Vec<Command>) {
        let now = self.now();
        let mut output = Output::default();
        for command in commands {
            self.link.command(now, command, &mut output);
        }
        self.give(output);
    }

    /// Encodes what is to be sent and reports the rest. True when the connection must be closed.
    fn give(&mut self, output: Output) -> bool {
        for wire in &output.send {
            match wire {
                Wire::Network(network) => network.to_message(&mut self.message),
                Wire::Request(request) => request.to_message(&mut self.message),
            }
            let key = self.config.mac.as_ref().map(|mac| &mac.to_issuer);
            match encode_frame(&self.config.dialect, &mut self.message, key, &mut self.out) {
                Ok(()) => self.metrics.sent.increment(1),
                // It stays unanswered and is timed out: nothing is ever declined because of it.
                Err(error) => tracing::error!(issuer = %self.config.name, %error, "a message cannot be written in this dialect"),
            }
        }
        if !output.reports.is_empty() {
            self.metrics.count(&output.reports);
            (self.report)(output.reports);
        }
        self.status.in_flight.store(self.link.in_flight(), Ordering::Release);
        self.status.owed.store(self.link.owed(), Ordering::Release);
        output.close
    }

    async fn connection(&mut self, mut stream: TcpStream) -> End {
        if let Err(error) = stream.set_nodelay(true) {
            return End::Lost(error.to_string());
        }
        let mut frames = self.config.dialect.frames();
        let mut input = BytesMut::with_capacity(64 * 1024);
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut output = Output::default();
        self.link.connected(self.now(), (self.wall_clock)(), &mut output);
        self.give(output);
        loop {
            if !self.out.is_empty() {
                let write = tokio::time::timeout(self.config.answer_timeout, stream.write_all(&self.out)).await;
                self.out.clear();
                match write {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => return End::Lost(error.to_string()),
                    Err(_) => return End::Lost("the issuer does not read".into()),
                }
            }
            input.reserve(16 * 1024);
            tokio::select! {
                commands = self.commands.recv() => match commands {
                    Some(commands) => {
                        self.take(commands);
                        while let Ok(more) = self.commands.try_recv() {
                            self.take(more);
                        }
                    }
                    None => return End::Shutdown,
                },
                read = stream.read_buf(&mut input) => match read {
                    Ok(0) => return End::Lost("the issuer closed the connection".into()),
                    Ok(_) => if let Some(end) = self.read(&mut frames, &mut input) {
                        return end;
                    },
                    Err(error) => return End::Lost(error.to_string()),
                },
                _ = ticks.tick() => {
                    let mut output = Output::default();
                    self.link.tick(self.now(), (self.wall_clock)(), &mut output);
                    if self.give(output) {
                        return End::Lost("the issuer did not answer the sign-on or the echo, or refused".into());
                    }
                    self.metrics.in_flight.set(f64::from(u32::try_from(self.link.in_flight()).unwrap_or(u32::MAX)));
                    self.metrics.owed.set(f64::from(u32::try_from(self.link.owed()).unwrap_or(u32::MAX)));
                },
                _ = self.shutdown.changed() => return End::Shutdown,
            }
        }
    }

    /// Takes every whole frame. A frame that cannot be read is counted and ignored; broken framing ends the connection.
    fn read(&mut self, frames: &mut FrameCodec, input: &mut BytesMut) -> Option<End> {
        let mut output = Output::default();
        loop {
            let frame = match frames.decode(input) {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                Err(error) => return Some(End::Lost(error.to_string())),
            };
            match self.understand(&frame) {
                Ok(heard) => self.link.heard(self.now(), heard, &mut output),
                Err(problem) => {
                    self.metrics.ignored.increment(1);
                    tracing::warn!(issuer = %self.config.name, problem, "issuer message ignored");
                }
            }
        }
        let close = self.give(output);
        if self.link.is_up() && !self.status.is_up() {
            self.status.up.store(true, Ordering::Release);
            self.metrics.up.set(1.0);
            tracing::info!(issuer = %self.config.name, "issuer link up");
        }
        close.then(|| End::Lost("the issuer refused the sign-on".into()))
    }

    fn understand(&mut self, frame: &[u8]) -> Result<Heard, String> {
        let decoded = self.config.dialect.decode(frame, &mut self.message).map_err(|e| e.to_string())?;
        if let Some(mac) = &self.config.mac {
            let at = decoded.mac_at.ok_or("no MAC")?;
            let field = if self.message.has(128) { 128 } else { 64 };
            if !mac.from_issuer.verify(&frame[..at], self.message.get(field).unwrap_or_default()) {
                return Err(format!("{}: wrong MAC", self.message.mti));
            }
        }
        let mti = self.message.mti;
        if mti.class() == 8 {
            Network::from_message(&self.message).map(Heard::Network).map_err(|e| e.to_string())
        } else if mti.is_question() {
            Err(format!("{mti} is not an answer"))
        } else {
            IssuerAnswer::from_message(&self.message).map(Heard::Answer).map_err(|e| e.to_string())
        }
    }
}
