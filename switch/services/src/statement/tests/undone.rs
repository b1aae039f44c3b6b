//! What was booked wrongly is undone by two people, and what the bank corrected by the bank.

use super::*;

fn reference(office: &Office) -> String {
    match &office.journal.last().unwrap().body {
        Body::PayoutTaken(r) => r.reference.clone(),
        Body::PayoutReturned(r) => r.reference.clone(),
        Body::MoneyReceived(r) => r.reference.clone(),
        other => panic!("{other:?} is no line"),
    }
}

fn undo(office: &mut Office, reference: &str) -> Result<u64, String> {
    office.decided(Proposal::UndoBooking { reference: reference.into(), payer: None })
}

fn correction(entry: Entry) -> Entry {
    Entry { kind: TransactionKind::Correction, ..entry }
}

#[test]
fn a_wrong_file_is_undone_and_the_line_is_booked_right() {
    let mut office = Office::new(&[10_000, 10_000]);
    let (a, b) = (office.payout(&[1]), office.payout(&[2]));
    let bytes = file(&[out(10_000)]);
    let bank = office.balance(AccountKey::Bank);
    office.said(&bytes, 2, &format!("file {a}/0")).unwrap();
    let line = reference(&office);
    // One person alone undoes nothing.
    let proposal = Box::new(Proposal::UndoBooking { reference: line.clone(), payer: None });
    let ask = Approvals::Request { proposal, source: kazasu_core::Document::default(), said: said("sato", "t") };
    office.ok(Command::Approvals(ask));
    let proposal = office.state.seq;
    let settle = |by: &str, approve| {
        Command::Approvals(Approvals::Decide {
            proposal,
            answer: if approve { kazasu_core::ApprovalAnswer::Approve } else { kazasu_core::ApprovalAnswer::Deny },
            seen: None,
            said: said(by, "t"),
        })
    };
    assert!(office.refused(settle("sato", true)).contains("another person must decide"));
    office.ok(settle("tanaka", true));
    assert_eq!(office.settlement(1), SettlementState::Ordered(a));
    assert_eq!(office.balance(AccountKey::Bank), bank, "the money is where it was");
    assert_eq!(office.balance(AccountKey::PayoutTransit), 20_000);
    // It is not guessed again: a person says what it is.
    let found = office.read(&bytes);
    assert!(open(&found[0].1).0.contains("two people undid"), "{found:?}");
    office.said(&bytes, 2, &format!("file {b}/0")).unwrap();
    assert_eq!((office.settlement(1), office.settlement(2)), (SettlementState::Ordered(a), SettlementState::Paid(b)));
    assert!(undo(&mut office, "another line").unwrap_err().contains("nothing was booked as"));
    office.check_replay();
}

#[test]
fn a_return_is_undone_with_its_fee_and_first() {
    let mut office = Office::new(&[10_000]);
    let a = office.payout(&[1]);
    office.read(&file(&[out(10_000)]));
    let taken = reference(&office);
    let before: Vec<i64> = [AccountKey::Bank, AccountKey::BankFees].map(|k| office.balance(k)).to_vec();
    office.read(&file(&[came(9_560, "ﾌﾘｺﾐ", &format!("P{a}-1"))]));
    let back = reference(&office);
    assert!(undo(&mut office, &taken).unwrap_err().contains("came back since"));
    undo(&mut office, &back).unwrap();
    assert_eq!(office.settlement(1), SettlementState::Paid(a));
    assert_eq!([AccountKey::Bank, AccountKey::BankFees].map(|k| office.balance(k)).to_vec(), before);
    let (acquirer, id) = merchant(0);
    assert_eq!(office.state.standing(acquirer, id).carried, Yen::ZERO);
    assert!(undo(&mut office, &back).unwrap_err().contains("undone before"));
    undo(&mut office, &taken).unwrap();
    assert_eq!(office.settlement(1), SettlementState::Ordered(a));
    office.check_replay();
}

#[test]
fn a_payment_that_was_booked_by_hand_is_undone_and_counts_no_more() {
    let mut office = Office::new(&[]);
    let hand = |reference: &str| {
        Command::Closing(Closing::Received {
            from: Payer::Issuer(1),
            amount: Yen::new(13_000),
            reference: reference.into(),
            said: said("sato", ""),
        })
    };
    office.ok(hand("R-1"));
    office.decided(Proposal::UndoBooking { reference: "R-1".into(), payer: Some(Payer::Issuer(1)) }).unwrap();
    assert_eq!(office.balance(AccountKey::IssuerReceivable(1)), 0);
    office.ok(hand("R-2"));
    office.decided(Proposal::UndoBooking { reference: "R-2".into(), payer: Some(Payer::Issuer(1)) }).unwrap();
    office.ok(hand("R-1"));
    assert_eq!(office.balance(AccountKey::IssuerReceivable(1)), -13_000);
    office.check_replay();
}

