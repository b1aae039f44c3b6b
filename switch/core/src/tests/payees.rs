//! Payees' accounts: two people and a call, who may have which part, and which account a payout pays to.

use super::rules::ask;
use super::two_people::administered;
use super::*;
use crate::{ApprovalAnswer, ApprovalView, Document};
use kazasu_ledger::record::{CallBack, CarriedChange, Payee, PayeeChange, Proposal};
use kazasu_schemas::relief::SealedAccount;

fn shop() -> Payee {
    Payee::Merchant { acquirer: acquirer(), merchant: "SHOP".parse().unwrap() }
}

fn account(n: u8) -> SealedAccount {
    SealedAccount { sealed: vec![1, n], token: [n; 16], name: [n; 16] }
}

fn call_back() -> CallBack {
    CallBack { sealed: vec![1], token: [7; 16] }
}

/// Asked for by per_1, with or without a call.
fn asked(town: &mut Town, n: u8, call: Option<CallBack>) -> Result<ApprovalView, String> {
    let change = PayeeChange { payee: shop(), account: Some(account(n)), call };
    let proposal = Box::new(Proposal::Carried(Box::new(CarriedChange::Payee(Box::new(change)))));
    let said = said("per_1", "a letter");
    ask(town, Command::Approvals(Approvals::Request { proposal, source: Document::default(), said }))?;
    Ok(town.state.approvals().remove(0))
}

fn approve(town: &mut Town, open: &ApprovalView, by: &str) -> Result<(), String> {
    let (proposal, seen) = (open.number, Some(open.fingerprint));
    let (answer, said) = (ApprovalAnswer::Approve, said(by, "looked at"));
    ask(town, Command::Approvals(Approvals::Decide { proposal, answer, seen, said }))
}

fn called(town: &mut Town, open: &ApprovalView, by: &str) -> Result<(), String> {
    let (proposal, seen, call, said) = (open.number, open.fingerprint, Box::new(call_back()), said(by, ""));
    ask(town, Command::Approvals(Approvals::CalledBack { proposal, seen, call, said }))
}

fn in_force(town: &Town) -> Option<SealedAccount> {
    town.state.payee_account(&shop()).and_then(|one| one.account)
}

#[test]
fn an_account_takes_a_call_and_two_people() {
    let mut town = administered();
    let open = asked(&mut town, 1, Some(call_back())).unwrap();
    assert!(approve(&mut town, &open, "per_1").unwrap_err().contains("another person must decide"));
    assert_eq!(in_force(&town), None);
    approve(&mut town, &open, "per_2").unwrap();
    assert_eq!(in_force(&town), Some(account(1)));
    let unknown = Payee::Fund { programme: 99 };
    let change = PayeeChange { payee: unknown, account: Some(account(1)), call: Some(call_back()) };
    let proposal = Box::new(Proposal::Carried(Box::new(CarriedChange::Payee(Box::new(change)))));
    let said = said("per_1", "x");
    let request = Approvals::Request { proposal, source: Document::default(), said };
    let refused = ask(&mut town, Command::Approvals(request)).unwrap_err();
    assert!(refused.contains("no registered merchant"), "{refused}");
    town.check_replay();
}

#[test]
fn without_a_call_of_the_requester_a_third_person_calls() {
    let mut town = administered();
    let open = asked(&mut town, 1, None).unwrap();
    assert!(approve(&mut town, &open, "per_2").unwrap_err().contains("was not called back"));
    assert!(called(&mut town, &open, "per_1").unwrap_err().contains("has another part"), "the requester");
    called(&mut town, &open, "per_3").unwrap();
    assert!(called(&mut town, &open, "per_2").unwrap_err().contains("a note of a call already"));
    assert!(approve(&mut town, &open, "per_3").unwrap_err().contains("has another part"), "who called");
    // Another account under the same request was not asked about on the telephone.
    let again = asked(&mut town, 2, None).unwrap();
    assert_eq!((again.number, &again.called), (open.number, &None));
    assert!(approve(&mut town, &again, "per_2").unwrap_err().contains("was not called back"));
    let late = called(&mut town, &open, "per_3").unwrap_err();
    assert!(late.contains("was replaced"), "the payee was called about what stood there before: {late}");
    called(&mut town, &again, "per_3").unwrap();
    approve(&mut town, &again, "per_2").unwrap();
    assert_eq!(in_force(&town), Some(account(2)));
    town.check_replay();
}

#[test]
fn the_same_account_is_sealed_again_and_no_other() {
    let mut town = administered();
    let open = asked(&mut town, 1, Some(call_back())).unwrap();
    approve(&mut town, &open, "per_2").unwrap();
    let reseal =
        |account: SealedAccount| Command::ResealPayee { payee: shop(), account: Box::new(account), maker: None };
    assert!(ask(&mut town, reseal(account(2))).unwrap_err().contains("takes two people (payee)"));
    let newer = SealedAccount { sealed: vec![2, 1], ..account(1) };
    assert_eq!(town.state.seal_needs(1).payees, 1);
    ask(&mut town, reseal(newer.clone())).unwrap();
    assert_eq!((in_force(&town), town.state.seal_needs(1).payees), (Some(newer), 0));
    town.check_replay();
}
