//! What one person does not do alone once an access administrator has joined, and what happens when two people decide it.

use super::rules::{ask, policy, town_with};
use super::*;
use crate::{ApprovalAnswer, Approvals, Document, MerchantChange, Replay, Rights};
use kazasu_ledger::record::{
    ApprovalDecided, ApprovalKind, Author, CardStatus, CarriedChange, FileEnded, FileOf, FileRequest, LinkOrigin,
    Payee, PayeeChange, Proposal, Replacement, RoleFor,
};
use kazasu_schemas::identity::{OrganisationId, OrganisationKind, Role, Scope, SignIn};
use kazasu_schemas::policy::Policy;
use kazasu_schemas::relief::SealedAccount;

const DAY: i64 = 24 * 3_600_000;

/// A town whose first access administrator has joined.
pub(super) fn administered() -> Town {
    let mut town = town_with(policy());
    administer(&mut town);
    town
}

/// Its first access administrator joins.
pub(super) fn administer(town: &mut Town) {
    let author = Author { id: None, sign_in: SignIn::KeyFile, via: Via::Offline, why: "first start".into() };
    let (name, shops) = ("kazasu".parse().unwrap(), Vec::new());
    let (kind, organisation) = (OrganisationKind::Operator, OrganisationId::new(1));
    let administrator = RoleFor { role: Role::AccessAdministrator, scope: Scope::All };
    let until = Millis(town.now.0 + DAY);
    for rights in [
        Rights::SetOrganisation { organisation: None, kind, name, shops, author: author.clone() },
        Rights::Invite {
            person: None,
            organisation,
            name: "ando".parse().unwrap(),
            invitation: ([1; 32], until),
            roles: vec![administrator],
            author,
        },
        Rights::Join { invitation: [1; 32], credential: [1; 16], via: Via::CommandLine },
    ] {
        ask(town, Command::Rights(Box::new(rights))).unwrap();
    }
}

fn fund(reference: &str) -> Command {
    let (reference, by) = (reference.to_owned(), "per_1".to_owned());
    Command::FundProgramme { programme: 1, amount: Yen::new(700), reference, by }
}

fn strict() -> Policy {
    Policy { no_pin: Some(Yen::new(700)), ..policy() }
}

fn activation(policy: Policy) -> Command {
    let (policy, source) = (Box::new(policy), "file".to_owned());
    Command::ActivatePolicy { policy, source, said: said("per_1", "theft"), first: false }
}

fn payee() -> Command {
    let payee = Payee::Merchant { acquirer: acquirer(), merchant: "SHOP".parse().unwrap() };
    let account = SealedAccount { sealed: vec![1], token: [1; 16], name: [1; 16] };
    Command::SetPayee { change: Box::new(PayeeChange { payee, account: Some(account), call: None }), maker: None }
}

fn row(name: &str) -> Command {
    let (acquirer, merchant) = (acquirer(), "NEWSHOP".parse().unwrap());
    let change = MerchantChange { name: Some(name.into()), mcc: Some("5411".parse().unwrap()), ..Default::default() };
    Command::ChangeMerchant { acquirer, merchant, change: Box::new(change), maker: None }
}

fn request(town: &mut Town, proposal: Proposal, source: &str) -> Result<(), String> {
    let (proposal, source) = (Box::new(proposal), Document { text: source.into(), name: String::new() });
    ask(town, Command::Approvals(Approvals::Request { proposal, source, said: said("per_1", "asked") }))
}

fn carried(town: &mut Town, change: CarriedChange) -> Result<(), String> {
    request(town, Proposal::Carried(Box::new(change)), "file")
}

/// Another person approves what waits; its number.
fn approved(town: &mut Town) -> Seq {
    let open = town.state.approvals().remove(0);
    let (proposal, seen) = (open.number, Some(open.fingerprint));
    let decide = |by: &str| {
        let (answer, said) = (ApprovalAnswer::Approve, said(by, "looked at"));
        Command::Approvals(Approvals::Decide { proposal, answer, seen, said })
    };
    assert!(ask(town, decide("per_1")).unwrap_err().contains("another person must decide"));
    ask(town, decide("per_2")).unwrap();
    proposal
}

fn last_carried(town: &Town) -> &Body {
    match &town.journal.last().unwrap().body {
        Body::ApprovalDecided(ApprovalDecided { carries: Some(body), by, .. }) if by == "per_2" => body,
        other => panic!("{other:?}"),
    }
}

