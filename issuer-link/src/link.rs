//! One issuer link as a protocol: what to send and what to report, given what happened and when. No socket, no clock.
//!
//! Times are milliseconds of any monotonic clock. Answers are matched by DE37, which carries the switch's own number.
//! A request of which a byte may have left and whose answer cannot come any more is timed out, never "not sent". Advices are
//! kept until the issuer acknowledges them, across disconnections; after a restart the switch gives them again.

use hashbrown::HashMap;
use kazasu_schemas::ids::{InstitutionId, Stan};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::wire::issuer::{IssuerAnswer, IssuerRequest};
use kazasu_schemas::wire::{Network, NetworkCode, ResponseCode};
use std::collections::VecDeque;

/// What the switch wants sent. `id` is the number in the request's DE37.
#[derive(Debug)]
pub enum Command {
    /// A question: sent now or not at all.
    Request {
        /// The number.
        id: u64,
        /// The message.
        request: IssuerRequest,
    },
    /// A message that must arrive: sent until acknowledged.
    Advice {
        /// The number.
        id: u64,
        /// The message.
        request: IssuerRequest,
    },
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// The issuer answered in time.
    Answered {
        /// The number.
        id: u64,
        /// The answer.
        answer: IssuerAnswer,
    },
    /// The issuer answered something that had been given up, or answered a second time.
    Late {
        /// The number.
        id: u64,
        /// The answer.
        answer: IssuerAnswer,
    },
    /// No answer in time, or the connection broke: the outcome is unknown.
    TimedOut {
        /// The number.
        id: u64,
    },
    /// Certainly nothing of it left: the link is down or full.
    NotSent {
        /// The number.
        id: u64,
    },
    /// The issuer has an advice.
    Acknowledged {
        /// The number.
        id: u64,
        /// DE39.
        code: ResponseCode,
    },
}

/// A message to be encoded and written.
#[derive(Debug)]
pub enum Wire {
    /// Sign-on or echo.
    Network(Network),
    /// A request or advice by number: look it up with [`Link::request`].
    Request(Box<IssuerRequest>),
}

/// A message that came in.
#[derive(Debug)]
pub enum Heard {
    /// 0810, or a 0800 that the issuer sends.
    Network(Network),
    /// Any other answer.
    Answer(IssuerAnswer),
}

/// What follows from an input.
#[derive(Debug, Default)]
pub struct Output {
    /// To be written, in order.
    pub send: Vec<Wire>,
    /// For the switch.
    pub reports: Vec<Report>,
    /// The connection is dead and must be closed.
    pub close: bool,
}

/// Times in milliseconds and bounds.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How long an answer may take.
    pub answer_timeout: u64,
    /// How often an idle link is tested; unanswered for as long, it is dead.
    pub echo_interval: u64,
    /// Requests under way at one time.
    pub max_in_flight: usize,
    /// Advices under way at one time.
    pub saf_window: usize,
    /// First pause before an advice is sent again.
    pub saf_retry_min: u64,
    /// Longest pause.
    pub saf_retry_max: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Down,
    SigningOn { until: u64 },
    Up,
}

#[derive(Debug)]
struct Advice {
    request: IssuerRequest,
    attempts: u32,
    retry_at: u64,
}

/// The protocol's state.
#[derive(Debug)]
pub struct Link {
    settings: Settings,
    institution: InstitutionId,
    phase: Phase,
    /// Requests waiting for answers; those that are done leave the map before the queue.
    pending: HashMap<u64, u64>,
    deadlines: VecDeque<(u64, u64)>,
    advices: HashMap<u64, Advice>,
    waiting: VecDeque<u64>,
    sent: Vec<u64>,
    echo_at: u64,
    echo_until: Option<u64>,
    stan: u64,
}

impl Link {
    /// A link that is down.
    #[must_use]
    pub fn new(settings: Settings, institution: InstitutionId) -> Self {
        Link {
            settings,
            institution,
            phase: Phase::Down,
            pending: HashMap::new(),
            deadlines: VecDeque::new(),
            advices: HashMap::new(),
            waiting: VecDeque::new(),
            sent: Vec::new(),
            echo_at: 0,
            echo_until: None,
            stan: 0,
        }
    }

