//! A request for an approval, as far as it decides who may what about it; and the refunds that a merchant's own people decide.

use super::kinds::roles_of;
use crate::who::Who;
use kazasu_core::{ApprovalView, State};
use kazasu_ledger::record::{ApprovalKind, CorrectionKind, Proposal};
use kazasu_schemas::contract::Merchant;
use kazasu_schemas::identity::{Role, Scope};
use kazasu_schemas::ids::{InstitutionId, MerchantId};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;

/// A merchant's people who ask for refunds, and decide those of others where the contract says so. A cashier does neither.
pub(crate) const OF_SHOP: [Role; 2] = [Role::MerchantOwner, Role::MerchantStaff];

/// A request for an approval, as far as it decides who may what about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Requested {
    /// What it is about.
    pub kind: ApprovalKind,
    /// The city's code; empty where it is of no city.
    pub city: String,
    /// Who made it.
    pub by: String,
    /// The scopes of the merchant's people who may decide it as well: see `merchants_deciders`.
    pub shop: Vec<Scope>,
}

impl Requested {
    /// Is the caller one of the merchant's people who decide it?
    pub(super) fn is_decided_at_shop_by(&self, who: &Who) -> bool {
        !self.shop.is_empty() && is_of(&self.shop, who)
    }
}

/// Does the caller hold a merchant's role in one of these scopes?
fn is_of(scopes: &[Scope], who: &Who) -> bool {
    who.held.iter().any(|held| OF_SHOP.contains(&held.role) && scopes.contains(&held.scope))
}

/// Does this caller see requests of this kind, of this city?
#[must_use]
pub fn sees(who: &Who, kind: ApprovalKind, city: &str) -> bool {
    let (_, readers) = roles_of(kind, city);
    who.has_for_city(readers, city) || who.has_for_city(&[Role::Auditor], city)
}

/// The scopes in which a merchant's people decide this request: a refund of up to the amount in the contract, which one of them asked for.
/// None of any other request.
pub(crate) fn merchants_deciders(state: &State, open: &ApprovalView, today: BusinessDay) -> Vec<Scope> {
    let Proposal::Correction(asked) = &open.proposal else { return Vec::new() };
    if asked.kind != CorrectionKind::Refund {
        return Vec::new();
    }
    let Some(payment) = state.payment(asked.payment) else { return Vec::new() };
    let shop = (payment.acquirer, payment.merchant);
    let own = state.rights().organisations().filter(|(_, one)| one.shops.contains(&shop));
    let within: Vec<Scope> =
        std::iter::once(Scope::Shop(shop.0, shop.1)).chain(own.map(|(id, _)| Scope::Merchant(id))).collect();
    let is_own = state.rights().find(&open.said.by).is_some_and(|id| {
        let held = state.rights().held(id, today);
        let has = |roles: &[Role]| held.iter().any(|held| roles.contains(&held.role) && within.contains(&held.scope));
        // Who works for finance as well asks as finance.
        has(&OF_SHOP) && !held.iter().any(|held| matches!(held.role, Role::FinanceStaff | Role::FinanceApprover))
    });
    let is_small = || own_refunds(state, shop).is_some_and(|most| asked.amount <= most);
    if is_own && is_small() { within } else { Vec::new() }
}

/// The largest refund that the merchant's own people decide, by the contract that is in force for it.
fn own_refunds(state: &State, shop: (InstitutionId, MerchantId)) -> Option<Yen> {
    let (_, contracts, _) = state.contracts();
    let one = state.merchants().iter().find(|one| (one.acquirer, one.id) == shop)?;
    let (class, tags) = (one.traits.class.as_str(), one.traits.tags.as_slice());
    let merchant = Merchant { acquirer: shop.0, merchant: shop.1, mcc: one.mcc, class, tags };
    contracts?.of(merchant, state.day)?.own_refunds
}