#[test]
fn the_banks_correction_undoes_its_line() {
    let mut office = Office::new(&[10_000]);
    let a = office.payout(&[1]);
    let bank = office.balance(AccountKey::Bank);
    let first = file(&[out(10_000), came(13_000, "ｻｸﾗｶ-ﾄﾞ", "")]);
    office.read(&first);
    let second = file(&[correction(came(10_000, "ﾌﾘｺﾐ", "")), correction(line(Direction::Out, 13_000, "ｻｸﾗｶ-ﾄﾞ", ""))]);
    let look = Reading { run: Run::Look, ..Reading::default() };
    let seen = office.read_as(&second, &look).unwrap();
    let found = office.read(&second);
    assert_eq!(found, seen);
    assert!(found.iter().all(|(_, f)| matches!(f, Finding::Book(Booking::Corrects { .. }))), "{found:?}");
    assert_eq!(office.settlement(1), SettlementState::Ordered(a));
    assert_eq!((office.balance(AccountKey::Bank), office.balance(AccountKey::IssuerReceivable(1))), (bank, 0));
    // Each is over: neither file books anything again.
    let before = office.state.seq;
    for bytes in [&first, &second] {
        assert!(office.read(bytes).iter().all(|(_, f)| matches!(f, Finding::Known)));
    }
    assert_eq!(office.state.seq, before);
    office.check_replay();
}

#[test]
fn a_correction_in_the_same_file_takes_its_line_away() {
    let mut office = Office::new(&[10_000]);
    let a = office.payout(&[1]);
    let bytes = file(&[out(10_000), correction(came(10_000, "ﾌﾘｺﾐ", ""))]);
    let found = office.read(&bytes);
    assert!(found.iter().all(|(_, f)| matches!(f, Finding::Book(Booking::Aside(Aside::Corrected(_))))), "{found:?}");
    assert_eq!(office.settlement(1), SettlementState::Ordered(a));
    assert!(office.read(&bytes).iter().all(|(_, f)| matches!(f, Finding::Known)));
}

#[test]
fn a_correction_that_fits_two_lines_or_none_stays_open() {
    let mut office = Office::new(&[10_000, 10_000]);
    office.payout(&[1]);
    office.payout(&[2]);
    office.read(&file(&[out(10_000), out(10_000)]));
    let bytes = file(&[correction(came(10_000, "", "")), correction(came(9_999, "", "")), correction(out(10_000))]);
    let found = office.read(&bytes);
    assert!(all_open(&found), "{found:?}");
    assert_eq!(open(&found[0].1).1.len(), 2, "both lines are named");
    // A person says which one.
    let say = open(&found[0].1).1[1].say.clone();
    let line = say.strip_prefix("--corrects ").unwrap().trim_matches('"').to_owned();
    office.said(&bytes, 2, &format!("corrects {line}")).unwrap();
    assert_eq!(office.state.payouts().iter().map(|p| p.taken.len()).sum::<usize>(), 1);
    // What may be corrected is not booked either while that is open.
    let mut office = Office::new(&[10_000, 10_000]);
    office.payout(&[1]);
    office.payout(&[2]);
    let found = office.read(&file(&[out(10_000), out(10_000), correction(came(10_000, "", ""))]));
    assert!(all_open(&found), "{found:?}");
}

use kazasu_ledger::record::Aside;

/// A payment that was booked by hand stands when the bank takes its line back in the statement that first shows it: a person looks.
#[test]
fn a_correction_of_what_was_booked_by_hand_is_not_set_aside() {
    let mut office = Office::new(&[]);
    let hand = |reference: &str| {
        Command::Closing(Closing::Received {
            from: Payer::Issuer(1),
            amount: Yen::new(21_000),
            reference: reference.into(),
            said: said("sato", ""),
        })
    };
    let owed = |office: &Office| office.balance(AccountKey::IssuerReceivable(1));
    let before = owed(&office);
    office.ok(hand("h5"));
    assert_eq!(owed(&office), before - 21_000);
    let line = came(21_000, "ｻｸﾗｶ-ﾄﾞ", "");
    let bytes = file(&[line.clone(), correction(Entry { direction: Direction::Out, ..line.clone() })]);
    let found = office.read(&bytes);
    assert!(all_open(&found), "{found:?}");
    assert!(found.iter().all(|(_, finding)| open(finding).0.contains("h5")), "{found:?}");
    // The first line is what was booked by hand, and the bank took it back.
    office.said(&bytes, found[0].0, "same h5").unwrap();
    office.said(&bytes, found[1].0, "corrects h5").unwrap();
    assert_eq!(owed(&office), before);
    assert!(office.read(&bytes).iter().all(|(_, finding)| matches!(finding, Finding::Known)));
    office.check_replay();
}

