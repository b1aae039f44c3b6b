//! Links, merges, cards and certificates of people.

use super::*;
use kazasu_ledger::record::Card;

#[test]
fn a_status_list_speaks_of_certificates_and_only_newer_ones_count() {
    let mut town = town_with(Policy {
        validity: Some(Validity { fresh_hours: 24, stale_hours: 72, stale_cap: Yen::new(500) }),
        ..policy()
    });
    let serial = |n: u8| Serial::from_bytes(&[n, 1]).unwrap();
    let bind = |town: &mut Town, who, n| {
        let (ppid, last_day, by) = (person(who), day("2030-01-01"), "platform".into());
        ask(town, Command::BindCertificate { ppid, serial: serial(n), issuer: None, last_day, by })
    };
    let list = |town: &mut Town, number, at, entries: &[(u8, ListReason)]| {
        let entries = entries.iter().map(|(n, reason)| (serial(*n), *reason)).collect();
        ask(town, Command::ApplyList { number, issued: at, entries, scope: "CA".into(), issuer: None, by: "op".into() })
    };
    bind(&mut town, 1, 1).unwrap();
    bind(&mut town, 2, 2).unwrap();
    assert!(bind(&mut town, 2, 1).unwrap_err().contains("is bound to another card"));
    assert_eq!(town.purchase(1, 100).1, "91", "no list at all");
    list(&mut town, 5, NOON, &[(1, ListReason::Hold), (9, ListReason::Revoked)]).unwrap();
    let (paid, code) = town.purchase(2, 400);
    assert_eq!(code, "00");
    assert_eq!(town.purchase(1, 100).1, "41", "on hold");
    let before = town.journal.len();
    for (number, at) in [(4, Millis(NOON.0 + 1)), (5, Millis(NOON.0 + 1)), (6, Millis(NOON.0 - 1))] {
        assert!(list(&mut town, number, at, &[]).unwrap_err().contains("only a newer one is taken"), "{number}");
    }
    assert_eq!(town.journal.len(), before);
    list(&mut town, 6, NOON, &[(2, ListReason::Revoked), (9, ListReason::Revoked)]).unwrap();
    assert_eq!(town.purchase(1, 100).1, "00", "the hold was taken off the list");
    assert_eq!(town.purchase(2, 1).1, "62", "revoked");
    let refund = town.about(Operation::Refund, &paid, 400);
    assert_eq!(town.code(&refund), "00", "what was paid before is still refunded");
    // A reissued card has a new certificate; a serial that is on the list already counts when it is bound.
    bind(&mut town, 2, 3).unwrap();
    assert_eq!(town.purchase(2, 1).1, "00");
    bind(&mut town, 2, 9).unwrap();
    assert_eq!(town.purchase(2, 1).1, "62");
    // Old lists: small amounts are marked, and then nothing.
    town.now = Millis(NOON.0 + 24 * 3_600_000 + 1);
    assert_eq!((town.purchase(1, 501).1, town.purchase(1, 500).1), ("61".into(), "00".into()));
    let Body::Transaction(tapped) = &town.journal.last().unwrap().body else { panic!("a tap") };
    assert_eq!(tapped.ruled.as_ref().unwrap().flags, kazasu_ledger::record::flag::CRL_BASED);
    town.now = Millis(NOON.0 + 72 * 3_600_000 + 1);
    assert_eq!(town.purchase(1, 1).1, "91");
    town.check_replay();
}