    /// True when the issuer has accepted the sign-on.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.phase == Phase::Up
    }

    /// Requests waiting for answers.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.pending.len()
    }

    /// Advices not yet acknowledged.
    #[must_use]
    pub fn owed(&self) -> usize {
        self.advices.len()
    }

    fn network(&mut self, wall: Millis, purpose: NetworkCode) -> Wire {
        self.stan += 1;
        Wire::Network(Network::request(purpose, self.institution, Stan::wrapping(self.stan), wall.transmission()))
    }

    /// The connection was made: sign on.
    pub fn connected(&mut self, now: u64, wall: Millis, out: &mut Output) {
        self.phase = Phase::SigningOn { until: now + self.settings.answer_timeout };
        let sign_on = self.network(wall, NetworkCode::SignOn);
        out.send.push(sign_on);
    }

    /// The connection is gone. Whatever was asked may have been heard.
    pub fn disconnected(&mut self, out: &mut Output) {
        self.phase = Phase::Down;
        self.echo_until = None;
        for (_, id) in self.deadlines.drain(..) {
            if self.pending.remove(&id).is_some() {
                out.reports.push(Report::TimedOut { id });
            }
        }
        // In their old order, in front of what was never sent.
        for id in self.sent.drain(..).rev() {
            self.waiting.push_front(id);
        }
    }

    /// The switch wants something sent.
    pub fn command(&mut self, now: u64, command: Command, out: &mut Output) {
        match command {
            Command::Request { id, request } => {
                let room = self.pending.len() < self.settings.max_in_flight && !self.pending.contains_key(&id);
                if !self.is_up() || !room {
                    out.reports.push(Report::NotSent { id });
                    return;
                }
                let until = now + self.settings.answer_timeout;
                self.pending.insert(id, until);
                self.deadlines.push_back((until, id));
                out.send.push(Wire::Request(Box::new(request)));
            }
            Command::Advice { id, request } => {
                if !self.advices.contains_key(&id) {
                    self.advices.insert(id, Advice { request, attempts: 0, retry_at: 0 });
                    self.waiting.push_back(id);
                }
                self.forward(now, out);
            }
        }
    }

    /// A message came in.
    pub fn heard(&mut self, now: u64, message: Heard, out: &mut Output) {
        self.echo_at = now + self.settings.echo_interval;
        self.echo_until = None;
        match message {
            Heard::Network(network) if network.mti.is_question() => {
                out.send.push(Wire::Network(network.answer(ResponseCode::APPROVED)));
            }
            Heard::Network(network) if network.purpose == NetworkCode::SignOn => {
                if matches!(self.phase, Phase::SigningOn { .. }) {
                    if network.code == Some(ResponseCode::APPROVED) {
                        self.phase = Phase::Up;
                        self.forward(now, out);
                    } else {
                        out.close = true;
                    }
                }
            }
            Heard::Network(_) => {}
            Heard::Answer(answer) => self.answer(now, answer, out),
        }
    }

    fn answer(&mut self, now: u64, answer: IssuerAnswer, out: &mut Output) {
        let Some(id) = answer.rrn.number() else { return };
        if self.pending.remove(&id).is_some() {
            out.reports.push(Report::Answered { id, answer });
        } else if self.advices.remove(&id).is_some() {
            self.sent.retain(|sent| *sent != id);
            out.reports.push(Report::Acknowledged { id, code: answer.code });
            self.forward(now, out);
        } else if matches!(answer.mti.class(), 1 | 2) && answer.mti.0 % 100 / 10 == 1 {
            out.reports.push(Report::Late { id, answer });
        }
    }

    /// Sends waiting advices, as many as the window allows.
    fn forward(&mut self, now: u64, out: &mut Output) {
        while self.is_up() && self.sent.len() < self.settings.saf_window {
            let Some(id) = self.waiting.pop_front() else { return };
            // Acknowledged in the meantime.
            if !self.advices.contains_key(&id) {
                continue;
            }
            self.send_advice(id, now, out);
            self.sent.push(id);
        }
    }

    fn send_advice(&mut self, id: u64, now: u64, out: &mut Output) {
        let Some(advice) = self.advices.get_mut(&id) else { return };
        let mut request = advice.request.clone();
        request.repeat = advice.attempts > 0;
        let pause = self.settings.saf_retry_min.saturating_mul(1 << advice.attempts.min(20));
        advice.attempts = advice.attempts.saturating_add(1);
        advice.retry_at = now + pause.min(self.settings.saf_retry_max);
        out.send.push(Wire::Request(Box::new(request)));
    }

    /// Time has passed.
    pub fn tick(&mut self, now: u64, wall: Millis, out: &mut Output) {
        while let Some((until, id)) = self.deadlines.front().copied() {
            match self.pending.get(&id) {
                Some(own) if *own == until => {
                    if until > now {
                        break;
                    }
                    self.pending.remove(&id);
                    out.reports.push(Report::TimedOut { id });
                }
                _ => {}
            }
            self.deadlines.pop_front();
        }
        match self.phase {
            Phase::SigningOn { until } if until <= now => out.close = true,
            Phase::Up => self.tick_up(now, wall, out),
            Phase::Down | Phase::SigningOn { .. } => {}
        }
    }

    fn tick_up(&mut self, now: u64, wall: Millis, out: &mut Output) {
        let due: Vec<u64> =
            self.sent.iter().copied().filter(|id| self.advices.get(id).is_some_and(|a| a.retry_at <= now)).collect();
        for id in due {
            self.send_advice(id, now, out);
        }
        if self.echo_until.is_some_and(|until| until <= now) {
            out.close = true;
        } else if self.echo_until.is_none() && self.echo_at <= now {
            self.echo_until = Some(now + self.settings.echo_interval.min(self.settings.answer_timeout));
            let echo = self.network(wall, NetworkCode::Echo);
            out.send.push(echo);
        }
    }
}

#[cfg(test)]
mod tests;