#[test]
fn without_an_approval_one_person_changes_nothing() {
    let mut town = administered();
    let by = || "per_1".to_owned();
    let ppid = person(RICH);
    let to = Link::Deposit(1);
    let serial = kazasu_schemas::ids::Serial::from_bytes(&[1]).unwrap();
    let last_day = town.now.jst_day();
    let replacement = Box::new(Replacement { from: ppid, into: person(77), link: None });
    let commands = [
        (fund("two"), "fund"),
        (
            Command::CreditPurse { ppid, programme: 1, amount: Yen::new(1), reference: "r".into(), by: by() },
            "credit_purse",
        ),
        (activation(strict()), "policy"),
        (Command::Merge { from: ppid, into: person(POOR), by: by() }, "merge"),
        (Command::Replace { replacement, said: said("per_1", "a new card") }, "replace"),
        (Command::SetCard { ppid, status: CardStatus::Good, said: said("per_1", "found") }, "lift_suspension"),
        (Command::BindCertificate { ppid, serial, issuer: None, last_day, by: by() }, "bind_card"),
        (row("A shop"), "merchants"),
        (payee(), "payee"),
        (Command::TakePayees { digest: [1; 32], accounts: 1 }, "payees"),
        (Command::OpenDeposit { number: 5, maker: None }, "links"),
        (Command::Fund { number: 1, amount: Yen::new(1), reference: "r".into(), maker: None }, "links"),
        (Command::OpeningBalance { number: 1, amount: Yen::new(1), reference: "r".into(), maker: None }, "links"),
        (Command::Link { ppid, from: None, to, origin: LinkOrigin::Import, by: by() }, "links"),
    ];
    let records = town.journal.len();
    for (command, kind) in commands {
        let refused = ask(&mut town, command).unwrap_err();
        assert!(refused.contains(&format!("takes two people ({kind})")), "{refused}");
    }
    // Protecting a card takes one person.
    for status in [CardStatus::Suspended, CardStatus::Revoked] {
        ask(&mut town, Command::SetCard { ppid, status, said: said("per_1", "lost") }).unwrap();
    }
    let records = records + 2;
    // Every start asks for the configuration's first policy again, which is no activation any more.
    let (policy, said) = (Box::new(strict()), said("configuration", "first"));
    let again = Command::ActivatePolicy { policy, source: "file".into(), said, first: true };
    assert_eq!(ask(&mut town, again), Ok(()));
    // A row without an approved file is none, either.
    let refused = ask(&mut town, Command::OfFile { approval: 1, command: Box::new(row("A shop")) }).unwrap_err();
    assert!(refused.contains("no approved file 1"), "{refused}");
    assert_eq!(town.journal.len(), records);
}

#[test]
fn an_approval_carries_the_record_and_history_is_read_as_it_was_written() {
    let mut town = administered();
    let (programme, amount) = (1, Yen::new(700));
    let change = CarriedChange::Fund { programme, amount, reference: "two".into() };
    carried(&mut town, change.clone()).unwrap();
    assert!(request(&mut town, Proposal::Carried(Box::new(change.clone())), "file").is_ok(), "the same once more");
    assert_eq!(town.state.approvals().len(), 1);
    approved(&mut town);
    let Body::ProgrammeFunded(funded) = last_carried(&town) else { panic!() };
    assert_eq!((funded.by.as_str(), funded.transfers[0].amount), ("per_1", amount), "who asked");
    // It is booked once: there is nothing to ask for any more.
    carried(&mut town, change).unwrap();
    assert!(town.state.approvals().is_empty());

    let (ppid, reference) = (person(RICH), "purse".to_owned());
    carried(&mut town, CarriedChange::Credit { ppid, programme, amount, reference }).unwrap();
    approved(&mut town);
    let Body::PurseCredited(_) = last_carried(&town) else { panic!() };
    assert_eq!(town.state.resident(&ppid, town.state.day).unwrap().purses[0].available, 700);

    let beyond = CarriedChange::Credit { ppid, programme, amount: Yen::new(1_000_000), reference: "much".into() };
    assert!(carried(&mut town, beyond).unwrap_err().contains("pay into it first"), "as when one person asked");

    let version = town.state.policy().0;
    carried(&mut town, CarriedChange::Policy(Box::new(strict()))).unwrap();
    assert_eq!(town.state.policy().0, version, "it waits");
    approved(&mut town);
    assert_eq!((town.state.policy().0, town.state.policy().2), (version + 1, "file"));
    town.check_replay();
}

