//! A search, read and asked.

use super::shops::{Persons, Shops, not_by_person};
use super::view::TransactionView;
use crate::access::Name;
use crate::error::{Result, ServiceError, unfit, value};
use crate::fields::{day, moment, ppid, reason};
use crate::list::{List, MOST, Wanted};
use crate::operation::Operation;
use crate::own_shops::ShopKey;
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_core::Merchant;
use kazasu_documents::table_file::narrow;
use kazasu_ledger::record::TransactionKind;
use kazasu_projections::transactions::{Period, Search, State};
use kazasu_schemas::canonical::canonical;
use kazasu_schemas::ids::{IdError, InstitutionId, MerchantId, Stan};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_text::payments::{PaymentKind, PaymentState};
use kazasu_text::problems::{NotFoundText, ProblemText};
use kazasu_text::readings::id;
use kazasu_text::{Label, Language, Quoted, Text};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// Rows that a file takes at once.
const AT_ONCE: usize = 1_000;
/// A search without any number of a payment looks at so many business days, where it names none.
const DAYS: i32 = 31;
/// `about` is this share of the amount more or less.
const ABOUT: i64 = 10;

/// Finds payments. Every field that is given must hold; dates are business days, moments have an offset.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FindTransactions {
    /// The person who paid. Staff only, with `why`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ppid: Option<String>,
    /// DE37.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rrn: Option<String>,
    /// DE11.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stan: Option<String>,
    /// DE38.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<String>,
    /// The last four digits of the card or account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_four: Option<String>,
    /// Exactly this amount, yen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// About this amount: a tenth more or less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<i64>,
    /// At least this amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_from: Option<i64>,
    /// At most this amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_until: Option<i64>,
    /// DE41.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
    /// The shop: its ID, its acquirer and ID (`27000001/M1`), or part of its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant: Option<String>,
    /// `purchase`, `refund`, `reversal`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// `pending`, `approved`, `declined`, `partly_refunded`, `refunded` or `reversed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// From this business day or moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Until this business day or moment, itself included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Why staff ask who paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl FindTransactions {
    fn amounts(&self) -> Result<Option<(Yen, Yen)>> {
        let range = match (self.amount, self.about, self.amount_from, self.amount_until) {
            (None, None, None, None) => return Ok(None),
            (Some(exact), None, None, None) => (exact, exact),
            (None, Some(about), None, None) => (about - about / ABOUT, about.saturating_add(about / ABOUT)),
            (None, None, from, until) => (from.unwrap_or(0), until.unwrap_or(i64::MAX)),
            _ => return Err(unfit("amount", &ProblemText::OneWayOfAmount)),
        };
        if range.0 < 0 || range.0 > range.1 {
            return Err(unfit("amount", &ProblemText::AmountRange));
        }
        Ok(Some((Yen::new(range.0), Yen::new(range.1))))
    }

    /// Two business days, two moments, or one of them alone.
    fn period(&self, today: BusinessDay) -> Result<Option<Period>> {
        let (from, until) = match (&self.from, &self.until) {
            (None, None) => return Ok(None),
            (from, until) => (from.as_deref(), until.as_deref()),
        };
        let days = |field, text: Option<&str>, other| text.map_or(Ok(other), |text| day(field, text));
        let (Ok(first), Ok(last)) = (days("from", from, BusinessDay(i32::MIN / 2)), days("until", until, today)) else {
            let begin = from.map_or(Ok(kazasu_schemas::jst::Millis(0)), |text| moment("from", text))?;
            let end = match until {
                // A day ends with its last moment.
                Some(text) => match day("until", text) {
                    Ok(day) => kazasu_schemas::jst::Millis(day.next().start().0 - 1),
                    Err(_) => moment("until", text)?,
                },
                None => kazasu_schemas::jst::Millis(i64::MAX / 2),
            };
            return ordered(begin.0 <= end.0, Period::Moments(begin, end));
        };
        let last = if until.is_none() { last.max(first).next() } else { last };
        ordered(first <= last, Period::Days(first, last))
    }

    /// Does it name anything that few payments have?
    fn is_bounded(&self) -> bool {
        let named = [
            &self.ppid,
            &self.rrn,
            &self.stan,
            &self.approval,
            &self.last_four,
            &self.terminal,
            &self.merchant,
            &self.from,
            &self.until,
        ];
        named.into_iter().any(Option::is_some)
    }

    fn search(&self, today: BusinessDay) -> Result<Search> {
        let text = |field: &Option<String>| field.as_deref().map(|text| narrow(text).trim().to_owned());
        let last_four = text(&self.last_four);
        if last_four.as_ref().is_some_and(|text| text.len() != 4 || !text.bytes().all(|b| b.is_ascii_digit())) {
            return Err(unfit("last_four", &ProblemText::DigitsExactly { digits: kazasu_text::Count(4) }));
        }
        let stan = text(&self.stan).map(|text| stan(&text)).transpose()?;
        Ok(Search {
            person: self.ppid.as_deref().map(|text| ppid("ppid", text)).transpose()?,
            rrn: text(&self.rrn).map(|text| text.parse().map_err(|e| value("rrn", &e))).transpose()?,
            stan,
            approval: text(&self.approval).map(|text| text.parse().map_err(|e| value("approval", &e))).transpose()?,
            last_four,
            amount: self.amounts()?,
            terminal: text(&self.terminal).map(|text| text.parse().map_err(|e| value("terminal", &e))).transpose()?,
            merchants: None,
            kinds: self.kind.as_deref().map(kind).transpose()?.into_iter().collect(),
            state: self.state.as_deref().map(state).transpose()?,
            period: self.period(today)?,
            before: None,
            limit: 0,
        })
    }

    /// The shops of the search among those that the caller sees.
    async fn merchants(&self, services: &Services, shops: Shops) -> Result<Option<Vec<ShopKey>>> {
        let Some(text) = self.merchant.as_deref() else {
            return Ok(match shops {
                Shops::All => None,
                Shops::Only(own) => Some(own),
            });
        };
        let named = Named::of(text);
        let found = services.query(move |state| {
            let all = state.merchants();
            all.iter().filter(|one| named.is(one)).map(|one| (one.acquirer, one.id)).collect::<Vec<_>>()
        });
        let found: Vec<ShopKey> = found.await?.into_iter().filter(|key| shops.includes(key)).collect();
        if found.is_empty() {
            let id = kazasu_schemas::text::masked(text);
            return Err(crate::error::not_found(&NotFoundText::Merchant { id: &id }));
        }
        Ok(Some(found))
    }
}

