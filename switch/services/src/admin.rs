//! What portals and operators ask for, in one vocabulary: the HTTP routes and the command line both speak it, so that what one
//! can do the other can, against a running switch or into its journal.

mod carry_out;
mod look;

use crate::Said;
use crate::import::{LinkImport, Problem};
use kazasu_core::{Command, Done, State};
use kazasu_documents::table_file::narrow;
use kazasu_engine::{CommandError, Engine, Role};
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::typed;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Something to be done. Card numbers pass through it, so it is never printed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/operations/api.md explains every field")]
pub enum Ask {
    /// Link or relink a PPID.
    Link {
        ppid: String,
        kind: String,
        number: String,
        #[serde(default)]
        pin_verified: bool,
        from: Option<String>,
    },
    /// End a link.
    Unlink {
        ppid: String,
        #[serde(default)]
        pin_verified: bool,
        from: Option<String>,
    },
    /// Put a link into the queue of broken ones.
    BreakLink { ppid: String, why: String },
    /// Propose a new instrument for a broken link.
    ProposeRetarget { ppid: String, kind: String, number: String },
    /// Approve the proposal, or turn it down.
    DecideRetarget { ppid: String, approve: bool, why: String },
    /// Seal every card number again that is not sealed under the current key.
    RotateSeals {},
    /// Suspend a card, revoke it, or let it be used again.
    SetCard { ppid: String, status: String, why: String },
    /// A certificate belongs to a person's card.
    BindCertificate { ppid: String, serial: String, issuer: Option<String>, last_day: String },
    /// Take a card status list over: DER or PEM, in hexadecimal.
    ApplyList { list: String },
    /// Issue a temporary ID; a random one when none is named.
    IssueTemporary { ppid: Option<String>, until: Option<String> },
    /// Merge a temporary ID into a PPID.
    Merge { from: String, into: String },
    /// A resident's own limits: what is not named stays, null takes a limit away.
    SetLimits {
        ppid: String,
        #[serde(default, skip_serializing_if = "Said::is_nothing")]
        tap: Said<i64>,
        #[serde(default, skip_serializing_if = "Said::is_nothing")]
        day: Said<i64>,
        #[serde(default, skip_serializing_if = "Said::is_nothing")]
        month: Said<i64>,
        decline: Option<bool>,
    },
    /// The month's limit from a declaration. The declaration is not kept.
    SetSpendable { ppid: String, income: i64, household: u32, housing: bool, debts: i64, decline: Option<bool> },
    /// Pay into a purse programme's fund.
    FundProgramme { programme: u16, amount: i64, reference: String },
    /// Credit purse money.
    CreditPurse { ppid: String, programme: u16, amount: i64, reference: String },
    /// Put a policy file into force.
    ActivatePolicy { source: String, why: String },
    /// Try a notice again that was given up.
    RetryNotice { notice: String },
    /// Accept an offline payment above its floor limit, or refuse it.
    DecideAdvice { record: u64, accept: bool, why: String },
    /// The wall clock is right: it is this day.
    ConfirmClock { day: String, why: String },
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// A value that cannot be read; nothing was changed.
    #[error("{field}: {problem}")]
    Value {
        /// The field.
        field: &'static str,
        /// What is wrong and what was expected.
        problem: String,
    },
    /// The PIN was not entered.
    #[error("pin_verified: linking and unlinking need the card's 4-digit PIN; the portal must have had it checked")]
    Pin,
    /// The caller may not.
    #[error("{0}")]
    Forbidden(String),
    /// A policy or programme file with problems.
    #[error("{}", .0.join("\n"))]
    Policy(Vec<String>),
    /// Refused by the core, or by its role.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The switch is stopping, or a file of its own cannot be read.
    #[error("{0:#}")]
    Other(anyhow::Error),
}

pub fn value(field: &'static str, problem: impl ToString) -> AskError {
    // A value in the wrong field may be a card number.
    AskError::Value { field, problem: kazasu_schemas::text::masked(&problem.to_string()) }
}

impl From<Problem> for AskError {
    fn from(p: Problem) -> Self {
        let got = if p.value.is_empty() { String::new() } else { format!(", got {:?}", p.value) };
        AskError::Value { field: p.column, problem: format!("{}{got}", p.problem) }
    }
}

/// What is asked.
#[derive(Clone)]
pub enum Source {
    /// A running core: it also carries things out.
    Engine(Engine),
    /// A journal that was read: it can be looked at.
    Folded(Arc<State>),
}

/// What carrying things out needs.
#[derive(Clone)]
pub struct Desk {
    /// The core, or a journal.
    pub source: Source,
    /// Seals card numbers and finds issuers.
    pub imports: LinkImport,
    /// Certificates of the authority that signs card status lists.
    pub list_authorities: Option<PathBuf>,
    /// Cities, and who may do what for them.
    pub cities: Arc<Vec<crate::relief::CityFile>>,
    /// Who closes days.
    pub finance: Arc<crate::closing::FinanceFile>,
    /// Days on which banks work.
    pub calendar: Arc<kazasu_schemas::calendar::Calendar>,
    /// Business days that settled taps stay in memory.
    pub keep_days: u16,
    /// Closes days; absent where there is no journal to read.
    pub office: Option<crate::closing::Office>,
}

pub fn ppid(field: &'static str, text: &str) -> Result<Ppid, AskError> {
    narrow(text).parse::<Ppid>().map_err(|e| value(field, format!("{}, got {:?}", e.problem, e.got)))
}

pub fn day(field: &'static str, text: &str) -> Result<BusinessDay, AskError> {
    typed::day(text).map_err(|e| value(field, format!("{e}, got {text:?}")))
}

pub fn reason(field: &'static str, text: &str) -> Result<String, AskError> {
    let plain = !kazasu_schemas::canonical::is_blank(text)
        && text.chars().count() <= 200
        && !text.chars().any(char::is_control);
    if plain { Ok(text.trim().to_owned()) } else { Err(value(field, "must be 1 to 200 characters")) }
}

impl Desk {
    pub fn engine(&self) -> Result<&Engine, AskError> {
        match &self.source {
            Source::Engine(engine) => Ok(engine),
            Source::Folded(_) => {
                Err(AskError::Other(anyhow::anyhow!("a journal that is only read carries nothing out")))
            }
        }
    }

    /// The time that decides: the engine's, or where a journal is only read, the wall clock's.
    pub fn now(&self) -> Millis {
        match &self.source {
            Source::Engine(engine) => engine.now(),
            Source::Folded(_) => kazasu_engine::clock::now(),
        }
    }

    pub async fn command(&self, command: Command) -> Result<Done, AskError> {
        Ok(self.engine()?.command(command).await?)
    }

    /// Asks the state something.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&State) -> T + Send + 'static,
    ) -> Result<T, AskError> {
        match &self.source {
            Source::Folded(state) => Ok(question(state)),
            Source::Engine(engine) => {
                let health = engine.health();
                let current = health.role() == Role::Leading || health.caught_up.load(Ordering::Acquire);
                if !current {
                    let why = health.halted().unwrap_or_else(|| "the journal is being read; try again".into());
                    return Err(AskError::Command(CommandError::Halted(why)));
                }
                engine.query(question).await.ok_or(AskError::Command(CommandError::Stopping))
            }
        }
    }
}

pub fn with(done: Done, mut more: Value) -> Value {
    more["result"] = match done {
        Done::Recorded => "recorded",
        Done::Unchanged => "unchanged",
    }
    .into();
    more
}
