//! Statements: positions, the golden file, dates in eras, round trips.

use super::{any_header, check_positions, day, golden, names};
use crate::jst::BusinessDay;
use crate::money::Yen;
use crate::zengin::LineEnding;
use crate::zengin::statement::{
    Direction, Entry, Header, LongAccountNumber, RECORD_LEN, Sheet, Statement, TransactionKind, read, write,
};
use proptest::prelude::*;

pub(super) fn header() -> Header {
    Header {
        created: day("2026-12-26"),
        from: day("2026-12-24"),
        to: day("2026-12-25"),
        bank: "9999".parse().unwrap(),
        bank_name: "ﾃｽﾄ".to_owned(),
        branch: "001".parse().unwrap(),
        branch_name: "ﾎﾝﾃﾝ".to_owned(),
        kind: crate::zengin::AccountKind::Current,
        number: "0000012345".parse().unwrap(),
        account_name: "ｱｵｿﾞﾗｼ ｶｲｹｲｶﾝﾘｼﾔ".to_owned(),
        opening_balance: Some(Yen::new(20_000_000_000)),
    }
}

fn second_header() -> Header {
    Header {
        bank_name: String::new(),
        branch: "999".parse().unwrap(),
        branch_name: String::new(),
        kind: crate::zengin::AccountKind::Ordinary,
        number: "0009999999".parse().unwrap(),
        account_name: String::new(),
        opening_balance: None,
        ..header()
    }
}

/// A movement without texts.
fn entry(number: u32, posted: &str, what: (Direction, TransactionKind), yen: i64) -> Entry {
    let (direction, kind) = what;
    Entry {
        inquiry_number: number,
        posting_date: day(posted),
        value_date: day(posted),
        direction,
        kind,
        amount: Yen::new(yen),
        uncleared: Yen::ZERO,
        payer_code: String::new(),
        payer_name: String::new(),
        bank_name: String::new(),
        branch_name: String::new(),
        remarks: String::new(),
        edi: String::new(),
    }
}

/// The movements of the first account of golden/zengin-statement.dat.
pub(super) fn entries() -> Vec<Entry> {
    vec![
        Entry {
            remarks: "ｿｳｺﾞｳﾌﾘｺﾐ".to_owned(),
            ..entry(1, "2026-12-24", (Direction::Out, TransactionKind::BookTransfer), 10_000_030_000)
        },
        Entry {
            payer_code: "1234567890".to_owned(),
            payer_name: "ﾔﾏﾀﾞ ﾀﾛｳ".to_owned(),
            bank_name: "ﾕｳﾁﾖ".to_owned(),
            branch_name: "ｾﾞﾛｲﾁﾊﾁ".to_owned(),
            remarks: "ﾌﾘｺﾐｸﾐﾓﾄﾞｼ".to_owned(),
            edi: "ｻｲｶﾞｲｼｴﾝ/R8-12".to_owned(),
            ..entry(2, "2026-12-25", (Direction::In, TransactionKind::Transfer), 30_000)
        },
        Entry {
            value_date: day("2026-12-24"),
            uncleared: Yen::new(5_000),
            payer_name: "ﾐﾄﾞﾘｼﾖｳﾃﾝ".to_owned(),
            remarks: "ﾀﾃﾝｹﾝ".to_owned(),
            ..entry(3, "2026-12-25", (Direction::In, TransactionKind::OtherBanksCheque), 5_000)
        },
    ]
}

fn second_entries() -> Vec<Entry> {
    vec![entry(99_999_999, "2026-12-25", (Direction::Out, TransactionKind::Correction), 1)]
}

fn file(ending: LineEnding) -> Vec<u8> {
    let sheets = [
        Sheet { header: &header(), entries: &entries(), closing_balance: Some(Yen::new(10_000_005_000)) },
        Sheet { header: &second_header(), entries: &second_entries(), closing_balance: Some(Yen::new(-1)) },
    ];
    write(&sheets, ending).unwrap()
}

#[test]
fn the_golden_file_is_written_and_read() {
    let golden = golden("zengin-statement.dat");
    assert!(file(LineEnding::None) == golden, "the file differs from the one made by hand");
    let Statement { sections, entries: lines, bad } = read(&golden).unwrap();
    assert_eq!(bad, [], "a sound file");
    assert_eq!(sections.iter().map(|s| s.header.clone().unwrap()).collect::<Vec<_>>(), [header(), second_header()]);
    let of = |section| lines.iter().filter(|l| l.section == section).map(|l| l.entry.clone()).collect::<Vec<_>>();
    assert_eq!((of(0), of(1)), (entries(), second_entries()));
    assert_eq!(lines.iter().map(|l| l.record).collect::<Vec<_>>(), [2, 3, 4, 7]);
    let trailer = sections[0].trailer.unwrap();
    assert_eq!((trailer.in_count, trailer.in_total), (2, Yen::new(35_000)));
    assert_eq!((trailer.out_count, trailer.out_total), (1, Yen::new(10_000_030_000)));
    assert_eq!((trailer.data_count, trailer.closing_balance), (3, Some(Yen::new(10_000_005_000))));
    assert_eq!(sections[1].trailer.unwrap().closing_balance, Some(Yen::new(-1)), "an overdraft");
}

