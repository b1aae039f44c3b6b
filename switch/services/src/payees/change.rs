//! Asking for another account, or for none; and the call to a payee whose own people asked.

use super::account::{Typed, of_field, payee_named, sealed};
use super::call::CallNote;
use crate::access::Name;
use crate::approvals::Asked;
use crate::error::{Result, ServiceError, not_found, unfit};
use crate::fields::reason;
use crate::operation::{Operation, Outcome, Recorded};
use crate::own_shops::own_shops;
use crate::subject::Subject;
use crate::{CallerKind, Services, Who};
use kazasu_core::{Approvals, Command, Document, PayeeRefusal, Rejected};
use kazasu_engine::CommandError;
use kazasu_ledger::record::{CarriedChange, Payee, PayeeChange, Proposal};
use kazasu_schemas::identity::Role;
use kazasu_schemas::relief::PayeeAccount;
use kazasu_text::Said;
use kazasu_text::access::AccessText;
use kazasu_text::problems::{NotFoundText, ProblemText};
use serde::{Deserialize, Serialize};

/// Asks another person for a payee's account. The keeper of a book without an access administrator sets it at once.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPayee {
    /// `ACQUIRER/MERCHANT`, or `fund/PROGRAMME`.
    pub payee: String,
    /// Bank code, 4 digits.
    pub bank: String,
    /// The bank's name in kana; may be left out.
    #[serde(default)]
    pub bank_name: String,
    /// Branch code, 3 digits.
    pub branch: String,
    /// The branch's name in kana; may be left out.
    #[serde(default)]
    pub branch_name: String,
    /// `ordinary`, `current`, `savings` or `other`.
    pub kind: String,
    /// Account number, 7 digits.
    pub account: String,
    /// The holder in kana.
    pub name: String,
    /// The call to the payee; a merchant's own people leave it out, and finance staff call them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallNote>,
    /// The reason, which the record keeps.
    pub why: String,
}

impl std::fmt::Debug for SetPayee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SetPayee").field("payee", &self.payee).finish_non_exhaustive()
    }
}

/// Asks another person to end a payee's account: nothing is paid to it any more.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndPayee {
    /// `ACQUIRER/MERCHANT`, or `fund/PROGRAMME`.
    pub payee: String,
    /// The call to the payee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallNote>,
    /// The reason, which the record keeps.
    pub why: String,
}

/// Notes the call to a payee whose own people asked for a change. Another person than the requester calls, and a third one decides.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallPayee {
    /// The request's number.
    pub approval: u64,
    /// The fingerprint of the version about which the payee was called, or its first twelve characters.
    pub fingerprint: String,
    /// The call.
    pub call: CallNote,
}

/// A change as it is asked for.
struct Asking {
    payee: Payee,
    account: Option<PayeeAccount>,
    call: Option<CallNote>,
    why: String,
}

/// Staff who change any payee's account.
const FINANCE: [Role; 2] = [Role::FinanceStaff, Role::FinanceApprover];

fn refused(why: PayeeRefusal) -> ServiceError {
    ServiceError::Command(CommandError::Rejected(Rejected::from(why)))
}

/// Is the proposal about this payee's account?
pub(super) fn is_about(proposal: &Proposal, payee: Payee) -> bool {
    match proposal {
        Proposal::Carried(change) => matches!(&**change, CarriedChange::Payee(change) if change.payee == payee),
        _ => false,
    }
}

impl Services {
    /// A merchant's own people ask for their own shops.
    async fn may_ask_for(&self, payee: &Payee, who: &Who) -> Result<()> {
        if FINANCE.iter().any(|role| who.has(*role)) {
            return Ok(());
        }
        let shops = own_shops(self, who, &[Role::MerchantOwner]).await?;
        let own = match payee {
            Payee::Merchant { acquirer, merchant } => shops.contains(&(*acquirer, *merchant)),
            Payee::Fund { .. } => false,
        };
        if own { Ok(()) } else { Err(not_yours(who)) }
    }

