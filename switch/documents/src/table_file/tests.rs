//! Tables as spreadsheets write them are read back, with the lines that are shown; with any damage, no row vanishes.

use super::*;
use crate::japanese::assert_japanese;
use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format as CellFormat, Workbook};

const COLUMNS: Columns = Columns {
    known: &[("id", &["番号"]), ("name", &["名称", "店名"]), ("amount", &["金額"]), ("day", &["日付"])],
    needed: &["id", "name", "amount"],
    dates: &["day"],
};

/// The results: line, and cells or fault.
type Out = (u64, Result<Vec<String>, String>);

fn rows_of(bytes: &[u8]) -> Vec<Out> {
    let mut table = Table::open(bytes, COLUMNS, How::default()).unwrap();
    let mut out = Vec::new();
    while let Some(row) = table.next_row() {
        let cells = match row.fault {
            None => Ok(["id", "name", "amount", "day"].map(|name| row.get(name).to_owned()).to_vec()),
            Some(fault) => {
                assert_japanese(&fault.problem);
                Err(format!("{} {}", fault.column, fault.problem))
            }
        };
        out.push((row.line, cells));
    }
    out
}

fn refused(bytes: &[u8]) -> String {
    let problem = Table::open(bytes, COLUMNS, How::default()).err().unwrap();
    assert_japanese(&problem);
    problem.to_string()
}

fn lines_of(bytes: &[u8]) -> Vec<(u64, bool)> {
    rows_of(bytes).into_iter().map(|(line, cells)| (line, cells.is_ok())).collect()
}

#[test]
fn every_line_end_counts_as_one_line() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["番号,名称,金額,日付", "1,あ,10,", "2,\"い\nう\",20,", "", "3,え,abc,x,y", "4,お,40,"].join(end);
        let text = text.replace("い\n", &format!("い{end}"));
        let found = rows_of(text.as_bytes());
        let of = |id: &str, name: &str, amount: &str| Ok([id, name, amount, ""].map(str::to_owned).to_vec());
        assert_eq!(found[0], (2, of("1", "あ", "10")), "{end:?}");
        assert_eq!(found[1], (3, of("2", &format!("い{end}う"), "20")), "{end:?}");
        assert_eq!((found[2].0, found[2].1.is_err()), (6, true), "{end:?}");
        assert_eq!(found[3], (7, of("4", "お", "40")), "{end:?}");
        assert_eq!(found.len(), 4);
    }
}

#[test]
fn a_broken_quotation_mark_costs_its_own_row_only() {
    for (text, expected) in [
        ("1,\"a,10\n2,b,20\n3,c,30\n", &[(2, false), (3, true), (4, true)][..]),
        ("1,a,10\n2,\"b,20\n3,\"c\",30\n4,d,40\n", &[(2, true), (3, false), (4, true), (5, true)]),
        ("1,\"a,10\n2,\"b,20\n3,c,30\n", &[(2, false), (3, false), (4, true)]),
        ("1,\"a\"b,10\n2,b,20\n", &[(2, false), (3, true)]),
        ("1,a\"b,10\n2,b,20\n", &[(2, false), (3, true)]),
        // Both ends are there, and a whole row stands between them.
        ("1,\"a,10\n2,b,20\n3,c\",30\n4,d,40\n", &[(2, false), (3, true), (4, false), (5, true)]),
        ("1,\"a,10\n2,b\",20\n3,c,30\n", &[(2, false), (3, false), (4, true)]),
        ("\"1,a,10\n2\",b,20\n3,c,30\n", &[(2, false), (3, false), (4, true)]),
        ("1,a,\"10\n2,b,20\n3,c,\"\"\n4,d,40", &[(2, false), (3, true), (4, true), (5, true)]),
        // Line breaks in cells are no damage, wherever they stand.
        ("\"1\n1\",a,10\n2,b,20\n", &[(2, true), (4, true)]),
        ("1,a,\"1\n\n0\"\n2,b,20\n", &[(2, true), (5, true)]),
        ("1,\"a\nb\",\"c\nd\"\n2,b,20\n", &[(2, true), (5, true)]),
        ("1,\"a\nb\",10,x\n2,b,20\n", &[(2, false), (4, true)]),
        ("1, \"a\" ,10\n2,\"b\" ,20\n", &[(2, true), (3, true)]),
        ("1,\"a", &[(2, false)]),
    ] {
        for end in ["\n", "\r\n", "\r"] {
            let text = format!("id,name,amount\n{text}").replace('\n', end);
            assert_eq!(lines_of(text.as_bytes()), expected, "{text:?}");
        }
    }
    // What stands between lacks a cell, as rows do that a person has damaged.
    let short = "id,name,amount,day\n1,\"a,10\n2,b,20\n3,c\",30,\n4,d,40,\n";
    assert_eq!(lines_of(short.as_bytes()), [(2, false), (3, false), (4, false), (5, true)]);
    let found = rows_of(b"id,name,amount\n1, \"a\" ,10\n");
    assert_eq!(found[0].1.as_ref().unwrap()[1], "a");
}

