use super::codes::*;
use super::*;

#[test]
fn a_completion_takes_what_was_used_and_releases_the_rest() {
    let mut town = Town::new();
    let hold = town.request(Operation::Authorize, RICH, 5_000);
    assert_eq!(town.code(&hold), APPROVED);
    assert_eq!((town.available_to(RICH), town.payable("SHOP")), (5_000, 0));
    let too_much = town.about(Operation::Completion, &hold, 5_001);
    assert_eq!(town.code(&too_much), INVALID_AMOUNT);
    let take = town.about(Operation::Completion, &hold, 3_200);
    assert_eq!(town.code(&take), APPROVED);
    assert_eq!((town.available_to(RICH), town.payable("SHOP")), (6_800, 3_200));
    let twice = town.about(Operation::Completion, &hold, 1);
    assert_eq!(town.code(&twice), INVALID_TRANSACTION);
    // Refunds of the authorization mean what was completed.
    let refund = town.about(Operation::Refund, &hold, 3_200);
    assert_eq!(town.code(&refund), APPROVED);
    assert_eq!(town.available_to(RICH), 10_000);
    town.check_replay();
}

#[test]
fn refunds_never_exceed_the_payment() {
    let mut town = Town::new();
    let (paid, _) = town.purchase(RICH, 1_000);
    for (yen, code) in [(600, APPROVED), (500, INVALID_AMOUNT), (400, APPROVED), (1, INVALID_AMOUNT)] {
        let refund = town.about(Operation::Refund, &paid, yen);
        assert_eq!(town.code(&refund), code, "{yen}");
    }
    assert_eq!(town.available_to(RICH), 10_000);
    let mut elsewhere = town.about(Operation::Refund, &paid, 1);
    (elsewhere.merchant, elsewhere.terminal) = ("OTHER".parse().unwrap(), "T9".parse().unwrap());
    assert_eq!(town.code(&elsewhere), ORIGINAL_NOT_FOUND);
    let mut somebody_else = town.about(Operation::Refund, &paid, 1);
    somebody_else.ppid = Some(person(POOR));
    assert_eq!(town.code(&somebody_else), INVALID_AMOUNT);
    let nothing = town.request(Operation::Refund, RICH, 1);
    assert_eq!(town.code(&nothing), ORIGINAL_NOT_FOUND);
}

#[test]
fn a_refund_at_another_terminal_of_the_shop_is_found_by_its_reference() {
    let mut town = Town::new();
    let (paid, _) = town.purchase(RICH, 700);
    let mut refund = town.request(Operation::Refund, RICH, 700);
    refund.rrn = paid.rrn;
    refund.terminal = "T2".parse().unwrap();
    assert_eq!(town.code(&refund), APPROVED);
    assert_eq!(town.available_to(RICH), 10_000);
}

#[test]
fn a_reversal_undoes_once_and_a_second_one_changes_nothing() {
    let mut town = Town::new();
    let (paid, _) = town.purchase(RICH, 1_000);
    for _ in 0..2 {
        let reversal = town.about(Operation::Reversal, &paid, 1_000);
        assert_eq!(town.code(&reversal), APPROVED);
        assert_eq!((town.available_to(RICH), town.payable("SHOP")), (10_000, 0));
    }
    let refund = town.about(Operation::Refund, &paid, 1);
    assert_eq!(town.code(&refund), INVALID_TRANSACTION);
    assert_eq!(town.code(&paid), APPROVED, "a repeat of the original still gets its answer");
    assert_eq!(town.available_to(RICH), 10_000, "and moves nothing");
    town.check_replay();
}

#[test]
fn a_partial_reversal_leaves_the_actual_amount() {
    let mut town = Town::new();
    let (paid, _) = town.purchase(RICH, 1_000);
    let mut reversal = town.about(Operation::Reversal, &paid, 1_000);
    reversal.replacement = Some(Yen::new(400));
    assert_eq!(town.code(&reversal), APPROVED);
    assert_eq!((town.available_to(RICH), town.payable("SHOP")), (9_600, 400));
    let hold = town.request(Operation::Authorize, RICH, 900);
    town.code(&hold);
    let mut reversal = town.about(Operation::Reversal, &hold, 900);
    reversal.replacement = Some(Yen::new(300));
    assert_eq!(town.code(&reversal), APPROVED);
    assert_eq!(town.available_to(RICH), 9_300);
    let take = town.about(Operation::Completion, &hold, 301);
    assert_eq!(town.code(&take), INVALID_AMOUNT);
    town.check_replay();
}

