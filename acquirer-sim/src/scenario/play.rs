//! Plays a scenario over real connections and collects the differences between what was expected and what came.

mod build;
mod judge;

use super::file::{ConnectionAction, Mac, Scenario, Step, What};
use crate::config::AcquirerConfig;
use crate::session::{Keys, Received, Session};
use anyhow::Context;
use kazasu_schemas::iso8583::{Message, Mti};
use kazasu_schemas::mac::{MacKey, encode_frame};
use kazasu_schemas::wire::{NetworkCode, Request};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Something that was not as expected.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Difference {
    /// The step, from 1.
    pub step: usize,
    /// What it does.
    pub what: String,
    /// What differs.
    pub field: String,
    /// What was expected.
    pub expected: String,
    /// What came.
    pub got: String,
}

/// How a scenario went.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Its title.
    pub title: String,
    /// Its steps.
    pub steps: usize,
    /// Left out, and why.
    pub skipped: Option<String>,
    /// Everything that was not as expected.
    pub differences: Vec<Difference>,
    /// How long it took.
    pub millis: u64,
}

/// Plays `scenario` as `config`'s acquirer. An error means that it could not be played at all.
pub fn play(scenario: &Scenario, config: &AcquirerConfig) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome {
        title: scenario.title.clone(),
        steps: scenario.steps.len(),
        skipped: None,
        differences: Vec::new(),
        millis: 0,
    };
    if !scenario.dialects.is_empty() && !scenario.dialects.contains(&config.dialect.name) {
        outcome.skipped = Some(format!("only for {}", scenario.dialects.join(", ")));
        return Ok(outcome);
    }
    let begin = Instant::now();
    let mut player = Player {
        config,
        connections: BTreeMap::new(),
        remembered: BTreeMap::new(),
        seq: crate::clock::unused_numbers(1_000),
        found: Vec::new(),
    };
    for (step, number) in scenario.steps.iter().zip(1..) {
        player.step(step).with_context(|| format!("step {number} ({})", step.describe()))?;
        for (field, expected, got) in player.found.drain(..) {
            outcome.differences.push(Difference { step: number, what: step.describe(), field, expected, got });
        }
    }
    outcome.millis = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(outcome)
}

/// A message with what is needed to repeat it, to refer to it, and to judge its answer.
#[derive(Clone)]
struct Remembered {
    message: Message,
    request: Option<Request>,
    answer: Option<Message>,
    connection: String,
    sent: Instant,
}

struct Connection {
    session: Session,
    /// The keys that a sign-on without its proof leads to.
    pending: Option<Keys>,
    /// Answers that came while another one was awaited.
    inbox: Vec<Received>,
}

struct Player<'a> {
    config: &'a AcquirerConfig,
    connections: BTreeMap<String, Connection>,
    remembered: BTreeMap<String, Remembered>,
    seq: u64,
    found: Vec<(String, String, String)>,
}

/// What was waited for.
enum Came {
    Answer(Box<Received>),
    Nothing,
    Closed,
}

