//! Corrections of payments by staff, for merchants that cannot use their terminal: refund, reduction and write-off. One person of
//! finance asks for it and another decides.

use crate::access::Name;
use crate::approvals::{Request, bearer, paid_by};
use crate::error::{Result, ServiceError, not_found, unfit};
use crate::fields::reason;
use crate::operation::{Operation, Requested};
use crate::own_shops::own_shops;
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_core::{CorrectionRefusal, PaymentView, Rejected};
use kazasu_engine::CommandError;
use kazasu_ledger::record::{Correction, CorrectionKind, Proposal};
use kazasu_schemas::identity::Role;
use kazasu_schemas::money::Yen;
use kazasu_text::problems::{NotFoundText, ProblemText};
use serde::{Deserialize, Serialize};

/// Requests approval of a refund: the merchant gives back, as with a refund of its terminal. A merchant's own people may ask, too.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundPayment {
    /// The payment's record.
    pub payment: u64,
    /// Yen; all that is left when absent.
    #[serde(default)]
    pub amount: Option<i64>,
    /// The reason, which the record keeps.
    pub why: String,
}

/// Requests approval of a reduction: the amount was wrong, and the merchant gives back what was too much.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReducePayment {
    /// The payment's record.
    pub payment: u64,
    /// Yen that are right: what is left of the payment afterwards.
    pub right: i64,
    /// The reason, which the record keeps.
    pub why: String,
}

/// Requests approval of a write-off: the resident gets it back, and the operator bears it.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteOffPayment {
    /// The payment's record.
    pub payment: u64,
    /// Yen; all that is left when absent.
    #[serde(default)]
    pub amount: Option<i64>,
    /// The reason, which the record keeps.
    pub why: String,
}

/// A correction that waits for another person.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CorrectionRequested {
    /// The request.
    #[serde(flatten)]
    pub requested: Requested,
    /// The payment's record: of a payment in two messages, what completed it.
    pub payment: u64,
    /// Yen that are given back when it is approved.
    pub yen: i64,
    /// Yen that can be given back until then.
    pub left_yen: i64,
    /// Yen that can still be given back afterwards.
    pub left_after_yen: i64,
    /// Who bears it: `merchant` or `operator`.
    pub borne_by: String,
    /// The resident.
    pub ppid: Option<String>,
}

/// A correction as it is asked for.
struct Asking {
    payment: u64,
    kind: CorrectionKind,
    why: String,
}

impl Services {
    /// Asks another person to approve a correction. `amount` says how much of what is left is given back.
    async fn request_correction(
        &self,
        asking: Asking,
        who: &Who,
        amount: impl Fn(Yen) -> Result<Yen> + Send,
    ) -> Result<CorrectionRequested> {
        let Asking { payment, kind, why } = asking;
        let why = reason("why", &why)?;
        let staff = STAFF.iter().any(|role| who.has(*role));
        if !staff {
            self.is_own_payment(payment, who).await?;
        }
        let found = self.query(move |state| state.correctable(payment).map(|()| state.payment(payment))).await?;
        let Some(found) = found.map_err(refused)? else {
            return Err(refused(CorrectionRefusal::NotPayment(payment).into()));
        };
        let (payment, left) = (found.record, found.left);
        let amount = amount(left)?;
        let correction = Correction { payment, kind, amount, left };
        let proposal = Proposal::Correction(Box::new(correction));
        let requested = self.request_approval(Request::plain(proposal, who, why), who).await?;
        let (yen, left_yen, borne_by) = (amount.get(), left.get(), bearer(kind).to_owned());
        let left_after_yen = left_yen - yen;
        // A merchant's people do not learn who paid.
        let ppid = found.ppid.filter(|_| staff).map(|ppid| ppid.to_string());
        Ok(CorrectionRequested { requested, payment, yen, left_yen, left_after_yen, borne_by, ppid })
    }
}

/// Staff who correct any shop's payments.
const STAFF: [Role; 2] = [Role::FinanceStaff, Role::FinanceApprover];

impl Services {
    /// A merchant's people ask for refunds of their own shops' payments. Another shop's is as unknown to them as one that is not there.
    async fn is_own_payment(&self, payment: u64, who: &Who) -> Result<()> {
        let shops = own_shops(self, who, &[Role::MerchantOwner, Role::MerchantStaff]).await?;
        let own = self.query(move |state| {
            let found = state.payment(payment);
            found.is_some_and(|found| shops.contains(&(found.acquirer, found.merchant)))
        });
        if own.await? { Ok(()) } else { Err(refused(CorrectionRefusal::NotPayment(payment).into())) }
    }
}

fn refused(why: Rejected) -> ServiceError {
    ServiceError::Command(CommandError::Rejected(why))
}

/// This much, or all that is left.
fn so_much(amount: Option<i64>) -> impl Fn(Yen) -> Result<Yen> + Send {
    move |left| Ok(amount.map_or(left, Yen::new))
}

/// The subject of a correction.
fn about(payment: u64, why: &str) -> Subject {
    Subject::numbered("record", payment).because(Some(why))
}

impl Operation for RefundPayment {
    const NAME: Name = Name::RefundPayment;
    type Answer = CorrectionRequested;

