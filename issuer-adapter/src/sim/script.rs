//! How an account (mis)behaves: steps that say what happens to which messages.
//!
//! A script is a word (`"approve"`, `"silence"`, `"duplicate"`, `"disconnect"`), a table (`{ decline = "51", every = 3 }`)
//! or a list of both. The first step that applies to a message decides; when none does, the account's own rules do.

use kazasu_schemas::wire::ResponseCode;
use kazasu_schemas::wire::issuer::IssuerOperation;
use serde::Deserialize;
use serde::de::Error as _;

/// What happens to a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Nothing unusual: the account's own rules decide. Useful to except messages from the steps below it.
    Approve,
    /// Declined with this code.
    Decline(ResponseCode),
    /// Executed now, answered after so many milliseconds.
    AnswerAfter(u64),
    /// Executed, never answered.
    Silence,
    /// Answered twice.
    Duplicate,
    /// Executed, then the connection is closed without an answer.
    Disconnect,
    /// Executed, and answered with this field changed.
    Wrong(Part),
    /// Executed, and answered without this field.
    Missing(Part),
}

/// What of an answer is not as it was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// DE4.
    Amount,
    /// DE7.
    Transmission,
    /// DE11.
    Stan,
    /// DE37.
    Reference,
    /// DE41.
    Terminal,
    /// DE49.
    Currency,
}

impl Part {
    /// Every part.
    pub const ALL: [Part; 6] =
        [Part::Amount, Part::Transmission, Part::Stan, Part::Reference, Part::Terminal, Part::Currency];

    /// The field, and a value that no question has by itself.
    pub(crate) fn field(self) -> (u8, &'static [u8]) {
        match self {
            Part::Amount => (4, b"000000000001"),
            Part::Transmission => (7, b"0229235959"),
            Part::Stan => (11, b"999999"),
            Part::Reference => (37, b"999999999999"),
            Part::Terminal => (41, b"ELSEWHER"),
            Part::Currency => (49, b"840"),
        }
    }
}

/// Which messages a step looks at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Applies {
    /// 0100 and 0200.
    #[default]
    Requests,
    /// 0220 and 0420, which are repeated until they are answered.
    Advices,
    /// Both.
    All,
}

/// One line of a script.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// What happens.
    pub action: Action,
    /// To which messages.
    pub on: Applies,
    /// Only to each so-manieth of them (1: to each).
    pub every: u64,
    /// At most so many times.
    pub times: Option<u64>,
    /// False: the message is not executed. Where it is answered all the same, it is answered with 91.
    pub execute: bool,
}

impl Step {
    /// `action` for every request.
    #[must_use]
    pub fn new(action: Action) -> Self {
        Step { action, on: Applies::Requests, every: 1, times: None, execute: true }
    }
}

/// The steps, in order of precedence. Empty: approve all that the account covers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Script {
    /// The steps.
    pub steps: Vec<Step>,
}

impl From<Step> for Script {
    fn from(step: Step) -> Self {
        Script { steps: vec![step] }
    }
}

impl From<Action> for Script {
    fn from(action: Action) -> Self {
        Step::new(action).into()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepFile {
    #[serde(default)]
    approve: bool,
    decline: Option<String>,
    delay_ms: Option<u64>,
    late_ms: Option<u64>,
    #[serde(default)]
    silence: bool,
    #[serde(default)]
    duplicate: bool,
    #[serde(default)]
    disconnect: bool,
    wrong: Option<Part>,
    missing: Option<Part>,
    #[serde(default)]
    on: Applies,
    every: Option<u64>,
    times: Option<u64>,
    execute: Option<bool>,
}

/// The longest delay: an hour.
const MAX_DELAY_MS: u64 = 3_600_000;
const WORDS: &str = "approve, silence, duplicate or disconnect";

impl StepFile {
    fn step(self) -> Result<Step, String> {
        let mut actions = Vec::new();
        if let Some(code) = self.decline {
            let code = ResponseCode::from_wire(code.as_bytes()).filter(|code| !code.is_approved());
            actions.push(Action::Decline(code.ok_or("decline must be a code of two letters or digits other than 00")?));
        }
        for ms in [self.delay_ms, self.late_ms].into_iter().flatten() {
            if ms > MAX_DELAY_MS {
                return Err(format!("delay_ms and late_ms are at most {MAX_DELAY_MS} (an hour), got {ms}"));
            }
            actions.push(Action::AnswerAfter(ms));
        }
        let flags = [
            (self.approve, Action::Approve),
            (self.silence, Action::Silence),
            (self.duplicate, Action::Duplicate),
            (self.disconnect, Action::Disconnect),
        ];
        actions.extend(self.wrong.map(Action::Wrong));
        actions.extend(self.missing.map(Action::Missing));
        actions.extend(flags.into_iter().filter(|(set, _)| *set).map(|(_, action)| action));
        let [action] = actions[..] else {
            return Err(format!(
                "a step has exactly one of approve, decline, delay_ms, late_ms, silence, duplicate, disconnect, wrong and missing, got {}",
                actions.len()
            ));
        };
        let every = self.every.unwrap_or(1);
        if every == 0 {
            return Err("every must be at least 1".to_owned());
        }
        Ok(Step { action, on: self.on, every, times: self.times, execute: self.execute.unwrap_or(true) })
    }
}

fn read_step(value: toml::Value) -> Result<Step, String> {
    match value {
        toml::Value::String(word) => match word.as_str() {
            "approve" => Ok(Step::new(Action::Approve)),
            "silence" => Ok(Step::new(Action::Silence)),
            "duplicate" => Ok(Step::new(Action::Duplicate)),
            "disconnect" => Ok(Step::new(Action::Disconnect)),
            other => {
                Err(format!("script {other:?} is none of {WORDS}; the others are tables, like {{ decline = \"51\" }}"))
            }
        },
        value @ toml::Value::Table(_) => {
            value.try_into::<StepFile>().map_err(|error| format!("script: {}", error.message()))?.step()
        }
        other => Err(format!("a script's step is a word or a table, got {}", other.type_str())),
    }
}

impl<'de> Deserialize<'de> for Script {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let steps = match toml::Value::deserialize(deserializer)? {
            toml::Value::Array(values) => values.into_iter().map(read_step).collect(),
            value => read_step(value).map(|step| vec![step]),
        };
        Ok(Script { steps: steps.map_err(D::Error::custom)? })
    }
}

/// A script being played: it counts messages for `every` and `times`.
pub(crate) struct ScriptRun {
    steps: Vec<(Step, u64, u64)>,
}

impl ScriptRun {
    pub(crate) fn new(script: &Script) -> Self {
        ScriptRun { steps: script.steps.iter().map(|step| (*step, 0, 0)).collect() }
    }

    /// What happens to this message; `None` when the account's own rules decide alone. Every step counts every message
    /// that it looks at, also those that a step before it takes.
    pub(crate) fn next(&mut self, operation: IssuerOperation) -> Option<Step> {
        let mut found = None;
        for (step, seen, applied) in &mut self.steps {
            let looks = match step.on {
                Applies::Requests => !operation.is_advice(),
                Applies::Advices => operation.is_advice(),
                Applies::All => true,
            };
            if !looks {
                continue;
            }
            *seen += 1;
            let due = seen.is_multiple_of(step.every) && step.times.is_none_or(|times| *applied < times);
            if due && found.is_none() {
                *applied += 1;
                found = Some(*step);
            }
        }
        found
    }
}
