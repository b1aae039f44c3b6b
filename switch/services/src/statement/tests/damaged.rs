//! Files with something wrong: nothing of them is booked by itself.

use super::*;
use kazasu_schemas::zengin::statement::RECORD_LEN;

fn sound(office: &mut Office) -> Vec<u8> {
    office.payout(&[1]);
    file(&[out(10_000), came(13_000, "ｻｸﾗｶ-ﾄﾞ", "")])
}

/// Nothing is booked of a damaged file, and the answer says that it is damaged.
fn books_nothing(office: &mut Office, bytes: &[u8], what: &str) {
    let before = office.state.seq;
    let read = statement::read(bytes);
    let damaged = read.as_ref().map_or(true, |r| !read::faults(r, today(), Calendar::built_in()).texts.is_empty());
    assert!(damaged, "{what} is told");
    if let Ok(found) = office.read_as(bytes, &Reading::default()) {
        assert!(all_open(&found), "{what}: {found:?}");
    }
    assert_eq!(office.state.seq, before, "{what} books nothing");
}

#[test]
fn a_damaged_file_books_nothing_by_itself() {
    let mut office = Office::new(&[10_000]);
    let good = sound(&mut office);
    let record = |n: usize| good[n * RECORD_LEN..(n + 1) * RECORD_LEN].to_vec();
    let with = |at: usize, text: &[u8]| {
        let mut bytes = good.clone();
        bytes[at..at + text.len()].copy_from_slice(text);
        bytes
    };
    let (header, first, second, trailer, end) = (record(0), record(1), record(2), record(3), record(4));
    let join = |parts: &[&Vec<u8>]| parts.iter().flat_map(|p| p.iter().copied()).collect::<Vec<u8>>();
    for (what, bytes) in [
        ("no trailer and no end", join(&[&header, &first, &second])),
        ("no end", join(&[&header, &first, &second, &trailer])),
        ("no trailer", join(&[&header, &first, &second, &end])),
        ("no header", join(&[&first, &second, &trailer, &end])),
        ("a lost line", join(&[&header, &second, &trailer, &end])),
        ("a line twice", join(&[&header, &first, &first, &second, &trailer, &end])),
        ("another order", join(&[&header, &trailer, &first, &second, &end])),
        ("two files in one", join(&[&good, &good])),
        ("a wrong sum", with(3 * RECORD_LEN + 26, b"0000000010001")),
        ("a wrong count", with(3 * RECORD_LEN + 20, b"000002")),
        ("a wrong number of records", with(4 * RECORD_LEN + 1, b"0000000009")),
        ("a wrong number of accounts", with(4 * RECORD_LEN + 11, b"00002")),
        ("a letter in an amount", with(RECORD_LEN + 30, b"x")),
        ("nothing", Vec::new()),
    ] {
        books_nothing(&mut office, &bytes, what);
    }
    for cut in [1, 7, 150, 200, 201, 399, 555, 640] {
        books_nothing(&mut office, &good[..good.len() - cut], &format!("{cut} bytes less"));
    }
    assert!(office.read(&good).iter().all(|(_, f)| matches!(f, Finding::Book(_))));
}

#[test]
fn a_person_may_name_lines_of_a_damaged_file() {
    let mut office = Office::new(&[10_000]);
    let good = sound(&mut office);
    let cut = &good[..3 * RECORD_LEN];
    let found = office.read(cut);
    assert!(open(&found[0].1).0.contains("the file is damaged") && open(&found[0].1).1.len() == 1, "{found:?}");
    let ask = Reading::new(Run::Book, Some("3"), (None, None), Some("read on the bank's screen")).unwrap();
    let found = office.read_as(cut, &ask).unwrap();
    assert!(all_open(&found[..1]), "{found:?}");
    assert_eq!(found[1].1, Finding::Book(Booking::Received { from: Payer::Issuer(1), amount: Yen::new(13_000) }));
    let Body::MoneyReceived(r) = &office.journal.last().unwrap().body else { panic!("not received") };
    assert_eq!((r.by.as_str(), r.why.as_str()), ("sato", "read on the bank's screen"));
    // The mended file books what is left of it.
    let found = office.read(&good);
    assert!(matches!(found[0].1, Finding::Book(_)) && matches!(found[1].1, Finding::Known), "{found:?}");
}

