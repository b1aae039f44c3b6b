//! A payment that looks like one that stands waits for a person, whichever came first.

use super::*;

fn by_hand(office: &Office, yen: i64, reference: &str, another: bool) -> Command {
    let _ = office;
    Command::Line(Box::new(StatementLine {
        reference: reference.into(),
        what: Booking::Received { from: Payer::Issuer(1), amount: Yen::new(yen) },
        day: Some(today()),
        statement: None,
        alike: if another { Alike::Another } else { Alike::Waits },
        by: "tanaka".into(),
        why: if another { "two invoices".into() } else { String::new() },
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
    let look = StatementAsk { run: Run::Look, ..StatementAsk::default() };
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
