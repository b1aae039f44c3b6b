//! A payment that looks like one that stands waits for a person, also when it came first.

use super::*;

fn by_hand(office: &Office, yen: i64, reference: &str, another: bool) -> Command {
    let _ = office;
    Command::Line(Box::new(StatementLine {
        reference: reference.into(),
        what: Booking::Received { from: Payer::Issuer(1), amount: Yen::new(yen) },
        day: Some(today()),
        statement: None,
        alike: if another { Alike::Another } else { Alike::Waits },
        seen: None,
        said: said("tanaka", if another { "two invoices".into() } else { String::new() }),
    }))
}

fn owed(office: &Office) -> i64 {
    office.balance(AccountKey::IssuerReceivable(1))
}

#[test]
fn by_hand_and_then_from_the_statement() {
    let mut office = Office::new(&[]);
    let hand = by_hand(&office, 13_000, "2026-12 サクラ", false);
    office.ok(hand.clone());
    office.ok(hand);
    assert_eq!(owed(&office), -13_000);
    let bytes = file(&[came(13_000, "ｻｸﾗｶ-ﾄﾞ", "")]);
    let found = office.read(&bytes);
    let (why, _) = open(&found[0].1);
    assert!(why.contains("likely a double") && why.contains("tanaka") && why.contains("2026-12 サクラ"), "{why}");
    let look = Reading { run: Run::Look, ..Reading::default() };
    assert!(all_open(&office.read_as(&bytes, &look).unwrap()), "a look says so too");
    assert_eq!(owed(&office), -13_000);
    // It is the same: the line is done with.
    office.said(&bytes, 2, "same 2026-12 サクラ").unwrap();
    assert!(matches!(office.read(&bytes)[0].1, Finding::Known));
    assert_eq!(owed(&office), -13_000);
    office.check_replay();
}

#[test]
fn from_the_statement_and_then_by_hand() {
    let mut office = Office::new(&[]);
    let bytes = file(&[came(13_000, "ｻｸﾗｶ-ﾄﾞ", "")]);
    office.read(&bytes);
    let hand = by_hand(&office, 13_000, "2026-12 サクラ", false);
    assert!(office.refused(hand).contains("likely a double"));
    assert_eq!(owed(&office), -13_000);
    // It is another one, by a person's word; that is in the record.
    let hand = by_hand(&office, 13_000, "2026-12 サクラ", true);
    office.ok(hand);
    assert_eq!(owed(&office), -26_000);
    let Body::MoneyReceived(r) = &office.journal.last().unwrap().body else { panic!("not received") };
    assert_eq!(r.why, "two invoices");
}

#[test]
fn the_same_line_in_other_files() {
    let mut office = Office::new(&[]);
    let first = Entry { inquiry_number: 1, ..came(13_000, "ｻｸﾗｶ-ﾄﾞ", "") };
    let bytes = file(std::slice::from_ref(&first));
    office.read(&bytes);
    assert!(matches!(office.read(&bytes)[0].1, Finding::Known), "the same file");
    let overlapping = file(&[came(5, "X", ""), first]);
    assert!(matches!(office.read(&overlapping)[1].1, Finding::Known), "the same line in another file");
    let counted_anew = file(&[Entry { inquiry_number: 9, ..came(13_000, "ｻｸﾗｶ-ﾄﾞ", "") }]);
    let found = office.read(&counted_anew);
    assert!(open(&found[0].1).0.contains("likely a double"), "{found:?}");
    let mut text = came(13_000, "ｻｸﾗｶ-ﾄﾞ", "");
    text.remarks = "1ｶﾞﾂ".into();
    text.posting_date = BusinessDay(today().0 - 1);
    text.value_date = text.posting_date;
    let found = office.read(&file(&[text]));
    assert!(open(&found[0].1).0.contains("likely a double"), "a day earlier: {found:?}");
    assert_eq!(owed(&office), -13_000);
    let found = office.said(&counted_anew, 2, "another").unwrap();
    assert!(matches!(found[0].1, Finding::Book(_)), "{found:?}");
    assert_eq!(owed(&office), -26_000);
}

#[test]
fn two_lines_of_one_file_are_two_payments_and_others_are_no_doubles() {
    let mut office = Office::new(&[]);
    let line = came(13_000, "ｻｸﾗｶ-ﾄﾞ", "");
    let bytes = file(&[line.clone(), line, came(13_001, "ｻｸﾗｶ-ﾄﾞ", ""), came(13_000, "ﾋﾊﾞﾘ", "")]);
    let found = office.read(&bytes);
    assert!(found.iter().all(|(_, f)| matches!(f, Finding::Book(_))), "{found:?}");
    assert_eq!(owed(&office), -39_001);
    let before = office.state.seq;
    assert!(office.read(&bytes).iter().all(|(_, f)| matches!(f, Finding::Known)));
    assert_eq!(office.state.seq, before);
    // A month and a day later it is no double.
    let mut later = by_hand(&office, 13_000, "2027-01", false);
    let Command::Line(line) = &mut later else { unreachable!() };
    line.day = Some(BusinessDay(today().0 + 32));
    office.ok(later);
}

