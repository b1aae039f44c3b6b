//! Money after refusals: refunds that are undone when their purse is spent, what people resolve, and issuers that refuse what they
//! were told. Each sequence once ended the switch or left money where it does not belong.

use super::codes::*;
use super::rules::{ask, balance, credit, policy, town_with};
use super::*;
use kazasu_ledger::AccountKey;
use kazasu_ledger::record::{OwnLimits, Proposal};
use kazasu_schemas::closing::Resolution;
use kazasu_schemas::policy::{LiableParty, Offline, Policy, Rounding};

fn monthly() -> Policy {
    let mut monthly = policy();
    monthly.points[0].rounding = Rounding::Month;
    monthly.purses[0].until = None;
    monthly
}

fn bearing(liable: Option<LiableParty>) -> Policy {
    let rule = |liable| Offline { resident_day: Yen::new(100_000), liable, floor: None };
    Policy { offline: liable.map(rule), ..policy() }
}

/// A payment that waits for its issuer.
fn asked(town: &mut Town, yen: i64) -> (Request, Seq) {
    let request = town.request(Operation::Purchase, AT_ISSUER, yen);
    assert_eq!(code(&town.send(&request)), "waits");
    (request, town.state.seq)
}

/// A payment that its issuer has approved.
fn paid(town: &mut Town, yen: i64) -> (Request, Seq) {
    let (request, seq) = asked(town, yen);
    town.issuer_says(seq, APPROVED);
    (request, seq)
}

fn points(town: &Town) -> i64 {
    balance(town, |key| matches!(key, AccountKey::Points(..)))
}

/// A message about an earlier one that is accepted; its record.
fn follows(town: &mut Town, operation: Operation, of: &Request, yen: i64) -> (Request, Seq) {
    let request = town.about(operation, of, yen);
    assert_eq!(town.code(&request), APPROVED, "{operation:?} of {yen}");
    let record = town.journal.iter().rposition(|record| matches!(record.body, Body::Transaction(_))).unwrap();
    (request, Seq::try_from(record + 1).unwrap())
}

/// A reversal that leaves `remains`; its record.
fn reversed(town: &mut Town, of: &Request, remains: i64) -> Seq {
    let mut request = town.about(Operation::Reversal, of, of.amount.get());
    request.replacement = (remains > 0).then_some(Yen::new(remains));
    assert_eq!(town.code(&request), APPROVED);
    let record = town.journal.iter().rposition(|record| matches!(record.body, Body::Transaction(_))).unwrap();
    Seq::try_from(record + 1).unwrap()
}

fn says(town: &mut Town, message: Seq, code: &str) {
    let code = ResponseCode::from_wire(code.as_bytes()).unwrap();
    let before = town.journal.len();
    town.event(&Event::IssuerAcknowledged { message, code });
    assert!(town.journal.len() > before, "record {message} told its issuer something");
}

/// The facts of open exceptions: their records, and both sides.
fn exceptions(town: &Town) -> Vec<(Seq, i64, i64)> {
    let open = town.state.exceptions(WhichExceptions::Open);
    open.iter().map(|d| (d.exception.own, d.exception.ours.get(), d.exception.theirs.get())).collect()
}

/// Two people resolve every open exception, as far as they can; how many they could.
fn resolve(town: &mut Town, how: Resolution) -> usize {
    let open: Vec<[u8; 16]> = town.state.exceptions(WhichExceptions::Open).iter().map(|d| d.exception.id).collect();
    open.into_iter().filter(|id| resolve_one(town, *id, how)).count()
}

pub(super) fn resolve_one(town: &mut Town, id: [u8; 16], how: Resolution) -> bool {
    let (source, why) = (crate::Document::default(), || "as its issuer says".to_owned());
    let proposal = Box::new(Proposal::Resolve { id, how });
    let request = Approvals::Request { proposal, source, said: said("sato", why()) };
    if ask(town, Command::Approvals(request)).is_err() {
        return false;
    }
    let proposal = town.state.seq;
    let decide =
        Approvals::Decide { proposal, answer: crate::ApprovalAnswer::Approve, seen: None, said: said("suzuki", why()) };
    ask(town, Command::Approvals(decide)).is_ok()
}

