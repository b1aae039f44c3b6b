//! The bytes of records about approvals, files, portals and replaced cards, as journals have them: a later version must read what this
//! one wrote.

use super::*;
use kazasu_schemas::identity::{PersonId, ProgramId};
use kazasu_schemas::portal::{PortalOperation, Proven};
use std::fmt::Write as _;

const GOLDEN: &str = include_str!("golden.txt");
const AT: Millis = Millis(1_795_000_000_000);

fn ppid(n: u8) -> Ppid {
    Ppid::from_bytes([n; 16])
}

fn card() -> Instrument {
    Instrument::CreditCard(Card { issuer: 1, pan: vec![1, 2, 3].into(), token: [4; 8] })
}

fn portal() -> Option<Box<PortalProof>> {
    Some(Box::new(PortalProof {
        portal: ProgramId::new(5),
        proven: Proven::CardPin,
        at: AT,
        operation: PortalOperation::Link,
        request: [6; 32],
        nonce: [7; 16],
        key: [8; 32],
        signature: [9; 64],
    }))
}

fn decided_by() -> Option<Box<DecisionProof>> {
    let key = DecisionKey {
        person: PersonId::new(3),
        session: [1; 6],
        holder: KeyHolder::Person,
        from: AT,
        until: Millis(AT.0 + 60_000),
        public: [2; 32],
    };
    Some(Box::new(DecisionProof { key, certificate: [3; 65], signature: [4; 64] }))
}

fn linked(proof: Option<Box<PortalProof>>, approval: Option<u64>) -> Linked {
    let (origin, by) = (Some(LinkOrigin::Holder), Some("key_5".to_owned()));
    Linked { ppid: ppid(1), version: 2, from: AT, instrument: card(), origin, by, proof, approval }
}

fn requested(proposal: Proposal) -> Body {
    Body::ApprovalRequested(ApprovalRequested {
        proposal,
        source: "file".into(),
        by: "per_1".into(),
        why: "why".into(),
        via: Some(Via::Api),
        replaces: Some(7),
        until: Some(AT),
        file: Some("file.csv".into()),
        proof: None,
    })
}

fn carried(change: CarriedChange) -> Body {
    requested(Proposal::Carried(Box::new(change)))
}

fn decided(carries: Option<Body>, link: Option<Linked>) -> Body {
    Body::ApprovalDecided(ApprovalDecided {
        proposal: 7,
        approved: true,
        opens: Vec::new(),
        transfers: Transfers::new(),
        by: "per_3".into(),
        why: "checked".into(),
        link,
        via: Some(Via::CommandLine),
        fingerprint: Some(Fingerprint([5; 32])),
        carries: carries.map(Box::new),
        proof: decided_by(),
    })
}

fn file() -> FileRequest {
    FileRequest {
        of: FileOf::Links,
        digest: [1; 32],
        bytes: 2_000,
        sheet: Some("Sheet1".into()),
        rows: 30,
        changing: 20,
        refused: 1,
        opening: Yen::new(500_000),
        shown: vec![FileRow { which: "first".into(), line: 2, text: "a link".into(), yen: Yen::new(100) }],
        changes: vec![FileChange {
            line: 2,
            of: "a person".into(),
            field: "account".into(),
            before: None,
            after: "*123".into(),
        }],
    }
}

fn replaced() -> Replaced {
    let (by, why, via) = ("per_1".into(), "reissued".into(), Some(Via::Console));
    let link = Linked { origin: Some(LinkOrigin::Replaced), ..linked(None, None) };
    Replaced { from: ppid(2), into: ppid(1), by, why, via, link: Some(Box::new(link)) }
}

fn all() -> Vec<Body> {
    let (by, why, via) = ("per_3".to_owned(), "why".to_owned(), Some(Via::Api));
    let sent_back = |proof| ApprovalSentBack {
        proposal: 7,
        fingerprint: Fingerprint([5; 32]),
        until: AT,
        by: by.clone(),
        why: why.clone(),
        via,
        proof,
    };
    let limits = OwnLimits { tap: Some(Yen::new(1_000)), day: None, month: Some(Yen::new(90_000)), decline: true };
    let status = CardStatus::Suspended;
    let link = Some(MovedLink { version: 4, instrument: card() });
    let shared = SharedLink { ppid: ppid(1), instrument: card(), from: Some(AT), proof: portal() };
    let destruction =
        Destruction { key: "vault.cards".into(), version: 1, fiscal_year: Some(2026), kcv: "abcdef".into() };
    let credited =
        CarriedChange::Credit { ppid: ppid(1), programme: 1, amount: Yen::new(3_000), reference: "r".into() };
    vec![
        Body::ApprovalSentBack(sent_back(None)),
        Body::ApprovalSentBack(sent_back(decided_by())),
        Body::ApprovalWithdrawn(ApprovalWithdrawn { proposal: 7, by: by.clone(), why: why.clone(), via, proof: None }),
        Body::ApprovalLapsed(ApprovalLapsed { proposal: 7, until: AT }),
        Body::FileEnded(FileEnded { approval: 7, recorded: 20, unchanged: 9, refused: 1, by: by.clone(), via }),
        Body::Linked(linked(portal(), None)),
        Body::Linked(linked(None, Some(7))),
        Body::Unlinked(Unlinked {
            ppid: ppid(1),
            version: 3,
            from: AT,
            by: Some("key_5".into()),
            proof: portal(),
            approval: Some(7),
        }),
        Body::CardStatusSet(CardStatusSet { ppid: ppid(1), status, by: by.clone(), why, via, proof: portal() }),
        Body::OwnLimitsSet(OwnLimitsSet { ppid: ppid(1), limits, by: by.clone(), proof: portal(), lowered: None }),
        Body::OwnLimitsSet(OwnLimitsSet { ppid: ppid(1), limits, by: by.clone(), proof: None, lowered: Some(true) }),
        Body::NoticesChosen(NoticesChosen {
            ppid: ppid(1),
            portal: kazasu_schemas::identity::ProgramId::new(2),
            notices: kazasu_schemas::portal::ResidentNotice::ALL.to_vec(),
            handle: Some("h-1".into()),
            proof: portal(),
        }),
        requested(Proposal::SharedLink(Box::new(shared))),
        requested(Proposal::Destruction(Box::new(destruction))),
        requested(Proposal::File(Box::new(file()))),
        requested(Proposal::Card(Box::new(CardChange::Lift { ppid: ppid(1), of: Some(CardStatus::Revoked) }))),
        carried(CarriedChange::Fund { programme: 1, amount: Yen::new(5_000), reference: "r".into() }),
        carried(credited),
        carried(CarriedChange::Merge { from: ppid(2), into: ppid(1) }),
        carried(CarriedChange::Link { ppid: ppid(1), instrument: Box::new(card()), from: Some(AT) }),
        carried(CarriedChange::Replace(Box::new(Replacement { from: ppid(2), into: ppid(1), link }))),
        decided(Some(Body::Merged(Merged { from: ppid(2), into: ppid(1), by })), None),
        decided(None, Some(linked(portal(), None))),
        decided(Some(Body::Replaced(replaced())), None),
        Body::Replaced(Replaced { link: None, via: None, ..replaced() }),
    ]
}

#[test]
fn records_about_approvals_files_portals_and_replaced_cards_have_the_bytes_that_they_always_had() {
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
