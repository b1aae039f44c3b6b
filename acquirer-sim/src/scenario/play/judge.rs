//! Whether an answer is what a step expects of it.

use super::{Came, Player, Remembered};
use crate::scenario::file::{Expect, Mac, NoAnswer, Step, What, parse_mti};
use crate::session::{Keys, Received};
use anyhow::Context;
use kazasu_schemas::iso8583::Message;
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::{Balance, Nonces, ResponseCode, read_additional_amounts};
use kazasu_text::Text;
use kazasu_text::responses::meaning;
use std::time::Duration;

impl Player<'_> {
    fn differ(&mut self, field: impl Into<String>, expected: impl Into<String>, got: impl Into<String>) {
        self.found.push((field.into(), expected.into(), got.into()));
    }

    /// Whether an answer came as expected.
    pub(super) fn presence(&mut self, expect: &Expect, came: Came) -> Option<Received> {
        let got = match came {
            Came::Answer(received) if expect.answer.is_none() => return Some(*received),
            Came::Answer(received) => format!("{:?}", received.message),
            Came::Nothing if expect.answer == Some(NoAnswer::None) => return None,
            Came::Closed if expect.answer == Some(NoAnswer::Closed) => return None,
            Came::Nothing => "no answer".into(),
            Came::Closed => "the connection was closed".into(),
        };
        let expected = match expect.answer {
            None => "an answer",
            Some(NoAnswer::None) => "no answer",
            Some(NoAnswer::Closed) => "the connection is closed",
        };
        self.differ("answer", expected, got);
        None
    }

    pub(super) fn judge(&mut self, step: &Step, mut sent: Remembered, name: Option<&String>) -> anyhow::Result<()> {
        let stan = sent.message.get(11).map(<[u8]>::to_vec);
        let mti = sent.message.mti.answer();
        let default = if step.expect.answer == Some(NoAnswer::None) { 300 } else { 10_000 };
        let within = Duration::from_millis(step.expect.within_ms.unwrap_or(default));
        let came = self
            .wait(&sent.connection, within, |m| m.get(11).map(<[u8]>::to_vec) == stan && m.mti.class() == mti.class());
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
        self.mac(step, &answer);
        self.echoed(&sent.message, &answer.message);
        self.code(&step.expect, &answer.message);
        self.fields(&step.expect, &answer.message);
        self.balances(&step.expect, &answer.message);
        self.receipt(&step.expect, &answer.message);
        if let Some(before) = step.expect.same_as.as_ref().and_then(|n| self.remembered[n].answer.clone()) {
            self.same(&before, &answer.message);
        }
        if step.send == Some(What::SignOn) {
            self.nonces(&sent, &answer.message)?;
        }
        if let Some(name) = name {
            sent.answer = Some(answer.message);
            self.remembered.insert(name.clone(), sent);
        }
        Ok(())
    }

    /// What a stranger may have sent is answered without a MAC; everything else with the right one.
    fn mac(&mut self, step: &Step, answer: &Received) {
        let refused = matches!(answer.message.get(39), Some(b"30" | b"63"));
        let stranger = step.mac != Mac::Right || step.send == Some(What::SignOn);
        let good = match answer.mac {
            Some(right) => right && !stranger,
            None => refused || stranger,
        };
        if !good {
            let got = match answer.mac {
                None => "none",
                Some(true) => "the right one",
                Some(false) => "a wrong one",
            };
            self.differ("MAC", if stranger { "none" } else { "the right one" }, got);
        }
    }

    /// The keys that a sign-on leads to, until its proof puts them into force.
    fn nonces(&mut self, sent: &Remembered, answer: &Message) -> anyhow::Result<()> {
        if answer.get(39) != Some(b"00") {
            return Ok(());
        }
        let private = answer.get(48).context("the answer to a sign-on brings no nonce (DE48)")?;
        let nonces = Nonces::from_answer(private)?;
        if sent.message.get(48) != Some(&nonces.acquirer.question()[..]) {
            self.differ("DE48 NA", "echoed", "another one");
        }
        let keys = Keys::of_session(self.config, &nonces)?;
        if let Some(connection) = self.connections.get_mut(&sent.connection) {
            connection.pending = Some(keys);
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

    pub(super) fn code(&mut self, expect: &Expect, answer: &Message) {
        let Some(expected) = &expect.code else { return };
        if answer.get(39) != Some(expected.as_bytes()) {
            let name = |bytes: &[u8]| match ResponseCode::from_wire(bytes) {
                Some(code) => format!("{code} {}", meaning(code).both()),
                None => "none".into(),
            };
            self.differ("DE39", name(expected.as_bytes()), name(answer.get(39).unwrap_or_default()));
        }
    }

    pub(super) fn fields(&mut self, expect: &Expect, answer: &Message) {
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
