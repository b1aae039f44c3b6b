//! Corrections by staff: back the way it came, never more than is left, told to the issuer until it answers, and borne by whom it should.

use super::codes::*;
use super::rules::{ask, balance, credit, policy, town_with};
use super::*;
use crate::{ApprovalAnswer, ApprovalView, PaidBy};
use kazasu_ledger::AccountKey;
use kazasu_ledger::record::{CardChange, CardStatus, Correction, CorrectionKind, Proposal, TransactionKind};
use kazasu_schemas::ids::Serial;
use kazasu_schemas::wire::issuer::IssuerOperation;

fn seq_of(town: &Town) -> Seq {
    town.state.seq
}

/// A purchase, and its record.
fn paid(town: &mut Town, who: u8, yen: i64) -> (Request, Seq) {
    let (request, code) = town.purchase(who, yen);
    let seq = seq_of(town);
    if code == "waits" {
        town.issuer_says(seq, APPROVED);
    }
    (request, seq)
}

fn left(town: &Town, payment: Seq) -> i64 {
    town.state.payment(payment).map_or(0, |payment| payment.left.get())
}

fn request(town: &mut Town, (payment, kind): (Seq, CorrectionKind), yen: i64) -> Result<ApprovalView, String> {
    let left = Yen::new(left(town, payment));
    let correction = Correction { payment, kind, amount: Yen::new(yen), left };
    let proposal = Box::new(Proposal::Correction(Box::new(correction)));
    let said = said("per_1", "the terminal is broken");
    ask(town, Command::Approvals(Approvals::Request { proposal, source: "".into(), said }))?;
    Ok(town.state.approvals().into_iter().next().unwrap())
}

fn decide(town: &mut Town, open: &ApprovalView, by: &str) -> Result<Decision, String> {
    let (proposal, seen) = (open.number, Some(open.fingerprint));
    let decide = Approvals::Decide { proposal, answer: ApprovalAnswer::Approve, seen, said: said(by, "looked at") };
    let decision = town.event(&Event::Command(Command::Approvals(decide)));
    match &decision.rejected {
        Some(why) => Err(why.to_string()),
        None => Ok(decision),
    }
}

fn approved(town: &mut Town, what: (Seq, CorrectionKind), yen: i64) -> Decision {
    let open = request(town, what, yen).unwrap();
    decide(town, &open, "per_2").unwrap()
}

fn operators_loss(town: &Town) -> i64 {
    balance(town, |key| *key == AccountKey::Differences)
}

#[test]
fn a_refund_by_staff_goes_back_to_the_account_and_debits_the_merchant() {
    let mut town = Town::new();
    let (_, payment) = paid(&mut town, RICH, 1_000);
    approved(&mut town, (payment, CorrectionKind::Refund), 400);
    assert_eq!((town.available_to(RICH), town.payable("SHOP"), left(&town, payment)), (9_400, 600, 600));
    let Body::ApprovalDecided(decided) = &town.journal.last().unwrap().body else { panic!() };
    let Some(Body::Transaction(refund)) = decided.carries.as_deref() else { panic!("{decided:?}") };
    let staff = refund.staff.as_deref().unwrap();
    assert_eq!((refund.kind, refund.original), (TransactionKind::RefundAdvice, Some(payment)));
    assert_eq!(
        (staff.by.as_str(), staff.why.as_str(), decided.by.as_str()),
        ("per_1", "the terminal is broken", "per_2")
    );
    assert_eq!((staff.approval, staff.kind), (decided.proposal, CorrectionKind::Refund));
    // The rest is brought down to what is right.
    approved(&mut town, (payment, CorrectionKind::Reduction), 350);
    assert_eq!((town.available_to(RICH), town.payable("SHOP"), left(&town, payment)), (9_750, 250, 250));
    assert_eq!(operators_loss(&town), 0);
    town.check_replay();
}

#[test]
fn a_write_off_is_the_operators_and_the_merchant_keeps_what_it_has() {
    let mut town = Town::new();
    let (bought, payment) = paid(&mut town, RICH, 1_000);
    approved(&mut town, (payment, CorrectionKind::WriteOff), 300);
    assert_eq!((town.available_to(RICH), town.payable("SHOP"), operators_loss(&town)), (9_300, 1_000, 300));
    assert_eq!(left(&town, payment), 700);
    // The account is opened once.
    approved(&mut town, (payment, CorrectionKind::WriteOff), 200);
    assert_eq!((town.payable("SHOP"), operators_loss(&town), left(&town, payment)), (1_000, 500, 500));
    let too_much = town.about(Operation::Refund, &bought, 501);
    assert_eq!(town.code(&too_much), INVALID_AMOUNT);
    let rest = town.about(Operation::Refund, &bought, 500);
    assert_eq!(town.code(&rest), APPROVED);
    assert_eq!((town.available_to(RICH), town.payable("SHOP"), left(&town, payment)), (10_000, 500, 0));
    town.check_replay();
}

