//! The work of operators: notices, offline payments that wait, the clock.

use crate::access::Name;
use crate::error::{Result, unfit};
use crate::fields::{day, reason};
use crate::operation::{Operation, Recorded};
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_core::{Command, Owed};
use kazasu_text::Quoted;
use kazasu_text::problems::ProblemText;
use serde::{Deserialize, Serialize};

/// Notices that are owed; those that were dead-lettered say why.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListNotices {}

/// A notice that is owed to a person.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
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
    /// The reason why it is dead-lettered; absent while it is tried.
    pub dead_lettered: Option<DeadLettered>,
}

/// The reason why a notice is dead-lettered.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DeadLettered {
    /// The number of attempts.
    pub attempts: u32,
    /// The last problem.
    pub problem: String,
}

impl Operation for ListNotices {
    const NAME: Name = Name::ListNotices;
    type Answer = Vec<NoticeView>;

    fn seen(answer: &Self::Answer) -> Vec<String> {
        answer.iter().map(|notice| notice.ppid.clone()).collect()
    }

    async fn carry_out(self, services: &Services, _: &Who) -> Result<Vec<NoticeView>> {
        let all = services.query(|state| state.notices().map(|(k, o)| (k, o.clone())).collect::<Vec<(u64, Owed)>>());
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
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryNotice {
    /// Its number, like 123-0.
    pub notice: String,
}

/// The number of a notice, which is shown as its record's number and its place there.
fn notice_key(text: &str) -> Result<u64> {
    let wrong = || unfit("notice", &ProblemText::NoticeNumber { got: Quoted(text) });
    let (seq, nth) = text.split_once('-').ok_or_else(wrong)?;
    let seq = seq.parse::<u64>().ok().filter(|n| *n < u64::MAX / 32).ok_or_else(wrong)?;
    let nth = nth.parse::<u64>().ok().filter(|n| *n < 16).ok_or_else(wrong)?;
    Ok(seq * 16 + nth)
}

impl Operation for RetryNotice {
    const NAME: Name = Name::RetryNotice;
    type Answer = Recorded;

    fn subject(&self) -> Subject {
        Subject::named("notice", &self.notice)
    }

    async fn carry_out(self, services: &Services, _: &Who) -> Result<Recorded> {
        Ok(services.command(Command::RetryNotice { notice: notice_key(&self.notice)? }).await?.into())
    }
}

/// Offline payments above their floor limit that wait for a person.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListAdvices {}

/// An offline payment that waits for a person.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
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
    /// The part of it that the person's means do not cover.
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
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideAdvice {
    /// Its record.
    pub record: u64,
    /// Accept it.
    pub accept: bool,
    /// The reason, which the record keeps.
    pub why: String,
}

impl Operation for DecideAdvice {
    const NAME: Name = Name::DecideAdvice;
    type Answer = Recorded;

    fn subject(&self) -> Subject {
        Subject::numbered("record", self.record).because(Some(&self.why))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let DecideAdvice { record, accept, why } = self;
        let said = who.says(reason("why", &why)?);
        Ok(services.command_of(who, Command::DecideAdvice { record, accept, said }).await?.into())
    }
}

/// The wall clock is right: it is this day.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmClock {
    /// The day.
    pub day: String,
    /// The reason, which the record keeps.
    pub why: String,
}

impl Operation for ConfirmClock {
    const NAME: Name = Name::ConfirmClock;
    type Answer = Recorded;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let (day, said) = (day("day", &self.day)?, who.says(reason("why", &self.why)?));
        Ok(services.command(Command::ConfirmClock { day, clock: None, said }).await?.into())
    }
}
