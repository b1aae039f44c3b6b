//! Identities and rights: the fold of the records about organisations, people, programs' keys and grants, and the rules
//! by which they change. What a role may do is the access table's, outside; that a role is given by two people is decided here.

mod apply;
mod decide;
#[cfg(test)]
mod tests;

use kazasu_ledger::Seq;
use kazasu_ledger::record::{Author, RoleFor, RoleGrant};
use kazasu_schemas::canonical::same;
use kazasu_schemas::identity::{
    ActorId, Dates, GrantId, Name, NameKey, OrganisationId, OrganisationKind, PersonId, ProgramId, Role, Scope, Via,
};
use kazasu_schemas::ids::{InstitutionId, MerchantId};
use kazasu_schemas::jst::{BusinessDay, Millis};
use std::collections::BTreeMap;

pub(super) use decide::{Requested, command, effect_of, is_about_the_same};

/// Commands about people's rights. Secrets come as their SHA-256 only.
#[derive(Clone, PartialEq, Debug)]
pub enum Rights {
    /// Registers an organisation, or renames one.
    SetOrganisation {
        /// One that is there; a new one when it is left out.
        organisation: Option<OrganisationId>,
        /// Its kind.
        kind: OrganisationKind,
        /// Its name.
        name: Name,
        /// A merchant's shops.
        shops: Vec<(InstitutionId, MerchantId)>,
        /// By whom.
        author: Author,
    },
    /// Invites a person, or invites one again who has lost what the person signs in with.
    Invite {
        /// One that is there; a new one when it is left out.
        person: Option<PersonId>,
        /// The person's organisation.
        organisation: OrganisationId,
        /// The person's name.
        name: Name,
        /// SHA-256 of the invitation, and its last moment.
        invitation: ([u8; 32], Millis),
        /// Only for a book's first people: see [`crate::RightsRefusal::NeedsTwo`].
        roles: Vec<RoleFor>,
        /// By whom.
        author: Author,
    },
    /// An invited person joins.
    Join {
        /// SHA-256 of the invitation.
        invitation: [u8; 32],
        /// The person's means of signing in.
        credential: [u8; 16],
        /// Through what.
        via: Via,
    },
    /// A person leaves.
    End {
        /// The person.
        person: PersonId,
        /// By whom.
        author: Author,
    },
    /// A grant is taken away.
    EndGrant {
        /// The grant.
        grant: GrantId,
        /// By whom.
        author: Author,
    },
    /// A program gets a further key by itself; or, before the book has an administrator, a program of a key file of before is taken over.
    RegisterKey {
        /// The key.
        key: Box<NewKey>,
        /// By whom.
        author: Author,
    },
    /// A key is taken away, or all of a program's.
    RevokeKey {
        /// The program.
        program: ProgramId,
        /// SHA-256 of the key; all keys when it is left out.
        hash: Option<[u8; 32]>,
        /// By whom.
        author: Author,
    },
}

/// A key that is to be registered.
#[derive(Clone, PartialEq, Debug)]
pub struct NewKey {
    /// One that is there; a new one when it is left out.
    pub program: Option<ProgramId>,
    /// Whose program it is.
    pub organisation: OrganisationId,
    /// Its name.
    pub name: Name,
    /// SHA-256 of the key.
    pub hash: [u8; 32],
    /// The key's days.
    pub dates: Dates,
    /// Networks from which it may be used.
    pub networks: Vec<String>,
    /// Roles of a new program.
    pub roles: Vec<RoleFor>,
}

/// An organisation.
#[derive(Clone, PartialEq, Debug)]
pub struct Organisation {
    /// Its kind.
    pub kind: OrganisationKind,
    /// Its name.
    pub name: String,
    /// A merchant's shops.
    pub shops: Vec<(InstitutionId, MerchantId)>,
}

/// An id, or a name however it is spelt.
#[derive(Clone, Debug)]
pub struct Named {
    id: Option<ActorId>,
    key: NameKey,
}

impl Named {
    /// Of any text.
    #[must_use]
    pub fn of(text: &str) -> Named {
        Named { id: text.parse().ok(), key: NameKey::of(text) }
    }
}

/// The state of a person.
#[derive(Clone, PartialEq, Debug)]
pub enum Standing {
    /// Invited, and not joined yet.
    Invited,
    /// May sign in with this credential.
    Joined([u8; 16]),
    /// May do nothing any more.
    Ended,
}

