//! Who keeps the endpoints of which scope.

use crate::error::{Result, ServiceError, not_found};
use crate::own_shops::shops_of;
use crate::{Services, Who};
use kazasu_schemas::identity::{Role, Scope};
use kazasu_text::Said;
use kazasu_text::access::AccessText;
use kazasu_text::problems::NotFoundText;
use kazasu_webhooks::Endpoint;

/// What a caller wants to do with endpoints.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wish {
    /// Only look.
    Look,
    /// Change something.
    Change,
}

/// May the caller do that with endpoints of this scope? An operator may for all, others for what their own roles are about.
pub(super) async fn keeps(services: &Services, who: &Who, (scope, wish): (&Scope, Wish)) -> Result<bool> {
    let everywhere = |role| who.held.iter().any(|held| held.role == role && held.scope == Scope::All);
    if everywhere(Role::Operator) || (wish == Wish::Look && everywhere(Role::Auditor)) {
        return Ok(true);
    }
    let own = |role: Role| match scope {
        Scope::City(_) => role == Role::CityOfficer || (wish == Wish::Look && role == Role::Auditor),
        Scope::Merchant(_) | Scope::Shop(..) => role == Role::MerchantOwner,
        Scope::Acquirer(_) => role == Role::Partner,
        Scope::All | Scope::Issuer(_) => false,
    };
    let held: Vec<Scope> = who.held.iter().filter(|held| own(held.role)).map(|held| held.scope.clone()).collect();
    if held.contains(scope) {
        return Ok(true);
    }
    match scope {
        // The owner of an organisation keeps those of each of its shops.
        Scope::Shop(acquirer, merchant) => Ok(shops_of(services, held).await?.contains(&(*acquirer, *merchant))),
        Scope::All | Scope::City(_) | Scope::Merchant(_) | Scope::Acquirer(_) | Scope::Issuer(_) => Ok(false),
    }
}

/// Refuses a caller who may not keep endpoints of this scope.
pub(super) async fn must_keep(services: &Services, who: &Who, scope: &Scope) -> Result<()> {
    if keeps(services, who, (scope, Wish::Change)).await? {
        return Ok(());
    }
    let (shown, name, scope) = (&*who.shown, &*who.name, &*scope.to_string());
    Err(ServiceError::Forbidden(Said::of(&AccessText::WebhooksOf { shown, name, scope })))
}

/// An endpoint that the caller may do that with. One of another's is as good as none.
pub(super) async fn found(services: &Services, who: &Who, (id, wish): (&str, Wish)) -> Result<Endpoint> {
    // An id that is none may be anything.
    let shown = kazasu_schemas::text::masked(&id.chars().take(40).collect::<String>());
    let unknown = || not_found(&NotFoundText::Webhook { id: &shown });
    let endpoint = services.hooks()?.book.endpoint(id).await.map_err(ServiceError::inside)?.ok_or_else(unknown)?;
    if !keeps(services, who, (&endpoint.scope, Wish::Look)).await? {
        return Err(unknown());
    }
    if wish == Wish::Change {
        must_keep(services, who, &endpoint.scope).await?;
    }
    Ok(endpoint)
}
