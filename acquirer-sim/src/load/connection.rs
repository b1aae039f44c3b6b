//! One connection of a load run: a thread that sends when messages are due, a thread that receives.

use super::fleet::Mix;
use super::plan::{Length, LoadPlan, Peer};
use super::report::{LoadReport, Progress};
use super::traffic::{Traffic, about};
use crate::session::{Keys, Receiver, answer_to};
use bytes::BytesMut;
use kazasu_schemas::ids::{Stan, digits};
use kazasu_schemas::iso8583::{Dialect, Message};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::mac::encode_frame;
use kazasu_schemas::wire::{Network, Operation, PpidPlace, Request};
use kazasu_tls::BlockingStream;
use std::collections::VecDeque;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver as Channel, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What all connections of a run have in common.
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    pub(super) plan: &'a LoadPlan,
    /// When the first message is due.
    pub(super) begin: Instant,
    pub(super) progress: &'a Arc<Progress>,
    /// Ends the run early.
    pub(super) stop: &'a Arc<AtomicBool>,
}

/// One connection, signed on.
pub(super) struct Parts {
    /// Which of the run's connections it is, from 0.
    pub(super) number: u32,
    pub(super) socket: BlockingStream,
    pub(super) receiver: Receiver,
    pub(super) keys: Keys,
    pub(super) log: Option<Arc<Mutex<std::fs::File>>>,
}

/// STANs are a million; a connection uses every `connections`-th of them, so its slots come round after a million messages of all.
const STANS: u64 = 1_000_000;

/// What the receiving side must know of a message under way: intended sending time in microseconds (plus 1, 0 is free),
/// kind and amount, packed so that one atomic holds each.
struct Slots {
    intended: Vec<AtomicU64>,
    what: Vec<AtomicU64>,
    /// Slots that wait for an answer.
    open: AtomicU64,
}

impl Slots {
    fn new(connections: u64) -> Slots {
        let per_connection = usize::try_from(STANS / connections).expect("at most a million");
        let zeros = || (0..per_connection).map(|_| AtomicU64::new(0)).collect::<Vec<_>>();
        Slots { intended: zeros(), what: zeros(), open: AtomicU64::new(0) }
    }

    fn is_not_now(&self, stan: Stan, connections: u64) -> bool {
        let at = usize::try_from(u64::from(stan.get()) / connections).expect("below a million");
        self.what[at].load(Ordering::Acquire) & NOT_NOW != 0
    }
}

const KINDS: [&str; 6] = ["purchase", "authorize", "refund", "reversal", "completion", "repeat"];
const REPEAT: u64 = 5;
/// Beside a slot's kind and amount: it was answered 91, so it is made as a new message, and not repeated.
const NOT_NOW: u64 = 1 << 63;

fn kind_of(operation: Option<Operation>) -> u64 {
    match operation {
        Some(Operation::Authorize) => 1,
        Some(Operation::Refund) => 2,
        Some(Operation::Reversal) => 3,
        Some(Operation::Completion) => 4,
        _ => 0,
    }
}

/// Starts both threads; the receiving one gives the connection's report.
pub(super) fn start(run: &Run<'_>, parts: Parts) -> anyhow::Result<JoinHandle<LoadReport>> {
    let Run { plan, begin, .. } = *run;
    let (connections, number) = (u64::from(plan.connections), u64::from(parts.number));
    let slots = Arc::new(Slots::new(connections));
    let (approved_tx, approved) = sync_channel(4_096);
    let (to_answer, answers) = std::sync::mpsc::channel();
    let sending_over = Arc::new(AtomicBool::new(false));
    let sent = Arc::new(AtomicU64::new(0));
    let sender = Sender {
        socket: parts.socket,
        keys: parts.keys.clone(),
        dialect: plan.acquirer.dialect.clone(),
        place: plan.acquirer.ppid_in,
        traffic: traffic(plan, number),
        slots: slots.clone(),
        approved,
        connections,
        number,
        begin,
        gap: f64::from(plan.connections) / plan.rate,
        phase: f64::from(parts.number) / plan.rate,
        length: share(plan.length, connections, number),
        progress: run.progress.clone(),
        sent: sent.clone(),
        recent: VecDeque::new(),
        wall: plan.acquirer.now(),
        ahead: plan.acquirer.ahead,
        first_stan: first_stan(plan.connections),
        answers,
        window: plan.window.unwrap_or(u64::MAX),
    };
    let (over, stopping) = (sending_over.clone(), run.stop.clone());
    std::thread::Builder::new().name(format!("send-{number}")).spawn(move || {
        sender.run(&stopping);
        over.store(true, Ordering::Release);
    })?;
    let reading = Reading {
        receiver: parts.receiver,
        keys: parts.keys,
        slots,
        approved: approved_tx,
        connections,
        number,
        begin,
        progress: run.progress.clone(),
        sent,
        sending_over,
        drain: plan.drain,
        peer: plan.peer,
        log: parts.log,
        report: LoadReport::new(plan.rate),
        lines: Vec::new(),
        counts: [0; 100],
        to_answer,
    };
    Ok(std::thread::Builder::new().name(format!("receive-{number}")).spawn(move || reading.run())?)
}

