//! Files as they come: in any encoding, with bad rows, with and without a total, and twice.

use super::*;
use crate::item::{Item, Kind};
use crate::keys::{Party, Reference, Trace};
use kazasu_schemas::ids::Stan;
use kazasu_schemas::jst::BusinessDay;
use proptest::prelude::*;
use std::num::NonZeroU64;

const HEADER: &str =
    "kind,reference,external_reference,acquirer,merchant,terminal,stan,rrn,approval,amount,currency,day,batch\n";
const GOOD: &str = "purchase,4711,7G-000012,27000001,SHOP,T1,000123,260000000123,00000Z,1280,392,2026-11-24,B-0007\n";

fn rows(content: impl AsRef<[u8]>) -> (Vec<(u64, Row)>, FileReport) {
    let mut rows = Vec::new();
    let report = read(content.as_ref(), None, |line, row| rows.push((line, row.clone()))).unwrap();
    assert_eq!(report.rows + after_total(&report), report.good + report.bad);
    (rows, report)
}

/// Bad lines that are no rows: the total itself, and what follows it.
fn after_total(report: &FileReport) -> u64 {
    let is = |row: &&BadRow| row.problem.starts_with("stands after") || row.problem.starts_with("a total has");
    u64::try_from(report.bad_rows.iter().filter(is).count()).unwrap()
}

fn problems(content: impl AsRef<[u8]>) -> Vec<(u64, String, String, String)> {
    rows(content).1.bad_rows.into_iter().map(|bad| (bad.line, bad.column, bad.value, bad.problem)).collect()
}

fn refused(content: impl AsRef<[u8]>) -> String {
    read(content.as_ref(), None, |_, _| {}).unwrap_err().to_string()
}

fn contract() -> Contract {
    Contract { side: Side::Acquirer, acquirer: None, external: ExternalFrom::Column, mark: Mark(3) }
}

#[test]
fn a_row_has_all_its_columns() {
    let (rows, report) = rows(format!("{HEADER}{GOOD}total,1,1280\n"));
    let (line, row) = &rows[0];
    assert_eq!(*line, 2);
    assert_eq!(row.kind, Kind::Purchase);
    assert_eq!(row.reference, NonZeroU64::new(4711));
    assert_eq!((row.external_reference.as_str(), row.batch.as_str()), ("7G-000012", "B-0007"));
    assert_eq!((row.amount, row.currency), (Yen::new(1_280), 392));
    assert_eq!(row.day, BusinessDay::parse("2026-11-24").unwrap());
    assert_eq!((report.rows, report.good, report.bad, report.sum, report.total), (1, 1, 0, 1_280, Total::Agrees));
    assert_eq!(report.encoding, Format::Ascii);
    let item = row.item(*line, &contract());
    let (acquirer, terminal) = ("27000001".parse().unwrap(), "T1".parse().unwrap());
    let expected = Item {
        own: row.reference,
        external: Reference::new("7G-000012"),
        batch: Reference::new("B-0007"),
        by_rrn: Trace::by_rrn(&acquirer, &terminal, &"260000000123".parse().unwrap()),
        by_stan: Trace::by_stan(&acquirer, &terminal, Stan::wrapping(123)),
        party: Party::merchant(&"SHOP".parse().unwrap()),
        mark: Mark(3),
        amount: Yen::new(1_280),
        ..Item::bare(Side::Acquirer, 2, Kind::Purchase, row.day)
    };
    assert_eq!(item, expected);
}

#[test]
fn the_contract_says_what_is_external_and_whose_file_it_is() {
    let (rows, _) = rows(format!("{HEADER}purchase,,X,,,T1,7,R7,A7,1,392,2026-11-24,\n"));
    let row = &rows[0].1;
    let with = |external, acquirer: Option<&str>| {
        row.item(2, &Contract { external, acquirer: acquirer.map(|a| a.parse().unwrap()), ..contract() })
    };
    assert_eq!(with(ExternalFrom::Rrn, None).external, Reference::new("R7"));
    assert_eq!(with(ExternalFrom::Approval, None).external, Reference::new("A7"));
    let neither = with(ExternalFrom::Column, None);
    assert!(neither.by_rrn.is_none() && neither.by_stan.is_none() && neither.party.is_none());
    let theirs = with(ExternalFrom::Column, Some("27000001"));
    assert!(!theirs.by_rrn.is_none() && !theirs.by_stan.is_none());
    assert_eq!(theirs.party, Party::institution(&"27000001".parse().unwrap()));
}