/// A person.
#[derive(Clone, PartialEq, Debug)]
pub struct Person {
    /// The person's organisation.
    pub organisation: OrganisationId,
    /// The person's name.
    pub name: String,
    /// The person's state.
    pub standing: Standing,
    /// An open invitation: SHA-256, and its last moment.
    pub invitation: Option<([u8; 32], Millis)>,
    /// The record that last changed what the person may do: a session that began before it has ended.
    pub changed: Seq,
}

/// A key of a program.
#[derive(Clone, PartialEq, Debug)]
pub struct Key {
    /// SHA-256.
    pub hash: [u8; 32],
    /// Its days.
    pub dates: Dates,
    /// Networks from which it may be used; anywhere when empty.
    pub networks: Vec<String>,
}

/// A key that a portal signs its statements with.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct SignedWith {
    /// The public key.
    pub public: [u8; 32],
    /// Its days.
    pub dates: Dates,
}

/// A program.
#[derive(Clone, PartialEq, Debug)]
pub struct Program {
    /// Whose program it is.
    pub organisation: OrganisationId,
    /// Its name.
    pub name: String,
    /// Its keys; none when they were revoked.
    pub keys: Vec<Key>,
    /// A portal's keys for its statements.
    pub statement_keys: Vec<SignedWith>,
}

/// A role that is held, as far as it decides what its holder may do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Held {
    /// The role.
    pub role: Role,
    /// The scope.
    pub scope: Scope,
    /// The person whose deputy the holder is.
    pub deputy_for: Option<PersonId>,
}

/// Everybody, and what they may do.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RightsState {
    organisations: BTreeMap<OrganisationId, Organisation>,
    people: BTreeMap<PersonId, Person>,
    programs: BTreeMap<ProgramId, Program>,
    grants: BTreeMap<GrantId, RoleGrant>,
    /// Grants of each holder.
    held: BTreeMap<ActorId, Vec<GrantId>>,
    /// Names of people and programs, those that have ended included: a name is never given to another.
    names: BTreeMap<NameKey, ActorId>,
    organisation_names: BTreeMap<NameKey, OrganisationId>,
    keys: BTreeMap<[u8; 32], ProgramId>,
    invitations: BTreeMap<[u8; 32], PersonId>,
    /// Grants so far.
    granted: u32,
    /// An access administrator has joined: from then on rights take two.
    administered: bool,
    /// The first administrator has invited the second alone.
    second_invited: bool,
}

