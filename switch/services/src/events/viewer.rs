//! Which events a caller, or an endpoint, is told of.

use super::model::Told;
use crate::error::Result;
use crate::own_shops::shops_of;
use crate::transactions::{ShopKey, Shops};
use crate::{Services, Who};
use kazasu_schemas::identity::{Role, Scope};
use kazasu_schemas::ids::InstitutionId;

/// People of a city.
const CITY: [Role; 4] = [Role::CityOfficer, Role::CityApprover, Role::CityTreasurer, Role::Auditor];

/// What events may be about.
pub(crate) struct Viewer {
    shops: Shops,
    /// The shops of which it may also see what they are paid.
    paid: Shops,
    acquirers: Vec<InstitutionId>,
    cities: Vec<String>,
}

impl Viewer {
    /// What a caller may see.
    pub(crate) async fn of(services: &Services, who: &Who) -> Result<Viewer> {
        let (shops, paid) = (Shops::of(services, who).await?, Shops::paid(services, who).await?);
        let acquirers = who.held.iter().filter(|held| held.role == Role::Partner);
        let acquirers = acquirers.filter_map(|held| match &held.scope {
            Scope::Acquirer(id) => Some(*id),
            Scope::All | Scope::City(_) | Scope::Merchant(_) | Scope::Shop(..) | Scope::Issuer(_) => None,
        });
        let cities = CITY.iter().flat_map(|role| who.cities(*role)).map(str::to_owned).collect();
        Ok(Viewer { shops, paid, acquirers: acquirers.collect(), cities })
    }

    /// What belongs to a scope.
    pub(crate) async fn within(services: &Services, scope: &Scope) -> Result<Viewer> {
        let (acquirers, cities) = (Vec::new(), Vec::new());
        let none = Viewer { shops: Shops::Only(Vec::new()), paid: Shops::Only(Vec::new()), acquirers, cities };
        Ok(match scope {
            Scope::All => Viewer { shops: Shops::All, paid: Shops::All, ..none },
            Scope::City(code) => Viewer { cities: vec![code.clone()], ..none },
            Scope::Acquirer(id) => Viewer { acquirers: vec![*id], ..none },
            Scope::Merchant(_) | Scope::Shop(..) => {
                let shops = shops_of(services, vec![scope.clone()]).await?;
                Viewer { shops: Shops::Only(shops.clone()), paid: Shops::Only(shops), ..none }
            }
            Scope::Issuer(_) => none,
        })
    }

    /// Is the event about something of this viewer's? What concerns no shop and no city is for staff.
    pub(crate) fn sees(&self, told: &Told) -> bool {
        let is_of_pay = told.event.settlement.is_some() || told.event.payout.is_some();
        let shops = if is_of_pay { &self.paid } else { &self.shops };
        if *shops == Shops::All {
            return true;
        }
        // A partner connects a shop's terminals; what the shop is paid is not its business.
        let connects = |shop: &ShopKey| !is_of_pay && self.acquirers.contains(&shop.0);
        let shop = told.shop.as_ref().is_some_and(|shop| shops.includes(shop) || connects(shop));
        shop || told.city.as_ref().is_some_and(|city| self.cities.contains(city))
    }
}