#[test]
fn columns_come_in_any_order_and_may_be_left_out() {
    let (rows, _) = rows("Day, AMOUNT ,kind,currency\r\n2026-11-24, 500 ,payout,JPY\r\n\r\n 2026-11-25,-1,refund,392");
    assert_eq!(rows.iter().map(|(line, row)| (*line, row.amount.get())).collect::<Vec<_>>(), [(2, 500), (4, -1)]);
    assert_eq!(rows[0].1.external_reference, "");
}

#[test]
fn a_header_that_cannot_be_used_refuses_the_file() {
    for (content, problem) in [
        ("", "the file is empty"),
        ("kind,amount,currency\n", "no column \"day\""),
        ("kind,amount,currency,day,amount\n", "\"amount\" stands there twice"),
        ("\"kind,amount\n", "a quotation mark that is not closed"),
        ("k\0i\0n\0d\0", "UTF-16"),
    ] {
        let found = refused(content);
        assert!(found.starts_with("line 1: ") && found.contains(problem), "{found}");
    }
    let ignored = |name: &str| rows(format!("kind,amount,currency,day,{name}\n")).1.ignored_columns;
    assert_eq!(ignored("RRN2"), ["RRN2"]);
    assert_eq!(ignored("4900009000000061"), ["(digits not shown)"]);
}

#[test]
fn bad_rows_are_reported_and_the_others_processed() {
    let cases: [(&str, &str, &str, &str); 22] = [
        ("sale,,,,,,,,,1,392,2026-11-24,", "kind", "sale", "must be purchase"),
        ("purchase,0,,,,,,,,1,392,2026-11-24,", "reference", "0", "from 1"),
        ("purchase,4900009000000061x,,,,,,,,1,392,2026-11-24,", "reference", "************0061x", "record number"),
        ("purchase,,,123456789012,,,,,,1,392,2026-11-24,", "acquirer", "********9012", "1 to 11 digits"),
        ("purchase,,,,4900009000000061,,,,,1,392,2026-11-24,", "merchant", "************0061", "at most 15"),
        ("purchase,,,,,123456789,,,,1,392,2026-11-24,", "terminal", "123456789", "at most 8"),
        ("purchase,,,,,,1234567,,,1,392,2026-11-24,", "stan", "1234567", "1 to 6 digits"),
        ("purchase,,,,,,,1234567890123,,1,392,2026-11-24,", "rrn", "*********0123", "at most 12"),
        ("purchase,,,,,,,,1234567,1,392,2026-11-24,", "approval", "1234567", "at most 6"),
        ("purchase,,,,,,,,,,392,2026-11-24,", "amount", "", "whole yen"),
        ("purchase,,,,,,,,,\"1,5\",392,2026-11-24,", "amount", "1,5", "each group of three"),
        ("purchase,,,,,,,,,1.5,392,2026-11-24,", "amount", "1.5", "whole yen"),
        ("purchase,,,,,,,,,+1,392,2026-11-24,", "amount", "+1", "whole yen"),
        ("purchase,,,,,,,,,0000000000001,392,2026-11-24,", "amount", "*********0001", "twelve figures"),
        ("purchase,,,,,,,,,-1,392,2026-11-24,", "amount", "-1", "a purchase is not negative"),
        ("refund,,,,,,,,,1,392,2026-11-24,", "amount", "1", "a refund is not positive"),
        ("chargeback,,,,,,,,,1,392,2026-11-24,", "amount", "1", "a chargeback is not positive"),
        ("purchase,,,,,,,,,1,¥,2026-11-24,", "currency", "¥", "three digits"),
        ("purchase,,,,,,,,,1,392,2026-02-30,", "day", "2026-02-30", "a date that exists"),
        ("purchase,,,,,,,,,1,392,2026-11-24", "", "", "has 12 cells, the header has 13 columns"),
        ("purchase,,\"open,,,,,,,1,392,2026-11-24,", "", "", "a quotation mark that is not closed"),
        ("purchase,,\u{1},,,,,,,1,392,2026-11-24,", "external_reference", "\u{1}", "U+0001, a control character"),
    ];
    for (line, column, value, problem) in cases {
        let found = problems(format!("{HEADER}{GOOD}{line}\n{GOOD}"));
        assert_eq!(found.len(), 1, "{line}");
        let (number, at, shown, why) = &found[0];
        assert_eq!((*number, at.as_str(), shown.as_str()), (3, column, value));
        assert!(why.contains(problem), "{why}");
        assert_eq!(rows(format!("{HEADER}{GOOD}{line}\n{GOOD}")).1.good, 2);
    }
    let long = "x".repeat(65);
    for column in [2, 12] {
        let mut values = ["purchase", "", "", "", "", "", "", "", "", "1", "392", "2026-11-24", ""];
        values[column] = &long;
        let found = problems(format!("{HEADER}{}\n", values.join(",")));
        assert_eq!((found[0].1.as_str(), found[0].2.len()), (COLUMNS[column], 64));
    }
}

