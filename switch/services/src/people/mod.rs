//! People and programs: inviting and joining, signing in and out, roles that two people give, programs' keys. What may happen is decided
//! in `core::rights`; the proof of identity, in `kazasu-sign-in`; who may ask for it, in [`crate::access`].

mod adopt;
mod callers;
mod configured;
mod decision_keys;
mod keys;
mod passkeys;
mod provider;
mod read;
mod report;
mod rights;
mod seal;
mod sessions;
mod signed_in;
mod view;

pub use adopt::{Adopted, Found, OldCaller, OldKind};
pub use callers::{Bearer, NotKnown};
pub use configured::{OrganisationProvider, ProviderRefusal};
pub use kazasu_openid::{Provider, Refused};
pub use kazasu_sign_in::{PasskeyProblem, SignInError};
pub use keys::{KeyMade, KeyView, ListKeys, RequestKey, RequestStatementKey, RevokeKey, RotateKey};
pub use passkeys::{
    AddPasskey, AskPasskey, ListPasskeys, PasskeyAsked, PasskeyMade, PasskeyProved, PasskeyShown, PasskeyStarted,
    RemovePasskey, SignInPasskey, StartPasskey,
};
pub use provider::{ProviderFields, ProviderStarted, SignInProvider, StartProvider};
pub use report::{Conflict, Holding, MatrixRow, PeopleReport, RightsReport, ShowMatrix};
pub use rights::{
    EndGrant, EndPerson, InvitePerson, Invited, OrganisationSet, RequestGrant, RequestReinvite, RequestShops,
    SetOrganisation,
};
pub use seal::VaultSeal;
pub use sessions::{
    EndSessions, Ended, Join, Joined, ListSessions, OneTimeFields, SessionShown, SignInPerson, SignOut, StepUp, WhoAmI,
    WhoShown,
};
pub use signed_in::SignedInAnswer;
pub use view::{ListOrganisations, ListPeople, OrganisationView, PersonView};

#[cfg(test)]
mod tests;
