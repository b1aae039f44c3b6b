//! Folding records about people's rights into the state.

use super::{Key, Organisation, Person, Program, RightsState, SignedWith, Standing};
use kazasu_ledger::Seq;
use kazasu_ledger::record::{
    GrantEnded, KeyRevoked, OrganisationSet, PersonEnded, PersonInvited, PersonJoined, Place, ProgramKey, RightsChange,
    RoleFor, RoleGrant,
};
use kazasu_schemas::identity::{ActorId, Dates, GrantId, NameKey, PersonId, Role};
use kazasu_schemas::jst::Millis;

impl RightsState {
    pub(in super::super) fn organisation_set(&mut self, r: &OrganisationSet) {
        if let Some(before) = self.organisations.get(&r.organisation) {
            self.organisation_names.remove(&NameKey::of(&before.name));
        }
        self.organisation_names.insert(NameKey::of(&r.name), r.organisation);
        let set = Organisation { kind: r.kind, name: r.name.clone(), shops: r.shops.clone() };
        self.organisations.insert(r.organisation, set);
    }

    pub(in super::super) fn person_invited(&mut self, place: Place, r: &PersonInvited) {
        if !self.people.contains_key(&r.person) {
            self.names.insert(NameKey::of(&r.name), ActorId::Person(r.person));
            let (organisation, name) = (r.organisation, r.name.clone());
            let (standing, invitation) = (Standing::Invited, None);
            let person = Person { organisation, name, standing, invitation, changed: place.seq };
            self.people.insert(r.person, person);
        }
        self.invitation_given(place.seq, r.person, (r.invitation, r.until));
        self.second_invited |= self.administered && !r.roles.is_empty();
        self.all_granted(place, ActorId::Person(r.person), &r.roles);
    }

    /// An invitation takes the place of everything that the person signs in with.
    fn invitation_given(&mut self, seq: Seq, id: PersonId, invitation: ([u8; 32], Millis)) {
        let Some(person) = self.people.get_mut(&id) else { return };
        if let Some((before, _)) = person.invitation.replace(invitation) {
            self.invitations.remove(&before);
        }
        self.invitations.insert(invitation.0, id);
        person.standing = Standing::Invited;
        person.changed = seq;
    }

    pub(in super::super) fn person_joined(&mut self, seq: Seq, r: &PersonJoined) {
        let Some(person) = self.people.get_mut(&r.person) else { return };
        if let Some((invitation, _)) = person.invitation.take() {
            self.invitations.remove(&invitation);
        }
        person.standing = Standing::Joined(r.credential);
        person.changed = seq;
        let holder = ActorId::Person(r.person);
        let administers = self.grants_of(holder).any(|grant| grant.role.role == Role::AccessAdministrator);
        self.administered |= administers;
    }

    pub(in super::super) fn person_ended(&mut self, seq: Seq, r: &PersonEnded) {
        let Some(person) = self.people.get_mut(&r.person) else { return };
        if let Some((invitation, _)) = person.invitation.take() {
            self.invitations.remove(&invitation);
        }
        person.standing = Standing::Ended;
        person.changed = seq;
        let holder = ActorId::Person(r.person);
        for grant in self.held.remove(&holder).unwrap_or_default() {
            self.grants.remove(&grant);
        }
        // Who stood in for the person does so no more.
        let deputies = self.grants.iter().filter(|(_, grant)| grant.deputy_for == Some(r.person));
        for grant in deputies.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.grant_removed(seq, grant);
        }
    }

    pub(in super::super) fn grant_ended(&mut self, seq: Seq, r: &GrantEnded) {
        self.grant_removed(seq, r.grant);
    }

    fn grant_removed(&mut self, seq: Seq, grant: GrantId) {
        let Some(removed) = self.grants.remove(&grant) else { return };
        if let Some(held) = self.held.get_mut(&removed.holder) {
            held.retain(|one| *one != grant);
        }
        self.changed(seq, removed.holder);
        if let (ActorId::Person(principal), None) = (removed.holder, removed.deputy_for) {
            self.deputies_end(seq, principal, &removed.role);
        }
    }

    /// A deputy's role ends when the person has the role no more.
    fn deputies_end(&mut self, seq: Seq, principal: PersonId, role: &RoleFor) {
        let still = self.grants_of(ActorId::Person(principal)).any(|has| has.role == *role && has.deputy_for.is_none());
        if still {
            return;
        }
        let stood_in = |grant: &RoleGrant| grant.deputy_for == Some(principal) && grant.role == *role;
        let deputies: Vec<GrantId> =
            self.grants.iter().filter(|(_, grant)| stood_in(grant)).map(|(id, _)| *id).collect();
        for grant in deputies {
            self.grant_removed(seq, grant);
        }
    }

    pub(in super::super) fn key_registered(&mut self, place: Place, r: &ProgramKey) {
        let id = r.program.unwrap_or_else(|| self.next_program());
        let program = self.programs.entry(id).or_insert_with(|| Program {
            organisation: r.organisation,
            name: r.name.clone(),
            keys: Vec::new(),
            statement_keys: Vec::new(),
        });
        program.keys.push(Key { hash: r.hash, dates: r.dates, networks: r.networks.clone() });
        self.names.entry(NameKey::of(&r.name)).or_insert(ActorId::Program(id));
        self.keys.insert(r.hash, id);
        self.all_granted(place, ActorId::Program(id), &r.roles);
    }

    pub(in super::super) fn key_revoked(&mut self, r: &KeyRevoked) {
        let Some(program) = self.programs.get_mut(&r.program) else { return };
        let goes = |key: &Key| r.hash.is_none_or(|hash| hash == key.hash);
        for key in program.keys.extract_if(.., |key| goes(key)) {
            self.keys.remove(&key.hash);
        }
        program.statement_keys.retain(|key| r.hash.is_some_and(|hash| hash != key.public));
    }

    /// Two people decided it.
    pub(in super::super) fn decided(&mut self, place: Place, change: &RightsChange) {
        match change {
            RightsChange::Grant(grant) => self.role_granted(place.seq, grant.clone()),
            RightsChange::Key(key) => self.key_registered(place, key),
            RightsChange::StatementKey(key) => {
                if let Some(program) = self.programs.get_mut(&key.program) {
                    program.statement_keys.push(SignedWith { public: key.public, dates: key.dates });
                }
            }
            RightsChange::Shops(further) => {
                if let Some(organisation) = self.organisations.get_mut(&further.organisation) {
                    organisation.shops.extend(further.shops.iter().copied());
                    organisation.shops.sort_unstable();
                    organisation.shops.dedup();
                }
            }
            RightsChange::Reinvite(r) => self.invitation_given(place.seq, r.person, (r.invitation, r.until)),
        }
    }

    fn all_granted(&mut self, place: Place, holder: ActorId, roles: &[RoleFor]) {
        let dates = Dates { from: place.at.jst_day(), until: None };
        for role in roles {
            self.role_granted(place.seq, RoleGrant { holder, role: role.clone(), dates, deputy_for: None });
        }
    }

    fn role_granted(&mut self, seq: Seq, grant: RoleGrant) {
        self.granted += 1;
        let id = GrantId::new(self.granted);
        self.held.entry(grant.holder).or_default().push(id);
        self.changed(seq, grant.holder);
        self.grants.insert(id, grant);
    }

    /// The holder's rights have changed.
    fn changed(&mut self, seq: Seq, holder: ActorId) {
        if let ActorId::Person(id) = holder
            && let Some(person) = self.people.get_mut(&id)
        {
            person.changed = seq;
        }
    }
}