#[test]
fn what_a_spreadsheet_writes_back_is_read() {
    let file = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/files/detail-slash-dates.csv")).unwrap();
    let (found, report) = rows(&file);
    assert_eq!((found.len(), report.bad, report.total), (21, 0, Total::Agrees));
    assert!(found.iter().all(|(_, row)| row.day == BusinessDay::parse("2026-11-29").unwrap()));
    let text = "備考,種別,金額,通貨,日付\r\n\"二\r\n行\",purchase,\"１，２８０円\",JPY,令和8年11月24日\r\n,refund,△280,392,2026/11/24\r\n\
                ,purchase,\"1,5\",392,2026/11/24\r\n,total,2,1000\r\n";
    let (found, report) = rows(text);
    let read: Vec<_> = found.iter().map(|(line, row)| (*line, row.amount.get(), row.day.to_string())).collect();
    assert_eq!(read, [(2, 1_280, "2026-11-24".to_owned()), (4, -280, "2026-11-24".to_owned())]);
    assert_eq!((report.bad_rows[0].line, report.bad_rows[0].row), (5, Some(4)));
    assert_eq!(report.ignored_columns, ["備考"]);
}

#[test]
fn lines_are_bounded() {
    let padded = |length: usize, end: &str| {
        let row = "purchase,,,,,,,,,1,392,2026-11-24,";
        format!("{HEADER}{row}{}{end}{GOOD}", " ".repeat(length - row.len()))
    };
    for end in ["\n", "\r\n"] {
        assert_eq!(rows(padded(MAX_LINE, end)).1.good, 2);
        let (rows, report) = rows(padded(MAX_LINE + 1, end));
        assert_eq!((rows.len(), report.rows, report.bad), (1, 2, 1));
        assert_eq!(report.bad_rows[0].problem, "the line has more than 2,048 bytes");
    }
    let endless = format!("{HEADER}{}", "9".repeat(3_000_000));
    assert_eq!(rows(endless).1.bad, 1);
}

#[test]
fn bad_rows_beyond_the_limit_are_counted() {
    let content = format!("{HEADER}{}", "x\n".repeat(LISTED + 5));
    let report = read(content.as_bytes(), None, |_, _| unreachable!("no row is good")).unwrap();
    assert_eq!((report.bad_rows.len(), report.bad), (LISTED, u64::try_from(LISTED + 5).unwrap()));
}

#[test]
fn quotes_are_those_of_rfc_4180() {
    let of = |value: &str| {
        rows(format!("{HEADER}purchase,,{value},,,,,,,1,392,2026-11-24,\n")).0[0].1.external_reference.clone()
    };
    assert_eq!(of("\"a,b\""), "a,b");
    assert_eq!(of("\"say \"\"x\"\"\""), "say \"x\"");
    assert_eq!(of("\"\""), "");
    assert_eq!(of("  plain  "), "plain");
    for (value, problem) in [("a\"b", "within a cell"), ("\"a\"b", "behind a closing")] {
        let found = problems(format!("{HEADER}purchase,,{value},,,,,,,1,392,2026-11-24,\n"));
        assert!(found[0].3.contains(problem), "{found:?}");
    }
}

#[test]
fn shift_jis_and_utf_8_say_the_same() {
    let text = format!("{HEADER}purchase,1,売上-ソ表,,,,,,,1,392,2026-11-24,ﾊﾞｯﾁ1\n");
    let (utf8, utf8_report) = rows(&text);
    let (bom, bom_report) = rows(format!("\u{feff}{text}"));
    let (sjis, _, lossy) = encoding_rs::SHIFT_JIS.encode(&text);
    assert!(!lossy && sjis.contains(&b'\\'), "ソ and 表 end in a byte that is a backslash in ASCII");
    let (sjis, sjis_report) = rows(&sjis);
    assert_eq!(utf8, sjis);
    assert_eq!(utf8, bom);
    assert_eq!(utf8[0].1.external_reference, "売上-ソ表");
    assert_eq!(utf8_report.encoding, Format::Utf8);
    assert_eq!(bom_report.encoding, Format::Utf8);
    assert_eq!(sjis_report.encoding, Format::ShiftJis);
    assert_eq!(utf8[0].1.item(2, &contract()), sjis[0].1.item(2, &contract()));
}

