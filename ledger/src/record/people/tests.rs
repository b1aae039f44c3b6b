//! The bytes of records about people, and of what staff mend, as journals have them: a later version must read what this one wrote.

use super::*;
use std::fmt::Write as _;

const GOLDEN: &str = include_str!("golden.txt");

fn author() -> Author {
    let id = Some(ActorId::Person(PersonId::new(1)));
    Author { id, sign_in: SignIn::PasswordAndCode, via: Via::CommandLine, why: "why".into() }
}

fn role() -> RoleFor {
    RoleFor { role: Role::CityOfficer, scope: Scope::City("13361".into()) }
}

fn dates() -> Dates {
    Dates { from: BusinessDay(20_780), until: Some(BusinessDay(20_790)) }
}

fn key() -> ProgramKey {
    ProgramKey {
        program: Some(ProgramId::new(5)),
        organisation: OrganisationId::new(2),
        name: "portal".into(),
        hash: [7; 32],
        dates: dates(),
        networks: vec!["192.0.2.0/24".into()],
        roles: vec![RoleFor { role: Role::Portal, scope: Scope::All }],
    }
}

fn all() -> Vec<Body> {
    let (person, organisation) = (PersonId::new(3), OrganisationId::new(2));
    let (invitation, until) = ([9; 32], Millis(1_795_000_000_000));
    let shops = vec![("27000001".parse().unwrap(), "SHOP".parse().unwrap())];
    let grant = RoleGrant {
        holder: ActorId::Program(ProgramId::new(5)),
        role: role(),
        dates: dates(),
        deputy_for: Some(PersonId::new(4)),
    };
    let changes = [
        RightsChange::Grant(grant),
        RightsChange::Key(key()),
        RightsChange::Reinvite(Reinvited { person, invitation, until }),
        RightsChange::StatementKey(StatementKey { program: ProgramId::new(5), public: [8; 32], dates: dates() }),
    ];
    let asked = changes.map(|change| {
        let proposal = Proposal::Rights(Box::new(change));
        Body::ApprovalRequested(ApprovalRequested {
            proposal,
            source: String::new(),
            by: "per_1".into(),
            why: "why".into(),
            via: Some(Via::CommandLine),
            replaces: None,
            until: None,
            file: None,
            proof: None,
        })
    });
    let kind = OrganisationKind::Merchant;
    let name = "鈴木 花子".to_owned();
    let invited = PersonInvited {
        person,
        organisation,
        name: name.clone(),
        invitation,
        until,
        roles: vec![role()],
        author: author(),
    };
    let mut out = vec![
        Body::OrganisationSet(OrganisationSet { organisation, kind, name, shops, author: author() }),
        Body::PersonInvited(invited),
        Body::PersonJoined(PersonJoined { person, credential: [5; 16], via: Via::Api }),
        Body::PersonEnded(PersonEnded { person, author: author() }),
        Body::KeyRegistered(KeyRegistered { key: key(), author: author() }),
        Body::KeyRevoked(KeyRevoked { program: ProgramId::new(5), hash: Some([7; 32]), author: author() }),
        Body::KeyRevoked(KeyRevoked { program: ProgramId::new(5), hash: None, author: author() }),
        Body::GrantEnded(GrantEnded { grant: kazasu_schemas::identity::GrantId::new(6), author: author() }),
    ];
    out.extend(asked);
    out.extend(of_staff());
    out.extend(of_payees());
    out
}