/// People write quotation marks into references too.
#[test]
fn a_double_is_named_by_its_whole_reference() {
    let reference = "invoice \"12\"".to_owned();
    let double = NotClosed::LikelyDouble {
        amount: Yen::new(13_000),
        day: today(),
        by: "tanaka \"T\"".into(),
        reference: reference.clone(),
    };
    assert_eq!(double_of(&double.into()), Some(reference.as_str()));
    assert_eq!(double_of(&NotClosed::UnknownLine(reference).into()), None);
    assert_eq!(double_of(&Rejected::Reference), None);
}

/// A line is the same as what was booked only when that stands, and is what the line says.
#[test]
fn a_line_is_the_same_as_nothing_but_its_own_money() {
    let mut office = Office::new(&[]);
    office.ok(by_hand(&office, 777, "REF-A", false));
    let [first, second] = [came(84_812, "ｻｸﾗｶ-ﾄﾞ", ""), came(777, "ﾋﾊﾞﾘ", "")];
    let bytes = file(&[first, line(Direction::Out, 777, "ﾌﾘｺﾐ", ""), second, came(5_000, "ﾀﾞﾚｶ", "")]);
    let name = name::names(&statement::read(&bytes).unwrap())[3].reference.clone();
    let before = office.state.seq;
    for (record, is, why) in [
        (2, "same typo nothing".to_owned(), "under which nothing stands"),
        (2, "same REF-A".to_owned(), "expected ¥84,812 in, got ¥777 in (received from issuer 1)"),
        (3, "same REF-A".to_owned(), "expected ¥777 out, got ¥777 in"),
        (4, "same REF-A".to_owned(), "expected what issuer 2 paid, got received from issuer 1"),
        (5, format!("same {name}"), "got the line's own"),
        (5, format!("same  {}", name.replace('1', "１")), "got the line's own"),
    ] {
        let found = office.said(&bytes, record, &is).unwrap();
        let told = &found.iter().find(|(n, _)| *n == record).unwrap().1;
        assert!(open(told).0.contains(why), "{is}: {told:?}");
    }
    assert_eq!(office.state.seq, before, "nothing is set aside");
}

#[test]
fn two_lines_of_one_file_are_not_the_same_as_one_payment() {
    let mut office = Office::new(&[]);
    office.ok(by_hand(&office, 13_000, "REF-A", false));
    let line = came(13_000, "ｻｸﾗｶ-ﾄﾞ", "");
    let bytes = file(&[line.clone(), line]);
    office.said(&bytes, 2, "same ｒｅｆ－ａ").unwrap();
    let why = office.said(&bytes, 3, "same REF-A").unwrap_err();
    assert!(why.contains("expected what no other line of this file is, got what record 2 is already"), "{why}");
    let found = office.said(&bytes, 3, "another").unwrap();
    assert!(matches!(found[1].1, Finding::Book(_)), "{found:?}");
    // Nor is one of them the other.
    let mut office = Office::new(&[]);
    let line = came(13_000, "ｻｸﾗｶ-ﾄﾞ", "");
    office.read(&file(std::slice::from_ref(&line)));
    let both = file(&[line.clone(), line]);
    let first = name::names(&statement::read(&both).unwrap())[0].reference.clone();
    assert!(office.said(&both, 3, &format!("same {first}")).unwrap_err().contains("two lines of one file"));
    office.check_replay();
}

#[test]
fn two_payers_with_one_reference_are_told_apart_by_the_line() {
    let mut office = Office::new(&[]);
    for from in [1, 2] {
        office.ok(Command::Closing(Closing::Received {
            from: Payer::Issuer(from),
            amount: Yen::new(21_000),
            reference: "November".into(),
            said: said("sato", ""),
        }));
    }
    let bytes = file(&[came(21_000, "ﾋﾊﾞﾘ", ""), came(21_000, "ﾀﾞﾚｶ", "")]);
    let found = office.said(&bytes, 2, "same November").unwrap();
    assert!(matches!(&found[0].1, Finding::Book(Booking::Aside(Aside::Same(_)))), "{found:?}");
    let found = office.said(&bytes, 3, "same November").unwrap();
    assert!(open(&found[1].1).0.contains("under which nothing stands"), "it could be either's: {found:?}");
}
