//! Plays a scenario over real links and collects the differences between what was expected and what came.

use super::file::{Expect, LinkAction, Mac, NoAnswer, Scenario, Step, What, parse_mti};
use crate::config::{AcquirerConfig, Merchant};
use crate::session::{Received, Session};
use anyhow::{Context, bail};
use kazasu_schemas::ids::{Ppid, Rrn, Stan};
use kazasu_schemas::iso8583::{Message, Mti};
use kazasu_schemas::mac::{MacKey, encode_frame};
use kazasu_schemas::money::Yen;
use kazasu_schemas::secret::Key;
use kazasu_schemas::wire::network::SessionKeys;
use kazasu_schemas::wire::totals::DayTotals;
use kazasu_schemas::wire::{
    Balance, Network, NetworkCode, Operation, Options, PpidPlace, Request, ResponseCode, Totals,
    read_additional_amounts,
};
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
        links: BTreeMap::new(),
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
    link: String,
    sent: Instant,
}

struct Link {
    session: Session,
    /// Answers that came while another one was awaited.
    inbox: Vec<Received>,
}

struct Player<'a> {
    config: &'a AcquirerConfig,
    links: BTreeMap<String, Link>,
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
            return self.link_action(&step.link, action);
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

    fn link_action(&mut self, name: &str, action: LinkAction) -> anyhow::Result<()> {
        let session = match action {
            LinkAction::Connect => Session::connect(self.config)?,
            LinkAction::Open => Session::open(self.config)?,
            LinkAction::Disconnect => {
                self.links.remove(name);
                return Ok(());
            }
        };
        if action == LinkAction::Open {
            // Opening fetched new keys, and every link of an acquirer uses the newest.
            for link in self.links.values_mut() {
                link.session.keys = session.keys.clone();
            }
        }
        self.links.insert(name.to_owned(), Link { session, inbox: Vec::new() });
        Ok(())
    }

    fn link(&mut self, name: &str) -> anyhow::Result<&mut Link> {
        if !self.links.contains_key(name) {
            self.link_action(name, LinkAction::Open)?;
        }
        self.links.get_mut(name).context("just opened")
    }

    /// Writes bytes that are no message, and looks at what happens to the link.
    fn bytes(&mut self, step: &Step) -> anyhow::Result<()> {
        let body = match (&step.hex, &step.text) {
            (Some(hex), _) => hex::decode(hex.replace(char::is_whitespace, "")).context("hex")?,
            (None, text) => text.clone().unwrap_or_default().into_bytes(),
        };
        let mut out = bytes::BytesMut::new();
        if step.header {
            self.config.dialect.frames().framing().put_header(body.len(), &mut out);
        }
        out.extend_from_slice(&body);
        let link = self.link(&step.link)?;
        link.session.raw(&out)?;
        if !step.wait {
            return Ok(());
        }
        let within = Duration::from_millis(step.expect.within_ms.unwrap_or(10_000));
        let came = self.wait(&step.link, within, |_| true)?;
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
                What::KeyChange | What::KeyOffer => self.network(step, NetworkCode::KeyChange, &mut message)?,
                What::Totals => self.totals(step, &mut message)?,
                what => {
                    let built = self.request(step, what)?;
                    built.to_message(self.config.ppid_in, &mut message);
                    request = Some(built);
                }
            }
        }
        self.override_fields(step, &mut message)?;
        let link = step.link.clone();
        if step.prepare {
            return Ok(Remembered { message, request, answer: None, link, sent: Instant::now() });
        }
        let session = &mut self.link(&link)?.session;
        let initial = matches!(step.send, Some(What::SignOn | What::KeyChange | What::KeyOffer));
        let key = if initial || step.mac == Mac::Initial { &session.initial } else { &session.keys }.to_switch.clone();
        match step.mac {
            Mac::Right | Mac::Initial => session.send(&mut message, Some(&key))?,
            Mac::None => session.send(&mut message, None)?,
            Mac::Wrong => send_with_wrong_mac(session, &mut message, &key)?,
        }
        Ok(Remembered { message, request, answer: None, link, sent: Instant::now() })
    }

    fn override_fields(&self, step: &Step, message: &mut Message) -> anyhow::Result<()> {
        if let Some(mti) = step.mti.as_deref().and_then(parse_mti) {
            message.mti = mti;
        }
        if let Some(text) = &step.ppid {
            match self.config.ppid_in {
                PpidPlace::De102 => message.set(102, text.as_bytes()),
                PpidPlace::De48 => message.set(48, format!("PP{:03}{text}", text.len()).as_bytes()),
            };
        }
        for (field, value) in &step.set {
            message.set(field.parse()?, value.as_bytes());
        }
        for field in &step.without {
            message.remove(*field);
        }
        Ok(())
    }

    fn next_stan(&mut self) -> Stan {
        self.seq += 1;
        Stan::wrapping(self.seq)
    }

    fn network(&mut self, step: &Step, purpose: NetworkCode, message: &mut Message) -> anyhow::Result<()> {
        let stan = self.next_stan();
        let mut network = Network::request(purpose, self.config.id, stan, crate::clock::now().transmission());
        if step.send == Some(What::KeyOffer) {
            // Keys that a scenario offers must be known to it afterwards: they are put into force when 00 comes.
            let key = |byte: u8| Key::new(vec![byte; self.config.mac.session_key_len()]);
            let pair = SessionKeys { to_switch: key(0x5a)?, from_switch: key(0xa5)? };
            network.keys = Some(pair.to_block(&self.config.master));
        }
        network.to_message(message);
        Ok(())
    }

    fn totals(&mut self, step: &Step, message: &mut Message) -> anyhow::Result<()> {
        let base = match &step.of {
            None => DayTotals::default(),
            Some(name) => {
                let answer = self.remembered[name].answer.as_ref().with_context(|| format!("{name} has no answer"))?;
                Totals::from_message(answer)?.day
            }
        };
        let now = crate::clock::now();
        let totals = Totals {
            mti: Mti(500),
            transmission: now.transmission(),
            stan: self.next_stan(),
            date: now.jst_day().mmdd(),
            acquirer: self.config.id,
            code: None,
            settlement: None,
            day: step.totals.unwrap_or_default().on(base),
        };
        totals.to_message(message);
        Ok(())
    }

    fn card(&self, alias: &str) -> anyhow::Result<Ppid> {
        let known = || self.config.cards.keys().cloned().collect::<Vec<_>>().join(", ");
        self.config.cards.get(alias).copied().with_context(|| format!("there is no card {alias:?}; known: {}", known()))
    }

    fn merchant(&self, alias: &str) -> anyhow::Result<&Merchant> {
        self.config.merchant(alias).with_context(|| {
            let known: Vec<&str> = self.config.merchants.iter().filter_map(|m| m.alias.as_deref()).collect();
            format!("there is no merchant {alias:?}; known: {}", known.join(", "))
        })
    }

    fn request(&mut self, step: &Step, what: What) -> anyhow::Result<Request> {
        let (mti, processing, operation) = match what {
            What::Authorize => (100, 0, Operation::Authorize),
            What::Purchase => (200, 0, Operation::Purchase),
            What::Refund => (200, 200_000, Operation::Refund),
            What::Balance => (200, 300_000, Operation::BalanceInquiry),
            What::BalanceAuthorization => (100, 300_000, Operation::BalanceInquiry),
            What::AuthorizationAdvice => (120, 0, Operation::AuthorizationAdvice),
            What::Completion => (220, 0, Operation::Completion),
            What::PurchaseAdvice => (220, 0, Operation::PurchaseAdvice),
            What::RefundAdvice => (220, 200_000, Operation::RefundAdvice),
            What::Reversal => (400, 0, Operation::Reversal),
            What::ReversalAdvice => (420, 0, Operation::Reversal),
            other => bail!("{other:?} is no payment message"),
        };
        let original = match &step.of {
            None => None,
            Some(name) => Some(self.remembered[name].request.with_context(|| format!("{name} is no payment message"))?),
        };
        let stan = self.next_stan();
        let now = crate::clock::now();
        let (local_time, local_date) = now.local();
        let mut request = match original {
            Some(original) => Request { original: Some(original.as_original()), ..original },
            None => {
                let merchant = self.merchant(step.at.as_deref().context("at")?)?;
                let Some(terminal) = step.terminal.checked_sub(1).and_then(|n| merchant.terminals.get(n)) else {
                    bail!("{} has terminals 1 to {}", merchant.id, merchant.terminals.len());
                };
                Request {
                    mti: Mti(mti),
                    operation: None,
                    processing: 0,
                    amount: Yen::ZERO,
                    transmission: now.transmission(),
                    stan,
                    local_time: None,
                    local_date: None,
                    mcc: Some(merchant.mcc),
                    entry_mode: 72,
                    acquirer: self.config.id,
                    rrn: Rrn::from_number(self.seq),
                    terminal: *terminal,
                    merchant: merchant.id,
                    currency: 392,
                    ppid: None,
                    original: None,
                    replacement: None,
                    options: Options::default(),
                }
            }
        };
        if original.is_none() && step.pin {
            request.entry_mode = 71;
        }
        request.options = match (step.partial, step.use_points) {
            (false, false) => Options::default(),
            (true, false) => Options::PARTIAL,
            (false, true) => Options::USE_POINTS,
            (true, true) => Options::PARTIAL.with(Options::USE_POINTS),
        };
        request.mti = Mti(mti);
        request.operation = Some(operation);
        request.processing = if operation == Operation::Reversal { request.processing } else { processing };
        request.transmission = now.transmission();
        request.stan = stan;
        request.local_time = Some(local_time);
        request.local_date = Some(local_date);
        if let Some(alias) = &step.card {
            request.ppid = Some(self.card(alias)?);
        }
        if let (Some(alias), Some(_)) = (&step.at, original) {
            let merchant = self.merchant(alias)?;
            (request.merchant, request.terminal) = (merchant.id, merchant.terminals[0]);
        }
        if let Some(amount) = step.amount {
            request.amount = Yen::new(i64::try_from(amount).context("amount")?);
        }
        request.replacement = step.remains.map(|yen| i64::try_from(yen).map(Yen::new)).transpose()?;
        Ok(request)
    }

    /// Waits for a message on a link that `wanted` accepts; others go to the link's inbox.
    fn wait(&mut self, link: &str, within: Duration, wanted: impl Fn(&Message) -> bool) -> anyhow::Result<Came> {
        let Some(link) = self.links.get_mut(link) else { return Ok(Came::Closed) };
        if let Some(at) = link.inbox.iter().position(|r| wanted(&r.message)) {
            return Ok(Came::Answer(Box::new(link.inbox.remove(at))));
        }
        let until = Instant::now() + within;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Came::Nothing);
            }
            let keys = link.session.keys.clone();
            match link.session.receive(&keys, left) {
                Ok(Some(received)) if wanted(&received.message) => return Ok(Came::Answer(Box::new(received))),
                Ok(Some(received)) => link.inbox.push(received),
                Ok(None) => return Ok(Came::Nothing),
                Err(error) if error.to_string().contains("undecodable") => return Err(error),
                Err(_) => return Ok(Came::Closed),
            }
        }
    }

    fn differ(&mut self, field: impl Into<String>, expected: impl Into<String>, got: impl Into<String>) {
        self.found.push((field.into(), expected.into(), got.into()));
    }

    /// Whether an answer came as expected.
    fn presence(&mut self, expect: &Expect, came: Came) -> Option<Received> {
        let got = match came {
            Came::Answer(received) if expect.answer.is_none() => return Some(*received),
            Came::Answer(received) => format!("{:?}", received.message),
            Came::Nothing if expect.answer == Some(NoAnswer::None) => return None,
            Came::Closed if expect.answer == Some(NoAnswer::Closed) => return None,
            Came::Nothing => "no answer".into(),
            Came::Closed => "the link was closed".into(),
        };
        let expected = match expect.answer {
            None => "an answer",
            Some(NoAnswer::None) => "no answer",
            Some(NoAnswer::Closed) => "the link is closed",
        };
        self.differ("answer", expected, got);
        None
    }

    fn judge(&mut self, step: &Step, mut sent: Remembered, name: Option<&String>) -> anyhow::Result<()> {
        let stan = sent.message.get(11).map(<[u8]>::to_vec);
        let mti = sent.message.mti.answer();
        let default = if step.expect.answer == Some(NoAnswer::None) { 300 } else { 10_000 };
        let within = Duration::from_millis(step.expect.within_ms.unwrap_or(default));
        let initial = matches!(step.send, Some(What::SignOn | What::KeyChange | What::KeyOffer));
        if initial {
            self.use_initial_keys(&sent.link);
        }
        let came =
            self.wait(&sent.link, within, |m| m.get(11).map(<[u8]>::to_vec) == stan && m.mti.class() == mti.class());
        if initial {
            self.restore_keys(&sent.link);
        }
        let Some(answer) = self.presence(&step.expect, came?) else { return Ok(()) };
        if let Some(least) = step.expect.after_ms {
            let took = sent.sent.elapsed();
            if took < Duration::from_millis(least) {
                self.differ("time", format!("at least {least} ms"), format!("{} ms", took.as_millis()));
            }
        }
        let expected_mti = step.expect.mti.as_deref().and_then(parse_mti).unwrap_or(mti);
        if answer.message.mti != expected_mti {
            self.differ("type", expected_mti.to_string(), answer.message.mti.to_string());
        }
        // A link that was never signed on has no keys, so its refusals carry no MAC.
        let refused_unsigned = answer.message.get(39) == Some(b"63") && answer.mac.is_none();
        if answer.mac != Some(true) && !refused_unsigned {
            let got = if answer.mac.is_none() { "none" } else { "a wrong one" };
            self.differ("MAC", "the right one", got);
        }
        self.echoed(&sent.message, &answer.message);
        self.code(&step.expect, &answer.message);
        self.fields(&step.expect, &answer.message);
        self.balances(&step.expect, &answer.message);
        self.receipt(&step.expect, &answer.message);
        if let Some(before) = step.expect.same_as.as_ref().and_then(|n| self.remembered[n].answer.clone()) {
            self.same(&before, &answer.message);
        }
        self.keys_changed(step, &sent, &answer.message)?;
        if let Some(name) = name {
            sent.answer = Some(answer.message);
            self.remembered.insert(name.clone(), sent);
        }
        Ok(())
    }

    fn use_initial_keys(&mut self, link: &str) {
        if let Some(link) = self.links.get_mut(link) {
            std::mem::swap(&mut link.session.initial, &mut link.session.keys);
        }
    }

    fn restore_keys(&mut self, link: &str) {
        self.use_initial_keys(link);
    }

    /// Takes new session keys into use; every link of an acquirer uses the newest.
    fn keys_changed(&mut self, step: &Step, sent: &Remembered, answer: &Message) -> anyhow::Result<()> {
        if !matches!(step.send, Some(What::KeyChange | What::KeyOffer)) || answer.get(39) != Some(b"00") {
            return Ok(());
        }
        let block = answer.get(48).or_else(|| sent.message.get(48)).context("a key change without a key block")?;
        let keys = SessionKeys::from_block(block, &self.config.master, self.config.mac)?;
        let keys = crate::session::Keys {
            to_switch: MacKey::new(self.config.mac, &keys.to_switch)?,
            from_switch: MacKey::new(self.config.mac, &keys.from_switch)?,
        };
        for link in self.links.values_mut() {
            link.session.keys = keys.clone();
        }
        Ok(())
    }

    fn echoed(&mut self, sent: &Message, answer: &Message) {
        for field in [3, 7, 11, 12, 13, 32, 37, 41, 42, 49, 70, 90] {
            // An answer may leave out what it has no use for, but it must not change anything.
            if let (Some(a), Some(b)) = (sent.get(field), answer.get(field))
                && a != b
            {
                self.differ(format!("DE{field}"), text(Some(a)), text(Some(b)));
            }
        }
        for field in [7, 11, 32] {
            if sent.has(field) && !answer.has(field) {
                self.differ(format!("DE{field}"), "echoed", "absent");
            }
        }
    }

    fn code(&mut self, expect: &Expect, answer: &Message) {
        let Some(expected) = &expect.code else { return };
        if answer.get(39) != Some(expected.as_bytes()) {
            let name = |bytes: &[u8]| match ResponseCode::from_wire(bytes) {
                Some(code) => format!("{code} {}", code.meaning()),
                None => "none".into(),
            };
            self.differ("DE39", name(expected.as_bytes()), name(answer.get(39).unwrap_or_default()));
        }
    }

    fn fields(&mut self, expect: &Expect, answer: &Message) {
        for (field, value) in &expect.fields {
            let number: u8 = field.parse().unwrap_or(0);
            let got = answer.get(number);
            let good = if value.is_empty() { got.is_none() } else { got == Some(value.as_bytes()) };
            if !good {
                self.differ(format!("DE{field}"), if value.is_empty() { "absent" } else { value }, text(got));
            }
        }
    }

    fn balances(&mut self, expect: &Expect, answer: &Message) {
        if expect.available.is_none() && expect.posted.is_none() && expect.change.is_none() {
            return;
        }
        let Some(balance) = answer.get(54).and_then(Balance::from_wire) else {
            self.differ("DE54", "balances", text(answer.get(54)));
            return;
        };
        let (mut available, mut posted) = (expect.available, expect.posted);
        if let Some(change) = &expect.change {
            let before = self.remembered[&change.since].answer.as_ref().and_then(|m| m.get(54));
            let Some(before) = before.and_then(Balance::from_wire) else {
                self.differ("DE54", format!("a balance in {}", change.since), "none");
                return;
            };
            available = Some(before.available.get() + change.available);
            posted = Some(before.ledger.get() + change.posted);
        }
        for (what, expected, got) in [("available", available, balance.available), ("posted", posted, balance.ledger)] {
            if let Some(expected) = expected.filter(|e| *e != got.get()) {
                self.differ(format!("DE54 {what}"), format!("{expected} yen"), format!("{} yen", got.get()));
            }
        }
    }

    /// DE4 of a partial approval, and DE54's purses, points and remaining limit.
    fn receipt(&mut self, expect: &Expect, answer: &Message) {
        let (_, receipt) = read_additional_amounts(answer.get(54).unwrap_or_default());
        let number = |bytes: &[u8]| std::str::from_utf8(bytes).ok()?.parse::<i64>().ok();
        let approved = answer.get(4).and_then(number);
        for (what, expected, got) in [
            ("DE4 approved", expect.approved, approved),
            ("DE54 purses", expect.purses, receipt.purses.map(Yen::get)),
            ("DE54 points", expect.points, receipt.points),
            ("DE54 remaining", expect.remaining, receipt.remaining.map(Yen::get)),
        ] {
            if expected.is_some() && expected != got {
                let say = |n: Option<i64>| n.map_or_else(|| "absent".to_owned(), |n| n.to_string());
                self.differ(what, say(expected), say(got));
            }
        }
    }

    fn same(&mut self, before: &Message, answer: &Message) {
        for field in 2..=128 {
            if field != 64 && field != 65 && field != 128 && before.get(field) != answer.get(field) {
                self.differ(format!("DE{field}"), text(before.get(field)), text(answer.get(field)));
            }
        }
    }
}

fn text(value: Option<&[u8]>) -> String {
    match value {
        None => "absent".into(),
        Some(bytes) if bytes.iter().all(|b| (0x20..=0x7e).contains(b)) => String::from_utf8_lossy(bytes).into_owned(),
        Some(bytes) => format!("0x{}", hex::encode(bytes)),
    }
}

fn send_with_wrong_mac(session: &mut Session, message: &mut Message, key: &MacKey) -> anyhow::Result<()> {
    let mut out = bytes::BytesMut::new();
    encode_frame(&session.config.dialect, message, Some(key), &mut out)?;
    // The MAC is the last field; its last digit in hexadecimal and its last bit in binary stay plausible.
    let last = out.last_mut().context("an empty frame")?;
    *last = match *last {
        b'0' => b'1',
        b'1'..=b'9' | b'A'..=b'F' | b'a'..=b'f' => b'0',
        other => other ^ 1,
    };
    session.raw(&out)
}
