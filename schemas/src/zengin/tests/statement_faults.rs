//! Statements with faults: each is reported with its place, and everything else is still returned.

use super::golden;
use super::statement::entries;
use crate::zengin::statement::{FileError, MAX_FILE_BYTES, RECORD_LEN, Statement, read};
use proptest::prelude::*;

/// Reads the golden file after a change to its records: 1 2 2 2 8, 1 2 8, 9.
fn changed(change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Statement {
    let mut records: Vec<Vec<u8>> = golden("zengin-statement.dat").chunks(RECORD_LEN).map(<[u8]>::to_vec).collect();
    change(&mut records);
    read(&records.join(&b"\n"[..])).unwrap()
}

/// The same after writing over one record, from a position that counts from 1.
fn overwritten(record: usize, from: usize, text: &[u8]) -> Statement {
    changed(|r| r[record - 1][from - 1..from - 1 + text.len()].copy_from_slice(text))
}

fn said(statement: &Statement) -> Vec<String> {
    statement.bad.iter().map(ToString::to_string).collect()
}

/// The records of the movements that were read.
fn lines(statement: &Statement) -> Vec<usize> {
    statement.entries.iter().map(|l| l.record).collect()
}

#[test]
fn a_bad_movement_is_reported_and_the_others_returned() {
    let of = "a date YYMMDD of Reiwa (01 to 30) or Heisei (to 31)";
    for (from, text, expected) in [
        (10, &b"081332"[..], format!("positions 10-15 (posting date): expected {of}, got \"081332\"")),
        (10, b"321225", format!("positions 10-15 (posting date): expected {of}, got \"321225\"")),
        (16, b"0812 5", "positions 16-21 (value date): expected 6 digits, got \"0812 5\"".into()),
        (22, b"3", "positions 22-22 (direction): expected 1 (in) or 2 (out), got \"3\"".into()),
        (23, b"1A", "positions 23-24 (transaction kind): expected 2 digits, got \"1A\"".into()),
        (25, b"00000003000X", "positions 25-36 (amount): expected 12 digits, got \"00000003000X\"".into()),
        (2, b"0000000-", "positions 2-9 (inquiry number): expected 8 digits, got \"0000000-\"".into()),
    ] {
        let statement = overwritten(3, from, text);
        assert_eq!(said(&statement), [format!("record 3, {expected}")], "and no second alarm from the trailer");
        assert_eq!(lines(&statement), [2, 4, 7]);
        assert_eq!(statement.entries[1].entry, entries()[2]);
    }
}

#[test]
fn a_record_of_another_length_is_reported() {
    let statement = changed(|r| r[2].truncate(199));
    assert_eq!(said(&statement), ["record 3, positions 1-200 (record): expected 200 bytes, got 199 bytes"]);
    assert_eq!(lines(&statement), [2, 4, 7]);
    let statement = changed(|r| r.insert(2, Vec::new()));
    assert_eq!(said(&statement), ["record 3, positions 1-200 (record): expected 200 bytes, got 0 bytes"]);
    assert_eq!(lines(&statement), [2, 4, 5, 8], "an empty line takes no movement away");
}

#[test]
fn a_trailer_that_disagrees_with_its_data_is_reported() {
    for (from, text, expected) in [
        (2, &b"000003"[..], "positions 2-7 (movements in): expected 2, as the data records say, got \"000003\""),
        (
            8,
            b"0000000035001",
            "positions 8-20 (sum of movements in): expected 35000, as the data records say, got \"0000000035001\"",
        ),
        (21, b"000000", "positions 21-26 (movements out): expected 1, as the data records say, got \"000000\""),
        (
            27,
            b"0000000000000",
            "positions 27-39 (sum of movements out): expected 10000030000, as the data records say, \
             got \"0000000000000\"",
        ),
        (55, b"0000004", "positions 55-61 (data records): expected 3, as the data records say, got \"0000004\""),
    ] {
        let statement = overwritten(5, from, text);
        assert_eq!(said(&statement), [format!("record 5, {expected}")]);
        assert_eq!(lines(&statement), [2, 3, 4, 7]);
        assert!(statement.sections[0].trailer.is_some(), "as it stands");
    }
    // All sums are right, and the balance is another one.
    let statement = overwritten(5, 41, b"00010000005001");
    let expected =
        "positions 41-54 (balance after): expected 10000005000, the balance before with the movements between";
    assert_eq!(said(&statement), [format!("record 5, {expected}, got \"00010000005001\"")]);
    // A movement that is missing altogether.
    let statement = changed(|r| drop(r.remove(2)));
    assert_eq!(said(&statement).len(), 3, "number of records, movements in and their sum: {:?}", said(&statement));
    assert_eq!(lines(&statement), [2, 3, 6]);
    // One that cannot be read and one that is missing: the number of records still tells.
    let statement = changed(|r| {
        r[2][21] = b'x';
        r.remove(3);
    });
    assert_eq!(
        said(&statement),
        [
            "record 3, positions 22-22 (direction): expected 1 (in) or 2 (out), got \"x\"",
            "record 4, positions 55-61 (data records): expected 2, as the data records say, got \"0000003\"",
        ]
    );
}

#[test]
fn a_trailer_that_cannot_be_read_is_reported() {
    let statement = overwritten(5, 40, b"3");
    assert_eq!(
        said(&statement),
        ["record 5, positions 40-40 (sign of the balance): expected 1 (plus), 2 (minus), 0 or a space, got \"3\""]
    );
    assert_eq!(statement.sections[0].trailer, None);
    assert_eq!(lines(&statement), [2, 3, 4, 7]);
}

#[test]
fn a_bad_header_takes_nothing_from_its_movements() {
    let statement = overwritten(6, 63, b"8");
    assert_eq!(said(&statement), ["record 6, positions 63-63 (account kind): expected 1, 2, 4 or 9, got \"8\""]);
    assert_eq!((lines(&statement), statement.sections[1].header.as_ref()), (vec![2, 3, 4, 7], None));
    assert_eq!(statement.entries[3].entry.posting_date.to_string(), "2026-12-25", "Reiwa without a period");
    let statement = overwritten(1, 4, b"1");
    assert_eq!(said(&statement), ["record 1, positions 4-4 (code): expected 0, got \"1\""]);
}

#[test]
fn time_deposits_are_reported_and_not_read_with_the_wrong_fields() {
    let statement = overwritten(6, 63, b"6");
    assert_eq!(
        said(&statement),
        [
            "record 6, positions 63-63 (account kind): expected 1, 2, 4 or 9, got \"6\"",
            "record 7, positions 1-1 (record kind): expected no data, since fields of time deposits are not read, \
             got \"2\"",
        ]
    );
    assert_eq!(lines(&statement), [2, 3, 4]);
}

#[test]
fn records_out_of_order_are_reported() {
    let order = "positions 1-1 (record kind): expected";
    for (statement, expected, read) in [
        (changed(|r| drop(r.pop())), format!("record 9, {order} 9 (end), got the end of the file"), vec![2, 3, 4, 7]),
        (
            changed(|r| drop(r.drain(7..))),
            format!("record 8, {order} 2 (data) or 8 (trailer), got the end of the file"),
            vec![2, 3, 4, 7],
        ),
        (
            changed(|r| drop(r.remove(4))),
            format!("record 5, {order} 8 (trailer) of the account before, got \"1\""),
            vec![2, 3, 4, 6],
        ),
        (changed(|r| drop(r.remove(7))), format!("record 8, {order} 8 (trailer), got \"9\""), vec![2, 3, 4, 7]),
        (
            changed(|r| r.push(r[1].clone())),
            format!("record 10, {order} nothing after the end record, got \"2\""),
            vec![2, 3, 4, 7],
        ),
        (changed(|r| r[6][0] = b'4'), format!("record 7, {order} 2 (data) or 8 (trailer), got \"4\""), vec![2, 3, 4]),
        (
            changed(|r| {
                let moved = r[3].clone();
                r.insert(5, moved);
            }),
            format!("record 6, {order} 1 (header) or 9 (end), got \"2\""),
            vec![2, 3, 4, 8],
        ),
    ] {
        assert_eq!(said(&statement).first(), Some(&expected));
        assert_eq!(lines(&statement), read, "{expected}");
    }
}

#[test]
fn optional_fields_may_be_blank() {
    let mut records: Vec<Vec<u8>> = golden("zengin-statement.dat").chunks(RECORD_LEN).map(<[u8]>::to_vec).collect();
    // Number, value date, kind, cheques and everything to the payer's code; the balances of header and trailer.
    for (record, from, to) in
        [(0, 114, 129), (2, 2, 9), (2, 16, 21), (2, 23, 24), (2, 37, 81), (4, 40, 54), (8, 2, 200)]
    {
        records[record][from - 1..to].fill(b' ');
    }
    let statement = read(&records.concat()).unwrap();
    assert_eq!(said(&statement), Vec::<String>::new());
    let entry = &statement.entries[1].entry;
    assert_eq!((entry.inquiry_number, entry.kind.code(), entry.payer_code.as_str()), (0, 0, ""));
    assert_eq!(entry.value_date, entry.posting_date);
    assert_eq!(statement.sections[0].header.as_ref().unwrap().opening_balance, None);
    assert_eq!(statement.sections[0].trailer.unwrap().closing_balance, None);
}

#[test]
fn what_is_no_statement_is_an_error() {
    let error = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
    let expected = "expected a statement (kind 03), whose first record has 200 bytes and begins with 103, got ";
    assert_eq!(error(b""), format!("{expected}0 bytes that begin with \"\""));
    assert_eq!(error(&golden("zengin-transfer.dat")), format!("{expected}120 bytes that begin with \"12101234\""));
    assert_eq!(error(b"date,amount\n2026-12-25,1000\n"), format!("{expected}11 bytes that begin with \"date,amo\""));
    assert_eq!(error(&[b'1'; 200]), format!("{expected}200 bytes that begin with \"11111111\""));
    let large = vec![b'1'; MAX_FILE_BYTES + 1];
    assert_eq!(read(&large), Err(FileError::TooLarge(MAX_FILE_BYTES + 1)));
    // A statement with a million empty lines: each would be a fault to report.
    let mut lines = golden("zengin-statement.dat")[..200].to_vec();
    lines.resize(1_000_000, b'\n');
    lines.push(b'9');
    assert_eq!(read(&lines), Err(FileError::TooManyRecords));
}

proptest! {
    #[test]
    fn a_changed_file_reads_but_never_panics(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        keep in any::<prop::sample::Index>(),
    ) {
        let mut file = golden("zengin-statement.dat");
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        let _ = read(&file);
        file.truncate(keep.index(file.len()));
        if let Ok(statement) = read(&file) {
            prop_assert!(!statement.bad.is_empty(), "a file that was cut off is never taken for whole");
        }
    }
}
