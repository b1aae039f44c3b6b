//! The issuer connection as a state machine: no socket, no clock, no encoding. Tests drive it in virtual time.
//!
//! The driver tells it what happened (connected, disconnected, a command, an answer, time passed), asks it for the next
//! message to write and hands its reports on. Times are milliseconds of any monotonic clock.
//!
//! **The money rule.** A request is reported [`Report::NotSent`] only when certainly no byte of it left. Once a byte may
//! have left, the end without an answer is [`Report::TimedOut`]: the outcome is unknown, never "declined". Advices end
//! with [`Report::Acknowledged`] and in no other way.

mod advices;
mod counts;
mod keys;
mod numbers;
mod requests;
mod sign_on;
#[cfg(test)]
mod tests;
mod vocabulary;

pub use counts::{Counts, MessageKind, Outcome};
pub use keys::Authenticity;
pub use vocabulary::{Cause, Command, Heard, Limits, Phase, Report, SessionFault, Transmit};

use crate::authentic::Keying;
use advices::{Advices, Unfit};
use kazasu_schemas::backoff::Backoff;
use kazasu_schemas::ids::{InstitutionId, Rrn, Stan};
use kazasu_schemas::money::MAX_WIRE_AMOUNT;
use kazasu_schemas::wire::issuer::{Account, IssuerAnswer, IssuerRequest};
use kazasu_schemas::wire::{Network, NetworkCode, ResponseCode};
use keys::Keys;
use numbers::{key, ms};
use requests::{Match, Requests, Unanswered, When};
use std::collections::VecDeque;
use std::time::Duration;

/// A cut-over that the issuer is told.
struct Telling {
    /// Each message with its day, until it is answered.
    open: Vec<(NetworkCode, u16)>,
    due: u64,
    left: u8,
}

/// How often a cut-over is told to an issuer that does not answer.
const TELLINGS: u8 = 5;

enum Control {
    /// A sign-on with a nonce, which the driver draws.
    SignOn(Stan),
    Ask(NetworkCode, Stan, Option<u16>),
    Answer(Network),
}

/// Answers to the issuer's own network messages that may wait to be written; more are dropped.
const MAX_CONTROLS: usize = 64;

/// One session to one issuer.
pub struct Session {
    limits: Limits,
    phase: Phase,
    /// Pauses before it connects again.
    reconnect: Backoff,
    stans: u64,
    controls: VecDeque<Control>,
    echo_due: u64,
    /// The unanswered echo and its deadline.
    echo: Option<(Stan, u64)>,
    telling: Option<Telling>,
    requests: Requests,
    advices: Advices,
    advice_turn: bool,
    draining: bool,
    keys: Keys,
    /// Until the first connection stands or fails, requests wait for it: a node that has just taken the lead must not refuse
    /// what a session that is about to be up could serve.
    first: bool,
    counts: Counts,
}

impl Session {
    /// A session of the switch `institution` that wants to connect at once, and authenticates its messages by `keying`.
    #[must_use]
    pub fn new(limits: Limits, keying: Keying, institution: InstitutionId, now: u64) -> Self {
        let limits = Limits {
            answer_timeout: limits.answer_timeout.max(1),
            echo_interval: limits.echo_interval.max(1),
            reconnect_min: limits.reconnect_min.max(1),
            reconnect_max: limits.reconnect_max.max(limits.reconnect_min).max(1),
            max_in_flight: limits.max_in_flight.max(1),
            saf_window: limits.saf_window.max(1),
            saf_retry_min: limits.saf_retry_min.max(1),
            saf_retry_max: limits.saf_retry_max.max(limits.saf_retry_min).max(1),
        };
        Session {
            phase: Phase::Down { retry_at: now },
            reconnect: backoff(limits.reconnect_min, limits.reconnect_max),
            stans: 0,
            controls: VecDeque::new(),
            echo_due: 0,
            echo: None,
            telling: None,
            requests: Requests::new(limits.max_in_flight, limits.answer_timeout),
            advices: Advices::new(limits.saf_window, backoff(limits.saf_retry_min, limits.saf_retry_max)),
            advice_turn: false,
            draining: false,
            keys: Keys::new(keying, institution),
            first: true,
            counts: Counts::default(),
            limits,
        }
    }

