//! Statements, read back from their bytes. The font is made here; one on the machine is looked at where there is one.

mod box_font;
mod reader;

use super::face::Face;
use super::lines::wrap;
use super::*;
use crate::{Builder, Cell, Kind, cells};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use reader::Read;
use std::path::{Path, PathBuf};

const MADE_AT: Millis = Millis(1_796_085_000_250);

fn font() -> Font {
    Font::from_bytes(box_font::bytes(0), "box").unwrap()
}

fn letter() -> Letter {
    let shop = Party::new("株式会社山田商店", &["東京都渋谷区"]);
    Letter::new(Party::new("Kazasu", &["T1234567890123"]), shop, Honorific::Onchu)
}

fn begun() -> Builder {
    Report::build("加盟店精算書", "Settlement", MADE_AT)
        .subtitle("対象期間 2026-11")
        .sheet("明細")
        .column("取引日", "date", Kind::Date)
        .column("摘要", "text", Kind::Text)
        .sum("金額", "amount", Kind::Yen)
}

fn row(text: &str, yen: i64) -> Vec<Cell> {
    cells![BusinessDay::parse("2026-11-23").unwrap(), text, Yen::new(yen)]
}

#[test]
fn a_statement_says_everything_once_and_its_text_can_be_copied() {
    let report = begun().row(row("お買物", 1_234_567)).row(row("特盛", -1_280)).note("税込").finish().unwrap();
    let letter = letter()
        .number("2026-11-0001")
        .opening("下記")
        .amount("お振込", Yen::new(1_233_287))
        .fact("番号", "0001234")
        .fact("件数", Cell::count(2_000))
        .fact("取引", Yen::new(-5));
    let pdf = statement(&report, &letter, &font()).unwrap();
    assert_eq!((pdf.pages, pdf.missing.as_slice()), (1, &[][..]));
    let read = Read::new(&pdf.bytes);
    let text = read.text(0);
    for line in [
        "加盟店精算書",
        "Settlement",
        "東京都渋谷区",
        "株式会社山田商店 御中",
        "番号 No. 2026-11-0001",
        "発行日 Date 2026-12-01",
        "Kazasu",
        "T1234567890123",
        "下記",
        "お振込",
        "¥1,233,287",
        "対象期間 2026-11",
        "番号",
        "0001234",
        "件数",
        "2,000",
        "取引",
        "-¥5",
        "取引日",
        "date",
        "摘要",
        "金額",
        "お買物",
        "1,234,567",
        "特盛",
        "-1,280",
        "合計 Total",
        "1,233,287",
        "税込",
        "1 / 1",
    ] {
        assert_eq!(text.lines().filter(|l| *l == line).count(), 1, "{line}\n{text}");
    }
    // Amounts end at one edge: half an em a character in this font.
    let edge = |text: &str| {
        let piece = read.piece(0, text);
        piece.x + f32::from(u16::try_from(text.len()).unwrap()) * piece.size / 2.0
    };
    assert!((edge("1,234,567") - edge("-1,280")).abs() < 0.02 && (edge("1,234,567") - edge("1,233,287")).abs() < 0.02);
    assert!(pdf.bytes.starts_with(b"%PDF-1.7") && pdf.bytes.ends_with(b"%%EOF"));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let report = begun().row(row("お買物", 1)).finish().unwrap();
    let pdf = statement(&report, &letter(), &font()).unwrap();
    assert!(pdf == statement(&report, &letter(), &font()).unwrap());
    let other = begun().row(row("お買物", 2)).finish().unwrap();
    assert!(pdf.bytes != statement(&other, &letter(), &font()).unwrap().bytes);
}

#[test]
fn long_tables_repeat_their_header_and_number_their_pages() {
    let report = begun().rows((1..=100).map(|n| row("お買物", n))).finish().unwrap();
    let pdf = statement(&report, &letter().number("N-1"), &font()).unwrap();
    let read = Read::new(&pdf.bytes);
    assert_eq!((pdf.pages, read.pages.len()), (3, 3));
    let mut seen = 0;
    for page in 0..3 {
        let text = read.text(page);
        assert!(
            text.contains("摘要\n") && text.contains("amount\n") && text.contains(&format!("{} / 3\n", page + 1)),
            "{text}"
        );
        assert_eq!(text.contains("加盟店精算書  株式会社山田商店 御中\nN-1\n"), page > 0, "{text}");
        assert_eq!(text.contains("合計 Total\n5,050\n") || text.contains("5,050\n合計 Total\n"), page == 2, "{text}");
        seen += text.lines().filter(|line| *line == "お買物").count();
        let lowest = read.pages[page].iter().filter(|p| !p.text.contains(" / ")).map(|p| p.y).fold(f32::MAX, f32::min);
        assert!(lowest > 42.5 + 14.0, "nothing runs into the page number: {lowest}");
    }
    assert_eq!(seen, 100);
}