/// A payment that its terminal reverses after it was written off: the person gets each yen once, and the merchant keeps what the operator
/// bore.
#[test]
fn a_reversal_after_a_write_off_gives_back_what_still_stands() {
    let mut town = Town::new();
    let (bought, payment) = paid(&mut town, RICH, 1_000);
    approved(&mut town, (payment, CorrectionKind::WriteOff), 300);
    let reversal = town.about(Operation::Reversal, &bought, 1_000);
    assert_eq!(town.code(&reversal), APPROVED);
    assert_eq!((town.available_to(RICH), town.payable("SHOP"), operators_loss(&town)), (10_000, 300, 300));
    assert_eq!(left(&town, payment), 0);
    assert!(request(&mut town, (payment, CorrectionKind::WriteOff), 1).is_err(), "nothing is paid twice");
    // An issuer's payment that was written off as a whole: nothing stands, so nothing is given back once more.
    let (bought, payment) = paid(&mut town, AT_ISSUER, 2_000);
    approved(&mut town, (payment, CorrectionKind::WriteOff), 2_000);
    assert_eq!((town.receivable().0, town.payable("SHOP"), operators_loss(&town)), (0, 2_300, 2_300));
    let reversal = town.about(Operation::Reversal, &bought, 2_000);
    assert_eq!(town.code(&reversal), APPROVED);
    assert_eq!((town.receivable().0, town.payable("SHOP"), operators_loss(&town)), (0, 2_300, 2_300));
    assert_eq!(left(&town, payment), 0);
    town.check_replay();
}

#[test]
fn every_tender_gets_its_share_back() {
    let mut town = town_with(policy());
    credit(&mut town, AT_ISSUER, 400, "gift").unwrap();
    let (_, payment) = paid(&mut town, AT_ISSUER, 1_000);
    let parts = town.state.payment(payment).unwrap().parts;
    let found: Vec<_> = parts.iter().map(|part| (part.by, part.paid.get())).collect();
    assert_eq!(found, [(PaidBy::Purse(1), 400), (PaidBy::Issuer(ISSUER), 600)]);
    let purse = |town: &Town| balance(town, |key| matches!(key, AccountKey::Purse(..)));
    let decision = approved(&mut town, (payment, CorrectionKind::WriteOff), 500);
    assert_eq!((purse(&town), town.receivable().0, operators_loss(&town)), (200, 300, 500));
    let (message, told) = sent(&decision).expect("the issuer is told");
    assert_eq!((told.operation, told.amount.get(), message), (IssuerOperation::RefundAdvice, 300, seq_of(&town)));
    let parts = town.state.payment(payment).unwrap().parts;
    assert_eq!(parts.iter().map(|part| part.given_back.get()).collect::<Vec<_>>(), [200, 300]);
    approved(&mut town, (payment, CorrectionKind::Refund), 500);
    assert_eq!((purse(&town), town.receivable().0, town.payable("SHOP")), (400, 0, 500));
    town.check_replay();
}

#[test]
fn the_issuer_is_told_until_it_answers_and_a_no_is_looked_at_by_people() {
    let mut town = Town::new();
    let (_, payment) = paid(&mut town, AT_ISSUER, 1_000);
    let decision = approved(&mut town, (payment, CorrectionKind::Refund), 1_000);
    let (message, told) = sent(&decision).unwrap();
    assert_eq!((told.about, told.tap), (Some(payment), message));
    assert_eq!(town.state.unacknowledged().count(), 1);
    // An answer that does not come changes nothing: neither a silence nor a restart takes it back.
    let before = town.payable("SHOP");
    town.issuer_silent(message, Silence::TimedOut);
    town.issuer_silent(message, Silence::Restarted);
    assert_eq!((town.payable("SHOP"), town.state.unacknowledged().count()), (before, 1));
    town.check_replay();
    let code = ResponseCode::from_wire(b"05").unwrap();
    town.event(&Event::IssuerAcknowledged { message, code });
    assert_eq!(town.state.unacknowledged().count(), 0);
    let open = town.state.exceptions(WhichExceptions::Open);
    assert_eq!((open.len(), open[0].exception.own, open[0].exception.status.as_str()), (1, message, REFUSED_ADVICE));
    town.check_replay();
}