#[test]
fn a_temporary_id_is_merged_once_with_all_that_it_has() {
    let mut town = town_with(policy());
    let by = || "city".to_owned();
    let temporary = person(50);
    ask(&mut town, Command::IssueTemporary { ppid: temporary, until: None, by: by() }).unwrap();
    assert!(ask(&mut town, Command::IssueTemporary { ppid: person(1), until: None, by: by() }).is_err());
    credit(&mut town, 50, 2_000, "relief").unwrap();
    let (paid, code) = town.purchase(50, 500);
    assert_eq!(code, "00");
    let merge = |from, into| Command::Merge { from, into, by: "city".into() };
    for (command, says) in [
        (merge(person(1), person(2)), "is not a temporary ID"),
        (merge(temporary, person(60)), "is not known"),
        (merge(temporary, temporary), "is a temporary ID itself"),
    ] {
        assert!(ask(&mut town, command).unwrap_err().contains(says));
    }
    ask(&mut town, merge(temporary, person(1))).unwrap();
    assert!(ask(&mut town, merge(temporary, person(2))).unwrap_err().contains("nothing is merged twice"));
    assert_eq!(town.purchase(50, 1).1, "62");
    let (_, code) = town.purchase(1, 1_500);
    assert_eq!((code.as_str(), town.available(1)), ("00", 10_000), "the purse pays for the person now");
    // The shop refunds to the old ID or to the person's card: the purse is the same.
    let mut refund = town.about(Operation::Refund, &paid, 200);
    refund.ppid = Some(person(1));
    assert_eq!(town.code(&refund), "00");
    let refund = town.about(Operation::Refund, &paid, 100);
    assert_eq!(town.code(&refund), "00");
    let mut other = town.about(Operation::Refund, &paid, 100);
    other.ppid = Some(person(2));
    assert_eq!(town.code(&other), "12");
    assert_eq!(town.state.resident(&person(1), town.state.day).unwrap().purses[0].available, 300);
    let link = Command::Link {
        ppid: temporary,
        from: None,
        to: Link::Deposit(1),
        origin: LinkOrigin::Holder,
        by: "test".into(),
    };
    assert!(ask(&mut town, link).unwrap_err().contains("stands for"));
    town.check_replay();
}

#[test]
fn a_person_who_links_anew_needs_no_other_instrument() {
    let mut town = town_with(policy());
    let broken = Command::BreakLink { ppid: person(3), said: said("a", "letter came back") };
    ask(&mut town, broken).unwrap();
    let propose = Command::ProposeRetarget { ppid: person(3), to: Link::Deposit(1), said: said("a", "") };
    ask(&mut town, propose).unwrap();
    let request = town.state.approvals()[0].number;
    let own = Command::Link {
        ppid: person(3),
        from: None,
        to: Link::Deposit(2),
        origin: LinkOrigin::Holder,
        by: "portal".into(),
    };
    ask(&mut town, own).unwrap();
    assert_eq!((town.state.broken_links().count(), town.state.approvals().len()), (0, 0));
    let late = Approvals::Decide {
        proposal: request,
        answer: crate::ApprovalAnswer::Approve,
        seen: None,
        said: said("b", "late"),
    };
    assert!(ask(&mut town, Command::Approvals(late)).unwrap_err().contains("is over: superseded"));
    town.check_replay();
}

/// Journals from before retargets were approvals are read as they were written.
#[test]
fn a_retarget_of_an_older_journal_is_read() {
    use kazasu_ledger::record::{Linked, RetargetDecided, RetargetProposed};
    let mut town = town_with(policy());
    let broken = Command::BreakLink { ppid: person(3), said: said("a", "x") };
    ask(&mut town, broken).unwrap();
    let instrument = Instrument::Deposit(town.state.parties.deposits[&1]);
    let proposed = RetargetProposed { ppid: person(3), instrument: instrument.clone(), by: "a".into() };
    town.carry_out(&Decision { body: Some(Body::RetargetProposed(proposed)), ..Decision::default() });
    assert!(town.state.broken_links().next().unwrap().1.proposal.is_some());
    let (version, from, origin) = (2, town.now, Some(LinkOrigin::Retarget));
    let link = Linked {
        ppid: person(3),
        version,
        from,
        instrument,
        origin,
        by: Some("b".into()),
        proof: None,
        approval: None,
    };
    let decided = RetargetDecided { ppid: person(3), link: Some(link), by: "b".into(), why: "x".into(), via: None };
    town.carry_out(&Decision { body: Some(Body::RetargetDecided(decided)), ..Decision::default() });
    assert_eq!(town.state.broken_links().count(), 0);
    assert_eq!((town.purchase(3, 100).1.as_str(), town.available(1)), ("00", 9_900));
    town.check_replay();
}

