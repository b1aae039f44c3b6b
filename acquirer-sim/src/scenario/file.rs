//! The scenario file: TOML that reads like a story. docs/operations/scenarios.md explains every key.

use kazasu_schemas::utf8;
use kazasu_schemas::wire::totals::DayTotals;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// One scenario.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// One line for people, Japanese first.
    pub title: String,
    /// Only for acquirers that speak one of these dialects; empty: for all.
    #[serde(default)]
    pub dialects: Vec<String>,
    /// What happens, in order.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

/// One step: exactly one of `send`, `repeat`, `again`, `receive`, `do`, `pause_ms`, `hex` and `text` says what happens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What is sent.
    pub send: Option<What>,
    /// Sends a remembered message once more, as a repeat (`xxx1`).
    pub repeat: Option<String>,
    /// Sends a remembered message once more, exactly as it was but for `set`, `without` and `amount`.
    pub again: Option<String>,
    /// Waits for the answer of a remembered message that was sent with `wait = false`.
    pub receive: Option<String>,
    /// `connect` (without signing on), `open` (connect and sign on), `disconnect`.
    #[serde(rename = "do")]
    pub action: Option<ConnectionAction>,
    /// Waits so long.
    pub pause_ms: Option<u64>,
    /// Bytes without frame header, in hexadecimal; with `header = false` they are written as they are.
    pub hex: Option<String>,
    /// Text without frame header.
    pub text: Option<String>,
    /// False: `hex` or `text` is written without a frame header.
    #[serde(default = "yes")]
    pub header: bool,

    /// Name of the connection; connections open by themselves at their first use.
    #[serde(default = "main_connection", alias = "link")]
    pub connection: String,
    /// True: the message is only remembered, to be sent later by `again`.
    #[serde(default)]
    pub prepare: bool,
    /// Remembers the message and its answer under this name.
    #[serde(rename = "as")]
    pub name: Option<String>,
    /// False: goes on without waiting for the answer.
    #[serde(default = "yes")]
    pub wait: bool,

    /// Who pays: a card of the configuration.
    pub card: Option<String>,
    /// Where: a merchant of the configuration.
    pub at: Option<String>,
    /// Which of its terminals, from 1.
    #[serde(default = "one")]
    pub terminal: usize,
    /// Yen.
    pub amount: Option<u64>,
    /// With the card's PIN (DE22 = 071).
    #[serde(default)]
    pub pin: bool,
    /// The terminal takes partial approvals (DE48 PA).
    #[serde(default)]
    pub partial: bool,
    /// The holder pays with points as far as they go (DE48 UP).
    #[serde(default)]
    pub use_points: bool,
    /// The message that this one is about.
    pub of: Option<String>,
    /// What remains of a partly reversed message, yen.
    pub remains: Option<u64>,
    /// Fields to overwrite, by number.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    /// Fields to leave out.
    #[serde(default)]
    pub without: Vec<u8>,
    /// A text in place of the PPID.
    pub ppid: Option<String>,
    /// A different message type, four digits.
    pub mti: Option<String>,
    /// `right` (default), `wrong`, `none`, `other` (under the keys of another session).
    #[serde(default)]
    pub mac: Mac,
    /// Totals of 0500, or what is added to the totals that the switch answered to the message in `of`.
    pub totals: Option<TotalsFile>,

    /// What must come back.
    #[serde(default)]
    pub expect: Expect,
}

fn yes() -> bool {
    true
}

fn one() -> usize {
    1
}

fn main_connection() -> String {
    "main".into()
}

/// What is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// 0100.
    Authorize,
    /// 0200.
    Purchase,
    /// 0200, processing 20.
    Refund,
    /// 0200, processing 30.
    Balance,
    /// 0100, processing 30.
    BalanceAuthorization,
    /// 0120.
    AuthorizationAdvice,
    /// 0220 about an authorization.
    Completion,
    /// 0220.
    PurchaseAdvice,
    /// 0220, processing 20.
    RefundAdvice,
    /// 0400.
    Reversal,
    /// 0420.
    ReversalAdvice,
    /// 0500.
    Totals,
    /// 0800/001: asks for the switch's nonce. It has no MAC.
    SignOn,
    /// 0800/101: proves the sign-on before it.
    Proof,
    /// 0800/002.
    SignOff,
    /// 0800/301.
    Echo,
}

/// What happens to a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConnectionAction {
    /// Connects without signing on.
    Connect,
    /// Connects and signs on.
    Open,
    /// Closes.
    Disconnect,
}

