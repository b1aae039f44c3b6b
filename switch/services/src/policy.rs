//! The policy in force, and putting another one into force.

use crate::access::Name;
use crate::error::{Result, ServiceError, value};
use crate::fields::reason;
use crate::operation::{Operation, Outcome, Recorded};
use crate::residents::HoldingView;
use crate::{Services, Who};
use kazasu_core::Command;
use kazasu_schemas::money::Yen;
use serde::{Deserialize, Serialize};

/// Puts a policy file into force.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActivatePolicy {
    /// The file's text.
    pub source: String,
    /// Why.
    pub why: String,
}

/// A policy that is in force.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct PolicyActivated {
    /// Whether anything changed.
    pub result: Outcome,
    /// Its version.
    pub version: u32,
}

impl Operation for ActivatePolicy {
    const NAME: Name = Name::ActivatePolicy;
    type Answer = PolicyActivated;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<PolicyActivated> {
        let ActivatePolicy { source, why } = self;
        let policy = kazasu_documents::policy::read(&source).map_err(|problems| ServiceError::file(&problems))?;
        let (why, by, policy) = (reason("why", &why)?, who.name.clone(), Box::new(policy));
        let done = services.command(Command::ActivatePolicy { policy, source, by, why, first: false }).await?;
        Ok(PolicyActivated { result: done.into(), version: services.query(|state| state.policy().0).await? })
    }
}

/// Shows the policy in force.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShowPolicy {}

/// The policy in force, with what its programmes have left.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PolicyView {
    /// Its version; 0 before the first.
    pub version: u32,
    /// Its name.
    pub name: String,
    /// The file's text.
    pub source: String,
    /// What purse programmes' funds hold.
    pub purse_funds: Vec<HoldingView>,
    /// What point programmes' budgets hold.
    pub point_budgets: Vec<HoldingView>,
    /// Card status lists that were taken over.
    pub card_status_lists: Vec<StatusListView>,
}

/// A card status list that was taken over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StatusListView {
    /// Whose it is, and what part.
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
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FundProgramme {
    /// The programme.
    pub programme: u16,
    /// Yen.
    pub amount: i64,
    /// The payment's own: it is booked once.
    pub reference: String,
}

impl Operation for FundProgramme {
    const NAME: Name = Name::FundProgramme;
    type Answer = Recorded;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let FundProgramme { programme, amount, reference } = self;
        // A relief programme's fund is paid into by its own city.
        if services.query(move |state| state.relief_programme_city(programme)).await?.is_some() {
            let text = format!("{programme} is a relief programme: its treasurer pays in (kazasu relief fund)");
            return Err(value("programme", text));
        }
        let (amount, by) = (Yen::new(amount), who.name.clone());
        Ok(services.command(Command::FundProgramme { programme, amount, reference, by }).await?.into())
    }
}