/// A purse pays `purse` of a payment, the held account the rest. It is refunded, the purse is spent, and the refund is undone: what
/// the purse had paid is claimed from the acquirer.
fn undone_with_a_spent_purse(town: &mut Town, purse: i64, yen: i64) -> Request {
    credit(town, 1, purse, "relief").unwrap();
    let (paid, code) = town.purchase(RICH, yen);
    assert_eq!(code, APPROVED);
    let (refund, _) = follows(town, Operation::Refund, &paid, yen);
    assert_eq!(town.purchase(RICH, purse).1, APPROVED);
    reversed(town, &refund, 0);
    assert_eq!(town.shortfall(), purse);
    paid
}

#[test]
fn what_a_spent_purse_does_not_cover_is_no_part_of_the_months_rounding() {
    let mut town = town_with(monthly());
    let paid = undone_with_a_spent_purse(&mut town, 2_000, 3_000);
    follows(&mut town, Operation::Refund, &paid, 2_000);
    assert_eq!((town.shortfall(), town.payable("SHOP"), points(&town)), (0, 3_000, 100));
    town.check_replay();
}

#[test]
fn what_a_spent_purse_does_not_cover_takes_no_points() {
    let mut town = town_with(policy());
    let paid = undone_with_a_spent_purse(&mut town, 600, 1_000);
    assert_eq!(points(&town), 40);
    follows(&mut town, Operation::Refund, &paid, 600);
    assert_eq!((points(&town), town.shortfall()), (40, 0), "the whole instrument part stands");
    follows(&mut town, Operation::Refund, &paid, 400);
    assert_eq!((points(&town), town.available_to(RICH)), (0, 10_000));
    town.check_replay();
}

#[test]
fn what_a_spent_purse_does_not_cover_is_given_back_to_no_window() {
    let mut town = town_with(policy());
    let limits = OwnLimits { day: Some(Yen::new(1_000)), ..OwnLimits::default() };
    ask(&mut town, Command::SetOwnLimits { ppid: person(RICH), limits, by: "portal".into() }).unwrap();
    let paid = undone_with_a_spent_purse(&mut town, 600, 1_000);
    reversed(&mut town, &paid, 400);
    assert_eq!((town.shortfall(), town.available_to(RICH)), (0, 9_600));
    assert_eq!(town.purchase(RICH, 1_000).1, ABOVE_LIMIT, "400 of it are used");
    assert_eq!(town.purchase(RICH, 600).1, APPROVED);
    town.check_replay();
}

#[test]
fn a_refund_of_both_kinds_of_shortfall_gives_each_back() {
    let mut town = town_with(policy());
    credit(&mut town, 2, 300, "relief").unwrap();
    let advice = town.request(Operation::PurchaseAdvice, POOR, 1_000);
    assert_eq!(town.code(&advice), APPROVED, "300 by the purse, 500 held, 200 by no account");
    let (refund, _) = follows(&mut town, Operation::Refund, &advice, 1_000);
    assert_eq!(town.purchase(POOR, 600).1, APPROVED, "300 of the purse, 300 of the account");
    reversed(&mut town, &refund, 0);
    assert_eq!(town.shortfall(), 800);
    for (yen, left) in [(250, 550), (300, 250), (250, 0)] {
        follows(&mut town, Operation::Refund, &advice, yen);
        assert_eq!(town.shortfall(), left);
    }
    town.check_replay();
}

/// Journals of before know one kind of shortfall: a refund of it is one transfer.
#[test]
fn a_refund_of_an_older_journal_is_folded_as_its_transfers_say() {
    let mut town = town_with(policy());
    credit(&mut town, 2, 300, "relief").unwrap();
    let advice = town.request(Operation::PurchaseAdvice, POOR, 1_000);
    assert_eq!(town.code(&advice), APPROVED);
    let (refund, _) = follows(&mut town, Operation::Refund, &advice, 1_000);
    assert_eq!(town.purchase(POOR, 600).1, APPROVED);
    reversed(&mut town, &refund, 0);
    let request = town.about(Operation::Refund, &advice, 800);
    let decision = decide(&town.state, town.now, &Event::Request(request));
    let Some(Body::Transaction(mut tapped)) = decision.body else { panic!("a refund is a tap") };
    let shortfall = town.state.parties.acquirers[&acquirer()];
    let (claimed, others): (Vec<_>, Vec<_>) = tapped.transfers.iter().copied().partition(|t| t.credit == shortfall);
    assert_eq!(claimed.len(), 2);
    tapped.transfers = others.into_iter().collect();
    tapped.transfers.insert(0, kazasu_ledger::Transfer { amount: Yen::new(800), ..claimed[0] });
    town.carry_out(&Decision { body: Some(Body::Transaction(tapped)), ..Decision::default() });
    assert_eq!(town.shortfall(), 0);
    follows(&mut town, Operation::Refund, &advice, 200);
    assert_eq!((town.payable("SHOP"), town.shortfall()), (600, 0));
    town.check_replay();
}