fn ordered(in_order: bool, period: Period) -> Result<Option<Period>> {
    if in_order { Ok(Some(period)) } else { Err(unfit("until", &ProblemText::PeriodOrder)) }
}

/// DE11: one to six digits.
fn stan(text: &str) -> Result<Stan> {
    let digits = (1..=6).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits);
    number.map(Stan::wrapping).ok_or_else(|| unfit("stan", &ProblemText::StanDigits))
}

fn kind(text: &str) -> Result<TransactionKind> {
    let known = kazasu_projections::transactions::kinds();
    let found = known.iter().copied().find(|kind| kind.name() == text);
    found.ok_or_else(|| {
        let choices = known.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
        unfit("kind", &ProblemText::OneOfAll { choices: &choices, got: Quoted(text) })
    })
}

fn state(text: &str) -> Result<State> {
    State::ALL.into_iter().find(|state| state.name() == text).ok_or_else(|| {
        let choices = State::ALL.map(State::name).join(", ");
        unfit("state", &ProblemText::OneOfAll { choices: &choices, got: Quoted(text) })
    })
}

/// How a search names a shop.
struct Named {
    /// `ACQUIRER/MERCHANT`.
    whole: Option<(InstitutionId, MerchantId)>,
    id: Option<MerchantId>,
    /// Part of a name, in one form.
    name: String,
}

