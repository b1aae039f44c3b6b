//! The shops whose payments a caller may see, with their names.

use super::shops::Shops;
use crate::access::Name;
use crate::error::Result;
use crate::operation::Operation;
use crate::{Services, Who};
use serde::{Deserialize, Serialize};

/// Lists the shops whose payments the caller may see: a merchant's people their own, staff all.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListShops {}

/// A shop.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ShopView {
    /// The shop: `ACQUIRER/MERCHANT`.
    pub merchant: String,
    /// Its name.
    pub name: String,
    /// It takes no more payments.
    pub closed: bool,
}

impl Operation for ListShops {
    const NAME: Name = Name::ListShops;
    type Answer = Vec<ShopView>;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Vec<ShopView>> {
        let shops = Shops::of(services, who).await?;
        let listed = services.query(move |state| {
            let own = state.merchants().iter().filter(|one| shops.includes(&(one.acquirer, one.id)));
            let mut own: Vec<_> = own.collect();
            own.sort_by_key(|one| (one.acquirer, one.id));
            let shown = own.into_iter().map(|one| ShopView {
                merchant: format!("{}/{}", one.acquirer, one.id),
                name: one.name.to_string(),
                closed: one.closed,
            });
            shown.collect()
        });
        listed.await
    }
}
