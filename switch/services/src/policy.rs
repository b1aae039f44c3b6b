//! The policy in force, and putting another one into force.

use crate::access::Name;
use crate::approvals::{Asked, Change};
use crate::error::{Result, ServiceError, unfit};
use crate::fields::reason;
use crate::operation::Operation;
use crate::residents::HoldingView;
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_core::Command;
use kazasu_ledger::record::CarriedChange;
use kazasu_schemas::money::Yen;
use kazasu_text::problems::ProblemText;
use serde::{Deserialize, Serialize};

/// Puts a policy file into force.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActivatePolicy {
    /// The file's text.
    pub source: String,
    /// The reason, which the record keeps.
    pub why: String,
}

/// A policy that was asked for.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PolicyAsked {
    /// The request.
    #[serde(flatten)]
    pub asked: Asked,
    /// The version that is in force now.
    pub version: u32,
}

impl Operation for ActivatePolicy {
    const NAME: Name = Name::ActivatePolicy;
    type Answer = PolicyAsked;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<PolicyAsked> {
        let ActivatePolicy { source, why } = self;
        let policy = kazasu_documents::policy::read(&source).map_err(|problems| ServiceError::file(&problems))?;
        let (said, policy) = (who.says(reason("why", &why)?), Box::new(policy));
        let change = CarriedChange::Policy(policy.clone());
        let alone = Command::ActivatePolicy { policy, source: source.clone(), said, first: false };
        let asked = services.ask(Change::of_file(change, source, alone), who, why).await?;
        Ok(PolicyAsked { asked, version: services.query(|state| state.policy().0).await? })
    }
}

/// A payment into a fund.
pub(crate) fn fund((programme, amount): (u16, Yen), reference: String, who: &Who) -> Change {
    let by = who.name.clone();
    let alone = Command::FundProgramme { programme, amount, reference: reference.clone(), by };
    Change::plain(CarriedChange::Fund { programme, amount, reference }, alone)
}

/// Shows the policy in force.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowPolicy {}

/// The policy in force, with what its programmes have left.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PolicyView {
    /// Its version; 0 before the first.
    pub version: u32,
    /// Its name.
    pub name: String,
    /// The file's text.
    pub source: String,
    /// Yen in the funds of purse programmes.
    pub purse_funds: Vec<HoldingView>,
    /// Points in the budgets of point programmes.
    pub point_budgets: Vec<HoldingView>,
    /// Card status lists that were taken over.
    pub card_status_lists: Vec<StatusListView>,
}

/// A card status list that was taken over.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StatusListView {
    /// Its authority, and the covered part.
    pub about: String,
    /// Its number.
    pub number: u64,
    /// When it was issued.
    pub issued: String,
    /// Certificates on it.
    pub certificates: usize,
}

impl Operation for ShowPolicy {
    const NAME: Name = Name::ShowPolicy;
    type Answer = PolicyView;

    async fn carry_out(self, services: &Services, _: &Who) -> Result<PolicyView> {
        let view = services.query(|state| {
            let (version, policy, source) = state.policy();
            let (funds, budgets) = state.programmes();
            let lists = state.card_lists().map(|(about, number, issued, certificates)| StatusListView {
                about: about.to_owned(),
                number,
                issued: issued.jst_text(),
                certificates,
            });
            PolicyView {
                version,
                name: policy.name.to_string(),
                source: source.to_owned(),
                purse_funds: funds.iter().map(HoldingView::yen).collect(),
                point_budgets: budgets.iter().map(HoldingView::points).collect(),
                card_status_lists: lists.collect(),
            }
        });
        view.await
    }
}

/// Pays into a purse programme's fund.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FundProgramme {
    /// The programme.
    pub programme: u16,
    /// Yen.
    pub amount: i64,
    /// The payment's own: it is booked once.
    pub reference: String,
    /// The reason, which the record keeps; it may be left out.
    #[serde(default)]
    pub why: String,
}

impl Operation for FundProgramme {
    const NAME: Name = Name::FundProgramme;
    type Answer = Asked;

    fn subject(&self) -> Subject {
        Subject::numbered("programme", self.programme.into())
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Asked> {
        let FundProgramme { programme, amount, reference, why } = self;
        // A relief programme's fund is paid into by its own city.
        if services.query(move |state| state.relief_programme_city(programme)).await?.is_some() {
            return Err(unfit("programme", &ProblemText::ReliefFund { programme }));
        }
        services.ask(fund((programme, Yen::new(amount)), reference, who), who, why).await
    }
}