#[test]
fn dates_that_cannot_be_are_told_as_they_were_read() {
    let mut office = Office::new(&[10_000]);
    office.payout(&[1]);
    let with_days = |posted: &[u8; 6], valued: &[u8; 6]| {
        let mut bytes = file(&[out(10_000)]);
        bytes[RECORD_LEN + 9..RECORD_LEN + 15].copy_from_slice(posted);
        bytes[RECORD_LEN + 15..RECORD_LEN + 21].copy_from_slice(valued);
        bytes
    };
    let dated = |day: &[u8; 6]| {
        let mut bytes = with_days(day, day);
        for at in [4, 10, 16] {
            bytes[at..at + 6].copy_from_slice(day);
        }
        bytes
    };
    let told = |bytes: &[u8]| told_of(&statement::read(bytes).unwrap());
    // A western year: 26 would be 2044.
    let western = dated(b"261203");
    assert!(
        told(&western).contains("261203 was read as 令和26年, 2044-12-03, which has not come"),
        "{}",
        told(&western)
    );
    books_nothing(&mut office, &western, "a western year");
    let tomorrow = dated(b"081204");
    assert!(told(&tomorrow).contains("2026-12-04, which has not come (today is 2026-12-03"), "{}", told(&tomorrow));
    for (what, bytes) in [
        ("tomorrow", tomorrow.clone()),
        ("two years ago", dated(b"061203")),
        ("Heisei", dated(b"311203")),
        ("a day outside the header's", with_days(b"081101", b"081101")),
        ("a value date far away", with_days(b"081203", b"080801")),
        ("a value date that has not come", with_days(b"081203", b"081210")),
    ] {
        books_nothing(&mut office, &bytes, what);
    }
    // A person may say that an odd day is right; one that has not come, or is too long ago, is never booked.
    let ask = Reading::new(Run::Book, Some("2"), (None, None), Some("it is so")).unwrap();
    let before = office.state.seq;
    let payout = office.state.payouts()[0].number;
    let word = format!("file {payout}/0");
    let western = with_days(b"261203", b"081203");
    for (bytes, why) in [(&tomorrow, "which has not come"), (&western, "2014-12-03, which is more than 400 days ago")] {
        assert!(all_open(&office.read_as(bytes, &ask).unwrap()));
        assert!(office.said(bytes, 2, &word).unwrap_err().contains(why));
        assert!(office.said(bytes, 2, "not-ours").unwrap_err().contains(why));
    }
    assert_eq!(office.state.seq, before);
    let odd = with_days(b"081203", b"080801");
    assert!(matches!(office.read_as(&odd, &ask).unwrap()[0].1, Finding::Book(_)));
}

#[test]
fn on_a_day_on_which_banks_rest_the_next_ones_movements_have_come() {
    let mut office = Office::new(&[10_000]);
    office.payout(&[1]);
    let bytes = file(&[out(10_000)]);
    let on = |text: &str| Reading { today: Some(day(text)), run: Run::Look, ..Reading::default() };
    assert!(all_open(&office.read_as(&bytes, &on("2026-12-02")).unwrap()), "a Wednesday: the Thursday has not come");
    let mut sunday = header();
    let monday = day("2026-12-07");
    (sunday.created, sunday.to) = (monday, monday);
    let entries = [Entry { posting_date: monday, value_date: today(), ..out(10_000) }];
    let bytes =
        statement::write(&[Sheet { header: &sunday, entries: &entries, closing_balance: None }], LineEnding::CrLf)
            .unwrap();
    assert!(matches!(office.read_as(&bytes, &on("2026-12-06")).unwrap()[0].1, Finding::Book(_)));
    assert!(all_open(&office.read_as(&bytes, &on("2026-12-04")).unwrap()), "a Friday");
}

#[test]
fn line_ends_of_every_kind_are_read() {
    let bytes = {
        let mut office = Office::new(&[10_000]);
        sound(&mut office)
    };
    for end in [&b""[..], b"\n", b"\r\n", b"\r"] {
        let mut office = Office::new(&[10_000]);
        office.payout(&[1]);
        let lines: Vec<u8> = bytes.chunks(RECORD_LEN).flat_map(|r| [r, end].concat()).collect();
        let found = office.read(&lines);
        assert_eq!(found.len(), 2, "{end:?}");
        assert!(found.iter().all(|(_, f)| matches!(f, Finding::Book(_))), "{end:?}: {found:?}");
    }
}

/// The parts of a file with two headers, each with these lines.
fn parts(headers: [&kazasu_schemas::zengin::statement::Header; 2], entries: [&[Entry]; 2]) -> Vec<u8> {
    let [a, b] = [0, 1].map(|n: usize| Sheet { header: headers[n], entries: entries[n], closing_balance: None });
    statement::write(&[a, b], LineEnding::None).unwrap()
}