#[test]
fn a_reversal_that_overtakes_its_original_leaves_a_tombstone() {
    let mut town = Town::new();
    let late = town.request(Operation::Purchase, RICH, 500);
    let reversal = town.about(Operation::Reversal, &late, 500);
    assert_eq!(town.code(&reversal), APPROVED);
    assert_eq!(town.code(&late), DUPLICATE);
    assert_eq!(town.code(&late), DUPLICATE, "also when it is repeated");
    assert_eq!(town.available_to(RICH), 10_000);
    town.check_replay();
}

#[test]
fn a_reversal_without_exact_data_is_matched_by_reference_terminal_merchant_and_amount() {
    type Change = Box<dyn Fn(&mut Request)>;
    let cases: Vec<(bool, &str, Change)> = vec![
        (true, "DE90 is left out", Box::new(|r| r.original = None)),
        (true, "DE90 and the PPID are left out", Box::new(|r| (r.original, r.ppid) = (None, None))),
        (
            true,
            "DE7 in local time",
            Box::new(|r| change(r, |o| o.transmission = Millis(NOON.0 + 32_400_000).transmission())),
        ),
        (true, "another class", Box::new(|r| change(r, |o| o.mti = Mti(100)))),
        (true, "no acquirer", Box::new(|r| change(r, |o| o.acquirer = [b'0'; 11]))),
        (
            true,
            "DE7 in universal time",
            Box::new(|r| change(r, |o| o.transmission = Millis(NOON.0 - 32_400_000).transmission())),
        ),
        (
            false,
            "DE7 five minutes later",
            Box::new(|r| change(r, |o| o.transmission = Millis(NOON.0 + 300_000).transmission())),
        ),
        (
            false,
            "DE7 an hour before",
            Box::new(|r| change(r, |o| o.transmission = Millis(NOON.0 - 3_600_000).transmission())),
        ),
        (
            false,
            "DE7 in local time, without a PPID",
            Box::new(|r| {
                r.ppid = None;
                change(r, |o| o.transmission = Millis(NOON.0 + 32_400_000).transmission());
            }),
        ),
        (false, "DE90 names another DE11", Box::new(|r| change(r, |o| o.stan = Stan::wrapping(900)))),
        (
            false,
            "DE90 names another day",
            Box::new(|r| change(r, |o| o.transmission = Millis(NOON.0 - 86_400_000).transmission())),
        ),
        (false, "another acquirer", Box::new(|r| change(r, |o| o.acquirer = [b'1'; 11]))),
        (false, "another amount", Box::new(|r| (r.original, r.amount) = (None, Yen::new(501)))),
        (false, "another person", Box::new(|r| (r.original, r.ppid) = (None, Some(person(POOR))))),
        (false, "a person that is not known", Box::new(|r| (r.original, r.ppid) = (None, Some(person(77))))),
        (false, "another terminal", Box::new(|r| (r.original, r.terminal) = (None, "T2".parse().unwrap()))),
        (false, "another merchant", Box::new(|r| (r.original, r.merchant) = (None, "OTHER".parse().unwrap()))),
        (false, "a refund", Box::new(|r| (r.original, r.processing) = (None, 200_000))),
        (
            false,
            "sent before it",
            Box::new(|r| (r.original, r.transmission) = (None, Millis(NOON.0 - 600_000).transmission())),
        ),
        (false, "no number", Box::new(|r| (r.original, r.rrn) = (None, "000000000000".parse().unwrap()))),
    ];
    for (undone, what, spoil) in cases {
        let mut town = Town::new();
        let (paid, _) = town.purchase(RICH, 500);
        let mut reversal = town.about(Operation::Reversal, &paid, 500);
        spoil(&mut reversal);
        assert_eq!(town.code(&reversal), APPROVED, "{what}");
        assert_eq!(town.available_to(RICH), if undone { 10_000 } else { 9_500 }, "{what}");
        town.check_replay();
    }
}

