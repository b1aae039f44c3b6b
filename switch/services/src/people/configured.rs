//! The providers of the configuration, and why a sign-in through one is refused.

use kazasu_openid::{Provider, Refused};

/// A provider, and whose people sign in through it.
#[derive(Clone)]
pub struct OrganisationProvider {
    /// The provider.
    pub provider: Provider,
    /// The organisation, by id or name.
    pub organisation: String,
}

/// Why a sign-in through a provider is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProviderRefusal {
    /// None is configured.
    None,
    /// None has this name; these are there.
    Unknown(String),
    /// What the provider answered, or that it did not.
    Provider(Refused),
    /// The account is linked to no person here.
    NotLinked,
    /// The account is linked to another person than the one who is signed in.
    OtherPerson,
    /// The account is linked to another person than the one who joins.
    Taken,
    /// The provider is not of the person's organisation.
    OtherOrganisation(String),
    /// A second factor is asked for, and the provider does not say that there was one.
    OneFactor,
}