impl RightsState {
    /// True when there are no people: a new book, or one from before there were people in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.organisations.is_empty() && self.people.is_empty() && self.programs.is_empty()
    }

    /// True once an access administrator has joined.
    #[must_use]
    pub fn is_administered(&self) -> bool {
        self.administered
    }

    /// A state that carries out history again: what takes two people was decided by them then.
    pub(super) fn is_history(&mut self) {
        self.administered = false;
    }

    /// Every organisation.
    pub fn organisations(&self) -> impl Iterator<Item = (OrganisationId, &Organisation)> {
        self.organisations.iter().map(|(id, one)| (*id, one))
    }

    /// Every person.
    pub fn people(&self) -> impl Iterator<Item = (PersonId, &Person)> {
        self.people.iter().map(|(id, one)| (*id, one))
    }

    /// Every program.
    pub fn programs(&self) -> impl Iterator<Item = (ProgramId, &Program)> {
        self.programs.iter().map(|(id, one)| (*id, one))
    }

    /// Every grant that was not taken away.
    pub fn grants(&self) -> impl Iterator<Item = (GrantId, &RoleGrant)> {
        self.grants.iter().map(|(id, one)| (*id, one))
    }

    /// An organisation.
    #[must_use]
    pub fn organisation(&self, id: OrganisationId) -> Option<&Organisation> {
        self.organisations.get(&id)
    }

    /// A person.
    #[must_use]
    pub fn person(&self, id: PersonId) -> Option<&Person> {
        self.people.get(&id)
    }

    /// A program.
    #[must_use]
    pub fn program(&self, id: ProgramId) -> Option<&Program> {
        self.programs.get(&id)
    }

    /// Public keys with which a portal may sign its statements on a day of the calendar.
    pub fn statement_keys(&self, portal: ProgramId, day: BusinessDay) -> impl Iterator<Item = &[u8; 32]> {
        let keys = self.programs.get(&portal).into_iter().flat_map(|program| &program.statement_keys);
        keys.filter(move |key| key.dates.hold_on(day)).map(|key| &key.public)
    }

    /// A person or program by id or by name, however the name is spelt.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<ActorId> {
        self.find_named(&Named::of(text))
    }

    /// The same, of what was read before: a text of a stranger is not read where taps are decided.
    #[must_use]
    pub fn find_named(&self, named: &Named) -> Option<ActorId> {
        let known = |id: &ActorId| match id {
            ActorId::Person(id) => self.people.contains_key(id),
            ActorId::Program(id) => self.programs.contains_key(id),
        };
        named.id.filter(known).or_else(|| self.names.get(&named.key).copied())
    }

    /// Are two texts of records one person or program? Records of before there were people in the book have names, later ones ids.
    #[must_use]
    pub fn are_one(&self, a: &str, b: &str) -> bool {
        let is_found = || self.find(a).is_some_and(|one| self.find(b) == Some(one));
        same(a, b) || is_found()
    }

    /// The person to whom an open invitation was given.
    #[must_use]
    pub fn invited(&self, hash: &[u8; 32], now: Millis) -> Option<(PersonId, &Person)> {
        let id = *self.invitations.get(hash)?;
        let person = self.people.get(&id)?;
        person.invitation.is_some_and(|(open, until)| open == *hash && now <= until).then_some((id, person))
    }

    /// An organisation by id or by name.
    #[must_use]
    pub fn find_organisation(&self, text: &str) -> Option<OrganisationId> {
        let id = text.parse().ok().filter(|id| self.organisations.contains_key(id));
        id.or_else(|| self.organisation_names.get(&NameKey::of(text)).copied())
    }

    /// The name behind the id that a record keeps; none of other texts, as older journals have them.
    #[must_use]
    pub fn name_of(&self, by: &str) -> Option<&str> {
        match by.parse().ok()? {
            ActorId::Person(id) => self.people.get(&id).map(|person| person.name.as_str()),
            ActorId::Program(id) => self.programs.get(&id).map(|program| program.name.as_str()),
        }
    }

    /// The program whose key this is, and the key, on a day of the calendar.
    #[must_use]
    pub fn program_of(&self, hash: &[u8; 32], day: BusinessDay) -> Option<(ProgramId, &Program, &Key)> {
        let id = *self.keys.get(hash)?;
        let program = self.programs.get(&id)?;
        let key = program.keys.iter().find(|key| key.hash == *hash && key.dates.hold_on(day))?;
        Some((id, program, key))
    }

    /// The roles of a person or program on a day. A person who has not joined, or has ended, holds none.
    #[must_use]
    pub fn held(&self, holder: ActorId, day: BusinessDay) -> Vec<Held> {
        let is_in = match holder {
            ActorId::Person(id) => {
                self.people.get(&id).is_some_and(|person| matches!(person.standing, Standing::Joined(_)))
            }
            ActorId::Program(id) => self.programs.contains_key(&id),
        };
        if is_in { self.granted(holder, day) } else { Vec::new() }
    }

    /// The grants of a holder on a day, also of a person who has not joined yet.
    #[must_use]
    pub fn granted(&self, holder: ActorId, day: BusinessDay) -> Vec<Held> {
        let held = |grant: &RoleGrant| Held {
            role: grant.role.role,
            scope: grant.role.scope.clone(),
            deputy_for: grant.deputy_for,
        };
        self.grants_of(holder).filter(|grant| grant.dates.hold_on(day)).map(held).collect()
    }

    /// Grants of one, those of other days too.
    pub fn grants_of(&self, holder: ActorId) -> impl Iterator<Item = &RoleGrant> {
        let ids = self.held.get(&holder).into_iter().flatten();
        ids.filter_map(|id| self.grants.get(id))
    }

    /// Holds this role on a day, for any scope.
    fn has(&self, holder: ActorId, role: Role, day: BusinessDay) -> bool {
        self.held(holder, day).iter().any(|held| held.role == role)
    }

    /// People who administer access on a day.
    fn administrators(&self, day: BusinessDay) -> impl Iterator<Item = PersonId> {
        let people = self.people.keys().copied();
        people.filter(move |id| self.has(ActorId::Person(*id), Role::AccessAdministrator, day))
    }

    fn next_person(&self) -> PersonId {
        PersonId::new(self.people.len().try_into().unwrap_or(u32::MAX).saturating_add(1))
    }

    fn next_program(&self) -> ProgramId {
        ProgramId::new(self.programs.len().try_into().unwrap_or(u32::MAX).saturating_add(1))
    }

    fn next_organisation(&self) -> OrganisationId {
        OrganisationId::new(self.organisations.len().try_into().unwrap_or(u32::MAX).saturating_add(1))
    }
}