#[test]
fn a_draft_is_replayed_over_what_two_people_decided() {
    let mut town = administered();
    let (ppid, programme) = (person(RICH), 1);
    let credit = |n: i64| CarriedChange::Credit { ppid, programme, amount: Yen::new(n), reference: n.to_string() };
    town.purchase(RICH, 10);
    carried(&mut town, credit(300)).unwrap();
    approved(&mut town);
    // More than the account and the purse have, and less than if the purse had got its money twice.
    let (_, code) = town.purchase(RICH, 10_400);
    assert_eq!(code, codes::INSUFFICIENT_FUNDS);
    let mut replay = Replay::new(policy(), Millis(0), Millis(i64::MAX), 10);
    for (record, seq) in town.journal.iter().zip(1..) {
        replay.record(seq, record).unwrap();
    }
    assert_eq!((replay.taps, replay.changes.len()), (2, 0), "the purse has its money once, under both policies");
}

fn file(of: FileOf, (rows, opening): (u64, i64)) -> FileRequest {
    FileRequest {
        of,
        digest: [7; 32],
        bytes: 100,
        sheet: None,
        rows,
        changing: rows,
        refused: 0,
        opening: Yen::new(opening),
        shown: Vec::new(),
        changes: Vec::new(),
    }
}

fn of_file(town: &mut Town, approval: Seq, command: Command) -> Result<(), String> {
    ask(town, Command::OfFile { approval, command: Box::new(command) })
}

#[test]
fn rows_come_under_the_approval_of_their_file_and_no_further() {
    let mut town = administered();
    request(&mut town, Proposal::File(Box::new(file(FileOf::Merchants, (1, 0)))), "").unwrap();
    assert_eq!(town.state.approved_file(FileOf::Merchants, (&[7; 32], None), town.now), None, "it waits");
    let approval = approved(&mut town);
    assert_eq!(town.state.approved_file(FileOf::Merchants, (&[7; 32], None), town.now), Some(approval));
    assert_eq!(town.state.approved_file(FileOf::Links, (&[7; 32], None), town.now), None, "another kind");
    assert_eq!(town.state.approved_file(FileOf::Merchants, (&[8; 32], None), town.now), None, "another file");
    assert_eq!(
        town.state.approved_file(FileOf::Merchants, (&[7; 32], Some("B")), town.now),
        None,
        "another sheet of the same workbook"
    );
    let account = Command::OpenDeposit { number: 5, maker: None };
    assert!(of_file(&mut town, approval, account).unwrap_err().contains("no approved file"));
    assert!(of_file(&mut town, approval, fund("x")).unwrap_err().contains("no approved file"));
    of_file(&mut town, approval, row("A shop")).unwrap();
    let Body::MerchantRegistered(r) = &town.journal.last().unwrap().body else { panic!() };
    assert_eq!(r.maker.as_ref().unwrap().approval, Some(approval));
    assert!(of_file(&mut town, approval, row("Another")).unwrap_err().contains("more than approval"), "one row");
    let ended = FileEnded { approval, recorded: 1, unchanged: 0, refused: 0, by: "per_1".into(), via: None };
    ask(&mut town, Command::EndFile { ended: Box::new(ended) }).unwrap();
    assert!(of_file(&mut town, approval, row("Another")).unwrap_err().contains("no approved file"), "it is used");
    town.check_replay();
}

#[test]
fn opening_balances_come_to_no_more_than_was_approved_and_files_wait_a_week() {
    let mut town = administered();
    request(&mut town, Proposal::File(Box::new(file(FileOf::Links, (2, 1_000)))), "").unwrap();
    let approval = approved(&mut town);
    let balance = |number, yen| {
        let (amount, reference) = (Yen::new(yen), "opening balance".to_owned());
        Command::OpeningBalance { number, amount, reference, maker: None }
    };
    for number in [51, 52] {
        of_file(&mut town, approval, Command::OpenDeposit { number, maker: None }).unwrap();
    }
    assert!(of_file(&mut town, approval, balance(51, 1_001)).unwrap_err().contains("more than approval"));
    of_file(&mut town, approval, balance(51, 900)).unwrap();
    assert!(of_file(&mut town, approval, balance(52, 101)).unwrap_err().contains("more than approval"), "together");
    of_file(&mut town, approval, balance(52, 100)).unwrap();
    town.now = Millis(town.now.0 + 7 * DAY);
    let to = Link::Deposit(51);
    let link =
        Command::Link { ppid: person(STRANGER), from: None, to, origin: LinkOrigin::Import, by: "import".into() };
    assert!(of_file(&mut town, approval, link).unwrap_err().contains("no approved file"));
    assert_eq!(town.state.approved_file(FileOf::Links, (&[7; 32], None), town.now), None);
    town.check_replay();
}

#[test]
fn every_kind_waits_some_days_and_has_a_name_of_its_own() {
    let mut names: Vec<&str> = ApprovalKind::ALL.iter().map(|kind| kind.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ApprovalKind::ALL.len());
    assert!(ApprovalKind::ALL.iter().all(|kind| kind.days() >= 3));
}