#[test]
fn many_columns_turn_the_paper_and_too_many_are_refused() {
    let with = |columns: usize| {
        let sheet = Report::build("題", "t", MADE_AT).sheet("表");
        let sheet = (0..columns).fold(sheet, |b, n| b.sum("金額", &format!("c{n}"), Kind::Yen));
        sheet.row((0..columns).map(|_| Yen::new(1_234_567).into()).collect()).finish().unwrap()
    };
    let upright = b"/MediaBox[0 0 595.28 841.89]";
    let on_its_side = b"/MediaBox[0 0 841.89 595.28]";
    let has = |pdf: &Pdf, what: &[u8]| pdf.bytes.windows(what.len()).any(|w| w == what);
    let few = statement(&with(6), &letter(), &font()).unwrap();
    assert!(has(&few, upright) && !has(&few, on_its_side));
    let many = statement(&with(16), &letter(), &font()).unwrap();
    assert!(has(&many, on_its_side) && !has(&many, upright));
    let error = statement(&with(60), &letter(), &font()).unwrap_err();
    assert_eq!(error.to_string(), "sheet \"表\" is too wide for A4 landscape at 5.5 points");
}

#[test]
fn what_the_font_lacks_is_shown_and_told() {
    let report = begun().row(row("辻\u{e0100} か\u{3099} 髙\u{1b}", 1)).row(row("辻 髙", 1)).finish().unwrap();
    let pdf = statement(&report, &letter(), &font()).unwrap();
    assert_eq!(pdf.missing, ['髙']);
    let text = Read::new(&pdf.bytes).text(0);
    assert!(text.contains("辻\u{e0100} が 〓\n") && text.contains("辻 〓\n"), "{text}");
}

#[test]
fn lines_break_where_japanese_may() {
    let font = font();
    let face = Face::new(&font).unwrap();
    let broken = |text, ems: f32| wrap(&face, text, 10.0, ems * 10.0);
    assert_eq!(broken("あいうえお", 2.0), ["あい", "うえ", "お"]);
    assert_eq!(broken("あい、うえ", 2.0), ["あ", "い、", "うえ"]);
    assert_eq!(broken("あ「いう」", 2.0), ["あ", "「い", "う」"]);
    assert_eq!(broken("abc def gh", 3.0), ["abc", "def gh"]);
    assert_eq!(broken("abcdefgh", 2.0), ["abcd", "efgh"]);
    assert_eq!(broken("あ\nい", 9.0), ["あ", "い"]);
    assert_eq!(broken("", 9.0), [""]);
    assert_eq!(broken("あい", 0.1), ["あ", "い"], "a line has at least one character");
    assert_eq!(broken("辻\u{e0100}辻\u{e0100}", 1.0), ["辻\u{e0100}", "辻\u{e0100}"]);
}

#[test]
fn letters_and_rows_are_bounded() {
    let report = begun().row(row("お買物", 1)).finish().unwrap();
    let error = |letter: &Letter| statement(&report, letter, &font()).unwrap_err().to_string();
    assert_eq!(error(&letter().number("")), "the number must be 1 to 80 characters without control characters, got 0");
    assert!(error(&letter().opening("下\n記")).starts_with("the opening must be"));
    let party = Party::new("a", &["b"; 11]);
    let error_of_lines = error(&Letter::new(party.clone(), party, Honorific::Sama));
    assert_eq!(error_of_lines, "a letter has at most 10 lines of the issuer, got 11");
    let facts = (0..41).fold(letter(), |letter, _| letter.fact("a", "b"));
    assert_eq!(error(&facts), "a letter has at most 40 facts, got 41");
    let high = begun().row(row(&"あ".repeat(9_000), 1)).finish().unwrap();
    let error = statement(&high, &letter(), &font()).unwrap_err();
    assert_eq!(error, PdfError::High { sheet: "明細".into(), row: 1 });
}

