//! What portals and operators ask for, in one vocabulary: the HTTP routes and the command line both speak it, so that what one
//! can do the other can, against a running switch or into its journal.

use crate::import::{LinkImport, Problem};
use crate::json::Said;
use anyhow::Context;
use kazasu_core::{BreakReason, Broken, Command, Done, LimitChange, LimitsChange, Merchant, Resident, State};
use kazasu_documents::table_file::narrow;
use kazasu_engine::{CommandError, Engine, Role};
use kazasu_ledger::record::{CardStatus, Instrument, LinkOrigin, OwnLimits};
use kazasu_schemas::ids::{IdError, InstitutionId, MerchantId, Ppid, Serial};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::spendable::{Declared, Spendable, spendable};
use kazasu_schemas::typed;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
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

pub(crate) fn value(field: &'static str, problem: impl ToString) -> AskError {
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

pub(crate) fn ppid(field: &'static str, text: &str) -> Result<Ppid, AskError> {
    narrow(text).parse::<Ppid>().map_err(|e| value(field, format!("{}, got {:?}", e.problem, e.got)))
}

pub(crate) fn day(field: &'static str, text: &str) -> Result<BusinessDay, AskError> {
    typed::day(text).map_err(|e| value(field, format!("{e}, got {text:?}")))
}

fn moment(text: Option<&String>) -> Result<Option<Millis>, AskError> {
    let read = |text: &String| {
        let wrong = |_| value("from", format!("must be a date or a time with its offset, got {text:?}"));
        typed::moment(text).map_err(wrong)
    };
    text.map(read).transpose()
}

const NO_AUTHORITY: &str = "no authority is configured: [cards] list_authorities names its certificates";

fn change(said: Said<i64>) -> LimitChange {
    match said {
        Said::Nothing => LimitChange::Keep,
        Said::Remove => LimitChange::Remove,
        Said::Set(yen) => LimitChange::To(Yen::new(yen)),
    }
}

pub(crate) fn reason(field: &'static str, text: &str) -> Result<String, AskError> {
    let plain = !kazasu_schemas::canonical::is_blank(text)
        && text.chars().count() <= 200
        && !text.chars().any(char::is_control);
    if plain { Ok(text.trim().to_owned()) } else { Err(value(field, "must be 1 to 200 characters")) }
}

/// A person who would get, or got, more of a relief programme than its ceiling.
fn above_json((programme, due, released, ceiling): &(u16, Yen, Yen, Yen)) -> Value {
    let then = if released > ceiling {
        "more was released than the ceiling: what is in purses already can be claimed back (kazasu relief claim)"
    } else {
        "the rows above the ceiling are left out at the decision or the release"
    };
    json!({ "programme": programme, "due_yen": due.get(), "released_yen": released.get(), "ceiling_yen": ceiling.get(), "then": then })
}

fn spendable_json(s: Spendable) -> Value {
    json!({ "living_yen": s.living.get(), "estimate_yen": s.estimate.get(), "year_yen": s.year.get(), "month_yen": s.month.get() })
}

fn break_reason(why: &BreakReason) -> String {
    match why {
        BreakReason::Issuer(code) => format!("発行者応答{code} the issuer does not know it ({code})"),
        BreakReason::Person(text) => text.clone(),
    }
}

impl Desk {
    pub(crate) fn engine(&self) -> Result<&Engine, AskError> {
        match &self.source {
            Source::Engine(engine) => Ok(engine),
            Source::Folded(_) => {
                Err(AskError::Other(anyhow::anyhow!("a journal that is only read carries nothing out")))
            }
        }
    }

    /// The time that decides: the engine's, or where a journal is only read, the wall clock's.
    pub(crate) fn now(&self) -> Millis {
        match &self.source {
            Source::Engine(engine) => engine.now(),
            Source::Folded(_) => kazasu_engine::clock::now(),
        }
    }

    pub(crate) async fn command(&self, command: Command) -> Result<Done, AskError> {
        Ok(self.engine()?.command(command).await?)
    }

    /// Carries it out for a caller; returns when its record is durable.
    pub async fn carry_out(&self, ask: Ask, by: &str, portal: bool) -> Result<Value, AskError> {
        let by = by.to_owned();
        let origin = if portal { LinkOrigin::Holder } else { LinkOrigin::Counter };
        if matches!(ask, Ask::ProposeRetarget { .. } | Ask::DecideRetarget { .. }) && by == "operator" {
            return Err(value(
                "by",
                "two people by name do this, of [http.people] in the key file; operator is nobody",
            ));
        }
        if matches!(ask, Ask::DecideAdvice { .. }) && by == "operator" {
            return Err(value(
                "by",
                "a person by name does this, of [http.people] in the key file; operator is nobody",
            ));
        }
        let mut more = json!({});
        let command = match ask {
            Ask::Link { ppid: person, kind, number, pin_verified, from } => {
                if !pin_verified {
                    return Err(AskError::Pin);
                }
                let person = ppid("ppid", &person)?;
                let from = moment(from.as_ref())?;
                let (to, without_route) = crate::import::instrument(&kind, &number, &person, &self.imports)?;
                more["without_route"] = without_route.into();
                let command = Command::Link { ppid: person, from, to, origin, by };
                let done = self.command(command).await?;
                let shared =
                    self.ask(move |state| state.resident(&person, state.day).is_some_and(|r| r.shared_account)).await?;
                more["shared_account"] = shared.into();
                let newest =
                    self.ask(move |state| state.link_versions(&person).next().map(|v| v.from.jst_text())).await?;
                more["from"] = newest.into();
                return Ok(with(done, more));
            }
            Ask::Unlink { ppid: person, pin_verified, from } => {
                if !pin_verified {
                    return Err(AskError::Pin);
                }
                Command::Unlink { ppid: ppid("ppid", &person)?, from: moment(from.as_ref())?, by }
            }
            Ask::BreakLink { ppid: person, why } => {
                Command::BreakLink { ppid: ppid("ppid", &person)?, why: reason("why", &why)?, by }
            }
            Ask::ProposeRetarget { ppid: person, kind, number } => {
                let person = ppid("ppid", &person)?;
                let (to, _) = crate::import::instrument(&kind, &number, &person, &self.imports)?;
                Command::ProposeRetarget { ppid: person, to, by }
            }
            Ask::DecideRetarget { ppid: person, approve, why } => {
                Command::DecideRetarget { ppid: ppid("ppid", &person)?, approve, by, why: reason("why", &why)? }
            }
            Ask::RotateSeals {} => return self.rotate().await,
            Ask::SetCard { ppid: person, status, why } => {
                let status = match status.as_str() {
                    "good" => CardStatus::Good,
                    "held" => CardStatus::Held,
                    "revoked" => CardStatus::Revoked,
                    other => return Err(value("status", format!("must be good, held or revoked, got {other:?}"))),
                };
                Command::SetCard { ppid: ppid("ppid", &person)?, status, by, why: reason("why", &why)? }
            }
            Ask::BindCertificate { ppid: person, serial, issuer, last_day } => Command::BindCertificate {
                ppid: ppid("ppid", &person)?,
                serial: serial.parse::<Serial>().map_err(|e| value("serial", e))?,
                issuer: self.issuer(issuer).await?,
                last_day: day("last_day", &last_day)?,
                by,
            },
            Ask::ApplyList { list } => {
                let bytes = hex::decode(list).map_err(|e| value("list", format!("must be hexadecimal: {e}")))?;
                let (command, facts) = self.list(bytes, by).await?;
                more = facts;
                command
            }
            Ask::IssueTemporary { ppid: person, until } => {
                let person = match person {
                    Some(text) => ppid("ppid", &text)?,
                    None => {
                        let bytes = kazasu_engine::clock::random_bytes(16).map_err(AskError::Other)?;
                        Ppid::from_bytes(bytes.try_into().expect("sixteen bytes were asked for"))
                    }
                };
                more["ppid"] = person.to_string().into();
                let until = until.map(|text| day("until", &text)).transpose()?;
                Command::IssueTemporary { ppid: person, until, by }
            }
            Ask::Merge { from, into } => {
                let (from, into) = (ppid("from", &from)?, ppid("into", &into)?);
                let done = self.command(Command::Merge { from, into, by }).await?;
                // Two who were each below a ceiling may be above it together.
                let above = self.ask(move |state| state.relief_above(&into)).await?;
                more["above_ceiling"] = above.iter().map(above_json).collect();
                return Ok(with(done, more));
            }
            Ask::SetLimits { ppid: person, tap, day, month, decline } => {
                let [tap, day, month] = [tap, day, month].map(change);
                let change = LimitsChange { tap, day, month, decline };
                if change == LimitsChange::default() {
                    let text =
                        "nothing is named: give tap, day, month (yen, or null to take the limit away) or decline";
                    return Err(value("limits", text));
                }
                Command::ChangeOwnLimits { ppid: ppid("ppid", &person)?, change, by }
            }
            Ask::SetSpendable { ppid: person, income, household, housing, debts, decline } => {
                let person = ppid("ppid", &person)?;
                let (income, debts) = (Yen::new(income), Yen::new(debts));
                let result =
                    spendable(Declared { income, household, housing, debts }).map_err(|e| value("declaration", e))?;
                more = spendable_json(result);
                let change = LimitsChange { month: LimitChange::To(result.month), decline, ..LimitsChange::default() };
                Command::ChangeOwnLimits { ppid: person, change, by }
            }
            Ask::FundProgramme { programme, amount, reference } => {
                if self.ask(move |state| state.relief_programme_city(programme)).await?.is_some() {
                    let text = format!("{programme} is a relief programme: its treasurer pays in (kazasu relief fund)");
                    return Err(value("programme", text));
                }
                Command::FundProgramme { programme, amount: Yen::new(amount), reference, by }
            }
            Ask::CreditPurse { ppid: person, programme, amount, reference } => {
                let person = ppid("ppid", &person)?;
                Command::CreditPurse { ppid: person, programme, amount: Yen::new(amount), reference, by }
            }
            Ask::ActivatePolicy { source, why } => {
                let policy = kazasu_documents::policy::read(&source)
                    .map_err(|problems| AskError::Policy(problems.iter().map(ToString::to_string).collect()))?;
                let why = reason("why", &why)?;
                let done = self
                    .command(Command::ActivatePolicy { policy: Box::new(policy), source, by, why, first: false })
                    .await?;
                more["version"] = self.ask(|state| state.policy().0).await?.into();
                return Ok(with(done, more));
            }
            Ask::RetryNotice { notice } => {
                let wrong = || value("notice", format!("must be two numbers like 123-0, got {notice:?}"));
                let (seq, nth) = notice.split_once('-').ok_or_else(wrong)?;
                let seq = seq.parse::<u64>().ok().filter(|n| *n < u64::MAX / 32).ok_or_else(wrong)?;
                let nth = nth.parse::<u64>().ok().filter(|n| *n < 16).ok_or_else(wrong)?;
                Command::RetryNotice { notice: seq * 16 + nth }
            }
            Ask::DecideAdvice { record, accept, why } => {
                Command::DecideAdvice { record, accept, by, why: reason("why", &why)? }
            }
            Ask::ConfirmClock { day: text, why } => {
                let (day, why) = (day("day", &text)?, reason("why", &why)?);
                Command::ConfirmClock { day, clock: None, by, why }
            }
        };
        Ok(with(self.command(command).await?, more))
    }

    /// Offline payments above their floor limit that wait for a person.
    pub async fn waiting_advices(&self) -> Result<Value, AskError> {
        let advices = self.ask(|state| state.waiting_advices()).await?;
        let shown = advices.into_iter().map(|a| {
            let (acquirer, merchant, class) = a.merchant;
            json!({ "record": a.record, "at": a.at.jst_text(), "acquirer": acquirer, "merchant": merchant, "class": class,
                "terminal": a.terminal, "yen": a.amount.get(), "uncovered_yen": a.uncovered.get(),
                "floor_yen": a.floor.get() })
        });
        Ok(shown.collect::<Vec<Value>>().into())
    }

    /// Asks the state something.
    pub(crate) async fn ask<T: Send + 'static>(
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

    /// The issuer of a certificate that is bound: one of the configured authorities. Where there is one, it need not be said; where
    /// there are several, a number without it would be any one's.
    async fn issuer(&self, text: Option<String>) -> Result<Option<String>, AskError> {
        let Some(path) = self.list_authorities.clone() else {
            return match text {
                None => Ok(None),
                Some(_) => Err(value("issuer", NO_AUTHORITY)),
            };
        };
        let read = tokio::task::spawn_blocking(move || {
            let pem = kazasu_security::files::read(&path)?;
            anyhow::Ok(kazasu_security::crl::authorities(&pem)?)
        });
        let names = read.await.map_err(|e| AskError::Other(e.into()))?.map_err(AskError::Other)?;
        let all = || names.iter().map(|name| format!("{:?}", name.shown())).collect::<Vec<_>>().join(", ");
        match (text, names.as_slice()) {
            (None, [only]) => Ok(Some(only.canonical())),
            (None, _) => {
                let text = "several authorities are configured, and each numbers its own certificates: say which of";
                Err(value("issuer", format!("{text} {}", all())))
            }
            (Some(text), _) => match names.iter().find(|name| name.is_called(&text)) {
                Some(name) => Ok(Some(name.canonical())),
                None => Err(value("issuer", format!("no configured authority is called {text:?}; there is {}", all()))),
            },
        }
    }

    async fn list(&self, bytes: Vec<u8>, by: String) -> Result<(Command, Value), AskError> {
        let path = self.list_authorities.clone();
        let path = path.ok_or_else(|| value("list", NO_AUTHORITY))?;
        let now = self.now();
        let read = tokio::task::spawn_blocking(move || -> Result<_, AskError> {
            let authorities = std::fs::read(&path)
                .with_context(|| format!("cannot read {}", path.display()))
                .map_err(AskError::Other)?;
            kazasu_security::crl::read(&bytes, &authorities, now).map_err(|e| value("list", e))
        });
        let list = read.await.map_err(|e| AskError::Other(e.into()))??;
        let (shown, issuer) = (list.issuer.shown().to_owned(), Some(list.issuer.canonical()));
        let scope = match &list.place {
            Some(place) => format!("{shown} {place}"),
            None => shown.clone(),
        };
        let facts = json!({ "issuer": shown, "place": list.place, "number": list.number, "issued": list.this_update.jst_text(),
            "certificates": list.entries.len() });
        Ok((
            Command::ApplyList {
                number: list.number,
                issued: list.this_update,
                entries: list.entries,
                scope,
                issuer,
                by,
            },
            facts,
        ))
    }

    /// Seals card numbers again that are sealed under an older key, a few thousand at a time.
    async fn rotate(&self) -> Result<Value, AskError> {
        const AT_ONCE: usize = 4_096;
        let engine = self.engine()?;
        let current = self.imports.vault.current();
        let mut resealed = 0_u64;
        let proposed = self
            .ask(move |state| {
                let cards = state.broken_links().filter_map(|(person, broken)| match &broken.proposal.as_ref()?.0 {
                    Instrument::CreditCard(card) | Instrument::DebitCard(card) => {
                        Some((person, card.pan.first().copied()))
                    }
                    Instrument::BankAccount(_) | Instrument::Deposit(_) => None,
                });
                cards
                    .filter(|(_, version)| *version != Some(current))
                    .map(|(person, _)| person.to_string())
                    .collect::<Vec<_>>()
            })
            .await?;
        let mut from = Some(0);
        while let Some(at) = from {
            let (numbers, next) = self.ask(move |state| state.sealed_numbers(at, AT_ONCE)).await?;
            from = next;
            let mut answers = Vec::new();
            for (person, version, sealed) in numbers.into_iter().filter(|(.., pan)| pan.first() != Some(&current)) {
                let vault = &self.imports.vault;
                let pan = vault.open(&sealed, &person).and_then(|pan| vault.seal(&pan, &person));
                let pan =
                    pan.map_err(|e| AskError::Other(anyhow::anyhow!("link version {version} of {person}: {e}")))?;
                answers.push(engine.command_later(Command::Reseal { ppid: person, version, pan }));
            }
            for answer in answers {
                answer.await.map_err(|_| AskError::Command(CommandError::Stopping))??;
                resealed += 1;
            }
        }
        // A proposal is sealed as it was made: it must be decided before the older key can go.
        let batches = self.ask(move |state| state.relief_sealed_otherwise(current)).await?;
        let result = match (proposed.is_empty(), batches.is_empty()) {
            (true, true) => "done",
            (false, _) => "proposals to be decided first",
            // Accounts of payees are sealed once, for one transfer file: they are needed until that is done.
            (true, false) => "relief batches to be reported or cancelled first",
        };
        Ok(
            json!({ "result": result, "relief_batches": batches, "resealed": resealed, "key_version": current, "open_proposals": proposed }),
        )
    }

    /// What may be known about a person, as JSON; `None` when the PPID is not known.
    pub async fn resident(&self, text: &str) -> Result<Option<Value>, AskError> {
        let person = ppid("ppid", text)?;
        let today = self.now().jst_day();
        let found = self
            .ask(move |state| {
                let shown = |i: &Instrument| (i.clone(), deposit(state, i));
                let links: Vec<_> = state
                    .link_versions(&person)
                    .map(|l| (l.version, l.from, l.instrument.as_ref().map(shown)))
                    .collect();
                state.resident(&person, today).map(|r| (r, links))
            })
            .await?;
        Ok(found.map(|(resident, links)| {
            let links: Vec<Value> = links
                .into_iter()
                .map(|(version, from, instrument)| {
                    json!({ "version": version, "from": from.jst_text(), "instrument": instrument.map(|(i, held)| self.instrument(&i, held, &person)) })
                })
                .collect();
            let mut out = resident_json(&resident);
            out["ppid"] = person.to_string().into();
            out["links"] = links.into();
            out
        }))
    }

    /// An instrument with its number masked.
    fn instrument(&self, instrument: &Instrument, held: Option<u64>, person: &Ppid) -> Value {
        let number = match instrument {
            Instrument::CreditCard(card) | Instrument::DebitCard(card) => {
                self.imports.vault.open(&card.pan, person).map_or_else(|_| "(sealed)".to_owned(), |pan| pan.masked())
            }
            Instrument::BankAccount(account) => masked_account(account.number),
            Instrument::Deposit(_) => held.map_or_else(|| "(held here)".to_owned(), masked_account),
        };
        json!({ "kind": instrument.kind(), "issuer": instrument.issuer(), "number": number })
    }

    /// The queue of broken links.
    pub async fn broken_links(&self) -> Result<Value, AskError> {
        let queue: Vec<(Ppid, Broken, Option<u64>)> = self
            .ask(|state| {
                let held = |b: &Broken| b.proposal.as_ref().and_then(|(i, _)| deposit(state, i));
                state.broken_links().map(|(p, b)| (p, b.clone(), held(b))).collect()
            })
            .await?;
        let line = |(person, b, held): &(Ppid, Broken, Option<u64>)| {
            let proposal = b.proposal.as_ref();
            json!({ "ppid": person.to_string(), "version": b.version, "why": break_reason(&b.why), "since": b.since.jst_text(),
                "proposal": proposal.map(|(i, by)| json!({ "instrument": self.instrument(i, *held, person), "by": by })) })
        };
        Ok(queue.iter().map(line).collect())
    }

    /// Public-receipt accounts under several PPIDs.
    pub async fn shared_accounts(&self) -> Result<Value, AskError> {
        let shared: Vec<(Instrument, Vec<Ppid>, Option<u64>)> = self
            .ask(|state| {
                let all = state.shared_accounts().into_iter();
                all.map(|(i, people)| {
                    let held = deposit(state, &i);
                    (i, people, held)
                })
                .collect()
            })
            .await?;
        let line = |(instrument, people, held): &(Instrument, Vec<Ppid>, Option<u64>)| {
            let names: Vec<String> = people.iter().map(ToString::to_string).collect();
            json!({ "instrument": self.instrument(instrument, *held, &people[0]), "ppids": names })
        };
        Ok(shared.iter().map(line).collect())
    }

    /// Every merchant, in the order of their acquirers and IDs.
    pub async fn merchants(&self) -> Result<Value, AskError> {
        self.ask(|state| {
            let mut all: Vec<_> = state.merchants().iter().collect();
            all.sort_by_key(|m| (m.acquirer, m.id));
            all.into_iter().map(merchant_json).collect()
        })
        .await
    }

    /// The merchants with an ID: `ACQUIRER/MERCHANT` names one, `MERCHANT` one of each acquirer that has it.
    pub async fn merchant(&self, id: &str) -> Result<Value, AskError> {
        let (acquirer, merchant) = match id.split_once('/') {
            Some((acquirer, merchant)) => (Some(acquirer), merchant),
            None => (None, id),
        };
        let acquirer: Option<InstitutionId> =
            acquirer.map(str::parse).transpose().map_err(|e: IdError| value("acquirer", e))?;
        let merchant: MerchantId = merchant.parse().map_err(|e: IdError| value("merchant", e))?;
        self.ask(move |state| {
            let found =
                state.merchants().iter().filter(|m| m.id == merchant && acquirer.is_none_or(|a| a == m.acquirer));
            found.map(merchant_json).collect()
        })
        .await
    }

    /// Notices that are owed; those that were given up say why.
    pub async fn notices(&self) -> Result<Value, AskError> {
        const MOST: usize = 10_000;
        let all: Vec<_> = self.ask(|state| state.notices().take(MOST).map(|(k, o)| (k, o.clone())).collect()).await?;
        let line = |(key, owed): &(u64, kazasu_core::Owed)| {
            let dead = owed.dead.as_ref();
            json!({ "notice": format!("{}-{}", key / 16, key % 16), "ppid": owed.ppid.to_string(), "percent": owed.percent,
                "month": owed.counted.to_string().get(..7), "used_yen": owed.used.get(), "limit_yen": owed.limit.get(),
                "at": owed.at.jst_text(),
                "given_up": dead.map(|(attempts, problem)| json!({ "attempts": attempts, "problem": problem })) })
        };
        Ok(all.iter().map(line).collect())
    }

    /// The policy in force.
    pub async fn policy(&self) -> Result<Value, AskError> {
        self.ask(|state| {
            let (version, policy, source) = state.policy();
            let (funds, budgets) = state.programmes();
            let sums = |list: Vec<kazasu_core::Holding>, unit: &str| -> Value {
                list.iter().map(|h| json!({ "programme": h.programme, unit: h.available })).collect()
            };
            json!({ "version": version, "name": policy.name, "source": source,
                "purse_funds": sums(funds, "yen"), "point_budgets": sums(budgets, "points"),
                "card_status_lists": state.card_lists().map(|(scope, number, issued, n)|
                    json!({ "about": scope, "number": number, "issued": issued.jst_text(), "certificates": n }))
                    .collect::<Vec<_>>() })
        })
        .await
    }
}

fn merchant_json(m: &Merchant) -> Value {
    let terminals: Vec<String> = m.terminals.iter().map(ToString::to_string).collect();
    json!({ "acquirer": m.acquirer.to_string(), "merchant": m.id.to_string(), "name": m.name, "mcc": m.mcc.to_string(),
        "terminals": terminals, "closed": m.closed, "class": m.traits.class, "tags": m.traits.tags, "region": m.traits.region })
}

fn deposit(state: &State, instrument: &Instrument) -> Option<u64> {
    match instrument {
        Instrument::Deposit(account) => state.deposit_number(*account),
        _ => None,
    }
}

/// Only the last three digits of an account are shown.
fn masked_account(number: u64) -> String {
    format!("*******{:03}", number % 1_000)
}

pub(crate) fn with(done: Done, mut more: Value) -> Value {
    more["result"] = match done {
        Done::Recorded => "recorded",
        Done::Unchanged => "unchanged",
    }
    .into();
    more
}

fn limits_json(l: &OwnLimits) -> Value {
    json!({ "tap_yen": l.tap.map(Yen::get), "day_yen": l.day.map(Yen::get), "month_yen": l.month.map(Yen::get),
        "decline": l.decline })
}

fn resident_json(r: &Resident) -> Value {
    let card = match r.card {
        CardStatus::Good => "good",
        CardStatus::Held => "held",
        CardStatus::Revoked => "revoked",
    };
    let later = r.later.map(|(from, limits)| {
        let mut out = limits_json(&limits);
        out["from"] = from.to_string().into();
        out
    });
    let held = |list: &[kazasu_core::Holding], unit: &str| -> Value {
        list.iter().map(|h| json!({ "programme": h.programme, unit: h.available })).collect()
    };
    json!({
        "temporary": r.temporary,
        "merged": r.merged,
        "card": card,
        "last_day": r.last_day.map(|d| d.to_string()),
        "purses": held(&r.purses, "yen"),
        "points": held(&r.points, "points"),
        "limits": limits_json(&r.limits),
        "limits_later": later,
        "today_yen": r.today.get(),
        "this_month_yen": r.this_month.get(),
        "link_broken": r.broken,
        "shared_account": r.shared_account,
    })
}
