//! Refusals of changes of rights. Two people give a right; one takes it away.

use super::super::decision::{Decision, recorded, unchanged};
use super::super::refusal::{ADMINISTRATORS, KEYS_AT_ONCE, Rejected, RightsRefusal};
use super::{NewKey, Rights, RightsState, Standing};
use kazasu_ledger::record::{
    Author, Body, FurtherShops, GrantEnded, KeyRegistered, KeyRevoked, OrganisationSet, PersonEnded, PersonInvited,
    PersonJoined, ProgramKey, Reinvited, RightsChange, RoleFor, RoleGrant, StatementKey,
};
use kazasu_schemas::identity::{
    ActorId, Dates, GrantId, Name, NameKey, OrganisationId, OrganisationKind, PersonId, ProgramId, Role, Via,
};
use kazasu_schemas::ids::{InstitutionId, MerchantId};
use kazasu_schemas::jst::{BusinessDay, Millis};

type Checked<T = ()> = Result<T, RightsRefusal>;

/// An invitation holds for so long at most.
const LONGEST_INVITATION: i64 = 7 * 86_400_000;
/// Roles of one program, networks of one key.
const MOST_IN_LIST: usize = 16;
/// Shops of one organisation.
const MOST_SHOPS: usize = 1_000;

/// Carries a command out, at a moment.
pub(in super::super) fn command(rights: &RightsState, now: Millis, ask: &Rights) -> Result<Decision, Rejected> {
    let decided = match ask {
        Rights::SetOrganisation { organisation, kind, name, shops, author } => {
            let asked = AskedOrganisation { id: *organisation, kind: *kind, name, shops };
            set_organisation(rights, now, asked, author)
        }
        Rights::Invite { person, organisation, name, invitation, roles, author } => {
            let asked = Invited { person: *person, organisation: *organisation, name, roles };
            invite(rights, now, (asked, *invitation), author)
        }
        Rights::Join { invitation, credential, via } => join(rights, now, invitation, (*credential, *via)),
        Rights::End { person, author } => end(rights, now, *person, author),
        Rights::EndGrant { grant, author } => end_grant(rights, now, *grant, author),
        Rights::RegisterKey { key, author } => register_key(rights, now, key, author),
        Rights::RevokeKey { program, hash, author } => revoke_key(rights, now, (*program, *hash), author),
    };
    Ok(decided?.map_or_else(unchanged, recorded))
}

/// The requester or decider of a change that takes two people.
#[derive(Clone, Copy)]
pub(in super::super) struct Requested<'a> {
    /// As records keep it.
    pub(in super::super) by: &'a str,
    /// The time.
    pub(in super::super) now: Millis,
}

/// Whether two requests are about one subject.
pub(in super::super) fn is_about_the_same(a: &RightsChange, b: &RightsChange) -> bool {
    match (a, b) {
        (RightsChange::Grant(a), RightsChange::Grant(b)) => (a.holder, &a.role) == (b.holder, &b.role),
        (RightsChange::Key(a), RightsChange::Key(b)) => {
            a.hash == b.hash || (a.program == b.program && NameKey::of(&a.name) == NameKey::of(&b.name))
        }
        (RightsChange::Reinvite(a), RightsChange::Reinvite(b)) => a.person == b.person,
        (RightsChange::StatementKey(a), RightsChange::StatementKey(b)) => {
            a.program == b.program || a.public == b.public
        }
        (RightsChange::Shops(a), RightsChange::Shops(b)) => a.organisation == b.organisation,
        (
            RightsChange::Grant(_)
            | RightsChange::Key(_)
            | RightsChange::Reinvite(_)
            | RightsChange::StatementKey(_)
            | RightsChange::Shops(_),
            _,
        ) => false,
    }
}

/// Whether a change that two people decide can be, now, for the one who requests or decides it.
pub(in super::super) fn effect_of(
    rights: &RightsState,
    asked: Requested<'_>,
    change: &RightsChange,
) -> Result<(), Rejected> {
    let day = asked.now.jst_day();
    let by = asked.by.parse().map_err(|_| RightsRefusal::NotAdministrator(asked.by.to_owned()))?;
    administers(rights, by, day)?;
    match change {
        RightsChange::Grant(grant) if grant.holder == by => return Err(RightsRefusal::OwnRight(by.to_string()).into()),
        RightsChange::Grant(grant) => check_grant(rights, day, grant)?,
        RightsChange::Key(key) => check_key(rights, day, key)?,
        RightsChange::StatementKey(key) => check_statement_key(rights, day, key)?,
        RightsChange::Shops(further) => check_shops(rights, further)?,
        RightsChange::Reinvite(again) if ActorId::Person(again.person) == by => {
            return Err(RightsRefusal::OwnRight(by.to_string()).into());
        }
        RightsChange::Reinvite(again) => check_reinvite(rights, asked.now, again)?,
    }
    Ok(())
}

