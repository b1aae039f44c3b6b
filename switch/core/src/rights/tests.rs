//! People's rights by commands, as an access administrator gives them, and as others try to.

use super::super::approvals::Approvals;
use super::super::decision::Decision;
use super::super::event::{Command, Event};
use super::super::refusal::RightsRefusal;
use super::super::tests::{Town, said};
use super::*;
use kazasu_ledger::record::{
    FurtherShops, ProgramKey, Proposal, Reinvited, RightsChange, RoleFor, RoleGrant, StatementKey,
};
use kazasu_schemas::identity::SignIn;

const OPERATOR: OrganisationId = OrganisationId::new(1);
const CITY: OrganisationId = OrganisationId::new(2);
const CITY_CODE: &str = "13361";

fn hash(n: u8) -> [u8; 32] {
    [n; 32]
}

fn offline() -> Author {
    Author { id: None, sign_in: SignIn::KeyFile, via: Via::Offline, why: "first start".into() }
}

fn by(n: u32) -> Author {
    let id = Some(ActorId::Person(PersonId::new(n)));
    Author { id, sign_in: SignIn::PasswordAndCode, via: Via::CommandLine, why: "agreed".into() }
}

fn role(role: Role, scope: Scope) -> RoleFor {
    RoleFor { role, scope }
}

fn city(of: Role) -> RoleFor {
    role(of, Scope::City(CITY_CODE.into()))
}

fn person(n: u32) -> ActorId {
    ActorId::Person(PersonId::new(n))
}

/// A town with an operator and a city.
struct Office(Town);

impl Office {
    fn new() -> Office {
        let mut office = Office(Town::new());
        for (kind, name) in [(OrganisationKind::Operator, "kazasu"), (OrganisationKind::City, "Kazasu Town")] {
            let name = name.parse().unwrap();
            let set = Rights::SetOrganisation { organisation: None, kind, name, shops: Vec::new(), author: offline() };
            office.ok(set);
        }
        office
    }

    /// The first two administrators, joined: per_1 and per_2.
    fn administered() -> Office {
        let mut office = Office::new();
        let administrator = || vec![role(Role::AccessAdministrator, Scope::All)];
        office.invite(OPERATOR, "ando", (administrator(), offline()));
        office.join(1);
        office.invite(OPERATOR, "baba", (administrator(), by(1)));
        office.join(2);
        office
    }

    fn send(&mut self, ask: Rights) -> Decision {
        self.0.event(&Event::Command(Command::Rights(Box::new(ask))))
    }

    fn ok(&mut self, ask: Rights) {
        let decision = self.send(ask);
        assert_eq!(decision.rejected, None);
        assert!(decision.body.is_some());
    }

    fn refused(&mut self, ask: Rights) -> RightsRefusal {
        right(self.send(ask))
    }

    fn invitation(&self, organisation: OrganisationId, name: &str, (roles, author): (Vec<RoleFor>, Author)) -> Rights {
        let n = self.rights().people().count() + 1;
        let until = Millis(self.0.now.0 + 86_400_000);
        let invitation = (hash(u8::try_from(n).unwrap()), until);
        Rights::Invite { person: None, organisation, name: name.parse().unwrap(), invitation, roles, author }
    }

    fn invite(&mut self, organisation: OrganisationId, name: &str, how: (Vec<RoleFor>, Author)) {
        let ask = self.invitation(organisation, name, how);
        self.ok(ask);
    }

    fn join(&mut self, n: u8) {
        self.ok(Rights::Join { invitation: hash(n), credential: [n; 16], via: Via::CommandLine });
    }

    fn rights(&self) -> &RightsState {
        self.0.state.rights()
    }

    fn approvals(&mut self, ask: Approvals) -> Decision {
        self.0.event(&Event::Command(Command::Approvals(ask)))
    }