#[test]
fn a_correction_leads_over_the_line_that_was_the_same_to_what_was_booked_by_hand() {
    let mut office = Office::new(&[]);
    let line = came(21_000, "ｻｸﾗｶ-ﾄﾞ", "");
    let owed = |office: &Office| office.balance(AccountKey::IssuerReceivable(1));
    let before = owed(&office);
    office.ok(Command::Closing(Closing::Received {
        from: Payer::Issuer(1),
        amount: Yen::new(21_000),
        reference: "hand 1".into(),
        said: said("sato", ""),
    }));
    let first = file(std::slice::from_ref(&line));
    let found = office.read(&first);
    office.said(&first, found[0].0, "same hand 1").unwrap();
    let found = office.read(&file(&[correction(Entry { direction: Direction::Out, ..line })]));
    assert!(matches!(&found[0].1, Finding::Book(Booking::Corrects { .. })), "{found:?}");
    assert_eq!(owed(&office), before);
    office.check_replay();
}

/// A reference has one form, however it is typed.
#[test]
fn a_correction_finds_what_was_booked_by_a_reference_that_is_typed_otherwise() {
    for typed in ["ｒｅｆ－ａ", " Ref-A", "REF‐A"] {
        let mut office = Office::new(&[]);
        office.ok(Command::Closing(Closing::Received {
            from: Payer::Issuer(1),
            amount: Yen::new(21_000),
            reference: "REF-A".into(),
            said: said("sato", ""),
        }));
        let bytes = file(&[correction(line(Direction::Out, 21_000, "ｻｸﾗｶ-ﾄﾞ", ""))]);
        let found = office.said(&bytes, 2, &format!("corrects {typed}")).unwrap();
        assert_eq!(found[0].1, Finding::Book(Booking::Corrects { line: "REF-A".into() }), "{typed:?}");
        assert_eq!(office.balance(AccountKey::IssuerReceivable(1)), 0);
        office.check_replay();
    }
    let mut office = Office::new(&[10_000]);
    let a = office.payout(&[1]);
    office.read(&file(&[out(10_000)]));
    let typed = reference(&office).replace('1', "１");
    let bytes = file(&[correction(came(10_000, "ﾌﾘｺﾐ", ""))]);
    office.said(&bytes, 2, &format!("corrects {typed}")).unwrap();
    assert_eq!(office.settlement(1), SettlementState::Ordered(a));
}

/// A person may look at either of the two lines first.
#[test]
fn a_line_waits_when_its_correction_was_said_to_be_of_what_was_booked_by_hand() {
    let mut office = Office::new(&[]);
    let owed = |office: &Office| office.balance(AccountKey::IssuerReceivable(1));
    let before = owed(&office);
    let hand = |from, reference: &str| {
        Command::Closing(Closing::Received {
            from,
            amount: Yen::new(21_000),
            reference: reference.into(),
            said: said("sato", ""),
        })
    };
    // Another payer's payment has the same reference.
    office.ok(hand(Payer::Issuer(1), "November"));
    office.ok(hand(Payer::Issuer(2), "November"));
    let line = came(21_000, "ｻｸﾗｶ-ﾄﾞ", "");
    let bytes = file(&[line.clone(), correction(Entry { direction: Direction::Out, ..line })]);
    assert!(all_open(&office.read(&bytes)));
    let found = office.said(&bytes, 3, "corrects November").unwrap();
    assert!(all_open(&found), "the reference names two payments: {found:?}");

    office.decided(Proposal::UndoBooking { reference: "November".into(), payer: Some(Payer::Issuer(2)) }).unwrap();
    assert!(all_open(&office.read(&bytes)));
    office.said(&bytes, 3, "corrects November").unwrap();
    assert_eq!(owed(&office), before);
    let found = office.read(&bytes);
    assert!(open(&found[0].1).0.contains("may be about it"), "{found:?}");
    assert_eq!(owed(&office), before, "what the bank took back is not booked");
    office.check_replay();
}