    fn subject(&self) -> Subject {
        about(self.payment, &self.why)
    }

    fn seen(answer: &Self::Answer) -> Vec<String> {
        answer.ppid.iter().cloned().collect()
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Self::Answer> {
        let RefundPayment { payment, amount, why } = self;
        let asking = Asking { payment, kind: CorrectionKind::Refund, why };
        services.request_correction(asking, who, so_much(amount)).await
    }
}

impl Operation for ReducePayment {
    const NAME: Name = Name::ReducePayment;
    type Answer = CorrectionRequested;

    fn subject(&self) -> Subject {
        about(self.payment, &self.why)
    }

    fn seen(answer: &Self::Answer) -> Vec<String> {
        answer.ppid.iter().cloned().collect()
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Self::Answer> {
        let ReducePayment { payment, right, why } = self;
        let asking = Asking { payment, kind: CorrectionKind::Reduction, why };
        let amount = move |left: Yen| match left.get().checked_sub(right) {
            Some(back) if (0..left.get()).contains(&right) => Ok(Yen::new(back)),
            _ => Err(unfit("right", &ProblemText::RightAmount { left, got: Yen::new(right) })),
        };
        services.request_correction(asking, who, amount).await
    }
}

impl Operation for WriteOffPayment {
    const NAME: Name = Name::WriteOffPayment;
    type Answer = CorrectionRequested;

    fn subject(&self) -> Subject {
        about(self.payment, &self.why)
    }

    fn seen(answer: &Self::Answer) -> Vec<String> {
        answer.ppid.iter().cloned().collect()
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Self::Answer> {
        let WriteOffPayment { payment, amount, why } = self;
        let asking = Asking { payment, kind: CorrectionKind::WriteOff, why };
        services.request_correction(asking, who, so_much(amount)).await
    }
}

/// Shows a payment: what paid it, what was given back of it, and what is left.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowPayment {
    /// Its record.
    pub payment: u64,
    /// The reason for the look, which the security log keeps.
    #[serde(default)]
    pub why: Option<String>,
}

/// A payment, with what can be given back of it.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PaymentShown {
    /// Its record: of a payment in two messages, what completed it.
    pub payment: u64,
    /// When it was paid.
    pub at: String,
    /// Its business day.
    pub day: String,
    /// The merchant, with its acquirer.
    pub merchant: String,
    /// The merchant's name.
    pub name: String,
    /// DE41.
    pub terminal: String,
    /// DE37.
    pub rrn: String,
    /// The resident.
    pub ppid: Option<String>,
    /// Yen that were asked for.
    pub amount_yen: i64,
    /// What paid it.
    pub parts: Vec<PartShown>,
    /// Yen that were given back, refunds that wait for an issuer included.
    pub refunded_yen: i64,
    /// Yen that can be given back.
    pub left_yen: i64,
    /// The correction that waits for another person, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<u64>,
}

/// A part of a payment.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PartShown {
    /// `purse_N` or `points_N` of programme N, `on_us`, `issuer_N`, `acquirer_claim` or `lost`.
    pub paid_by: String,
    /// Yen that it paid.
    pub paid_yen: i64,
    /// Yen that were given back of it.
    pub refunded_yen: i64,
}

impl From<(PaymentView, Option<u64>)> for PaymentShown {
    fn from((payment, approval): (PaymentView, Option<u64>)) -> Self {
        let part = |part: &kazasu_core::PaidPart| PartShown {
            paid_by: paid_by(part.by),
            paid_yen: part.paid.get(),
            refunded_yen: part.given_back.get(),
        };
        PaymentShown {
            payment: payment.record,
            at: payment.at.jst_text(),
            day: payment.day.to_string(),
            merchant: format!("{}/{}", payment.acquirer, payment.merchant),
            name: payment.name,
            terminal: payment.terminal.to_string(),
            rrn: payment.rrn.to_string(),
            ppid: payment.ppid.map(|ppid| ppid.to_string()),
            amount_yen: payment.amount.get(),
            refunded_yen: payment.parts.iter().map(|part| part.given_back.get()).sum(),
            parts: payment.parts.iter().map(part).collect(),
            left_yen: payment.left.get(),
            approval,
        }
    }
}

impl Operation for ShowPayment {
    const NAME: Name = Name::ShowPayment;
    type Answer = PaymentShown;

    fn subject(&self) -> Subject {
        Subject::numbered("record", self.payment).because(self.why.as_deref())
    }

    fn seen(answer: &PaymentShown) -> Vec<String> {
        answer.ppid.iter().cloned().collect()
    }

    async fn carry_out(self, services: &Services, _: &Who) -> Result<PaymentShown> {
        let record = self.payment;
        let found = services.query(move |state| {
            let payment = state.payment(record)?;
            let about = |proposal: &Proposal| {
                matches!(proposal, Proposal::Correction(asked) if asked.payment == payment.record)
            };
            let waits = state.approval_about(about).map(|open| open.number);
            Some((payment, waits))
        });
        let found = found.await?.ok_or_else(|| not_found(&NotFoundText::PostedPayment { record }))?;
        Ok(PaymentShown::from(found))
    }
}