#[test]
fn rows_that_cannot_be_used_are_named() {
    let found = rows_of("id,name,amount\n1,a\n2,b,20,x\n3,c\u{0},30\n4,d\u{7},40\n,,\n \n5,e,50".as_bytes());
    let problems: Vec<(u64, &str)> =
        found.iter().filter_map(|(line, cells)| Some((*line, cells.as_ref().err()?.as_str()))).collect();
    assert_eq!(
        problems,
        [
            (2, " has 2 cells, the header has 3 columns"),
            (3, " has 4 cells, the header has 3 columns"),
            (4, " has a character U+0000, which is no text"),
            (5, "name character 2 is U+0007, a control character"),
        ]
    );
    assert_eq!(found.last().unwrap().0, 8);
    let mut table = Table::open(b"id,name,amount\n,,\n\n1,a,1\n\n", COLUMNS, How::default()).unwrap();
    while table.next_row().is_some() {}
    assert_eq!(table.blank(), 3);
}

#[test]
fn a_long_number_that_a_spreadsheet_shortened_is_refused() {
    for text in ["1.23457E+11", "1E+12", "1.2e+15", " 4.9E+15 ", "-1.5E+13", "\"1.23457E+11\""] {
        let found = rows_of(format!("id,name,amount\n{text},a,1\n2,{text},1\n").as_bytes());
        for (row, column) in found.iter().zip(["id", "name"]) {
            let problem = row.1.as_ref().unwrap_err();
            assert!(problem.starts_with(column) && problem.contains("format the column as text"), "{text}: {problem}");
        }
    }
    for text in ["E+11", "1E11", "12E+5", "1.E+5", "E", "1E+", "A1E+5", "1.2.3E+4", "1E+5 x"] {
        assert!(rows_of(format!("id,name,amount\n{text},a,1\n").as_bytes())[0].1.is_ok(), "{text}");
    }
    // A column that is not read may hold anything.
    assert!(rows_of("id,備考,name,amount\n1,1.2E+11,a,1\n".as_bytes())[0].1.is_ok());
}

