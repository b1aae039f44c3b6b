//! The shops whose payments a caller may see.

use crate::error::{Result, ServiceError};
pub(crate) use crate::own_shops::ShopKey;
use crate::own_shops::own_shops;
use crate::{CallerKind, Services, Who};
use kazasu_projections::transactions::Found;
use kazasu_schemas::identity::{Role, Scope};
use kazasu_text::Said;
use kazasu_text::access::AccessText;

/// Staff who see payments at every shop.
const STAFF: [Role; 5] = [Role::Operator, Role::FinanceStaff, Role::FinanceApprover, Role::CallCentre, Role::Auditor];
/// Staff who see who has paid, when they say why.
const RESIDENTS: [Role; 3] = [Role::Operator, Role::CallCentre, Role::Auditor];
const MERCHANTS: [Role; 3] = [Role::MerchantOwner, Role::MerchantStaff, Role::MerchantCashier];
/// Staff who see what every shop is paid.
const FINANCE: [Role; 3] = [Role::FinanceStaff, Role::FinanceApprover, Role::Auditor];
/// A merchant's people who see what its shops are paid: a cashier does not.
const PAID: [Role; 2] = [Role::MerchantOwner, Role::MerchantStaff];

/// The shops whose payments a caller may see.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Shops {
    /// All of them.
    All,
    /// These.
    Only(Vec<ShopKey>),
}

impl Shops {
    /// Those of a caller.
    pub(crate) async fn of(services: &Services, who: &Who) -> Result<Shops> {
        Shops::with(services, who, (&STAFF, &MERCHANTS)).await
    }

    /// Those whose settlements and payouts a caller may see.
    pub(crate) async fn paid(services: &Services, who: &Who) -> Result<Shops> {
        Shops::with(services, who, (&FINANCE, &PAID)).await
    }

    async fn with(services: &Services, who: &Who, (staff, merchants): (&[Role], &[Role])) -> Result<Shops> {
        // A role for one city or party gives no right to see the payments of others.
        let everywhere = |role: &Role| who.held.iter().any(|held| held.role == *role && held.scope == Scope::All);
        if staff.iter().any(everywhere) {
            return Ok(Shops::All);
        }
        Ok(Shops::Only(own_shops(services, who, merchants).await?))
    }

    /// Is the payment at one of them?
    pub(super) fn have(&self, found: &Found) -> bool {
        self.includes(&(found.acquirer, found.merchant))
    }

    /// Is the shop one of them?
    pub(crate) fn includes(&self, key: &ShopKey) -> bool {
        match self {
            Shops::All => true,
            Shops::Only(shops) => shops.contains(key),
        }
    }
}

/// Whether an answer names the persons who paid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Persons {
    /// To staff of residents who say why.
    Shown,
    /// To every other caller.
    Hidden,
}

impl Persons {
    /// What this caller sees with this reason.
    pub(super) fn of(who: &Who, why: Option<&str>) -> Self {
        let may = who.kind == CallerKind::Keeper || RESIDENTS.iter().any(|role| who.has(*role));
        if may && why.is_some() { Persons::Shown } else { Persons::Hidden }
    }
}

/// The refusal to look for a person's payments.
pub(super) fn not_by_person(who: &Who) -> ServiceError {
    ServiceError::Forbidden(Said::of(&AccessText::PaymentsOfPerson { shown: &who.shown, name: &who.name }))
}
