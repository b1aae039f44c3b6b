//! The work of operators: keys of sealed numbers, notices, offline payments that wait, the clock.

use crate::access::Name;
use crate::error::{Result, ServiceError, value};
use crate::fields::{day, reason};
use crate::operation::{Operation, Recorded};
use crate::{Services, Who};
use kazasu_core::{Command, Owed};
use kazasu_engine::CommandError;
use kazasu_ledger::record::Instrument;
use serde::{Deserialize, Serialize};

/// Seals every card number again that is not sealed under the current key.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotateSeals {}

/// What sealing again came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SealsRotated {
    /// `done`, or what has to be decided before older keys can go.
    pub result: String,
    /// Numbers that were sealed again.
    pub resealed: u64,
    /// The current key's version.
    pub key_version: u8,
    /// People whose proposed instrument is sealed under an older key.
    pub open_proposals: Vec<String>,
    /// Relief batches whose accounts are sealed under an older key.
    pub relief_batches: Vec<u32>,
}

impl Operation for RotateSeals {
    const NAME: Name = Name::RotateSeals;
    type Answer = SealsRotated;

    async fn carry_out(self, services: &Services, _: &Who) -> Result<SealsRotated> {
        let current = services.imports.vault.current();
        // Looked at first: what is proposed while numbers are sealed again is sealed under the current key.
        let open_proposals = services.proposals_sealed_otherwise(current).await?;
        let resealed = services.seal_again(current).await?;
        // A proposal is sealed as it was made: it must be decided before the older key can go.
        let relief_batches = services.query(move |state| state.relief_sealed_otherwise(current)).await?;
        let result = match (open_proposals.is_empty(), relief_batches.is_empty()) {
            (true, true) => "done",
            (false, _) => "proposals to be decided first",
            // Accounts of payees are sealed once, for one transfer file: they are needed until that is done.
            (true, false) => "relief batches to be reported or cancelled first",
        };
        Ok(SealsRotated { result: result.to_owned(), resealed, key_version: current, open_proposals, relief_batches })
    }
}

impl Services {
    async fn proposals_sealed_otherwise(&self, current: u8) -> Result<Vec<String>> {
        let people = self.query(move |state| {
            let cards = state.broken_links().filter_map(|(person, broken)| match &broken.proposal.as_ref()?.0 {
                Instrument::CreditCard(card) | Instrument::DebitCard(card) => Some((person, card.pan.first().copied())),
                Instrument::BankAccount(_) | Instrument::Deposit(_) => None,
            });
            let others = cards.filter(|(_, version)| *version != Some(current));
            others.map(|(person, _)| person.to_string()).collect::<Vec<_>>()
        });
        people.await
    }

    /// Seals card numbers again that are sealed under an older key, a few thousand at a time. Gives how many.
    async fn seal_again(&self, current: u8) -> Result<u64> {
        const AT_ONCE: usize = 4_096;
        let engine = self.engine()?;
        let vault = &self.imports.vault;
        let (mut resealed, mut from) = (0_u64, Some(0));
        while let Some(at) = from {
            let (numbers, next) = self.query(move |state| state.sealed_numbers(at, AT_ONCE)).await?;
            from = next;
            let mut answers = Vec::new();
            for (person, version, sealed) in numbers.into_iter().filter(|(.., pan)| pan.first() != Some(&current)) {
                let pan = vault.open(&sealed, &person).and_then(|pan| vault.seal(&pan, &person));
                let wrong = |e| ServiceError::Other(anyhow::anyhow!("link version {version} of {person}: {e}"));
                let pan = pan.map_err(wrong)?;
                answers.push(engine.command_later(Command::Reseal { ppid: person, version, pan }));
            }
            for answer in answers {
                answer.await.map_err(|_| ServiceError::Command(CommandError::Stopping))??;
                resealed += 1;
            }
        }
        Ok(resealed)
    }
}

/// Notices that are owed; those that were dead-lettered say why.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListNotices {}

/// A notice that is owed to a person.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NoticeView {
    /// Its number: its record's number and its place there.
    pub notice: String,
    /// The person.
    pub ppid: String,
    /// Percent of the limit that were reached.
    pub percent: u16,
    /// The month.
    pub month: String,
    /// Yen that count.
    pub used_yen: i64,
    /// The limit.
    pub limit_yen: i64,
    /// When it came to be owed.
    pub at: String,
    /// Why it is not tried any more.
    pub dead_lettered: Option<DeadLettered>,
}

/// Why a notice is not tried any more.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeadLettered {
    /// How often it was tried.
    pub attempts: u32,
    /// What went wrong last.
    pub problem: String,
}