#[test]
fn what_people_let_stand_again_counts_again() {
    for (operation, how) in [
        (Operation::Reversal, Resolution::BookedMerchant),
        (Operation::RefundAdvice, Resolution::BookedMerchant),
        (Operation::RefundAdvice, Resolution::BookedIssuer),
    ] {
        let mut town = town_with(monthly());
        let limits = OwnLimits { day: Some(Yen::new(1_500)), ..OwnLimits::default() };
        ask(&mut town, Command::SetOwnLimits { ppid: person(AT_ISSUER), limits, by: "portal".into() }).unwrap();
        let (request, _) = paid(&mut town, 1_000);
        let back = match operation {
            Operation::Reversal => reversed(&mut town, &request, 0),
            _ => follows(&mut town, operation, &request, 1_000).1,
        };
        says(&mut town, back, DO_NOT_HONOUR);
        assert_eq!(resolve(&mut town, how), 1);
        assert_eq!(town.purchase(AT_ISSUER, 600).1, ABOVE_LIMIT, "{operation:?}: 1,000 of it are used");
        if how == Resolution::BookedMerchant {
            // The shop gives it back once more.
            follows(&mut town, Operation::RefundAdvice, &request, 1_000);
            assert_eq!((town.receivable(), town.payable("SHOP")), ((0, 0), 0));
        }
        town.check_replay();
    }
}

#[test]
fn a_refund_is_undone_from_as_many_purses_as_a_record_has_room_for() {
    let mut town = town_with(policy());
    credit(&mut town, 1, 1_000, "own").unwrap();
    let (request, _) = town.purchase(RICH, 1_000);
    let (refund, _) = follows(&mut town, Operation::Refund, &request, 1_000);
    assert_eq!(town.purchase(RICH, 1_000).1, APPROVED);
    for who in 100..140 {
        let by = || "city".to_owned();
        ask(&mut town, Command::IssueTemporary { ppid: person(who), until: None, by: by() }).unwrap();
        credit(&mut town, who, 10, "temporary").unwrap();
        ask(&mut town, Command::Merge { from: person(who), into: person(RICH), by: by() }).unwrap();
    }
    reversed(&mut town, &refund, 0);
    let left = balance(&town, |key| matches!(key, AccountKey::Purse(..)));
    assert_eq!(town.shortfall(), 600 + left, "what the record has no room for is the acquirer's");
    assert!(left < 150 && town.payable("SHOP") == 2_000);
    town.check_replay();
}

#[test]
fn a_stood_in_payment_that_is_reversed_and_refused_leaves_nothing_to_book() {
    for refused_first in [true, false] {
        let mut town = town_with(policy());
        let (request, seq) = asked(&mut town, 1_000);
        town.issuer_silent(seq, Silence::NotSent);
        let message = town.state.seq;
        let undo = reversed(&mut town, &request, 0);
        for (message, code) in if refused_first {
            [(message, INSUFFICIENT_FUNDS), (undo, ORIGINAL_NOT_FOUND)]
        } else {
            [(undo, ORIGINAL_NOT_FOUND), (message, INSUFFICIENT_FUNDS)]
        } {
            says(&mut town, message, code);
        }
        assert_eq!((town.receivable(), town.payable("SHOP")), ((0, 0), 0));
        // That the issuer refused the reversal was an exception as long as it had the payment.
        assert_eq!(exceptions(&town).len(), usize::from(!refused_first));
        assert_eq!(resolve(&mut town, Resolution::BookedIssuer), 0);
        assert_eq!(resolve(&mut town, Resolution::BookedMerchant), 0);
        assert_eq!((town.receivable(), town.payable("SHOP")), ((0, 0), 0));
        town.check_replay();
    }
}