#[test]
fn one_accounts_days_in_two_parts_of_a_file_are_damage() {
    let mut office = Office::new(&[10_000, 10_000]);
    office.payout(&[1]);
    office.payout(&[2]);
    let lines = [out(10_000), came(84_812, "ｻｸﾗｶ-ﾄﾞ", "")];
    let whole = header();
    let mut last_day = header();
    last_day.from = last_day.to;
    for (what, headers) in [("twice", [&whole, &whole]), ("overlapping", [&whole, &last_day])] {
        let bytes = parts(headers, [&lines, &lines]);
        books_nothing(&mut office, &bytes, what);
        let read = statement::read(&bytes).unwrap();
        let told = told_of(&read);
        assert!(told.starts_with("header 2: expected an account that no other header has on the same days"), "{told}");
        assert!(told.contains("got that of header 1 once more"), "{told}");
    }
    // Other days, and other accounts, are no damage.
    let mut before = header();
    before.to = BusinessDay(before.to.0 - 1);
    let mut elsewhere = header();
    elsewhere.branch = "002".parse().unwrap();
    for headers in [[&before, &last_day], [&last_day, &before], [&whole, &elsewhere]] {
        let read = statement::read(&parts(headers, [&[], &[]])).unwrap();
        assert_eq!(told_of(&read), "");
    }
}

/// A western year of 26 beside a header of Reiwa 8 is read as Heisei 26: the mended file would book the payment again, 12 years later.
#[test]
fn a_western_year_in_a_line_is_not_booked_as_a_year_long_ago() {
    let mut office = Office::new(&[]);
    let good = file(&[came(84_812, "ｻｸﾗｶ-ﾄﾞ", "")]);
    let mut western = good.clone();
    western[RECORD_LEN + 9..RECORD_LEN + 15].copy_from_slice(b"261203");
    let ask = Reading::new(Run::Book, Some("2"), (None, None), Some("read on the screen")).unwrap();
    let found = office.read_as(&western, &ask).unwrap();
    assert!(open(&found[0].1).0.contains("平成26年, 2014-12-03"), "{found:?}");
    assert!(office.said(&western, 2, "received issuer 1").unwrap_err().contains("平成26年, 2014-12-03"));
    assert!(matches!(office.read(&good)[0].1, Finding::Book(_)));
    assert_eq!(office.balance(AccountKey::IssuerReceivable(1)), -84_812);
}

/// The bank has credited a cheque of another bank that it may still take back.
#[test]
fn what_came_as_cheques_waits_until_a_person_says_that_they_are_paid() {
    for uncleared in [84_812, 1] {
        let mut office = Office::new(&[10_000]);
        let a = office.payout(&[1]);
        let cheque = Entry {
            kind: TransactionKind::OtherBanksCheque,
            uncleared: Yen::new(uncleared),
            ..came(84_812, "ｻｸﾗｶ-ﾄﾞ", "")
        };
        let bytes = file(&[cheque, out(10_000)]);
        let found = office.read(&bytes);
        let (why, candidates) = open(&found[0].1);
        assert!(why.contains("他店券") && why.contains(&format!("{} of ¥84,812", Yen::new(uncleared))), "{why}");
        assert_eq!(candidates[0].say, "--received-from \"issuer 1\"");
        assert_eq!(office.settlement(1), SettlementState::Paid(a), "it is no damage of the file");
        assert_eq!(office.balance(AccountKey::IssuerReceivable(1)), 0);
        let ask = Reading::new(Run::Book, Some("2"), (None, None), Some("the record is right")).unwrap();
        assert!(all_open(&office.read_as(&bytes, &ask).unwrap()[..1]), "but the cheque is not paid yet");
        office.said(&bytes, 2, "received issuer 1").unwrap();
        assert_eq!(office.balance(AccountKey::IssuerReceivable(1)), -84_812);
        assert!(matches!(office.read(&bytes)[0].1, Finding::Known));
        office.check_replay();
    }
}

/// Everything that is damaged in a file, a line each, in English.
fn told_of(read: &statement::Statement) -> String {
    let texts = read::faults(read, today(), Calendar::built_in()).texts;
    for text in &texts {
        assert_eq!(kazasu_text::latin::words(&kazasu_text::Text::ja(text)), [""; 0], "{text:?}");
    }
    texts.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
