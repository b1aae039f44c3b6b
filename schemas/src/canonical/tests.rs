use super::*;
use proptest::prelude::*;

fn one(spellings: &[&str]) {
    for a in spellings {
        for b in spellings {
            assert!(same(a, b), "{a:?} and {b:?}: {:?}, {:?}", canonical(a), canonical(b));
        }
    }
}

#[test]
fn what_looks_alike_is_one_key() {
    one(&["R-1", "R-1 ", "Ｒ－１", "r-1", " R - 1", "Ｒ　－１", "\u{feff}R-1", "R\u{200b}-1", "R\u{ad}-1"]);
    one(&["A-1", "Ａ－１", "A–1", "A—1", "A‐1", "A‑1", "A−1", "Aー1", "Aｰ1", "A─1", "A-1\u{fe0f}", "A﹣1"]);
    one(&["台風21号", "台風２１号", "台風 21 号", "台風21号\u{3000}", "台風\u{200d}21号", "台風②①号"]);
    one(&["ガーデン", "ｶﾞｰﾃﾞﾝ", "カ゛ーテ゛ン", "カ\u{3099}ーテ\u{3099}ン", "ガ―デン", "ｶ\u{200b}ﾞｰﾃﾞﾝ", "ガ-デン"]);
    one(&["パ", "ﾊﾟ", "ハ゜", "ハ\u{309a}"]);
    one(&["Q10", " \"Q10\"", "\"Q10\" ", "“Q10”", "＂Q10＂", "'Q10", "q10"]);
    one(&["suzuki", "Suzuki", "ＳＵＺＵＫＩ", "su\u{200b}zuki", "suzuki\u{200f}", "suzuki\t"]);
    one(&["鈴木 花子", "鈴木花子", "鈴木\u{3000}花子", "鈴木\u{e0100}花子"]);
    one(&["é", "e\u{301}", "É"]);
}

#[test]
fn what_differs_stays_apart() {
    let all = [
        "A-1",
        "A1",
        "A-11",
        "B-1",
        "A/1",
        "A_1",
        "A.1",
        "カ",
        "ガ",
        "か",
        "一",
        "1",
        "0",
        "O",
        "l",
        "台風21号",
        "台風22号",
    ];
    for (nth, a) in all.iter().enumerate() {
        for b in &all[..nth] {
            assert!(!same(a, b), "{a:?} and {b:?}");
        }
    }
}

#[test]
fn nothing_that_is_seen_is_no_key() {
    for text in ["", " ", "\u{3000}\t", "\u{200b}", "\u{feff}\u{ad}", "\"\"", "''", "\u{3164}", "\u{0}", "“ ”"] {
        assert!(is_blank(text), "{text:?}");
    }
    assert!(!is_blank("-") && !is_blank("0"));
}

#[test]
fn a_household_loses_its_zeros() {
    for text in ["7", "007", "００７", " 7", "\"007\""] {
        assert_eq!(household(text), "7");
    }
    assert_eq!([household("000"), household("0"), household("")], ["0", "0", ""]);
    assert_eq!(household("0A"), "0a");
    assert_eq!(canonical("007"), "007");
}

/// Another spelling of a key, as hands and programs make them.
fn respelt(text: &str, how: &[u8]) -> String {
    let mut out = String::new();
    let mut how = how.iter().cycle();
    let mut next = || *how.next().expect("something to go by");
    for c in text.chars() {
        if let Some(noise) =
            ["\u{200b}", "\u{3000}", " ", "\u{feff}", "\u{ad}", "\u{fe0e}", "\u{202a}"].get(usize::from(next()))
        {
            out.push_str(noise);
        }
        let wide = char::from_u32(u32::from(c) + 0xfee0);
        match c {
            '-' => out.push(['-', '‐', '–', '—', '−', 'ー', 'ｰ', '－', '―'][usize::from(next() % 9)]),
            '!'..='~' if next().is_multiple_of(2) => out.push(wide.expect("it has a wide form")),
            'a'..='z' if next().is_multiple_of(2) => out.push(c.to_ascii_uppercase()),
            'ガ' => out.push_str(["ガ", "ｶﾞ", "カ\u{3099}", "カ゛"][usize::from(next() % 4)]),
            c => out.push(c),
        }
    }
    match next() % 4 {
        0 => format!(" {out}\u{200e}"),
        1 => format!("\"{out}\" "),
        2 => format!("“{out}”"),
        _ => out,
    }
}

proptest! {
    #[test]
    fn the_form_of_the_form_is_the_form(text in ".{0,40}") {
        let form = canonical(&text).into_owned();
        prop_assert_eq!(canonical(&form), form.as_str());
        let number = household(&text).into_owned();
        prop_assert_eq!(household(&number), number.as_str());
    }

    #[test]
    fn every_spelling_is_its_key(key in "[a-z0-9ガ台風/][a-z0-9ガ台風/_.-]{0,12}[a-z0-9ガ台風]", how in prop::collection::vec(any::<u8>(), 1..40)) {
        prop_assert!(same(&key, &respelt(&key, &how)), "{:?} {:?}", key, respelt(&key, &how));
    }

    #[test]
    fn other_keys_are_others(a in "[a-z0-9ガカ-]{1,8}", b in "[a-z0-9ガカ-]{1,8}", how in prop::collection::vec(any::<u8>(), 1..40)) {
        prop_assert_eq!(a == b, same(&respelt(&a, &how), &b));
    }
}
