//! The reasons for refusing a change of rights. The sentences here are for logs; people read those of the catalogue, in their language.

use kazasu_schemas::identity::{GrantId, OrganisationId, OrganisationKind, PersonId, ProgramId, Role, Scope};

/// Keys that a program may have at one time: the one in use, and the one that replaces it.
pub const KEYS_AT_ONCE: usize = 2;
/// Access administrators that a book keeps, once it has had as many: fewer could not give a right any more.
pub const ADMINISTRATORS: usize = 2;

/// The reason for refusing a change of rights.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RightsRefusal {
    /// No such organisation.
    #[error("organisation {0} is not known")]
    UnknownOrganisation(OrganisationId),
    /// No such person.
    #[error("person {0} is not known")]
    UnknownPerson(PersonId),
    /// No such program.
    #[error("program {0} is not known")]
    UnknownProgram(ProgramId),
    /// No such grant.
    #[error("grant {0} is not in force")]
    UnknownGrant(GrantId),
    /// Another identity looks like it.
    #[error("name: {0:?} and {1:?} of {2} look alike, and every name is one's own")]
    NameTaken(String, String, String),
    /// An organisation does not become another kind.
    #[error("organisation {0} is a {1}; that does not change")]
    OtherKind(OrganisationId, OrganisationKind),
    /// A person with a role for an organisation would have it for the further shops.
    #[error("further shops of {0} take two people (kazasu person shops)")]
    ShopsTakeTwo(OrganisationId),
    /// A shop is of one organisation.
    #[error("shops: {0} is of {1} already")]
    ShopOfAnother(String, OrganisationId),
    /// Only merchants have shops.
    #[error("organisation {0} is no merchant")]
    NoMerchant(OrganisationId),
    /// A person is of one organisation.
    #[error("{0} is of {1}; a person who moves is ended there, and invited by the other")]
    OtherOrganisation(String, OrganisationId),
    /// The person has ended.
    #[error("{0} has ended; a person who comes back is invited anew")]
    Ended(PersonId),
    /// The invitation is not known, used, or over.
    #[error("invitation: it is not known, was used, or is over; ask the access administrator for another one")]
    NoInvitation,
    /// The invitation ends before it begins, or too late.
    #[error("invitation: it must hold for up to seven days from now on")]
    InvitationTime,
    /// A right that takes two.
    #[error("a role is requested by one access administrator and decided by another (kazasu person grant)")]
    NeedsTwo,
    /// The author may not.
    #[error("{0} is no access administrator on this day")]
    NotAdministrator(String),
    /// No person gives a right to oneself.
    #[error("{0} would have the right: two other people request and decide it")]
    OwnRight(String),
    /// The scope is not the role's.
    #[error("scope: {0} is not granted for {1}")]
    ScopeOfRole(Role, Scope),
    /// The organisation is another one's.
    #[error("{0} is not held by the people and programs of a {1}")]
    RoleOfOrganisation(Role, OrganisationKind),
    /// Roles that control each other.
    #[error("{0} has {1} ({2}) already, and {3} controls it: another person must have it")]
    Conflict(String, Role, Scope, Role),
    /// The days.
    #[error("the days: the last one lies before the first, or is over")]
    Dates,
    /// The deputy.
    #[error("deputy: {0} does not hold {1} for {2} on these days, so that no one can stand in; give the last day too")]
    Deputy(PersonId, Role, Scope),
    /// The key is known.
    #[error("the key is registered already; make another one")]
    KeyTaken,
    /// Too many keys.
    #[error("{0} has {KEYS_AT_ONCE} keys; revoke one first")]
    KeysAtOnce(ProgramId),
    /// A program is new and has no role, or is known and gets one.
    #[error("a new program has at least one role, and a key that is rotated has none of its own")]
    RolesOfKey,
    /// A right that only people have.
    #[error("{0} is a person's role: a program that held it would decide in a person's place")]
    RoleOfProgram(Role),
    /// A right that only programs have.
    #[error("{0} is a program's role: a person who acts for residents has call-centre")]
    RoleOfPerson(Role),
    /// A key that a program gives itself.
    #[error(
        "a program's own new key is for the networks of the key that it asks with, and ends with it at the latest; two people give a program another one"
    )]
    Successor,
    /// Only portals sign statements.
    #[error("{0} is no portal: only a portal signs statements about residents")]
    NotPortal(ProgramId),
    /// A network as text.
    #[error("network: expected an address and a length, for example 192.0.2.0/24, got {0:?}")]
    Network(String),
    /// The last ones.
    #[error(
        "the book would have fewer than {ADMINISTRATORS} access administrators; let two people grant the role to another person first"
    )]
    LastAdministrators,
    /// The names are too many.
    #[error("a list has at most {1} {0}")]
    TooMany(&'static str, usize),
}