#[test]
fn a_broken_link_is_queued_and_retargeted_by_two_people() {
    let mut town = town_with(policy());
    let request = town.request(Operation::Purchase, 3, 100);
    town.send(&request);
    let seq = town.state.seq;
    town.issuer_says(seq, "14");
    let queue: Vec<_> = town
        .state
        .broken_links()
        .map(|(p, b)| (p, b.version, b.why == BreakReason::Issuer(ResponseCode::from_wire(b"14").unwrap())))
        .collect();
    assert_eq!(queue, [(person(3), 1, true)], "an issuer that does not know the account says so");
    let propose =
        |who, to, by: &str| Command::ProposeRetarget { ppid: person(who), to: Link::Deposit(to), said: said(by, "") };
    let decide = |approve, by: &str| Command::DecideRetarget { ppid: person(3), approve, said: said(by, "merged") };
    assert!(ask(&mut town, decide(true, "b")).unwrap_err().contains("no new instrument was requested"));
    assert!(ask(&mut town, propose(1, 2, "a")).unwrap_err().contains("is not in the queue"));
    ask(&mut town, propose(3, 1, "a")).unwrap();
    assert!(ask(&mut town, decide(true, "a")).unwrap_err().contains("another person must decide"));
    ask(&mut town, decide(false, "b")).unwrap();
    assert!(ask(&mut town, decide(true, "b")).unwrap_err().contains("no new instrument was requested"));
    ask(&mut town, propose(3, 1, "a")).unwrap();
    assert_eq!(town.state.approvals().len(), 1, "it is an approval like any other");
    assert_eq!(town.state.approvals()[0].kind(), kazasu_ledger::record::ApprovalKind::Retarget);
    ask(&mut town, decide(true, "b")).unwrap();
    assert_eq!((town.state.broken_links().count(), town.state.approvals().len()), (0, 0));
    assert_eq!(town.purchase(3, 100).1, "00");
    assert_eq!(town.available(1), 9_900);
    let shared = town.state.shared_accounts();
    assert_eq!(shared.len(), 1, "two people pay from one public-receipt account");
    assert_eq!(shared[0].1, [person(1), person(3)]);
    assert!(town.state.resident(&person(3), town.state.day).unwrap().shared_account);
    let suspend = Command::SetCard { ppid: person(3), status: CardStatus::Suspended, said: said("a", "lost") };
    ask(&mut town, suspend).unwrap();
    assert_eq!(town.purchase(3, 100).1, "41");
    town.check_replay();
}

#[test]
fn a_link_that_waits_for_its_day_can_be_superseded() {
    let mut town = town_with(policy());
    let link = |from, to, by: &str| Command::Link {
        ppid: person(1),
        from,
        to: Link::Deposit(to),
        origin: LinkOrigin::Holder,
        by: by.into(),
    };
    ask(&mut town, link(Some(day("2062-12-01").start()), 4, "portal")).unwrap();
    ask(&mut town, link(None, 2, "portal")).unwrap();
    assert_eq!(town.purchase(1, 300).1, "00");
    assert_eq!((town.available(1), town.available(2)), (10_000, 200), "now means now");
    ask(&mut town, link(Some(day("2062-12-01").start()), 4, "portal")).unwrap();
    ask(&mut town, Command::Unlink { ppid: person(1), from: None, by: "portal".into() }).unwrap();
    assert_eq!(town.purchase(1, 1).1, "14", "ended now, with all that waited");
    town.check_replay();
}