impl Player<'_> {
    fn step(&mut self, step: &Step) -> anyhow::Result<()> {
        if let Some(ms) = step.pause_ms {
            std::thread::sleep(Duration::from_millis(ms));
            return Ok(());
        }
        if let Some(action) = step.action {
            return self.connection_action(&step.connection, action);
        }
        if let Some(name) = &step.receive {
            let sent = self.remembered[name].clone();
            return self.judge(step, sent, Some(name));
        }
        if step.hex.is_some() || step.text.is_some() {
            return self.bytes(step);
        }
        let sent = self.put(step)?;
        if let Some(name) = &step.name {
            self.remembered.insert(name.clone(), sent.clone());
        }
        if step.wait && !step.prepare { self.judge(step, sent, step.name.as_ref()) } else { Ok(()) }
    }

    fn connection_action(&mut self, name: &str, action: ConnectionAction) -> anyhow::Result<()> {
        let session = match action {
            ConnectionAction::Connect => Session::connect(self.config)?,
            ConnectionAction::Open => Session::open(self.config)?,
            ConnectionAction::Disconnect => {
                self.connections.remove(name);
                return Ok(());
            }
        };
        self.connections.insert(name.to_owned(), Connection { session, pending: None, inbox: Vec::new() });
        Ok(())
    }

    fn connection(&mut self, name: &str) -> anyhow::Result<&mut Connection> {
        if !self.connections.contains_key(name) {
            self.connection_action(name, ConnectionAction::Open)?;
        }
        self.connections.get_mut(name).context("just opened")
    }

    /// Writes bytes that are no message, and looks at what happens to the connection.
    fn bytes(&mut self, step: &Step) -> anyhow::Result<()> {
        let body = match (&step.hex, &step.text) {
            (Some(hex), _) => hex::decode(hex.replace(char::is_whitespace, "")).context("hex")?,
            (None, text) => text.clone().unwrap_or_default().into_bytes(),
        };
        let mut out = bytes::BytesMut::new();
        let framing = self.config.dialect.frames().framing();
        if step.header {
            framing.begin(None, &mut out);
        }
        out.extend_from_slice(&body);
        if step.header {
            framing.finish(body.len(), &mut out, 0);
        }
        let connection = self.connection(&step.connection)?;
        connection.session.raw(&out)?;
        if !step.wait {
            return Ok(());
        }
        let within = Duration::from_millis(step.expect.within_ms.unwrap_or(10_000));
        let came = self.wait(&step.connection, within, |_| true)?;
        let Some(answer) = self.presence(&step.expect, came) else { return Ok(()) };
        self.code(&step.expect, &answer.message);
        self.fields(&step.expect, &answer.message);
        Ok(())
    }

    /// Builds the step's message, sends it, and gives what is needed to judge the answer.
    fn put(&mut self, step: &Step) -> anyhow::Result<Remembered> {
        let mut message = Message::default();
        let mut request = None;
        if let Some(name) = &step.again {
            let before = &self.remembered[name];
            message = before.message.clone();
            request = before.request;
            if let Some(amount) = step.amount {
                message.set_number(4, amount, 12);
            }
        } else if let Some(name) = &step.repeat {
            let before = &self.remembered[name];
            message = before.message.clone();
            request = before.request;
            message.mti = Mti(message.mti.0 | 1);
        } else {
            match step.send.context("send")? {
                What::SignOn => self.network(step, NetworkCode::SignOn, &mut message)?,
                What::SignOff => self.network(step, NetworkCode::SignOff, &mut message)?,
                What::Echo => self.network(step, NetworkCode::Echo, &mut message)?,
                What::Proof => self.network(step, NetworkCode::KeyChange, &mut message)?,
                What::Totals => self.totals(step, &mut message)?,
                what => {
                    let built = self.request(step, what)?;
                    built.to_message(self.config.ppid_in, &mut message);
                    request = Some(built);
                }
            }
        }
        self.override_fields(step, &mut message)?;
        let connection = step.connection.clone();
        if step.prepare {
            return Ok(Remembered { message, request, answer: None, connection, sent: Instant::now() });
        }
        let at = self.connection(&connection)?;
        if step.send == Some(What::Proof)
            && let Some(pending) = at.pending.take()
        {
            // The switch's answer proves that it has them too.
            at.session.keys = pending;
        }
        let session = &mut at.session;
        let key = session.keys.to_switch.clone();
        match step.mac {
            // Nothing has a key yet.
            Mac::Right if step.send == Some(What::SignOn) => session.send(&mut message, None)?,
            Mac::Right => session.send(&mut message, Some(&key))?,
            Mac::Other => {
                let other = Keys::of_no_session(&session.config)?.to_switch;
                session.send(&mut message, Some(&other))?;
            }
            Mac::None => session.send(&mut message, None)?,
            Mac::Wrong => send_with_wrong_mac(session, &mut message, &key)?,
        }
        Ok(Remembered { message, request, answer: None, connection, sent: Instant::now() })
    }

    /// Waits for a message on a connection that `wanted` accepts; others go to the connection's inbox.
    fn wait(&mut self, connection: &str, within: Duration, wanted: impl Fn(&Message) -> bool) -> anyhow::Result<Came> {
        let Some(connection) = self.connections.get_mut(connection) else { return Ok(Came::Closed) };
        if let Some(at) = connection.inbox.iter().position(|r| wanted(&r.message)) {
            return Ok(Came::Answer(Box::new(connection.inbox.remove(at))));
        }
        let until = Instant::now() + within;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Came::Nothing);
            }
            let keys = connection.session.keys.clone();
            match connection.session.receive(&keys, left) {
                Ok(Some(received)) if wanted(&received.message) => return Ok(Came::Answer(Box::new(received))),
                Ok(Some(received)) => connection.inbox.push(received),
                Ok(None) => return Ok(Came::Nothing),
                Err(error) if error.to_string().contains("undecodable") => return Err(error),
                Err(_) => return Ok(Came::Closed),
            }
        }
    }
}

fn send_with_wrong_mac(session: &mut Session, message: &mut Message, key: &MacKey) -> anyhow::Result<()> {
    let mut out = bytes::BytesMut::new();
    encode_frame(&session.config.dialect, message, Some(key), &mut out)?;
    // The MAC is the last field; its last digit in hexadecimal and its last bit in binary stay plausible.
    let behind = session.config.dialect.framing.trailer.bytes().len();
    let last = out.iter_mut().rev().nth(behind).context("an empty frame")?;
    *last = match *last {
        b'0' => b'1',
        b'1'..=b'9' | b'A'..=b'F' | b'a'..=b'f' => b'0',
        other => other ^ 1,
    };
    session.raw(&out)
}