impl Named {
    fn of(text: &str) -> Named {
        let text = narrow(text);
        let whole = text
            .split_once('/')
            .and_then(|(acquirer, merchant)| Some((acquirer.trim().parse().ok()?, merchant.trim().parse().ok()?)));
        let id: std::result::Result<MerchantId, IdError> = text.trim().parse();
        Named { whole, id: id.ok(), name: canonical(&text).to_lowercase() }
    }

    fn is(&self, merchant: &Merchant) -> bool {
        if let Some(key) = self.whole {
            return key == (merchant.acquirer, merchant.id);
        }
        self.id == Some(merchant.id)
            || (!self.name.is_empty() && canonical(&merchant.name).to_lowercase().contains(&self.name))
    }
}

/// The acquirer and merchant that a text names as `ACQUIRER/MERCHANT`.
pub(crate) fn shop(text: &str) -> Result<ShopKey> {
    let (acquirer, merchant) = text.split_once('/').ok_or_else(|| unfit("merchant", &ProblemText::ShopForm))?;
    let acquirer = acquirer.parse().map_err(|e: IdError| unfit("merchant", &id(&e)))?;
    let merchant = merchant.parse().map_err(|e: IdError| unfit("merchant", &id(&e)))?;
    Ok((acquirer, merchant))
}

impl Operation for FindTransactions {
    const NAME: Name = Name::FindTransactions;
    type Answer = Vec<TransactionView>;

    fn subject(&self) -> Subject {
        Subject::residents(self.ppid.clone()).because(self.why.as_deref())
    }

    fn seen(answer: &Self::Answer) -> Vec<String> {
        let mut seen: Vec<String> = answer.iter().filter_map(|one| one.ppid.clone()).collect();
        seen.sort_unstable();
        seen.dedup();
        seen
    }

    /// The newest payments, as many as a page may have: all of them may be millions.
    async fn carry_out(self, services: &Services, who: &Who) -> Result<Vec<TransactionView>> {
        self.rows(services, who, Wanted { after: None, until: None, most: usize::from(MOST) }).await
    }
}

impl List for FindTransactions {
    type Item = TransactionView;
    type Key = Reverse<u64>;

    const AT_ONCE: usize = AT_ONCE;

    fn key(row: &TransactionView) -> Reverse<u64> {
        Reverse(row.record)
    }

    fn since(&self, services: &Services) -> Option<String> {
        (!self.is_bounded()).then(|| first_day(services.now().jst_day()).to_string())
    }

    fn words(field: &str, code: &str, language: Language) -> Option<String> {
        match field {
            "kind" => PaymentKind::of(code).map(|kind| kind.in_language(language).into_owned()),
            "state" => PaymentState::of(code).map(|state| state.in_language(language).into_owned()),
            _ => None,
        }
    }

    /// From the index, the newest first.
    async fn rows(self, services: &Services, who: &Who, wanted: Wanted<Reverse<u64>>) -> Result<Vec<TransactionView>> {
        let why = self.why.as_deref().map(|why| reason("why", why)).transpose()?;
        let persons = Persons::of(who, why.as_deref());
        if self.ppid.is_some() && persons == Persons::Hidden {
            return Err(not_by_person(who));
        }
        let today = services.now().jst_day();
        let mut search = self.search(today)?;
        let shops = Shops::of(services, who).await?;
        search.merchants = self.merchants(services, shops).await?;
        if !self.is_bounded() {
            search.period = Some(Period::Days(first_day(today), today.next()));
        }
        search.before = wanted.after.map(|Reverse(record)| record);
        search.limit = u16::try_from(wanted.most).unwrap_or(u16::MAX);
        let page = services.closing_context()?.transactions.find(search).await.map_err(ServiceError::Other)?;
        Ok(page.found.iter().map(|one| TransactionView::of(one, persons)).collect())
    }
}

/// The first business day of a search that has no other bound.
fn first_day(today: BusinessDay) -> BusinessDay {
    BusinessDay(today.0 - DAYS)
}