    async fn change_payee(&self, asking: Asking, who: &Who) -> Result<Asked> {
        let Asking { payee, account, call, why } = asking;
        let why = reason("why", &why)?;
        self.may_ask_for(&payee, who).await?;
        if !self.query(move |state| state.is_payee(&payee)).await? {
            return Err(not_found(&NotFoundText::Payee { payee: &payee.to_string() }));
        }
        let by_finance = FINANCE.iter().any(|role| who.has(*role));
        let call = match call {
            None if by_finance && who.kind != CallerKind::Keeper => {
                return Err(unfit("call", &ProblemText::CallNeeded));
            }
            Some(_) if !by_finance => return Err(unfit("call", &ProblemText::CallByFinance)),
            call => call,
        };
        let vault = &self.imports.vault;
        let call = call.map(|call| call.kept(vault, (&payee, self.now()))).transpose()?;
        let account = account.map(|account| sealed(vault, &payee, &account)).transpose()?;
        let change = Box::new(PayeeChange { payee, account, call });
        if who.kind == CallerKind::Keeper {
            let maker = Some(self.maker(who));
            return Ok(Outcome::from(self.command(Command::SetPayee { change, maker }).await?).into());
        }
        let proposal = Box::new(Proposal::Carried(Box::new(CarriedChange::Payee(change))));
        let ask = Approvals::Request { proposal, source: Document::default(), said: who.says(why) };
        let done = self.command_of(who, Command::Approvals(ask)).await?;
        // An account is sealed anew each time, so the open request is found by its payee.
        self.as_asked(done.into(), who, move |open| is_about(open, payee)).await
    }
}

fn not_yours(who: &Who) -> ServiceError {
    ServiceError::Forbidden(Said::of(&AccessText::OtherShop { shown: &who.shown, name: &who.name }))
}

impl Operation for SetPayee {
    const NAME: Name = Name::SetPayee;
    type Answer = Asked;

    fn subject(&self) -> Subject {
        Subject::named("payee", &self.payee).because(Some(&self.why))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Asked> {
        let payee = payee_named("payee", &self.payee)?;
        let typed = Typed {
            bank: &self.bank,
            bank_name: &self.bank_name,
            branch: &self.branch,
            branch_name: &self.branch_name,
            kind: &self.kind,
            account: &self.account,
            name: &self.name,
        };
        let account = Some(typed.read().map_err(of_field)?);
        services.change_payee(Asking { payee, account, call: self.call, why: self.why }, who).await
    }
}

impl Operation for EndPayee {
    const NAME: Name = Name::EndPayee;
    type Answer = Asked;

    fn subject(&self) -> Subject {
        Subject::named("payee", &self.payee).because(Some(&self.why))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Asked> {
        let payee = payee_named("payee", &self.payee)?;
        services.change_payee(Asking { payee, account: None, call: self.call, why: self.why }, who).await
    }
}

impl Operation for CallPayee {
    const NAME: Name = Name::CallPayee;
    type Answer = Recorded;

    fn subject(&self) -> Subject {
        Subject::numbered("approval", self.approval)
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let (proposal, prefix) = (self.approval, crate::fields::fingerprint(&self.fingerprint)?);
        let open = services.approval(proposal).await?;
        let payee = match &open.proposal {
            Proposal::Carried(change) => match &**change {
                CarriedChange::Payee(change) => change.payee,
                _ => return Err(refused(PayeeRefusal::NotAboutPayee(proposal))),
            },
            _ => return Err(refused(PayeeRefusal::NotAboutPayee(proposal))),
        };
        let seen = open.fingerprint;
        if !seen.to_string().starts_with(&prefix) {
            return Err(services.replaced(proposal, &prefix, who).await);
        }
        let call = Box::new(self.call.kept(&services.imports.vault, (&payee, services.now()))?);
        let said = who.says(String::new());
        let called = Approvals::CalledBack { proposal, seen, call, said };
        Ok(services.command_of(who, Command::Approvals(called)).await?.into())
    }
}
