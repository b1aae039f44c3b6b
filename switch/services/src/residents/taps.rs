//! A resident's last taps with plain reasons, for a resident who calls because a card was refused.

use crate::access::Name;
use crate::error::{Result, ServiceError, not_found, unfit};
use crate::fields::ppid;
use crate::operation::Operation;
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_ledger::record::{Beyond, LimitOf, Silence};
use kazasu_projections::statements::{Line, LineKind, Refused, TurnedDown};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::Window;
use kazasu_text::problems::{NotFoundText, ProblemText};
use kazasu_text::residents::{StatementKind, TapText};
use kazasu_text::responses::ResponseMeaning;
use kazasu_text::{Count, Label, Language, Text};
use serde::{Deserialize, Serialize};

/// Shows the last taps of a resident: what was paid, and why other taps came to nothing.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowTaps {
    /// The person.
    pub ppid: String,
    /// How many taps, 1 to 100; twenty when absent.
    #[serde(default)]
    pub last: Option<u32>,
    /// The reason for the look, which the security log keeps.
    #[serde(default)]
    pub why: Option<String>,
}

/// A tap, in words for the resident.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TapShown {
    /// Its record.
    pub record: u64,
    /// When.
    pub at: String,
    /// The merchant's name.
    pub name: String,
    /// Yen that were asked for.
    pub amount_yen: i64,
    /// It came to something.
    pub approved: bool,
    /// What came of it, in words.
    pub told: String,
    /// The same in Japanese.
    pub told_ja: String,
    /// Of a limit in yen: the limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_yen: Option<i64>,
    /// What was left of it before the tap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_yen: Option<i64>,
}

const AS_USUAL: u32 = 20;
const MOST: u32 = 100;
/// Days in which taps are looked for: those of which something can be given back, and more.
const DAYS: i32 = 92;

impl Operation for ShowTaps {
    const NAME: Name = Name::ShowTaps;
    type Answer = Vec<TapShown>;

    fn subject(&self) -> Subject {
        Subject::resident(&self.ppid).because(self.why.as_deref())
    }

    async fn carry_out(self, services: &Services, _: &Who) -> Result<Vec<TapShown>> {
        let person = ppid("ppid", &self.ppid)?;
        let last = self.last.unwrap_or(AS_USUAL);
        if !(1..=MOST).contains(&last) {
            let (most, got) = (MOST.into(), last.into());
            return Err(unfit("last", &ProblemText::Range { least: 1, most, got }));
        }
        let today = services.now().jst_day();
        let known = services.query(move |state| state.resident(&person, today).is_some()).await?;
        if !known {
            return Err(not_found(&NotFoundText::Person { ppid: &person.to_string() }));
        }
        let statements = &services.closing_context()?.statements;
        // A business day may begin a day early.
        let (from, until) = (BusinessDay(today.0 - DAYS), BusinessDay(today.0 + 1));
        let paid = statements.lines(person, from, until).await.map_err(ServiceError::Other)?;
        let refused = statements.refused(person, last).await.map_err(ServiceError::Other)?;
        let refused = refused.iter().filter(|tap| tap.at >= from.start()).map(TapShown::from);
        let mut all: Vec<TapShown> = paid.iter().map(TapShown::from).chain(refused).collect();
        all.sort_by_key(|tap| std::cmp::Reverse(tap.record));
        all.truncate(usize::try_from(last).unwrap_or(usize::MAX));
        Ok(all)
    }
}

fn words(text: &impl Text) -> (String, String) {
    let of = |language| text.in_language(language).into_owned();
    (of(Language::English), of(Language::Japanese))
}

impl From<&Line> for TapShown {
    fn from(line: &Line) -> Self {
        let kind = match line.kind {
            LineKind::Refund => StatementKind::Refund,
            LineKind::Reversal => StatementKind::Reversal,
            LineKind::Authorization => StatementKind::Authorization,
            LineKind::Completion => StatementKind::Completion,
            LineKind::Payment => StatementKind::Payment,
        };
        let (told, told_ja) = words(&kind);
        TapShown {
            record: line.seq,
            at: line.at.jst_text(),
            name: line.merchant.clone(),
            amount_yen: line.amount.get(),
            approved: true,
            told,
            told_ja,
            limit_yen: None,
            left_yen: None,
        }
    }
}

impl From<&Refused> for TapShown {
    fn from(tap: &Refused) -> Self {
        let ((told, told_ja), beyond) = match tap.why {
            TurnedDown::Refused(refusal, None) => (words(&refusal), None),
            TurnedDown::Refused(_, Some(beyond)) => (words(&above(beyond, tap.amount)), Some(beyond)),
            TurnedDown::Declined(code) => {
                let meaning = ResponseMeaning::of(code.as_str()).unwrap_or(ResponseMeaning::Other);
                (words(&TapText::Declined { meaning, code }), None)
            }
            TurnedDown::Silent(Silence::NotSent | Silence::Unmakeable) => (words(&TapText::IssuerNotReached), None),
            TurnedDown::Silent(Silence::TimedOut | Silence::Restarted | Silence::Unfit) => {
                (words(&TapText::IssuerDidNotAnswer), None)
            }
        };
        let yen = |of: fn(&Beyond) -> LimitOf| match beyond.as_ref().map(of) {
            Some(LimitOf::Yen(yen)) => Some(yen.get()),
            Some(LimitOf::Taps(_)) | None => None,
        };
        TapShown {
            record: tap.seq,
            at: tap.at.jst_text(),
            name: tap.merchant.clone(),
            amount_yen: tap.amount.get(),
            approved: false,
            told,
            told_ja,
            limit_yen: yen(|beyond| beyond.most),
            left_yen: yen(|beyond| beyond.left),
        }
    }
}

/// Which limit, and what was left of it.
fn above(beyond: Beyond, amount: Yen) -> TapText {
    let Beyond { limit, window, most, left } = beyond;
    let (most, left) = match (most, left) {
        (LimitOf::Yen(most), LimitOf::Yen(left)) => (most, left),
        (LimitOf::Taps(most), _) | (LimitOf::Yen(_), LimitOf::Taps(most)) => {
            let most = Count(u64::from(most));
            return match window {
                Window::Tap | Window::Day => TapText::DayTaps { most },
                Window::Month => TapText::MonthTaps { most },
                Window::Days(days) => TapText::DaysTaps { days: Count(u64::from(days)), most },
            };
        }
    };
    match (limit, window) {
        (None, Window::Tap) => TapText::OwnTap { most, amount },
        (None, Window::Day | Window::Days(_)) => TapText::OwnDay { most, left, amount },
        (None, Window::Month) => TapText::OwnMonth { most, left, amount },
        (Some(_), Window::Tap) => TapText::RuleTap { most, amount },
        (Some(_), Window::Day) => TapText::RuleDay { most, left, amount },
        (Some(_), Window::Month) => TapText::RuleMonth { most, left, amount },
        (Some(_), Window::Days(days)) => TapText::RuleDays { days: Count(u64::from(days)), most, left, amount },
    }
}
