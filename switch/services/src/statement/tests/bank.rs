//! What is certain, what could be two things, and a person's word.

use super::*;

#[test]
fn two_files_of_one_sum_and_one_line_book_nothing_and_both_are_named() {
    let mut office = Office::new(&[10_000, 10_000]);
    let (a, b) = (office.payout(&[1]), office.payout(&[2]));
    let bytes = file(&[out(10_000)]);
    let found = office.read(&bytes);
    let (why, candidates) = open(&found[0].1);
    assert!(why.contains("several transfer files of this sum are due"), "{why}");
    let names: Vec<&str> = candidates.iter().map(|c| c.say.as_str()).collect();
    assert_eq!(names, [format!("--file {a}/0"), format!("--file {b}/0")]);
    assert_eq!(
        (office.settlement(1), office.settlement(2)),
        (SettlementState::Ordered(a), SettlementState::Ordered(b))
    );
    // A person says which; who and why is in the record.
    office.said(&bytes, 2, &format!("file {b}/0")).unwrap();
    assert_eq!((office.settlement(1), office.settlement(2)), (SettlementState::Ordered(a), SettlementState::Paid(b)));
    let Body::PayoutTaken(taken) = &office.journal.last().unwrap().body else { panic!("not taken") };
    assert_eq!((taken.by.as_str(), taken.why.as_str()), ("sato", "asked the bank"));
    assert!(matches!(office.read(&bytes)[0].1, Finding::Known), "and the line is booked once");
    let again = office.said(&bytes, 2, &format!("file {a}/0")).unwrap_err();
    assert!(again.contains("was booked before"), "{again}");
    // The whole day's statement has the other line too: it can only be the other file.
    let whole = file(&[out(10_000), out(10_000)]);
    let found = office.read(&whole);
    assert!(matches!(found[0].1, Finding::Known));
    assert_eq!(found[1].1, Finding::Book(Booking::Taken { payout: a, file: 0 }));
    office.check_replay();
}

#[test]
fn as_many_lines_as_files_are_all_taken_and_one_more_line_is_nobodys() {
    let mut office = Office::new(&[10_000, 10_000]);
    let (a, b) = (office.payout(&[1]), office.payout(&[2]));
    assert!(all_open(&office.read(&file(&[out(10_000), out(10_000), out(10_000)]))), "which two is not known");
    office.read(&file(&[out(10_000), out(10_000)]));
    assert_eq!((office.view(a).taken.len(), office.view(b).taken.len()), (1, 1));
}

#[test]
fn a_line_counts_in_another_file_under_another_inquiry_number() {
    let mut office = Office::new(&[10_000, 10_000]);
    office.payout(&[1]);
    office.read(&file(&[Entry { inquiry_number: 1, ..out(10_000) }]));
    // Another file of the same sum is due when the same line comes again, counted anew.
    let b = office.payout(&[2]);
    let found = office.read(&file(&[Entry { inquiry_number: 7, ..out(10_000) }]));
    assert!(open(&found[0].1).0.contains("looks like"), "{found:?}");
    assert_eq!(office.settlement(2), SettlementState::Ordered(b));
}

#[test]
fn another_day_another_account_and_a_wrong_word_book_nothing() {
    let mut office = Office::new(&[10_000]);
    let a = office.payout(&[1]);
    let earlier = BusinessDay(today().0 - 1);
    let other_day = file(&[Entry { posting_date: earlier, value_date: earlier, ..out(10_000) }]);
    let found = office.read(&other_day);
    assert_eq!(open(&found[0].1).1.len(), 1, "but it may be that file: {found:?}");
    let mut other = header();
    other.number = LongAccountNumber::new(7_777_777).unwrap();
    let entries = [out(10_000)];
    let elsewhere =
        statement::write(&[Sheet { header: &other, entries: &entries, closing_balance: None }], LineEnding::CrLf)
            .unwrap();
    assert!(open(&office.read(&elsewhere)[0].1).0.contains("another account"));
    for (bytes, is, why) in [
        (&elsewhere, format!("file {a}/0"), "another account"),
        (&file(&[out(9_999)]), format!("file {a}/0"), "the file has ¥10,000"),
        (&file(&[came(10_000, "X", "")]), format!("file {a}/0"), "is no ¥10,000 that left"),
        (&file(&[out(10_000)]), "file 999/0".into(), "no file 0 of payout 999 waits"),
        (&file(&[came(10_000, "X", "")]), format!("settlement {a}/1"), "was not paid"),
        (&file(&[out(10_000)]), "received issuer 1".into(), "is no payment to the operator"),
    ] {
        match office.said(bytes, 2, &is) {
            Err(text) => assert!(text.contains(why), "{text}"),
            Ok(found) => assert!(open(&found[0].1).0.contains("was not paid"), "{found:?}"),
        }
    }
    office.said(&other_day, 2, &format!("file {a}/0")).unwrap();
    assert_eq!(office.settlement(1), SettlementState::Paid(a));
}

