//! The shops of a merchant's people.

use crate::error::Result;
use crate::{Services, Who};
use kazasu_schemas::identity::{Role, Scope};
use kazasu_schemas::ids::{InstitutionId, MerchantId};

/// A shop, by its acquirer and DE42.
pub(crate) type ShopKey = (InstitutionId, MerchantId);

/// The shops for which a caller holds one of these roles.
pub(crate) async fn own_shops(services: &Services, who: &Who, roles: &[Role]) -> Result<Vec<ShopKey>> {
    let held = who.held.iter().filter(|held| roles.contains(&held.role));
    shops_of(services, held.map(|held| held.scope.clone()).collect()).await
}

/// The shops of scopes.
pub(crate) async fn shops_of(services: &Services, scopes: Vec<Scope>) -> Result<Vec<ShopKey>> {
    let shops = services.rights(move |rights| {
        let mut shops: Vec<ShopKey> = Vec::new();
        for scope in scopes {
            match scope {
                Scope::Shop(acquirer, merchant) => shops.push((acquirer, merchant)),
                Scope::Merchant(id) => {
                    shops.extend(rights.organisation(id).into_iter().flat_map(|one| one.shops.iter().copied()));
                }
                Scope::All | Scope::City(_) | Scope::Acquirer(_) | Scope::Issuer(_) => {}
            }
        }
        shops.sort_unstable();
        shops.dedup();
        shops
    });
    shops.await
}