#[test]
fn universal_time_is_nine_hours_off_also_where_february_ends() {
    for (date, hours, undone) in [("2027-03-01", -9, true), ("2027-03-01", -33, false), ("2028-03-01", -9, true)] {
        let mut town = Town::new();
        town.now = Millis(super::rules::day(date).start().0 + 9 * 3_600_000 + 60_000);
        town.event(&Event::Tick { keep_days: 400 });
        let (paid, code) = town.purchase(RICH, 500);
        assert_eq!(code, APPROVED);
        let mut reversal = town.about(Operation::Reversal, &paid, 500);
        change(&mut reversal, |o| o.transmission = Millis(town.now.0 + hours * 3_600_000).transmission());
        assert_eq!(town.code(&reversal), APPROVED);
        assert_eq!(town.available_to(RICH), if undone { 10_000 } else { 9_500 }, "{date}, {hours} hours");
    }
}

fn change(request: &mut Request, change: impl Fn(&mut kazasu_schemas::wire::Original)) {
    change(request.original.as_mut().unwrap());
}

#[test]
fn a_number_that_repeats_or_says_nothing_names_nothing() {
    for rrn in ["000000000000", "999999999999", "A", "000000000042"] {
        let mut town = Town::new();
        let mut paid: Vec<Request> = Vec::new();
        for who in [1, 2] {
            let mut request = town.request(Operation::Purchase, who, 400);
            request.rrn = rrn.parse().unwrap();
            assert_eq!(town.code(&request), APPROVED);
            paid.push(request);
        }
        let mut reversal = town.about(Operation::Reversal, &paid[0], 400);
        reversal.original = None;
        assert_eq!(town.code(&reversal), APPROVED, "{rrn}");
        let mut refund = town.about(Operation::Refund, &paid[0], 400);
        refund.original = None;
        assert_eq!(town.code(&refund), ORIGINAL_NOT_FOUND, "{rrn}");
        assert_eq!((town.available_to(RICH), town.available_to(POOR)), (9_600, 100), "{rrn}");
        let exact = town.about(Operation::Reversal, &paid[1], 400);
        assert_eq!(town.code(&exact), APPROVED);
        assert_eq!((town.available_to(RICH), town.available_to(POOR)), (9_600, 500), "{rrn}");
        town.check_replay();
    }
}

#[test]
fn a_number_that_repeated_names_again_when_the_others_are_forgotten() {
    let mut town = Town::new();
    let turn = |town: &mut Town| {
        town.now = town.state.day.next().start();
        town.event(&Event::Tick { keep_days: 2 });
    };
    let pay = |town: &mut Town| {
        let mut request = town.request(Operation::Purchase, RICH, 100);
        request.rrn = "R1".parse().unwrap();
        assert_eq!(town.code(&request), APPROVED);
        request
    };
    pay(&mut town);
    // Neither what is refused nor what follows another tap makes a number repeat, or is missed when it is forgotten.
    let mut others = vec![town.request(Operation::Purchase, POOR, 9_000), town.request(Operation::Authorize, RICH, 50)];
    others[1].rrn = "R2".parse().unwrap();
    others.push(town.about(Operation::Completion, &others[1], 50));
    for (mut request, code) in others.into_iter().zip([INSUFFICIENT_FUNDS, APPROVED, APPROVED]) {
        request.rrn =
            if code == INSUFFICIENT_FUNDS || request.original.is_some() { "R1".parse().unwrap() } else { request.rrn };
        assert_eq!(town.code(&request), code);
    }
    turn(&mut town);
    turn(&mut town);
    pay(&mut town);
    let last = pay(&mut town);
    turn(&mut town);
    let mut reversal = town.about(Operation::Reversal, &last, 100);
    reversal.original = None;
    assert_eq!(town.code(&reversal), APPROVED);
    assert_eq!(town.available_to(RICH), 9_650, "two of yesterday have the number");
    (0..4).for_each(|_| turn(&mut town));
    let paid = pay(&mut town);
    let mut reversal = town.about(Operation::Reversal, &paid, 100);
    reversal.original = None;
    assert_eq!(town.code(&reversal), APPROVED);
    assert_eq!(town.available_to(RICH), 9_650);
    town.check_replay();
}