#[test]
fn a_payment_that_its_issuer_refuses_is_booked_whole_with_refunds_or_without() {
    for liable in [Some(LiableParty::Issuer), None] {
        for refund_first in [true, false] {
            for back in [300, 1_000] {
                let mut town = town_with(bearing(liable));
                let advice = town.request(Operation::PurchaseAdvice, AT_ISSUER, 1_000);
                assert_eq!(town.code(&advice), APPROVED);
                let message = town.state.seq;
                let (_, refund) = follows(&mut town, Operation::RefundAdvice, &advice, back);
                for (message, code) in if refund_first {
                    [(refund, APPROVED), (message, INSUFFICIENT_FUNDS)]
                } else {
                    [(message, INSUFFICIENT_FUNDS), (refund, APPROVED)]
                } {
                    says(&mut town, message, code);
                }
                assert_eq!(exceptions(&town), [(message, 1_000, 0)]);
                assert_eq!(resolve(&mut town, Resolution::BookedIssuer), 1);
                assert_eq!(town.receivable(), (-back, 0), "the issuer gave {back} back");
                assert_eq!(town.payable("SHOP"), 1_000 - back);
                town.check_replay();
            }
        }
    }
}

#[test]
fn a_refund_after_its_issuer_refused_the_payment_leaves_the_payment_to_be_booked() {
    for back in [300, 1_000] {
        for how in [Resolution::BookedIssuer, Resolution::BookedMerchant] {
            let mut town = town_with(bearing(None));
            let advice = town.request(Operation::PurchaseAdvice, AT_ISSUER, 1_000);
            assert_eq!(town.code(&advice), APPROVED);
            let message = town.state.seq;
            says(&mut town, message, INSUFFICIENT_FUNDS);
            let (refund, record) = follows(&mut town, Operation::RefundAdvice, &advice, back);
            says(&mut town, record, APPROVED);
            assert_eq!(resolve(&mut town, how), 1);
            assert_eq!(town.receivable(), (-back, 0));
            let bears = if how == Resolution::BookedMerchant { 1_000 } else { 0 };
            assert_eq!(town.payable("SHOP"), 1_000 - back - bears);
            // The refund is undone: the issuer gave nothing back any more.
            let undo = reversed(&mut town, &refund, 0);
            says(&mut town, undo, APPROVED);
            assert_eq!((town.receivable(), town.payable("SHOP")), ((0, 0), 1_000 - bears));
            if how == Resolution::BookedIssuer {
                follows(&mut town, Operation::Refund, &advice, 1_000);
                assert_eq!((town.receivable(), town.payable("SHOP")), ((0, 0), 0));
                assert_eq!(balance(&town, |key| matches!(key, AccountKey::StandInLoss(_))), 0);
            }
            town.check_replay();
        }
    }
}

#[test]
fn a_payment_and_its_refund_that_are_both_refused_are_booked_in_any_order() {
    for refund_first in [true, false] {
        for booked_between in [true, false] {
            let mut town = town_with(bearing(None));
            let advice = town.request(Operation::PurchaseAdvice, AT_ISSUER, 1_000);
            assert_eq!(town.code(&advice), APPROVED);
            let message = town.state.seq;
            let (_, refund) = follows(&mut town, Operation::RefundAdvice, &advice, 300);
            let order = if refund_first { [refund, message] } else { [message, refund] };
            for message in order {
                says(&mut town, message, INSUFFICIENT_FUNDS);
                if booked_between {
                    resolve(&mut town, Resolution::BookedIssuer);
                }
            }
            resolve(&mut town, Resolution::BookedIssuer);
            assert_eq!((town.receivable(), exceptions(&town).len()), ((0, 0), 0), "{refund_first} {booked_between}");
            assert_eq!(town.payable("SHOP"), 700);
            town.check_replay();
        }
    }
}

#[test]
fn a_refunds_reversal_that_is_refused_counts_though_its_payment_is_reversed() {
    let mut town = town_with(policy());
    let (request, _) = paid(&mut town, 1_000);
    let (refund, record) = follows(&mut town, Operation::RefundAdvice, &request, 800);
    says(&mut town, record, APPROVED);
    let undo = reversed(&mut town, &request, 0);
    says(&mut town, undo, APPROVED);
    assert_eq!(town.receivable(), (0, 0), "800 of the payment, 800 of the refund");
    let undo = reversed(&mut town, &refund, 0);
    says(&mut town, undo, INSUFFICIENT_FUNDS);
    let owed: Vec<Seq> = town.state.unacknowledged().map(|(message, _)| message).collect();
    for message in owed {
        says(&mut town, message, APPROVED);
    }
    assert_eq!((town.receivable(), exceptions(&town)), ((0, 0), vec![(undo, 800, 0)]));
    assert_eq!(resolve(&mut town, Resolution::BookedIssuer), 1);
    assert_eq!(town.receivable(), (-800, 0), "it still has the refund");
    town.check_replay();
}

