//! A record has person, reason and channel. Records that were written before the channel was kept read as they did.

use super::rules::ask;
use super::*;
use kazasu_ledger::record::{CardStatus, LinkOrigin, OwnLimits, PortalProof};
use kazasu_schemas::identity::ProgramId;
use kazasu_schemas::portal::{PortalOperation, Proven};

#[test]
fn a_record_keeps_through_what_it_was_said() {
    let mut town = Town::new();
    for (via, status) in [(Via::Offline, CardStatus::Suspended), (Via::CommandLine, CardStatus::Good)] {
        ask(&mut town, Command::SetCard { ppid: person(1), status, said: Attribution::new("op", "lost", via) })
            .unwrap();
        let Body::CardStatusSet(r) = &town.journal.last().unwrap().body else { panic!("a card's status was set") };
        assert_eq!((r.by.as_str(), r.why.as_str(), r.via), ("op", "lost", Some(via)));
    }
    town.check_replay();
}

/// A record without the field is written without it: journals of before keep their bytes, and so their chain.
#[test]
fn records_of_before_read_and_are_written_with_the_bytes_that_they_had() {
    let mut bytes = Vec::new();
    minicbor::encode((18, [(person(1), CardStatus::Suspended, "op", "lost")]), &mut bytes).unwrap();
    let body = Body::read(&bytes).unwrap();
    let Body::CardStatusSet(r) = &body else { panic!("a card's status was set") };
    assert_eq!((r.by.as_str(), r.why.as_str(), r.via), ("op", "lost", None));
    let mut again = Vec::new();
    body.write(&mut again);
    assert_eq!(again, bytes);
}

fn proof(operation: PortalOperation) -> PortalProof {
    let (portal, at) = (ProgramId::new(2), Millis(1_795_000_000_000));
    let (request, nonce, key, signature) = ([1; 32], [2; 16], [3; 32], [4; 64]);
    PortalProof { portal, proven: Proven::CardPin, at, operation, request, nonce, key, signature }
}

#[test]
fn the_record_of_what_a_portal_asked_for_keeps_what_it_signed() {
    let mut town = Town::new();
    let (ppid, by) = (person(1), "key_2".to_owned());
    let (origin, to, said) = (LinkOrigin::Holder, Link::Deposit(2), Attribution::new("key_2", "lost", Via::Api));
    let limits = OwnLimits { day: Some(Yen::new(700)), ..OwnLimits::default() };
    let asked = [
        (PortalOperation::Link, Command::Link { ppid, from: None, to, origin, by: by.clone() }),
        (PortalOperation::SetLimits, Command::SetOwnLimits { ppid, limits, by: by.clone() }),
        (PortalOperation::SetCard, Command::SetCard { ppid, status: CardStatus::Suspended, said }),
        (PortalOperation::Unlink, Command::Unlink { ppid, from: None, by }),
    ];
    for (operation, command) in asked {
        let before = town.journal.len();
        let (proof, command) = (Box::new(proof(operation)), Box::new(command));
        ask(&mut town, Command::Proven { proof: proof.clone(), command: command.clone() }).unwrap();
        let body = &town.journal.last().unwrap().body;
        let kept = match body {
            Body::Linked(r) => &r.proof,
            Body::Unlinked(r) => &r.proof,
            Body::CardStatusSet(r) => &r.proof,
            Body::OwnLimitsSet(r) => &r.proof,
            other => panic!("{other:?}"),
        };
        assert_eq!(kept.as_ref(), Some(&proof));
        let mut bytes = Vec::new();
        body.write(&mut bytes);
        assert_eq!(Body::read(&bytes).unwrap(), *body);
        // What is there already needs no record, and a refusal stays one.
        ask(&mut town, Command::Proven { proof: proof.clone(), command }).unwrap();
        assert_eq!(town.journal.len(), before + 1, "{operation}");
    }
    let unknown = Box::new(Command::Unlink { ppid: person(99), from: None, by: "key_2".into() });
    let proof = Box::new(proof(PortalOperation::Unlink));
    assert!(ask(&mut town, Command::Proven { proof, command: unknown }).is_err());
    town.check_replay();
}
