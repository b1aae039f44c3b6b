//! Text is read as spreadsheets and people in Japan write it; text with two readings is refused.

use super::*;
use crate::jst::{BusinessDay, Millis};
use crate::money::Yen;
use proptest::prelude::*;

#[test]
fn amounts_are_read_as_they_are_written() {
    for (text, value) in [
        ("0", 0),
        ("1000", 1_000),
        ("1,000", 1_000),
        ("12,345,678", 12_345_678),
        ("１，０００", 1_000),
        ("１０００円", 1_000),
        ("1,000円", 1_000),
        ("1,000 円", 1_000),
        ("¥1,000", 1_000),
        ("¥1,000円", 1_000),
        ("￥1,000", 1_000),
        ("\\1,000", 1_000),
        (" \u{3000}¥ 1,000 ", 1_000),
        ("1000.00", 1_000),
        ("1000.0", 1_000),
        ("000000001280", 1_280),
        ("999,999,999,999", 999_999_999_999),
        ("\u{feff}5\u{200b}", 5),
    ] {
        assert_eq!(yen(text), Ok(Yen::new(value)), "{text:?}");
    }
    for text in ["-1,000", "－１０００", "△1,000", "▲1000円", "¥-1,000", "-¥1,000", "−1000", "- 1000"] {
        assert_eq!(signed_yen(text), Ok(Yen::new(-1_000)), "{text:?}");
        assert_eq!(yen(text), Err(AmountError::Negative), "{text:?}");
    }
}

#[test]
fn a_comma_groups_or_the_amount_is_refused() {
    for text in
        ["1,5", "1,50", "1,0000", ",100", "100,", "1,,000", "1000,000", "0,123", "12,34,567", "1，5", "1,00,000"]
    {
        assert_eq!(yen(text), Err(AmountError::Grouping), "{text:?}");
    }
    for text in ["1.5", "1.000", "1,000.50", "0.1"] {
        assert_eq!(yen(text), Err(AmountError::Decimals), "{text:?}");
    }
    for text in [
        "1e3",
        "1E+10",
        "abc",
        "+1",
        "--1",
        "-¥-1",
        "1 000",
        "1_000",
        "一万",
        "1万円",
        "円",
        "¥",
        "-",
        "1000円円",
        "1/2",
        "0x10",
        "１０００a",
        ".",
        "1.",
        ".5",
        "①",
        "٣",
        "(1,000)",
        "1'000",
    ] {
        assert_eq!(yen(text), Err(AmountError::NotFigures), "{text:?}");
    }
    assert_eq!(yen("1,000,000,000,000"), Err(AmountError::TooLarge));
    assert_eq!(yen("0000000000001"), Err(AmountError::TooLarge));
    assert_eq!(yen(&"9".repeat(40)), Err(AmountError::TooLarge));
    assert_eq!(yen(" \u{3000}"), Err(AmountError::Empty));
}

#[test]
fn dates_are_read_as_they_are_written() {
    let expected = BusinessDay::parse("2026-11-29").unwrap();
    for text in [
        "2026-11-29",
        "2026/11/29",
        "2026.11.29",
        "20261129",
        "2026年11月29日",
        "２０２６／１１／２９",
        "２０２６年１１月２９日",
        "令和8年11月29日",
        "令和８年１１月２９日",
        "令和 8 年 11 月 29 日",
        "R8.11.29",
        "r8/11/29",
        "R08.11.29",
        "Ｒ８．１１．２９",
        "㋿8年11月29日",
        "2026/11/29(日)",
        "令和8年11月29日（日）",
        "2026/11/29 0:00",
        " 2026/11/29 ",
    ] {
        assert_eq!(day(text), Ok(expected), "{text:?}");
        assert_eq!(moment(text), Ok(expected.start()), "{text:?}");
    }
    let of = |text| day(text).unwrap().to_string();
    assert_eq!(of("2026/1/1"), "2026-01-01");
    assert_eq!(of("令和元年5月1日"), "2019-05-01");
    assert_eq!(of("平成31年4月30日"), "2019-04-30");
    assert_eq!(of("S64.1.7"), "1989-01-07");
    assert_eq!(of("H1.1.8"), "1989-01-08");
    assert_eq!(of("2028/2/29"), "2028-02-29");
    let at = moment("2026-12-01T09:00:00+09:00").unwrap();
    assert_eq!(Millis::parse("2026-12-01T09:00:00+09:00"), Some(at));
}

