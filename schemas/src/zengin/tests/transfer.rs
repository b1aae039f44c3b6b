//! Bulk transfers: positions, the golden file, line ends, splitting, round trips.

use super::{any_header, any_payment, check_positions, day, golden, groups};
use crate::money::Yen;
use crate::zengin::LineEnding;
use crate::zengin::transfer::{Group, MAX_TOTAL, RECORD_LEN, read, split, totals, write};
use proptest::prelude::*;
use std::num::NonZeroUsize;

/// The groups as they read back: names in half-width characters.
fn read_back() -> Vec<Group> {
    let mut groups = groups();
    let rename = |account: &mut crate::zengin::Account, bank: &str, branch: &str| {
        account.bank_name = bank.to_owned();
        account.branch_name = branch.to_owned();
    };
    groups[0].header.client_name = "ｱｵｿﾞﾗｼ ｶｲｹｲｶﾝﾘｼﾔ".to_owned();
    rename(&mut groups[0].header.account, "ﾃｽﾄ", "ﾎﾝﾃﾝ");
    groups[1].header.client_name = "ﾐﾄﾞﾘﾁﾖｳ".to_owned();
    let payments = &mut groups[0].payments;
    rename(&mut payments[0].account, "ﾕｳﾁﾖ", "ｾﾞﾛｲﾁﾊﾁ");
    payments[0].payee_name = "ﾔﾏﾀﾞ ﾀﾛｳ".to_owned();
    payments[1].payee_name = "ｳﾞｲﾗ-ｼﾞﾕ(ｶ".to_owned();
    payments[1].reference = crate::zengin::transfer::Reference::Edi("ｻｲｶﾞｲｼｴﾝ/R8-12".to_owned());
    rename(&mut payments[2].account, "ﾃｽﾄ", "ｴｷﾏｴ");
    payments[2].payee_name = "A.SMITH".to_owned();
    rename(&mut groups[1].payments[0].account, "ﾃｽﾄ", "ﾐﾅﾄ");
    groups[1].payments[0].payee_name = "ｵｶﾞﾜ ﾐﾂｺ".to_owned();
    groups
}

#[test]
fn the_golden_file_is_written_and_read() {
    let golden = golden("zengin-transfer.dat");
    assert!(write(&groups(), LineEnding::CrLf).unwrap() == golden, "the file differs from the one made by hand");
    assert_eq!(read(&golden, day("2026-12-20")).unwrap(), read_back());
    assert_eq!(write(&read_back(), LineEnding::CrLf).unwrap(), golden, "what was read is written as it was");
}

#[test]
fn every_position_of_every_record() {
    let file = write(&groups(), LineEnding::None).unwrap();
    let records: Vec<&[u8]> = file.chunks(RECORD_LEN).collect();
    assert_eq!(records.len(), 9, "1 2 2 2 8, 1 2 8, 9");
    check_positions(
        records[0],
        &[
            (1, 1, "1"),
            (2, 3, "21"),
            (4, 4, "0"),
            (5, 14, "1234567890"),
            (15, 54, "ｱｵｿﾞﾗｼ ｶｲｹｲｶﾝﾘｼﾔ"),
            (55, 58, "1225"),
            (59, 62, "9999"),
            (63, 77, "ﾃｽﾄ"),
            (78, 80, "001"),
            (81, 95, "ﾎﾝﾃﾝ"),
            (96, 96, "2"),
            (97, 103, "0012345"),
            (104, 120, ""),
        ],
    );
    check_positions(
        records[1],
        &[
            (1, 1, "2"),
            (2, 5, "9900"),
            (6, 20, "ﾕｳﾁﾖ"),
            (21, 23, "018"),
            (24, 38, "ｾﾞﾛｲﾁﾊﾁ"),
            (39, 42, "0000"),
            (43, 43, "1"),
            (44, 50, "7654321"),
            (51, 80, "ﾔﾏﾀﾞ ﾀﾛｳ"),
            (81, 90, "0000030000"),
            (91, 91, "1"),
            (92, 101, "0000000042"),
            (102, 111, "0000000007"),
            (112, 112, "7"),
            (113, 113, ""),
            (114, 120, ""),
        ],
    );
    // The EDI text takes the place of both customer codes, and the flag says so.
    check_positions(
        &records[2][90..],
        &[(1, 1, "2"), (2, 21, "ｻｲｶﾞｲｼｴﾝ/R8-12"), (22, 22, "7"), (23, 23, "Y"), (24, 30, "")],
    );
    check_positions(&records[3][90..], &[(1, 1, "0"), (2, 21, "00000000000000000000"), (22, 22, "8"), (23, 30, "")]);
    check_positions(records[4], &[(1, 1, "8"), (2, 7, "000003"), (8, 19, "010000030000"), (20, 120, "")]);
    check_positions(records[8], &[(1, 1, "9"), (2, 120, "")]);
}

#[test]
fn line_ends_and_the_end_mark_do_not_matter_to_a_reader() {
    let bare = write(&groups(), LineEnding::None).unwrap();
    let lines = |end: &[u8]| bare.chunks(RECORD_LEN).flat_map(|r| [r, end].concat()).collect::<Vec<u8>>();
    assert_eq!(write(&groups(), LineEnding::CrLf).unwrap(), lines(b"\r\n"));
    let with = |mut file: Vec<u8>, end: &[u8]| {
        file.extend_from_slice(end);
        file
    };
    for file in [
        bare.clone(),
        with(bare.clone(), b"\x1a"),
        with(bare.clone(), b"\r\n\x1a"),
        lines(b"\n"),
        lines(b"\r\n"),
        with(lines(b"\r\n"), b"\x1a"),
        with(lines(b"\r\n"), b"\x1a\r\n\r\n"),
    ] {
        assert_eq!(read(&file, day("2026-12-20")).unwrap(), read_back());
    }
}