/// Accounts of payees.
fn of_payees() -> Vec<Body> {
    let payee = Payee::Merchant { acquirer: "27000001".parse().unwrap(), merchant: "SHOP".parse().unwrap() };
    let sealed = kazasu_schemas::relief::SealedAccount { sealed: vec![1, 2], token: [3; 16], name: [4; 16] };
    let call = CallBack { sealed: vec![1, 5], token: [6; 16] };
    let maker = Maker { by: "per_1".into(), via: "api".into(), approval: Some(11) };
    let change = PayeeChange { payee, account: Some(sealed.clone()), call: None };
    vec![
        Body::PayeeSet(PayeeSet { payee, account: Some(sealed), call: Some(call.clone()), maker: Some(maker) }),
        Body::PayeeSet(PayeeSet { payee: Payee::Fund { programme: 3 }, account: None, call: None, maker: None }),
        Body::PayeesTaken(PayeesTaken { digest: [7; 32], accounts: 2 }),
        Body::PayeeCalled(PayeeCalled {
            proposal: 9,
            call,
            by: "per_1".into(),
            via: Some(Via::Api),
            seen: Fingerprint([5; 32]),
            proof: None,
        }),
        Body::ApprovalRequested(ApprovalRequested {
            proposal: Proposal::Carried(Box::new(CarriedChange::Payee(Box::new(change)))),
            source: String::new(),
            by: "per_1".into(),
            why: "why".into(),
            via: Some(Via::Api),
            replaces: None,
            until: None,
            file: None,
            proof: None,
        }),
    ]
}

/// What staff mend: the requests, and a refund as a terminal sent it and as staff made it.
fn of_staff() -> Vec<Body> {
    let correction =
        Correction { payment: 9, kind: CorrectionKind::Reduction, amount: Yen::new(800), left: Yen::new(5_000) };
    let ppid = Ppid::from_bytes([1; 16]);
    let serial = Serial::from_bytes(&[1, 2, 3]).unwrap();
    let bind = CardChange::Bind { ppid, serial, issuer: None, last_day: BusinessDay(20_790) };
    let proposals = [
        Proposal::Correction(Box::new(correction)),
        Proposal::Card(Box::new(CardChange::Lift { ppid, of: None })),
        Proposal::Card(Box::new(bind)),
    ];
    let asked = proposals.map(|proposal| {
        Body::ApprovalRequested(ApprovalRequested {
            proposal,
            source: String::new(),
            by: "per_1".into(),
            why: "why".into(),
            via: Some(Via::Api),
            replaces: None,
            until: None,
            file: None,
            proof: None,
        })
    });
    let refund = |staff| {
        let at = Millis(1_795_402_800_000);
        Body::Transaction(Transaction {
            key: TapKey {
                acquirer: "27000001".parse().unwrap(),
                terminal: "T1".parse().unwrap(),
                stan: Stan::wrapping(12),
                transmission: at.transmission(),
                class: if staff { CLASS_OF_STAFF } else { 2 },
            },
            fingerprint: 0,
            kind: TransactionKind::RefundAdvice,
            merchant: "SHOP".parse().unwrap(),
            rrn: Rrn::from_number(7),
            amount: Yen::new(800),
            ppid: Some(ppid),
            entry_mode: 72,
            link: Some(1),
            original: Some(9),
            tombstone: None,
            verdict: Verdict::Approved(ApprovalCode::from_number(12)),
            transfers: Transfers::new(),
            to_issuer: None,
            balance: None,
            ruled: None,
            own_day: None,
            remains: None,
            staff: staff.then(|| {
                let (by, why, via) = ("per_1".into(), "why".into(), Some(Via::Api));
                Box::new(ByStaff { kind: CorrectionKind::Reduction, approval: 11, by, why, via })
            }),
        })
    };
    let shops = vec![("27000001".parse().unwrap(), "M10000000000002".parse().unwrap())];
    let further = FurtherShops { organisation: OrganisationId::new(3), shops };
    let further = Body::ApprovalRequested(ApprovalRequested {
        proposal: Proposal::Rights(Box::new(RightsChange::Shops(further))),
        source: String::new(),
        by: "per_1".into(),
        why: "why".into(),
        via: Some(Via::CommandLine),
        replaces: None,
        until: None,
        file: None,
        proof: None,
    });
    asked.into_iter().chain([refund(false), refund(true), further]).collect()
}

#[test]
fn records_about_people_have_the_bytes_that_they_always_had() {
    let mut found = String::new();
    for body in all() {
        let mut bytes = Vec::new();
        body.write(&mut bytes);
        assert_eq!(Body::read(&bytes).unwrap(), body);
        write!(found, "{} ", body.name()).unwrap();
        for byte in bytes {
            write!(found, "{byte:02x}").unwrap();
        }
        found.push('\n');
    }
    // A new kind is added to the file; a line that is there never changes.
    assert!(GOLDEN == found, "golden.txt differs from:\n{found}");
}