#[test]
fn an_encoding_is_kept_to() {
    let row = |name: &[u8]| [b"purchase,,", name, b",,,,,,,1,392,2026-11-24,\n"].concat();
    let (sjis, utf8) = (encoding_rs::SHIFT_JIS.encode("売").0.into_owned(), "売".as_bytes());
    let file = |lines: &[Vec<u8>]| [HEADER.as_bytes(), &lines.concat()].concat();
    // After UTF-8, Shift_JIS is wrong.
    let found = problems(file(&[row(utf8), row(&sjis), row(b"ascii")]));
    assert_eq!((found.len(), found[0].0), (1, 3));
    assert!(found[0].3.contains("not one of the file's encoding"), "{found:?}");
    // A byte order mark decides, too.
    let marked = [&b"\xef\xbb\xbf"[..], &file(&[row(&sjis)])].concat();
    assert_eq!((rows(&marked).1.bad, rows(&marked).1.encoding), (1, Format::Utf8));
    // What is neither decides nothing.
    let found = problems(file(&[row(b"\xff"), row(&sjis)]));
    assert_eq!((found.len(), found[0].0), (1, 2));
    // Two half-width letters that happen to be UTF-8: only a contract can tell.
    let mut names = Vec::new();
    let content = file(&[row(b"\xc3\xb1")]);
    read(&content[..], Some(Format::ShiftJis), |_, row| names.push(row.external_reference.clone())).unwrap();
    read(&content[..], None, |_, row| names.push(row.external_reference.clone())).unwrap();
    assert_eq!(names, ["ﾃｱ", "ñ"]);
}

#[test]
fn a_total_is_checked_and_stops_nothing() {
    let total = |text: &str| rows(format!("{HEADER}{GOOD}{GOOD}{text}\n")).1.total;
    assert_eq!(total(""), Total::Absent);
    assert_eq!(total("total,2,2560"), Total::Agrees);
    assert_eq!(total("TOTAL,2,2560,,,,,,,,,,"), Total::Agrees);
    assert_eq!(total("total,3,2560"), Total::Differs { count: 3, sum: 2_560 });
    assert_eq!(total("total,2,-1"), Total::Differs { count: 2, sum: -1 });
    // Bad rows are rows, and count with what can be read of them.
    let bad = "purchase,bad,,,,,,,,20,392,2026-11-24,\n";
    assert_eq!(rows(format!("{HEADER}{GOOD}{bad}{bad}{GOOD}total,4,2600\n")).1.total, Total::Agrees);
    let found = problems(format!("{HEADER}{GOOD}total,two,1280\n"));
    assert_eq!((found[0].0, found[0].2.as_str()), (3, "two,1280"));
    let (rows, report) = rows(format!("{HEADER}{GOOD}total,1,1280\n{GOOD}"));
    assert_eq!((rows.len(), report.rows, report.bad, report.total), (1, 1, 1, Total::Agrees));
    assert_eq!(report.bad_rows[0].problem, "stands after the total");
}

#[test]
fn the_same_file_twice_is_recognised() {
    let digest = |content: &str| rows(content).1.sha256;
    let once = format!("{HEADER}{GOOD}total,1,1280\n");
    assert_eq!(digest(&once), digest(&once));
    let others =
        [format!("{once}\n"), format!("\u{feff}{once}"), once.replace('\n', "\r\n"), once.replace("1280", "1281")];
    for other in others {
        assert_ne!(digest(&once), digest(&other));
    }
    use sha2::Digest;
    assert_eq!(digest(&once)[..], sha2::Sha256::digest(once.as_bytes())[..]);
}

#[test]
fn the_documentation_names_every_column_and_its_example_is_read() {
    let page = include_str!("../detail-file.md");
    for column in COLUMNS {
        assert!(page.contains(&format!("| `{column}` |")), "{column}");
    }
    for kind in Kind::ALL {
        assert!(page.contains(&format!("`{}`", kind.as_str())), "{}", kind.as_str());
    }
    let example = page.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let (rows, report) = rows(example);
    assert_eq!((rows.len(), report.bad, report.total), (2, 0, Total::Agrees));
    for (number, what) in [(MAX_LINE, "2,048 bytes"), (usize::try_from(MAX_ROWS).unwrap(), "5,000,000 lines")] {
        assert_eq!(what.replace(',', "").split(' ').next(), Some(number.to_string().as_str()));
        assert!(page.contains(what));
    }
}