    fn request(&mut self, by: &str, change: RightsChange) -> Decision {
        let proposal = Box::new(Proposal::Rights(Box::new(change)));
        self.approvals(Approvals::Request { proposal, source: crate::Document::default(), said: said(by, "joins") })
    }

    fn decide(&mut self, by: &str) -> Decision {
        let proposal = self.0.state.approvals()[0].number;
        self.approvals(Approvals::Decide {
            proposal,
            answer: crate::ApprovalAnswer::Approve,
            seen: None,
            said: said(by, "checked"),
        })
    }

    fn grant(&self, holder: ActorId, role: RoleFor) -> RightsChange {
        RightsChange::Grant(RoleGrant { holder, role, dates: self.days_from_now(None), deputy_for: None })
    }

    fn days_from_now(&self, days: Option<i32>) -> Dates {
        let from = self.0.now.jst_day();
        Dates { from, until: days.map(|days| BusinessDay(from.0 + days)) }
    }

    fn granted(&mut self, holder: ActorId, role: RoleFor) {
        let change = self.grant(holder, role);
        assert_eq!(self.request("per_1", change).rejected, None);
        assert_eq!(self.decide("per_2").rejected, None);
    }

    fn roles(&self, holder: ActorId) -> Vec<Role> {
        self.rights().held(holder, self.0.now.jst_day()).iter().map(|held| held.role).collect()
    }
}