#[test]
fn a_later_reversal_that_is_acknowledged_ends_what_an_earlier_one_left() {
    for waits in [true, false] {
        for remains in [0, 500] {
            let mut town = town_with(policy());
            let (request, seq) = asked(&mut town, 1_000);
            let first = if waits {
                reversed(&mut town, &request, 800);
                town.issuer_says(seq, APPROVED);
                town.state.seq
            } else {
                town.issuer_says(seq, APPROVED);
                reversed(&mut town, &request, 800)
            };
            says(&mut town, first, DO_NOT_HONOUR);
            assert_eq!(exceptions(&town), [(first, -200, 0)]);
            let second = reversed(&mut town, &request, remains);
            says(&mut town, second, APPROVED);
            assert_eq!(resolve(&mut town, Resolution::BookedIssuer), 0, "the issuer has {remains}");
            assert_eq!(resolve(&mut town, Resolution::BookedMerchant), 0);
            assert_eq!(town.receivable(), (remains, 0));
            town.check_replay();
        }
    }
}

#[test]
fn a_reversal_that_was_told_late_and_refused_lets_stand_what_was_not_told() {
    let mut town = town_with(policy());
    let (request, _) = paid(&mut town, 1_000);
    let first = reversed(&mut town, &request, 800);
    says(&mut town, first, APPROVED);
    let refund = town.about(Operation::Refund, &request, 300);
    assert_eq!(code(&town.send(&refund)), "waits");
    let asked = town.state.seq;
    town.issuer_silent(asked, Silence::TimedOut);
    let undo_refund = town.state.seq;
    let second = reversed(&mut town, &request, 0);
    says(&mut town, undo_refund, APPROVED);
    let (told, message) = town.state.unacknowledged().next().unwrap();
    assert_eq!((message.amount.get(), message.remains), (1_000, None));
    says(&mut town, told, DO_NOT_HONOUR);
    assert_eq!(exceptions(&town), [(second, -800, 0)]);
    assert_eq!(resolve(&mut town, Resolution::BookedIssuer), 1);
    assert_eq!(town.receivable(), (800, 0), "the issuer has it");
    town.check_replay();
}

#[test]
fn a_refused_payment_that_is_taken_in_parts_is_taken_once() {
    for how in [Resolution::BookedIssuer, Resolution::BookedMerchant] {
        let mut town = town_with(bearing(None));
        let advice = town.request(Operation::PurchaseAdvice, AT_ISSUER, 1_000);
        assert_eq!(town.code(&advice), APPROVED);
        let tap = town.state.seq;
        let (refund, record) = follows(&mut town, Operation::RefundAdvice, &advice, 800);
        says(&mut town, tap, INSUFFICIENT_FUNDS);
        says(&mut town, record, APPROVED);
        let dispute = |yen: i64| {
            let (reference, said) = (format!("CB{yen}"), said("sato", "w"));
            Command::Closing(Closing::Dispute { tap, amount: Yen::new(yen), reference, said })
        };
        let refused = town.state.exceptions(WhichExceptions::Open)[0].exception.id;
        ask(&mut town, dispute(700)).unwrap();
        let part = town
            .state
            .exceptions(WhichExceptions::Open)
            .iter()
            .map(|d| d.exception.id)
            .find(|id| *id != refused)
            .unwrap();
        assert!(resolve_one(&mut town, part, Resolution::BookedIssuer));
        assert_eq!(town.receivable(), (-500, 0));
        let undo = reversed(&mut town, &refund, 0);
        says(&mut town, undo, APPROVED);
        assert!(!resolve_one(&mut town, refused, how), "700 of it are taken");
        assert!(ask(&mut town, dispute(301)).is_err());
        ask(&mut town, dispute(300)).unwrap();
        assert_eq!(resolve(&mut town, how), 1);
        assert_eq!(town.receivable(), (0, 0));
        assert!(ask(&mut town, dispute(1)).is_err());
        let left = if how == Resolution::BookedIssuer { 1_000 } else { 700 };
        assert_eq!(town.payable("SHOP"), left);
        // The shop may try to give it back again: the issuer has nothing of it.
        for yen in [1_000, 800, 500, 300, 100] {
            let back = town.about(Operation::RefundAdvice, &advice, yen);
            town.send(&back);
        }
        reversed(&mut town, &advice, 0);
        assert!(town.payable("SHOP") >= 0 && town.receivable() == (0, 0));
        town.check_replay();
    }
}