#[test]
fn de90_that_names_something_unknown_speaks_against_every_other_payment() {
    let mut town = Town::new();
    let zeros: Rrn = "000000000000".parse().unwrap();
    let mut paid = town.request(Operation::Purchase, RICH, 1_280);
    paid.rrn = zeros;
    assert_eq!(town.code(&paid), APPROVED);
    for rrn in [zeros, "R1".parse().unwrap()] {
        // Lost on the way, and reversed.
        let mut late = town.request(Operation::Purchase, POOR, 280);
        (late.rrn, late.amount) = (rrn, Yen::new(1_280));
        let reversal = town.about(Operation::Reversal, &late, 1_280);
        assert_eq!(town.code(&reversal), APPROVED);
        assert_eq!((town.available_to(RICH), town.payable("SHOP")), (8_720, 1_280), "nothing of it is undone");
        assert_eq!(town.code(&late), DUPLICATE);
    }
    // The first attempt was lost; the second has the same number, and stands.
    let lost = town.request(Operation::Purchase, RICH, 300);
    let mut again = town.request(Operation::Purchase, RICH, 300);
    again.rrn = lost.rrn;
    assert_eq!(town.code(&again), APPROVED);
    let reversal = town.about(Operation::Reversal, &lost, 300);
    assert_eq!(town.code(&reversal), APPROVED);
    assert_eq!(town.available_to(RICH), 8_420);
    // A terminal that begins to count anew gives a payment's numbers to another one, which is lost.
    for minutes in [5, 15, 60, 540, 1_000] {
        for who in [None, Some(person(RICH)), Some(person(POOR))] {
            let (first, _) = town.purchase(RICH, 10);
            let mut late = Request { ppid: Some(who.unwrap_or(person(POOR))), ..first };
            late.transmission = Millis(town.now.0 + minutes * 60_000).transmission();
            let reversal = Request { ppid: who, ..town.about(Operation::Reversal, &late, 10) };
            assert_eq!(town.code(&reversal), APPROVED);
            let stands = minutes != 540 || who != Some(person(RICH));
            let before = town.available_to(RICH);
            let exact = town.about(Operation::Reversal, &first, 10);
            assert_eq!(town.code(&exact), APPROVED);
            assert_eq!(
                town.available_to(RICH) - before,
                if stands { 10 } else { 0 },
                "{minutes} minutes later, {who:?}"
            );
            if stands {
                assert_eq!(town.code(&late), DUPLICATE, "{minutes} minutes later, {who:?}");
            }
        }
    }
    for (operation, code) in [
        (Operation::Refund, ORIGINAL_NOT_FOUND),
        (Operation::RefundAdvice, ORIGINAL_NOT_FOUND),
        (Operation::Completion, ORIGINAL_NOT_FOUND),
    ] {
        let about = town.about(operation, &lost, 300);
        assert_eq!(town.code(&about), code, "{operation:?}");
    }
    assert_eq!((town.code(&lost), town.available_to(RICH)), (DUPLICATE.to_owned(), 8_420));
    town.check_replay();
}

/// The reason in the last message's record why a reversal was not carried out.
fn not_carried_out(town: &Town) -> Option<(u16, u64)> {
    let Body::Transaction(tapped) = &town.journal.last().unwrap().body else { panic!("a tap") };
    let ruled = tapped.ruled.as_ref()?;
    Some((ruled.flags, ruled.named?))
}