#[test]
fn what_comes_back_less_a_fee_is_booked_when_the_fee_is_stated_or_a_person_says_so() {
    let mut office = Office::new(&[10_000, 10_000, 10_000]);
    let a = office.payout(&[1, 2, 3]);
    let bank = office.balance(AccountKey::Bank);
    let payable = |office: &Office, n: usize| {
        let (acquirer, id) = merchant(n);
        office.balance(AccountKey::MerchantPayable(acquirer, id))
    };
    let owed = payable(&office, 0);
    let bytes = file(&[
        out(30_000),
        came(9_560, "ﾌﾘｺﾐ", &format!("P{a}-1")),
        came(9_400, "ﾌﾘｺﾐ", &format!("P{a}-2")),
        came(9_560, "ｶﾒｲﾃﾝ 2", ""),
    ]);
    let found = office.read(&bytes);
    assert_eq!(found[1].1, Finding::Book(Booking::Returned { payout: a, settlement: 1, fee: Yen::new(440) }));
    assert_eq!(office.settlement(1), SettlementState::Returned(a));
    assert_eq!(payable(&office, 0) - owed, 10_000, "the merchant is owed all of it");
    assert_eq!(office.balance(AccountKey::BankFees), 440, "and what the bank kept is an expense");
    assert_eq!(office.balance(AccountKey::Bank) - bank, -30_000 + 9_560);
    let (why, candidates) = open(&found[2].1);
    assert!(why.contains("return_fees: ¥440") && candidates[0].say == format!("--settlement {a}/2"), "{why}");
    let (why, candidates) = open(&found[3].1);
    assert!(why.contains("less the bank's fee") && candidates.len() == 1, "{why} {candidates:?}");
    office.said(&bytes, 4, &format!("settlement {a}/2")).unwrap();
    office.said(&bytes, 5, &format!("settlement {a}/3")).unwrap();
    assert_eq!(office.balance(AccountKey::BankFees), 440 + 600 + 440);
    assert_eq!(
        (office.settlement(2), office.settlement(3)),
        (SettlementState::Returned(a), SettlementState::Returned(a))
    );
    office.check_replay();
}

#[test]
fn more_than_a_fee_is_missing_or_more_came_than_was_sent() {
    let mut office = Office::new(&[50_000]);
    let a = office.payout(&[1]);
    office.read(&file(&[out(50_000)]));
    for yen in [39_999, 50_001] {
        let bytes = file(&[came(yen, "ﾌﾘｺﾐ", &format!("P{a}-1"))]);
        assert!(all_open(&office.read(&bytes)));
        let found = office.said(&bytes, 2, &format!("settlement {a}/1")).unwrap();
        assert!(open(&found[0].1).0.contains("its fee is ¥0 to ¥10,000"), "{found:?}");
    }
    assert_eq!(office.settlement(1), SettlementState::Paid(a));
}

#[test]
fn a_look_books_nothing_and_says_what_would_be_booked() {
    let mut office = Office::new(&[10_000]);
    let a = office.payout(&[1]);
    let bytes =
        file(&[came(10_000, "ﾌﾘｺﾐ", &format!("P{a}-1")), out(10_000), came(13_000, "ｻｸﾗｶ-ﾄﾞ", ""), came(1, "ﾀﾞﾚｶ", "")]);
    let before = office.state.seq;
    let look = Reading::new(Run::Look, None, (None, None), None).unwrap();
    let seen = office.read_as(&bytes, &look).unwrap();
    assert_eq!(office.state.seq, before, "nothing is recorded");
    assert_eq!(office.read(&bytes), seen, "and then it is booked as it was shown, in any order of the lines");
    assert_eq!(office.settlement(1), SettlementState::Returned(a));
}

#[test]
fn lines_that_name_one_payment_twice_are_open() {
    let mut office = Office::new(&[10_000, 10_000]);
    let a = office.payout(&[1, 2]);
    let named = came(10_000, "ﾌﾘｺﾐ", &format!("P{a}-1"));
    let bytes = file(&[out(20_000), named.clone(), named]);
    let found = office.read(&bytes);
    assert!(all_open(&found[1..]), "{found:?}");
    assert_eq!(office.settlement(1), SettlementState::Paid(a));
}