/// What connection `number` sends. Its retrieval reference numbers are another connection's and another second's never.
fn traffic(plan: &LoadPlan, number: u64) -> Traffic {
    let seed = plan.seed.wrapping_mul(31).wrapping_add(number);
    let second = u64::try_from(crate::clock::now().0 / 1_000).unwrap_or(0);
    Traffic::new(plan, plan.mix, seed, second % 100_000 * 10_000_000 + number * 1_000_000)
}

/// One connection's share of a run.
fn share(length: Length, connections: u64, number: u64) -> Length {
    match length {
        Length::Time(time) => Length::Time(time),
        Length::Messages(n) => Length::Messages(n / connections + u64::from(number < n % connections)),
    }
}

struct Sender {
    socket: BlockingStream,
    keys: Keys,
    dialect: Arc<Dialect>,
    place: PpidPlace,
    traffic: Traffic,
    slots: Arc<Slots>,
    approved: Channel<u64>,
    connections: u64,
    number: u64,
    begin: Instant,
    gap: f64,
    phase: f64,
    length: Length,
    progress: Arc<Progress>,
    sent: Arc<AtomicU64>,
    recent: VecDeque<Request>,
    wall: Millis,
    /// By how much the acquirer's clock is ahead, milliseconds.
    ahead: i64,
    /// Another run in the same second must not use the same numbers.
    first_stan: u64,
    window: u64,
    /// Answers to what the switch asks by itself.
    answers: Channel<Network>,
}

impl Sender {
    fn run(mut self, stop: &AtomicBool) {
        let mut message = Message::default();
        let mut out = BytesMut::with_capacity(256 * 1024);
        let mut n = 0;
        let total = match self.length {
            Length::Messages(n) => n,
            Length::Time(time) => u64_of(time.as_secs_f64() / self.gap),
        };
        // Fewer, larger writes when many messages are due anyway.
        let nap = Duration::from_secs_f64((self.gap * 4.0).clamp(0.000_05, 0.000_4));
        while n < total && !stop.load(Ordering::Relaxed) {
            let elapsed = self.begin.elapsed().as_secs_f64();
            let due = u64_of((elapsed - self.phase) / self.gap + 1.0).min(total);
            if let Length::Time(time) = self.length
                && elapsed > time.as_secs_f64() + 1.0
                && self.window < u64::MAX
            {
                // As many as the window let through.
                return;
            }
            let room = self.window.saturating_sub(self.slots.open.load(Ordering::Acquire));
            if due > n && room == 0 {
                std::thread::sleep(nap);
                continue;
            }
            if Instant::now() < self.begin || due <= n {
                let next = self.begin + Duration::from_secs_f64(self.phase + f64_of(n) * self.gap);
                let left = next.saturating_duration_since(Instant::now());
                // Sleeping overshoots; at low rates the last stretch is waited for awake, so that it is not measured.
                match left.checked_sub(Duration::from_micros(120)) {
                    Some(most) if self.gap > 0.002 => std::thread::sleep(most),
                    None if self.gap > 0.002 => std::hint::spin_loop(),
                    _ => std::thread::sleep(left.max(Duration::from_micros(1))),
                }
                continue;
            }
            while let Ok(answer) = self.answers.try_recv() {
                answer.to_message(&mut message);
                if let Err(error) = encode_frame(&self.dialect, &mut message, Some(&self.keys.to_switch), &mut out) {
                    tracing::error!(%error, "an answer cannot be encoded");
                }
            }
            self.wall = Millis(crate::clock::now().0 + self.ahead);
            let from = n;
            let until = due.min(n + room.min(2_000));
            while n < until {
                self.put(n, &mut message, &mut out);
                n += 1;
            }
            self.sent.store(n, Ordering::Release);
            self.progress.sent.fetch_add(until - from, Ordering::Relaxed);
            if self.socket.write_all(&out).is_err() {
                return;
            }
            out.clear();
            if due - until < 10 {
                std::thread::sleep(nap);
            }
        }
    }

