//! Merchants: what is registered of them.

use crate::access::Name;
use crate::error::{Result, not_found, unfit};
use crate::operation::Operation;
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_core::Merchant;
use kazasu_schemas::ids::{IdError, InstitutionId, MerchantId};
use kazasu_text::problems::NotFoundText;
use kazasu_text::readings::id;
use serde::{Deserialize, Serialize};

/// Every merchant, in the order of their acquirers and IDs.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListMerchants {}

/// The merchants with an ID: `ACQUIRER/MERCHANT` names one, `MERCHANT` one of each acquirer that has it.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowMerchant {
    /// The ID.
    pub merchant: String,
}

/// A merchant's registration.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MerchantView {
    /// The acquirer.
    pub acquirer: String,
    /// The ID with its acquirer.
    pub merchant: String,
    /// The name.
    pub name: String,
    /// The category.
    pub mcc: String,
    /// Its terminals.
    pub terminals: Vec<String>,
    /// It takes no more payments.
    pub closed: bool,
    /// Its class of terminals, for rules.
    pub class: String,
    /// Its tags, for rules.
    pub tags: Vec<String>,
    /// Its region, for rules.
    pub region: String,
}

impl From<&Merchant> for MerchantView {
    fn from(m: &Merchant) -> Self {
        MerchantView {
            acquirer: m.acquirer.to_string(),
            merchant: m.id.to_string(),
            name: m.name.to_string(),
            mcc: m.mcc.to_string(),
            terminals: m.terminals.iter().map(ToString::to_string).collect(),
            closed: m.closed,
            class: m.traits.class.clone(),
            tags: m.traits.tags.clone(),
            region: m.traits.region.clone(),
        }
    }
}

impl Operation for ListMerchants {
    const NAME: Name = Name::ListMerchants;
    type Answer = Vec<MerchantView>;

    async fn carry_out(self, services: &Services, _: &Who) -> Result<Vec<MerchantView>> {
        let all = services.query(|state| {
            let mut all: Vec<_> = state.merchants().iter().collect();
            all.sort_by_key(|m| (m.acquirer, m.id));
            all.into_iter().map(MerchantView::from).collect()
        });
        all.await
    }
}

impl Operation for ShowMerchant {
    const NAME: Name = Name::ShowMerchant;
    type Answer = Vec<MerchantView>;

    fn subject(&self) -> Subject {
        Subject::named("merchant", &self.merchant)
    }

    async fn carry_out(self, services: &Services, _: &Who) -> Result<Vec<MerchantView>> {
        let (acquirer, merchant) = match self.merchant.split_once('/') {
            Some((acquirer, merchant)) => (Some(acquirer), merchant),
            None => (None, self.merchant.as_str()),
        };
        let acquirer: Option<InstitutionId> =
            acquirer.map(str::parse).transpose().map_err(|e: IdError| unfit("acquirer", &id(&e)))?;
        let merchant: MerchantId = merchant.parse().map_err(|e: IdError| unfit("merchant", &id(&e)))?;
        let found = services.query(move |state| {
            let is_it = |m: &&Merchant| m.id == merchant && acquirer.is_none_or(|a| a == m.acquirer);
            state.merchants().iter().filter(is_it).map(MerchantView::from).collect::<Vec<_>>()
        });
        let found = found.await?;
        if found.is_empty() {
            let id = kazasu_schemas::text::masked(&self.merchant);
            return Err(not_found(&NotFoundText::Merchant { id: &id }));
        }
        Ok(found)
    }
}
