//! Bulk transfers that are refused: what a writer says of a value, and a reader of a record.

use super::{account, day, golden, groups};
use crate::jst::BusinessDay;
use crate::money::Yen;
use crate::zengin::LineEnding;
use crate::zengin::transfer::{Group, MAX_FILE_BYTES, ReadError, Reference, read, write};

/// Changes the golden groups and returns what the writer says.
fn refused(change: impl FnOnce(&mut Vec<Group>)) -> String {
    let mut groups = groups();
    change(&mut groups);
    write(&groups, LineEnding::None).unwrap_err().to_string()
}

#[test]
fn a_writer_names_place_and_value() {
    assert_eq!(refused(|g| g.clear()), "file: groups: expected at least one, got none");
    assert_eq!(
        refused(|g| g[1].payments.clear()),
        "totals of group [1]: number of payments: expected 1 to 999999, got 0"
    );
    for (yen, said) in [(0, "0"), (-5, "-5"), (10_000_000_000, "10000000000"), (i64::MIN, "-9223372036854775808")] {
        assert_eq!(
            refused(|g| g[0].payments[2].amount = Yen::new(yen)),
            format!("item [2] of group [0]: amount: expected 1 to 9999999999, got {said}")
        );
    }
    assert_eq!(
        refused(|g| {
            let mut payment = g[0].payments[1].clone();
            payment.reference = Reference::NONE;
            g[0].payments = vec![payment; 101];
        }),
        "totals of group [0]: total: expected at most ¥999,999,999,999, got more"
    );
    assert_eq!(
        refused(|g| g[0].payments[1].payee_name = "山田太郎".into()),
        "item [1] of group [0]: payee name: expected katakana, A-Z, 0-9, space and - ( ) ., \
         got '山' (U+5C71), character 1"
    );
    assert_eq!(
        refused(|g| g[0].payments[1].payee_name = "　".into()),
        "item [1] of group [0]: payee name: expected a name, got nothing but spaces"
    );
    assert_eq!(
        refused(|g| g[1].header.client_name = "みどり町".into()),
        "header of group [1]: client name: expected katakana, A-Z, 0-9, space and - ( ) ., \
         got '町' (U+753A), character 4"
    );
    assert_eq!(
        refused(|g| g[0].payments[0].account.branch_name = "(ホンテン".into()),
        "item [0] of group [0]: branch name: expected katakana, A-Z, 0-9, space and -, got '(' (U+0028), character 1"
    );
    assert_eq!(
        refused(|g| g[0].payments[0].reference = Reference::Edi("ガ".repeat(10) + "ア")),
        format!(
            "item [0] of group [0]: EDI text: expected at most 20 bytes in half-width kana, got 21 ({}ｱ)",
            "ｶﾞ".repeat(10)
        )
    );
    assert_eq!(
        refused(|g| g[0].payments[0].reference = Reference::Edi(" ".into())),
        "item [0] of group [0]: EDI text: expected a text, got nothing but spaces"
    );
    assert_eq!(
        refused(|g| g[0].payments[0].reference = Reference::Codes { first: 0, second: 10_000_000_000 }),
        "item [0] of group [0]: customer code 2: expected at most 10 digits, got 10000000000"
    );
    assert_eq!(
        refused(|g| g[0].header.account = account("9999 001 4 0012345", "", "")),
        "header of group [0]: account kind: expected ordinary, current or other, got savings"
    );
    assert_eq!(
        refused(|g| g[0].header.date = BusinessDay(i32::MAX)),
        "header of group [0]: transfer date: expected a day of the years 0 to 9999, got day 2147483647"
    );
}

/// The golden file's records.
fn records() -> Vec<Vec<u8>> {
    golden("zengin-transfer.dat").chunks(122).map(|r| r[..120].to_vec()).collect()
}

/// Changes the golden file's records and returns what the reader says.
fn unread(change: impl FnOnce(&mut Vec<Vec<u8>>)) -> String {
    let mut records = records();
    change(&mut records);
    read(&records.join(&b"\r\n"[..]), day("2026-12-20")).unwrap_err().to_string()
}

/// The same after writing over one record, from a position that counts from 1.
fn overwritten(record: usize, from: usize, text: &[u8]) -> String {
    unread(|r| r[record - 1][from - 1..from - 1 + text.len()].copy_from_slice(text))
}

