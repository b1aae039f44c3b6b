//! Identities and rights: organisations, people, programs' keys, grants of roles. Passwords, codes, sessions and attempts
//! are no records; an invitation and a key are here as their SHA-256 only.

use super::*;
use kazasu_schemas::identity::{
    ActorId, Dates, GrantId, OrganisationId, OrganisationKind, PersonId, ProgramId, Role, Scope, SignIn, Via,
};

/// The author of a record about people's rights: the identity, its proof and the channel.
///
/// It is no [`kazasu_schemas::attribution::Attribution`]: it has the typed identity and its sign-in, which other records do not keep.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Author {
    /// The identity; none when the switch itself or the journal's keeper said it.
    #[n(0)]
    pub id: Option<ActorId>,
    /// The author's proof of identity.
    #[n(1)]
    pub sign_in: SignIn,
    /// Through what.
    #[n(2)]
    pub via: Via,
    /// The reason; empty where none is asked for.
    #[n(3)]
    pub why: String,
}

/// See [`Body::OrganisationSet`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct OrganisationSet {
    /// A new one, or one that is there.
    #[n(0)]
    pub organisation: OrganisationId,
    /// Its kind; this does not change.
    #[n(1)]
    pub kind: OrganisationKind,
    /// Its name.
    #[n(2)]
    pub name: String,
    /// A merchant's shops, each by acquirer and DE42.
    #[n(3)]
    pub shops: Vec<(InstitutionId, MerchantId)>,
    /// By whom.
    #[n(4)]
    pub author: Author,
}

/// See [`Body::PersonInvited`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct PersonInvited {
    /// A new one, or one that is there and has lost what it signs in with.
    #[n(0)]
    pub person: PersonId,
    /// The person's organisation.
    #[n(1)]
    pub organisation: OrganisationId,
    /// The person's name.
    #[n(2)]
    pub name: String,
    /// SHA-256 of the invitation.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub invitation: [u8; 32],
    /// The invitation's last moment.
    #[n(4)]
    pub until: Millis,
    /// The rights of the first people of a book, given at once because no second person is there who could decide.
    #[n(5)]
    pub roles: Vec<RoleFor>,
    /// By whom.
    #[n(6)]
    pub author: Author,
}

/// See [`Body::PersonJoined`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct PersonJoined {
    /// The person.
    #[n(0)]
    pub person: PersonId,
    /// The person's entry in the table of credentials; an earlier one is worth nothing from here on.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub credential: [u8; 16],
    /// Through what.
    #[n(2)]
    pub via: Via,
}

/// See [`Body::PersonEnded`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct PersonEnded {
    /// The person; every grant of theirs ends too.
    #[n(0)]
    pub person: PersonId,
    /// By whom.
    #[n(1)]
    pub author: Author,
}

/// A role, and what for.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct RoleFor {
    /// The role.
    #[n(0)]
    pub role: Role,
    /// The scope for which it holds.
    #[n(1)]
    pub scope: Scope,
}

/// A role that a person or a program gets. Its number is that of all grants in the journal's order.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct RoleGrant {
    /// The party that gets it.
    #[n(0)]
    pub holder: ActorId,
    /// The role, and what for.
    #[n(1)]
    pub role: RoleFor,
    /// The time.
    #[n(2)]
    pub dates: Dates,
    /// The person whose deputy the holder is (代決).
    #[n(3)]
    pub deputy_for: Option<PersonId>,
}

/// See [`Body::GrantEnded`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct GrantEnded {
    /// The grant.
    #[n(0)]
    pub grant: GrantId,
    /// By whom: one person is enough to take a right away.
    #[n(1)]
    pub author: Author,
}

/// A program's key.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct ProgramKey {
    /// One that is there and gets a further key; a new one when there is none.
    #[n(0)]
    pub program: Option<ProgramId>,
    /// Whose program it is.
    #[n(1)]
    pub organisation: OrganisationId,
    /// Its name.
    #[n(2)]
    pub name: String,
    /// SHA-256 of the key.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub hash: [u8; 32],
    /// The key's days.
    #[n(4)]
    pub dates: Dates,
    /// Networks from which it may be used, as `192.0.2.0/24`; from anywhere when there are none.
    #[n(5)]
    pub networks: Vec<String>,
    /// The program's roles, where it is new. They hold for ever: the key has an end.
    #[n(6)]
    pub roles: Vec<RoleFor>,
}

/// See [`Body::KeyRegistered`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct KeyRegistered {
    /// The key.
    #[n(0)]
    pub key: ProgramKey,
    /// By whom.
    #[n(1)]
    pub author: Author,
}

/// See [`Body::KeyRevoked`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct KeyRevoked {
    /// The program.
    #[n(0)]
    pub program: ProgramId,
    /// SHA-256 of the key that is worth nothing from here on, or the public key of a portal's statements; all of the program's keys
    /// when there is none.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub hash: Option<[u8; 32]>,
    /// By whom: one person is enough to take a key away.
    #[n(2)]
    pub author: Author,
}

/// A key that a portal signs its statements with.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct StatementKey {
    /// The portal.
    #[n(0)]
    pub program: ProgramId,
    /// The public key (Ed25519).
    #[cbor(n(1), with = "minicbor::bytes")]
    pub public: [u8; 32],
    /// The key's days.
    #[n(2)]
    pub dates: Dates,
}

/// A person who has lost what the person signs in with is invited again.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Reinvited {
    /// The person.
    #[n(0)]
    pub person: PersonId,
    /// SHA-256 of the invitation.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub invitation: [u8; 32],
    /// The invitation's last moment.
    #[n(2)]
    pub until: Millis,
}

/// Shops that come to an organisation.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct FurtherShops {
    /// The merchant's organisation.
    #[n(0)]
    pub organisation: OrganisationId,
    /// Its further shops, each by its acquirer and DE42.
    #[n(1)]
    pub shops: Vec<(InstitutionId, MerchantId)>,
}

/// A change of rights that two people decide.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum RightsChange {
    /// A role is granted.
    #[n(0)]
    Grant(#[n(0)] RoleGrant),
    /// A program gets its first key and its roles, or a further key.
    #[n(1)]
    Key(#[n(0)] ProgramKey),
    /// A person is invited again. It takes two, because who has the invitation can be the person.
    #[n(2)]
    Reinvite(#[n(0)] Reinvited),
    /// A portal signs its statements with this key.
    #[n(3)]
    StatementKey(#[n(0)] StatementKey),
    /// A merchant's organisation gets further shops: a person with a role for the organisation has it for them too.
    #[n(4)]
    Shops(#[n(0)] FurtherShops),
}

#[cfg(test)]
mod tests;