#[test]
fn every_position_of_every_record() {
    let file = file(LineEnding::None);
    let records: Vec<&[u8]> = file.chunks(RECORD_LEN).collect();
    check_positions(
        records[0],
        &[
            (1, 1, "1"),
            (2, 3, "03"),
            (4, 4, "0"),
            (5, 10, "081226"),
            (11, 16, "081224"),
            (17, 22, "081225"),
            (23, 26, "9999"),
            (27, 41, "ﾃｽﾄ"),
            (42, 44, "001"),
            (45, 59, "ﾎﾝﾃﾝ"),
            (60, 62, "000"),
            (63, 63, "2"),
            (64, 73, "0000012345"),
            (74, 113, "ｱｵｿﾞﾗｼ ｶｲｹｲｶﾝﾘｼﾔ"),
            (114, 114, "1"),
            (115, 115, "0"),
            (116, 129, "00020000000000"),
            (130, 200, ""),
        ],
    );
    check_positions(
        records[2],
        &[
            (1, 1, "2"),
            (2, 9, "00000002"),
            (10, 15, "081225"),
            (16, 21, "081225"),
            (22, 22, "1"),
            (23, 24, "11"),
            (25, 36, "000000030000"),
            (37, 48, "000000000000"),
            (49, 54, "000000"),
            (55, 60, "000000"),
            (61, 61, "0"),
            (62, 68, "0000000"),
            (69, 71, "000"),
            (72, 81, "1234567890"),
            (82, 129, "ﾔﾏﾀﾞ ﾀﾛｳ"),
            (130, 144, "ﾕｳﾁﾖ"),
            (145, 159, "ｾﾞﾛｲﾁﾊﾁ"),
            (160, 179, "ﾌﾘｺﾐｸﾐﾓﾄﾞｼ"),
            (180, 199, "ｻｲｶﾞｲｼｴﾝ/R8-12"),
            (200, 200, ""),
        ],
    );
    check_positions(
        records[4],
        &[
            (1, 1, "8"),
            (2, 7, "000002"),
            (8, 20, "0000000035000"),
            (21, 26, "000001"),
            (27, 39, "0010000030000"),
            (40, 40, "1"),
            (41, 54, "00010000005000"),
            (55, 61, "0000003"),
            (62, 200, ""),
        ],
    );
    check_positions(records[8], &[(1, 1, "9"), (2, 11, "0000000009"), (12, 16, "00002"), (17, 200, "")]);
}

#[test]
fn line_ends_do_not_matter_to_a_reader() {
    let expected = read(&file(LineEnding::None)).unwrap();
    for (from, to) in [("\r\n", "\r\n"), ("\r\n", "\n"), ("\r\n", "\r\n\u{1a}")] {
        let lines: Vec<u8> = file(LineEnding::None)
            .chunks(RECORD_LEN)
            .flat_map(|r| [r, to.trim_end_matches('\u{1a}').as_bytes()].concat())
            .collect();
        let lines = if to.ends_with('\u{1a}') { [&lines[..], b"\x1a"].concat() } else { lines };
        assert_eq!(read(&lines).unwrap(), expected, "{from:?} as {to:?}");
    }
    assert_eq!(read(&file(LineEnding::CrLf)).unwrap(), expected);
}

/// Reads a statement of one movement after writing dates over it: creation, first, last, posting and value date.
fn dates([created, from, to, posted, value]: [&str; 5]) -> [String; 5] {
    let sheet = Sheet { header: &header(), entries: &entries()[1..2], closing_balance: None };
    let mut file = write(&[sheet], LineEnding::None).unwrap();
    for (at, date) in [(4, created), (10, from), (16, to), (209, posted), (215, value)] {
        file[at..at + 6].copy_from_slice(date.as_bytes());
    }
    let Statement { sections, entries, bad } = read(&file).unwrap();
    assert_eq!(bad, []);
    let header = sections[0].header.as_ref().unwrap();
    let entry = &entries[0].entry;
    [header.created, header.from, header.to, entry.posting_date, entry.value_date].map(|d| d.to_string())
}

