//! Carrying out what was asked: one command for each, with what its answer says besides.

use super::{Ask, AskError, Desk, day, ppid, reason, value, with};
use crate::Said;
use anyhow::Context;
use kazasu_core::{Command, LimitChange, LimitsChange};
use kazasu_engine::CommandError;
use kazasu_ledger::record::{CardStatus, Instrument, LinkOrigin};
use kazasu_schemas::ids::{Ppid, Serial};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_schemas::spendable::{Declared, Spendable, spendable};
use kazasu_schemas::typed;
use serde_json::{Value, json};

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

/// The operator's token does not say which person it was. Some things take a person by name.
fn takes_a_name(ask: &Ask, by: &str) -> Result<(), AskError> {
    let why = match ask {
        _ if by != "operator" => return Ok(()),
        Ask::ProposeRetarget { .. } | Ask::DecideRetarget { .. } => {
            "two people by name do this, of [http.people] in the key file; operator is nobody"
        }
        Ask::DecideAdvice { .. } => "a person by name does this, of [http.people] in the key file; operator is nobody",
        _ => return Ok(()),
    };
    Err(value("by", why))
}

fn entered(pin_verified: bool) -> Result<(), AskError> {
    if pin_verified { Ok(()) } else { Err(AskError::Pin) }
}

fn card_status(text: &str) -> Result<CardStatus, AskError> {
    match text {
        "good" => Ok(CardStatus::Good),
        "suspended" => Ok(CardStatus::Suspended),
        "revoked" => Ok(CardStatus::Revoked),
        other => Err(value("status", format!("must be good, suspended or revoked, got {other:?}"))),
    }
}

/// The number of a notice, which is shown as its record's number and its place there.
fn notice_key(text: &str) -> Result<u64, AskError> {
    let wrong = || value("notice", format!("must be two numbers like 123-0, got {text:?}"));
    let (seq, nth) = text.split_once('-').ok_or_else(wrong)?;
    let seq = seq.parse::<u64>().ok().filter(|n| *n < u64::MAX / 32).ok_or_else(wrong)?;
    let nth = nth.parse::<u64>().ok().filter(|n| *n < 16).ok_or_else(wrong)?;
    Ok(seq * 16 + nth)
}

fn own_limits(person: &str, change: LimitsChange, by: String) -> Result<Command, AskError> {
    if change == LimitsChange::default() {
        let text = "nothing is named: give tap, day, month (yen, or null to take the limit away) or decline";
        return Err(value("limits", text));
    }
    Ok(Command::ChangeOwnLimits { ppid: ppid("ppid", person)?, change, by })
}

/// A link as it is asked for.
struct NewLink {
    ppid: String,
    kind: String,
    number: String,
    from: Option<String>,
    origin: LinkOrigin,
    by: String,
}

/// What is recorded, and what the answer says besides.
struct Plan {
    command: Command,
    more: Value,
}

impl From<Command> for Plan {
    fn from(command: Command) -> Self {
        Plan { command, more: json!({}) }
    }
}

impl Desk {
    /// Carries it out for a caller; returns when its record is durable. `origin` is what a link that is made says of who made it.
    pub async fn carry_out(&self, ask: Ask, by: &str, origin: LinkOrigin) -> Result<Value, AskError> {
        takes_a_name(&ask, by)?;
        let by = by.to_owned();
        let plan: Plan = match ask {
            Ask::Link { ppid, kind, number, pin_verified, from } => {
                entered(pin_verified)?;
                return self.make_link(NewLink { ppid, kind, number, from, origin, by }).await;
            }
            Ask::Unlink { ppid: person, pin_verified, from } => {
                entered(pin_verified)?;
                Command::Unlink { ppid: ppid("ppid", &person)?, from: moment(from.as_ref())?, by }.into()
            }
            Ask::BreakLink { ppid: person, why } => {
                Command::BreakLink { ppid: ppid("ppid", &person)?, why: reason("why", &why)?, by }.into()
            }
            Ask::ProposeRetarget { ppid, kind, number } => {
                self.propose_retarget(&ppid, (kind.as_str(), number.as_str()), by)?.into()
            }
            Ask::DecideRetarget { ppid: person, approve, why } => {
                Command::DecideRetarget { ppid: ppid("ppid", &person)?, approve, by, why: reason("why", &why)? }.into()
            }
            Ask::RotateSeals {} => return self.rotate().await,
            Ask::SetCard { ppid: person, status, why } => {
                let status = card_status(&status)?;
                Command::SetCard { ppid: ppid("ppid", &person)?, status, by, why: reason("why", &why)? }.into()
            }
            Ask::BindCertificate { ppid: person, serial, issuer, last_day } => {
                let person = ppid("ppid", &person)?;
                let serial = serial.parse::<Serial>().map_err(|e| value("serial", e))?;
                let issuer = self.issuer(issuer).await?;
                let last_day = day("last_day", &last_day)?;
                Command::BindCertificate { ppid: person, serial, issuer, last_day, by }.into()
            }
            Ask::ApplyList { list } => self.list(&list, by).await?,
            Ask::IssueTemporary { ppid, until } => temporary(ppid, until, by)?,
            Ask::Merge { from, into } => return self.merge_people(&from, &into, by).await,
            Ask::SetLimits { ppid, tap, day, month, decline } => {
                let [tap, day, month] = [tap, day, month].map(change);
                own_limits(&ppid, LimitsChange { tap, day, month, decline }, by)?.into()
            }
            Ask::SetSpendable { ppid, income, household, housing, debts, decline } => {
                let (income, debts) = (Yen::new(income), Yen::new(debts));
                declared(&ppid, Declared { income, household, housing, debts }, decline, by)?
            }
            Ask::FundProgramme { programme, amount, reference } => {
                self.takes_funds_here(programme).await?;
                Command::FundProgramme { programme, amount: Yen::new(amount), reference, by }.into()
            }
            Ask::CreditPurse { ppid: person, programme, amount, reference } => {
                let (person, amount) = (ppid("ppid", &person)?, Yen::new(amount));
                Command::CreditPurse { ppid: person, programme, amount, reference, by }.into()
            }
            Ask::ActivatePolicy { source, why } => return self.activate_policy(source, &why, by).await,
            Ask::RetryNotice { notice } => Command::RetryNotice { notice: notice_key(&notice)? }.into(),
            Ask::DecideAdvice { record, accept, why } => {
                Command::DecideAdvice { record, accept, by, why: reason("why", &why)? }.into()
            }
            Ask::ConfirmClock { day: text, why } => {
                let (day, why) = (day("day", &text)?, reason("why", &why)?);
                Command::ConfirmClock { day, clock: None, by, why }.into()
            }
        };
        Ok(with(self.command(plan.command).await?, plan.more))
    }

