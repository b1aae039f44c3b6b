use super::*;

#[test]
fn a_completion_takes_what_was_used_and_releases_the_rest() {
    let mut town = Town::new();
    let hold = town.request(Operation::Authorize, 1, 5_000);
    assert_eq!(town.code(&hold), "00");
    assert_eq!((town.available(1), town.payable("SHOP")), (5_000, 0));
    let too_much = town.about(Operation::Completion, &hold, 5_001);
    assert_eq!(town.code(&too_much), "13");
    let take = town.about(Operation::Completion, &hold, 3_200);
    assert_eq!(town.code(&take), "00");
    assert_eq!((town.available(1), town.payable("SHOP")), (6_800, 3_200));
    let twice = town.about(Operation::Completion, &hold, 1);
    assert_eq!(town.code(&twice), "12");
    // Refunds of the authorization mean what was completed.
    let refund = town.about(Operation::Refund, &hold, 3_200);
    assert_eq!(town.code(&refund), "00");
    assert_eq!(town.available(1), 10_000);
    town.check_replay();
}

#[test]
fn refunds_never_exceed_the_payment() {
    let mut town = Town::new();
    let (paid, _) = town.purchase(1, 1_000);
    for (yen, code) in [(600, "00"), (500, "13"), (400, "00"), (1, "13")] {
        let refund = town.about(Operation::Refund, &paid, yen);
        assert_eq!(town.code(&refund), code, "{yen}");
    }
    assert_eq!(town.available(1), 10_000);
    let mut elsewhere = town.about(Operation::Refund, &paid, 1);
    (elsewhere.merchant, elsewhere.terminal) = ("OTHER".parse().unwrap(), "T9".parse().unwrap());
    assert_eq!(town.code(&elsewhere), "25");
    let mut somebody_else = town.about(Operation::Refund, &paid, 1);
    somebody_else.ppid = Some(person(2));
    assert_eq!(town.code(&somebody_else), "13");
    let nothing = town.request(Operation::Refund, 1, 1);
    assert_eq!(town.code(&nothing), "25");
}

#[test]
fn a_refund_at_another_terminal_of_the_shop_is_found_by_its_reference() {
    let mut town = Town::new();
    let (paid, _) = town.purchase(1, 700);
    let mut refund = town.request(Operation::Refund, 1, 700);
    refund.rrn = paid.rrn;
    refund.terminal = "T2".parse().unwrap();
    assert_eq!(town.code(&refund), "00");
    assert_eq!(town.available(1), 10_000);
}

#[test]
fn a_reversal_undoes_once_and_a_second_one_changes_nothing() {
    let mut town = Town::new();
    let (paid, _) = town.purchase(1, 1_000);
    for _ in 0..2 {
        let reversal = town.about(Operation::Reversal, &paid, 1_000);
        assert_eq!(town.code(&reversal), "00");
        assert_eq!((town.available(1), town.payable("SHOP")), (10_000, 0));
    }
    let refund = town.about(Operation::Refund, &paid, 1);
    assert_eq!(town.code(&refund), "12");
    assert_eq!(town.code(&paid), "00", "a repeat of the original still gets its answer");
    assert_eq!(town.available(1), 10_000, "and moves nothing");
    town.check_replay();
}

#[test]
fn a_partial_reversal_leaves_the_actual_amount() {
    let mut town = Town::new();
    let (paid, _) = town.purchase(1, 1_000);
    let mut reversal = town.about(Operation::Reversal, &paid, 1_000);
    reversal.replacement = Some(Yen::new(400));
    assert_eq!(town.code(&reversal), "00");
    assert_eq!((town.available(1), town.payable("SHOP")), (9_600, 400));
    let hold = town.request(Operation::Authorize, 1, 900);
    town.code(&hold);
    let mut reversal = town.about(Operation::Reversal, &hold, 900);
    reversal.replacement = Some(Yen::new(300));
    assert_eq!(town.code(&reversal), "00");
    assert_eq!(town.available(1), 9_300);
    let take = town.about(Operation::Completion, &hold, 301);
    assert_eq!(town.code(&take), "13");
    town.check_replay();
}

#[test]
fn a_reversal_that_overtakes_its_original_leaves_a_tombstone() {
    let mut town = Town::new();
    let late = town.request(Operation::Purchase, 1, 500);
    let reversal = town.about(Operation::Reversal, &late, 500);
    assert_eq!(town.code(&reversal), "00");
    assert_eq!(town.code(&late), "94");
    assert_eq!(town.code(&late), "94", "also when it is repeated");
    assert_eq!(town.available(1), 10_000);
    town.check_replay();
}

#[test]
fn a_reversal_without_exact_data_is_matched_by_reference_terminal_merchant_and_amount() {
    let mut town = Town::new();
    let (paid, _) = town.purchase(1, 500);
    let unknown = town.request(Operation::Purchase, 1, 500);
    let mut reversal = town.about(Operation::Reversal, &unknown, 500);
    reversal.rrn = paid.rrn;
    let mut other_amount = reversal;
    other_amount.amount = Yen::new(501);
    other_amount.stan = Stan::wrapping(900);
    assert_eq!(town.code(&other_amount), "00");
    assert_eq!(town.available(1), 9_500, "not the same amount, so not the same payment");
    assert_eq!(town.code(&reversal), "00");
    assert_eq!(town.available(1), 10_000);
}

#[test]
fn a_reversed_refund_takes_back_what_is_there() {
    let mut town = Town::new();
    let (paid, _) = town.purchase(2, 500);
    let refund = town.about(Operation::Refund, &paid, 500);
    assert_eq!(town.code(&refund), "00");
    assert_eq!(town.purchase(2, 450).1, "00");
    let undo = town.about(Operation::Reversal, &refund, 500);
    assert_eq!(town.code(&undo), "00");
    assert_eq!((town.available(2), town.shortfall(), town.payable("SHOP")), (0, 450, 950));
    town.check_replay();
}

#[test]
fn a_closed_merchant_still_refunds_and_reverses() {
    let mut town = Town::new();
    let (paid, _) = town.purchase(1, 500);
    let (second, _) = town.purchase(1, 300);
    town.event(&Event::Command(Command::RegisterMerchant {
        acquirer: acquirer(),
        merchant: "SHOP".parse().unwrap(),
        name: "SHOP".into(),
        mcc: "5411".parse().unwrap(),
        terminals: vec!["T1".parse().unwrap()],
        closed: true,
        traits: Default::default(),
    }));
    assert_eq!(town.purchase(1, 1).1, "03");
    let refund = town.about(Operation::Refund, &paid, 500);
    assert_eq!(town.code(&refund), "00");
    let reversal = town.about(Operation::Reversal, &second, 300);
    assert_eq!(town.code(&reversal), "00");
    assert_eq!(town.available(1), 10_000);
}