#[test]
fn eras_follow_the_period() {
    let reiwa = dates(["081226", "081224", "081225", "081225", "081224"]);
    assert_eq!(reiwa, ["2026-12-26", "2026-12-24", "2026-12-25", "2026-12-25", "2026-12-24"]);
    // Year 31 is Heisei's; what begins before it and would end in 2048 otherwise is too.
    let heisei = dates(["310402", "300401", "310331", "300601", "300531"]);
    assert_eq!(heisei, ["2019-04-02", "2018-04-01", "2019-03-31", "2018-06-01", "2018-05-31"]);
    // In such a file, a creation date and a posting date outside the period are Heisei's too.
    let outside = dates(["301201", "300401", "310331", "290331", "290331"]);
    assert_eq!((outside[0].as_str(), outside[3].as_str()), ("2018-12-01", "2017-03-31"));
    // Over the change of eras; a value date before it.
    let both = dates(["010601", "310401", "010531", "310430", "310429"]);
    assert_eq!(both, ["2019-06-01", "2019-04-01", "2019-05-31", "2019-04-30", "2019-04-29"]);
    // A bank whose system went on in Heisei for a while.
    let late = dates(["310602", "310501", "310531", "310507", "310507"]);
    assert_eq!(late, ["2019-06-02", "2019-05-01", "2019-05-31", "2019-05-07", "2019-05-07"]);
    // Nothing says that a period of year 28 is Heisei's: Reiwa is taken.
    assert_eq!(dates(["280105", "280104", "280104", "280104", "280104"])[2], "2046-01-04");
    // A posting date outside the period is the nearest reading; a value date without digits the posting date.
    assert_eq!(dates(["081226", "081224", "081225", "081223", "000000"])[3..], ["2026-12-23", "2026-12-23"]);
    assert_eq!(dates(["081226", "081224", "081225", "081225", "      "])[4], "2026-12-25");
}

#[test]
fn transaction_kinds_keep_their_codes() {
    for code in 0..=u8::MAX {
        assert_eq!(TransactionKind::from_code(code).code(), code);
    }
    assert_eq!(TransactionKind::from_code(11), TransactionKind::Transfer);
    assert_eq!(TransactionKind::from_code(16), TransactionKind::Unlisted(16));
}

#[test]
fn a_statement_without_movements_is_sound() {
    let sheet = Sheet { header: &header(), entries: &[], closing_balance: None };
    let statement = read(&write(&[sheet], LineEnding::CrLf).unwrap()).unwrap();
    assert_eq!((statement.entries.len(), statement.bad.len()), (0, 0));
    assert_eq!(statement.sections[0].trailer.unwrap().data_count, 0);
    assert_eq!(statement.sections[0].trailer.unwrap().closing_balance, None);
}

#[test]
fn a_writer_names_place_and_value() {
    let refused = |change: &dyn Fn(&mut Header, &mut Entry)| {
        let (mut header, mut entries) = (header(), entries());
        change(&mut header, &mut entries[1]);
        let sheet = Sheet { header: &header, entries: &entries, closing_balance: None };
        write(&[sheet], LineEnding::None).unwrap_err().to_string()
    };
    assert_eq!(write(&[], LineEnding::None).unwrap_err().to_string(), "file: accounts: expected 1 to 99999, got 0");
    let posted: &dyn Fn(&mut Header, &mut Entry) = &|_, e| e.posting_date = day("2019-04-30");
    assert_eq!(
        refused(posted),
        "item [1] of group [0]: posting date: expected 2019-05-01 to 2048-12-31, got 2019-04-30"
    );
    assert_eq!(
        refused(&|h, _| h.created = day("2049-01-01")),
        "header of group [0]: creation date: expected 2019-05-01 to 2048-12-31, got 2049-01-01"
    );
    assert_eq!(
        refused(&|h, _| h.from = day("2026-12-26")),
        "header of group [0]: first posting date: expected at most 2026-12-25, got 2026-12-26"
    );
    assert_eq!(
        refused(&|_, e| e.amount = Yen::new(-1)),
        "item [1] of group [0]: amount: expected 0 to 999999999999, got -1"
    );
    assert_eq!(
        refused(&|_, e| e.uncleared = Yen::new(30_001)),
        "item [1] of group [0]: other banks' cheques: expected 0 to 30000, got 30001"
    );
    assert_eq!(
        refused(&|_, e| e.payer_code = "12345678901".into()),
        "item [1] of group [0]: payer code: expected at most 10 digits, got 12345678901"
    );
    assert_eq!(
        refused(&|_, e| e.kind = TransactionKind::Unlisted(100)),
        "item [1] of group [0]: transaction kind: expected 0 to 99, got 100"
    );
    assert_eq!(
        refused(&|_, e| e.inquiry_number = 100_000_000),
        "item [1] of group [0]: inquiry number: expected 0 to 99999999, got 100000000"
    );
    assert_eq!(
        refused(&|h, _| h.opening_balance = Some(Yen::new(i64::MIN))),
        "header of group [0]: balance before: expected 0 to 99999999999999, got 9223372036854775807"
    );
    assert!(refused(&|_, e| e.edi = "ｱ".repeat(21)).contains("EDI text: expected at most 20 bytes"));
    assert!(refused(&|_, e| e.remarks = "振込".into()).contains("remarks: expected katakana"));
}