/// Notices in one answer.
const MOST_NOTICES: usize = 10_000;

impl Operation for ListNotices {
    const NAME: Name = Name::ListNotices;
    type Answer = Vec<NoticeView>;

    async fn carry_out(self, services: &Services, _: &Who) -> Result<Vec<NoticeView>> {
        let all = services.query(|state| {
            state.notices().take(MOST_NOTICES).map(|(k, o)| (k, o.clone())).collect::<Vec<(u64, Owed)>>()
        });
        let line = |(key, owed): &(u64, Owed)| NoticeView {
            notice: format!("{}-{}", key / 16, key % 16),
            ppid: owed.ppid.to_string(),
            percent: owed.percent.into(),
            month: owed.counted.to_string().get(..7).unwrap_or_default().to_owned(),
            used_yen: owed.used.get(),
            limit_yen: owed.limit.get(),
            at: owed.at.jst_text(),
            dead_lettered: owed
                .dead
                .as_ref()
                .map(|(attempts, problem)| DeadLettered { attempts: *attempts, problem: problem.clone() }),
        };
        Ok(all.await?.iter().map(line).collect())
    }
}

/// Tries a dead-lettered notice again.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetryNotice {
    /// Its number, like 123-0.
    pub notice: String,
}

/// The number of a notice, which is shown as its record's number and its place there.
fn notice_key(text: &str) -> Result<u64> {
    let wrong = || value("notice", format!("must be two numbers like 123-0, got {text:?}"));
    let (seq, nth) = text.split_once('-').ok_or_else(wrong)?;
    let seq = seq.parse::<u64>().ok().filter(|n| *n < u64::MAX / 32).ok_or_else(wrong)?;
    let nth = nth.parse::<u64>().ok().filter(|n| *n < 16).ok_or_else(wrong)?;
    Ok(seq * 16 + nth)
}

impl Operation for RetryNotice {
    const NAME: Name = Name::RetryNotice;
    type Answer = Recorded;

    async fn carry_out(self, services: &Services, _: &Who) -> Result<Recorded> {
        Ok(services.command(Command::RetryNotice { notice: notice_key(&self.notice)? }).await?.into())
    }
}

/// Offline payments above their floor limit that wait for a person.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListAdvices {}

/// An offline payment that waits for a person.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AdviceView {
    /// Its record.
    pub record: u64,
    /// When it came.
    pub at: String,
    /// The acquirer.
    pub acquirer: String,
    /// The merchant.
    pub merchant: String,
    /// The class of its terminal.
    pub class: String,
    /// The terminal.
    pub terminal: String,
    /// Its amount.
    pub yen: i64,
    /// What of it the person's means do not cover.
    pub uncovered_yen: i64,
    /// The floor limit.
    pub floor_yen: i64,
}

impl Operation for ListAdvices {
    const NAME: Name = Name::ListAdvices;
    type Answer = Vec<AdviceView>;

    async fn carry_out(self, services: &Services, _: &Who) -> Result<Vec<AdviceView>> {
        let advices = services.query(|state| state.waiting_advices()).await?;
        let line = |a: kazasu_core::WaitingAdvice| {
            let (acquirer, merchant, class) = a.merchant;
            AdviceView {
                record: a.record,
                at: a.at.jst_text(),
                acquirer,
                merchant,
                class,
                terminal: a.terminal,
                yen: a.amount.get(),
                uncovered_yen: a.uncovered.get(),
                floor_yen: a.floor.get(),
            }
        };
        Ok(advices.into_iter().map(line).collect())
    }
}

/// Accepts an offline payment above its floor limit, or refuses it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecideAdvice {
    /// Its record.
    pub record: u64,
    /// Accept it.
    pub accept: bool,
    /// Why.
    pub why: String,
}

impl Operation for DecideAdvice {
    const NAME: Name = Name::DecideAdvice;
    type Answer = Recorded;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let DecideAdvice { record, accept, why } = self;
        let (by, why) = (who.name.clone(), reason("why", &why)?);
        Ok(services.command(Command::DecideAdvice { record, accept, by, why }).await?.into())
    }
}

/// The wall clock is right: it is this day.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmClock {
    /// The day.
    pub day: String,
    /// Why.
    pub why: String,
}

impl Operation for ConfirmClock {
    const NAME: Name = Name::ConfirmClock;
    type Answer = Recorded;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let (day, why) = (day("day", &self.day)?, reason("why", &self.why)?);
        Ok(services.command(Command::ConfirmClock { day, clock: None, by: who.name.clone(), why }).await?.into())
    }
}