fn administers(rights: &RightsState, who: ActorId, day: BusinessDay) -> Checked {
    let is_person = matches!(who, ActorId::Person(_));
    if is_person && rights.has(who, Role::AccessAdministrator, day) {
        return Ok(());
    }
    Err(RightsRefusal::NotAdministrator(who.to_string()))
}

/// The changes that one person may make: an access administrator, or before there is one, the journal's keeper.
fn author_may(rights: &RightsState, now: Millis, author: &Author) -> Checked {
    match author.id {
        Some(id) => administers(rights, id, now.jst_day()),
        None if !rights.administered => Ok(()),
        None => Err(RightsRefusal::NotAdministrator(author.via.to_string())),
    }
}

struct AskedOrganisation<'a> {
    id: Option<OrganisationId>,
    kind: OrganisationKind,
    name: &'a Name,
    shops: &'a [(InstitutionId, MerchantId)],
}

fn set_organisation(
    rights: &RightsState,
    now: Millis,
    asked: AskedOrganisation<'_>,
    author: &Author,
) -> Checked<Option<Body>> {
    author_may(rights, now, author)?;
    if asked.shops.len() > MOST_SHOPS {
        return Err(RightsRefusal::TooMany("shops", MOST_SHOPS));
    }
    let before = match asked.id {
        Some(id) => Some((id, rights.organisation(id).ok_or(RightsRefusal::UnknownOrganisation(id))?)),
        None => None,
    };
    if let Some((id, before)) = before
        && before.kind != asked.kind
    {
        return Err(RightsRefusal::OtherKind(id, before.kind));
    }
    let organisation = asked.id.unwrap_or_else(|| rights.next_organisation());
    if let Some(other) = rights.organisation_names.get(&asked.name.key())
        && *other != organisation
    {
        let named = rights.organisation(*other).map(|one| one.name.clone()).unwrap_or_default();
        return Err(RightsRefusal::NameTaken(asked.name.to_string(), named, other.to_string()));
    }
    let shops = asked.shops.to_vec();
    // A person with a role for an organisation has it for its shops: one person takes shops from one, and two people add them.
    let had = before.map_or(&[][..], |(_, one)| &one.shops[..]);
    let further: Vec<_> = shops.iter().copied().filter(|shop| !had.contains(shop)).collect();
    if before.is_some() && !further.is_empty() {
        return Err(RightsRefusal::ShopsTakeTwo(organisation));
    }
    nobody_elses(rights, organisation, &further)?;
    let is_same = |(_, one): (_, &super::Organisation)| one.name == asked.name.as_str() && one.shops == shops;
    if before.is_some_and(is_same) {
        return Ok(None);
    }
    let (kind, name, author) = (asked.kind, asked.name.to_string(), author.clone());
    Ok(Some(Body::OrganisationSet(OrganisationSet { organisation, kind, name, shops, author })))
}

struct Invited<'a> {
    person: Option<PersonId>,
    organisation: OrganisationId,
    name: &'a Name,
    roles: &'a [RoleFor],
}

type Invitation = ([u8; 32], Millis);