    fn put(&mut self, n: u64, message: &mut Message, out: &mut BytesMut) {
        let intended = u64_of((self.phase + f64_of(n) * self.gap) * 1e6);
        let stan = Stan::wrapping(self.first_stan + n * self.connections + self.number);
        let mut request = self.choose(n, stan);
        let mut kind = kind_of(request.operation);
        if self.traffic.mix() == Mix::Realistic
            && self.traffic.dice().below(100) == 0
            && let Some(again) = self.oldest_to_repeat()
        {
            // A repeat has its original's STAN: the first answer closes the slot, the other is a repeat's.
            request = Request { mti: kazasu_schemas::iso8583::Mti(again.mti.0 | 1), ..again };
            kind = REPEAT;
        }
        if kind != REPEAT {
            let at = usize::try_from(u64::from(stan.get()) / self.connections).expect("below a million");
            let amount = u64::try_from(request.amount.get()).unwrap_or(0);
            self.slots.what[at].store(amount << 3 | kind, Ordering::Release);
            // A slot that is still open after a million messages belongs to one that was never answered.
            if self.slots.intended[at].swap(intended + 1, Ordering::AcqRel) == 0 {
                self.slots.open.fetch_add(1, Ordering::AcqRel);
            }
            if self.traffic.mix() == Mix::Realistic {
                if self.recent.len() == 2_000 {
                    self.recent.pop_front();
                }
                self.recent.push_back(request);
            }
        }
        request.to_message(self.place, message);
        if let Err(error) = encode_frame(&self.dialect, message, Some(&self.keys.to_switch), out) {
            tracing::error!(%error, "a load message cannot be encoded");
        }
    }

    /// The oldest message that may be repeated.
    fn oldest_to_repeat(&mut self) -> Option<Request> {
        while self.recent.front().is_some_and(|request| self.slots.is_not_now(request.stan, self.connections)) {
            self.recent.pop_front();
        }
        self.recent.front().copied()
    }

    /// Mostly a payment; sometimes something about a recent approved one.
    fn choose(&mut self, n: u64, stan: Stan) -> Request {
        let dart = if self.traffic.mix() == Mix::Realistic { self.traffic.dice().below(100) } else { 99 };
        if dart < 5 {
            while let Ok(stan_of) = self.approved.try_recv() {
                let found = self.recent.iter().rposition(|r| u64::from(r.stan.get()) == stan_of);
                let Some(original) = found.and_then(|at| self.recent.remove(at)) else { continue };
                let operation = match (original.operation, dart) {
                    (Some(Operation::Authorize), _) => Operation::Completion,
                    (_, 0 | 1) => Operation::Refund,
                    (_, _) => Operation::Reversal,
                };
                return about(&original, operation, stan, self.wall.transmission());
            }
        }
        self.traffic.payment(n, stan, self.wall)
    }
}

/// The first answer to a message.
struct Answered {
    stan: u64,
    code: u64,
    /// Kind and amount, as its slot holds them.
    what: u64,
}

struct Reading {
    receiver: Receiver,
    keys: Keys,
    slots: Arc<Slots>,
    approved: SyncSender<u64>,
    connections: u64,
    number: u64,
    begin: Instant,
    progress: Arc<Progress>,
    sent: Arc<AtomicU64>,
    sending_over: Arc<AtomicBool>,
    drain: Duration,
    peer: Peer,
    log: Option<Arc<Mutex<std::fs::File>>>,
    report: LoadReport,
    lines: Vec<u8>,
    counts: [u64; 100],
    to_answer: std::sync::mpsc::Sender<Network>,
}

impl Reading {
    fn run(mut self) -> LoadReport {
        let mut message = Message::default();
        let mut over_since: Option<Instant> = None;
        loop {
            match self.receiver.fill() {
                Ok(true) => {}
                Ok(false) => {
                    self.report.error("connection lost");
                    break;
                }
                Err(e) if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {}
                Err(_) => {
                    self.report.error("connection lost");
                    break;
                }
            }
            let now = Instant::now();
            loop {
                match self.receiver.next(&self.keys, &mut message) {
                    Ok(Some(mac)) => match answer_to(&message).filter(|_| mac == Some(true)) {
                        // The sending side may have ended already.
                        Some(answer) => drop(self.to_answer.send(answer)),
                        None => self.take(&message, mac, now),
                    },
                    Ok(None) => break,
                    Err(_) => {
                        self.report.error("undecodable answer");
                        break;
                    }
                }
            }
            self.write_log();
            if self.sending_over.load(Ordering::Acquire) {
                let done = self.slots.open.load(Ordering::Acquire) == 0;
                let since = *over_since.get_or_insert(now);
                if done || since.elapsed() > self.drain {
                    break;
                }
            }
        }
        self.finish()
    }

