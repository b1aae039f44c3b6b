//! Requests that two people decide: what is looked at is what is decided, who may answer, and how requests end.

use super::rules::{ask, policy, town_with};
use super::*;
use crate::{ApprovalAnswer, ApprovalEnd, ApprovalStanding, ApprovalView};
use kazasu_ledger::record::{Destruction, Fingerprint, KeyDestroyed, Proposal};
use kazasu_schemas::jst::Millis;

const DAY: i64 = 24 * 3_600_000;

fn key(version: u8) -> Destruction {
    Destruction { key: "vault.cards".into(), version, fiscal_year: Some(2026), kcv: "0A1B2C".into() }
}

fn request(town: &mut Town, kcv: &str, by: &str) -> Result<(), String> {
    let proposal = Box::new(Proposal::Destruction(Box::new(Destruction { kcv: kcv.into(), ..key(7) })));
    let request = Approvals::Request { proposal, source: "".into(), said: said(by, "year is over") };
    ask(town, Command::Approvals(request))
}

fn open(town: &Town) -> ApprovalView {
    town.state.approvals().into_iter().next().unwrap()
}

fn answer(town: &mut Town, answer: ApprovalAnswer, (seen, by): (Fingerprint, &str)) -> Result<(), String> {
    let proposal = town.state.approvals().first().map_or(1, |open| open.number);
    let decide = Approvals::Decide { proposal, answer, seen: Some(seen), said: said(by, "looked at") };
    ask(town, Command::Approvals(decide))
}

fn withdraw(town: &mut Town, proposal: u64, by: &str) -> Result<(), String> {
    ask(town, Command::Approvals(Approvals::Withdraw { proposal, said: said(by, "mistaken") }))
}