/// How a message is authenticated.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mac {
    /// With the key in force.
    #[default]
    Right,
    /// One bit off.
    Wrong,
    /// Without a MAC.
    None,
    /// With the key of another session.
    Other,
}

/// DE74-77 and DE86-89.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TotalsFile {
    credits: u64,
    credit_reversals: u64,
    debits: u64,
    debit_reversals: u64,
    credit_amount: i64,
    credit_reversal_amount: i64,
    debit_amount: i64,
    debit_reversal_amount: i64,
}

impl TotalsFile {
    /// These totals on top of `base`.
    #[must_use]
    pub fn on(self, base: DayTotals) -> DayTotals {
        let yen = |a: kazasu_schemas::money::Yen, b: i64| kazasu_schemas::money::Yen::new(a.get().saturating_add(b));
        DayTotals {
            credits: base.credits + self.credits,
            credit_reversals: base.credit_reversals + self.credit_reversals,
            debits: base.debits + self.debits,
            debit_reversals: base.debit_reversals + self.debit_reversals,
            credit_amount: yen(base.credit_amount, self.credit_amount),
            credit_reversal_amount: yen(base.credit_reversal_amount, self.credit_reversal_amount),
            debit_amount: yen(base.debit_amount, self.debit_amount),
            debit_reversal_amount: yen(base.debit_reversal_amount, self.debit_reversal_amount),
        }
    }
}

/// What must come back. Besides what is written here, every answer's type, MAC and echoed fields are checked.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// DE39.
    pub code: Option<String>,
    /// The answer's type, where it does not follow from the question.
    pub mti: Option<String>,
    /// `none`: no answer comes; `closed`: the switch closes the connection.
    pub answer: Option<NoAnswer>,
    /// Fields by number and their values; `""` means absent.
    pub fields: BTreeMap<String, String>,
    /// The same answer as the one remembered under this name, its type's repeat digit aside.
    pub same_as: Option<String>,
    /// DE54's available balance in yen.
    pub available: Option<i64>,
    /// DE54's posted balance in yen.
    pub posted: Option<i64>,
    /// DE4: what was approved instead of the amount asked for.
    pub approved: Option<i64>,
    /// DE54's purses in yen.
    pub purses: Option<i64>,
    /// DE54's points.
    pub points: Option<i64>,
    /// DE54's remaining limit in yen.
    pub remaining: Option<i64>,
    /// How DE54's balances moved since a remembered inquiry.
    pub change: Option<Change>,
    /// The answer comes within so many milliseconds (default 10,000); with `answer = "none"`, how long is listened.
    pub within_ms: Option<u64>,
    /// The answer takes at least so long.
    pub after_ms: Option<u64>,
}

/// What comes instead of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoAnswer {
    /// Nothing.
    None,
    /// The connection is closed.
    Closed,
}

/// A balance compared with an earlier one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The earlier inquiry's name.
    pub since: String,
    /// Yen that the available balance has moved.
    #[serde(default)]
    pub available: i64,
    /// Yen that the posted balance has moved.
    #[serde(default)]
    pub posted: i64,
}

impl Scenario {
    /// Reads a file.
    pub fn load(path: &Path) -> anyhow::Result<Scenario> {
        let text = std::fs::read_to_string(path).map_err(|e| anyhow::anyhow!("cannot read {}: {e}", path.display()))?;
        Scenario::parse(utf8::without_mark(&text)).map_err(|e| anyhow::anyhow!("{}: {e}", path.display()))
    }

    /// Reads a file's text.
    pub fn parse(text: &str) -> Result<Scenario, String> {
        let scenario: Scenario = toml::from_str(text).map_err(|e| e.to_string())?;
        if scenario.steps.is_empty() {
            return Err("a scenario has at least one [[step]]".into());
        }
        let mut names: Vec<&str> = Vec::new();
        for (step, n) in scenario.steps.iter().zip(1..) {
            step.check(&names).map_err(|e| format!("step {n}: {e}"))?;
            names.extend(step.name.as_deref());
        }
        Ok(scenario)
    }
}