#[test]
fn a_terminals_refund_in_between_makes_another_payment_of_it() {
    let mut town = Town::new();
    let (bought, payment) = paid(&mut town, RICH, 1_000);
    let open = request(&mut town, (payment, CorrectionKind::Refund), 700).unwrap();
    let refund = town.about(Operation::Refund, &bought, 600);
    assert_eq!(town.code(&refund), APPROVED);
    let refused = decide(&mut town, &open, "per_2").unwrap_err();
    assert!(refused.contains("¥400 can be given back, and not ¥1,000"), "{refused}");
    assert!(request(&mut town, (payment, CorrectionKind::Refund), 401).unwrap_err().contains("¥401 was asked for"));
    let again = request(&mut town, (payment, CorrectionKind::Refund), 400).unwrap();
    assert_eq!(again.number, open.number, "the same case");
    decide(&mut town, &again, "per_2").unwrap();
    assert_eq!((town.available_to(RICH), town.payable("SHOP"), left(&town, payment)), (10_000, 0, 0));
    let late = town.about(Operation::Refund, &bought, 1);
    assert_eq!(town.code(&late), INVALID_AMOUNT);
    assert!(decide(&mut town, &again, "per_2").unwrap_err().contains("is over: approved"), "decided once");
    town.check_replay();
}

/// A refund that an issuer is being asked about is spoken for.
#[test]
fn a_terminals_refund_that_waits_leaves_nothing_to_staff() {
    let mut town = Town::new();
    let (bought, payment) = paid(&mut town, AT_ISSUER, 1_000);
    let open = request(&mut town, (payment, CorrectionKind::Refund), 1_000).unwrap();
    let refund = town.about(Operation::Refund, &bought, 1_000);
    assert_eq!(town.code(&refund), "waits");
    let waiting = seq_of(&town);
    assert!(decide(&mut town, &open, "per_2").unwrap_err().contains("¥0 can be given back"));
    town.issuer_says(waiting, DO_NOT_HONOUR);
    decide(&mut town, &open, "per_2").unwrap();
    assert_eq!((town.payable("SHOP"), left(&town, payment)), (0, 0));
    town.check_replay();
}

#[test]
fn only_posted_payments_are_corrected_and_by_two_people() {
    let mut town = Town::new();
    let hold = town.request(Operation::Authorize, RICH, 900);
    town.code(&hold);
    let held = seq_of(&town);
    let of = |seq| (seq, CorrectionKind::Refund);
    assert!(request(&mut town, of(held), 1).unwrap_err().contains("is not posted"));
    let take = town.about(Operation::Completion, &hold, 800);
    assert_eq!(town.code(&take), APPROVED);
    let completed = seq_of(&town);
    assert_eq!(town.state.payment(held).unwrap().record, completed, "what completed it is the payment");
    let open = request(&mut town, of(completed), 800).unwrap();
    for by in ["per_1", "ＰＥＲ_1", " per_1"] {
        assert!(decide(&mut town, &open, by).unwrap_err().contains("another person must decide"), "{by}");
    }
    assert!(decide(&mut town, &open, "key_5").unwrap_err().contains("is no person"));
    decide(&mut town, &open, "per_2").unwrap();
    let refund = seq_of(&town);
    assert!(request(&mut town, of(refund), 1).unwrap_err().contains("is no payment"), "a refund is none");
    assert!(request(&mut town, of(1), 1).unwrap_err().contains("is no payment"));
    let (bought, reversed) = paid(&mut town, RICH, 100);
    let reversal = town.about(Operation::Reversal, &bought, 100);
    assert_eq!(town.code(&reversal), APPROVED);
    assert!(request(&mut town, of(reversed), 100).unwrap_err().contains("is not posted"));
    town.check_replay();
}

/// No message of a terminal means what staff made: not by its data, and not by the reference that both share.
#[test]
fn no_terminal_undoes_what_staff_made() {
    let mut town = Town::new();
    let (bought, payment) = paid(&mut town, RICH, 1_000);
    approved(&mut town, (payment, CorrectionKind::Refund), 1_000);
    let staff = town.state.tap_by_seq(seq_of(&town)).unwrap().key;
    let mut reversal = town.request(Operation::Reversal, RICH, 1_000);
    (reversal.rrn, reversal.processing) = (bought.rrn, 200_000);
    assert_eq!(town.code(&reversal), APPROVED, "a reversal is never refused");
    let mut named = town.request(Operation::Reversal, RICH, 1_000);
    named.original = Some(kazasu_schemas::wire::Original::new(Mti(220), staff.stan, staff.transmission, acquirer()));
    assert_eq!(town.code(&named), APPROVED);
    assert_eq!((town.available_to(RICH), town.payable("SHOP")), (10_000, 0), "and undoes nothing");
    town.check_replay();
}