prop_compose! {
    fn any_statement_header()(
        from in any_header(),
        days in 0_i32..40,
        made in 0_i32..5,
        number in 0_u64..10_000_000_000,
        opening_balance in prop::option::of(-99_999_999_999_999_i64..=99_999_999_999_999),
    ) -> Header {
        let to = BusinessDay(from.date.0 + days);
        Header {
            created: BusinessDay(to.0 + made),
            from: from.date,
            to,
            bank: from.account.bank,
            bank_name: from.account.bank_name,
            branch: from.account.branch,
            branch_name: from.account.branch_name,
            kind: from.account.kind,
            number: LongAccountNumber::new(number).unwrap(),
            account_name: from.client_name,
            opening_balance: opening_balance.map(Yen::new),
        }
    }
}

fn any_entry(from: BusinessDay, to: BusinessDay) -> impl Strategy<Value = Entry> {
    (
        (from.0..=to.0, -400_i32..400, 0_u32..100_000_000, any::<bool>(), 0_u8..100),
        (0_i64..=9_999_999_999, 0_i64..=100, prop::option::of(1_u64..10_000_000_000)),
        (names(48), names(15), names(15), names(20), names(20)),
    )
        .prop_map(|((posted, value, number, comes, kind), (amount, cheques, payer), texts)| Entry {
            inquiry_number: number,
            posting_date: BusinessDay(posted),
            value_date: BusinessDay(posted + value),
            direction: if comes { Direction::In } else { Direction::Out },
            kind: TransactionKind::from_code(kind),
            amount: Yen::new(amount),
            uncleared: Yen::new(amount.min(cheques)),
            payer_code: payer.map(|n| format!("{n:010}")).unwrap_or_default(),
            payer_name: texts.0,
            bank_name: texts.1,
            branch_name: texts.2,
            remarks: texts.3,
            edi: texts.4,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_reads_back(
        sheets in prop::collection::vec(
            any_statement_header().prop_flat_map(|header| {
                let entries = prop::collection::vec(any_entry(header.from, header.to), 0..6);
                (Just(header), entries, prop::option::of(-99_999_999_999_999_i64..=99_999_999_999_999))
            }),
            1..4,
        ),
    ) {
        // The balance after is the one before with the movements between, where both are said.
        let closing = |header: &Header, entries: &[Entry], any: Option<i64>| {
            let opening = header.opening_balance.filter(|_| any.is_some());
            let sum = entries.iter().fold(0, |sum, e| match e.direction {
                Direction::In => sum + e.amount.get(),
                Direction::Out => sum - e.amount.get(),
            });
            opening.map_or(any, |yen| Some(yen.get() + sum)).filter(|yen| yen.abs() <= 99_999_999_999_999)
        };
        let sheets: Vec<_> = sheets
            .into_iter()
            .map(|(header, entries, any)| {
                let closing = closing(&header, &entries, any);
                (header, entries, closing)
            })
            .collect();
        let written: Vec<Sheet<'_>> = sheets
            .iter()
            .map(|(header, entries, closing)| Sheet { header, entries, closing_balance: closing.map(Yen::new) })
            .collect();
        let back = read(&write(&written, LineEnding::CrLf).unwrap()).unwrap();
        prop_assert_eq!(&back.bad, &[]);
        prop_assert_eq!(back.sections.len(), sheets.len());
        for (index, (header, entries, closing)) in sheets.iter().enumerate() {
            prop_assert_eq!(back.sections[index].header.as_ref(), Some(header));
            prop_assert_eq!(back.sections[index].trailer.unwrap().closing_balance, closing.map(Yen::new));
            let lines: Vec<_> = back.entries.iter().filter(|l| l.section == index).map(|l| &l.entry).collect();
            prop_assert_eq!(lines, entries.iter().collect::<Vec<_>>());
        }
    }
}