fn invite(
    rights: &RightsState,
    now: Millis,
    (asked, (invitation, until)): (Invited<'_>, Invitation),
    author: &Author,
) -> Checked<Option<Body>> {
    let organisation = rights.organisation(asked.organisation);
    let organisation = organisation.ok_or(RightsRefusal::UnknownOrganisation(asked.organisation))?;
    let person = match asked.person {
        Some(id) => {
            let person = rights.person(id).ok_or(RightsRefusal::UnknownPerson(id))?;
            if person.standing == Standing::Ended {
                return Err(RightsRefusal::Ended(id));
            }
            if person.organisation != asked.organisation {
                return Err(RightsRefusal::OtherOrganisation(person.name.clone(), person.organisation));
            }
            again(rights, now.jst_day(), (id, person), author)?;
            id
        }
        None => {
            is_free(rights, asked.name)?;
            rights.next_person()
        }
    };
    if !(asked.person.is_some() && is_break_glass(rights, now.jst_day(), person, author)) {
        author_may(rights, now, author)?;
    }
    check_invitation(now, until)?;
    let founding = !rights.administered;
    let second = is_second(rights, now, author) && asked.roles.iter().all(|r| r.role == Role::AccessAdministrator);
    if !(asked.roles.is_empty() || (asked.person.is_none() && (founding || second))) {
        return Err(RightsRefusal::NeedsTwo);
    }
    for (at, role) in asked.roles.iter().enumerate() {
        fits(role, organisation.kind)?;
        if let Some(other) = asked.roles[..at].iter().find(|other| conflict(other, role)) {
            return Err(conflicting(asked.name.to_string(), other, role));
        }
    }
    let (organisation, name) = (asked.organisation, asked.name.to_string());
    let (roles, author) = (asked.roles.to_vec(), author.clone());
    Ok(Some(Body::PersonInvited(PersonInvited { person, organisation, name, invitation, until, roles, author })))
}

/// One person alone invites another again only while that one has no right: who has the invitation can be the person.
fn again(rights: &RightsState, day: BusinessDay, (id, person): (PersonId, &super::Person), author: &Author) -> Checked {
    let has_rights = rights.grants_of(ActorId::Person(id)).next().is_some();
    let waits = person.standing == Standing::Invited && !rights.administered;
    if !has_rights || waits || is_break_glass(rights, day, id, author) {
        return Ok(());
    }
    Err(RightsRefusal::NeedsTwo)
}

/// The keeper of the journal and its key file may invite an access administrator again, offline, so that a book whose administrators
/// have lost what they sign in with is not lost. The record says so. A person with another right than to administer and to read is not
/// taken over that way.
fn is_break_glass(rights: &RightsState, day: BusinessDay, person: PersonId, author: &Author) -> bool {
    let person = ActorId::Person(person);
    let administers = rights.granted(person, day).iter().any(|held| held.role == Role::AccessAdministrator);
    let only = |grant: &RoleGrant| {
        grant.dates.are_over(day) || matches!(grant.role.role, Role::AccessAdministrator | Role::Auditor)
    };
    author.id.is_none() && author.via == Via::Offline && administers && rights.grants_of(person).all(only)
}

/// The first administrator invites the second, once.
fn is_second(rights: &RightsState, now: Millis, author: &Author) -> bool {
    let Some(ActorId::Person(by)) = author.id else { return false };
    let mut administrators = rights.administrators(now.jst_day());
    !rights.second_invited && administrators.next() == Some(by) && administrators.next().is_none()
}

fn check_invitation(now: Millis, until: Millis) -> Checked {
    let left = until.0 - now.0;
    if left <= 0 || left > LONGEST_INVITATION { Err(RightsRefusal::InvitationTime) } else { Ok(()) }
}

fn check_reinvite(rights: &RightsState, now: Millis, again: &Reinvited) -> Checked {
    let person = rights.person(again.person).ok_or(RightsRefusal::UnknownPerson(again.person))?;
    if person.standing == Standing::Ended {
        return Err(RightsRefusal::Ended(again.person));
    }
    check_invitation(now, again.until)
}

/// No other person or program, one that has ended included, has a name that looks like it.
fn is_free(rights: &RightsState, name: &Name) -> Checked {
    let Some(other) = rights.names.get(&name.key()) else { return Ok(()) };
    let id = other.to_string();
    let named = rights.name_of(&id).unwrap_or_default().to_owned();
    Err(RightsRefusal::NameTaken(name.to_string(), named, id))
}

fn fits(role: &RoleFor, kind: OrganisationKind) -> Checked {
    if !role.scope.fits(role.role) {
        return Err(RightsRefusal::ScopeOfRole(role.role, role.scope.clone()));
    }
    if !kind.may_hold(role.role) {
        return Err(RightsRefusal::RoleOfOrganisation(role.role, kind));
    }
    Ok(())
}

/// May a person, or a program, have the role at all?
fn is_for(holder: ActorId, role: Role) -> Checked {
    match holder {
        // A program that gave rights, or approved, would be a person's hidden second hand.
        ActorId::Program(_)
            if matches!(role, Role::AccessAdministrator | Role::CityApprover | Role::FinanceApprover) =>
        {
            Err(RightsRefusal::RoleOfProgram(role))
        }
        // Residents are at a portal's other end; a person who acts for them is the call centre's.
        ActorId::Person(_) if role == Role::Portal => Err(RightsRefusal::RoleOfPerson(role)),
        ActorId::Person(_) | ActorId::Program(_) => Ok(()),
    }
}

fn conflict(a: &RoleFor, b: &RoleFor) -> bool {
    a.role.conflicts_with(b.role) && a.scope.meets(&b.scope)
}

fn conflicting(name: String, has: &RoleFor, gets: &RoleFor) -> RightsRefusal {
    RightsRefusal::Conflict(name, has.role, has.scope.clone(), gets.role)
}

fn join(
    rights: &RightsState,
    now: Millis,
    invitation: &[u8; 32],
    (credential, via): ([u8; 16], Via),
) -> Checked<Option<Body>> {
    let person = *rights.invitations.get(invitation).ok_or(RightsRefusal::NoInvitation)?;
    let open = rights.person(person).and_then(|person| person.invitation);
    match open {
        Some((hash, until)) if hash == *invitation && now <= until => {
            Ok(Some(Body::PersonJoined(PersonJoined { person, credential, via })))
        }
        _ => Err(RightsRefusal::NoInvitation),
    }
}

fn end(rights: &RightsState, now: Millis, person: PersonId, author: &Author) -> Checked<Option<Body>> {
    let found = rights.person(person).ok_or(RightsRefusal::UnknownPerson(person))?;
    author_may(rights, now, author)?;
    if found.standing == Standing::Ended {
        return Ok(None);
    }
    keeps_administrators(rights, now.jst_day(), person)?;
    Ok(Some(Body::PersonEnded(PersonEnded { person, author: author.clone() })))
}

/// Once there were two administrators, there are two.
fn keeps_administrators(rights: &RightsState, day: BusinessDay, without: PersonId) -> Checked {
    let all: Vec<PersonId> = rights.administrators(day).collect();
    let left = all.iter().filter(|id| **id != without).count();
    let lasting = lasting_administrators(rights, day, without);
    let was_lasting = administers_without_end(rights, day, without);
    if all.contains(&without) && (left < ADMINISTRATORS || (was_lasting && lasting < ADMINISTRATORS)) {
        return Err(RightsRefusal::LastAdministrators);
    }
    Ok(())
}

/// Does the person administer access on this day, and on every later one?
fn administers_without_end(rights: &RightsState, day: BusinessDay, person: PersonId) -> bool {
    let lasts = |grant: &RoleGrant| {
        grant.role.role == Role::AccessAdministrator && grant.dates.until.is_none() && grant.dates.from <= day
    };
    rights.grants_of(ActorId::Person(person)).any(lasts)
}

/// People who administer access on this day and on every later one, one person left out.
fn lasting_administrators(rights: &RightsState, day: BusinessDay, without: PersonId) -> usize {
    rights.administrators(day).filter(|id| *id != without && administers_without_end(rights, day, *id)).count()
}

/// An administrator whose role ends with a day is one beside two whose role does not: otherwise a day would come on which no right can
/// be given any more.
fn check_last_day(rights: &RightsState, day: BusinessDay, grant: &RoleGrant) -> Checked {
    let ActorId::Person(holder) = grant.holder else { return Ok(()) };
    let ends = grant.role.role == Role::AccessAdministrator && grant.dates.until.is_some();
    if ends && lasting_administrators(rights, day, holder) < ADMINISTRATORS {
        return Err(RightsRefusal::LastAdministrators);
    }
    Ok(())
}

fn end_grant(rights: &RightsState, now: Millis, grant: GrantId, author: &Author) -> Checked<Option<Body>> {
    let found = rights.grants.get(&grant).ok_or(RightsRefusal::UnknownGrant(grant))?;
    author_may(rights, now, author)?;
    if let (Role::AccessAdministrator, ActorId::Person(person)) = (found.role.role, found.holder) {
        keeps_administrators(rights, now.jst_day(), person)?;
    }
    Ok(Some(Body::GrantEnded(GrantEnded { grant, author: author.clone() })))
}

fn check_dates(day: BusinessDay, dates: Dates) -> Checked {
    let turned = dates.until.is_some_and(|until| until < dates.from);
    if turned || dates.are_over(day) { Err(RightsRefusal::Dates) } else { Ok(()) }
}

/// Do the two have a day in common?
fn overlap(a: Dates, b: Dates) -> bool {
    let ends_before = |a: Dates, b: Dates| a.until.is_some_and(|until| until < b.from);
    !ends_before(a, b) && !ends_before(b, a)
}

fn check_grant(rights: &RightsState, day: BusinessDay, grant: &RoleGrant) -> Checked {
    let (organisation, name) = match grant.holder {
        ActorId::Person(id) => {
            let person = rights.person(id).ok_or(RightsRefusal::UnknownPerson(id))?;
            if person.standing == Standing::Ended {
                return Err(RightsRefusal::Ended(id));
            }
            (person.organisation, &person.name)
        }
        ActorId::Program(id) => {
            let program = rights.program(id).ok_or(RightsRefusal::UnknownProgram(id))?;
            (program.organisation, &program.name)
        }
    };
    let organisation = rights.organisation(organisation).ok_or(RightsRefusal::UnknownOrganisation(organisation))?;
    fits(&grant.role, organisation.kind)?;
    is_for(grant.holder, grant.role.role)?;
    check_dates(day, grant.dates)?;
    check_last_day(rights, day, grant)?;
    let other =
        rights.grants_of(grant.holder).find(|has| overlap(has.dates, grant.dates) && conflict(&has.role, &grant.role));
    if let Some(other) = other {
        return Err(conflicting(name.clone(), &other.role, &grant.role));
    }
    check_deputy(rights, grant)
}

/// A deputy stands in for one who has the role on all those days, and for a time.
fn check_deputy(rights: &RightsState, grant: &RoleGrant) -> Checked {
    let Some(principal) = grant.deputy_for else { return Ok(()) };
    let stands = grant.dates.until.is_some_and(|until| {
        rights.grants_of(ActorId::Person(principal)).any(|has| {
            has.role == grant.role
                && has.deputy_for.is_none()
                && has.dates.hold_on(grant.dates.from)
                && has.dates.hold_on(until)
        })
    });
    if stands && ActorId::Person(principal) != grant.holder {
        return Ok(());
    }
    Err(RightsRefusal::Deputy(principal, grant.role.role, grant.role.scope.clone()))
}

fn check_key(rights: &RightsState, day: BusinessDay, key: &ProgramKey) -> Checked {
    if rights.keys.contains_key(&key.hash) {
        return Err(RightsRefusal::KeyTaken);
    }
    check_dates(day, key.dates)?;
    if key.networks.len() > MOST_IN_LIST {
        return Err(RightsRefusal::TooMany("networks", MOST_IN_LIST));
    }
    if let Some(wrong) = key.networks.iter().find(|text| !is_network(text)) {
        return Err(RightsRefusal::Network(wrong.chars().take(64).collect()));
    }
    match key.program {
        Some(id) => {
            let program = rights.program(id).ok_or(RightsRefusal::UnknownProgram(id))?;
            if !key.roles.is_empty() {
                return Err(RightsRefusal::RolesOfKey);
            }
            let valid = program.keys.iter().filter(|key| !key.dates.are_over(day)).count();
            if valid >= KEYS_AT_ONCE { Err(RightsRefusal::KeysAtOnce(id)) } else { Ok(()) }
        }
        None => new_program(rights, key),
    }
}

/// Further shops are of a merchant's organisation, and of no other one.
fn check_shops(rights: &RightsState, further: &FurtherShops) -> Checked {
    let id = further.organisation;
    let organisation = rights.organisation(id).ok_or(RightsRefusal::UnknownOrganisation(id))?;
    if organisation.kind != OrganisationKind::Merchant {
        return Err(RightsRefusal::NoMerchant(id));
    }
    if organisation.shops.len() + further.shops.len() > MOST_SHOPS {
        return Err(RightsRefusal::TooMany("shops", MOST_SHOPS));
    }
    nobody_elses(rights, id, &further.shops)
}

fn nobody_elses(rights: &RightsState, id: OrganisationId, shops: &[(InstitutionId, MerchantId)]) -> Checked {
    let others = rights.organisations.iter().filter(|(other, _)| **other != id);
    let taken = others.flat_map(|(other, one)| one.shops.iter().map(move |shop| (*other, *shop)));
    match taken.into_iter().find(|(_, shop)| shops.contains(shop)) {
        Some((other, (acquirer, merchant))) => {
            Err(RightsRefusal::ShopOfAnother(format!("{acquirer}/{merchant}"), other))
        }
        None => Ok(()),
    }
}

/// A key for a portal's statements: two at one time, so that one can be replaced, and no other portal's.
fn check_statement_key(rights: &RightsState, day: BusinessDay, key: &StatementKey) -> Checked {
    let id = key.program;
    let program = rights.program(id).ok_or(RightsRefusal::UnknownProgram(id))?;
    if !rights.grants_of(ActorId::Program(id)).any(|grant| grant.role.role == Role::Portal) {
        return Err(RightsRefusal::NotPortal(id));
    }
    check_dates(day, key.dates)?;
    if rights.programs().any(|(_, other)| other.statement_keys.iter().any(|has| has.public == key.public)) {
        return Err(RightsRefusal::KeyTaken);
    }
    let valid = program.statement_keys.iter().filter(|key| !key.dates.are_over(day)).count();
    if valid >= KEYS_AT_ONCE { Err(RightsRefusal::KeysAtOnce(id)) } else { Ok(()) }
}

fn new_program(rights: &RightsState, key: &ProgramKey) -> Checked {
    let organisation = rights.organisation(key.organisation);
    let organisation = organisation.ok_or(RightsRefusal::UnknownOrganisation(key.organisation))?;
    if let Some(other) = rights.names.get(&NameKey::of(&key.name)) {
        let id = other.to_string();
        let named = rights.name_of(&id).unwrap_or_default().to_owned();
        return Err(RightsRefusal::NameTaken(key.name.clone(), named, id));
    }
    if key.roles.is_empty() {
        return Err(RightsRefusal::RolesOfKey);
    }
    if key.roles.len() > MOST_IN_LIST {
        return Err(RightsRefusal::TooMany("roles", MOST_IN_LIST));
    }
    for (at, role) in key.roles.iter().enumerate() {
        fits(role, organisation.kind)?;
        is_for(ActorId::Program(ProgramId::new(0)), role.role)?;
        if let Some(other) = key.roles[..at].iter().find(|other| conflict(other, role)) {
            return Err(conflicting(key.name.clone(), other, role));
        }
    }
    Ok(())
}

/// An address and the length of its network: `192.0.2.0/24`, `2001:db8::/32`.
fn is_network(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return false };
    let (Ok(address), Ok(length)) = (address.parse::<std::net::IpAddr>(), length.parse::<u8>()) else { return false };
    length <= if address.is_ipv4() { 32 } else { 128 }
}

