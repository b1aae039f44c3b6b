//! Stand-in, its losses, and messages that reach an issuer or do not.

use super::*;

#[test]
fn stand_in_has_allowances_and_what_the_issuer_refuses_is_a_loss() {
    let mut town = town_with(policy());
    let tap = |town: &mut Town, yen| {
        let request = town.request(Operation::Purchase, 3, yen);
        town.send(&request);
        let seq = town.state.seq;
        let decision = town.issuer_silent(seq, Silence::NotSent);
        (request, seq, waiting_code(&decision).unwrap(), sent(&decision))
    };
    let (_, _, code, _) = tap(&mut town, 1_001);
    assert_eq!(code, "91", "above the allowance per tap");
    let (request, _, code, advice) = tap(&mut town, 900);
    assert_eq!(code, "00");
    let (message, advice) = advice.unwrap();
    assert_eq!((advice.amount, town.receivable()), (Yen::new(900), (900, 0)));
    let (_, _, code, _) = tap(&mut town, 700);
    assert_eq!(code, "91", "above the day's");
    // The refund that follows is about the advice, which is what the issuer knows.
    let refund = town.about(Operation::Refund, &request, 100);
    let decision = town.send(&refund);
    let (seq, to) = sent(&decision).unwrap();
    let outgoing = town.state.outgoing(seq, to, "10000001".parse().unwrap()).unwrap();
    let original = outgoing.original.unwrap();
    assert_eq!((original.mti, original.stan), (Mti(220), Stan::wrapping(message)));
    town.issuer_says(seq, "00");
    let refused = ResponseCode::from_wire(b"05").unwrap();
    town.event(&Event::IssuerAcknowledged { message, code: refused });
    assert_eq!(town.receivable(), (-100, 0), "the issuer owes nothing, and is owed what it gave back");
    assert_eq!(balance(&town, |k| matches!(k, AccountKey::StandInLoss(ISSUER))), 900);
    // What is refunded now goes back to the operator, and no issuer hears of it.
    let refund = town.about(Operation::Refund, &request, 300);
    let decision = town.send(&refund);
    assert_eq!((code_of(&decision), sent(&decision)), ("00".to_owned(), None));
    assert_eq!(balance(&town, |k| matches!(k, AccountKey::StandInLoss(ISSUER))), 600);
    // Asked and silent is another matter: never stood in for.
    let request = town.request(Operation::Purchase, 3, 100);
    town.send(&request);
    let seq = town.state.seq;
    assert_eq!(waiting_code(&town.issuer_silent(seq, Silence::TimedOut)).unwrap(), "91");
    town.check_replay();
}

fn code_of(decision: &Decision) -> String {
    super::code(decision)
}

#[test]
fn merchants_and_issuers_bear_losses_when_the_policy_says_so() {
    for (liable, payable, receivable) in [(LiableParty::Merchant, 0, 0), (LiableParty::Issuer, 500, 500)] {
        let offline = Some(Offline { resident_day: Yen::new(100), liable, floor: None });
        let mut town = town_with(Policy { offline, ..policy() });
        let advice = town.request(Operation::PurchaseAdvice, 3, 500);
        let (message, _) = sent(&town.send(&advice)).unwrap();
        let Body::Transaction(tapped) = &town.journal.last().unwrap().body else { panic!("a tap") };
        let flags = tapped.ruled.as_ref().unwrap().flags;
        assert_eq!(flags, kazasu_ledger::record::flag::OVER_OFFLINE, "booked and flagged");
        let refused = ResponseCode::from_wire(b"51").unwrap();
        town.event(&Event::IssuerAcknowledged { message, code: refused });
        assert_eq!((town.payable("SHOP"), town.receivable().0), (payable, receivable));
        assert!(town.state.unacknowledged_by_issuer().is_empty(), "the advice has its answer");
        town.check_replay();
    }
}

#[test]
fn a_reversal_that_names_an_unknown_merchant_still_reaches_the_issuer() {
    let mut town = town_with(policy());
    for answered in [false, true] {
        let request = town.request(Operation::Purchase, 3, 500);
        town.send(&request);
        let seq = town.state.seq;
        if answered {
            town.issuer_says(seq, "00");
        }
        let mut undo = town.about(Operation::Reversal, &request, 500);
        undo.merchant = "MISSING".parse().unwrap();
        let decision = town.send(&undo);
        assert_eq!(code_of(&decision), "00");
        let (seq, to) = sent(&decision).unwrap();
        let outgoing = town.state.outgoing(seq, to, "10000001".parse().unwrap()).expect("the message can be made");
        assert_eq!(outgoing.merchant, "SHOP".parse().unwrap(), "of the merchant that was paid");
    }
    town.check_replay();
}