#[test]
fn a_revocation_is_not_lifted_by_accident() {
    let mut town = town_with(policy());
    let set = |status| Command::SetCard { ppid: person(1), status, said: said("op", "x") };
    let bind = |n: u8, last| Command::BindCertificate {
        ppid: person(1),
        serial: Serial::from_bytes(&[n]).unwrap(),
        issuer: None,
        last_day: day(last),
        by: "op".into(),
    };
    ask(&mut town, bind(1, "2027-01-01")).unwrap();
    ask(&mut town, set(CardStatus::Revoked)).unwrap();
    ask(&mut town, set(CardStatus::Suspended)).unwrap();
    assert_eq!(town.purchase(1, 1).1, "62", "suspending does not take the revocation away");
    ask(&mut town, bind(1, "2027-02-01")).unwrap();
    assert_eq!(town.purchase(1, 1).1, "62", "nor does correcting a date");
    ask(&mut town, bind(2, "2027-02-01")).unwrap();
    assert_eq!(town.purchase(1, 1).1, "00", "another certificate is another card");
    // A payment is booked once for a temporary ID and the person that it was merged into.
    ask(&mut town, Command::IssueTemporary { ppid: person(51), until: None, by: "city".into() }).unwrap();
    credit(&mut town, 51, 1_000, "household 7").unwrap();
    ask(&mut town, Command::Merge { from: person(51), into: person(1), by: "city".into() }).unwrap();
    let before = town.journal.len();
    credit(&mut town, 1, 1_000, "household 7").unwrap();
    assert_eq!(town.journal.len(), before);
    town.check_replay();
}

#[test]
fn each_list_of_an_authority_speaks_of_its_own_certificates() {
    let mut town = town_with(policy());
    let serial = |n: u8| Serial::from_bytes(&[n]).unwrap();
    let bind = Command::BindCertificate {
        ppid: person(1),
        serial: serial(1),
        issuer: None,
        last_day: day("2030-01-01"),
        by: "op".into(),
    };
    ask(&mut town, bind).unwrap();
    let list = |scope: &str, number, entries: &[(u8, ListReason)]| Command::ApplyList {
        number,
        issued: NOON,
        entries: entries.iter().map(|(n, reason)| (serial(*n), *reason)).collect(),
        scope: scope.into(),
        issuer: None,
        by: "op".into(),
    };
    ask(&mut town, list("CA chiyoda", 4, &[(1, ListReason::Revoked)])).unwrap();
    ask(&mut town, list("CA minato", 9, &[(2, ListReason::Hold)])).unwrap();
    assert_eq!(town.purchase(1, 1).1, "62", "another ward's list says nothing of this card");
    ask(&mut town, list("CA chiyoda", 5, &[])).unwrap();
    assert_eq!(town.purchase(1, 1).1, "00");
    assert!(ask(&mut town, list("CA chiyoda", 4, &[])).is_err(), "each list has numbers of its own");
    assert_eq!(town.state.card_lists().count(), 2);
    town.check_replay();
}

