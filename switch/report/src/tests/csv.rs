//! CSV in both encodings.

use super::*;
use crate::csv::{CsvDone, CsvError, CsvOut, Encoding, Header, sheet};

fn names(values: &[&str], encoding: Encoding) -> (Vec<u8>, CsvDone) {
    let columns = [Column::new("名", "name", Kind::Text), Column::new("金額", "amount", Kind::Yen)];
    let mut bytes = Vec::new();
    let mut out = CsvOut::new(&mut bytes, &columns, encoding, Header::Without).unwrap();
    for value in values {
        out.row(&cells![*value, Yen::new(-5)]).unwrap();
    }
    let done = out.finish().unwrap();
    (bytes, done)
}

fn shift_jis(text: &str) -> (String, u64) {
    let (bytes, done) = names(&[text], Encoding::ShiftJis);
    let (text, _, wrong) = encoding_rs::SHIFT_JIS.decode(&bytes);
    assert!(!wrong);
    (text.strip_suffix(",-5\r\n").unwrap().to_owned(), done.replaced)
}

#[test]
fn a_sheet_in_utf8() {
    let report = settlement();
    let (bytes, done) = sheet(&report.sheets()[0], Encoding::Utf8, Header::Japanese).unwrap();
    assert_eq!(done, CsvDone { rows: 3, replaced: 0 });
    let expected = "\u{feff}取引日,時刻,端末,摘要,金額,料率,ポイント,件数\r\n\
        2026-11-23,2026-11-23 20:15:30,0000000012345678901,お買物,1234567,3.25,12,1\r\n\
        2026-11-24,,007,\"'=HYPERLINK(\"\"http://x\"\")\",-1280,3,-3,1\r\n\
        2026-11-25,,008,\"ラーメン, \"\"特盛\"\"\",900,,,1\r\n";
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
}

#[test]
fn the_header_can_be_english() {
    let (bytes, _) = sheet(&settlement().sheets()[0], Encoding::ShiftJis, Header::English).unwrap();
    assert!(bytes.starts_with(b"date,time,terminal,text,amount,rate,points,count\r\n"));
}

#[test]
fn formulas_are_disarmed_and_numbers_are_not_touched() {
    for text in ["=1+1", "+81", "-1+cmd|' /C calc'!A0", "@SUM(1)", "\tx", "＝1", "－1", "−1"] {
        let (bytes, _) = names(&[text], Encoding::Utf8);
        let line = String::from_utf8(bytes).unwrap();
        assert_eq!(line, format!("\u{feff}'{text},-5\r\n"));
    }
    let (bytes, _) = names(&["\rx", "\nx", "a=b", "'x", ""], Encoding::Utf8);
    let expected = "\u{feff}\"'\rx\",-5\r\n\"'\nx\",-5\r\na=b,-5\r\n'x,-5\r\n,-5\r\n";
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
}

#[test]
fn shift_jis_says_what_it_could_not_write() {
    for (text, written, replaced) in [
        ("髙島屋 﨑 神 ①㈱", "髙島屋 﨑 神 ①㈱", 0),
        ("𠮷野家と😀", "〓野家と〓", 2),
        ("か\u{3099}ハ\u{309a}ウ\u{3099}", "がパヴ", 0),
        ("辻\u{e0100}", "辻", 0),
        ("9〜10—¥−", "9～10―￥－", 0),
        ("表示ソ能", "表示ソ能", 0),
    ] {
        assert_eq!(shift_jis(text), (written.to_owned(), replaced), "{text}");
    }
}

#[test]
fn shift_jis_is_quoted_like_any_text() {
    // The second byte of ソ and 表 is 5C, of ポ 7C: none of them is a delimiter.
    let (bytes, _) = names(&["ソ,\"表\""], Encoding::ShiftJis);
    assert_eq!(bytes, b"\"\x83\x5c,\"\"\x95\x5c\"\"\",-5\r\n");
}

#[test]
fn a_wrong_row_is_named_and_not_written() {
    let columns = [Column::new("金額", "amount", Kind::Yen)];
    let mut bytes = Vec::new();
    let mut out = CsvOut::new(&mut bytes, &columns, Encoding::Utf8, Header::English).unwrap();
    out.row(&cells![Yen::new(1)]).unwrap();
    let error = out.row(&cells!["1"]).unwrap_err();
    assert_eq!(error.to_string(), "row 2 column \"amount\": the column holds Yen, the value is something else");
    assert!(matches!(out.row(&[]), Err(CsvError::Width { row: 2, cells: 0, columns: 1 })));
    out.row(&cells![Yen::new(2)]).unwrap();
    assert_eq!(out.finish().unwrap().rows, 2);
    assert_eq!(bytes, b"\xef\xbb\xbfamount\r\n1\r\n2\r\n");
}