fn right(decision: Decision) -> RightsRefusal {
    match decision.rejected {
        Some(super::super::Rejected::Rights(why)) => *why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_first_two_administrators_give_every_further_right_together() {
    let mut office = Office::administered();
    assert!(office.rights().is_administered());
    office.invite(CITY, "sato", (Vec::new(), by(1)));
    office.join(3);
    assert_eq!(office.roles(person(3)), []);
    let change = office.grant(person(3), city(Role::CityOfficer));
    assert_eq!(office.request("per_1", change.clone()).rejected, None);
    // The requester does not decide, the person does not, and no one else does.
    for alone in ["per_1", "per_3", "ando", "per_9"] {
        assert!(office.decide(alone).rejected.is_some(), "{alone}");
    }
    assert_eq!(office.decide("per_2").rejected, None);
    assert_eq!(office.roles(person(3)), [Role::CityOfficer]);
    office.0.check_replay();
}

#[test]
fn one_person_alone_gives_no_right() {
    let mut office = Office::administered();
    office.invite(CITY, "sato", (Vec::new(), by(1)));
    office.join(3);
    // With an invitation: neither by an administrator, nor by the journal's keeper, nor as a third administrator.
    for (roles, author) in
        [(vec![city(Role::CityOfficer)], by(1)), (vec![role(Role::AccessAdministrator, Scope::All)], by(1))]
    {
        let ask = office.invitation(OPERATOR, "third", (roles, author));
        assert!(matches!(office.refused(ask), RightsRefusal::NeedsTwo | RightsRefusal::RoleOfOrganisation(..)));
    }
    let ask = office.invitation(OPERATOR, "third", (vec![role(Role::AccessAdministrator, Scope::All)], offline()));
    assert_eq!(office.refused(ask), RightsRefusal::NotAdministrator("offline".into()));
    // To oneself, and by people who administer nothing.
    let own = office.grant(person(1), role(Role::FinanceApprover, Scope::All));
    assert_eq!(right(office.request("per_1", own.clone())), RightsRefusal::OwnRight("per_1".into()));
    let other = office.grant(person(3), city(Role::CityApprover));
    assert_eq!(right(office.request("per_3", other)), RightsRefusal::NotAdministrator("per_3".into()));
    // The person who would have the right does not decide it either.
    assert!(matches!(right(office.request("per_2", own)), RightsRefusal::Conflict(..)));
}

#[test]
fn a_name_that_looks_like_anothers_is_refused_for_ever() {
    let mut office = Office::administered();
    office.invite(CITY, "suzuki", (Vec::new(), by(1)));
    for alike in ["Suzuki", "ｓｕｚｕｋｉ", "suzuki ", "ѕuzuki", "su zuki"] {
        let ask = office.invitation(CITY, alike, (Vec::new(), by(1)));
        assert!(matches!(office.refused(ask), RightsRefusal::NameTaken(..)), "{alike:?}");
    }
    office.ok(Rights::End { person: PersonId::new(3), author: by(2) });
    let ask = office.invitation(CITY, "suzuki", (Vec::new(), by(1)));
    assert!(matches!(office.refused(ask), RightsRefusal::NameTaken(..)), "also of one who has left");
    assert_eq!(office.rights().find("ＳＵＺＵＫＩ"), Some(person(3)));
}

#[test]
fn an_invitation_is_good_once_and_for_its_time() {
    let mut office = Office::administered();
    office.invite(CITY, "sato", (Vec::new(), by(1)));
    office.join(3);
    let again = || Rights::Join { invitation: hash(3), credential: [9; 16], via: Via::Api };
    assert_eq!(office.refused(again()), RightsRefusal::NoInvitation);
    office.invite(CITY, "tanaka", (Vec::new(), by(1)));
    office.0.now = Millis(office.0.now.0 + 86_400_001);
    let late = Rights::Join { invitation: hash(4), credential: [4; 16], via: Via::Api };
    assert_eq!(office.refused(late), RightsRefusal::NoInvitation);
    let unknown = Rights::Join { invitation: hash(77), credential: [4; 16], via: Via::Api };
    assert_eq!(office.refused(unknown), RightsRefusal::NoInvitation);
}

#[test]
fn who_has_rights_is_invited_again_by_two_people() {
    let mut office = Office::administered();
    office.invite(CITY, "sato", (Vec::new(), by(1)));
    office.join(3);
    office.granted(person(3), city(Role::CityOfficer));
    let until = Millis(office.0.now.0 + 3_600_000);
    let again = |author| Rights::Invite {
        person: Some(PersonId::new(3)),
        organisation: CITY,
        name: "sato".parse().unwrap(),
        invitation: (hash(30), until),
        roles: Vec::new(),
        author,
    };
    assert_eq!(office.refused(again(by(1))), RightsRefusal::NeedsTwo);
    assert_eq!(office.refused(again(offline())), RightsRefusal::NeedsTwo);
    let change = RightsChange::Reinvite(Reinvited { person: PersonId::new(3), invitation: hash(31), until });
    assert_eq!(office.request("per_1", change).rejected, None);
    assert_eq!(office.decide("per_2").rejected, None);
    assert_eq!(office.roles(person(3)), [], "until the person has joined again");
    office.join(31);
    assert_eq!(office.roles(person(3)), [Role::CityOfficer]);
    // Administrators who have lost everything: offline, by the journal's keeper, and the record says so.
    let lost = Rights::Invite {
        person: Some(PersonId::new(1)),
        organisation: OPERATOR,
        name: "ando".parse().unwrap(),
        invitation: (hash(40), until),
        roles: Vec::new(),
        author: offline(),
    };
    office.ok(lost);
    office.0.check_replay();
}

#[test]
fn roles_that_control_each_other_are_not_one_persons() {
    let mut office = Office::administered();
    office.invite(CITY, "sato", (Vec::new(), by(1)));
    office.join(3);
    office.granted(person(3), city(Role::CityOfficer));
    let change = office.grant(person(3), city(Role::CityApprover));
    assert!(matches!(right(office.request("per_1", change)), RightsRefusal::Conflict(..)));
    // Of another city it would be no conflict; on days that do not meet, neither.
    let other = office.grant(person(3), role(Role::CityApprover, Scope::City("13362".into())));
    assert_eq!(office.request("per_1", other).rejected, None);
    let change = office.grant(person(3), role(Role::FinanceApprover, Scope::All));
    assert!(matches!(right(office.request("per_1", change)), RightsRefusal::RoleOfOrganisation(..)));
}

#[test]
fn a_role_ends_with_its_last_day_its_holder_and_its_principal() {
    let mut office = Office::administered();
    for (at, name) in [(3, "sato"), (4, "tanaka")] {
        office.invite(CITY, name, (Vec::new(), by(1)));
        office.join(at);
    }
    office.granted(person(3), city(Role::CityApprover));
    let deputy = |office: &Office, days| {
        let dates = office.days_from_now(days);
        let deputy_for = Some(PersonId::new(3));
        RightsChange::Grant(RoleGrant { holder: person(4), role: city(Role::CityApprover), dates, deputy_for })
    };
    let endless = deputy(&office, None);
    assert!(matches!(right(office.request("per_1", endless)), RightsRefusal::Deputy(..)));
    let change = deputy(&office, Some(7));
    assert_eq!(office.request("per_1", change).rejected, None);
    assert_eq!(office.decide("per_2").rejected, None);
    assert_eq!(office.roles(person(4)), [Role::CityApprover]);
    let later = BusinessDay(office.0.now.jst_day().0 + 8);
    assert_eq!(office.rights().held(person(4), later), [], "the last day is over");
    let before = office.rights().person(PersonId::new(4)).unwrap().changed;
    office.ok(Rights::End { person: PersonId::new(3), author: by(1) });
    assert_eq!(office.roles(person(4)), [], "no one stands in for a person who has left");
    assert!(office.rights().person(PersonId::new(4)).unwrap().changed > before, "and sessions end");
    office.0.check_replay();
}

#[test]
fn a_deputy_stands_in_for_no_one_whose_role_was_taken_away() {
    let mut office = Office::administered();
    for (at, name) in [(3, "sato"), (4, "tanaka")] {
        office.invite(CITY, name, (Vec::new(), by(1)));
        office.join(at);
    }
    office.granted(person(3), city(Role::CityApprover));
    let (dates, deputy_for) = (office.days_from_now(Some(7)), Some(PersonId::new(3)));
    let deputy = RoleGrant { holder: person(4), role: city(Role::CityApprover), dates, deputy_for };
    assert_eq!(office.request("per_1", RightsChange::Grant(deputy)).rejected, None);
    assert_eq!(office.decide("per_2").rejected, None);
    let grant = office.rights().grants().find(|(_, grant)| grant.holder == person(3)).unwrap().0;
    office.ok(Rights::EndGrant { grant, author: by(1) });
    assert_eq!(office.roles(person(4)), []);
    office.0.check_replay();
}

#[test]
fn an_administrator_whose_role_ends_is_one_beside_two() {
    let mut office = Office::administered();
    office.invite(OPERATOR, "chiba", (Vec::new(), by(1)));
    office.join(3);
    let ending = |office: &Office, n| {
        let (dates, role) = (office.days_from_now(Some(30)), role(Role::AccessAdministrator, Scope::All));
        RightsChange::Grant(RoleGrant { holder: person(n), role, dates, deputy_for: None })
    };
    let third = ending(&office, 3);
    assert_eq!(office.request("per_1", third).rejected, None);
    assert_eq!(office.decide("per_2").rejected, None);
    // With the third one, two would be left for thirty days, and then one.
    let end = Rights::End { person: PersonId::new(2), author: by(1) };
    assert_eq!(office.refused(end), RightsRefusal::LastAdministrators);
    office.ok(Rights::End { person: PersonId::new(3), author: by(1) });
}

#[test]
fn the_keeper_invites_an_administrator_again_and_nobody_with_another_right() {
    let mut office = Office::administered();
    let again = |office: &Office, n: u32, name: &str| {
        let invitation = (hash(90), Millis(office.0.now.0 + 86_400_000));
        let (person, name) = (Some(PersonId::new(n)), name.parse().unwrap());
        Rights::Invite { person, organisation: OPERATOR, name, invitation, roles: Vec::new(), author: offline() }
    };
    office.invite(OPERATOR, "chiba", (Vec::new(), by(1)));
    office.join(3);
    office.granted(person(3), role(Role::AccessAdministrator, Scope::All));
    let grant = office.rights().grants().find(|(_, grant)| grant.holder == person(3)).unwrap().0;
    office.ok(Rights::EndGrant { grant, author: by(1) });
    office.granted(person(3), role(Role::FinanceApprover, Scope::All));
    let ask = again(&office, 3, "chiba");
    assert_eq!(office.refused(ask), RightsRefusal::NeedsTwo);
    let ask = again(&office, 1, "ando");
    office.ok(ask);
}

#[test]
fn a_record_of_before_and_its_id_are_one_person() {
    let office = Office::administered();
    for (a, b, one) in [
        ("ando", "per_1", true),
        ("Ａｎｄｏ ", "per_1", true),
        ("per_1", "per_1", true),
        ("ando", "per_2", false),
        ("offline", "per_1", false),
        ("offline", "offline", true),
    ] {
        assert_eq!(office.rights().are_one(a, b), one, "{a} {b}");
    }
}

#[test]
fn two_administrators_stay() {
    let mut office = Office::administered();
    let end = |n| Rights::End { person: PersonId::new(n), author: by(1) };
    assert_eq!(office.refused(end(2)), RightsRefusal::LastAdministrators);
    let grant = office.rights().grants().find(|(_, grant)| grant.holder == person(2)).unwrap().0;
    let taken = office.refused(Rights::EndGrant { grant, author: by(1) });
    assert_eq!(taken, RightsRefusal::LastAdministrators);
    office.invite(OPERATOR, "chiba", (Vec::new(), by(1)));
    office.join(3);
    office.granted(person(3), role(Role::AccessAdministrator, Scope::All));
    office.ok(end(2));
    // The first two were two once: no further administrator comes from one person.
    let ask = office.invitation(OPERATOR, "doi", (vec![role(Role::AccessAdministrator, Scope::All)], by(1)));
    assert_eq!(office.refused(ask), RightsRefusal::NeedsTwo);
}

#[test]
fn a_programs_key_takes_two_people_and_is_revoked_by_one() {
    let mut office = Office::administered();
    let key = |office: &Office, program, n, roles| ProgramKey {
        program,
        organisation: CITY,
        name: "portal".into(),
        hash: hash(n),
        dates: office.days_from_now(Some(365)),
        networks: vec!["192.0.2.0/24".into()],
        roles,
    };
    let portal = vec![role(Role::Portal, Scope::All)];
    let change = RightsChange::Key(key(&office, None, 50, portal.clone()));
    assert_eq!(office.request("per_1", change).rejected, None);
    assert!(office.rights().program_of(&hash(50), office.0.now.jst_day()).is_none(), "not before it is decided");
    assert_eq!(office.decide("per_2").rejected, None);
    let day = office.0.now.jst_day();
    let (id, ..) = office.rights().program_of(&hash(50), day).unwrap();
    assert_eq!(office.roles(ActorId::Program(id)), [Role::Portal]);
    assert!(office.rights().program_of(&hash(50), BusinessDay(day.0 + 366)).is_none(), "after its last day");
    // The program rotates its own key; an administrator alone does not.
    let wished = |n, until, networks: &[&str]| {
        let dates = Dates { from: day, until };
        let name = "portal".parse().unwrap();
        let networks = networks.iter().map(|text| (*text).to_owned()).collect();
        let hash = hash(n);
        let key = NewKey { program: Some(id), organisation: CITY, name, hash, dates, networks, roles: vec![] };
        Box::new(key)
    };
    let until = Some(BusinessDay(day.0 + 365));
    let new = |n| wished(n, until, &["192.0.2.0/24"]);
    assert_eq!(office.refused(Rights::RegisterKey { key: new(51), author: by(1) }), RightsRefusal::NeedsTwo);
    let itself = Author { id: Some(ActorId::Program(id)), sign_in: SignIn::Key, via: Via::Api, why: String::new() };
    // Not for longer, and not for more networks, than two people agreed.
    let longer = Some(BusinessDay(day.0 + 366));
    for more in [wished(51, None, &["192.0.2.0/24"]), wished(51, longer, &["192.0.2.0/24"]), wished(51, until, &[])] {
        let refused = office.refused(Rights::RegisterKey { key: more, author: itself.clone() });
        assert_eq!(refused, RightsRefusal::Successor);
    }
    office.ok(Rights::RegisterKey { key: new(51), author: itself.clone() });
    assert!([50, 51].iter().all(|n| office.rights().program_of(&hash(*n), day).is_some()), "two while one is rotated");
    let third = office.refused(Rights::RegisterKey { key: new(52), author: itself });
    assert_eq!(third, RightsRefusal::KeysAtOnce(id));
    office.ok(Rights::RevokeKey { program: id, hash: Some(hash(50)), author: by(2) });
    assert!(office.rights().program_of(&hash(50), day).is_none());
    assert!(office.rights().program_of(&hash(51), day).is_some());
    // No program approves, or gives rights.
    for never in [Role::AccessAdministrator, Role::FinanceApprover] {
        let mut bad = key(&office, None, 60, vec![role(never, Scope::All)]);
        bad.organisation = OPERATOR;
        bad.name = "robot".into();
        assert_eq!(right(office.request("per_1", RightsChange::Key(bad))), RightsRefusal::RoleOfProgram(never));
    }
    // Neither does a program that is there already.
    for never in [Role::AccessAdministrator, Role::CityApprover] {
        let change = office.grant(
            ActorId::Program(id),
            if never == Role::CityApprover { city(never) } else { role(never, Scope::All) },
        );
        let refused = right(office.request("per_1", change));
        let wanted =
            [RightsRefusal::RoleOfProgram(never), RightsRefusal::RoleOfOrganisation(never, OrganisationKind::City)];
        assert!(wanted.contains(&refused), "{refused:?}");
    }
    for wrong in ["192.0.2.0", "192.0.2.0/33", "x/8", "192.0.2.0/-1"] {
        let mut bad = key(&office, None, 61, portal.clone());
        (bad.name, bad.networks) = ("other".into(), vec![wrong.into()]);
        assert!(matches!(right(office.request("per_1", RightsChange::Key(bad))), RightsRefusal::Network(_)), "{wrong}");
    }
    office.0.check_replay();
}

#[test]
fn a_portals_statement_key_takes_two_people_is_its_own_and_is_revoked_by_one() {
    let mut office = Office::administered();
    let day = office.0.now.jst_day();
    let dates = office.days_from_now(Some(10));
    for (n, name, held) in [(50, "portal", Role::Portal), (51, "other", Role::Portal), (52, "robot", Role::Operator)] {
        let organisation = if held == Role::Portal { CITY } else { OPERATOR };
        let roles = vec![role(held, Scope::All)];
        let key = ProgramKey {
            program: None,
            organisation,
            name: name.into(),
            hash: hash(n),
            dates,
            networks: vec![],
            roles,
        };
        assert_eq!(office.request("per_1", RightsChange::Key(key)).rejected, None);
        assert_eq!(office.decide("per_2").rejected, None);
    }
    let [portal, other, robot] = [1, 2, 3].map(ProgramId::new);
    let key = |program, n| RightsChange::StatementKey(StatementKey { program, public: hash(n), dates });
    let keys = |office: &Office, on| office.rights().statement_keys(portal, on).copied().collect::<Vec<_>>();
    assert_eq!(right(office.request("per_9", key(portal, 70))), RightsRefusal::NotAdministrator("per_9".into()));
    assert_eq!(office.request("per_1", key(portal, 70)).rejected, None);
    assert!(office.decide("per_1").rejected.is_some(), "alone");
    assert!(keys(&office, day).is_empty(), "not before it is decided");
    assert_eq!(office.decide("per_2").rejected, None);
    assert_eq!(keys(&office, day), [hash(70)]);
    assert!(keys(&office, BusinessDay(day.0 + 11)).is_empty(), "after its last day");
    assert_eq!(right(office.request("per_1", key(other, 70))), RightsRefusal::KeyTaken);
    assert_eq!(right(office.request("per_1", key(robot, 71))), RightsRefusal::NotPortal(robot));
    let unknown = ProgramId::new(9);
    assert_eq!(right(office.request("per_1", key(unknown, 71))), RightsRefusal::UnknownProgram(unknown));
    assert_eq!(office.request("per_2", key(portal, 71)).rejected, None);
    assert_eq!(office.decide("per_1").rejected, None);
    assert_eq!(keys(&office, day), [hash(70), hash(71)], "two while one is replaced");
    assert_eq!(right(office.request("per_1", key(portal, 72))), RightsRefusal::KeysAtOnce(portal));
    office.ok(Rights::RevokeKey { program: portal, hash: Some(hash(70)), author: by(1) });
    assert_eq!(keys(&office, day), [hash(71)]);
    assert!(office.rights().program_of(&hash(50), day).is_some(), "the key for requests stays");
    office.ok(Rights::RevokeKey { program: portal, hash: None, author: by(1) });
    assert!(keys(&office, day).is_empty() && office.rights().program_of(&hash(50), day).is_none());
    office.0.check_replay();
}

#[test]
fn what_two_people_of_before_were_called_is_no_id() {
    let office = Office::administered();
    assert_eq!(office.rights().name_of("per_1"), Some("ando"));
    assert_eq!(office.rights().name_of("suzuki"), None);
    assert_eq!(office.rights().name_of("per_77"), None);
}

#[test]
fn further_shops_of_an_organisation_take_two_people_and_are_nobody_elses() {
    let mut office = Office::administered();
    let shop = |n: u8| ("27000001".parse().unwrap(), format!("M{n:014}").parse().unwrap());
    let set = |organisation: Option<u32>, name: &str, shops: Vec<_>| Rights::SetOrganisation {
        organisation: organisation.map(OrganisationId::new),
        kind: OrganisationKind::Merchant,
        name: name.parse().unwrap(),
        shops,
        author: by(1),
    };
    office.ok(set(None, "Grocer", vec![shop(1), shop(2)]));
    office.ok(set(None, "Baker", vec![shop(3)]));
    let (grocer, baker) = (3, 4);
    let id = OrganisationId::new;
    let alone = office.refused(set(Some(grocer), "Grocer", vec![shop(1), shop(2), shop(4)]));
    assert_eq!(alone, RightsRefusal::ShopsTakeTwo(id(grocer)));
    let taken = office.refused(set(None, "Fishmonger", vec![shop(3)]));
    assert_eq!(taken, RightsRefusal::ShopOfAnother("27000001/M00000000000003".into(), id(baker)));
    // One person renames it, and takes a shop from it.
    office.ok(set(Some(grocer), "Greengrocer", vec![shop(1)]));
    let further = |organisation, shops| RightsChange::Shops(FurtherShops { organisation: id(organisation), shops });
    let refused = right(office.request("per_1", further(grocer, vec![shop(3)])));
    assert_eq!(refused, RightsRefusal::ShopOfAnother("27000001/M00000000000003".into(), id(baker)));
    assert_eq!(right(office.request("per_1", further(1, vec![shop(5)]))), RightsRefusal::NoMerchant(id(1)));
    assert_eq!(office.request("per_1", further(grocer, vec![shop(4)])).rejected, None);
    assert!(office.decide("per_1").rejected.is_some(), "one person alone");
    assert_eq!(office.decide("per_2").rejected, None);
    assert_eq!(office.rights().organisation(id(grocer)).unwrap().shops, [shop(1), shop(4)]);
    office.0.check_replay();
}