    async fn make_link(&self, new: NewLink) -> Result<Value, AskError> {
        let NewLink { ppid: person, kind, number, from, origin, by } = new;
        let person = ppid("ppid", &person)?;
        let from = moment(from.as_ref())?;
        let (to, without_route) = crate::import::instrument(&kind, &number, &person, &self.imports)?;
        let mut more = json!({});
        more["without_route"] = without_route.into();
        let done = self.command(Command::Link { ppid: person, from, to, origin, by }).await?;
        let shared =
            self.ask(move |state| state.resident(&person, state.day).is_some_and(|r| r.shared_account)).await?;
        more["shared_account"] = shared.into();
        let newest = self.ask(move |state| state.link_versions(&person).next().map(|v| v.from.jst_text())).await?;
        more["from"] = newest.into();
        Ok(with(done, more))
    }

    /// Another instrument for a broken link, by its kind and number.
    fn propose_retarget(&self, person: &str, (kind, number): (&str, &str), by: String) -> Result<Command, AskError> {
        let person = ppid("ppid", person)?;
        let (to, _) = crate::import::instrument(kind, number, &person, &self.imports)?;
        Ok(Command::ProposeRetarget { ppid: person, to, by })
    }

    async fn merge_people(&self, from: &str, into: &str, by: String) -> Result<Value, AskError> {
        let (from, into) = (ppid("from", from)?, ppid("into", into)?);
        let done = self.command(Command::Merge { from, into, by }).await?;
        // Two who were each below a ceiling may be above it together.
        let above = self.ask(move |state| state.relief_above(&into)).await?;
        let mut more = json!({});
        more["above_ceiling"] = above.iter().map(above_json).collect();
        Ok(with(done, more))
    }

    /// A relief programme's fund is paid into by its own city.
    async fn takes_funds_here(&self, programme: u16) -> Result<(), AskError> {
        if self.ask(move |state| state.relief_programme_city(programme)).await?.is_some() {
            let text = format!("{programme} is a relief programme: its treasurer pays in (kazasu relief fund)");
            return Err(value("programme", text));
        }
        Ok(())
    }

    async fn activate_policy(&self, source: String, why: &str, by: String) -> Result<Value, AskError> {
        let policy = kazasu_documents::policy::read(&source)
            .map_err(|problems| AskError::Policy(problems.iter().map(ToString::to_string).collect()))?;
        let why = reason("why", why)?;
        let policy = Box::new(policy);
        let done = self.command(Command::ActivatePolicy { policy, source, by, why, first: false }).await?;
        let mut more = json!({});
        more["version"] = self.ask(|state| state.policy().0).await?.into();
        Ok(with(done, more))
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

    /// A card status list, which is in hexadecimal, and what is to be known of it.
    async fn list(&self, list: &str, by: String) -> Result<Plan, AskError> {
        let bytes = hex::decode(list).map_err(|e| value("list", format!("must be hexadecimal: {e}")))?;
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
        let command = Command::ApplyList {
            number: list.number,
            issued: list.this_update,
            entries: list.entries,
            scope,
            issuer,
            by,
        };
        Ok(Plan { command, more: facts })
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
}

/// A temporary ID: the one that is named, or a random one.
fn temporary(person: Option<String>, until: Option<String>, by: String) -> Result<Plan, AskError> {
    let person = match person {
        Some(text) => ppid("ppid", &text)?,
        None => {
            let bytes = kazasu_engine::clock::random_bytes(16).map_err(AskError::Other)?;
            Ppid::from_bytes(bytes.try_into().expect("sixteen bytes were asked for"))
        }
    };
    let more = json!({ "ppid": person.to_string() });
    let until = until.map(|text| day("until", &text)).transpose()?;
    Ok(Plan { command: Command::IssueTemporary { ppid: person, until, by }, more })
}

/// The month's limit from what a resident declares.
fn declared(person: &str, declared: Declared, decline: Option<bool>, by: String) -> Result<Plan, AskError> {
    let person = ppid("ppid", person)?;
    let result = spendable(declared).map_err(|e| value("declaration", e))?;
    let change = LimitsChange { month: LimitChange::To(result.month), decline, ..LimitsChange::default() };
    Ok(Plan { command: Command::ChangeOwnLimits { ppid: person, change, by }, more: spendable_json(result) })
}