fn register_key(rights: &RightsState, now: Millis, key: &NewKey, author: &Author) -> Checked<Option<Body>> {
    let itself = key.program.is_some() && author.id == key.program.map(ActorId::Program);
    let founding = author.id.is_none() && !rights.administered;
    if !itself && !founding {
        return Err(RightsRefusal::NeedsTwo);
    }
    let NewKey { program, organisation, name, hash, dates, networks, roles } = key.clone();
    let key = ProgramKey { program, organisation, name: name.to_string(), hash, dates, networks, roles };
    check_key(rights, now.jst_day(), &key)?;
    if itself {
        check_successor(rights, now.jst_day(), &key)?;
    }
    Ok(Some(Body::KeyRegistered(KeyRegistered { key, author: author.clone() })))
}

/// A key that a program gives itself is no more than one that two people gave it: for the same networks, and no longer.
fn check_successor(rights: &RightsState, day: BusinessDay, key: &ProgramKey) -> Checked {
    let Some(program) = key.program.and_then(|id| rights.program(id)) else { return Ok(()) };
    let is_like = |one: &super::Key| {
        let no_longer = one.dates.until.is_none_or(|last| key.dates.until.is_some_and(|until| until <= last));
        one.dates.hold_on(day) && one.networks == key.networks && no_longer
    };
    if program.keys.iter().any(is_like) { Ok(()) } else { Err(RightsRefusal::Successor) }
}

fn revoke_key(
    rights: &RightsState,
    now: Millis,
    (program, hash): (ProgramId, Option<[u8; 32]>),
    author: &Author,
) -> Checked<Option<Body>> {
    let found = rights.program(program).ok_or(RightsRefusal::UnknownProgram(program))?;
    if author.id != Some(ActorId::Program(program)) {
        author_may(rights, now, author)?;
    }
    let is_meant = |key: &[u8; 32]| hash.is_none_or(|hash| hash == *key);
    let statements = found.statement_keys.iter().any(|key| is_meant(&key.public));
    if !statements && !found.keys.iter().any(|key| is_meant(&key.hash)) {
        return Ok(None);
    }
    Ok(Some(Body::KeyRevoked(KeyRevoked { program, hash, author: author.clone() })))
}
