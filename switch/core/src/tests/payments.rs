use super::codes::*;
use super::*;

#[test]
fn an_on_us_purchase_moves_money_in_one_record() {
    let mut town = Town::new();
    let before = town.journal.len();
    let (_, code) = town.purchase(RICH, 1_280);
    assert_eq!((code.as_str(), town.journal.len()), (APPROVED, before + 1));
    assert_eq!((town.available_to(RICH), town.payable("SHOP")), (8_720, 1_280));
    town.check_replay();
}

#[test]
fn refusals_come_in_their_order_and_are_recorded() {
    let mut town = Town::new();
    let good = town.request(Operation::Purchase, POOR, 501);
    let merchant = |id: &str| id.parse::<MerchantId>().unwrap();
    let terminal = |id: &str| id.parse::<TerminalId>().unwrap();
    // Each case is wrong in its own way and in every way of the cases below it that it can be.
    type Change = Box<dyn Fn(&mut Request)>;
    let cases: Vec<(&str, Change)> = vec![
        (INSUFFICIENT_FUNDS, Box::new(|_| {})),
        (NO_ROUTE, Box::new(|r| r.ppid = Some(person(UNROUTED)))),
        (NO_SUCH_CARD, Box::new(|r| r.ppid = Some(person(UNLINKED)))),
        (NO_SUCH_CARD, Box::new(|r| r.ppid = Some(person(STRANGER)))),
        (INVALID_AMOUNT, Box::new(|r| (r.ppid, r.amount) = (Some(person(STRANGER)), Yen::ZERO))),
        (INVALID_TRANSACTION, Box::new(|r| (r.currency, r.amount) = (840, Yen::ZERO))),
        (TERMINAL_NOT_PERMITTED, Box::new(move |r| (r.terminal, r.currency) = (terminal("T9"), 840))),
        (TERMINAL_NOT_PERMITTED, Box::new(move |r| (r.terminal, r.currency) = (terminal("NONE"), 840))),
        (UNKNOWN_MERCHANT, Box::new(move |r| (r.merchant, r.terminal) = (merchant("MISSING"), terminal("NONE")))),
        (UNKNOWN_MERCHANT, Box::new(move |r| (r.merchant, r.terminal) = (merchant("CLOSED"), terminal("TC")))),
        (INVALID_TRANSACTION, Box::new(move |r| (r.operation, r.merchant) = (None, merchant("MISSING")))),
    ];
    for (n, (expected, spoil)) in (1_000..).zip(cases) {
        let mut request = good;
        request.stan = Stan::wrapping(n);
        spoil(&mut request);
        let before = town.journal.len();
        assert_eq!(town.code(&request), expected, "case {n}");
        assert_eq!(town.journal.len(), before + 1, "a decline is a record too");
        assert_eq!(town.available_to(POOR), 500);
    }
    town.check_replay();
}

#[test]
fn a_repeat_gets_the_stored_answer_and_another_body_94() {
    let mut town = Town::new();
    let request = town.request(Operation::Purchase, RICH, 100);
    let first = answer(&town.send(&request)).unwrap();
    let records = town.journal.len();
    for mti in [200, 201] {
        let again = Request { mti: Mti(mti), ..request };
        assert_eq!(answer(&town.send(&again)).unwrap(), first);
    }
    assert_eq!(town.code(&Request { amount: Yen::new(101), ..request }), DUPLICATE);
    assert_eq!(town.journal.len(), records);
    assert_eq!(town.available_to(RICH), 9_900);
    // A decline is repeated as well, even when the money is there by now.
    let poor = town.request(Operation::Purchase, POOR, 600);
    assert_eq!(town.code(&poor), INSUFFICIENT_FUNDS);
    town.event(&Event::Command(Command::Fund {
        number: 2,
        amount: Yen::new(1_000),
        reference: "late".into(),
        maker: None,
    }));
    assert_eq!(town.code(&poor), INSUFFICIENT_FUNDS);
}

#[test]
fn an_inquiry_tells_posted_and_available() {
    let mut town = Town::new();
    let hold = town.request(Operation::Authorize, RICH, 3_000);
    assert_eq!(town.code(&hold), APPROVED);
    let inquiry = town.request(Operation::BalanceInquiry, RICH, 0);
    let balance = answer(&town.send(&inquiry)).unwrap().balance.unwrap();
    assert_eq!((balance.ledger, balance.available), (Yen::new(10_000), Yen::new(7_000)));
    let elsewhere = town.request(Operation::BalanceInquiry, AT_ISSUER, 0);
    assert_eq!(town.code(&elsewhere), NOT_PERMITTED);
}