#[test]
fn what_a_file_cannot_carry_is_not_written() {
    let day = BusinessDay(20_000);
    let good = Row::new(Kind::Payout, Yen::new(1), day);
    let mut writer = Writer::new(Vec::new()).unwrap();
    for bad in [
        Row { amount: Yen::new(1_000_000_000_000), ..good.clone() },
        Row { currency: 1_000, ..good.clone() },
        Row { batch: "a\nb".into(), ..good.clone() },
        Row { external_reference: "\t".into(), ..good.clone() },
    ] {
        assert_eq!(writer.row(&bad).unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
    }
    let written = writer.finish().unwrap();
    assert_eq!((written.rows, written.sum), (0, Yen::ZERO));
    assert_eq!(String::from_utf8(written.out).unwrap(), format!("{}\r\ntotal,0,0\r\n", COLUMNS.join(",")));
}

fn any_row() -> impl Strategy<Value = Row> {
    let ids = (
        "[0-9]{1,11}",
        "[!-~]([ -~]{0,13}[!-~])?",
        "[!-~]([ -~]{0,6}[!-~])?",
        "[!-~]([ -~]{0,10}[!-~])?",
        "[!-~]([ -~]{0,4}[!-~])?",
    );
    let free = "([!-~ぁ-んｱ-ﾝ][ -~ぁ-んｱ-ﾝ]{0,62}[!-~ぁ-んｱ-ﾝ])?";
    let numbers = (
        0_u64..1_000_000_000_000_000_000,
        0_u64..1_000_000,
        -999_999_999_999_i64..=999_999_999_999,
        0_u16..1_000,
        0_i32..40_000,
    );
    (ids, (free, free), numbers, any::<[bool; 6]>(), 0_usize..8).prop_map(
        |(
            (acquirer, merchant, terminal, rrn, approval),
            (external, batch),
            (own, stan, amount, currency, day),
            has,
            kind,
        )| {
            let kind = Kind::ALL[kind];
            let amount = match kind {
                Kind::Purchase => amount.abs(),
                Kind::Refund | Kind::Chargeback => -amount.abs(),
                Kind::Reversal | Kind::Fee | Kind::Settlement | Kind::Payout | Kind::Adjustment => amount,
            };
            Row {
                reference: NonZeroU64::new(own),
                external_reference: external,
                acquirer: has[0].then(|| acquirer.parse().unwrap()),
                merchant: has[1].then(|| merchant.parse().unwrap()),
                terminal: has[2].then(|| terminal.parse().unwrap()),
                stan: has[3].then(|| Stan::wrapping(stan)),
                rrn: has[4].then(|| rrn.parse().unwrap()),
                approval: has[5].then(|| approval.parse().unwrap()),
                currency,
                batch,
                ..Row::new(kind, Yen::new(amount), BusinessDay(day))
            }
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read(list in prop::collection::vec(any_row(), 0..20), shift_jis in any::<bool>()) {
        let mut writer = Writer::new(Vec::new()).unwrap();
        list.iter().try_for_each(|row| writer.row(row)).unwrap();
        let written = writer.finish().unwrap();
        let text = String::from_utf8(written.out).unwrap();
        let content = if shift_jis { encoding_rs::SHIFT_JIS.encode(&text).0.into_owned() } else { text.into_bytes() };
        let encoding = if shift_jis { Format::ShiftJis } else { Format::Utf8 };
        let mut back = Vec::new();
        let report = read(&content[..], Some(encoding), |_, row| back.push(row.clone())).unwrap();
        prop_assert_eq!(&report.bad_rows, &[]);
        prop_assert_eq!(&back, &list);
        prop_assert_eq!((report.total, report.sum_yen()), (Total::Agrees, written.sum));
        prop_assert!(shift_jis || report.sha256 == written.sha256);
    }

    #[test]
    fn no_content_stops_the_reader(lines in prop::collection::vec("[ -~ぁ-ん\"]{0,60}", 0..20), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let content = [HEADER.as_bytes(), lines.join("\n").as_bytes(), b"\n", &bytes, b"\n", GOOD.as_bytes()].concat();
        let mut good = 0;
        let report = read(&content[..], None, |_, _| good += 1).unwrap();
        prop_assert_eq!(report.good, good);
        prop_assert!(report.bad_rows.iter().all(|bad| bad.value.chars().count() <= 64));
        let total = lines.iter().any(|line| line.to_lowercase().contains("total"));
        prop_assert!(good >= 1 || total, "the good row at the end is read");
    }
}