    fn finish(mut self) -> LoadReport {
        self.report.sent = self.sent.load(Ordering::Acquire);
        for _ in 0..self.slots.open.load(Ordering::Acquire) {
            self.report.error("no answer");
        }
        for (code, n) in self.counts.iter().enumerate().filter(|(_, n)| **n > 0) {
            self.report.codes.insert(format!("{code:02}"), *n);
        }
        self.report
    }

    fn take(&mut self, message: &Message, mac: Option<bool>, now: Instant) {
        let number = |field: u8| message.get(field).and_then(digits);
        let echo = self.peer == Peer::Echo;
        let (Some(stan), Some(code)) = (number(11), number(39).or(echo.then_some(0))) else {
            self.report.error("unexpected answer");
            return;
        };
        if mac != Some(true) && !echo {
            self.report.error("wrong MAC");
        }
        if stan % self.connections != self.number {
            self.report.error("unexpected answer");
            return;
        }
        let at = usize::try_from(stan / self.connections).expect("below a million");
        let intended = self.slots.intended[at].swap(0, Ordering::AcqRel);
        let what = self.slots.what[at].load(Ordering::Acquire) & !NOT_NOW;
        self.report.answered += 1;
        self.report.last_answer = Some(now);
        if intended == 0 {
            self.report.repeats += 1;
        } else {
            self.slots.open.fetch_sub(1, Ordering::AcqRel);
            let elapsed = now.saturating_duration_since(self.begin);
            let elapsed = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
            let latency = elapsed.saturating_sub(intended - 1).clamp(1, 60_000_000);
            self.report.latency.record(latency).expect("within the bounds");
            self.count(&Answered { stan, code, what }, latency);
        }
        if let Some(slot) = usize::try_from(code).ok().and_then(|c| self.counts.get_mut(c)) {
            *slot += 1;
        }
        match code {
            91 => {
                self.slots.what[at].fetch_or(NOT_NOW, Ordering::AcqRel);
                self.report.error("91 not available");
            }
            96 => self.report.error("96 malfunction"),
            _ => {}
        }
        if self.log.is_some() {
            self.log_line(message, what);
        }
    }

    fn count(&mut self, answered: &Answered, latency: u64) {
        let (kind, amount) = (answered.what & 7, answered.what >> 3);
        let approved = answered.code == 0;
        let paid = if approved && (kind == 0 || kind == 4) { amount } else { 0 };
        self.report.yen += paid;
        self.progress.answer(approved.then_some(paid), latency);
        if approved && kind == 3 {
            self.report.reversed += 1;
        }
        if approved && kind < 2 {
            // Full means that enough candidates for refunds are known already.
            let _ = self.approved.try_send(answered.stan);
        }
    }

    fn log_line(&mut self, message: &Message, what: u64) {
        let field = |f: u8| String::from_utf8_lossy(message.get(f).unwrap_or_default()).trim_end().to_owned();
        let kind = KINDS[usize::try_from(what & 7).expect("3 bits").min(5)];
        let line = format!(
            "{},{},{},{},{kind},{},{},{}\n",
            message.mti,
            field(37),
            field(39),
            field(4),
            field(11),
            field(7),
            field(41)
        );
        self.lines.extend_from_slice(line.as_bytes());
    }

    fn write_log(&mut self) {
        if let Some(log) = self.log.as_ref().filter(|_| !self.lines.is_empty()) {
            let mut file = log.lock().unwrap_or_else(PoisonError::into_inner);
            if file.write_all(&self.lines).is_err() {
                self.report.error("log not written");
            }
            self.lines.clear();
        }
    }
}

/// A multiple of the number of connections (which divides a million), by the second of the day.
fn first_stan(connections: u32) -> u64 {
    let second = u64::try_from(crate::clock::now().0 / 1_000).unwrap_or(0);
    second * 7_919 % (STANS / u64::from(connections)) * u64::from(connections)
}

fn u64_of(x: f64) -> u64 {
    // Positive and far below 2^53: a message count or microseconds of a run.
    if x <= 0.0 {
        0
    } else {
        Duration::from_secs_f64(x / 1e6).as_nanos().try_into().map_or(u64::MAX, |n: u64| n / 1_000)
    }
}

fn f64_of(n: u64) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}