#[test]
fn the_longest_letter_still_stands_on_one_page() {
    let line = "あ".repeat(letter::MAX_ADDRESS);
    let party = Party::new(&"あ".repeat(letter::MAX_NAME), &[line.as_str(); letter::MAX_LINES]);
    let full = Letter::new(party.clone(), party, Honorific::Sama).number(&line);
    let report =
        Report::build(&"題".repeat(100), "t", MADE_AT).sheet("表").column("名", "n", Kind::Text).finish().unwrap();
    let pdf = statement(&report, &full, &font()).unwrap();
    let read = Read::new(&pdf.bytes);
    let characters = 21 * letter::MAX_ADDRESS + 2 * letter::MAX_NAME;
    assert_eq!(read.pages[0].iter().map(|p| p.text.matches('あ').count()).sum::<usize>(), characters);
    assert!(read.pages[0].iter().all(|p| p.x >= 42.0 && p.y >= 42.0), "inside the margins");
}

#[test]
fn a_letter_goes_to_every_merchant_that_an_import_takes() {
    let long = "髙".repeat(letter::MAX_NAME);
    for name in ["=HYPERLINK(\"http://x\",\"y\")", "_x0041_", "𠮷野家😀〜―‐−﨑㈱①", "葛\u{e0100}城市", long.as_str()]
    {
        assert_eq!(kazasu_schemas::text::unprintable(name), None);
        let to = Letter::new(Party::new("Kazasu", &[]), Party::new(name, &[]), Honorific::Onchu);
        let pdf = statement(&begun().row(row(name, 1)).finish().unwrap(), &to, &font()).unwrap();
        assert_eq!(pdf.pages, 1, "{name}");
    }
}

#[test]
fn fonts_that_cannot_be_used_say_why() {
    let missing = Font::first_of(&[PathBuf::from("/nowhere/a.ttf")]).unwrap_err();
    assert!(missing.to_string().contains("`apt-get install fonts-ipaexfont-gothic`"), "{missing}");
    let named = Font::find(Some(Path::new("/nowhere/a.ttf"))).unwrap_err();
    assert!(named.to_string().starts_with("cannot read the font /nowhere/a.ttf: "), "{named}");
    assert!(matches!(Font::from_bytes(vec![0; 100], "x"), Err(FontError::Broken { .. })));
    assert!(matches!(Font::from_bytes(box_font::bytes(2), "x"), Err(FontError::Restricted { fs_type: 2, .. })));
    assert!(Font::from_bytes(box_font::bytes(8), "x").is_ok(), "editable embedding is allowed");
    let mut latin = box_font::bytes(0);
    // The geta mark's place in the map of characters is given to another one.
    let geta = u32::from('〓').to_be_bytes();
    while let Some(at) = latin.windows(4).position(|w| w == geta) {
        latin[at..at + 4].copy_from_slice(&u32::from('〒').to_be_bytes());
    }
    assert!(matches!(Font::from_bytes(latin, "x"), Err(FontError::NotJapanese { .. })));
}

#[test]
fn a_damaged_font_is_an_error_and_never_a_panic() {
    let report = begun().row(row("お買物", 1)).finish().unwrap();
    let whole = box_font::bytes(0);
    let mut made = 0;
    for length in (0..whole.len()).step_by(97) {
        if let Ok(font) = Font::from_bytes(whole[..length].to_vec(), "cut") {
            made += usize::from(statement(&report, &letter(), &font).is_ok());
        }
    }
    for at in (0..whole.len()).step_by(61) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        if let Ok(font) = Font::from_bytes(bytes, "bent") {
            made += usize::from(statement(&report, &letter(), &font).is_ok());
        }
    }
    assert!(made > 0, "some damage is harmless");
}

#[test]
fn a_font_of_this_machine_works_where_there_is_one() {
    let font = match Font::find(None) {
        Ok(font) => font,
        Err(error) => return assert_eq!(error, FontError::Missing),
    };
    let report = begun().row(row("髙島屋 お買物", -1_280)).finish().unwrap();
    let pdf = statement(&report, &letter(), &font).unwrap();
    assert!(pdf.missing.is_empty() && pdf.bytes.len() < 200_000, "{} bytes", pdf.bytes.len());
    assert!(Read::new(&pdf.bytes).text(0).contains("髙島屋 お買物\n"));
}
