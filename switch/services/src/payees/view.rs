//! Payees' accounts, masked for everybody, and in full for finance staff who say why.

use super::account::{kind_name, masked, opened, payee_named};
use super::call::{CallShown, call_shown};
use super::change::is_about;
use crate::access::Name;
use crate::error::{Result, not_found};
use crate::operation::Operation;
use crate::own_shops::own_shops;
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_core::PayeeView;
use kazasu_ledger::record::{CarriedChange, Payee, PayeeChange, Proposal};
use kazasu_schemas::identity::{Role, Scope};
use kazasu_schemas::relief::PayeeAccount;
use kazasu_text::problems::NotFoundText;
use serde::{Deserialize, Serialize};

/// Payees' accounts with only their last digits. A merchant's people see those of their own shops.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPayees {
    /// Only this one: `ACQUIRER/MERCHANT`, or `fund/PROGRAMME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payee: Option<String>,
}

/// A payee's account, masked.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PayeeShown {
    /// The payee.
    pub payee: String,
    /// A merchant's name.
    pub name: String,
    /// Bank, branch, kind and the last digits; absent where the account ended, or cannot be opened.
    pub account: Option<String>,
    /// The holder, as the bank writes it.
    pub holder: Option<String>,
    /// The record that set it.
    pub record: u64,
    /// When.
    pub at: String,
    /// Who asked for it.
    pub by: String,
    /// The request that waits, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<u64>,
}

/// Roles that see every payee's account.
const ALL: [Role; 3] = [Role::FinanceStaff, Role::FinanceApprover, Role::Auditor];

impl Operation for ListPayees {
    const NAME: Name = Name::ListPayees;
    type Answer = Vec<PayeeShown>;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Vec<PayeeShown>> {
        let only = self.payee.as_deref().map(|payee| payee_named("payee", payee)).transpose()?;
        let everywhere = |role: &Role| who.held.iter().any(|held| held.role == *role && held.scope == Scope::All);
        let shops = if ALL.iter().any(everywhere) {
            None
        } else {
            Some(own_shops(services, who, &[Role::MerchantOwner]).await?)
        };
        let sees = move |payee: &Payee| match (&shops, payee) {
            (None, _) => true,
            (Some(shops), Payee::Merchant { acquirer, merchant }) => shops.contains(&(*acquirer, *merchant)),
            (Some(_), Payee::Fund { .. }) => false,
        };
        let found = services.query(move |state| {
            let all = state.payees().into_iter().filter(|one| only.is_none_or(|only| only == one.payee));
            let waits = |payee| state.approval_about(|of| is_about(of, payee)).map(|open| open.number);
            let seen = all.filter(|one| sees(&one.payee));
            seen.map(|one| (waits(one.payee), one)).collect::<Vec<_>>()
        });
        let found = found.await?;
        if let (Some(only), true) = (only, found.is_empty()) {
            return Err(not_found(&NotFoundText::PayeeAccount { payee: &only.to_string() }));
        }
        Ok(found.into_iter().map(|(waits, one)| services.payee_shown(one, waits)).collect())
    }
}

impl Services {
    fn payee_shown(&self, one: PayeeView, approval: Option<u64>) -> PayeeShown {
        let vault = &self.imports.vault;
        let account = one.account.as_ref().and_then(|account| opened(vault, &one.payee, account).ok());
        PayeeShown {
            payee: one.payee.to_string(),
            name: one.name,
            account: account.as_ref().map(masked),
            holder: account.map(|account| account.name),
            record: one.record,
            at: one.at.jst_text(),
            by: one.by,
            approval,
        }
    }
}

/// Shows a payee's account in full, and the one that a request asks for: finance staff compare them with the payee's letter. The security
/// log keeps the look.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevealPayee {
    /// `ACQUIRER/MERCHANT`, or `fund/PROGRAMME`.
    pub payee: String,
    /// The reason, which the security log keeps.
    #[serde(default)]
    pub why: Option<String>,
}

/// An account in full.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AccountInFull {
    /// Bank code.
    pub bank: String,
    /// The bank's name.
    pub bank_name: String,
    /// Branch code.
    pub branch: String,
    /// The branch's name.
    pub branch_name: String,
    /// `ordinary`, `current`, `savings` or `other`.
    pub account_kind: String,
    /// Account number.
    pub number: String,
    /// The holder.
    pub holder: String,
}

impl From<PayeeAccount> for AccountInFull {
    fn from(account: PayeeAccount) -> Self {
        let PayeeAccount { bank, branch, kind, account, name, bank_name, branch_name } = account;
        let account_kind = kind_name(kind).to_owned();
        AccountInFull { bank, bank_name, branch, branch_name, account_kind, number: account, holder: name }
    }
}

/// A payee's accounts in full.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PayeeRevealed {
    /// The payee.
    pub payee: String,
    /// A merchant's name.
    pub name: String,
    /// The account in force.
    pub account: Option<AccountInFull>,
    /// The call before it was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallShown>,
    /// The request that waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<u64>,
    /// The account that it asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested: Option<AccountInFull>,
}

impl Operation for RevealPayee {
    const NAME: Name = Name::RevealPayee;
    type Answer = PayeeRevealed;

    fn subject(&self) -> Subject {
        Subject::named("payee", &self.payee).because(self.why.as_deref())
    }

    async fn carry_out(self, services: &Services, _: &Who) -> Result<PayeeRevealed> {
        let payee = payee_named("payee", &self.payee)?;
        let found = services.query(move |state| {
            let open = state.approval_about(|of| is_about(of, payee));
            (state.payee_account(&payee), open.map(|open| (open.number, change_of(open.proposal))))
        });
        let (now, open) = found.await?;
        if now.is_none() && open.is_none() {
            return Err(not_found(&NotFoundText::PayeeAccount { payee: &payee.to_string() }));
        }
        let vault = &services.imports.vault;
        let full = |account| opened(vault, &payee, account).map(AccountInFull::from);
        let account = now.as_ref().and_then(|now| now.account.as_ref()).map(full).transpose()?;
        let call = now.as_ref().and_then(|now| call_shown(vault, &payee, now.call.as_ref()?));
        let approval = open.as_ref().map(|(number, _)| *number);
        let requested = open.and_then(|(_, change)| change?.account);
        let requested = requested.as_ref().map(full).transpose()?;
        let name = now.map(|now| now.name).unwrap_or_default();
        Ok(PayeeRevealed { payee: payee.to_string(), name, account, call, approval, requested })
    }
}

fn change_of(proposal: Proposal) -> Option<PayeeChange> {
    match proposal {
        Proposal::Carried(change) => match *change {
            CarriedChange::Payee(change) => Some(*change),
            _ => None,
        },
        _ => None,
    }
}