impl Step {
    fn check(&self, names: &[&str]) -> Result<(), String> {
        let kinds = [
            self.send.is_some(),
            self.repeat.is_some(),
            self.again.is_some(),
            self.receive.is_some(),
            self.action.is_some(),
            self.pause_ms.is_some(),
            self.hex.is_some(),
            self.text.is_some(),
        ];
        let n = kinds.iter().filter(|k| **k).count();
        if n != 1 {
            return Err(format!(
                "needs exactly one of send, repeat, again, receive, do, pause_ms, hex and text; it has {n}"
            ));
        }
        let since = self.expect.change.as_ref().map(|c| &c.since);
        for name in [&self.repeat, &self.again, &self.receive, &self.of, &self.expect.same_as]
            .into_iter()
            .flatten()
            .chain(since)
        {
            if !names.contains(&name.as_str()) {
                return Err(format!("no earlier step is remembered as {name:?}; known: {}", names.join(", ")));
            }
        }
        for field in self.set.keys().chain(self.expect.fields.keys()) {
            if !field.parse::<u8>().is_ok_and(|f| (2..=128).contains(&f) && f != 65) {
                return Err(format!("{field:?} is no field number; fields are 2 to 128 except 65"));
            }
        }
        if let Some(mti) = [&self.mti, &self.expect.mti].into_iter().flatten().find(|m| parse_mti(m).is_none()) {
            return Err(format!("mti {mti:?} must be four digits beginning with 0"));
        }
        let needs = |what: &str| Err(format!("{what} is needed"));
        let Some(send) = self.send else { return Ok(()) };
        match send {
            What::Authorize | What::Purchase | What::AuthorizationAdvice | What::PurchaseAdvice => {
                if self.card.is_none() {
                    return needs("card");
                }
                if self.at.is_none() {
                    return needs("at");
                }
                if self.amount.is_none() {
                    return needs("amount");
                }
            }
            What::Balance | What::BalanceAuthorization if (self.card.is_none() || self.at.is_none()) => {
                return needs("card and at");
            }
            What::Refund | What::Completion | What::Reversal | What::ReversalAdvice if self.of.is_none() => {
                return needs("of");
            }
            What::RefundAdvice if self.of.is_none() && (self.card.is_none() || self.at.is_none()) => {
                return needs("of, or card and at,");
            }
            What::Totals if self.totals.is_none() => return needs("totals"),
            _ => {}
        }
        Ok(())
    }

    /// A line for people.
    #[must_use]
    pub fn describe(&self) -> String {
        let mut out = match (&self.send, &self.repeat, &self.receive, &self.action, self.pause_ms) {
            (Some(what), ..) => {
                let debug = format!("{what:?}");
                let mut text = String::new();
                for c in debug.chars() {
                    if c.is_uppercase() && !text.is_empty() {
                        text.push('-');
                    }
                    text.push(c.to_ascii_lowercase());
                }
                text
            }
            (_, Some(name), ..) => format!("repeat of {name}"),
            (_, _, Some(name), ..) => format!("answer to {name}"),
            (_, _, _, Some(action), _) => format!("{action:?}").to_lowercase(),
            (.., Some(ms)) => format!("pause of {ms} ms"),
            _ => match &self.again {
                Some(name) => format!("{name} again"),
                None => "bytes".into(),
            },
        };
        if let Some(amount) = self.amount {
            out += &format!(", {amount} yen");
        }
        for (word, value) in [("by", &self.card), ("at", &self.at), ("of", &self.of)] {
            if let Some(value) = value {
                out += &format!(" {word} {value}");
            }
        }
        out
    }
}

/// Four digits beginning with 0.
pub(super) fn parse_mti(text: &str) -> Option<kazasu_schemas::iso8583::Mti> {
    (text.len() == 4 && text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok().map(kazasu_schemas::iso8583::Mti))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Scenario::parse(text).unwrap_err()
    }

    #[test]
    fn mistakes_name_the_step_and_what_is_known() {
        assert_eq!(
            error(
                "title='x'\n[[step]]\nsend='purchase'\ncard='a'\nat='b'\namount=1\nas='one'\n[[step]]\nsend='refund'\nof='two'"
            ),
            "step 2: no earlier step is remembered as \"two\"; known: one"
        );
        assert_eq!(error("title='x'\n[[step]]\nsend='purchase'\ncard='a'\nat='b'"), "step 1: amount is needed");
        assert!(error("title='x'\n[[step]]\npause_ms=1\ndo='open'").contains("exactly one of"));
        assert!(error("title='x'\n[[step]]\nsend='echo'\nset={ 65 = 'x' }").contains("no field number"));
        assert!(error("title='x'\n[[step]]\nsend='purchase'\nwho='a'").contains("unknown field `who`"));
    }
}
