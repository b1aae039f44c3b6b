//! A national ID card that was replaced by one with another PPID.

use super::*;
use crate::{ApprovalAnswer, Approvals, Document};
use kazasu_ledger::record::{CarriedChange, MovedLink, Proposal, Replacement};

const NEW: u8 = 60;

fn replacement(town: &Town, from: u8, into: u8) -> Replacement {
    let (from, into) = (person(from), person(into));
    let moved = town.state.link_to_move(&from, &into);
    let link = moved.map(|link| MovedLink { version: link.version, instrument: link.instrument.clone().unwrap() });
    Replacement { from, into, link }
}

fn replace(town: &mut Town, from: u8, into: u8) -> Result<(), String> {
    let replacement = Box::new(replacement(town, from, into));
    ask(town, Command::Replace { replacement, said: said("per_1", "a new card") })
}

fn link(who: u8, deposit: u64) -> Command {
    let (to, origin, by) = (Link::Deposit(deposit), LinkOrigin::Holder, "test".to_owned());
    Command::Link { ppid: person(who), from: None, to, origin, by }
}

/// All money and all points that anybody has.
fn everything(town: &Town) -> (i64, i64) {
    let yen = balance(town, |k| matches!(k, AccountKey::Purse(..) | AccountKey::Deposit(_)));
    (yen, balance(town, |k| matches!(k, AccountKey::Points(..))))
}

#[test]
fn everything_goes_over_once_and_the_old_card_pays_no_more() {
    let mut town = town_with(policy());
    let (by, day) = (|| "city".to_owned(), town.now.jst_day());
    let limits = OwnLimits { tap: None, day: Some(Yen::new(9_000)), month: None, decline: false };
    ask(&mut town, Command::SetOwnLimits { ppid: person(1), limits, by: by() }).unwrap();
    ask(&mut town, Command::IssueTemporary { ppid: person(50), until: None, by: by() }).unwrap();
    credit(&mut town, 50, 300, "shelter").unwrap();
    let (sheltered, code) = town.purchase(50, 100);
    assert_eq!(code, "00");
    ask(&mut town, Command::Merge { from: person(50), into: person(1), by: by() }).unwrap();
    credit(&mut town, 1, 2_000, "relief").unwrap();
    let (paid, code) = town.purchase(1, 2_900);
    assert_eq!(code, "00", "purses first, and the account for the rest");
    let held = town.request(Operation::Authorize, 1, 400);
    assert_eq!(town.code(&held), "00");
    let (before, all) = (town.state.resident(&person(1), day).unwrap(), everything(&town));
    replace(&mut town, 1, NEW).unwrap();
    let after = town.state.resident(&person(NEW), day).unwrap();
    assert_eq!(everything(&town), all, "nothing is lost or doubled");
    assert_eq!(
        (&after.purses, &after.points, after.limits, after.today, after.this_month),
        (&before.purses, &before.points, before.limits, before.today, before.this_month)
    );
    assert_eq!((town.purchase(1, 1).1, town.purchase(50, 1).1), ("62".into(), "62".into()));
    // The same windows count on: of the day's 9,000 yen the account has paid some 700 and holds 400.
    assert_eq!((town.purchase(NEW, 8_500).1, town.purchase(NEW, 100).1), ("61".into(), "00".into()));
    for (command, says) in [
        (link(1, 2), "stands for"),
        (Command::Merge { from: person(50), into: person(2), by: by() }, "nothing is merged twice"),
    ] {
        assert!(ask(&mut town, command).unwrap_err().contains(says));
    }
    // What comes late for the old card finds its payment under each of the three IDs.
    for (of, names, yen) in [(&paid, 1, 50), (&paid, NEW, 50), (&sheltered, 50, 60), (&sheltered, NEW, 40)] {
        let mut refund = town.about(Operation::Refund, of, yen);
        refund.ppid = Some(person(names));
        assert_eq!(town.code(&refund), "00", "{names}");
    }
    let mut other = town.about(Operation::Refund, &paid, 1);
    other.ppid = Some(person(2));
    assert_eq!(town.code(&other), "12", "another person's");
    let undo = town.about(Operation::Reversal, &held, 400);
    assert_eq!(town.code(&undo), "00");
    // An offline payment that the old card made before counts against the new one's money, and is marked.
    let before = everything(&town).0;
    let advice = town.request(Operation::PurchaseAdvice, 1, 70);
    assert_eq!(town.code(&advice), "00");
    assert!((1..=70).contains(&(before - everything(&town).0)), "points may have paid a part");
    assert_eq!(town.shortfall(), 0);
    town.check_replay();
}

