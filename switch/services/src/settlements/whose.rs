//! Whose settlements and payouts a caller sees.

use crate::error::{Result, not_found};
use crate::own_shops::{ShopKey, own_shops};
use crate::transactions::shop;
use crate::{Services, Who};
use kazasu_schemas::identity::{Role, Scope};
use kazasu_text::problems::NotFoundText;

/// Roles that see the money of every shop.
const STAFF: [Role; 3] = [Role::FinanceStaff, Role::FinanceApprover, Role::Auditor];
/// A merchant's people who see its money. Those who only work at a till see their own day's totals.
const MERCHANTS: [Role; 2] = [Role::MerchantOwner, Role::MerchantStaff];

/// The shops whose money a caller sees.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Whose {
    /// All of them.
    All,
    /// These.
    Only(Vec<ShopKey>),
}

impl Whose {
    /// Those of a caller.
    pub(crate) async fn of(services: &Services, who: &Who) -> Result<Whose> {
        let everywhere = |role: &Role| who.held.iter().any(|held| held.role == *role && held.scope == Scope::All);
        if STAFF.iter().any(everywhere) {
            return Ok(Whose::All);
        }
        Ok(Whose::Only(own_shops(services, who, &MERCHANTS).await?))
    }

    /// Is the shop one of them?
    pub(crate) fn includes(&self, key: &ShopKey) -> bool {
        match self {
            Whose::All => true,
            Whose::Only(shops) => shops.contains(key),
        }
    }

    /// The one shop that a request names, where it names one and the caller sees it.
    pub(super) async fn named(&self, services: &Services, text: Option<&str>) -> Result<Option<ShopKey>> {
        let Some(text) = text else { return Ok(None) };
        let key = shop(text)?;
        let is_there = services.query(move |state| state.merchants().iter().any(|m| (m.acquirer, m.id) == key)).await?;
        if is_there && self.includes(&key) {
            return Ok(Some(key));
        }
        let id = kazasu_schemas::text::masked(text);
        Err(not_found(&NotFoundText::Merchant { id: &id }))
    }
}