#[test]
fn an_advice_is_always_booked_and_what_nobody_covers_is_the_acquirers_shortfall() {
    let mut town = Town::new();
    let over = town.request(Operation::PurchaseAdvice, POOR, 800);
    assert_eq!(town.code(&over), APPROVED);
    assert_eq!((town.available_to(POOR), town.shortfall(), town.payable("SHOP")), (0, 300, 800));
    let unknown = town.request(Operation::PurchaseAdvice, STRANGER, 50);
    assert_eq!(town.code(&unknown), APPROVED);
    assert_eq!((town.shortfall(), town.payable("SHOP")), (350, 850));
    // A refund gives back first what no account had covered.
    let refund = town.about(Operation::Refund, &over, 400);
    assert_eq!(town.code(&refund), APPROVED);
    assert_eq!((town.available_to(POOR), town.shortfall()), (100, 50));
    let undo = town.about(Operation::Reversal, &unknown, 50);
    assert_eq!(town.code(&undo), APPROVED);
    assert_eq!((town.shortfall(), town.payable("SHOP")), (0, 400));
    town.check_replay();
}

#[test]
fn a_link_is_frozen_when_it_is_used() {
    let mut town = Town::new();
    let (paid, _) = town.purchase(RICH, 1_000);
    town.event(&Event::Command(Command::Link {
        ppid: person(RICH),
        from: None,
        to: Link::Deposit(2),
        origin: kazasu_ledger::record::LinkOrigin::Import,
        by: "test".into(),
    }));
    assert_eq!(town.purchase(RICH, 200).1, APPROVED);
    assert_eq!((town.available_to(RICH), town.available_to(POOR)), (9_000, 300));
    let refund = town.about(Operation::Refund, &paid, 1_000);
    assert_eq!(town.code(&refund), APPROVED);
    assert_eq!((town.available_to(RICH), town.available_to(POOR)), (10_000, 300), "back to the account that paid");
    town.check_replay();
}

#[test]
fn a_link_begins_when_it_says() {
    let mut town = Town::new();
    let later = Millis(NOON.0 + 60_000);
    town.event(&Event::Command(Command::Link {
        ppid: person(RICH),
        from: Some(later),
        to: Link::Deposit(2),
        origin: kazasu_ledger::record::LinkOrigin::Import,
        by: "test".into(),
    }));
    assert_eq!(town.purchase(RICH, 100).1, APPROVED);
    assert_eq!(town.available_to(RICH), 9_900);
    town.now = later;
    assert_eq!(town.purchase(RICH, 100).1, APPROVED);
    assert_eq!((town.available_to(RICH), town.available_to(POOR)), (9_900, 400));
    let early = Command::Link {
        ppid: person(RICH),
        from: Some(NOON),
        to: Link::Deposit(1),
        origin: kazasu_ledger::record::LinkOrigin::Import,
        by: "test".into(),
    };
    assert!(town.event(&Event::Command(early)).rejected.unwrap().to_string().contains("before the version in force"));
}

#[test]
fn time_in_the_journal_never_runs_backwards() {
    let mut town = Town::new();
    town.purchase(RICH, 1);
    town.now = Millis(NOON.0 - 3_600_000);
    assert_eq!(town.purchase(RICH, 1).1, APPROVED);
    assert!(town.journal.windows(2).all(|w| w[0].at <= w[1].at && w[0].day <= w[1].day));
}

#[test]
fn the_day_turns_at_midnight_and_old_taps_are_forgotten() {
    let mut town = Town::new();
    let (old, _) = town.purchase(RICH, 100);
    let day = town.state.day;
    assert_eq!(town.state.totals(acquirer(), day).debits, 1);
    town.event(&Event::Tick { keep_days: 2 });
    assert_eq!(town.state.day, day, "not midnight yet");
    town.now = day.next().start();
    town.event(&Event::Tick { keep_days: 2 });
    assert_eq!(town.state.day, day.next());
    assert_eq!(town.code(&old), APPROVED, "still known the next day");
    assert_eq!(town.available_to(RICH), 9_900);
    for _ in 0..3 {
        town.now = town.state.day.next().start();
        town.event(&Event::Tick { keep_days: 2 });
    }
    assert_eq!(town.state.sizes().taps, 0);
    let refund = town.about(Operation::Refund, &old, 100);
    assert_eq!(town.code(&refund), ORIGINAL_NOT_FOUND);
    town.check_replay();
}