#[test]
fn a_partial_reversal_of_a_waiting_tap_lets_it_go_on_and_takes_effect_behind_its_outcome() {
    let mut town = town_with(policy());
    let request = town.request(Operation::Purchase, 3, 500);
    town.send(&request);
    let seq = town.state.seq;
    let mut undo = town.about(Operation::Reversal, &request, 500);
    undo.replacement = Some(Yen::new(200));
    let decision = town.send(&undo);
    assert_eq!(
        (code_of(&decision), waiting_code(&decision)),
        ("00".to_owned(), None),
        "no party is told that it is over"
    );
    assert_eq!(waiting_code(&town.issuer_says(seq, "00")).unwrap(), "00");
    assert_eq!((town.receivable(), town.payable("SHOP")), ((200, 0), 200));
    let told: Vec<_> = town.state.unacknowledged().map(|(_, to)| (to.about, to.remains)).collect();
    assert_eq!(told, [(Some(seq), Some(Yen::new(200)))]);
    assert_eq!(code_of(&town.send(&undo)), "00", "a repeat gets the same");
    town.check_replay();
}

#[test]
fn a_partial_approval_that_nobody_asked_the_issuer_for_is_undone() {
    let mut town = town_with(policy());
    let request = town.request(Operation::Purchase, 3, 500);
    town.send(&request);
    let seq = town.state.seq;
    let decision = town.issuer_says(seq, "10");
    assert_eq!(waiting_code(&decision).unwrap(), "91");
    let (_, message) = sent(&decision).unwrap();
    assert_eq!(
        (message.operation, message.about),
        (kazasu_schemas::wire::issuer::IssuerOperation::Reversal, Some(seq))
    );
    assert_eq!(town.receivable(), (0, 0));
    town.check_replay();
}

#[test]
fn a_refund_undone_twice_pays_nobody_twice() {
    let mut town = town_with(Policy { points: Vec::new(), ..policy() });
    let (first, _) = town.purchase(2, 500);
    let refund = town.about(Operation::Refund, &first, 500);
    assert_eq!(town.code(&refund), "00");
    let (second, code) = town.purchase(2, 450);
    assert_eq!(code, "00");
    let undo = town.about(Operation::Reversal, &refund, 500);
    assert_eq!(town.code(&undo), "00");
    assert_eq!((town.available(2), town.shortfall()), (0, 450), "50 from the account, 450 are claimed");
    let again = town.about(Operation::Refund, &first, 500);
    assert_eq!(town.code(&again), "00");
    assert_eq!((town.available(2), town.shortfall()), (50, 0), "first what no account had covered");
    let back = town.about(Operation::Refund, &second, 450);
    assert_eq!(town.code(&back), "00");
    assert_eq!((town.available(2), town.shortfall(), town.payable("SHOP")), (500, 0, 0));
    town.check_replay();
}

#[test]
fn a_message_that_cannot_be_made_is_never_stood_in_for() {
    let mut town = town_with(policy());
    let request = town.request(Operation::Purchase, 3, 100);
    town.send(&request);
    let seq = town.state.seq;
    let decision = town.issuer_silent(seq, Silence::Unmakeable);
    assert_eq!((waiting_code(&decision).unwrap(), sent(&decision)), ("91".to_owned(), None));
    town.check_replay();
}

#[test]
fn what_comes_back_from_a_refused_refund_is_the_operators_loss_too() {
    let mut town = town_with(policy());
    let request = town.request(Operation::Purchase, 3, 500);
    town.send(&request);
    let seq = town.state.seq;
    let (message, _) = sent(&town.issuer_silent(seq, Silence::NotSent)).unwrap();
    let refund = town.about(Operation::Refund, &request, 100);
    town.send(&refund);
    let asked = town.state.seq;
    let refused = ResponseCode::from_wire(b"14").unwrap();
    town.event(&Event::IssuerAcknowledged { message, code: refused });
    town.issuer_says(asked, "25");
    assert_eq!(town.receivable(), (0, 0), "an issuer that refused owes nothing");
    assert_eq!(balance(&town, |k| matches!(k, AccountKey::StandInLoss(ISSUER))), 500);
    let refund = town.about(Operation::Refund, &request, 500);
    assert_eq!(town.code(&refund), "00");
    assert_eq!(balance(&town, |k| matches!(k, AccountKey::StandInLoss(ISSUER))), 0);
    town.check_replay();
}