#[test]
fn a_reader_keeps_to_the_order_of_records() {
    let order = "(record kind): expected";
    for (said, is) in [
        (unread(|r| drop(r.remove(0))), format!("record 1, positions 1-1 {order} 1 (header), got \"2\"")),
        (unread(|r| drop(r.drain(1..4))), format!("record 2, positions 1-1 {order} 2 (data), got \"8\"")),
        (unread(|r| drop(r.remove(4))), format!("record 5, positions 1-1 {order} 2 (data) or 8 (trailer), got \"1\"")),
        (
            unread(|r| drop(r.pop())),
            format!("record 9, positions 1-1 {order} 1 (header) or 9 (end), got the end of the file"),
        ),
        (
            unread(|r| drop(r.drain(7..))),
            format!("record 8, positions 1-1 {order} 2 (data) or 8 (trailer), got the end of the file"),
        ),
        (unread(|r| r.clear()), format!("record 1, positions 1-1 {order} 1 (header), got the end of the file")),
        (
            unread(|r| r.push(r[0].clone())),
            format!("record 10, positions 1-1 {order} nothing after the end record, got \"1\""),
        ),
        (
            unread(|r| r.push(r[8].clone())),
            format!("record 10, positions 1-1 {order} nothing after the end record, got \"9\""),
        ),
        (unread(|r| drop(r.drain(..8))), format!("record 1, positions 1-1 {order} 1 (header), got \"9\"")),
        (overwritten(3, 1, b"3"), format!("record 3, positions 1-1 {order} 2 (data) or 8 (trailer), got \"3\"")),
    ] {
        assert_eq!(said, is);
    }
}

#[test]
fn a_reader_keeps_to_lengths_counts_and_sums() {
    let is = |said: String, expected: &str| assert_eq!(said, expected);
    is(unread(|r| r[2].truncate(119)), "record 3, positions 1-120 (record): expected 120 bytes, got 119 bytes");
    is(unread(|r| r[8].push(b' ')), "record 9, positions 1-120 (record): expected 120 bytes, got 121 bytes");
    is(unread(|r| r[1].clear()), "record 2, positions 1-120 (record): expected 120 bytes, got 0 bytes");
    is(
        unread(|r| drop(r.remove(2))),
        "record 4, positions 2-7 (number of payments): expected 2, as the data records say, got \"000003\"",
    );
    is(
        overwritten(2, 81, b"0000030001"),
        "record 5, positions 8-19 (total): expected 10000030001, as the data records say, got \"010000030000\"",
    );
    is(
        overwritten(5, 8, b" 10000030000"),
        "record 5, positions 8-19 (total): expected 12 digits, got \" 10000030000\"",
    );
    // Bare records of which one has lost a byte: everything after it has moved.
    let mut bare = records().concat();
    bare.remove(200);
    assert!(read(&bare, day("2026-12-20")).is_err());
}

#[test]
fn a_reader_names_record_positions_and_what_stands_there() {
    let is = |said: String, expected: &str| assert_eq!(said, expected);
    is(overwritten(1, 2, b"11"), "record 1, positions 2-3 (kind): expected 21, got \"11\"");
    is(overwritten(1, 4, b"1"), "record 1, positions 4-4 (code): expected 0, got \"1\"");
    is(
        overwritten(1, 55, b"1332"),
        "record 1, positions 55-58 (transfer date): expected a month and a day, got \"1332\"",
    );
    is(overwritten(1, 96, b"3"), "record 1, positions 96-96 (account kind): expected 1, 2, 4 or 9, got \"3\"");
    is(overwritten(2, 2, b"99x9"), "record 2, positions 2-5 (bank code): expected 4 digits, got \"99x9\"");
    is(
        overwritten(2, 44, b"      1"),
        "record 2, positions 44-50 (account number): expected 7 digits, got \"      1\"",
    );
    is(
        overwritten(2, 81, b"0000000000"),
        "record 2, positions 81-90 (amount): expected at least ¥1, got \"0000000000\"",
    );
    is(overwritten(2, 91, b"3"), "record 2, positions 91-91 (new code): expected 0, 1, 2 or a space, got \"3\"");
    is(
        overwritten(2, 92, b"ABC"),
        "record 2, positions 92-101 (customer code 1): expected 10 digits, got \"ABC0000042\"",
    );
    is(
        overwritten(2, 112, b"6"),
        "record 2, positions 112-112 (transfer class): expected 7, 8, 0 or a space, got \"6\"",
    );
    is(overwritten(2, 113, b"N"), "record 2, positions 113-113 (EDI flag): expected Y or a space, got \"N\"");
}

#[test]
fn what_the_description_leaves_open_is_read() {
    let mut records = records();
    // No customer codes, no class, no new code; a name with characters that are never written.
    records[1][91..111].fill(b' ');
    records[1][90] = b' ';
    records[1][111] = b' ';
    records[1][50..54].copy_from_slice(b"\xac\xb0\xa5,");
    let groups = read(&records.concat(), day("2026-12-20")).unwrap();
    let payment = &groups[0].payments[0];
    assert_eq!(payment.reference, Reference::NONE);
    assert_eq!(payment.payee_name, "ｬｰ･, ﾀﾛｳ");
}

#[test]
fn a_file_without_end_is_not_begun() {
    let file = vec![b'1'; MAX_FILE_BYTES + 1];
    let error = read(&file, day("2026-12-20")).unwrap_err();
    assert_eq!(error, ReadError::TooLarge(MAX_FILE_BYTES + 1));
    assert_eq!(error.to_string(), "expected at most 134217728 bytes, got 134217729");
    assert!(read(b"", day("2026-12-20")).is_err());
    assert!(read(b"\x1a", day("2026-12-20")).is_err());
}