/// A business day that is ended early ends no day of the bank's, which still has the file.
#[test]
fn a_payout_is_given_up_when_its_value_date_is_over_by_the_calendar_too() {
    let mut office = Office::new(&[10_000]);
    let a = office.payout(&[1]);
    office.now = Millis(today().start().0 + 10 * 3_600_000);
    while office.event(&Event::Tick { keep_days: 400 }).body.is_some() {}
    let give_up = |office: &mut Office| office.decided(Proposal::CancelPayout { payout: a });
    assert!(give_up(&mut office).unwrap_err().contains("given up when 2026-12-03 is over"));
    office.ok(Command::CutOver { keep_days: 400, said: said("sato", "closing early") });
    assert_eq!(office.state.day, today().next());
    assert!(give_up(&mut office).unwrap_err().contains("2026-12-03 is over, as business day and by the calendar"));
    // The bank took the file: that is booked for the payout that ordered it.
    assert_eq!(office.read(&file(&[out(10_000)]))[0].1, Finding::Book(Booking::Taken { payout: a, file: 0 }));

    let mut office = Office::new(&[10_000]);
    let a = office.payout(&[1]);
    office.now = Millis(today().start().0 + 10 * 3_600_000);
    while office.event(&Event::Tick { keep_days: 400 }).body.is_some() {}
    office.ok(Command::CutOver { keep_days: 400, said: said("sato", "closing early") });
    office.now = today().next().start();
    office.decided(Proposal::CancelPayout { payout: a }).unwrap();
    assert_eq!(office.settlement(1), SettlementState::Due);
    office.check_replay();
}

/// The bank may have the file of a payout that was given up: its line is not the new order's.
#[test]
fn the_file_of_a_payout_that_was_given_up_is_named_and_not_booked() {
    let mut office = Office::new(&[10_000]);
    let a = office.payout(&[1]);
    office.now = today().next().start();
    while office.event(&Event::Tick { keep_days: 400 }).body.is_some() {}
    office.decided(Proposal::CancelPayout { payout: a }).unwrap();
    let bytes = file(&[out(10_000)]);
    let found = office.read(&bytes);
    let (why, candidates) = open(&found[0].1);
    assert!(why.contains("a payout that was given up") && why.contains("組戻"), "{why}");
    assert_eq!(
        candidates[0].what.to_string(),
        format!("payout {a} file 0 (¥10,000, value date 2026-12-03, cancelled)")
    );
    assert!(office.said(&bytes, 2, &format!("file {a}/0")).unwrap_err().contains("was given up"));
    // Ordered again for the same day: one line, and it could be either.
    let b = office.payout(&[1]);
    let found = office.read(&bytes);
    let (why, candidates) = open(&found[0].1);
    assert!(why.contains("several transfer files of this sum are due"), "{why}");
    let says: Vec<&str> = candidates.iter().map(|c| c.say.as_str()).collect();
    assert_eq!(says, ["--not-ours", &format!("--file {b}/0")]);
    // Both lines: one is the new order's, and the other waits.
    let found = office.read(&file(&[out(10_000), out(10_000)]));
    let booked = Finding::Book(Booking::Taken { payout: b, file: 0 });
    assert_eq!(found.iter().filter(|(_, f)| *f == booked).count(), 1, "{found:?}");
    assert_eq!(found.iter().filter(|(_, f)| matches!(f, Finding::Open { .. })).count(), 1, "{found:?}");
    assert_eq!(office.settlement(1), SettlementState::Paid(b));
    office.check_replay();
}

/// Else the line would be known for ever, and nothing would stand for it.
#[test]
fn a_line_that_is_the_same_is_undone_before_what_it_is_the_same_as() {
    let mut office = Office::new(&[]);
    let hand = Command::Closing(Closing::Received {
        from: Payer::Issuer(1),
        amount: Yen::new(13_000),
        reference: "R-1".into(),
        said: said("sato", ""),
    });
    office.ok(hand);
    let bytes = file(&[came(13_000, "ｻｸﾗｶ-ﾄﾞ", "")]);
    let found = office.said(&bytes, 2, "same r-1").unwrap();
    assert!(matches!(found[0].1, Finding::Book(_)), "{found:?}");
    let alias = name::names(&statement::read(&bytes).unwrap())[0].reference.clone();
    let by_hand = || Proposal::UndoBooking { reference: "R-1".into(), payer: Some(Payer::Issuer(1)) };
    let why = office.decided(by_hand()).unwrap_err();
    assert!(why.contains(&format!("line {alias:?} was said to be the same; undo that first")), "{why}");
    undo(&mut office, &alias).unwrap();
    office.decided(by_hand()).unwrap();
    assert!(open(&office.read(&bytes)[0].1).0.contains("two people undid"));
    office.said(&bytes, 2, "received issuer 1").unwrap();
    assert_eq!(office.balance(AccountKey::IssuerReceivable(1)), -13_000);
    office.check_replay();
}