#[test]
fn a_word_needs_a_line_a_reason_and_sense() {
    let ask = |lines, line, why| Reading::new(Run::Book, lines, line, why).map(|_| ()).unwrap_err().to_string();
    assert!(ask(Some("2,x"), (None, None), Some("w")).contains("must be records like 2,3"));
    assert!(ask(Some("2"), (None, None), None).contains("why"));
    assert!(ask(None, (Some(2), None), Some("w")).contains("needs what it is"));
    assert!(ask(None, (None, None), Some("w")).contains("for records that are named"));
    for is in [
        "",
        "file",
        "file 1",
        "file 1/x",
        "settlement 1",
        "row a/1",
        "received 1",
        "another one",
        "same",
        "corrects",
        "it",
    ] {
        assert!(ask(None, (Some(2), Some(is)), Some("w")).contains("must be `file N/F`"), "{is}");
    }
}

fn of_kind(kind: AccountKind) -> Header {
    Header { kind, ..header() }
}

#[test]
fn an_account_of_another_kind_is_another_account() {
    let mut office = Office::new(&[10_000]);
    let a = office.payout(&[1]);
    let entries = [out(10_000), came(84_812, "ｻｸﾗｶ-ﾄﾞ", "")];
    let before = office.state.seq;
    let (ordinary, current) = (of_kind(AccountKind::Ordinary), of_kind(AccountKind::Current));
    for kind in [AccountKind::Current, AccountKind::Savings, AccountKind::Other] {
        let other = of_kind(kind);
        let sheet = Sheet { header: &other, entries: &entries, closing_balance: None };
        let bytes = statement::write(&[sheet], LineEnding::None).unwrap();
        let found = office.read(&bytes);
        assert!(found.iter().all(|(_, f)| open(f).0.contains("another account")), "{kind:?}: {found:?}");
        for (record, word) in [(2, format!("file {a}/0")), (3, "received issuer 1".into()), (3, "not-ours".into())] {
            office.said(&bytes, record, &word).unwrap_err();
        }
    }
    assert_eq!(office.state.seq, before);
    // Both in one file: what is of the operator's account is booked, once.
    let both = [&current, &ordinary].map(|header| Sheet { header, entries: &entries, closing_balance: None });
    let both = statement::write(&both, LineEnding::None).unwrap();
    let found = office.read(&both);
    assert!(all_open(&found[..2]) && found[2..].iter().all(|(_, f)| matches!(f, Finding::Book(_))), "{found:?}");
    assert_eq!(office.balance(AccountKey::IssuerReceivable(1)), -84_812);
    assert_eq!(office.settlement(1), SettlementState::Paid(a));
}

/// Names of lines that were booked before the account's kind was part of them.
#[test]
fn a_line_that_was_booked_under_its_earlier_name_is_known() {
    let mut office = Office::new(&[10_000]);
    office.payout(&[1]);
    let paid = came(13_000, "ｻｸﾗｶ-ﾄﾞ", "");
    let bytes = file(std::slice::from_ref(&paid));
    let named = &name::names(&statement::read(&bytes).unwrap())[0];
    assert!(named.reference.starts_with("9999-001-0001000001-1 2026-12-03 0 in 13000 "), "{}", named.reference);
    assert_eq!(named.before, named.reference.replacen("-1 ", " ", 1));
    office.ok(Command::Line(Box::new(StatementLine {
        reference: named.before.clone(),
        what: Booking::Received { from: Payer::Issuer(1), amount: Yen::new(13_000) },
        day: Some(today()),
        statement: Some(FileDigest([1; 32])),
        alike: Alike::Waits,
        seen: None,
        said: said("sato", ""),
    })));
    assert!(matches!(office.read(&bytes)[0].1, Finding::Known));
    let counted_anew = file(&[Entry { inquiry_number: 9, ..paid.clone() }]);
    let found = office.read(&counted_anew);
    assert!(open(&found[0].1).0.contains("likely a double"), "{found:?}");
    let found = office.said(&counted_anew, 2, &format!("same {}", named.before)).unwrap();
    assert!(matches!(found[0].1, Finding::Book(_)), "{found:?}");
    // Undone, it is said again under the name that it has.
    let anew = name::names(&statement::read(&counted_anew).unwrap())[0].reference.clone();
    for reference in [anew, named.before.clone()] {
        office.decided(Proposal::UndoBooking { reference, payer: None }).unwrap();
    }
    assert!(open(&office.read(&bytes)[0].1).0.contains("two people undid"));
    office.said(&bytes, 2, "another").unwrap();
    let Body::MoneyReceived(r) = &office.journal.last().unwrap().body else { panic!("not received") };
    assert_eq!(r.reference, named.before);
    // And the bank corrects it.
    let back = Entry { direction: Direction::Out, kind: TransactionKind::Correction, ..paid };
    let found = office.read(&file(&[back]));
    assert_eq!(found[0].1, Finding::Book(Booking::Corrects { line: named.before.clone() }));
    assert_eq!(office.balance(AccountKey::IssuerReceivable(1)), 0);
    office.check_replay();
}