    /// Where the session stands.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Requests queued and sent.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.requests.len()
    }

    /// Unacknowledged advices.
    #[must_use]
    pub fn saf_depth(&self) -> usize {
        self.advices.len()
    }

    /// Advices among [`Session::saf_depth`] that cannot be written in the session's dialect and wait for a person.
    #[must_use]
    pub fn unwritable_advices(&self) -> usize {
        self.advices.parked()
    }

    /// Message counts.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Counts a frame that could not become a message or failed its MAC.
    pub fn count_unusable(&mut self, outcome: Outcome) {
        self.counts.add(MessageKind::Other, outcome);
    }

    /// Takes a command.
    pub fn command(&mut self, now: u64, command: Command, reports: &mut Vec<Report>) {
        match command {
            Command::Request { id, cause, request } => reports.extend(self.request(now, (id, cause), request)),
            Command::Advice { id, cause, request } => self.advice(now, (id, cause), request),
            Command::Cutover { closed, opened } => {
                let open = vec![(NetworkCode::CutoverStart, closed), (NetworkCode::CutoverEnd, opened)];
                self.telling = Some(Telling { open, due: now, left: TELLINGS });
            }
        }
    }

    /// What message `id` follows from, while it waits for its answer; of a request also when it waited in vain.
    #[must_use]
    pub fn cause(&self, id: u64) -> Option<Cause> {
        self.requests.cause(key(id)).or_else(|| self.advices.cause(key(id)))
    }

    /// Takes a request by its id and cause; the report when it ends at once.
    fn request(&mut self, now: u64, named: (u64, Cause), mut request: IssuerRequest) -> Option<Report> {
        let (id, _) = named;
        if self.requests.contains(key(id)) {
            // The same id twice is a mistake of the caller. The first one's outcome will be reported; another report
            // here would be taken for it.
            self.counts.add(MessageKind::of(request.operation), Outcome::Unmatched);
            return None;
        }
        let open = self.phase == Phase::Up || self.first;
        if !open || self.draining || self.requests.is_full() || !is_writable(&request) {
            self.counts.add(MessageKind::of(request.operation), Outcome::NotSent);
            return Some(Report::NotSent { id });
        }
        request.rrn = Rrn::from_number(id);
        self.requests.accept(now, named, request);
        None
    }

    fn advice(&mut self, now: u64, named: (u64, Cause), mut request: IssuerRequest) {
        let (id, _) = named;
        request.rrn = Rrn::from_number(id);
        if is_writable(&request) {
            self.advices.accept(now, named, request);
        } else {
            self.advices.park(key(id), request);
        }
    }

    /// True when the driver should connect now.
    #[must_use]
    pub fn connect_due(&self, now: u64) -> bool {
        matches!(self.phase, Phase::Down { retry_at } if retry_at <= now)
    }

    /// The driver began to connect.
    pub fn connecting(&mut self) {
        self.phase = Phase::Connecting;
    }

    /// The connection stands: sign on.
    pub fn connected(&mut self, now: u64) {
        self.controls.clear();
        self.echo = None;
        self.keys.forget();
        self.sign_on(now);
    }

    /// The connection broke or could not be made. `written` is how many bytes of the outgoing stream, counted as in
    /// [`Session::transmit`], the socket took: a request that begins behind them certainly did not leave.
    pub fn disconnected(&mut self, now: u64, written: u64, reports: &mut Vec<Report>) {
        self.first = false;
        let counts = &mut self.counts;
        self.requests.end_all(written, |ended| report_end(counts, ended, reports));
        self.controls.clear();
        self.echo = None;
        self.keys.forget();
        self.phase = Phase::Down { retry_at: now + ms(self.reconnect.failed()) };
    }

    /// An answer to a request or advice. It counts only when it repeats what was asked.
    pub fn answered(&mut self, now: u64, answer: IssuerAnswer, reports: &mut Vec<Report>) -> Heard {
        self.heard();
        let Some(key) = answer.rrn.number() else {
            self.counts.add(MessageKind::Other, Outcome::Unmatched);
            return Heard::Other;
        };
        match self.requests.answered(key, &answer) {
            Match::InTime(slot) => {
                let outcome = if answer.code.is_approved() { Outcome::Approved } else { Outcome::Declined };
                self.counts.add(slot.kind, outcome);
                reports.push(Report::Answered { id: slot.id, answer });
                return Heard::InTime(slot.stamp);
            }
            Match::Unfit { id, kind, when, misfit } => {
                self.counts.add(kind, Outcome::Unfit);
                if when == When::InTime {
                    reports.push(Report::Unfit { id });
                }
                return Heard::Unfit { id, misfit };
            }
            Match::Late { id, kind } => {
                self.counts.add(kind, Outcome::Late);
                reports.push(Report::Late { id, answer });
            }
            Match::Unknown => match self.advices.acknowledged(now, key, &answer) {
                Some(Err(Unfit { id, kind, misfit })) => {
                    self.counts.add(kind, Outcome::Unfit);
                    return Heard::Unfit { id, misfit };
                }
                Some(Ok((id, request))) => {
                    let outcome = if answer.code.is_approved() { Outcome::Acknowledged } else { Outcome::Refused };
                    self.counts.add(MessageKind::of(request.operation), outcome);
                    reports.push(Report::Acknowledged { id, code: answer.code });
                }
                None => self.counts.add(MessageKind::Other, Outcome::Unmatched),
            },
        }
        Heard::Other
    }

    /// A 0800 of the issuer, or its answer to one of ours that is no [sign-on](Session::sign_on_answered).
    pub fn network(&mut self, now: u64, message: &Network, reports: &mut Vec<Report>) {
        self.heard();
        if message.mti.is_question() {
            self.asked_by_issuer(now, message, reports);
            return;
        }
        if message.purpose == NetworkCode::Echo {
            self.counts.add(MessageKind::Network, Outcome::Approved);
        } else if let Some(telling) =
            self.telling.as_mut().filter(|t| t.open.iter().any(|(purpose, _)| *purpose == message.purpose))
        {
            // With any answer, it was told.
            telling.open.retain(|(purpose, _)| *purpose != message.purpose);
            let approved = message.code.is_some_and(ResponseCode::is_approved);
            self.counts.add(MessageKind::Network, if approved { Outcome::Approved } else { Outcome::Declined });
            if self.telling.as_ref().is_some_and(|t| t.open.is_empty()) {
                self.telling = None;
            }
        } else {
            self.counts.add(MessageKind::Network, Outcome::Unmatched);
        }
    }

    fn asked_by_issuer(&mut self, now: u64, message: &Network, reports: &mut Vec<Report>) {
        let code = match message.purpose {
            NetworkCode::SignOn | NetworkCode::Echo | NetworkCode::CutoverStart | NetworkCode::CutoverEnd => {
                ResponseCode::APPROVED
            }
            NetworkCode::SignOff => {
                if self.phase == Phase::Up {
                    let counts = &mut self.counts;
                    self.requests.end_queued(|ended| report_end(counts, ended, reports));
                    self.phase = Phase::SignedOff { retry_at: now + self.limits.reconnect_max };
                    self.echo = None;
                }
                ResponseCode::APPROVED
            }
            // The switch signs on and changes keys, the issuer does not.
            NetworkCode::KeyChange | NetworkCode::Other(_) => {
                ResponseCode::from_wire(b"12").expect("two digits are a response code")
            }
        };
        if self.controls.len() < MAX_CONTROLS {
            self.controls.push_back(Control::Answer(message.answer(code)));
        }
        if message.purpose == NetworkCode::SignOn && matches!(self.phase, Phase::SignedOff { .. }) {
            self.sign_on(now);
        }
    }

    /// Lets time pass: expires requests and sends what is due. An error means that the connection must be closed.
    pub fn tick(&mut self, now: u64, reports: &mut Vec<Report>) -> Result<(), SessionFault> {
        self.keys.look();
        let counts = &mut self.counts;
        self.requests.expire(now, |ended| report_end(counts, ended, reports));
        match self.phase {
            Phase::Down { .. } | Phase::Connecting => {}
            Phase::SigningOn { deadline, .. } if deadline <= now => return Err(SessionFault::SignOnUnanswered),
            Phase::Proving { deadline, .. } if deadline <= now => return Err(SessionFault::ProofUnanswered),
            Phase::SigningOn { .. } | Phase::Proving { .. } => {}
            Phase::SignedOff { retry_at } if retry_at <= now => self.sign_on(now),
            Phase::SignedOff { .. } => {}
            Phase::Up => {
                match self.echo {
                    Some((_, deadline)) if deadline <= now => return Err(SessionFault::EchoUnanswered),
                    Some(_) => {}
                    None if self.echo_due <= now => {
                        let stan = self.ask(NetworkCode::Echo, None);
                        self.echo = Some((stan, now + self.limits.answer_timeout));
                        self.echo_due = now + self.limits.echo_interval;
                    }
                    None => {}
                }
                self.tell(now);
            }
        }
        Ok(())
    }

    fn tell(&mut self, now: u64) {
        let Some(telling) = self.telling.as_mut().filter(|telling| telling.due <= now) else { return };
        if telling.left == 0 {
            self.telling = None;
            self.counts.add(MessageKind::Network, Outcome::TimedOut);
            return;
        }
        telling.left -= 1;
        telling.due = now + self.limits.answer_timeout;
        for (purpose, day) in telling.open.clone() {
            self.ask(purpose, Some(day));
        }
    }

    /// When [`Session::tick`] (or, while down, connecting) is due next, milliseconds.
    #[must_use]
    pub fn next_due(&self) -> Option<u64> {
        let phase = match self.phase {
            Phase::Down { retry_at } | Phase::SignedOff { retry_at } => Some(retry_at),
            Phase::Connecting => None,
            Phase::SigningOn { deadline, .. } | Phase::Proving { deadline, .. } => Some(deadline),
            Phase::Up => {
                let echo = self.echo.map_or(self.echo_due, |(_, deadline)| deadline);
                let telling = self.telling.as_ref().map(|telling| telling.due);
                [Some(echo), self.advices.next_due(), telling].into_iter().flatten().min()
            }
        };
        [phase, self.requests.next_deadline()].into_iter().flatten().min()
    }

    /// The next message to write, or `None` when nothing is due. `stamp` (microseconds) comes back with the answer;
    /// `begin` is where the message will start in this connection's outgoing byte stream.
    pub fn transmit(&mut self, now: u64, stamp: u64, begin: u64) -> Option<Transmit<'_>> {
        if let Some(control) = self.controls.pop_front() {
            self.counts.add(MessageKind::Network, Outcome::Sent);
            return Some(match control {
                Control::SignOn(stan) => Transmit::SignOn(stan),
                Control::Ask(purpose, stan, day) => Transmit::Network(purpose, stan, day),
                Control::Answer(answer) => Transmit::NetworkAnswer(answer),
            });
        }
        if self.phase != Phase::Up {
            return None;
        }
        self.advices.hold_back(now);
        // Neither requests nor a long store-and-forward queue may keep the other waiting.
        let advice_due = self.advices.next_due().is_some_and(|due| due <= now);
        self.advice_turn = advice_due && (!self.advice_turn || !self.requests.has_queued());
        if self.advice_turn {
            let (id, request) = self.advices.next(now)?;
            self.counts.add(MessageKind::of(request.operation), Outcome::Sent);
            return Some(Transmit::Advice(id, request));
        }
        let (id, request) = self.requests.next(stamp, begin)?;
        self.counts.add(MessageKind::of(request.operation), Outcome::Sent);
        Some(Transmit::Request(id, request))
    }

    /// The message `id` that [`Session::transmit`] gave last could not be encoded, and nothing of it was written.
    pub fn unsendable(&mut self, now: u64, id: u64, reports: &mut Vec<Report>) {
        match self.requests.withdraw(key(id)) {
            Some(ended) => report_end(&mut self.counts, ended, reports),
            None => self.advices.set_aside(now, key(id)),
        }
    }

    /// From now on requests are refused; those in flight still get their answers.
    pub fn drain(&mut self) {
        self.draining = true;
    }

    /// True after [`Session::drain`], when no request waits for an answer.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.draining && self.requests.len() == 0
    }

    /// Says good-bye: the next [`Session::transmit`] gives the sign-off.
    pub fn sign_off(&mut self) {
        if self.phase == Phase::Up {
            self.ask(NetworkCode::SignOff, None);
        }
    }

    fn ask(&mut self, purpose: NetworkCode, day: Option<u16>) -> Stan {
        self.stans += 1;
        let stan = Stan::wrapping(self.stans);
        self.controls.push_back(Control::Ask(purpose, stan, day));
        stan
    }

    /// Any sound message proves that the issuer is alive.
    fn heard(&mut self) {
        self.echo = None;
    }
}

/// Pauses between these two, in milliseconds.
fn backoff(first: u64, longest: u64) -> Backoff {
    Backoff::new(Duration::from_millis(first), Duration::from_millis(longest))
}

fn report_end(counts: &mut Counts, ended: Unanswered, reports: &mut Vec<Report>) {
    counts.add(ended.kind, ended.outcome);
    reports.push(match ended.outcome {
        Outcome::TimedOut => Report::TimedOut { id: ended.id },
        _ => Report::NotSent { id: ended.id },
    });
}

/// What the typed message's fields can hold and the wire cannot.
fn is_writable(request: &IssuerRequest) -> bool {
    let fits = |yen: i64| (0..=MAX_WIRE_AMOUNT).contains(&yen);
    let account = match &request.account {
        Account::Card(_) => true,
        Account::Bank(account) => (1..=28).contains(&account.len()),
    };
    fits(request.amount.get())
        && request.replacement.is_none_or(|yen| fits(yen.get()))
        && request.entry_mode <= 999
        && account
}
