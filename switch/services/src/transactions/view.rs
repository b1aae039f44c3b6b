//! A payment as callers may see it.

use super::shops::{Persons, Shops};
use crate::access::Name;
use crate::error::{Result, ServiceError, not_found};
use crate::fields::reason;
use crate::operation::Operation;
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_ledger::record::TransactionKind;
use kazasu_projections::transactions::{Found, State};
use kazasu_text::problems::NotFoundText;
use serde::{Deserialize, Serialize};

/// A message of a terminal. Yen that went to the merchant are above zero, yen that came back below.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TransactionView {
    /// Its record in the journal.
    pub record: u64,
    /// When it was decided.
    pub at: String,
    /// The business day.
    pub day: String,
    /// The merchant's acquirer, DE32.
    pub acquirer: String,
    /// The merchant, DE42.
    pub merchant: String,
    /// The merchant's name at that time.
    pub name: String,
    /// DE41.
    pub terminal: String,
    /// DE11.
    pub stan: String,
    /// DE37.
    pub rrn: String,
    /// DE38.
    pub approval: Option<String>,
    /// What was asked for: `purchase`, `refund`, `reversal`, …
    pub kind: String,
    /// `pending`, `approved`, `declined`, `partly_refunded`, `refunded` or `reversed`.
    pub state: String,
    /// DE4, yen.
    pub amount_yen: i64,
    /// Yen that moved.
    pub moved_yen: i64,
    /// Yen of it that were reversed.
    pub reversed_yen: i64,
    /// Yen of it that were refunded.
    pub refunded_yen: i64,
    /// Yen of a payment that still can be refunded.
    pub left_yen: i64,
    /// The record that it completes, refunds or reverses.
    pub original: Option<u64>,
    /// `credit`, `debit`, `bank` or `on_us`: what was linked.
    pub instrument: Option<String>,
    /// The last four digits of the card's or account's number.
    pub last_four: Option<String>,
    /// The PPID; only for staff who say why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ppid: Option<String>,
    /// The switch's reason for a refusal.
    pub refusal: Option<String>,
    /// DE39 as the issuer answered, or as the switch refused.
    pub response: Option<String>,
}

impl TransactionView {
    /// The view of a row; with the person, where the caller may see who paid.
    pub(super) fn of(found: &Found, persons: Persons) -> Self {
        let is_payment = matches!(
            found.kind,
            TransactionKind::Purchase | TransactionKind::Completion | TransactionKind::PurchaseAdvice
        );
        let left = found.moved.get() - found.reversed.get() - found.refunded.get();
        let left = if is_payment && found.state != State::Pending { left.max(0) } else { 0 };
        let response = found.issuer_code.or(found.refusal.map(|why| why.code()));
        TransactionView {
            record: found.record,
            at: found.at.jst_text(),
            day: found.day.to_string(),
            acquirer: found.acquirer.to_string(),
            merchant: found.merchant.to_string(),
            name: found.name.clone(),
            terminal: found.terminal.to_string(),
            stan: format!("{:06}", found.stan.get()),
            rrn: found.rrn.to_string(),
            approval: found.approval.map(|code| code.to_string()),
            kind: found.kind.name().to_owned(),
            state: found.state.name().to_owned(),
            amount_yen: found.amount.get(),
            moved_yen: found.moved.get(),
            reversed_yen: found.reversed.get(),
            refunded_yen: found.refunded.get(),
            left_yen: left,
            original: found.original,
            instrument: found.instrument.clone(),
            last_four: found.last_four.clone(),
            ppid: found.person.filter(|_| persons == Persons::Shown).map(|ppid| ppid.to_string()),
            refusal: found.refusal.map(|why| why.name().to_owned()),
            response: response.map(|code| code.to_string()),
        }
    }
}

/// A payment and what refunds, reverses or completes it, in their order.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowTransaction {
    /// Its record.
    pub record: u64,
    /// Why staff ask who paid.
    #[serde(default)]
    pub why: Option<String>,
}

impl Operation for ShowTransaction {
    const NAME: Name = Name::ShowTransaction;
    type Answer = Vec<TransactionView>;

    fn subject(&self) -> Subject {
        Subject::numbered("record", self.record).because(self.why.as_deref())
    }

    fn seen(answer: &Self::Answer) -> Vec<String> {
        answer.iter().filter_map(|one| one.ppid.clone()).collect()
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Self::Answer> {
        let ShowTransaction { record, why } = self;
        why.as_deref().map(|why| reason("why", why)).transpose()?;
        let shops = Shops::of(services, who).await?;
        let story = services.closing_context()?.transactions.story(record).await.map_err(ServiceError::Other)?;
        // Another merchant's payment is told as one that is not there.
        if !story.first().is_some_and(|first| shops.have(first)) {
            return Err(not_found(&NotFoundText::NoTap { record }));
        }
        let persons = Persons::of(who, why.as_deref());
        Ok(story.iter().filter(|one| shops.have(one)).map(|one| TransactionView::of(one, persons)).collect())
    }
}