#[test]
fn a_reversal_of_another_persons_payment_is_answered_and_put_before_a_person() {
    let mut town = Town::new();
    let (paid, _) = town.purchase(RICH, 500);
    let seq = town.state.seq;
    for who in [2, 99] {
        let mut reversal = town.about(Operation::Reversal, &paid, 500);
        reversal.ppid = Some(person(who));
        let decision = town.send(&reversal);
        assert_eq!(code(&decision), APPROVED, "a reversal is never refused");
        assert_eq!((town.available_to(RICH), town.payable("SHOP")), (9_500, 500));
        let flags = kazasu_ledger::record::flag::OTHER_PERSON;
        assert_eq!(not_carried_out(&town), Some((flags, seq)));
        let told = Effect::NotCarriedOut { record: town.state.seq, named: seq, flags };
        assert!(decision.effects.contains(&told), "{:?}", decision.effects);
        assert!(town.send(&reversal).body.is_none(), "a repeat makes no second record");
    }
    assert_eq!(town.code(&paid), APPROVED, "the payment stands, and is no late original");
    let mut right = town.about(Operation::Reversal, &paid, 500);
    right.ppid = None;
    assert_eq!(town.code(&right), APPROVED);
    assert_eq!((town.available_to(RICH), not_carried_out(&town)), (10_000, None));
    town.check_replay();
}

#[test]
fn nor_does_it_touch_another_persons_payment_that_waits() {
    let mut town = Town::new();
    let request = town.request(Operation::Purchase, AT_ISSUER, 800);
    town.send(&request);
    let seq = town.state.seq;
    for replacement in [None, Some(Yen::new(100))] {
        let mut reversal = town.about(Operation::Reversal, &request, 800);
        (reversal.ppid, reversal.replacement) = (Some(person(RICH)), replacement);
        let decision = town.send(&reversal);
        assert_eq!((code(&decision).as_str(), waiting_code(&decision)), (APPROVED, None));
    }
    assert_eq!(waiting_code(&town.issuer_says(seq, APPROVED)).unwrap(), APPROVED);
    assert_eq!((town.receivable(), town.payable("SHOP")), ((800, 0), 800));
    town.check_replay();
}

#[test]
fn a_reversal_at_another_terminal_is_answered_and_put_before_a_person() {
    let mut town = Town::new();
    let (paid, _) = town.purchase(RICH, 500);
    let seq = town.state.seq;
    for rrn in [paid.rrn, "OTHER".parse().unwrap()] {
        let mut reversal = town.about(Operation::Reversal, &paid, 500);
        (reversal.terminal, reversal.rrn) = ("T2".parse().unwrap(), rrn);
        assert_eq!(town.code(&reversal), APPROVED);
        assert_eq!((town.available_to(RICH), town.payable("SHOP")), (9_500, 500));
        assert_eq!(not_carried_out(&town), Some((kazasu_ledger::record::flag::OTHER_TERMINAL, seq)));
    }
    let mut refund = town.about(Operation::Refund, &paid, 500);
    refund.terminal = "T2".parse().unwrap();
    assert_eq!(town.code(&refund), APPROVED, "a refund may come from another terminal of the shop");
    assert_eq!(town.available_to(RICH), 10_000);
    town.check_replay();
}

#[test]
fn a_reversed_refund_takes_back_what_is_there() {
    let mut town = Town::new();
    let (paid, _) = town.purchase(POOR, 500);
    let refund = town.about(Operation::Refund, &paid, 500);
    assert_eq!(town.code(&refund), APPROVED);
    assert_eq!(town.purchase(POOR, 450).1, APPROVED);
    let undo = town.about(Operation::Reversal, &refund, 500);
    assert_eq!(town.code(&undo), APPROVED);
    assert_eq!((town.available_to(POOR), town.shortfall(), town.payable("SHOP")), (0, 450, 950));
    town.check_replay();
}

#[test]
fn a_closed_merchant_still_refunds_and_reverses() {
    let mut town = Town::new();
    let (paid, _) = town.purchase(RICH, 500);
    let (second, _) = town.purchase(RICH, 300);
    town.event(&Event::Command(Command::RegisterMerchant {
        acquirer: acquirer(),
        merchant: "SHOP".parse().unwrap(),
        name: "SHOP".into(),
        mcc: "5411".parse().unwrap(),
        terminals: vec!["T1".parse().unwrap()],
        closed: true,
        traits: Default::default(),
    }));
    assert_eq!(town.purchase(RICH, 1).1, UNKNOWN_MERCHANT);
    let refund = town.about(Operation::Refund, &paid, 500);
    assert_eq!(town.code(&refund), APPROVED);
    let reversal = town.about(Operation::Reversal, &second, 300);
    assert_eq!(town.code(&reversal), APPROVED);
    assert_eq!(town.available_to(RICH), 10_000);
}