#[test]
fn a_date_without_a_year_is_the_one_nearest_to_the_files_day() {
    let file = golden("zengin-transfer.dat");
    let dates = |near| read(&file, day(near)).unwrap().iter().map(|g| g.header.date.to_string()).collect::<Vec<_>>();
    assert_eq!(dates("2026-12-20"), ["2026-12-25", "2027-01-05"]);
    assert_eq!(dates("2028-01-02"), ["2027-12-25", "2028-01-05"]);
}

#[test]
fn long_names_are_cut_where_a_kana_ends() {
    let mut groups = groups();
    groups[0].header.client_name = "ガ".repeat(21);
    groups[0].header.account.bank_name = "パ".repeat(9);
    groups[0].payments[0].payee_name = "ア".repeat(29) + "ガ";
    let back = read(&write(&groups, LineEnding::CrLf).unwrap(), day("2026-12-20")).unwrap();
    assert_eq!(back[0].header.client_name, "ｶﾞ".repeat(20));
    assert_eq!(back[0].header.account.bank_name, "ﾊﾟ".repeat(7), "15 bytes hold seven and a half");
    assert_eq!(back[0].payments[0].payee_name, "ｱ".repeat(29));
}

#[test]
fn payments_are_split_at_the_banks_maximum() {
    let Group { header, payments } = groups().swap_remove(0);
    let one = payments[0].clone();
    let of = |n: usize| Group { header: header.clone(), payments: vec![one.clone(); n] };
    let sizes = |group, most| {
        split(group, NonZeroUsize::new(most).unwrap()).iter().map(|g| g.payments.len()).collect::<Vec<_>>()
    };
    assert_eq!(sizes(of(7), 3), [3, 3, 1]);
    assert_eq!(sizes(of(6), 3), [3, 3]);
    assert_eq!(sizes(of(1), 1), [1]);
    assert_eq!(sizes(of(7), usize::MAX), [7]);
    assert_eq!(sizes(of(0), 3), [0], "an empty group stays, for the writer to refuse");

    // A hundred of the largest amounts fill a trailer's twelve digits, and the next would not fit.
    let mut large = of(201);
    large.payments.iter_mut().for_each(|p| p.amount = Yen::new(9_999_999_999));
    assert_eq!(sizes(large.clone(), 1_000), [100, 100, 1]);
    for part in split(large, NonZeroUsize::new(1_000).unwrap()) {
        assert_eq!(part.header, header);
        write(&[part], LineEnding::None).unwrap();
    }
    let mut ordered = of(5);
    (1..).zip(&mut ordered.payments).for_each(|(n, p)| p.amount = Yen::new(n));
    let parts = split(ordered.clone(), NonZeroUsize::new(2).unwrap());
    assert_eq!(parts.into_iter().flat_map(|g| g.payments).collect::<Vec<_>>(), ordered.payments);
}

#[test]
fn totals_keep_to_a_trailers_digits() {
    let mut payments = vec![groups()[0].payments[0].clone(); 101];
    payments.iter_mut().for_each(|p| p.amount = Yen::new(9_999_999_999));
    let hundred = totals(&payments[..100]).unwrap();
    assert_eq!((hundred.count, hundred.amount), (100, Yen::new(999_999_999_900)));
    assert!(hundred.amount <= MAX_TOTAL);
    assert_eq!(totals(&payments).unwrap_err().to_string(), "total: expected at most ¥999,999,999,999, got more");
    assert_eq!(totals(&[]).unwrap_err().to_string(), "number of payments: expected 1 to 999999, got 0");
    payments.iter_mut().for_each(|p| p.amount = Yen::new(i64::MAX));
    assert!(totals(&payments).is_err(), "no sum wraps");
    payments.truncate(1);
    payments[0].amount = Yen::new(1);
    assert!(totals(std::iter::repeat_n(&payments[0], 999_999)).is_ok());
    assert!(totals(std::iter::repeat_n(&payments[0], 1_000_000)).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_reads_back(
        groups in prop::collection::vec((any_header(), prop::collection::vec(any_payment(), 1..6)), 1..4),
        crlf in any::<bool>(),
    ) {
        let groups: Vec<Group> =
            groups.into_iter().map(|(header, payments)| Group { header, payments }).collect();
        let ending = if crlf { LineEnding::CrLf } else { LineEnding::None };
        let file = write(&groups, ending).unwrap();
        prop_assert_eq!(read(&file, day("2026-07-01")).unwrap(), groups);
    }

    #[test]
    fn a_changed_file_reads_or_is_refused_but_never_panics(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        keep in any::<prop::sample::Index>(),
    ) {
        let mut file = golden("zengin-transfer.dat");
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        let _ = read(&file, day("2026-12-20"));
        // Without its last line end it is whole.
        file.truncate(keep.index(file.len() - 2));
        prop_assert!(read(&file, day("2026-12-20")).is_err(), "a file that was cut off is never taken for whole");
    }
}