#[test]
fn an_open_hold_is_kept_without_keeping_everything_after_it() {
    let mut town = Town::new();
    let hold = town.request(Operation::Authorize, RICH, 3_000);
    assert_eq!(town.code(&hold), APPROVED);
    for _ in 0..20 {
        town.purchase(RICH, 10);
        town.now = town.state.day.next().start();
        town.event(&Event::Tick { keep_days: 2 });
    }
    assert!(town.state.sizes().taps <= 4, "{} taps in memory", town.state.sizes().taps);
    assert_eq!(town.code(&hold), APPROVED, "a repeat still gets its answer");
    assert_eq!(town.available_to(RICH), 10_000 - 200 - 3_000);
    town.check_replay();
    let completion = town.about(Operation::Completion, &hold, 1_000);
    assert_eq!(town.code(&completion), APPROVED);
    assert_eq!(town.available_to(RICH), 10_000 - 200 - 1_000);
    for _ in 0..4 {
        town.now = town.state.day.next().start();
        town.event(&Event::Tick { keep_days: 2 });
    }
    assert_eq!(town.state.sizes().taps, 0);
    town.check_replay();
}

#[test]
fn the_largest_amounts_again_and_again_break_nothing() {
    use kazasu_schemas::policy::{Floor, LiableParty, Offline, Policy};
    let most = kazasu_schemas::money::MAX_WIRE_AMOUNT;
    let floor = Some(Floor { otherwise: Some(Yen::new(most)), ..Floor::default() });
    let offline = Some(Offline { resident_day: Yen::new(most), liable: LiableParty::Operator, floor });
    let mut town = super::rules::town_with(Policy { offline, ..Policy::default() });
    let before = town.state.totals(acquirer(), town.state.day);
    for _ in 0..10_050 {
        // Offline payments are booked beyond what the account covers.
        let advice = town.request(Operation::PurchaseAdvice, RICH, most);
        assert_eq!(town.code(&advice), APPROVED);
    }
    let day = town.state.totals(acquirer(), town.state.day);
    assert_eq!(day.debits, before.debits + 10_050);
    assert_eq!(day.debit_amount.get(), 9_999_999_999_999_999, "sixteen digits are what DE88 carries");
    assert!(day.net().get() < 0);
    assert!(town.state.book.is_balanced());
}

#[test]
fn totals_agree_to_the_yen_or_do_not() {
    use kazasu_schemas::wire::Totals;
    let mut town = Town::new();
    let (paid, _) = town.purchase(RICH, 1_000);
    let refund = town.about(Operation::Refund, &paid, 300);
    town.code(&refund);
    let (undone, _) = town.purchase(RICH, 50);
    let reversal = town.about(Operation::Reversal, &undone, 50);
    town.code(&reversal);
    let day = town.state.totals(acquirer(), town.state.day);
    assert_eq!((day.debits, day.debit_amount.get()), (2, 1_050));
    assert_eq!((day.credits, day.credit_amount.get()), (1, 300));
    assert_eq!((day.debit_reversals, day.debit_reversal_amount.get()), (1, 50));
    assert_eq!(day.net().get(), -700);
    let ask = |day| Totals {
        mti: Mti(500),
        transmission: NOON.transmission(),
        stan: Stan::wrapping(1),
        date: NOON.jst_day().mmdd(),
        acquirer: acquirer(),
        code: None,
        settlement: None,
        day,
    };
    for (theirs, code, settlement) in [(day, APPROVED, 1), (Default::default(), OUT_OF_BALANCE, 2)] {
        let decision = town.event(&Event::Totals(ask(theirs)));
        let Some(Effect::AnswerTotals(answer)) = decision.effects.first() else { panic!("{decision:?}") };
        assert_eq!((answer.code.unwrap().to_string().as_str(), answer.settlement), (code, Some(settlement)));
        assert_eq!(answer.day, day);
    }
}