#[test]
fn an_instrument_that_another_person_has_waits_for_staff() {
    let mut town = town_with(policy());
    let ask_link = |who, to, by: &str| Command::AskLink {
        ppid: person(who),
        from: None,
        to,
        origin: LinkOrigin::Holder,
        said: said(by, ""),
        most_open: 2,
    };
    let decide = |town: &Town, approve, by: &str| {
        let proposal = town.state.approvals()[0].number;
        Command::Approvals(Approvals::Decide {
            proposal,
            answer: if approve { crate::ApprovalAnswer::Approve } else { crate::ApprovalAnswer::Deny },
            seen: None,
            said: said(by, "one family"),
        })
    };
    // The account of person 1; person 40 is fresh.
    ask(&mut town, ask_link(40, Link::Deposit(1), "key_2")).unwrap();
    assert_eq!(town.purchase(40, 100).1, "14", "it pays nothing");
    assert_eq!(town.state.approvals().len(), 1);
    let records = town.journal.len();
    ask(&mut town, ask_link(40, Link::Deposit(1), "key_2")).unwrap();
    assert_eq!(town.journal.len(), records, "the same once more is the same request");
    ask(&mut town, ask_link(40, Link::Deposit(2), "key_2")).unwrap();
    assert_eq!(town.state.approvals().len(), 1, "another account replaces the request");
    let alone = decide(&town, true, "key_2");
    assert!(ask(&mut town, alone).unwrap_err().contains("key_2 is no person who signed in"));
    let no = decide(&town, false, "per_3");
    ask(&mut town, no).unwrap();
    assert_eq!(town.purchase(40, 100).1, "14");
    ask(&mut town, ask_link(40, Link::Deposit(1), "key_2")).unwrap();
    let yes = decide(&town, true, "per_3");
    ask(&mut town, yes).unwrap();
    assert_eq!((town.purchase(40, 100).1.as_str(), town.available(1)), ("00", 9_900));
    assert!(town.state.resident(&person(40), town.state.day).unwrap().shared_account);
    // One's own instrument again, or one that its holder has left, needs no one.
    ask(&mut town, ask_link(40, Link::Deposit(1), "key_2")).unwrap();
    ask(&mut town, Command::Unlink { ppid: person(2), from: None, by: "portal".into() }).unwrap();
    ask(&mut town, ask_link(40, Link::Deposit(2), "key_2")).unwrap();
    assert_eq!((town.state.approvals().len(), town.available(2)), (0, 500));
    // A link to something else ends what waits.
    ask(&mut town, ask_link(41, Link::Deposit(1), "key_2")).unwrap();
    ask(&mut town, Command::Unlink { ppid: person(41), from: None, by: "portal".into() }).unwrap_err();
    ask(&mut town, ask_link(40, Link::Deposit(4), "key_2")).unwrap();
    assert_eq!(town.state.approvals().len(), 1);
    // One portal does not fill the inbox: two of its requests wait at most, and none of another portal's is in its way.
    ask(&mut town, ask_link(42, Link::Deposit(1), "key_2")).unwrap();
    let full = ask(&mut town, ask_link(43, Link::Deposit(1), "key_2")).unwrap_err();
    assert!(full.contains("2 links of portal key_2 wait for staff, and at most 2 may"), "{full}");
    ask(&mut town, ask_link(42, Link::Deposit(4), "key_2")).unwrap();
    ask(&mut town, ask_link(43, Link::Deposit(1), "key_3")).unwrap();
    let no = decide(&town, false, "per_3");
    ask(&mut town, no).unwrap();
    ask(&mut town, ask_link(44, Link::Deposit(1), "key_2")).unwrap();
    assert_eq!(town.state.approvals().len(), 3);
    town.check_replay();
}

#[test]
fn a_card_that_another_person_has_waits_too_and_is_no_shared_account() {
    let mut town = town_with(policy());
    let card = |seal: u8| {
        let card = Card { issuer: ISSUER, pan: vec![1, seal].into(), token: [7; 8] };
        Link::Instrument(Instrument::CreditCard(card))
    };
    let ask_link = |who, to| Command::AskLink {
        ppid: person(who),
        from: None,
        to,
        origin: LinkOrigin::Counter,
        said: said("per_3", ""),
        most_open: 0,
    };
    ask(&mut town, ask_link(40, card(1))).unwrap();
    assert!(town.state.approvals().is_empty());
    ask(&mut town, ask_link(41, card(2))).unwrap();
    assert_eq!(town.state.approvals().len(), 1, "the same number, sealed anew");
    assert_eq!(town.state.seal_needs(1).proposals, 1, "its key is needed");
    let records = town.journal.len();
    ask(&mut town, ask_link(41, card(3))).unwrap();
    assert_eq!(town.journal.len(), records);
    let proposal = town.state.approvals()[0].number;
    ask(
        &mut town,
        Command::Approvals(Approvals::Decide {
            proposal,
            answer: crate::ApprovalAnswer::Approve,
            seen: None,
            said: said("per_4", "a family's"),
        }),
    )
    .unwrap();
    assert!(town.state.shared_accounts().is_empty(), "a card may be a family's");
    assert!(!town.state.resident(&person(41), town.state.day).unwrap().shared_account);
    town.check_replay();
}