fn card(town: &mut Town, change: CardChange) -> Result<(), String> {
    let proposal = Box::new(Proposal::Card(Box::new(change)));
    let request = Approvals::Request { proposal, source: "".into(), said: said("per_1", "found again") };
    ask(town, Command::Approvals(request))
}

#[test]
fn two_people_let_a_suspended_card_be_used_again_and_bind_a_new_one() {
    let mut town = Town::new();
    let (ppid, day) = (person(RICH), town.now.jst_day());
    let lift = || CardChange::Lift { ppid, of: None };
    assert!(card(&mut town, lift()).unwrap_err().contains("is not suspended"));
    let suspend = Command::SetCard { ppid, status: CardStatus::Suspended, said: said("per_3", "lost") };
    ask(&mut town, suspend.clone()).unwrap();
    card(&mut town, lift()).unwrap();
    let open = town.state.approvals().into_iter().next().unwrap();
    assert!(decide(&mut town, &open, "per_1").unwrap_err().contains("another person"));
    assert_eq!(town.state.resident(&ppid, day).unwrap().card, CardStatus::Suspended);
    decide(&mut town, &open, "per_2").unwrap();
    assert_eq!(town.state.resident(&ppid, day).unwrap().card, CardStatus::Good);
    ask(&mut town, suspend).unwrap();
    let serial = Serial::from_bytes(&[1, 2, 3]).unwrap();
    let last_day = kazasu_schemas::jst::BusinessDay(day.0 + 100);
    let bind = || CardChange::Bind { ppid, serial, issuer: None, last_day };
    card(&mut town, bind()).unwrap();
    let open = town.state.approvals().into_iter().next().unwrap();
    decide(&mut town, &open, "per_2").unwrap();
    let resident = town.state.resident(&ppid, day).unwrap();
    assert_eq!((resident.card, resident.last_day), (CardStatus::Good, Some(last_day)), "the new card is good");
    assert!(card(&mut town, bind()).unwrap_err().contains("is the card's already"));
    assert!(
        card(&mut town, CardChange::Lift { ppid: person(STRANGER), of: None }).unwrap_err().contains("is not known")
    );
    // What a person revoked is not lifted.
    ask(&mut town, Command::SetCard { ppid, status: CardStatus::Revoked, said: said("per_3", "stolen") }).unwrap();
    assert!(card(&mut town, lift()).unwrap_err().contains("is not suspended"));
    // Who asks says that it is a revocation, and the people decide about that.
    let revoked = || CardChange::Lift { ppid, of: Some(CardStatus::Revoked) };
    card(&mut town, revoked()).unwrap();
    let open = town.state.approvals().into_iter().next().unwrap();
    decide(&mut town, &open, "per_2").unwrap();
    assert_eq!(town.state.resident(&ppid, day).unwrap().card, CardStatus::Good);
    assert!(card(&mut town, revoked()).unwrap_err().contains("is not revoked"));
    town.check_replay();
}

/// The record of a refused tap says which limit it met and what was left of it.
#[test]
fn a_tap_above_a_limit_says_which_and_what_was_left() {
    use kazasu_ledger::record::{LimitOf, OwnLimits};
    use kazasu_schemas::policy::Window;
    let mut town = town_with(policy());
    let limits = OwnLimits { tap: None, day: Some(Yen::new(1_000)), month: None, decline: false };
    ask(&mut town, Command::SetOwnLimits { ppid: person(RICH), limits, by: "per_1".into() }).unwrap();
    assert_eq!(town.purchase(RICH, 700).1, APPROVED);
    assert_eq!(town.purchase(RICH, 301).1, ABOVE_LIMIT);
    let tapped = town.journal.last().unwrap().body.tapped().unwrap();
    let beyond = tapped.ruled.as_ref().unwrap().beyond.unwrap();
    assert_eq!((beyond.limit, beyond.window), (None, Window::Day));
    assert_eq!((beyond.most, beyond.left), (LimitOf::Yen(Yen::new(1_000)), LimitOf::Yen(Yen::new(300))));
    town.check_replay();
}

#[test]
fn one_requester_fills_no_inbox() {
    let mut town = Town::new();
    let mut ask_for = |n: u64| {
        let (_, payment) = paid(&mut town, RICH, 1);
        let refused = request(&mut town, (payment, CorrectionKind::Refund), 1).err();
        assert_eq!(refused.is_some(), n >= 1_000, "{n}: {refused:?}");
        refused
    };
    let refused = (0..=1_000).filter_map(&mut ask_for).last().unwrap();
    assert!(refused.contains("1000") && refused.contains("withdraw"), "{refused}");
}