fn ended(town: &Town, number: u64) -> ApprovalEnd {
    match town.state.approval(number).unwrap().standing {
        ApprovalStanding::Ended(end, _) => end,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_is_destroyed_only_as_two_people_approved_it() {
    let mut town = town_with(policy());
    let destroy = |town: &mut Town, version| {
        let command = Command::DestroyKey { key: Box::new(key(version)), said: said("per_1", "done") };
        ask(town, command)
    };
    assert!(destroy(&mut town, 7).unwrap_err().contains("no approved request"));
    request(&mut town, "0A1B2C", "per_1").unwrap();
    assert!(destroy(&mut town, 7).unwrap_err().contains("no approved request"), "it waits");
    let request = open(&town);
    answer(&mut town, ApprovalAnswer::Approve, (request.fingerprint, "per_2")).unwrap();
    assert!(destroy(&mut town, 8).unwrap_err().contains("no approved request"), "another version");
    destroy(&mut town, 7).unwrap();
    let Body::KeyDestroyed(KeyDestroyed { approval, .. }) = &town.journal.last().unwrap().body else { panic!() };
    assert_eq!(*approval, Some(request.number));
    town.check_replay();
}

#[test]
fn programs_and_the_keeper_neither_request_nor_decide() {
    let mut town = town_with(policy());
    for by in ["key_5", "offline", "ＯＦＦＬＩＮＥ"] {
        assert!(request(&mut town, "0A1B2C", by).unwrap_err().contains("is no person"), "{by}");
    }
    request(&mut town, "0A1B2C", "per_1").unwrap();
    let seen = open(&town).fingerprint;
    for by in ["key_5", "offline"] {
        let refused = answer(&mut town, ApprovalAnswer::Approve, (seen, by)).unwrap_err();
        assert!(refused.contains("is no person"), "{by}: {refused}");
    }
    for by in ["per_1", "PER_1", "ｐｅｒ_1", " per_1", "per_\u{200b}1"] {
        let refused = answer(&mut town, ApprovalAnswer::Approve, (seen, by)).unwrap_err();
        assert!(refused.contains("another person must decide"), "{by}: {refused}");
    }
}

#[test]
fn a_request_that_was_replaced_is_decided_as_it_is_now() {
    let mut town = town_with(policy());
    request(&mut town, "0A1B2C", "per_1").unwrap();
    let before = open(&town);
    request(&mut town, "0A1B2C", "per_1").unwrap();
    assert_eq!(open(&town).fingerprint, before.fingerprint, "the same once more is no second request");
    assert!(request(&mut town, "FFFFFF", "per_3").unwrap_err().contains("about the same is open"), "another person's");
    request(&mut town, "FFFFFF", "per_1").unwrap();
    let now = open(&town);
    assert_eq!((now.number, town.state.approvals().len()), (before.number, 1), "it stays the same case");
    assert_ne!(now.fingerprint, before.fingerprint);
    assert_eq!(now.earlier.as_ref().unwrap().fingerprint, before.fingerprint);
    for decision in [ApprovalAnswer::Approve, ApprovalAnswer::Deny, ApprovalAnswer::SendBack] {
        let refused = answer(&mut town, decision, (before.fingerprint, "per_2")).unwrap_err();
        assert!(refused.contains("was replaced after it was looked at"), "{refused}");
    }
    answer(&mut town, ApprovalAnswer::Approve, (now.fingerprint, "per_2")).unwrap();
    assert_eq!(ended(&town, now.number), ApprovalEnd::Approved);
    town.check_replay();
}

#[test]
fn what_is_sent_back_is_handed_in_again_and_decided() {
    let mut town = town_with(policy());
    request(&mut town, "0A1B2C", "per_1").unwrap();
    let first = open(&town);
    answer(&mut town, ApprovalAnswer::SendBack, (first.fingerprint, "per_2")).unwrap();
    let ApprovalStanding::SentBack(said) = open(&town).standing else { panic!() };
    assert_eq!((said.by.as_str(), said.why.as_str()), ("per_2", "looked at"));
    let refused = answer(&mut town, ApprovalAnswer::Approve, (first.fingerprint, "per_2")).unwrap_err();
    assert!(refused.contains("was sent back"), "{refused}");
    // The same once more is handed in again, too.
    request(&mut town, "0A1B2C", "per_1").unwrap();
    let again = open(&town);
    assert!(again.waits() && again.number == first.number && again.fingerprint != first.fingerprint);
    answer(&mut town, ApprovalAnswer::Deny, (again.fingerprint, "per_2")).unwrap();
    assert_eq!(ended(&town, again.number), ApprovalEnd::Denied);
    assert!(withdraw(&mut town, again.number, "per_1").unwrap_err().contains("is over: denied"));
    town.check_replay();
}

#[test]
fn a_requester_alone_withdraws_a_request() {
    let mut town = town_with(policy());
    request(&mut town, "0A1B2C", "per_1").unwrap();
    let asked = open(&town);
    assert!(withdraw(&mut town, asked.number, "per_2").unwrap_err().contains("who alone withdraws it"));
    withdraw(&mut town, asked.number, "ｐｅｒ_1").unwrap();
    assert_eq!(ended(&town, asked.number), ApprovalEnd::Withdrawn);
    request(&mut town, "0A1B2C", "per_3").unwrap();
    assert_ne!(open(&town).number, asked.number, "a new case");
    town.check_replay();
}

#[test]
fn a_request_that_nobody_decides_lapses_and_its_lapse_is_a_record() {
    let mut town = town_with(policy());
    request(&mut town, "0A1B2C", "per_1").unwrap();
    let asked = open(&town);
    let until = asked.until.unwrap();
    assert_eq!((until.0 - asked.at.0) / DAY, 7, "seven whole days, and the rest of this one");
    assert_eq!(until, until.jst_day().start());
    town.now = Millis(until.0 - 1);
    town.event(&Event::Tick { keep_days: 10 });
    assert_eq!(town.state.approvals().len(), 1);
    town.now = until;
    // A decision that comes before the tick comes too late all the same.
    let late = answer(&mut town, ApprovalAnswer::Approve, (asked.fingerprint, "per_2")).unwrap_err();
    assert!(late.contains("is over: lapsed"), "{late}");
    town.event(&Event::TickInDoubt);
    assert_eq!(town.state.approvals().len(), 1, "not by a clock that is in doubt");
    for _ in 0..3 {
        town.event(&Event::Tick { keep_days: 10 });
    }
    assert_eq!((town.state.approvals().len(), ended(&town, asked.number)), (0, ApprovalEnd::Lapsed));
    let lapses = town.journal.iter().filter(|record| matches!(record.body, Body::ApprovalLapsed(_))).count();
    assert_eq!(lapses, 1);
    town.check_replay();
}

/// Journals from before requests had a deadline are read as they were written: such requests wait.
#[test]
fn a_request_of_before_waits_without_a_deadline() {
    use kazasu_ledger::record::{ApprovalDecided, ApprovalRequested};
    let mut town = town_with(policy());
    let old = ApprovalRequested {
        proposal: Proposal::Destruction(Box::new(key(7))),
        source: String::new(),
        by: "sato".into(),
        why: "x".into(),
        via: None,
        replaces: None,
        until: None,
        file: None,
        proof: None,
    };
    town.carry_out(&Decision { body: Some(Body::ApprovalRequested(old)), ..Decision::default() });
    let asked = open(&town);
    town.now = Millis(town.now.0 + 400 * DAY);
    town.event(&Event::Tick { keep_days: 10 });
    town.event(&Event::Tick { keep_days: 10 });
    assert_eq!(open(&town).number, asked.number);
    let decided = ApprovalDecided {
        proposal: asked.number,
        approved: false,
        opens: Vec::new(),
        transfers: kazasu_ledger::transfer::Transfers::new(),
        by: "tanaka".into(),
        why: "x".into(),
        link: None,
        via: None,
        fingerprint: None,
        carries: None,
        proof: None,
    };
    town.carry_out(&Decision { body: Some(Body::ApprovalDecided(decided)), ..Decision::default() });
    assert_eq!(ended(&town, asked.number), ApprovalEnd::Denied);
    town.check_replay();
}