#[test]
fn columns_are_found_by_name_and_others_are_named() {
    let text = "備考,\"金　額\n（円）\",ＩＤ,氏名,店 名,\n,10,1,x,あ,\n";
    let mut table = Table::open(text.as_bytes(), COLUMNS, How::default()).unwrap();
    assert_eq!(table.ignored(), ["備考", "氏名"]);
    let row = table.next_row().unwrap();
    assert_eq!((row.line, row.row, row.get("id"), row.get("name"), row.get("amount")), (3, Some(2), "1", "あ", "10"));
    assert!(refused(b"").contains("is empty"));
    assert!(refused(b"\n\n,,\n").contains("is empty"));
    assert!(refused(b"id,name\n").contains("line 1: the header has no column \"amount\""));
    assert!(
        refused("\nid,name,備考\n".as_bytes())
            .contains("line 2: the header has no column \"amount\"; expected id, name, amount; not known are \"備考\"")
    );
    assert!(refused(b"id,name,amount,ID\n").contains("\"id\" stands there twice"));
    assert!(refused(b"\"id,name,amount\n").contains("line 1: the header has a quotation mark"));
    assert!(refused(b"i\0d\0,\0n\0").contains("UTF-16"));
    assert!(refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1").contains(".xlsx"));
    assert!(refused(b"PK\x03\x04 no workbook").contains("open it and save it again"));
}

#[test]
fn a_file_of_refused_rows_is_read_in_again() {
    let first = "番号,備考,名称,金額\r\n1,x,=A1,abc\r\n2,,b,1,000\r\n";
    let mut table = Table::open(first.as_bytes(), COLUMNS, How::default()).unwrap();
    let file = refused_file(&mut table);
    let text = String::from_utf8(file.clone()).unwrap();
    let whole = "3,,'=wrong,\"【行全体 whole row】2,,b,1,000\",,,\r\n";
    assert!(text.contains(&format!("2,,'=wrong,1,x,'=A1,abc\r\n{whole}")), "{text}");
    let mut again = Table::open(&file, COLUMNS, How::default()).unwrap();
    assert_eq!(again.ignored(), ["備考"]);
    let row = again.next_row().unwrap();
    assert_eq!((row.fault.clone(), row.get("id"), row.get("name"), row.get("amount")), (None, "1", "=A1", "abc"));
    assert!(again.next_row().unwrap().fault.unwrap().problem.to_string().contains("put its values into the cells"));
}

/// Every row of a table as one that was refused.
fn refused_file(table: &mut Table<'_>) -> Vec<u8> {
    let rows = std::iter::from_fn(|| table.next_row());
    let rows: Vec<(u64, Vec<String>)> = rows.map(|row| (row.line, row.into_refused())).collect();
    let refused = rows.iter().map(|(line, cells)| Refused { line: *line, column: "", problem: "=wrong", cells });
    refused_csv(table.header(), refused).unwrap()
}

#[test]
fn a_row_that_was_refused_as_a_whole_is_refused_until_a_person_mends_it() {
    for text in [
        // Cut short, too long, and pieces of a broken cell that are as many as the columns.
        "番号,名称,金額\r\n1,a\r\n",
        "番号,名称,金額\r\n1,a\",3\r\n",
        "番号,名称,金額\r\n1,\"a\nb,c\",3,4\r\n",
        "番号,名称,金額\r\n1,a\0,3\r\n",
        // The first column is none that is read.
        "備考,番号,名称,金額\r\n,1,10\r\n",
    ] {
        let mut file = text.as_bytes().to_vec();
        // A copy of a copy is refused like the first.
        for _ in 0..3 {
            let copy = refused_file(&mut Table::open(&file, COLUMNS, How::default()).unwrap());
            file = copy;
            let found = rows_of(&file);
            assert_eq!(found.len(), 1, "{text:?}: {}", String::from_utf8_lossy(&file));
            let problem = found[0].1.as_ref().unwrap_err();
            assert!(problem.contains("still bears the mark"), "{text:?}: {problem}");
        }
    }
    // Saved in Shift_JIS it is refused as well; with its values at their places it is taken.
    let mut table = Table::open("番号,名称,金額\n1,a\n".as_bytes(), COLUMNS, How::default()).unwrap();
    let text = String::from_utf8(refused_file(&mut table)).unwrap();
    let plain = text.trim_start_matches('\u{feff}');
    assert!(rows_of(&encoding_rs::SHIFT_JIS.encode(plain).0)[0].1.is_err());
    let mended = text.replace("\"【行全体 whole row】1,a\",,", "1,a,30");
    assert_ne!(mended, text);
    assert_eq!(rows_of(mended.as_bytes())[0].1.as_ref().unwrap()[..3], ["1", "a", "30"]);
}

/// Found by the fuzz target `table_csv`: the cell of a file with tabs became a row of its own in the file of refused rows.
#[test]
fn a_cell_that_looks_like_rows_makes_no_row_of_its_own_when_it_comes_back() {
    let first = "id\tname\tamount\n1\t\"a\n9,,,7,injected,900\nb\"\tabc\n2\t\"two\nlines\"\tabc\n";
    let mut table = Table::open(first.as_bytes(), COLUMNS, How::default()).unwrap();
    let found = rows_of(&refused_file(&mut table));
    let of = |id: &str, name: &str| Ok([id, name, "abc", ""].map(str::to_owned).to_vec());
    assert_eq!(found, [(2, of("1", "a↓9,,,7,injected,900↓b")), (3, of("2", "two\nlines"))]);
}

#[test]
fn characters_of_windows_are_read() {
    let text = "番号,名称,金額\n1,髙﨑①㈱～,10\n";
    let (sjis, _, lossy) = encoding_rs::SHIFT_JIS.encode(text);
    assert!(!lossy);
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain(text.replace(',', "\t").encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let utf16_be: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    for (bytes, format) in [
        (sjis.to_vec(), Format::ShiftJis),
        (text.as_bytes().to_vec(), Format::Utf8),
        (format!("\u{feff}{text}").into_bytes(), Format::Utf8),
        (utf16, Format::Utf16),
        (utf16_be, Format::Utf16),
    ] {
        let table = Table::open(&bytes, COLUMNS, How::default()).unwrap();
        assert_eq!(table.format(), format);
        assert_eq!(rows_of(&bytes)[0].1.as_ref().unwrap()[1], "髙﨑①㈱～");
    }
    // Bytes of another encoding cost their own row.
    let mixed = [text.as_bytes(), b"2,\x94\x84,20\n3,c,30\n"].concat();
    assert_eq!(lines_of(&mixed), [(2, true), (3, false), (4, true)]);
    let cut = [&sjis[..], b"2,\x94\n3,c,30\n"].concat();
    assert_eq!(lines_of(&cut), [(2, true), (3, false), (4, true)]);
}

fn book(fill: impl FnOnce(&mut Workbook)) -> Vec<u8> {
    let mut book = Workbook::new();
    fill(&mut book);
    book.save_to_buffer().unwrap()
}

#[test]
fn a_workbook_is_read_as_it_is() {
    let bytes = book(|book| {
        let hidden = book.add_worksheet().set_name("設定").unwrap();
        hidden.set_hidden(true).write(0, 0, "x").unwrap();
        let sheet = book.add_worksheet().set_name("申請").unwrap();
        sheet.set_active(true);
        for (column, name) in ["番号", "名称", "金額", "日付"].iter().enumerate() {
            sheet.write(2, u16::try_from(column).unwrap(), *name).unwrap();
        }
        sheet.write(3, 0, 123_456_789_012_345.0).unwrap();
        sheet.write(3, 1, "改行\nあり").unwrap();
        sheet.write(3, 2, 1_100.0 * 1.1).unwrap();
        let era = CellFormat::new().set_num_format("[$-411]ggge\"年\"m\"月\"d\"日\"");
        sheet.write_with_format(3, 3, ExcelDateTime::from_ymd(2026, 11, 29).unwrap(), &era).unwrap();
        sheet.write(6, 0, "00012").unwrap();
        sheet.write(6, 1, true).unwrap();
        sheet.write(6, 2, 1.5).unwrap();
        sheet.write(7, 0, 4_900_009_000_000_061.0).unwrap();
        sheet.write(7, 1, "x").unwrap();
        sheet.write(8, 1, "x").unwrap();
        sheet.write_with_format(8, 0, ExcelDateTime::from_ymd(2026, 1, 2).unwrap(), &era).unwrap();
        sheet.write(1_048_575, 16_383, "far").unwrap();
    });
    let mut table = Table::open(&bytes, COLUMNS, How::default()).unwrap();
    assert_eq!((table.format(), table.sheet()), (Format::Xlsx, Some("申請")));
    let rows: Vec<Row> = std::iter::from_fn(|| table.next_row()).collect();
    let of = |row: &Row| ["id", "name", "amount", "day"].map(|name| row.get(name).to_owned());
    assert_eq!((rows[0].line, rows[0].row), (4, None));
    assert_eq!(of(&rows[0]), ["123456789012345", "改行\nあり", "1210", "2026-11-29"]);
    assert_eq!((rows[1].line, of(&rows[1])), (7, ["00012", "yes", "1.5", ""].map(str::to_owned)));
    assert_eq!((rows[2].line, rows[2].fault.as_ref().unwrap().column), (8, "id"));
    assert!(rows[2].fault.as_ref().unwrap().problem.to_string().contains("fifteen figures"));
    assert!(rows[3].fault.as_ref().unwrap().problem.to_string().contains("is a date"));
    assert_eq!(rows[4].line, 1_048_576);
    let named = |sheet| Table::open(&bytes, COLUMNS, How { sheet: Some(sheet), ..How::default() });
    assert!(named("申請").is_ok());
    assert_eq!(
        named("ない").err().unwrap().to_string(),
        "the workbook has no sheet \"ない\"; it has \"設定\", \"申請\""
    );
}

/// A workbook of one sheet with these cells: their places, and text.
fn workbook_of(cells: &[(&str, u64, &str)]) -> Vec<u8> {
    use std::io::Write;
    let rows = cells.iter().map(|(column, row, text)| {
        format!("<row r=\"{row}\"><c r=\"{column}{row}\" t=\"inlineStr\"><is><t>{text}</t></is></c></row>")
    });
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let (office, package) = (
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        "http://schemas.openxmlformats.org/package/2006/relationships",
    );
    let relation = |kind: &str, target: &str| {
        format!(
            "<Relationships xmlns=\"{package}\"><Relationship Id=\"r\" Type=\"{office}/{kind}\" Target=\"{target}\"/></Relationships>"
        )
    };
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in [
        ("_rels/.rels", relation("officeDocument", "xl/workbook.xml")),
        ("xl/_rels/workbook.xml.rels", relation("worksheet", "worksheets/sheet1.xml")),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets><sheet name=\"s\" sheetId=\"1\" r:id=\"r\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!("<worksheet xmlns=\"{main}\"><sheetData>{}</sheetData></worksheet>", rows.collect::<String>()),
        ),
    ] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Found by the fuzz target `table_xlsx`: rows that are far apart are filled up with empty ones, and there was no last row.
#[test]
fn a_workbook_ends_where_spreadsheets_end() {
    let last = workbook_of(&[("A", 1, "id"), ("A", 1_048_576, "7")]);
    let mut table = Table::open(&last, Columns { needed: &["id"], ..COLUMNS }, How::default()).unwrap();
    let row = table.next_row().unwrap();
    assert_eq!((row.line, row.get("id")), (1_048_576, "7"));
    assert!(table.next_row().is_none());
    for beyond in [("A", 1_048_577, "7"), ("XFE", 2, "7"), ("A", 2_000_000, "7")] {
        let said = refused(&workbook_of(&[("A", 1, "id"), beyond]));
        assert!(said.contains("a sheet has 1,048,576 and 16,384"), "{beyond:?}: {said}");
    }
}

#[test]
fn a_workbook_that_unfolds_without_end_is_refused() {
    use std::io::Write;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("xl/sharedStrings.xml", zip::write::SimpleFileOptions::default()).unwrap();
    let zeros = vec![0; 1024 * 1024];
    for _ in 0..1025 {
        zip.write_all(&zeros).unwrap();
    }
    let bytes = zip.finish().unwrap().into_inner();
    assert!(bytes.len() < 2 * 1024 * 1024);
    assert!(refused(&bytes).contains("unfolds to more than"));
}

/// Cells whose first character cannot be mistaken for what stands around a cell, and that have fewer separators than a row.
fn any_cell() -> impl Strategy<Value = String> {
    let cell = "([a-z0-9あ-んア-ン髙﨑①㈱][a-z0-9 ,\"あ-んア-ン㈱\n\t]{0,8}[a-z0-9あ-ん㈱])?";
    cell.prop_filter("as long as a row", |cell| cell.matches([',', '\t']).count() < 3)
}

fn any_table() -> impl Strategy<Value = Vec<[String; 4]>> {
    let id = "[1-9][0-9]{0,5}";
    prop::collection::vec((id, any_cell(), any_cell(), any_cell()).prop_map(|(a, b, c, d)| [a, b, c, d]), 0..12)
}

#[derive(Clone, Copy, Debug)]
struct Style {
    end: &'static str,
    separator: char,
    encoding: u8,
    quote_all: bool,
    last_end: bool,
}

fn any_style() -> impl Strategy<Value = Style> {
    let end = prop::sample::select(vec!["\n", "\r\n", "\r"]);
    let separator = prop::sample::select(vec![',', '\t']);
    (end, separator, 0_u8..4, any::<bool>(), any::<bool>()).prop_map(
        |(end, separator, encoding, quote_all, last_end)| Style { end, separator, encoding, quote_all, last_end },
    )
}

/// The rows as text, one string a row.
fn written(rows: &[[String; 4]], style: Style) -> Vec<String> {
    let cell = |text: &String| {
        let text = text.replace('\n', style.end);
        let special = style.quote_all || text.contains(['"', '\n', '\r', style.separator]);
        if special { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
    };
    let header = ["番号", "名称", "金額", "日付"].map(str::to_owned);
    let all = std::iter::once(&header).chain(rows);
    all.map(|row| row.iter().map(cell).collect::<Vec<_>>().join(&style.separator.to_string())).collect()
}

fn encoded(rows: &[String], style: Style) -> Vec<u8> {
    let mut text = rows.join(style.end);
    if style.last_end {
        text.push_str(style.end);
    }
    match style.encoding {
        0 => text.into_bytes(),
        1 => format!("\u{feff}{text}").into_bytes(),
        2 => encoding_rs::SHIFT_JIS.encode(&text).0.into_owned(),
        _ => std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect(),
    }
}

/// On which line each row begins.
fn begins(rows: &[String], style: Style) -> Vec<u64> {
    let mut at = 1;
    let lines = |row: &String| u64::try_from(row.matches(style.end).count() + 1).unwrap();
    let mut next = |row: &String| {
        at += lines(row);
        at - lines(row)
    };
    rows.iter().map(&mut next).collect()
}

proptest! {
    #[test]
    fn what_is_written_in_any_way_is_read(rows in any_table(), style in any_style()) {
        let text = written(&rows, style);
        let lines = begins(&text, style);
        let expected: Vec<Out> = rows.iter().zip(&lines[1..]).map(|(row, line)| {
            (*line, Ok(row.iter().map(|cell| cell.replace('\n', style.end).trim().to_owned()).collect()))
        }).collect();
        prop_assert_eq!(rows_of(&encoded(&text, style)), expected);
    }

    #[test]
    fn workbooks_are_read_with_their_rows(rows in any_table(), gaps in prop::collection::vec(0_u32..3, 12)) {
        let mut at = 0;
        let mut expected: Vec<Out> = Vec::new();
        let bytes = book(|book| {
            let sheet = book.add_worksheet();
            let header = ["番号", "名称", "金額", "日付"].map(str::to_owned);
            for (row, gap) in std::iter::once(&header).chain(&rows).zip(std::iter::once(&0).chain(&gaps)) {
                at += gap;
                for (cell, column) in row.iter().zip(0..) {
                    sheet.write(at, column, cell.as_str()).unwrap();
                }
                if row != &header {
                    let cells = row.iter().map(|cell| cell.trim().to_owned()).collect();
                    expected.push((u64::from(at) + 1, Ok(cells)));
                }
                at += 1;
            }
        });
        prop_assert_eq!(rows_of(&bytes), expected);
    }

    #[test]
    fn a_stray_mark_costs_its_own_row_only(rows in any_table(), style in any_style(), which in 0_usize..12, at in 0_usize..60) {
        // A row on one line without marks, where this one does not close or double another.
        let style = Style { quote_all: false, ..style };
        let mut rows = rows;
        let which = which % (rows.len() + 1);
        rows.insert(which, ["7", "plain 髙", "10", ""].map(str::to_owned));
        let (hit, mut text) = (which + 1, written(&rows, style));
        let lines = begins(&text, style);
        let at = text[hit].char_indices().map(|(at, _)| at).nth(at % text[hit].chars().count()).unwrap_or(0);
        text[hit].insert(at, '"');
        let found = rows_of(&encoded(&text, style));
        prop_assert_eq!(found.len(), rows.len());
        for (n, ((line, cells), row)) in found.into_iter().zip(&rows).enumerate() {
            prop_assert_eq!(line, lines[n + 1]);
            if n + 1 == hit {
                prop_assert!(cells.is_err());
            } else {
                let row: Vec<String> = row.iter().map(|cell| cell.replace('\n', style.end).trim().to_owned()).collect();
                prop_assert_eq!(cells, Ok(row));
            }
        }
    }

    #[test]
    fn whatever_is_damaged_every_line_is_accounted_for(
        rows in any_table(), style in any_style(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..3), 0..8),
    ) {
        let style = Style { encoding: style.encoding % 3, ..style };
        let text = written(&rows, style);
        let head = encoded(&text[..1], Style { last_end: true, ..style });
        let mut body = encoded(&text[1..], style);
        if style.encoding == 1 {
            body.drain(..3);
        }
        for (at, byte, how) in damage {
            if body.is_empty() {
                continue;
            }
            let at = at.index(body.len());
            match how {
                0 => body[at] = byte,
                1 => body.insert(at, b'"'),
                _ => { body.remove(at); }
            }
        }
        let bytes = [head, body].concat();
        let Ok((text, _)) = text_of(&bytes, None) else { panic!("text") };
        // Each line that is not empty belongs to exactly one row: to the last one that begins at or before it.
        let Ok(mut table) = Table::open(&bytes, COLUMNS, How::default()) else { return Ok(()) };
        let mut covered = 0_usize;
        let mut begins = 0;
        while let Some(row) = table.next_row() {
            prop_assert!(row.line > begins, "rows come in order, none twice");
            begins = row.line;
            covered += row.bytes;
        }
        let breaks = text.replace("\r\n", "\n").matches(['\r', '\n']).count();
        prop_assert!(usize::try_from(begins).unwrap() <= breaks + 1);
        let (read, of) = table.progress();
        prop_assert_eq!(read, of);
        prop_assert!(covered <= text.len());
    }

    #[test]
    fn no_bytes_stop_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..300), kind in 0_u8..3) {
        let start: &[u8] = match kind { 0 => b"id,name,amount\n", 1 => b"\xff\xfe", _ => b"PK\x03\x04" };
        let bytes = [start, &bytes].concat();
        if let Ok(mut table) = Table::open(&bytes, COLUMNS, How::default()) {
            while table.next_row().is_some() {}
        }
    }
}