#[test]
fn dates_that_do_not_exist_or_say_too_little_are_refused() {
    for text in ["2026/2/30", "2026-13-01", "2026-00-10", "20261131", "令和8年2月29日", "2027-02-29", "2026/11/0"]
    {
        assert_eq!(day(text), Err(DateError::NoSuchDay), "{text:?}");
    }
    for text in ["26/11/29", "8/11/29", "0026-11-29", "1899-12-31", "2200-01-01", "20265/11/29", "99991231"] {
        assert_eq!(day(text), Err(DateError::Year), "{text:?}");
    }
    for text in ["平成31年5月1日", "令和元年4月30日", "昭和64年1月8日", "R1.1.1"] {
        assert_eq!(day(text), Err(DateError::Era), "{text:?}");
    }
    for text in [
        "",
        "soon",
        "46355",
        "2026-11/29",
        "2026年11月",
        "2026-11",
        "11/29",
        "2026/11/29 12:30",
        "2026-11-29-1",
        "R8",
        "令和8",
        "2026/１1/2x",
        "29 Nov 2026",
        "令和8年11月29",
        "2026/111/2",
        "+2026-11-29",
        "R8.11.29日",
    ] {
        assert_eq!(day(text), Err(DateError::NotADate), "{text:?}");
    }
    assert_eq!(day("2026/11/29(月)"), Err(DateError::Weekday));
    assert_eq!(moment("2026-11-29T25:00:00+09:00"), Err(DateError::NotADate));
}

fn wide(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_graphic() { char::from_u32(u32::from(c) + 0xfee0).unwrap() } else { c })
        .collect()
}

proptest! {
    #[test]
    fn every_amount_is_read_back_from_every_spelling(n in 0_i64..=999_999_999_999, full in any::<bool>(), style in 0_usize..6) {
        let grouped = Yen::new(n).to_string().trim_start_matches('¥').to_owned();
        let text = match style {
            0 => n.to_string(),
            1 => grouped,
            2 => format!("{grouped}円"),
            3 => format!("¥{grouped}"),
            4 => format!("\u{3000}{grouped} "),
            _ => format!("{n}.00"),
        };
        prop_assert_eq!(yen(&if full { wide(&text) } else { text }), Ok(Yen::new(n)));
    }

    #[test]
    fn commas_anywhere_else_are_refused(n in 1_000_i64..=999_999_999, at in 1_usize..9) {
        let mut text = n.to_string();
        let at = at.min(text.len());
        text.insert(at, ',');
        let grouped = Yen::new(n).to_string().trim_start_matches('¥').to_owned();
        prop_assert_eq!(yen(&text).is_ok(), text == grouped);
    }

    #[test]
    fn every_date_is_read_back_from_every_spelling(n in -25_567_i32..=84_005, full in any::<bool>(), style in 0_usize..5) {
        let expected = BusinessDay(n);
        let text = expected.to_string();
        let (year, month, date) = (&text[..4], text[5..7].trim_start_matches('0'), text[8..].trim_start_matches('0'));
        let written = match style {
            0 => text.clone(),
            1 => format!("{year}/{month}/{date}"),
            2 => format!("{year}年{month}月{date}日"),
            3 => text.replace('-', ""),
            _ if year > "2019" => format!("令和{}年{month}月{date}日", year.parse::<u32>().unwrap() - 2018),
            _ => format!("{year}.{month}.{date}"),
        };
        prop_assert_eq!(day(&if full { wide(&written) } else { written }), Ok(expected));
    }

    #[test]
    fn no_text_stops_the_readers(text in "[0-9０-９,，.．/年月日令和R円¥￥\\- \u{3000}a\u{feff}(土)元]{0,16}", other in "\\PC{0,20}") {
        for text in [text, other] {
            let _ = (yen(&text), signed_yen(&text), day(&text), moment(&text));
        }
    }
}