#[test]
fn a_card_is_replaced_more_than_once_and_never_by_what_stands_for_another() {
    let mut town = town_with(policy());
    ask(&mut town, Command::IssueTemporary { ppid: person(50), until: None, by: "city".into() }).unwrap();
    credit(&mut town, 50, 500, "shelter").unwrap();
    let (sheltered, _) = town.purchase(50, 100);
    ask(&mut town, Command::Merge { from: person(50), into: person(1), by: "city".into() }).unwrap();
    for (from, into, says) in
        [(1, 1, "cannot take its own place"), (1, 50, "stands for"), (50, NEW, "stands for"), (99, NEW, "is not known")]
    {
        assert!(replace(&mut town, from, into).unwrap_err().contains(says), "{from} {into}");
    }
    replace(&mut town, 1, NEW).unwrap();
    assert!(replace(&mut town, 1, 61).unwrap_err().contains("stands for"));
    assert!(replace(&mut town, 2, 1).unwrap_err().contains("stands for"));
    replace(&mut town, NEW, 61).unwrap();
    assert_eq!(town.purchase(NEW, 1).1, "62");
    let refund = town.about(Operation::Refund, &sheltered, 100);
    assert_eq!(town.code(&refund), "00", "of a temporary ID of before both");
    assert_eq!(town.state.resident(&person(61), town.state.day).unwrap().purses[0].available, 500);
    // Two people's cards may become one: both had money.
    credit(&mut town, 2, 70, "relief").unwrap();
    let own = town.state.link_versions(&person(61)).next().unwrap().instrument.clone();
    replace(&mut town, 2, 61).unwrap();
    let now = town.state.resident(&person(61), town.state.day).unwrap();
    assert_eq!(now.purses[0].available, 570);
    assert_eq!(town.state.link_versions(&person(61)).next().unwrap().instrument, own, "the new ID keeps its own link");
    assert!(!now.shared_account);
    town.check_replay();
}

#[test]
fn two_people_replace_what_they_looked_at() {
    let mut town = town_with(policy());
    let asked = |town: &mut Town| {
        let change = CarriedChange::Replace(Box::new(replacement(town, 3, NEW)));
        let (proposal, source) = (Box::new(Proposal::Carried(Box::new(change))), Document::default());
        ask(town, Command::Approvals(Approvals::Request { proposal, source, said: said("per_1", "a new card") }))
    };
    let decide = |town: &mut Town, by: &str| {
        let open = town.state.approvals().into_iter().next().unwrap();
        let (proposal, seen) = (open.number, Some(open.fingerprint));
        let (answer, said) = (ApprovalAnswer::Approve, said(by, "looked at"));
        ask(town, Command::Approvals(Approvals::Decide { proposal, answer, seen, said }))
    };
    let broken = Command::BreakLink { ppid: person(3), said: said("a", "letter came back") };
    ask(&mut town, broken).unwrap();
    asked(&mut town).unwrap();
    asked(&mut town).unwrap();
    assert_eq!(town.state.approvals().len(), 1, "the same once more");
    // The holder links another account meanwhile.
    ask(&mut town, link(3, 1)).unwrap();
    assert!(decide(&mut town, "per_2").unwrap_err().contains("changed after the replacement was requested"));
    ask(&mut town, Command::BreakLink { ppid: person(3), said: said("a", "closed") }).unwrap();
    asked(&mut town).unwrap();
    assert!(decide(&mut town, "per_1").unwrap_err().contains("another person must decide"));
    assert!(!town.state.people.residents.contains_key(&person(NEW)), "it waits");
    decide(&mut town, "per_2").unwrap();
    assert!(town.state.approvals().is_empty());
    let queue: Vec<_> = town.state.broken_links().map(|(ppid, broken)| (ppid, broken.version)).collect();
    assert_eq!(queue, [(person(NEW), 1)], "the queue has the link under the new ID");
    let Body::ApprovalDecided(decided) = &town.journal.last().unwrap().body else { panic!("a decision") };
    let Some(Body::Replaced(record)) = decided.carries.as_deref() else { panic!("it carries its record") };
    assert_eq!((record.by.as_str(), record.link.as_ref().unwrap().origin), ("per_1", Some(LinkOrigin::Replaced)));
    town.check_replay();
}
